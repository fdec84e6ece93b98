//! Encodes for RTSP, done by a worker one after another, in the order they were asked for.
//!
//! One at a time, however many sessions there are: the encode threads of live viewers
//! come first, and other requests find a worker. What is encoded is [`super::packing`]'s.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use log::error;
use parking_lot::Mutex;

use crate::media::codec::Failed;
use crate::media::fit::Fitter;
use crate::net::lane::Handle;
use crate::net::workers::{Busy, Slice, Ticket, Workers};

/// What waits to be encoded.
pub(super) struct Encodes {
    workers: Arc<Workers>,
    queue: Arc<Mutex<Queue>>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Encode>,
    /// Somebody works at it, for as long as this is kept.
    work: Option<Ticket<()>>,
}

/// Encodes with what is given, or cannot as there is no encoder.
type Encode = Box<dyn FnOnce(Result<&mut Fitter, Failed>) + Send>;

impl Encodes {
    pub(super) fn new(workers: Arc<Workers>) -> Self {
        Self { workers, queue: Arc::default() }
    }

    /// Has something encoded; `asker` is any that the workers may notify.
    ///
    /// # Errors
    ///
    /// [`Busy`] if too much waits already.
    pub(super) fn add(&self, asker: &Handle, encode: Encode) -> Result<(), Busy> {
        // Held until the work has begun, so that it is known by its ticket before it ends.
        let mut queue = self.queue.lock();
        if queue.waiting.len() >= MAX_WAITING {
            return Err(Busy);
        }
        if queue.work.is_none() {
            let (of_work, mut fitter) = (Arc::clone(&self.queue), None);
            let slice = move || next(&of_work, &mut fitter);
            queue.work = Some(self.workers.submit_slices(asker, slice)?);
        }
        queue.waiting.push_back(encode);
        Ok(())
    }
}

/// Does what waits for longest.
fn next(queue: &Mutex<Queue>, fitter: &mut Option<Fitter>) -> Slice<()> {
    let mut there = queue.lock();
    let Some(encode) = there.waiting.pop_front() else {
        there.work = None;
        return Slice::Done(());
    };
    drop(there);
    let work = || match fitter {
        Some(fitter) => encode(Ok(fitter)),
        None => match Fitter::new() {
            Ok(new) => encode(Ok(fitter.insert(new))),
            Err(failed) => encode(Err(failed)),
        },
    };
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        error!("an encode failed");
        *fitter = None;
    }
    Slice::More
}

/// More would only be late.
const MAX_WAITING: usize = 64;
