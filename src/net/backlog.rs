//! How much of a stream its client has not read, and whether it may get more.
//!
//! Pure state; what the system knows comes in as a [`TcpState`]. What is not
//! acknowledged is on its way, and how long that takes follows from how fast the
//! rest went. A client's system acknowledges what it only holds, so that a slow
//! reader's backlog lies there, unseen, as old pictures. It shows in the window: room
//! that was there once and is not now may be room that is taken.
//!
//! It may also be room that is gone: systems give up room while everything is read, as
//! small packets take more of it than their bytes. So a smaller window is a suspicion, and
//! decides nothing by itself. What decides is what happens while nothing is sent but a byte
//! that asks ([`Outlook::Unread`]). Room that comes back then was taken: more waits
//! to be read, and the next picture is held back until it is. If none comes and the answer
//! was there at once, all is read: while pictures flow, Linux acknowledges at once only what
//! is read at once. If none comes for long, nothing is read, and waiting does not help.
//!
//! All of this is Linux's way, as `tests/data/tcp_state` recorded it. It gives back the room of
//! a packet only once the whole of it is read, which over loopback may be 64 kB.

use std::time::{Duration, Instant};

use crate::proto::sock_diag::TcpState;

/// What one client has not read.
#[derive(Debug)]
pub(crate) struct Backlog {
    /// Bytes that were written since the stream began.
    written: u64,
    /// The same when the system was asked last, and when that was.
    written_then: u64,
    known_at: Instant,
    /// Bytes of them that were not read, if all the room that is missing is taken.
    unread_then: u64,
    /// Up to which byte of the stream the client has room.
    edge: u64,
    /// The most that the client lately read at once.
    burst: f64,
    largest_window: u32,
    /// So much of the room that is missing is taken to be gone.
    given_up: u64,
    reading: Reading,
    /// When something was written last, and how often in a row without a pause.
    wrote_at: Instant,
    in_flow: u32,
    /// When the client was last seen to have had more to read, or not to answer at once.
    slow_at: Option<Instant>,
    /// The longest that a client who had something to read was seen to read nothing.
    longest_rest: Duration,
    /// When something was written last, or less was unread than before.
    changed_at: Instant,
    proven_bytes_per_sec: Option<u64>,
    held: Option<Held>,
}

/// How fast a client read lately: a running mean.
#[derive(Debug)]
struct Reading {
    sum: f64,
    weight: f64,
    counted_until: Instant,
}

