//! What does an RTSP session cost?
//!
//! Starts the server on a clip made on the spot, plays it with 1, 10 and 50 sessions over
//! UDP and over TCP on this machine, and prints the README's table. GStreamer's RTSP server
//! is measured in the same run, with the same pictures, in turn with ours, where Python
//! finds it (Debian's `gir1.2-gst-rtsp-server-1.0`, `python3-gi` and
//! `gstreamer1.0-plugins-bad`). So is the program as it was before, if `PARENT` is the path of
//! its binary; then the exit code is 1 if ours costs more.
//!
//! `RTSP_SECONDS` (5) is how long each is measured, `RTSP_ROUNDS` (5) how often.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

#[path = "../fanout/clip.rs"]
mod clip;
#[path = "../common/launch.rs"]
mod launch;
#[path = "../common/parent.rs"]
mod parent;
#[path = "../common/picture.rs"]
mod picture;
mod session;
#[path = "../common/usage.rs"]
mod usage;

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};
use parent::{Figure, OURS, PARENT, PARENT_AGAIN};
use session::{Over, Session};
use usage::usage;

/// A running server, ended by its id when it is dropped.
struct Server {
    name: &'static str,
    child: Child,
    address: SocketAddr,
}

/// What a round showed.
#[derive(Debug, Clone, Copy)]
struct Row {
    fps_min: f64,
    us_per_frame: f64,
    cores: f64,
    rss_mib: f64,
}

fn main() {
    let clip = clip::Clip::make();
    let source = clip.file.display().to_string();
    let (seconds, rounds) = (number("RTSP_SECONDS", 5), number("RTSP_ROUNDS", 5));
    println!("1280x720 JPEGs of {} kB, 4:2:2, 30 a second\n", clip.mean_bytes / 1000);
    println!("| over | sessions | server | fps min | µs CPU a frame | cores | RSS MiB |");
    println!("| --- | ---: | --- | ---: | ---: | ---: | ---: |");
    let mut figures = Vec::new();
    for over in [Over::Udp, Over::Tcp] {
        for sessions in [1, 10, 50] {
            let all = side_by_side(
                &source,
                &clip.folder,
                |server| (server.name, measure(server, over, sessions, seconds)),
                rounds,
            );
            let medians: Vec<_> = all.into_iter().filter_map(median).collect();
            for (name, row) in &medians {
                println!(
                    "| {over:?} | {sessions} | {name} | {:.1} | {:.0} | {:.2} | {:.0} |",
                    row.fps_min, row.us_per_frame, row.cores, row.rss_mib
                );
            }
            let cost = |of: &str| {
                let found = medians.iter().find(|(name, _)| *name == of);
                found.map(|(_, row)| row.us_per_frame)
            };
            if let (Some(ours), Some(theirs)) = (cost(OURS), cost(GSTREAMER)) {
                println!("| | | ratio | | {:.2} | | |", ours / theirs);
            }
            // Of one the processor time is so little that a hundredth of a second would tell.
            if sessions > 1 {
                figures.extend(Figure::new(format!("{over:?}, {sessions}: µs CPU a frame"), cost));
            }
        }
    }
    parent::judge(&figures);
}

/// Measures each server in turn, so that what else the machine does falls on all of them.
fn side_by_side(
    source: &str,
    folder: &Path,
    measure: impl Fn(&Server) -> (&'static str, Row),
    rounds: u64,
) -> Vec<Vec<(&'static str, Row)>> {
    let starts: [&dyn Fn() -> Option<Server>; 4] = [
        &|| Some(Server::of(Command::new(env!("CARGO_BIN_EXE_livestream")), OURS, source)),
        &|| parent::command().map(|command| Server::of(command, PARENT, source)),
        &|| parent::command().map(|command| Server::of(command, PARENT_AGAIN, source)),
        &|| Server::gstreamer(folder),
    ];
    let mut rows = vec![Vec::new(); starts.len()];
    for _ in 0..rounds {
        for (start, rows) in starts.iter().zip(&mut rows) {
            rows.extend(start().as_ref().map(&measure));
        }
    }
    rows
}

fn measure(server: &Server, over: Over, sessions: usize, seconds: u64) -> Row {
    let mut poll = Poll::new().expect("the system gives a poll");
    let mut sessions: Vec<Session> =
        (0..sessions).map(|_| Session::play(server.address, over)).collect();
    for (number, session) in sessions.iter_mut().enumerate() {
        session.register(poll.registry(), Token(number));
    }
    watch(&mut poll, &mut sessions, SETTLE);
    let frames = |sessions: &[Session]| -> Vec<u64> {
        sessions.iter().map(|session| session.frames).collect()
    };
    let (before, start) = (frames(&sessions), Instant::now());
    let used = usage(server.child.id());
    watch(&mut poll, &mut sessions, Duration::from_secs(seconds));
    let (passed, after) = (start.elapsed().as_secs_f64(), usage(server.child.id()));
    let counts = frames(&sessions).into_iter().zip(before).map(|(after, before)| after - before);
    let counts: Vec<u64> = counts.collect();
    let cpu = after.cpu.saturating_sub(used.cpu).as_secs_f64();
    let total: u64 = counts.iter().sum();
    Row {
        fps_min: counts.iter().min().copied().unwrap_or(0) as f64 / passed,
        us_per_frame: cpu * 1e6 / (total as f64).max(1.0),
        cores: cpu / passed,
        rss_mib: after.rss_mib,
    }
}

fn watch(poll: &mut Poll, sessions: &mut [Session], time: Duration) {
    let mut events = Events::with_capacity(256);
    let mut buffer = vec![0; 256 * 1024];
    let end = Instant::now() + time;
    while Instant::now() < end {
        poll.poll(&mut events, Some(TICK)).expect("the poll waits");
        for event in &events {
            sessions[event.token().0].read(&mut buffer);
        }
    }
}

/// The round whose cost is the median.
fn median(mut rows: Vec<(&'static str, Row)>) -> Option<(&'static str, Row)> {
    rows.sort_by(|(_, one), (_, other)| one.us_per_frame.total_cmp(&other.us_per_frame));
    rows.get(rows.len() / 2).copied()
}

impl Server {
    fn of(command: Command, name: &'static str, source: &str) -> Self {
        let options = ["--rtsp-port", "0", "--bandwidth", "unlimited", "--source", source];
        let (child, addresses) = launch::launch_as(command, &options, "warn", Stdio::inherit());
        Self { name, child, address: addresses[1] }
    }

    fn gstreamer(folder: &Path) -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/rtsp/gstreamer.py");
        let mut child = Command::new("/usr/bin/python3")
            .args([Path::new(script), folder])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
        let Ok(port) = line.trim().parse() else {
            println!("GStreamer's RTSP server is not here");
            let _ = child.wait();
            return None;
        };
        let address = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
        Some(Self { name: GSTREAMER, child, address })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

const GSTREAMER: &str = "GStreamer's RTSP server";
const SETTLE: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(50);
