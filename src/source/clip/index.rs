//! Where in a file its pictures lie, so that going to one is a look-up.
//!
//! Written by whoever [surveys](super::survey) a clip, read by those who play it. All
//! indexes together are bounded: when there is no room for more, the largest keeps every
//! second of its marks, and who seeks reads the few pictures between. Reads no file.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

/// All indexes, and the room that they have together.
pub struct Indexes {
    room: Arc<Room>,
    all: Mutex<Vec<Weak<Index>>>,
}

/// The marks of one clip.
pub struct Index {
    marks: Mutex<Marks>,
    room: Arc<Room>,
}

/// Where a picture lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Where reading finds it.
    pub(super) position: u64,
    /// Where the JPEG lies that it shows: elsewhere only if it repeats one before.
    pub(super) shown: u64,
}

/// The marks of picture 0, `stride`, 2 · `stride`, and so on.
struct Marks {
    stride: u64,
    marks: Vec<Mark>,
}

struct Room {
    most: usize,
    used: AtomicUsize,
}

impl Indexes {
    /// None yet; so many bytes for all of them.
    pub fn new(most_bytes: usize) -> Self {
        let room = Arc::new(Room { most: most_bytes, used: AtomicUsize::new(0) });
        Self { room, all: Mutex::default() }
    }

    /// Bytes that are in use.
    pub fn bytes(&self) -> usize {
        self.room.used.load(Ordering::Relaxed)
    }

    /// A new one, without marks.
    pub(super) fn add(&self) -> Arc<Index> {
        let marks = Mutex::new(Marks { stride: 1, marks: Vec::new() });
        let index = Arc::new(Index { marks, room: Arc::clone(&self.room) });
        let mut all = self.all.lock();
        all.retain(|other| other.strong_count() > 0);
        all.push(Arc::downgrade(&index));
        index
    }

    /// Takes in where the next picture of `index` lies.
    pub(super) fn note(&self, index: &Index, picture: u64, mark: Mark) {
        let grow_by = {
            let mut marks = index.marks.lock();
            if !marks.has_place_for(picture) {
                return;
            }
            if marks.marks.len() < marks.marks.capacity() {
                return marks.marks.push(mark);
            }
            (marks.marks.len() / 8).max(GROW_MARKS)
        };
        let had = self.had_by_force(grow_by * MARK_BYTES);
        let mut marks = index.marks.lock();
        // It may have been thinned meanwhile, and have room without.
        if had {
            let before = marks.bytes();
            marks.marks.reserve_exact(grow_by);
            let grown = marks.bytes() - before;
            self.room.give_back((grow_by * MARK_BYTES).saturating_sub(grown));
        }
        if marks.has_place_for(picture) && marks.marks.len() < marks.marks.capacity() {
            marks.marks.push(mark);
        }
    }

    /// Takes room, thinning others for it. Whether there is some.
    fn had_by_force(&self, bytes: usize) -> bool {
        // Each round halves an index: there are no more rounds than bits in a size for each.
        for _ in 0..MAX_THINNINGS {
            if self.room.take(bytes) {
                return true;
            }
            let all: Vec<_> = self.all.lock().iter().filter_map(Weak::upgrade).collect();
            let largest = all.iter().max_by_key(|index| index.marks.lock().marks.len());
            if !largest.is_some_and(|index| index.thin()) {
                return false;
            }
        }
        false
    }
}

impl Index {
    /// The last mark at or before a picture, and which picture it is of.
    pub(super) fn before(&self, picture: u64) -> Option<(u64, Mark)> {
        let marks = self.marks.lock();
        let last = marks.marks.len().checked_sub(1)?;
        let at = usize::try_from(picture / marks.stride).unwrap_or(last).min(last);
        Some((at as u64 * marks.stride, *marks.marks.get(at)?))
    }

    /// Gives back what it will not need.
    pub(super) fn finish(&self) {
        let mut marks = self.marks.lock();
        let before = marks.bytes();
        marks.marks.shrink_to_fit();
        self.room.give_back(before - marks.bytes());
    }

    /// Lets go of every second mark. Whether that gave room.
    fn thin(&self) -> bool {
        let mut marks = self.marks.lock();
        let before = marks.bytes();
        let mut number = 0;
        marks.marks.retain(|_| {
            number += 1;
            number % 2 == 1
        });
        marks.marks.shrink_to_fit();
        marks.stride *= 2;
        let freed = before - marks.bytes();
        self.room.give_back(freed);
        freed > 0
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.room.give_back(self.marks.get_mut().bytes());
    }
}

impl Marks {
    fn has_place_for(&self, picture: u64) -> bool {
        picture == self.marks.len() as u64 * self.stride
    }

    fn bytes(&self) -> usize {
        self.marks.capacity() * MARK_BYTES
    }
}

impl Room {
    fn take(&self, bytes: usize) -> bool {
        let more = |used: usize| used.checked_add(bytes).filter(|used| *used <= self.most);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

const MARK_BYTES: usize = size_of::<Mark>();
/// What an index grows by at the least.
const GROW_MARKS: usize = 256;
const MAX_THINNINGS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(picture: u64) -> Mark {
        Mark { position: picture * 100, shown: picture * 100 }
    }

    fn filled(indexes: &Indexes, pictures: u64) -> Arc<Index> {
        let index = indexes.add();
        (0..pictures).for_each(|picture| indexes.note(&index, picture, mark(picture)));
        index.finish();
        index
    }

    /// How far the mark before a picture is from it, at the most.
    fn farthest(index: &Index, pictures: u64) -> u64 {
        let far = |picture| {
            let (number, found) = index.before(picture).unwrap();
            assert_eq!(found, mark(number));
            picture - number
        };
        (0..pictures).map(far).max().unwrap()
    }

    #[test]
    fn each_picture_is_marked_where_there_is_room() {
        let indexes = Indexes::new(1 << 20);
        let index = filled(&indexes, 10_000);
        assert_eq!(farthest(&index, 10_000), 0);
        assert_eq!(index.before(1_000_000), Some((9_999, mark(9_999))));
        assert_eq!(indexes.bytes(), 10_000 * MARK_BYTES);
        drop(index);
        assert_eq!(indexes.bytes(), 0);
        assert_eq!(indexes.add().before(0), None);
    }

    #[test]
    fn all_together_keep_to_the_bound_and_each_stays_of_use() {
        let most = 1 << 16;
        let indexes = Indexes::new(most);
        let mut all = Vec::new();
        for pictures in [100_000, 300, 50_000, 1, 2_000] {
            all.push((filled(&indexes, pictures), pictures));
            assert!(indexes.bytes() <= most, "{} bytes after {pictures}", indexes.bytes());
        }
        for (index, pictures) in &all {
            let far = farthest(index, *pictures);
            assert!(far < 256, "{pictures} pictures: {far} apart");
        }
        // The small are whole.
        assert_eq!(farthest(&all[1].0, 300), 0);
        drop(all);
        assert_eq!(indexes.bytes(), 0);
    }

    #[test]
    fn without_any_room_there_are_no_marks_and_no_endless_loop() {
        let indexes = Indexes::new(0);
        let index = filled(&indexes, 1000);
        assert_eq!((index.before(7), indexes.bytes()), (None, 0));
    }
}
