//! Where the newest picture of each level lies.
//!
//! The source thread puts frames in, the encode threads ([`super::encode`]) put
//! pictures in, senders take the newest of their level out; nobody waits for
//! anybody. A slot holds one picture: video overwrites. Does not know viewers: each [`Consumer`]
//! says what it wants, and the hub wants what any of them does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, RwLock};

use super::desk::{Bell, Demand, Desk};
use super::level::{Costs, LEVELS, Level, LevelSet, passthrough};
use super::unmade::Unmade;
use crate::base::clock::Clock;
use crate::media::frame::{Frame, Origin, Picture};

/// The slots, and what is wanted of them.
pub struct Hub {
    /// No other hub of this run has it.
    number: u32,
    clock: Clock,
    slots: [RwLock<Option<Arc<Still>>>; LEVELS],
    costs: [LevelCost; LEVELS],
    rate: Mutex<Rate>,
    frame: Mutex<Newest>,
    frame_changed: Condvar,
    wanted: AtomicU8,
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

/// One level's picture, as all its viewers get it.
#[derive(Debug)]
pub struct Still {
    /// The sequence number of its frame.
    pub sequence: u64,
    /// The capture time of its frame.
    pub captured: Instant,
    /// The JPEG.
    pub jpeg: Arc<[u8]>,
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

/// One who takes pictures off a hub: the viewers of a room, for one. What it wanted is wanted no
/// more when it is dropped.
pub(super) struct Consumer {
    hub: Arc<Hub>,
    number: u64,
}

/// A running mean of what a level's pictures weigh; 0 while unknown.
#[derive(Default)]
struct LevelCost {
    bytes: AtomicU64,
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
            slots: Default::default(),
            costs: Default::default(),
            rate: Mutex::default(),
            frame: Mutex::default(),
            frame_changed: Condvar::new(),
            wanted: AtomicU8::default(),
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
        self.frame.lock().frame = Some(Arc::clone(&frame));
        self.frame_changed.notify_all();
        let own = self.put_own(&frame, LevelSet::ALL);
        if let (Picture::Jpeg(jpeg), Origin::Source) = (&frame.picture, frame.origin) {
            own.iter().for_each(|level| self.costs[level.index()].note(jpeg.bytes.len()));
        }
        if !own.is_empty() || self.interest.load(Ordering::Relaxed) > 0 {
            self.wake();
        }
        self.desk.offer(frame);
    }

    /// Takes the picture of one level, made from `frame`: to be sent if somebody watches the
    /// level, and else only to know what it weighs.
    pub(super) fn encoded(&self, level: Level, frame: &Frame, jpeg: Arc<[u8]>) {
        self.pictures_encoded.fetch_add(1, Ordering::Relaxed);
        if frame.origin == Origin::Source {
            self.costs[level.index()].note(jpeg.len());
        }
        if self.wanted().contains(level) {
            let (sequence, captured) = (frame.sequence, frame.captured);
            self.put(level, Arc::new(Still { sequence, captured, jpeg }));
            self.wake();
        }
    }

