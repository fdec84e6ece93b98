//! Pictures that could not be made as they should have been: counted, and told once.
//!
//! Something else goes out in place of each. Any thread may note one.

use std::sync::atomic::{AtomicU64, Ordering};

use log::warn;
use parking_lot::Mutex;

/// How many there were, and what was told of them.
#[derive(Debug, Default)]
pub struct Unmade {
    count: AtomicU64,
    told: Mutex<Vec<String>>,
}

impl Unmade {
    /// Counts one, and warns of it if nothing was said yet for the same reason.
    pub fn note(&self, why: &str) {
        self.count.fetch_add(1, Ordering::Relaxed);
        if self.is_news(why) {
            warn!("a picture cannot be sent as it should be, and something else goes out: {why}");
        }
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    fn is_news(&self, why: &str) -> bool {
        let mut told = self.told.lock();
        let news = told.len() < MAX_REASONS && !told.iter().any(|reason| reason == why);
        if news {
            told.push(why.to_owned());
        }
        news
    }
}

/// There are a few; a flood of others would be one that a source makes up.
const MAX_REASONS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_told_once_and_each_picture_counted() {
        let unmade = Unmade::default();
        assert!(unmade.is_news("too dark"));
        assert!(!unmade.is_news("too dark"));
        let more = (0..1000).filter(|number| unmade.is_news(&number.to_string()));
        assert_eq!(more.count(), MAX_REASONS - 1);
        (0..7).for_each(|_| unmade.note("too dark"));
        assert_eq!(unmade.count(), 7);
    }
}
