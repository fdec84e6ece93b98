//! GStreamer's RTSP server, which others wrote, as a camera.

use std::io::{BufRead, BufReader};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::LONG;
use super::program::Program;

/// What the server grants.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Grants {
    /// UDP and TCP.
    Udp,
    /// TCP alone: UDP is answered 461.
    Tcp,
    /// Pictures, but no JPEG.
    Raw,
    /// To the user of [`LOGIN`](super::httpd::LOGIN) alone, by Basic.
    Basic,
    /// The same by Digest, without `qop` as in RFC 2069.
    Digest,
}

/// A server with a moving picture of 320x240, 25 a second. Dropping it kills it.
pub(crate) struct RtspServer {
    _program: Program,
    lines: Receiver<String>,
    pub(crate) port: u16,
}

impl RtspServer {
    /// Starts it on a free port, or on one that it had before.
    pub(crate) fn start(way: Grants, port: u16) -> Self {
        // The system's own Python, which the packages are for.
        let mut command = Command::new("/usr/bin/python3");
        let way = format!("{way:?}").to_lowercase();
        command.args(["-c", include_str!("rtsp.py"), &port.to_string(), &way]);
        command.env_remove("GST_DEBUG");
        let (program, out) = Program::start(&mut command, "run `scripts/setup test`");
        let (to, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                // Nobody may wait for it.
                let _ = to.send(line);
            }
        });
        let first = lines.recv_timeout(LONG).expect("it runs: try `scripts/setup test`");
        let port = first.parse().expect("its port");
        Self { _program: program, lines, port }
    }

    /// What to give to `--source`.
    pub(crate) fn url(&self) -> String {
        format!("rtsp://127.0.0.1:{}/live", self.port)
    }

    /// The same with a user.
    pub(crate) fn url_of(&self, userinfo: &str) -> String {
        format!("rtsp://{userinfo}127.0.0.1:{}/live", self.port)
    }

    /// Waits until it is asked for this.
    #[track_caller]
    pub(crate) fn expect(&self, request: &str) {
        while self.lines.recv_timeout(LONG).expect(request) != request {}
    }
}
