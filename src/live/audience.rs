//! Everybody who watches, in whatever room, and what each gets.
//!
//! The register of viewers; requests come and go here, the governor calls
//! [`Audience::tick`] once a second. [`Audience::settle`] is the one place where
//! the budget becomes levels: it is one budget over all rooms.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};

use super::bandwidth::{Budget, Claim, shares_of_people};
use super::channel::Channel;
use super::crowd::{Counts, Crowd};
use super::desk::Demand;
use super::hub::Hub;
use super::level::LevelSet;
use super::meter::StreamMeter;
use super::register::Register;
use super::settings::{Change, Locked, Settings, ViewerId};
use super::sight::visible;
use super::thanks::{Donation, Words};
use super::viewer::{FeedCosts, Key, Viewer};
use crate::base::clock::Clock;
use crate::media::frame::Size;

/// The viewers.
pub struct Audience {
    clock: Clock,
    budget: Budget,
    max_viewers: usize,
    crowds: RwLock<Vec<Arc<Crowd>>>,
    viewers: Mutex<Register>,
    /// Held while levels are settled, so that what a hub is told is never older than what holds.
    settling: Mutex<()>,
}

/// Why a stream is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// As many viewers as are allowed watch already.
    Full,
    /// This viewer has as many streams open as one may have.
    TooManyStreams,
}

impl Audience {
    /// Nobody yet.
    pub fn new(clock: Clock, budget: Budget, max_viewers: usize) -> Self {
        Self {
            clock,
            budget,
            max_viewers,
            crowds: RwLock::default(),
            viewers: Mutex::new(Register::new(MAX_REMEMBERED)),
            settling: Mutex::default(),
        }
    }

    /// A new crowd, around a channel that others may watch too.
    pub fn gather(&self, channel: Arc<Channel>) -> Arc<Crowd> {
        let mut crowds = self.crowds.write();
        let number = crowds.last().map_or(0, |last| last.number() + 1);
        let crowd = Arc::new(Crowd::new(number, channel));
        crowds.push(Arc::clone(&crowd));
        crowd
    }

    /// What all may use together.
    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// How many may watch.
    pub fn max_viewers(&self) -> usize {
        self.max_viewers
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
        self.viewers.lock().enter(key, || Viewer::new(crowd, id, settings, clip))
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
                    viewers.remove(viewer.key());
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
        viewer.crowd().hub().wake();
        Ok(())
    }