/// That too much may be unread.
#[derive(Debug, Clone, Copy)]
struct Held {
    since: Instant,
    look_at: Instant,
    /// The client's edge when it was last seen to move, or at the start.
    edge: u64,
    /// When it last moved: the client reads what had been unread.
    moved_at: Option<Instant>,
    /// When the last byte went out that asks, if one did.
    asked_at: Option<Instant>,
    /// Whether the answer took longer than the way does: the client's system acknowledges at once
    /// what is read at once.
    late: bool,
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
            known_at: now,
            unread_then: 0,
            edge: 0,
            burst: 0.0,
            largest_window: 0,
            given_up: 0,
            reading: Reading { sum: 0.0, weight: UNKNOWN_WEIGHT, counted_until: now },
            wrote_at: now,
            in_flow: 0,
            slow_at: None,
            longest_rest: SHORTEST_REST,
            changed_at: now,
            proven_bytes_per_sec: None,
            held: None,
        }
    }

    /// Bytes went to the system.
    pub(crate) fn wrote(&mut self, bytes: usize, now: Instant) {
        self.written += bytes as u64;
        self.changed_at = now;
        if now > self.wrote_at {
            let paused = now.duration_since(self.wrote_at) > PAUSE;
            self.in_flow = if paused { 0 } else { self.in_flow.saturating_add(1) };
            self.wrote_at = now;
        }
    }

    /// A byte went to the system only to ask the client's. That is no progress.
    pub(crate) fn asked(&mut self, bytes: usize, now: Instant) {
        self.written += bytes as u64;
        if let Some(held) = self.held.as_mut().filter(|_| bytes > 0) {
            held.asked_at = Some(now);
        }
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
            None if !self.is_in_question(now) => return Outlook::Clear,
            _ => {}
        }
        let Some(state) = state() else {
            (self.held, self.largest_window) = (None, 0);
            return Outlook::Clear;
        };
        self.learn(state, now);
        let (queued, unread) = self.excess(state);
        let may_go = queued <= 0.0 && (unread <= 0.0 || self.is_read_after_all(state, unread, now));
        if may_go {
            self.held = None;
            return Outlook::Clear;
        }
        self.hold(state, queued, now)
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

    /// Bytes per second at which the link took what was sent, if the client had read all of it when
    /// the system was asked; once for each time that it was.
    pub(crate) fn proven_bytes_per_sec(&mut self) -> Option<u64> {
        self.proven_bytes_per_sec.take()
    }

    /// Whether enough went out since the system was asked to make a difference.
    fn is_in_question(&self, now: Instant) -> bool {
        let since_then = (self.written - self.written_then) as f64;
        let rate = self.reading.bytes_per_sec();
        let seconds = match self.unread_then as f64 > SMALL {
            true => MAY_BE_UNSEEN_IF_BEHIND,
            false if rate < FAST_BYTES_PER_SEC => MAY_BE_UNSEEN,
            false => MAY_BE_UNSEEN_IF_FAST,
        };
        let old = now >= self.known_at + OLD;
        !self.is_known() || !self.is_prompt(now) || old || since_then > rate * seconds
    }

    fn learn(&mut self, state: TcpState, now: Instant) {
        self.largest_window = self.largest_window.max(state.window_bytes);
        let taken = self.largest_window - state.window_bytes;
        let unread = (u64::from(taken) + u64::from(state.queued_bytes)).min(self.written);
        let read = (self.written - self.written_then + self.unread_then).saturating_sub(unread);
        self.reading.count(read, now);
        if unread < self.unread_then {
            self.changed_at = now;
        }
        (self.written_then, self.known_at) = (self.written, now);
        self.unread_then = unread;
        self.proven_bytes_per_sec =
            (unread as f64 <= SMALL).then_some(state.delivery_bytes_per_sec);
        let acknowledged = self.written.saturating_sub(state.queued_bytes.into());
        self.move_edge(acknowledged + u64::from(state.window_bytes), state, now);
        self.take_answer(state, now);
    }

    /// Takes in up to where there is room.
    fn move_edge(&mut self, edge: u64, state: TcpState, now: Instant) {
        let step = u64::from(state.window_step).max(LEAST_MOVEMENT);
        self.edge = self.edge.max(edge);
        let Some(held) = &mut self.held else { return };
        if self.edge < held.edge + step {
            return;
        }
        // It reads while the next picture is held back: more was there to be read.
        let rest = now.duration_since(held.moved_at.unwrap_or(held.since));
        self.longest_rest = self.longest_rest.max(rest.min(LONGEST_REST));
        let read = (self.edge - held.edge) as f64;
        self.burst = (self.burst * BURST_KEPT).max(if rest <= SOON { read } else { 0.0 });
        (held.edge, held.moved_at) = (self.edge, Some(now));
        (self.given_up, self.slow_at) = (0, Some(now));
    }

    /// Sees how long a byte that asks was on its way.
    fn take_answer(&mut self, state: TcpState, now: Instant) {
        let Some(held) = &mut self.held else { return };
        let way = Duration::from_micros(state.min_rtt_us.into());
        let late = held.asked_at.is_some_and(|at| now > at + way * 5 / 4 + AT_ONCE);
        if late && !held.late {
            held.late = true;
            self.slow_at = Some(now);
        }
    }

    /// Bytes that are on their way beyond what may be, and those that are unread, as far as is
    /// known.
    fn excess(&self, state: TcpState) -> (f64, f64) {
        let rate = self.reading.bytes_per_sec();
        let way = (f64::from(state.min_rtt_us) / 1e6).min(LONGEST_WAY);
        let queued = f64::from(state.queued_bytes);
        // What the link takes may be more than it was given until now.
        let link = rate.max(state.delivery_bytes_per_sec as f64);
        let may_be_queued = link.mul_add(way + MAY_BE_QUEUED, SMALL);
        let may_be_unread = (rate * (way + MAY_BE_UNREAD)).max(self.burst) + SMALL;
        let may_be_unread = may_be_unread + self.given_up as f64;
        (queued - may_be_queued, self.unread_then as f64 - may_be_unread)
    }

    /// Whether room that is missing is not taken: it does not come back while nothing is sent.
    fn is_read_after_all(&mut self, state: TcpState, excess: f64, now: Instant) -> bool {
        let Some(held) = self.held else { return false };
        if state.queued_bytes > 0 {
            // The way is busy, or the client has no room: there is no answer yet.
            return false;
        }
        let quiet = now.duration_since(held.moved_at.unwrap_or(held.since));
        if quiet >= self.patience(held) {
            (self.largest_window, self.given_up) = (state.window_bytes, 0);
            self.unread_then = 0;
            return true;
        }
        let needed = self.given_up + excess as u64;
        let most = if self.is_prompt(now) { u64::MAX } else { GIVEN_UP_IF_UNKNOWN };
        let answered = held.asked_at.is_some() && !held.late;
        if held.moved_at.is_none() && answered && needed <= most {
            // A little more, so that it is not to be asked again for each picture.
            self.given_up = (needed + excess as u64).min(most);
            return true;
        }
        false
    }

    /// Whether it reads at once, as its answers tell. While pictures flow, Linux acknowledges at
    /// once only what is read at once; after a pause it does so in any case.
    fn is_prompt(&self, now: Instant) -> bool {
        self.in_flow >= FLOW && self.slow_at.is_none_or(|at| now.duration_since(at) >= FORGIVEN)
    }

    /// How long nothing is read before all is thought to be read.
    fn patience(&self, held: Held) -> Duration {
        match held.moved_at {
            // Who was seen to read is through once it rests for longer than in between.
            Some(_) => (self.longest_rest * 3 / 2).min(LONGEST_REST),
            None => LONGEST_REST,
        }
    }

    fn hold(&mut self, state: TcpState, queued: f64, now: Instant) -> Outlook {
        let (edge, moved_at, asked_at) = (self.edge, None, None);
        let first = Held { since: now, look_at: now, edge, moved_at, asked_at, late: false };
        let held = *self.held.get_or_insert(first);
        let longer = now.duration_since(held.since) / 4;
        // What is on its way goes at a rate that is known.
        let until_sent = queued / self.reading.bytes_per_sec().max(1.0);
        let until_sent = Duration::from_secs_f64(until_sent.clamp(0.0, 1.0));
        let pause = longer.max(until_sent).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        let look_at = now + pause;
        self.held = Some(Held { look_at, ..held });
        Outlook::Unread { look_at, ask: state.queued_bytes == 0 }
    }
}

