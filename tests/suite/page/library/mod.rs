//! The library in a browser: from a file to a card that plays, where one was, in clear and encrypted.

mod elsewhere;
mod owners;
mod plays;
mod together;

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::accounts::sign_in;
use super::window::Window;
use super::{Browser, in_browsers};
use crate::accounts::Person as Client;
use crate::common::clip::Scratch;
use crate::common::program::Program;
use crate::common::server::Server;
use crate::common::{VERY_LONG, base64, client, eventually};

/// A short film with sound and subtitles, made once for all tests.
static FILM: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = Scratch::new();
    let words = folder.write("a.srt", b"1\n00:00:00,500 --> 00:00:11,000\nHello there\n");
    let path = format!("{}/film.mkv", folder.path());
    let asked = format!(
        "-y -f lavfi -i testsrc2=s=640x480:r=10:d=12 -f lavfi -i sine=440:d=12 -i {words} \
         -c:v libx264 -preset ultrafast -g 20 -c:a aac -c:s srt {path}"
    );
    let mut ffmpeg = std::process::Command::new("ffmpeg");
    ffmpeg.args(["-v", "error"]).args(asked.split_whitespace());
    let ended = Program::run(&mut ffmpeg, "apt-get install ffmpeg", VERY_LONG);
    assert!(ended.status.success(), "{}", ended.stderr);
    std::fs::read(path).expect("it was made")
});

/// Brings a film, and waits until all of it is made. Its number.
pub(super) fn bring(
    server: &Server,
    host: &Client,
    title: &str,
    publish: &str,
    encrypt: &str,
) -> u64 {
    let fields = [("title", title), ("publish", publish), ("encrypt", encrypt)];
    send(server, host, &fields, &FILM);
    whole(server, host, title)
}

/// Brings a file, as a form without JavaScript does.
fn send(server: &Server, host: &Client, fields: &[(&str, &str)], bytes: &[u8]) {
    let mut body = Vec::new();
    for (name, value) in fields {
        let field =
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(field.as_bytes());
    }
    let head = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mkv\"\r\n\r\n";
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let fields = [
        ("Cookie", host.cookie.as_str()),
        ("Accept", "application/json"),
        ("Content-Type", "multipart/form-data; boundary=x"),
    ];
    client::ask(server.address(), "POST", "/upload_input_content", &fields, &body).expect(200);
}

/// Waits until all of a title is made. Its number.
#[track_caller]
fn whole(server: &Server, host: &Client, title: &str) -> u64 {
    eventually("all of it is made", VERY_LONG, || {
        let titles = titles(server, host);
        let whole = titles.iter().find(|one| one["title"] == title && one["whole"] == true);
        whole.and_then(|one| one["id"].as_u64()).ok_or(format!("{titles:?}"))
    })
}

fn titles(server: &Server, host: &Client) -> Vec<Value> {
    let all = host.clone().get(server, "/api/v1/titles").expect(200).json();
    all["titles"].as_array().expect("a list").clone()
}

/// Plays, and waits until pictures go on.
#[track_caller]
fn plays(window: &Window) {
    window.wait("document.getElementById('video')?.readyState >= 2");
    window.eval("(() => { video.muted = true; return video.play(); })().then(() => 1)");
    window.wait("(window.was ??= video.currentTime, video.currentTime > window.was + 0.5)");
    assert_eq!(window.eval("video.videoWidth > 0"), true);
    assert_eq!(window.eval("document.getElementById('player-words').hidden"), true);
}

in_browsers!(from_the_upload_to_a_card_that_plays: chromium, firefox);
fn from_the_upload_to_a_card_that_plays(browser: &Browser) {
    let server = Server::pattern(&[]);
    let host = Client::host(&server);
    let window = browser.window();
    sign_in(&window, &server);
    window.goto(&server.url("/library"));
    window.follow("#empty .button");
    window.wait("document.getElementById('send').hidden");
    let bytes = base64::encode(&FILM);
    window.eval(&format!(
        "(() => {{
           const bytes = Uint8Array.from(atob('{bytes}'), (letter) => letter.charCodeAt(0));
           const chosen = new DataTransfer();
           chosen.items.add(new File([bytes], 'My film.mkv', {{ lastModified: 5 }}));
           const input = document.getElementById('files');
           input.files = chosen.files;
           input.dispatchEvent(new Event('change'));
         }})()"
    ));
    window.wait("!document.querySelector('[data-see]').hidden");
    window
        .wait("document.querySelector('.upload-state').textContent.endsWith('It can be watched')");
    window.goto(&server.url("/library"));
    assert_eq!(window.text(".title-card .card-title"), "My film");
    window.wait("document.querySelector('.title-card img').naturalWidth > 0");
    window.follow(".title-link");
    plays(&window);
    // What there is to choose: each rendition, subtitles, speeds.
    for button in ["resolution", "caption", "playbackrate"] {
        window.wait(&format!("document.querySelector('.shaka-{button}-button')"));
    }
    eventually("all of it is made", VERY_LONG, || match titles(&server, &host) {
        titles if titles[0]["whole"] == true => Ok(()),
        titles => Err(format!("{titles:?}")),
    });
    window.wait("document.getElementById('facts').textContent.includes('360p–480p')");
    window.wait(
        "[...document.querySelectorAll('.shaka-resolutions button')]
           .some((one) => one.innerText.includes('480'))",
    );
}

