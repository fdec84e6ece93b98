//! A connection as its requests see it: who asks, and what they may do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clips::{Clip, Lookup, Missing};
use super::feed::Feed;
use super::login::{Pass, Refusal, Visitor, Wish, may_watch};
use super::mail::{Answer, Ask, Gate};
use super::mailbox::{Mailbox, Returned, mailbox};
use super::messages::Messages;
use super::session::{Session, Surroundings};
use super::sessions::{Entry, Mail, Terms};
use super::stream::{Packetizer, Stream};
use super::udp_session::UdpSession;
use super::{Server, random};
use crate::base::warn_rate::WarnRate;
use crate::net::lane::Handle;
use crate::net::workers::{Busy, Ticket, owe};
use crate::proto::rtsp::Status;
use crate::room::Room;

/// Who asks: one connection.
pub(super) struct Client {
    /// No other has it.
    pub(super) number: u64,
    pub(super) peer: SocketAddr,
    /// The address of this machine that it came to.
    pub(super) local: SocketAddr,
    /// Where what is asked of its sessions on other connections comes to.
    pub(super) mailbox: Mailbox<Mail>,
}

/// A connection during its turn.
pub(super) struct Asking<'a> {
    pub(super) server: &'a Arc<Server>,
    pub(super) client: &'a Client,
    pub(super) visitor: &'a mut Visitor,
    pub(super) messages: &'a mut Messages,
    /// The sessions that live in the connection.
    pub(super) hosted: &'a mut Vec<Session>,
    pub(super) now: Instant,
}

/// What can be asked for.
#[derive(Clone)]
pub(super) enum Resource {
    /// What a room shows.
    Live(Arc<Room>),
    Clip(Arc<Clip>),
}

/// A resource that is looked for.
pub(super) enum Search {
    Over(Result<Resource, Missing>),
    /// Since when.
    Clip(Lookup, Instant),
}

/// What is fixed of a session before it is known where it lives.
pub(super) struct Plan {
    pub(super) id: String,
    pub(super) target: String,
    /// What its client was let in for.
    pub(super) pass: Pass,
    pub(super) feed: Feed,
    pub(super) packetizer: Packetizer,
    pub(super) ssrc: Option<u32>,
    pub(super) rtcp: Option<SocketAddr>,
    /// Whether it lives in its connection, and ends with it.
    pub(super) bound: bool,
}

/// What is let go when a reply has been written.
pub(super) struct Announced {
    gate: Gate,
    host: Handle,
}

impl Announced {
    /// A session that may send once its client knows of it.
    pub(super) fn new(gate: Gate, entry: &Entry) -> Self {
        Self { gate, host: entry.mailbox.host.clone() }
    }

    /// Lets its packets leave.
    pub(super) fn go(&self) {
        self.gate.store(true, std::sync::atomic::Ordering::Release);
        self.host.notify();
    }
}

