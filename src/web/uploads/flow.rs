//! The way of a body to the disk: one buffer fills while a worker writes the other, and while both
//! are full nothing more is read from the client.
//!
//! Belongs to the connection; the file belongs to whichever worker writes at the moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::super::answer::Answer;
use super::super::context::Context;
use super::super::request::{End, Later, Look, Request, Sink};
use crate::library::uploads::{Ending, Piece, Refused};
use crate::net::lane::Handle;
use crate::net::workers::{Busy, Ticket};
use crate::proto::http::Status;
use crate::store::upload::KeptUpload;

/// Opens the place where the bytes go; asked again if that is busy.
type Open = dyn FnMut() -> Result<Piece, Refused> + Send;
/// What is answered.
pub(super) type Answering = dyn Fn(Result<KeptUpload, Refused>) -> Answer + Send;
/// A file that a worker wrote to, and the buffer that is free again.
type Written = Result<(Piece, Vec<u8>), Refused>;

/// The way to the disk.
pub(super) struct Flow {
    place: Place,
    open: Arc<Mutex<Box<Open>>>,
    stage: Stage,
    /// What came and is not with a worker.
    filling: Vec<u8>,
    /// The other buffer, while no worker has it.
    spare: Vec<u8>,
}

/// Where it begins: a connection, and the workers.
#[derive(Clone)]
pub(super) struct Place {
    context: Arc<Context>,
    handle: Handle,
}

enum Stage {
    /// A worker is to be asked to open the place.
    Closed {
        not_before: Instant,
    },
    Opening(Ticket<Result<Piece, Refused>>),
    Ready(Box<Piece>),
    Writing {
        ticket: Ticket<Written>,
        since: Instant,
    },
    /// It was ended.
    Over,
}

/// A flow that ends.
pub(super) struct Finishing {
    flow: Flow,
    ending: Ending,
    ticket: Option<Ticket<Result<KeptUpload, Refused>>>,
}

/// A piece that ends, and what is answered then.
struct Finished {
    finishing: Finishing,
    answering: Box<Answering>,
}

/// A body that is nothing but the bytes of a piece.
pub(super) struct PieceSink {
    pub(super) flow: Flow,
    pub(super) answering: Box<Answering>,
}

impl Place {
    /// That of a request.
    pub(super) fn of(request: &Request) -> Self {
        Self { context: Arc::clone(&request.context), handle: request.handle.clone() }
    }

    fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Ticket<T>, Busy> {
        self.context.engine.writers.submit(&self.handle, work)
    }
}

impl Flow {
    /// To a file that a worker opens.
    pub(super) fn new(
        place: Place,
        now: Instant,
        open: impl FnMut() -> Result<Piece, Refused> + Send + 'static,
    ) -> Self {
        Self {
            place,
            open: Arc::new(Mutex::new(Box::new(open))),
            stage: Stage::Closed { not_before: now },
            filling: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Goes on as far as it can; when to look again if there is no room for more.
    pub(super) fn go_on(&mut self, now: Instant) -> Result<Option<Instant>, Refused> {
        self.drive(!self.has_place(), now)?;
        let is_open = matches!(self.stage, Stage::Ready(_) | Stage::Writing { .. });
        let has_room = is_open && self.has_place();
        Ok((!has_room).then(|| self.glance(now)))
    }

    /// Whether the buffer that fills takes one more piece; else it is written.
    fn has_place(&self) -> bool {
        self.filling.len() + MOST_PIECE_BYTES <= BUFFER_BYTES
    }

    /// When to look again: who waits for a worker is called.
    fn glance(&self, now: Instant) -> Instant {
        match self.stage {
            Stage::Opening(_) | Stage::Writing { .. } => now + CALLED_WITHIN,
            Stage::Closed { .. } | Stage::Ready(_) | Stage::Over => now + GLANCE,
        }
    }

    /// Takes bytes, for which there is room.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        if self.filling.capacity() < BUFFER_BYTES {
            self.filling.reserve_exact(BUFFER_BYTES - self.filling.len());
        }
        self.filling.extend_from_slice(bytes);
    }

    /// Ends it.
    pub(super) fn end(self, ending: Ending) -> Finishing {
        Finishing { flow: self, ending, ticket: None }
    }

