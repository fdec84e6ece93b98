//! Where the newest picture of each level lies.
//!
//! The source thread puts frames in, the encode threads ([`super::encode`]) put
//! pictures in, senders take the newest of their level out; nobody waits for
//! anybody. A slot holds one picture: video overwrites. Does not know viewers: each [`Consumer`]
//! says what it wants, and the hub wants what any of them does.

mod consumer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, RwLock};

use super::desk::{Bell, Demand, Desk};
use super::level::{Costs, Level, LevelSet, passthrough};
use super::look::Look;
use super::shelf::{Shelf, estimated};
pub use super::still::Still;
use super::unmade::Unmade;
use crate::base::clock::Clock;
use crate::media::filter::Mask;
use crate::media::frame::{Frame, Origin, Picture};
pub(super) use consumer::Consumer;
pub use consumer::Interest;

/// The slots, and what is wanted of them.
pub struct Hub {
    /// No other hub of this run has it.
    number: u32,
    clock: Clock,
    plain: Shelf,
    /// What filters make, one for each look that somebody watches.
    looks: RwLock<Vec<Arc<Shelf>>>,
    mask: RwLock<Arc<Mask>>,
    /// Rises with each change of the mask: what was under another may be seen no more.
    masked: AtomicU64,
    rate: Mutex<Rate>,
    frame: Mutex<Newest>,
    frame_changed: Condvar,
    /// What each consumer wants.
    wishes: Mutex<Wishes>,
    desk: Desk,
    /// Bits of an `f64`.
    motion: AtomicU64,
    interest: AtomicUsize,
    interested_at: Mutex<Option<Instant>>,
    wakers: RwLock<Vec<Waker>>,
    pictures_encoded: AtomicU64,
    unmade: Unmade,
}

/// Called when a slot has a new picture, or senders shall look at their viewers again.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// The newest frame of the source.
#[derive(Default)]
struct Newest {
    frame: Option<Arc<Frame>>,
    stopped: bool,
}

/// What the consumers want, each under a number of its own.
#[derive(Default)]
struct Wishes {
    given: Vec<(u64, Demand)>,
    last: u64,
}

/// A running mean of the time between frames.
#[derive(Default)]
struct Rate {
    last: Option<Instant>,
    seconds: f64,
}

impl Hub {
    /// A hub without pictures, of which nothing is wanted; `bell` is rung when there is something
    /// to encode.
    pub(super) fn new(number: u32, clock: Clock, bell: Arc<Bell>) -> Self {
        Self {
            number,
            clock,
            plain: Shelf::default(),
            looks: RwLock::default(),
            mask: RwLock::default(),
            masked: AtomicU64::default(),
            rate: Mutex::default(),
            frame: Mutex::default(),
            frame_changed: Condvar::new(),
            wishes: Mutex::default(),
            desk: Desk::new(bell),
            motion: AtomicU64::default(),
            interest: AtomicUsize::default(),
            interested_at: Mutex::default(),
            wakers: RwLock::default(),
            pictures_encoded: AtomicU64::default(),
            unmade: Unmade::default(),
        }
    }

    /// By which it is told from other hubs.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The clock by which pictures are taken, sent and told.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Takes the source's next frame. A camera's own JPEG is at once the picture of every level
    /// that it serves ([`passthrough`]).
    pub fn publish(&self, frame: Frame) {
        // Its source may be on its way to the end.
        if self.is_stopped() {
            return;
        }
        match frame.origin {
            Origin::Source => self.rate.lock().frame(self.clock.now()),
            // The gap that it fills says nothing about the source's rate.
            Origin::Card => self.rate.lock().last = None,
        }
        let frame = Arc::new(frame);
        {
            let mut newest = self.frame.lock();
            if !self.may_be_seen(frame.masked) {
                return;
            }
            newest.frame = Some(Arc::clone(&frame));
        }
        self.frame_changed.notify_all();
        let own = self.put_own(&frame, LevelSet::ALL);
        if let (Picture::Jpeg(jpeg), Origin::Source) = (&frame.picture, frame.origin) {
            own.iter().for_each(|level| self.plain.note(level, jpeg.bytes.len()));
        }
        if !own.is_empty() || self.interest.load(Ordering::Relaxed) > 0 {
            self.wake();
        }
        self.desk.offer(frame);
    }

