//! Pages that are open in many browsers: each has its stream, and is told the state by a socket, or
//! asks for it once a second over a connection that is kept.
//!
//! All of them live on one thread until they are closed. Stands alone: the hostile tests
//! and the benches open the same pages.

#![allow(dead_code, reason = "each bench is a crate of its own and uses a part")]

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Result, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Registry, Token};

use super::neighbours::{address, connect_from};
use super::viewer::Viewer;

/// How pages learn the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Learns {
    /// They ask once a second.
    ByPolls,
    /// They are told.
    BySocket,
}

/// What pages do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Habit {
    pub(crate) learns: Learns,
    /// Whether they have a stream.
    pub(crate) watches: bool,
}

/// Pages that are open.
pub(crate) struct Pages {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    answers: AtomicU64,
    pictures: Mutex<Vec<u64>>,
}

impl Pages {
    /// Opens so many pages of one habit, from as many addresses as there are neighbours.
    pub(crate) fn open(server: SocketAddr, count: usize, habit: Habit) -> Self {
        let shared = Arc::new(Shared::default());
        let its = Arc::clone(&shared);
        let thread = thread::spawn(move || browse(server, count, habit, &its));
        Self { shared, thread: Some(thread) }
    }

    /// How often a page was told the state.
    pub(crate) fn answers(&self) -> u64 {
        self.shared.answers.load(Ordering::Relaxed)
    }

