//! The webcam thread: owns the camera, hands over the newest picture.
//!
//! [`Worker`] is the other end, on the source thread: a slot of one picture, and a
//! watchdog. The camera itself is [`super::camera`]'s.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use parking_lot::{Condvar, Mutex};

use super::camera::{Device, encoding_of};
use super::check::{Check, Checked};
use super::modes::Encoding;
use super::pixels;
use super::trouble;
use super::watch::{Arrival, Silence, Watch};
use crate::base::clock::Clock;
use crate::media::frame::{Picture, Size};
use crate::source::{Captured, Format, Trouble, TroubleCode};

/// A running webcam thread.
#[derive(Debug)]
pub(super) struct Worker {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

/// What became of a thread that did not stop in time.
#[derive(Debug)]
pub(super) enum Resumed {
    /// It goes on: something came from the camera.
    Going(Worker),
    /// It has ended; the camera is closed.
    Ended,
    /// It still waits.
    Stuck(Worker),
}

impl Worker {
    /// Starts the thread; `open` is called on it, and again after a failed read.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    pub(super) fn start<D: Device>(
        clock: Clock,
        open: impl FnMut() -> Result<D, Trouble> + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::new(clock));
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new().name("webcam".into()).spawn(move || {
            // nokhwa and v4l panic on some errors, in their destructors too.
            let ended = catch_unwind(AssertUnwindSafe(|| run(&theirs, open)));
            theirs.end(ended.unwrap_or_else(|_| Err(trouble::crashed())));
        })?;
        Ok(Self { shared, thread })
    }

    /// Waits until the camera is open; `None` if `patience` passed first.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if it could not be opened.
    pub(super) fn wait_open(&self, patience: Duration) -> Result<Option<Format>, Trouble> {
        let state = self.shared.wait(Instant::now() + patience, |state| {
            state.ended.is_some() || state.format.is_some()
        });
        match (&state.ended, &state.format) {
            (Some(trouble), _) => Err(trouble.clone()),
            (None, format) => Ok(format.clone()),
        }
    }

    /// As [`crate::source::Capture::next`].
    pub(super) fn next(&self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        loop {
            let now = Instant::now();
            let mut state = self.shared.wait((now + GLANCE).min(deadline), |state| {
                state.newest.is_some() || state.ended.is_some()
            });
            if let Some(newest) = state.newest.take() {
                return Ok(Some(newest));
            }
            if let Some(trouble) = &state.ended {
                return Err(trouble.clone());
            }
            let now = Instant::now();
            match state.watch.verdict(now) {
                Some(Silence::Stalled) => return Err(trouble::stalled()),
                Some(Silence::Garbage) => return Err(trouble::garbage()),
                None if now >= deadline => return Ok(None),
                None => {}
            }
        }
    }

    /// What the camera sends, once it was open.
    pub(super) fn format(&self) -> Option<Format> {
        self.shared.state.lock().format.clone()
    }

    /// Pictures passed over.
    pub(super) fn broken(&self) -> u64 {
        self.shared.state.lock().broken
    }

    /// Stops the thread, which closes the camera; gives it back if it does not stop in time.
    pub(super) fn stop(self, patience: Duration) -> Option<Self> {
        self.shared.state.lock().stop = true;
        let until = Instant::now() + patience;
        let ended = self.shared.wait(until, |state| state.ended.is_some()).ended.is_some();
        if !ended {
            return Some(self);
        }
        // Its panics were caught, and are told in `ended`.
        let _ = self.thread.join();
        None
    }

    /// Takes up again a thread that did not stop.
    pub(super) fn resume(self, patience: Duration) -> Resumed {
        let before = {
            let mut state = self.shared.state.lock();
            state.stop = false;
            state.arrived
        };
        let until = Instant::now() + patience;
        let state =
            self.shared.wait(until, |state| state.ended.is_some() || state.arrived > before);
        let (ended, going) = (state.ended.is_some(), state.arrived > before);
        drop(state);
        if ended {
            let _ = self.thread.join();
            Resumed::Ended
        } else if going {
            Resumed::Going(self)
        } else {
            self.shared.state.lock().stop = true;
            Resumed::Stuck(self)
        }
    }
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    stop: bool,
    format: Option<Format>,
    ended: Option<Trouble>,
    newest: Option<Captured>,
    arrived: u64,
    broken: u64,
    watch: Watch,
}