    /// Takes it that these levels cannot be made of a frame: they get what comes nearest to them,
    /// another level's picture or else the frame's own JPEG.
    pub(super) fn not_encoded(&self, frame: &Frame, levels: LevelSet, why: &str) {
        self.unmade.note(why);
        for level in levels.intersection(self.wanted()).iter() {
            let mut others: Vec<Level> = Level::all().filter(|other| *other != level).collect();
            others.sort_by_key(|other| other.index().abs_diff(level.index()));
            let mut made = others.into_iter().filter_map(|other| self.newest(other));
            let nearest = made.find(|still| still.sequence == frame.sequence);
            if let Some(still) = nearest.or_else(|| Still::own(frame)) {
                self.costs[level.index()].note(still.jpeg.len());
                self.put(level, still);
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
        let mut levels = LevelSet::EMPTY;
        let unknown = |level: &Level| self.costs[level.index()].bytes.load(Ordering::Relaxed) == 0;
        Level::all().filter(unknown).for_each(|level| levels.insert(level));
        levels
    }

    /// Gives those of `levels` that a frame's own JPEG serves that JPEG. Returns which.
    fn put_own(&self, frame: &Frame, levels: LevelSet) -> LevelSet {
        let own = passthrough(frame).intersection(levels);
        if let Some(still) = Still::own(frame) {
            own.iter().for_each(|level| self.put(level, Arc::clone(&still)));
        }
        own
    }

    /// Fills a slot, unless a newer picture is there already: encoding takes its time.
    fn put(&self, level: Level, still: Arc<Still>) {
        let mut slot = self.slots[level.index()].write();
        if slot.as_ref().is_none_or(|there| there.sequence <= still.sequence) {
            *slot = Some(still);
        }
    }

    /// The newest picture of a level. It may be older than that of another level.
    pub fn newest(&self, level: Level) -> Option<Arc<Still>> {
        self.slots[level.index()].read().clone()
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
        self.frame.lock().frame = None;
        self.desk.clear();
        self.empty(LevelSet::ALL);
        *self.rate.lock() = Rate::default();
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
        let all = wishes.given.iter().map(|(_, wish)| *wish);
        self.want(all.fold(Demand::default(), Demand::union));
    }

    fn want(&self, wish: Demand) {
        let levels = wish.levels;
        let before = LevelSet::from_bits(self.wanted.swap(levels.bits(), Ordering::Relaxed));
        let new = levels.without(before);
        self.empty(before.without(levels).union(new));
        if let Some(frame) = self.frame() {
            self.put_own(&frame, new);
        }
        self.desk.want(wish);
        if before.is_empty() && !levels.is_empty() {
            self.announce_demand();
        }
    }

    fn empty(&self, levels: LevelSet) {
        levels.iter().for_each(|level| *self.slots[level.index()].write() = None);
    }

    /// Wakes the supervisor, which may have closed the source.
    fn announce_demand(&self) {
        drop(self.frame.lock());
        self.frame_changed.notify_all();
    }

    /// The levels that somebody watches.
    pub fn wanted(&self) -> LevelSet {
        LevelSet::from_bits(self.wanted.load(Ordering::Relaxed))
    }

    /// Whether anybody wants any picture, if only one.
    pub fn demand(&self) -> bool {
        !self.wanted().is_empty() || self.interest.load(Ordering::Relaxed) > 0
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
        let fps = self.frames_per_sec();
        // A slower source's last picture goes out again each second.
        let fps = if fps > 0.0 { fps.max(1.0) } else { 0.0 };
        std::array::from_fn(|index| {
            let bytes = self.costs[index].bytes.load(Ordering::Relaxed);
            (bytes > 0 && fps > 0.0)
                .then(|| ((bytes + PART_HEAD_BYTES) as f64 * 8.0 * fps).ceil() as u64)
        })
    }

    /// Takes what levels cost as changed by this factor, as the source's pictures now have so many
    /// times the pixels.
    pub(super) fn scale_costs(&self, factor: f64) {
        for cost in &self.costs {
            let bytes = cost.bytes.load(Ordering::Relaxed) as f64 * factor;
            cost.bytes.store(bytes as u64, Ordering::Relaxed);
        }
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

impl Consumer {
    /// Says what it wants from now on.
    pub(super) fn want(&self, wish: Demand) {
        self.hub.change_wishes(|given| {
            given
                .iter_mut()
                .filter(|(number, _)| *number == self.number)
                .for_each(|one| one.1 = wish);
        });
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.hub.change_wishes(|given| given.retain(|(number, _)| *number != self.number));
    }
}

/// See [`Hub::interest`].
pub struct Interest {
    hub: Arc<Hub>,
}

impl Interest {
    /// Whose pictures are wanted.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }
}

impl Still {
    /// The picture that a frame's own JPEG is, if it is one.
    fn own(frame: &Frame) -> Option<Arc<Still>> {
        let Picture::Jpeg(jpeg) = &frame.picture else {
            return None;
        };
        Some(Arc::new(Still {
            sequence: frame.sequence,
            captured: frame.captured,
            jpeg: Arc::clone(&jpeg.bytes),
        }))
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        *self.hub.interested_at.lock() = Some(self.hub.clock.now());
        self.hub.interest.fetch_sub(1, Ordering::Relaxed);
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

impl Rate {
    fn frame(&mut self, now: Instant) {
        if let Some(last) = self.last.replace(now) {
            let gap = now.duration_since(last).min(LONGEST_GAP).as_secs_f64();
            self.seconds = if self.seconds > 0.0 { self.seconds * 0.9 + gap * 0.1 } else { gap };
        }
    }
}

/// What a picture costs on the wire beyond its bytes.
const PART_HEAD_BYTES: u64 = 90;
const LONGEST_GAP: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
