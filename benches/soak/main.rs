//! Does it stay the same for ten minutes of rough use?
//!
//! Fifty viewers come, go, change everything, read slowly, send garbage and vanish
//! without a word, while the source is unplugged ten times. Every five seconds the
//! server's memory, threads and descriptors are read; at the end they must lie where
//! they lay after the first minutes, and its log must hold no error.
//!
//! The source is an MJPEG server in this process, which can be unplugged. With
//! `SOAK_SOURCE` another is taken, and with `SOAK_CONTROL` the words `unplug` and
//! nothing are written to that file in turn, as pretend cameras take them.
//! `SOAK_MINUTES` (10) is how long it takes.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

mod camera;
mod guest;
#[path = "../common/launch.rs"]
mod launch;
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use camera::Camera;
use server::{Sample, Server};

fn main() {
    let minutes: f64 =
        std::env::var("SOAK_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(10.0);
    let length = Duration::from_secs_f64(minutes * 60.0);
    let camera = Camera::start();
    let server = Server::start(&camera.source());
    let stop = Arc::new(AtomicBool::new(false));
    let guests: Vec<_> = (0..GUESTS)
        .map(|number| {
            let (address, stop) = (server.address, Arc::clone(&stop));
            thread::spawn(move || guest::live(address, number, &stop))
        })
        .collect();

    println!("| minute | RSS MiB | threads | descriptors | watching | source |");
    println!("| ---: | ---: | ---: | ---: | ---: | --- |");
    let start = Instant::now();
    let mut samples = Vec::new();
    let mut unplugged = 0;
    while start.elapsed() < length {
        thread::sleep(PERIOD);
        let passed = start.elapsed().as_secs_f64() / length.as_secs_f64();
        // Out for the first quarter of each tenth but its start.
        let (tenth, within) = ((passed * 10.0) as u32, (passed * 10.0).fract());
        let out = (0.3..0.55).contains(&within);
        if out && unplugged == tenth {
            unplugged += 1;
        }
        camera.plug(!out);
        let sample = server.sample();
        if samples.len().is_multiple_of(6) {
            println!("| {:.1} | {sample} |", start.elapsed().as_secs_f64() / 60.0);
        }
        samples.push(sample);
    }
    stop.store(true, Ordering::Relaxed);
    let mut requests = 0;
    for guest in guests {
        requests += guest.join().expect("a guest does not fail");
    }
    println!("\n{requests} things done by {GUESTS} guests, source unplugged {unplugged} times");
    let well = verdict(&samples, &server.errors());
    let code = server.stop();
    println!("ended with {code:?}");
    if !well || code != Some(0) {
        std::process::exit(1);
    }
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
const PERIOD: Duration = Duration::from_secs(5);
