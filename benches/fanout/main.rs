//! What does one more viewer cost?
//!
//! Starts the server on a clip made on the spot, watches it with 1 to 1000 viewers
//! on this machine, at full quality, spread over all levels and over eight rooms, with a slow
//! one among them, and prints the README's tables; the plots go to `docs/`. Rivals are
//! measured in the same run, with the same pictures, in turn with ours:
//! GStreamer where it is installed, and what `RIVALS` names, a line each:
//! `NAME|PATH|COMMAND with {port}`, the pictures being in the folder `$PICTURES`.
//! So is the program as it was before, if `PARENT` is the path of its binary; then the
//! exit code is 1 if ours is worse.
//!
//! `FANOUT_SECONDS` (5) is how long each is measured, `FANOUT_ROUNDS` (5) how often, and
//! `FANOUT_VIEWERS` (1,10,100,500,1000) with how many.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

mod clip;
#[path = "../common/launch.rs"]
mod launch;
mod load;
#[path = "../common/parent.rs"]
mod parent;
#[path = "../common/picture.rs"]
mod picture;
mod plot;
mod rows;
mod server;
#[path = "../common/usage.rs"]
mod usage;
#[path = "../common/viewer.rs"]
mod viewer;

use std::time::Duration;

use load::{Plan, Spread};
use parent::{Figure, PARENT, PARENT_AGAIN};
use rows::{Row, Start, measure, median, number, plan, print_machine, side_by_side};
use server::Server;

fn main() {
    // `cargo bench` passes `--bench`, and perhaps a filter that is meant for others.
    let clip = clip::Clip::make();
    let source = clip.file.display().to_string();
    let seconds = number("FANOUT_SECONDS", 5);
    let rounds = number("FANOUT_ROUNDS", 5);
    print_machine(&clip);

    let mut starts: Vec<Start> = vec![Box::new(|| Some(Server::livestream(&source)))];
    starts.push(Box::new(|| Server::parent(PARENT, &source)));
    starts.push(Box::new(|| Server::parent(PARENT_AGAIN, &source)));
    starts.push(Box::new(|| Server::gstreamer(&clip.folder)));
    let rivals = std::env::var("RIVALS").unwrap_or_default();
    for rival in rivals.lines().filter(|line| !line.trim().is_empty()) {
        let command = rival.replace("$PICTURES", &clip.folder.display().to_string());
        starts.push(Box::new(move || Server::by_command(&command)));
    }

    println!("\n## Full quality, passed through\n");
    println!("{}", Row::HEAD);
    let (mut full, mut figures) = (Vec::new(), Vec::new());
    let counts = std::env::var("FANOUT_VIEWERS").unwrap_or_else(|_| "1,10,100,500,1000".into());
    for clients in counts.split(',').filter_map(|count| count.trim().parse().ok()) {
        let all = side_by_side(&starts, clients, seconds, rounds);
        // Of fewer the processor time is so little that a hundredth of a second would tell.
        if clients >= JUDGED_VIEWERS {
            figures.extend(beside_the_parent(clients, &all));
        }
        for row in all.into_iter().map(median) {
            println!("{row}");
            if ![PARENT, PARENT_AGAIN].contains(&row.name.as_str()) {
                full.push(row);
            }
        }
    }

    println!("\n## Viewers spread over all eight levels, from one 720p JPEG camera\n");
    println!("The first row is one viewer at quality 50: a picture waits for one encode.");
    println!();
    println!("{}", Row::HEAD);
    for clients in [1, 8, 100, 500] {
        let levels = if clients == 1 { &[50][..] } else { &LEVELS };
        let plan = |server: &Server| Plan {
            paths: levels.iter().map(|of| Some(format!("/stream?quality={of}"))).collect(),
            ..plan(server, clients, seconds)
        };
        println!("{}", median((0..rounds).filter_map(|_| measure(starts[0]()?, plan)).collect()));
    }

    println!(
        "\n## 800 viewers in one room, and 100 in each of eight that show clips of their own\n"
    );
    println!("{}", Row::HEAD);
    let copies = clip.copies(7);
    let rooms: Vec<String> =
        (1..).zip(&copies).map(|(number, file)| format!("r{number}={}", file.display())).collect();
    let in_rooms = |server: &Server| Plan {
        paths: (0..=rooms.len())
            .map(|room| if room == 0 { "/stream".into() } else { format!("/r/r{room}/stream") })
            .map(Some)
            .collect(),
        ..plan(server, 800, seconds)
    };
    let (mut one, mut eight) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        one.extend(measure(Server::livestream(&source), |server| plan(server, 800, seconds)));
        eight.extend(measure(Server::rooms(&source, &rooms), in_rooms));
    }
    [one, eight].into_iter().for_each(|rows| println!("{}", median(rows)));

    println!("\n## Ten viewers and one that reads 50 kB/s\n");
    println!("| server | the ten: fps | latency p99 | the slow one: latency p50 | p99 |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for start in &starts {
        let plan = |server: &Server| Plan {
            slow: Some((1, 50_000)),
            settle: Duration::from_secs(6),
            ..plan(server, 10, seconds.max(10))
        };
        if let Some(row) = start().and_then(|server| measure(server, plan)) {
            let (fast, slow) = (row.got.latency_ms, row.got.slow_latency_ms);
            let ms = |spread: Option<Spread>, pick: fn(Spread) -> f64| {
                spread.map_or("–".into(), |spread| format!("{:.0} ms", pick(spread)))
            };
            println!(
                "| {} | {:.1} | {} | {} | {} |",
                row.name,
                row.got.fps_min,
                ms(fast, |spread| spread.p99),
                ms(slow, |spread| spread.p50),
                ms(slow, |spread| spread.p99)
            );
        }
    }
    plot::draw(&full);
    parent::judge(&figures);
}

/// What ours and the parent cost, and how late their pictures were.
fn beside_the_parent(clients: usize, all: &[Vec<Row>]) -> impl Iterator<Item = Figure> {
    let figure = |what: &str, pick: fn(&Row) -> f64| {
        Figure::new(format!("{clients} viewers: {what}"), |name| {
            let rows = all.iter().find(|rows| rows[0].name == name)?;
            let mut values: Vec<f64> = rows.iter().map(pick).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied()
        })
    };
    let figures = [
        figure("µs CPU a picture", |row| row.us_per_picture),
        figure("latency p99, ms", |row| row.got.latency_ms.map_or(0.0, |spread| spread.p99)),
        figure("ms a picture of who gets least", |row| 1e3 / row.got.fps_min.max(0.1)),
    ];
    figures.into_iter().flatten()
}

const JUDGED_VIEWERS: usize = 100;
/// A quality of each level.
const LEVELS: [u8; 8] = [10, 20, 35, 50, 65, 80, 90, 100];
