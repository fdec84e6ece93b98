//! What one open stream did: frames, bytes, skips, latency.
//!
//! The sender counts, the governor reads once a second; atomics, so that neither waits.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::level::Level;

/// One open stream's counters; the sender counts, the governor reads.
#[derive(Debug, Default)]
pub struct StreamMeter {
    tab: Option<String>,
    /// The highest rate that the client asked for, frames per second.
    fps: Option<f64>,
    /// Where its client is.
    address: Option<IpAddr>,
    /// One more than the level beyond which its client sees no better; nothing if it did not say.
    visible: AtomicU8,
    /// Frames that went out whole.
    pub frames: AtomicU64,
    /// Bytes that went out.
    pub bytes: AtomicU64,
    /// Frames passed over because one before was still on its way.
    pub skipped: AtomicU64,
    /// Whether frames wait here, and not as old ones in a socket, while the client has not read.
    pub waits_here: AtomicBool,
    /// Whether the client stood still in this second: a frame waited, and nothing at all went.
    stalled: AtomicBool,
    /// Bytes per second that the link took in this second while its client read all at once.
    proven: AtomicU64,
    /// Microseconds from the capture to the last byte handed to the system, a running mean.
    pub latency_us: AtomicU64,
    read: Mutex<(u64, u64, u64)>,
}

impl StreamMeter {
    /// The counters of a stream; `tab` tells a page's streams apart, `fps` is the highest rate
    /// that the client asked for.
    pub fn new(tab: Option<String>, fps: Option<f64>) -> Self {
        Self { tab, fps, ..Self::default() }
    }

    /// The same of a client at this address.
    #[must_use]
    pub fn at(self, address: IpAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// Where its client is, if that is known.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// The highest rate that the client asked for, frames per second.
    pub fn fps(&self) -> Option<f64> {
        self.fps
    }

    /// The client sees no better picture than this level's.
    pub(super) fn sees(&self, level: Level) {
        self.visible.store(level.index() as u8 + 1, Ordering::Relaxed);
    }

    /// The level beyond which the client sees no better.
    pub(super) fn visible(&self) -> Level {
        let told = usize::from(self.visible.load(Ordering::Relaxed)).checked_sub(1);
        told.and_then(Level::at).unwrap_or(Level::TOP)
    }

    /// Whether it is the stream of this tab.
    pub(super) fn is_of_tab(&self, tab: &str) -> bool {
        self.tab.as_deref() == Some(tab)
    }

    /// The part of the source's frames that it sends at most, above 0 to 1.
    pub(super) fn part(&self, source_fps: f64) -> f64 {
        match self.fps {
            Some(fps) if source_fps > 0.0 => (fps / source_fps).min(1.0),
            _ => 1.0,
        }
    }

    /// Counts a frame that went out whole, `latency` after its capture.
    pub fn frame(&self, latency: Duration) {
        self.frames.fetch_add(1, Ordering::Relaxed);
        let new = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).min(60_000_000);
        let old = self.latency_us.load(Ordering::Relaxed);
        let mean = if old == 0 { new } else { (old * 7 + new) / 8 };
        self.latency_us.store(mean, Ordering::Relaxed);
    }

    /// Counts a frame that was passed over.
    pub fn skip(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    /// The client stands still.
    pub fn stall(&self) {
        self.stalled.store(true, Ordering::Relaxed);
    }

    /// The link took so much, and the client has read all of it.
    pub fn prove(&self, bytes_per_sec: u64) {
        self.proven.fetch_max(bytes_per_sec, Ordering::Relaxed);
    }

    /// What was counted since the last call.
    pub(super) fn since_last(&self) -> Counted {
        let now = (
            self.frames.load(Ordering::Relaxed),
            self.skipped.load(Ordering::Relaxed),
            self.bytes.load(Ordering::Relaxed),
        );
        let last = std::mem::replace(&mut *self.read.lock(), now);
        Counted {
            sent: now.0 - last.0,
            skipped: now.1 - last.1,
            bytes: now.2 - last.2,
            stalled: self.stalled.swap(false, Ordering::Relaxed),
            proven_bytes_per_sec: self.proven.swap(0, Ordering::Relaxed),
        }
    }
}

/// What a stream did in some time.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) sent: u64,
    pub(super) skipped: u64,
    pub(super) bytes: u64,
    pub(super) stalled: bool,
    pub(super) proven_bytes_per_sec: u64,
}