    /// Takes the picture of one level, made from `frame`: to be sent if somebody watches the
    /// level, and else only to know what it weighs.
    pub(super) fn encoded(&self, level: Level, frame: &Frame, jpeg: Arc<[u8]>) {
        let mut levels = LevelSet::EMPTY;
        levels.insert(level);
        self.encoded_for(&self.plain, levels, frame, jpeg);
    }

    /// Takes the picture of a look, which serves these levels.
    pub(super) fn filtered(&self, look: &Look, levels: LevelSet, frame: &Frame, jpeg: Arc<[u8]>) {
        if let Some(shelf) = self.shelf(look) {
            self.encoded_for(&shelf, levels, frame, jpeg);
        }
    }

    fn encoded_for(&self, shelf: &Shelf, levels: LevelSet, frame: &Frame, jpeg: Arc<[u8]>) {
        self.pictures_encoded.fetch_add(1, Ordering::Relaxed);
        if frame.origin == Origin::Source {
            levels.iter().for_each(|level| shelf.note(level, jpeg.len()));
        }
        let watched = levels.intersection(shelf.wanted());
        if !watched.is_empty() {
            let still = Arc::new(Still::of(frame, jpeg));
            watched.iter().for_each(|level| self.put(shelf, level, Arc::clone(&still)));
            self.wake();
        }
    }

    /// Takes it that a frame cannot be made to look so: what comes nearest to it is its plain
    /// picture.
    pub(super) fn not_filtered(&self, look: &Look, frame: &Frame, why: &str) {
        self.unmade.note(why);
        let Some(shelf) = self.shelf(look) else { return };
        let mut plain = Level::all().filter_map(|level| self.plain.newest(level));
        let plain = plain.find(|still| still.sequence == frame.sequence);
        if let Some(still) = plain.or_else(|| Still::own(frame)) {
            shelf.wanted().iter().for_each(|level| self.put(&shelf, level, Arc::clone(&still)));
            self.wake();
        }
    }

    /// Takes it that these levels cannot be made of a frame: they get what comes nearest to them,
    /// another level's picture or else the frame's own JPEG.
    pub(super) fn not_encoded(&self, frame: &Frame, levels: LevelSet, why: &str) {
        self.unmade.note(why);
        for level in levels.intersection(self.plain.wanted()).iter() {
            let mut others: Vec<Level> = Level::all().filter(|other| *other != level).collect();
            others.sort_by_key(|other| other.index().abs_diff(level.index()));
            let mut made = others.into_iter().filter_map(|other| self.newest(other));
            let nearest = made.find(|still| still.sequence == frame.sequence);
            if let Some(still) = nearest.or_else(|| Still::own(frame)) {
                self.plain.note(level, still.jpeg.len());
                self.put(&self.plain, level, still);
            }
        }
        self.wake();
    }

    /// Pictures that could not be made as they should have been.
    pub fn unmade(&self) -> &Unmade {
        &self.unmade
    }

    /// Levels whose cost was never measured.
    pub(super) fn unmeasured(&self) -> LevelSet {
        self.plain.unmeasured()
    }

    /// Gives those of `levels` that a frame's own JPEG serves that JPEG. Returns which.
    fn put_own(&self, frame: &Frame, levels: LevelSet) -> LevelSet {
        let own = passthrough(frame).intersection(levels);
        if let Some(still) = Still::own(frame) {
            own.iter().for_each(|level| self.put(&self.plain, level, Arc::clone(&still)));
        }
        own
    }

    fn put(&self, shelf: &Shelf, level: Level, still: Arc<Still>) {
        let masked = still.masked;
        shelf.put(level, still, || self.may_be_seen(masked));
    }

    /// The newest picture of a level. It may be older than that of another level.
    pub fn newest(&self, level: Level) -> Option<Arc<Still>> {
        self.plain.newest(level)
    }

    /// The newest picture of a look, at a level.
    pub fn newest_of(&self, look: &Look, level: Level) -> Option<Arc<Still>> {
        if look.is_plain() {
            return self.plain.newest(level);
        }
        self.shelf(look)?.newest(level)
    }

