//! How often something may be done: so many times at once, and then one each so often.
//!
//! Pure arithmetic on times that are handed in. What is kept for each who does it is bounded.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// What is allowed: a bucket of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many may be done at once.
    pub burst: u32,
    /// How long it takes until one more may be done.
    pub each: Duration,
}

/// Who did how much of late.
///
/// Instead of a count of tokens each has the time at which its bucket will be full again, so that
/// nothing has to be refilled (GCRA, ITU-T I.371).
#[derive(Debug)]
pub struct Rates<K> {
    rate: Rate,
    full_at: HashMap<K, Instant>,
    most: usize,
}

/// Too much was done; in this time there may be one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooSoon(pub Duration);

impl<K: Clone + Eq + Hash> Rates<K> {
    /// Nobody did anything; `most` are remembered at once.
    pub fn new(rate: Rate, most: usize) -> Self {
        Self { rate, full_at: HashMap::new(), most }
    }

    /// Whether one more may be done, without doing it.
    ///
    /// # Errors
    ///
    /// [`TooSoon`] if not yet.
    pub fn may(&self, who: &K, now: Instant) -> Result<(), TooSoon> {
        let Some(&full_at) = self.full_at.get(who) else { return Ok(()) };
        let room = self.rate.each * self.rate.burst.saturating_sub(1);
        match full_at.saturating_duration_since(now).checked_sub(room) {
            None | Some(Duration::ZERO) => Ok(()),
            Some(wait) => Err(TooSoon(wait)),
        }
    }

    /// Counts one that was done.
    pub fn did(&mut self, who: K, now: Instant) {
        if self.full_at.len() >= self.most && !self.full_at.contains_key(&who) {
            self.forget(now);
        }
        let full_at = self.full_at.entry(who).or_insert(now);
        *full_at = (*full_at).max(now) + self.rate.each;
    }

    /// Forgets who has a full bucket; if all did something, who did least of late.
    fn forget(&mut self, now: Instant) {
        self.full_at.retain(|_, full_at| *full_at > now);
        if self.full_at.len() >= self.most
            && let Some(least) = self.full_at.iter().min_by_key(|(_, full_at)| **full_at)
        {
            let who = least.0.clone();
            self.full_at.remove(&who);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, each: Duration::from_secs(10) };

    /// How many of `asked` a second are let through in each of the seconds.
    fn let_through(
        rates: &mut Rates<u32>,
        who: u32,
        start: Instant,
        asked: u32,
        seconds: u64,
    ) -> u32 {
        let mut done = 0;
        for second in 0..seconds {
            let now = start + Duration::from_secs(second);
            for _ in 0..asked {
                if rates.may(&who, now).is_ok() {
                    rates.did(who, now);
                    done += 1;
                }
            }
        }
        done
    }

    #[test]
    fn a_burst_is_let_through_and_then_one_each_so_often() {
        let start = Instant::now();
        let mut rates = Rates::new(RATE, 10);
        assert_eq!(let_through(&mut rates, 1, start, 4000, 1), 3);
        assert_eq!(let_through(&mut rates, 1, start, 4000, 100), 9);
        // The bucket is full again after thirty seconds of rest.
        let later = start + Duration::from_secs(99 + 30);
        assert_eq!(let_through(&mut rates, 1, later, 4000, 1), 3);
    }

    #[test]
    fn who_is_too_soon_is_told_for_how_long_to_the_nanosecond() {
        let start = Instant::now();
        let mut rates = Rates::new(RATE, 10);
        for _ in 0..3 {
            rates.did(1, start);
        }
        assert_eq!(rates.may(&1, start), Err(TooSoon(RATE.each)));
        let almost = start + RATE.each - Duration::from_nanos(1);
        assert_eq!(rates.may(&1, almost), Err(TooSoon(Duration::from_nanos(1))));
        assert_eq!(rates.may(&1, start + RATE.each), Ok(()));
        assert_eq!(rates.may(&2, start), Ok(()), "others are not held back");
    }

    #[test]
    fn who_is_refused_does_not_wait_longer_for_asking() {
        let start = Instant::now();
        let mut rates = Rates::new(RATE, 10);
        let_through(&mut rates, 1, start, 4000, 9);
        assert_eq!(rates.may(&1, start + RATE.each), Ok(()));
    }

    #[test]
    fn memory_is_bounded_and_the_busiest_are_remembered() {
        let start = Instant::now();
        let mut rates = Rates::new(RATE, 100);
        for _ in 0..3 {
            rates.did(0, start);
        }
        for who in 1..10_000 {
            rates.did(who, start);
        }
        assert_eq!(rates.full_at.len(), 100);
        assert!(rates.may(&0, start).is_err());
        // All of them have rested: nothing of them is kept.
        rates.did(20_000, start + 30 * RATE.each);
        assert_eq!(rates.full_at.len(), 1);
    }

    #[test]
    fn time_that_goes_back_is_no_panic() {
        let start = Instant::now();
        let mut rates = Rates::new(RATE, 10);
        rates.did(1, start + RATE.each);
        assert_eq!(rates.may(&1, start), Ok(()));
    }
}
