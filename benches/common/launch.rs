//! Starts our server on a free port of 127.0.0.1, for whoever measures it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// The running server and where it listens. Whoever called sees to its end.
pub(crate) fn launch(options: &[&str], log: &str, errors: Stdio) -> (Child, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_livestream"))
        .args(["0", "--bind", "127.0.0.1", "--no-rtsp"])
        .args(options)
        .env("RUST_LOG", log)
        .stdout(Stdio::piped())
        .stderr(errors)
        .spawn()
        .expect("the binary was built with this bench");
    let mut line = String::new();
    let out = child.stdout.take().expect("its output is piped");
    BufReader::new(out).read_line(&mut line).expect("it prints its address");
    let address = line.trim().trim_start_matches("listening on http://").trim_end_matches('/');
    let address = address.parse().expect("an address and a port");
    (child, address)
}
