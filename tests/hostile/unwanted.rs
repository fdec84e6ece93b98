//! What clients send that nobody wants: it is read off or refused, and never taken for a request.

use std::io::Write;
use std::thread;

use super::{Client, Server};
use crate::common::viewer::FORM;

/// A body that would be a request.
fn treacherous(bytes: usize) -> Vec<u8> {
    let inner = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    inner.iter().copied().cycle().take(bytes).collect()
}

/// The answer to a request with a body that it has no use for, and then to one more.
fn expect_read_off(client: &mut Client, method: &str, target: &str, status: u16) {
    for bytes in [1, 1000, 64 * 1024] {
        let reply = client.request(method, target, &[], &treacherous(bytes)).expect(status);
        assert_eq!(reply.header("Connection"), Some("keep-alive"), "{method} {target} {bytes}");
        assert_eq!(client.get("/healthz").expect(200).text(), "ok\n", "{method} {target} {bytes}");
    }
}

#[test]
fn small_bodies_that_nobody_wants_are_read_off() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    expect_read_off(&mut client, "GET", "/state", 200);
    expect_read_off(&mut client, "GET", "/nowhere", 404);
    expect_read_off(&mut client, "POST", "/nowhere", 404);
    expect_read_off(&mut client, "POST", "/state", 405);
    expect_read_off(&mut client, "PUT", "/viewer", 405);
}

#[test]
fn chunked_bodies_that_nobody_wants_are_read_off() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    for (target, status) in [("/state", 200), ("/nowhere", 404)] {
        let head = client.head("GET", target, &[("Transfer-Encoding", "chunked")], b"");
        let body = treacherous(1000);
        let chunk = [&b"3e8\r\n"[..], &body, b"\r\n"].concat();
        client.send([head.as_bytes(), &chunk.repeat(20), b"0\r\n\r\n"].concat());
        client.reply().expect(status);
        client.get("/healthz").expect(200);
    }
}

#[test]
fn large_bodies_that_nobody_wants_are_answered_once_and_closed() {
    let server = Server::pattern(&[]);
    for (method, target) in [("GET", "/state"), ("POST", "/nowhere"), ("POST", "/viewer")] {
        let mut client = server.connect();
        let fields = [("Content-Type", FORM), ("Content-Length", "10000000")];
        let head = client.head(method, target, &fields, b"");
        client.send_unwelcome([head.as_bytes(), &treacherous(200_000)].concat());
        let reply = client.reply();
        assert_eq!(reply.header("Connection"), Some("close"), "{method} {target}: {reply:?}");
        client.expect_end();
    }
}

#[test]
fn body_that_will_be_refused_is_not_asked_for() {
    let server = Server::pattern(&[]);
    let form = ("Content-Type", FORM);
    let origin = ("Origin", "http://elsewhere.example");
    for (target, fields, length, status) in [
        ("/viewer", &[form, origin][..], "11", 403),
        ("/donate", &[form, origin], "11", 403),
        ("/nowhere", &[form], "11", 404),
        ("/state", &[form], "11", 405),
        ("/viewer", &[("Content-Type", "text/plain")], "11", 415),
        ("/viewer", &[form], "100000", 413),
    ] {
        let mut client = server.connect();
        let more = [("Content-Length", length), ("Expect", "100-continue")];
        let head = client.head("POST", target, &[fields, &more].concat(), b"");
        client.send(head);
        let line = client.incoming.take_through(b"\r\n", 1024).expect("a status line");
        let line = String::from_utf8_lossy(&line).into_owned();
        assert!(line.starts_with(&format!("HTTP/1.1 {status} ")), "{target} {fields:?}: {line}");
    }
}

#[test]
fn body_that_is_welcome_is_asked_for() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    let fields = [("Content-Type", FORM), ("Content-Length", "11"), ("Expect", "100-continue")];
    let head = client.head("POST", "/viewer", &fields, b"");
    client.send(head);
    let invited = client.incoming.take_through(b"\r\n\r\n", 1024).expect("an invitation");
    assert_eq!(String::from_utf8_lossy(&invited), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("quality=low");
    client.reply().expect(303);
}

#[test]
fn requests_far_in_advance_are_answered_in_order() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    let mut all = String::new();
    for number in 0..2000 {
        all.push_str(&match number % 4 {
            0 => client.head("GET", "/healthz", &[], b""),
            1 => client.head("GET", "/nowhere", &[], b""),
            2 => client.head("HEAD", "/state", &[], b""),
            _ => {
                client.head("POST", "/viewer", &[("Content-Type", FORM)], b"quality=20")
                    + "quality=20"
            }
        });
    }
    let mut sending = client.socket().try_clone().expect("a second handle");
    // The server takes no more than it has answers read: one cannot send all and then read.
    let sender = thread::spawn(move || sending.write_all(all.as_bytes()));
    for number in 0..2000 {
        match number % 4 {
            0 => client.reply().expect(200),
            1 => client.reply().expect(404),
            2 => client.reply_to_head().expect(200),
            _ => client.reply().expect(303),
        };
    }
    sender.join().expect("it does not fail").expect("all was taken");
}
