//! One who watches: settings, streams, and what it gets.
//!
//! Settings and statistics lie under one short lock that requests and the
//! governor take. What a sender asks for each picture ([`Viewer::allowance`]) is
//! atomic, so that sending waits for nobody.

mod report;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::crowd::Crowd;
use super::gaming::Drive;
use super::level::{Choice, Costs, Grant, LEVELS, Level, need, pick};
use super::link::{Link, Second};
use super::meter::StreamMeter;
use super::orders::Unfiltered;
use super::settings::{Change, Locked, Mode, Settings, ViewerId};
use super::thanks::THANKS_LAST;
use crate::media::filter::Filter;
pub use report::{Allowance, LimitedBy, Report};

/// Who a viewer is: somebody in one room. In another the same person is another viewer, with
/// settings of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// The number of the room's [crowd](super::crowd::Crowd).
    pub crowd: u32,
    /// Who it is.
    pub id: ViewerId,
}

/// One viewer.
pub struct Viewer {
    id: ViewerId,
    crowd: Arc<Crowd>,
    /// Of what it watches instead of the live source.
    clip: Option<FeedCosts>,
    /// The level, and above it the bits of the filter: of both the same time.
    picture: AtomicU32,
    frames_permille: AtomicU16,
    paused: AtomicBool,
    inner: Mutex<Inner>,
}

/// What the pictures that a viewer watches cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeedCosts {
    /// Bits per second of each level.
    pub costs: Costs,
    /// Frames per second.
    pub fps: f64,
}

impl FeedCosts {
    /// Of what was not measured yet.
    pub const UNKNOWN: Self = Self { costs: [None; LEVELS], fps: 0.0 };
}

/// What requests and the governor share of a viewer.
struct Inner {
    settings: Settings,
    streams: Vec<Arc<StreamMeter>>,
    link: Link,
    drive: Drive,
    granted: Grant,
    share: Option<u64>,
    limited_by: LimitedBy,
    gave_at: Option<Instant>,
    last: Second,
    fps: f64,
    /// When it ordered its filter, among all orders; 0 if that is not known yet.
    ordered: u64,
    /// What is done to what it gets, and why that is nothing if it asked for something.
    given: Filter,
    unfiltered: Option<Unfiltered>,
}

impl Viewer {
    /// A viewer without a stream; of the live source, if not of a clip.
    pub fn new(
        crowd: &Arc<Crowd>,
        id: ViewerId,
        settings: Settings,
        clip: Option<FeedCosts>,
    ) -> Self {
        let level = settings.choice.level();
        Self {
            id,
            crowd: Arc::clone(crowd),
            clip,
            picture: AtomicU32::new(level.index() as u32),
            frames_permille: AtomicU16::new(1000),
            paused: AtomicBool::new(settings.paused),
            inner: Mutex::new(Inner {
                settings,
                streams: Vec::new(),
                link: Link::default(),
                drive: Drive::default(),
                granted: Grant { level, frames: 1.0 },
                share: None,
                limited_by: LimitedBy::Source,
                gave_at: None,
                last: Second::default(),
                fps: 0.0,
                ordered: 0,
                given: Filter::NONE,
                unfiltered: None,
            }),
        }
    }

    /// Who it is, and where.
    pub fn key(&self) -> Key {
        Key { crowd: self.crowd.number(), id: self.id }
    }

    /// Among whom it is.
    pub fn crowd(&self) -> &Arc<Crowd> {
        &self.crowd
    }

    /// Who it is, whatever the room.
    pub fn id(&self) -> ViewerId {
        self.id
    }

    /// What the clip costs that it watches; `None` if it watches the live source.
    pub(super) fn clip(&self) -> Option<&FeedCosts> {
        self.clip.as_ref()
    }

    /// Who sets its quality.
    pub fn mode(&self) -> Mode {
        self.inner.lock().settings.mode
    }

