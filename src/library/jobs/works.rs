//! Those who do the jobs: threads that are there while there is something to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use log::{info, warn};
use parking_lot::Mutex;

use super::hold::Hold;
use super::means::Means;
use super::publish::work;
use crate::base::shutdown::Shutdown;
use crate::base::threads;
use crate::store::job::{KeptJob, Outcome};

/// The threads.
pub struct Works {
    means: Arc<Means>,
    /// How many there are at most.
    most: usize,
    shutdown: Shutdown,
    places: Mutex<Vec<Place>>,
}

/// Where one may work.
struct Place {
    busy: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Works {
    /// None yet.
    pub fn new(means: Means, most: usize, shutdown: &Shutdown) -> Self {
        let place = || Place { busy: Arc::default(), thread: None };
        let places = Mutex::new((0..most.max(1)).map(|_| place()).collect());
        Self { means: Arc::new(means), most: most.max(1), shutdown: shutdown.clone(), places }
    }

    /// How many jobs are done at once.
    pub fn most(&self) -> usize {
        self.most
    }

    /// Starts one more if there is a job and a place. Called again and again; waits for the store.
    pub fn look(&self) {
        if self.shutdown.asked() || !self.means.queue.waits() {
            return;
        }
        for (number, place) in self.places.lock().iter_mut().enumerate() {
            if place.busy.load(Ordering::Acquire) {
                continue;
            }
            if let Some(thread) = place.thread.take() {
                join(thread);
            }
            place.busy.store(true, Ordering::Release);
            let (busy, means) = (Arc::clone(&place.busy), Arc::clone(&self.means));
            let (shutdown, worker) = (self.shutdown.clone(), format!("{}/{number}", means.worker));
            let run = move || {
                while !shutdown.asked() && one(&means, &worker, &shutdown) {}
                busy.store(false, Ordering::Release);
            };
            match threads::start(format!("library-{number}"), run) {
                Ok(thread) => place.thread = Some(thread),
                // Another look finds the job still there.
                Err(_) => place.busy.store(false, Ordering::Release),
            }
            return;
        }
    }

    /// Waits until those who work have put back what they had; who does not within `patience` asks of
    /// a disk that takes nothing.
    pub fn join(&self) {
        let places = std::mem::take(&mut *self.places.lock());
        places.into_iter().filter_map(|place| place.thread).for_each(join);
    }
}

/// Does the next job, if there is one.
fn one(means: &Means, worker: &str, shutdown: &Shutdown) -> bool {
    let job = match means.queue.claim(worker) {
        Ok(Some(job)) => job,
        Ok(None) => return false,
        Err(why) => {
            warn!("no job can be had: {why}");
            return false;
        }
    };
    info!("the job {}, `{}` of title {}, begins", job.id, job.recipe, job.title);
    let hold = Hold::new(&*means.queue, &job, shutdown);
    let (outcome, next) = work(means, &hold);
    if hold.is_lost() {
        return true;
    }
    tell(&job, &outcome);
    if let Err(why) = means.queue.finish(&job, outcome, next) {
        warn!("what came of the job {} cannot be kept: {why}", job.id);
        return false;
    }
    true
}

fn tell(job: &KeptJob, outcome: &Outcome) {
    match outcome {
        Outcome::Done => info!("the job {} is done", job.id),
        Outcome::PutBack => info!("the job {} is put back", job.id),
        Outcome::Again(_, words) => warn!("the job {} is tried again: {words}", job.id),
        Outcome::Failed(words) => warn!("the job {} failed: {words}", job.id),
    }
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        warn!("a worker of the library failed: its job is begun again when its lease is over");
    }
}
