//! The newest frame as one JPEG, for who asks for one.
//!
//! What the source or a viewer's level already has is taken as it is; else the frame is encoded
//! by a worker, once for all who want the same at the same time. The connection that asks
//! waits meanwhile as a state of its own ([`Wanted`]), and keeps nobody.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::live::hub::{Hub, Interest};
use crate::live::level::{Level, passthrough};
use crate::media::codec::{Decoder, Encoder, Failed};
use crate::media::frame::{Frame, Picture};
use crate::media::raw::Raw;
use crate::net::lane::{Handle, Turn};
use crate::net::workers::{Ticket, Workers};

/// What snapshots share.
#[derive(Default)]
pub(super) struct Snapshots {
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

/// A snapshot that somebody waits for. The source stays open meanwhile.
pub(super) struct Wanted {
    interest: Interest,
    level: Level,
    deadline: Instant,
    making: Option<Arc<Making>>,
}

/// A frame on its way to be encoded, and what came of it.
struct Making {
    frame: Arc<Frame>,
    level: Level,
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
    /// Asks for the newest frame at a level. Opens the source if it is closed.
    pub(super) fn new(hub: &Arc<Hub>, level: Level, now: Instant) -> Self {
        Self { interest: Hub::interest(hub), level, deadline: now + PATIENCE, making: None }
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
            let Some(frame) = self.interest.hub().frame() else {
                return (now >= self.deadline).then_some(Err(NoSnapshot::NoFrame));
            };
            if let Some(jpeg) = ready(self.interest.hub(), &frame, self.level) {
                return Some(Ok(Snapshot { frame, jpeg }));
            }
            match snapshots.make(frame, self.level, workers, asker) {
                Ok(making) => self.making = Some(making),
                Err(none) => return Some(Err(none)),
            }
        }
        let making = self.making.as_ref()?;
        let outcome = making.state.lock().outcome.clone();
        match outcome {
            Some(made) => Some(made.map(|jpeg| making.snapshot(jpeg))),
            None => (now >= self.deadline).then_some(Err(NoSnapshot::Busy)),
        }
    }

    /// What its connection waits for until the next look.
    pub(super) fn waits_for(&self) -> Turn {
        Turn::Wait { until: Some(self.deadline), news: self.making.is_none(), weight: 1 }
    }
}

/// The picture of a level that need not be made.
fn ready(hub: &Hub, frame: &Frame, level: Level) -> Option<Arc<[u8]>> {
    match &frame.picture {
        Picture::Jpeg(own) if passthrough(frame).contains(level) => Some(Arc::clone(&own.bytes)),
        _ => {
            let newest = hub.newest(level).filter(|still| still.sequence == frame.sequence);
            newest.map(|still| Arc::clone(&still.jpeg))
        }
    }
}

impl Snapshots {
    /// Has a frame encoded, if nobody has had it done.
    fn make(
        &self,
        frame: Arc<Frame>,
        level: Level,
        workers: &Workers,
        asker: &Handle,
    ) -> Result<Arc<Making>, NoSnapshot> {
        let mut made = self.made.lock();
        if let Some(making) = made.iter().find(|making| making.is_of(&frame, level)) {
            making.wait(asker);
            return Ok(Arc::clone(making));
        }
        let making = Arc::new(Making { frame, level, state: Mutex::default() });
        making.wait(asker);
        let (codecs, owed) = (Arc::clone(&self.codecs), Owed(Arc::clone(&making)));
        let work = move || {
            let jpeg = owed.0.encode(&codecs);
            owed.0.settle(jpeg.map_err(NoSnapshot::Failed));
        };
        let ticket = workers.submit(asker, work).map_err(|_| NoSnapshot::Busy)?;
        making.state.lock().ticket = Some(ticket);
        // Of frames that are no longer the newest, those stay that somebody waits for.
        made.retain(|old| Arc::ptr_eq(&old.frame, &making.frame) || !old.is_settled());
        made.push(Arc::clone(&making));
        Ok(making)
    }
}

impl Making {
    fn is_of(&self, frame: &Arc<Frame>, level: Level) -> bool {
        let failed = matches!(self.state.lock().outcome, Some(Err(NoSnapshot::Busy)));
        Arc::ptr_eq(&self.frame, frame) && self.level == level && !failed
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

    fn encode(&self, codecs: &Mutex<Vec<(Encoder, Decoder)>>) -> Result<Arc<[u8]>, Failed> {
        let kept = codecs.lock().pop();
        let (mut encoder, mut decoder) = match kept {
            Some(codecs) => codecs,
            None => (Encoder::new()?, Decoder::new()?),
        };
        let raw = Raw::of(&self.frame.picture, &mut decoder);
        let jpeg = raw.and_then(|raw| raw.encode(self.level.quality(), &mut encoder));
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

/// A picture that is owed: who waits is told also if the work is dropped undone, or panics.
struct Owed(Arc<Making>);

impl Drop for Owed {
    fn drop(&mut self) {
        self.0.settle(Err(NoSnapshot::Busy));
    }
}

/// How long somebody waits for a first frame, or for one to be encoded.
const PATIENCE: Duration = Duration::from_secs(5);
