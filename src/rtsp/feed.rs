//! Where a session's pictures come from: the live source, or a clip of its own.
//!
//! Says which picture is due and waits for nothing. A [`Feed`] has a seat in the audience
//! while it plays, and none before and after.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::clips::ClipEntry;
use crate::base::clock::Clock;
use crate::live::audience::{Audience, Keep, Refused, Seat};
use crate::live::hub::{Hub, Still};
use crate::live::level::Level;
use crate::live::meter::StreamMeter;
use crate::live::settings::{Mode, Settings, ViewerId};
use crate::media::frame::Jpeg;
use crate::source::Trouble;
use crate::source::clip::film::Film;

/// What one session shows.
pub(super) enum Feed {
    /// The live source.
    Live(LiveFeed),
    /// A clip, played for this session alone.
    Clip(ClipFeed),
}

/// A picture that is due.
pub(super) struct Shot {
    pub(super) picture: Shown,
    pub(super) level: Level,
    /// When it was taken, or is to be shown.
    pub(super) captured: Instant,
    /// Time until the next one, about.
    pub(super) interval: Duration,
    /// Whether it was not sent before.
    pub(super) fresh: bool,
}

/// What is to be sent, as far as it is known yet.
pub(super) enum Shown {
    /// A picture of its level, which others may get too.
    Still(Arc<Still>),
    /// A picture of a clip, as the file has it.
    Own(Jpeg),
}

/// What a look at a feed came to.
pub(super) enum Next {
    Picture(Shot),
    WaitUntil(Instant),
    /// The clip is over.
    End,
    Lost(Trouble),
}

/// What a viewer asked for in the address.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wish {
    pub(super) settings: Settings,
    /// The highest rate, frames per second.
    pub(super) fps: Option<f64>,
}

/// The newest pictures of the source.
pub(super) struct LiveFeed {
    hub: Arc<Hub>,
    wish: Wish,
    seat: Option<Seat>,
    last: Option<Arc<Still>>,
    /// The time that the last picture went out with.
    stamp: Option<Instant>,
    paced_from: Option<Instant>,
    sent_at: Instant,
}

/// The pictures of a clip, one after another.
pub(super) struct ClipFeed {
    pub(super) entry: Arc<ClipEntry>,
    wish: Wish,
    /// Open only while it plays: sessions that wait hold no file.
    film: Option<Film>,
    /// The picture that it goes on with when it is opened.
    at: u64,
    seat: Option<Seat>,
    /// Pictures a second at normal speed.
    fps: f64,
    scale: f64,
    /// The picture that was due when it was last started, and when that was.
    from: u64,
    started: Instant,
    end: Option<u64>,
    /// Thousandths of a picture that the share has saved up.
    credit: u32,
}

impl Feed {
    /// The live source.
    pub(super) fn live(hub: &Arc<Hub>, wish: Wish, now: Instant) -> Self {
        let hub = Arc::clone(hub);
        let (seat, last, stamp, paced_from) = (None, None, None, None);
        Self::Live(LiveFeed { hub, wish, seat, last, stamp, paced_from, sent_at: now })
    }

    /// A clip from its start, at `fps` or its own rate.
    pub(super) fn clip(
        entry: Arc<ClipEntry>,
        mut wish: Wish,
        fps: Option<f64>,
        now: Instant,
    ) -> Self {
        // Motion is that of the live source alone.
        wish.settings.mode = Mode::Home;
        let fps = fps.unwrap_or(entry.survey.fps);
        let started = now;
        let (film, seat, end, scale) = (None, None, None, 1.0);
        let (at, from, credit) = (0, 0, 0);
        Self::Clip(ClipFeed { entry, wish, film, at, seat, fps, scale, from, started, end, credit })
    }

    /// Takes a seat, from which the picture's quality and the share come. Returns its counters.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the audience is full.
    pub(super) fn join(&mut self, audience: &Arc<Audience>) -> Result<Arc<StreamMeter>, Refused> {
        let now = Instant::now();
        let id = ViewerId::random();
        let (viewer, wish) = match self {
            Feed::Live(live) => (audience.enter(id, live.wish.settings, now), live.wish),
            Feed::Clip(clip) => {
                let costs = clip.entry.costs;
                (audience.enter_clip(id, clip.wish.settings, costs, now), clip.wish)
            }
        };
        let meter = StreamMeter::new(None, wish.fps);
        let seat = audience.join(viewer, meter, Keep::WhileItLasts, now)?;
        let meter = Arc::clone(&seat.meter);
        match self {
            Feed::Live(live) => live.seat = Some(seat),
            Feed::Clip(clip) => clip.seat = Some(seat),
        }
        Ok(meter)
    }

    /// How long it plays, if it has an end.
    pub(super) fn length(&self) -> Option<Duration> {
        match self {
            Feed::Live(_) => None,
            Feed::Clip(clip) => Some(clip.duration()),
        }
    }

    /// Gives the seat back, and closes the file.
    pub(super) fn leave(&mut self) {
        match self {
            Feed::Live(live) => (live.seat, live.last) = (None, None),
            Feed::Clip(clip) => {
                clip.seat = None;
                clip.at = clip.at();
                clip.film = None;
            }
        }
    }

    /// The counters of its seat, if it has one.
    pub(super) fn meter(&self) -> Option<&StreamMeter> {
        let seat = match self {
            Feed::Live(live) => &live.seat,
            Feed::Clip(clip) => &clip.seat,
        };
        seat.as_ref().map(|seat| &*seat.meter)
    }

    /// Which picture is due.
    ///
    /// `held` says that the client had not taken the one before: what is missed then counts as
    /// skipped.
    pub(super) fn next(&mut self, now: Instant, held: bool) -> Next {
        match self {
            Feed::Live(live) => live.next(now, held),
            Feed::Clip(clip) => clip.next(now, held),
        }
    }
}

