//! Who is known: those who watch, and those who may come again.
//!
//! A plain structure without locks. Those who watch stand apart, so that whoever looks after them
//! walks no others; the rest stand in the order in which they will be forgotten. Each change
//! costs the same with ten or ten thousand of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::viewer::{Key, Viewer};

/// The known viewers.
pub(super) struct Register {
    known: HashMap<Key, Known>,
    watching: HashMap<Key, Arc<Viewer>>,
    /// Who watches nothing: the first is forgotten first.
    idle: BTreeMap<Place, Key>,
    /// Rises with each place that is given.
    next: u64,
    most: usize,
}

struct Known {
    viewer: Arc<Viewer>,
    /// `None` while it watches.
    place: Option<Place>,
    watched: Watched,
}

/// Whether somebody ever opened a stream. Who never did is forgotten first: a form alone makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Watched {
    Never,
    Once,
}

/// Where somebody stands among those who watch nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    watched: Watched,
    /// When it was last seen, among all that was seen.
    seen: u64,
}

impl Register {
    /// Nobody; `most` may be known, but for those who watch.
    pub(super) fn new(most: usize) -> Self {
        Self {
            known: HashMap::new(),
            watching: HashMap::new(),
            idle: BTreeMap::new(),
            next: 0,
            most,
        }
    }

    /// Somebody who is known.
    pub(super) fn get(&self, key: Key) -> Option<&Arc<Viewer>> {
        self.known.get(&key).map(|known| &known.viewer)
    }

    /// Somebody who has come: the one who is known by this key, or a new one. Beyond the most,
    /// another is forgotten for a new one.
    pub(super) fn enter(&mut self, key: Key, new: impl FnOnce() -> Viewer) -> Arc<Viewer> {
        match self.known.get(&key) {
            Some(known) => {
                let viewer = Arc::clone(&known.viewer);
                self.seen(key);
                viewer
            }
            None => {
                let viewer = Arc::new(new());
                self.add(Arc::clone(&viewer));
                viewer
            }
        }
    }

    /// Somebody watches from now on. Returns who is known by its key: itself, also if it was
    /// forgotten since it entered, or who came under the same key meanwhile.
    pub(super) fn watches(&mut self, viewer: Arc<Viewer>) -> Arc<Viewer> {
        let key = viewer.key();
        if !self.known.contains_key(&key) {
            self.add(Arc::clone(&viewer));
        }
        let Some(known) = self.known.get_mut(&key) else { return viewer };
        if let Some(place) = known.place.take() {
            self.idle.remove(&place);
        }
        known.watched = Watched::Once;
        let viewer = Arc::clone(&known.viewer);
        self.watching.insert(key, Arc::clone(&viewer));
        viewer
    }

    /// Somebody watches nothing any more, and may come again.
    pub(super) fn rests(&mut self, key: Key) {
        self.watching.remove(&key);
        self.seen(key);
        self.make_room(self.most);
    }

    /// Somebody who watches nothing will not come again.
    pub(super) fn remove(&mut self, key: Key) {
        self.watching.remove(&key);
        if let Some(place) = self.known.remove(&key).and_then(|known| known.place) {
            self.idle.remove(&place);
        }
    }

    /// Forgets all of a crowd who watch nothing. Who watches is forgotten as its stream ends.
    pub(super) fn forget(&mut self, crowd: u32) {
        let gone: Vec<Key> = self.idle.values().filter(|key| key.crowd == crowd).copied().collect();
        gone.into_iter().for_each(|key| self.remove(key));
    }

    /// Those who watch, in no order.
    pub(super) fn watching(&self) -> impl ExactSizeIterator<Item = &Arc<Viewer>> {
        self.watching.values()
    }

    fn add(&mut self, viewer: Arc<Viewer>) {
        self.make_room(self.most.saturating_sub(1));
        let key = viewer.key();
        self.known.insert(key, Known { viewer, place: None, watched: Watched::Never });
        self.seen(key);
    }

    /// Puts somebody behind all others of its kind who watch nothing.
    fn seen(&mut self, key: Key) {
        if self.watching.contains_key(&key) {
            return;
        }
        let Some(known) = self.known.get_mut(&key) else { return };
        if let Some(place) = known.place.take() {
            self.idle.remove(&place);
        }
        let place = Place { watched: known.watched, seen: self.next };
        self.next += 1;
        known.place = Some(place);
        self.idle.insert(place, key);
    }

