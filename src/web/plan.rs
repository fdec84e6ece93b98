//! What becomes of a request, decided from its head alone.
//!
//! ```text
//! head ──► plan ──► intake: is there a body to read first? ──► answer ──► outcome
//! ```
//!
//! Pure but for the handlers that [`super::routes`] names. A request that will be refused is
//! refused before its body was invited; how bytes come and go is [`super::connection`]'s.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::access::Grant;
use super::answer::Answer;
use super::client::{Client, Line};
use super::context::Context;
use super::entry;
use super::fields::BadField;
use super::form::check_media_type;
use super::gate::Entry;
use super::needs::{Needs, Way};
use super::pages;
use super::pass::Pass;
use super::request::{Later, Reply, Request, Seating, Sink};
use super::routes::{BodyUse, Resource, Route, Verb, Who, allow_anywhere, unknown_action};
use super::snapshot::{NoSnapshot, Snapshot, What};
use super::snapshot_answer;
use super::stream::Stream;
use super::upgrade::Upgraded;
use super::uploads;
use crate::account::{Caller, Capabilities, Capability};
use crate::live::hub::Hub;
use crate::net::lane::Handle;
use crate::proto::http::form;
use crate::proto::http::{Authority, Body, BodyLength, Head, Method, Status, WebOrigin, if_match};
use crate::room::Place;

/// A request that is decided about.
pub(super) struct Plan {
    request: Request,
    step: Step,
}

enum Step {
    /// This is the answer, whatever the body holds.
    Answer(Answer),
    /// It is answered by its handler.
    Handle(&'static Route),
}

/// How a request's body is read before the request is answered.
pub(super) enum Intake {
    /// There is nothing to read, and the connection may go on after the answer.
    Nothing,
    /// What follows is not read: the connection ends with the answer.
    Unread,
    /// It is read, whole and kept for [`Plan::answer`]; `invite` if the client waits for
    /// `100 Continue`. Too much of it, and it is refused.
    Keep { body: Body, invite: bool },
    /// Its handler says what becomes of it ([`Outcome::Receive`]), or answers without it: the
    /// connection ends with that.
    Stream,
    /// It is read and dropped. Too much of it, and the connection ends with the answer.
    Drop(Body),
}

/// What a request comes to.
pub(super) enum Outcome {
    /// An answer, and the connection may go on.
    Answer(Answer),
    /// The connection becomes this stream, for as long as who asked may watch.
    Stream(Box<Stream>, Box<Pass>),
    /// The connection speaks another protocol after this answer.
    Upgrade(Answer, Box<dyn Upgraded>),
    /// A picture is to be made first, which may take its time.
    Snapshot(Box<Order>),
    /// Something is to be stored first.
    Storing(Box<Promise>),
    /// The body goes there, whatever its length.
    Receive(Box<dyn Sink>, Box<Plan>),
    /// There is no seat, but somebody who does not read was asked to leave his: ask again soon.
    Crowded(Box<Plan>),
}

/// A picture that somebody waits for.
pub(super) struct Order {
    /// This one.
    pub(super) what: What,
    request: Request,
}

/// An answer that waits until something is stored.
pub(super) struct Promise {
    later: Box<dyn Later>,
    request: Request,
}

/// Decides about a request whose head is whole.
///
/// `handle` is its connection's; `line` is what that says of who asks; whose request it is tells
/// [`Plan::client`].
pub(super) fn plan(
    context: &Arc<Context>,
    head: Head,
    line: Line,
    handle: &Handle,
    now: Instant,
) -> Plan {
    let mut request = Request {
        context: Arc::clone(context),
        room: context.rooms.default(),
        path: String::new(),
        rest: String::new(),
        client: Client::of(&context.access, &head, line),
        handle: handle.clone(),
        head,
        query: Vec::new(),
        body: Vec::new(),
        at: now,
        grant: Grant::None,
        seat: Seating::New,
        revision: context.gate.revision(),
        caller: Caller::guest(Capabilities::NONE),
    };
    // After its revision: what changes in between is looked at again, and not passed over.
    let (whence, wall) = (request.whence(), context.clock.wall());
    request.caller = context.gate.caller(&request.head, &request.client, &whence, wall);
    uploads::override_method(&mut request.head);
    let step = match decide(&mut request) {
        Ok(route) => Step::Handle(route),
        Err(answer) => Step::Answer(answer),
    };
    Plan { request, step }
}

/// The route that answers, or the answer that needs none.
fn decide(request: &mut Request) -> Result<&'static Route, Answer> {
    let head = &request.head;
    if let Method::Other(name) = &head.method {
        let why = format!("there is no method {name} here");
        return Err(request.refuse(Status::NotImplemented, &why));
    }
    if head.method == Method::Connect {
        let answer = request.refuse(Status::MethodNotAllowed, "this is no proxy");
        return Err(answer.header("Allow", allow_anywhere()).closing());
    }
    served(request)?;
    let head = &request.head;
    if head.target.path == "*" {
        return Err(Answer::empty(Status::NoContent).header("Allow", allow_anywhere()));
    }
    let nothing = || request.refuse(Status::NotFound, "there is nothing at this address");
    let (room, path) = match request.context.rooms.place(&head.target.path) {
        Place::In(room, path) => (room, path.to_owned()),
        Place::Door(name) => {
            let answer = through_door(request, name);
            return Err(kept_out(request, name).err().unwrap_or(answer));
        }
        Place::Nowhere => return Err(entry::nowhere(request)),
    };
    if let Some(name) = &room.name {
        kept_out(request, name.as_str())?;
    }
    if let Some(action) = unknown_action(&path, head.target.query.as_deref()) {
        let why = format!("there is no action `{action}`: there are `stream` and `snapshot`");
        return Err(request.refuse(Status::NotFound, &why));
    }
    let resource = Resource::find(&path, head.target.query.as_deref()).ok_or_else(nothing)?;
    (request.room, request.path) = (room, path);
    if let Some(answer) = entry::by_key(request, request.room.plain_name()) {
        return Err(answer);
    }
    if resource.is_open_to_others() {
        request.grant = request.context.access.grant(&request.head);
    }
    if request.head.method == Method::Options {
        return Err(options(request, &resource));
    }
    let route =
        resource.route(&request.head.method).ok_or_else(|| not_allowed(request, &resource))?;
    secret(request, route)?;
    way_in(request, route.needs)?;
    request.rest = route.rest(&request.path);
    check(request, route)?;
    Ok(route)
}

