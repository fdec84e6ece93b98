//! GStreamer's RTSP server, and what it was asked.

use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::process::{ChildStdout, Command};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::common::program::Program;
use crate::common::{LONG, eventually};

/// A running server. Dropping it ends it.
pub(crate) struct Upstream {
    port: u16,
    asked: Arc<Mutex<String>>,
    _program: Program,
}

impl Upstream {
    /// Starts it with `/ball`, and with `/clip` if there is a file for it.
    pub(crate) fn start(clip: Option<&str>) -> Self {
        // Debian's, which the bindings are installed for.
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-c", include_str!("rtsp.py")]).args(clip);
        let (program, out) = Program::start(&mut command, "scripts/setup test installs it");
        let mut lines = BufReader::new(out);
        let mut first = String::new();
        lines.read_line(&mut first).expect("it says where it listens");
        let port = first.trim().strip_prefix("listening ").and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| {
            panic!("GStreamer's RTSP server does not start: scripts/setup test installs it")
        });
        Self { port, asked: keep(lines), _program: program }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("rtsp://127.0.0.1:{}/{path}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Waits until a client has asked for this.
    pub(crate) fn wait_for(&self, method: &str) {
        eventually(method, LONG, || {
            let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if asked.contains(method) { Ok(()) } else { Err(asked) }
        });
    }
}

/// A port for RTP whose next one is free too, or was a moment ago.
pub(crate) fn free_pair() -> u16 {
    loop {
        let rtp = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let port = rtp.local_addr().expect("bound").port();
        if port.is_multiple_of(2) && UdpSocket::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

fn keep(lines: BufReader<ChildStdout>) -> Arc<Mutex<String>> {
    let asked = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&asked);
    thread::spawn(move || {
        for line in lines.lines().map_while(Result::ok) {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) += &(line + "\n");
        }
    });
    asked
}
