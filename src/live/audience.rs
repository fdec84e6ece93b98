//! Everybody who watches, and what each gets.
//!
//! The register of viewers; requests come and go here, the governor calls
//! [`Audience::tick`] once a second. [`Audience::settle`] is the one place where
//! the budget becomes levels.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::bandwidth::{Budget, Claim, shares};
use super::desk::Demand;
use super::hub::Hub;
use super::level::{LEVELS, LevelSet};
use super::meter::StreamMeter;
use super::register::Register;
use super::settings::{Change, Locked, Settings, ViewerId};
use super::thanks::Thanks;
use super::viewer::{FeedCosts, Viewer};

/// The viewers.
pub struct Audience {
    hub: Arc<Hub>,
    budget: Budget,
    max_viewers: usize,
    viewers: Mutex<Register>,
    /// What the hub was told last. Held while levels are settled, so that what it is told is never
    /// older than what holds.
    settled: Mutex<Demand>,
    thanks: Thanks,
    /// Bits of an `f64`.
    motion: AtomicU64,
    sent_bits_per_sec: AtomicU64,
    frames_sent: AtomicU64,
    frames_skipped: AtomicU64,
}

/// Why a stream is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// As many viewers as are allowed watch already.
    Full,
    /// This viewer has as many streams open as one may have.
    TooManyStreams,
}

/// How many watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Viewers with an open stream that get pictures.
    pub watching: usize,
    /// Viewers with an open stream who paused.
    pub paused: usize,
    /// Viewers who get pictures of each level.
    pub at_level: [usize; LEVELS],
}

impl Audience {
    /// Nobody yet.
    pub fn new(hub: Arc<Hub>, budget: Budget, max_viewers: usize) -> Self {
        Self {
            hub,
            budget,
            max_viewers,
            viewers: Mutex::new(Register::new(MAX_REMEMBERED)),
            settled: Mutex::default(),
            thanks: Thanks::default(),
            motion: AtomicU64::new(0),
            sent_bits_per_sec: AtomicU64::new(0),
            frames_sent: AtomicU64::new(0),
            frames_skipped: AtomicU64::new(0),
        }
    }

    /// What all may use together.
    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// How many may watch.
    pub fn max_viewers(&self) -> usize {
        self.max_viewers
    }

    /// The donations.
    pub fn thanks(&self) -> &Thanks {
        &self.thanks
    }

    /// A viewer that is known by this id.
    pub fn known(&self, id: ViewerId) -> Option<Arc<Viewer>> {
        self.viewers.lock().get(id).cloned()
    }

    /// The viewer of this id, new if it is not known.
    ///
    /// Keeps at most [`MAX_REMEMBERED`]; beyond, who watches nothing and was not seen
    /// for longest is forgotten, and before all others who never watched.
    pub fn enter(&self, id: ViewerId, settings: Settings) -> Arc<Viewer> {
        self.viewers.lock().enter(id, || Viewer::new(id, settings, None))
    }

