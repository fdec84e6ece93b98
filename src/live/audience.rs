//! Everybody who watches, in whatever room, and what each gets.
//!
//! The register of viewers; requests come and go here, the governor calls
//! [`Audience::tick`] once a second. [`Audience::settle`] is the one place where
//! the budget becomes levels: it is one budget over all rooms.

mod wanted;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};

use super::bandwidth::{Budget, Claim, shares_of_people};
use super::channel::Channel;
use super::crowd::{Counts, Crowd};
use super::desk::Demand;
use super::hub::Hub;
use super::meter::StreamMeter;
use super::pace::Pace;
use super::register::Register;
use super::settings::{Change, Locked, Settings, ViewerId};
use super::sight::visible;
use super::thanks::{Donation, Words};
use super::viewer::{FeedCosts, Key, Report, Viewer};
use crate::base::clock::Clock;
use crate::media::frame::Size;
use wanted::{LiveCosts, add_pictures};

/// The viewers.
pub struct Audience {
    clock: Clock,
    budget: Mutex<Budget>,
    max_viewers: AtomicUsize,
    crowds: RwLock<Crowds>,
    viewers: Mutex<Register>,
    /// Held while levels are settled, so that what a hub is told is never older than what holds.
    /// How many filters were ordered yet.
    settling: Mutex<u64>,
    /// Of the settling that those who load a clip or a piece of a film cause.
    pace: Pace,
}

#[derive(Default)]
struct Crowds {
    here: Vec<Arc<Crowd>>,
    /// The number of the next one. What was kept under a number is never found by another crowd.
    next: u32,
}

/// Why a stream is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// As many viewers as are allowed watch already.
    Full,
    /// This viewer has as many streams open as one may have.
    TooManyStreams,
    /// Its room was closed.
    Dismissed,
}

impl Audience {
    /// Nobody yet.
    pub fn new(clock: Clock, budget: Budget, max_viewers: usize) -> Self {
        Self {
            clock,
            budget: Mutex::new(budget),
            max_viewers: AtomicUsize::new(max_viewers),
            crowds: RwLock::default(),
            viewers: Mutex::new(Register::new(MAX_REMEMBERED)),
            settling: Mutex::default(),
            pace: Pace::new(SETTLE_EACH),
        }
    }

    /// A new crowd, around a channel that others may watch too.
    pub fn gather(&self, channel: Arc<Channel>) -> Arc<Crowd> {
        let mut crowds = self.crowds.write();
        let number = crowds.next;
        crowds.next = number.saturating_add(1);
        let crowd = Arc::new(Crowd::new(number, channel));
        crowds.here.push(Arc::clone(&crowd));
        crowd
    }

    /// Shows a crowd another channel: its viewers and their open streams go on there.
    pub fn show(&self, crowd: &Crowd, channel: Arc<Channel>, now: Instant) {
        {
            let _settling = self.settling.lock();
            crowd.show(channel);
        }
        self.settle(now);
    }

    /// Sends a crowd away, as its room is closed: its streams end, and nobody of it is remembered.
    pub fn dismiss(&self, crowd: &Crowd) {
        crowd.dismiss();
        self.crowds.write().here.retain(|other| other.number() != crowd.number());
        self.viewers.lock().forget(crowd.number());
        let _settling = self.settling.lock();
        crowd.want(Demand::default());
        crowd.hub().wake();
    }

    /// What all may use together.
    pub fn budget(&self) -> Budget {
        *self.budget.lock()
    }

    /// Lets all use so much together from now on.
    pub fn set_budget(&self, budget: Budget, now: Instant) {
        *self.budget.lock() = budget;
        self.settle(now);
    }

    /// How many may watch.
    pub fn max_viewers(&self) -> usize {
        self.max_viewers.load(Ordering::Relaxed)
    }

    /// Lets so many watch from now on. Who watches already stays.
    pub fn set_max_viewers(&self, most: usize) {
        self.max_viewers.store(most, Ordering::Relaxed);
    }

