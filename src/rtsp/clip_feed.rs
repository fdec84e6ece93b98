//! A clip that is played for one session: which of its pictures is due, read ahead of its time.
//!
//! Never waits for the disk: a [reader](crate::source::clip::reader) goes to a worker and
//! comes back with the next picture, and so it goes until some lie ready. What has to be encoded
//! is encoded likewise. Keeps the place in the clip, the pace, and what the share allows.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::clips::Clip;
use super::due::{Due, Image, Picture, Preferences};
use super::packing::{Dress, Format, Packed, Packing, as_it_is};
use crate::live::audience::Seat;
use crate::live::level::Level;
use crate::live::settings::Mode;
use crate::media::filter::Filter;
use crate::media::fit::Fit;
use crate::media::frame::Jpeg;
use crate::net::lane::Handle;
use crate::net::workers::{Busy, Failed, Slice, Ticket, Workers};
use crate::source::Trouble;
use crate::source::clip::reader::{Reader, Reading};

/// The pictures of a clip, one after another.
pub(super) struct ClipFeed {
    pub(super) clip: Arc<Clip>,
    pub(super) preferences: Preferences,
    /// What is done to each picture. Not among its viewer's settings, which order of a channel.
    filter: Filter,
    format: Format,
    seat: Option<Seat>,
    /// Pictures a second at normal speed.
    fps: f64,
    scale: f64,
    /// The picture that was due when it was last started, and when that was.
    from: u64,
    started: Instant,
    end: Option<u64>,
    /// The picture that is shown next, and the one that is read next.
    at: u64,
    reads: u64,
    /// When the client was last found to have been busy until then.
    freed_at: Option<Instant>,
    /// Thousandths of a picture that the share has saved up.
    credit: u32,
    disk: Disk,
    ahead: VecDeque<Ahead>,
    encoding: Option<Ticket<(Option<Packed>, Fit)>>,
    fit: Fit,
}

/// Where the open file is.
enum Disk {
    /// Not open: sessions that wait hold no file.
    Closed,
    /// Nobody reads it.
    Idle(Box<Reader>),
    /// A worker reads it.
    Busy(Ticket<Fetched>),
    /// There is nothing more to read.
    AtEnd(Box<Reader>),
}

/// What a worker came back with.
type Fetched = Result<(Box<Reader>, Option<Fetch>), Trouble>;

/// A picture that was read, packed if it could be sent as it is.
struct Fetch {
    number: u64,
    jpeg: Jpeg,
    packed: Option<Packed>,
}

/// A picture that was read before its time.
struct Ahead {
    number: u64,
    bytes: usize,
    image: Ready,
    /// Whether it was encoded for this session.
    encoded: bool,
}

enum Ready {
    Packed(Packed),
    /// It has to be encoded first.
    Raw(Jpeg),
    /// It cannot be sent.
    Never,
}

/// What a feed works with.
pub(super) struct Tools<'a> {
    pub(super) workers: &'a Workers,
    pub(super) packing: &'a Packing,
    /// Who is notified.
    pub(super) host: &'a Handle,
    pub(super) now: Instant,
}

impl ClipFeed {
    /// A clip from its start, at `fps` or its own rate.
    pub(super) fn new(
        clip: Arc<Clip>,
        mut preferences: Preferences,
        fps: Option<f64>,
        format: Format,
        now: Instant,
    ) -> Self {
        // Motion is that of the live source alone.
        preferences.settings.mode = Mode::Home;
        let filter = std::mem::take(&mut preferences.settings.filter);
        Self {
            fps: fps.unwrap_or(clip.survey.fps),
            clip,
            preferences,
            filter,
            format,
            seat: None,
            scale: 1.0,
            from: 0,
            started: now,
            end: None,
            at: 0,
            reads: 0,
            freed_at: None,
            credit: 0,
            disk: Disk::Closed,
            ahead: VecDeque::new(),
            encoding: None,
            fit: Fit::default(),
        }
    }

    /// Where it stands.
    pub(super) fn position(&self) -> Duration {
        Duration::from_secs_f64(self.at as f64 / self.fps)
    }

