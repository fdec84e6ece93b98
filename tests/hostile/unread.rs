//! Who asks and never reads costs neither memory nor others' pictures (fault 1, and its kin).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::neighbours::Neighbours;
use super::{alone, camera, meanwhile, newcomers_get, sockets, witness};

/// What each of many connections asks for, again and again.
struct Attack {
    connections: usize,
    request: String,
    times: usize,
    time: Duration,
}

/// So many neighbours, for a few seconds.
fn expect_harmless(attack: &Attack, address: impl Fn(&super::Server) -> SocketAddr) {
    let _alone = alone();
    let (server, _scratch) = camera(&["--rtsp-port", "0"]);
    let to = address(&server);
    let witness = witness(&server);
    let since = Instant::now();
    let mut neighbours = Neighbours::connect(to, attack.connections);
    assert!(neighbours.count() >= attack.connections / 2, "{} came in", neighbours.count());
    neighbours.ask(attack.request.as_bytes(), attack.times);
    let mut most = 0;
    meanwhile(attack.time, || {
        most = most.max(sockets::memory_bytes(to.port()).expect("Linux tells"));
    });
    let gap = witness.longest_gap(since);
    assert!(gap <= LONGEST_GAP, "{gap:?} without a picture: {:?}", witness.each_second(since));
    let peak_mib = server.peak_rss_mib();
    assert!(peak_mib < MAX_RSS_MIB, "{peak_mib:.1} MiB resident");
    assert!(most < MAX_SOCKETS_BYTES, "{} MB for its sockets", most / 1_000_000);
    newcomers_get(&server, "/healthz").expect(200);
}

fn over_http(request: &str, times: usize) {
    let request = format!("{request} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    let attack = Attack { connections: 1000, request, times, time: A_WHILE };
    expect_harmless(&attack, super::Server::address);
}

fn over_rtsp(request: &str, times: usize) {
    let request = format!("{request} RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    let attack = Attack { connections: 1000, request, times, time: A_WHILE };
    expect_harmless(&attack, super::Server::rtsp);
}

#[test]
fn snapshots_that_nobody_reads() {
    let request = "GET /snapshot HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".to_owned();
    let attack = Attack { connections: 1000, request, times: 60, time: Duration::from_secs(12) };
    expect_harmless(&attack, super::Server::address);
}

#[test]
fn states_that_nobody_reads() {
    over_http("GET /state", 1000);
}

#[test]
fn pages_that_nobody_reads() {
    over_http("GET /", 200);
}

#[test]
fn large_heads_whose_answers_nobody_reads() {
    let fields = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {}", "y".repeat(15_000));
    let request = format!("{fields}\r\n\r\n");
    let attack = Attack { connections: 1000, request, times: 6, time: A_WHILE };
    expect_harmless(&attack, super::Server::address);
}

#[test]
fn streams_that_nobody_reads() {
    // Fewer than there are seats.
    let request = "GET /stream?quality=100 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".to_owned();
    let attack = Attack { connections: 900, request, times: 1, time: A_WHILE };
    expect_harmless(&attack, super::Server::address);
}

#[test]
fn descriptions_over_rtsp_that_nobody_reads() {
    over_rtsp("DESCRIBE rtsp://127.0.0.1/live", 1000);
}

#[test]
fn options_over_rtsp_that_nobody_reads() {
    over_rtsp("OPTIONS *", 1500);
}

/// Two pictures a second would still be seen as one that moves; a machine under test is busy.
const LONGEST_GAP: Duration = Duration::from_secs(2);
const A_WHILE: Duration = Duration::from_secs(6);
const MAX_RSS_MIB: f64 = 64.0;
const MAX_SOCKETS_BYTES: u64 = 160_000_000;
