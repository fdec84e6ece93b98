//! Who is idle gives way where descriptors run out (fault 8): others are let in at once.

use std::io::{Read, Write};
use std::time::Instant;

use super::neighbours::{Neighbours, connect_from};
use super::page_sockets::UPGRADE;
use super::pages::{Habit, Learns, Pages};
use super::{NEWCOMER, Server, alone, eventually_true, newcomer, newcomers_get, witness};
use crate::common::{LONG, eventually};

/// With 1024 descriptors and 1200 connections that have sent this much, others come in.
fn expect_let_in(said: &[u8]) {
    let _alone = alone();
    let arguments = ["--source", "pattern", "--size", "160x120"];
    let server = Server::with_descriptors(1024, &arguments);
    let witness = witness(&server);
    let since = Instant::now();
    let mut idle = Neighbours::connect(server.address(), 1200);
    idle.ask(said, 1);
    if said == STREAM {
        // Until the system holds all that it may for them, they are streams like any other.
        eventually("it is seen that they do not read", LONG, || knock(&server));
    }
    newcomers_get(&server, "/healthz").expect(200);
    newcomers_get(&server, "/").expect(200);
    let mut client = newcomer(&server);
    let stream = client.head("GET", "/stream", &[], b"");
    client.send(stream);
    client.incoming.take_through(b"X-Timestamp", 4096).expect("a picture");
    // It was not their time that let others in, but that others came.
    let open = idle.still_open();
    assert!(open >= idle.count() / 2, "{open} of {} are open", idle.count());
    let before = witness.count();
    eventually_true("who watches goes on", LONG, || witness.count() > before);
    assert!(witness.longest_gap(since) < LONG && !witness.is_over());
}

#[test]
fn twelve_hundred_silent_connections_let_others_in() {
    expect_let_in(b"");
}

#[test]
fn twelve_hundred_half_heads_let_others_in() {
    expect_let_in(b"GET /healthz HTTP/1.1\r\nHo");
}

#[test]
fn twelve_hundred_connections_that_wait_to_ask_again_let_others_in() {
    expect_let_in(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
}

#[test]
fn twelve_hundred_unread_streams_let_others_in() {
    expect_let_in(STREAM);
}

#[test]
fn twelve_hundred_silent_sockets_let_others_in() {
    expect_let_in(UPGRADE.as_bytes());
}

#[test]
fn whose_stream_is_open_keeps_the_socket_beside_it() {
    let _alone = alone();
    let arguments = ["--source", "pattern", "--size", "160x120"];
    let server = Server::with_descriptors(1024, &arguments);
    // Of the same addresses as the neighbours, and before them.
    let pages = Pages::open(server.address(), 3, Habit { learns: Learns::BySocket, watches: true });
    let beside = || server.metric("livestream_connections{standing=\"beside\"}");
    eventually_true("they are beside their streams", LONG, || beside() == 3.0);
    let mut idle = Neighbours::connect(server.address(), 1200);
    idle.ask(UPGRADE.as_bytes(), 1);
    eventually_true("some gave way", LONG, || {
        newcomers_get(&server, "/healthz").expect(200);
        server.metric("livestream_connections_gave_way_total") >= 300.0
    });
    let before = pages.answers();
    eventually_true("pages are told the state", LONG, || pages.answers() >= before + 6);
    assert_eq!(beside(), 3.0);
}

/// Asks whether the server is well, once.
fn knock(server: &Server) -> Result<(), String> {
    let ask = || -> std::io::Result<[u8; 12]> {
        let mut socket = connect_from(server.address(), NEWCOMER)?;
        socket.set_read_timeout(Some(LONG))?;
        socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")?;
        let mut line = [0; 12];
        socket.read_exact(&mut line)?;
        Ok(line)
    };
    match ask() {
        Ok(line) if line == *b"HTTP/1.1 200" => Ok(()),
        Ok(line) => Err(String::from_utf8_lossy(&line).into_owned()),
        Err(error) => Err(error.to_string()),
    }
}

const STREAM: &[u8] = b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
