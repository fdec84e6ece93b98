//! The lanes: a few threads that own every connection, from accept to close.
//!
//! A connection is a state machine, a [`Talk`]; its lane gives it a turn when its socket is
//! ready, when somebody notified its [`Handle`], when the time that it named has come, and, if
//! it listens, when there is news. A turn waits for nothing, so that no client keeps another
//! waiting. All reading and writing of a connection happens on its lane's thread.
//!
//! A lane looks at its sockets again after [`TURNS_TIME`] at the latest, however many talks
//! have something to do; of turns that [cost much](Talk::is_costly), as handshakes do, it gives no
//! more than fit into [`COSTLY_TIME`], after all others. How long it took at most is [told](Places::longest_turns). What may
//! block goes to the [workers](super::workers).

mod run;
#[cfg(test)]
mod tests;

use std::io::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use log::error;
use mio::event::Source;
use mio::{Token, Waker};
use parking_lot::Mutex;

use super::kernel::Kernel;
use super::wire::Ready;
use run::Run;

/// A conversation that a lane drives.
pub(crate) trait Talk: Send {
    /// What it waits at, besides its handle and the clock.
    fn source(&mut self) -> Option<&mut dyn Source>;

    /// Goes as far as it can without waiting for anything, or for as long as is fair.
    fn turn(&mut self, now: &mut Moment<'_>) -> Turn;

    /// Whether its next turn may take long, as the step of a handshake does: it has to wait then
    /// for those that are short.
    fn is_costly(&self) -> bool {
        false
    }

    /// Says goodbye, if there is something to say: the server ends.
    fn end(&mut self) {}
}

/// What a turn has at hand.
pub(crate) struct Moment<'a> {
    /// When it began.
    pub(crate) now: Instant,
    /// What the source is ready for that it was not at the turn before.
    pub(crate) ready: Ready,
    /// Tells what a client has not read.
    pub(crate) kernel: &'a mut Kernel,
}

/// What a turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It goes on.
    Wait {
        /// When it is given a turn if nothing happens before. The past means: as soon as others
        /// had theirs.
        until: Option<Instant>,
        /// At whose news it is given a turn.
        news: Topics,
        /// How much work it makes, beside others: one for a connection that is open.
        weight: u32,
    },
    /// Its source is closed, and it is dropped.
    Over,
}

/// Whose news: each who has any has a number.
///
/// Several numbers share a place where there are very many; who listens there is given a turn too
/// many, and none too few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Topics(u64);

impl Topics {
    /// Nobody's.
    pub const NONE: Self = Self(0);

    /// That of one.
    pub fn of(number: u32) -> Self {
        Self(1 << (number as usize % PLACES))
    }

    /// Those of either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are not among the others.
    fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Where they stand in a list of [`PLACES`].
    fn places(self) -> impl Iterator<Item = usize> {
        (0..PLACES).filter(move |place| self.0 >> place & 1 == 1)
    }
}

/// The running lanes. Dropping them ends them.
pub(crate) struct Lanes {
    places: Places,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// Where talks may begin; clones are the same.
#[derive(Clone)]
pub(crate) struct Places {
    doors: Arc<[Arc<Door>]>,
}

/// The way to a talk on its lane; clones are the same.
#[derive(Clone)]
pub(crate) struct Handle {
    door: Arc<Door>,
    token: Token,
    /// Whether a turn is on its way: one is enough.
    called: Arc<AtomicBool>,
}

/// What a lane shares with others.
struct Door {
    // Bounded by the talks that there are: each is in it once at most.
    calls: Sender<Call>,
    waker: Waker,
    next_token: AtomicUsize,
    /// The sum of what its talks weigh.
    load: AtomicUsize,
    /// How many talks listen to the news of each topic.
    listening: [AtomicUsize; PLACES],
    /// Which topics there is news of, a bit for each.
    news: AtomicU64,
    ending: AtomicBool,
    longest_turn_us: AtomicU64,
}

/// What a lane is called for.
enum Call {
    /// A talk begins here.
    Begin(Handle, Box<dyn Talk>),
    /// This talk is given a turn.
    Turn(Token),
}

impl Lanes {
    /// Starts `count` threads.
    ///
    /// # Errors
    ///
    /// The system's error if a thread or its poll cannot be made.
    pub(crate) fn start(count: usize) -> Result<Self> {
        let lanes: Vec<Run> = (0..count.max(1)).map(|_| Run::new()).collect::<Result<_>>()?;
        let places = Places { doors: lanes.iter().map(Run::door).collect() };
        let started = Self { places, threads: Mutex::default() };
        for (number, run) in lanes.into_iter().enumerate() {
            let name = format!("lane-{number}");
            let thread = thread::Builder::new().name(name).spawn(move || run.run())?;
            started.threads.lock().push(thread);
        }
        Ok(started)
    }

