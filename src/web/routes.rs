//! The table of requests: which path takes which method, and who answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::answer::{Answer, Payload};
use super::context::Context;
use super::settings::{self, BadField, Fields};
use super::snapshot::NoSnapshot;
use super::state::state;
use super::stream::{Layout, Stream, response_head};
use super::{metrics, pages, qr};
use crate::base::clock;
use crate::live::audience::{Keep, Refused};
use crate::live::level::Level;
use crate::live::meter::StreamMeter;
use crate::live::settings::{Change, Locked, Settings, ViewerId};
use crate::live::viewer::Viewer;
use crate::proto::http::{Head, Method, Status};
use crate::proto::{cookie, form};

/// What becomes of a request.
pub(super) enum Outcome {
    /// An answer, and the connection may go on.
    Answer(Answer),
    /// The connection becomes this stream.
    Stream(Box<Stream>),
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Outcome::Answer(answer)
    }
}

/// Answers a request.
pub(super) fn route(context: &Arc<Context>, head: &Head, body: &[u8]) -> Outcome {
    if head.target.path == "*" {
        return allow(Answer::empty(Status::NoContent), PAGE_METHODS).into();
    }
    let fields = match head.target.query_pairs() {
        Ok(fields) => fields,
        Err(invalid) => return refuse(head, invalid.status, &invalid.to_string()).into(),
    };
    let Some(resource) = Resource::find(&head.target.path, &fields) else {
        return refuse(head, Status::NotFound, "there is nothing at this address").into();
    };
    let request = Request { context, head, fields, body, now: context.clock.now() };
    match request.answer(&resource) {
        Outcome::Answer(answer) if resource.is_open_to_others() => answer.open_to_others().into(),
        outcome => outcome,
    }
}

/// What the server has.
enum Resource<'a> {
    Page,
    Connect,
    Asset(&'a str),
    Qr,
    Stream,
    Snapshot,
    State,
    Viewer,
    Donate,
    Health,
    Metrics,
}

impl<'a> Resource<'a> {
    /// What lies at a path. mjpg-streamer's addresses are told by the query's `action`.
    fn find(path: &'a str, fields: &Fields) -> Option<Self> {
        let action = || fields.iter().find(|(name, _)| name == "action").map(|(_, of)| of.as_str());
        Some(match path {
            "/" | "/webcam/" => match action() {
                Some("stream") => Resource::Stream,
                Some("snapshot") => Resource::Snapshot,
                _ => Resource::Page,
            },
            "/connect" => Resource::Connect,
            "/qr.svg" => Resource::Qr,
            "/favicon.ico" => Resource::Asset("favicon.svg"),
            "/stream" => Resource::Stream,
            "/snapshot" => Resource::Snapshot,
            "/state" => Resource::State,
            "/viewer" => Resource::Viewer,
            "/donate" => Resource::Donate,
            "/healthz" => Resource::Health,
            "/metrics" => Resource::Metrics,
            _ => Resource::Asset(path.strip_prefix("/assets/")?),
        })
    }

    fn methods(&self) -> &'static str {
        match self {
            Resource::Viewer | Resource::Donate => "POST, OPTIONS",
            _ => PAGE_METHODS,
        }
    }

    /// Whether pages of other servers may read it.
    fn is_open_to_others(&self) -> bool {
        matches!(self, Resource::Stream | Resource::Snapshot | Resource::State)
    }
}

/// What a form asks for, read and found good.
#[derive(PartialEq)]
enum Order {
    Change(Change),
    Donate { name: String, message: String },
}

/// One request with what is needed to answer it.
struct Request<'a> {
    context: &'a Arc<Context>,
    head: &'a Head,
    fields: Fields,
    body: &'a [u8],
    now: Instant,
}

