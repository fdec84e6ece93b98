//! A job that is being done: said to be so again and again, until it is over or lost.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use log::{info, warn};
use parking_lot::Mutex;

use super::queue::Queue;
use crate::base::shutdown::Shutdown;
use crate::store::NotKept;
use crate::store::job::KeptJob;
use crate::store::title::Shown;

/// The hold of a worker on its job. What works on it asks [`is_over`](Self::is_over) often, on any
/// thread: that is when it is said that the job is still worked on.
pub(super) struct Hold<'a> {
    queue: &'a dyn Queue,
    pub(super) job: &'a KeptJob,
    shutdown: &'a Shutdown,
    progress: AtomicU32,
    /// When it was said last. Who finds it locked lets the other say it.
    said: Mutex<Instant>,
    lost: AtomicBool,
    gives_way: AtomicBool,
    /// As the packager asks for it.
    over: AtomicBool,
}

/// The job was lost, or cannot be gone on with: nothing more is to be done for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Over;

impl<'a> Hold<'a> {
    pub(super) fn new(queue: &'a dyn Queue, job: &'a KeptJob, shutdown: &'a Shutdown) -> Self {
        Self {
            queue,
            job,
            shutdown,
            progress: AtomicU32::new(0),
            said: Mutex::new(Instant::now()),
            lost: AtomicBool::new(false),
            gives_way: AtomicBool::new(false),
            over: AtomicBool::new(false),
        }
    }

    /// Notes how far the step is, 0 to 1.
    pub(super) fn progress(&self, done: f64) {
        // In 0 to 1000.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
        self.progress.store((done.clamp(0.0, 1.0) * 1000.0) as u32, Ordering::Relaxed);
    }

    /// Whether nothing more is to be done now.
    pub(super) fn is_over(&self) -> bool {
        if !self.over.load(Ordering::Relaxed) {
            self.say();
            if self.shutdown.asked() {
                self.over.store(true, Ordering::Relaxed);
            }
        }
        self.over.load(Ordering::Relaxed)
    }

    /// The same, for who looks at it and does not ask.
    pub(super) fn over(&self) -> &AtomicBool {
        &self.over
    }

    /// Whether it is not this worker's any more.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Begins a step.
    pub(super) fn begin(&self, step: &str) -> Result<(), Over> {
        self.progress.store(0, Ordering::Relaxed);
        let told = self.queue.begin(self.job, step);
        self.had(told)
    }

    /// Says what can be played from now on.
    pub(super) fn publish(&self, shown: Shown) -> Result<(), Over> {
        let told = self.queue.publish(self.job, shown);
        self.had(told)
    }

    /// Says that it is worked on, if that is due.
    fn say(&self) {
        let Some(mut said) = self.said.try_lock() else { return };
        if said.elapsed() < BETWEEN {
            return;
        }
        *said = Instant::now();
        let told = self.queue.heartbeat(self.job, self.progress.load(Ordering::Relaxed));
        // That it is lost is noted; what is asked of the store in vain is asked again.
        let _ = self.had(told);
        if self.queue.is_urgent_before(self.job).unwrap_or(false) {
            info!("the job {} gives way to one that somebody waits for", self.job.id);
            self.gives_way.store(true, Ordering::Relaxed);
            self.over.store(true, Ordering::Relaxed);
        }
    }

    fn had(&self, told: Result<bool, NotKept>) -> Result<(), Over> {
        match told {
            Ok(true) => return Ok(()),
            Ok(false) => {
                info!("the job {} was taken from its worker", self.job.id);
                self.lost.store(true, Ordering::Relaxed);
                self.over.store(true, Ordering::Relaxed);
            }
            Err(why) => warn!("how far the job {} is cannot be kept: {why}", self.job.id),
        }
        Err(Over)
    }
}

/// How often it is said: far less than the lease, and often enough for who looks on.
const BETWEEN: Duration = Duration::from_secs(1);