impl LiveFeed {
    fn next(&mut self, now: Instant, held: bool) -> Next {
        let Some(seat) = &self.seat else { return Next::End };
        let allowance = seat.viewer.allowance();
        let seen = self.last.as_ref().map_or(0, |last| last.sequence);
        let newest = self.hub.newest(allowance.level).filter(|still| still.sequence > seen);
        let pace = allowance.pace(self.hub.frames_per_sec(), self.wish.fps);
        match (newest, &self.last) {
            (Some(still), _) => {
                let due = self.paced_from.map_or(now, |from| from + pace);
                if now < due {
                    return Next::WaitUntil(due);
                }
                if held && pace.is_zero() && seen > 0 {
                    let missed = (still.sequence - seen).saturating_sub(1);
                    seat.meter.skipped.fetch_add(missed, Ordering::Relaxed);
                }
                self.paced_from = Some(if now < due + pace { due } else { now });
                self.show(still, allowance.level, true, now)
            }
            // As over HTTP: a quiet source's last picture again, so that nobody thinks it dead.
            (None, Some(last)) if now >= self.sent_at + REPEAT => {
                let last = Arc::clone(last);
                self.show(last, allowance.level, false, now)
            }
            (None, _) => Next::WaitUntil((self.sent_at + REPEAT).max(now + MOMENT)),
        }
    }

    fn show(&mut self, still: Arc<Still>, level: Level, fresh: bool, now: Instant) -> Next {
        self.sent_at = now;
        self.last = Some(Arc::clone(&still));
        let captured = if fresh { still.captured } else { now };
        // A repeated picture is newer than it was; the next one must not be older than that.
        let captured = self.stamp.map_or(captured, |last| captured.max(last + TICK));
        self.stamp = Some(captured);
        let fps = self.hub.frames_per_sec().clamp(1.0, 240.0);
        let interval = Duration::from_secs_f64(1.0 / fps);
        Next::Picture(Shot { picture: Shown::Still(still), level, captured, interval, fresh })
    }
}

impl ClipFeed {
    /// Where it stands.
    pub(super) fn position(&self) -> Duration {
        Duration::from_secs_f64(self.at() as f64 / self.fps)
    }

    /// The number of the picture that comes next.
    fn at(&self) -> u64 {
        self.film.as_ref().map_or(self.at, Film::at)
    }

    /// How long it plays at normal speed.
    pub(super) fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.entry.survey.pictures as f64 / self.fps)
    }

    /// Goes on from here, or from another place, and to an end. Its first picture is due after
    /// `wait`; returns when that is.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if the file is gone or cannot be read any more.
    pub(super) fn start(
        &mut self,
        from: Option<Duration>,
        end: Option<Duration>,
        scale: f64,
        wait: Duration,
        clock: &Clock,
    ) -> Result<Instant, Trouble> {
        let picture = |at: Duration| (at.as_secs_f64() * self.fps + 1e-6) as u64;
        self.end = end.map(picture);
        self.at = self.at();
        let over = self.at >= self.end.unwrap_or(self.entry.survey.pictures);
        let goal = match from {
            Some(from) => picture(from),
            // Who plays on after the end means the whole of it.
            None if over => 0,
            None => self.at,
        };
        let mut film = match self.film.take() {
            Some(film) => film,
            None => self.entry.open()?,
        };
        film.seek(goal)?;
        // Finding the place takes its time: from here on it counts.
        self.started = clock.now() + wait;
        (self.from, self.scale) = (film.at(), scale);
        self.film = Some(film);
        Ok(self.started)
    }

    fn next(&mut self, now: Instant, held: bool) -> Next {
        let (Some(seat), Some(film)) = (&self.seat, &mut self.film) else { return Next::End };
        let allowance = seat.viewer.allowance();
        let period = 1.0 / (self.fps * self.scale);
        let wished = self.wish.fps.map_or(1.0, |fps| (fps / self.fps).min(1.0));
        let permille = f64::from(allowance.frames_permille).min(wished * 1000.0).max(1.0) as u32;
        loop {
            let at = film.at();
            let passed = Duration::from_secs_f64((at - self.from) as f64 * period);
            let due = self.started + passed;
            if self.end.is_some_and(|end| at >= end) {
                return Next::End;
            }
            if now < due {
                return Next::WaitUntil(due);
            }
            let jpeg = match film.picture() {
                Ok(Some(jpeg)) => jpeg,
                Ok(None) => return Next::End,
                Err(trouble) => return Next::Lost(trouble),
            };
            let late = now > due + Duration::from_secs_f64(period) + LATE;
            if late && held {
                seat.meter.skipped.fetch_add(1, Ordering::Relaxed);
            }
            // At high speed no more pictures a second than at normal speed.
            let thinned = !(at - self.from).is_multiple_of(self.scale.ceil() as u64);
            if late || thinned {
                continue;
            }
            // Only what could be sent saves up, or a fast or late clip would pass its share later.
            self.credit += permille;
            if self.credit < 1000 {
                continue;
            }
            self.credit -= 1000;
            let captured = self.started + passed;
            let interval = Duration::from_secs_f64(period * self.scale.ceil());
            let (picture, level) = (Shown::Own(jpeg), allowance.level);
            return Next::Picture(Shot { picture, level, captured, interval, fresh: true });
        }
    }
}

const REPEAT: Duration = Duration::from_secs(1);
/// A tick of RTP's clock, and a little.
const TICK: Duration = Duration::from_micros(12);
const MOMENT: Duration = Duration::from_millis(100);
/// What a frame may be late before it counts as skipped.
const LATE: Duration = Duration::from_millis(100);
