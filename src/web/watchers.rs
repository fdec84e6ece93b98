//! How many watch a title now: who does says so again and again, and is counted until it was silent for
//! a while.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Who watches. Held only to be looked up and noted.
#[derive(Default)]
pub(super) struct Watchers(Mutex<HashMap<Watcher, Instant>>);

/// A title, and a tab of a browser in which it plays.
type Watcher = (u64, String);

impl Watchers {
    /// Notes that a tab plays a title.
    pub(super) fn note(&self, title: u64, tab: &str, now: Instant) {
        let mut all = self.0.lock();
        if all.len() >= MOST {
            all.retain(|_, seen| is_recent(*seen, now));
        }
        if all.len() < MOST {
            all.insert((title, tab.to_owned()), now);
        }
    }

    /// Notes that a tab plays a title no longer.
    pub(super) fn forget(&self, title: u64, tab: &str) {
        self.0.lock().remove(&(title, tab.to_owned()));
    }

    /// How many tabs play a title.
    pub(super) fn count(&self, title: u64, now: Instant) -> usize {
        let all = self.0.lock();
        all.iter().filter(|((of, _), seen)| *of == title && is_recent(**seen, now)).count()
    }

    /// Lets go of who was silent for a while.
    pub(super) fn let_go(&self, now: Instant) {
        self.0.lock().retain(|_, seen| is_recent(*seen, now));
    }
}

fn is_recent(seen: Instant, now: Instant) -> bool {
    now.saturating_duration_since(seen) < SILENT
}

/// More are not counted: each is a name of [`MOST_TAB_BYTES`] at most.
const MOST: usize = 10_000;
/// They say so each 15 s.
const SILENT: Duration = Duration::from_secs(40);
/// How long the name of a tab may be.
pub(super) const MOST_TAB_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_silent_is_counted_no_longer() {
        let (watchers, start) = (Watchers::default(), Instant::now());
        watchers.note(1, "a", start);
        watchers.note(1, "a", start);
        watchers.note(1, "b", start + SILENT / 2);
        watchers.note(2, "a", start);
        assert_eq!(watchers.count(1, start + SILENT / 2), 2);
        assert_eq!(watchers.count(1, start + SILENT), 1);
        watchers.forget(1, "b");
        assert_eq!(watchers.count(1, start), 1);
        watchers.let_go(start + SILENT);
        assert!(watchers.0.lock().is_empty());
    }

    #[test]
    fn there_are_never_more_than_so_many() {
        let (watchers, start) = (Watchers::default(), Instant::now());
        for tab in 0..2 * MOST {
            watchers.note(1, &tab.to_string(), start);
        }
        assert_eq!(watchers.0.lock().len(), MOST);
    }
}