    /// Where talks may begin.
    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// Asks the threads to end all talks, and to end.
    pub(crate) fn stop(&self) {
        for door in self.places.doors.iter() {
            door.ending.store(true, Ordering::Release);
            door.wake();
        }
    }

    /// Waits for the threads to end, after [`stop`](Self::stop).
    pub(crate) fn join(&self) {
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                error!("a lane failed");
            }
        }
    }
}

impl Places {
    /// A place for a talk, on the lane that has the least to do.
    pub(crate) fn place(&self) -> Handle {
        let idlest = self.doors.iter().min_by_key(|door| door.load.load(Ordering::Relaxed));
        Door::place(idlest.expect("there is a lane at least"))
    }

    /// What to call when there is news of these topics.
    pub(crate) fn bells(&self, topics: Topics) -> Vec<Arc<dyn Fn() + Send + Sync>> {
        let bell = |door: &Arc<Door>| -> Arc<dyn Fn() + Send + Sync> {
            let door = Arc::clone(door);
            Arc::new(move || door.ring(topics))
        };
        self.doors.iter().map(bell).collect()
    }

    /// The longest time between two looks at the sockets since the start, of each lane.
    pub(crate) fn longest_turns(&self) -> Vec<Duration> {
        let longest = |door: &Arc<Door>| door.longest_turn_us.load(Ordering::Relaxed);
        self.doors.iter().map(|door| Duration::from_micros(longest(door))).collect()
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        self.stop();
        self.join();
    }
}

impl Handle {
    /// Has its talk given a turn.
    pub(crate) fn notify(&self) {
        if !self.called.swap(true, Ordering::AcqRel) {
            self.door.call(Call::Turn(self.token));
        }
    }

    /// A place for another talk on the same lane.
    pub(crate) fn neighbour(&self) -> Handle {
        Door::place(&self.door)
    }

    /// Lets a talk begin here; its first turn comes at once.
    pub(crate) fn begin(self, talk: Box<dyn Talk>) {
        let door = Arc::clone(&self.door);
        door.load.fetch_add(1, Ordering::Relaxed);
        self.called.store(true, Ordering::Release);
        door.call(Call::Begin(self, talk));
    }
}

impl Door {
    fn place(door: &Arc<Self>) -> Handle {
        let token = Token(door.next_token.fetch_add(1, Ordering::Relaxed));
        Handle { door: Arc::clone(door), token, called: Arc::default() }
    }

    fn call(&self, call: Call) {
        // After the end nobody receives; a talk is then dropped with the call.
        if self.calls.send(call).is_ok() {
            self.wake();
        }
    }

    fn ring(&self, topics: Topics) {
        let mut listens = topics.places().map(|place| &self.listening[place]);
        if listens.any(|count| count.load(Ordering::Relaxed) > 0)
            && self.news.fetch_or(topics.0, Ordering::AcqRel) & topics.0 != topics.0
        {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            error!("cannot wake a lane: {error}");
        }
    }
}

impl Turn {
    /// Nothing more is to be done until the source is ready, or this time comes.
    pub(crate) fn until(until: Option<Instant>) -> Self {
        Turn::Wait { until, news: Topics::NONE, weight: 1 }
    }
}

/// How long talks may have turns before the lane looks at its sockets again. A turn that was begun
/// is not cut short.
pub(crate) const TURNS_TIME: Duration = Duration::from_millis(4);
/// How long costly turns may take after these. One is given in any case.
const COSTLY_TIME: Duration = Duration::from_millis(2);
/// As many as there are bits in [`Topics`].
const PLACES: usize = u64::BITS as usize;
