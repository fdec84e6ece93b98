//! The workers: a bounded pool of threads for what may block.
//!
//! A disk, a password's hash, a look at a clip, an encode for one request: whatever may take
//! longer than a lane has time for is put in a queue here, and its outcome lies in a
//! [`Ticket`] that the one who asked looks at when it is notified. Long work comes in slices,
//! so that no clip of 30 GB keeps a snapshot waiting. Waits for nobody: a full queue says so.

use std::collections::VecDeque;
use std::io::Result;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use log::error;
use parking_lot::{Condvar, Mutex};

use super::lane::Handle;
use crate::base::threads;

/// The pool.
pub(crate) struct Workers {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// What its threads are called.
    name: &'static str,
    /// How many there may be.
    most: usize,
}

/// The queue is full: come again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Busy;

/// The work panicked, or the server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed;

/// What a slice of long work came to.
pub(crate) enum Slice<T> {
    /// There is more to do.
    More,
    /// This is the outcome.
    Done(T),
}

/// A place in the queue, and the outcome later. Dropping it gives the place up: work that nobody
/// waits for is not begun, and what comes in slices is not gone on with.
pub(crate) struct Ticket<T> {
    place: Arc<Place<T>>,
}

struct Place<T> {
    outcome: Mutex<Option<std::result::Result<T, Failed>>>,
    paid: AtomicBool,
    given_up: AtomicBool,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    most_waiting: usize,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    stopped: bool,
    /// Threads that wait for something to do.
    idle: usize,
}

/// Does a slice; whether there is more.
type Job = Box<dyn FnMut() -> bool + Send>;

impl Workers {
    /// Starts `count` threads; at most `most_waiting` jobs wait for them.
    ///
    /// # Errors
    ///
    /// The system's error if a thread cannot be made.
    pub(crate) fn start(count: usize, most_waiting: usize) -> Result<Self> {
        let workers = Self::later("worker", count, most_waiting);
        for _ in 0..count {
            workers.begin(&mut workers.threads.lock())?;
        }
        Ok(workers)
    }

    /// The same for work that few servers have: a thread begins once there is some, up to `most`, and
    /// stays.
    pub(crate) fn later(name: &'static str, most: usize, most_waiting: usize) -> Self {
        let queue = Mutex::default();
        let shared = Arc::new(Shared { queue, changed: Condvar::new(), most_waiting });
        Self { shared, threads: Mutex::default(), name, most }
    }

    /// Begins a thread.
    fn begin(&self, threads: &mut Vec<JoinHandle<()>>) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        let name = format!("{}-{}", self.name, threads.len());
        threads.push(threads::start(name, move || shared.work())?);
        Ok(())
    }

    /// Whether somebody does what is added: begins a thread if all that there are have something to do.
    fn is_manned(&self) -> bool {
        let mut threads = self.threads.lock();
        if threads.len() < self.most && self.shared.queue.lock().idle == 0 {
            // Why there is none is in the log; those that there are do it then.
            let _ = self.begin(&mut threads);
        }
        !threads.is_empty()
    }

    /// Has `work` done, and `asker` notified when its outcome is there.
    ///
    /// # Errors
    ///
    /// [`Busy`] if the queue is full, or the server ends.
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        asker: &Handle,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> std::result::Result<Ticket<T>, Busy> {
        let mut work = Some(work);
        self.submit_slices(asker, move || match work.take() {
            Some(work) => Slice::Done(work()),
            None => Slice::More,
        })
    }

    /// The same for long work: `slice` is called until it is done, and others' work is let in
    /// between. A slice should take no longer than some tens of milliseconds.
    ///
    /// # Errors
    ///
    /// As [`submit`](Self::submit).
    pub(crate) fn submit_slices<T: Send + 'static>(
        &self,
        asker: &Handle,
        mut slice: impl FnMut() -> Slice<T> + Send + 'static,
    ) -> std::result::Result<Ticket<T>, Busy> {
        let (owed, ticket) = owe(asker);
        let job = move || {
            if owed.is_given_up() {
                return false;
            }
            match slice() {
                Slice::More => true,
                Slice::Done(outcome) => {
                    owed.pay(Ok(outcome));
                    false
                }
            }
        };
        if !self.is_manned() {
            return Err(Busy);
        }
        self.shared.add(Box::new(job))?;
        Ok(ticket)
    }

    /// How many jobs wait for a thread.
    pub(crate) fn waiting(&self) -> usize {
        self.shared.queue.lock().jobs.len()
    }

    /// Ends the threads after the slices that they are at. What waits is not done.
    pub(crate) fn stop(&self) {
        let jobs = {
            let mut queue = self.shared.queue.lock();
            queue.stopped = true;
            std::mem::take(&mut queue.jobs)
        };
        self.shared.changed.notify_all();
        drop(jobs);
    }

    /// Waits for the threads to end, after [`stop`](Self::stop).
    pub(crate) fn join(&self) {
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                error!("a worker failed");
            }
        }
    }
}

