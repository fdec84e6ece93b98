//! What a server cost and what its viewers got: a row of a table, and how it is measured.

#![allow(dead_code, reason = "each bench is a crate of its own and uses a part")]
#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

use std::time::Duration;

use crate::clip::Clip;
use crate::load::{self, Got, Plan};
use crate::server::Server;

/// One server under one number of viewers, the median of the rounds.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// The server.
    pub name: String,
    /// How many watched.
    pub clients: usize,
    /// What they got.
    pub got: Got,
    /// Processor time for each picture that came, microseconds.
    pub us_per_picture: f64,
    /// Processor time, as a part of one core.
    pub cores: f64,
    /// Resident memory at the end, MiB.
    pub rss_mib: f64,
}

/// Starts a server, if it is at hand.
pub(crate) type Start<'a> = Box<dyn Fn() -> Option<Server> + 'a>;

/// Measures each server in turn, so that what else the machine does falls on all of them. Returns
/// the rounds of each.
pub(crate) fn side_by_side(
    starts: &[Start],
    clients: usize,
    seconds: u64,
    rounds: u64,
) -> Vec<Vec<Row>> {
    let mut rows: Vec<Vec<Row>> = starts.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds as usize {
        for turn in 0..starts.len() {
            // Each is the first in some round: who comes first has the coolest processor.
            let which = (round + turn) % starts.len();
            if let Some(server) = starts[which]().filter(|server| clients <= server.most_clients) {
                rows[which].extend(measure(server, |server| plan(server, clients, seconds)));
            }
        }
    }
    rows.into_iter().filter(|rows| !rows.is_empty()).collect()
}

pub(crate) fn plan(server: &Server, clients: usize, seconds: u64) -> Plan {
    Plan {
        address: server.address,
        tls: server.certificate.clone(),
        paths: vec![server.path.clone()],
        clients,
        slow: None,
        settle: Duration::from_secs(2),
        measure: Duration::from_secs(seconds),
    }
}

pub(crate) fn measure(server: Server, plan: impl Fn(&Server) -> Plan) -> Option<Row> {
    let plan = plan(&server);
    let (mut before, mut after) = (None, None);
    let got = load::watch(&plan, || before = Some(server.usage()), || after = Some(server.usage()));
    let (before, after) = before.zip(after)?;
    let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64();
    Some(Row {
        name: server.name.clone(),
        clients: plan.clients,
        us_per_picture: cpu * 1e6 / (got.pictures as f64).max(1.0),
        cores: cpu / plan.measure.as_secs_f64(),
        rss_mib: after.rss_mib,
        got,
    })
}

/// The round whose cost is the median.
pub(crate) fn median(mut rows: Vec<Row>) -> Row {
    rows.sort_by(|one, other| one.us_per_picture.total_cmp(&other.us_per_picture));
    rows.swap_remove(rows.len() / 2)
}

impl Row {
    pub(crate) const HEAD: &'static str = "| server | viewers | served | fps min · p50 | µs CPU a picture | \
        cores | latency p50 · p99 · max ms | gap p99 ms | RSS MiB |\n\
        | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |";
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let latency = self
            .got
            .latency_ms
            .map_or("–".into(), |of| format!("{:.1} · {:.1} · {:.1}", of.p50, of.p99, of.max));
        write!(
            f,
            "| {} | {} | {} | {:.1} · {:.1} | {:.1} | {:.2} | {latency} | {:.1} | {:.0} |",
            self.name,
            self.clients,
            self.got.served - self.got.ended.min(self.got.served),
            self.got.fps_min,
            self.got.fps_p50,
            self.us_per_picture,
            self.cores,
            self.got.gap_p99_ms,
            self.rss_mib,
        )
    }
}

pub(crate) fn print_machine(clip: &Clip) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{cores} cores, loopback, viewers on the same machine; 1280x720 JPEGs of {} kB, 4:2:2, \
         30 a second",
        clip.mean_bytes / 1000
    );
}

pub(crate) fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}
