//! The encode threads: each frame is read once, and encoded once for each level that is watched.
//!
//! One pool for all channels. What is next they are told at the [`Desk`](super::desk::Desk) of each
//! channel in turn. Any thread takes any task, so that the levels of one frame are encoded side by
//! side.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use log::error;

use super::audience::Audience;
use super::channel::Channels;
use super::desk::{Done, Task};
use super::hub::Hub;
use super::level::{LevelSet, passthrough};
use super::look;
use crate::base::threads;
use crate::base::warn_rate::WarnRate;
use crate::media::codec::{Decoder, Encoder};
use crate::media::raw::Raw;

/// The encode threads, one for each core up to four.
pub struct Encoders {
    pool: Arc<Pool>,
    threads: Vec<Option<JoinHandle<()>>>,
}

/// What the threads share.
struct Pool {
    channels: Arc<Channels>,
    audience: Arc<Audience>,
    /// Which channel is asked first for the next task, so that each has its turn.
    turn: AtomicUsize,
}

impl Encoders {
    /// Starts the threads; those that cannot be had now are for [`Encoders::keep`].
    pub fn start(channels: &Arc<Channels>, audience: &Arc<Audience>) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = (0..cores.min(MAX_THREADS)).map(|_| None).collect();
        let (channels, audience) = (Arc::clone(channels), Arc::clone(audience));
        let pool = Arc::new(Pool { channels, audience, turn: AtomicUsize::new(0) });
        let mut encoders = Self { pool, threads };
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
            let pool = Arc::clone(&self.pool);
            // Told already if there is none.
            *place = threads::start(format!("encode-{number}"), move || pool.run()).ok();
        }
    }

    /// Waits for the threads to end, after the channels were stopped.
    pub fn join(self) {
        self.threads.into_iter().flatten().for_each(join);
    }
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        error!("an encode thread failed");
    }
}

impl Pool {
    fn run(&self) {
        let codecs = Encoder::new().and_then(|encoder| Ok((encoder, Decoder::new()?)));
        let (mut encoder, mut decoder) = match codecs {
            Ok(codecs) => codecs,
            Err(failed) => {
                let now = self.channels.clock().now();
                return NO_ENCODER.warn(now, format_args!("no encoder: {failed}"));
            }
        };
        // What is rung for after this look at it is looked for again.
        while let Some(rung) = self.channels.bell().rung() {
            let Some((hub, task)) = self.take() else {
                self.channels.bell().wait_beyond(rung);
                continue;
            };
            let (sequence, failed) = (task.frame().sequence, task.failed());
            let work = || perform(task, &hub, &self.audience, &mut encoder, &mut decoder);
            // A frame that trips the codec costs itself, not the level.
            let done = catch_unwind(AssertUnwindSafe(work)).unwrap_or(failed);
            hub.desk().finished(sequence, done);
        }
    }

    /// A task of any channel that has one.
    fn take(&self) -> Option<(Arc<Hub>, Task)> {
        let channels = self.channels.all();
        let (now, first) = (self.channels.clock().now(), self.turn.fetch_add(1, Ordering::Relaxed));
        (0..channels.len()).find_map(|step| {
            let hub = &channels[(first + step) % channels.len()].hub;
            let task = hub.desk().take(now, || hub.unmeasured())?;
            Some((Arc::clone(hub), task))
        })
    }
}

static NO_ENCODER: WarnRate = WarnRate::new(module_path!());

fn perform(
    task: Task,
    hub: &Arc<Hub>,
    audience: &Audience,
    encoder: &mut Encoder,
    decoder: &mut Decoder,
) -> Done {
    match task {
        Task::Motion { frame, raw, last } => {
            let seen = raw.thumbnail();
            if let Some((old, at)) = &last {
                let elapsed = frame.captured.saturating_duration_since(*at);
                audience.moved(hub, seen.difference(old), elapsed.min(LONGEST_STEP));
            }
            Done::Motion(Some((seen, frame.captured)))
        }
        Task::Read { frame } => {
            let raw = Raw::of(&frame.picture, decoder);
            if let Err(failed) = &raw {
                hub.not_encoded(&frame, LevelSet::ALL.without(passthrough(&frame)), &failed.0);
                hub.looks().iter().for_each(|look| hub.not_filtered(look, &frame, &failed.0));
            }
            Done::Read(raw.ok())
        }
        Task::Encode { frame, raw, level } => {
            match raw.encode(level.quality(), encoder) {
                Ok(jpeg) => hub.encoded(level, &frame, jpeg),
                Err(failed) => {
                    let mut levels = LevelSet::EMPTY;
                    levels.insert(level);
                    hub.not_encoded(&frame, levels, &failed.0);
                }
            }
            Done::Encoded(level)
        }
        Task::Filter { frame, raw, look } => {
            let filtered = look.apply(&frame, &raw, hub.clock(), decoder);
            if let Err(failed) = &filtered {
                hub.not_filtered(&look, &frame, &failed.0);
            }
            Done::Filtered(look, filtered.ok())
        }
        Task::EncodeLook { frame, filtered, look, level, levels } => {
            match look::encode(&filtered, &frame, level, encoder) {
                Ok(jpeg) => hub.filtered(&look, levels, &frame, jpeg),
                Err(failed) => hub.not_filtered(&look, &frame, &failed.0),
            }
            Done::EncodedLook(look, levels)
        }
    }
}

const MAX_THREADS: usize = 4;
/// A pause of the source counts as no more than this for gaming mode.
const LONGEST_STEP: Duration = Duration::from_secs(2);
