//! A viewer and its link: who reads at once is never held back, who stands still is live again at
//! once, who is slow is close to live.

use crate::common::clip::{Scratch, jpegs, noise};
use crate::common::network::{Network, Sight, each_second, watch};
use crate::common::server::Server;

const FULL: &str = "/stream?quality=100";

#[test]
fn tiny_pictures_go_on_at_their_rate() {
    let scratch = pictures(&jpegs(16, 16, 10, 30));
    let server = Server::start(&["--source", scratch.path(), "--fps", "30"]);
    on_an_easy_try(|| {
        let sights = watch(None, server.address(), FULL, "once", 10.0);
        all_come(&each_second(&sights, 10)[1..])
    });
    server.stop();
}

#[test]
fn tiny_pictures_go_on_also_to_who_reads_now_and_then() {
    let scratch = pictures(&jpegs(16, 16, 10, 30));
    let server = Server::start(&["--source", scratch.path(), "--fps", "30"]);
    on_an_easy_try(|| {
        let sights = watch(None, server.address(), FULL, "each:100", 10.0);
        all_come(&each_second(&sights, 10)[2..])
    });
    server.stop();
}

#[test]
fn who_stands_still_is_at_full_rate_within_a_second_and_at_its_level_within_three() {
    let scratch = pictures(&large());
    let source = ["--source", scratch.path(), "--fps", "30", "--bandwidth", "unlimited"];
    let server = Server::start(&source);
    for stood in [0.5, 2.0] {
        let reader = format!("stands:5:{stood}");
        on_an_easy_try(|| {
            is_back(&watch(None, server.address(), FULL, &reader, 12.0), 5.0 + stood)
        });
    }
    server.stop();
}

#[test]
fn it_is_so_too_over_a_network_of_a_hundred_megabits() {
    let network = Network::new(1, 100);
    let scratch = pictures(&large());
    let source = ["--source", scratch.path(), "--fps", "30", "--bandwidth", "unlimited"];
    let server = Server::launch(network.address(), 0, &source);
    on_an_easy_try(|| {
        is_back(&watch(Some(&network), server.address(), FULL, "stands:5:2", 12.0), 7.0)
    });
    server.stop();
}

#[test]
fn over_five_megabits_no_second_is_without_a_picture_and_all_are_fresh() {
    let network = Network::new(2, 5);
    let scratch = pictures(&large());
    let server = Server::launch(network.address(), 0, &["--source", scratch.path(), "--fps", "30"]);
    on_an_easy_try(|| {
        let sights = watch(Some(&network), server.address(), "/stream", "once", 12.0);
        let seconds = each_second(&sights, 12);
        holds(seconds.iter().all(|(count, _)| *count > 0), || format!("{seconds:?}"))?;
        behind(&sights, 0.99, 600.0)
    });
    server.stop();
}

#[test]
fn who_reads_50_kilobytes_a_second_is_less_than_a_second_behind() {
    let scratch = pictures(&large());
    let server = Server::start(&["--source", scratch.path(), "--fps", "30"]);
    for piece_ms in [10, 100] {
        let reader = format!("slow:50000:{piece_ms}");
        on_an_easy_try(|| {
            let sights = watch(None, server.address(), "/stream", &reader, 20.0);
            // Until the first seconds have shown how slow it is, pictures of its level are too large.
            let later: Vec<Sight> =
                sights.into_iter().filter(|sight| sight.at_ms > 6000.0).collect();
            holds(later.len() > 14, || format!("{piece_ms}: {} came", later.len()))?;
            behind(&later, 0.99, 1000.0)
        });
    }
    server.stop();
}

/// Watches until all is as it should be: what only a machine that is busy with other tests misses
/// is no fault, and one that is the server's own is there each time.
///
/// # Panics
///
/// With what each try saw, if none is good.
#[track_caller]
fn on_an_easy_try(watch: impl Fn() -> Result<(), String>) {
    let mut seen = Vec::new();
    for _ in 0..TRIES {
        match watch() {
            Ok(()) => return,
            Err(fault) => seen.push(fault),
        }
    }
    panic!("on none of {TRIES} tries: {}", seen.join("; "));
}

fn large() -> Vec<Vec<u8>> {
    (0..10).map(|seed| noise(320, 240, seed, 60)).collect()
}

fn pictures(jpegs: &[Vec<u8>]) -> Scratch {
    let scratch = Scratch::new();
    for (number, jpeg) in jpegs.iter().enumerate() {
        scratch.write(&format!("{number:02}.jpg"), jpeg);
    }
    scratch
}

fn holds(is_so: bool, seen: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(seen()) }
}

/// Checks how long after they were taken so large a part of the pictures came.
fn behind(sights: &[Sight], part: f64, limit_ms: f64) -> Result<(), String> {
    let mut behind: Vec<f64> = sights.iter().filter_map(|sight| sight.behind_ms).collect();
    behind.sort_by(f64::total_cmp);
    let place = ((behind.len() as f64 * part) as usize).min(behind.len().saturating_sub(1));
    let latest = behind.get(place).copied().unwrap_or(f64::INFINITY);
    holds(latest < limit_ms, || format!("{latest} ms behind"))
}

fn all_come(seconds: &[(u32, u64)]) -> Result<(), String> {
    let whole: u32 = seconds.iter().map(|(count, _)| count).sum();
    let is_steady = seconds.iter().all(|(count, _)| *count >= 20);
    holds(whole >= 27 * seconds.len() as u32 && is_steady, || format!("{seconds:?}"))
}

fn is_back(sights: &[Sight], at_s: f64) -> Result<(), String> {
    let before: Vec<&Sight> = sights.iter().filter(|sight| sight.at_ms < 4000.0).collect();
    let size = before.iter().map(|sight| sight.bytes).sum::<u64>() / before.len().max(1) as u64;
    let within = |from: f64, to: f64| {
        let (from, to) = ((at_s + from) * 1000.0, (at_s + to) * 1000.0);
        let inside = |sight: &&Sight| (from..to).contains(&sight.at_ms);
        sights.iter().filter(inside).copied().collect::<Vec<_>>()
    };
    let came = within(1.0, 3.0).len();
    holds(came >= 48, || format!("{came} in two seconds"))?;
    let last = within(3.0, 5.0);
    let mean = last.iter().map(|sight| sight.bytes).sum::<u64>() / last.len().max(1) as u64;
    holds(mean * 10 >= size * 9, || format!("{mean} bytes each, {size} before"))?;
    behind(&within(1.0, 5.0), 0.9, 300.0)
}

const TRIES: u32 = 3;
