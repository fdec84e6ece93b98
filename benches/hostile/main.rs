//! What does a viewer notice of hostile neighbours?
//!
//! Lets each kind of them loose on a server whose source is a clip made on the spot, with
//! one viewer beside them and newcomers who want to watch, and prints what these get and
//! what it costs the server. The program as it was before is measured beside it if `PARENT`
//! is the path of its binary. The exit code is 1 if ours does not hold what is promised.
//!
//! `HOSTILE_SECONDS` (10) is how long each is measured, and `HOSTILE_ONLY` a part of the
//! name of those to measure.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

mod attack;
#[path = "../fanout/clip.rs"]
mod clip;
#[path = "../common/launch.rs"]
mod launch;
#[path = "../../tests/hostile/neighbours.rs"]
mod neighbours;
#[path = "../common/picture.rs"]
mod picture;
#[path = "../../tests/hostile/player.rs"]
mod player;
mod server;
#[path = "../../tests/hostile/sockets.rs"]
mod sockets;
#[path = "../common/usage.rs"]
mod usage;
#[path = "../../tests/hostile/witness.rs"]
mod witness;

use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use attack::{ATTACKS, Attack};
use server::Server;
use witness::Witness;

/// What a viewer had beside the neighbours, and what they cost.
struct Outcome {
    each_second: Vec<usize>,
    longest_gap: Duration,
    /// How long each newcomer waited for its first picture; `None` if it had none.
    newcomers: Vec<Option<Duration>>,
    peak_rss_mib: f64,
    sockets_bytes: u64,
    threads: u64,
    longest_turn: Option<Duration>,
}

fn main() {
    let clip = clip::Clip::make();
    let source = clip.file.display().to_string();
    let seconds = std::env::var("HOSTILE_SECONDS").ok().and_then(|text| text.parse().ok());
    let only = std::env::var("HOSTILE_ONLY").unwrap_or_default();
    let ours = OsString::from(env!("CARGO_BIN_EXE_livestream"));
    let parent = launch::parent().map(|path| ("its parent", path));
    let servers: Vec<_> = [("livestream", ours)].into_iter().chain(parent).collect();
    allow_many_descriptors();
    println!("1280x720 JPEGs of {} kB, 30 a second\n", clip.mean_bytes / 1000);
    println!(
        "| neighbours | server | the viewer's pictures in each second | longest gap ms | newcomers | peak RSS MiB | sockets MB | threads | longest turn ms |"
    );
    println!("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut broken = Vec::new();
    for attack in ATTACKS.iter().filter(|attack| attack.name.contains(&only)) {
        for (number, (name, binary)) in servers.iter().enumerate() {
            let server = Server::start(binary, attack, &source);
            let outcome = measure(&server, attack, seconds.unwrap_or(10));
            println!("| {} | {name} | {outcome} |", attack.name);
            if number == 0 {
                broken.extend(outcome.broken_promises(attack));
            }
        }
    }
    broken.iter().for_each(|promise| println!("\nBROKEN: {promise}"));
    if !broken.is_empty() {
        std::process::exit(1);
    }
    println!("\nall promises hold");
}

fn measure(server: &Server, attack: &Attack, seconds: u64) -> Outcome {
    let watch = |from| match attack.by_rtsp {
        true => player::play(server.rtsp, from),
        false => Witness::watch(server.http, from, "/stream?quality=100"),
    };
    let viewer = watch(Ipv4Addr::new(127, 9, 9, 9)).expect("it is alone");
    thread::sleep(SETTLE);
    let since = Instant::now();
    let neighbours = (attack.start)(server.http, server.rtsp);
    // Newcomers come to what is taken already, not before it.
    thread::sleep(BETWEEN_NEWCOMERS);
    let begin = Instant::now();
    let (mut newcomers, mut sockets_bytes, mut threads) = (Vec::new(), 0, 0);
    while begin.elapsed() < Duration::from_secs(seconds) {
        let came = Instant::now();
        let newcomer = watch(Ipv4Addr::new(127, 8, 8, 8)).ok();
        let saw = newcomer.is_some_and(|newcomer| has_a_picture(&newcomer));
        newcomers.push(saw.then(|| came.elapsed()));
        let sockets = sockets::memory_bytes(server.http.port()).unwrap_or_default()
            + sockets::memory_bytes(server.rtsp.port()).unwrap_or_default();
        sockets_bytes = sockets_bytes.max(sockets);
        threads = threads.max(server.usage().threads);
        thread::sleep(BETWEEN_NEWCOMERS);
    }
    let (each_second, longest_gap) = (viewer.each_second(since), viewer.longest_gap(since));
    drop(neighbours);
    let peak_rss_mib = server.usage().peak_rss_mib;
    let longest_turn = server.longest_turn();
    Outcome {
        each_second,
        longest_gap,
        newcomers,
        peak_rss_mib,
        sockets_bytes,
        threads,
        longest_turn,
    }
}

fn has_a_picture(newcomer: &Witness) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while newcomer.count() == 0 && !newcomer.is_over() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
    newcomer.count() > 0
}

impl Outcome {
    /// What ours promises and did not hold, in words.
    fn broken_promises(&self, attack: &Attack) -> Vec<String> {
        let mean = self.each_second.iter().sum::<usize>() as f64 / self.each_second.len() as f64;
        let turned_away = self.newcomers.iter().filter(|newcomer| newcomer.is_none()).count();
        let has_room = match attack.seats_are_short {
            true => self.newcomers.last().is_some_and(Option::is_some),
            false => turned_away == 0,
        };
        let least = self.each_second.iter().min().copied().unwrap_or_default();
        let promises = [
            (mean >= 29.0, format!("{mean:.1} pictures a second, and 29 are promised")),
            (least > 0, "a second without a picture".to_owned()),
            (has_room, format!("{turned_away} newcomers had no picture")),
            (self.peak_rss_mib < 64.0, format!("{:.0} MiB resident", self.peak_rss_mib)),
            (self.sockets_bytes < 160_000_000, format!("{} bytes in sockets", self.sockets_bytes)),
            (
                self.longest_turn.is_some_and(|turn| turn <= LONGEST_TURN),
                format!("a lane's turn of {:?}", self.longest_turn),
            ),
        ];
        let broken = promises.into_iter().filter(|(holds, _)| !holds);
        broken.map(|(_, words)| format!("{}: {words}", attack.name)).collect()
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let each: Vec<String> = self.each_second.iter().map(ToString::to_string).collect();
        let in_time: Vec<Duration> = self.newcomers.iter().copied().flatten().collect();
        let worst =
            in_time.iter().max().map_or("–".into(), |worst| worst.as_millis().to_string());
        let turn = self
            .longest_turn
            .map_or("–".into(), |turn| format!("{:.1}", turn.as_secs_f64() * 1e3));
        write!(
            f,
            "{} | {} | {} of {}, at most {worst} ms | {:.1} | {:.1} | {} | {turn}",
            each.join(" "),
            self.longest_gap.as_millis(),
            in_time.len(),
            self.newcomers.len(),
            self.peak_rss_mib,
            self.sockets_bytes as f64 / 1e6,
            self.threads,
        )
    }
}

/// Thousands of neighbours are thousands of sockets here too.
fn allow_many_descriptors() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("up to the hard limit one may always go");
}

const LONGEST_TURN: Duration = Duration::from_millis(20);
const SETTLE: Duration = Duration::from_secs(2);
const BETWEEN_NEWCOMERS: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(5);
