//! One who watches: settings, streams, and what it gets.
//!
//! Settings and statistics lie under one short lock that requests and the
//! governor take. What a sender asks for each picture ([`Viewer::allowance`]) is
//! atomic, so that sending waits for nobody.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::gaming::Drive;
use super::level::{Choice, Costs, Grant, Level};
use super::link::{Link, Second};
use super::thanks::THANKS_LAST;

/// 128 random bits that a browser sends back as the cookie `viewer`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ViewerId(u128);

impl ViewerId {
    /// An id of these bits.
    pub fn from_bits(bits: u128) -> Self {
        Self(bits)
    }
}

impl fmt::Display for ViewerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for ViewerId {
    /// Shows only the first digits: who knows the whole id can act as the viewer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}…", self.0 >> 96)
    }
}

/// The text is not 32 hexadecimal digits in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAViewerId;

impl FromStr for ViewerId {
    type Err = NotAViewerId;

    fn from_str(text: &str) -> Result<Self, NotAViewerId> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 32 || !text.bytes().all(digit) {
            return Err(NotAViewerId);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| NotAViewerId)
    }
}

/// Who sets the quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The choice.
    #[default]
    Home,
    /// Motion; the choice is locked.
    Gaming,
}

impl Mode {
    /// As requests and `/state` have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Home => "home",
            Mode::Gaming => "gaming",
        }
    }
}

/// What a viewer can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// The quality that it asks for.
    pub choice: Choice,
    /// Who sets the quality.
    pub mode: Mode,
    /// Whether nothing is sent.
    pub paused: bool,
}

/// A change of some settings; `None` leaves one as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Change {
    /// See [`Settings::choice`].
    pub choice: Option<Choice>,
    /// See [`Settings::mode`].
    pub mode: Option<Mode>,
    /// See [`Settings::paused`].
    pub paused: Option<bool>,
}

/// The choice is locked, because motion sets the quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locked;

impl Settings {
    /// The settings after a change.
    ///
    /// # Errors
    ///
    /// [`Locked`] if a choice is made in gaming mode and the change does not leave it.
    pub fn changed(self, change: Change) -> Result<Settings, Locked> {
        let mode = change.mode.unwrap_or(self.mode);
        if change.choice.is_some() && mode == Mode::Gaming {
            return Err(Locked);
        }
        Ok(Settings {
            choice: change.choice.unwrap_or(self.choice),
            mode,
            paused: change.paused.unwrap_or(self.paused),
        })
    }
}

/// What keeps a viewer from a better picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitedBy {
    /// Nothing: this is the best that the source gives.
    Source,
    /// Its own choice.
    Choice,
    /// Its share of the budget.
    Share,
    /// Its connection.
    Link,
    /// The picture's stillness, in gaming mode.
    Motion,
}

impl LimitedBy {
    /// As `/state` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            LimitedBy::Source => "source",
            LimitedBy::Choice => "choice",
            LimitedBy::Share => "share",
            LimitedBy::Link => "link",
            LimitedBy::Motion => "motion",
        }
    }
}

/// One viewer.
pub struct Viewer {
    id: ViewerId,
    level: AtomicU8,
    frames_permille: AtomicU16,
    paused: AtomicBool,
    inner: Mutex<Inner>,
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
    seen_at: Instant,
    last: Second,
    fps: f64,
}

/// What a sender may send now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allowance {
    /// The level.
    pub level: Level,
    /// Thousandths of the source's frames, 1 to 1000.
    pub frames_permille: u16,
    /// Whether to send nothing.
    pub paused: bool,
}

/// One open stream's counters; the sender counts, the governor reads.
#[derive(Debug, Default)]
pub struct StreamMeter {
    tab: Option<String>,
    /// Frames that went out whole.
    pub frames: AtomicU64,
    /// Bytes that went out.
    pub bytes: AtomicU64,
    /// Frames passed over because one before was still on its way.
    pub skipped: AtomicU64,
    /// Microseconds from the capture to the last byte handed to the system, a running mean.
    pub latency_us: AtomicU64,
    read: Mutex<(u64, u64, u64)>,
}

impl StreamMeter {
    /// The counters of a stream; `tab` tells a page's streams apart.
    pub fn new(tab: Option<String>) -> Self {
        Self { tab, ..Self::default() }
    }

