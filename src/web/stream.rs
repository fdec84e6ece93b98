//! One live stream as bytes: what goes out for the picture that is due.
//!
//! Which that is, the [`Cursor`] knows; whether the client can take it, the [`Backlog`]. A
//! [`Stream`] writes to anything that may take only a part; it waits for nothing and knows no
//! thread. [Its connection](super::connection) pumps it when there is news, when its socket has
//! room, and when the time it named has come.

use std::io::{ErrorKind, IoSlice};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::base::clock::{self, Clock};
use crate::live::audience::Seat;
use crate::live::cursor::{Cue, Cursor, Due, View};
use crate::live::hub::Still;
use crate::net::Topics;
use crate::net::backlog::{Backlog, Outlook};
use crate::net::wire::Outflow;
use crate::proto::http::ResponseHead;
use crate::proto::multipart;
use crate::proto::sock_diag::TcpState;

/// How the parts of a stream are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Each part with its length and time before the picture.
    Plain,
    /// The whole head of the next part right after each picture, so that browsers paint it.
    AdvanceHeaders,
}

/// A viewer's open stream.
pub(super) struct Stream {
    seat: Seat,
    clock: Clock,
    layout: Layout,
    cursor: Cursor,
    outgoing: Outgoing,
    /// Whether the socket has no room until it says so.
    blocked: bool,
    /// What the client has not read.
    backlog: Backlog,
    /// What the outlet had sent when it was counted last; `None` before the first time.
    counted: Option<u64>,
    /// Bytes of the next part that went out already, as questions.
    ahead: usize,
    progress_at: Instant,
}

/// Where a stream goes out: it may take only a part.
pub(super) trait Outlet: Outflow {
    /// What the system knows of the connection, if anything.
    fn state(&mut self) -> Option<TcpState>;
}

/// What sending what is due came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pumped {
    /// To be pumped again at this time, if nothing happens before.
    Again(Instant),
    /// The client is gone or takes nothing any more, or the room was closed.
    Over,
}

/// Bytes on their way: a head, a picture, and what follows it.
#[derive(Default)]
struct Outgoing {
    head: Vec<u8>,
    picture: Option<Arc<Still>>,
    tail: &'static [u8],
    sent: usize,
    /// Whether the picture was not sent before.
    fresh: bool,
}

impl Stream {
    /// A stream whose response head is the first thing to go out.
    pub(super) fn new(
        seat: Seat,
        layout: Layout,
        response_head: &ResponseHead,
        now: Instant,
    ) -> Self {
        let mut head = Vec::new();
        response_head.write(&mut head);
        head.extend_from_slice(match layout {
            Layout::Plain => multipart::DELIMITER,
            Layout::AdvanceHeaders => multipart::ADVANCE_HEAD,
        });
        Self {
            clock: seat.hub().clock().clone(),
            seat,
            layout,
            cursor: Cursor::new(now),
            outgoing: Outgoing { head, ..Outgoing::default() },
            blocked: false,
            backlog: Backlog::new(now),
            counted: None,
            ahead: 0,
            progress_at: now,
        }
    }

    /// Sends what is due and fits.
    pub(super) fn pump(&mut self, socket: &mut impl Outlet, now: Instant) -> Pumped {
        if self.seat.viewer.crowd().is_dismissed() {
            return Pumped::Over;
        }
        // What waited for room may have gone since.
        self.count(socket, now);
        loop {
            if !self.outgoing.is_empty() && !self.blocked {
                let Ok(whole) = self.outgoing.write(socket) else { return Pumped::Over };
                self.count(socket, now);
                self.blocked = !whole;
                if whole {
                    self.sent_whole(now);
                }
            }
            if self.blocked {
                self.pass_over(now);
                return self.patience(now);
            }
            match self.cursor.due(View::of(&self.seat, &self.seat.hub()), now) {
                Due::Picture(cue) => match self.hold(socket, now) {
                    None => self.load(&cue, now),
                    Some(look_at) => {
                        self.pass_over(now);
                        let stuck = now >= self.backlog.changed_at() + STUCK;
                        return if stuck { Pumped::Over } else { Pumped::Again(look_at) };
                    }
                },
                Due::At(at) => return Pumped::Again(at),
            }
        }
    }

    /// Counts what went out.
    fn count(&mut self, socket: &impl Outlet, now: Instant) {
        let bytes = self.newly_sent(socket);
        if bytes > 0 {
            self.backlog.wrote(bytes, now);
            self.progress_at = now;
        }
    }