/// Leads from a room's address without a slash at its end to the one with it.
fn through_door(request: &Request, name: &str) -> Answer {
    let query = request.head.target.query.as_deref().map(|query| format!("?{query}"));
    Answer::empty(Status::PermanentRedirect)
        .header("Location", format!("{name}/{}", query.unwrap_or_default()))
        .header("Cache-Control", "no-store")
}

fn options(request: &Request, resource: &Resource) -> Answer {
    let allow = resource.allow();
    let answer = Answer::empty(Status::NoContent).header("Allow", &allow);
    let answer = uploads::options(request, answer);
    match resource.is_open_to_others() {
        true => answer.header("Access-Control-Allow-Methods", allow),
        false => answer,
    }
}

fn not_allowed(request: &Request, resource: &Resource) -> Answer {
    let why = format!("{} is not possible here", request.head.method.as_str());
    request.refuse(Status::MethodNotAllowed, &why).header("Allow", resource.allow())
}

/// Refuses what is asked of a server of another name: see [`super::hosts`].
fn served(request: &Request) -> Result<(), Answer> {
    let foreign = |authority: &&Authority| !request.context.access.serves(&authority.host);
    match request.client.asked().iter().find(foreign) {
        Some(authority) => Err(pages::misdirected(request, &authority.host)),
        None => Ok(()),
    }
}

/// Leads who comes in clear to TLS where that is asked for.
fn secret(request: &Request, route: &Route) -> Result<(), Answer> {
    let context = &request.context;
    let by_tls = match route.way {
        Way::InClear => false,
        Way::Any => {
            let members = context.gate.entry() == Entry::Members && route.needs != Needs::Nothing;
            let is_page = request.head.accepts_html() && !is_let_in(request, route.needs);
            context.access.is_by_tls_only() || members && is_page
        }
        Way::Secure => true,
    };
    if !by_tls || request.client.is_secure() {
        return Ok(());
    }
    Err(entry::to_tls(request, route.verb == Verb::Get))
}

