//! Reads an open camera, and opens it again after a hiccup of the bus.
//!
//! On the device thread, which the driver may hold for ever: the supervisor at the other end sees
//! that. The camera itself is behind [`Driver`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::check::{Check, Checked};
use super::driver::{Buffer, Driver, Taken};
use super::pixels;
use super::trouble;
use super::watch::{Arrival, Silence, Watch};
use crate::base::clock::Clock;
use crate::media::frame::Picture;
use crate::source::{Capture, Captured, Format, Trouble, TroubleCode};

/// An open camera; `open` opens it again.
pub(super) struct Reading<D, O> {
    open: O,
    /// Away only while it is opened again.
    driver: Option<D>,
    format: Format,
    reader: Reader,
    watch: Watch,
    clock: Clock,
    broken: u64,
    /// What is said while it is silent and left open.
    overdue: Option<Trouble>,
}

impl<D: Driver, O: FnMut() -> Result<D, Trouble>> Reading<D, O> {
    /// Opens the camera.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if it could not be opened.
    pub(super) fn start(mut open: O, clock: &Clock) -> Result<Self, Trouble> {
        let mut watch = Watch::new(clock.now());
        let driver = guarded(&mut open)?;
        let format = driver.format();
        watch.open(clock.now(), format.fps);
        let (reader, clock) = (Reader::new(), clock.clone());
        Ok(Self {
            open,
            driver: Some(driver),
            format,
            reader,
            watch,
            clock,
            broken: 0,
            overdue: None,
        })
    }

    fn reopen(&mut self) -> Result<(), Trouble> {
        // Closed first: most cameras are open once or not at all.
        (self.driver, self.overdue) = (None, None);
        let driver = (self.open)()?;
        self.format = driver.format();
        self.watch.open(self.clock.now(), self.format.fps);
        self.reader = Reader::new();
        self.driver = Some(driver);
        Ok(())
    }

    fn read(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        loop {
            let now = self.clock.now();
            match self.watch.verdict(now) {
                Some(Silence::Stalled) if self.watch.is_hopeful(now) => {
                    self.overdue.get_or_insert_with(trouble::stalled);
                    if now >= deadline {
                        return Ok(None);
                    }
                }
                Some(Silence::Stalled) => return Err(trouble::stalled()),
                Some(Silence::Garbage) => return Err(trouble::garbage()),
                None if now >= deadline => return Ok(None),
                None => {}
            }
            let Some(driver) = &mut self.driver else { return Err(trouble::unplugged()) };
            if !driver.ready(deadline.saturating_duration_since(now).min(GLANCE)) {
                continue;
            }
            let taken = match driver.frame() {
                Ok(None) => continue,
                Ok(Some(buffer)) => Ok((buffer.taken, self.reader.read(&buffer))),
                Err(trouble) => Err(trouble),
            };
            let (taken, (what, picture)) = match taken {
                Ok(read) => read,
                // After a picture came it is often a hiccup; before one it is told.
                Err(trouble) if trouble.code == TroubleCode::Failed && self.reader.delivered => {
                    log::warn!("webcam: {} Opening it again.", trouble.detail);
                    self.reopen()?;
                    continue;
                }
                Err(trouble) => return Err(trouble),
            };
            let now = self.clock.now();
            let at = capture_time(taken, now, &self.clock);
            self.broken += u64::from(what == Arrival::Broken);
            self.watch.arrive(now, what);
            if let Some(picture) = picture {
                self.overdue = None;
                return Ok(Some(Captured { at, picture }));
            }
        }
    }
}

impl<D: Driver, O: FnMut() -> Result<D, Trouble>> Capture for Reading<D, O> {
    fn format(&self) -> Format {
        self.format.clone()
    }

    fn next(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        guarded(|| self.read(deadline))
    }

    fn overdue(&self) -> Option<Trouble> {
        self.overdue.clone()
    }

    fn patience(&self) -> Duration {
        self.watch.patience()
    }

    fn broken(&self) -> u64 {
        self.broken
    }
}

/// The libraries below panic on some of what a driver may say.
fn guarded<T>(work: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(trouble::crashed()))
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

    fn read(&mut self, buffer: &Buffer) -> (Arrival, Option<Picture>) {
        let read = if buffer.broken {
            Err("the camera says itself that it is broken".to_owned())
        } else if buffer.layout.encoding.is_jpeg() {
            match self.check.check(buffer.bytes) {
                Ok(Checked::Fresh(jpeg)) => Ok((Arrival::Fresh, Picture::Jpeg(jpeg))),
                Ok(Checked::Repeat(jpeg)) => Ok((Arrival::Repeat, Picture::Jpeg(jpeg))),
                Err(fault) => Err(fault.to_string()),
            }
        } else {
            uncompressed(buffer)
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

fn uncompressed(buffer: &Buffer) -> Result<(Arrival, Picture), String> {
    let layout = &buffer.layout;
    pixels::planes(layout, buffer.bytes)
        .map(|planar| (Arrival::Fresh, Picture::Planar(Arc::new(planar))))
        .ok_or_else(|| {
            let (count, encoding) = (buffer.bytes.len(), layout.encoding.as_str());
            format!("{count} bytes are no {encoding} of {}", layout.size)
        })
}

/// The driver's time if that may be true, else the clock's: some drivers give the time since the
/// start of something else, and none has taken a picture that is yet to come.
fn capture_time(taken: Option<Taken>, now: Instant, clock: &Clock) -> Instant {
    let (at, most_off) = match taken {
        None => return now,
        Some(Taken::Ago(time)) => (now.checked_sub(time), Duration::from_secs(2)),
        Some(Taken::Wall(since)) => {
            let wall = UNIX_EPOCH.checked_add(since);
            (wall.and_then(|wall| clock.moment_of(wall)), Duration::from_secs(5))
        }
    };
    let near = |at: &Instant| {
        let apart = now.saturating_duration_since(*at).max(at.saturating_duration_since(now));
        apart <= most_off
    };
    at.filter(near).unwrap_or(now).min(now)
}

/// How long a camera is waited for before its silence is looked at.
const GLANCE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
