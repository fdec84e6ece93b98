//! How much of a stream its client has not read, and whether it may get more.
//!
//! Pure state; what the system knows comes in as a [`TcpState`]. A client's system
//! acknowledges what it only holds, so that a slow reader's backlog lies there,
//! unseen, as old pictures. It shows in the window: room that was there once and is
//! not now is room that is taken. Rooms are told of seldom, so that what counts as
//! unread may have been read since, but not the other way round.

use std::time::{Duration, Instant};

use crate::proto::sock_diag::TcpState;

/// What one client has not read.
#[derive(Debug)]
pub(crate) struct Backlog {
    /// Bytes that were written since the stream began.
    written: u64,
    /// The same when the system was asked last.
    written_then: u64,
    /// Bytes of them that were not read.
    unread_then: u64,
    largest_window: u32,
    /// How fast the client read lately.
    bytes_per_sec: f64,
    /// Until when that is counted.
    counted_until: Instant,
    /// When something was written last, or less was unread than before.
    changed_at: Instant,
    held: Option<Held>,
}

/// That too much is unread.
#[derive(Debug, Clone, Copy)]
struct Held {
    since: Instant,
    look_at: Instant,
}

/// What a look came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// The next picture may go.
    Clear,
    /// Too much is unread.
    Unread {
        /// When to look again.
        look_at: Instant,
        /// Whether this may be old news, and a byte to the client would bring newer.
        ask: bool,
    },
}

impl Backlog {
    /// Nothing was written yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            written: 0,
            written_then: 0,
            unread_then: 0,
            largest_window: 0,
            bytes_per_sec: 0.0,
            counted_until: now,
            changed_at: now,
            held: None,
        }
    }

    /// Bytes went to the system.
    pub(crate) fn wrote(&mut self, bytes: usize, now: Instant) {
        self.written += bytes as u64;
        self.changed_at = now;
    }

    /// Whether another picture may go. Asks the system only if it matters.
    pub(crate) fn look(
        &mut self,
        now: Instant,
        state: impl FnOnce() -> Option<TcpState>,
    ) -> Outlook {
        match self.held {
            Some(held) if now < held.look_at => {
                return Outlook::Unread { look_at: held.look_at, ask: false };
            }
            None if !self.is_in_question() => return Outlook::Clear,
            _ => {}
        }
        let Some(state) = state() else {
            (self.held, self.largest_window) = (None, 0);
            return Outlook::Clear;
        };
        self.learn(state, now);
        if self.unread_then as f64 <= self.bytes_per_sec.mul_add(MAY_BE_UNREAD, SMALL) {
            self.held = None;
            return Outlook::Clear;
        }
        let since = self.held.map_or(now, |held| held.since);
        let pause = (now.duration_since(since) / 4).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        let look_at = now + pause;
        self.held = Some(Held { since, look_at });
        Outlook::Unread { look_at, ask: state.queued_bytes == 0 }
    }

    /// Since when too much is unread and none of it was read, if that is so.
    pub(crate) fn held_since(&self) -> Option<Instant> {
        self.held.map(|_| self.changed_at)
    }

    /// Whether the system says what is unread.
    pub(crate) fn is_known(&self) -> bool {
        self.largest_window > 0
    }

    /// When something was written last, or less was unread than before.
    pub(crate) fn changed_at(&self) -> Instant {
        self.changed_at
    }

    /// Whether enough went out since the system was asked to make a difference.
    fn is_in_question(&self) -> bool {
        let since_then = (self.written - self.written_then) as f64;
        let fast = self.bytes_per_sec >= FAST_BYTES_PER_SEC;
        let seconds = if fast { MAY_BE_UNSEEN_IF_FAST } else { MAY_BE_UNSEEN };
        !self.is_known() || since_then > self.bytes_per_sec * seconds
    }

    fn learn(&mut self, state: TcpState, now: Instant) {
        let since = self.held.map(|held| held.since.max(self.changed_at));
        let still = since.is_some_and(|since| now.duration_since(since) >= STILL);
        if still && state.queued_bytes == 0 {
            // The client may have given up room for good: it must not starve.
            self.largest_window = 0;
        }
        self.largest_window = self.largest_window.max(state.window_bytes);
        let taken = self.largest_window - state.window_bytes;
        let unread = (u64::from(taken) + u64::from(state.queued_bytes)).min(self.written);
        let read = (self.written - self.written_then + self.unread_then).saturating_sub(unread);
        if read > 0 {
            // News comes in lumps: what was read was read in all the time since the last.
            let seconds = now.duration_since(self.counted_until).as_secs_f64().max(0.001);
            let kept = (-seconds).exp();
            self.bytes_per_sec = self.bytes_per_sec * kept + read as f64 * (1.0 - kept) / seconds;
            self.counted_until = now;
        }
        if unread < self.unread_then {
            self.changed_at = now;
        }
        (self.written_then, self.unread_then) = (self.written, unread);
    }
}

/// So many bytes say nothing: rooms are told of in round numbers.
const SMALL: f64 = 4096.0;
/// Seconds' worth of bytes that may be unread.
const MAY_BE_UNREAD: f64 = 0.1;
/// Seconds' worth of bytes that may go out before the system is asked again.
const MAY_BE_UNSEEN: f64 = 0.3;
/// The same for who reads fast: there are many of these, and asking takes 6 µs.
const MAY_BE_UNSEEN_IF_FAST: f64 = 1.0;
const FAST_BYTES_PER_SEC: f64 = 1e6;
/// What nothing changes for so long is the client's way.
const STILL: Duration = Duration::from_secs(1);
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
