//! Titles whose segments are on another server, and what is said of their keys.

use std::io::ErrorKind;
use std::net::TcpListener;

use serde_json::json;

use super::super::accounts::sign_in;
use super::super::{Browser, in_browsers};
use super::{bring, plays, send, titles, whole};
use crate::accounts::Person as Client;
use crate::common::server::Server;
use crate::common::{LONG, eventually};
use crate::works::video;

/// A server, another one whose files its pages may load, and the host of each.
fn two_servers() -> [(Server, Client); 2] {
    let server = Server::pattern(&[]);
    let other = Server::pattern(&["--cors", &server.url("")]);
    [server, other].map(|one| {
        let host = Client::host(&one);
        (one, host)
    })
}

/// Makes a title that plays from there.
fn add(server: &Server, host: &mut Client, url: &str) -> u64 {
    let json = [("Content-Type", "application/json")];
    let body = json!({ "url": url, "title": "Elsewhere", "watch": "all" }).to_string();
    let made = host.ask(server, "POST", "/api/v1/titles", &json, &body).expect(201).json();
    made["id"].as_u64().expect("a number")
}

/// Makes a title that plays the first one of another server by DASH.
fn link(server: &Server, host: &mut Client, (other, others_host): (&Server, &Client)) -> u64 {
    let far = titles(other, others_host)[0]["dash"].as_str().expect("an address").to_owned();
    add(server, host, &other.url(&format!("/{far}")))
}

in_browsers!(a_title_elsewhere_is_loaded_after_a_click_only: chromium);
fn a_title_elsewhere_is_loaded_after_a_click_only(browser: &Browser) {
    let [(server, mut host), (other, others_host)] = two_servers();
    bring(&other, &others_host, "Far", "all", "");
    let far = titles(&other, &others_host)[0].clone();
    for kind in ["dash", "hls"] {
        let url = other.url(&format!("/{}", far[kind].as_str().expect("an address")));
        let id = add(&server, &mut host, &url);
        let window = browser.window();
        window.goto(&server.url("/library"));
        window.goto(&server.url(&format!("/library/{id}")));
        window.wait("document.getElementById('load-elsewhere').checkVisibility()");
        let is_of_other = |asked: &String| asked.starts_with(&other.url(""));
        assert_eq!(window.asked(0).iter().find(|asked| is_of_other(asked)), None);
        window.click("#load-elsewhere");
        plays(&window);
        assert!(window.asked(0).iter().any(is_of_other));
    }
}

in_browsers!(the_server_asks_nobody_for_a_title_elsewhere: chromium);
fn the_server_asks_nobody_for_a_title_elsewhere(browser: &Browser) {
    let server = Server::pattern(&[]);
    let mut host = Client::host(&server);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("it need not wait");
    let at = listener.local_addr().expect("bound");
    let id = add(&server, &mut host, &format!("http://{at}/a/stream.mpd"));
    let window = browser.window();
    window.goto(&server.url("/library"));
    window.goto(&server.url(&format!("/library/{id}")));
    window.wait("document.getElementById('load-elsewhere').checkVisibility()");
    let asked = || listener.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(asked(), Err(ErrorKind::WouldBlock), "somebody asks before anybody clicked");
    window.expect_trouble();
    window.click("#load-elsewhere");
    eventually("the browser asks", LONG, || asked().map_err(|kind| kind.to_string()));
}

in_browsers!(a_title_without_a_key_here_says_so: chromium, firefox);
fn a_title_without_a_key_here_says_so(browser: &Browser) {
    // It is the other one that has the key.
    let [(server, mut host), (other, others_host)] = two_servers();
    bring(&other, &others_host, "Far", "all", "cbcs");
    let id = link(&server, &mut host, (&other, &others_host));
    let window = browser.window();
    window.expect_trouble();
    window.goto(&server.url(&format!("/library/{id}")));
    window.click("#load-elsewhere");
    window.wait("!document.getElementById('player-words').hidden");
    assert_eq!(window.text("#player-title"), "No key", "{}", window.text("#player-detail"));
}

in_browsers!(a_key_that_does_not_fit_is_said_in_words: chromium);
fn a_key_that_does_not_fit_is_said_in_words(browser: &Browser) {
    let [(server, mut host), (other, mut others_host)] = two_servers();
    let film = video("film.mp4", "-f lavfi -i testsrc2=s=320x240:r=10:d=8 -c:v mpeg4");
    // Each has a key of the same name, and not the same key.
    package(&server, &mut host, &film, "00112233445566778899aabbccddeeff");
    package(&other, &mut others_host, &film, "872379d2881958a7c0768584e6993caa");
    let id = link(&server, &mut host, (&other, &others_host));
    let window = browser.window();
    window.expect_trouble();
    window.goto(&server.url(&format!("/library/{id}")));
    window.click("#load-elsewhere");
    window.wait("document.getElementById('video').readyState >= 1");
    window.eval("(() => { video.muted = true; video.play().catch(() => {}); })()");
    window.wait("!document.getElementById('player-words').hidden");
    let words = window.text("#player-detail");
    assert_eq!(window.text("#player-title"), "The key does not fit", "{words}");
}

/// Makes a title for everybody of a film, by this key.
fn package(server: &Server, host: &mut Client, film: &[u8], key: &str) {
    send(server, host, &[("title", "Secret")], film);
    let json = [("Content-Type", "application/json")];
    let kid = "a16e402b9056e371f36d348aa62bb749";
    let body = json!({ "input_content_id": 1, "key": key, "kid": kid }).to_string();
    host.ask(server, "POST", "/packaged_content", &json, &body).expect(200);
    let target = format!("/api/v1/titles/{}", titles(server, host)[0]["id"]);
    let body = r#"{"title":"Secret","watch":"all"}"#;
    host.ask(server, "POST", &target, &json, body).expect(200);
    whole(server, host, "Secret");
}

in_browsers!(who_may_no_longer_watch_is_told_so: chromium, firefox);
fn who_may_no_longer_watch_is_told_so(browser: &Browser) {
    let server = Server::pattern(&["--access", "members"]);
    let mut host = Client::host(&server);
    let other = Server::pattern(&["--cors", &server.url("")]);
    let others_host = Client::host(&other);
    bring(&other, &others_host, "Far", "all", "cbcs");
    let id = link(&server, &mut host, (&other, &others_host));
    let window = browser.window();
    window.expect_trouble();
    sign_in(&window, &server);
    window.goto(&server.url(&format!("/library/{id}")));
    // As in another window: this one has not heard of it yet.
    window.eval("fetch('/sign-out', { method: 'POST', redirect: 'manual' }).then(() => 1)");
    window.click("#load-elsewhere");
    window.wait("!document.getElementById('player-words').hidden");
    let words = window.text("#player-detail");
    assert_eq!(window.text("#player-title"), "You may not watch this", "{words}");
}