impl Request<'_> {
    fn answer(&self, resource: &Resource) -> Outcome {
        let methods = resource.methods();
        match &self.head.method {
            Method::Options => self.options(resource).into(),
            method if !methods.split(", ").any(|allowed| allowed == method.as_str()) => {
                let why = format!("{} is not possible here", method.as_str());
                allow(refuse(self.head, Status::MethodNotAllowed, &why), methods).into()
            }
            Method::Post => self.post(resource).into(),
            _ => self.get(resource),
        }
    }

    fn options(&self, resource: &Resource) -> Answer {
        let answer = allow(Answer::empty(Status::NoContent), resource.methods());
        if !resource.is_open_to_others() {
            return answer;
        }
        answer.header("Access-Control-Allow-Methods", resource.methods())
    }

    fn get(&self, resource: &Resource) -> Outcome {
        match resource {
            Resource::Page => self.page().into(),
            Resource::Connect => pages::connect(self.head, self.rtsp_port()).into(),
            Resource::Asset(name) => pages::asset(self.head, name)
                .unwrap_or_else(|| refuse(self.head, Status::NotFound, "there is no such file"))
                .into(),
            Resource::Qr => self.qr().into(),
            Resource::Stream => self.stream(),
            Resource::Snapshot => self.snapshot().into(),
            Resource::State => self.state().into(),
            Resource::Health => Answer::text(Status::Ok, "ok").into(),
            Resource::Metrics => {
                let body = Payload::Bytes(metrics::metrics(self.context).into_bytes().into());
                Answer::new(Status::Ok, "text/plain; version=0.0.4; charset=utf-8", body).into()
            }
            Resource::Viewer | Resource::Donate => {
                refuse(self.head, Status::MethodNotAllowed, "send a form").into()
            }
        }
    }

    fn page(&self) -> Answer {
        let viewer = self.viewer_id();
        let watches = viewer
            .and_then(|id| self.context.audience.known(id))
            .is_some_and(|viewer| viewer.streams() > 0);
        if !watches && self.context.audience.is_full() {
            return pages::full(self.context.audience.max_viewers());
        }
        let page = pages::index(self.head).header("Vary", "Cookie");
        match viewer {
            Some(_) => page,
            None => with_cookie(page, ViewerId::random()),
        }
    }

    fn rtsp_port(&self) -> Option<u16> {
        let address = self.context.about.rtsp_addresses.first()?;
        address.trim_end_matches('/').rsplit(':').next()?.parse().ok()
    }

    fn qr(&self) -> Answer {
        let host = self.head.host().unwrap_or_default();
        let at_home = ["localhost", "127.", "[::1]"].iter().any(|own| host.starts_with(own));
        let lan = self.context.about.addresses.iter().find(|address| !is_loopback(address));
        let address = match (at_home || host.is_empty(), lan) {
            (true, Some(lan)) => lan.clone(),
            _ => format!("http://{host}/"),
        };
        match qr::svg(&address) {
            Some(svg) => {
                let body = Payload::Bytes(svg.into_bytes().into());
                Answer::new(Status::Ok, "image/svg+xml", body).header("Cache-Control", "no-cache")
            }
            None => refuse(self.head, Status::BadRequest, "the address is too long for a QR code"),
        }
    }

    fn stream(&self) -> Outcome {
        let wish = match settings::stream_wish(&self.fields) {
            Ok(wish) => wish,
            Err(bad) => return self.bad(&bad).into(),
        };
        let layout = if wish.advance_headers { Layout::AdvanceHeaders } else { Layout::Plain };
        if self.head.method == Method::Head {
            return Answer::bare(response_head()).closing().into();
        }
        // Who names settings in the address wants them for this stream, and no page changed by it.
        let (id, keep) = match self.viewer_id() {
            Some(id) if wish.change == Change::default() => (id, Keep::Remembered),
            _ => (ViewerId::random(), Keep::WhileItLasts),
        };
        let settings = Settings::default().changed(wish.change).unwrap_or_default();
        let viewer = self.context.audience.enter(id, settings, self.now);
        let meter = StreamMeter::new(wish.tab, wish.fps);
        let joined = self.context.audience.join(viewer, meter, keep, self.now);
        match joined {
            Ok(seat) => Outcome::Stream(Box::new(Stream::new(seat, layout, self.now))),
            Err(refused) => self.refuse_stream(refused).into(),
        }
    }

    fn refuse_stream(&self, refused: Refused) -> Answer {
        let most = self.context.audience.max_viewers();
        let why = match refused {
            Refused::Full if self.head.accepts_html() => return pages::full(most),
            Refused::Full => format!("this server is full ({})", pages::viewers(most)),
            Refused::TooManyStreams => "this viewer has too many streams open: close some".into(),
        };
        refuse(self.head, Status::ServiceUnavailable, &why)
            .header("Retry-After", pages::RETRY_AFTER_SECS)
    }

    fn snapshot(&self) -> Answer {
        let level = match settings::quality(&self.fields) {
            Ok(choice) => choice.map_or(Level::TOP, |choice| choice.level()),
            Err(bad) => return self.bad(&bad),
        };
        match self.context.snapshots.take(&self.context.hub, level) {
            Ok(snapshot) => {
                let micros =
                    clock::unix_micros(self.context.clock.wall_at(snapshot.frame.captured));
                let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
                Answer::new(Status::Ok, "image/jpeg", Payload::Shared(snapshot.jpeg))
                    .header("Cache-Control", "no-store")
                    .header("X-Timestamp", format!("{seconds}.{rest:06}"))
            }
            Err(NoSnapshot::NoFrame) => {
                refuse(self.head, Status::ServiceUnavailable, "the source gives no picture")
            }
            Err(NoSnapshot::Failed(failed)) => {
                let why = format!("the picture cannot be encoded: {failed}");
                refuse(self.head, Status::InternalServerError, &why)
            }
        }
    }

    fn state(&self) -> Answer {
        let viewer = self.viewer_id().and_then(|id| self.context.audience.known(id));
        match settings::tab(&self.fields) {
            Ok(tab) => {
                let state = state(self.context, viewer.as_deref(), tab.as_deref());
                Answer::json(Status::Ok, &state)
            }
            Err(bad) => self.bad(&bad),
        }
    }

    fn post(&self, resource: &Resource) -> Answer {
        match self.obey(resource) {
            Ok(answer) | Err(answer) => answer,
        }
    }

    /// Does what a form asks. Nothing is changed, and no viewer made, by a form that is refused.
    fn obey(&self, resource: &Resource) -> Result<Answer, Answer> {
        self.own_origin()?;
        let bad = |bad: BadField| self.bad(&bad);
        let tab = settings::tab(&self.fields).map_err(bad)?;
        let fields = self.form()?;
        let order = match resource {
            Resource::Donate => Order::Donate {
                name: settings::line(&fields, "name", MAX_NAME_CHARS).map_err(bad)?,
                message: settings::line(&fields, "message", MAX_MESSAGE_CHARS).map_err(bad)?,
            },
            _ => Order::Change(settings::change(&fields).map_err(bad)?),
        };
        if order == Order::Change(Change::default()) {
            let why = "send `quality`, `mode` or `paused`";
            return Err(refuse(self.head, Status::BadRequest, why));
        }
        let known = self.viewer_id();
        let id = known.unwrap_or_else(ViewerId::random);
        let viewer = self.context.audience.enter(id, Settings::default(), self.now);
        let answer = self.carry_out(order, &viewer, tab.as_deref());
        Ok(if known.is_some() { answer } else { with_cookie(answer, id) })
    }

    fn carry_out(&self, order: Order, viewer: &Viewer, tab: Option<&str>) -> Answer {
        let audience = &self.context.audience;
        let (location, notice) = match order {
            Order::Change(change) => match audience.change(viewer, change, self.now) {
                Ok(()) => ("/", None),
                Err(Locked) => {
                    let why = "Motion sets the quality in gaming mode. Choose home mode first.";
                    return Answer::refusal(self.head, Status::Conflict, why, Some("quality"));
                }
            },
            Order::Donate { name, message } => {
                audience.donate(viewer, name, message, self.now);
                ("/#donated", Some("Donate Success!!"))
            }
        };
        if !self.head.accepts_json() {
            return Answer::empty(Status::SeeOther).header("Location", location);
        }
        let mut value = state(self.context, Some(viewer), tab);
        if let Some(notice) = notice {
            value["notice"] = json!(notice);
        }
        Answer::json(Status::Ok, &value)
    }

    /// Refuses what a page of another server sends in a viewer's name.
    fn own_origin(&self) -> Result<(), Answer> {
        let Some(origin) = self.head.header("Origin") else { return Ok(()) };
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        match (authority, self.head.host()) {
            (Some(authority), Some(host)) if authority.eq_ignore_ascii_case(host) => Ok(()),
            _ => {
                let why = "a form of another site cannot be sent here";
                Err(refuse(self.head, Status::Forbidden, why))
            }
        }
    }

    fn form(&self) -> Result<Fields, Answer> {
        let media_type = self.head.header("Content-Type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !self.body.is_empty() && !media_type.eq_ignore_ascii_case(FORM) {
            let why = format!("send a form, as {FORM}");
            return Err(refuse(self.head, Status::UnsupportedMediaType, &why));
        }
        form::parse(self.body).map_err(|invalid| {
            refuse(self.head, invalid.status, &format!("the form cannot be read: {invalid}"))
        })
    }

    fn viewer_id(&self) -> Option<ViewerId> {
        cookie::find(self.head.headers.all("Cookie"), COOKIE)?.parse().ok()
    }

    fn bad(&self, bad: &BadField) -> Answer {
        Answer::refusal(self.head, Status::BadRequest, &bad.why, Some(bad.field))
    }
}

fn refuse(head: &Head, status: Status, why: &str) -> Answer {
    Answer::refusal(head, status, why, None)
}

fn allow(answer: Answer, methods: &str) -> Answer {
    answer.header("Allow", methods)
}

fn with_cookie(answer: Answer, id: ViewerId) -> Answer {
    answer.header("Set-Cookie", cookie::set_cookie(COOKIE, &id.to_string(), COOKIE_LASTS))
}

fn is_loopback(address: &str) -> bool {
    address.contains("//127.") || address.contains("//[::1]")
}

const PAGE_METHODS: &str = "GET, HEAD, OPTIONS";
const FORM: &str = "application/x-www-form-urlencoded";
const COOKIE: &str = "viewer";
const COOKIE_LASTS: Duration = Duration::from_secs(365 * 24 * 3600);
const MAX_NAME_CHARS: usize = 40;
const MAX_MESSAGE_CHARS: usize = 200;