    /// Counts a frame that went out whole, `latency` after its capture.
    pub fn frame(&self, latency: Duration) {
        self.frames.fetch_add(1, Ordering::Relaxed);
        let new = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).min(60_000_000);
        let old = self.latency_us.load(Ordering::Relaxed);
        let mean = if old == 0 { new } else { (old * 7 + new) / 8 };
        self.latency_us.store(mean, Ordering::Relaxed);
    }

    /// What was counted since the last call: frames, skipped, bytes.
    fn since_last(&self) -> (u64, u64, u64) {
        let now = (
            self.frames.load(Ordering::Relaxed),
            self.skipped.load(Ordering::Relaxed),
            self.bytes.load(Ordering::Relaxed),
        );
        let last = std::mem::replace(&mut *self.read.lock(), now);
        (now.0 - last.0, now.1 - last.1, now.2 - last.2)
    }
}

/// A viewer as `/state` shows it.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its settings.
    pub settings: Settings,
    /// Open streams.
    pub streams: usize,
    /// Whether the stream of the tab that asks is open.
    pub tab_open: bool,
    /// What is sent.
    pub level: Level,
    /// What keeps it from more.
    pub limited_by: LimitedBy,
    /// Bits per second, `None` if unlimited.
    pub share: Option<u64>,
    /// What the last second brought.
    pub last: Second,
    /// Frames per second.
    pub fps: f64,
    /// From the capture to the last byte handed to the system.
    pub latency: Option<Duration>,
    /// Frames passed over by the streams that are open.
    pub skipped: u64,
    /// The quality that motion drives, in gaming mode.
    pub drive: Option<f64>,
    /// How long a donation still counts.
    pub donating: Option<Duration>,
}

impl Viewer {
    /// A viewer without a stream.
    pub fn new(id: ViewerId, settings: Settings, now: Instant) -> Self {
        let level = settings.choice.level();
        Self {
            id,
            level: AtomicU8::new(level.index() as u8),
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
                seen_at: now,
                last: Second::default(),
                fps: 0.0,
            }),
        }
    }

    /// Its id.
    pub fn id(&self) -> ViewerId {
        self.id
    }

    /// What to send to it now.
    pub fn allowance(&self) -> Allowance {
        let index = usize::from(self.level.load(Ordering::Relaxed));
        Allowance {
            level: Level::at(index).unwrap_or(Level::LOWEST),
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
            inner.drive = Drive::default();
        }
        inner.settings = settings;
        self.paused.store(settings.paused, Ordering::Relaxed);
        Ok(())
    }

    /// Counts double from now on, for a minute.
    pub fn give(&self, now: Instant) {
        self.inner.lock().gave_at = Some(now);
    }

    /// Notes that its browser asked for something.
    pub fn seen(&self, now: Instant) {
        self.inner.lock().seen_at = now;
    }

    /// When its browser last asked for something.
    pub fn seen_at(&self) -> Instant {
        self.inner.lock().seen_at
    }

    /// How many streams are open.
    pub fn streams(&self) -> usize {
        self.inner.lock().streams.len()
    }

    pub(super) fn open(&self, meter: Arc<StreamMeter>) {
        self.inner.lock().streams.push(meter);
    }

    pub(super) fn close(&self, meter: &Arc<StreamMeter>) {
        self.inner.lock().streams.retain(|open| !Arc::ptr_eq(open, meter));
    }

    /// What it claims of the budget; `None` if it watches nothing.
    pub(super) fn claim(&self, costs: &Costs, now: Instant) -> Option<Watching> {
        let inner = self.inner.lock();
        if inner.streams.is_empty() {
            return None;
        }
        let ceiling = inner.ceiling();
        let streams = inner.streams.len() as u64;
        let cost = costs[ceiling.index()].unwrap_or(u64::MAX / 1024);
        Some(Watching {
            need: if inner.settings.paused { 0 } else { cost.saturating_mul(streams) },
            weight: if inner.donating(now).is_some() { 2 } else { 1 },
            paused: inner.settings.paused,
            gaming: inner.settings.mode == Mode::Gaming,
        })
    }

    /// Takes its share, and settles what is sent. Returns the level.
    pub(super) fn settle(&self, share: Option<u64>, costs: &Costs) -> Level {
        let mut inner = self.inner.lock();
        let each = share.map(|share| share / (inner.streams.len() as u64).max(1));
        let ceiling = inner.ceiling();
        inner.share = share;
        inner.granted = super::level::pick(ceiling, each, costs, inner.granted.level);
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
        self.level.store(level.index() as u8, Ordering::Relaxed);
        let permille = (inner.granted.frames * 1000.0).clamp(1.0, 1000.0) as u16;
        self.frames_permille.store(permille, Ordering::Relaxed);
        level
    }

    /// Reads what its streams did in `elapsed`, and learns about its link.
    pub(super) fn measure(&self, elapsed: Duration, costs: &Costs, now: Instant) -> Second {
        let mut inner = self.inner.lock();
        let (mut frames, mut skipped, mut bytes) = (0, 0, 0);
        for meter in &inner.streams {
            let since = meter.since_last();
            frames += since.0;
            skipped += since.1;
            bytes += since.2;
        }
        let streams = (inner.streams.len() as u64).max(1);
        let seconds = elapsed.as_secs_f64().max(0.001);
        let bits_per_sec = (bytes as f64 * 8.0 / seconds) as u64;
        let second = Second { sent: frames, skipped, bits_per_sec };
        let each = Second { bits_per_sec: bits_per_sec / streams, ..second };
        let level = inner.level();
        inner.link.step(each, costs, level, now);
        inner.fps = frames as f64 / seconds / streams as f64;
        inner.last = second;
        second
    }

    /// What `/state` shows of it, to the tab that asks.
    pub fn report(&self, tab: Option<&str>, now: Instant) -> Report {
        let inner = self.inner.lock();
        let of_tab = |meter: &&Arc<StreamMeter>| tab.is_none() || meter.tab.as_deref() == tab;
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
        }
    }
}

