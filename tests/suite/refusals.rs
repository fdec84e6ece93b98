//! What the server does with clients that are wrong, slow, silent or gone: it says why and
//! closes, and nobody else notices.

use std::net::Shutdown;
use std::time::{Duration, Instant};

use crate::common::client::Client;
use crate::common::clip::Random;
use crate::common::multipart::Stream;
use crate::common::server::{Server, allow_many_descriptors};
use crate::common::viewer::FORM;

/// Sends what is wrong on a connection of its own: it must be answered with this status and one
/// line, and the connection must end.
#[track_caller]
fn refused(server: &Server, status: u16, bytes: &[u8]) {
    let mut client = server.connect();
    client.send_unwelcome(bytes);
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]).into_owned();
    let reply = client.reply();
    assert_eq!(reply.status, status, "{shown:?}: {reply:?}");
    assert_eq!(reply.header("Connection"), Some("close"), "{shown:?}");
    assert_eq!(reply.header("Content-Type"), Some("text/plain; charset=utf-8"), "{shown:?}");
    let text = reply.text();
    assert!(text.ends_with('\n') && text.lines().count() == 1 && text.len() > 3, "{text:?}");
    client.expect_end();
}

#[test]
fn doubtful_requests_are_refused() {
    // A hello is none where TLS is not spoken.
    let server = Server::pattern(&["--no-tls"]);
    let refused = |status, bytes: &str| refused(&server, status, bytes.as_bytes());
    let with = |fields: &str| format!("GET / HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n");
    let form = |fields: &str, body: &str| {
        format!(
            "POST /viewer HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n{fields}\r\n\r\n{body}"
        )
    };
    // Where the body ends.
    refused(400, &form("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"));
    refused(400, &form("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"));
    refused(400, &form("Content-Length: 5\r\nContent-Length: 5", "a=bcd"));
    refused(400, &form("Content-Length: 5, 5", "a=bcd"));
    for length in ["+5", "-1", "5.0", "0x5", "five", "99999999999999999999999"] {
        refused(400, &form(&format!("Content-Length: {length}"), "a=bcd"));
    }
    refused(501, &form("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"));
    refused(501, &form("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", "0\r\n\r\n"));
    for codings in ["gzip", "chunked, gzip", "chunked, chunked", "identity", "chunked;a=b"] {
        refused(400, &form(&format!("Transfer-Encoding: {codings}"), "0\r\n\r\n"));
    }
    refused(400, &form("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"));
    for chunks in [
        "x\r\n",
        "5\r\na=bcdX\r\n",
        "5\na=bcd",
        "-5\r\n",
        "fffffffffffffffff\r\n",
        "5;\r\na=bcd\r\n",
        "a \r\n",
        "5;a=\"b\r\na=bcd\r\n",
        "0\r\nno colon\r\n\r\n",
    ] {
        refused(400, &form("Transfer-Encoding: chunked", chunks));
    }
    // Whom it is for.
    refused(400, "GET / HTTP/1.1\r\n\r\n");
    refused(400, &with("Host: x"));
    refused(400, &with("Host: y"));
    refused(400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n");
    refused(400, "GET / HTTP/1.1\r\nHost:\r\n\r\n");
    // Lines and fields.
    refused(400, &with("X: a\rb"));
    refused(400, &with("X: a\r\r\nY: b"));
    refused(400, &with("X: a\nY: b"));
    refused(400, &with("X: a\0b"));
    refused(400, &with("X : a"));
    refused(400, &with("X\t: a"));
    refused(400, &with("X: a\r\n b"));
    refused(400, &with("X: a\r\n\tb"));
    refused(400, &with("no colon"));
    refused(400, &with(": no name"));
    refused(417, &with("Expect: 200-ok"));
    // The request line.
    refused(400, "GET /\r\n\r\n");
    refused(400, "GET  / HTTP/1.1\r\nHost: x\r\n\r\n");
    refused(400, "GET / HTTP/1.1 \r\nHost: x\r\n\r\n");
    refused(400, " GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    refused(400, "GE(T / HTTP/1.1\r\nHost: x\r\n\r\n");
    refused(400, "GET / http/1.1\r\nHost: x\r\n\r\n");
    refused(400, "GET / HTTP/1.10\r\nHost: x\r\n\r\n");
    refused(400, "GET nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
    refused(400, "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n");
    refused(400, "GET * HTTP/1.1\r\nHost: x\r\n\r\n");
    refused(400, "CONNECT x HTTP/1.1\r\nHost: x\r\n\r\n");
    refused(400, "CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n");
    refused(400, "GET /#here HTTP/1.1\r\nHost: x\r\n\r\n");
    refused(400, "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n");
    refused(400, "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n");
    refused(400, "GET /%ff HTTP/1.1\r\nHost: x\r\n\r\n");
    // Other protocols.
    refused(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    refused(505, "GET / HTTP/3.0\r\nHost: x\r\n\r\n");
    refused(400, "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}");
    refused(400, "OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    server.stop();
}

#[test]
fn limits_hold_to_the_byte() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    let head =
        |target: &str, fields: &str| format!("GET {target} HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
    let long = |most: usize| {
        let rest = most - head("/healthz", "X: \r\n").len();
        head("/healthz", &format!("X: {}\r\n", "y".repeat(rest)))
    };
    client.send(long(16 * 1024));
    client.reply().expect(200);
    refused(&server, 431, long(16 * 1024 + 1).as_bytes());
    refused(&server, 431, long(17 * 1024).as_bytes());
    // As far as a client without end may go.
    refused(&server, 431, long(64 * 1024).as_bytes());

    let query = |bytes: usize| head(&format!("/healthz?{}", "y".repeat(bytes)), "");
    client.send(query(8 * 1024));
    client.reply().expect(200);
    refused(&server, 414, query(17 * 1024).as_bytes());

    // The host is one of them.
    let fields = |count: usize| head("/healthz", &"X: y\r\n".repeat(count - 1));
    client.send(fields(100));
    client.reply().expect(200);
    refused(&server, 431, fields(101).as_bytes());

    let post = |length: usize| {
        let fields = format!("Content-Type: {FORM}\r\nContent-Length: {length}\r\n");
        let head = format!("POST /viewer HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        format!("{head}quality=low&x={}", "y".repeat(length - "quality=low&x=".len()))
    };
    client.send(post(64 * 1024));
    client.reply().expect(303);
    refused(&server, 413, post(64 * 1024 + 1).as_bytes());
    refused(&server, 413, post(65 * 1024).as_bytes());

    let chunked = format!(
        "POST /viewer HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n\
         Transfer-Encoding: chunked\r\n\r\n{}",
        format!("400\r\n{}\r\n", "y".repeat(1024)).repeat(65)
    );
    refused(&server, 413, chunked.as_bytes());
}

#[test]
fn request_that_ends_anywhere_harms_nobody() {
    let server = Server::pattern(&[]);
    let request = format!(
        "POST /viewer HTTP/1.1\r\nHost: {}\r\nContent-Type: {FORM}\r\n\
         Transfer-Encoding: chunked\r\n\r\nb\r\nquality=low\r\n0\r\n\r\n",
        server.address()
    );
    for cut in 0..request.len() {
        let mut client = server.connect();
        client.send(&request[..cut]);
        client.socket().shutdown(Shutdown::Write).expect("half is closed");
        // Nothing was asked yet, so that there is nothing to answer.
        client.expect_end();
        // And one that goes away at once.
        server.connect().send(&request[..cut]);
    }
    let mut client = server.connect();
    client.send(&request);
    client.reply().expect(303);
    server.stop();
}

#[test]
fn garbage_is_answered_or_closed() {
    let server = Server::pattern(&[]);
    let mut random = Random::new(2026);
    for round in 0..200 {
        let mut garbage: Vec<u8> = (0..1 + random.below(3000)).map(|_| random.byte()).collect();
        // Some look like requests at first.
        if round % 3 == 0 {
            garbage.splice(..0, b"GET / HTTP/1.1\r\nHost: x\r\n".iter().copied());
        }
        if round % 3 == 1 {
            let head = format!(
                "POST /viewer HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: {}\r\n\r\n",
                garbage.len()
            );
            garbage.splice(..0, head.into_bytes());
        }
        let mut client = server.connect();
        client.send_unwelcome(&garbage);
        // It may have closed by itself.
        let _ = client.socket().shutdown(Shutdown::Write);
        let mut answered = false;
        while client.incoming.fill().is_ok() {
            let answer = client.incoming.left_over();
            assert!(answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(answer));
            assert!(answer.len() < 4096);
            answered = true;
        }
        assert!(answered || round % 3 != 1, "a whole form of garbage gets an answer");
    }
    assert_eq!(server.get("/healthz").expect(200).text(), "ok\n");
    server.stop();
}

#[test]
fn form_of_garbage_leaves_the_connection_usable() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    for body in ["quality=%zz", "quality=%ff", "%"] {
        let fields = [("Content-Type", FORM)];
        client.request("POST", "/viewer", &fields, body.as_bytes()).expect(400);
    }
    client.request("POST", "/viewer", &[("Content-Type", FORM)], b"").expect(400);
    client.request("POST", "/viewer", &[("Content-Type", "text/plain")], b"x").expect(415);
    client.get("/stream?quality=%zz").expect(400);
    client.get("/healthz").expect(200);
}

#[test]
fn thousand_silent_connections_leave_room_for_others() {
    allow_many_descriptors();
    let server = Server::pattern(&[]);
    let silent: Vec<Client> = (0..1000).map(|_| server.connect()).collect();
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    for _ in 0..10 {
        stream.next();
        assert_eq!(server.get("/healthz").expect(200).text(), "ok\n");
    }
    drop(silent);
    stream.next();
    server.stop();
}

#[test]
fn head_must_arrive_within_ten_seconds() {
    let server = Server::pattern(&[]);
    let begun = Instant::now();
    let (mut silent, mut half) = (server.connect(), server.connect());
    half.send("GET /healthz HTTP/1.1\r\nHo");
    let reply = half.reply().expect(408);
    assert_eq!(reply.header("Connection"), Some("close"));
    half.expect_end();
    assert!(begun.elapsed() >= Duration::from_secs(9), "after {:?}", begun.elapsed());
    // Who said nothing at all is not answered either.
    silent.expect_end();
}

#[test]
fn client_that_talks_on_its_stream_without_end_is_dropped() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    let head = client.head("GET", "/stream", &[], b"");
    client.send(head);
    client.incoming.take_through(b"\r\n\r\n", 4096).expect("the stream's head");
    let chatter = [b'x'; 16 * 1024];
    let deadline = Instant::now() + crate::common::LONG;
    while client.incoming.fill().is_ok() {
        assert!(Instant::now() < deadline, "it is still served");
        client.send_unwelcome(chatter);
    }
    crate::common::eventually_true("its place is free", crate::common::LONG, || {
        server.watching() == 0
    });
}
