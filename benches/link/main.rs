//! What does a viewer's link do to its pictures?
//!
//! Starts the server on pictures made on the spot and watches it over loopback and over links of
//! 5, 20 and 50 Mbit/s (network namespaces, veth, `tbf`; takes root and iproute2): how much of what
//! is due comes in each second, how far behind live it is beside other servers, and what a
//! stall does. Rivals are what `RIVALS` names, a line each: `NAME|PATH|COMMAND with {host} and
//! {port}`, the pictures being in the folder `$PICTURES`, and GStreamer where it is installed.
//!
//! `LINK_SECONDS` (8) is how long each is watched.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

#[path = "../../tests/suite/common/network.rs"]
mod network;
mod pictures;
mod server;

use std::net::{IpAddr, Ipv4Addr};

use network::{Network, Sight, each_second, watch};
use pictures::{Pictures, SIZES};
use server::Server;

/// The links, in megabits per second; `None` is loopback.
const LINKS: [Option<u32>; 4] = [None, Some(5), Some(20), Some(50)];
const READERS: [&str; 3] = ["once", "each:10", "each:100"];
const STALLS: [f64; 5] = [0.5, 1.0, 2.0, 5.0, 15.0];

fn main() {
    let seconds = number("LINK_SECONDS", 8);
    let large = Pictures::make("large", &[70_000]);
    rates(seconds);
    behind(seconds, &large);
    stalls(&large);
    slow(&large);
}

/// At a fixed level: the part of what is due, or of what the link carries, that comes.
fn rates(seconds: usize) {
    println!("\n## Of what is due or fits: the mean, and the worst second\n");
    println!(
        "`quality=100` holds the level as far as the share goes; the link's own rule lowers it."
    );
    println!("\n| link | pictures | a second | reader | carried | worst second |");
    println!("|---|---|---:|---|---:|---:|");
    for (name, sizes) in SIZES {
        let pictures = Pictures::make(name, sizes);
        for fps in [1, 30, 100] {
            for link in LINKS {
                let network = link.map(|mbit| Network::new(LINK_NUMBER, mbit));
                let server = Server::livestream(address(network.as_ref()), &pictures, fps);
                for reader in READERS {
                    let path = "/stream?quality=100";
                    let sights =
                        watch(network.as_ref(), server.address, path, reader, seconds as f64 + 2.0);
                    let (mean, worst) = carried(&sights, &pictures, fps, link, seconds);
                    println!(
                        "| {} | {name} | {fps} | {reader} | {mean:.0} % | {worst:.0} % |",
                        link_name(link)
                    );
                }
            }
        }
    }
}

/// The mean and the least part of what could come, in percent, after the first two seconds.
fn carried(
    sights: &[Sight],
    pictures: &Pictures,
    fps: usize,
    link: Option<u32>,
    seconds: usize,
) -> (f64, f64) {
    let due = pictures.mean_bytes as f64 * fps as f64;
    // Of each packet of 1514 bytes on the wire 1448 are the stream's.
    let fits = link.map_or(f64::INFINITY, |mbit| f64::from(mbit) * 1e6 / 8.0 * 1448.0 / 1514.0);
    let parts: Vec<f64> = each_second(sights, seconds + 2)[2..]
        .iter()
        .map(|(count, mean)| {
            let bytes = f64::from(*count) * *mean as f64;
            // Smaller pictures than those that are due are the same pictures at a lower level.
            let frames = f64::from(*count) / fps as f64;
            (bytes / due.min(fits)).max(if link.is_none() { frames } else { 0.0 }) * 100.0
        })
        .collect();
    let mean = parts.iter().sum::<f64>() / parts.len() as f64;
    (mean, parts.into_iter().fold(f64::INFINITY, f64::min))
}

