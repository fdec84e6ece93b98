//! What came within the last second.

use std::collections::VecDeque;
use std::time::Duration;

/// Bits and frames by tenths of a second.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// The oldest first; each with when it began.
    tenths: VecDeque<(Duration, u64, u64)>,
}

impl Meter {
    pub(super) fn count(&mut self, now: Duration, bits: u64, frames: u64) {
        match self.tenths.back_mut() {
            Some((began, b, f)) if now.saturating_sub(*began) < TENTH => {
                *b += bits;
                *f += frames;
            }
            _ => self.tenths.push_back((now, bits, frames)),
        }
        self.forget(now);
    }

    /// Bits and frames a second.
    pub(super) fn rates(&mut self, now: Duration) -> (f64, f64) {
        self.forget(now);
        let sum =
            |of: fn(&(Duration, u64, u64)) -> u64| self.tenths.iter().map(of).sum::<u64>() as f64;
        (sum(|tenth| tenth.1), sum(|tenth| tenth.2))
    }

    fn forget(&mut self, now: Duration) {
        while self.tenths.front().is_some_and(|first| now.saturating_sub(first.0) >= SECOND) {
            self.tenths.pop_front();
        }
    }
}

const TENTH: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_counted_and_then_forgotten() {
        let mut meter = Meter::default();
        for millis in (0..3000).step_by(10) {
            meter.count(Duration::from_millis(millis), 100, u64::from(millis % 40 == 0));
        }
        let (bits, frames) = meter.rates(Duration::from_millis(2999));
        assert!((9_000.0..=10_000.0).contains(&bits) && (22.0..=25.0).contains(&frames));
        assert!(meter.tenths.len() <= 10);
        assert_eq!(meter.rates(Duration::from_secs(9)), (0.0, 0.0));
    }
}
