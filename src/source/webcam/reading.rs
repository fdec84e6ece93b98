//! Reads an open camera, and opens it again after a hiccup of the bus.
//!
//! On the device thread, which the driver may hold for ever: the supervisor at the other end sees
//! that. The camera itself is [`super::camera`]'s.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::camera::{Driver, encoding_of};
use super::check::{Check, Checked};
use super::modes::Encoding;
use super::pixels;
use super::trouble;
use super::watch::{Arrival, Silence, Watch};
use crate::base::clock::Clock;
use crate::media::frame::{Picture, Size};
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
        Ok(Self { open, driver: Some(driver), format, reader, watch, clock, broken: 0 })
    }

    fn reopen(&mut self) -> Result<(), Trouble> {
        // Closed first: most cameras are open once or not at all.
        self.driver = None;
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
                Some(Silence::Stalled) => return Err(trouble::stalled()),
                Some(Silence::Garbage) => return Err(trouble::garbage()),
                None if now >= deadline => return Ok(None),
                None => {}
            }
            let Some(driver) = &mut self.driver else { return Err(trouble::unplugged()) };
            if !driver.ready(deadline.saturating_duration_since(now).min(GLANCE)) {
                continue;
            }
            let buffer = match driver.frame() {
                Ok(buffer) => buffer,
                // After a picture came it is often a hiccup; before one it is told.
                Err(trouble) if trouble.code == TroubleCode::Failed && self.reader.delivered => {
                    log::warn!("webcam: {} Opening it again.", trouble.detail);
                    self.reopen()?;
                    continue;
                }
                Err(trouble) => return Err(trouble),
            };
            let now = self.clock.now();
            let at = capture_time(buffer.capture_timestamp(), now, &self.clock);
            let (what, picture) = self.reader.read(&buffer);
            self.broken += u64::from(what == Arrival::Broken);
            self.watch.arrive(now, what);
            if let Some(picture) = picture {
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

    fn patience(&self) -> Duration {
        self.watch.patience()
    }

    fn broken(&self) -> u64 {
        self.broken
    }
}

/// nokhwa and v4l panic on some errors.
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

/// How long a camera is waited for before its silence is looked at.
const GLANCE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
