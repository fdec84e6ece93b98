//! Where a session's pictures come from: the live source, or [a clip](super::clip_feed) of its own.
//!
//! Says which picture is due and waits for nothing. A [`Feed`] has a seat in the audience
//! while it plays, and none before and after.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::clip_feed::ClipFeed;
use super::packing::Packed;
use crate::live::audience::{Audience, Keep, Refused, Seat};
use crate::live::hub::{Hub, Still};
use crate::live::level::Level;
use crate::live::meter::StreamMeter;
use crate::live::settings::{Settings, ViewerId};
use crate::source::Trouble;

/// What one session shows.
pub(super) enum Feed {
    /// The live source.
    Live(Box<LiveFeed>),
    /// A clip, played for this session alone.
    Clip(Box<ClipFeed>),
}

/// A picture that is due.
pub(super) struct Picture {
    pub(super) image: Image,
    /// When it was taken, or is to be shown.
    pub(super) captured: Instant,
    /// Time until the next one, about.
    pub(super) interval: Duration,
    /// Whether it was not sent before.
    pub(super) fresh: bool,
}

/// What is to be sent, as far as it is known yet.
pub(super) enum Image {
    /// The source's picture of this level, which others may get too.
    OfLevel(Arc<Still>, Level),
    /// A picture of a clip.
    Packed(Packed),
}

/// What asking a feed came to.
pub(super) enum Due {
    Picture(Picture),
    /// To be asked again then, if nothing happens before.
    At(Instant),
    /// To be asked again when its host is notified.
    WhenNotified,
    /// The clip is over.
    End,
    Lost(Trouble),
}

/// What the address asks for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Preferences {
    pub(super) settings: Settings,
    /// The highest rate, frames per second.
    pub(super) fps: Option<f64>,
}

/// The newest pictures of the source.
pub(super) struct LiveFeed {
    hub: Arc<Hub>,
    preferences: Preferences,
    seat: Option<Seat>,
    last: Option<Arc<Still>>,
    /// The time that the last picture went out with.
    stamp: Option<Instant>,
    paced_from: Option<Instant>,
    sent_at: Instant,
}

impl Feed {
    /// The live source.
    pub(super) fn live(hub: &Arc<Hub>, preferences: Preferences, now: Instant) -> Self {
        let hub = Arc::clone(hub);
        let (seat, last, stamp, paced_from) = (None, None, None, None);
        let sent_at = now;
        Self::Live(Box::new(LiveFeed { hub, preferences, seat, last, stamp, paced_from, sent_at }))
    }

    /// Takes a seat, from which the picture's quality and the share come. Returns its counters.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the audience is full.
    pub(super) fn join(
        &mut self,
        audience: &Arc<Audience>,
        now: Instant,
    ) -> Result<Arc<StreamMeter>, Refused> {
        let id = ViewerId::random();
        let (viewer, preferences) = match self {
            Feed::Live(live) => (audience.enter(id, live.preferences.settings), live.preferences),
            Feed::Clip(clip) => {
                let preferences = clip.preferences;
                let costs = clip.clip.costs;
                (audience.enter_clip(id, preferences.settings, costs), preferences)
            }
        };
        let meter = StreamMeter::new(None, preferences.fps);
        let seat = audience.join(viewer, meter, Keep::WhileItLasts, now)?;
        let meter = Arc::clone(&seat.meter);
        match self {
            Feed::Live(live) => live.seat = Some(seat),
            Feed::Clip(clip) => clip.sit(seat),
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
            Feed::Clip(clip) => clip.leave(),
        }
    }

    /// The counters of its seat, if it has one.
    pub(super) fn meter(&self) -> Option<&StreamMeter> {
        let seat = match self {
            Feed::Live(live) => live.seat.as_ref(),
            Feed::Clip(clip) => clip.seat(),
        };
        seat.map(|seat| &*seat.meter)
    }
}

impl LiveFeed {
    /// Which picture is due.
    ///
    /// `held` says that the client had not taken the one before: what is missed then counts as
    /// skipped.
    pub(super) fn next(&mut self, now: Instant, held: bool) -> Due {
        let Some(seat) = &self.seat else { return Due::End };
        let allowance = seat.viewer.allowance();
        let seen = self.last.as_ref().map_or(0, |last| last.sequence);
        let newest = self.hub.newest(allowance.level).filter(|still| still.sequence > seen);
        let pace = allowance.pace(self.hub.frames_per_sec(), self.preferences.fps);
        match (newest, &self.last) {
            (Some(still), _) => {
                let due = self.paced_from.map_or(now, |from| from + pace);
                if now < due {
                    return Due::At(due);
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
            (None, _) => Due::At((self.sent_at + REPEAT).max(now + MOMENT)),
        }
    }

    fn show(&mut self, still: Arc<Still>, level: Level, fresh: bool, now: Instant) -> Due {
        self.sent_at = now;
        self.last = Some(Arc::clone(&still));
        let captured = if fresh { still.captured } else { now };
        // A repeated picture is newer than it was; the next one must not be older than that.
        let captured = self.stamp.map_or(captured, |last| captured.max(last + TICK));
        self.stamp = Some(captured);
        let fps = self.hub.frames_per_sec().clamp(1.0, 240.0);
        let interval = Duration::from_secs_f64(1.0 / fps);
        Due::Picture(Picture { image: Image::OfLevel(still, level), captured, interval, fresh })
    }
}

const REPEAT: Duration = Duration::from_secs(1);
/// A tick of RTP's clock, and a little.
const TICK: Duration = Duration::from_micros(12);
const MOMENT: Duration = Duration::from_millis(100);