    /// A viewer that is known by this id in a room.
    pub fn known(&self, crowd: &Crowd, id: ViewerId) -> Option<Arc<Viewer>> {
        self.viewers.lock().get(Key { crowd: crowd.number(), id }).cloned()
    }

    /// The viewer of this id in a room, new if it is not known.
    ///
    /// Keeps at most [`MAX_REMEMBERED`]; beyond, who watches nothing and was not seen
    /// for longest is forgotten, and before all others who never watched.
    pub fn enter(&self, crowd: &Arc<Crowd>, id: ViewerId, settings: Settings) -> Arc<Viewer> {
        self.enter_for(crowd, id, settings, None)
    }

    /// A new viewer of a clip: it has a share like the others, and wants no level of the source.
    pub fn enter_clip(
        &self,
        crowd: &Arc<Crowd>,
        id: ViewerId,
        settings: Settings,
        clip: FeedCosts,
    ) -> Arc<Viewer> {
        self.enter_for(crowd, id, settings, Some(clip))
    }

    fn enter_for(
        &self,
        crowd: &Arc<Crowd>,
        id: ViewerId,
        settings: Settings,
        clip: Option<FeedCosts>,
    ) -> Arc<Viewer> {
        let key = Key { crowd: crowd.number(), id };
        let mut viewers = self.viewers.lock();
        if crowd.is_dismissed() {
            return Arc::new(Viewer::new(crowd, id, settings, clip));
        }
        viewers.enter(key, || Viewer::new(crowd, id, settings, clip))
    }

    /// Opens a stream for a viewer. It ends when what is returned is dropped.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the viewer has none yet and as many as allowed watch, or has too many.
    pub fn join(
        self: &Arc<Self>,
        viewer: Arc<Viewer>,
        meter: StreamMeter,
        keep: Keep,
        now: Instant,
    ) -> Result<Seat, Refused> {
        let meter = Arc::new(meter);
        let viewer = {
            let mut viewers = self.viewers.lock();
            let streams = viewer.streams();
            let refused = if viewer.crowd().is_dismissed() {
                Some(Refused::Dismissed)
            } else if streams >= MAX_STREAMS_OF_A_VIEWER {
                Some(Refused::TooManyStreams)
            } else {
                let full = viewers.watching().len() >= self.max_viewers();
                (streams == 0 && full).then_some(Refused::Full)
            };
            if let Some(refused) = refused {
                if streams == 0 && keep == Keep::WhileItLasts {
                    viewers.remove(viewer.key());
                }
                return Err(refused);
            }
            let viewer = viewers.watches(viewer);
            viewer.open(Arc::clone(&meter));
            viewer
        };
        self.settle_for(&viewer, now);
        Ok(Seat { audience: Arc::clone(self), viewer, meter, keep })
    }

    /// Whether a viewer without a stream would be turned away.
    pub fn is_full(&self) -> bool {
        self.viewers.lock().watching().len() >= self.max_viewers()
    }

    /// Changes a viewer's settings; they hold for the next picture of its open streams.
    ///
    /// # Errors
    ///
    /// [`Locked`] as [`Viewer::change`] has it.
    pub fn change(&self, viewer: &Viewer, change: Change, now: Instant) -> Result<(), Locked> {
        viewer.change(change)?;
        self.settle(now);
        viewer.crowd().hub().wake();
        Ok(())
    }

    /// A tab of a viewer, or all of them, shows the picture in so many pixels.
    pub fn shown(&self, viewer: &Viewer, tab: Option<&str>, shown: Size, now: Instant) {
        if let Some(frame) = viewer.crowd().hub().frame() {
            let size = viewer.filter().turn.turned(frame.picture.size());
            viewer.sees(tab, visible(shown, size));
            self.settle(now);
        }
    }