    fn shelf(&self, look: &Look) -> Option<Arc<Shelf>> {
        self.looks.read().iter().find(|shelf| shelf.look() == look).cloned()
    }

    /// The looks that somebody watches.
    pub(super) fn looks(&self) -> Vec<Look> {
        self.looks.read().iter().map(|shelf| shelf.look().clone()).collect()
    }

    /// Whether somebody watches this look.
    pub fn makes(&self, look: &Look) -> bool {
        self.shelf(look).is_some()
    }

    /// What nobody may see of the source, and the number of its last change.
    pub fn mask(&self) -> (Arc<Mask>, u64) {
        let mask = self.mask.read();
        (Arc::clone(&mask), self.masked.load(Ordering::Acquire))
    }

    /// The number of the mask's last change.
    pub fn masked(&self) -> u64 {
        self.masked.load(Ordering::Acquire)
    }

    /// Covers these parts of every picture from now on. When it returns, nothing is to be had here
    /// that was not covered so; of what is taken later, it is the source's thread that covers it.
    pub fn set_mask(&self, new: Mask) {
        {
            let mut mask = self.mask.write();
            if **mask == new {
                return;
            }
            *mask = Arc::new(new);
            self.masked.fetch_add(1, Ordering::AcqRel);
        }
        self.forget();
        self.wake();
    }

    /// Whether what was under this change of the mask may still be seen.
    fn may_be_seen(&self, masked: u64) -> bool {
        self.masked.load(Ordering::Acquire) == masked
    }

    /// The newest frame of the source.
    pub fn frame(&self) -> Option<Arc<Frame>> {
        self.frame.lock().frame.clone()
    }

    /// Waits until there is a frame, at most until `deadline`.
    pub fn wait_for_frame(&self, deadline: Instant) -> Option<Arc<Frame>> {
        let mut newest = self.frame.lock();
        while newest.frame.is_none() && !newest.stopped {
            if self.frame_changed.wait_until(&mut newest, deadline).timed_out() {
                break;
            }
        }
        newest.frame.clone()
    }

    /// Forgets all pictures: the source was closed, and what it showed is no longer live.
    pub fn clear(&self) {
        self.forget();
        *self.rate.lock() = Rate::default();
    }

    fn forget(&self) {
        self.frame.lock().frame = None;
        self.desk.clear();
        self.plain.empty(LevelSet::ALL);
        self.looks.read().iter().for_each(|shelf| shelf.empty(LevelSet::ALL));
    }

    /// Ends everybody who waits here.
    pub fn stop(&self) {
        self.frame.lock().stopped = true;
        self.frame_changed.notify_all();
        self.wake();
    }

    /// A new consumer, who wants nothing yet.
    pub(super) fn consumer(hub: &Arc<Self>) -> Consumer {
        let mut wishes = hub.wishes.lock();
        wishes.last += 1;
        let number = wishes.last;
        wishes.given.push((number, Demand::default()));
        Consumer { hub: Arc::clone(hub), number }
    }

    /// Changes what one consumer wants, and so what is wanted.
    fn change_wishes(&self, change: impl FnOnce(&mut Vec<(u64, Demand)>)) {
        // Held until it holds, so that what holds is never older than what was said.
        let mut wishes = self.wishes.lock();
        change(&mut wishes.given);
        let all = wishes.given.iter().map(|(_, wish)| wish);
        self.want(all.fold(Demand::default(), Demand::union));
    }

    fn want(&self, wish: Demand) {
        let had = self.is_watched();
        let before = self.plain.want(wish.levels);
        if let Some(frame) = self.frame() {
            self.put_own(&frame, wish.levels.without(before));
        }
        self.want_looks(&wish);
        let has = !wish.levels.is_empty() || !wish.looks.is_empty();
        self.desk.want(wish);
        if has && !had {
            self.announce_demand();
        }
    }

