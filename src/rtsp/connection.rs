//! One client's RTSP connection, as its lane drives it: requests in, replies out, RTCP between
//! them, and the packets of the sessions that live in it.
//!
//! A state machine that waits for nothing. What requests mean is [`super::requests`]' and
//! [`super::lab`]'s; a client speaks either way, told by its first line. One request is answered
//! at a time, and none is taken while the client does not read the replies to those before.

mod dialect;

use std::io::{ErrorKind, Result};
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::debug;
use mio::event::Source;

use super::Server;
use super::client::{Announced, Asking, Client, PATIENCE};
use super::lab::{Lab, LabExchange};
use super::login::Visitor;
use super::mailbox::{Inbox, mailbox};
use super::messages::Messages;
use super::requests::{Exchange, Step};
use super::session::{Session, Surroundings, Wakeup};
use super::sessions::Mail;
use super::udp_session::PLAYING_WEIGHT;
use crate::net::accept::{Newcomer, canonical};
use crate::net::lane::{Moment, Talk, Turn};
use crate::net::registry::{Guest, Standing};
use crate::proto::rtp::rtcp;
use crate::proto::rtsp::lab::{self, Dialect};
use crate::proto::rtsp::{Front, Response, front, parse_request};

/// A connection.
pub(super) struct Connection {
    server: Arc<Server>,
    client: Client,
    visitor: Visitor,
    guest: Guest,
    lab: Lab,
    messages: Messages,
    /// What came and was not used yet.
    input: Vec<u8>,
    /// Whether nothing more comes: the client closed its sending half.
    ended: bool,
    /// Since when it waits for a request, or for the rest of one.
    waits_since: Instant,
    state: State,
    /// What begins when all replies have been written.
    announced: Vec<Announced>,
    /// The sessions that live here.
    hosted: Vec<Session>,
    inbox: Inbox<Mail>,
}

/// What a connection is at.
enum State {
    /// Between requests, or in one.
    Reads,
    /// In a request of the lab's that is whole if nothing more comes until then.
    Listens(Instant),
    /// A request is being answered.
    Answers(Box<Exchange>),
    /// The same in the lab's dialect.
    AnswersLab(Box<LabExchange>),
    /// The last reply is written, and what the client still sends is passed over: to close at
    /// once would reset the connection, and the reply could be lost on its way.
    Closes { until: Option<Instant>, passed_over: usize },
}

/// What a step came to.
enum Advance {
    /// There may be more.
    On,
    /// More must come, or something that is waited for.
    Wait,
    /// Another request can be taken when the client has read replies.
    Full,
}

impl Connection {
    /// A connection that has just come.
    pub(super) fn new(newcomer: Newcomer, server: Arc<Server>, now: Instant) -> Self {
        let Newcomer { wire, guest, handle, peer } = newcomer;
        let number = server.next_connection();
        let (mailbox, inbox) = mailbox(handle);
        let local = wire.ends().map_or(peer, |(local, _)| canonical(local));
        Self {
            client: Client { number, peer, local, mailbox },
            visitor: Visitor::new(number, peer.ip()),
            server,
            guest,
            lab: Lab::new(number),
            messages: Messages::new(wire),
            input: Vec::new(),
            ended: false,
            waits_since: now,
            state: State::Reads,
            announced: Vec::new(),
            hosted: Vec::new(),
            inbox,
        }
    }

    /// Goes on as far as it can. `None` if the connection is over.
    ///
    /// # Errors
    ///
    /// The system's, if the client is gone.
    fn go_on(&mut self, now: Instant) -> Result<Option<Turn>> {
        self.messages.flush(now)?;
        self.take_mail(now);
        let mut again = false;
        for step in 0..=STEPS {
            again = step == STEPS;
            if again || !matches!(self.advance(now)?, Advance::On) {
                break;
            }
        }
        let playing = self.play(now)?;
        if self.messages.is_free() {
            self.announced.drain(..).for_each(|announced| announced.go());
        }
        let Some(deadline) = self.deadline(now) else { return Ok(None) };
        self.tell_standing(playing.plays, now);
        let until = if again { now } else { deadline };
        let until =
            playing.until.into_iter().chain(self.messages.gives_up_at()).fold(until, Instant::min);
        let weight = if playing.plays { PLAYING_WEIGHT } else { 1 };
        Ok(Some(Turn::Wait { until: Some(until), news: playing.news, weight }))
    }

    /// Does what other connections ask of the sessions that live here.
    fn take_mail(&mut self, now: Instant) {
        for Mail { entry, ask, reply } in self.inbox.take() {
            let here = self.hosted.iter().position(|one| Arc::ptr_eq(&one.entry, &entry));
            let host = &self.client.mailbox.host;
            let messages = Some(&mut self.messages);
            let mut around = Surroundings { host, messages, now };
            // One that is not here any more is told so by the mail that is dropped.
            if let Some(at) = here
                && !self.hosted[at].ask(ask, reply, &mut around)
            {
                self.hosted.remove(at);
            }
        }
    }

