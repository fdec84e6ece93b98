//! One client's HTTP connection, as its lane drives it: requests in, answers out, until it ends
//! or becomes a stream.
//!
//! A state machine that waits for nothing: a head, a body, a picture that is being made, an
//! answer that the client has not taken are each a [`State`]. What requests mean is
//! [`super::plan`]'s; how they are written is [`crate::proto::http`]'s. One request is
//! answered at a time, and no more is read meanwhile than its head may be long.

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::debug;
use mio::event::Source;

use super::answer::Answer;
use super::context::Context;
use super::plan::{Intake, Order, Outcome, Plan, plan};
use super::sending::{Progress, Sending};
use super::snapshot::Wanted;
use super::stream::{Look, Outlet, Stream};
use super::upgrade::{Upgraded, Verdict};
use crate::net::accept::Newcomer;
use crate::net::kernel::Kernel;
use crate::net::lane::{Handle, Moment, Talk, Turn};
use crate::net::limits::REPLY_TIME;
use crate::net::registry::{Guest, Standing};
use crate::net::wire::Wire;
use crate::proto::http::{Body, Head, Invalid, MAX_HEAD_BYTES, Method, Status, parse_head};
use crate::proto::sock_diag::TcpState;

/// A connection.
pub(super) struct Connection {
    wire: Wire,
    guest: Guest,
    handle: Handle,
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
    /// An answer is on its way.
    Sending { sending: Box<Sending>, keep_alive: bool },
    /// It is a stream now; the client has said so much since.
    Streaming { stream: Box<Stream>, heard: usize },
    /// It speaks another protocol now.
    Upgraded(Box<dyn Upgraded>),
    /// The last answer is out, and what the client still sends is passed over.
    Lingering { until: Instant, passed_over: usize },
    /// There is nothing more to do.
    Over,
}

/// A body that is being read.
struct Reading {
    plan: Plan,
    body: Body,
    /// Whether it is read only to find its end.
    dropped: bool,
    /// Whether the client waits to be invited.
    invite: bool,
    deadline: Instant,
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
        let Newcomer { wire, guest, handle, peer: _ } = newcomer;
        let state = State::Head { since: now, patience: HEAD_TIME, begun: false, looked: 0 };
        Self { wire, guest, handle, context, input: Vec::new(), ended: false, state }
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
            State::Sending { sending, keep_alive } => self.send(sending, keep_alive, moment.now),
            State::Streaming { stream, heard } => self.stream(stream, heard, moment),
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

    /// Decides about a request whose head is whole.
    fn take(&mut self, head: Head, now: Instant) -> Step {
        self.guest.stands(Standing::Busy, now);
        let plan = plan(&self.context, head, now);
        let (body, dropped, invite) = match plan.intake() {
            Intake::Nothing => {
                let keep_alive = plan.head().keep_alive();
                return self.carry_out(plan, Vec::new(), keep_alive, now);
            }
            Intake::Unread => return self.carry_out(plan, Vec::new(), false, now),
            Intake::Keep { body, invite } => (body, false, invite),
            Intake::Drop(body) => (body, true, false),
        };
        let deadline = now + BODY_TIME;
        self.state = State::Body(Box::new(Reading { plan, body, dropped, invite, deadline }));
        Step::On
    }

