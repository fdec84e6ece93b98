//! The newest frame as one JPEG, for who asks for one: at a level, or small, for a list of rooms.
//!
//! What the source or a viewer's level already has is taken as it is; else the frame is encoded
//! by a worker, once for all who want the same at the same time. The connection that asks
//! waits meanwhile as a state of its own ([`Wanted`]), and keeps nobody.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::base::clock::Clock;
use crate::live::hub::{Hub, Interest};
use crate::live::level::{Level, passthrough};
use crate::live::look::{self, Look};
use crate::media::codec::{Decoder, Encoder, Failed};
use crate::media::fit::small;
use crate::media::frame::{Frame, Picture, Quality};
use crate::media::raw::Raw;
use crate::net::Topics;
use crate::net::lane::{Handle, Turn};
use crate::net::workers::{Ticket, Workers};

/// What is made of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// Its picture at a level, looking so.
    AtLevel(Level, Look),
    /// A small one, for a list.
    Preview,
}

/// What snapshots share.
#[derive(Default)]
pub(super) struct Snapshots {
    /// The last small picture of each channel, by the numbers of their hubs, and since when.
    previews: Mutex<HashMap<u32, (Instant, Arc<Making>)>>,
    /// One of each for each worker that encoded at the same time as others.
    codecs: Arc<Mutex<Vec<(Encoder, Decoder)>>>,
    /// The last that were made, and those that are being made; the newest stand last.
    made: Mutex<Vec<Arc<Making>>>,
}

/// One picture.
#[derive(Clone)]
pub(super) struct Snapshot {
    pub(super) frame: Arc<Frame>,
    pub(super) jpeg: Arc<[u8]>,
}

/// Why there is no snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoSnapshot {
    /// The source gave no frame in time.
    NoFrame,
    /// There is too much to do.
    Busy,
    /// It cannot be encoded.
    Failed(Failed),
}

/// A snapshot that somebody waits for. The source stays open meanwhile, but for a small picture:
/// to look at a list of rooms opens none.
pub(super) struct Wanted {
    hub: Arc<Hub>,
    _interest: Option<Interest>,
    what: What,
    deadline: Instant,
    making: Option<Arc<Making>>,
}

/// A frame on its way to be encoded, and what came of it.
struct Making {
    frame: Arc<Frame>,
    what: What,
    state: Mutex<MakingState>,
}

#[derive(Default)]
struct MakingState {
    outcome: Option<Result<Arc<[u8]>, NoSnapshot>>,
    askers: Vec<Handle>,
    /// Kept, so that the work is not given up if the first who asked goes.
    ticket: Option<Ticket<()>>,
}

impl Wanted {
    /// Asks for the newest frame. Opens the source if it is closed, unless for a small picture.
    pub(super) fn new(hub: &Arc<Hub>, what: What, now: Instant) -> Self {
        let interest = (what != What::Preview).then(|| Hub::interest(hub));
        let hub = Arc::clone(hub);
        Self { hub, _interest: interest, what, deadline: now + PATIENCE, making: None }
    }

    /// The snapshot, or why there is none, once that is known.
    pub(super) fn look(
        &mut self,
        snapshots: &Snapshots,
        workers: &Workers,
        asker: &Handle,
        now: Instant,
    ) -> Option<Result<Snapshot, NoSnapshot>> {
        if self.making.is_none() {
            let Some(frame) = self.hub.frame() else {
                let over = now >= self.deadline || self.what == What::Preview;
                let over = over || self.hub.is_stopped();
                return over.then_some(Err(NoSnapshot::NoFrame));
            };
            let begun = match &self.what {
                What::AtLevel(level, look) => {
                    if let Some(jpeg) = ready(&self.hub, &frame, *level, look) {
                        return Some(Ok(Snapshot { frame, jpeg }));
                    }
                    snapshots.make(&self.hub, frame, self.what.clone(), workers, asker)
                }
                What::Preview => snapshots.preview(&self.hub, frame, workers, asker, now),
            };
            match begun {
                Ok(making) => self.making = Some(making),
                Err(none) => return Some(Err(none)),
            }
        }
        // What was taken before another part was to be covered is not to be seen any more.
        self.making.take_if(|making| making.frame.masked != self.hub.masked());
        let Some(making) = &self.making else {
            return match now < self.deadline {
                true => self.look(snapshots, workers, asker, now),
                false => Some(Err(NoSnapshot::Busy)),
            };
        };
        let outcome = making.state.lock().outcome.clone();
        match outcome {
            Some(made) => Some(made.map(|jpeg| making.snapshot(jpeg))),
            None => (now >= self.deadline).then_some(Err(NoSnapshot::Busy)),
        }
    }

