//! One request as its handler sees it, and what most handlers need of it.
//!
//! Owned, so that an answer that must wait for a picture can be made later, on another thread.
//! What a request means is its handler's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::access::Grant;
use super::answer::Answer;
use super::client::Client;
use super::command::Asker;
use super::context::Context;
use super::fields::{BadField, Fields};
use super::identity::Identity;
use super::snapshot::What;
use super::stream::Stream;
use super::upgrade::Upgraded;
use crate::account::{Caller, Whence, hash_of};
use crate::live::settings::ViewerId;
use crate::live::viewer::Viewer;
use crate::net::lane::Handle;
use crate::proto::http::{Head, ResponseHead, Status};
use crate::proto::websocket::{NoUpgrade, accept};
use crate::room::Room;

/// A request that may be answered.
pub(super) struct Request {
    pub(super) context: Arc<Context>,
    /// The room that it is about.
    pub(super) room: Arc<Room>,
    /// Where what it asks for lies in that room.
    pub(super) path: String,
    /// The name in that path, where its route has one.
    pub(super) rest: String,
    pub(super) head: Head,
    /// Those fields of the query that its route reads.
    pub(super) query: Fields,
    /// Empty unless its route takes a form.
    pub(super) body: Vec<u8>,
    /// When it was whole.
    pub(super) at: Instant,
    /// Who sends it, as the network has it.
    pub(super) client: Client,
    /// Who sends it, as the accounts have it, and what that one may do.
    pub(super) caller: Caller,
    /// That of the accounts, when it was looked up.
    pub(super) revision: u64,
    /// Its connection, which is called when what it waits for is there.
    pub(super) handle: Handle,
    /// Whether pages of other origins may read the answer.
    pub(super) grant: Grant,
    /// How it stands with its seat, if it asks for a stream.
    pub(super) seat: Seating,
}

/// How a request stands with the seat that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seating {
    /// It has just come.
    New,
    /// Somebody was asked to leave his.
    Awaited,
    /// That did not help.
    GivenUp,
}

/// What a handler has to say.
pub(super) enum Reply {
    /// This.
    Answer(Answer),
    /// The connection becomes this stream.
    Stream(Box<Stream>),
    /// This picture is to be made first.
    Snapshot(What),
    /// Something is to be stored first.
    Storing(Box<dyn Later>),
    /// The body goes there, and the answer comes from there.
    Receive(Box<dyn Sink>),
    /// The connection speaks this protocol after this answer.
    Upgrade(Answer, Box<dyn Upgraded>),
    /// There is no seat, but soon there may be one.
    Crowded,
}

/// An answer that there is later.
pub(super) trait Later: Send {
    /// The answer, once it is there; the request's connection is called for it.
    fn look(&mut self, request: &Request, now: Instant) -> Option<Answer>;

    /// When it is to be looked at again, though nobody is called.
    fn glance(&self, _now: Instant) -> Option<Instant> {
        None
    }

    /// How long it may take.
    fn lasts(&self) -> Duration {
        STORE_TIME
    }

    /// The answer if it takes longer.
    fn too_late(&self, request: &Request) -> Answer {
        let why = "the server is too busy, or its disk too slow: whether it is kept is not known";
        request.refuse(Status::ServiceUnavailable, why)
    }
}

/// Takes a request's body piece by piece.
pub(super) trait Sink: Send {
    /// Whether it takes more now; if not, it notifies the connection when it does.
    fn look(&mut self, now: Instant) -> Look;

    /// Takes a piece. Asked only while there is room.
    fn take(&mut self, piece: Vec<u8>);

    /// Takes the end. The answer is there once all is where it goes; of a body that broke off what
    /// came of it is kept where that is of use, and nobody hears the answer.
    fn end(self: Box<Self>, end: End) -> Box<dyn Later>;
}

/// What a look at a sink came to.
pub(super) enum Look {
    /// There is room for a piece.
    Room,
    /// There is none yet; it is looked at again then, if it does not notify before.
    Full(Instant),
    /// No more is to come: the connection ends with this.
    Refused(Answer),
}

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// All of it came.
    Whole,
    /// It broke off.
    Cut,
}