impl Shared {
    fn new(clock: Clock) -> Self {
        let state = State {
            stop: false,
            format: None,
            ended: None,
            newest: None,
            arrived: 0,
            broken: 0,
            watch: Watch::new(clock.now()),
        };
        Self { clock, state: Mutex::new(state), changed: Condvar::new() }
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

    fn opened(&self, format: Format) {
        let mut state = self.state.lock();
        state.watch.open(self.clock.now(), format.fps);
        state.format = Some(format);
        self.changed.notify_all();
    }

    fn arrived(&self, what: Arrival, captured: Option<Captured>) {
        let mut state = self.state.lock();
        state.arrived += 1;
        state.broken += u64::from(what == Arrival::Broken);
        state.watch.arrive(self.clock.now(), what);
        if captured.is_some() {
            state.newest = captured;
        }
        self.changed.notify_all();
    }

    fn end(&self, how: Result<(), Trouble>) {
        self.state.lock().ended = Some(how.err().unwrap_or_else(trouble::unplugged));
        self.changed.notify_all();
    }

    fn stopping(&self) -> bool {
        self.state.lock().stop
    }
}

/// The thread's life. A read that fails after a picture came is often a hiccup of the
/// bus, so the camera is opened again at once; one that fails before is told.
fn run<D: Device>(
    shared: &Shared,
    mut open: impl FnMut() -> Result<D, Trouble>,
) -> Result<(), Trouble> {
    loop {
        let mut device = open()?;
        shared.opened(device.format());
        let mut reader = Reader::new();
        match pump(shared, &mut device, &mut reader) {
            Err(trouble) if trouble.code == TroubleCode::Failed && reader.delivered => {
                log::warn!("webcam: {} Opening it again.", trouble.detail);
            }
            ended => return ended,
        }
    }
}

fn pump<D: Device>(shared: &Shared, device: &mut D, reader: &mut Reader) -> Result<(), Trouble> {
    while !shared.stopping() {
        if !device.ready(GLANCE) {
            continue;
        }
        let buffer = device.frame()?;
        let at = capture_time(buffer.capture_timestamp(), shared.clock.now(), &shared.clock);
        let (what, picture) = reader.read(&buffer);
        shared.arrived(what, picture.map(|picture| Captured { at, picture }));
    }
    Ok(())
}

/// Makes pictures of the buffers of one opened camera.
#[derive(Debug)]
struct Reader {
    check: Check,
    delivered: bool,
    warned: bool,
}

impl Reader {
    fn new() -> Self {
        Self { check: Check::new(), delivered: false, warned: false }
    }

    fn read(&mut self, buffer: &nokhwa::Buffer) -> (Arrival, Option<Picture>) {
        let read = match encoding_of(buffer.source_frame_format()) {
            Encoding::Mjpeg => match self.check.check(buffer.buffer()) {
                Ok(Checked::Fresh(jpeg)) => Ok((Arrival::Fresh, Picture::Jpeg(jpeg))),
                Ok(Checked::Repeat(jpeg)) => Ok((Arrival::Repeat, Picture::Jpeg(jpeg))),
                Err(fault) => Err(fault.to_string()),
            },
            encoding => uncompressed(encoding, buffer),
        };
        match read {
            Ok((what, picture)) => {
                self.delivered = true;
                (what, Some(picture))
            }
            Err(why) => {
                let level = if self.warned { log::Level::Debug } else { log::Level::Warn };
                log::log!(level, "webcam: a picture is passed over: {why}");
                self.warned = true;
                (Arrival::Broken, None)
            }
        }
    }
}

fn uncompressed(encoding: Encoding, buffer: &nokhwa::Buffer) -> Result<(Arrival, Picture), String> {
    let resolution = buffer.resolution();
    let bytes = buffer.buffer();
    Size::new(resolution.width(), resolution.height())
        .and_then(|size| pixels::planes(encoding, bytes, size))
        .map(|planar| (Arrival::Fresh, Picture::Planar(Arc::new(planar))))
        .ok_or_else(|| {
            format!("{} bytes are no {} of {resolution}", bytes.len(), encoding.as_str())
        })
}

/// The driver's time if it is near to the clock's, else the clock's: some drivers give
/// the time since the start of something else.
fn capture_time(stamp: Option<Duration>, now: Instant, clock: &Clock) -> Instant {
    let stamp = stamp.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
    let stamp = stamp.and_then(|wall| clock.moment_of(wall));
    let near = |at: &Instant| {
        let apart = now.saturating_duration_since(*at).max(at.saturating_duration_since(now));
        apart <= Duration::from_secs(5)
    };
    stamp.filter(near).unwrap_or(now)
}

/// How long the thread and its watchdog wait before they look around.
const GLANCE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