    /// Thanks a viewer before all in its room, and lets it count double for a minute.
    ///
    /// What was stored has an id already.
    pub fn donate(&self, viewer: &Viewer, id: Option<u64>, words: Words, now: Instant) {
        viewer.give(now);
        let thanks = viewer.crowd().thanks();
        match id {
            Some(id) => {
                let Words { name, message } = words;
                thanks.insert(Donation { id, giver: Some(viewer.id()), name, message, at: now });
            }
            None => thanks.add(viewer.id(), words, now, self.clock.wall()),
        }
        self.settle(now);
    }

    /// Settles after a viewer came or went. No source has to make another level for one of a clip, and
    /// pieces of films are loaded by the hundred: what they cause within [`SETTLE_EACH`] is done once.
    /// Until then a newcomer has as much as if all had the same.
    fn settle_for(&self, viewer: &Viewer, now: Instant) {
        let Some(clip) = viewer.clip().filter(|_| !self.pace.now(now)) else {
            return self.settle(now);
        };
        let even = match self.budget() {
            Budget::Unlimited => None,
            Budget::BitsPerSec(bits) => {
                Some(bits / self.viewers.lock().watching().len().max(1) as u64)
            }
        };
        if viewer.streams() > 0 {
            viewer.settle(even, &clip.costs, clip.fps, now);
        }
    }

    /// Settles if that was put off; for who looks at a share.
    fn settle_if_due(&self, now: Instant) {
        if self.pace.is_due(now) {
            self.settle(now);
        }
    }

    /// Divides the budget, sets everybody's level, and tells each room's hub what is wanted.
    pub fn settle(&self, now: Instant) {
        let mut settling = self.settling.lock();
        self.pace.done(now);
        let (crowds, viewers) = (self.crowds(), self.watching());
        let live = LiveCosts::of(&crowds);
        let watching: Vec<_> = viewers
            .iter()
            .filter_map(|viewer| {
                let of = live.of_viewer(viewer);
                viewer.claim(&of.costs, of.fps, now).map(|claim| (viewer, of, claim))
            })
            .collect();
        let claims: Vec<(ViewerId, Claim)> = watching
            .iter()
            .map(|(viewer, _, claim)| {
                (viewer.id(), Claim { need: claim.need, weight: claim.weight })
            })
            .collect();
        let shares: Vec<Option<u64>> = match self.budget() {
            Budget::Unlimited => vec![None; claims.len()],
            Budget::BitsPerSec(bits) => {
                shares_of_people(bits, &claims).into_iter().map(Some).collect()
            }
        };
        let mut wanted: HashMap<u32, Demand> = HashMap::new();
        for ((viewer, of, claim), share) in watching.into_iter().zip(shares) {
            viewer.settle(share, &of.costs, of.fps, now);
            if !claim.paused && viewer.clip().is_none() {
                let wanted = wanted.entry(viewer.key().crowd).or_default();
                wanted.motion |= claim.gaming;
                // Who has twice what it needs will not be moved soon.
                let ample = share.is_none_or(|share| share / 2 >= claim.need);
                wanted.costs |= claim.capped || !ample;
            }
        }
        add_pictures(&viewers, &mut wanted, &mut settling);
        for crowd in &crowds {
            crowd.want(wanted.remove(&crowd.number()).unwrap_or_default());
        }
    }

    /// Reads what a second of `elapsed` brought to each, then settles anew.
    pub fn tick(&self, elapsed: Duration, now: Instant) {
        let crowds = self.crowds();
        let live = LiveCosts::of(&crowds);
        let mut bits: HashMap<u32, u64> = HashMap::new();
        for viewer in self.watching() {
            let second = viewer.measure(elapsed, &live.of_viewer(&viewer).costs, now);
            *bits.entry(viewer.key().crowd).or_default() += second.bits_per_sec;
            viewer.crowd().count(second.sent, second.skipped);
        }
        for crowd in &crowds {
            crowd.sent(bits.remove(&crowd.number()).unwrap_or(0));
        }
        self.settle(now);
    }