    fn body(&mut self, mut reading: Box<Reading>, now: Instant) -> Step {
        loop {
            match reading.body.feed(&self.input) {
                Ok(fed) => {
                    self.input.drain(..fed.consumed);
                    if fed.done {
                        let keep_alive = reading.plan.head().keep_alive();
                        let bytes = reading.body.into_bytes();
                        return self.carry_out(reading.plan, bytes, keep_alive, now);
                    }
                }
                Err(invalid) if reading.dropped && invalid.status == Status::ContentTooLarge => {
                    return self.carry_out(reading.plan, Vec::new(), false, now);
                }
                Err(invalid) => return self.refuse(&invalid, now),
            }
            if std::mem::take(&mut reading.invite)
                && self.input.is_empty()
                // Nothing else is on its way: so few bytes go whole, or the client is gone.
                && self.wire.write(b"HTTP/1.1 100 Continue\r\n\r\n").is_err()
            {
                return Step::Over;
            }
            match self.fill(BODY_CHUNK_BYTES) {
                Ok(true) => {}
                _ if self.ended => return Step::Over,
                Ok(false) => break,
                Err(()) => return Step::Over,
            }
        }
        if now >= reading.deadline {
            let answer = Answer::text(Status::RequestTimeout, "the request came too slowly");
            return self.answer(answer, &Method::Get, false, now);
        }
        let deadline = reading.deadline;
        self.state = State::Body(reading);
        Step::Wait(Turn::until(Some(deadline)))
    }

