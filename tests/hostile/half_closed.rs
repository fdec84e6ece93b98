//! A client that closes its sending half has said all that it will: what it asked for it still gets,
//! and where it asked for nothing, it is gone.

use std::net::Shutdown;

use super::{Client, Server};
use crate::common::multipart::Stream;
use crate::common::viewer::Viewer;
use crate::common::{LONG, eventually_true};

fn close_sending_half(client: &Client) {
    client.socket().shutdown(Shutdown::Write).expect("half is closed");
}

#[test]
fn requests_before_a_half_close_are_answered() {
    let server = Server::pattern(&[]);
    for target in ["/healthz", "/state", "/", "/snapshot", "/snapshot?quality=20"] {
        let mut client = server.connect();
        let request = client.head("GET", target, &[], b"");
        client.send(request.repeat(5));
        close_sending_half(&client);
        for _ in 0..5 {
            client.reply().expect(200);
        }
        client.expect_end();
    }
}

#[test]
fn stream_goes_on_after_a_half_close() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    let request = client.head("GET", "/stream", &[], b"");
    client.send(request);
    close_sending_half(&client);
    let head = client.incoming.take_through(b"\r\n\r\n", 4096).expect("the stream's head");
    assert!(head.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&head));
    for _ in 0..60 {
        client.incoming.take_through(b"X-Timestamp: ", 1 << 20).expect("another picture");
    }
    drop(client);
    eventually_true("its seat is free", LONG, || server.watching() == 0);
}

#[test]
fn stream_that_runs_goes_on_after_a_half_close() {
    let server = Server::pattern(&[]);
    let client = server.connect();
    let socket = client.socket().try_clone().expect("a second handle");
    let mut stream = Stream::over(client, "/stream", &[]);
    stream.next();
    socket.shutdown(Shutdown::Write).expect("half is closed");
    for _ in 0..60 {
        stream.next();
    }
}

#[test]
fn idle_connection_ends_at_its_half_close() {
    let server = Server::pattern(&[]);
    let mut silent = server.connect();
    close_sending_half(&silent);
    silent.expect_end();
    // One that was kept for more would have a minute.
    let mut client = server.connect();
    client.get("/healthz").expect(200);
    close_sending_half(&client);
    client.expect_end();
}

#[test]
fn paused_stream_ends_at_its_half_close() {
    let server = Server::pattern(&[]);
    let viewer = Viewer::of(&server);
    let client = server.connect();
    let socket = client.socket().try_clone().expect("a second handle");
    let mut stream = viewer.watch_over(client);
    stream.next();
    viewer.set("paused=true");
    socket.shutdown(Shutdown::Write).expect("half is closed");
    eventually_true("its stream is over", LONG, || viewer.own()["streams"] == 0);
}