impl Reading {
    fn bytes_per_sec(&self) -> f64 {
        self.sum / self.weight
    }

    /// News comes in lumps: what was read was read in all the time since the last.
    fn count(&mut self, read: u64, now: Instant) {
        if read == 0 {
            return;
        }
        let seconds = now.duration_since(self.counted_until).as_secs_f64().max(0.001);
        let kept = (-seconds / REMEMBERED).exp();
        self.sum = self.sum * kept + read as f64 * (1.0 - kept) / seconds;
        self.weight = self.weight * kept + (1.0 - kept);
        self.counted_until = now;
    }
}

/// So many bytes say nothing: rooms are told of in round numbers.
const SMALL: f64 = 2048.0;
/// Seconds' worth of bytes that may be unread.
const MAY_BE_UNREAD: f64 = 0.15;
/// Seconds' worth of bytes that may be on their way, beyond the time that the way itself takes:
/// enough that a link does not idle until the next look.
const MAY_BE_QUEUED: f64 = 0.05;
/// A way may take so many seconds.
const LONGEST_WAY: f64 = 0.5;
/// Seconds' worth of bytes that may go out before the system is asked again.
const MAY_BE_UNSEEN: f64 = 0.3;
/// The same where some were unread or on their way then.
const MAY_BE_UNSEEN_IF_BEHIND: f64 = 0.05;
/// The same for who reads fast: there are many of these, and asking takes 6 µs.
const MAY_BE_UNSEEN_IF_FAST: f64 = 1.0;
const FAST_BYTES_PER_SEC: f64 = 1e6;
/// After so long the system is asked again in any case: what was fast may be so no longer.
const OLD: Duration = Duration::from_secs(1);
/// The time constant of the mean, in seconds.
const REMEMBERED: f64 = 0.5;
/// How much the first moments, of which nothing is known, count for against a second.
const UNKNOWN_WEIGHT: f64 = 0.5;
/// What moves less was moved by the bytes that ask.
const LEAST_MOVEMENT: u64 = 128;
/// What moves so soon after it moved last is what the client reads at once.
const SOON: Duration = Duration::from_millis(150);
const BURST_KEPT: f64 = 0.97;
/// An answer takes no longer than the way and this. Linux waits for 40 ms with what is not read.
const AT_ONCE: Duration = Duration::from_millis(20);
/// Linux takes 200 ms without news for a pause, and acknowledges at most so many at once after it.
const PAUSE: Duration = Duration::from_millis(180);
const FLOW: u32 = 16;
/// Who was slow once is not taken to read at once for so long.
const FORGIVEN: Duration = Duration::from_secs(2);
/// Who is not known to read at once may lose so much room while nothing of it comes back. It is
/// what small pictures cost at the start of a stream.
const GIVEN_UP_IF_UNKNOWN: u64 = 16 * 1024;
/// How long nothing may be read, about, before nothing is thought to be there.
const SHORTEST_REST: Duration = Duration::from_millis(60);
const LONGEST_REST: Duration = Duration::from_millis(1500);
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
