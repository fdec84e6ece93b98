//! Calls, answers and events over one WebSocket, as the Chrome DevTools protocol and WebDriver
//! BiDi both have them.
//!
//! Knows no method by name; [`super::chromium`] and [`super::firefox`] do.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

/// A connection to a browser, or to one page of it.
pub(crate) struct Connection {
    socket: WebSocket<TcpStream>,
    last_id: u64,
    /// All that happened, as far as it was read.
    events: Vec<Event>,
}

/// Something that happened.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) params: Value,
}

impl Connection {
    /// Connects to a port of this machine.
    pub(crate) fn open(port: u16, path: &str) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the browser accepts");
        stream.set_nodelay(true).expect("TCP_NODELAY");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let address = format!("ws://127.0.0.1:{port}{path}");
        let (socket, _) = tungstenite::client(address, stream).expect("the browser speaks");
        Self { socket, last_id: 0, events: Vec::new() }
    }

    /// Calls a method. Returns its result, or the words of its refusal.
    pub(crate) fn try_call(&mut self, method: &str, params: Value) -> Result<Value, String> {
        self.last_id += 1;
        let call = json!({ "id": self.last_id, "method": method, "params": params });
        self.socket.send(Message::text(call.to_string())).map_err(|error| error.to_string())?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            // A window that closes asks a browser that may be gone: that fails no other test.
            let Some(mut message) = self.read(deadline) else {
                return Err(format!("{method} is not answered: {params}"));
            };
            if message["id"] != self.last_id {
                continue;
            }
            return match &message["error"] {
                Value::Null => Ok(message["result"].take()),
                // BiDi has the words beside the error's name, DevTools in the error.
                Value::String(name) => Err(format!("{name}: {}", message["message"])),
                error => Err(error["message"].as_str().unwrap_or_default().to_owned()),
            };
        }
    }

    /// Calls a method that does not fail.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        match self.try_call(method, params) {
            Ok(result) => result,
            Err(words) => panic!("{method}: {words}"),
        }
    }

    /// What happened so far.
    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// Waits for something to happen, if it has not since there were `from` events. Returns its
    /// parameters.
    #[track_caller]
    pub(crate) fn wait(&mut self, from: usize, what: &str, is: impl Fn(&Event) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let mut at = from;
        loop {
            if let Some(event) = self.events.get(at) {
                if is(event) {
                    return event.params.clone();
                }
                at += 1;
            } else if self.read(deadline).is_none() {
                panic!("not within {PATIENCE:?}: {what}");
            }
        }
    }

    /// Reads until the other side closes, or for as long as it may take.
    pub(crate) fn wait_for_end(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while self.read(deadline).is_some() {}
    }

    /// Reads one message, and keeps it if it is an event. `None` at the end or the deadline.
    fn read(&mut self, deadline: Instant) -> Option<Value> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        self.socket.get_ref().set_read_timeout(Some(left)).expect("a time-out");
        let text = match self.socket.read() {
            Ok(message) => message.into_text().expect("JSON is text"),
            Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::Interrupted => {
                return Some(Value::Null);
            }
            Err(_) => return None,
        };
        let mut message: Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(name) = message["method"].as_str() {
            let name = name.to_owned();
            self.events.push(Event { name, params: message["params"].take() });
        }
        Some(message)
    }
}

/// Far more than anything takes that a test waits for, on a machine that is busy otherwise.
const PATIENCE: Duration = crate::common::LONG;