    /// How many pictures each page has shown.
    pub(crate) fn pictures(&self) -> Vec<u64> {
        self.shared.pictures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn browse(server: SocketAddr, count: usize, habit: Habit, shared: &Shared) {
    let mut poll = Poll::new().expect("the system gives a poll");
    let mut events = Events::with_capacity(1024);
    let mut pages = HashMap::new();
    let mut last_told = Instant::now();
    while !shared.stop.load(Ordering::Relaxed) {
        // A few at a time, so that who is there already goes on reading.
        for number in pages.len()..count.min(pages.len() + OPENED_AT_ONCE) {
            let page = Page::open(server, number, habit, poll.registry());
            pages.insert(number, page.expect("a page can be opened"));
        }
        poll.poll(&mut events, Some(TICK)).expect("the poll waits");
        for event in &events {
            let Token(token) = event.token();
            let Some(page) = pages.get_mut(&(token / 2)) else { continue };
            let answered = if token % 2 == 0 { page.read_answer(poll.registry()) } else { 0 };
            shared.answers.fetch_add(answered, Ordering::Relaxed);
            if let (1, Some(viewer)) = (token % 2, &mut page.viewer) {
                viewer.read(usize::MAX);
            }
        }
        let now = Instant::now();
        pages.values_mut().for_each(|page| page.ask_if_due(now));
        if now - last_told >= TELL_EVERY {
            last_told = now;
            let shown = pages.values().map(Page::shown).collect();
            *shared.pictures.lock().unwrap_or_else(PoisonError::into_inner) = shown;
        }
    }
}

/// One page.
struct Page {
    server: SocketAddr,
    number: usize,
    /// The connection that it asks over.
    asking: mio::net::TcpStream,
    /// What came of an answer.
    answer: Vec<u8>,
    /// When to ask again; `None` while an answer is on its way, or if none will come.
    ask_at: Option<Instant>,
    cookie: String,
    viewer: Option<Viewer>,
    habit: Habit,
    /// Whether it is told by frames.
    upgraded: bool,
}

impl Page {
    fn open(server: SocketAddr, number: usize, habit: Habit, registry: &Registry) -> Result<Self> {
        let mut socket = connect_from(server, address(number))?;
        write!(socket, "GET / HTTP/1.1\r\nHost: {server}\r\nAccept: text/html\r\n\r\n")?;
        socket.set_nonblocking(true)?;
        let mut asking = mio::net::TcpStream::from_std(socket);
        registry.register(&mut asking, Token(number * 2), Interest::READABLE)?;
        Ok(Self {
            server,
            number,
            asking,
            answer: Vec::new(),
            ask_at: None,
            cookie: String::new(),
            viewer: None,
            habit,
            upgraded: false,
        })
    }

    /// Takes in what is there of an answer. Returns how many answers became whole.
    fn read_answer(&mut self, registry: &Registry) -> u64 {
        let mut chunk = [0; 16 * 1024];
        loop {
            match self.asking.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => self.answer.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        if self.upgraded { self.take_frames() } else { self.take_answers(registry) }
    }

    fn take_answers(&mut self, registry: &Registry) -> u64 {
        let mut answered = 0;
        while let Some(head) = take_answer(&mut self.answer) {
            if head.starts_with("HTTP/1.1 101 ") {
                self.upgraded = true;
                return answered + self.take_frames();
            }
            answered += 1;
            if let (true, Some(cookie)) = (self.cookie.is_empty(), field(&head, "Set-Cookie: ")) {
                self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
                if self.habit.watches {
                    self.viewer = self.open_stream(registry).ok();
                }
                if self.habit.learns == Learns::BySocket {
                    self.upgrade();
                    continue;
                }
            }
            self.ask_at = Some(Instant::now() + ASK_EVERY);
        }
        answered
    }

    fn upgrade(&mut self) {
        let Self { server, number, cookie, .. } = self;
        // Over a connection that is gone, nothing comes.
        let _ = write!(
            self.asking,
            "GET /socket?tab=page{number} HTTP/1.1\r\nHost: {server}\r\nCookie: {cookie}\r\n\
             Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
    }

    /// Takes in the frames that are whole, and answers pings. Returns how many messages there were.
    fn take_frames(&mut self) -> u64 {
        let mut told = 0;
        while let Some(opcode) = take_frame(&mut self.answer) {
            match opcode {
                1 => told += 1,
                // A masked pong of nothing, as the pings are.
                9 => drop(self.asking.write(&[0x8a, 0x80, 0, 0, 0, 0])),
                _ => {}
            }
        }
        told
    }

    fn open_stream(&self, registry: &Registry) -> Result<Viewer> {
        let Self { server, number, cookie, .. } = self;
        let mut socket = connect_from(*server, address(*number))?;
        write!(
            socket,
            "GET /stream?tab=page{number} HTTP/1.1\r\nHost: {server}\r\nCookie: {cookie}\r\n\r\n"
        )?;
        let mut viewer = Viewer::over(socket)?;
        registry.register(&mut viewer.socket, Token(number * 2 + 1), Interest::READABLE)?;
        Ok(viewer)
    }

    fn ask_if_due(&mut self, now: Instant) {
        let Self { server, number, cookie, .. } = self;
        if self.ask_at.is_some_and(|at| now >= at) {
            self.ask_at = None;
            // Over a connection that is gone, no answer comes.
            let _ = write!(
                self.asking,
                "GET /state?tab=page{number} HTTP/1.1\r\nHost: {server}\r\nCookie: {cookie}\r\n\r\n"
            );
        }
    }

    fn shown(&self) -> u64 {
        self.viewer.as_ref().map_or(0, |viewer| viewer.seen.pictures)
    }
}

/// Takes a whole answer off the front. Returns its head.
fn take_answer(bytes: &mut Vec<u8>) -> Option<String> {
    let end = memchr::memmem::find(bytes, b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = match head.starts_with("HTTP/1.1 101 ") {
        true => 0,
        false => field(&head, "Content-Length: ")?.parse::<usize>().ok()?,
    };
    if bytes.len() < end + length {
        return None;
    }
    bytes.drain(..end + length);
    Some(head)
}

/// Takes a server's whole frame off the front. Returns its opcode.
fn take_frame(bytes: &mut Vec<u8>) -> Option<u8> {
    let (opcode, head, length) = match bytes[..] {
        [first, 126, high, low, ..] => {
            (first & 15, 4, usize::from(u16::from_be_bytes([high, low])))
        }
        [first, short @ 0..126, ..] => (first & 15, 2, usize::from(short)),
        // Nothing that a page is told is longer.
        _ => return None,
    };
    if bytes.len() < head + length {
        return None;
    }
    bytes.drain(..head + length);
    Some(opcode)
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name))
}

const ASK_EVERY: Duration = Duration::from_secs(1);
const TELL_EVERY: Duration = Duration::from_millis(250);
const OPENED_AT_ONCE: usize = 8;
const TICK: Duration = Duration::from_millis(10);
