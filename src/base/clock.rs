//! What time it is: monotonic inside, wall time only where somebody outside reads it.
//!
//! A [`Clock`] is handed to whoever needs one, on any thread. A moment is an [`Instant`] wherever
//! it is kept, and becomes a [`SystemTime`] when it is written out, by the wall clock as it is
//! then: a wall clock that is stepped moves no pace, no duration and no RTP time.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

/// The time, monotonic and on the wall; clones share it.
#[derive(Clone)]
pub struct Clock {
    shared: Arc<Shared>,
}

struct Shared {
    hands: Hands,
    started: Instant,
    anchor: Mutex<Anchor>,
}

/// Where the time is read.
enum Hands {
    System,
    #[cfg(test)]
    Fake(Arc<Mutex<Anchor>>),
}

/// One moment on both clocks.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    instant: Instant,
    wall: SystemTime,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::of(Hands::System)
    }

    fn of(hands: Hands) -> Self {
        let instant = hands.now();
        let anchor = Anchor { instant, wall: hands.wall() };
        let shared = Shared { hands, started: instant, anchor: Mutex::new(anchor) };
        Self { shared: Arc::new(shared) }
    }

    /// Now, for all that is measured or waited for.
    pub fn now(&self) -> Instant {
        self.shared.hands.now()
    }

    /// Now, for whoever reads the time of day.
    pub fn wall(&self) -> SystemTime {
        self.shared.hands.wall()
    }

    /// What the wall clock, as it stands now, said or will say at a moment.
    ///
    /// One moment gives one time to the microsecond, whoever asks, until the wall clock is set.
    pub fn wall_at(&self, moment: Instant) -> SystemTime {
        self.anchor().wall_at(moment)
    }

    /// The moment at which the wall clock, as it stands now, said or will say `wall`; `None` if
    /// the system can't express it.
    pub fn moment_of(&self, wall: SystemTime) -> Option<Instant> {
        self.anchor().moment_of(wall)
    }

    /// From when this clock was made to `moment`: what RTP counts from.
    pub fn since_start(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.shared.started)
    }

    /// A moment on both clocks, the same one as before for as long as the wall clock keeps it:
    /// two clocks are never read at once, and the difference would show as jitter.
    fn anchor(&self) -> Anchor {
        let hands = &self.shared.hands;
        let (before, wall, after) = (hands.now(), hands.wall(), hands.now());
        let mut anchor = self.shared.anchor.lock();
        // Between the two readings this thread may have lost the processor.
        let earliest = anchor.wall_at(before).checked_sub(SLACK);
        let latest = anchor.wall_at(after).checked_add(SLACK);
        let kept = earliest.is_none_or(|at| wall >= at) && latest.is_none_or(|at| wall <= at);
        if !kept {
            *anchor = Anchor { instant: after, wall };
        }
        *anchor
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("started", &self.shared.started).finish_non_exhaustive()
    }
}

impl Anchor {
    fn wall_at(self, moment: Instant) -> SystemTime {
        let at = match moment.checked_duration_since(self.instant) {
            Some(since) => self.wall.checked_add(since),
            None => self.wall.checked_sub(self.instant.duration_since(moment)),
        };
        at.unwrap_or(self.wall)
    }

    fn moment_of(self, wall: SystemTime) -> Option<Instant> {
        match wall.duration_since(self.wall) {
            Ok(since) => self.instant.checked_add(since),
            Err(before) => self.instant.checked_sub(before.duration()),
        }
    }
}

impl Hands {
    fn now(&self) -> Instant {
        match self {
            Hands::System => Instant::now(),
            #[cfg(test)]
            Hands::Fake(at) => at.lock().instant,
        }
    }

    fn wall(&self) -> SystemTime {
        match self {
            Hands::System => SystemTime::now(),
            #[cfg(test)]
            Hands::Fake(at) => at.lock().wall,
        }
    }
}

/// Microseconds of Unix time; 0 before 1970.
pub fn unix_micros(time: SystemTime) -> u64 {
    u64::try_from(since_unix(time).as_micros()).unwrap_or(u64::MAX)
}

/// Seconds of Unix time; 0 before 1970.
pub fn unix_seconds(time: SystemTime) -> u64 {
    since_unix(time).as_secs()
}

