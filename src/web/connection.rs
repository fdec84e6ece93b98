//! One client's HTTP connection, as its lane drives it: requests in, answers out, until it ends
//! or becomes a stream.
//!
//! A state machine that waits for nothing: a head, a body, a picture that is being made, an
//! answer that the client has not taken are each a [`State`]. What requests mean is
//! [`super::plan`]'s; how they are written is [`crate::proto::http`]'s. One request is
//! answered at a time, and no more is read meanwhile than its head may be long.

mod body;
mod input;
mod streaming;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::debug;
use mio::event::Source;

use super::answer::Answer;
use super::client::Line;
use super::context::Context;
use super::pass::Pass;
use super::plan::{Intake, Order, Outcome, Plan, Promise, plan};
use super::sending::{Progress, Sending};
use super::snapshot::Wanted;
use super::stream::Stream;
use super::upgrade::{Upgraded, Verdict};
use crate::net::accept::Newcomer;
use crate::net::lane::{Handle, Moment, Talk, Turn};
use crate::net::limits::REPLY_TIME;
use crate::net::registry::{Guest, Standing};
use crate::net::wire::Wire;
use crate::proto::http::{Head, Invalid, MAX_HEAD_BYTES, Method, Scheme, Status, parse_head};
use body::{Into, Reading};
use input::MAX_LINGER_BYTES;

/// A connection.
pub(super) struct Connection {
    wire: Wire,
    guest: Guest,
    handle: Handle,
    /// Who holds the other end: a client or its proxy.
    peer: IpAddr,
    context: Arc<Context>,
    /// What came and was not used yet: a part of a head or body, or requests in advance.
    input: Vec<u8>,
    /// Whether nothing more comes: the client closed its sending half (RFC 9112 §9.6), and
    /// what it asked for before is answered all the same.
    ended: bool,
    state: State,
}

/// What a connection is at.
enum State {
    /// Between requests, or in the head of one, of which so much was looked through.
    Head { since: Instant, patience: Duration, begun: bool, looked: usize },
    /// In the body that a plan asks for.
    Body(Box<Reading>),
    /// There is no seat yet; somebody who does not read gives way.
    Seat { plan: Box<Plan>, until: Instant },
    /// The picture that was asked for is not there yet.
    Picture { order: Box<Order>, wanted: Wanted, keep_alive: bool },
    /// What was asked for is being stored.
    Storing { promise: Box<Promise>, ending: Ending, until: Instant },
    /// An answer is on its way.
    Sending { sending: Box<Sending>, then: Then },
    /// It is a stream now; the client has said so much since.
    Streaming { stream: Box<Stream>, pass: Box<Pass>, heard: usize },
    /// It speaks another protocol now.
    Upgraded(Box<dyn Upgraded>),
    /// The last answer is out, and what the client still sends is passed over.
    Lingering { until: Instant, passed_over: usize },
    /// There is nothing more to do.
    Over,
}

/// What comes after what is being stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// The answer, and the next request.
    Request,
    /// The answer, and the end.
    Close,
    /// The end: nobody waits for an answer.
    Silence,
}

/// What comes after an answer.
enum Then {
    /// The next request.
    Request,
    /// The end.
    Close,
    /// Another protocol.
    Upgrade(Box<dyn Upgraded>),
}

/// What a step came to.
enum Step {
    /// There may be more to do at once.
    On,
    /// Nothing more, until something happens or a time comes.
    Wait(Turn),
    /// The connection ends.
    Over,
}

impl Connection {
    /// A connection that has just come.
    pub(super) fn new(newcomer: Newcomer, context: Arc<Context>, now: Instant) -> Self {
        let Newcomer { wire, guest, handle, peer } = newcomer;
        let state = State::Head { since: now, patience: HEAD_TIME, begun: false, looked: 0 };
        Self {
            wire,
            guest,
            handle,
            peer: peer.ip(),
            context,
            input: Vec::new(),
            ended: false,
            state,
        }
    }

