//! How often what many cause is done: at once if it was not done a moment ago, else once for all of them.
//!
//! Pure, but for a lock: whoever calls does what is to be done.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// The pace of one thing that is done again and again.
#[derive(Debug)]
pub(super) struct Pace {
    each: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    done_at: Option<Instant>,
    /// Something was put off since.
    due: bool,
}

impl Pace {
    /// Not more often than this.
    pub(super) fn new(each: Duration) -> Self {
        Self { each, state: Mutex::default() }
    }

    /// It is done now.
    pub(super) fn done(&self, now: Instant) {
        *self.state.lock() = State { done_at: Some(now), due: false };
    }

    /// Whether to do now what has just become necessary; if not, it is due.
    pub(super) fn now(&self, now: Instant) -> bool {
        let mut state = self.state.lock();
        state.due = self.is_early(&state, now);
        !state.due
    }

    /// Whether something that was put off can be done now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let state = self.state.lock();
        state.due && !self.is_early(&state, now)
    }

    fn is_early(&self, state: &State, now: Instant) -> bool {
        state.done_at.is_some_and(|at| now.saturating_duration_since(at) < self.each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EACH: Duration = Duration::from_millis(20);

    #[test]
    fn the_first_is_done_at_once_and_what_follows_once_for_all() {
        let (pace, start) = (Pace::new(EACH), Instant::now());
        let mut done = 0;
        for at in 0..1000 {
            let now = start + Duration::from_micros(at * 100);
            if pace.now(now) {
                pace.done(now);
                done += 1;
            }
        }
        assert_eq!(done, 5, "in a tenth of a second");
        assert!(!pace.is_due(start + Duration::from_millis(99)));
        let later = start + Duration::from_millis(101);
        assert!(pace.is_due(later));
        pace.done(later);
        assert!(!pace.is_due(later + EACH), "nothing was put off since");
    }
}