impl Asking<'_> {
    /// The way to the connection itself.
    pub(super) fn host(&self) -> &Handle {
        &self.client.mailbox.host
    }

    /// Whether the client may watch what it asks for.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if not.
    pub(super) fn may_watch(&mut self, wish: &Wish<'_>) -> Result<Pass, Refusal> {
        let is_seen = !self.messages.wire.is_secure() && !self.client.peer.ip().is_loopback();
        if is_seen && self.server.context.access.is_by_tls_only() {
            return Err(Refusal::Forbidden);
        }
        may_watch(&self.server.door, self.visitor, wish, self.now)
    }

    /// Looks for what lies at a path.
    pub(super) fn search(&self, path: &str) -> Search {
        let name = path.trim_start_matches('/');
        let rooms = &self.server.context.rooms;
        if matches!(name, "" | "live") {
            return Search::Over(Ok(Resource::Live(rooms.default())));
        }
        if let Some(room) = room_of(path) {
            let room = rooms.named(room).map(Resource::Live).ok_or(Missing::Unknown);
            return Search::Over(room);
        }
        let Some(clips) = &self.server.clips else { return Search::Over(Err(Missing::Unknown)) };
        match clips.look_up(name, self.host()) {
            Ok(lookup) => Search::Clip(lookup, self.now),
            Err(Busy) => Search::Over(Err(Missing::Busy)),
        }
    }

    /// The session of this client that has a name.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Entry>> {
        self.server.sessions.find(id, self.client.peer.ip())
    }

    /// The same, for who may use it; it lives on by being named.
    pub(super) fn session(&self, id: &str) -> Option<Arc<Entry>> {
        let entry = self.find(id)?;
        entry.heard(self.now);
        Some(entry)
    }

    /// Asks something of a session, wherever it lives.
    ///
    /// # Errors
    ///
    /// The status to answer, if it is not there any more or too much is asked of it.
    pub(super) fn ask(&mut self, entry: &Arc<Entry>, ask: Ask) -> Result<Ticket<Answer>, Status> {
        let host = self.client.mailbox.host.clone();
        let (reply, ticket) = owe(&host);
        let here = self.hosted.iter().position(|session| Arc::ptr_eq(&session.entry, entry));
        if let Some(at) = here {
            let messages = Some(&mut *self.messages);
            let mut around = Surroundings { host: &host, messages, now: self.now };
            if !self.hosted[at].ask(ask, reply, &mut around) {
                self.hosted.remove(at);
            }
            return Ok(ticket);
        }
        let mail = Mail { entry: Arc::clone(entry), ask, reply };
        match entry.mailbox.send(mail) {
            Ok(()) => Ok(ticket),
            Err(Returned::Full) => Err(Status::ServiceUnavailable),
            Err(Returned::Gone) => Err(Status::SessionNotFound),
        }
    }

    /// Sets a session up.
    ///
    /// # Errors
    ///
    /// The status to answer, if there are too many.
    pub(super) fn set_up(&mut self, plan: Plan) -> Result<Arc<Entry>, Status> {
        let Plan { id, target, pass, feed, packetizer, ssrc, rtcp, bound } = plan;
        let owner = self.host().clone();
        let terms = Terms {
            id,
            target,
            pass,
            client: self.client.peer.ip(),
            connection: self.client.number,
            owner: owner.clone(),
            bound,
            ssrc,
            rtcp,
        };
        let (own, inbox) = mailbox(owner.neighbour());
        let mailbox = if bound { self.client.mailbox.clone() } else { own };
        let host = mailbox.host.clone();
        let entry = self.server.sessions.add(terms, feed.length(), mailbox, self.now);
        let entry = entry.ok_or(Status::NotEnoughBandwidth)?;
        let server = Arc::clone(self.server);
        let stream = Stream::new(feed, packetizer, server.context.clock.clone());
        let session = Session::new(Arc::clone(&server), Arc::clone(&entry), stream);
        if bound {
            self.hosted.push(session);
        } else {
            let talk = UdpSession::new(server, host.clone(), session, inbox);
            host.begin(Box::new(talk));
        }
        Ok(entry)
    }
}

impl Search {
    /// What it came to, once that is known. Nobody waits for ever: what is found out later is
    /// there for whoever asks again.
    pub(super) fn outcome(&mut self, now: Instant) -> Option<Result<Resource, Missing>> {
        let (lookup, since) = match self {
            Search::Over(outcome) => return Some(outcome.clone()),
            Search::Clip(lookup, since) => (lookup, *since),
        };
        let Some(outcome) = lookup.outcome() else {
            return (now >= since + PATIENCE).then_some(Err(Missing::Busy));
        };
        if let Err(Missing::Unplayable(trouble)) = &outcome {
            UNPLAYABLE.warn(now, format_args!("{trouble}"));
        }
        Some(outcome.map(Resource::Clip))
    }
}

/// The room that a path names; none for the default one and for a clip.
pub(super) fn room_of(path: &str) -> Option<&str> {
    let room = path.trim_start_matches('/').strip_prefix("r/")?;
    Some(room.strip_suffix("/live").unwrap_or(room))
}

/// Clips that were asked for and cannot be played.
static UNPLAYABLE: WarnRate = WarnRate::new(module_path!());

/// A name for a session that nobody guesses (RFC 2326 §3.4).
pub(super) fn session_id() -> String {
    random::<8>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How long a request waits for a clip to be read through.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
