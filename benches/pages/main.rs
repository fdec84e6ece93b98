//! What does a page cost that is merely open?
//!
//! Opens a thousand pages on this machine, each with its stream, which are told the state by a
//! socket or ask for it once a second, and prints what they get, with the server's threads and
//! memory; then the same pages without their streams, so that what the state costs is seen alone.
//! The program as it was before is measured beside it if `PARENT` is the path of its binary.
//!
//! `PAGES` (1000) is how many, `PAGES_SECONDS` (10) how long they are measured.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

#[path = "../fanout/clip.rs"]
mod clip;
#[path = "../common/launch.rs"]
mod launch;
#[path = "../../tests/hostile/neighbours.rs"]
mod neighbours;
#[path = "../../tests/hostile/pages.rs"]
mod pages;
#[path = "../common/picture.rs"]
mod picture;
#[path = "../common/usage.rs"]
mod usage;
#[path = "../common/viewer.rs"]
mod viewer;

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pages::{Habit, Learns, Pages};
use usage::usage;

fn main() {
    let clip = clip::Clip::make();
    let source = clip.file.display().to_string();
    let (count, seconds) = (number("PAGES", 1000), number("PAGES_SECONDS", 10));
    println!("1280x720 JPEGs of {} kB, 30 a second\n", clip.mean_bytes / 1000);
    println!(
        "| server | pages | state by | least fps · p50 | states a second | threads | RSS MiB | KiB a page | cores |"
    );
    println!("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    let ours = Command::new(env!("CARGO_BIN_EXE_livestream"));
    let parent = launch::parent().map(|path| ("its parent", Command::new(path)));
    for (name, command) in [("livestream", ours)].into_iter().chain(parent) {
        let options = ["--no-rtsp", "--bandwidth", "unlimited", "--max-viewers", "5000"];
        let options = [&options[..], &["--source", &source]].concat();
        let (child, addresses) = launch::launch_as(command, &options, "warn", Stdio::inherit());
        let server = Server(child);
        for watches in [true, false] {
            for learns in [Learns::ByPolls, Learns::BySocket] {
                let habit = Habit { learns, watches };
                measure(name, &server, addresses[0], count, habit, seconds);
            }
        }
    }
}

fn measure(
    name: &str,
    server: &Server,
    address: SocketAddr,
    count: usize,
    habit: Habit,
    seconds: u64,
) {
    let process = server.0.id();
    // One is open before: what the source and the first picture take is not a page's.
    let first = Pages::open(address, 1, habit);
    wait_until_all_are_open(&first, 1, habit);
    let before = usage(process);
    drop(first);
    let pages = Pages::open(address, count, habit);
    let all_show = wait_until_all_are_open(&pages, count, habit);
    let (shown, answers, start) = (pages.pictures(), pages.answers(), usage(process));
    thread::sleep(Duration::from_secs(seconds));
    let end = usage(process);
    let each = pages.pictures().into_iter().zip(&shown).map(|(after, before)| after - before);
    let mut each: Vec<u64> = each.collect();
    each.sort_unstable();
    let fps = |at: usize| each.get(at).copied().unwrap_or_default() as f64 / seconds as f64;
    println!(
        "| {name} | {count}{}{} | {} | {:.1} · {:.1} | {:.0} | {} | {:.1} | {:.1} | {:.2} |",
        if habit.watches { "" } else { " without streams" },
        if all_show { "" } else { ", not all are open" },
        if habit.learns == Learns::BySocket { "socket" } else { "polls" },
        fps(0),
        fps(each.len() / 2),
        (pages.answers() - answers) as f64 / seconds as f64,
        end.threads,
        end.rss_mib,
        (end.rss_mib - before.rss_mib) * 1024.0 / count as f64,
        (end.cpu - start.cpu).as_secs_f64() / seconds as f64
    );
}

/// Waits until all have what they want: pictures, or to have learned the state three times.
fn wait_until_all_are_open(pages: &Pages, count: usize, habit: Habit) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let shown = pages.pictures();
        let all_show = !habit.watches || shown.iter().all(|&shown| shown > 0);
        if shown.len() == count && all_show && pages.answers() >= 3 * count as u64 {
            return true;
        }
        thread::sleep(Duration::from_millis(100));
    }
    false
}

/// A running server, ended by its id when it is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn number<N: std::str::FromStr>(name: &str, otherwise: N) -> N {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

const PATIENCE: Duration = Duration::from_secs(60);
