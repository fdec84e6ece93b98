//! The newest frame as one JPEG.
//!
//! Runs on the connection's thread. What a viewer's level already has is taken
//! as it is; else the frame is encoded here, one at a time, and kept for the next
//! who asks for the same.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::live::hub::{Hub, passthrough};
use crate::live::level::Level;
use crate::media::codec::{Decoder, Encoder, Failed};
use crate::media::frame::{Frame, Picture};
use crate::media::raw::Raw;

/// Makes snapshots.
#[derive(Default)]
pub(super) struct Snapshots {
    desk: Mutex<Desk>,
}

#[derive(Default)]
struct Desk {
    codecs: Option<(Encoder, Decoder)>,
    last: Option<(u64, Level, Arc<[u8]>)>,
}

/// One picture.
pub(super) struct Snapshot {
    pub(super) frame: Arc<Frame>,
    pub(super) jpeg: Arc<[u8]>,
}

/// Why there is no snapshot.
pub(super) enum NoSnapshot {
    /// The source gave no frame in time.
    NoFrame,
    /// It cannot be encoded.
    Failed(Failed),
}

impl From<Failed> for NoSnapshot {
    fn from(failed: Failed) -> Self {
        NoSnapshot::Failed(failed)
    }
}

impl Snapshots {
    /// The newest frame at a level. Opens the source if it is closed, and waits for it.
    ///
    /// # Errors
    ///
    /// [`NoSnapshot`] after five seconds without a frame, or if the frame is broken.
    pub(super) fn take(&self, hub: &Hub, level: Level) -> Result<Snapshot, NoSnapshot> {
        let _interest = hub.interest();
        let deadline = hub.clock().now() + PATIENCE;
        let frame = hub.wait_for_frame(deadline).ok_or(NoSnapshot::NoFrame)?;
        let jpeg = match &frame.picture {
            Picture::Jpeg(own) if passthrough(&frame).contains(level) => Arc::clone(&own.bytes),
            _ => match hub.newest(level).filter(|still| still.sequence == frame.sequence) {
                Some(still) => Arc::clone(&still.jpeg),
                None => self.encode(hub, &frame, level)?,
            },
        };
        Ok(Snapshot { frame, jpeg })
    }

    fn encode(&self, hub: &Hub, frame: &Frame, level: Level) -> Result<Arc<[u8]>, NoSnapshot> {
        // Held across the encode on purpose: snapshots take one core together, however many ask.
        let mut desk = self.desk.lock();
        if hub.is_stopped() {
            return Err(NoSnapshot::NoFrame);
        }
        if let Some((sequence, of, jpeg)) = &desk.last
            && (*sequence, *of) == (frame.sequence, level)
        {
            return Ok(Arc::clone(jpeg));
        }
        let (encoder, decoder) = match &mut desk.codecs {
            Some(codecs) => codecs,
            none => none.insert((Encoder::new()?, Decoder::new()?)),
        };
        let jpeg = Raw::of(&frame.picture, decoder)?.encode(level.quality(), encoder)?;
        desk.last = Some((frame.sequence, level, Arc::clone(&jpeg)));
        Ok(jpeg)
    }
}

const PATIENCE: Duration = Duration::from_secs(5);
