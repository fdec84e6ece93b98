//! Warnings that a client, a network or a full system could cause without end: told once a second
//! at the most, with how many were like it.
//!
//! A [`WarnRate`] stands beside the code that warns, one for each thing that it warns of. Any
//! thread may use it.

use std::fmt;
use std::time::{Duration, Instant};

use log::{Level, log};
use parking_lot::Mutex;

/// Keeps one kind of warning apart.
#[derive(Debug)]
pub struct WarnRate {
    /// The module that warns, as `RUST_LOG` names it.
    target: &'static str,
    told: Mutex<Told>,
}

#[derive(Debug)]
struct Told {
    at: Option<Instant>,
    /// Since then.
    withheld: u64,
}

impl WarnRate {
    /// Of the module `target`, which is `module_path!()`.
    pub const fn new(target: &'static str) -> Self {
        Self { target, told: Mutex::new(Told { at: None, withheld: 0 }) }
    }

    /// Warns, unless it did so within this second.
    pub fn warn(&self, now: Instant, what: fmt::Arguments<'_>) {
        match self.count(now) {
            None => {}
            Some(0) => log!(target: self.target, Level::Warn, "{what}"),
            Some(more) => {
                log!(target: self.target, Level::Warn, "{what} ({more} more like it before)");
            }
        }
    }

    /// How many were withheld since the last one that was told; `None` if this one is withheld.
    fn count(&self, now: Instant) -> Option<u64> {
        let mut told = self.told.lock();
        if told.at.is_some_and(|at| now < at + PERIOD) {
            told.withheld += 1;
            return None;
        }
        told.at = Some(now);
        Some(std::mem::take(&mut told.withheld))
    }
}

const PERIOD: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_once_a_second_with_its_count() {
        let (rate, start) = (WarnRate::new("here"), Instant::now());
        let told: Vec<(u32, u64)> = (0..2500)
            .filter_map(|ms| Some((ms, rate.count(start + ms * Duration::from_millis(1))?)))
            .collect();
        assert_eq!(told, [(0, 0), (1000, 999), (2000, 999)]);
    }

    #[test]
    fn what_comes_now_and_then_is_told_each_time() {
        let (rate, start) = (WarnRate::new("here"), Instant::now());
        for seconds in 0..5 {
            assert_eq!(rate.count(start + seconds * PERIOD), Some(0));
        }
    }
}
