//! A network between this machine and itself whose link is as fast as a test wants it: a pair of
//! veth devices, one end of which is in a network namespace of its own, and `tbf`.
//!
//! Needs the right to make one, and iproute2. Stands alone: the link bench uses it too.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;

/// A network that is gone when it is dropped.
pub(crate) struct Network {
    /// The namespace's name, and that of this end of the pair.
    name: String,
    number: u8,
}

/// A picture as a reader saw it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    /// When it was read whole, milliseconds since the reader began.
    pub(crate) at_ms: f64,
    /// How long after it was taken, where that is told.
    pub(crate) behind_ms: Option<f64>,
    /// What it weighs.
    pub(crate) bytes: u64,
}

impl Network {
    /// A network of this number, which no other may have at the same time. `mbit` is how fast its
    /// link is towards the namespace.
    ///
    /// # Panics
    ///
    /// If it cannot be made, with what is missing.
    pub(crate) fn new(number: u8, mbit: u32) -> Self {
        let network = Self { name: format!("ls-link{number}"), number };
        let (name, inner) = (&network.name, format!("ls-in{number}"));
        // What an earlier run left behind when it was killed.
        let _ = Command::new("ip").args(["netns", "del", name]).output();
        ip(&["netns", "add", name]);
        ip(&["link", "add", name, "type", "veth", "peer", "name", &inner, "netns", name]);
        ip(&["addr", "add", &format!("10.77.{number}.1/24"), "dev", name]);
        ip(&["link", "set", name, "up"]);
        ip(&["-n", name, "addr", "add", &format!("10.77.{number}.2/24"), "dev", &inner]);
        ip(&["-n", name, "link", "set", &inner, "up"]);
        let rate = format!("{mbit}mbit");
        let tbf = ["tbf", "rate", &rate, "burst", "16k", "latency", "50ms"];
        run("tc", &[&["qdisc", "replace", "dev", name, "root"], &tbf[..]].concat());
        network
    }

    /// This machine's address on it.
    pub(crate) fn address(&self) -> IpAddr {
        IpAddr::from([10, 77, self.number, 1])
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Its devices go with it.
        let _ = Command::new("ip").args(["netns", "del", &self.name]).output();
    }
}

/// Watches for so many seconds; over a network, from its other end.
pub(crate) fn watch(
    network: Option<&Network>,
    server: SocketAddr,
    path: &str,
    reader: &str,
    seconds: f64,
) -> Vec<Sight> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/common/reader.py");
    let mut command = match network {
        Some(network) => {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", &network.name, "python3"]);
            command
        }
        None => Command::new("python3"),
    };
    command.arg(script).args([server.ip().to_string(), server.port().to_string()]);
    let output = command.args([path, reader, &seconds.to_string()]).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8_lossy(&output.stdout);
    told.lines().filter_map(sight).collect()
}

/// How many pictures came in each second, and their mean size.
pub(crate) fn each_second(sights: &[Sight], seconds: usize) -> Vec<(u32, u64)> {
    let mut all = vec![(0, 0); seconds];
    for sight in sights {
        if let Some((count, bytes)) = all.get_mut((sight.at_ms / 1000.0) as usize) {
            *count += 1;
            *bytes += sight.bytes;
        }
    }
    all.into_iter().map(|(count, bytes)| (count, bytes / u64::from(count.max(1)))).collect()
}

fn sight(line: &str) -> Option<Sight> {
    let mut words = line.split(' ');
    let at_ms = words.next()?.parse().ok()?;
    let behind_ms = words.next()?.parse().ok().filter(|behind| *behind >= 0.0);
    Some(Sight { at_ms, behind_ms, bytes: words.next()?.parse().ok()? })
}

fn ip(arguments: &[&str]) {
    run("ip", arguments);
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} is missing (Debian: iproute2): {error}"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{program} {}: {told}It takes root, or CAP_NET_ADMIN and CAP_SYS_ADMIN, and a kernel with \
         network namespaces, veth and sch_tbf.",
        arguments.join(" ")
    );
}
