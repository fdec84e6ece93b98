//! The thread on which passwords are hashed: one at a time, as each takes 64 MiB and a core.
//!
//! So many wait for it as people may; who comes then is told at once.

use std::io::Result;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use log::error;
use parking_lot::Mutex;

/// The thread, and the queue to it.
pub(super) struct Hasher {
    queue: Mutex<Option<Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    stopped: Arc<AtomicBool>,
}

type Job = Box<dyn FnOnce() + Send>;

impl Hasher {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// The system's, if there is none.
    pub(super) fn start() -> Result<Self> {
        let (sender, jobs) = bounded(MOST_WAITING);
        let stopped = Arc::<AtomicBool>::default();
        let told = Arc::clone(&stopped);
        let thread = thread::Builder::new().name("passwords".into());
        let thread = thread.spawn(move || work(&jobs, &told))?;
        Ok(Self { queue: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)), stopped })
    }

    /// Has it done; whether there was room.
    pub(super) fn submit(&self, job: impl FnOnce() + Send + 'static) -> bool {
        let queue = self.queue.lock();
        queue.as_ref().is_some_and(|queue| queue.try_send(Box::new(job)).is_ok())
    }

    /// Ends the thread after what it is at. What waits is not done.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.queue.lock().take();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            error!("the thread of passwords failed");
        }
    }
}

fn work(jobs: &Receiver<Job>, stopped: &AtomicBool) {
    while let Ok(job) = jobs.recv() {
        if stopped.load(Ordering::Relaxed) {
            return;
        }
        // A job that fails takes the thread with it for nobody else.
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            error!("a password could not be looked at");
        }
    }
}

/// Beside the one that is being hashed.
const MOST_WAITING: usize = 32;
