//! One live stream as bytes: which picture is due, and what goes out for it.
//!
//! A [`Stream`] writes to anything that may take only a part; it waits for
//! nothing and knows no thread. [`super::sender`] calls it when there is news, when
//! its socket has room, and when the time it named has come.

use std::io::{ErrorKind, IoSlice, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::base::clock;
use crate::live::audience::Seat;
use crate::live::hub::{Hub, Still};
use crate::net::backlog::{Backlog, Outlook};
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
    layout: Layout,
    /// From when the time to the next picture counts, where not all are sent.
    paced_from: Option<Instant>,
    outgoing: Outgoing,
    /// What went out last, or is going out.
    last: Option<Arc<Still>>,
    /// The sequence number that was sent last.
    seen: u64,
    /// That of a frame that is ready while the one before is still going out; 0 if there is none.
    waiting: u64,
    /// Whether the socket has no room until it says so.
    blocked: bool,
    /// What the client has not read.
    backlog: Backlog,
    /// Bytes of the next part that went out already, as questions.
    ahead: usize,
    sent_at: Instant,
    progress_at: Instant,
}

/// Where a stream goes out: it may take only a part.
pub(super) trait Outlet: Write {
    /// What the system knows of the connection, if anything.
    fn state(&mut self) -> Option<TcpState>;
}