    /// What its connection waits for until the next look.
    pub(super) fn waits_for(&self) -> Turn {
        let news = match self.making {
            None => Topics::of(self.hub.number()),
            Some(_) => Topics::NONE,
        };
        Turn::Wait { until: Some(self.deadline), news, weight: 1 }
    }
}

/// The picture of a level that need not be made.
fn ready(hub: &Hub, frame: &Frame, level: Level, look: &Look) -> Option<Arc<[u8]>> {
    match &frame.picture {
        Picture::Jpeg(own) if look.is_plain() && passthrough(frame).contains(level) => {
            Some(Arc::clone(&own.bytes))
        }
        _ => {
            let newest =
                hub.newest_of(look, level).filter(|still| still.sequence == frame.sequence);
            newest.map(|still| Arc::clone(&still.jpeg))
        }
    }
}

impl Snapshots {
    /// Has a frame encoded, if nobody has had it done.
    fn make(
        &self,
        hub: &Hub,
        frame: Arc<Frame>,
        what: What,
        workers: &Workers,
        asker: &Handle,
    ) -> Result<Arc<Making>, NoSnapshot> {
        let mut made = self.made.lock();
        if let Some(making) = made.iter().find(|making| making.is_of(&frame, &what)) {
            making.wait(asker);
            return Ok(Arc::clone(making));
        }
        let making = Arc::new(Making { frame, what, state: Mutex::default() });
        making.wait(asker);
        let (codecs, owed) = (Arc::clone(&self.codecs), Owed(Arc::clone(&making)));
        let clock = hub.clock().clone();
        let work = move || {
            let jpeg = owed.0.encode(&codecs, &clock);
            owed.0.settle(jpeg.map_err(NoSnapshot::Failed));
        };
        let ticket = workers.submit(asker, work).map_err(|_| NoSnapshot::Busy)?;
        making.state.lock().ticket = Some(ticket);
        // Of frames that are no longer the newest, those stay that somebody waits for.
        made.retain(|old| Arc::ptr_eq(&old.frame, &making.frame) || !old.is_settled());
        made.push(Arc::clone(&making));
        Ok(making)
    }

    /// The small picture of a channel: a new one is made once a second, whoever asks.
    fn preview(
        &self,
        hub: &Hub,
        frame: Arc<Frame>,
        workers: &Workers,
        asker: &Handle,
        now: Instant,
    ) -> Result<Arc<Making>, NoSnapshot> {
        let mut previews = self.previews.lock();
        if let Some((at, making)) = previews.get(&hub.number())
            && now.saturating_duration_since(*at) < PREVIEW_PERIOD
            && !making.is_busy()
            && making.frame.masked == hub.masked()
        {
            making.wait(asker);
            return Ok(Arc::clone(making));
        }
        let making = self.make(hub, frame, What::Preview, workers, asker)?;
        // Those of channels that were closed go with all others that are old.
        previews.retain(|_, (at, _)| now.saturating_duration_since(*at) < PREVIEW_PERIOD);
        previews.insert(hub.number(), (now, Arc::clone(&making)));
        Ok(making)
    }
}

impl Making {
    fn is_of(&self, frame: &Arc<Frame>, what: &What) -> bool {
        Arc::ptr_eq(&self.frame, frame) && self.what == *what && !self.is_busy()
    }

    /// Whether nobody had time for it.
    fn is_busy(&self) -> bool {
        matches!(self.state.lock().outcome, Some(Err(NoSnapshot::Busy)))
    }

    fn is_settled(&self) -> bool {
        self.state.lock().outcome.is_some()
    }

    fn wait(&self, asker: &Handle) {
        let mut state = self.state.lock();
        if state.outcome.is_none() {
            state.askers.push(asker.clone());
        }
    }

    fn snapshot(&self, jpeg: Arc<[u8]>) -> Snapshot {
        Snapshot { frame: Arc::clone(&self.frame), jpeg }
    }

