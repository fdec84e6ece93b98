//! What a process used, as the system counts it (proc(5)).

#![allow(dead_code, reason = "each bench is a crate of its own and uses a part")]

use std::iter::Sum;
use std::time::Duration;

/// What a process used until now.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Processor time since its start, in user and system mode.
    pub cpu: Duration,
    /// Resident memory, MiB.
    pub rss_mib: f64,
    /// The most that it ever was, MiB.
    pub peak_rss_mib: f64,
    /// Its threads now.
    pub threads: u64,
}

impl Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |one, other| Self {
            cpu: one.cpu + other.cpu,
            rss_mib: one.rss_mib + other.rss_mib,
            peak_rss_mib: one.peak_rss_mib + other.peak_rss_mib,
            threads: one.threads + other.threads,
        })
    }
}

/// What the process of this id used.
pub(crate) fn usage(process: u32) -> Usage {
    let read =
        |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
    let stat = read("stat");
    // Behind the name, which may hold blanks: utime and stime are fields 14 and 15.
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse().ok()).unwrap_or(0u64);
    let cpu = Duration::from_millis((ticks(11) + ticks(12)) * 1000 / TICKS_PER_SEC);
    let status = read("status");
    let number = |name: &str| -> u64 {
        let rest = status.lines().find_map(|line| line.strip_prefix(name));
        rest.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    };
    let mib = |name: &str| number(name) as f64 / 1024.0;
    let (rss_mib, peak_rss_mib) = (mib("VmRSS:"), mib("VmHWM:"));
    Usage { cpu, rss_mib, peak_rss_mib, threads: number("Threads:") }
}

/// Linux counts processor time in hundredths of a second for every architecture (`USER_HZ`).
const TICKS_PER_SEC: u64 = 100;
