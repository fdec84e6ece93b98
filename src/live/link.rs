//! A viewer whose connection cannot take its level goes down, and tries again later.
//!
//! Pure state, stepped once a second by the governor with what the viewer's
//! streams did in that second. Knows no socket: a skipped frame is one that was
//! ready while the one before it was still being sent.
//!
//! A client that stands still for a while (a tab switch, a lid) is no slow link: what
//! held before it holds after it. A link that fell from what it had carried well, and then
//! proves itself, jumps back; the slow climb is for those that do not prove it.

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
    /// Since when it carries this cap.
    steady_since: Option<Instant>,
    /// The cap that it carried well before it fell.
    carried: Option<Level>,
    /// While the client stands still after it was steady: in how many seconds of that something
    /// went all the same.
    stall: Option<u32>,
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
    /// Whether the client stood still for a good part of it.
    pub stalled: bool,
    /// Bits per second that the link took for a moment, of which all was read at once.
    pub proven_bits_per_sec: u64,
}

/// No link is held below this part of what the lowest level costs: about a picture a second.
const LEAST_PART: u64 = 30;
const DRAIN: Duration = Duration::from_secs(3);
const FIRST_PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_PATIENCE: Duration = Duration::from_secs(60);
/// A rise that lasts this long was right.
const PROBATION: Duration = Duration::from_secs(3);
/// A stall has a second in which it begins and one in which it ends. What halts in more of them is
/// slow.
const ENDS_OF_A_STALL: u32 = 2;

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
            steady_since: None,
            carried: None,
            stall: None,
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
            if second.stalled && self.is_proven(second, costs) {
                // It stood still, and went on at once.
                self.jump(now);
            } else if !self.stands_still(second, now) {
                self.fall(second, costs, current, now);
            }
            return;
        }
        if second.sent > 0 {
            self.steady_since.get_or_insert(now);
            self.stall = None;
        }
        let raised_well = self.raised_at.is_some_and(|at| now.duration_since(at) >= PROBATION);
        if raised_well {
            self.raised_at = None;
            if self.rate.is_none() && self.cap >= self.choked_at {
                self.patience = FIRST_PATIENCE;
            }
        }
        if self.is_proven(second, costs) {
            self.jump(now);
        } else if self.retry_at.is_some_and(|at| now >= at) {
            self.rise(costs);
            self.risen(now);
        }
    }

    /// Whether a second that choked says nothing about the link: the client, which had carried
    /// all, took nothing at all for a while.
    fn stands_still(&mut self, second: Second, now: Instant) -> bool {
        let begins = self.is_steady(now).then_some(0);
        let Some(ends) = self.stall.or(begins).filter(|_| second.stalled) else { return false };
        let ends = ends + u32::from(second.sent > 0);
        self.stall = Some(ends);
        self.steady_since = None;
        ends <= ENDS_OF_A_STALL
    }

    fn is_steady(&self, now: Instant) -> bool {
        self.steady_since.is_some_and(|since| now.duration_since(since) >= PROBATION)
    }

    /// Whether it took with ease, and at once, what it carried before it fell.
    fn is_proven(&self, second: Second, costs: &Costs) -> bool {
        let cost = self.carried.and_then(|carried| costs[carried.index()]);
        second.sent > 0 && cost.is_some_and(|cost| second.proven_bits_per_sec / 3 * 2 >= cost)
    }

    fn jump(&mut self, now: Instant) {
        self.cap = self.carried.take().unwrap_or(self.cap).max(self.cap);
        (self.rate, self.drain_until) = (None, None);
        self.risen(now);
    }

    fn risen(&mut self, now: Instant) {
        self.raised_at = Some(now);
        self.steady_since = None;
        self.retry_at = (self.cap < Level::TOP).then_some(now + PROBATION);
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
            self.carried = None;
        } else if self.rate.is_none() && (self.is_steady(now) || self.stall.is_some()) {
            self.carried = Some(self.cap);
        }
        (self.steady_since, self.stall) = (None, None);
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
    const SMOOTH: Second = Second {
        sent: 30,
        skipped: 0,
        bits_per_sec: 8_000,
        fresh: false,
        stalled: false,
        proven_bits_per_sec: 0,
    };
    /// A second in which a client begins or ceases to stand still, and one in between.
    const HALTED: Second =
        Second { sent: 10, skipped: 20, bits_per_sec: 2_700, stalled: true, ..SMOOTH };
    const STOOD_STILL: Second = Second { sent: 0, skipped: 30, bits_per_sec: 0, ..HALTED };
    const PROVEN: Second = Second { proven_bits_per_sec: 12_000, ..SMOOTH };

    fn choked(bits_per_sec: u64) -> Second {
        Second { sent: 20, skipped: 10, bits_per_sec, ..SMOOTH }
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
        let second = Second { sent: 5, skipped: 1, bits_per_sec: 1, ..SMOOTH };
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
        let stuck = Second { sent: 0, skipped: 30, bits_per_sec: 0, ..SMOOTH };
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

    /// Steps through seconds. Returns the cap after each.
    fn run(link: &mut Link, from: Instant, seconds: &[Second]) -> Vec<Level> {
        let step = |(number, second): (u64, &Second)| {
            let current = link.cap();
            link.step(*second, &COSTS, current, from + Duration::from_secs(number));
            link.cap()
        };
        (0..).zip(seconds).map(step).collect()
    }

    #[test]
    fn a_client_that_stands_still_keeps_its_level_however_long() {
        for stood in [0, 1, 2, 5, 15] {
            let mut link = Link::default();
            let mut seconds = vec![SMOOTH; 5];
            seconds.push(HALTED);
            seconds.extend(vec![STOOD_STILL; stood]);
            seconds.extend([HALTED, SMOOTH, SMOOTH]);
            let caps = run(&mut link, Instant::now(), &seconds);
            assert!(caps.iter().all(|cap| *cap == Level::TOP), "{stood}: {caps:?}");
            assert_eq!(link.rate(Instant::now()), None, "{stood}");
        }
    }

    #[test]
    fn a_client_that_halts_again_and_again_is_slow() {
        let mut link = Link::default();
        let mut seconds = vec![SMOOTH; 5];
        seconds.extend([HALTED; 3]);
        let caps = run(&mut link, Instant::now(), &seconds);
        assert_eq!((caps[6], caps[7]), (Level::TOP, at(1)));
    }

    #[test]
    fn a_client_that_was_slow_from_the_start_is_not_taken_to_stand_still() {
        for before in 0..3 {
            let mut link = Link::default();
            let mut seconds = vec![SMOOTH; before];
            seconds.push(HALTED);
            run(&mut link, Instant::now(), &seconds);
            assert_eq!(link.cap(), at(1), "{before}");
        }
    }

    #[test]
    fn after_a_stall_a_link_that_became_slow_falls_within_two_seconds() {
        let mut link = Link::default();
        let mut seconds = vec![SMOOTH; 5];
        seconds.extend([HALTED, STOOD_STILL, HALTED, choked(2_500)]);
        run(&mut link, Instant::now(), &seconds);
        assert_eq!(link.cap(), at(1));
    }

    #[test]
    fn a_link_that_proves_itself_jumps_back_to_what_it_carried() {
        let mut link = Link::default();
        let start = Instant::now();
        let mut seconds = vec![SMOOTH; 5];
        seconds.extend([choked(500), choked(500), SMOOTH, PROVEN]);
        let caps = run(&mut link, start, &seconds);
        assert_eq!(caps[7..], [Level::LOWEST, Level::TOP]);
        assert_eq!(link.rate(start), None, "every frame at once");
    }

    #[test]
    fn it_jumps_back_in_the_very_second_in_which_it_goes_on() {
        let mut link = Link::default();
        let mut seconds = vec![SMOOTH; 5];
        let goes_on = Second { proven_bits_per_sec: 12_000, ..HALTED };
        seconds.extend([choked(500), STOOD_STILL, goes_on]);
        let caps = run(&mut link, Instant::now(), &seconds);
        assert_eq!(caps[6..], [Level::LOWEST, Level::TOP]);
    }

    #[test]
    fn what_it_never_carried_it_does_not_jump_to_and_not_twice_if_it_chokes() {
        let mut link = Link::default();
        let caps = run(&mut link, Instant::now(), &[choked(500), PROVEN, PROVEN]);
        assert_eq!(caps, [Level::LOWEST; 3], "it choked from the start");

        let mut link = Link::default();
        let mut seconds = vec![SMOOTH; 5];
        seconds.extend([choked(500), PROVEN, choked(500), PROVEN, PROVEN]);
        let caps = run(&mut link, Instant::now(), &seconds);
        let low = Level::LOWEST;
        assert_eq!(caps[5..], [low, Level::TOP, low, low, low]);
    }

    #[test]
    fn a_link_that_takes_just_what_it_carried_before_does_not_prove_itself() {
        let mut link = Link::default();
        let mut seconds = vec![SMOOTH; 5];
        seconds.extend([choked(500), Second { proven_bits_per_sec: 8_000, ..SMOOTH }]);
        run(&mut link, Instant::now(), &seconds);
        assert_eq!(link.cap(), Level::LOWEST);
    }

    #[test]
    fn a_second_in_which_nothing_was_due_is_smooth() {
        assert!(!Second::default().choked());
    }
}
