//! What was told to all in a room, the last of it, for each to read on from its own place.

use std::collections::VecDeque;
use std::sync::Arc;

/// What was told, bounded by count and bytes: who does not read falls off its end.
#[derive(Default)]
pub(super) struct Record {
    told: VecDeque<Arc<str>>,
    /// The place of the first.
    first: u64,
    bytes: usize,
}

/// It is remembered no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Forgotten;

impl Record {
    pub(super) fn add(&mut self, told: String) {
        self.bytes += told.len();
        self.told.push_back(told.into());
        while self.told.len() > MOST || self.bytes > MOST_BYTES && self.told.len() > 1 {
            let Some(oldest) = self.told.pop_front() else { break };
            self.bytes -= oldest.len();
            self.first += 1;
        }
    }

    /// The place of what comes next.
    pub(super) fn end(&self) -> u64 {
        self.first + self.told.len() as u64
    }

    /// What was told at a place; `None` if nothing was yet.
    pub(super) fn at(&self, place: u64) -> Option<Result<Arc<str>, Forgotten>> {
        let Some(index) = place.checked_sub(self.first) else { return Some(Err(Forgotten)) };
        self.told.get(usize::try_from(index).unwrap_or(usize::MAX)).cloned().map(Ok)
    }
}

/// At 50 messages a second 20 s of them.
const MOST: usize = 1024;
const MOST_BYTES: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reads_on_from_its_place_and_who_does_not_falls_off() {
        let mut record = Record::default();
        let place = record.end();
        assert_eq!(record.at(place), None);
        for number in 0..MOST {
            record.add(number.to_string());
        }
        assert_eq!(record.at(place), Some(Ok("0".into())));
        record.add("one more".into());
        assert_eq!(record.at(place), Some(Err(Forgotten)));
        assert_eq!(record.at(place + 1), Some(Ok("1".into())));
        assert_eq!(record.at(record.end() - 1), Some(Ok("one more".into())));
        for _ in 0..10 {
            record.add("x".repeat(MOST_BYTES / 4));
        }
        assert!(record.bytes <= MOST_BYTES && record.told.len() == 4);
    }
}
