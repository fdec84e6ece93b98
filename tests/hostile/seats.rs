//! Seats are for those who watch (fault 3): streams that nobody reads give theirs up.

use std::time::Instant;

use super::neighbours::{Neighbours, address};
use super::witness::Witness;
use super::{FAIRLY_SOON, Server, alone, camera, newcomer, open_stream};
use crate::common::{LONG, eventually};

const SEATS: usize = 20;

fn server() -> (Server, super::Scratch) {
    camera(&["--max-viewers", "20"])
}

/// Readers of other addresses, all of whom have pictures.
fn readers(server: &Server, count: usize) -> Vec<Witness> {
    let watch = |number: usize| {
        let from = address(100 + number);
        Witness::watch(server.address(), from, "/stream").expect("the server accepts")
    };
    let readers: Vec<_> = (0..count).map(watch).collect();
    super::eventually_true("all have pictures", LONG, || {
        readers.iter().all(|reader| reader.count() > 0)
    });
    readers
}

/// Asks for the stream until there is a seat.
#[track_caller]
fn expect_seat(server: &Server) {
    eventually("a newcomer has a seat", FAIRLY_SOON, || open_stream(newcomer(server)).map(drop));
}

#[test]
fn one_client_cannot_take_all_seats_by_streams_that_it_does_not_read() {
    let _alone = alone();
    let (server, _scratch) = server();
    let readers = readers(&server, 5);
    let mut greedy = Neighbours::connect_from(server.address(), address(0), SEATS - 5);
    greedy.ask(b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 1);
    eventually("all seats are taken", LONG, || match server.watching() {
        20 => Ok(()),
        other => Err(other.to_string()),
    });
    let since = Instant::now();
    expect_seat(&server);
    assert!(readers.iter().all(|reader| !reader.is_over()), "who watches stays");
    let gaps: Vec<_> = readers.iter().map(|reader| reader.longest_gap(since)).collect();
    assert!(gaps.iter().all(|gap| *gap < LONG), "{gaps:?}");
}

#[test]
fn many_clients_cannot_take_all_seats_by_streams_that_they_do_not_read() {
    let _alone = alone();
    let (server, _scratch) = server();
    let readers = readers(&server, 5);
    let mut greedy = Neighbours::connect(server.address(), 500);
    greedy.ask(b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 1);
    expect_seat(&server);
    assert!(readers.iter().all(|reader| !reader.is_over()), "who watches stays");
}

#[test]
fn who_watches_is_never_put_out_for_a_newcomer() {
    let _alone = alone();
    let (server, _scratch) = server();
    let readers = readers(&server, SEATS);
    for _ in 0..50 {
        newcomer(&server).get("/stream").expect(503);
    }
    let before: Vec<_> = readers.iter().map(Witness::count).collect();
    super::eventually_true("all have more pictures", LONG, || {
        readers.iter().zip(&before).all(|(reader, before)| reader.count() > *before)
    });
}