/// How far behind live a viewer is, beside other servers.
fn behind(seconds: usize, pictures: &Pictures) {
    println!("\n## Behind live: 70 kB pictures at 30 a second, `auto`\n");
    println!(
        "Milliseconds from the capture to the last byte read, where the server tells the time."
    );
    println!("\n| link | server | pictures/s | kB each | behind p50 | p99 | between two p99 |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    for link in LINKS {
        let network = link.map(|mbit| Network::new(LINK_NUMBER, mbit));
        let ip = address(network.as_ref());
        let ours = Server::livestream(ip, pictures, 30);
        let rivals = std::env::var("RIVALS").unwrap_or_default();
        let rivals = rivals.lines().filter(|line| !line.trim().is_empty());
        let rivals = rivals.filter_map(|line| Server::by_command(line, ip, pictures));
        let all = [Some(ours), Server::gstreamer(ip, pictures)].into_iter().flatten().chain(rivals);
        for server in all {
            let length = seconds as f64 + 3.0;
            let sights = watch(network.as_ref(), server.address, &server.path, "once", length);
            // The first seconds find out what the link carries.
            let later: Vec<Sight> = sights.into_iter().filter(|one| one.at_ms > 3000.0).collect();
            println!("| {} | {} | {}", link_name(link), server.name, line(&later, seconds));
        }
    }
}

fn line(sights: &[Sight], seconds: usize) -> String {
    let behind = sorted(sights.iter().filter_map(|sight| sight.behind_ms));
    let gaps = sorted(sights.windows(2).map(|pair| pair[1].at_ms - pair[0].at_ms));
    let bytes: u64 = sights.iter().map(|sight| sight.bytes).sum();
    format!(
        "{:.1} | {} | {} | {} | {} |",
        sights.len() as f64 / seconds as f64,
        bytes / 1000 / (sights.len() as u64).max(1),
        percentile(&behind, 0.5),
        percentile(&behind, 0.99),
        percentile(&gaps, 0.99)
    )
}

/// What a stall costs: pictures and their size in each second after it.
fn stalls(pictures: &Pictures) {
    println!("\n## After a stall: pictures and kB each, second by second\n");
    println!("| link | stall | the second before | and each after its end |");
    println!("|---|---:|---|---|");
    for link in [None, Some(100)] {
        let network = link.map(|mbit| Network::new(LINK_NUMBER, mbit));
        let server = Server::livestream(address(network.as_ref()), pictures, 30);
        for stall in STALLS {
            let reader = format!("stands:5:{stall}");
            let length = 5.0 + stall + 6.0;
            let sights =
                watch(network.as_ref(), server.address, "/stream?quality=100", &reader, length);
            let from = |at: f64| {
                let second = (at * 1000.0)..((at + 1.0) * 1000.0);
                let inside = sights.iter().filter(|sight| second.contains(&sight.at_ms));
                let bytes: Vec<u64> = inside.map(|sight| sight.bytes).collect();
                let each = bytes.iter().sum::<u64>() / 1000 / (bytes.len() as u64).max(1);
                format!("{}×{each}", bytes.len())
            };
            let after: Vec<String> = (0..5).map(|at| from(5.0 + stall + f64::from(at))).collect();
            let name = link_name(link);
            println!("| {name} | {stall} s | {} | {} |", from(4.0), after.join(" "));
        }
    }
}

/// Who reads slowly.
fn slow(pictures: &Pictures) {
    println!("\n## Who reads 50 kB/s, `auto`, after the first six seconds\n");
    println!("| in pieces of | pictures/s | kB each | behind p50 | p99 | between two p99 |");
    println!("|---:|---:|---:|---:|---:|---:|");
    let server = Server::livestream(Ipv4Addr::LOCALHOST.into(), pictures, 30);
    for piece_ms in [10, 100] {
        let reader = format!("slow:50000:{piece_ms}");
        let sights = watch(None, server.address, "/stream", &reader, 26.0);
        let later: Vec<Sight> = sights.into_iter().filter(|one| one.at_ms > 6000.0).collect();
        println!("| {piece_ms} ms | {}", line(&later, 20));
    }
}

fn address(network: Option<&Network>) -> IpAddr {
    network.map_or(Ipv4Addr::LOCALHOST.into(), Network::address)
}

fn link_name(link: Option<u32>) -> String {
    link.map_or("loopback".into(), |mbit| format!("{mbit} Mbit/s"))
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn percentile(sorted: &[f64], part: f64) -> String {
    let at = ((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or("–".into(), |value| format!("{value:.0} ms"))
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Of the tests' networks, which may run meanwhile, none has it.
const LINK_NUMBER: u8 = 99;