    /// Takes a step with the request at hand, or with what has come.
    fn advance(&mut self, now: Instant) -> Result<Advance> {
        match std::mem::replace(&mut self.state, State::Reads) {
            State::Answers(exchange) => {
                let step = exchange.go_on(&mut self.asking(now));
                self.answer(step, now)
            }
            State::AnswersLab(exchange) => {
                let (lab, mut asking) = self.lab_asking(now);
                let step = lab.go_on(*exchange, &mut asking);
                self.answer_lab(step, now)
            }
            State::Closes { until, passed_over } => self.close(until, passed_over, now),
            state => {
                let silent = matches!(state, State::Listens(at) if now >= at);
                self.state = state;
                if self.messages.is_full() {
                    return Ok(Advance::Full);
                }
                self.take(silent, now)
            }
        }
    }

    /// Takes one thing from the front of what came. `silent` says that nothing followed it.
    fn take(&mut self, silent: bool, now: Instant) -> Result<Advance> {
        let front = front(&self.input);
        let used = match front {
            None => return self.fill(now),
            Some(Front::Nothing { length }) => length,
            Some(Front::Frame { payload, length, .. }) => {
                // A client sends nothing but RTCP. What is none is passed over.
                if let Ok(compound) = rtcp::parse(payload) {
                    self.server.sessions.rtcp(&compound, self.client.peer, now);
                }
                length
            }
            // To requests that a server could send; this one sends none.
            Some(Front::Reply) => return Ok(self.hang_up()),
            Some(Front::Request) => {
                let silent = silent || self.ended;
                return match lab::dialect(&self.input) {
                    Some(Dialect::Lab | Dialect::Terse) => self.take_lab(silent, now),
                    Some(Dialect::Unreadable) => self.refuse_unreadable(now),
                    Some(Dialect::MaybeUnreadable) if silent => self.refuse_unreadable(now),
                    Some(Dialect::MaybeUnreadable) => self.listen(lab::LONG_SILENCE, now),
                    None if self.input.len() < lab::MAX_REQUEST_BYTES => self.fill(now),
                    Some(Dialect::Standard) | None => self.take_request(now),
                };
            }
        };
        self.used(used, now);
        Ok(Advance::On)
    }

    fn take_request(&mut self, now: Instant) -> Result<Advance> {
        match parse_request(&self.input) {
            Ok(None) => self.fill(now),
            Ok(Some((request, length))) => {
                self.used(length, now);
                let step = Exchange::begin(request, &mut self.asking(now));
                self.answer(step, now)
            }
            Err(refused) => {
                debug!("refused: {refused}");
                self.reply(&Response::new(refused.status, refused.cseq), now)?;
                Ok(self.hang_up())
            }
        }
    }

    /// Notes that so much of the input has been used.
    fn used(&mut self, length: usize, now: Instant) {
        self.input.drain(..length);
        if self.input.is_empty() {
            self.input = Vec::new();
        }
        self.waits_since = now;
        self.state = State::Reads;
    }

    /// Reads more of what the client sends.
    fn fill(&mut self, now: Instant) -> Result<Advance> {
        if self.ended {
            return Ok(self.hang_up());
        }
        if self.input.len() >= MAX_INPUT_BYTES {
            return Err(ErrorKind::OutOfMemory.into());
        }
        let mut some = [0; CHUNK_BYTES];
        match self.messages.read(&mut some) {
            Ok(0) => self.ended = true,
            Ok(count) => {
                // A head has its time from its first byte on, however long none came.
                if self.input.is_empty() {
                    self.waits_since = now;
                }
                self.input.extend_from_slice(&some[..count]);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Advance::Wait),
            Err(error) => return Err(error),
        }
        Ok(Advance::On)
    }