    /// Does what a request asks, once its body is there.
    fn carry_out(&mut self, plan: Plan, body: Vec<u8>, keep_alive: bool, now: Instant) -> Step {
        let method = plan.head().method.clone();
        match plan.answer(body, now) {
            Outcome::Answer(answer) => self.answer(answer, &method, keep_alive, now),
            Outcome::Stream(stream) => {
                self.wire.fit_for_streaming();
                self.guest.stands(Standing::Watching, now);
                self.state = State::Streaming { stream, heard: self.input.len() };
                self.input = Vec::new();
                Step::On
            }
            Outcome::Snapshot(order) => {
                let wanted = Wanted::new(&self.context.hub, order.level, now);
                self.state = State::Picture { order, wanted, keep_alive };
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

    /// Says what was wrong, and ends.
    fn refuse(&mut self, invalid: &Invalid, now: Instant) -> Step {
        let answer = Answer::text(invalid.status, &invalid.to_string());
        self.answer(answer, &Method::Get, false, now)
    }

    /// Sends an answer on its way.
    fn answer(&mut self, answer: Answer, method: &Method, keep_alive: bool, now: Instant) -> Step {
        let keep_alive = keep_alive && !answer.closes();
        let sending = answer.into_sending(method, keep_alive, self.context.clock.wall(), now);
        self.state = State::Sending { sending: Box::new(sending), keep_alive };
        Step::On
    }

    fn send(&mut self, mut sending: Box<Sending>, keep_alive: bool, now: Instant) -> Step {
        match sending.pump(&mut self.wire, &self.context.engine.workers, &self.handle, now) {
            Ok(Progress::Done) if keep_alive => {
                self.guest.stands(Standing::Idle, now);
                self.begin_head(now);
                Step::On
            }
            Ok(Progress::Done) => {
                if !self.wire.finish() {
                    return Step::Over;
                }
                self.guest.stands(Standing::Idle, now);
                self.state = State::Lingering { until: now + LINGER_TIME, passed_over: 0 };
                Step::On
            }
            Ok(Progress::Stuck { since }) => {
                if now >= since + REPLY_TIME {
                    return Step::Over;
                }
                self.guest.stands(Standing::UnreadReply, since);
                self.state = State::Sending { sending, keep_alive };
                Step::Wait(Turn::until(Some(since + REPLY_TIME)))
            }
            Ok(Progress::Reading { until }) => {
                self.state = State::Sending { sending, keep_alive };
                Step::Wait(Turn::until(Some(until)))
            }
            Err(error) => {
                debug!("an answer was not taken: {error}");
                Step::Over
            }
        }
    }

    /// What there is of the next request is looked at, and its memory given back if there is none.
    fn begin_head(&mut self, now: Instant) {
        if self.input.is_empty() {
            self.input = Vec::new();
        }
        self.state = State::Head { since: now, patience: IDLE_TIME, begun: false, looked: 0 };
    }

    fn stream(
        &mut self,
        mut stream: Box<Stream>,
        mut heard: usize,
        moment: &mut Moment<'_>,
    ) -> Step {
        match self.pass_over() {
            Ok(bytes) => heard += bytes,
            Err(()) => return Step::Over,
        }
        // Who listens no more to a stream that sends nothing is not found out by sending.
        if heard > MAX_HEARD_BYTES || (self.ended && stream.is_paused()) {
            return Step::Over;
        }
        if self.wire.is_writable() {
            stream.unblock();
        }
        let mut outlet = WayOut { wire: &mut self.wire, kernel: moment.kernel };
        match stream.pump(&mut outlet, &self.context.hub, moment.now) {
            Look::Over => Step::Over,
            Look::Again(at) => {
                let standing = match stream.stuck_since() {
                    Some(since) => (Standing::UnreadStream, since),
                    None => (Standing::Watching, moment.now),
                };
                self.guest.stands(standing.0, standing.1);
                self.state = State::Streaming { stream, heard };
                Step::Wait(Turn::Wait { until: Some(at), news: true, weight: STREAM_WEIGHT })
            }
        }
    }

    fn upgraded(&mut self, mut protocol: Box<dyn Upgraded>, now: Instant) -> Step {
        let verdict = protocol.turn(&mut self.wire, &mut self.input, now);
        match verdict {
            Verdict::Over => Step::Over,
            Verdict::Wait(until) => {
                self.state = State::Upgraded(protocol);
                Step::Wait(Turn::until(until))
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

    /// Reads more of what the client sends, up to `most` bytes unused. Whether there was any.
    ///
    /// Fails if the connection is broken.
    fn fill(&mut self, most: usize) -> Result<bool, ()> {
        if self.ended || self.input.len() >= most {
            return Ok(false);
        }
        let mut chunk = [0; CHUNK_BYTES];
        let room = CHUNK_BYTES.min(most - self.input.len());
        match self.wire.read(&mut chunk[..room]) {
            Ok(0) => {
                self.ended = true;
                Ok(false)
            }
            Ok(bytes) => {
                self.input.extend_from_slice(&chunk[..bytes]);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => {
                debug!("connection ended: {error}");
                Err(())
            }
        }
    }

    /// Reads what the client sends, and drops it. Returns how much that was.
    fn pass_over(&mut self) -> Result<usize, ()> {
        let mut passed_over = 0;
        while passed_over < MAX_HEARD_BYTES && self.fill(CHUNK_BYTES)? {
            passed_over += self.input.len();
            self.input.clear();
        }
        Ok(passed_over)
    }
}

impl Talk for Connection {
    fn source(&mut self) -> Option<&mut dyn Source> {
        Some(self.wire.source())
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
}

/// A stream's way out, for as long as it is looked at.
struct WayOut<'a> {
    wire: &'a mut Wire,
    kernel: &'a mut Kernel,
}

impl Write for WayOut<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.wire.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> std::io::Result<usize> {
        self.wire.write_vectored(slices)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.wire.flush()
    }
}

impl Outlet for WayOut<'_> {
    fn state(&mut self) -> Option<TcpState> {
        self.wire.state(self.kernel)
    }
}

const HEAD_TIME: Duration = Duration::from_secs(10);
const IDLE_TIME: Duration = Duration::from_secs(60);
const BODY_TIME: Duration = Duration::from_secs(20);
const LINGER_TIME: Duration = Duration::from_secs(1);
/// How long a seat is waited for that somebody leaves.
const SEAT_TIME: Duration = Duration::from_secs(1);
const SEAT_GLANCE: Duration = Duration::from_millis(20);
const CHUNK_BYTES: usize = 4096;
const BODY_CHUNK_BYTES: usize = 16 * 1024;
const MAX_LINGER_BYTES: usize = 256 * 1024;
/// A client that says so much to a stream, which has no ears, is ended.
const MAX_HEARD_BYTES: usize = 64 * 1024;
/// Steps in a turn, until others have theirs.
const STEPS: usize = 16;
/// What a stream weighs beside a connection that idles.
const STREAM_WEIGHT: u32 = 16;