in_browsers!(one_goes_on_where_one_stopped: chromium, firefox);
fn one_goes_on_where_one_stopped(browser: &Browser) {
    let server = Server::pattern(&[]);
    let host = Client::host(&server);
    let id = bring(&server, &host, "Place", "all", "");
    let page = server.url(&format!("/library/{id}"));
    for signs_in in [false, true] {
        let window = browser.window();
        if signs_in {
            sign_in(&window, &server);
        }
        window.goto(&page);
        plays(&window);
        window.eval("(video.pause(), video.currentTime = 6)");
        match signs_in {
            true => eventually("it is noted", VERY_LONG, || {
                let place = titles(&server, &host)[0]["place_s"].clone();
                if place == json!(6.0) { Ok(()) } else { Err(place.to_string()) }
            }),
            false => drop(window.wait("localStorage.getItem('places')?.includes('\"at\":6')")),
        }
        window.reload();
        window.wait("Math.abs(document.getElementById('video').currentTime - 6) < 0.5");
        window.goto(&server.url("/library"));
        window.wait("document.querySelector('#begun[data-shown] .title-place')");
    }
}

in_browsers!(what_is_encrypted_plays_by_its_key_or_by_the_server: chromium, firefox);
fn what_is_encrypted_plays_by_its_key_or_by_the_server(browser: &Browser) {
    let server = Server::pattern(&[]);
    let mut host = Client::host(&server);
    let id = bring(&server, &host, "Secret", "all", "cbcs");
    let page = server.url(&format!("/library/{id}"));
    let window = browser.window();
    window.goto(&page);
    plays(&window);
    assert!(window.text("#way").contains("your browser decrypts it"), "{}", window.text("#way"));
    let json = [("Content-Type", "application/json")];
    let target = format!("/api/v1/titles/{id}/decrypts");
    host.ask(&server, "POST", &target, &json, r#"{"decrypts":true}"#).expect(200);
    window.goto(&format!("{page}?by=clear"));
    plays(&window);
    assert!(window.text("#way").contains("The server decrypts it"), "{}", window.text("#way"));
}

in_browsers!(a_title_is_changed_and_deleted: chromium, firefox);
fn a_title_is_changed_and_deleted(browser: &Browser) {
    let server = Server::pattern(&[]);
    let host = Client::host(&server);
    let id = bring(&server, &host, "Before", "owner", "");
    let page = server.url(&format!("/library/{id}"));
    let stranger = browser.window();
    stranger.expect_trouble();
    stranger.goto(&page);
    stranger.wait("document.title && !document.getElementById('video')");
    stranger.goto(&server.url("/library"));
    stranger.wait("document.getElementById('empty')");
    let window = browser.window();
    sign_in(&window, &server);
    window.goto(&page);
    window.click("#edit");
    window.wait("document.getElementById('edit-dialog').open");
    window.eval(
        "(() => {
           const form = document.getElementById('edit-form').elements;
           form.title.value = 'After';
           form.year.value = '1999';
           form.tags.value = 'cat, dog';
           form.watch.value = 'all';
         })()",
    );
    window.follow("#edit-save");
    window.wait("document.getElementById('called').textContent === 'After'");
    stranger.goto(&server.url("/library?tag=cat"));
    stranger.wait("document.querySelectorAll('.title-card').length === 1");
    // What its player loads at that moment is gone.
    window.expect_trouble();
    window.eval("document.getElementById('delete').click()");
    window.wait("document.getElementById('delete-dialog').open");
    window.eval("document.getElementById('delete-now').click()");
    window.wait("location.pathname === '/library' && document.getElementById('empty')");
    assert_eq!(titles(&server, &host), Vec::<Value>::new());
}

in_browsers!(the_list_is_searched_with_and_without_scripts: chromium);
fn the_list_is_searched_with_and_without_scripts(browser: &Browser) {
    let server = Server::pattern(&[]);
    let host = Client::host(&server);
    bring(&server, &host, "A cat", "all", "");
    bring(&server, &host, "A dog", "all", "");
    let plain = browser.window_of(super::Person { no_scripts: true, ..Default::default() });
    plain.goto(&server.url("/library?q=cat"));
    let called =
        "[...document.querySelectorAll('#titles .card-title')].map((one) => one.innerText)";
    assert_eq!(plain.eval(called), json!(["A cat"]));
    let window = browser.window();
    window.goto(&server.url("/library"));
    assert_eq!(window.eval(called), json!(["A dog", "A cat"]));
    window.eval("document.getElementById('q').focus()");
    window.write("DOG");
    window.wait("location.search === '?q=DOG'");
    window.wait("document.querySelectorAll('#titles .title-card').length === 1");
    assert_eq!(window.eval(called), json!(["A dog"]));
}

in_browsers!(the_work_is_seen: chromium, firefox);
fn the_work_is_seen(browser: &Browser) {
    let server = Server::pattern(&[]);
    let host = Client::host(&server);
    let window = browser.window();
    sign_in(&window, &server);
    window.goto(&server.url("/jobs"));
    window.wait("document.getElementById('none')");
    bring(&server, &host, "Work", "all", "");
    window.wait("document.querySelectorAll('#over .job').length === 2");
    assert_eq!(window.text("#over .job-standing"), "Done");
}
