//! What do sign-ins cost, and does their time tell anything?
//!
//! Lets 1000 sign in at the same moment beside ten viewers, and asks what these get, how much
//! memory that takes and whether it is given back; and compares the time of a wrong password of
//! names that there are and names that there are not. The exit code is 1 if what is promised does
//! not hold: 29 pictures a second, 80 MiB more at the most, medians within 5 %.
//!
//! `TRIES` (200) is how often each sort of name is tried.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

#[path = "../common/launch.rs"]
mod launch;
#[path = "../fanout/load.rs"]
mod load;
#[path = "../common/usage.rs"]
mod usage;
#[path = "../common/viewer.rs"]
mod viewer;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use load::Plan;
use usage::usage;

fn main() -> ExitCode {
    let server = Server::start();
    let mut broken = Vec::new();
    println!("## 1000 sign in at the same moment, beside ten viewers\n");
    broken.extend(at_once(&server));
    println!("\n## The time of a wrong password\n");
    broken.extend(times(&server));
    broken.iter().for_each(|promise| println!("\nBROKEN: {promise}"));
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A server with members.
struct Server {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Server {
    fn start() -> Self {
        let folder = env::temp_dir().join(format!("livestream-accounts-{}", std::process::id()));
        let data = folder.display().to_string();
        let options =
            ["--source", "pattern", "--no-rtsp", "--no-mdns", "--sign-up", "open", "--data", &data];
        let (child, addresses) = launch::launch(&options, "warn", Stdio::inherit());
        let server = Self { child, address: addresses[0], folder };
        for number in 0..MEMBERS {
            let form = format!("name=Member+{number}x&new-password=seven+wet+umbrellas");
            let status = server.post("/sign-up", &form, number);
            assert_eq!(status, 200, "member {number}");
        }
        server
    }

    /// Sends a form as the client of this number, each of which has an address of its own.
    fn post(&self, path: &str, form: &str, client: usize) -> u16 {
        let mut socket = TcpStream::connect(self.address).expect("it accepts");
        send(&mut socket, path, form, client);
        status(&mut socket)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn send(socket: &mut TcpStream, path: &str, form: &str, client: usize) {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\
         X-Forwarded-For: 2001:db8:{:x}:{:x}::1\r\nX-Forwarded-Proto: https\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{form}",
        client >> 16,
        client & 0xffff,
        form.len()
    );
    socket.write_all(request.as_bytes()).expect("it reads");
}

fn status(socket: &mut TcpStream) -> u16 {
    socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let mut answer = String::new();
    let _ = socket.read_to_string(&mut answer);
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default()
}

fn at_once(server: &Server) -> Vec<String> {
    let process = server.child.id();
    let plan = Plan {
        address: server.address,
        tls: None,
        paths: vec![Some("/stream".to_owned())],
        clients: 10,
        slow: None,
        settle: Duration::from_secs(2),
        measure: Duration::from_secs(10),
    };
    let (signed_in, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut before = 0.0;
    let (got, peak) = thread::scope(|scope| {
        let storm = scope.spawn(|| {
            thread::sleep(plan.settle + Duration::from_secs(1));
            let before = usage(process).rss_mib;
            let mut sockets: Vec<TcpStream> = (0..AT_ONCE)
                .map(|_| TcpStream::connect(server.address).expect("it accepts"))
                .collect();
            for (client, socket) in sockets.iter_mut().enumerate() {
                let form =
                    format!("name=Member+{}x&password=seven+wet+umbrellas", client % MEMBERS);
                send(socket, "/sign-in", &form, client);
            }
            let over = AtomicBool::new(false);
            let peak = thread::scope(|scope| {
                let looks = scope.spawn(|| highest(process, &over));
                for socket in &mut sockets {
                    match status(socket) {
                        200 => signed_in.fetch_add(1, Ordering::Relaxed),
                        503 => refused.fetch_add(1, Ordering::Relaxed),
                        other => panic!("answered {other}"),
                    };
                }
                over.store(true, Ordering::Relaxed);
                looks.join().expect("it ends")
            });
            (before, peak)
        });
        let got = load::watch(&plan, || (), || ());
        let (rss, peak) = storm.join().expect("it ends");
        before = rss;
        (got, peak)
    });
    thread::sleep(Duration::from_secs(2));
    let after = usage(process).rss_mib;
    println!(
        "{} signed in, {} were told to come again; the ten had {:.1} pictures a second at least; \
         memory {before:.1} MiB, at most {peak:.1}, then {after:.1}.",
        signed_in.into_inner(),
        refused.into_inner(),
        got.fps_min
    );
    let mut broken = Vec::new();
    if got.fps_min < 29.0 {
        broken.push(format!("{:.1} pictures a second beside sign-ins", got.fps_min));
    }
    if peak - before > 80.0 {
        broken.push(format!("{:.0} MiB more", peak - before));
    }
    if after - before > 16.0 {
        broken.push(format!("{:.0} MiB were kept", after - before));
    }
    broken
}

/// The most memory that a process has until something is over, MiB: a password's is given back before
/// its answer comes.
fn highest(process: u32, over: &AtomicBool) -> f64 {
    let mut highest = 0.0;
    while !over.load(Ordering::Relaxed) {
        highest = f64::max(highest, usage(process).rss_mib);
        thread::sleep(Duration::from_millis(5));
    }
    highest
}

/// Compares names that there are with names that there are not, in turn.
fn times(server: &Server) -> Vec<String> {
    let tries = env::var("TRIES").ok().and_then(|tries| tries.parse().ok()).unwrap_or(200);
    let time = |name: &str, client: usize| {
        let form = format!("name={name}&password=eight+dry+umbrellas");
        let asked = Instant::now();
        assert_eq!(server.post("/sign-in", &form, client), 403, "{name}");
        asked.elapsed()
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..tries {
        // Four of each: the fifth would wait.
        let (member, client) = (number / 4, 100_000 + number);
        known.push(time(&format!("Member+{}x", member % MEMBERS), client));
        unknown.push(time(&format!("Nobody+{member}x"), client + 50_000));
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64() * 1e3
    };
    let (known, unknown) = (median(&mut known), median(&mut unknown));
    let ratio = known / unknown;
    println!(
        "Medians of {tries}: {known:.2} ms of a name that there is, {unknown:.2} ms of one that there is not ({ratio:.3})."
    );
    if (0.95..=1.05).contains(&ratio) {
        Vec::new()
    } else {
        vec![format!("the time tells: {ratio:.3}")]
    }
}

const MEMBERS: usize = 50;
const AT_ONCE: usize = 1000;
const PATIENCE: Duration = Duration::from_secs(60);