    /// What to send to it now.
    pub fn allowance(&self) -> Allowance {
        let picture = self.picture.load(Ordering::Relaxed);
        Allowance {
            level: Level::at((picture & 0xFF) as usize).unwrap_or(Level::LOWEST),
            filter: Filter::from_bits((picture >> 8) as u16),
            frames_permille: self.frames_permille.load(Ordering::Relaxed),
            paused: self.paused.load(Ordering::Relaxed),
        }
    }

    /// Changes its settings.
    ///
    /// # Errors
    ///
    /// [`Locked`] as [`Settings::changed`] has it; nothing is changed then.
    pub fn change(&self, change: Change) -> Result<(), Locked> {
        let mut inner = self.inner.lock();
        let settings = inner.settings.changed(change)?;
        if settings.mode != inner.settings.mode {
            // Motion goes on from what is seen.
            let at_hand = (!inner.streams.is_empty()).then(|| inner.level().quality());
            inner.drive = at_hand.map_or_else(Drive::default, Drive::from);
        }
        if settings.filter != inner.settings.filter {
            inner.ordered = 0;
        }
        inner.settings = settings;
        self.paused.store(settings.paused, Ordering::Relaxed);
        Ok(())
    }

    /// The streams of this tab show no better picture than this level's.
    pub(super) fn sees(&self, tab: Option<&str>, level: Level) {
        for meter in &self.inner.lock().streams {
            if tab.is_none_or(|tab| meter.is_of_tab(tab)) {
                meter.sees(level);
            }
        }
    }

    /// Counts double from now on, for a minute.
    pub fn give(&self, now: Instant) {
        self.inner.lock().gave_at = Some(now);
    }

    /// How many streams are open.
    pub fn streams(&self) -> usize {
        self.inner.lock().streams.len()
    }

    /// Whether the stream of this tab is open, or any if no tab is named.
    pub fn watches_in(&self, tab: Option<&str>) -> bool {
        let inner = self.inner.lock();
        inner.streams.iter().any(|meter| tab.is_none_or(|tab| meter.is_of_tab(tab)))
    }

    pub(super) fn open(&self, meter: Arc<StreamMeter>) {
        self.inner.lock().streams.push(meter);
    }

    /// Ends a stream. Returns the frames that it sent and skipped and nobody measured yet.
    pub(super) fn close(&self, meter: &Arc<StreamMeter>) -> (u64, u64) {
        let mut inner = self.inner.lock();
        inner.streams.retain(|open| !Arc::ptr_eq(open, meter));
        if inner.streams.is_empty() {
            // Nobody measures who watches nothing.
            (inner.last, inner.fps) = (Second::default(), 0.0);
        }
        let counted = meter.since_last();
        (counted.sent, counted.skipped)
    }

    /// What it claims of the budget; `None` if it watches nothing.
    pub(super) fn claim(&self, costs: &Costs, source_fps: f64, now: Instant) -> Option<Watching> {
        let inner = self.inner.lock();
        if inner.streams.is_empty() {
            return None;
        }
        let paused = inner.settings.paused;
        let cost = costs[inner.ceiling().index()].map_or(UNKNOWN_NEED, need);
        let wanted = (cost as f64 * inner.streams_worth(source_fps)).ceil() as u64;
        Some(Watching {
            need: if paused { 0 } else { wanted },
            weight: if inner.donating(now).is_some() { 2 } else { 1 },
            paused,
            gaming: inner.settings.mode == Mode::Gaming,
            capped: inner.link.cap() < Level::TOP,
        })
    }

    /// Takes its share, and settles what is sent. Returns the level.
    ///
    /// While it is paused it keeps the level of before, for when it goes on.
    pub(super) fn settle(
        &self,
        share: Option<u64>,
        costs: &Costs,
        source_fps: f64,
        now: Instant,
    ) -> Level {
        let mut inner = self.inner.lock();
        inner.share = share;
        if !inner.settings.paused {
            let each = share.map(|share| (share as f64 / inner.streams_worth(source_fps)) as u64);
            let fits = [each, inner.link.rate(now)].into_iter().flatten().min();
            inner.granted = pick(inner.ceiling(), fits, costs, inner.granted.level);
        }
        self.apply(&mut inner)
    }

