//! A network of two machines: two network namespaces and the pair of veth devices between them.
//!
//! Needs the right to make one, and iproute2. Nothing of it is seen outside.

use std::io::{BufRead, BufReader, Write};
use std::net::IpAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::message::Message;
use crate::common::server::{Server, program};

/// The network; gone when it is dropped.
pub(super) struct Lan {
    /// The two namespaces.
    machines: [String; 2],
    number: u8,
}

/// What a neighbour heard.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    /// At which of its sockets: `v4`, `v6`, or `one` that is no responder's.
    pub(super) by: String,
    pub(super) message: Message,
}

/// A machine that hears and speaks, and knows only what a test tells it.
pub(super) struct Neighbour {
    child: Child,
    to: ChildStdin,
    lines: Receiver<String>,
}

impl Lan {
    /// Two machines, each with an address of IPv4 and one of IPv6.
    ///
    /// # Panics
    ///
    /// If it cannot be made, with what is missing.
    pub(super) fn new() -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = |which| format!("ls-mdns{}-{number}{which}", std::process::id());
        let lan = Self { machines: [name('a'), name('b')], number };
        let [a, b] = &lan.machines;
        ip(&["netns", "add", a]);
        ip(&["netns", "add", b]);
        let pair = ["link", "add", DEVICE, "type", "veth", "peer", "name", DEVICE, "netns", b];
        ip(&[&["-n", a][..], &pair].concat());
        for machine in 0..2 {
            lan.ip(machine, &["link", "set", DEVICE, "up"]);
            lan.give(machine, &format!("{}/24", lan.address(machine)));
            lan.give(machine, &format!("{}/64", lan.address_v6(machine)));
        }
        lan
    }

    pub(super) fn address(&self, machine: usize) -> String {
        format!("10.78.{}.{}", self.number, machine + 1)
    }

    pub(super) fn address_v6(&self, machine: usize) -> String {
        format!("fd78:{:x}::{}", self.number, machine + 1)
    }

    /// Gives a machine one more address.
    pub(super) fn give(&self, machine: usize, address: &str) {
        // A new address of IPv6 is not used for a second or two, unless it is said to be nobody's.
        let now = if address.contains(':') { &["nodad"][..] } else { &[] };
        self.ip(machine, &[&["addr", "add", address, "dev", DEVICE][..], now].concat());
    }

    pub(super) fn ip(&self, machine: usize, arguments: &[&str]) {
        ip(&[&["-n", &self.machines[machine]], arguments].concat());
    }

    /// A server on a machine, which is announced unless `arguments` say otherwise.
    pub(super) fn server(&self, machine: usize, bind: &str, arguments: &[&str]) -> Server {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.machines[machine]]).arg(program().get_program());
        command.env_remove("STATE_DIRECTORY").env_remove("RUST_BACKTRACE");
        let bind: IpAddr = bind.parse().expect("an address");
        let pattern = ["--source", "pattern", "--size", "160x120"];
        Server::announced(command, bind, 0, &[&pattern[..], arguments].concat())
    }

    /// A neighbour on a machine.
    pub(super) fn neighbour(&self, machine: usize) -> Neighbour {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/mdns/neighbour.py");
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.machines[machine], "python3"]).arg(script);
        command.args([DEVICE, &self.address(machine)]);
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = started.expect("ip and python3 start");
        let to = child.stdin.take().expect("stdin is piped");
        let out = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let (send, lines) = channel();
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                // Nobody listens once the neighbour was dropped.
                let _ = send.send(line);
            }
        });
        let mut neighbour = Neighbour { child, to, lines };
        neighbour.wait_for("ready");
        neighbour
    }

    /// How many sockets there are on a machine at the port of multicast DNS.
    pub(super) fn sockets(&self, machine: usize) -> usize {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.machines[machine], "cat"]);
        command.args(["/proc/net/udp", "/proc/net/udp6"]);
        let output = command.output().expect("ip starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).expect("text");
        lines.lines().filter(|line| line.contains(":14E9 ")).count()
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        for machine in &self.machines {
            // Its devices go with it.
            let _ = Command::new("ip").args(["netns", "del", machine]).output();
        }
    }
}

impl Neighbour {
    /// Sends a packet to the group: by `v4`, by `v6`, or from a port that is no responder's (`one`).
    pub(super) fn say(&mut self, by: &str, bytes: &[u8]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(self.to, "{by} {hex}").expect("it reads");
    }

    /// Sends so many packets that are made up, and waits until they are out.
    pub(super) fn flood(&mut self, count: u32) {
        writeln!(self.to, "flood {count}").expect("it reads");
        self.wait_for("flooded");
    }

    /// What it hears next, if it does within this time.
    pub(super) fn hear(&mut self, limit: Duration) -> Option<Heard> {
        let line = match self.lines.recv_timeout(limit) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => return None,
            Err(RecvTimeoutError::Disconnected) => panic!("the neighbour has ended"),
        };
        let words: Vec<&str> = line.split(' ').collect();
        let [by, _from, _port, hex] = words[..] else { panic!("a line of four words: {line}") };
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
        let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        Some(Heard { by: by.into(), message: Message::read(&bytes) })
    }

    /// Hears until one packet is what is waited for, and passes over all others.
    #[track_caller]
    pub(super) fn hear_until<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut of: impl FnMut(&mut Self, &Heard) -> Option<T>,
    ) -> T {
        let end = Instant::now() + limit;
        let mut last = None;
        while let Some(heard) = self.hear(end.saturating_duration_since(Instant::now())) {
            if let Some(found) = of(self, &heard) {
                return found;
            }
            last = Some(heard);
        }
        panic!("not within {limit:?}: {what}; heard last: {last:?}");
    }

    fn wait_for(&mut self, word: &str) {
        loop {
            let line = self.lines.recv_timeout(crate::common::VERY_LONG);
            if line.expect("the neighbour runs") == word {
                return;
            }
        }
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        // An error means that it ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ip(arguments: &[&str]) {
    let output = Command::new("ip")
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("ip is missing (Debian: iproute2): {error}"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "ip {}: {told}It takes root, or CAP_NET_ADMIN and CAP_SYS_ADMIN, and a kernel with network \
         namespaces and veth.",
        arguments.join(" ")
    );
}

const DEVICE: &str = "lan";
