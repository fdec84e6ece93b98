//! Starts our server on a free port of 127.0.0.1, for whoever measures it.

#![allow(dead_code, reason = "each bench is a crate of its own and uses a part")]

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// The running server and where it listens: HTTP, then RTSP if `options` ask for that with
/// `--rtsp-port`. Whoever called sees to its end.
pub(crate) fn launch(options: &[&str], log: &str, errors: Stdio) -> (Child, Vec<SocketAddr>) {
    launch_as(Command::new(env!("CARGO_BIN_EXE_livestream")), options, log, errors)
}

/// As [`launch`], for a command that starts this program or its parent.
pub(crate) fn launch_as(
    mut command: Command,
    options: &[&str],
    log: &str,
    errors: Stdio,
) -> (Child, Vec<SocketAddr>) {
    let mut child = command
        .args(["0", "--bind", "127.0.0.1"])
        .args(options)
        .env("RUST_LOG", log)
        .env("XDG_DATA_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/bench-data"))
        .stdout(Stdio::piped())
        .stderr(errors)
        .spawn()
        .expect("the program can be started");
    let out = child.stdout.take().expect("its output is piped");
    let count = if options.contains(&"--rtsp-port") { 2 } else { 1 };
    // Each port may have a second line, by TLS.
    let in_clear = |line: &String| line.contains(" http://") || line.contains(" rtsp://");
    let lines = BufReader::new(out).lines().map(|line| line.expect("it prints its addresses"));
    let addresses = lines.filter(in_clear).take(count).map(|line| address(&line)).collect();
    (child, addresses)
}

/// The binary of the program as it was before a change, which `PARENT` names.
pub(crate) fn parent() -> Option<OsString> {
    std::env::var_os("PARENT").filter(|path| !path.is_empty())
}

fn address(line: &str) -> SocketAddr {
    let address = line.rsplit("//").next().unwrap_or_default().trim_end_matches('/');
    address.parse().expect("an address and a port")
}