    /// Lets motion drive its quality, if it is in gaming mode. Returns the level.
    pub(super) fn moved(&self, motion: f64, elapsed: Duration) -> Level {
        let mut inner = self.inner.lock();
        if inner.settings.mode == Mode::Gaming {
            let ceiling = inner.drive_ceiling();
            inner.drive.step(motion, elapsed, ceiling);
        }
        self.apply(&mut inner)
    }

    fn apply(&self, inner: &mut Inner) -> Level {
        let level = inner.level();
        inner.limited_by = inner.limit(level);
        self.show(level, inner.given);
        let permille = (inner.granted.frames * 1000.0).clamp(1.0, 1000.0) as u16;
        self.frames_permille.store(permille, Ordering::Relaxed);
        level
    }

    fn show(&self, level: Level, filter: Filter) {
        let picture = level.index() as u32 | u32::from(filter.bits()) << 8;
        self.picture.store(picture, Ordering::Relaxed);
    }

    /// What it asked to have done to its pictures, if anything.
    pub(super) fn order(&self, next: &mut u64) -> Option<Order> {
        let mut inner = self.inner.lock();
        if inner.settings.filter.is_none() || inner.streams.is_empty() || self.clip.is_some() {
            (inner.given, inner.unfiltered) = (Filter::NONE, None);
            self.show(inner.level(), Filter::NONE);
            return None;
        }
        if inner.ordered == 0 {
            *next += 1;
            inner.ordered = *next;
        }
        let filter = inner.settings.filter;
        let from = inner.streams.iter().find_map(|meter| meter.address());
        Some(Order { number: inner.ordered, filter, from, level: inner.level() })
    }

    /// What it asked for is done from now on, or is not, and why.
    pub(super) fn ordered(&self, outcome: Result<(), Unfiltered>) {
        let mut inner = self.inner.lock();
        inner.unfiltered = outcome.err();
        inner.given = if outcome.is_ok() { inner.settings.filter } else { Filter::NONE };
        self.show(inner.level(), inner.given);
    }

    /// What is asked to be done to its pictures.
    pub(super) fn filter(&self) -> Filter {
        self.inner.lock().settings.filter
    }

    /// Reads what its streams did in `elapsed`, and learns about its link.
    pub(super) fn measure(&self, elapsed: Duration, costs: &Costs, now: Instant) -> Second {
        let mut inner = self.inner.lock();
        let seconds = elapsed.as_secs_f64().max(0.001);
        let each: Vec<Second> = inner
            .streams
            .iter()
            .map(|meter| {
                let counted = meter.since_last();
                Second {
                    sent: counted.sent,
                    skipped: counted.skipped,
                    bits_per_sec: (counted.bytes as f64 * 8.0 / seconds) as u64,
                    fresh: meter.waits_here.load(Ordering::Relaxed),
                    stalled: counted.stalled,
                    proven_bits_per_sec: counted.proven_bytes_per_sec.saturating_mul(8),
                }
            })
            .collect();
        // A tab that hangs says nothing about the link if another of the same viewer flows.
        if let Some(best) = each.iter().min_by_key(|second| second.skipped) {
            let level = inner.level();
            inner.link.step(*best, costs, level, now);
        }
        let sum = each.iter().fold(Second::default(), |sum, one| Second {
            sent: sum.sent + one.sent,
            skipped: sum.skipped + one.skipped,
            bits_per_sec: sum.bits_per_sec + one.bits_per_sec,
            ..*one
        });
        inner.fps = sum.sent as f64 / seconds / (each.len() as f64).max(1.0);
        inner.last = sum;
        sum
    }

