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
    /// Bits per second, where not even the lowest level fits whole.
    rate: Option<u64>,
    /// The level that was too much for it last.
    choked_at: Level,
    /// Until when less is sent, so that what the sockets hold runs out.
    drain_until: Option<Instant>,
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
    /// Whether nothing old lies in sockets.
    pub fresh: bool,
}

/// No link is held below this part of what the lowest level costs: about a picture a second.
const LEAST_PART: u64 = 30;
const DRAIN: Duration = Duration::from_secs(3);
const FIRST_PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_PATIENCE: Duration = Duration::from_secs(60);
/// A rise that lasts this long was right.
const PROBATION: Duration = Duration::from_secs(3);

impl Default for Link {
    fn default() -> Self {
        Self {
            cap: Level::TOP,
            rate: None,
            choked_at: Level::LOWEST,
            drain_until: None,
            patience: FIRST_PATIENCE,
            raised_at: None,
            retry_at: None,
        }
    }
}

impl Link {
    /// The highest level that the link is believed to take.
    pub fn cap(&self) -> Level {
        self.cap
    }

    /// Bits per second to send at most, where not even the lowest level fits whole.
    ///
    /// What is already in the sockets of a link that choked is old, and a viewer sees it before
    /// what is sent now: for the first seconds, little is sent.
    pub fn rate(&self, now: Instant) -> Option<u64> {
        let draining = self.drain_until.is_some_and(|until| now < until);
        self.rate.map(|rate| if draining { rate / 3 } else { rate })
    }

    /// Whether it does not take even the lowest level whole.
    pub fn is_below_the_lowest(&self) -> bool {
        self.rate.is_some()
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
            if self.rate.is_none() && self.cap >= self.choked_at {
                self.patience = FIRST_PATIENCE;
            }
        }
        if self.retry_at.is_some_and(|at| now >= at) {
            self.rise(costs);
            self.raised_at = Some(now);
            self.retry_at = (self.cap < Level::TOP).then_some(now + PROBATION);
        }
    }

    fn rise(&mut self, costs: &Costs) {
        let lowest = costs[Level::LOWEST.index()].unwrap_or(0);
        match self.rate.map(|rate| rate + rate / 2).filter(|rate| *rate < lowest) {
            Some(rate) => self.rate = Some(rate),
            None if self.rate.is_some() => self.rate = None,
            None => self.cap = self.cap.up(),
        }
    }

    fn fall(&mut self, second: Second, costs: &Costs, current: Level, now: Instant) {
        if self.raised_at.take().is_some_and(|at| now.duration_since(at) < PROBATION) {
            self.patience = (self.patience * 2).min(LONGEST_PATIENCE);
        }
        self.choked_at = current;
        // A fifth stays free, so that what the sockets hold runs out.
        let part = if second.fresh { 5 } else { 4 };
        let carried = second.bits_per_sec / 5 * part;
        let paid = |level: &Level| costs[level.index()].is_some_and(|cost| cost <= carried);
        let below = current.min(self.cap).down();
        let best = Level::all().rev().filter(|level| *level <= below).find(paid);
        self.cap = best.unwrap_or(Level::LOWEST);
        // A full socket may take nothing for a second or two: that is not its rate.
        let least = costs[Level::LOWEST.index()].unwrap_or(0) / LEAST_PART;
        self.rate = best.is_none().then(|| carried.max(least).max(1));
        self.drain_until = (!second.fresh).then_some(now + DRAIN);
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
    const SMOOTH: Second = Second { sent: 30, skipped: 0, bits_per_sec: 8_000, fresh: false };

    fn choked(bits_per_sec: u64) -> Second {
        Second { sent: 20, skipped: 10, bits_per_sec, fresh: false }
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
        let second = Second { sent: 5, skipped: 1, bits_per_sec: 1, fresh: false };
        link.step(second, &COSTS, Level::TOP, Instant::now());
        assert_eq!(link.cap(), Level::TOP);
    }

    #[test]
    fn a_slow_link_falls_at_once_to_what_it_pays_for() {
        for (bits_per_sec, index) in [(8_750, 6), (8_745, 5), (7_000, 4), (2_500, 1), (10, 0)] {
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
        assert_eq!(rises, [5, 8, 19, 22, 43, 46, 87, 90], "up to what fits, then one more");
    }

    #[test]
    fn below_the_lowest_level_a_rate_is_kept_and_what_is_old_runs_out_first() {
        let mut link = Link::default();
        let start = Instant::now();
        link.step(choked(500), &COSTS, Level::TOP, start);
        assert_eq!((link.cap(), link.rate(start)), (Level::LOWEST, Some(133)));
        assert_eq!(link.rate(start + DRAIN), Some(400));
        link.step(SMOOTH, &COSTS, Level::LOWEST, start + Duration::from_secs(5));
        assert_eq!(link.rate(start + DRAIN), Some(600));
    }

    #[test]
    fn where_nothing_old_lies_in_sockets_nothing_has_to_run_out() {
        let mut link = Link::default();
        let start = Instant::now();
        link.step(Second { fresh: true, ..choked(500) }, &COSTS, Level::TOP, start);
        assert_eq!((link.cap(), link.rate(start)), (Level::LOWEST, Some(500)));
    }

    #[test]
    fn a_second_in_which_nothing_went_out_does_not_starve_it() {
        let mut link = Link::default();
        let start = Instant::now();
        let stuck = Second { sent: 0, skipped: 30, bits_per_sec: 0, fresh: false };
        link.step(stuck, &COSTS, Level::TOP, start);
        assert_eq!(link.rate(start + DRAIN), Some(33));
    }

    #[test]
    fn a_link_that_is_good_again_climbs_to_the_top() {
        let mut link = Link::default();
        let start = Instant::now();
        link.step(choked(10), &COSTS, Level::TOP, start);
        assert_eq!(link.cap(), Level::LOWEST);
        for second in 1..=70 {
            link.step(SMOOTH, &COSTS, link.cap(), start + Duration::from_secs(second));
        }
        assert_eq!(link.cap(), Level::TOP);
    }

    #[test]
    fn a_second_in_which_nothing_was_due_is_smooth() {
        assert!(!Second::default().choked());
    }
}
