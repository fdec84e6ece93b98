//! The networking lab's dialect (Kurose and Ross): what its requests do.
//!
//! One session for each connection, whose number stands in every reply. How requests and
//! replies are written is [`crate::proto::rtsp::lab`]'s. What takes its time is a [`LabExchange`]
//! that the connection goes on with when it is notified.

use std::sync::Arc;
use std::time::Duration;

use log::debug;

use super::client::{Announced, Asking, Plan, Resource, Search, room_of};
use super::clip_feed::ClipFeed;
use super::clips::Missing;
use super::due::Preferences;
use super::feed::Feed;
use super::login::{Pass, Wish};
use super::mail::{Answer, Ask, Play};
use super::packing::Format;
use super::random_u32;
use super::sessions::Entry;
use super::stream::Packetizer;
use crate::net::workers::{Failed, Ticket};
use crate::proto::rtsp::lab::{LabRequest, Style, write_description, write_reply};
use crate::proto::rtsp::{Method, Refused, State, Status};

/// What a connection has in the lab's dialect.
pub(super) struct Lab {
    /// Below 2^31, as Java's clients read an `int`.
    number: u32,
    id: String,
}

/// A request that is being answered.
pub(super) struct LabExchange {
    request: LabRequest,
    pass: Pass,
    waits: Waits,
}

/// What a request waits for.
enum Waits {
    Resource(Search),
    /// That the session that was there makes room.
    Room(Ticket<Answer>, Resource),
    Answer(Ticket<Answer>, Arc<Entry>),
}

/// What going on with a request came to.
pub(super) enum LabStep {
    /// The reply, and what begins when it has been written.
    Answered(Vec<u8>, Option<Announced>),
    Waits(LabExchange),
}

/// What is known of a request's outcome.
enum Known {
    Status(Status),
    Plays(Announced),
    Described(String),
    NotYet(Waits),
}

impl Lab {
    pub(super) fn new(connection: u64) -> Self {
        // Six digits, as the lab's own server draws them.
        let number = 100_000 + random_u32() % 900_000;
        Self { number, id: format!("lab {connection}") }
    }

    /// The reply to what is no request.
    pub(super) fn refuse(&self, style: Style, refused: &Refused) -> Vec<u8> {
        write_reply(style, refused.status, refused.cseq.unwrap_or(0), self.number)
    }