    /// Takes what workers are done with, and has the next done; `write` if what is there is to be
    /// written.
    fn drive(&mut self, write: bool, now: Instant) -> Result<(), Refused> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Closed { not_before } if now >= not_before => {
                let open = Arc::clone(&self.open);
                // No lock is waited for: one worker at a time has it.
                let work = move || open.lock()();
                match self.place.submit(work) {
                    Ok(ticket) => Stage::Opening(ticket),
                    Err(_) => Stage::Closed { not_before: now + GLANCE },
                }
            }
            Stage::Opening(ticket) => match ticket.take() {
                Some(Ok(Err(Refused::Busy))) => Stage::Closed { not_before: now + GLANCE },
                Some(opened) => Stage::Ready(Box::new(opened.unwrap_or_else(|_| failed())?)),
                None => Stage::Opening(ticket),
            },
            Stage::Writing { ticket, since } => match ticket.take() {
                Some(written) => {
                    let (piece, spare) = written.unwrap_or_else(|_| failed())?;
                    self.spare = spare;
                    Stage::Ready(Box::new(piece))
                }
                None if now.saturating_duration_since(since) > PATIENCE => {
                    return Err(Refused::Disk("it takes nothing".to_owned()));
                }
                None => Stage::Writing { ticket, since },
            },
            stage => stage,
        };
        if write && matches!(self.stage, Stage::Ready(_)) && !self.filling.is_empty() {
            self.write(now);
        }
        Ok(())
    }

    /// Has a worker write what is there, if one takes it.
    fn write(&mut self, now: Instant) {
        let Stage::Ready(piece) = std::mem::replace(&mut self.stage, Stage::Over) else { return };
        let full = std::mem::replace(&mut self.filling, std::mem::take(&mut self.spare));
        // If the workers have too much to do, it is had back and tried again.
        let load = Arc::new(Mutex::new(Some((piece, full))));
        let of_work = Arc::clone(&load);
        let work = move || {
            let taken = of_work.lock().take();
            let (piece, bytes) = taken.expect("a job is done once");
            written(*piece, bytes)
        };
        match self.place.submit(work) {
            Ok(ticket) => self.stage = Stage::Writing { ticket, since: now },
            Err(_) => {
                if let Some((piece, full)) = load.lock().take() {
                    self.spare = std::mem::replace(&mut self.filling, full);
                    self.stage = Stage::Ready(piece);
                }
            }
        }
    }
}

/// Writes bytes; what did not go is said, and what went stays.
fn written(mut piece: Piece, mut bytes: Vec<u8>) -> Written {
    match piece.write(&bytes) {
        Ok(()) => {
            bytes.clear();
            Ok((piece, bytes))
        }
        Err(refused) => {
            // What is told is why it stopped.
            let _ = piece.finish(Ending::Cut);
            Err(refused)
        }
    }
}

impl Sink for PieceSink {
    fn look(&mut self, now: Instant) -> Look {
        match self.flow.go_on(now) {
            Ok(None) => Look::Room,
            Ok(Some(until)) => Look::Full(until),
            Err(refused) => Look::Refused((self.answering)(Err(refused))),
        }
    }

    fn take(&mut self, piece: Vec<u8>) {
        self.flow.take(&piece);
    }

    fn end(self: Box<Self>, end: End) -> Box<dyn Later> {
        let ending = match end {
            End::Whole => Ending::Rest,
            End::Cut => Ending::Cut,
        };
        Box::new(Finished { finishing: self.flow.end(ending), answering: self.answering })
    }
}

impl Finishing {
    /// When to look again.
    pub(super) fn glance(&self, now: Instant) -> Instant {
        match self.ticket {
            Some(_) => now + CALLED_WITHIN,
            None => self.flow.glance(now),
        }
    }

    /// What came of it, once it is done.
    pub(super) fn outcome(&mut self, now: Instant) -> Option<Result<KeptUpload, Refused>> {
        if let Some(ticket) = &self.ticket {
            return ticket.take().map(|outcome| outcome.unwrap_or_else(|_| failed()));
        }
        if let Err(refused) = self.flow.drive(true, now) {
            return Some(Err(refused));
        }
        if !self.flow.filling.is_empty() {
            return None;
        }
        match std::mem::replace(&mut self.flow.stage, Stage::Over) {
            Stage::Ready(piece) => {
                let (ending, load) = (self.ending, Arc::new(Mutex::new(Some(piece))));
                let of_work = Arc::clone(&load);
                let work = move || {
                    let piece = of_work.lock().take();
                    piece.expect("a job is done once").finish(ending)
                };
                match self.flow.place.submit(work) {
                    Ok(ticket) => self.ticket = Some(ticket),
                    Err(_) => {
                        let piece = load.lock().take();
                        self.flow.stage = piece.map_or(Stage::Over, Stage::Ready);
                    }
                }
            }
            stage => self.flow.stage = stage,
        }
        None
    }
}

impl Later for Finished {
    fn look(&mut self, _: &Request, now: Instant) -> Option<Answer> {
        let outcome = self.finishing.outcome(now)?;
        Some((self.answering)(outcome))
    }

    fn glance(&self, now: Instant) -> Option<Instant> {
        Some(self.finishing.glance(now))
    }

    fn lasts(&self) -> Duration {
        PATIENCE
    }

    fn too_late(&self, request: &Request) -> Answer {
        request.refuse(
            Status::ServiceUnavailable,
            "the server's disk is too slow: ask how much is there",
        )
    }
}

fn failed<T>() -> Result<T, Refused> {
    Err(Refused::NotKept("the server ends, or failed at it".to_owned()))
}

/// What a buffer holds: an upload has two, and what is on its way to them.
const BUFFER_BYTES: usize = 48 * 1024;
/// The most that comes at once: a piece of a body, and what a form's reader kept of the one before.
const MOST_PIECE_BYTES: usize = 16 * 1024 + 512;
/// How soon it is looked again whether a worker is free.
const GLANCE: Duration = Duration::from_millis(20);
/// The same if one is at it, and calls.
const CALLED_WITHIN: Duration = Duration::from_secs(5);
/// How long a disk may take for a buffer, or for the end.
const PATIENCE: Duration = Duration::from_secs(60);
