//! What does a tab cost that stays open?
//!
//! The page and a document that is nothing but the picture, as large, are open at once, each in a
//! Chromium of its own, with pictures of the same level. Prints what both hold after the first minute
//! and at the end, and the processor time of what draws them. Fails if the page holds more than it
//! did, complains, or takes over 1.1 times the other's time.
//!
//! `PAGE_MINUTES` (5) is how long.

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use super::browser::{Browser, Holding};
use super::common::server::Server;
use super::window::Window;

/// Looks on. Prints a table.
pub(crate) fn main() -> ExitCode {
    let minutes = std::env::var("PAGE_MINUTES").ok().and_then(|text| text.parse().ok());
    let length = Duration::from_secs_f64(minutes.unwrap_or(5.0_f64) * 60.0);
    let server = Server::start(&["--source", "pattern", "--size", "1280x720"]);
    // In the place that the picture has on the page.
    let style = "position:fixed;inset:0;width:100%;height:100%;object-fit:contain";
    let bare = super::serve_bare(&server, style);
    let tabs = [("the picture alone", bare), ("the page", server.url("/"))]
        .map(|(name, url)| Open::new(name, &url));
    thread::sleep(length / 5);
    let before = tabs.each_ref().map(Open::look);
    thread::sleep(length * 4 / 5);
    let after = tabs.each_ref().map(Open::look);
    println!(
        "{:.0} minutes; memory after the first fifth, and at the end\n",
        length.as_secs_f64() / 60.0
    );
    println!("| tab | heap KiB | nodes | complaints | drawing, of a core |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    let mut well = true;
    let shares = [0, 1].map(|at| {
        let (tab, before, after) = (&tabs[at], &before[at], &after[at]);
        let share =
            after.drawing.saturating_sub(before.drawing).div_duration_f64(after.at - before.at);
        let complaints = tab.window.complaints();
        println!(
            "| {} | {:.0}, {:.0} | {}, {} | {} | {:.1} % |",
            tab.name,
            before.held.heap_bytes / 1024.0,
            after.held.heap_bytes / 1024.0,
            before.held.nodes,
            after.held.nodes,
            complaints.len(),
            share * 100.0
        );
        well &= complaints.is_empty() && !has_grown(&before.held, &after.held);
        share
    });
    let ratio = shares[1] / shares[0];
    println!("\nThe page takes {ratio:.2} of the time of the picture alone.");
    if well && ratio <= 1.1 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A tab in a browser of its own.
struct Open {
    name: &'static str,
    // In this order: the window is closed before its browser ends.
    window: Window,
    browser: Browser,
}

/// What is seen of a tab at a time.
struct Look {
    at: Instant,
    held: Holding,
    drawing: Duration,
}

impl Open {
    fn new(name: &'static str, url: &str) -> Self {
        let browser = Browser::chromium();
        let window = browser.window();
        window.resize(1440, 900);
        window.goto(url);
        window.wait("document.images[0]?.naturalWidth > 0");
        Self { name, window, browser }
    }

    fn look(&self) -> Look {
        let held = self.window.held();
        Look { at: Instant::now(), held, drawing: self.browser.drawing_time() }
    }
}

/// Beyond what a look, and what is swept late, may make of it.
fn has_grown(before: &Holding, after: &Holding) -> bool {
    after.heap_bytes > before.heap_bytes + HEAP_SLACK_BYTES
        || after.nodes > before.nodes + NODES_SLACK
}

const HEAP_SLACK_BYTES: f64 = 256.0 * 1024.0;
const NODES_SLACK: f64 = 50.0;
