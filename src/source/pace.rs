//! When the next picture is due, for sources that keep their own rate.
//!
//! Due times are counted from the first one, so that rounding and late wake-ups
//! do not add up. Knows no pictures.

use std::time::{Duration, Instant};

/// An endless row of due times at equal distances.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    first: Instant,
    period: Duration,
    count: u32,
}

impl Pace {
    /// `fps` pictures a second, the first one due at `first`.
    pub(super) fn new(fps: f64, first: Instant) -> Self {
        let fps = if fps.is_finite() { fps.clamp(SLOWEST_FPS, FASTEST_FPS) } else { 1.0 };
        Self { first, period: Duration::from_secs_f64(1.0 / fps), count: 0 }
    }

    /// How many pictures a second.
    pub(super) fn per_sec(&self) -> f64 {
        1.0 / self.period.as_secs_f64()
    }

    /// When the next picture is due.
    pub(super) fn due(&self) -> Instant {
        self.first + self.period * self.count
    }

    /// Counts a picture that was made at `now`; one that is late by more than a period
    /// moves all that follow instead of making them hurry.
    pub(super) fn made(&mut self, now: Instant) {
        if now.saturating_duration_since(self.due()) > self.period {
            self.first = now;
            self.count = 0;
        }
        self.count += 1;
        if self.count == REBASE {
            self.first = self.due();
            self.count = 0;
        }
    }

    /// Sleeps until a picture is due, or until `deadline` and says `false`.
    pub(super) fn wait(&self, deadline: Instant) -> bool {
        let due = self.due();
        std::thread::sleep(due.min(deadline).saturating_duration_since(Instant::now()));
        due <= deadline
    }
}

const SLOWEST_FPS: f64 = 0.01;
const FASTEST_FPS: f64 = 1000.0;

/// Long before `period * count` could pass what a [`Duration`] holds.
const REBASE: u32 = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_times_do_not_drift() {
        let start = Instant::now();
        let mut pace = Pace::new(30.0, start);
        for _ in 0..30 * 3600 {
            // Each is made half a period late.
            let late = pace.due() + Duration::from_millis(16);
            pace.made(late);
        }
        let off = pace.due() - start;
        assert!(off.abs_diff(Duration::from_secs(3600)) < Duration::from_millis(1), "{off:?}");
    }

    #[test]
    fn after_a_long_stop_nothing_hurries() {
        let start = Instant::now();
        let mut pace = Pace::new(10.0, start);
        let back = start + Duration::from_secs(60);
        pace.made(back);
        assert_eq!(pace.due(), back + Duration::from_millis(100));
    }

    #[test]
    fn deadline_before_the_due_time_ends_the_wait() {
        let now = Instant::now();
        let mut pace = Pace::new(0.02, now);
        assert!(pace.wait(now));
        pace.made(now);
        assert!(!pace.wait(now));
    }

    #[test]
    fn senseless_rates_do_not_panic() {
        for fps in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
            let mut pace = Pace::new(fps, Instant::now());
            pace.made(Instant::now());
            assert!(pace.due() > pace.first);
        }
    }
}
