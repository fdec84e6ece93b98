//! The server under soak: started, looked at, its log read, ended.

use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use rustix::process::{Pid, Signal, kill_process};

use crate::launch::launch_as;

pub(crate) struct Server {
    pub(crate) addresses: Addresses,
    child: Mutex<Child>,
    errors: Arc<Mutex<Vec<String>>>,
}

/// Where it listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    pub(crate) http: SocketAddr,
    pub(crate) rtsp: SocketAddr,
}

/// What the process has at a moment.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) rss_mib: f64,
    pub(crate) threads: f64,
    pub(crate) descriptors: f64,
    watching: u64,
    source: String,
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rss_mib, threads, descriptors, watching, source } = self;
        write!(f, "{rss_mib:.1} | {threads} | {descriptors} | {watching} | {source}")
    }
}

impl Server {
    pub(crate) fn start(source: &str) -> Self {
        let options = ["--rtsp-port", "0", "--source", source, "--bandwidth", "200M"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_livestream"));
        if let Some(library) = std::env::var_os("CAMERA_PRELOAD") {
            command.env("LD_PRELOAD", library);
        }
        let (mut child, addresses) = launch_as(command, &options, "info", Stdio::piped());
        let addresses = Addresses { http: addresses[0], rtsp: addresses[1] };
        let errors = Arc::new(Mutex::new(Vec::new()));
        let (log, found) = (child.stderr.take().expect("its log is piped"), Arc::clone(&errors));
        thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                if line.contains("ERROR") || line.contains("panicked") {
                    found.lock().push(line);
                }
            }
        });
        Self { addresses, child: Mutex::new(child), errors }
    }

    pub(crate) fn sample(&self) -> Sample {
        let process = format!("/proc/{}", self.child.lock().id());
        let status = fs::read_to_string(format!("{process}/status")).unwrap_or_default();
        let field = |name: &str| -> f64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let word = line.and_then(|rest| rest.split_whitespace().next());
            word.and_then(|word| word.parse().ok()).unwrap_or_default()
        };
        let state = self.state().unwrap_or_default();
        Sample {
            rss_mib: field("VmRSS:") / 1024.0,
            threads: field("Threads:"),
            descriptors: fs::read_dir(format!("{process}/fd")).map_or(0, Iterator::count) as f64,
            watching: state["viewers"]["watching"].as_u64().unwrap_or_default(),
            source: state["source"]["status"].as_str().unwrap_or("–").to_owned(),
        }
    }

    fn state(&self) -> Option<serde_json::Value> {
        let mut socket = TcpStream::connect_timeout(&self.addresses.http, PATIENCE).ok()?;
        socket.set_read_timeout(Some(PATIENCE)).ok()?;
        write!(socket, "GET /state HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    /// Whether its source has pictures of now.
    pub(crate) fn is_live(&self) -> bool {
        self.state().is_some_and(|state| state["source"]["status"] == "live")
    }

    pub(crate) fn errors(&self) -> Vec<String> {
        self.errors.lock().clone()
    }

    /// Asks it to end. Returns its exit code.
    pub(crate) fn stop(&self) -> Option<i32> {
        let id = i32::try_from(self.child.lock().id()).ok().and_then(Pid::from_raw)?;
        kill_process(id, Signal::TERM).ok()?;
        self.child.lock().wait().ok()?.code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.get_mut().kill();
        let _ = self.child.get_mut().wait();
    }
}

const PATIENCE: Duration = Duration::from_secs(5);
