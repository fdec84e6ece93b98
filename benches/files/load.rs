//! Who loads files: many connections on one thread, each asking again as soon as it has all.
//!
//! What comes is counted and thrown away without being copied, so that the servers have the machine.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustix::net::{RecvFlags, recv};

/// What came in the time that was measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Got {
    pub(crate) bytes: u64,
    pub(crate) answers: u64,
    pub(crate) time: Duration,
}

struct Connection {
    socket: TcpStream,
    head: Vec<u8>,
    /// Of the body, once its head is there.
    left: Option<u64>,
}

/// Loads a file on so many connections; `mark` is told when what is counted begins and ends.
pub(crate) fn run(
    address: SocketAddr,
    target: &str,
    connections: usize,
    time: Duration,
    mut mark: impl FnMut(bool),
) -> Got {
    let mut poll = Poll::new().expect("a poll");
    let request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut all: Vec<Connection> = (0..connections)
        .map(|number| {
            let mut socket = std::net::TcpStream::connect(address).expect("the server accepts");
            socket.write_all(request.as_bytes()).expect("it takes a request");
            socket.set_nonblocking(true).expect("no waiting");
            let mut socket = TcpStream::from_std(socket);
            let registry = poll.registry();
            registry
                .register(&mut socket, Token(number), Interest::READABLE)
                .expect("it can be waited for");
            Connection { socket, head: Vec::new(), left: None }
        })
        .collect();
    let mut events = Events::with_capacity(1024);
    let (start, mut counting) = (Instant::now(), None);
    let (mut bytes, mut answers) = (0, 0);
    let mut nowhere = vec![0; THROWN as usize];
    // Those that have more than they had a turn for.
    let mut ready: Vec<usize> = Vec::new();
    loop {
        let patience = if ready.is_empty() { 100 } else { 0 };
        poll.poll(&mut events, Some(Duration::from_millis(patience))).expect("it waits");
        let told = events.iter().map(|event| event.token().0);
        let turns: Vec<usize> = std::mem::take(&mut ready).into_iter().chain(told).collect();
        for number in turns {
            let (more, done) = all[number].read(request.as_bytes(), &mut nowhere);
            bytes += more;
            answers += done;
            if more >= TURN_BYTES {
                ready.push(number);
            }
        }
        match counting {
            // What goes before that is the beginning's.
            None if start.elapsed() >= WARM => {
                (bytes, answers) = (0, 0);
                mark(true);
                counting = Some(Instant::now());
            }
            Some(since) if since.elapsed() >= time => {
                mark(false);
                return Got { bytes, answers, time: since.elapsed() };
            }
            _ => {}
        }
    }
}

impl Connection {
    /// Reads what there is. Returns how many bytes, and how many answers became whole.
    fn read(&mut self, request: &[u8], nowhere: &mut [u8]) -> (u64, u64) {
        let (mut bytes, mut answers) = (0, 0);
        let mut chunk = [0; 16 * 1024];
        // Not for ever: others wait.
        while bytes < TURN_BYTES {
            match self.left {
                None => match self.socket.read(&mut chunk) {
                    Ok(0) => panic!("the server closes"),
                    Ok(count) => {
                        bytes += count as u64;
                        self.head.extend_from_slice(&chunk[..count]);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("{error}"),
                },
                Some(left) => {
                    let most = usize::try_from(left.min(THROWN)).expect("it fits");
                    match thrown(&self.socket, &mut nowhere[..most]) {
                        Some(0) => panic!("the server closes"),
                        Some(count) => {
                            bytes += count as u64;
                            self.left = Some(left - count as u64);
                        }
                        None => break,
                    }
                }
            }
            if self.left.is_none() {
                self.begin();
            }
            if self.left == Some(0) {
                answers += 1;
                self.left = None;
                self.head.clear();
                self.socket.write_all(request).expect("it takes a request");
            }
        }
        (bytes, answers)
    }

    /// Sees whether the head is whole.
    fn begin(&mut self) {
        let Some(end) = self.head.windows(4).position(|four| four == b"\r\n\r\n") else { return };
        let head = String::from_utf8_lossy(&self.head[..end]).to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: u64 = length.and_then(|length| length.parse().ok()).expect("a length");
        self.left = Some(length - (self.head.len() - end - 4) as u64);
    }
}

/// Throws away what came, at most as much as `nowhere` has room for; `None` if nothing did.
fn thrown(socket: &TcpStream, nowhere: &mut [u8]) -> Option<usize> {
    match recv(socket, nowhere, RecvFlags::TRUNC) {
        Ok((count, _)) => Some(count),
        Err(error) if error.kind() == ErrorKind::WouldBlock => None,
        Err(error) => panic!("{error}"),
    }
}

/// The address of a film of the default room, once the server knows it.
pub(crate) fn film(address: SocketAddr, name: &str) -> Option<String> {
    let mut socket = std::net::TcpStream::connect(address).ok()?;
    let request = format!("GET /state HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).ok()?;
    let state: HashMap<String, serde_json::Value> =
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?;
    let list = state["film"]["list"].as_array()?;
    let film = list.iter().find(|film| film["name"] == name)?;
    Some(format!("/{}", film["url"].as_str()?))
}

const WARM: Duration = Duration::from_millis(700);
const THROWN: u64 = 1024 * 1024;
const TURN_BYTES: u64 = 4 * 1024 * 1024;
