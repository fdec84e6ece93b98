//! Members of a chat: they say something now and then, and note what they hear and when.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

/// What a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Ours.
    Ours,
    /// Engine.IO 4 and Socket.IO 5.
    SocketIo,
}

/// Somebody with a socket.
pub(crate) struct Member {
    socket: WebSocket<mio::net::TcpStream>,
    dialect: Dialect,
    start: Instant,
    heard: Heard,
}

/// What one heard, and said.
#[derive(Default)]
pub(crate) struct Heard {
    /// What was said, in the order in which it was heard.
    pub(crate) order: Vec<u64>,
    pub(crate) delays: Vec<Duration>,
    pub(crate) said: usize,
}

impl Member {
    /// Comes in.
    pub(crate) fn enter(
        address: SocketAddr,
        dialect: Dialect,
        number: usize,
        start: Instant,
    ) -> Self {
        let path = match dialect {
            Dialect::Ours => "/socket",
            Dialect::SocketIo => "/socket.io/?EIO=4&transport=websocket",
        };
        let stream = TcpStream::connect(address).expect("it accepts");
        stream.set_nodelay(true).expect("a socket");
        let (mut socket, _) =
            tungstenite::client(format!("ws://{address}{path}"), stream).expect("a WebSocket");
        let (enter, is_in): (String, fn(&str) -> bool) = match dialect {
            Dialect::Ours => (
                json!({ "type": "enter", "id": 0, "name": format!("Member {number}") }).to_string(),
                |told| told.starts_with("{\"chat\"") || told.contains("\"type\":\"answer\""),
            ),
            Dialect::SocketIo => ("40".to_owned(), |told| told.starts_with("40")),
        };
        socket.send(Message::text(enter)).expect("it is taken");
        loop {
            match socket.read().expect("an answer") {
                Message::Text(told) if is_in(&told) => break,
                _ => {}
            }
        }
        let stream = socket.get_ref().try_clone().expect("the same socket");
        stream.set_nonblocking(true).expect("a socket");
        let stream = mio::net::TcpStream::from_std(stream);
        let socket = WebSocket::from_raw_socket(stream, tungstenite::protocol::Role::Client, None);
        Self { socket, dialect, start, heard: Heard::default() }
    }

    /// Says what has the time in it.
    fn say(&mut self, number: u64) {
        let text = format!("{number} {}", self.start.elapsed().as_nanos());
        let said = match self.dialect {
            Dialect::Ours => json!({ "type": "say", "id": number, "text": text }).to_string(),
            Dialect::SocketIo => format!("42{}", json!(["say", text])),
        };
        // What has no room now goes with the next.
        let _ = self.socket.send(Message::text(said));
        self.heard.said += 1;
    }

    /// Hears all that came.
    fn hear(&mut self) {
        loop {
            match self.socket.read() {
                Ok(Message::Text(told)) => self.note(&told),
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    let _ = self.socket.flush();
                    return;
                }
                // Who was ended hears no more, and that is counted.
                Err(_) => return,
            }
        }
    }

    fn note(&mut self, told: &str) {
        let now = self.start.elapsed();
        if self.dialect == Dialect::SocketIo && told == "2" {
            let _ = self.socket.send(Message::text("3"));
            return;
        }
        let text = match self.dialect {
            Dialect::Ours if told.contains("\"type\":\"chat\"") => {
                let told: Value = serde_json::from_str(told).expect("JSON");
                told["messages"][0]["text"].as_str().map(str::to_owned)
            }
            Dialect::SocketIo if told.starts_with("42") => {
                let told: Value = serde_json::from_str(&told[2..]).expect("JSON");
                told[1].as_str().map(str::to_owned)
            }
            _ => None,
        };
        let Some(text) = text else { return };
        let Some((number, at)) = text.split_once(' ') else { return };
        let (Ok(number), Ok(at)) = (number.parse(), at.parse()) else { return };
        self.heard.order.push(number);
        self.heard.delays.push(now.saturating_sub(Duration::from_nanos(at)));
    }
}

/// Has members talk and listen until it is over: half of `said`, in turn, evenly over the time. What they
/// say has every other number from `first` on.
pub(crate) fn listen(
    members: &mut Vec<Member>,
    first: u64,
    said: usize,
    is_over: &AtomicBool,
) -> Vec<Heard> {
    let mut poll = Poll::new().expect("a poll");
    for (number, member) in members.iter_mut().enumerate() {
        let registry = poll.registry();
        registry
            .register(member.socket.get_mut(), Token(number), Interest::READABLE)
            .expect("a socket");
    }
    let mut events = Events::with_capacity(1024);
    let begun = Instant::now();
    let (mut next, mut number) = (begun, 0);
    while !is_over.load(Ordering::Relaxed) {
        let now = Instant::now();
        if number < said / 2 && now >= next {
            let speaker = number % members.len();
            members[speaker].say(first + 2 * number as u64);
            number += 1;
            next = begun + EACH * u32::try_from(number).unwrap_or(u32::MAX);
        }
        let wait = next.saturating_duration_since(Instant::now()).min(Duration::from_millis(20));
        match poll.poll(&mut events, Some(wait)) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => panic!("{error}"),
        }
        for event in &events {
            members[event.token().0].hear();
        }
    }
    members.drain(..).map(|member| member.heard).collect()
}

/// Of each of the two halves.
const EACH: Duration = Duration::from_millis(40);
