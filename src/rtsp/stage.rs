//! The few threads that play all sessions.
//!
//! A thread calls its shows when there is news and when the time that one of them named has
//! come. PAUSE takes a show off the stage, so that numbers and the place in a clip go on
//! where they were.

use std::io::Result;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};
use log::{debug, error};
use parking_lot::Mutex;

use super::news::News;
use super::shelf::Shelf;
use super::show::{Look, Show};
use crate::base::shutdown::Shutdown;
use crate::live::audience::{Audience, Refused};
use crate::live::hub::Hub;
use crate::live::meter::StreamMeter;
use crate::media::fit::Fitter;

/// A show on a stage.
pub(super) struct Playing {
    slot: Arc<Slot>,
    /// What is counted of it.
    pub(super) meter: Arc<StreamMeter>,
}

/// A show's place on a stage; empty once it was taken off.
struct Slot {
    // Held while its pictures are packed and sent: who takes the show waits for that.
    show: Mutex<Option<Box<Show>>>,
    go: AtomicBool,
    /// Nothing more comes: the clip is over, or the client gone.
    over: AtomicBool,
    bell: Arc<News>,
}

impl Playing {
    /// Lets the first picture out: the reply that announces it has been written.
    pub(super) fn go(&self) {
        self.slot.go.store(true, Ordering::Relaxed);
        self.slot.bell.ring();
    }

    /// Whether it came to its end by itself.
    pub(super) fn is_over(&self) -> bool {
        self.slot.over.load(Ordering::Acquire)
    }

    /// Takes the show off, after the frame that is being sent. `None` if it failed.
    pub(super) fn stop(self) -> Option<Box<Show>> {
        let mut show = self.slot.show.lock().take()?;
        if let Err(error) = show.finish_frame() {
            debug!("a session's client is gone: {error}");
        }
        show.feed.leave();
        Some(show)
    }
}

/// The threads that play.
pub(super) struct Stages {
    stages: Vec<Stage>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// The way to one thread.
struct Stage {
    inbox: Sender<Arc<Slot>>,
    bell: Arc<News>,
    shows: Arc<AtomicUsize>,
}

impl Stages {
    /// Starts the threads, one for each core up to four.
    ///
    /// # Errors
    ///
    /// The system's error if a thread cannot be made.
    pub(super) fn start(hub: &Hub, shelf: &Arc<Shelf>, shutdown: &Shutdown) -> Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let (mut stages, mut threads) = (Vec::new(), Vec::new());
        for number in 0..cores.min(MAX_THREADS) {
            // Bounded by the sessions that there may be.
            let (inbox, arrivals) = unbounded();
            let shows = Arc::new(AtomicUsize::new(0));
            let (on, ending) = (Arc::clone(&shows), shutdown.clone());
            let bell = News::of(hub, move || on.load(Ordering::Relaxed) > 0 || ending.asked());
            let (of_thread, shelf, shutdown) =
                ((Arc::clone(&bell), Arc::clone(&shows)), Arc::clone(shelf), shutdown.clone());
            threads.push(thread::Builder::new().name(format!("rtp-{number}")).spawn(
                move || {
                    play(&arrivals, &of_thread.0, &of_thread.1, &shelf, &shutdown);
                },
            )?);
            stages.push(Stage { inbox, bell, shows });
        }
        Ok(Self { stages, threads: Mutex::new(threads) })
    }

    /// Puts a show on; its first picture waits for [`Playing::go`].
    ///
    /// # Errors
    ///
    /// The show as it was, if the audience is full.
    pub(super) fn put_on(
        &self,
        mut show: Box<Show>,
        audience: &Arc<Audience>,
    ) -> std::result::Result<Playing, (Box<Show>, Refused)> {
        let idlest = self.stages.iter().min_by_key(|stage| stage.shows.load(Ordering::Relaxed));
        let Some(stage) = idlest else { return Err((show, Refused::Full)) };
        let meter = match show.feed.join(audience) {
            Ok(meter) => meter,
            Err(refused) => {
                show.feed.leave();
                return Err((show, refused));
            }
        };
        let bell = Arc::clone(&stage.bell);
        let slot = Arc::new(Slot {
            show: Mutex::new(Some(show)),
            go: AtomicBool::new(false),
            over: AtomicBool::new(false),
            bell,
        });
        stage.shows.fetch_add(1, Ordering::Relaxed);
        if stage.inbox.send(Arc::clone(&slot)).is_err() {
            debug!("a session begins while the server ends");
        }
        Ok(Playing { slot, meter })
    }

    /// Waits for the threads to end, after shutdown was asked and the hub stopped.
    pub(super) fn join(&self) {
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                error!("an RTP thread failed");
            }
        }
    }
}

/// Plays what is on one stage until shutdown is asked.
fn play(
    arrivals: &Receiver<Arc<Slot>>,
    bell: &News,
    shows: &AtomicUsize,
    shelf: &Shelf,
    shutdown: &Shutdown,
) {
    let mut fitter = match Fitter::new() {
        Ok(fitter) => fitter,
        Err(failed) => return error!("no encoder for RTP: {failed}"),
    };
    let mut slots: Vec<Arc<Slot>> = Vec::new();
    while !shutdown.asked() {
        let seen = bell.count();
        slots.extend(arrivals.try_iter());
        let now = Instant::now();
        let mut next = now + LONGEST_WAIT;
        slots.retain(|slot| match look(slot, shelf, &mut fitter, now) {
            Look::Again(at) => {
                next = next.min(at);
                true
            }
            Look::Over => {
                shows.fetch_sub(1, Ordering::Relaxed);
                false
            }
        });
        bell.wait(seen, next);
    }
}

/// A show that fails takes no other with it.
fn look(slot: &Slot, shelf: &Shelf, fitter: &mut Fitter, now: Instant) -> Look {
    let mut place = slot.show.lock();
    let Some(show) = &mut *place else { return Look::Over };
    if !slot.go.load(Ordering::Relaxed) {
        return Look::Again(now + LONGEST_WAIT);
    }
    let look = match catch_unwind(AssertUnwindSafe(|| show.pump(shelf, fitter, now))) {
        Ok(Ok(look)) => look,
        Ok(Err(error)) => {
            debug!("a session's client is gone: {error}");
            Look::Over
        }
        Err(_) => {
            error!("a session failed");
            *place = None;
            return Look::Over;
        }
    };
    if matches!(look, Look::Over) {
        // Before the goodbye, at which a client may ask to play again.
        slot.over.store(true, Ordering::Release);
        show.end();
    }
    look
}

const MAX_THREADS: usize = 4;
const LONGEST_WAIT: Duration = Duration::from_secs(1);