    /// How long it plays at normal speed.
    pub(super) fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.clip.survey.pictures as f64 / self.fps)
    }

    pub(super) fn sit(&mut self, seat: Seat) {
        self.seat = Some(seat);
    }

    pub(super) fn seat(&self) -> Option<&Seat> {
        self.seat.as_ref()
    }

    /// Gives the seat back, and closes the file; what was read ahead is read again.
    pub(super) fn leave(&mut self) {
        self.seat = None;
        self.disk = Disk::Closed;
        self.forget();
    }

    fn forget(&mut self) {
        self.ahead.clear();
        self.encoding = None;
    }

    /// Gets ready to go on from here, or from another place, and to an end. It
    /// [starts](Self::starts) when the first picture has been read.
    pub(super) fn seek(&mut self, from: Option<Duration>, end: Option<Duration>, scale: f64) {
        let picture = |at: Duration| (at.as_secs_f64() * self.fps + 1e-6) as u64;
        let pictures = self.clip.survey.pictures;
        self.end = end.map(picture);
        let over = self.at >= self.end.unwrap_or(pictures);
        let goal = match from {
            Some(from) => picture(from),
            // Who plays on after the end means the whole of it.
            None if over => 0,
            None => self.at,
        };
        self.at = goal.min(pictures);
        (self.from, self.reads, self.scale) = (self.at, self.at, scale);
        self.freed_at = None;
        self.forget();
        if let Disk::AtEnd(reader) = std::mem::replace(&mut self.disk, Disk::Closed) {
            self.disk = Disk::Idle(reader);
        }
    }

    /// Starts, once the first picture has been read; that is due after `wait`. `None` before.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if the file is gone or cannot be read any more.
    pub(super) fn starts(
        &mut self,
        wait: Duration,
        tools: &Tools<'_>,
    ) -> Result<Option<Instant>, Trouble> {
        self.take_fetched()?;
        let nothing_comes = self.at >= self.last() || matches!(self.disk, Disk::AtEnd(_));
        if self.ahead.is_empty() && !nothing_comes {
            // Which level it will have is not known without a seat.
            self.fetch(self.at, None, tools);
            return Ok(None);
        }
        // Finding the place takes its time: from here on it counts.
        self.started = tools.now + wait;
        Ok(Some(self.started))
    }

    /// Which picture is due.
    ///
    /// `held` says that the client had not taken the one before: what is missed then counts as
    /// skipped.
    pub(super) fn next(&mut self, held: bool, tools: &Tools<'_>) -> Due {
        let Some(seat) = &self.seat else { return Due::End };
        let allowance = seat.viewer.allowance();
        if let Err(trouble) = self.take_fetched() {
            return Due::Lost(trouble);
        }
        self.take_encoded();
        self.freed_at = if held { Some(tools.now) } else { self.freed_at };
        if self.end.is_some_and(|end| self.at >= end) {
            return Due::End;
        }
        self.read_ahead(allowance.level, allowance.frames_permille, tools);
        while let Some(ahead) = self.ahead.front() {
            let number = ahead.number;
            let busy = self.encode_front(allowance.level, tools);
            if tools.now < self.due(number) {
                return Due::At(self.due(number));
            }
            if self.is_overtaken(tools.now) {
                self.drop_front();
                continue;
            }
            match self.ahead.front().map(|ahead| &ahead.image) {
                Some(Ready::Raw(_)) if busy => return Due::At(tools.now + BUSY_WAIT),
                Some(Ready::Raw(_)) => return Due::WhenNotified,
                _ => {}
            }
            let Some(Ahead { image, .. }) = self.ahead.pop_front() else { break };
            self.at = number + 1;
            if let Ready::Packed(packed) = image {
                return Due::Picture(self.picture(number, packed));
            }
        }
        self.without_picture(tools.now)
    }

    /// What is due while nothing has been read ahead.
    fn without_picture(&mut self, now: Instant) -> Due {
        let over = match self.disk {
            // The file has become shorter.
            Disk::AtEnd(_) => now,
            Disk::Busy(_) => return Due::WhenNotified,
            _ if self.reads >= self.last() => self.due(self.last()),
            Disk::Idle(_) | Disk::Closed => return Due::At(now + BUSY_WAIT),
        };
        if now < over {
            return Due::At(over);
        }
        self.at = self.last();
        Due::End
    }

    /// The number behind the last picture.
    fn last(&self) -> u64 {
        self.end.unwrap_or(u64::MAX).min(self.clip.survey.pictures)
    }

    fn picture(&self, number: u64, packed: Packed) -> Picture {
        Picture {
            image: Image::Packed(packed),
            captured: self.due(number),
            interval: Duration::from_secs_f64(self.period() * self.step() as f64),
            fresh: true,
        }
    }

    /// Seconds between two pictures of the file.
    fn period(&self) -> f64 {
        1.0 / (self.fps * self.scale)
    }

    /// How many pictures on the next one is: at high speed no more a second than at normal speed.
    fn step(&self) -> u64 {
        self.scale.ceil() as u64
    }

    fn due(&self, number: u64) -> Instant {
        let pictures = number.saturating_sub(self.from) as f64;
        self.started + Duration::from_secs_f64(pictures * self.period())
    }

    fn is_late(&self, number: u64, now: Instant) -> bool {
        now > self.due(number) + Duration::from_secs_f64(self.period()) + LATE
    }

    /// Whether the picture that comes next is too late. What has been encoded is shown all the
    /// same, and so is the newest that is due if its lateness is not the client's doing: or a slow
    /// disk or encoder would let nothing through.
    fn is_overtaken(&self, now: Instant) -> bool {
        let mut ahead = self.ahead.iter();
        let Some(front) = ahead.next() else { return false };
        if front.encoded || self.encoding.is_some() || !self.is_late(front.number, now) {
            return false;
        }
        let mut newer_is_due = || ahead.next().is_some_and(|next| now >= self.due(next.number));
        self.was_held_up(front.number) || newer_is_due()
    }

    /// Whether a picture was late when the client was no longer busy.
    fn was_held_up(&self, number: u64) -> bool {
        self.freed_at.is_some_and(|at| self.is_late(number, at))
    }

    fn drop_front(&mut self) {
        if let Some(late) = self.ahead.pop_front() {
            self.at = late.number + 1;
            self.count_skipped(1, self.was_held_up(late.number));
        }
    }

    fn count_skipped(&self, pictures: u64, held_up: bool) {
        if let Some(seat) = self.seat.as_ref().filter(|_| held_up) {
            seat.meter.skipped.fetch_add(pictures, Ordering::Relaxed);
        }
    }

    /// Has the next picture read, if there is room for it.
    fn read_ahead(&mut self, level: Level, share_permille: u16, tools: &Tools<'_>) {
        let bytes: usize = self.ahead.iter().map(|ahead| ahead.bytes).sum();
        let full = self.ahead.len() >= MAX_AHEAD || bytes >= MAX_AHEAD_BYTES;
        if full || !matches!(self.disk, Disk::Idle(_) | Disk::Closed) {
            return;
        }
        self.pass_over_late(tools.now);
        let most = self.preferences.fps.map_or(1.0, |fps| (fps / self.fps).min(1.0));
        let permille = f64::from(share_permille).min(most * 1000.0).max(1.0) as u32;
        // Only what could be sent saves up, or a fast or late clip would pass its share later.
        while self.credit + permille < 1000 && self.reads > self.from {
            self.credit += permille;
            self.reads += self.step();
        }
        if self.reads < self.last() && self.fetch(self.reads, Some(level), tools) {
            self.credit = (self.credit + permille).saturating_sub(1000);
        }
    }

    /// Leaves out what would come too late.
    fn pass_over_late(&mut self, now: Instant) {
        if !self.is_late(self.reads, now) {
            return;
        }
        let behind = now.saturating_duration_since(self.due(self.reads)).as_secs_f64();
        let steps = (behind / self.period() / self.step() as f64) as u64;
        self.count_skipped(steps, self.was_held_up(self.reads));
        self.reads += steps * self.step();
        if self.ahead.is_empty() {
            self.at = self.at.max(self.reads.min(self.last()));
        }
    }

    /// Has a picture read, and packed if it can be sent as it is. Whether that was begun.
    fn fetch(&mut self, number: u64, level: Option<Level>, tools: &Tools<'_>) -> bool {
        let mut reader = match std::mem::replace(&mut self.disk, Disk::Closed) {
            Disk::Closed => None,
            Disk::Idle(reader) => Some(reader),
            other => {
                self.disk = other;
                return false;
            }
        };
        let (clip, format) = (Arc::clone(&self.clip), self.format);
        let level = level.filter(|_| self.filter.is_none());
        let slice = move || {
            let mut open = match reader.take().map_or_else(|| clip.open().map(Box::new), Ok) {
                Ok(open) => open,
                Err(trouble) => return Slice::Done(Err(trouble)),
            };
            match open.read(number) {
                Ok(Reading::NotYet) => {
                    reader = Some(open);
                    Slice::More
                }
                Ok(Reading::Picture(jpeg)) => {
                    let packed = level.and_then(|level| as_it_is(&jpeg, level, format));
                    Slice::Done(Ok((open, Some(Fetch { number, jpeg, packed }))))
                }
                Ok(Reading::End) => Slice::Done(Ok((open, None))),
                Err(trouble) => Slice::Done(Err(trouble)),
            }
        };
        match tools.workers.submit_slices(tools.host, slice) {
            Ok(ticket) => {
                self.disk = Disk::Busy(ticket);
                self.reads = number + self.step();
                true
            }
            // The file is opened anew.
            Err(Busy) => false,
        }
    }

    /// Takes what a worker has read.
    fn take_fetched(&mut self) -> Result<(), Trouble> {
        let Disk::Busy(ticket) = &self.disk else { return Ok(()) };
        let (reader, fetched) = match ticket.take() {
            None => return Ok(()),
            Some(Ok(outcome)) => outcome.inspect_err(|_| self.disk = Disk::Closed)?,
            Some(Err(Failed)) => {
                self.disk = Disk::Closed;
                return Ok(());
            }
        };
        let Some(Fetch { number, jpeg, packed }) = fetched else {
            self.disk = Disk::AtEnd(reader);
            return Ok(());
        };
        self.disk = Disk::Idle(reader);
        let bytes = jpeg.bytes.len();
        let image = packed.map_or(Ready::Raw(jpeg), Ready::Packed);
        self.ahead.push_back(Ahead { number, bytes, image, encoded: false });
        Ok(())
    }

    /// Has the picture encoded that comes next, if it must be. Whether nobody has time for it.
    fn encode_front(&mut self, level: Level, tools: &Tools<'_>) -> bool {
        let dress = self.ahead.front().map(|ahead| self.dress(ahead.number)).unwrap_or_default();
        let Some(Ahead { image, .. }) = self.ahead.front_mut() else { return false };
        let (Ready::Raw(jpeg), None) = (&*image, &self.encoding) else { return false };
        if let Some(packed) = as_it_is(jpeg, level, self.format).filter(|_| self.filter.is_none()) {
            *image = Ready::Packed(packed);
            return false;
        }
        let jpeg = jpeg.clone();
        let begun = tools.packing.of_clip((jpeg, dress), level, self.format, self.fit, tools.host);
        self.encoding = begun.ok();
        self.encoding.is_none()
    }

    /// What is done to a picture: what stands for a live one's room and time is the clip's name and the
    /// place in it.
    fn dress(&self, number: u64) -> Dress {
        let filter = self.filter;
        let seconds = (number as f64 / self.fps) as u64;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        Dress {
            filter,
            name: filter.name.then(|| self.clip.name.as_str().into()),
            place: filter.clock.then(|| format!("{hours}:{minutes:02}:{:02}", seconds % 60)),
        }
    }

    /// Takes what a worker has encoded.
    fn take_encoded(&mut self) {
        let Some(outcome) = self.encoding.as_ref().and_then(Ticket::take) else { return };
        self.encoding = None;
        let packed = outcome.ok().and_then(|(packed, fit)| {
            self.fit = fit;
            packed
        });
        if let Some(front) = self.ahead.front_mut() {
            front.image = packed.map_or(Ready::Never, Ready::Packed);
            front.encoded = true;
        }
    }
}

/// Pictures that are read before their time.
const MAX_AHEAD: usize = 3;
/// Or fewer, if they are large.
const MAX_AHEAD_BYTES: usize = 1 << 20;
/// What a frame may be late before it counts as skipped.
const LATE: Duration = Duration::from_millis(100);
/// Until workers that had too much to do are asked again.
const BUSY_WAIT: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests;
