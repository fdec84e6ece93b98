//! Who gave, for everybody to see.
//!
//! A short list under a lock of its own; what a donation does to the giver's
//! share is [`super::viewer`]'s.

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;

use super::settings::ViewerId;
use crate::base::clock;

/// How long the thanks are shown, and the giver's share counts double.
pub const THANKS_LAST: Duration = Duration::from_secs(60);

/// The donations of the last minute.
#[derive(Default)]
pub struct Thanks {
    list: Mutex<List>,
}

#[derive(Default)]
struct List {
    given: VecDeque<Donation>,
    count: u64,
    last_id: u64,
}

/// What a giver wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// May be empty.
    pub name: String,
    /// May be empty.
    pub message: String,
}

/// One donation.
#[derive(Debug, Clone)]
pub struct Donation {
    /// Rises, also from one run of the server to the next, so that a page that lived through a
    /// restart does not take a new one for one that it knows.
    pub id: u64,
    /// Who gave; `None` in an earlier run.
    pub giver: Option<ViewerId>,
    /// As the giver wrote it; may be empty.
    pub name: String,
    /// As the giver wrote it; may be empty.
    pub message: String,
    /// When.
    pub at: Instant,
}

impl Thanks {
    /// Adds a donation that is not stored, and so has no id yet.
    pub fn add(&self, giver: ViewerId, words: Words, now: Instant, wall: SystemTime) {
        let id = u64::max(self.list.lock().last_id + 1, clock::unix_micros(wall) / 1000);
        let Words { name, message } = words;
        self.insert(Donation { id, giver: Some(giver), name, message, at: now });
    }

    /// Adds a donation that has an id. Of many at once the oldest are forgotten.
    pub fn insert(&self, donation: Donation) {
        let mut list = self.list.lock();
        list.count += u64::from(donation.giver.is_some());
        list.last_id = list.last_id.max(donation.id);
        list.given.push_back(donation);
        if list.given.len() > MOST_AT_ONCE {
            list.given.pop_front();
        }
    }

    /// Forgets those that are not to be shown any more.
    pub fn keep(&self, is_kept: impl Fn(u64) -> bool) {
        self.list.lock().given.retain(|donation| is_kept(donation.id));
    }

    /// Those of the last minute, the oldest first.
    pub fn recent(&self, now: Instant) -> Vec<Donation> {
        let mut list = self.list.lock();
        list.given.retain(|donation| now.duration_since(donation.at) < THANKS_LAST);
        list.given.iter().cloned().collect()
    }

    /// Donations since the start.
    pub fn count(&self) -> u64 {
        self.list.lock().count
    }
}

const MOST_AT_ONCE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn words(name: &str) -> Words {
        Words { name: name.to_owned(), message: String::new() }
    }

    #[test]
    fn what_was_deleted_is_forgotten_and_what_an_earlier_run_took_is_not_counted() {
        let thanks = Thanks::default();
        let at = Instant::now();
        for id in [7, 9] {
            let Words { name, message } = words("Ada");
            thanks.insert(Donation { id, giver: None, name, message, at });
        }
        thanks.keep(|id| id != 7);
        thanks.add(ViewerId::from_bits(1), words("Bob"), at, SystemTime::UNIX_EPOCH);
        let ids: Vec<u64> = thanks.recent(at).iter().map(|donation| donation.id).collect();
        assert_eq!((ids, thanks.count()), (vec![9, 10], 1));
    }

    #[test]
    fn thanks_last_a_minute() {
        let thanks = Thanks::default();
        let start = Instant::now();
        let wall = SystemTime::UNIX_EPOCH;
        thanks.add(ViewerId::from_bits(1), words("Ada"), start, wall);
        let seen = |seconds| thanks.recent(start + Duration::from_secs(seconds)).len();
        assert_eq!([seen(0), seen(59), seen(60)], [1, 1, 0]);
        assert_eq!(thanks.count(), 1);
    }

    #[test]
    fn a_flood_keeps_the_newest() {
        let thanks = Thanks::default();
        let now = Instant::now();
        for number in 0..100 {
            // The clock goes back a second each time: ids rise all the same.
            let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(100 - number);
            thanks.add(ViewerId::from_bits(1), words(&number.to_string()), now, wall);
        }
        let recent = thanks.recent(now);
        let names: Vec<&str> = recent.iter().map(|donation| donation.name.as_str()).collect();
        assert_eq!((names.len(), names[0], names[15]), (16, "84", "99"));
        assert!(recent.is_sorted_by(|one, next| one.id < next.id));
    }
}
