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

/// One donation.
#[derive(Debug, Clone)]
pub struct Donation {
    /// Rises, also from one run of the server to the next, so that a page that lived through a
    /// restart does not take a new one for one that it knows.
    pub id: u64,
    /// Who gave.
    pub giver: ViewerId,
    /// As the giver wrote it; may be empty.
    pub name: String,
    /// As the giver wrote it; may be empty.
    pub message: String,
    /// When.
    pub at: Instant,
}

impl Thanks {
    /// Adds a donation. Of many at once the oldest are forgotten.
    pub fn add(
        &self,
        giver: ViewerId,
        name: String,
        message: String,
        now: Instant,
        wall: SystemTime,
    ) {
        let mut list = self.list.lock();
        list.count += 1;
        let id = u64::max(list.last_id + 1, clock::unix_micros(wall) / 1000);
        list.last_id = id;
        list.given.push_back(Donation { id, giver, name, message, at: now });
        if list.given.len() > MOST_AT_ONCE {
            list.given.pop_front();
        }
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

    #[test]
    fn thanks_last_a_minute() {
        let thanks = Thanks::default();
        let start = Instant::now();
        let wall = SystemTime::UNIX_EPOCH;
        thanks.add(ViewerId::from_bits(1), "Ada".into(), String::new(), start, wall);
        let seen = |seconds| thanks.recent(start + Duration::from_secs(seconds)).len();
        assert_eq!([seen(0), seen(59), seen(60)], [1, 1, 0]);
        assert_eq!(thanks.count(), 1);
    }

    #[test]
    fn a_flood_keeps_the_newest() {
        let thanks = Thanks::default();
        let now = Instant::now();
        for number in 0..100 {
            let name = number.to_string();
            // The clock goes back a second each time: ids rise all the same.
            let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(100 - number);
            thanks.add(ViewerId::from_bits(1), name, String::new(), now, wall);
        }
        let recent = thanks.recent(now);
        let names: Vec<&str> = recent.iter().map(|donation| donation.name.as_str()).collect();
        assert_eq!((names.len(), names[0], names[15]), (16, "84", "99"));
        assert!(recent.is_sorted_by(|one, next| one.id < next.id));
    }
}
