//! Classic WebDriver: commands as HTTP requests with JSON (W3C WebDriver §6).
//!
//! Knows no browser; [`super::webkit`] does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// One session of a driver: a browser that it started.
pub(super) struct Session {
    port: u16,
    path: String,
}

impl Session {
    /// Asks the driver on this port for a browser.
    pub(super) fn start(port: u16, capabilities: Value) -> Self {
        let mut session = Self { port, path: String::new() };
        let always = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let made = session.command("POST", "/session", always);
        let id = made["sessionId"].as_str().expect("an id");
        session.path = format!("/session/{id}");
        session
    }

    /// A command with parameters.
    #[track_caller]
    pub(super) fn post(&self, path: &str, params: Value) -> Value {
        self.command("POST", path, params)
    }

    /// A command that only asks.
    #[track_caller]
    pub(super) fn get(&self, path: &str) -> Value {
        self.command("GET", path, Value::Null)
    }

    /// A command that ends something, which may have ended already.
    pub(super) fn delete(&self, path: &str) {
        let _ = self.try_command("DELETE", path, Value::Null);
    }

    #[track_caller]
    fn command(&self, method: &str, path: &str, params: Value) -> Value {
        match self.try_command(method, path, params) {
            Ok(value) => value,
            Err(words) => panic!("{method} {path}: {words}"),
        }
    }

    /// A command that may be refused, with the words of the refusal.
    pub(super) fn try_command(
        &self,
        method: &str,
        path: &str,
        params: Value,
    ) -> Result<Value, String> {
        self.try_within(PATIENCE, method, path, params)
    }

    /// As [`try_command`](Self::try_command), for a driver that may forget to answer.
    pub(super) fn try_within(
        &self,
        patience: Duration,
        method: &str,
        path: &str,
        params: Value,
    ) -> Result<Value, String> {
        let target = format!("{}{path}", self.path);
        let body = if params.is_null() { String::new() } else { params.to_string() };
        let answer =
            ask(self.port, patience, method, &target, &body).map_err(|error| error.to_string())?;
        let mut answer: Value = serde_json::from_slice(&answer).map_err(|e| e.to_string())?;
        let value = answer["value"].take();
        match value["error"].as_str() {
            Some(name) => Err(format!("{name}: {}", value["message"])),
            None => Ok(value),
        }
    }
}

/// Sends one request. Returns the body of its answer.
fn ask(
    port: u16,
    patience: Duration,
    method: &str,
    target: &str,
    body: &str,
) -> std::io::Result<Vec<u8>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut socket = TcpStream::connect_timeout(&address, patience)?;
    socket.set_read_timeout(Some(patience))?;
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
    let mut answer = BufReader::new(socket);
    let mut length = 0;
    loop {
        let mut line = String::new();
        answer.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().map_err(std::io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    answer.read_exact(&mut body)?;
    Ok(body)
}

/// Far more than anything takes that a test waits for, on a machine that is busy otherwise.
const PATIENCE: Duration = crate::common::LONG;