    /// Forgets who watches nothing, until so many are known.
    fn make_room(&mut self, most: usize) {
        while self.known.len() > most
            && let Some((_, key)) = self.idle.pop_first()
        {
            self.known.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::live::crowd::Crowd;
    use crate::live::settings::{Settings, ViewerId};

    static CROWD: LazyLock<Arc<Crowd>> = LazyLock::new(Crowd::of_pattern);

    fn id(number: u128) -> Key {
        Key { crowd: 0, id: ViewerId::from_bits(number) }
    }

    fn enter(register: &mut Register, number: u128) -> Arc<Viewer> {
        let key = id(number);
        let new = || Viewer::new(&CROWD, key.id, Settings::default(), None);
        register.enter(key, new)
    }

    fn known(register: &Register, numbers: std::ops::Range<u128>) -> Vec<u128> {
        numbers.filter(|&number| register.get(id(number)).is_some()).collect()
    }

    #[test]
    fn who_never_watched_is_forgotten_before_who_did() {
        let mut register = Register::new(5);
        for number in 0..3 {
            let viewer = enter(&mut register, number);
            register.watches(viewer);
            register.rests(id(number));
        }
        for number in 100..10_100 {
            enter(&mut register, number);
        }
        assert_eq!(known(&register, 0..10_200), [0, 1, 2, 10_098, 10_099]);
        assert_eq!((register.known.len(), register.idle.len()), (5, 5));
    }

    #[test]
    fn of_their_kind_the_one_not_seen_for_longest_is_forgotten() {
        let mut register = Register::new(3);
        for number in 0..3 {
            enter(&mut register, number);
        }
        enter(&mut register, 0);
        enter(&mut register, 3);
        assert_eq!(known(&register, 0..9), [0, 2, 3]);
        let viewer = enter(&mut register, 2);
        register.watches(viewer);
        register.rests(id(2));
        enter(&mut register, 4);
        enter(&mut register, 5);
        assert_eq!(known(&register, 0..9), [2, 4, 5]);
    }

    #[test]
    fn who_watches_is_never_forgotten() {
        let mut register = Register::new(3);
        for number in 0..5 {
            let viewer = enter(&mut register, number);
            register.watches(viewer);
        }
        for number in 100..200 {
            enter(&mut register, number);
        }
        assert_eq!(register.watching().len(), 5);
        assert_eq!(known(&register, 0..200), [0, 1, 2, 3, 4, 199]);
        register.rests(id(1));
        assert_eq!(known(&register, 0..200), [0, 2, 3, 4], "there is no room for more");
        register.remove(id(0));
        register.rests(id(2));
        assert_eq!(known(&register, 0..200), [2, 3, 4]);
        assert_eq!(register.watching().len(), 2);
    }

    #[test]
    fn a_crowd_is_forgotten_but_for_who_watches() {
        let mut register = Register::new(9);
        for number in 0..3 {
            enter(&mut register, number);
        }
        let viewer = enter(&mut register, 1);
        register.watches(viewer);
        register.forget(1);
        assert_eq!(known(&register, 0..9), [0, 1, 2], "they are of another");
        register.forget(0);
        assert_eq!(known(&register, 0..9), [1]);
        register.remove(id(1));
        assert_eq!((register.known.len(), register.idle.len()), (0, 0));
    }

    #[test]
    fn a_newcomer_who_is_forgotten_before_it_watches_is_known_again() {
        let mut register = Register::new(1);
        let newcomer = enter(&mut register, 1);
        enter(&mut register, 2);
        assert_eq!(known(&register, 0..9), [2]);
        let watching = register.watches(Arc::clone(&newcomer));
        assert!(Arc::ptr_eq(&watching, &newcomer));
        assert_eq!(known(&register, 0..9), [1]);
    }

    #[test]
    fn one_id_is_never_two_viewers() {
        let mut register = Register::new(1);
        let first = enter(&mut register, 1);
        enter(&mut register, 2);
        let second = enter(&mut register, 1);
        assert!(!Arc::ptr_eq(&first, &second));
        let watching = register.watches(first);
        assert!(Arc::ptr_eq(&watching, &second));
        assert!(Arc::ptr_eq(&enter(&mut register, 1), &second));
    }
}