impl<T> Ticket<T> {
    /// The outcome, once it is there.
    pub(crate) fn take(&self) -> Option<std::result::Result<T, Failed>> {
        self.place.outcome.lock().take()
    }
}

impl<T> Drop for Ticket<T> {
    fn drop(&mut self) {
        self.place.given_up.store(true, Ordering::Relaxed);
    }
}

/// An outcome that is owed: whoever waits is told also if it is dropped unpaid.
pub(crate) struct Owed<T> {
    place: Arc<Place<T>>,
    asker: Handle,
}

/// What one owes to another, which is notified when it is paid: by a worker, or by a talk on
/// another lane.
pub(crate) fn owe<T>(asker: &Handle) -> (Owed<T>, Ticket<T>) {
    let (paid, given_up) = (AtomicBool::new(false), AtomicBool::new(false));
    let place = Arc::new(Place { outcome: Mutex::default(), paid, given_up });
    let ticket = Ticket { place: Arc::clone(&place) };
    (Owed { place, asker: asker.clone() }, ticket)
}

impl<T> Owed<T> {
    /// Whether nobody waits for it any more.
    pub(crate) fn is_given_up(&self) -> bool {
        self.place.given_up.load(Ordering::Relaxed)
    }

    /// Pays, and notifies; only the first payment counts.
    pub(crate) fn pay(&self, outcome: std::result::Result<T, Failed>) {
        if !self.place.paid.swap(true, Ordering::Relaxed) && !self.is_given_up() {
            *self.place.outcome.lock() = Some(outcome);
            self.asker.notify();
        }
    }
}

impl<T> Drop for Owed<T> {
    fn drop(&mut self) {
        // After an outcome that was taken this says nothing new to anybody.
        self.pay(Err(Failed));
    }
}

impl Shared {
    fn add(&self, job: Job) -> std::result::Result<(), Busy> {
        let mut queue = self.queue.lock();
        if queue.stopped || queue.jobs.len() >= self.most_waiting {
            return Err(Busy);
        }
        queue.jobs.push_back(job);
        self.changed.notify_one();
        Ok(())
    }

    fn work(&self) {
        while let Some(mut job) = self.take() {
            // A job that fails takes no worker with it.
            let more = catch_unwind(AssertUnwindSafe(&mut job)).unwrap_or_else(|_| {
                error!("a worker's job failed");
                false
            });
            if more {
                // Behind those who wait, and in any case: it was let in before.
                let mut queue = self.queue.lock();
                if !queue.stopped {
                    queue.jobs.push_back(job);
                }
            }
        }
    }

