//! Sockets of pages that nobody looks at: they cost little, and end by themselves.

use std::time::{Duration, Instant};

use super::neighbours::Neighbours;
use super::pages::{Habit, Learns, Pages};
use super::{Server, alone, camera, meanwhile, newcomers_get, sockets, witness};
use crate::common::{LONG, VERY_LONG, eventually, eventually_true};

/// What opens a socket.
pub(crate) const UPGRADE: &str = "GET /socket HTTP/1.1\r\nHost: 127.0.0.1\r\n\
    Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A frame of so few bytes, with a mask that changes nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126, "its length has one byte");
    [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
}

fn command(text: &str) -> Vec<u8> {
    frame(TEXT, text.as_bytes())
}

const TEXT: u8 = 0x81;
const PING: u8 = 0x89;
/// A text that goes on, and what goes on with it.
const BEGUN: u8 = 0x01;
const MORE: u8 = 0x00;

/// So many sockets, all of which have heard something.
#[track_caller]
fn open(server: &Server, count: usize) -> Neighbours {
    let mut opened = Neighbours::connect(server.address(), count);
    opened.ask(UPGRADE.as_bytes(), 1);
    eventually("all are open", LONG, || match opened.answered() {
        all if all == count => Ok(()),
        some => Err(format!("{some} are")),
    });
    opened
}

#[test]
fn four_thousand_silent_sockets_cost_little_and_end_by_themselves() {
    let _alone = alone();
    let server = Server::pattern(&[]);
    drop(open(&server, 1));
    let before_mib = server.rss_mib();
    let silent = open(&server, 4000);
    let kib = (server.rss_mib() - before_mib) * 1024.0 / 4000.0;
    assert!(kib < 16.0, "{kib:.1} KiB each");
    // No ping of two was answered; who asks here is one itself.
    eventually("they are gone", Duration::from_secs(60), || {
        let idle = server.metric("livestream_connections{standing=\"idle\"}");
        if idle <= 1.0 { Ok(()) } else { Err(format!("{idle} are there")) }
    });
    drop(silent);
    let rss_mib = server.rss_mib();
    assert!(rss_mib < before_mib + 16.0, "{rss_mib:.1} MiB, and {before_mib:.1} before");
}

/// A thousand that open a socket and send this without end, and read nothing.
fn expect_harmless(said: &[u8]) {
    let _alone = alone();
    let (server, _scratch) = camera(&[]);
    let witness = witness(&server);
    let since = Instant::now();
    let mut neighbours = Neighbours::connect(server.address(), 1000);
    neighbours.ask(UPGRADE.as_bytes(), 1);
    neighbours.ask(said, 1);
    let mut most = 0;
    meanwhile(Duration::from_secs(6), || {
        neighbours.ask(said, 1);
        most = most.max(sockets::memory_bytes(server.address().port()).expect("Linux tells"));
    });
    let gap = witness.longest_gap(since);
    assert!(gap <= Duration::from_secs(2), "{gap:?} without a picture");
    let peak_mib = server.peak_rss_mib();
    assert!(peak_mib < 64.0, "{peak_mib:.1} MiB resident");
    assert!(most < 160_000_000, "{} MB for its sockets", most / 1_000_000);
    newcomers_get(&server, "/healthz").expect(200);
}

/// Lets all say something ten times a second, which is less than a page may, until it is so. Each
/// answer is the whole state.
#[track_caller]
fn talk_until(deaf: &mut Neighbours, what: &str, is_so: impl Fn() -> bool) {
    let said = command(r#"{"type":"viewer","id":1,"quality":"low"}"#);
    let deadline = Instant::now() + VERY_LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "not within {VERY_LONG:?}: {what}");
        deaf.ask(&said, 1);
        std::thread::park_timeout(super::BETWEEN_LOOKS);
    }
}

#[test]
fn who_talks_and_takes_nothing_is_ended_and_others_go_on() {
    let _alone = alone();
    let server = Server::pattern(&["--fps", "5"]);
    let habit = Habit { learns: Learns::BySocket, watches: true };
    let pages = Pages::open(server.address(), 5, habit);
    eventually_true("pages are open", LONG, || pages.answers() >= 15);
    let (descriptors, before_mib) = (server.descriptors(), server.rss_mib());
    let mut deaf = open(&server, 50);
    talk_until(&mut deaf, "it is seen that they do not read", || {
        server.metric("livestream_connections{standing=\"unread\"}") == 50.0
    });
    let (told, shown) = (pages.answers(), pages.pictures());
    talk_until(&mut deaf, "they are gone", || server.descriptors() <= descriptors);
    let grown_mib = server.peak_rss_mib() - before_mib;
    assert!(grown_mib < 8.0, "{grown_mib:.1} MiB for 50");
    assert!(pages.answers() >= told + 5, "all are told how it goes on");
    let goes_on = |(now, then): (&u64, &u64)| now > then;
    assert!(pages.pictures().iter().zip(&shown).all(goes_on), "and see it");
}

#[test]
fn answers_to_commands_that_nobody_reads() {
    // More than may be sent, after a while.
    expect_harmless(&command(r#"{"type":"viewer","id":1,"quality":"low"}"#).repeat(8));
}

#[test]
fn pongs_that_nobody_reads() {
    expect_harmless(&frame(PING, &[b'*'; 125]).repeat(100));
}

#[test]
fn messages_that_never_end() {
    expect_harmless(&[frame(BEGUN, b"{"), frame(MORE, &[b' '; 100]).repeat(100)].concat());
}
