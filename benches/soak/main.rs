//! Does it stay the same for ten minutes of rough use?
//!
//! A hundred pages are open all the while, and fifty guests come, go, change everything,
//! read slowly, play, send garbage and vanish without a word, while the source is unplugged
//! ten times. Every five seconds the server's memory, threads and descriptors are read; at
//! the end they must lie where they lay after the first minutes, and its log must hold no
//! error. Beside that a page stalls and wakes, connections to RTSP say nothing, and a burst
//! of four thousand connections comes and goes at the end.
//!
//! The source is an MJPEG server in this process, which can be unplugged. With
//! `SOAK_SOURCE` another is taken, such as `/dev/video0`: a camera, v4l2loopback, or one that
//! a library pretends which `CAMERA_PRELOAD` names (it is preloaded into the server alone).
//! With `SOAK_CONTROL` the words `unplug` and nothing are written to that file in turn, as
//! pretend cameras take them. `SOAK_MINUTES` (10) is how long it takes.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

mod camera;
mod guest;
#[path = "../common/launch.rs"]
mod launch;
#[path = "../../tests/hostile/neighbours.rs"]
mod neighbours;
#[path = "../../tests/hostile/pages.rs"]
mod pages;
#[path = "../../tests/hostile/player.rs"]
mod player;
mod server;
mod silent;
mod stall;
#[path = "../common/viewer.rs"]
mod viewer;
#[path = "../../tests/hostile/witness.rs"]
mod witness;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use camera::Camera;
use neighbours::Neighbours;
use pages::{Habit, Learns, Pages};
use server::{Sample, Server};
use silent::Silent;

fn main() {
    let minutes: f64 =
        std::env::var("SOAK_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(10.0);
    let length = Duration::from_secs_f64(minutes * 60.0);
    allow_many_descriptors();
    let camera = Camera::start();
    let server = Arc::new(Server::start(&camera.source()));
    let stop = Arc::new(AtomicBool::new(false));
    let guests: Vec<_> = (0..GUESTS)
        .map(|number| {
            let (at, stop) = (server.addresses, Arc::clone(&stop));
            thread::spawn(move || guest::live(at, number, &stop))
        })
        .collect();
    let habit = Habit { learns: Learns::BySocket, watches: true };
    let pages = Pages::open(server.addresses.http, PAGES, habit);
    let stalling = {
        let (server, stop) = (Arc::clone(&server), Arc::clone(&stop));
        thread::spawn(move || stall::live(server.addresses.http, || server.is_live(), &stop))
    };
    let mut silent = Silent::connect(server.addresses.rtsp);

    let (samples, unplugged) = watch(&server, &camera, &mut silent, length);
    stop.store(true, Ordering::Relaxed);
    let requests: u64 =
        guests.into_iter().map(|guest| guest.join().expect("a guest does not fail")).sum();
    println!("\n{requests} things done by {GUESTS} guests, source unplugged {unplugged} times");
    let mut well = verdict(&samples, &server.errors());
    well &= stalling.join().expect("a page does not fail").verdict();
    well &= silent.verdict();
    well &= pages_verdict(&pages);
    drop((pages, silent));
    well &= burst(&server);
    let code = server.stop();
    println!("ended with {code:?}");
    if !well || code != Some(0) {
        std::process::exit(1);
    }
}

/// Samples the server and unplugs its source for as long as this. Returns the samples, and how
/// often the source was out.
fn watch(
    server: &Server,
    camera: &Camera,
    silent: &mut Silent,
    length: Duration,
) -> (Vec<Sample>, u32) {
    println!("| minute | RSS MiB | threads | descriptors | watching | source |");
    println!("| ---: | ---: | ---: | ---: | ---: | --- |");
    let start = Instant::now();
    let (mut samples, mut unplugged, mut was_out) = (Vec::new(), 0, false);
    while start.elapsed() < length {
        thread::sleep(PERIOD);
        // Out for a quarter of each tenth.
        let tenths = start.elapsed().as_secs_f64() / length.as_secs_f64() * 10.0;
        let out = (0.3..0.55).contains(&tenths.fract());
        unplugged += u32::from(out && !was_out);
        was_out = out;
        camera.plug(!out);
        silent.look();
        let sample = server.sample();
        if samples.len().is_multiple_of(6) {
            println!("| {:.1} | {sample} |", start.elapsed().as_secs_f64() / 60.0);
        }
        samples.push(sample);
    }
    camera.plug(true);
    (samples, unplugged)
}

/// Whether all pages still show pictures and are answered.
fn pages_verdict(pages: &Pages) -> bool {
    let (before, answers) = (pages.pictures(), pages.answers());
    thread::sleep(PERIOD);
    let shows = pages.pictures().into_iter().zip(before).filter(|(now, then)| now > then).count();
    let answered = pages.answers() - answers;
    println!("{PAGES} open pages: {shows} show pictures, {answered} answers in {PERIOD:?}");
    shows == PAGES && answered >= PAGES as u64
}

/// Whether memory is soon what it was before a burst of connections, or small. Of a first burst the
/// allocator keeps what the next one needs.
fn burst(server: &Server) -> bool {
    drop(Neighbours::connect(server.addresses.http, BURST));
    thread::sleep(PERIOD);
    let before = server.sample().rss_mib;
    let burst = Neighbours::connect(server.addresses.http, BURST);
    let most = server.sample().rss_mib;
    drop(burst);
    let start = Instant::now();
    loop {
        let rss_mib = server.sample().rss_mib;
        let (small, late) = (rss_mib < SMALL_MIB.max(before + 1.0), start.elapsed() > BURST_TIME);
        if small || late {
            let word = if small { "" } else { ": STAYS" };
            let (all, after) = (format!("{before:.1}, {most:.1}, {rss_mib:.1}"), start.elapsed());
            println!("{BURST} connections come and go: {all} MiB {after:.0?} later{word}");
            return small;
        }
        thread::sleep(Duration::from_secs(1));
    }
}

/// A burst of neighbours is as many sockets here too.
fn allow_many_descriptors() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("up to the hard limit one may always go");
}

/// Compares the last third with the second: the first is for filling caches.
fn verdict(samples: &[Sample], errors: &[String]) -> bool {
    let third = samples.len() / 3;
    let (early, late) = (&samples[third..2 * third], &samples[2 * third..]);
    let mut well = true;
    for (what, pick, slack) in [
        ("RSS MiB", (|sample| sample.rss_mib) as fn(&Sample) -> f64, 4.0),
        ("threads", |sample| sample.threads, 8.0),
        ("descriptors", |sample| sample.descriptors, 16.0),
    ] {
        let (before, after) = (median(early, pick), median(late, pick));
        let flat = after <= before * 1.1 + slack;
        println!("{what}: {before:.1}, then {after:.1}: {}", if flat { "flat" } else { "GROWS" });
        well &= flat;
    }
    println!("errors in the log: {}", errors.len());
    errors.iter().take(10).for_each(|line| println!("  {line}"));
    well && errors.is_empty()
}

fn median(samples: &[Sample], pick: fn(&Sample) -> f64) -> f64 {
    let mut values: Vec<f64> = samples.iter().map(pick).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

const GUESTS: u64 = 50;
const PAGES: usize = 100;
const BURST: usize = 4000;
const SMALL_MIB: f64 = 16.0;
const BURST_TIME: Duration = Duration::from_secs(30);
const PERIOD: Duration = Duration::from_secs(5);
