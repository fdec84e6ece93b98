//! `GET /socket`: the page's one connection, on which its state comes and its commands go.
//!
//! What is said is in `docs/socket.md`. A socket belongs to its connection, and waits for nothing.
//! Who does not take what was sent gets no more of it: the next state is the newest then, and
//! until then no command is read. Frames are [`Session`]'s; what changed is [`news`]'.

mod chat;
mod following;
mod listing;
mod message;
mod news;
mod wish;

use std::io::{Error, ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::debug;
use serde_json::{Value, json};

use super::chats::topics;
use super::command::{Asker, Done, Refused, Stored};
use super::fields;
use super::pass::Pass;
use super::request::{Reply, Request};
use super::upgrade::{Upgraded, Verdict};
use super::words;
use crate::base::rate::{Rate, Rates};
use crate::chat::{News as ChatNews, Seat};
use crate::film::Presence;
use crate::live::settings::ViewerId;
use crate::net::lane::{Handle, Topics};
use crate::net::wire::{Outflow, Wire};
use crate::net::workers::Ticket;
use crate::proto::http::Status;
use crate::proto::websocket::{Code, Event, Limits, Session};
use crate::room::Showing;
use crate::store::NotKept;
use chat::{Outcome, Speaker, Told};
use following::Following;
use listing::{Listing, Said};
use message::{Wish, answer, answer_with, hello, refused, state};
use news::News;

/// Opens a socket.
pub(super) fn open(request: &Request) -> Reply {
    let switching = match request.handshake() {
        Ok(switching) => switching,
        Err(refused) => return refused.into(),
    };
    let tab = match fields::tab(&request.query) {
        Ok(tab) => tab,
        Err(bad) => return request.bad(&bad).into(),
    };
    let known = request.identity().id();
    let id = known.unwrap_or_else(ViewerId::random);
    let socket = Socket {
        asker: request.asker(tab),
        pass: Pass::of(request),
        id,
        known: known.is_some(),
        session: Session::new(Limits { message: MAX_MESSAGE_BYTES, binary: false }),
        news: News::default(),
        listing: None,
        following: None,
        showing: None,
        seat: None,
        commands: Rates::new(COMMANDS, 1),
        storing: None,
        look_at: None,
        watches: false,
        busy: false,
        ping_at: request.at + PING_EACH,
        heard_at: request.at,
        unread_since: None,
        sent: 0,
    };
    Reply::Upgrade(request.introduce(switching, id), Box::new(socket))
}

/// Why a command is refused before it is tried, as it is said; for `fuzz/`.
#[cfg(fuzzing)]
pub fn refusal_of_command(text: &str) -> Option<String> {
    let message = message::read(text);
    message.wish.err().map(|why| refused(&message.id, &why))
}

/// A page's socket.
struct Socket {
    asker: Asker,
    /// The right of who opened it.
    pass: Pass,
    /// In whose name it commands.
    id: ViewerId,
    /// Whether that was given before.
    known: bool,
    session: Session,
    news: News,
    /// For a page that shows all rooms.
    listing: Option<Listing>,
    /// For a page that plays a title of the library.
    following: Option<Following>,
    /// The films that the room plays, before which it sits.
    showing: Option<(Arc<Showing>, Presence)>,
    /// The place in the room's chat, for who entered it.
    seat: Option<Seat>,
    commands: Rates<()>,
    /// What was commanded last and is being stored: no other is heard meanwhile.
    storing: Option<Storing>,
    /// When to look for news; `None` before the greeting.
    look_at: Option<Instant>,
    /// Whether its page's stream was open at the last look.
    watches: bool,
    /// Whether there is more to hear or to say at once, after others had their turns.
    busy: bool,
    ping_at: Instant,
    heard_at: Instant,
    unread_since: Option<Instant>,
    /// What had gone out of the connection when there was no more room.
    sent: u64,
}

/// A command that is being stored.
struct Storing {
    /// The command's.
    id: Value,
    what: Stage,
}

/// Which one that is.
enum Stage {
    /// A viewer's, and what is said when it is.
    Viewer(Ticket<Stored>, Option<&'static str>),
    /// One of the chat.
    Chat(Ticket<chat::Done>),
}

impl Socket {
    /// Reads what came and does it, for as long as what is answered is taken.
    fn hear(&mut self, wire: &mut Wire, input: &mut Vec<u8>, now: Instant) -> Result<(), Gone> {
        self.session.feed(&std::mem::take(input));
        for _ in 0..READS {
            while self.storing.is_none()
                && let Some(event) = self.session.next()
            {
                self.heard_at = now;
                if let Event::Text(text) = event {
                    self.obey(&text, now);
                }
                // What else came of this chunk waits until the answers are taken.
                if self.session.outgoing().len() >= UNSENT_BYTES && !self.flush(wire, now)? {
                    return Ok(());
                }
            }
            if !self.flush(wire, now)? || self.session.is_over() || self.storing.is_some() {
                return Ok(());
            }
            let mut chunk = [0; CHUNK_BYTES];
            match wire.read(&mut chunk) {
                Ok(0) => return Err(Gone),
                Ok(bytes) => self.session.feed(&chunk[..bytes]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => {
                    debug!("a socket ended: {error}");
                    return Err(Gone);
                }
            }
        }
        self.busy = true;
        Ok(())
    }

    fn obey(&mut self, text: &str, now: Instant) {
        if self.commands.may(&(), now).is_err() {
            self.session.close(Code::Policy);
            return;
        }
        self.commands.did((), now);
        self.asker.at = now;
        let message = message::read(text);
        let mut told = None;
        let done = message.wish.and_then(|wish| match wish {
            Wish::Answer => {
                let clock = &self.asker.context.clock;
                let passed = clock.since_start(clock.now());
                told = Some(json!({ "clock_ms": passed.as_secs_f64() * 1e3 }));
                Ok(None)
            }
            Wish::Rooms => {
                self.listing.get_or_insert_default();
                Ok(None)
            }
            Wish::Follow(title) => {
                self.following = Some(Following::new(&self.asker.context, title));
                Ok(None)
            }
            Wish::Done(command) if !self.pass.may(command.needs()) => {
                Err(Refused::new(Status::Forbidden, words::ENTRY_NOT_ALLOWED))
            }
            Wish::Done(command) => {
                let notice = command.notice();
                let done = command.carry_out(&self.asker, self.id, self.known)?;
                self.known = true;
                if let Done::Storing(_, ticket) = done {
                    let (id, what) = (message.id.clone(), Stage::Viewer(ticket, notice));
                    self.storing = Some(Storing { id, what });
                }
                Ok(Some(notice))
            }
            Wish::Chat(wish) => {
                let speaker = Speaker { asker: &self.asker, pass: &self.pass, id: self.id };
                match speaker.obey(&mut self.seat, wish)? {
                    Outcome::Now(fields) => told = Some(fields),
                    Outcome::Later(ticket) => {
                        let (id, what) = (message.id.clone(), Stage::Chat(ticket));
                        self.storing = Some(Storing { id, what });
                    }
                }
                Ok(None)
            }
        });
        if self.storing.is_some() {
            return;
        }
        let said = match done {
            Ok(None) => match told {
                Some(fields) => answer_with(&message.id, fields),
                None => answer(&message.id, None, None),
            },
            Ok(Some(notice)) => {
                let whole = self.news.after(&self.asker, self.id, now);
                answer(&message.id, Some(&whole), notice)
            }
            Err(why) => refused(&message.id, &why),
        };
        self.session.say(said);
    }

    /// Answers the command that was being stored, once it is, or cannot be.
    fn answer_stored(&mut self, now: Instant) {
        let Some(Storing { id, what }) = self.storing.take() else { return };
        let said = match &what {
            Stage::Viewer(ticket, notice) => {
                ticket.take().map(|stored| match stored.unwrap_or(Err(NotKept::Ending)) {
                    Ok(()) => {
                        let whole = self.news.after(&self.asker, self.id, now);
                        answer(&id, Some(&whole), *notice)
                    }
                    Err(why) => refused(&id, &why.into()),
                })
            }
            Stage::Chat(ticket) => ticket.take().map(|done| {
                match done.unwrap_or_else(|_| Err(NotKept::Ending.into())) {
                    Ok(Told { answer, seat }) => {
                        self.seat = seat.or(self.seat.take());
                        answer_with(&id, answer)
                    }
                    Err(why) => refused(&id, &why),
                }
            }),
        };
        match said {
            Some(said) => self.session.say(said),
            None => self.storing = Some(Storing { id, what }),
        }
    }

    /// Says what is new in the chat, as far as it is taken.
    fn tell_chat(&mut self) {
        while let Some(seat) = &mut self.seat
            && self.session.outgoing().len() < UNSENT_CHAT_BYTES
        {
            match seat.news() {
                ChatNews::Nothing => return,
                ChatNews::Message(told) => self.session.say(told.to_string()),
                ChatNews::Out(told) => {
                    self.session.say(told.to_string());
                    self.seat = None;
                }
            }
        }
    }

    /// Says first what this is, and all that there is to know; commands are heard after that.
    fn greet(&mut self, now: Instant) {
        self.sit_down();
        self.session.say(hello());
        let whole = self.news.whole(&self.asker, self.id, now);
        self.session.say(state(&whole));
        self.look_at = Some(now + news::EACH);
    }

    /// Says what is new, if it is time for it.
    fn look(&mut self, handle: &Handle, now: Instant) {
        if let Some(listing) = &mut self.listing {
            match listing.look(&self.asker.context, self.pass.caller(), handle, now) {
                Some(Said::Text(list)) => self.session.say(list),
                Some(Said::Picture(picture)) => self.session.send(picture),
                None => {}
            }
            // One at a time, each when the one before is taken.
            self.busy |= !self.session.outgoing().is_empty();
        }
        self.tell_chat();
        if self.look_at.is_some_and(|at| at > now) {
            return;
        }
        if let Some(seat) = &self.seat {
            seat.chat().tick();
        }
        self.sit_down();
        self.watches = self.has_stream() || self.showing.is_some();
        if let Some(following) = &mut self.following
            && let Some(told) = following.look(&self.asker.context, self.pass.caller())
        {
            self.session.say(told);
        }
        if let Some(sections) = self.news.since(&self.asker, self.id, now) {
            self.session.say(state(&sections));
        }
        self.look_at = Some(now + news::EACH);
        if now >= self.ping_at {
            self.ping_at = now + PING_EACH;
            self.session.ping();
        }
    }

    /// Is there, before what the room plays now.
    fn sit_down(&mut self) {
        let now = self.asker.room.showing();
        let is_same = match (&self.showing, &now) {
            (Some((before, _)), Some(now)) => Arc::ptr_eq(before, now),
            (None, None) => true,
            _ => false,
        };
        if !is_same {
            self.showing = now.map(|showing| {
                let presence = showing.theatre.enter();
                (showing, presence)
            });
        }
    }

    fn has_stream(&self) -> bool {
        let Asker { context, room, tab, .. } = &self.asker;
        let viewer = context.audience.known(&room.crowd, self.id);
        viewer.is_some_and(|viewer| viewer.watches_in(tab.as_deref()))
    }

    /// Sends what there is to send. Whether all of it is out.
    fn flush(&mut self, wire: &mut Wire, now: Instant) -> Result<bool, Gone> {
        let out = self.session.outgoing();
        while !out.is_empty() {
            match wire.write(out) {
                Ok(0) => return Err(Gone),
                Ok(bytes) => {
                    out.drain(..bytes);
                }
                Err(error) => return self.blocked(&error, wire, now),
            }
        }
        *out = Vec::new();
        match wire.flush() {
            Ok(()) => {
                self.unread_since = None;
                Ok(true)
            }
            Err(error) => self.blocked(&error, wire, now),
        }
    }

    /// Notes that there is no more room, if that is what is wrong.
    fn blocked(&mut self, error: &Error, wire: &Wire, now: Instant) -> Result<bool, Gone> {
        if error.kind() != ErrorKind::WouldBlock {
            debug!("a socket ended: {error}");
            return Err(Gone);
        }
        if std::mem::replace(&mut self.sent, wire.sent()) != wire.sent() {
            self.unread_since = None;
        }
        self.unread_since.get_or_insert(now);
        Ok(false)
    }
}

/// The other side is not there any more.
struct Gone;

impl Upgraded for Socket {
    fn turn(
        &mut self,
        wire: &mut Wire,
        input: &mut Vec<u8>,
        handle: &Handle,
        now: Instant,
    ) -> Verdict {
        self.busy = false;
        if !self.pass.holds(&self.asker.context) {
            self.session.close(Code::Forbidden);
            // What does not go at once goes nowhere.
            let _ = self.flush(wire, now);
            return Verdict::Done;
        }
        if self.look_at.is_none() {
            self.greet(now);
        }
        if self.asker.room.crowd.is_dismissed() {
            self.session.close(Code::GoingAway);
        }
        self.answer_stored(now);
        let out = match self.flush(wire, now) {
            Ok(true) => self.hear(wire, input, now).and_then(|()| {
                if !self.session.is_over() && self.session.outgoing().is_empty() {
                    self.look(handle, now);
                }
                self.flush(wire, now)
            }),
            stuck_or_gone => stuck_or_gone,
        };
        match out {
            Err(Gone) => return Verdict::Over,
            Ok(true) if self.session.is_over() => return Verdict::Done,
            Ok(_) => {}
        }
        let stuck_until = self.unread_since.map(|since| since + STUCK);
        let silent_until = self.heard_at + SILENCE;
        if now >= silent_until || stuck_until.is_some_and(|until| now >= until) {
            return Verdict::Over;
        }
        let soon = self.busy.then_some(now).or(self.look_at);
        let until = stuck_until.or(soon).map_or(silent_until, |at| at.min(silent_until));
        let (unread_since, watches) = (self.unread_since, self.watches);
        let news = self.seat.as_ref().map_or(Topics::NONE, |_| topics(&self.asker.room));
        Verdict::Wait { until: Some(until), news, unread_since, watches }
    }

    fn end(&mut self, wire: &mut Wire) {
        self.session.close(Code::GoingAway);
        // What does not go at once goes nowhere.
        let _ = self.flush(wire, Instant::now());
    }
}

/// Bytes of a command.
const MAX_MESSAGE_BYTES: usize = 16 * 1024;
/// A page sends a few; a script that sends more is ended.
const COMMANDS: Rate = Rate { burst: 40, each: Duration::from_millis(50) };
const PING_EACH: Duration = Duration::from_secs(15);
/// Two pings were not answered.
const SILENCE: Duration = Duration::from_secs(40);
/// A client that takes nothing for so long is gone.
const STUCK: Duration = Duration::from_secs(20);
const CHUNK_BYTES: usize = 4096;
/// No more is heard while so much is not sent: about an answer with the whole state.
const UNSENT_BYTES: usize = 4096;
/// No more of the chat is said while so much is not sent.
const UNSENT_CHAT_BYTES: usize = 64 * 1024;
/// How often a turn reads, until others have theirs.
const READS: usize = 8;