    fn encode(
        &self,
        codecs: &Mutex<Vec<(Encoder, Decoder)>>,
        clock: &Clock,
    ) -> Result<Arc<[u8]>, Failed> {
        let kept = codecs.lock().pop();
        let (mut encoder, mut decoder) = match kept {
            Some(codecs) => codecs,
            None => (Encoder::new()?, Decoder::new()?),
        };
        let picture = &self.frame.picture;
        let jpeg = match &self.what {
            What::AtLevel(level, look) if look.is_plain() => {
                nearest(picture, *level, &mut encoder, &mut decoder)
            }
            What::AtLevel(level, look) => Raw::of(picture, &mut decoder)
                .and_then(|raw| look.apply(&self.frame, &raw, clock, &mut decoder))
                .and_then(|raw| look::encode(&raw, &self.frame, *level, &mut encoder)),
            What::Preview => {
                small(picture, PREVIEW_SIDE, PREVIEW_QUALITY, &mut encoder, &mut decoder)
            }
        };
        codecs.lock().push((encoder, decoder));
        jpeg
    }

    /// Tells all who wait, once.
    fn settle(&self, outcome: Result<Arc<[u8]>, NoSnapshot>) {
        let askers = {
            let mut state = self.state.lock();
            if state.outcome.is_none() {
                state.outcome = Some(outcome);
            }
            std::mem::take(&mut state.askers)
        };
        askers.iter().for_each(Handle::notify);
    }
}

/// A picture at a level, or at the nearest that can be made of it: at last, as it is.
fn nearest(
    picture: &Picture,
    level: Level,
    encoder: &mut Encoder,
    decoder: &mut Decoder,
) -> Result<Arc<[u8]>, Failed> {
    let encoded = Raw::of(picture, decoder).and_then(|raw| {
        let mut levels: Vec<Level> = Level::all().collect();
        levels.sort_by_key(|other| other.index().abs_diff(level.index()));
        let mut tries = levels.into_iter().map(|level| raw.encode(level.quality(), encoder));
        let first = tries.next().unwrap_or_else(|| Err(Failed("there is no level".into())));
        first.or_else(|failed| tries.find_map(Result::ok).ok_or(failed))
    });
    match picture {
        Picture::Jpeg(own) => Ok(encoded.unwrap_or_else(|_| Arc::clone(&own.bytes))),
        Picture::Planar(_) => encoded,
    }
}

/// A small picture of what is shown, for a list. Takes its time.
///
/// # Errors
///
/// [`Failed`] if no codec takes it.
pub(super) fn small_picture(picture: &Picture) -> Result<Arc<[u8]>, Failed> {
    let (mut encoder, mut decoder) = (Encoder::new()?, Decoder::new()?);
    small(picture, PREVIEW_SIDE, PREVIEW_QUALITY, &mut encoder, &mut decoder)
}

/// A picture that is owed: who waits is told also if the work is dropped undone, or panics.
struct Owed(Arc<Making>);

impl Drop for Owed {
    fn drop(&mut self) {
        self.0.settle(Err(NoSnapshot::Busy));
    }
}

/// How long somebody waits for a first frame, or for one to be encoded.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a small picture is made anew at the most.
const PREVIEW_PERIOD: Duration = Duration::from_secs(1);
/// Pixels of its longer side: what a list shows at the density of most phones.
const PREVIEW_SIDE: u32 = 640;
const PREVIEW_QUALITY: Quality = Quality::new(60).expect("60 is a quality");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::frame::{Jpeg, Orientation, Size};

    #[test]
    fn of_what_cannot_be_encoded_the_snapshot_is_the_sources_own() {
        let picture = Picture::Jpeg(Jpeg {
            bytes: Arc::from(b"no decoder takes this".as_slice()),
            size: Size { width: 16, height: 16 },
            quality: Some(Quality::BEST),
            orientation: Orientation::UPRIGHT,
        });
        let (mut encoder, mut decoder) = (Encoder::new().unwrap(), Decoder::new().unwrap());
        for level in Level::all() {
            let made = nearest(&picture, level, &mut encoder, &mut decoder).unwrap();
            assert_eq!(&*made, b"no decoder takes this");
        }
    }
}
