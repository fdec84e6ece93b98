//! What does a film's file cost, beside nginx?
//!
//! A file of 200 MB and one of 4 KB, each to 100 and to 1000 connections that ask again and again,
//! from this server and from nginx (one process, `sendfile on`, as distributions set it up), in turn.
//! Told are bytes and answers a second, processor time a byte and an answer, and memory. The exit code
//! is 1 if the large file takes more than 1.2 times nginx's processor time a byte, the small one has
//! less than 0.8 of nginx's answers a second, or memory rises by more than 64 MiB.
//!
//! `SECONDS` (4) is how long each is measured, `ROUNDS` (3) how often; the medians are compared.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

#[path = "../common/launch.rs"]
mod launch;
mod load;
#[path = "../common/nginx.rs"]
mod nginx;
#[path = "../common/usage.rs"]
mod usage;

use std::env;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use load::Got;
use usage::usage;

/// A server that is measured.
struct Server {
    name: &'static str,
    child: Child,
    address: SocketAddr,
    large: String,
    small: String,
}

/// What came of one measurement.
#[derive(Debug, Clone, Copy)]
struct Row {
    bytes_a_second: f64,
    answers_a_second: f64,
    ns_a_byte: f64,
    us_an_answer: f64,
    rss_mib: f64,
}

fn main() -> ExitCode {
    let number = |name: &str, otherwise: u64| {
        env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (seconds, rounds) = (number("SECONDS", 4), number("ROUNDS", 3));
    let folder = env::temp_dir().join(format!("livestream-files-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    write_film(&folder.join("large.mp4"), 200_000_000);
    write_sound(&folder.join("small.mp3"));
    let servers = [ours(&folder), nginx(&folder)];
    println!(
        "| file | connections | server | MB/s | answers/s | ns CPU a byte | µs CPU an answer | RSS |"
    );
    println!("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |");
    let mut broken = Vec::new();
    for is_large in [true, false] {
        for connections in [100, 1000] {
            let mut rows: [Vec<Row>; 2] = Default::default();
            for _ in 0..rounds {
                for (server, rows) in servers.iter().zip(&mut rows) {
                    rows.push(measure(server, is_large, connections, seconds));
                }
            }
            let [own, theirs] = rows.map(median);
            for (server, row) in servers.iter().zip([own, theirs]) {
                tell(is_large, connections, server.name, row);
            }
            broken.extend(judge(is_large, connections, own, theirs));
        }
    }
    for mut server in servers {
        // By its id: it was started here.
        let _ = server.child.kill();
        let _ = server.child.wait();
    }
    let _ = fs::remove_dir_all(&folder);
    broken.iter().for_each(|promise| println!("\nBROKEN: {promise}"));
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn measure(server: &Server, is_large: bool, connections: usize, seconds: u64) -> Row {
    let target = if is_large { &server.large } else { &server.small };
    let id = server.child.id();
    let mut before = None;
    let mut after = None;
    let got =
        load::run(server.address, target, connections, Duration::from_secs(seconds), |begins| {
            *(if begins { &mut before } else { &mut after }) = Some(usage(id));
        });
    let (before, after) = (before.expect("it began"), after.expect("it ended"));
    let Got { bytes, answers, time } = got;
    let (cpu, time) = ((after.cpu - before.cpu).as_secs_f64(), time.as_secs_f64());
    Row {
        bytes_a_second: bytes as f64 / time,
        answers_a_second: answers as f64 / time,
        ns_a_byte: cpu * 1e9 / bytes.max(1) as f64,
        us_an_answer: cpu * 1e6 / answers.max(1) as f64,
        rss_mib: after.rss_mib,
    }
}

/// By what is compared: processor time a byte, answers a second.
fn median(mut rows: Vec<Row>) -> Row {
    rows.sort_by(|a, b| a.ns_a_byte.total_cmp(&b.ns_a_byte));
    let by_cost = rows[rows.len() / 2];
    rows.sort_by(|a, b| a.answers_a_second.total_cmp(&b.answers_a_second));
    let by_rate = rows[rows.len() / 2];
    let rss_mib = rows.iter().map(|row| row.rss_mib).fold(0.0, f64::max);
    Row { ns_a_byte: by_cost.ns_a_byte, bytes_a_second: by_cost.bytes_a_second, rss_mib, ..by_rate }
}

fn tell(is_large: bool, connections: usize, name: &str, row: Row) {
    let file = if is_large { "200 MB" } else { "4 KB" };
    println!(
        "| {file} | {connections} | {name} | {:.0} | {:.0} | {:.3} | {:.1} | {:.0} MiB |",
        row.bytes_a_second / 1e6,
        row.answers_a_second,
        row.ns_a_byte,
        row.us_an_answer,
        row.rss_mib
    );
}

fn judge(is_large: bool, connections: usize, own: Row, theirs: Row) -> Vec<String> {
    let mut broken = Vec::new();
    let cost = own.ns_a_byte / theirs.ns_a_byte;
    if is_large && cost > 1.2 {
        broken.push(format!("{cost:.2} times nginx's processor time a byte at {connections}"));
    }
    let rate = own.answers_a_second / theirs.answers_a_second;
    if !is_large && rate < 0.8 {
        broken.push(format!("{rate:.2} of nginx's answers a second at {connections}"));
    }
    if own.rss_mib > MOST_RSS_MIB {
        broken.push(format!("{:.0} MiB at {connections}", own.rss_mib));
    }
    broken
}

fn ours(folder: &Path) -> Server {
    let media = folder.display().to_string();
    let data = folder.join("data").display().to_string();
    let options = [
        "--media",
        &media,
        "--source",
        "film:",
        "--bandwidth",
        "unlimited",
        "--max-viewers",
        "5000",
        "--no-rtsp",
        "--no-mdns",
        "--data",
        &data,
    ];
    let (child, addresses) = launch::launch(&options, "warn", Stdio::inherit());
    let address = addresses[0];
    let url = |name: &str| {
        for _ in 0..200 {
            if let Some(url) = load::film(address, name) {
                return url;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("the server does not find {name}");
    };
    Server { name: "livestream", child, address, large: url("large.mp4"), small: url("small.mp3") }
}

fn nginx(folder: &Path) -> Server {
    let (child, address) = nginx::launch(folder);
    let (large, small) = ("/large.mp4".to_owned(), "/small.mp3".to_owned());
    Server { name: "nginx", child, address, large, small }
}

/// A film of so many bytes: what is behind its own means nothing.
fn write_film(path: &PathBuf, bytes: usize) {
    let film = include_bytes!("../../tests/data/film/whole.mp4");
    let rest = u32::try_from(bytes - film.len()).expect("a size");
    let mut file = fs::File::create(path).expect("a file");
    let noise: Vec<u8> =
        (0..1_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let head = [&film[..], &rest.to_be_bytes(), b"free"].concat();
    file.write_all(&head).expect("there is room");
    let mut left = bytes - head.len();
    while left > 0 {
        let count = left.min(noise.len());
        file.write_all(&noise[..count]).expect("there is room");
        left -= count;
    }
}

/// 4096 bytes of sound.
fn write_sound(path: &PathBuf) {
    let sound = include_bytes!("../../tests/data/film/even.mp3");
    fs::write(path, &sound[..4096]).expect("a file");
}

const MOST_RSS_MIB: f64 = 96.0;