/// What a viewer that watches claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Watching {
    pub(super) need: u64,
    pub(super) weight: u32,
    pub(super) paused: bool,
    pub(super) gaming: bool,
}

impl Inner {
    /// The best level that its settings and its link allow.
    fn ceiling(&self) -> Level {
        let asked = match self.settings.mode {
            Mode::Home => self.settings.choice.level(),
            Mode::Gaming => Level::TOP,
        };
        asked.min(self.link.cap())
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
        let asked = if gaming { Level::TOP } else { self.settings.choice.level() };
        if level == Level::TOP && self.granted.frames >= 1.0 {
            LimitedBy::Source
        } else if gaming && level < granted {
            LimitedBy::Motion
        } else if granted < asked.min(self.link.cap()) || self.granted.frames < 1.0 {
            LimitedBy::Share
        } else if self.link.cap() < asked {
            LimitedBy::Link
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
mod tests {
    use super::*;
    use crate::media::frame::Quality;

    const COSTS: Costs = [
        Some(1_000),
        Some(2_000),
        Some(3_000),
        Some(4_000),
        Some(5_000),
        Some(6_000),
        Some(7_000),
        Some(8_000),
    ];

    fn viewer(change: Change) -> Viewer {
        let now = Instant::now();
        let viewer = Viewer::new(ViewerId::from_bits(1), Settings::default(), now);
        viewer.change(change).unwrap();
        viewer.open(Arc::new(StreamMeter::new(None)));
        viewer
    }

    fn with_choice(choice: Choice) -> Viewer {
        viewer(Change { choice: Some(choice), ..Change::default() })
    }

    fn gaming() -> Viewer {
        viewer(Change { mode: Some(Mode::Gaming), ..Change::default() })
    }

    #[test]
    fn ids_are_32_digits_and_no_others() {
        let id = ViewerId::from_bits(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "0123", &"g".repeat(32), &"A".repeat(32), &"0".repeat(33)] {
            assert_eq!(text.parse::<ViewerId>(), Err(NotAViewerId), "{text:?}");
        }
    }

    #[test]
    fn gaming_mode_locks_the_choice_until_it_is_left() {
        let settings = Settings { mode: Mode::Gaming, ..Settings::default() };
        let low = Change { choice: Some(Choice::Low), ..Change::default() };
        assert_eq!(settings.changed(low), Err(Locked));
        let home = Change { mode: Some(Mode::Home), ..low };
        assert_eq!(settings.changed(home).map(|settings| settings.choice), Ok(Choice::Low));
        let at_once = Change { mode: Some(Mode::Gaming), ..low };
        assert_eq!(Settings::default().changed(at_once), Err(Locked));
    }

    #[test]
    fn a_choice_is_honoured_up_to_the_share() {
        let viewer = with_choice(Choice::Medium);
        assert_eq!(viewer.settle(Some(9_000), &COSTS).quality(), Quality::new(50).unwrap());
        assert_eq!(viewer.report(None, Instant::now()).limited_by, LimitedBy::Choice);
        assert_eq!(viewer.settle(Some(2_000), &COSTS).quality(), Quality::new(20).unwrap());
        assert_eq!(viewer.report(None, Instant::now()).limited_by, LimitedBy::Share);
    }

    #[test]
    fn auto_takes_what_the_share_carries() {
        let viewer = with_choice(Choice::Auto);
        assert_eq!(viewer.settle(Some(5_999), &COSTS).quality(), Quality::new(65).unwrap());
        assert_eq!(viewer.settle(None, &COSTS), Level::TOP);
        assert_eq!(viewer.report(None, Instant::now()).limited_by, LimitedBy::Source);
    }

    #[test]
    fn two_streams_halve_the_share_and_double_the_claim() {
        let viewer = with_choice(Choice::Low);
        viewer.open(Arc::new(StreamMeter::new(None)));
        assert_eq!(viewer.claim(&COSTS, Instant::now()).unwrap().need, 4_000);
        assert_eq!(viewer.settle(Some(3_000), &COSTS), Level::LOWEST);
    }

    #[test]
    fn paused_it_claims_nothing() {
        let viewer = viewer(Change { paused: Some(true), ..Change::default() });
        assert_eq!(viewer.claim(&COSTS, Instant::now()).unwrap().need, 0);
        assert!(viewer.allowance().paused);
    }

    #[test]
    fn motion_lifts_a_gaming_viewer_and_no_other() {
        let (gaming, home) = (gaming(), with_choice(Choice::Low));
        for viewer in [&gaming, &home] {
            viewer.settle(None, &COSTS);
        }
        assert_eq!(gaming.allowance().level.quality().percent(), 50);
        for _ in 0..30 {
            gaming.moved(0.5, Duration::from_millis(33));
            home.moved(0.5, Duration::from_millis(33));
        }
        assert_eq!(gaming.allowance().level, Level::TOP);
        assert_eq!(home.allowance().level.quality().percent(), 20);
        for _ in 0..100 {
            gaming.moved(0.0, Duration::from_millis(33));
        }
        assert_eq!(gaming.allowance().level, Level::LOWEST);
        assert_eq!(gaming.report(None, Instant::now()).limited_by, LimitedBy::Motion);
    }

    #[test]
    fn motion_does_not_pass_the_share() {
        let viewer = gaming();
        viewer.settle(Some(4_000), &COSTS);
        for _ in 0..100 {
            viewer.moved(0.5, Duration::from_millis(33));
        }
        assert_eq!(viewer.allowance().level.quality().percent(), 50);
        assert_eq!(viewer.report(None, Instant::now()).drive, Some(50.0));
    }

    #[test]
    fn a_gift_counts_for_a_minute() {
        let viewer = with_choice(Choice::Auto);
        let now = Instant::now();
        viewer.give(now);
        let weight =
            |seconds| viewer.claim(&COSTS, now + Duration::from_secs(seconds)).unwrap().weight;
        assert_eq!([weight(0), weight(59), weight(60)], [2, 2, 1]);
    }

    #[test]
    fn a_second_is_what_was_counted_since_the_last() {
        let viewer = with_choice(Choice::Auto);
        let meter = Arc::new(StreamMeter::new(None));
        viewer.open(Arc::clone(&meter));
        let second =
            |viewer: &Viewer| viewer.measure(Duration::from_secs(1), &COSTS, Instant::now());
        meter.frame(Duration::from_millis(5));
        meter.bytes.fetch_add(1000, Ordering::Relaxed);
        assert_eq!(second(&viewer), Second { sent: 1, skipped: 0, bits_per_sec: 8_000 });
        assert_eq!(second(&viewer), Second::default());
    }

    #[test]
    fn a_report_is_of_the_tab_that_asks() {
        let viewer = with_choice(Choice::Auto);
        viewer.open(Arc::new(StreamMeter::new(Some("one".into()))));
        assert!(viewer.report(Some("one"), Instant::now()).tab_open);
        assert!(!viewer.report(Some("two"), Instant::now()).tab_open);
    }
}
