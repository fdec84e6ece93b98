//! The thread on which passwords are hashed: one at a time, as each takes 64 MiB and a core. It is
//! there from the first password on.
//!
//! So many wait for it as people may; who comes then is told at once. Each has a share: those who ask
//! are served in turn, and who asks much gives a place up to who has none.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use log::error;
use parking_lot::{Condvar, Mutex};

use crate::base::subnet::Group;
use crate::base::threads;
use crate::store::account::AccountId;

/// The thread, and the queue to it.
pub(super) struct Hasher {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Who asks, as far as places are shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// A browser of this account, which had signed in to it.
    Known(AccountId),
    /// Somebody at an address.
    At(Group),
}

struct Shared {
    queue: Mutex<Queue<Job>>,
    changed: Condvar,
}

/// What waits. Who was served last is served again after others.
struct Queue<J> {
    waiting: VecDeque<(Asker, J)>,
    served: Vec<Asker>,
    stopped: bool,
}

type Job = Box<dyn FnOnce() + Send>;

impl Hasher {
    /// Without a thread as yet.
    pub(super) fn new() -> Self {
        let shared = Arc::new(Shared { queue: Mutex::new(Queue::new()), changed: Condvar::new() });
        Self { shared, thread: Mutex::default() }
    }

    /// Has it done; whether there was room, and a thread. One that has to make room for another's is
    /// dropped.
    pub(super) fn submit(&self, asker: Asker, job: impl FnOnce() + Send + 'static) -> bool {
        if !self.has_thread() {
            return false;
        }
        let (taken, given_up) = self.shared.queue.lock().add(asker, Box::new(job));
        // Not under the lock: whoever waits for it is told.
        drop(given_up);
        self.shared.changed.notify_one();
        taken
    }

    fn has_thread(&self) -> bool {
        let mut thread = self.thread.lock();
        if thread.is_none() {
            let of_thread = Arc::clone(&self.shared);
            // Why there is none is in the log; the next who asks tries again.
            *thread = threads::start("passwords", move || of_thread.work()).ok();
        }
        thread.is_some()
    }

    /// Ends the thread after what it is at. What waits is not done.
    pub(super) fn stop(&self) {
        let waiting = {
            let mut queue = self.shared.queue.lock();
            queue.stopped = true;
            std::mem::take(&mut queue.waiting)
        };
        drop(waiting);
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            error!("the thread of passwords failed");
        }
    }
}

impl Shared {
    fn work(&self) {
        while let Some(job) = self.next() {
            // A job that fails takes the thread with it for nobody else.
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                error!("a password could not be looked at");
            }
        }
    }

    /// Waits for the next; `None` at the end.
    fn next(&self) -> Option<Job> {
        let mut queue = self.queue.lock();
        loop {
            if queue.stopped {
                return None;
            }
            if let Some(job) = queue.take() {
                return Some(job);
            }
            self.changed.wait(&mut queue);
        }
    }
}

impl<J> Queue<J> {
    fn new() -> Self {
        Self { waiting: VecDeque::new(), served: Vec::new(), stopped: false }
    }

    /// Whether it was taken in, and what gave its place up for it.
    fn add(&mut self, asker: Asker, job: J) -> (bool, Option<J>) {
        if self.stopped {
            return (false, Some(job));
        }
        let mut given_up = None;
        if self.waiting.len() >= MOST_WAITING {
            let count = |who: &Asker| self.waiting.iter().filter(|(other, _)| other == who).count();
            let most = self.waiting.iter().map(|(who, _)| count(who)).max().unwrap_or_default();
            if count(&asker) + 1 >= most {
                return (false, Some(job));
            }
            // The last that came of who has most.
            let last = self.waiting.iter().rposition(|(who, _)| count(who) == most);
            given_up = last.and_then(|at| self.waiting.remove(at)).map(|(_, job)| job);
        }
        self.waiting.push_back((asker, job));
        (true, given_up)
    }

    /// The first of who was served longest ago.
    fn take(&mut self) -> Option<J> {
        let turn = |who: &Asker| self.served.iter().position(|other| other == who);
        let next = self.waiting.iter().enumerate().min_by_key(|(at, (who, _))| (turn(who), *at));
        let (at, _) = next?;
        let (asker, job) = self.waiting.remove(at)?;
        self.served.retain(|other| *other != asker);
        self.served.push(asker);
        if self.served.len() > MOST_WAITING {
            self.served.remove(0);
        }
        Some(job)
    }
}

/// Beside the one that is being hashed.
const MOST_WAITING: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const GREEDY: Asker = Asker::Known(AccountId(1));
    const OTHER: Asker = Asker::Known(AccountId(2));
    const THIRD: Asker = Asker::Known(AccountId(3));

    #[test]
    fn who_asks_little_is_served_between_those_who_ask_much() {
        let mut queue = Queue::new();
        for job in ["a1", "a2", "a3"] {
            queue.add(GREEDY, job);
        }
        queue.add(OTHER, "b1");
        queue.add(THIRD, "c1");
        queue.add(OTHER, "b2");
        let served: Vec<_> = std::iter::from_fn(|| queue.take()).collect();
        assert_eq!(served, ["a1", "b1", "c1", "a2", "b2", "a3"]);
    }

    #[test]
    fn one_may_have_all_places_and_gives_them_up_to_who_has_fewer() {
        let mut queue = Queue::new();
        for number in 0..MOST_WAITING {
            assert_eq!(queue.add(GREEDY, number), (true, None));
        }
        assert_eq!(queue.add(GREEDY, 99), (false, Some(99)));
        assert_eq!(queue.add(OTHER, 100), (true, Some(MOST_WAITING - 1)));
        for number in 0..1000 {
            queue.add(if number % 2 == 0 { OTHER } else { GREEDY }, number);
        }
        let of = |who| queue.waiting.iter().filter(|(other, _)| *other == who).count();
        assert_eq!((of(OTHER), of(GREEDY)), (MOST_WAITING / 2, MOST_WAITING / 2));
        assert!(queue.served.len() <= MOST_WAITING);
    }
}
