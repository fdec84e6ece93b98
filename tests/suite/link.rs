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
    let sights = watch(None, server.address(), FULL, "once", 10.0);
    assert_all_come(&each_second(&sights, 10)[1..]);
    server.stop();
}

#[test]
fn tiny_pictures_go_on_also_to_who_reads_now_and_then() {
    let scratch = pictures(&jpegs(16, 16, 10, 30));
    let server = Server::start(&["--source", scratch.path(), "--fps", "30"]);
    let sights = watch(None, server.address(), FULL, "each:100", 10.0);
    assert_all_come(&each_second(&sights, 10)[2..]);
    server.stop();
}

#[test]
fn who_stands_still_is_at_full_rate_within_a_second_and_at_its_level_within_three() {
    let scratch = pictures(&large());
    let source = ["--source", scratch.path(), "--fps", "30", "--bandwidth", "unlimited"];
    let server = Server::start(&source);
    for stood in [0.5, 2.0] {
        let reader = format!("stands:5:{stood}");
        let sights = watch(None, server.address(), FULL, &reader, 12.0);
        assert_is_back(&sights, 5.0 + stood);
    }
    server.stop();
}

#[test]
fn it_is_so_too_over_a_network_of_a_hundred_megabits() {
    let network = Network::new(1, 100);
    let scratch = pictures(&large());
    let source = ["--source", scratch.path(), "--fps", "30", "--bandwidth", "unlimited"];
    let server = Server::launch(network.address(), 0, &source);
    let sights = watch(Some(&network), server.address(), FULL, "stands:5:2", 12.0);
    assert_is_back(&sights, 7.0);
    server.stop();
}

#[test]
fn over_five_megabits_no_second_is_without_a_picture_and_all_are_fresh() {
    let network = Network::new(2, 5);
    let scratch = pictures(&large());
    let server = Server::launch(network.address(), 0, &["--source", scratch.path(), "--fps", "30"]);
    let sights = watch(Some(&network), server.address(), "/stream", "once", 12.0);
    let seconds = each_second(&sights, 12);
    assert!(seconds.iter().all(|(count, _)| *count > 0), "{seconds:?}");
    assert!(behind_ms(&sights, 0.99) < 600.0, "{} ms", behind_ms(&sights, 0.99));
    server.stop();
}

#[test]
fn who_reads_50_kilobytes_a_second_is_less_than_a_second_behind() {
    let scratch = pictures(&large());
    let server = Server::start(&["--source", scratch.path(), "--fps", "30"]);
    for piece_ms in [10, 100] {
        let reader = format!("slow:50000:{piece_ms}");
        let sights = watch(None, server.address(), "/stream", &reader, 20.0);
        // Until the first seconds have shown how slow it is, pictures of its level are too large.
        let later: Vec<Sight> = sights.into_iter().filter(|sight| sight.at_ms > 6000.0).collect();
        assert!(later.len() > 14, "{}", later.len());
        assert!(behind_ms(&later, 0.99) < 1000.0, "{piece_ms}: {} ms", behind_ms(&later, 0.99));
    }
    server.stop();
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

fn behind_ms(sights: &[Sight], part: f64) -> f64 {
    let mut behind: Vec<f64> = sights.iter().filter_map(|sight| sight.behind_ms).collect();
    behind.sort_by(f64::total_cmp);
    behind[((behind.len() as f64 * part) as usize).min(behind.len() - 1)]
}

/// A machine that is busy with other tests may be late for some.
#[track_caller]
fn assert_all_come(seconds: &[(u32, u64)]) {
    let whole: u32 = seconds.iter().map(|(count, _)| count).sum();
    assert!(whole >= 27 * seconds.len() as u32, "{seconds:?}");
    assert!(seconds.iter().all(|(count, _)| *count >= 20), "{seconds:?}");
}

#[track_caller]
fn assert_is_back(sights: &[Sight], at_s: f64) {
    let before: Vec<&Sight> = sights.iter().filter(|sight| sight.at_ms < 4000.0).collect();
    let size = before.iter().map(|sight| sight.bytes).sum::<u64>() / before.len() as u64;
    let within = |from: f64, to: f64| {
        let (from, to) = ((at_s + from) * 1000.0, (at_s + to) * 1000.0);
        let inside = |sight: &&Sight| (from..to).contains(&sight.at_ms);
        sights.iter().filter(inside).copied().collect::<Vec<_>>()
    };
    assert!(within(1.0, 3.0).len() >= 48, "{} in two seconds", within(1.0, 3.0).len());
    let last = within(3.0, 5.0);
    let mean = last.iter().map(|sight| sight.bytes).sum::<u64>() / last.len().max(1) as u64;
    assert!(mean * 10 >= size * 9, "{mean} bytes each, {size} before");
    assert!(behind_ms(&within(1.0, 5.0), 0.9) < 300.0, "{}", behind_ms(&within(1.0, 5.0), 0.9));
}
