//! A request's body on its way in: kept for a form, dropped, or passed on piece by piece.

use std::io::Write;
use std::time::{Duration, Instant};

use super::super::answer::Answer;
use super::super::plan::Plan;
use super::super::request::{End, Look, Sink};
use super::{Connection, Ending, State, Step};
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
}

impl Reading {
    /// The body of a plan's request, of which nothing was read.
    pub(super) fn new(plan: Plan, body: Body, into: Into, invite: bool, now: Instant) -> Self {
        let mut reading = Self { plan, body, into, invite, deadline: now };
        reading.has_time(now);
        reading
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
                sink.take(piece);
                // A large body has its time as long as it comes.
                self.has_time(now);
            }
        }
        if fed.done { Found::End } else { Found::Piece }
    }

    fn look(&mut self, now: Instant) -> Look {
        match &mut self.into {
            Into::Sink(sink) => sink.look(now),
            Into::Plan | Into::Nothing => Look::Room,
        }
    }

    /// Gives the client its time, from now on.
    fn has_time(&mut self, now: Instant) {
        self.deadline = now
            + match self.into {
                Into::Sink(_) => SILENT_TIME,
                Into::Plan | Into::Nothing => BODY_TIME,
            };
    }
}

impl Connection {
    pub(super) fn body(&mut self, mut reading: Box<Reading>, now: Instant) -> Step {
        for _ in 0..PIECES {
            match reading.look(now) {
                Look::Room => {}
                Look::Full(until) => return self.wait_for_sink(reading, until, now),
                Look::Refused(answer) => {
                    let answer = reading.plan.finish(answer);
                    let method = reading.plan.head().method.clone();
                    return self.answer(answer, &method, false, now);
                }
            }
            match reading.take(&mut self.input, now) {
                Found::End => return self.body_is_whole(*reading, now),
                Found::Piece => {}
                Found::Wrong(invalid) => return self.body_is_wrong(*reading, &invalid, now),
            }
            if std::mem::take(&mut reading.invite)
                // Nothing else is on its way: so few bytes go whole, or the client is gone.
                && self.wire.write(CONTINUE).is_err()
            {
                return Step::Over;
            }
            match self.fill_by::<PIECE_BYTES>(PIECE_BYTES) {
                Ok(true) => {}
                Ok(false) if !self.ended => return self.wait_for_body(reading, now),
                Ok(false) | Err(()) => return self.body_is_cut(*reading, now),
            }
        }
        self.state = State::Body(reading);
        Step::Wait(Turn::until(Some(now)))
    }

    fn wait_for_body(&mut self, reading: Box<Reading>, now: Instant) -> Step {
        let deadline = reading.deadline;
        if now >= deadline {
            // Who brings a large one goes on with it by another connection.
            if matches!(reading.into, Into::Sink(_)) {
                return self.body_is_cut(*reading, now);
            }
            let answer = Answer::text(Status::RequestTimeout, "the request came too slowly");
            return self.answer(answer, &Method::Get, false, now);
        }
        self.state = State::Body(reading);
        Step::Wait(Turn::until(Some(deadline)))
    }

    /// Waits for who writes what came: that is no time of the client's.
    fn wait_for_sink(&mut self, mut reading: Box<Reading>, until: Instant, now: Instant) -> Step {
        reading.has_time(now);
        self.state = State::Body(reading);
        Step::Wait(Turn::until(Some(until)))
    }

    /// Half a body is no request; what came of a large one may be of use.
    fn body_is_cut(&mut self, reading: Reading, now: Instant) -> Step {
        let Into::Sink(sink) = reading.into else { return Step::Over };
        let promise = Box::new(reading.plan.promise(sink.end(End::Cut)));
        let until = now + promise.lasts();
        self.state = State::Storing { promise, ending: Ending::Silence, until };
        Step::On
    }

    fn body_is_whole(&mut self, reading: Reading, now: Instant) -> Step {
        let keep_alive = reading.plan.head().keep_alive();
        match reading.into {
            Into::Sink(sink) => {
                let promise = Box::new(reading.plan.promise(sink.end(End::Whole)));
                let until = now + promise.lasts();
                let ending = if keep_alive { Ending::Request } else { Ending::Close };
                self.state = State::Storing { promise, ending, until };
                Step::On
            }
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
/// How long somebody may be silent who brings a large body.
const SILENT_TIME: Duration = Duration::from_secs(60);
const PIECE_BYTES: usize = 16 * 1024;
/// Pieces in a turn, until others have theirs.
const PIECES: usize = 16;