    fn step(&mut self, moment: &mut Moment<'_>) -> Step {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Head { since, patience, begun, looked } => {
                self.head(since, patience, begun, looked, moment.now)
            }
            State::Body(reading) => self.body(reading, moment.now),
            State::Seat { plan, until } => self.seat(plan, until, moment.now),
            State::Picture { order, wanted, keep_alive } => {
                self.picture(order, wanted, keep_alive, moment.now)
            }
            State::Storing { promise, ending, until } => {
                self.storing(promise, ending, until, moment.now)
            }
            State::Sending { sending, then } => self.send(sending, then, moment.now),
            State::Streaming { stream, pass, heard } => self.stream(stream, pass, heard, moment),
            State::Upgraded(protocol) => self.upgraded(protocol, moment.now),
            State::Lingering { until, passed_over } => self.linger(until, passed_over, moment.now),
            State::Over => Step::Over,
        }
    }

    /// Waits for a head. Its time counts from its first byte, or from the start of the connection.
    fn head(
        &mut self,
        mut since: Instant,
        mut patience: Duration,
        mut begun: bool,
        mut looked: usize,
        now: Instant,
    ) -> Step {
        loop {
            if !begun && !self.input.is_empty() {
                begun = true;
                if patience == IDLE_TIME {
                    (since, patience) = (now, HEAD_TIME);
                }
            }
            // Between line ends, and without what may stand in no line (a TLS hello, say), the
            // verdict is the same as before.
            let telling = self.input[looked..].iter().any(u8::is_ascii_control);
            if telling || self.input.len() >= MAX_HEAD_BYTES {
                match parse_head(&self.input) {
                    Ok(Some((head, length))) => {
                        self.input.drain(..length);
                        return self.take(head, now);
                    }
                    Ok(None) => {}
                    Err(invalid) => return self.refuse(&invalid, now),
                }
            }
            looked = self.input.len();
            match self.fill(MAX_HEAD_BYTES) {
                Ok(true) => {}
                // Half a head gets no answer: nobody knows to what.
                _ if self.ended => return Step::Over,
                Ok(false) => break,
                Err(()) => return Step::Over,
            }
        }
        let deadline = since + patience;
        if now < deadline {
            self.state = State::Head { since, patience, begun, looked };
            return Step::Wait(Turn::until(Some(deadline)));
        }
        if !begun {
            return Step::Over;
        }
        let answer = Answer::text(Status::RequestTimeout, "the request came too slowly");
        self.answer(answer, &Method::Get, false, now)
    }

    /// What the connection itself says of who asks.
    fn line(&self) -> Line {
        let scheme = if self.wire.is_secure() { Scheme::Https } else { Scheme::Http };
        Line { peer: self.peer, scheme }
    }

    /// Decides about a request whose head is whole.
    fn take(&mut self, head: Head, now: Instant) -> Step {
        self.guest.stands(Standing::Busy, now);
        let plan = plan(&self.context, head, self.line(), &self.handle, now);
        self.guest.comes_from(plan.client());
        let (body, into, invite) = match plan.intake() {
            Intake::Nothing => {
                let keep_alive = plan.head().keep_alive();
                return self.carry_out(plan, Vec::new(), keep_alive, now);
            }
            Intake::Unread | Intake::Stream => {
                return self.carry_out(plan, Vec::new(), false, now);
            }
            Intake::Keep { body, invite } => (body, Into::Plan, invite),
            Intake::Drop(body) => (body, Into::Nothing, false),
        };
        self.state = State::Body(Box::new(Reading::new(plan, body, into, invite, now)));
        Step::On
    }

    /// Does what a request asks, once its body is there.
    fn carry_out(&mut self, plan: Plan, body: Vec<u8>, keep_alive: bool, now: Instant) -> Step {
        let method = plan.head().method.clone();
        match plan.answer(body, now) {
            Outcome::Answer(answer) => self.answer(answer, &method, keep_alive, now),
            Outcome::Stream(stream, pass) => self.begin_stream(stream, pass, now),
            Outcome::Upgrade(answer, protocol) => {
                self.send_off(answer, &method, Then::Upgrade(protocol), now)
            }
            Outcome::Snapshot(order) => {
                let wanted = Wanted::new(&order.hub(), order.what.clone(), now);
                self.state = State::Picture { order, wanted, keep_alive };
                Step::On
            }
            Outcome::Storing(promise) => {
                let until = now + promise.lasts();
                let ending = if keep_alive { Ending::Request } else { Ending::Close };
                self.state = State::Storing { promise, ending, until };
                Step::On
            }
            Outcome::Receive(sink, plan) => {
                let (body, invite) = plan.unbounded_body();
                let into = Into::Sink(sink);
                self.state = State::Body(Box::new(Reading::new(*plan, body, into, invite, now)));
                Step::On
            }
            Outcome::Crowded(plan) => {
                self.state = State::Seat { plan, until: now + SEAT_TIME };
                Step::Wait(Turn::until(Some(now + SEAT_GLANCE)))
            }
        }
    }

    /// Asks again for the seat that somebody leaves.
    fn seat(&mut self, mut plan: Box<Plan>, until: Instant, now: Instant) -> Step {
        if now >= until {
            plan.waits_no_longer();
        }
        let keep_alive = plan.head().keep_alive();
        match self.carry_out(*plan, Vec::new(), keep_alive, now) {
            Step::Wait(turn) => {
                if let State::Seat { until: renewed, .. } = &mut self.state {
                    *renewed = until;
                }
                Step::Wait(turn)
            }
            step => step,
        }
    }

    fn picture(
        &mut self,
        order: Box<Order>,
        mut wanted: Wanted,
        keep_alive: bool,
        now: Instant,
    ) -> Step {
        let snapshots = &self.context.snapshots;
        match wanted.look(snapshots, &self.context.engine.workers, &self.handle, now) {
            Some(taken) => {
                let answer = order.answer(taken);
                self.answer(answer, order.method(), keep_alive, now)
            }
            None => {
                let turn = wanted.waits_for();
                self.state = State::Picture { order, wanted, keep_alive };
                Step::Wait(turn)
            }
        }
    }

    fn storing(
        &mut self,
        mut promise: Box<Promise>,
        ending: Ending,
        until: Instant,
        now: Instant,
    ) -> Step {
        let keep_alive = ending == Ending::Request;
        match promise.look(now) {
            Some(_) if ending == Ending::Silence => Step::Over,
            Some(answer) => self.answer(answer, promise.method(), keep_alive, now),
            None if now >= until => self.answer(promise.too_late(), promise.method(), false, now),
            None => {
                let glance = promise.glance(now).map_or(until, |at| at.min(until));
                self.state = State::Storing { promise, ending, until };
                Step::Wait(Turn::until(Some(glance)))
            }
        }
    }

    /// Says what was wrong, and ends.
    fn refuse(&mut self, invalid: &Invalid, now: Instant) -> Step {
        let answer = Answer::text(invalid.status, &invalid.to_string());
        self.answer(answer, &Method::Get, false, now)
    }

    /// Sends an answer on its way.
    fn answer(&mut self, answer: Answer, method: &Method, keep_alive: bool, now: Instant) -> Step {
        let keep_alive = keep_alive && !answer.closes();
        let then = if keep_alive { Then::Request } else { Then::Close };
        self.send_off(answer, method, then, now)
    }

    fn send_off(&mut self, answer: Answer, method: &Method, then: Then, now: Instant) -> Step {
        let keep_alive = !matches!(then, Then::Close);
        let answer = match self.context.access.strict().filter(|_| self.wire.is_secure()) {
            Some((name, policy)) => answer.header(name, policy),
            None => answer,
        };
        let sending = answer.into_sending(method, keep_alive, self.context.clock.wall(), now);
        if sending.is_file() {
            self.wire.fit_for_files();
        }
        self.state = State::Sending { sending: Box::new(sending), then };
        Step::On
    }

    fn send(&mut self, mut sending: Box<Sending>, then: Then, now: Instant) -> Step {
        if !sending.holds() {
            return Step::Over;
        }
        let workers = &self.context.engine.workers;
        let until = match sending.pump(&mut self.wire, workers, &self.handle, now) {
            Ok(Progress::Done) => return self.go_on(then, now),
            Ok(Progress::Stuck { since }) if now >= since + REPLY_TIME => return Step::Over,
            Ok(Progress::Stuck { since }) => {
                self.guest.stands(Standing::UnreadReply, since);
                since + REPLY_TIME
            }
            Ok(Progress::Reading { until }) => until,
            Err(error) => {
                debug!("an answer was not taken: {error}");
                return Step::Over;
            }
        };
        self.state = State::Sending { sending, then };
        Step::Wait(Turn::until(Some(until)))
    }

    /// Does what comes after an answer that is out.
    fn go_on(&mut self, then: Then, now: Instant) -> Step {
        match then {
            Then::Request => {
                self.guest.stands(Standing::Idle, now);
                self.begin_head(now);
            }
            Then::Close => return self.close(now),
            // Until it tells that its client watches, it is worth no more than a connection that waits
            // for its next request: whoever must give way to others comes back.
            Then::Upgrade(protocol) => {
                self.guest.stands(Standing::Idle, now);
                self.state = State::Upgraded(protocol);
            }
        }
        Step::On
    }

    /// Closes in good order.
    fn close(&mut self, now: Instant) -> Step {
        if !self.wire.finish() {
            return Step::Over;
        }
        self.guest.stands(Standing::Idle, now);
        self.state = State::Lingering { until: now + LINGER_TIME, passed_over: 0 };
        Step::On
    }

    /// What there is of the next request is looked at, and its memory given back if there is none.
    fn begin_head(&mut self, now: Instant) {
        if self.input.is_empty() {
            self.input = Vec::new();
        }
        self.state = State::Head { since: now, patience: IDLE_TIME, begun: false, looked: 0 };
    }

    fn upgraded(&mut self, mut protocol: Box<dyn Upgraded>, now: Instant) -> Step {
        match protocol.turn(&mut self.wire, &mut self.input, &self.handle, now) {
            Verdict::Over => Step::Over,
            Verdict::Done => self.close(now),
            Verdict::Wait { until, news, unread_since, watches } => {
                match unread_since {
                    Some(since) => self.guest.stands(Standing::UnreadReply, since),
                    None if watches => self.guest.goes_on(Standing::Beside, now),
                    None => self.guest.goes_on(Standing::Idle, now),
                }
                self.state = State::Upgraded(protocol);
                Step::Wait(Turn::Wait { until, news, weight: 1 })
            }
        }
    }

    /// Takes what the client still sends, for a moment: to close at once would reset the
    /// connection, and the answer could be lost on its way (RFC 9112 §9.6).
    fn linger(&mut self, until: Instant, mut passed_over: usize, now: Instant) -> Step {
        self.input = Vec::new();
        match self.pass_over() {
            Ok(bytes) => passed_over += bytes,
            Err(()) => return Step::Over,
        }
        if self.ended || now >= until || passed_over >= MAX_LINGER_BYTES {
            return Step::Over;
        }
        self.state = State::Lingering { until, passed_over };
        Step::Wait(Turn::until(Some(until)))
    }
}

