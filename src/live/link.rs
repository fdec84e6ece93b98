//! A viewer whose connection cannot take its level goes down, and tries again later.
//!
//! Pure state, stepped once a second by the governor with what the viewer's
//! streams did in that second. Knows no socket: a skipped frame is one that was
//! ready while the one before it was still being sent.

use std::time::{Duration, Instant};

use super::level::{Costs, Level};

/// What one viewer's link has shown so far.
#[derive(Debug, Clone)]
pub struct Link {
    cap: Level,
    patience: Duration,
    raised_at: Option<Instant>,
    retry_at: Option<Instant>,
}

/// What one viewer's streams did in the last second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Second {
    /// Frames sent whole.
    pub sent: u64,
    /// Frames that were ready while an older one was still on its way.
    pub skipped: u64,
    /// Bits per second that went out.
    pub bits_per_sec: u64,
}

const FIRST_PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_PATIENCE: Duration = Duration::from_secs(60);
/// A rise that lasts this long was right.
const PROBATION: Duration = Duration::from_secs(3);

impl Default for Link {
    fn default() -> Self {
        Self { cap: Level::TOP, patience: FIRST_PATIENCE, raised_at: None, retry_at: None }
    }
}

impl Link {
    /// The highest level that the link is believed to take.
    pub fn cap(&self) -> Level {
        self.cap
    }

    /// Learns from a second in which `current` was sent.
    ///
    /// If it choked, the cap falls to the best level below `current` that the bits
    /// which did go out would pay for; else, when patience is over, it rises by one.
    /// A rise that chokes at once doubles the patience, 5 s to 60 s.
    pub fn step(&mut self, second: Second, costs: &Costs, current: Level, now: Instant) {
        if second.choked() {
            self.fall(second, costs, current, now);
            return;
        }
        let raised_well = self.raised_at.is_some_and(|at| now.duration_since(at) >= PROBATION);
        if raised_well {
            self.raised_at = None;
            self.patience = FIRST_PATIENCE;
        }
        if self.retry_at.is_some_and(|at| now >= at) {
            self.cap = self.cap.up();
            self.raised_at = Some(now);
            self.retry_at = (self.cap < Level::TOP).then_some(now + PROBATION);
        }
    }

    fn fall(&mut self, second: Second, costs: &Costs, current: Level, now: Instant) {
        if self.raised_at.take().is_some_and(|at| now.duration_since(at) < PROBATION) {
            self.patience = (self.patience * 2).min(LONGEST_PATIENCE);
        }
        let paid =
            |level: &Level| costs[level.index()].is_some_and(|cost| cost <= second.bits_per_sec);
        let below = current.min(self.cap).down();
        self.cap =
            Level::all().rev().filter(|level| *level <= below).find(paid).unwrap_or(Level::LOWEST);
        self.retry_at = Some(now + self.patience);
    }
}

impl Second {
    /// Whether a tenth of the frames or more was skipped, and not just one of many.
    fn choked(self) -> bool {
        let due = self.sent + self.skipped;
        self.skipped * 10 >= due && (self.skipped > 1 || (self.skipped == 1 && self.sent == 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COSTS: Costs = [
        Some(1_000),
        Some(2_000),
        Some(3_000),
        Some(4_000),
        Some(5_000),
        Some(6_000),
        Some(7_000),
        Some(8_000),
    ];
    const SMOOTH: Second = Second { sent: 30, skipped: 0, bits_per_sec: 8_000 };

    fn choked(bits_per_sec: u64) -> Second {
        Second { sent: 20, skipped: 10, bits_per_sec }
    }

    fn at(index: usize) -> Level {
        Level::at(index).unwrap()
    }

    #[test]
    fn a_smooth_link_keeps_the_top() {
        let mut link = Link::default();
        let start = Instant::now();
        for second in 0..100 {
            link.step(SMOOTH, &COSTS, Level::TOP, start + Duration::from_secs(second));
        }
        assert_eq!(link.cap(), Level::TOP);
    }

    #[test]
    fn one_skipped_frame_of_many_is_no_reason() {
        let mut link = Link::default();
        let second = Second { sent: 5, skipped: 1, bits_per_sec: 1 };
        link.step(second, &COSTS, Level::TOP, Instant::now());
        assert_eq!(link.cap(), Level::TOP);
    }

    #[test]
    fn a_slow_link_falls_at_once_to_what_it_pays_for() {
        for (bits_per_sec, index) in [(7_900, 6), (7_000, 6), (6_999, 5), (2_500, 1), (10, 0)] {
            let mut link = Link::default();
            link.step(choked(bits_per_sec), &COSTS, Level::TOP, Instant::now());
            assert_eq!(link.cap(), at(index), "{bits_per_sec}");
        }
    }

    #[test]
    fn it_goes_down_a_level_even_if_the_bits_would_pay() {
        let mut link = Link::default();
        link.step(choked(1_000_000), &COSTS, at(4), Instant::now());
        assert_eq!(link.cap(), at(3));
    }

    #[test]
    fn it_tries_one_up_after_five_seconds_and_waits_longer_each_time_it_chokes() {
        let mut link = Link::default();
        let start = Instant::now();
        let mut rises = Vec::new();
        for second in 0..120 {
            let before = link.cap();
            let now = start + Duration::from_secs(second);
            let did = if before > at(3) { choked(4_000) } else { SMOOTH };
            link.step(did, &COSTS, before, now);
            if link.cap() > before {
                rises.push(second);
            }
        }
        assert_eq!(rises, [5, 16, 37, 78]);
    }

    #[test]
    fn a_link_that_is_good_again_climbs_to_the_top() {
        let mut link = Link::default();
        let start = Instant::now();
        link.step(choked(10), &COSTS, Level::TOP, start);
        assert_eq!(link.cap(), Level::LOWEST);
        for second in 1..=5 + 6 * 3 {
            link.step(SMOOTH, &COSTS, link.cap(), start + Duration::from_secs(second));
        }
        assert_eq!(link.cap(), Level::TOP);
    }

    #[test]
    fn a_second_in_which_nothing_was_due_is_smooth() {
        assert!(!Second::default().choked());
    }
}