/// How long something may take to be stored; a disk that stalls keeps no connection. Where the
/// processors and the disk have other work, to hash a password and to keep it takes seconds.
pub(super) const STORE_TIME: Duration = Duration::from_secs(60);

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Reply::Answer(answer)
    }
}

impl Request {
    /// Adds what every answer to this request has.
    pub(super) fn finish(&self, answer: Answer) -> Answer {
        match &self.grant {
            Grant::None => answer,
            Grant::All => answer.header(MAY_READ, "*"),
            Grant::Origin(None) => answer.varies_by("Origin"),
            Grant::Origin(Some(origin)) => answer.varies_by("Origin").header(MAY_READ, origin),
        }
    }

    /// As [`Self::finish`], for the head of a stream.
    pub(super) fn finish_head(&self, head: ResponseHead) -> ResponseHead {
        let strict = self.context.access.strict().filter(|_| self.client.is_by_own_tls());
        let head = match strict {
            Some((name, policy)) => head.header(name, policy),
            None => head,
        };
        match &self.grant {
            Grant::None => head,
            Grant::All => head.header(MAY_READ, "*"),
            Grant::Origin(None) => head.header("Vary", "Origin"),
            Grant::Origin(Some(origin)) => head.header("Vary", "Origin").header(MAY_READ, origin),
        }
    }

    /// A refusal, in the form that the client reads.
    pub(super) fn refuse(&self, status: Status, why: &str) -> Answer {
        Answer::refusal(&self.head, status, why, None)
    }

    /// The answer that opens a WebSocket.
    ///
    /// # Errors
    ///
    /// The refusal of what is no opening handshake.
    pub(super) fn handshake(&self) -> Result<Answer, Answer> {
        match accept(&self.head) {
            Ok(accept) => Ok(Answer::empty(Status::SwitchingProtocols)
                .header("Upgrade", "websocket")
                .header("Sec-WebSocket-Accept", accept)),
            Err(NoUpgrade::Broken(field)) => {
                let why = format!("`{field}` is missing or is none");
                Err(self.refuse(Status::BadRequest, &why))
            }
            Err(NoUpgrade::Body) => Err(self.refuse(Status::BadRequest, "an upgrade has no body")),
            Err(NoUpgrade::NotAsked | NoUpgrade::Version) => {
                let refused =
                    self.refuse(Status::UpgradeRequired, "this is a WebSocket, version 13");
                Err(refused.header("Upgrade", "websocket").header("Sec-WebSocket-Version", "13"))
            }
        }
    }

    /// The refusal of a value.
    pub(super) fn bad(&self, bad: &BadField) -> Answer {
        Answer::refusal(&self.head, Status::BadRequest, &bad.why, Some(bad.field))
    }

    /// Who sends it, as a viewer of its room, if that is known.
    pub(super) fn viewer(&self) -> Option<Arc<Viewer>> {
        self.context.audience.known(&self.room.crowd, self.identity().id()?)
    }

    /// In whose name something is done.
    pub(super) fn asker(&self, tab: Option<String>) -> Asker {
        let Self { context, room, client, handle, at, caller, .. } = self;
        let (context, room, handle) = (Arc::clone(context), Arc::clone(room), handle.clone());
        let account = caller.account.clone();
        Asker { context, room, address: client.address, account, handle, tab, at: *at }
    }

    /// Which viewer sends it, as its cookie says.
    pub(super) fn identity(&self) -> Identity {
        self.context.identities.of(&self.head)
    }

    /// Where it comes from.
    pub(super) fn whence(&self) -> Whence {
        let browser = self.identity().id().map(|id| hash_of(&id.to_string()));
        let key = self.context.gate.room_key(&self.head);
        Whence { address: self.client.address, browser, key }
    }

    /// Where else segments of the library are loaded from, if from anywhere else.
    pub(super) fn segments_origin(&self) -> Option<String> {
        self.context.library.as_ref()?.storage.origin()
    }

    /// Gives who sent it a cookie, if it has none that is good.
    pub(super) fn introduce(&self, answer: Answer, id: ViewerId) -> Answer {
        match self.identity() {
            Identity::Known(_) => answer,
            Identity::Renewed(_) | Identity::Stranger => self.context.identities.give(answer, id),
        }
    }
}

const MAY_READ: &str = "Access-Control-Allow-Origin";
