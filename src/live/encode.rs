//! The encode threads: each frame is read once, and encoded once for each level that is watched.
//!
//! What is next they are told at the [`Desk`](super::desk::Desk). Any thread takes any task, so
//! that the levels of one frame are encoded side by side.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use log::{debug, error};

use super::audience::Audience;
use super::desk::{Done, Task};
use super::hub::Hub;
use crate::base::threads;
use crate::base::warn_rate::WarnRate;
use crate::media::codec::{Decoder, Encoder};
use crate::media::raw::Raw;

/// The encode threads, one for each core up to four.
pub struct Encoders {
    hub: Arc<Hub>,
    audience: Arc<Audience>,
    threads: Vec<Option<JoinHandle<()>>>,
}

impl Encoders {
    /// Starts the threads; those that cannot be had now are for [`Encoders::keep`].
    pub fn start(hub: &Arc<Hub>, audience: &Arc<Audience>) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = (0..cores.min(MAX_THREADS)).map(|_| None).collect();
        let (hub, audience) = (Arc::clone(hub), Arc::clone(audience));
        let mut encoders = Self { hub, audience, threads };
        encoders.keep();
        encoders
    }

    /// Starts what is missing: threads that could not be had, or ended for want of memory.
    pub fn keep(&mut self) {
        for (number, place) in self.threads.iter_mut().enumerate() {
            if place.as_ref().is_some_and(|thread| !thread.is_finished()) {
                continue;
            }
            place.take().into_iter().for_each(join);
            let (hub, audience) = (Arc::clone(&self.hub), Arc::clone(&self.audience));
            // Told already if there is none.
            *place = threads::start(format!("encode-{number}"), move || run(&hub, &audience)).ok();
        }
    }

    /// Waits for the threads to end, after the hub was stopped.
    pub fn join(self) {
        self.threads.into_iter().flatten().for_each(join);
    }
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        error!("an encode thread failed");
    }
}

fn run(hub: &Hub, audience: &Audience) {
    let codecs = Encoder::new().and_then(|encoder| Ok((encoder, Decoder::new()?)));
    let (mut encoder, mut decoder) = match codecs {
        Ok(codecs) => codecs,
        Err(failed) => {
            return NO_ENCODER.warn(hub.clock().now(), format_args!("no encoder: {failed}"));
        }
    };
    while let Some(task) = hub.desk().take(hub.clock(), || hub.unmeasured()) {
        let (sequence, failed) = (task.frame().sequence, task.failed());
        let work = || perform(task, hub, audience, &mut encoder, &mut decoder);
        // A frame that trips the codec costs itself, not the level.
        let done = catch_unwind(AssertUnwindSafe(work)).unwrap_or(failed);
        hub.desk().finished(sequence, done);
    }
}

static NO_ENCODER: WarnRate = WarnRate::new(module_path!());

fn perform(
    task: Task,
    hub: &Hub,
    audience: &Audience,
    encoder: &mut Encoder,
    decoder: &mut Decoder,
) -> Done {
    match task {
        Task::Motion { frame, raw, last } => {
            let seen = raw.thumbnail();
            if let Some((old, at)) = &last {
                let elapsed = frame.captured.saturating_duration_since(*at);
                audience.moved(seen.difference(old), elapsed.min(LONGEST_STEP));
            }
            Done::Motion(Some((seen, frame.captured)))
        }
        Task::Read { frame } => {
            let raw = Raw::of(&frame.picture, decoder);
            if let Err(failed) = &raw {
                debug!("frame {} cannot be decoded: {failed}", frame.sequence);
            }
            Done::Read(raw.ok())
        }
        Task::Encode { frame, raw, level } => {
            match raw.encode(level.quality(), encoder) {
                Ok(jpeg) => hub.encoded(level, &frame, jpeg),
                Err(failed) => debug!("frame {}: {failed}", frame.sequence),
            }
            Done::Encoded(level)
        }
    }
}

const MAX_THREADS: usize = 4;
/// A pause of the source counts as no more than this for gaming mode.
const LONGEST_STEP: Duration = Duration::from_secs(2);
