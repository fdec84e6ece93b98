//! Pages that are open cost no thread and little memory (fault 6).

use super::neighbours::Neighbours;
use super::pages::{Habit, Learns, Pages};
use super::{Server, alone, camera};
use crate::common::{LONG, VERY_LONG, eventually, eventually_true};

/// Opens so many pages and waits until each has its stream and has asked three times.
#[track_caller]
fn open(server: &Server, count: usize) -> Pages {
    open_with(server, count, Habit { learns: Learns::ByPolls, watches: true })
}

/// As [`open`], pages of this habit that have learned the state three times.
#[track_caller]
fn open_with(server: &Server, count: usize, habit: Habit) -> Pages {
    let pages = Pages::open(server.address(), count, habit);
    eventually("all pages show pictures", VERY_LONG, || {
        let shown = pages.pictures();
        let shows = shown.iter().filter(|&&shown| shown > 0).count();
        if shows == count { Ok(()) } else { Err(format!("{shows} show some")) }
    });
    let before = pages.answers();
    eventually_true("they go on learning the state", VERY_LONG, || {
        pages.answers() >= before + 3 * count as u64
    });
    pages
}

/// Each core may have a thread, the server eight, and its source two.
fn threads_allowed() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from) + 8 + 2
}

#[track_caller]
fn expect_few_threads(server: &Server) {
    let (threads, allowed) = (server.threads(), threads_allowed());
    assert!(threads <= allowed, "{threads} threads of {allowed}");
}

#[test]
fn two_hundred_open_pages_cost_no_thread() {
    let _alone = alone();
    let server = Server::pattern(&["--fps", "5", "--bandwidth", "unlimited"]);
    let _pages = open(&server, 200);
    expect_few_threads(&server);
}

#[test]
fn thousand_open_pages_cost_little_memory() {
    let _alone = alone();
    let server = Server::pattern(&["--fps", "2", "--bandwidth", "unlimited"]);
    drop(open(&server, 1));
    let before_mib = server.rss_mib();
    let _pages = open(&server, 1000);
    expect_few_threads(&server);
    let kib = (server.rss_mib() - before_mib) * 1024.0 / 1000.0;
    assert!(kib < 32.0, "{kib:.1} KiB each");
}

#[test]
fn thousand_open_pages_with_sockets_cost_little_memory() {
    let _alone = alone();
    let server = Server::pattern(&["--fps", "2", "--bandwidth", "unlimited"]);
    let habit = Habit { learns: Learns::BySocket, watches: true };
    drop(open_with(&server, 1, habit));
    let before_mib = server.rss_mib();
    let _pages = open_with(&server, 1000, habit);
    expect_few_threads(&server);
    let kib = (server.rss_mib() - before_mib) * 1024.0 / 1000.0;
    assert!(kib < 32.0, "{kib:.1} KiB each");
}

#[test]
fn threads_stay_few_whatever_clients_do() {
    let _alone = alone();
    let (server, _scratch) = camera(&["--rtsp-port", "0"]);
    let _pages = open(&server, 50);
    let mut all = Vec::new();
    for said in [
        "",
        "GET /healthz HTT",
        "GET /snapshot HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /snapshot?quality=35 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /stream?quality=20 HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /viewer HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\nquality=",
    ] {
        let mut neighbours = Neighbours::connect(server.address(), 100);
        neighbours.ask(said.as_bytes(), 10);
        all.push(neighbours);
    }
    for said in [
        "",
        "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        "DESCRIBE rtsp://x/live RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    ] {
        let mut neighbours = Neighbours::connect(server.rtsp(), 100);
        neighbours.ask(said.as_bytes(), 10);
        all.push(neighbours);
    }
    let deadline = std::time::Instant::now() + LONG / 10;
    while std::time::Instant::now() < deadline {
        expect_few_threads(&server);
        std::thread::park_timeout(super::BETWEEN_LOOKS);
    }
}
