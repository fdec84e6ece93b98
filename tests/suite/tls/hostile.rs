//! Hellos that are cut, broken or far too long: they end, and harm nobody.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::hello::hello;
use super::served::Place;
use crate::common::LONG;
use crate::common::clip::Random;
use crate::common::multipart::Stream;

fn say(place: &Place, rtsp: bool, words: &[u8]) -> TcpStream {
    let address = if rtsp { place.server.rtsp() } else { place.server.address() };
    let mut socket = TcpStream::connect(address).expect("the server accepts");
    socket.set_read_timeout(Some(LONG)).expect("a time-out");
    // It may hang up before the last of it.
    let _ = socket.write_all(words);
    socket
}

/// Waits until the server has closed.
#[track_caller]
fn expect_end(mut socket: TcpStream, what: &str) {
    use std::io::ErrorKind::{ConnectionReset, TimedOut, WouldBlock};
    match socket.read_to_end(&mut Vec::new()) {
        Ok(_) => {}
        Err(error) if error.kind() == ConnectionReset => {}
        Err(error) if [TimedOut, WouldBlock].contains(&error.kind()) => panic!("{what} is open"),
        Err(error) => panic!("{what}: {error}"),
    }
}

#[test]
fn hellos_that_are_cut_broken_or_too_long_end_and_harm_nobody() {
    let place = Place::start(&["--source", "pattern", "--size", "160x120", "--rtsp-port", "0"]);
    let watching = Stream::open(place.server.address(), "/stream", &[]).in_background();
    let hello = hello();
    let mut long = vec![0x16, 3, 1, 0x40, 0, 1, 0, 0xEA, 0x60];
    long.resize(5 + 0x4000, 0);
    while long.len() < 60_000 {
        long.extend([0x16, 3, 1, 0x40, 0]);
        long.resize(long.len() + 0x4000, 0);
    }
    let mut random = Random::new(7);
    let mut open = Vec::new();
    for rtsp in [false, true] {
        for cut in (1..hello.len()).step_by(if rtsp { 7 } else { 1 }) {
            open.push((say(&place, rtsp, &hello[..cut]), format!("a hello cut at {cut}")));
        }
        for length in [1, 4, 5, 6, 50, 500, 5000, 20_000] {
            let noise: Vec<u8> = (0..length).map(|_| random.byte()).collect();
            let words = [&[0x16], &noise[..]].concat();
            open.push((say(&place, rtsp, &words), format!("noise of {length}")));
            let words = [&[0x16, 3, 1], &noise[..]].concat();
            open.push((say(&place, rtsp, &words), format!("records of noise of {length}")));
        }
        open.push((say(&place, rtsp, &long), "a long hello".to_owned()));
    }
    let before = watching.count();
    for (socket, what) in open {
        expect_end(socket, &what);
    }
    assert!(watching.count() > before, "others watch meanwhile");
    place.server.get("/healthz").expect(200);
    place.server.stop();
}
