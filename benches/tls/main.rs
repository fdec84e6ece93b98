//! What does TLS cost?
//!
//! Shows the same clip to many viewers in clear and by TLS 1.3 (AES-128-GCM), in turn with nginx, as a
//! TLS proxy before this server and, where that is installed, before ustreamer; counts what a
//! handshake takes here and at nginx, with one certificate (ECDSA, P-256), and what an idle
//! connection keeps; and lets 2000 shake hands at once beside viewers. The exit code is 1 if what is
//! promised does not hold: by TLS a picture takes at most 1.6 times what it takes in clear and half
//! of what nginx and ustreamer take, none is later than nginx has it, and handshakes leave the
//! others at 29 pictures a second.
//!
//! `TLS_SECONDS` (5) is how long each is measured, `TLS_ROUNDS` (5) how often, and `TLS_VIEWERS`
//! (500) with how many. The program as it was before is measured beside it by TLS if `PARENT` is the
//! path of its binary.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

#[path = "../fanout/clip.rs"]
mod clip;
mod handshakes;
#[path = "../common/launch.rs"]
mod launch;
#[path = "../fanout/load.rs"]
mod load;
#[path = "../common/parent.rs"]
mod parent;
#[path = "../common/picture.rs"]
mod picture;
#[path = "../fanout/rows.rs"]
mod rows;
#[path = "../fanout/server.rs"]
mod server;
#[path = "../common/usage.rs"]
mod usage;
mod ustreamer;
#[path = "../common/viewer.rs"]
mod viewer;

use handshakes::Kind;
use parent::PARENT;
use rows::{Row, Start, median, number, print_machine, side_by_side};
use server::{Identity, Server};

fn main() {
    let clip = clip::Clip::make();
    let source = clip.file.display().to_string();
    let identity = Identity::make(&clip.folder);
    let seconds = number("TLS_SECONDS", 5);
    let rounds = number("TLS_ROUNDS", 5);
    let viewers = usize::try_from(number("TLS_VIEWERS", 500)).unwrap_or(500);
    print_machine(&clip);
    let mut broken = pictures(&clip, &identity, viewers, seconds, rounds);

    println!("\n## A handshake\n");
    println!("| server | µs CPU a full one | a resumed one |\n| --- | ---: | ---: |");
    let ours = || Some(Server::by_tls(&source, &identity));
    let proxy = || Server::livestream(&source).behind_nginx(&identity);
    let before = || Server::parent_by_tls(PARENT, &source, &identity);
    for start in [&ours as &dyn Fn() -> Option<Server>, &before, &proxy] {
        let Some(server) = start() else { continue };
        let cost = |kind| {
            let costs = (0..rounds).map(|_| handshakes::cost(&server, &identity, kind));
            let mut costs: Vec<f64> = costs.collect();
            costs.sort_by(f64::total_cmp);
            costs[costs.len() / 2]
        };
        let (full, resumed) = (cost(Kind::Full), cost(Kind::Resumed));
        println!("| {} | {full:.0} | {resumed:.0} |", server.name);
    }

    let kib = handshakes::idle_kib(&Server::by_tls(&source, &identity), &identity, 1000);
    println!("\nAn idle connection by TLS keeps {kib:.1} KiB, of 1000 that have agreed.");

    println!("\n## 2000 handshakes at once, again and again, beside ten viewers in clear\n");
    let beside =
        handshakes::beside_viewers(&Server::by_tls(&source, &identity), &identity, seconds);
    println!("{beside}");
    if beside.fps_min < 29.0 {
        broken.push(format!("{:.1} pictures a second beside handshakes", beside.fps_min));
    }
    broken.iter().for_each(|promise| println!("\nBROKEN: {promise}"));
    if !broken.is_empty() {
        std::process::exit(1);
    }
    println!("\nall promises hold");
}

/// Measures what a picture costs, and tells which promises are broken.
fn pictures(
    clip: &clip::Clip,
    identity: &Identity,
    viewers: usize,
    seconds: u64,
    rounds: u64,
) -> Vec<String> {
    let source = clip.file.display().to_string();
    let starts: [Start; 6] = [
        Box::new(|| Some(Server::livestream(&source))),
        Box::new(|| Some(Server::by_tls(&source, identity))),
        Box::new(|| Server::parent_by_tls(PARENT, &source, identity)),
        Box::new(|| Server::livestream(&source).behind_nginx(identity)),
        Box::new(|| ustreamer::start(clip)),
        Box::new(|| ustreamer::start(clip)?.behind_nginx(identity)),
    ];
    println!("\n## {viewers} viewers, full quality, passed through\n");
    println!("{}", Row::HEAD);
    let rows: Vec<Row> =
        side_by_side(&starts, viewers, seconds, rounds).into_iter().map(median).collect();
    rows.iter().for_each(|row| println!("{row}"));
    // Whoever decrypts on this machine may not keep up: what is compared must weigh the same.
    println!();
    for Row { name, got, .. } in &rows {
        println!("Of {name}, a picture had {} kB.", got.picture_bytes / 1000);
    }
    let of = |name: &str| rows.iter().find(|row| row.name == name);
    let mut broken = Vec::new();
    let Some((plain, secure)) = of(parent::OURS).zip(of(Server::BY_TLS)) else { return broken };
    let ratio = secure.us_per_picture / plain.us_per_picture;
    println!("\nBy TLS a picture takes {ratio:.2} times what it takes in clear.");
    if ratio > 1.6 {
        broken.push(format!("{ratio:.2} times the cost in clear, and 1.6 are promised"));
    }
    for rival in rows.iter().filter(|row| row.name.starts_with("nginx")) {
        let ratio = secure.us_per_picture / rival.us_per_picture;
        println!("It takes {ratio:.2} times what {} takes.", rival.name);
        if ratio > 0.5 && rival.name.contains("ustreamer") {
            broken.push(format!("{ratio:.2} times the cost of {}", rival.name));
        }
        let late = |row: &Row| row.got.latency_ms.map_or(0.0, |of| of.p99);
        // What stands behind ustreamer's times is when it sends, not when it captured.
        if late(secure) >= late(rival) && rival.name.contains(parent::OURS) {
            broken.push(format!("later than {}", rival.name));
        }
    }
    broken
}