    /// A tab of a viewer, or all of them, shows the picture in so many pixels.
    pub fn shown(&self, viewer: &Viewer, tab: Option<&str>, shown: Size, now: Instant) {
        if let Some(frame) = viewer.crowd().hub().frame() {
            viewer.sees(tab, visible(shown, frame.picture.size()));
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

    /// Divides the budget, sets everybody's level, and tells each room's hub what is wanted.
    pub fn settle(&self, now: Instant) {
        let _settling = self.settling.lock();
        let (crowds, viewers) = (self.crowds(), self.watching());
        let live = LiveCosts::of(&crowds);
        let watching: Vec<_> = viewers
            .iter()
            .filter_map(|viewer| {
                let of = live.of_viewer(viewer);
                viewer.claim(&of.costs, of.fps, now).map(|claim| (viewer, claim))
            })
            .collect();
        let claims: Vec<(ViewerId, Claim)> = watching
            .iter()
            .map(|(viewer, claim)| (viewer.id(), Claim { need: claim.need, weight: claim.weight }))
            .collect();
        let shares: Vec<Option<u64>> = match self.budget {
            Budget::Unlimited => vec![None; claims.len()],
            Budget::BitsPerSec(bits) => {
                shares_of_people(bits, &claims).into_iter().map(Some).collect()
            }
        };
        let mut wanted: HashMap<u32, Demand> = HashMap::new();
        for ((viewer, claim), share) in watching.into_iter().zip(shares) {
            let of = live.of_viewer(viewer);
            let level = viewer.settle(share, &of.costs, of.fps, now);
            if !claim.paused && viewer.clip().is_none() {
                let wanted = wanted.entry(viewer.key().crowd).or_default();
                wanted.levels.insert(level);
                wanted.motion |= claim.gaming;
                // Who has twice what it needs will not be moved soon.
                let ample = share.is_none_or(|share| share / 2 >= claim.need);
                wanted.costs |= claim.capped || !ample;
            }
        }
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
        let _settling = self.settling.lock();
        let viewers = self.watching();
        for crowd in self.crowds().iter().filter(|crowd| Arc::ptr_eq(crowd.hub(), hub)) {
            let mut wish = crowd.wish();
            wish.levels = LevelSet::EMPTY;
            let here = |viewer: &&Arc<Viewer>| viewer.key().crowd == crowd.number();
            for viewer in viewers.iter().filter(here).filter(|viewer| viewer.clip().is_none()) {
                let level = viewer.moved(motion, elapsed);
                if !viewer.allowance().paused {
                    wish.levels.insert(level);
                }
            }
            crowd.want(wish);
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
        self.crowds.read().clone()
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
                Keep::Remembered => viewers.rests(seat.viewer.key()),
                Keep::WhileItLasts => viewers.remove(seat.viewer.key()),
            }
        }
        drop(viewers);
        seat.viewer.crowd().count(sent, skipped);
        self.settle(self.clock.now());
    }
}

/// What each room's pictures cost.
struct LiveCosts(HashMap<u32, FeedCosts>);

impl LiveCosts {
    fn of(crowds: &[Arc<Crowd>]) -> Self {
        let costs = |hub: &Hub| FeedCosts { costs: hub.costs(), fps: hub.frames_per_sec() };
        Self(crowds.iter().map(|crowd| (crowd.number(), costs(crowd.hub()))).collect())
    }