    /// Has a shelf for each look that is wanted, and for no other.
    fn want_looks(&self, wish: &Demand) {
        let mut looks = self.looks.write();
        looks.retain(|shelf| wish.looks.iter().any(|(look, _)| look == shelf.look()));
        for (look, levels) in &wish.looks {
            let known = looks.iter().find(|shelf| shelf.look() == look).cloned();
            let shelf = known.unwrap_or_else(|| {
                looks.push(Arc::new(Shelf::new(look.clone())));
                Arc::clone(&looks[looks.len() - 1])
            });
            shelf.want(*levels);
        }
    }

    /// Wakes the supervisor, which may have closed the source.
    fn announce_demand(&self) {
        drop(self.frame.lock());
        self.frame_changed.notify_all();
    }

    /// The levels that somebody watches as they are.
    pub fn wanted(&self) -> LevelSet {
        self.plain.wanted()
    }

    /// Whether anybody watches, whatever the look.
    fn is_watched(&self) -> bool {
        !self.wanted().is_empty() || !self.looks.read().is_empty()
    }

    /// Whether anybody wants any picture, if only one.
    pub fn demand(&self) -> bool {
        self.is_watched() || self.interest.load(Ordering::Relaxed) > 0
    }

    /// Counts as demand for as long as it is held.
    pub fn interest(hub: &Arc<Self>) -> Interest {
        hub.interest.fetch_add(1, Ordering::Relaxed);
        hub.announce_demand();
        Interest { hub: Arc::clone(hub) }
    }

    /// When somebody last wanted a single picture.
    pub(super) fn interested_at(&self) -> Option<Instant> {
        *self.interested_at.lock()
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.frame.lock().stopped
    }

    /// Waits until there is demand or the hub was stopped, at most until `deadline`.
    pub(super) fn wait_for_demand(&self, deadline: Instant) {
        let mut newest = self.frame.lock();
        while !self.demand() && !newest.stopped {
            if self.frame_changed.wait_until(&mut newest, deadline).timed_out() {
                return;
            }
        }
    }

    /// The work that frames and wishes make.
    pub(super) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Bits per second of each level at the source's present rate, where it is known.
    pub fn costs(&self) -> Costs {
        self.plain.costs(self.frames_per_sec())
    }

    /// The same of a look: as far as it was not measured, by what the plain pictures cost.
    pub(super) fn costs_of(&self, look: &Look) -> Costs {
        let plain = self.costs();
        match self.shelf(look) {
            Some(shelf) => estimated(shelf.costs(self.frames_per_sec()), plain),
            None => plain,
        }
    }

    /// Takes what levels cost as changed by this factor, as the source's pictures now have so many
    /// times the pixels.
    pub(super) fn scale_costs(&self, factor: f64) {
        self.plain.scale_costs(factor);
        self.looks.read().iter().for_each(|shelf| shelf.scale_costs(factor));
    }

    /// The newest motion score, 0 to 1.
    pub fn motion(&self) -> f64 {
        f64::from_bits(self.motion.load(Ordering::Relaxed))
    }

    /// Takes a frame's motion score, 0 to 1.
    pub(super) fn moved(&self, motion: f64) {
        self.motion.store(motion.to_bits(), Ordering::Relaxed);
    }

    /// Frames per second that really come, 0 while unknown.
    pub fn frames_per_sec(&self) -> f64 {
        let seconds = self.rate.lock().seconds;
        if seconds > 0.0 { 1.0 / seconds } else { 0.0 }
    }

    /// Pictures encoded since the start.
    pub fn pictures_encoded(&self) -> u64 {
        self.pictures_encoded.load(Ordering::Relaxed)
    }

    /// Has `waker` called from now on whenever there is something new.
    pub fn on_news(&self, waker: Waker) {
        self.wakers.write().push(waker);
    }

    /// Calls the wakers.
    pub fn wake(&self) {
        self.wakers.read().iter().for_each(|waker| waker());
    }
}

impl Rate {
    fn frame(&mut self, now: Instant) {
        if let Some(last) = self.last.replace(now) {
            let gap = now.duration_since(last).min(LONGEST_GAP).as_secs_f64();
            self.seconds = if self.seconds > 0.0 { self.seconds * 0.9 + gap * 0.1 } else { gap };
        }
    }
}

const LONGEST_GAP: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
