//! Starts our server on a free port of 127.0.0.1, for whoever measures it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// The running server and where it listens: HTTP, then RTSP if `options` ask for that with
/// `--rtsp-port`. Whoever called sees to its end.
pub(crate) fn launch(options: &[&str], log: &str, errors: Stdio) -> (Child, Vec<SocketAddr>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_livestream"))
        .args(["0", "--bind", "127.0.0.1"])
        .args(options)
        .env("RUST_LOG", log)
        .stdout(Stdio::piped())
        .stderr(errors)
        .spawn()
        .expect("the binary was built with this bench");
    let out = child.stdout.take().expect("its output is piped");
    let count = if options.contains(&"--rtsp-port") { 2 } else { 1 };
    let lines = BufReader::new(out).lines().take(count);
    let addresses = lines.map(|line| address(&line.expect("it prints its addresses")));
    let addresses = addresses.collect();
    (child, addresses)
}

fn address(line: &str) -> SocketAddr {
    let address = line.rsplit("//").next().unwrap_or_default().trim_end_matches('/');
    address.parse().expect("an address and a port")
}
