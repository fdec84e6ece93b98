//! A request's body on its way in: kept for a form, dropped, or passed on piece by piece.

use std::io::Write;
use std::time::{Duration, Instant};

use super::super::answer::Answer;
use super::super::plan::Plan;
use super::super::sink::Sink;
use super::{Connection, State, Step};
use crate::net::lane::Turn;
use crate::proto::http::{Body, Invalid, Method, Status};

/// A body that is being read.
pub(super) struct Reading {
    plan: Plan,
    body: Body,
    into: Into,
    /// Whether the client waits to be invited.
    invite: bool,
    deadline: Instant,
}

/// What becomes of a body.
pub(super) enum Into {
    /// It is kept whole, for the plan to answer with.
    Plan,
    /// It is read only to find its end.
    Nothing,
    /// It goes there piece by piece.
    #[cfg_attr(not(test), expect(dead_code, reason = "no route takes more than a form yet"))]
    Sink(Box<dyn Sink>),
}

/// What a look at a body came to.
enum Found {
    /// The end of it.
    End,
    /// A piece, and perhaps more of it.
    Piece,
    /// More than is taken, or what is no body.
    Wrong(Invalid),
    /// A sink that takes no more.
    Refused(Answer),
}

impl Reading {
    /// The body of a plan's request, of which nothing was read.
    pub(super) fn new(plan: Plan, body: Body, into: Into, invite: bool, now: Instant) -> Self {
        Self { plan, body, into, invite, deadline: now + BODY_TIME }
    }

    /// Takes what belongs to the body from the front of `input`.
    fn take(&mut self, input: &mut Vec<u8>, now: Instant) -> Found {
        let fed = match self.body.feed(input) {
            Ok(fed) => fed,
            Err(invalid) => return Found::Wrong(invalid),
        };
        input.drain(..fed.consumed);
        if let Into::Sink(sink) = &mut self.into {
            let piece = self.body.drain();
            if !piece.is_empty() {
                // A large body has its time as long as it comes.
                self.deadline = now + BODY_TIME;
                if let Err(answer) = sink.take(piece) {
                    return Found::Refused(answer);
                }
            }
        }
        if fed.done { Found::End } else { Found::Piece }
    }

    fn is_full(&mut self, now: Instant) -> bool {
        match &mut self.into {
            Into::Sink(sink) => !sink.has_room(now),
            Into::Plan | Into::Nothing => false,
        }
    }
}

impl Connection {
    pub(super) fn body(&mut self, mut reading: Box<Reading>, now: Instant) -> Step {
        for _ in 0..PIECES {
            if reading.is_full(now) {
                return self.wait_for_body(reading, now);
            }
            match reading.take(&mut self.input, now) {
                Found::End => return self.body_is_whole(*reading, now),
                Found::Piece => {}
                Found::Wrong(invalid) => return self.body_is_wrong(*reading, &invalid, now),
                Found::Refused(answer) => return self.answer(answer, &Method::Post, false, now),
            }
            if std::mem::take(&mut reading.invite)
                // Nothing else is on its way: so few bytes go whole, or the client is gone.
                && self.wire.write(CONTINUE).is_err()
            {
                return Step::Over;
            }
            match self.fill(PIECE_BYTES) {
                Ok(true) => {}
                Ok(false) if !self.ended => return self.wait_for_body(reading, now),
                // Half a body is no request.
                Ok(false) | Err(()) => return Step::Over,
            }
        }
        self.state = State::Body(reading);
        Step::Wait(Turn::until(Some(now)))
    }

    fn wait_for_body(&mut self, reading: Box<Reading>, now: Instant) -> Step {
        let deadline = reading.deadline;
        if now >= deadline {
            let answer = Answer::text(Status::RequestTimeout, "the request came too slowly");
            return self.answer(answer, &Method::Get, false, now);
        }
        self.state = State::Body(reading);
        Step::Wait(Turn::until(Some(deadline)))
    }

    fn body_is_whole(&mut self, reading: Reading, now: Instant) -> Step {
        let keep_alive = reading.plan.head().keep_alive();
        match reading.into {
            Into::Sink(mut sink) => self.answer(sink.finish(), &Method::Post, keep_alive, now),
            Into::Plan | Into::Nothing => {
                self.carry_out(reading.plan, reading.body.into_bytes(), keep_alive, now)
            }
        }
    }

    fn body_is_wrong(&mut self, reading: Reading, invalid: &Invalid, now: Instant) -> Step {
        let too_much = invalid.status == Status::ContentTooLarge;
        match reading.into {
            // It is answered all the same, and then closed: its end was not found.
            Into::Nothing if too_much => self.carry_out(reading.plan, Vec::new(), false, now),
            _ => self.refuse(invalid, now),
        }
    }
}

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
const BODY_TIME: Duration = Duration::from_secs(20);
const PIECE_BYTES: usize = 16 * 1024;
/// Pieces in a turn, until others have theirs.
const PIECES: usize = 16;