    /// What a viewer watches costs.
    fn of_viewer<'a>(&'a self, viewer: &'a Viewer) -> &'a FeedCosts {
        viewer.clip().or_else(|| self.0.get(&viewer.key().crowd)).unwrap_or(&FeedCosts::UNKNOWN)
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
    /// The pictures of its room.
    pub fn hub(&self) -> &Arc<Hub> {
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::live::channel::Channels;
    use crate::live::level::{Choice, Level};
    use crate::live::settings::Mode;
    use crate::source::pattern::Pattern;

    /// An audience with one room.
    fn audience(budget: Budget, max_viewers: usize) -> Arc<Audience> {
        let audience = Audience::new(Clock::system(), budget, max_viewers);
        audience.gather(Channels::new(Clock::system()).open(&Pattern::new()));
        Arc::new(audience)
    }

    fn room(audience: &Audience) -> Arc<Crowd> {
        audience.crowds().remove(0)
    }

    fn watch(audience: &Arc<Audience>, id: u128) -> Result<Seat, Refused> {
        watch_in(audience, &room(audience), id)
    }

    fn watch_in(audience: &Arc<Audience>, crowd: &Arc<Crowd>, id: u128) -> Result<Seat, Refused> {
        let viewer = audience.enter(crowd, ViewerId::from_bits(id), Settings::default());
        audience.join(viewer, StreamMeter::default(), Keep::Remembered, Instant::now())
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
        assert_eq!(audience.counts(None).watching, 1);
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
        let viewer = audience.enter(&room(&audience), id, Settings::default());
        let seat = audience.join(viewer, StreamMeter::default(), Keep::WhileItLasts, now).unwrap();
        assert!(audience.known(&room(&audience), id).is_some());
        drop(seat);
        assert!(audience.known(&room(&audience), id).is_none());
    }

    #[test]
    fn the_hub_is_told_what_is_watched_and_no_more() {
        let audience = audience(Budget::Unlimited, 10);
        assert!(!room(&audience).hub().demand());
        let seat = watch(&audience, 1).unwrap();
        assert_eq!(room(&audience).hub().wanted().iter().count(), 1);
        let pause = Change { paused: Some(true), ..Change::default() };
        audience.change(&seat.viewer, pause, Instant::now()).unwrap();
        assert!(!room(&audience).hub().demand(), "a paused viewer wants no pictures");
        assert_eq!((audience.counts(None).watching, audience.counts(None).paused), (0, 1));
    }

    #[test]
    fn motion_moves_gaming_viewers_and_what_is_wanted() {
        let audience = audience(Budget::Unlimited, 10);
        let (one, two) = (watch(&audience, 1).unwrap(), watch(&audience, 2).unwrap());
        let game = Change { mode: Some(Mode::Gaming), ..Change::default() };
        audience.change(&one.viewer, game, Instant::now()).unwrap();
        for _ in 0..100 {
            audience.moved(room(&audience).hub(), 0.0, Duration::from_millis(33));
        }
        assert_eq!(one.viewer.allowance().level.index(), 0);
        assert_eq!(two.viewer.allowance().level.index(), 7);
        assert_eq!(room(&audience).hub().wanted().iter().count(), 2);
    }

    #[test]
    fn a_thousand_forms_make_nobody_forgotten_who_watched() {
        let audience = audience(Budget::Unlimited, 10);
        let seats: Vec<Seat> = (0..3).map(|id| watch(&audience, id).unwrap()).collect();
        drop(watch(&audience, 7).unwrap());
        for id in 100..100 + 2 * MAX_REMEMBERED as u128 {
            audience.enter(&room(&audience), ViewerId::from_bits(id), Settings::default());
        }
        for id in [0, 1, 2, 7] {
            assert!(audience.known(&room(&audience), ViewerId::from_bits(id)).is_some(), "{id}");
        }
        let known = |id: u128| audience.known(&room(&audience), ViewerId::from_bits(id)).is_some();
        let strangers = (100..100 + 2 * MAX_REMEMBERED as u128).filter(|&id| known(id)).count();
        assert_eq!(strangers, MAX_REMEMBERED - 4);
        assert_eq!(seats.len(), audience.counts(None).watching);
    }

    #[test]
    fn who_is_only_remembered_costs_nothing() {
        let audience = audience(Budget::BitsPerSec(9_000_000), 100);
        let seats: Vec<Seat> = (0..10).map(|id| watch(&audience, id).unwrap()).collect();
        assert_eq!(audience.watching().len(), 10);
        for id in 100..100 + MAX_REMEMBERED as u128 {
            audience.enter(&room(&audience), ViewerId::from_bits(id), Settings::default());
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
        let newcomer =
            audience.enter(&room(&audience), ViewerId::from_bits(1), Settings::default());
        for id in 100..100 + MAX_REMEMBERED as u128 {
            audience.enter(&room(&audience), ViewerId::from_bits(id), Settings::default());
        }
        assert!(audience.known(&room(&audience), newcomer.id()).is_none());
        let meter = StreamMeter::default();
        let seat = audience.join(newcomer, meter, Keep::Remembered, now).unwrap();
        assert_eq!(audience.counts(None).watching, 1);
        assert!(
            audience
                .known(&room(&audience), seat.viewer.id())
                .is_some_and(|of| Arc::ptr_eq(&of, &seat.viewer))
        );
    }

    /// An audience with two rooms on one channel, and one on another.
    fn three_rooms(budget: Budget) -> (Arc<Audience>, [Arc<Crowd>; 3]) {
        let channels = Channels::new(Clock::system());
        let (one, other) = (channels.open(&Pattern::new()), channels.open(&Pattern::new()));
        let audience = Arc::new(Audience::new(Clock::system(), budget, 10));
        let rooms = [&one, &one, &other].map(|channel| audience.gather(Arc::clone(channel)));
        (audience, rooms)
    }

    #[test]
    fn settings_pause_and_seat_are_of_one_room_and_the_share_is_over_all() {
        let (audience, [first, second, third]) = three_rooms(Budget::BitsPerSec(12_000_000));
        let seats = [&first, &third].map(|crowd| watch_in(&audience, crowd, 1).unwrap());
        let other = watch_in(&audience, &second, 2).unwrap();
        let now = Instant::now();
        let share = |seat: &Seat| seat.viewer.report(None, now).share;
        assert_eq!(seats.each_ref().map(share), [Some(3_000_000); 2]);
        assert_eq!(share(&other), Some(6_000_000), "who watches twice counts once");
        let pause = Change { paused: Some(true), ..Change::default() };
        audience.change(&seats[0].viewer, pause, now).unwrap();
        assert!(!seats[1].viewer.allowance().paused);
        assert_eq!(seats.each_ref().map(share), [Some(0), Some(6_000_000)]);
        let counts = |crowd: &Crowd| audience.counts(Some(crowd));
        assert_eq!([counts(&first).watching, counts(&first).paused], [0, 1]);
        assert_eq!([counts(&second).watching, counts(&third).watching], [1, 1]);
        assert_eq!(audience.counts(None).watching, 2);
    }

    #[test]
    fn a_channel_is_told_what_all_its_rooms_want_and_another_nothing_of_it() {
        let (audience, [first, second, third]) = three_rooms(Budget::Unlimited);
        let seats =
            [(&first, 1, Choice::Low), (&second, 2, Choice::High)].map(|(crowd, id, choice)| {
                let seat = watch_in(&audience, crowd, id).unwrap();
                let change = Change { choice: Some(choice), ..Change::default() };
                audience.change(&seat.viewer, change, Instant::now()).unwrap();
                seat
            });
        assert!(Arc::ptr_eq(first.hub(), second.hub()));
        assert_eq!(first.hub().wanted().iter().count(), 2);
        assert!(!third.hub().demand());
        drop(seats);
        assert!(!first.hub().demand());
    }

    #[test]
    fn motion_of_one_source_drives_nobody_who_watches_another() {
        let (audience, [first, second, third]) = three_rooms(Budget::Unlimited);
        let game = Change { mode: Some(Mode::Gaming), ..Change::default() };
        let play = |crowd: &Arc<Crowd>, id| {
            let seat = watch_in(&audience, crowd, id).unwrap();
            audience.change(&seat.viewer, game, Instant::now()).unwrap();
            seat
        };
        let seats = [play(&first, 1), play(&second, 2), play(&third, 3)];
        for _ in 0..90 {
            audience.moved(third.hub(), 0.0, Duration::from_millis(33));
            audience.moved(first.hub(), 1.0, Duration::from_millis(33));
        }
        let level = |seat: &Seat| seat.viewer.allowance().level;
        assert_eq!(level(&seats[0]), Level::TOP);
        assert_eq!(level(&seats[1]), Level::TOP);
        assert!(level(&seats[2]) < Level::TOP, "nothing moved there");
        assert_eq!((first.hub().motion(), third.hub().motion()), (1.0, 0.0));
    }

    #[test]
    fn thanks_are_said_in_the_room_where_somebody_gave_and_count_everywhere() {
        let (audience, [first, _, third]) = three_rooms(Budget::BitsPerSec(12_000_000));
        let seats = [&first, &third].map(|crowd| watch_in(&audience, crowd, 1).unwrap());
        let other = watch_in(&audience, &first, 2).unwrap();
        let now = Instant::now();
        let words = Words { name: "Ada".into(), message: String::new() };
        audience.donate(&seats[0].viewer, None, words, now);
        assert_eq!([first.thanks().count(), third.thanks().count()], [1, 0]);
        assert_eq!(other.viewer.report(None, now).share, Some(4_000_000));
    }
}
