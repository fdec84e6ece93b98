//! Which pieces of a file the system has in memory, as far as somebody brought them there a moment ago:
//! what many load at once is read once.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The pieces of one open file. Waits for nothing.
pub struct Warm {
    start: Instant,
    /// When each was there last: milliseconds since the start, and one.
    pieces: Box<[AtomicU32]>,
    bytes: u64,
}

impl Warm {
    /// Those of a file of so many bytes, none of which is known to be there.
    pub fn new(bytes: u64) -> Self {
        let count = usize::try_from(bytes.div_ceil(PIECE_BYTES)).unwrap_or(0);
        Self {
            start: Instant::now(),
            pieces: (0..count).map(|_| AtomicU32::new(0)).collect(),
            bytes,
        }
    }

    /// Whether all of these bytes were there a moment ago.
    pub fn has(&self, part: &Range<u64>, now: Instant) -> bool {
        let now = self.moment(now);
        let pieces = self.pieces.get(place(part.start)..place(part.end.saturating_sub(1)) + 1);
        let is_there = |piece: &AtomicU32| {
            let at = piece.load(Ordering::Relaxed);
            at > 0 && now.saturating_sub(at) < FRESH_MS
        };
        !part.is_empty() && pieces.is_some_and(|pieces| pieces.iter().all(is_there))
    }

    /// Notes that these bytes are there; of a piece that is not whole nothing is noted.
    pub fn note(&self, part: &Range<u64>, now: Instant) {
        let now = self.moment(now);
        let first = part.start.div_ceil(PIECE_BYTES);
        let end =
            if part.end >= self.bytes { self.pieces.len() as u64 } else { part.end / PIECE_BYTES };
        for number in first..end {
            let piece = usize::try_from(number).ok().and_then(|number| self.pieces.get(number));
            piece.into_iter().for_each(|piece| piece.store(now, Ordering::Relaxed));
        }
    }

    fn moment(&self, now: Instant) -> u32 {
        let since = now.saturating_duration_since(self.start).as_millis();
        u32::try_from(since).unwrap_or(u32::MAX - 1) + 1
    }
}

fn place(at: u64) -> usize {
    usize::try_from(at / PIECE_BYTES).unwrap_or(usize::MAX - 1)
}

/// What is read at once.
pub const PIECE_BYTES: u64 = 256 * 1024;
/// For how long it is believed to be there: it takes more than a moment until the system forgets it.
const FRESH_MS: u32 = Duration::from_secs(2).as_millis() as u32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_pieces_are_there_for_a_moment() {
        let warm = Warm::new(2 * PIECE_BYTES + 10);
        let (start, later) = (Instant::now(), Instant::now() + Duration::from_secs(2));
        let (first, last) = (0..PIECE_BYTES, 2 * PIECE_BYTES..2 * PIECE_BYTES + 10);
        assert!(!warm.has(&first, start));
        warm.note(&(1..PIECE_BYTES), start);
        assert!(!warm.has(&(5..6), start), "not all of it was read");
        warm.note(&first, start);
        assert!(warm.has(&first, start) && warm.has(&(5..6), start));
        assert!(!warm.has(&(5..PIECE_BYTES + 1), start));
        assert!(!warm.has(&first, later));
        warm.note(&last, start);
        assert!(warm.has(&last, start) && !warm.has(&(0..2 * PIECE_BYTES + 10), start));
        for nothing in [0..0, 7..7, 2 * PIECE_BYTES + 10..4 * PIECE_BYTES, u64::MAX - 1..u64::MAX] {
            warm.note(&nothing, start);
            assert!(
                !warm.has(&nothing, start) || nothing.start < 2 * PIECE_BYTES + 11,
                "{nothing:?}"
            );
        }
        assert!(!Warm::new(0).has(&(0..1), start));
    }
}
