//! A part of a file on its way: read a piece ahead by the workers, and sent when there is room.
//!
//! Two pieces of a client's are in flight at most: the one that is sent, and the one that is read.
//! Where the connection takes bytes from a file by itself, a worker has the system bring them into
//! memory, and they are not copied once more; what was brought there a moment ago, by whoever loads
//! the same, is sent at once. Else they are read here. A file that is changed
//! meanwhile ends the connection: what was said of it holds no longer.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::payload::{Fare, FilePart, Room};
use super::{Progress, written};
use crate::film::{Edition, PIECE_BYTES, Warm};
use crate::net::lane::Handle;
use crate::net::wire::Outflow;
use crate::net::workers::{Ticket, Workers};

/// The body that is a part of a file.
pub(super) struct Reading {
    file: Arc<File>,
    edition: Edition,
    warm: Arc<Warm>,
    fare: Option<Box<dyn Fare>>,
    /// What was not asked for yet.
    left: Range<u64>,
    piece: Piece,
    /// What of the file comes next, and where the piece that is sent ends.
    at: u64,
    end: u64,
    ahead: Option<Ticket<Result<(Piece, u64)>>>,
}

/// Bytes that are there.
enum Piece {
    /// Here, those up to the piece's end.
    Here(Vec<u8>),
    /// In the system's memory.
    Warm,
}

impl Reading {
    pub(super) fn new(part: FilePart) -> Self {
        let FilePart { file, range, edition, warm, fare } = part;
        let (at, piece) = (range.start, Piece::Warm);
        Self { file, edition, warm, fare, left: range, piece, at, end: at, ahead: None }
    }

    /// The right by which it is sent.
    pub(super) fn fare(&mut self) -> Option<&mut Box<dyn Fare>> {
        self.fare.as_mut()
    }

    /// Writes what is there and what there is room for; `None` once all of it is out.
    pub(super) fn write(
        &mut self,
        out: &mut impl Outflow,
        workers: &Workers,
        asker: &Handle,
        now: Instant,
    ) -> Result<Option<Progress>> {
        let mut turn = TURN_BYTES;
        loop {
            if self.at == self.end && !self.next(out, workers, asker, now)? {
                let is_out = self.ahead.is_none() && self.left.is_empty();
                return Ok((!is_out).then_some(Progress::Reading { until: now + BUSY_WAIT }));
            }
            let most = match self.fare.as_mut().map_or(Room::Any, |fare| fare.room(now)) {
                Room::Any => turn,
                Room::Bytes(bytes) => turn.min(bytes),
                Room::At(until) => return Ok(Some(Progress::Reading { until })),
            };
            let count = usize::try_from((self.end - self.at).min(most)).unwrap_or(usize::MAX);
            let sent = match &self.piece {
                Piece::Here(bytes) => {
                    let from = bytes.len() - (self.end - self.at) as usize;
                    written(out.write(&bytes[from..from + count]))?
                }
                Piece::Warm => written(out.write_file(&self.file, self.at, count))?,
            };
            if sent == 0 {
                return Ok(Some(Progress::Stuck { since: now }));
            }
            self.at += sent as u64;
            if let Some(fare) = &mut self.fare {
                fare.went(sent as u64);
            }
            turn = turn.saturating_sub(sent as u64);
            if turn == 0 {
                // Others are to have their turns too.
                return Ok(Some(Progress::Reading { until: now }));
            }
        }
    }

    /// Goes on to the piece that was read ahead, if it is there, and has the next one read.
    fn next(
        &mut self,
        out: &impl Outflow,
        workers: &Workers,
        asker: &Handle,
        now: Instant,
    ) -> Result<bool> {
        let read = self.ahead.as_ref().and_then(Ticket::take);
        let warms = out.takes_files();
        let mut is_there = read.is_some();
        if let Some(read) = read {
            self.ahead = None;
            let (piece, end) = read.unwrap_or_else(|_| Err(ErrorKind::Other.into()))?;
            (self.piece, self.end) = (piece, end);
        } else {
            // Its memory is given back meanwhile.
            self.piece = Piece::Warm;
            // Another who loads it had it read a moment ago.
            let next = self.comes(warms);
            if self.ahead.is_none() && warms && self.warm.has(&next, now) {
                (self.end, self.left.start, is_there) = (next.end, next.end, true);
            }
        }
        let next = self.comes(warms);
        let is_due = self.ahead.is_none() && !next.is_empty();
        if is_due && !(warms && self.warm.has(&next, now)) {
            let (edition, end) = (self.edition, next.end);
            let (file, warm) = (Arc::clone(&self.file), Arc::clone(&self.warm));
            let work = move || {
                let read = read_ahead(&file, next.clone(), edition, warms)?;
                if matches!(read.0, Piece::Warm) {
                    warm.note(&next, Instant::now());
                }
                Ok(read)
            };
            // If the workers have too much to do, it is asked again in a moment.
            if let Ok(ticket) = workers.submit(asker, work) {
                self.ahead = Some(ticket);
                self.left.start = end;
            }
        }
        Ok(is_there)
    }

    /// The piece that comes next. Where the system keeps what is read, all who load the file have the
    /// same ones.
    fn comes(&self, warms: bool) -> Range<u64> {
        let start = self.left.start;
        let end = match warms {
            true => (start / PIECE_BYTES + 1) * PIECE_BYTES,
            false => start + COPIED_BYTES,
        };
        start..self.left.end.min(end)
    }
}

/// Brings a piece of a file into memory: the system's, if the connection takes it from there.
fn read_ahead(
    file: &File,
    part: Range<u64>,
    edition: Edition,
    warms: bool,
) -> Result<(Piece, u64)> {
    let piece = match warms && warm(file, &part) {
        true => Piece::Warm,
        false => Piece::Here(read_whole(file, part.start, (part.end - part.start) as usize)?),
    };
    if Edition::of(file)? != edition {
        return Err(Error::new(ErrorKind::UnexpectedEof, "the file is another by now"));
    }
    Ok((piece, part.end))
}

/// Waits until the system has all of these bytes in memory; false if it cannot be asked to. They go
/// from there to nowhere, without being copied.
#[cfg(target_os = "linux")]
fn warm(file: &File, part: &Range<u64>) -> bool {
    use std::sync::LazyLock;
    static NOWHERE: LazyLock<Option<File>> =
        LazyLock::new(|| File::options().write(true).open("/dev/null").ok());
    let Some(nowhere) = NOWHERE.as_ref() else { return false };
    let mut at = part.start;
    while at < part.end {
        let count = (part.end - at) as usize;
        match rustix::fs::sendfile(nowhere, file, Some(&mut at), count) {
            Ok(0) => return false,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
    true
}

#[cfg(not(target_os = "linux"))]
fn warm(_: &File, _: &Range<u64>) -> bool {
    false
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

/// What is read at once where it lies here meanwhile, for a thousand who load.
const COPIED_BYTES: u64 = 64 * 1024;
/// What is sent in a turn, until others have theirs.
const TURN_BYTES: u64 = 1024 * 1024;
const BUSY_WAIT: Duration = Duration::from_millis(20);