/// Keeps who may not watch a room out of all that is in it: which rooms there are is not to be told by
/// what is answered there.
fn kept_out(request: &Request, room: &str) -> Result<(), Answer> {
    if request.caller.may(Capability::Watch, room) {
        return Ok(());
    }
    let refused = || match request.caller.knows(room) {
        true => entry::not_let_in(request, Needs::May(Capability::Watch), room),
        false => entry::nowhere(request),
    };
    Err(entry::by_key(request, room).unwrap_or_else(refused))
}

/// Whether who asks has what it needs.
fn is_let_in(request: &Request, needs: Needs) -> bool {
    let may = |capability| request.caller.may(capability, request.room.plain_name());
    match needs {
        Needs::Nothing => true,
        Needs::May(capability) | Needs::MayAsDevice(capability) => may(capability),
        Needs::SomeRoom => !request.context.watchable(&request.caller).is_empty(),
        Needs::SignedIn => request.caller.is_signed_in() && !request.caller.is_banned(),
    }
}

/// Leads who does not have what it needs to where that is given, or says that it is not.
fn way_in(request: &Request, needs: Needs) -> Result<(), Answer> {
    // A device has its password for pictures alone.
    let is_device = request.caller.is_device() && !matches!(needs, Needs::MayAsDevice(_));
    if is_let_in(request, needs) && (!is_device || needs == Needs::Nothing) {
        return Ok(());
    }
    Err(entry::not_let_in(request, needs, request.room.plain_name()))
}

/// What must hold before a route's handler is asked.
fn check(request: &mut Request, route: &Route) -> Result<(), Answer> {
    if route.who == Who::OwnOrigin || request.head.headers.lists("Connection", "upgrade") {
        own_origin(request, route.way)?;
    }
    // Of what has no tag none can be the one that the client knows (RFC 9110 §13.1.1).
    let condition = request.head.headers.joined("If-Match").filter(|_| !route.has_tag);
    if condition.is_some_and(|tags| !if_match(&tags, None)) {
        let why = "it is no longer the one that `If-Match` names";
        return Err(request.refuse(Status::PreconditionFailed, why));
    }
    match route.body {
        BodyUse::Form => check_media_type(request, form::MEDIA_TYPE)?,
        BodyUse::Json => check_media_type(request, "application/json")?,
        BodyUse::Stream | BodyUse::Dropped => {}
    }
    let query = request.head.target.query.as_deref().unwrap_or_default();
    match form::pick(query.as_bytes(), route.query) {
        Ok(fields) => request.query = to_fields(fields),
        Err((field, invalid)) => {
            let why = format!("`{field}` cannot be read: {invalid}");
            return Err(request.bad(&BadField { field, why }));
        }
    }
    Ok(())
}

