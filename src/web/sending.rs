//! An answer on its way: its parts go to the system from where they lie, when there is room.
//!
//! Belongs to its connection, and waits for nothing. What lies in a file is [read](reading) by the
//! workers, a piece ahead of what is being sent.

mod reading;

use std::io::{ErrorKind, IoSlice, Result};
use std::time::Instant;

use super::payload::Payload;
use crate::net::lane::Handle;
use crate::net::wire::Outflow;
use crate::net::workers::Workers;
use reading::Reading;

/// An answer of which some may be out.
pub(super) struct Sending {
    head: Vec<u8>,
    body: Payload,
    /// Bytes of head and body that are out, for what lies in memory.
    sent: usize,
    file: Option<Reading>,
    /// What had gone out of the connection when it was looked at last, and when that became more.
    counted: u64,
    progress_at: Instant,
}

/// How far it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It is out.
    Done,
    /// The client takes no more for now; it took something last at this time.
    Stuck { since: Instant },
    /// More of the file is being read; look again at this time, if not told before.
    Reading { until: Instant },
}

impl Sending {
    /// An answer of which nothing is out.
    pub(super) fn new(head: Vec<u8>, body: Payload, now: Instant) -> Self {
        let (body, file) = match body {
            Payload::File(part) => (Payload::None, Some(Reading::new(*part))),
            memory => (memory, None),
        };
        Self { head, body, sent: 0, file, counted: 0, progress_at: now }
    }

    /// What of it lies in memory.
    #[cfg(test)]
    pub(super) fn in_memory(&self) -> Vec<u8> {
        std::iter::once(&self.head[..]).chain(self.body.pieces()).collect::<Vec<_>>().concat()
    }

    /// Writes what there is room for.
    ///
    /// # Errors
    ///
    /// The system's, of the connection or of the file; a file that has become shorter is
    /// [`ErrorKind::UnexpectedEof`]. The connection is of no more use then.
    pub(super) fn pump(
        &mut self,
        out: &mut impl Outflow,
        workers: &Workers,
        asker: &Handle,
        now: Instant,
    ) -> Result<Progress> {
        let progress = self.write(out, workers, asker, now)?;
        let moved = std::mem::replace(&mut self.counted, out.sent()) != self.counted;
        if moved {
            self.progress_at = now;
        }
        Ok(match progress {
            Progress::Stuck { .. } => Progress::Stuck { since: self.progress_at },
            progress => progress,
        })
    }

    fn write(
        &mut self,
        out: &mut impl Outflow,
        workers: &Workers,
        asker: &Handle,
        now: Instant,
    ) -> Result<Progress> {
        loop {
            let left = self.left();
            if left.is_empty() {
                break;
            }
            match written(out.write_vectored(&left))? {
                0 => return Ok(Progress::Stuck { since: self.progress_at }),
                count => self.sent += count,
            }
        }
        let Some(file) = &mut self.file else { return self.flush(out) };
        match file.write(out, workers, asker, now)? {
            Some(progress) => Ok(progress),
            None => self.flush(out),
        }
    }

    /// Whether it is a part of a file.
    pub(super) fn is_file(&self) -> bool {
        self.file.is_some()
    }

    /// Whether who asked for it may still have it.
    pub(super) fn holds(&mut self) -> bool {
        let fare = self.file.as_mut().and_then(Reading::fare);
        fare.is_none_or(|fare| fare.holds())
    }
}

impl Sending {
    /// Sees whether what was taken is out.
    fn flush(&self, out: &mut impl Outflow) -> Result<Progress> {
        match out.flush() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                Ok(Progress::Stuck { since: self.progress_at })
            }
            flushed => flushed.map(|()| Progress::Done),
        }
    }

    /// The next of what lies in memory and is not out, as much as goes at once.
    fn left(&self) -> Vec<IoSlice<'_>> {
        let mut before = self.sent;
        let unsent =
            std::iter::once(&self.head[..]).chain(self.body.pieces()).filter_map(|piece| {
                let rest = piece.get(before..).unwrap_or_default();
                before = before.saturating_sub(piece.len());
                (!rest.is_empty()).then(|| IoSlice::new(rest))
            });
        unsent.take(SLICES).collect()
    }
}

/// What came of a write: nothing was taken, or so much.
fn written(outcome: Result<usize>) -> Result<usize> {
    match outcome {
        Ok(0) => Err(ErrorKind::WriteZero.into()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        outcome => outcome,
    }
}

/// Pieces that are written at once.
const SLICES: usize = 64;

#[cfg(test)]
mod tests;
