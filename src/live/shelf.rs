//! The newest pictures of one look of a source, level by level, and what they weigh.
//!
//! Put in by the encode threads, taken out by senders; nobody waits. Slots hold one picture each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use parking_lot::RwLock;

use super::level::{Costs, LEVELS, Level, LevelSet};
use super::look::Look;
use super::still::Still;

/// The slots of one look.
#[derive(Default)]
pub(super) struct Shelf {
    look: Look,
    wanted: AtomicU8,
    slots: [RwLock<Option<Arc<Still>>>; LEVELS],
    costs: [LevelCost; LEVELS],
}

/// A running mean of what a level's pictures weigh; 0 while unknown.
#[derive(Default)]
struct LevelCost {
    bytes: AtomicU64,
}

impl Shelf {
    /// An empty one.
    pub(super) fn new(look: Look) -> Self {
        Self { look, ..Self::default() }
    }

    pub(super) fn look(&self) -> &Look {
        &self.look
    }

    /// The levels that somebody watches.
    pub(super) fn wanted(&self) -> LevelSet {
        LevelSet::from_bits(self.wanted.load(Ordering::Relaxed))
    }

    /// Says which levels are watched from now on. Returns those that were; the slots of what is
    /// new, or is not watched any more, are empty then.
    pub(super) fn want(&self, levels: LevelSet) -> LevelSet {
        let before = LevelSet::from_bits(self.wanted.swap(levels.bits(), Ordering::Relaxed));
        self.empty(before.without(levels).union(levels.without(before)));
        before
    }

    /// Fills a slot, unless a newer picture is there already (encoding takes its time), or the
    /// picture is none that may be seen any more, which is asked while nobody empties the slot.
    pub(super) fn put(&self, level: Level, still: Arc<Still>, may_be_seen: impl Fn() -> bool) {
        let mut slot = self.slots[level.index()].write();
        if may_be_seen() && slot.as_ref().is_none_or(|there| there.sequence <= still.sequence) {
            *slot = Some(still);
        }
    }

    /// The newest picture of a level. It may be older than that of another level.
    pub(super) fn newest(&self, level: Level) -> Option<Arc<Still>> {
        self.slots[level.index()].read().clone()
    }

    pub(super) fn empty(&self, levels: LevelSet) {
        levels.iter().for_each(|level| *self.slots[level.index()].write() = None);
    }

    /// Takes what a level's picture weighs.
    pub(super) fn note(&self, level: Level, bytes: usize) {
        self.costs[level.index()].note(bytes);
    }

    /// Levels whose cost was never measured.
    pub(super) fn unmeasured(&self) -> LevelSet {
        let mut levels = LevelSet::EMPTY;
        let unknown = |level: &Level| self.costs[level.index()].bytes.load(Ordering::Relaxed) == 0;
        Level::all().filter(unknown).for_each(|level| levels.insert(level));
        levels
    }

    /// Bits per second of each level at this rate, where it is known.
    pub(super) fn costs(&self, fps: f64) -> Costs {
        // A slower source's last picture goes out again each second.
        let fps = if fps > 0.0 { fps.max(1.0) } else { 0.0 };
        std::array::from_fn(|index| {
            let bytes = self.costs[index].bytes.load(Ordering::Relaxed);
            (bytes > 0 && fps > 0.0)
                .then(|| ((bytes + PART_HEAD_BYTES) as f64 * 8.0 * fps).ceil() as u64)
        })
    }

    /// Takes what levels cost as changed by this factor.
    pub(super) fn scale_costs(&self, factor: f64) {
        for cost in &self.costs {
            let bytes = cost.bytes.load(Ordering::Relaxed) as f64 * factor;
            cost.bytes.store(bytes as u64, Ordering::Relaxed);
        }
    }
}

impl LevelCost {
    fn note(&self, bytes: usize) {
        let before = self.bytes.load(Ordering::Relaxed);
        let bytes = bytes as u64;
        let mean = if before == 0 { bytes } else { (before * 7 + bytes) / 8 };
        self.bytes.store(mean, Ordering::Relaxed);
    }
}

/// What a filtered picture costs at each level: what was measured of it, and for the others as many
/// times the plain picture's as it is where both are known.
pub(super) fn estimated(measured: Costs, plain: Costs) -> Costs {
    let pairs = measured.iter().zip(plain).filter_map(|(one, other)| one.zip(other));
    let (of_it, of_plain) = pairs.fold((0, 0), |(a, b), (one, other)| (a + one, b + other));
    let ratio = if of_plain > 0 { of_it as f64 / of_plain as f64 } else { 1.0 };
    std::array::from_fn(|index| {
        measured[index].or(plain[index].map(|cost| (cost as f64 * ratio).ceil() as u64))
    })
}

/// What a picture costs on the wire beyond its bytes.
const PART_HEAD_BYTES: u64 = 90;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_in_proportion_to_the_plain_picture() {
        let plain = [100, 200, 300, 400, 500, 600, 700, 800].map(Some);
        let mut measured = [None; LEVELS];
        assert_eq!(estimated(measured, plain), plain, "nothing is known yet");
        (measured[1], measured[3]) = (Some(100), Some(200));
        let half = [50, 100, 150, 200, 250, 300, 350, 400].map(Some);
        assert_eq!(estimated(measured, plain), half);
        assert_eq!(estimated(measured, [None; LEVELS]), measured);
    }
}
