//! What the neighbours do, each the fault of another day.

use std::any::Any;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::thread::{self, JoinHandle};

use crate::neighbours::{Neighbours, address, connect_from};

/// Neighbours, and the server that they are let loose on.
pub(crate) struct Attack {
    pub name: &'static str,
    /// What the server is started with.
    pub options: &'static [&'static str],
    /// How many descriptors it may have, if not as many as this process.
    pub descriptors: Option<u32>,
    /// Whether the viewer beside them plays by RTSP.
    pub by_rtsp: bool,
    /// Whether a newcomer may be told once that all seats are taken.
    pub seats_are_short: bool,
    /// Lets them loose on HTTP and RTSP, until what is returned is dropped.
    pub start: fn(SocketAddr, SocketAddr) -> Box<dyn Any>,
}

const NONE: Attack = Attack {
    name: "nobody",
    options: &[],
    descriptors: None,
    by_rtsp: false,
    seats_are_short: false,
    start: |_, _| Box::new(()),
};

/// All of them, and for comparison none.
pub(crate) const ATTACKS: [Attack; 8] = [
    NONE,
    Attack { name: "1: 1000 ask 60 times and read nothing", start: unread, ..NONE },
    Attack {
        name: "3: streams that nobody reads, in all seats",
        options: &["--max-viewers", "100"],
        seats_are_short: true,
        start: seats,
        ..NONE
    },
    Attack { name: "7: viewers made up, on one connection", start: made_up, ..NONE },
    Attack {
        name: "8: 1200 are idle, and 1024 descriptors",
        descriptors: Some(1024),
        start: idle,
        ..NONE
    },
    Attack { name: "nobody, beside a player", by_rtsp: true, ..NONE },
    Attack { name: "3: 4500 say nothing to RTSP", by_rtsp: true, start: silent, ..NONE },
    Attack { name: "3: one sets up 5000 sessions", by_rtsp: true, start: sessions, ..NONE },
];

fn unread(http: SocketAddr, _: SocketAddr) -> Box<dyn Any> {
    let mut all = Neighbours::connect(http, 1000);
    all.ask(b"GET /snapshot HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 60);
    Box::new(all)
}

fn seats(http: SocketAddr, _: SocketAddr) -> Box<dyn Any> {
    let mut all = Neighbours::connect_from(http, address(0), 120);
    all.ask(b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 1);
    Box::new(all)
}

fn made_up(http: SocketAddr, _: SocketAddr) -> Box<dyn Any> {
    let request = "POST /viewer HTTP/1.1\r\nHost: 127.0.0.1\r\n\
        Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\nquality=low";
    Box::new(Talker::start(http, address(0), request, usize::MAX))
}

fn idle(http: SocketAddr, _: SocketAddr) -> Box<dyn Any> {
    Box::new(Neighbours::connect(http, 1200))
}

fn silent(_: SocketAddr, rtsp: SocketAddr) -> Box<dyn Any> {
    Box::new(Neighbours::connect(rtsp, 4500))
}

fn sessions(_: SocketAddr, rtsp: SocketAddr) -> Box<dyn Any> {
    let request = "SETUP rtsp://127.0.0.1/live RTSP/1.0\r\nCSeq: 1\r\n\
        Transport: RTP/AVP;unicast;client_port=40000-40001\r\n\r\n";
    Box::new(Talker::start(rtsp, address(0), request, 5000))
}

/// One who asks the same again and again, as fast as it is answered, and reads all of it.
struct Talker {
    socket: TcpStream,
    threads: Vec<JoinHandle<()>>,
}

impl Talker {
    fn start(server: SocketAddr, from: Ipv4Addr, request: &str, times: usize) -> Self {
        let socket = connect_from(server, from).expect("the server accepts");
        let [mut asking, mut reading] =
            [(), ()].map(|()| socket.try_clone().expect("a second handle"));
        let batch = request.repeat(BATCH);
        let ask = move || {
            for _ in 0..times / BATCH {
                if asking.write_all(batch.as_bytes()).is_err() {
                    return;
                }
            }
        };
        let read = move || {
            let mut nowhere = vec![0; 64 * 1024];
            while let Ok(1..) = reading.read(&mut nowhere) {}
        };
        Self { socket, threads: vec![thread::spawn(ask), thread::spawn(read)] }
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        // It may be closed from the other end already.
        let _ = self.socket.shutdown(Shutdown::Both);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

const BATCH: usize = 10;
