//! What does a segment of the library cost, beside nginx?
//!
//! Segments of 2 kB, 500 kB and 2 MB, each to 500 connections that ask again and again, from this
//! server (which looks at each request whose title it is and who may watch) and from nginx, in turn.
//! The exit code is 1 if the small ones have less than 0.8 of nginx's answers a second, a large one takes
//! more than 1.2 times nginx's processor time, or memory rises above 96 MiB.
//!
//! `SECONDS` (4) is how long each is measured, `ROUNDS` (3) how often; the medians are compared.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

#[path = "../common/launch.rs"]
mod launch;
#[path = "../files/load.rs"]
#[expect(dead_code, reason = "it finds films too, and counts bytes")]
mod load;
#[path = "../common/nginx.rs"]
mod nginx;
#[path = "../common/usage.rs"]
mod usage;

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ExitCode, Stdio};
use std::time::Duration;

use load::Got;
use rusqlite::Connection;
use usage::usage;

/// A server that is measured, and what stands before a segment's name.
struct Server {
    name: &'static str,
    child: Child,
    address: SocketAddr,
    before: &'static str,
}

/// What came of one measurement.
#[derive(Debug, Clone, Copy)]
struct Row {
    answers_a_second: f64,
    us_an_answer: f64,
    rss_mib: f64,
}

/// Their number, and how long they are.
const SIZES: [(&str, usize); 3] = [("1.m4s", 2000), ("2.m4s", 500_000), ("3.m4s", 2_000_000)];
const CONNECTIONS: usize = 500;

fn main() -> ExitCode {
    let number = |name: &str, otherwise: u64| {
        env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (seconds, rounds) = (number("SECONDS", 4), number("ROUNDS", 3));
    let folder = env::temp_dir().join(format!("livestream-segments-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let servers = [ours(&folder), nginx(&folder)];
    println!("| segment | server | answers/s | MB/s | µs CPU an answer | RSS |");
    println!("| --- | --- | ---: | ---: | ---: | ---: |");
    let mut broken = Vec::new();
    for (file, bytes) in SIZES {
        let mut rows: [Vec<Row>; 2] = Default::default();
        for _ in 0..rounds {
            for (server, rows) in servers.iter().zip(&mut rows) {
                rows.push(measure(server, file, seconds));
            }
        }
        let [own, theirs] = rows.map(median);
        for (server, row) in servers.iter().zip([own, theirs]) {
            let Row { answers_a_second, us_an_answer, rss_mib } = row;
            let megabytes = answers_a_second * bytes as f64 / 1e6;
            println!(
                "| {} kB | {} | {answers_a_second:.0} | {megabytes:.0} | {us_an_answer:.1} | {rss_mib:.0} MiB |",
                bytes / 1000,
                server.name
            );
        }
        broken.extend(judge(bytes, own, theirs));
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

fn measure(server: &Server, file: &str, seconds: u64) -> Row {
    let target = format!("{}{file}", server.before);
    let id = server.child.id();
    let (mut before, mut after) = (None, None);
    let time = Duration::from_secs(seconds);
    let got = load::run(server.address, &target, CONNECTIONS, time, |begins| {
        *(if begins { &mut before } else { &mut after }) = Some(usage(id));
    });
    let (before, after) = (before.expect("it began"), after.expect("it ended"));
    let Got { answers, time, .. } = got;
    Row {
        answers_a_second: answers as f64 / time.as_secs_f64(),
        us_an_answer: (after.cpu - before.cpu).as_secs_f64() * 1e6 / answers.max(1) as f64,
        rss_mib: after.rss_mib,
    }
}

fn median(mut rows: Vec<Row>) -> Row {
    rows.sort_by(|a, b| a.us_an_answer.total_cmp(&b.us_an_answer));
    let us_an_answer = rows[rows.len() / 2].us_an_answer;
    rows.sort_by(|a, b| a.answers_a_second.total_cmp(&b.answers_a_second));
    let rss_mib = rows.iter().map(|row| row.rss_mib).fold(0.0, f64::max);
    Row { us_an_answer, rss_mib, answers_a_second: rows[rows.len() / 2].answers_a_second }
}

fn judge(bytes: usize, own: Row, theirs: Row) -> Vec<String> {
    let mut broken = Vec::new();
    let rate = own.answers_a_second / theirs.answers_a_second;
    if bytes < 10_000 && rate < 0.8 {
        broken.push(format!("{rate:.2} of nginx's answers a second at {bytes} bytes"));
    }
    let cost = own.us_an_answer / theirs.us_an_answer;
    if bytes > 10_000 && cost > 1.2 {
        broken.push(format!("{cost:.2} times nginx's processor time at {bytes} bytes"));
    }
    if own.rss_mib > 96.0 {
        broken.push(format!("{:.0} MiB at {bytes} bytes", own.rss_mib));
    }
    broken
}

/// Ours with a title whose segments are written by hand: the server makes its database first.
fn ours(folder: &Path) -> Server {
    let data = folder.join("data");
    let place = data.display().to_string();
    let options = [
        "--source",
        "pattern",
        "--bandwidth",
        "unlimited",
        "--max-viewers",
        "5000",
        "--no-rtsp",
        "--no-mdns",
        "--data",
        &place,
    ];
    let (mut child, _) = launch::launch(&options, "warn", Stdio::inherit());
    // By its id: it was started here.
    let _ = child.kill();
    let _ = child.wait();
    let database = Connection::open(data.join("livestream.db")).expect("it was made");
    database
        .execute_batch(
            "INSERT INTO title (name, title, description, director, tags, watch, length_ms, lines, \
             generation, whole, made, changed) VALUES ('AAAAAA', 'A film', '', '', '', 'all', 12000, \
             '360', 1, 1, 0, 0)",
        )
        .expect("a title");
    drop(database);
    for set in [data.join("library/videos/AAAAAA/1/video-1"), folder.join("video-1")] {
        fs::create_dir_all(&set).expect("a folder");
        for (file, bytes) in SIZES {
            fs::write(set.join(file), vec![7; bytes]).expect("there is room");
        }
    }
    let (child, addresses) = launch::launch(&options, "warn", Stdio::inherit());
    let before = "/videos/AAAAAA/dash/video-1/";
    Server { name: "livestream", child, address: addresses[0], before }
}

fn nginx(folder: &Path) -> Server {
    let (child, address) = nginx::launch(folder);
    Server { name: "nginx", child, address, before: "/video-1/" }
}