/// What a look at a stream came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Look again at this time, if nothing happens before.
    Again(Instant),
    /// The client is gone, or takes nothing any more.
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
            seat,
            layout,
            paced_from: None,
            outgoing: Outgoing { head, ..Outgoing::default() },
            last: None,
            seen: 0,
            waiting: 0,
            blocked: false,
            backlog: Backlog::new(now),
            ahead: 0,
            sent_at: now,
            progress_at: now,
        }
    }

    /// Sends what is due and fits.
    pub(super) fn pump(&mut self, socket: &mut impl Outlet, hub: &Hub, now: Instant) -> Look {
        loop {
            if !self.outgoing.is_empty() && !self.blocked {
                match self.outgoing.write(socket) {
                    Ok(0) => {}
                    Ok(bytes) => {
                        self.wrote(bytes, now);
                        self.progress_at = now;
                    }
                    Err(_) => return Look::Over,
                }
                self.blocked = !self.outgoing.is_empty();
                if !self.blocked {
                    self.sent_whole(hub, now);
                }
            }
            if self.blocked {
                self.count_skipped(hub, now);
                return self.patience(now);
            }
            match self.next(hub, now) {
                Next::Picture { still, paced_from } => match self.hold(socket, now) {
                    None => self.load(still, paced_from, hub, now),
                    Some(look_at) => {
                        self.count_skipped(hub, now);
                        let stuck = now >= self.backlog.changed_at() + STUCK;
                        return if stuck { Look::Over } else { Look::Again(look_at) };
                    }
                },
                Next::WaitUntil(at) => return Look::Again(at),
            }
        }
    }

    fn wrote(&mut self, bytes: usize, now: Instant) {
        self.seat.meter.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.backlog.wrote(bytes, now);
    }

    /// Until when the next picture is held back, as the client has too much to read.
    fn hold(&mut self, socket: &mut impl Outlet, now: Instant) -> Option<Instant> {
        let outlook = self.backlog.look(now, || socket.state());
        self.seat.meter.waits_here.store(self.backlog.is_known(), Ordering::Relaxed);
        match outlook {
            Outlook::Clear => None,
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
        let start = match self.layout {
            Layout::Plain => multipart::PART_HEAD_START,
            Layout::AdvanceHeaders => JPEG_START,
        };
        if let Some(next) = start.get(self.ahead..=self.ahead)
            // Should it fail, the picture fails too, and that is told.
            && let Ok(bytes) = socket.write(next)
        {
            self.ahead += bytes;
            self.wrote(bytes, now);
        }
    }

    /// Which picture is due.
    fn next(&mut self, hub: &Hub, now: Instant) -> Next {
        let allowance = self.seat.viewer.allowance();
        if allowance.paused {
            // What was shown before is no longer live when it goes on.
            (self.last, self.seen) = (None, 0);
            return Next::WaitUntil(now + REPEAT);
        }
        let newest = hub.newest(allowance.level).filter(|still| still.sequence > self.seen);
        match (newest, &self.last) {
            (Some(still), _) => {
                let pace = allowance.pace(hub.frames_per_sec(), self.seat.meter.fps());
                let due = self.paced_from.map_or(now, |from| from + pace);
                if now < due {
                    return Next::WaitUntil(due);
                }
                // From when it was due, not from now, so that the rate is kept on average.
                let paced_from = Some(if now < due + pace { due } else { now });
                Next::Picture { still, paced_from }
            }
            (None, Some(last)) if now >= self.sent_at + REPEAT => {
                Next::Picture { still: Arc::clone(last), paced_from: None }
            }
            (None, _) => Next::WaitUntil((self.sent_at + REPEAT).max(now + MOMENT)),
        }
    }

    fn load(&mut self, still: Arc<Still>, paced_from: Option<Instant>, hub: &Hub, now: Instant) {
        let mut head = std::mem::take(&mut self.outgoing.head);
        let tail = match self.layout {
            Layout::Plain => {
                let micros = clock::unix_micros(hub.clock().wall_at(still.captured));
                multipart::part_head(&mut head, still.jpeg.len(), micros);
                multipart::AFTER_PICTURE
            }
            Layout::AdvanceHeaders => multipart::AFTER_PICTURE_ADVANCE,
        };
        if self.waiting > self.seen && still.sequence > self.waiting {
            self.seat.meter.skipped.fetch_add(1, Ordering::Relaxed);
        }
        (self.seen, self.waiting) = (still.sequence, 0);
        self.last = Some(Arc::clone(&still));
        let fresh = paced_from.is_some();
        self.paced_from = paced_from.or(self.paced_from);
        let sent = std::mem::take(&mut self.ahead);
        self.outgoing = Outgoing { head, picture: Some(still), tail, sent, fresh };
        self.progress_at = now;
    }

    fn sent_whole(&mut self, hub: &Hub, now: Instant) {
        self.sent_at = now;
        if let (Some(still), true) = (&self.outgoing.picture, self.outgoing.fresh) {
            let sent_at = hub.clock().now();
            self.seat.meter.frame(sent_at.saturating_duration_since(still.captured));
        }
        self.outgoing.clear();
    }

    /// Counts a frame that was ready while the one before was still going out or unread, and gave
    /// way to a newer one. What the pace leaves out is not counted.
    fn count_skipped(&mut self, hub: &Hub, now: Instant) {
        let allowance = self.seat.viewer.allowance();
        let newest = hub.newest(allowance.level).map_or(0, |still| still.sequence);
        let pace = allowance.pace(hub.frames_per_sec(), self.seat.meter.fps());
        let due = self.paced_from.is_none_or(|from| now >= from + pace);
        // The head of the response is no frame.
        let occupied = self.seen > 0;
        if newest > self.waiting.max(self.seen) && due && occupied {
            if self.waiting > self.seen {
                self.seat.meter.skipped.fetch_add(1, Ordering::Relaxed);
            }
            self.waiting = newest;
        }
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

    fn patience(&self, now: Instant) -> Look {
        let end = self.progress_at + STUCK;
        if now >= end { Look::Over } else { Look::Again(end) }
    }
}

enum Next {
    /// What was not sent before goes with the time from which that to the next one counts.
    Picture {
        still: Arc<Still>,
        paced_from: Option<Instant>,
    },
    WaitUntil(Instant),
}

impl Outgoing {
    fn is_empty(&self) -> bool {
        self.sent == self.len()
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

    /// Writes as much as fits. Returns how many bytes went.
    fn write(&mut self, socket: &mut impl Write) -> std::io::Result<usize> {
        let before = self.sent;
        while !self.is_empty() {
            let mut skip = self.sent;
            let slices = [&self.head[..], self.picture(), self.tail].map(|part| {
                let past = skip.min(part.len());
                skip -= past;
                IoSlice::new(&part[past..])
            });
            match socket.write_vectored(&slices) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(bytes) => self.sent += bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.sent - before)
    }
}

/// What every JPEG begins with (ITU-T T.81 B.2.1): the first marker, and the second one's mark.
const JPEG_START: &[u8] = b"\xff\xd8\xff";
/// A quiet source's last picture goes out again after this time.
const REPEAT: Duration = Duration::from_secs(1);
/// A client that takes nothing for so long is gone.
const STUCK: Duration = Duration::from_secs(20);
const MOMENT: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