impl Talk for Connection {
    fn source(&mut self) -> Option<&mut dyn Source> {
        Some(self.wire.source())
    }

    fn is_costly(&self) -> bool {
        self.wire.is_agreeing()
    }

    fn turn(&mut self, moment: &mut Moment<'_>) -> Turn {
        self.wire.note(moment.ready);
        if self.guest.must_leave() {
            return Turn::Over;
        }
        for _ in 0..STEPS {
            match self.step(moment) {
                Step::On => {}
                Step::Wait(turn) => return turn,
                Step::Over => return Turn::Over,
            }
        }
        Turn::until(Some(moment.now))
    }

    fn end(&mut self) {
        if let State::Upgraded(protocol) = &mut self.state {
            protocol.end(&mut self.wire);
        }
    }
}

const HEAD_TIME: Duration = Duration::from_secs(10);
const IDLE_TIME: Duration = Duration::from_secs(60);
const LINGER_TIME: Duration = Duration::from_secs(1);
/// How long a seat is waited for that somebody leaves.
const SEAT_TIME: Duration = Duration::from_secs(1);
const SEAT_GLANCE: Duration = Duration::from_millis(20);
const CHUNK_BYTES: usize = 4096;
/// Steps in a turn, until others have theirs.
const STEPS: usize = 16;
