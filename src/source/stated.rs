//! When a picture was taken that another machine has timed by its own wall clock.
//!
//! On the thread that reads the source. What the other machine states is put on the monotonic
//! clock once, by both wall clocks; from there on its pictures keep their distances.

use std::time::{Duration, Instant, UNIX_EPOCH};

use crate::base::clock::Clock;

/// What is known of another machine's clock.
#[derive(Debug, Default)]
pub(super) struct Stated {
    /// What the last picture stated, since the Unix epoch, and when that was.
    last: Option<(Duration, Instant)>,
}

impl Stated {
    /// When a picture was taken that states this time since the Unix epoch: then, if that may be
    /// true, else when it arrived. The other clock may be wrong, or count from when it was started.
    pub(super) fn moment(
        &mut self,
        stated: Option<Duration>,
        arrived: Instant,
        clock: &Clock,
    ) -> Instant {
        let Some(stated) = stated else { return arrived };
        let Some(by_walls) = UNIX_EPOCH.checked_add(stated).and_then(|wall| clock.moment_of(wall))
        else {
            return arrived;
        };
        let may_be = |at: &Instant| apart(*at, arrived) <= MOST_OFF;
        let by_walls = Some(by_walls).filter(may_be);
        // Our own wall clock may have been set meanwhile: that is followed slowly, or the step
        // would be one of RTP's time too.
        let by_last = self.last.and_then(|(before, then)| {
            let passed = stated.checked_sub(before)?;
            let at = then.checked_add(passed)?;
            Some(by_walls.map_or(at, |goal| toward(at, goal, passed / SLOWNESS)))
        });
        let moment = by_last.filter(may_be).or(by_walls);
        self.last = moment.map(|at| (stated, at));
        moment.unwrap_or(arrived)
    }
}

/// From one moment to another, at most by `step`.
fn toward(from: Instant, to: Instant, step: Duration) -> Instant {
    let step = step.min(apart(from, to));
    if to < from { from.checked_sub(step).unwrap_or(from) } else { from + step }
}

fn apart(one: Instant, other: Instant) -> Duration {
    one.checked_duration_since(other).unwrap_or_else(|| other.duration_since(one))
}

/// What another clock may be off to be believed.
const MOST_OFF: Duration = Duration::from_secs(10);
/// A step of the wall clock is followed by one part in so many of the time.
const SLOWNESS: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Fake;

    const MS: Duration = Duration::from_millis(1);
    /// What the fake's wall says at first.
    const UNIX: Duration = Duration::from_secs(1_700_000_000);

    #[test]
    fn stated_time_counts_if_it_is_near() {
        let (clock, _) = Fake::clock();
        let now = clock.now();
        let at = |stated| Stated::default().moment(stated, now, &clock);
        assert_eq!(at(Some(UNIX - 250 * MS)), now - 250 * MS);
        for off in [0, 9_900, 10_000] {
            assert_eq!(at(Some(UNIX + off * MS)), now + off * MS);
            assert_eq!(at(Some(UNIX - off * MS)), now - off * MS);
        }
        let far = [UNIX - 10_001 * MS, UNIX + 10_001 * MS, 12 * MS, Duration::ZERO, Duration::MAX];
        for stated in far.into_iter().map(Some).chain([None]) {
            assert_eq!(at(stated), now, "{stated:?}");
        }
    }

    #[test]
    fn a_step_of_our_wall_clock_moves_no_picture() {
        for step in [-3600, -5, 5, 3600] {
            let (clock, fake) = Fake::clock();
            let mut stated = Stated::default();
            let start = clock.now();
            assert_eq!(stated.moment(Some(UNIX), start, &clock), start);
            fake.step_wall(step);
            for picture in 1..=30 {
                fake.advance(33 * MS);
                let at = stated.moment(Some(UNIX + picture * 33 * MS), clock.now(), &clock);
                let off = apart(at, clock.now());
                assert!(off <= picture * 33 * MS / 100 + MS, "{step} s: {off:?} at {picture}");
            }
        }
    }

    #[test]
    fn a_step_of_our_wall_clock_is_followed_in_the_end() {
        let (clock, fake) = Fake::clock();
        let mut stated = Stated::default();
        stated.moment(Some(UNIX), clock.now(), &clock);
        fake.step_wall(5);
        let mut at = clock.now();
        for second in 1..=501 {
            fake.advance(1000 * MS);
            at = stated.moment(Some(UNIX + second * 1000 * MS), clock.now(), &clock);
        }
        assert_eq!(at, clock.now() - 5000 * MS);
    }

    #[test]
    fn a_step_of_the_other_clock_is_taken_anew() {
        let (clock, fake) = Fake::clock();
        let mut stated = Stated::default();
        stated.moment(Some(UNIX + 5000 * MS), clock.now(), &clock);
        fake.advance(1000 * MS);
        let at = stated.moment(Some(UNIX + 1000 * MS), clock.now(), &clock);
        assert_eq!(at, clock.now());
        let far = stated.moment(Some(UNIX + 60_000 * MS), clock.now(), &clock);
        assert_eq!(far, clock.now());
    }
}