    /// What `/state` shows of it, to the tab that asks.
    pub fn report(&self, tab: Option<&str>, now: Instant) -> Report {
        let inner = self.inner.lock();
        let of_tab = |meter: &&Arc<StreamMeter>| {
            tab.is_none() || tab.is_some_and(|tab| meter.is_of_tab(tab))
        };
        let mine = inner.streams.iter().find(of_tab);
        let latency = mine.map(|meter| meter.latency_us.load(Ordering::Relaxed));
        Report {
            settings: inner.settings,
            streams: inner.streams.len(),
            tab_open: mine.is_some(),
            level: inner.level(),
            limited_by: inner.limited_by,
            share: inner.share,
            last: inner.last,
            fps: inner.fps,
            latency: latency.filter(|&us| us > 0).map(Duration::from_micros),
            skipped: inner.streams.iter().map(|meter| meter.skipped.load(Ordering::Relaxed)).sum(),
            drive: (inner.settings.mode == Mode::Gaming).then(|| inner.drive.quality()),
            donating: inner.donating(now),
            unfiltered: inner.unfiltered,
        }
    }
}

/// A filter that a viewer who watches ordered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    /// Its place among all orders.
    pub(super) number: u64,
    pub(super) filter: Filter,
    pub(super) from: Option<IpAddr>,
    pub(super) level: Level,
}

/// What a viewer that watches claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Watching {
    pub(super) need: u64,
    pub(super) weight: u32,
    pub(super) paused: bool,
    pub(super) gaming: bool,
    /// Whether its link does not take the best level.
    pub(super) capped: bool,
}

/// What is claimed for a level whose cost is not known: all, and shares may still be added up.
const UNKNOWN_NEED: u64 = u64::MAX / 1024;

impl Inner {
    /// The best level that its settings and its link allow.
    fn ceiling(&self) -> Level {
        self.asked().min(self.link.cap())
    }

    /// What its settings ask for. Who leaves the choice to the server gets no more than can be seen
    /// on the largest of the screens.
    fn asked(&self) -> Level {
        match (self.settings.mode, self.settings.choice) {
            (Mode::Gaming, _) => Level::TOP,
            (Mode::Home, Choice::Auto) => {
                self.streams.iter().map(|meter| meter.visible()).max().unwrap_or(Level::TOP)
            }
            (Mode::Home, choice) => choice.level(),
        }
    }

    /// How many whole streams its streams count for; a slower one counts in part.
    fn streams_worth(&self, source_fps: f64) -> f64 {
        self.streams.iter().map(|meter| meter.part(source_fps)).sum::<f64>().max(0.001)
    }

    /// How high motion may drive the quality: to what the share and the link carry.
    fn drive_ceiling(&self) -> f64 {
        match self.granted.level {
            Level::TOP => 100.0,
            level => f64::from(level.quality().percent()),
        }
    }

    fn level(&self) -> Level {
        match self.settings.mode {
            Mode::Home => self.granted.level,
            Mode::Gaming => Level::at_most(self.drive.quality()).min(self.granted.level),
        }
    }

    fn limit(&self, level: Level) -> LimitedBy {
        let granted = self.granted.level;
        let gaming = self.settings.mode == Mode::Gaming;
        let asked = self.asked();
        if level == Level::TOP && self.granted.frames >= 1.0 {
            LimitedBy::Source
        } else if gaming && level < granted {
            LimitedBy::Motion
        } else if self.link.is_below_the_lowest() {
            LimitedBy::Link
        } else if granted < asked.min(self.link.cap()) || self.granted.frames < 1.0 {
            LimitedBy::Share
        } else if self.link.cap() < asked {
            LimitedBy::Link
        } else if self.settings.choice == Choice::Auto {
            LimitedBy::Screen
        } else {
            LimitedBy::Choice
        }
    }

    fn donating(&self, now: Instant) -> Option<Duration> {
        let passed = now.saturating_duration_since(self.gave_at?);
        THANKS_LAST.checked_sub(passed).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests;
