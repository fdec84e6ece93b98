//! Bringing files to the library from a browser: several at once, with a pause, and on another day.

use serde_json::Value;

use super::accounts::sign_in;
use super::window::Window;
use super::{Browser, Person, in_browsers};
use crate::accounts::Person as Client;
use crate::common::server::Server;

/// A window of the host on the page.
fn open(browser: &Browser, server: &Server, person: Person) -> Window {
    let window = browser.window_of(person);
    sign_in(&window, server);
    window.goto(&server.url("/library/upload"));
    window.wait("document.getElementById('send').hidden");
    window
}

/// Chooses files of these names and lengths, which are no films and are kept only.
fn choose(window: &Window, files: &[(&str, u32)]) {
    let files: Vec<String> = files
        .iter()
        .map(|(name, length)| {
            format!("new File([new Uint8Array({length}).fill(7)], '{name}', {{ lastModified: 5 }})")
        })
        .collect();
    window.eval(&format!(
        "(() => {{
           const chosen = new DataTransfer();
           for (const file of [{}]) chosen.items.add(file);
           document.getElementById('publish').value = '';
           const input = document.getElementById('files');
           input.files = chosen.files;
           input.dispatchEvent(new Event('change'));
         }})()",
        files.join(", ")
    ));
}

fn uploads(server: &Server, host: &mut Client) -> Vec<Value> {
    let all = host.get(server, "/api/v1/uploads").expect(200).json();
    all["uploads"].as_array().expect("a list").clone()
}

in_browsers!(several_files_are_brought_at_once: chromium, firefox);
fn several_files_are_brought_at_once(browser: &Browser) {
    let server = Server::pattern(&[]);
    let mut host = Client::host(&server);
    let window = open(browser, &server, Person::default());
    choose(&window, &[("one.mp4", 3_000_000), ("two.mp4", 2_000_000), ("three.mp4", 1000)]);
    window.wait(
        "[...document.querySelectorAll('.upload-state')]
           .filter((state) => state.textContent.startsWith('Received')).length === 3",
    );
    let mut found: Vec<_> = uploads(&server, &mut host)
        .iter()
        .map(|one| (one["file_name"].to_string(), one["offset"].as_u64(), one["state"].to_string()))
        .collect();
    found.sort();
    let received = "\"received\"".to_owned();
    let expected = [("one", 3_000_000), ("three", 1000), ("two", 2_000_000)]
        .map(|(name, length)| (format!("\"{name}.mp4\""), Some(length), received.clone()));
    assert_eq!(found, expected);
    window.eval("document.querySelector('[data-do=delete]:not([hidden])').click()");
    window.wait("document.querySelectorAll('.upload-row').length === 2");
    window.goto(&server.url("/library/upload"));
    window.wait("document.querySelectorAll('.upload-row').length === 2");
}

in_browsers!(what_broke_off_goes_on_with_the_same_file: chromium, firefox);
fn what_broke_off_goes_on_with_the_same_file(browser: &Browser) {
    let server = Server::pattern(&[]);
    let mut host = Client::host(&server);
    // As a laptop left it that was closed: `a.mp4`, its length and its date.
    let metadata = "filename YS5tcDQ=,fingerprint YS5tcDQKMjAwMDAwMAo1";
    let fields = [
        ("Tus-Resumable", "1.0.0"),
        ("Upload-Length", "2000000"),
        ("Upload-Metadata", metadata),
        ("Content-Type", "application/offset+octet-stream"),
    ];
    let begun = "\u{7}".repeat(500_000);
    host.ask(&server, "POST", "/api/v1/uploads", &fields, &begun).expect(201);
    let window = open(browser, &server, Person { fingers: true, ..Person::default() });
    window.resize(390, 844);
    window.wait("document.querySelector('.upload-state').textContent.startsWith('500 kB of 2 MB')");
    assert_eq!(window.eval("document.documentElement.scrollWidth <= innerWidth"), true);
    choose(&window, &[("a.mp4", 2_000_000)]);
    window.wait("document.querySelector('.upload-state').textContent.startsWith('Received')");
    let all = uploads(&server, &mut host);
    assert_eq!((all.len(), &all[0]["state"]), (1, &"received".into()), "{all:?}");
}

in_browsers!(a_guest_is_told_who_may: chromium);
fn a_guest_is_told_who_may(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = browser.window();
    window.expect_trouble();
    window.goto(&server.url("/library/upload"));
    window.wait("document.getElementById('may-not')");
    assert_eq!(window.eval("document.getElementById('drop')"), Value::Null);
}
