//! Whole messages over a connection: replies, and the packets between them.
//!
//! Nothing waits to be written but here. A reply is kept until there is room; of packets
//! one frame at the most is kept, as the next one is not offered before this one is gone.

use std::io::{Error, ErrorKind, IoSlice, Read, Result, Write};
use std::time::{Duration, Instant};

use crate::net::wire::{Outflow, Wire};

/// A connection that whole messages are written to.
pub(super) struct Messages {
    pub(super) wire: Wire,
    /// What the client has not taken yet, from `sent` on.
    pending: Vec<u8>,
    sent: usize,
    /// How much of it are replies.
    reply_bytes: usize,
    /// What had gone out of the connection when there was no more room.
    counted: u64,
    /// Since when the client takes nothing of it.
    stuck_since: Option<Instant>,
}

impl Messages {
    pub(super) fn new(wire: Wire) -> Self {
        let pending = Vec::new();
        Self { wire, pending, sent: 0, reply_bytes: 0, counted: 0, stuck_since: None }
    }

    /// Reads what there is, up to the length of `buffer`; 0 at the end of input.
    ///
    /// # Errors
    ///
    /// The system's; [`ErrorKind::WouldBlock`] if nothing is there.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.wire.read(buffer)
    }

    /// Takes in a reply, and writes what there is room for.
    ///
    /// # Errors
    ///
    /// As [`flush`](Self::flush).
    pub(super) fn reply(&mut self, bytes: &[u8], now: Instant) -> Result<()> {
        self.pending.extend_from_slice(bytes);
        self.reply_bytes += bytes.len();
        self.flush(now)
    }

    /// Writes what there is room for. What is left over is written when there is room again.
    ///
    /// # Errors
    ///
    /// The system's; [`ErrorKind::TimedOut`] if the client has taken nothing for too long.
    pub(super) fn flush(&mut self, now: Instant) -> Result<()> {
        while let Some(rest) = self.pending.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.wire.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => self.sent += count,
                Err(error) => return self.blocked(error, now),
            }
        }
        (self.sent, self.reply_bytes) = (0, 0);
        self.pending.clear();
        self.pending.shrink_to(KEPT_BYTES);
        if let Err(error) = self.wire.flush() {
            return self.blocked(error, now);
        }
        self.stuck_since = None;
        Ok(())
    }

    /// Notes that there is no room for now, if that is what is wrong.
    fn blocked(&mut self, error: Error, now: Instant) -> Result<()> {
        if error.kind() != ErrorKind::WouldBlock {
            return Err(error);
        }
        if std::mem::replace(&mut self.counted, self.wire.sent()) != self.wire.sent() {
            self.stuck_since = None;
        }
        let since = *self.stuck_since.get_or_insert(now);
        let lost = now.saturating_duration_since(since) > PATIENCE;
        if lost { Err(ErrorKind::TimedOut.into()) } else { Ok(()) }
    }

    /// Sends what there is room for of `pieces`, and keeps the rest.
    ///
    /// # Errors
    ///
    /// As [`flush`](Self::flush).
    pub(super) fn offer(&mut self, pieces: &[IoSlice<'_>], now: Instant) -> Result<()> {
        self.flush(now)?;
        let mut sent = if self.is_free() { self.write_now(pieces)? } else { 0 };
        for piece in pieces {
            let left = piece.get(sent.min(piece.len())..).unwrap_or_default();
            sent = sent.saturating_sub(piece.len());
            self.pending.extend_from_slice(left);
        }
        if !self.is_free() {
            self.stuck_since.get_or_insert(now);
        }
        Ok(())
    }

    /// Writes what there is room for now. Returns how much that was.
    fn write_now(&mut self, pieces: &[IoSlice<'_>]) -> Result<usize> {
        let mut sent = 0;
        for some in pieces.chunks(MAX_PIECES) {
            let length: usize = some.iter().map(|piece| piece.len()).sum();
            let count = match self.wire.write_vectored(some) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(error) => return Err(error),
            };
            sent += count;
            if count < length {
                break;
            }
        }
        Ok(sent)
    }

    /// Whether all is written: a frame may be sent.
    pub(super) fn is_free(&self) -> bool {
        self.pending.is_empty() && !self.wire.owes()
    }

    /// Whether so many replies wait that no more requests are to be taken.
    pub(super) fn is_full(&self) -> bool {
        self.reply_bytes >= MAX_REPLY_BYTES
    }

    /// Since when the client takes nothing of what waits, if something does.
    pub(super) fn stuck_since(&self) -> Option<Instant> {
        self.stuck_since
    }

    /// Whether what waits is a reply.
    pub(super) fn has_reply(&self) -> bool {
        self.reply_bytes > 0
    }

    /// When a client that takes nothing is given up.
    pub(super) fn gives_up_at(&self) -> Option<Instant> {
        self.stuck_since.map(|since| since + PATIENCE + TICK)
    }
}

/// What systems take at once.
const MAX_PIECES: usize = 1024;
/// A client that takes nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(1);
/// A reply is some hundred bytes long.
const MAX_REPLY_BYTES: usize = 16 * 1024;
/// After a large frame its memory is given back.
const KEPT_BYTES: usize = 8 * 1024;