    fn take(&self) -> Option<Job> {
        let mut queue = self.queue.lock();
        loop {
            if queue.stopped {
                return None;
            }
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            queue.idle += 1;
            self.changed.wait(&mut queue);
            queue.idle -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::super::lane::Lanes;
    use super::*;
    use std::thread;

    fn outcome<T>(ticket: &Ticket<T>) -> std::result::Result<T, Failed> {
        for _ in 0..10_000 {
            if let Some(outcome) = ticket.take() {
                return outcome;
            }
            thread::park_timeout(std::time::Duration::from_millis(1));
        }
        panic!("no outcome in ten seconds");
    }

    struct Pool {
        workers: Workers,
        asker: Handle,
        _lanes: Lanes,
    }

    impl Pool {
        fn of(count: usize, most_waiting: usize) -> Self {
            let lanes = Lanes::start(1).unwrap();
            let asker = lanes.places().place();
            Self { workers: Workers::start(count, most_waiting).unwrap(), asker, _lanes: lanes }
        }
    }

    impl Drop for Pool {
        fn drop(&mut self) {
            self.workers.stop();
            self.workers.join();
        }
    }

    #[test]
    fn work_is_done_and_its_outcome_taken_once() {
        let pool = Pool::of(2, 10);
        let ticket = pool.workers.submit(&pool.asker, || 6 * 7).unwrap();
        assert_eq!(outcome(&ticket), Ok(42));
        assert_eq!(ticket.take(), None);
    }

    #[test]
    fn full_queue_refuses_and_takes_again_when_there_is_room() {
        let pool = Pool::of(1, 1);
        let (let_go, held) = channel::<()>();
        let (begun, has_begun) = channel();
        let first = pool.workers.submit(&pool.asker, move || {
            begun.send(()).unwrap();
            held.recv().unwrap();
        });
        let first = first.unwrap();
        has_begun.recv().unwrap();
        let second = pool.workers.submit(&pool.asker, || 2).unwrap();
        assert_eq!(pool.workers.submit(&pool.asker, || 3).err(), Some(Busy));
        let_go.send(()).unwrap();
        assert_eq!(outcome(&first), Ok(()));
        assert_eq!(outcome(&second), Ok(2));
        let third = pool.workers.submit(&pool.asker, || 3).unwrap();
        assert_eq!(outcome(&third), Ok(3));
    }

    #[test]
    fn panic_is_told_and_the_worker_goes_on() {
        let pool = Pool::of(1, 10);
        let bad = pool.workers.submit(&pool.asker, || panic!("planted")).unwrap();
        assert_eq!(outcome::<()>(&bad), Err(Failed));
        let good = pool.workers.submit(&pool.asker, || 1).unwrap();
        assert_eq!(outcome(&good), Ok(1));
    }

    #[test]
    fn long_work_lets_short_work_in_between() {
        let pool = Pool::of(1, 10);
        let (told, seen) = channel();
        let (of_short, ready) = (told.clone(), Arc::new(AtomicBool::new(false)));
        let (of_long, mut slices) = (Arc::clone(&ready), 0);
        let long = pool.workers.submit_slices(&pool.asker, move || {
            if !of_long.load(Ordering::Acquire) {
                return Slice::More;
            }
            slices += 1;
            told.send("slice").unwrap();
            if slices == 2 { Slice::Done(()) } else { Slice::More }
        });
        let long = long.unwrap();
        let submit = pool.workers.submit(&pool.asker, move || of_short.send("short").unwrap());
        let short = submit.unwrap();
        assert_eq!(outcome(&short), Ok(()), "it was done while the long one was at it");
        ready.store(true, Ordering::Release);
        assert_eq!(outcome(&long), Ok(()));
        assert_eq!(seen.try_iter().collect::<Vec<_>>(), ["short", "slice", "slice"]);
    }

    #[test]
    fn work_that_nobody_waits_for_is_not_begun() {
        let pool = Pool::of(1, 10);
        let (let_go, held) = channel::<()>();
        let first = pool.workers.submit(&pool.asker, move || held.recv().unwrap()).unwrap();
        let (told, seen) = channel::<()>();
        drop(pool.workers.submit(&pool.asker, move || told.send(()).unwrap()).unwrap());
        let_go.send(()).unwrap();
        assert_eq!(outcome(&first), Ok(()));
        assert!(seen.recv().is_err(), "dropped, not done");
    }

    #[test]
    fn who_waits_at_the_end_is_told() {
        let pool = Pool::of(1, 10);
        let (let_go, held) = channel::<()>();
        let (begun, has_begun) = channel();
        let first = pool.workers.submit(&pool.asker, move || {
            begun.send(()).unwrap();
            held.recv().unwrap();
        });
        has_begun.recv().unwrap();
        let second = pool.workers.submit(&pool.asker, || ()).unwrap();
        pool.workers.stop();
        assert_eq!(outcome(&second), Err(Failed));
        let_go.send(()).unwrap();
        assert_eq!(outcome(&first.unwrap()), Ok(()));
        assert_eq!(pool.workers.submit(&pool.asker, || ()).err(), Some(Busy));
    }
}
