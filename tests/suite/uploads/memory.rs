//! Fifty who bring files at once: what the server's memory grows by.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::{PIECE, Site};
use crate::common::client::Client;

#[cfg(target_os = "linux")]
#[test]
fn fifty_uploads_of_ten_gigabytes_take_no_more_than_eight_megabytes_together() {
    let site = Site::open(&[]);
    let before = resident_kb(&site);
    let (bearer, peak) = (format!("Bearer {}", site.token), AtomicU64::new(0));
    let places: Vec<String> = (0..UPLOADS).map(|_| site.create_later()).collect();
    let (ready, address) = (Barrier::new(UPLOADS + 1), site.server.address());
    thread::scope(|scope| {
        for place in &places {
            let (ready, bearer) = (&ready, &bearer);
            scope.spawn(move || {
                let fields = [
                    ("Authorization", bearer.as_str()),
                    ("Tus-Resumable", "1.0.0"),
                    PIECE,
                    ("Upload-Offset", "0"),
                    ("Content-Length", "10000000000"),
                ];
                let mut client = Client::connect(address);
                let head = client.head("PATCH", place, &fields, b"");
                client.send(head.as_bytes());
                ready.wait();
                let mut socket: &TcpStream = client.socket();
                let piece = vec![b'x'; 64 * 1024];
                for _ in 0..EACH_BYTES / piece.len() {
                    socket.write_all(&piece).expect("the server takes it");
                }
            });
        }
        ready.wait();
        while places.iter().any(|place| site.offset(place) < EACH_BYTES as u64 / 2) {
            peak.fetch_max(resident_kb(&site), Ordering::Relaxed);
        }
    });
    let grown = peak.load(Ordering::Relaxed).saturating_sub(before);
    assert!(grown <= 8 * 1024, "{grown} kB more than {before} kB");
}

/// What the server has of memory, of its own and not of files.
fn resident_kb(site: &Site) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", site.server.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("RssAnon");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

const UPLOADS: usize = 50;
const EACH_BYTES: usize = 8 * 1024 * 1024;