    fn asking(&mut self, now: Instant) -> Asking<'_> {
        self.lab_asking(now).1
    }

    fn lab_asking(&mut self, now: Instant) -> (&Lab, Asking<'_>) {
        let Self { server, client, visitor, messages, hosted, lab, .. } = self;
        (lab, Asking { server, client, visitor, messages, hosted, now })
    }

    fn answer(&mut self, step: Step, now: Instant) -> Result<Advance> {
        match step {
            Step::Waits(exchange) => {
                self.state = State::Answers(Box::new(exchange));
                Ok(Advance::Wait)
            }
            Step::Answered(response, announced) => {
                self.reply(&response, now)?;
                self.announced.extend(announced);
                self.waits_since = now;
                if self.visitor.is_turned_away() {
                    return Ok(self.hang_up());
                }
                Ok(Advance::On)
            }
        }
    }

    fn reply(&mut self, response: &Response, now: Instant) -> Result<()> {
        let mut bytes = Vec::new();
        response.write(&mut bytes);
        self.messages.reply(&bytes, now)
    }

    fn hang_up(&mut self) -> Advance {
        self.state = State::Closes { until: None, passed_over: 0 };
        Advance::On
    }

    /// Ends the sessions that live here; then waits until the last reply is written, and for a
    /// moment for the client's own end.
    fn close(
        &mut self,
        until: Option<Instant>,
        mut passed_over: usize,
        now: Instant,
    ) -> Result<Advance> {
        self.input = Vec::new();
        self.end_sessions(now);
        let mut until = until;
        if self.messages.is_free() && until.is_none() {
            if !self.messages.wire.finish() {
                return Err(ErrorKind::NotConnected.into());
            }
            until = Some(now + LINGER_TIME);
        }
        let mut some = [0; CHUNK_BYTES];
        while !self.ended && passed_over < MAX_LINGER_BYTES {
            match self.messages.read(&mut some) {
                Ok(0) => self.ended = true,
                Ok(count) => passed_over += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.state = State::Closes { until, passed_over };
        Ok(Advance::Wait)
    }

    fn end_sessions(&mut self, now: Instant) {
        let host = &self.client.mailbox.host;
        for mut session in self.hosted.drain(..) {
            session.end(&mut Surroundings { host, messages: Some(&mut self.messages), now });
        }
    }

    /// Lets the sessions that live here play.
    fn play(&mut self, now: Instant) -> Result<Wakeup> {
        let host = &self.client.mailbox.host;
        let mut all = Wakeup::default();
        let mut at = 0;
        while let Some(session) = self.hosted.get_mut(at) {
            let mut around = Surroundings { host, messages: Some(&mut self.messages), now };
            if session.must_end() {
                session.end(&mut around);
                self.hosted.remove(at);
                continue;
            }
            let next = session.go_on(&mut around)?;
            all.until = all.until.into_iter().chain(next.until).min();
            all.news = all.news.union(next.news);
            all.plays |= next.plays;
            at += 1;
        }
        Ok(all)
    }

    /// When it is to be looked at if nothing happens before. `None` if it has come to its end.
    fn deadline(&mut self, now: Instant) -> Option<Instant> {
        match self.state {
            State::Closes { until, passed_over } => {
                let over = self.ended || passed_over >= MAX_LINGER_BYTES;
                let until = until.unwrap_or(now + IDLE_TIME);
                let free = self.messages.is_free();
                return (now < until && !(free && over)).then_some(until);
            }
            State::Listens(at) => return Some(at),
            // The time of whoever answers counts, not the client's.
            State::Answers(_) | State::AnswersLab(_) => {
                let patience = self.waits_since + PATIENCE;
                return Some(if now < patience { patience } else { now + AGAIN });
            }
            State::Reads => {}
        }
        let begun = !self.input.is_empty() || self.messages.wire.is_agreeing();
        let patience = if begun { HEAD_TIME } else { IDLE_TIME };
        let deadline = self.waits_since + patience;
        if now < deadline {
            return Some(deadline);
        }
        // Who watches, or may do so at once, need not speak.
        let lives = || self.server.sessions.of_connection(self.client.number).is_some();
        if begun || !lives() {
            debug!("a client said nothing for too long");
            return None;
        }
        self.waits_since = now;
        Some(now + IDLE_TIME)
    }

    /// Tells how it stands beside others, should some have to give way.
    fn tell_standing(&self, hosted_play: bool, now: Instant) {
        let plays =
            || self.server.sessions.of_connection(self.client.number).is_some_and(|plays| plays);
        let (standing, since) = match (&self.state, self.messages.stuck_since()) {
            (_, Some(since)) if self.messages.has_reply() => (Standing::UnreadReply, since),
            (_, Some(since)) => (Standing::UnreadStream, since),
            _ if hosted_play || plays() => (Standing::Watching, now),
            (State::Answers(_) | State::AnswersLab(_), _) => (Standing::Busy, now),
            _ => (Standing::Idle, self.waits_since),
        };
        self.guest.stands(standing, since);
    }
}

impl Talk for Connection {
    fn source(&mut self) -> Option<&mut dyn Source> {
        Some(self.messages.wire.source())
    }

    fn is_costly(&self) -> bool {
        self.messages.wire.is_agreeing()
    }

    fn turn(&mut self, moment: &mut Moment<'_>) -> Turn {
        self.messages.wire.note(moment.ready);
        if self.guest.must_leave() {
            return Turn::Over;
        }
        match self.go_on(moment.now) {
            Ok(Some(turn)) => turn,
            Ok(None) => {
                self.end_sessions(moment.now);
                Turn::Over
            }
            Err(error) => {
                debug!("RTSP connection ended: {error}");
                Turn::Over
            }
        }
    }

    fn end(&mut self) {
        self.end_sessions(self.server.context.clock.now());
    }
}

/// Until a request is asked again whose answer should have come.
const AGAIN: Duration = Duration::from_secs(1);
const HEAD_TIME: Duration = Duration::from_secs(10);
const IDLE_TIME: Duration = Duration::from_secs(60);
const LINGER_TIME: Duration = Duration::from_secs(1);
/// A frame, and a request with its body behind it.
const MAX_INPUT_BYTES: usize = 192 * 1024;
const CHUNK_BYTES: usize = 4096;
const MAX_LINGER_BYTES: usize = 256 * 1024;
/// Steps in a turn, until others have theirs.
const STEPS: usize = 32;

#[cfg(test)]
mod tests;