    /// Begins to do what is asked.
    pub(super) fn begin(&self, request: LabRequest, at: &mut Asking<'_>) -> LabStep {
        let pass = match self.let_in(&request, at) {
            Ok(pass) => pass,
            Err(refusal) => {
                let known = Known::Status(refusal);
                return self.step(request, Pass::of_nobody(), known, at);
            }
        };
        let entry = at.session(&self.id);
        let ask = |at: &mut Asking<'_>, entry: &Arc<Entry>, ask| match at.ask(entry, ask) {
            Ok(ticket) => Known::NotYet(Waits::Answer(ticket, Arc::clone(entry))),
            Err(status) => Known::Status(status),
        };
        let known = match (&request.method, &entry) {
            (Method::Options, _) => Known::Status(Status::Ok),
            (Method::Setup, Some(entry)) if entry.state() == State::Playing => {
                Known::Status(Status::MethodNotValidInThisState)
            }
            (Method::Describe | Method::Setup, _) => {
                let name = self.name(&request, entry.as_deref());
                Known::NotYet(Waits::Resource(at.search(&format!("/{name}"))))
            }
            (Method::Play, Some(entry)) => {
                ask(at, entry, Ask::Play(Play { wait: FIRST_WAIT, ..Play::default() }))
            }
            (Method::Pause, Some(entry)) => ask(at, entry, Ask::Pause),
            (Method::Teardown, Some(entry)) => ask(at, entry, Ask::Teardown),
            // Also before SETUP: nothing is there, and nothing is left.
            (Method::Teardown, None) => Known::Status(Status::Ok),
            (Method::Play | Method::Pause, None) => {
                Known::Status(Status::MethodNotValidInThisState)
            }
            _ => Known::Status(Status::NotImplemented),
        };
        self.step(request, pass, known, at)
    }

    /// Lets a request's sender in, if guests may watch: it cannot log in.
    fn let_in(&self, request: &LabRequest, at: &mut Asking<'_>) -> Result<Pass, Status> {
        let entry = at.find(&self.id);
        let path = format!("/{}", self.name(request, entry.as_deref()));
        let room = match (&request.method, &entry) {
            (Method::Options, _) => return Ok(Pass::of_nobody()),
            (Method::Describe | Method::Setup, _) | (_, None) => room_of(&path),
            (_, Some(entry)) => entry.terms.pass.room(),
        };
        let method = request.method.as_str();
        let session = entry.as_ref().map(|entry| entry.terms.pass.who);
        let wish = Wish { method, uri: None, login: None, room, session };
        at.may_watch(&wish).map_err(|_| Status::Forbidden)
    }

    /// Goes on with a request.
    pub(super) fn go_on(&self, exchange: LabExchange, at: &mut Asking<'_>) -> LabStep {
        let LabExchange { request, pass, waits } = exchange;
        let known = self.known(&request, &pass, waits, at);
        self.step(request, pass, known, at)
    }

    fn step(
        &self,
        request: LabRequest,
        pass: Pass,
        mut known: Known,
        at: &mut Asking<'_>,
    ) -> LabStep {
        // What it waits for may be there already.
        for _ in 0..MAX_STEPS {
            let Known::NotYet(waits) = known else { break };
            known = self.known(&request, &pass, waits, at);
        }
        let reply = |status| write_reply(request.style, status, request.cseq, self.number);
        let (bytes, announced, status) = match known {
            Known::NotYet(waits) => return LabStep::Waits(LabExchange { request, pass, waits }),
            Known::Status(status) => (reply(status), None, status),
            Known::Plays(announced) => (reply(Status::Ok), Some(announced), Status::Ok),
            Known::Described(name) => {
                (write_description(&request, &name, self.number), None, Status::Ok)
            }
        };
        debug!("lab {} {:?}: {status}", request.method, request.name);
        LabStep::Answered(bytes, announced)
    }

    /// Looks whether what a request waits for is there.
    fn known(&self, request: &LabRequest, pass: &Pass, waits: Waits, at: &mut Asking<'_>) -> Known {
        match waits {
            Waits::Resource(mut search) => match search.outcome(at.now) {
                None => Known::NotYet(Waits::Resource(search)),
                Some(Err(missing)) => Known::Status(status_of(&missing)),
                Some(Ok(_)) if request.method == Method::Describe => {
                    let entry = at.session(&self.id);
                    Known::Described(self.name(request, entry.as_deref()))
                }
                Some(Ok(resource)) => self.make_room(request, pass, resource, at),
            },
            Waits::Room(ticket, resource) => match ticket.take() {
                None => Known::NotYet(Waits::Room(ticket, resource)),
                Some(Ok(Answer::Refused(status))) => Known::Status(status),
                Some(_) => self.set_up(request, pass, resource, at),
            },
            Waits::Answer(ticket, entry) => match ticket.take() {
                None => Known::NotYet(Waits::Answer(ticket, entry)),
                Some(Ok(Answer::Done)) => Known::Status(Status::Ok),
                Some(Ok(Answer::Plays(playing))) => {
                    Known::Plays(Announced::new(playing.gate, &entry))
                }
                Some(Ok(Answer::Refused(status))) => Known::Status(status),
                Some(Err(Failed)) => Known::Status(Status::SessionNotFound),
            },
        }
    }

    /// Ends the session that was set up before.
    fn make_room(
        &self,
        request: &LabRequest,
        pass: &Pass,
        resource: Resource,
        at: &mut Asking<'_>,
    ) -> Known {
        // What is refused changes nothing.
        if port(request, at).is_none() {
            return Known::Status(Status::UnsupportedTransport);
        }
        let Some(entry) = at.session(&self.id) else {
            return self.set_up(request, pass, resource, at);
        };
        match at.ask(&entry, Ask::Replace) {
            Ok(ticket) => Known::NotYet(Waits::Room(ticket, resource)),
            Err(status) => Known::Status(status),
        }
    }

    fn set_up(
        &self,
        request: &LabRequest,
        pass: &Pass,
        resource: Resource,
        at: &mut Asking<'_>,
    ) -> Known {
        let Some(port) = port(request, at) else {
            return Known::Status(Status::UnsupportedTransport);
        };
        let preferences = Preferences { fps: Some(FPS), ..Preferences::default() };
        let feed = match resource {
            Resource::Live(room) => Feed::live(room, preferences, at.now),
            Resource::Clip(clip) => {
                let feed = ClipFeed::new(clip, preferences, Some(FPS), Format::Lab, at.now);
                Feed::Clip(Box::new(feed))
            }
        };
        let mut to = at.client.peer;
        to.set_port(port);
        let plan = Plan {
            id: self.id.clone(),
            target: request.name.clone().unwrap_or_else(|| LIVE.into()),
            pass: pass.clone(),
            feed,
            packetizer: Packetizer::Lab { to, number: 0, ssrc: random_u32() },
            ssrc: None,
            rtcp: None,
            bound: true,
        };
        Known::Status(at.set_up(plan).err().unwrap_or(Status::Ok))
    }

    /// Which video a request is about.
    fn name(&self, request: &LabRequest, entry: Option<&Entry>) -> String {
        let of_session = || entry.filter(|_| request.method == Method::Describe);
        let named = request.name.clone();
        named.or_else(|| Some(of_session()?.terms.target.clone())).unwrap_or_else(|| LIVE.into())
    }
}

/// The port that a client takes datagrams at, if it can have any.
fn port(request: &LabRequest, at: &Asking<'_>) -> Option<u16> {
    // Over UDP, what TLS hides would go in clear.
    let possible = at.server.ports.is_some() && !at.messages.wire.is_secure();
    request.client_port.filter(|port| *port >= 1024 && possible)
}

fn status_of(missing: &Missing) -> Status {
    match missing {
        Missing::Unknown | Missing::Unplayable(_) => Status::NotFound,
        Missing::Busy => Status::ServiceUnavailable,
    }
}

const LIVE: &str = "live";
/// A picture each 50 ms.
const FPS: f64 = 20.0;
/// Some clients bind their port only after the reply to PLAY.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// What a request waits for, one after another, and then its outcome.
const MAX_STEPS: usize = 4;
