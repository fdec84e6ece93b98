//! The pictures that come in by standard input.
//!
//! A thread of its own reads them all the time and keeps the newest, so that whoever writes never
//! waits for a viewer. Their end is the source's.

use std::fmt;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::super::splitter::Splitter;
use super::super::{Capture, Captured, Format, Kind, Source, Trouble, TroubleCode, Wish};
use super::{PIECE_BYTES, Watch, Writer, is_ready, read_some, wait};
use crate::base::clock::Clock;
use crate::base::threads;
use crate::media::frame::{Picture, Size};

/// Standard input as a source.
pub struct Input {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// Standard input is a terminal: nobody types JPEGs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IsTerminal;

impl fmt::Display for IsTerminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "standard input is a terminal: pipe MJPEG into it, as in \
             `rpicam-vid -t 0 --codec mjpeg -o - | livestream --source -`",
        )
    }
}

impl std::error::Error for IsTerminal {}

impl Input {
    /// Standard input, which nobody else may read.
    ///
    /// # Errors
    ///
    /// [`IsTerminal`] if it is one. Whether it has pictures shows when they are read.
    pub fn new() -> Result<Self, IsTerminal> {
        if io::stdin().is_terminal() {
            return Err(IsTerminal);
        }
        Ok(Self { shared: Arc::default(), thread: None })
    }
}

impl Source for Input {
    fn kind(&self) -> Kind {
        Kind::Pipe
    }

    fn name(&self) -> String {
        NAME.to_owned()
    }

    fn start(&mut self, clock: &Clock) {
        let (shared, clock) = (Arc::clone(&self.shared), clock.clone());
        // Without a thread there are no pictures, and it is asked for again when it is opened.
        self.thread = threads::start("stdin", move || drain(&shared, &clock)).ok();
    }

    fn open(&mut self, _: Wish, clock: &Clock) -> Result<Box<dyn Capture>, Trouble> {
        if self.thread.is_none() {
            self.start(clock);
        }
        let mut state = self.shared.state.lock();
        if let Some(trouble) = &state.ended {
            return Err(trouble.clone());
        }
        // What came while nobody watched is no longer live.
        state.newest = None;
        drop(state);
        let (shared, clock) = (Arc::clone(&self.shared), clock.clone());
        Ok(Box::new(Reading { shared, watch: Watch::new(clock.now()), clock }))
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.shared.state.lock().stop = true;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the thread that reads standard input failed");
        }
    }
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    newest: Option<Captured>,
    /// Bytes that came since this was last looked at.
    bytes: u64,
    broken: u64,
    ended: Option<Trouble>,
    stop: bool,
}

/// The thread's life: reads to the end of the input, or until it is asked to stop.
fn drain(shared: &Shared, clock: &Clock) {
    let mut input = io::stdin().lock();
    let mut splitter = Some(Splitter::new());
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        if shared.state.lock().stop {
            return;
        }
        wait(&[&io::stdin()], GLANCE);
        if !is_ready(&io::stdin()) {
            continue;
        }
        let ending = match read_some(&mut input, &mut piece) {
            Ok(count @ 1..) => {
                let came = piece.get(..count).unwrap_or_default();
                shared.state.lock().bytes += count as u64;
                if let Some(reads) = &mut splitter
                    && !take(reads, came, shared, clock)
                {
                    // Its writer may go on all the same, and is not held up.
                    splitter = None;
                }
                continue;
            }
            Ok(_) => "Whoever wrote into it has ended. Start both anew.".to_owned(),
            Err(error) => format!("It cannot be read: {error}."),
        };
        let last = splitter.as_mut().and_then(Splitter::last_picture);
        let mut state = shared.state.lock();
        if let Some(jpeg) = last {
            state.newest = Some(Captured { at: clock.now(), picture: Picture::Jpeg(jpeg) });
        }
        let title = format!("{NAME} came to its end");
        let ended = Trouble { code: TroubleCode::Ended, title, detail: ending };
        state.ended.get_or_insert(ended);
        drop(state);
        shared.changed.notify_all();
        return;
    }
}

/// Takes the pictures out of what came. Whether there may be more.
fn take(splitter: &mut Splitter, came: &[u8], shared: &Shared, clock: &Clock) -> bool {
    splitter.feed(came);
    loop {
        let picture = splitter.next_picture();
        let mut state = shared.state.lock();
        state.broken = splitter.broken();
        match picture {
            Ok(Some(jpeg)) => {
                state.newest = Some(Captured { at: clock.now(), picture: Picture::Jpeg(jpeg) });
            }
            Ok(None) => return true,
            Err(not) => {
                state.ended = Some(Writer(NAME).no_pictures(&not.start));
                shared.changed.notify_all();
                return false;
            }
        }
        drop(state);
        shared.changed.notify_all();
    }
}

/// Standard input, watched.
struct Reading {
    shared: Arc<Shared>,
    clock: Clock,
    watch: Watch,
}

impl Capture for Reading {
    fn format(&self) -> Format {
        // Its pictures say their size, and nothing says how many come.
        Format { size: Size { width: 1, height: 1 }, fps: 0.0, encoding: "MJPEG" }
    }

    fn next(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        let mut state = self.shared.state.lock();
        let nothing = |state: &mut State| state.newest.is_none() && state.ended.is_none();
        self.shared.changed.wait_while_until(&mut state, nothing, deadline);
        let now = self.clock.now();
        match std::mem::take(&mut state.bytes) {
            0 => {}
            bytes => self.watch.came(bytes, now),
        }
        if let Some(captured) = state.newest.take() {
            self.watch.picture(captured.at);
            return Ok(Some(captured));
        }
        if let Some(trouble) = &state.ended {
            return Err(trouble.clone());
        }
        // It is never given up: nobody else could write into it.
        self.watch.look(&Writer(NAME), now);
        Ok(None)
    }

    fn overdue(&self) -> Option<Trouble> {
        self.watch.overdue()
    }

    fn broken(&self) -> u64 {
        self.shared.state.lock().broken
    }
}

const NAME: &str = "Standard input";
/// How long the thread waits for bytes before it looks whether to stop.
const GLANCE: Duration = Duration::from_millis(100);