    /// Lets a frame's motion score, 0 to 1, drive all who watch that source in gaming mode.
    pub fn moved(&self, hub: &Arc<Hub>, motion: f64, elapsed: Duration) {
        hub.moved(motion);
        let mut settling = self.settling.lock();
        let (viewers, crowds) = (self.watching(), self.crowds());
        let here: Vec<u32> = crowds
            .iter()
            .filter(|crowd| Arc::ptr_eq(&crowd.hub(), hub))
            .map(|crowd| crowd.number())
            .collect();
        for viewer in viewers.iter().filter(|viewer| here.contains(&viewer.key().crowd)) {
            if viewer.clip().is_none() {
                viewer.moved(motion, elapsed);
            }
        }
        let mut wanted = HashMap::new();
        add_pictures(&viewers, &mut wanted, &mut settling);
        // What one does not order any more another may get, in another room too.
        for crowd in &crowds {
            let new: Demand = wanted.remove(&crowd.number()).unwrap_or_default();
            let before = crowd.wish();
            if (new.levels, &new.looks) != (before.levels, &before.looks) {
                crowd.want(Demand { levels: new.levels, looks: new.looks, ..before });
            }
        }
    }

    /// How many watch in one room, or in all.
    pub fn counts(&self, crowd: Option<&Crowd>) -> Counts {
        let mut counts = Counts::default();
        let here =
            |viewer: &Arc<Viewer>| crowd.is_none_or(|crowd| viewer.key().crowd == crowd.number());
        for viewer in self.watching().into_iter().filter(here) {
            let allowance = viewer.allowance();
            if allowance.paused {
                counts.paused += 1;
            } else {
                counts.watching += 1;
                counts.at_level[allowance.level.index()] += 1;
            }
        }
        counts
    }

    /// Bits that went to all viewers in the last second.
    pub fn sent_bits_per_sec(&self) -> u64 {
        self.crowds().iter().map(|crowd| crowd.sent_bits_per_sec()).sum()
    }

    fn crowds(&self) -> Vec<Arc<Crowd>> {
        self.crowds.read().here.clone()
    }

    /// Those who watch. Who is only remembered is looked at by nobody.
    fn watching(&self) -> Vec<Arc<Viewer>> {
        self.viewers.lock().watching().cloned().collect()
    }

    fn leave(&self, seat: &Seat) {
        let mut viewers = self.viewers.lock();
        let (sent, skipped) = seat.viewer.close(&seat.meter);
        if seat.viewer.streams() == 0 {
            match seat.keep {
                _ if seat.viewer.crowd().is_dismissed() => viewers.remove(seat.viewer.key()),
                Keep::Remembered => viewers.rests(seat.viewer.key()),
                Keep::WhileItLasts => viewers.remove(seat.viewer.key()),
            }
        }
        drop(viewers);
        seat.viewer.crowd().count(sent, skipped);
        self.settle_for(&seat.viewer, self.clock.now());
    }
}

/// Whether a viewer outlives its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It came with a cookie, and may come again.
    Remembered,
    /// It is a viewer of its own for as long as the stream lasts.
    WhileItLasts,
}

/// A viewer's place at one stream; dropping it frees the place.
pub struct Seat {
    audience: Arc<Audience>,
    /// Whose it is.
    pub viewer: Arc<Viewer>,
    /// What the sender counts.
    pub meter: Arc<StreamMeter>,
    keep: Keep,
}

impl Seat {
    /// What its viewer has, once all is divided.
    pub fn report(&self, now: Instant) -> Report {
        self.audience.settle_if_due(now);
        self.viewer.report(None, now)
    }

    /// The pictures of its room.
    pub fn hub(&self) -> Arc<Hub> {
        self.viewer.crowd().hub()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.audience.leave(self);
    }
}

/// Viewers whose settings are kept, watching or not.
pub const MAX_REMEMBERED: usize = 10_000;
const MAX_STREAMS_OF_A_VIEWER: usize = 16;
/// How often those who load settle all at most.
const SETTLE_EACH: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests;