    /// How many bytes went out since this was asked last, as the system has them: with what TLS
    /// puts around them.
    fn newly_sent(&mut self, socket: &impl Outlet) -> usize {
        let sent = socket.sent();
        let bytes = sent - self.counted.replace(sent).unwrap_or(sent);
        self.seat.meter.bytes.fetch_add(bytes, Ordering::Relaxed);
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// Until when the next picture is held back, as the client has too much to read.
    fn hold(&mut self, socket: &mut impl Outlet, now: Instant) -> Option<Instant> {
        let outlook = self.backlog.look(now, || socket.state());
        self.seat.meter.waits_here.store(self.backlog.is_known(), Ordering::Relaxed);
        match outlook {
            Outlook::Clear => {
                if let Some(bytes_per_sec) = self.backlog.proven_bytes_per_sec() {
                    self.seat.meter.prove(bytes_per_sec);
                }
                None
            }
            Outlook::Unread { look_at, ask } => {
                if ask {
                    self.ask(socket, now);
                }
                Some(look_at)
            }
        }
    }

    /// Sends one byte of what the next part begins with in any case. A client's system says how
    /// much room it has only when something comes, not when the client reads.
    fn ask(&mut self, socket: &mut impl Outlet, now: Instant) {
        let next = match self.layout {
            Layout::Plain => multipart::PART_HEAD_START.get(self.ahead),
            Layout::AdvanceHeaders if self.ahead < JPEG_START.len() + MAX_FILL => {
                JPEG_START.get(self.ahead).or(Some(&JPEG_FILL))
            }
            Layout::AdvanceHeaders => None,
        };
        if let Some(next) = next
            // Should it fail, the picture fails too, and that is told.
            && let Ok(bytes) = socket.write(&[*next])
        {
            self.ahead += bytes;
            let bytes = self.newly_sent(socket);
            self.backlog.asked(bytes, now);
        }
    }

    fn load(&mut self, cue: &Cue, now: Instant) {
        let still = &cue.still;
        let mut head = std::mem::take(&mut self.outgoing.head);
        let tail = match self.layout {
            Layout::Plain => {
                let micros = clock::unix_micros(self.clock.wall_at(still.captured));
                multipart::part_head(&mut head, still.jpeg.len(), micros);
                multipart::AFTER_PICTURE
            }
            Layout::AdvanceHeaders => multipart::AFTER_PICTURE_ADVANCE,
        };
        self.cursor.take(cue, &self.seat.meter);
        let ahead = std::mem::take(&mut self.ahead);
        let sent = match self.layout {
            Layout::Plain => ahead,
            Layout::AdvanceHeaders => ahead.min(JPEG_START.len()),
        };
        let (picture, fresh) = (Some(Arc::clone(still)), cue.is_fresh());
        self.outgoing = Outgoing { head, picture, tail, sent, fresh };
        self.progress_at = now;
    }

    fn sent_whole(&mut self, now: Instant) {
        self.cursor.sent(now);
        if let (Some(still), true) = (&self.outgoing.picture, self.outgoing.fresh) {
            let sent_at = self.clock.now();
            self.seat.meter.frame(sent_at.saturating_duration_since(still.captured));
        }
        self.outgoing.clear();
    }

    /// The client cannot take what is due.
    fn pass_over(&mut self, now: Instant) {
        let meter = &self.seat.meter;
        self.cursor.pass_over(&View::of(&self.seat, &self.seat.hub()), meter, now);
        let moved_at = self.progress_at.max(self.backlog.changed_at());
        if self.cursor.is_kept_waiting() && now >= moved_at + STANDSTILL {
            meter.stall();
        }
    }

    /// Whose news it waits for.
    pub(super) fn topics(&self) -> Topics {
        Topics::of(self.seat.hub().number())
    }

    /// The socket has room again.
    pub(super) fn unblock(&mut self) {
        self.blocked = false;
    }

    /// Whether its viewer has paused it.
    pub(super) fn is_paused(&self) -> bool {
        self.seat.viewer.allowance().paused
    }

    /// Since when the client has taken nothing of what is to go out.
    pub(super) fn stuck_since(&self) -> Option<Instant> {
        if self.blocked { Some(self.progress_at) } else { self.backlog.held_since() }
    }

    fn patience(&self, now: Instant) -> Pumped {
        let end = self.progress_at + STUCK;
        if now >= end { Pumped::Over } else { Pumped::Again(end) }
    }
}

impl Outgoing {
    /// Whether there is nothing, or all of it is out.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> usize {
        self.head.len() + self.picture().len() + self.tail.len()
    }

    fn picture(&self) -> &[u8] {
        self.picture.as_ref().map_or(&[], |still| &still.jpeg)
    }

    fn clear(&mut self) {
        self.head.clear();
        (self.picture, self.tail, self.sent) = (None, b"", 0);
    }

    /// Writes as much as fits. Whether all of it is out.
    fn write(&mut self, socket: &mut impl Outlet) -> std::io::Result<bool> {
        while self.sent < self.len() {
            let mut skip = self.sent;
            let slices = [&self.head[..], self.picture(), self.tail].map(|part| {
                let past = skip.min(part.len());
                skip -= past;
                IoSlice::new(&part[past..])
            });
            match socket.write_vectored(&slices) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(bytes) => self.sent += bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // It may be taken, and wait for room all the same.
        match socket.flush() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            flushed => flushed.map(|()| true),
        }
    }
}

/// What every JPEG begins with (ITU-T T.81 B.2.1): the first marker, and the second one's mark.
const JPEG_START: &[u8] = b"\xff\xd8\xff";
/// Any marker's first byte may stand there several times (B.1.1.2).
const JPEG_FILL: u8 = 0xff;
const MAX_FILL: usize = 64;
/// A client that takes nothing for so long is gone.
const STUCK: Duration = Duration::from_secs(20);
/// A client that takes nothing for so long stands still. Less than what makes a second choke.
const STANDSTILL: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
