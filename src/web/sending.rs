//! An answer on its way: its parts go to the system from where they lie, when there is room.
//!
//! Belongs to its connection, and waits for nothing. What lies in a file is read by the workers,
//! a chunk ahead of what is being sent.

use std::fs::File;
use std::io::{ErrorKind, IoSlice, Result};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::payload::Payload;
use crate::net::lane::Handle;
use crate::net::wire::Outflow;
use crate::net::workers::{Ticket, Workers};

/// An answer of which some may be out.
pub(super) struct Sending {
    head: Vec<u8>,
    body: Payload,
    /// Bytes of head and body that are out, for what lies in memory.
    sent: usize,
    file: Option<FromFile>,
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

/// The body that is a part of a file.
struct FromFile {
    file: Arc<File>,
    /// What was not asked for yet.
    left: Range<u64>,
    /// What was read and is being sent, and how much of it is out.
    chunk: Vec<u8>,
    sent: usize,
    ahead: Option<Ticket<Result<Vec<u8>>>>,
}

impl Sending {
    /// An answer of which nothing is out.
    pub(super) fn new(head: Vec<u8>, body: Payload, now: Instant) -> Self {
        let (body, file) = match body {
            Payload::File { file, range } => (Payload::None, Some(FromFile::new(file, range))),
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
        loop {
            while file.sent < file.chunk.len() {
                match written(out.write(&file.chunk[file.sent..]))? {
                    0 => return Ok(Progress::Stuck { since: self.progress_at }),
                    count => file.sent += count,
                }
            }
            if !file.next(workers, asker)? {
                return Ok(match file.ahead {
                    None if file.left.is_empty() => return self.flush(out),
                    _ => Progress::Reading { until: now + BUSY_WAIT },
                });
            }
        }
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

impl FromFile {
    fn new(file: Arc<File>, left: Range<u64>) -> Self {
        Self { file, left, chunk: Vec::new(), sent: 0, ahead: None }
    }

    /// Goes on to the chunk that was read ahead, if it is there, and has the next one read.
    fn next(&mut self, workers: &Workers, asker: &Handle) -> Result<bool> {
        let read = self.ahead.as_ref().and_then(Ticket::take);
        if let Some(read) = read {
            self.ahead = None;
            self.chunk = read.unwrap_or_else(|_| Err(ErrorKind::Other.into()))?;
            self.sent = 0;
        } else {
            self.chunk = Vec::new();
            self.sent = 0;
        }
        if self.ahead.is_none() && !self.left.is_empty() {
            let (file, start) = (Arc::clone(&self.file), self.left.start);
            let length = (self.left.end - start).min(CHUNK_BYTES);
            let work = move || read_whole(&file, start, length as usize);
            // If the workers have too much to do, it is asked again in a moment.
            if let Ok(ticket) = workers.submit(asker, work) {
                self.ahead = Some(ticket);
                self.left.start += length;
            }
        }
        Ok(!self.chunk.is_empty())
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

#[cfg(unix)]
fn read_whole(file: &File, start: u64, length: usize) -> Result<Vec<u8>> {
    use std::os::unix::fs::FileExt;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, start)?;
    Ok(bytes)
}

#[cfg(windows)]
fn read_whole(file: &File, start: u64, length: usize) -> Result<Vec<u8>> {
    use std::os::windows::fs::FileExt;
    let mut bytes = vec![0; length];
    let mut done = 0;
    while done < length {
        match file.seek_read(&mut bytes[done..], start + done as u64)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => done += count,
        }
    }
    Ok(bytes)
}

/// What is read at once. Two of them are held for each client that loads a file.
const CHUNK_BYTES: u64 = 64 * 1024;
/// Pieces that are written at once.
const SLICES: usize = 64;
const BUSY_WAIT: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests;