/// Unix time; 0 before 1970.
pub fn since_unix(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// How far the wall clock may drift before the anchor follows it: NTP bends it by half of this in
/// a second at the most.
const SLACK: Duration = Duration::from_millis(1);

/// Sets a clock of a test.
#[cfg(test)]
#[derive(Clone)]
pub(crate) struct Fake {
    at: Arc<Mutex<Anchor>>,
}

#[cfg(test)]
impl Fake {
    /// A clock that stands until it is told to move, and what moves it. The wall says 14 November
    /// 2023, 22:13:20 UTC, which is 1700000000 in Unix time.
    pub(crate) fn clock() -> (Clock, Self) {
        let wall = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let at = Arc::new(Mutex::new(Anchor { instant: Instant::now(), wall }));
        (Clock::of(Hands::Fake(Arc::clone(&at))), Self { at })
    }

    /// Time passes, on both clocks.
    pub(crate) fn advance(&self, time: Duration) {
        let mut at = self.at.lock();
        at.instant += time;
        at.wall += time;
    }

    /// Somebody sets the wall clock.
    pub(crate) fn set_wall(&self, wall: SystemTime) {
        self.at.lock().wall = wall;
    }

    /// Somebody steps the wall clock.
    pub(crate) fn step_wall(&self, seconds: i64) {
        let by = Duration::from_secs(seconds.unsigned_abs());
        let mut at = self.at.lock();
        at.wall = if seconds < 0 { at.wall - by } else { at.wall + by };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_moment_is_told_by_the_wall_clock_as_it_is_now() {
        let (clock, fake) = Fake::clock();
        let (moment, first) = (clock.now(), clock.wall());
        fake.advance(SECOND);
        assert_eq!(clock.wall_at(moment), first);
        assert_eq!(clock.wall_at(moment + 3 * SECOND), first + 3 * SECOND);
        fake.step_wall(-3600);
        assert_eq!(clock.wall_at(moment), first - 3600 * SECOND);
        fake.step_wall(7200);
        assert_eq!(clock.wall_at(moment), first + 3600 * SECOND);
    }

    #[test]
    fn a_step_moves_no_monotonic_time() {
        let (clock, fake) = Fake::clock();
        let moment = clock.now();
        for seconds in [-3600, 3600, 86_400, -1_600_000_000] {
            fake.step_wall(seconds);
            assert_eq!((clock.now(), clock.since_start(clock.now())), (moment, Duration::ZERO));
        }
        fake.advance(SECOND);
        assert_eq!(clock.since_start(clock.now()), SECOND);
        assert_eq!(clock.since_start(moment), Duration::ZERO);
    }

    #[test]
    fn moments_and_wall_times_are_each_others_inverse() {
        let (clock, fake) = Fake::clock();
        let moment = clock.now();
        for seconds in [0, -3600, 9000] {
            fake.step_wall(seconds);
            for at in [moment, moment + 5 * SECOND, clock.now() + 7 * SECOND] {
                assert_eq!(clock.moment_of(clock.wall_at(at)), Some(at));
            }
        }
    }

    #[test]
    fn a_drift_is_followed_once_it_passes_the_slack() {
        let (clock, fake) = Fake::clock();
        let (moment, first) = (clock.now(), clock.wall());
        fake.set_wall(first + SLACK);
        assert_eq!(clock.wall_at(moment), first, "within the slack nothing jumps");
        fake.set_wall(first + 2 * SLACK);
        assert_eq!(clock.wall_at(moment), first + 2 * SLACK);
    }

    #[test]
    fn one_moment_has_one_time_whoever_asks() {
        let clock = Clock::system();
        let moment = clock.now();
        let mut told: Vec<SystemTime> = (0..1000).map(|_| clock.wall_at(moment)).collect();
        told.dedup();
        // Two if this machine's clock is set in this very moment.
        assert!(told.len() <= 2, "{told:?}");
        let apart = |at: SystemTime| at.elapsed().unwrap_or_else(|ahead| ahead.duration());
        assert!(apart(clock.wall_at(clock.now())) < 10 * SECOND);
    }

    #[test]
    fn impossible_times_are_no_panic() {
        let (clock, fake) = Fake::clock();
        fake.set_wall(UNIX_EPOCH);
        let _ = clock.moment_of(UNIX_EPOCH + Duration::from_secs(i64::MAX as u64));
        assert_eq!(unix_micros(UNIX_EPOCH - SECOND), 0);
        assert_eq!(unix_seconds(UNIX_EPOCH + SECOND + SECOND / 2), 1);
    }
}
