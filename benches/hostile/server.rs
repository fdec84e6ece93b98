//! The server that the neighbours are let loose on.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::attack::Attack;
use crate::launch::launch_as;
use crate::usage::{Usage, usage};

/// A running server, ended by its id when it is dropped.
pub(crate) struct Server {
    pub http: SocketAddr,
    pub rtsp: SocketAddr,
    child: Child,
}

impl Server {
    pub(crate) fn start(binary: &OsStr, attack: &Attack, source: &str) -> Self {
        let mut command = Command::new(binary);
        if let Some(most) = attack.descriptors {
            command = Command::new("sh");
            command.args(["-c", r#"ulimit -n "$0" && exec "$@""#, &most.to_string()]).arg(binary);
        }
        let options = ["--rtsp-port", "0", "--bandwidth", "unlimited", "--source", source];
        let options = [&options[..], attack.options].concat();
        // What it warns of under attack is not for this table.
        let (child, addresses) = launch_as(command, &options, "off", Stdio::null());
        Self { http: addresses[0], rtsp: addresses[1], child }
    }

    /// What it used until now.
    pub(crate) fn usage(&self) -> Usage {
        usage(self.child.id())
    }

    /// The longest time that any of its lanes had between two looks at its sockets, where it has
    /// lanes.
    pub(crate) fn longest_turn(&self) -> Option<Duration> {
        let mut socket = TcpStream::connect_timeout(&self.http, PATIENCE).ok()?;
        socket.set_read_timeout(Some(PATIENCE)).ok()?;
        write!(socket, "GET /metrics HTTP/1.0\r\n\r\n").ok()?;
        let mut page = String::new();
        socket.read_to_string(&mut page).ok()?;
        let lanes = page.lines().filter(|line| line.starts_with(TURN));
        let turns = lanes.filter_map(|line| line.rsplit(' ').next()?.parse().ok());
        turns.reduce(f64::max).map(Duration::from_secs_f64)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const TURN: &str = "livestream_lane_longest_turn_seconds{";
const PATIENCE: Duration = Duration::from_secs(10);
