//! The lanes, the workers and the registry, started and ended together.

use std::io::Result;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::accept::{Acceptor, Welcome};
use super::lane::{Lanes, Places, Topics};
use super::limits::Limits;
use super::listener::Bound;
use super::registry::Registry;
use super::workers::Workers;

/// What drives every connection.
pub struct Engine {
    lanes: Lanes,
    pub(crate) workers: Arc<Workers>,
    /// Those who write what clients bring: a disk that is slow at that keeps nothing else waiting.
    pub(crate) writers: Arc<Workers>,
    pub(crate) registry: Arc<Registry>,
}

impl Engine {
    /// Starts the threads: a lane for each core up to three, and two workers; two writers once
    /// somebody brings something.
    ///
    /// # Errors
    ///
    /// The system's error if a thread or its poll cannot be made.
    pub fn start(limits: Limits, now: Instant) -> Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            lanes: Lanes::start(cores.min(MAX_LANES))?,
            workers: Arc::new(Workers::start(WORKERS, limits.jobs)?),
            writers: Arc::new(Workers::later("writer", WRITERS, limits.jobs)),
            registry: Arc::new(Registry::new(limits, now)),
        })
    }

    /// What to call when there is something new for those who listen to these topics.
    pub fn bells(&self, topics: Topics) -> Vec<Arc<dyn Fn() + Send + Sync>> {
        self.places().bells(topics)
    }

    /// Where talks may begin.
    pub(crate) fn places(&self) -> &Places {
        self.lanes.places()
    }

    /// Accepts connections on what was bound; `welcome` makes a talk of who comes.
    pub(crate) fn accept(&self, bound: Bound, welcome: Welcome) {
        let (places, registry) = (self.places().clone(), Arc::clone(&self.registry));
        let acceptor = Acceptor::new(bound, places, registry, welcome);
        self.places().place().begin(Box::new(acceptor));
    }

    /// The longest time between two looks at the sockets since the start, of each lane.
    pub(crate) fn longest_turns(&self) -> Vec<Duration> {
        self.places().longest_turns()
    }

    /// Ends all connections and all threads.
    pub fn stop(&self) {
        self.workers.stop();
        self.writers.stop();
        self.lanes.stop();
        self.lanes.join();
        self.workers.join();
        self.writers.join();
    }
}

const MAX_LANES: usize = 3;
const WORKERS: usize = 2;
const WRITERS: usize = 2;