    /// A new viewer of a clip: it has a share like the others, and wants no level of the source.
    pub fn enter_clip(&self, id: ViewerId, settings: Settings, clip: FeedCosts) -> Arc<Viewer> {
        self.viewers.lock().enter(id, || Viewer::new(id, settings, Some(clip)))
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
            let refused = if streams >= MAX_STREAMS_OF_A_VIEWER {
                Some(Refused::TooManyStreams)
            } else {
                let full = viewers.watching().len() >= self.max_viewers;
                (streams == 0 && full).then_some(Refused::Full)
            };
            if let Some(refused) = refused {
                if streams == 0 && keep == Keep::WhileItLasts {
                    viewers.remove(viewer.id());
                }
                return Err(refused);
            }
            let viewer = viewers.watches(viewer);
            viewer.open(Arc::clone(&meter));
            viewer
        };
        self.settle(now);
        Ok(Seat { audience: Arc::clone(self), viewer, meter, keep })
    }

    /// Whether a viewer without a stream would be turned away.
    pub fn is_full(&self) -> bool {
        self.viewers.lock().watching().len() >= self.max_viewers
    }

    /// Changes a viewer's settings; they hold for the next picture of its open streams.
    ///
    /// # Errors
    ///
    /// [`Locked`] as [`Viewer::change`] has it.
    pub fn change(&self, viewer: &Viewer, change: Change, now: Instant) -> Result<(), Locked> {
        viewer.change(change)?;
        self.settle(now);
        self.hub.wake();
        Ok(())
    }

    /// Thanks a viewer before all, and lets it count double for a minute.
    pub fn donate(&self, viewer: &Viewer, name: String, message: String, now: Instant) {
        viewer.give(now);
        self.thanks.add(viewer.id(), name, message, now, self.hub.clock().wall());
        self.settle(now);
    }

    /// Divides the budget, sets everybody's level, and tells the hub what is wanted.
    pub fn settle(&self, now: Instant) {
        let mut settled = self.settled.lock();
        let live = self.live_costs();
        let viewers = self.watching();
        let watching: Vec<_> = viewers
            .iter()
            .filter_map(|viewer| {
                let of = viewer.clip().unwrap_or(&live);
                viewer.claim(&of.costs, of.fps, now).map(|claim| (viewer, claim))
            })
            .collect();
        let claims: Vec<Claim> = watching
            .iter()
            .map(|(_, claim)| Claim { need: claim.need, weight: claim.weight })
            .collect();
        let shares: Vec<Option<u64>> = match self.budget {
            Budget::Unlimited => vec![None; claims.len()],
            Budget::BitsPerSec(bits) => shares(bits, &claims).into_iter().map(Some).collect(),
        };
        let mut wanted = Demand::default();
        for ((viewer, claim), share) in watching.into_iter().zip(shares) {
            let of = viewer.clip().unwrap_or(&live);
            let level = viewer.settle(share, &of.costs, of.fps, now);
            if !claim.paused && viewer.clip().is_none() {
                wanted.levels.insert(level);
                wanted.motion |= claim.gaming;
                // Who has twice what it needs will not be moved soon.
                let ample = share.is_none_or(|share| share / 2 >= claim.need);
                wanted.costs |= claim.capped || !ample;
            }
        }
        *settled = wanted;
        self.hub.want(wanted);
    }

    /// Reads what a second of `elapsed` brought to each, then settles anew.
    pub fn tick(&self, elapsed: Duration, now: Instant) {
        let live = self.live_costs();
        let mut bits_per_sec = 0;
        for viewer in self.watching() {
            let of = viewer.clip().unwrap_or(&live);
            let second = viewer.measure(elapsed, &of.costs, now);
            bits_per_sec += second.bits_per_sec;
            self.frames_sent.fetch_add(second.sent, Ordering::Relaxed);
            self.frames_skipped.fetch_add(second.skipped, Ordering::Relaxed);
        }
        self.sent_bits_per_sec.store(bits_per_sec, Ordering::Relaxed);
        self.settle(now);
    }

    /// Lets a frame's motion score, 0 to 1, drive all who are in gaming mode.
    pub fn moved(&self, motion: f64, elapsed: Duration) {
        self.motion.store(motion.to_bits(), Ordering::Relaxed);
        let mut settled = self.settled.lock();
        settled.levels = LevelSet::EMPTY;
        for viewer in self.watching().into_iter().filter(|viewer| viewer.clip().is_none()) {
            let level = viewer.moved(motion, elapsed);
            if !viewer.allowance().paused {
                settled.levels.insert(level);
            }
        }
        self.hub.want(*settled);
    }

    /// The newest motion score, 0 to 1.
    pub fn motion(&self) -> f64 {
        f64::from_bits(self.motion.load(Ordering::Relaxed))
    }

    /// How many watch.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for viewer in self.watching() {
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
        self.sent_bits_per_sec.load(Ordering::Relaxed)
    }

    /// Frames sent to viewers and frames skipped, since the start.
    pub fn totals(&self) -> (u64, u64) {
        (self.frames_sent.load(Ordering::Relaxed), self.frames_skipped.load(Ordering::Relaxed))
    }

    fn live_costs(&self) -> FeedCosts {
        FeedCosts { costs: self.hub.costs(), fps: self.hub.frames_per_sec() }
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
                Keep::Remembered => viewers.rests(seat.viewer.id()),
                Keep::WhileItLasts => viewers.remove(seat.viewer.id()),
            }
        }
        drop(viewers);
        self.frames_sent.fetch_add(sent, Ordering::Relaxed);
        self.frames_skipped.fetch_add(skipped, Ordering::Relaxed);
        self.settle(self.hub.clock().now());
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

