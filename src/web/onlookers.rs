//! How many watch which title now: pages that follow it on their sockets.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// Those who watch titles. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Onlookers(Arc<Mutex<HashMap<u64, usize>>>);

/// One who watches, until it is dropped.
pub(super) struct Onlooker {
    all: Onlookers,
    title: u64,
}

impl Onlookers {
    /// One more watches a title.
    pub(super) fn enter(&self, title: u64) -> Onlooker {
        *self.0.lock().entry(title).or_default() += 1;
        Onlooker { all: self.clone(), title }
    }

    /// How many watch a title.
    pub(super) fn of(&self, title: u64) -> usize {
        self.0.lock().get(&title).copied().unwrap_or_default()
    }
}

impl Drop for Onlooker {
    fn drop(&mut self) {
        let mut all = self.all.0.lock();
        if let Some(count) = all.get_mut(&self.title) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.title);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_goes_is_not_counted_any_more() {
        let all = Onlookers::default();
        let (first, second) = (all.enter(7), all.enter(7));
        assert_eq!((all.of(7), all.of(8)), (2, 0));
        drop(first);
        assert_eq!(all.of(7), 1);
        drop(second);
        assert_eq!(all.of(7), 0);
        assert!(all.0.lock().is_empty());
    }
}