fn to_fields(picked: Vec<(&'static str, String)>) -> Vec<(String, String)> {
    picked.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Refuses what a page of another server sends in a viewer's name. What is about accounts is taken
/// from a page of this very scheme, host and port only.
fn own_origin(request: &Request, way: Way) -> Result<(), Answer> {
    let headers = &request.head.headers;
    let mut origins = headers.all("Origin");
    let is_own = |origin: &WebOrigin| match way {
        Way::Secure => request.client.is_exactly(origin),
        Way::Any | Way::InClear => request.client.is_own(origin),
    };
    let own = match (origins.next(), origins.next()) {
        (None, _) => true,
        (Some(origin), None) => WebOrigin::parse(origin).is_some_and(|origin| is_own(&origin)),
        (Some(_), Some(_)) => false,
    };
    if own && !headers.lists("Sec-Fetch-Site", "cross-site") {
        return Ok(());
    }
    Err(request.refuse(Status::Forbidden, "a page of another site cannot do this here"))
}

impl Plan {
    /// The head that it was made from.
    pub(super) fn head(&self) -> &Head {
        &self.request.head
    }

    /// The seat that it waits for did not come free.
    pub(super) fn waits_no_longer(&mut self) {
        self.request.seat = Seating::GivenUp;
    }

    /// The client's own address, behind whatever proxies are trusted.
    pub(super) fn client(&self) -> IpAddr {
        self.request.client.address
    }

    /// What to do about the body.
    pub(super) fn intake(&self) -> Intake {
        let length = self.request.head.body();
        let waits = self.request.head.expects_continue();
        let keeps = matches!(&self.step, Step::Handle(route) if route.body != BodyUse::Dropped);
        match length {
            BodyLength::None | BodyLength::Known(0) => Intake::Nothing,
            _ if self.streams() => Intake::Stream,
            _ if keeps => Intake::Keep { body: Body::new(length, MAX_BODY_BYTES), invite: waits },
            // Who waits to be invited, and is answered instead, sends the body or does not
            // (RFC 9110 §10.1.1): what comes next could be either.
            _ if waits => Intake::Unread,
            BodyLength::Known(bytes) if bytes > MAX_BODY_BYTES as u64 => Intake::Unread,
            _ => Intake::Drop(Body::dropped(length, MAX_BODY_BYTES)),
        }
    }

    /// Whether its handler is asked before the body is read.
    fn streams(&self) -> bool {
        matches!(&self.step, Step::Handle(route) if route.body == BodyUse::Stream)
    }

    /// The body of one that goes elsewhere, and whether the client waits to be invited.
    pub(super) fn unbounded_body(&self) -> (Body, bool) {
        let head = &self.request.head;
        (Body::new(head.body(), usize::MAX), head.expects_continue())
    }

    /// Adds what every answer to its request has.
    pub(super) fn finish(&self, answer: Answer) -> Answer {
        self.request.finish(answer)
    }

    /// What becomes of it once its body went elsewhere.
    pub(super) fn promise(self, later: Box<dyn Later>) -> Promise {
        Promise { later, request: self.request }
    }

    /// Answers, with the body if [`Intake::Keep`] asked for it.
    pub(super) fn answer(mut self, body: Vec<u8>, now: Instant) -> Outcome {
        let route = match self.step {
            Step::Answer(answer) => return Outcome::Answer(self.request.finish(answer)),
            Step::Handle(route) => route,
        };
        (self.request.body, self.request.at) = (body, now);
        match (route.handler)(&self.request) {
            Reply::Answer(answer) => Outcome::Answer(self.request.finish(answer)),
            Reply::Stream(stream) => Outcome::Stream(stream, Box::new(Pass::of(&self.request))),
            Reply::Upgrade(answer, protocol) => {
                Outcome::Upgrade(self.request.finish(answer), protocol)
            }
            Reply::Snapshot(what) => {
                Outcome::Snapshot(Box::new(Order { what, request: self.request }))
            }
            Reply::Storing(later) => {
                Outcome::Storing(Box::new(Promise { later, request: self.request }))
            }
            Reply::Receive(sink) => {
                let step = Step::Handle(route);
                Outcome::Receive(sink, Box::new(Plan { request: self.request, step }))
            }
            Reply::Crowded => {
                self.request.seat = Seating::Awaited;
                let step = Step::Handle(route);
                Outcome::Crowded(Box::new(Plan { request: self.request, step }))
            }
        }
    }
}

impl Promise {
    /// The answer, if what was to be stored is, or could not be.
    pub(super) fn look(&mut self, now: Instant) -> Option<Answer> {
        self.later.look(&self.request, now).map(|answer| self.request.finish(answer))
    }

    /// The answer if that took too long.
    pub(super) fn too_late(&self) -> Answer {
        self.request.finish(self.later.too_late(&self.request))
    }

    /// How long it may take.
    pub(super) fn lasts(&self) -> Duration {
        self.later.lasts()
    }

    /// When it is to be looked at again, though nobody notified.
    pub(super) fn glance(&self, now: Instant) -> Option<Instant> {
        self.later.glance(now)
    }

    /// The method of the request.
    pub(super) fn method(&self) -> &Method {
        &self.request.head.method
    }
}

impl Order {
    /// Whose picture it is.
    pub(super) fn hub(&self) -> Arc<Hub> {
        self.request.room.hub()
    }

    /// The method of the request.
    pub(super) fn method(&self) -> &Method {
        &self.request.head.method
    }

    /// The answer with the picture, or why there is none.
    pub(super) fn answer(&self, taken: Result<Snapshot, NoSnapshot>) -> Answer {
        self.request.finish(snapshot_answer::answer(&self.request, taken))
    }
}

/// Most bytes of a form, and of a body that is read only to be dropped.
const MAX_BODY_BYTES: usize = 64 * 1024;
