//! What does a chat of 500 cost, and how soon does each hear what was said?
//!
//! 500 members on sockets of their own, one of whom reads nothing, and 50 messages a second. All others
//! hear all, in one order; told are the times from saying to hearing, processor time and memory. In the
//! same run the same of a Socket.IO server, Flask-SocketIO's usual few lines (`flask_chat.py`), if
//! Python has it: `python3 -m pip install --target target/socketio flask-socketio gevent gevent-websocket`.
//!
//! `SECONDS` (20) is how long they talk, `MEMBERS` (500) how many there are. The exit code is 1 if
//! anybody missed anything, the order was not one, or p99 is over 50 ms.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

#[path = "../common/launch.rs"]
mod launch;
mod member;
#[path = "../common/usage.rs"]
mod usage;

use std::env;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use member::{Dialect, Heard, Member};
use usage::{Usage, usage};

/// What came of a run.
struct Outcome {
    members: usize,
    said: usize,
    /// Of those who read.
    missed: usize,
    one_order: bool,
    /// From saying to hearing, sorted.
    delays: Vec<Duration>,
    used: Usage,
    before: Usage,
}

fn main() -> ExitCode {
    let number = |name: &str, otherwise: usize| {
        env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (seconds, members) = (number("SECONDS", 20), number("MEMBERS", 500));
    println!(
        "{members} members, {A_SECOND} messages a second, {seconds} s; one member reads nothing\n"
    );
    println!("| server | heard | missed | one order | median | p99 | processor | memory |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let (mut child, address) = ours();
    let own = run(&mut child, address, Dialect::Ours, seconds, members);
    tell("livestream", &own, seconds);
    if let Some((mut child, address)) = flask() {
        let theirs = run(&mut child, address, Dialect::SocketIo, seconds, members);
        tell("Flask-SocketIO (gevent)", &theirs, seconds);
    } else {
        println!(
            "\nno Flask-SocketIO: python3 -m pip install --target target/socketio flask-socketio gevent gevent-websocket"
        );
    }
    let p99 = at(&own.delays, 0.99);
    let holds = own.missed == 0 && own.one_order && p99 <= MOST_P99;
    if !holds {
        println!("\nBROKEN: all hear all in one order, p99 at most {MOST_P99:?}");
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn ours() -> (Child, SocketAddr) {
    let folder = env::temp_dir().join(format!("livestream-chat-{}", std::process::id()));
    let data = folder.display().to_string();
    let options = ["--source", "pattern", "--no-rtsp", "--no-mdns", "--data", &data];
    let (child, addresses) = launch::launch(&options, "warn", Stdio::inherit());
    (child, addresses[0])
}

/// The rival, if Python has what it needs.
fn flask() -> Option<(Child, SocketAddr)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new("python3")
        .arg(root.join("benches/chat/flask_chat.py"))
        .env("PYTHONPATH", root.join("target/socketio"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let out = child.stdout.take().expect("its output is piped");
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line).ok()?;
    match line.trim().parse() {
        Ok(address) => Some((child, address)),
        Err(_) => {
            let _ = child.wait();
            None
        }
    }
}

fn run(
    child: &mut Child,
    address: SocketAddr,
    dialect: Dialect,
    seconds: usize,
    members: usize,
) -> Outcome {
    let start = Instant::now();
    let mut all: Vec<Member> =
        (0..members).map(|number| Member::enter(address, dialect, number, start)).collect();
    let silent = all.pop().expect("there are some");
    let before = usage(child.id());
    let is_over = AtomicBool::new(false);
    let said = seconds * A_SECOND;
    let half = all.len() / 2;
    let mut other = all.split_off(half);
    let (is_over, one, other) = (&is_over, &mut all, &mut other);
    let (used, heard) = thread::scope(|scope| {
        // Each of the two threads has half of the members, and says half of what is said.
        let first = scope.spawn(move || member::listen(one, 0, said, is_over));
        let second = scope.spawn(move || member::listen(other, 1, said, is_over));
        thread::sleep(Duration::from_secs(seconds as u64));
        let used = usage(child.id());
        thread::sleep(GRACE);
        is_over.store(true, Ordering::Relaxed);
        let mut heard: Vec<Heard> = first.join().expect("it listens");
        heard.extend(second.join().expect("it listens"));
        (used, heard)
    });
    drop(silent);
    // By its id: it was started here.
    let _ = child.kill();
    let _ = child.wait();
    let said: usize = heard.iter().map(|one| one.said).sum();
    let missed = heard.iter().map(|one| said.saturating_sub(one.order.len())).sum();
    let one_order = heard.iter().all(|one| one.order == heard[0].order);
    let mut delays: Vec<Duration> = heard.into_iter().flat_map(|one| one.delays).collect();
    delays.sort_unstable();
    Outcome { members, said, missed, one_order, delays, used, before }
}

fn tell(name: &str, outcome: &Outcome, seconds: usize) {
    let Outcome { members, said, missed, one_order, delays, used, before } = outcome;
    let cpu = (used.cpu - before.cpu).as_secs_f64() / seconds as f64 * 100.0;
    println!(
        "| {name} | {} of {} | {missed} | {} | {:.1} ms | {:.1} ms | {cpu:.0} % of a core | {:.0} MiB |",
        delays.len(),
        said * (members - 1),
        if *one_order { "yes" } else { "no" },
        at(delays, 0.5).as_secs_f64() * 1e3,
        at(delays, 0.99).as_secs_f64() * 1e3,
        used.rss_mib,
    );
}

fn at(sorted: &[Duration], part: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * part) as usize).copied().unwrap_or_default()
}

const A_SECOND: usize = 50;
const MOST_P99: Duration = Duration::from_millis(50);
/// Until what was said last is heard.
const GRACE: Duration = Duration::from_secs(2);