impl Drop for Seat {
    fn drop(&mut self) {
        self.audience.leave(self);
    }
}

/// Viewers whose settings are kept, watching or not.
pub const MAX_REMEMBERED: usize = 10_000;
const MAX_STREAMS_OF_A_VIEWER: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Clock;
    use crate::live::level::Choice;
    use crate::live::settings::Mode;

    fn audience(budget: Budget, max_viewers: usize) -> Arc<Audience> {
        Arc::new(Audience::new(Arc::new(Hub::new(Clock::system())), budget, max_viewers))
    }

    fn watch(audience: &Arc<Audience>, id: u128) -> Result<Seat, Refused> {
        let now = Instant::now();
        let viewer = audience.enter(ViewerId::from_bits(id), Settings::default());
        audience.join(viewer, StreamMeter::default(), Keep::Remembered, now)
    }

    #[test]
    fn equal_viewers_have_equal_shares() {
        let audience = audience(Budget::BitsPerSec(9_000_000), 10);
        let seats: Vec<Seat> = (1..=3).map(|id| watch(&audience, id).unwrap()).collect();
        for seat in &seats {
            assert_eq!(seat.viewer.report(None, Instant::now()).share, Some(3_000_000));
        }
    }

    #[test]
    fn a_seat_that_is_left_leaves_its_share() {
        let audience = audience(Budget::BitsPerSec(9_000_000), 10);
        let first = watch(&audience, 1).unwrap();
        drop(watch(&audience, 2).unwrap());
        assert_eq!(first.viewer.report(None, Instant::now()).share, Some(9_000_000));
        assert_eq!(audience.counts().watching, 1);
    }

    #[test]
    fn two_viewers_never_change_each_others_choice() {
        let audience = audience(Budget::Unlimited, 10);
        let (one, two) = (watch(&audience, 1).unwrap(), watch(&audience, 2).unwrap());
        let change = |choice| Change { choice: Some(choice), ..Change::default() };
        let now = Instant::now();
        audience.change(&one.viewer, change(Choice::Low), now).unwrap();
        audience.change(&two.viewer, change(Choice::High), now).unwrap();
        assert_eq!(one.viewer.report(None, now).settings.choice, Choice::Low);
        assert_eq!(two.viewer.report(None, now).settings.choice, Choice::High);
        assert_eq!(one.viewer.allowance().level.quality().percent(), 20);
        assert_eq!(two.viewer.allowance().level.quality().percent(), 90);
    }

    #[test]
    fn who_comes_when_it_is_full_is_turned_away_and_a_reload_is_not() {
        let audience = audience(Budget::Unlimited, 1);
        let _seat = watch(&audience, 1).unwrap();
        assert!(audience.is_full());
        assert_eq!(watch(&audience, 2).err(), Some(Refused::Full));
        assert!(watch(&audience, 1).is_ok());
    }

    #[test]
    fn who_has_no_cookie_is_forgotten_with_the_stream() {
        let audience = audience(Budget::Unlimited, 10);
        let now = Instant::now();
        let id = ViewerId::from_bits(5);
        let viewer = audience.enter(id, Settings::default());
        let seat = audience.join(viewer, StreamMeter::default(), Keep::WhileItLasts, now).unwrap();
        assert!(audience.known(id).is_some());
        drop(seat);
        assert!(audience.known(id).is_none());
    }

    #[test]
    fn the_hub_is_told_what_is_watched_and_no_more() {
        let audience = audience(Budget::Unlimited, 10);
        assert!(!audience.hub.demand());
        let seat = watch(&audience, 1).unwrap();
        assert_eq!(audience.hub.wanted().iter().count(), 1);
        let pause = Change { paused: Some(true), ..Change::default() };
        audience.change(&seat.viewer, pause, Instant::now()).unwrap();
        assert!(!audience.hub.demand(), "a paused viewer wants no pictures");
        assert_eq!((audience.counts().watching, audience.counts().paused), (0, 1));
    }

    #[test]
    fn motion_moves_gaming_viewers_and_what_is_wanted() {
        let audience = audience(Budget::Unlimited, 10);
        let (one, two) = (watch(&audience, 1).unwrap(), watch(&audience, 2).unwrap());
        let game = Change { mode: Some(Mode::Gaming), ..Change::default() };
        audience.change(&one.viewer, game, Instant::now()).unwrap();
        for _ in 0..60 {
            audience.moved(0.0, Duration::from_millis(33));
        }
        assert_eq!(one.viewer.allowance().level.index(), 0);
        assert_eq!(two.viewer.allowance().level.index(), 7);
        assert_eq!(audience.hub.wanted().iter().count(), 2);
    }

    #[test]
    fn a_thousand_forms_make_nobody_forgotten_who_watched() {
        let audience = audience(Budget::Unlimited, 10);
        let seats: Vec<Seat> = (0..3).map(|id| watch(&audience, id).unwrap()).collect();
        drop(watch(&audience, 7).unwrap());
        for id in 100..100 + 2 * MAX_REMEMBERED as u128 {
            audience.enter(ViewerId::from_bits(id), Settings::default());
        }
        for id in [0, 1, 2, 7] {
            assert!(audience.known(ViewerId::from_bits(id)).is_some(), "{id}");
        }
        let known = |id: u128| audience.known(ViewerId::from_bits(id)).is_some();
        let strangers = (100..100 + 2 * MAX_REMEMBERED as u128).filter(|&id| known(id)).count();
        assert_eq!(strangers, MAX_REMEMBERED - 4);
        assert_eq!(seats.len(), audience.counts().watching);
    }

    #[test]
    fn who_is_only_remembered_costs_nothing() {
        let audience = audience(Budget::BitsPerSec(9_000_000), 100);
        let seats: Vec<Seat> = (0..10).map(|id| watch(&audience, id).unwrap()).collect();
        assert_eq!(audience.watching().len(), 10);
        for id in 100..100 + MAX_REMEMBERED as u128 {
            audience.enter(ViewerId::from_bits(id), Settings::default());
        }
        // What settling, measuring, motion and `/state` walk.
        assert_eq!(audience.watching().len(), 10);
        drop(seats);
        assert_eq!(audience.watching().len(), 0);
    }

    #[test]
    fn who_left_sends_nothing_and_comes_back_as_it_was() {
        let audience = audience(Budget::Unlimited, 10);
        let now = Instant::now();
        let seat = watch(&audience, 1).unwrap();
        let low = Change { choice: Some(Choice::Low), ..Change::default() };
        audience.change(&seat.viewer, low, now).unwrap();
        seat.meter.frames.fetch_add(30, Ordering::Relaxed);
        audience.tick(Duration::from_secs(1), now);
        let viewer = Arc::clone(&seat.viewer);
        assert_eq!((viewer.report(None, now).fps, viewer.report(None, now).last.sent), (30.0, 30));
        drop(seat);
        assert_eq!((viewer.report(None, now).fps, viewer.report(None, now).last.sent), (0.0, 0));
        let seat = watch(&audience, 1).unwrap();
        assert!(Arc::ptr_eq(&seat.viewer, &viewer));
        assert_eq!(seat.viewer.report(None, now).settings.choice, Choice::Low);
    }

    #[test]
    fn a_newcomer_forgotten_before_it_joins_has_its_seat_all_the_same() {
        let audience = audience(Budget::Unlimited, 10);
        let now = Instant::now();
        let newcomer = audience.enter(ViewerId::from_bits(1), Settings::default());
        for id in 100..100 + MAX_REMEMBERED as u128 {
            audience.enter(ViewerId::from_bits(id), Settings::default());
        }
        assert!(audience.known(newcomer.id()).is_none());
        let meter = StreamMeter::default();
        let seat = audience.join(newcomer, meter, Keep::Remembered, now).unwrap();
        assert_eq!(audience.counts().watching, 1);
        assert!(audience.known(seat.viewer.id()).is_some_and(|of| Arc::ptr_eq(&of, &seat.viewer)));
    }
}
