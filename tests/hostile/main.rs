//! What clients do who mean no good, against the real program: nobody else notices.
//!
//! Each file is one fault that was found, with its kin. The neighbours come from 500
//! addresses of this machine, as no rule for one address may be what helps. What is judged
//! are counts, bytes and states; where something must happen, it is waited for.

#[path = "../suite/common/mod.rs"]
mod common;
#[path = "../suite/tls/hello.rs"]
mod hello;
#[path = "../../benches/common/viewer.rs"]
mod viewer;

mod bursts;
mod changes;
mod descriptors;
mod half_closed;
mod hellos;
mod neighbours;
mod open_pages;
mod page_sockets;
mod pages;
mod player;
mod rtsp;
mod seats;
mod sockets;
mod stopping;
mod unread;
mod unwanted;
mod witness;

use std::net::Ipv4Addr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::common::client::{Client, Reply};
use crate::common::clip::{Form, Scratch, noise};
use crate::common::server::{Server, allow_many_descriptors};
use crate::common::{LONG, eventually_true};
use neighbours::connect_from;
use witness::Witness;

/// One attack after another: they share the system's memory, and its processors.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    allow_many_descriptors();
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server whose pictures weigh what a camera's do, 30 of them a second.
fn camera(arguments: &[&str]) -> (Server, Scratch) {
    let scratch = Scratch::new();
    let pictures: Vec<_> = (0..10).map(|seed| noise(384, 240, seed, 80)).collect();
    let clip = scratch.clip(Form::Avi { fps: 30 }, &pictures);
    let all = [&["--source", &clip, "--bandwidth", "unlimited"], arguments].concat();
    (Server::start(&all), scratch)
}

/// A viewer that has seen its first pictures, at the quality at which they go through untouched.
fn witness(server: &Server) -> Witness {
    let from = Ipv4Addr::new(127, 9, 9, 9);
    let witness = Witness::watch(server.address(), from, "/stream?quality=100");
    let witness = witness.expect("the server accepts");
    eventually_true("it has pictures", LONG, || witness.count() >= 10);
    witness
}

/// A client from an address that no neighbour has, and that will not wait for long.
fn newcomer(server: &Server) -> Client {
    let socket = connect_from(server.address(), NEWCOMER).expect("the server accepts");
    let client = Client::over(socket, server.address());
    client.socket().set_read_timeout(Some(SOON)).expect("a time-out");
    client
}

/// Asks for the stream. The error is another status line than that of success.
fn open_stream(mut client: Client) -> Result<Client, String> {
    let request = client.head("GET", "/stream", &[], b"");
    client.send(request);
    let line = client.incoming.take_through(b"\r\n", 1024).expect("a status line");
    let line = String::from_utf8_lossy(&line).into_owned();
    if line.starts_with("HTTP/1.1 200 ") { Ok(client) } else { Err(line) }
}

/// One GET of a newcomer.
fn newcomers_get(server: &Server, target: &str) -> Reply {
    newcomer(server).get(target)
}

/// Lets time pass, and looks at something again and again.
fn meanwhile(time: Duration, mut look: impl FnMut()) {
    let until = Instant::now() + time;
    while Instant::now() < until {
        look();
        std::thread::park_timeout(BETWEEN_LOOKS);
    }
}

/// Less than the ten seconds after which the neighbours' time is over, and far more than an answer
/// takes on a busy machine.
const SOON: Duration = Duration::from_secs(5);
/// Less than the time after which a stream that nobody reads ends by itself.
const FAIRLY_SOON: Duration = Duration::from_secs(10);
const NEWCOMER: Ipv4Addr = Ipv4Addr::new(127, 8, 8, 8);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
