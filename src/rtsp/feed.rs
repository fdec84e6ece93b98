//! Where a session's pictures come from: the live source, or [a clip](super::clip_feed) of its own.
//!
//! Says which picture is due and waits for nothing. A [`Feed`] has a seat in the audience
//! while it plays, and none before and after.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clip_feed::ClipFeed;
use super::due::{Due, Image, Picture, Preferences};
use crate::live::audience::{Audience, Keep, Refused, Seat};
use crate::live::crowd::Crowd;
use crate::live::cursor::{self, Cue, Cursor, View};
use crate::live::hub::Hub;
use crate::live::level::Level;
use crate::live::look::Look;
use crate::live::meter::StreamMeter;
use crate::live::settings::ViewerId;
use crate::net::Topics;
use crate::room::Room;

/// What one session shows.
pub(super) enum Feed {
    /// The live source.
    Live(Box<LiveFeed>),
    /// A clip, played for this session alone.
    Clip(Box<ClipFeed>),
}

/// The newest pictures of the source.
pub(super) struct LiveFeed {
    room: Arc<Room>,
    preferences: Preferences,
    seat: Option<Seat>,
    cursor: Cursor,
    /// The time that the last picture went out with.
    stamp: Option<Instant>,
}

impl Feed {
    /// The live source of a room.
    pub(super) fn live(room: Arc<Room>, preferences: Preferences, now: Instant) -> Self {
        let (seat, stamp, cursor) = (None, None, Cursor::new(now));
        Self::Live(Box::new(LiveFeed { room, preferences, seat, cursor, stamp }))
    }

    /// Whose news it waits for.
    pub(super) fn topics(&self) -> Topics {
        match self {
            Feed::Live(live) => Topics::of(live.room.hub().number()),
            Feed::Clip(_) => Topics::NONE,
        }
    }

    /// Takes a seat, from which the picture's quality and the share come. Returns its counters.
    /// Who watches a clip is of `crowd`.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the audience is full.
    pub(super) fn join(
        &mut self,
        audience: &Arc<Audience>,
        crowd: &Arc<Crowd>,
        address: IpAddr,
        now: Instant,
    ) -> Result<Arc<StreamMeter>, Refused> {
        let id = ViewerId::random();
        let (viewer, preferences) = match self {
            Feed::Live(live) => {
                let (crowd, preferences) = (&live.room.crowd, live.preferences);
                (audience.enter(crowd, id, preferences.settings), preferences)
            }
            Feed::Clip(clip) => {
                let preferences = clip.preferences;
                let costs = clip.clip.costs;
                (audience.enter_clip(crowd, id, preferences.settings, costs), preferences)
            }
        };
        let meter = StreamMeter::new(None, preferences.fps).at(address);
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
            Feed::Live(live) => {
                live.seat = None;
                live.cursor.forget();
            }
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

    /// The client cannot take a picture now.
    pub(super) fn pass_over(&mut self, now: Instant) {
        if let Feed::Live(live) = self
            && let Some(seat) = &live.seat
        {
            live.cursor.pass_over(&View::of(seat, &seat.hub()), &seat.meter, now);
        }
    }
}

impl LiveFeed {
    /// Which picture is due.
    pub(super) fn next(&mut self, now: Instant) -> Due {
        let Some(seat) = &self.seat else { return Due::End };
        if self.room.crowd.is_dismissed() {
            return Due::End;
        }
        let hub = seat.hub();
        let view = View::of(seat, &hub);
        let (level, look) = (view.allowance.level, seat.viewer.crowd().look(view.allowance.filter));
        match self.cursor.due(view, now) {
            cursor::Due::Picture(cue) => {
                self.cursor.take(&cue, &seat.meter);
                self.cursor.sent(now);
                self.show((hub, level, look), &cue, now)
            }
            cursor::Due::At(at) => Due::At(at),
        }
    }

    fn show(
        &mut self,
        (hub, level, look): (Arc<Hub>, Level, Look),
        cue: &Cue,
        now: Instant,
    ) -> Due {
        let (still, fresh) = (Arc::clone(&cue.still), cue.is_fresh());
        let captured = if fresh { still.captured } else { now };
        // A repeated picture is newer than it was; the next one must not be older than that.
        let captured = self.stamp.map_or(captured, |last| captured.max(last + TICK));
        self.stamp = Some(captured);
        let fps = hub.frames_per_sec().clamp(1.0, 240.0);
        let interval = Duration::from_secs_f64(1.0 / fps);
        let image = Image::OfLevel(hub, still, level, look);
        Due::Picture(Picture { image, captured, interval, fresh })
    }
}

/// A tick of RTP's clock, and a little.
const TICK: Duration = Duration::from_micros(12);
