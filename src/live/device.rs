//! The device thread: opens a source, reads it, and keeps the newest picture for the supervisor.
//!
//! It may hang, in a driver, a name's look-up or a disk that is gone, and is left to itself then:
//! [`Device`] is the other end, and never waits for longer than it is told. Each source has one
//! such thread while it is open, and none else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use log::error;
use parking_lot::{Condvar, Mutex};

use crate::base::clock::Clock;
use crate::base::threads;
use crate::source::{Capture, Captured, Format, Source, Trouble, TroubleCode, Wish};

/// A source on a thread of its own.
pub(super) struct Device {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
    /// What is said if it hangs.
    hung: Trouble,
}

/// What came of a look at a [`Device`].
pub(super) enum Came {
    /// It is open, and a picture is there.
    Opened {
        /// What to call it.
        name: String,
    },
    /// A picture.
    Picture {
        /// The newest.
        captured: Captured,
        /// What it delivers.
        format: Format,
        /// Pictures passed over since it was opened.
        broken: u64,
    },
    /// Nothing for now.
    Nothing {
        /// Pictures passed over since it was opened.
        broken: u64,
    },
    /// It hangs, or what it waits for is overdue; it may go on.
    Late(Trouble),
    /// It is closed.
    Ended,
}

impl Device {
    /// Opens a source on a new thread.
    ///
    /// # Errors
    ///
    /// The source as it was, if the system gives no thread.
    pub(super) fn open(
        source: Box<dyn Source>,
        wish: Wish,
        clock: Clock,
    ) -> Result<Self, (Box<dyn Source>, std::io::Error)> {
        let (hung, patience) = (source.hung(), source.patience());
        let shared = Arc::new(Shared::new(clock.now(), patience));
        let theirs = Arc::clone(&shared);
        // Handed over once the thread is there: what is in a thread that is not is lost.
        let (give, given) = bounded::<Box<dyn Source>>(1);
        let started = threads::start("device", move || {
            if let Ok(source) = given.recv() {
                run(&theirs, source, wish, &clock);
            }
        });
        let thread = match started {
            Ok(thread) => thread,
            Err(error) => return Err((source, error)),
        };
        match give.send(source) {
            Ok(()) => Ok(Self { shared, thread, hung }),
            Err(lost) => Err((lost.into_inner(), std::io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// Waits for what comes next, at most until `deadline`.
    pub(super) fn next(&self, clock: &Clock, deadline: Instant) -> Came {
        let mut state = self.shared.wait(deadline, |state| {
            state.opened.is_some() || state.newest.is_some() || state.ended.is_some()
        });
        if let Some(name) = state.opened.take() {
            return Came::Opened { name };
        }
        let broken = state.broken;
        if let Some((captured, format)) = state.newest.take() {
            return Came::Picture { captured, format, broken };
        }
        if state.ended.is_some() {
            Came::Ended
        } else if clock.now().saturating_duration_since(state.alive_at) >= state.patience {
            Came::Late(self.hung.clone())
        } else if let Some(overdue) = &state.overdue {
            Came::Late(overdue.clone())
        } else {
            Came::Nothing { broken }
        }
    }

    /// Asks it to close.
    pub(super) fn stop(&self) {
        self.shared.state.lock().stop = true;
    }

    /// Asks it to go on, if it has not closed meanwhile.
    pub(super) fn resume(&self) {
        let mut state = self.shared.state.lock();
        // What was taken before is no longer live.
        (state.stop, state.newest) = (false, None);
    }

    /// Whether it is closed, waited for until `deadline`.
    pub(super) fn has_ended(&self, deadline: Instant) -> bool {
        self.shared.wait(deadline, |state| state.ended.is_some()).ended.is_some()
    }

    /// Joins the thread of a device that has ended. Returns the source, and why it ended if not
    /// by being asked; `None` if the thread has not ended.
    pub(super) fn join(self) -> Option<(Box<dyn Source>, Result<(), Trouble>)> {
        let ended = self.shared.state.lock().ended.take()?;
        if self.thread.join().is_err() {
            error!("the device thread failed");
        }
        Some(ended)
    }
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    stop: bool,
    opened: Option<String>,
    newest: Option<(Captured, Format)>,
    broken: u64,
    /// What is said while a picture is overdue.
    overdue: Option<Trouble>,
    /// When it was seen to go on.
    alive_at: Instant,
    /// How long it may take until it is seen to go on again.
    patience: Duration,
    ended: Option<(Box<dyn Source>, Result<(), Trouble>)>,
}

impl Shared {
    fn new(now: Instant, patience: Duration) -> Self {
        let state = State {
            stop: false,
            opened: None,
            newest: None,
            broken: 0,
            overdue: None,
            alive_at: now,
            patience,
            ended: None,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn wait(
        &self,
        until: Instant,
        done: impl Fn(&State) -> bool,
    ) -> parking_lot::MutexGuard<'_, State> {
        let mut state = self.state.lock();
        self.changed.wait_while_until(&mut state, |state| !done(state), until);
        state
    }

    fn change(&self, edit: impl FnOnce(&mut State)) {
        edit(&mut self.state.lock());
        self.changed.notify_all();
    }
}

/// The thread's life.
fn run(shared: &Shared, mut source: Box<dyn Source>, wish: Wish, clock: &Clock) {
    // Cameras' libraries panic on some errors, in their destructors too.
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let capture = source.open(wish, clock)?;
        let name = source.name();
        shared.change(|state| state.opened = Some(name));
        read(shared, capture, clock)
    }));
    let how = ended.unwrap_or_else(|_| Err(failed()));
    shared.change(|state| state.ended = Some((source, how)));
}

fn read(shared: &Shared, mut capture: Box<dyn Capture>, clock: &Clock) -> Result<(), Trouble> {
    loop {
        {
            let mut state = shared.state.lock();
            if state.stop {
                return Ok(());
            }
            (state.alive_at, state.patience) = (clock.now(), capture.patience());
        }
        let next = capture.next(Instant::now() + GLANCE)?;
        let (format, broken) = (capture.format(), capture.broken());
        let came = next.is_some();
        let mut state = shared.state.lock();
        (state.broken, state.overdue) = (broken, capture.overdue());
        if let Some(captured) = next {
            state.newest = Some((captured, format));
        }
        drop(state);
        if came {
            shared.changed.notify_all();
        }
    }
}

/// What is said of a source that panicked.
pub(super) fn failed() -> Trouble {
    Trouble {
        code: TroubleCode::Failed,
        title: "The source failed".into(),
        detail: "This is a fault of the program, and in its log. Trying again.".into(),
    }
}

/// How long a picture is waited for before the thread looks whether to stop.
const GLANCE: Duration = Duration::from_millis(100);
