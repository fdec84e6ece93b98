//! The queue: who has which job. One small interface, behind which another engine may stand.

use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Clock;
use crate::store::job::{self, KeptJob, Outcome};
use crate::store::title::{self, Shown};
use crate::store::{Durability, NotKept, Store};

/// Gives jobs out, and takes back what came of them. A job is a recipe by name, on a title: what it
/// reads and writes is the storage's, so that a worker may be on another machine.
pub trait Queue: Send + Sync {
    /// Whether there is a job to be begun. Asked often, and cheap.
    fn waits(&self) -> bool;

    /// The next job, if there is one to be begun: had for [`LEASE`] from now on.
    ///
    /// # Errors
    ///
    /// Why the queue cannot be asked now.
    fn claim(&self, worker: &str) -> Result<Option<KeptJob>, NotKept>;

    /// Says that a job is still worked on, and how far its step is, in thousandths. Whether it is still
    /// had.
    ///
    /// # Errors
    ///
    /// As of [`claim`](Self::claim).
    fn heartbeat(&self, job: &KeptJob, progress: u32) -> Result<bool, NotKept>;

    /// Says that a step begins. Whether the job is still had.
    ///
    /// # Errors
    ///
    /// As of [`claim`](Self::claim).
    fn begin(&self, job: &KeptJob, step: &str) -> Result<bool, NotKept>;

    /// Says what of the job's title can be played from now on. Whether the job is still had: else it
    /// is not so.
    ///
    /// # Errors
    ///
    /// As of [`claim`](Self::claim).
    fn publish(&self, job: &KeptJob, shown: Shown) -> Result<bool, NotKept>;

    /// Says what came of a try, and orders what is to be done `next` on the same title. Whether the job
    /// was still had.
    ///
    /// # Errors
    ///
    /// As of [`claim`](Self::claim).
    fn finish(
        &self,
        job: &KeptJob,
        outcome: Outcome,
        next: Option<(&'static str, u32)>,
    ) -> Result<bool, NotKept>;

    /// Whether a job waits that somebody waits for more than for this one.
    ///
    /// # Errors
    ///
    /// As of [`claim`](Self::claim).
    fn is_urgent_before(&self, job: &KeptJob) -> Result<bool, NotKept>;
}

/// The queue in the store of this server.
pub struct OwnQueue {
    store: Arc<Store>,
    clock: Clock,
}

impl OwnQueue {
    /// That of a store. What workers of this name had goes back: they ended with the last run.
    ///
    /// # Errors
    ///
    /// [`NotKept`] if the store does not take it.
    pub fn open(store: &Arc<Store>, clock: &Clock, workers: &str) -> Result<Self, NotKept> {
        let (now, workers) = (clock.wall(), workers.to_owned());
        store.change_now(Durability::Program, move |connection| {
            job::release(connection, &workers, now)
        })?;
        Ok(Self { store: Arc::clone(store), clock: clock.clone() })
    }

    fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, NotKept> {
        self.store.change_now(Durability::Program, change)
    }
}

impl Queue for OwnQueue {
    fn waits(&self) -> bool {
        let now = self.clock.wall();
        // What cannot be read is in the log of whoever needs it more.
        self.store.read(|connection| job::waits(connection, now)).unwrap_or(false)
    }

    fn claim(&self, worker: &str) -> Result<Option<KeptJob>, NotKept> {
        let now = self.clock.wall();
        let worker = worker.to_owned();
        self.change(move |connection| job::claim(connection, &worker, now, now + LEASE))
    }

    fn heartbeat(&self, job: &KeptJob, progress: u32) -> Result<bool, NotKept> {
        let (had, until) = ((job.id, job.token), self.clock.wall() + LEASE);
        self.change(move |connection| job::extend(connection, had, progress, until))
    }

    fn begin(&self, job: &KeptJob, step: &str) -> Result<bool, NotKept> {
        let (had, step, now) = ((job.id, job.token), step.to_owned(), self.clock.wall());
        self.change(move |connection| job::begin_step(connection, had, &step, now))
    }

    fn publish(&self, job: &KeptJob, shown: Shown) -> Result<bool, NotKept> {
        let (had, title, now) = ((job.id, job.token), job.title, self.clock.wall());
        self.change(move |connection| {
            let is_had = job::is_had(connection, had)?;
            if is_had {
                title::show(connection, title, &shown, now)?;
            }
            Ok(is_had)
        })
    }

    fn finish(
        &self,
        job: &KeptJob,
        outcome: Outcome,
        next: Option<(&'static str, u32)>,
    ) -> Result<bool, NotKept> {
        let (had, title, now) = ((job.id, job.token), job.title, self.clock.wall());
        self.change(move |connection| {
            let was_had = job::finish(connection, had, &outcome, now)?;
            if let Some(next) = next.filter(|_| was_had) {
                job::add(connection, title, next, now)?;
            }
            Ok(was_had)
        })
    }

    fn is_urgent_before(&self, job: &KeptJob) -> Result<bool, NotKept> {
        let now = self.clock.wall();
        let waits = self.store.read(|connection| job::waits_before(connection, job.rank, now));
        waits.map_err(|trouble| NotKept::Refused(trouble.to_string()))
    }
}

/// How long a job is had; who works on it says so at a third of that.
pub const LEASE: Duration = Duration::from_secs(30);
