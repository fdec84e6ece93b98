//! Cameras that want to know who asks: servers that others wrote play their part.

use crate::common::clip::jpegs;
use crate::common::gstreamer::{Grants, RtspServer};
use crate::common::httpd::{Asks, Httpd, LOGIN};
use crate::common::multipart::Stream;
use crate::common::server::Server;
use crate::common::{LONG, eventually};
use serde_json::Value;

/// A stream of parts, as a file that a web server can give.
fn parts(pictures: &[Vec<u8>]) -> Vec<u8> {
    let part = |jpeg: &Vec<u8>| {
        let head = format!("--frame\r\nContent-Length: {}\r\n\r\n", jpeg.len());
        [head.as_bytes(), jpeg, b"\r\n"].concat()
    };
    pictures.iter().flat_map(part).collect()
}

/// Waits until the source has a trouble, and gives it.
fn trouble(server: &Server) -> Value {
    eventually("it says what is wrong", LONG, || {
        let trouble = server.state()["source"]["trouble"].clone();
        if trouble["title"].is_string() { Ok(trouble) } else { Err(trouble.to_string()) }
    })
}

#[test]
fn web_servers_let_us_in_by_what_they_ask_for() {
    let pictures = jpegs(160, 120, 3, 90);
    let stream = parts(&pictures);
    for asks in [Asks::ApacheMd5, Asks::LighttpdSha256, Asks::LighttpdMd5, Asks::LighttpdBasic] {
        let httpd = Httpd::start(asks, &[("a.mjpeg", &stream)]);
        // A query is part of what Digest covers.
        let server = Server::start(&["--source", &httpd.url(LOGIN, "a.mjpeg?x=%20y&z")]);
        let mut shown = Stream::open(server.address(), "/stream", &[]);
        // The file ends at once, and is asked for again: of its pictures the newest is seen.
        let asked = format!("{asks:?} gives what it has");
        eventually(&asked, LONG, || {
            let part = shown.next();
            if pictures.contains(&part.jpeg) { Ok(()) } else { Err(server.state().to_string()) }
        });
        server.stop();
    }
}

#[test]
fn rtsp_server_lets_us_in_by_what_it_asks_for() {
    for grants in [Grants::Basic, Grants::Digest] {
        let camera = RtspServer::start(grants, 0);
        let server = Server::start(&["--source", &camera.url_of(LOGIN)]);
        let _stream = Stream::open(server.address(), "/stream", &[]).in_background();
        eventually("it is live", LONG, || {
            let source = server.state()["source"].clone();
            if source["status"] == "live" { Ok(()) } else { Err(source.to_string()) }
        });
        server.stop();
        camera.expect("teardown");
    }
}

#[test]
fn a_wrong_password_is_told_as_one() {
    let httpd = Httpd::start(Asks::ApacheMd5, &[]);
    let camera = RtspServer::start(Grants::Digest, 0);
    for (url, words) in [
        (httpd.url("me:wrong@", "a"), "does not let us in"),
        (httpd.url("you:wrong@", "a"), "does not let us in"),
        (httpd.url("", "a"), "asks who we are"),
        (camera.url_of("me:wrong@"), "does not let us in"),
        (camera.url_of(""), "asks who we are"),
    ] {
        let server = Server::start(&["--source", &url]);
        let _stream = Stream::open(server.address(), "/stream", &[]).in_background();
        let trouble = trouble(&server);
        assert_eq!(trouble["code"], "denied", "{trouble}");
        assert!(trouble["title"].as_str().is_some_and(|title| title.ends_with(words)), "{trouble}");
        assert!(!server.log().contains("wrong"), "{}", server.log());
        server.stop();
    }
}
