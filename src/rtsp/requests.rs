//! What becomes of a request (RFC 2326 §10), method by method.
//!
//! Nothing here waits: a request that needs a clip to be looked at, or a session to do
//! something, is an [`Exchange`] until that is done, and its connection goes on with it when it
//! is notified.

mod setup;

use std::sync::Arc;
use std::time::Duration;

use log::debug;

use super::client::{Announced, Asking, Resource, Search, room_of};
use super::clips::Missing;
use super::due::Preferences;
use super::login::{Pass, Refusal, Wish};
use super::mail::{Answer, Ask, Play, Playing};
use super::sessions::Entry;
use super::{TRACK, random_u32};
use crate::live::settings::Settings;
use crate::net::workers::{Busy, Failed, Ticket};
use crate::proto::http::Target;
use crate::proto::http::form;
use crate::proto::rtsp::{
    JpegSession, Method, NptRange, NptStart, Range, Request, Response, RtpInfo,
    Session as SessionHeader, Status, parse_scale,
};
use crate::web::fields::stream_wish;
use setup::Granted;

/// A request that is being answered.
pub(super) struct Exchange {
    request: Request,
    pass: Pass,
    waits: Waits,
}

/// What a request waits for.
enum Waits {
    /// What it is about.
    Resource(Search),
    /// That the session that was there makes room for one of this kind.
    Room(Ticket<Answer>, Box<Granted>),
    /// What a session says.
    Answer(Ticket<Answer>, Arc<Entry>),
    /// The names of the clips.
    Names(Ticket<Vec<String>>),
}

/// What going on with a request came to.
pub(super) enum Step {
    /// The answer, and what begins when it has been written.
    Answered(Response, Option<Announced>),
    Waits(Exchange),
}

/// A request's outcome, as far as it is known.
enum Known {
    Is(Response),
    Plays(Response, Announced),
    NotYet(Waits),
}

/// What is known, or the refusal.
type Looked = Result<Known, Response>;

impl Exchange {
    /// Begins to do what is asked.
    pub(super) fn begin(request: Request, at: &mut Asking<'_>) -> Step {
        match Asked::let_in(&request, at) {
            Ok(pass) => {
                let known = Asked { request: &request, pass: &pass }.begin(at);
                Self::step(request, pass, known, at)
            }
            Err(answer) => {
                debug!("{} {}: {}", request.method, request.uri, answer.status());
                Step::Answered(answer, None)
            }
        }
    }

    /// Goes on with it.
    pub(super) fn go_on(self, at: &mut Asking<'_>) -> Step {
        let Self { request, pass, waits } = self;
        let known = Asked { request: &request, pass: &pass }.go_on(waits, at);
        Self::step(request, pass, known, at)
    }

    fn step(request: Request, pass: Pass, mut known: Looked, at: &mut Asking<'_>) -> Step {
        // What it waits for may be there already.
        for _ in 0..MAX_STEPS {
            let Ok(Known::NotYet(waits)) = known else { break };
            known = Asked { request: &request, pass: &pass }.go_on(waits, at);
        }
        let (answer, announced) = match known {
            Ok(Known::NotYet(waits)) => return Step::Waits(Self { request, pass, waits }),
            Ok(Known::Plays(answer, announced)) => (answer, Some(announced)),
            Ok(Known::Is(answer)) | Err(answer) => (answer, None),
        };
        debug!("{} {}: {}", request.method, request.uri, answer.status());
        Step::Answered(answer, announced)
    }
}

/// A request, to be answered.
struct Asked<'a> {
    request: &'a Request,
    pass: &'a Pass,
}

impl Asked<'_> {
    /// Lets the request's sender in, if it may watch what the request is about.
    fn let_in(request: &Request, at: &mut Asking<'_>) -> Result<Pass, Response> {
        let named = request.session().ok().flatten();
        let entry = named.and_then(|named| at.find(&named.id));
        let (target, _) = request.uri.without_track(TRACK);
        let room = match (&request.method, &entry) {
            // What servers can do, and what this one cannot, is no secret.
            (
                Method::Options
                | Method::Announce
                | Method::Record
                | Method::Redirect
                | Method::Other(_),
                _,
            ) => return Ok(Pass::of_nobody()),
            (Method::Describe | Method::Setup, _) => room_of(&target.path),
            // To who knows its name it is no secret that a session is over; and what a player whose
            // right was taken says as its last is no guess.
            (_, None) if request.headers.get("Session").is_some() => {
                return Err(Response::new(Status::SessionNotFound, Some(request.cseq)));
            }
            // The names of clips are the default room's.
            (Method::GetParameter, _) if !request.body.trim_ascii().is_empty() => None,
            (_, None) => room_of(&target.path),
            (_, Some(entry)) => entry.terms.pass.room(),
        };
        let wish = Wish {
            method: request.method.as_str(),
            uri: Some(&request.uri),
            login: request.headers.get("Authorization"),
            room,
            session: entry.as_ref().map(|entry| entry.terms.pass.who),
        };
        at.may_watch(&wish).map_err(|refusal| {
            let say = |status| Response::new(status, Some(request.cseq));
            match refusal {
                Refusal::LogIn(challenges) => {
                    let fields = challenges.into_iter();
                    fields.fold(say(Status::Unauthorized), |answer, challenge| {
                        answer.header("WWW-Authenticate", challenge)
                    })
                }
                Refusal::TooOften(wait) => {
                    let wait = wait.as_secs() + 1;
                    say(Status::ServiceUnavailable).header("Retry-After", wait)
                }
                Refusal::Forbidden => say(Status::Forbidden),
                Refusal::Unknown => say(Status::NotFound),
                Refusal::NotTheirs => say(Status::SessionNotFound),
            }
        })
    }

    fn begin(&self, at: &mut Asking<'_>) -> Looked {
        let required = ["Require", "Proxy-Require"];
        if let Some(feature) = required.into_iter().find_map(|name| self.request.headers.get(name))
        {
            return Err(self.say(Status::OptionNotSupported).header("Unsupported", feature));
        }
        match &self.request.method {
            Method::Options => Ok(Known::Is(self.ok().header("Public", METHODS))),
            Method::Describe => Ok(self.search(at)),
            Method::Setup => {
                if self.request.headers.get("Session").is_some() {
                    self.session(at)?;
                }
                Ok(self.search(at))
            }
            Method::Play => self.play(at),
            Method::Pause => self.ask(Ask::Pause, at),
            Method::Teardown => self.ask(Ask::Teardown, at),
            Method::GetParameter => self.get_parameter(at),
            Method::SetParameter => {
                let answer = self.in_session_if_named(at)?;
                if self.request.body.trim_ascii().is_empty() {
                    return Ok(Known::Is(answer));
                }
                Err(self.say(Status::ParameterNotUnderstood))
            }
            Method::Announce | Method::Record | Method::Redirect => {
                Err(self.say(Status::MethodNotAllowed).header("Allow", METHODS))
            }
            Method::Other(_) => Err(self.say(Status::NotImplemented).header("Public", METHODS)),
        }
    }

    /// Looks whether what a request waits for is there.
    fn go_on(&self, waits: Waits, at: &mut Asking<'_>) -> Looked {
        match waits {
            Waits::Resource(mut search) => match search.outcome(at.now) {
                None => Ok(Known::NotYet(Waits::Resource(search))),
                Some(Err(missing)) => Err(self.say(match missing {
                    Missing::Unknown => Status::NotFound,
                    Missing::Unplayable(_) => Status::UnsupportedMediaType,
                    Missing::Busy => Status::ServiceUnavailable,
                })),
                Some(Ok(resource)) if self.request.method == Method::Describe => {
                    self.describe(&resource, at)
                }
                Some(Ok(resource)) => self.setup(resource, at),
            },
            Waits::Room(ticket, granted) => match ticket.take() {
                None => Ok(Known::NotYet(Waits::Room(ticket, granted))),
                Some(Ok(Answer::Refused(status))) => Err(self.say(status)),
                Some(_) => self.set_up(*granted, at),
            },
            Waits::Answer(ticket, entry) => match ticket.take() {
                None => Ok(Known::NotYet(Waits::Answer(ticket, entry))),
                Some(Ok(Answer::Done)) => Ok(Known::Is(self.ok_in(&entry.terms.id))),
                Some(Ok(Answer::Plays(playing))) => Ok(self.plays(playing, &entry)),
                Some(Ok(Answer::Refused(status))) => Err(self.say(status)),
                Some(Err(Failed)) => Err(self.say(Status::SessionNotFound)),
            },
            Waits::Names(ticket) => match ticket.take() {
                None => Ok(Known::NotYet(Waits::Names(ticket))),
                Some(Ok(names)) => self.names(&names, at),
                Some(Err(Failed)) => Err(self.say(Status::ServiceUnavailable)),
            },
        }
    }

    fn say(&self, status: Status) -> Response {
        Response::new(status, Some(self.request.cseq))
    }

    fn ok(&self) -> Response {
        self.say(Status::Ok)
    }

    /// An answer that names the session, which is how a client learns of it.
    fn ok_in(&self, id: &str) -> Response {
        let timeout = Some(crate::proto::rtsp::session::DEFAULT_TIMEOUT);
        self.ok().header("Session", SessionHeader { id: id.to_owned(), timeout })
    }

    /// Looks for what the request is about.
    fn search(&self, at: &Asking<'_>) -> Known {
        let (target, _) = self.request.uri.without_track(TRACK);
        Known::NotYet(Waits::Resource(at.search(&target.path)))
    }

    /// Asks something of the session that the request names.
    fn ask(&self, ask: Ask, at: &mut Asking<'_>) -> Looked {
        let entry = self.session(at)?;
        let ticket = at.ask(&entry, ask).map_err(|status| self.say(status))?;
        Ok(Known::NotYet(Waits::Answer(ticket, entry)))
    }

    /// The session that the request names, which thereby lives on.
    fn session(&self, at: &Asking<'_>) -> Result<Arc<Entry>, Response> {
        let named = self.request.session().ok().flatten();
        let entry = named.and_then(|named| at.session(&named.id));
        entry.ok_or_else(|| self.say(Status::SessionNotFound))
    }

    fn in_session_if_named(&self, at: &Asking<'_>) -> Result<Response, Response> {
        match self.request.headers.get("Session") {
            Some(_) => self.session(at).map(|entry| self.ok_in(&entry.terms.id)),
            None => Ok(self.ok()),
        }
    }

    fn describe(&self, resource: &Resource, at: &Asking<'_>) -> Looked {
        let types = self.request.headers.get("Accept").unwrap_or("*/*");
        if !["application/sdp", "application/*", "*/*"].iter().any(|kind| types.contains(kind)) {
            return Err(self.say(Status::NotAcceptable));
        }
        let fits = |side: u32| u16::try_from(side).ok().filter(|side| *side <= 2040);
        let (target, _) = self.request.uri.without_track(TRACK);
        let turn = self.preferences(&target)?.settings.filter.turn;
        let (name, range, frame_rate, size) = match resource {
            Resource::Live(room) => {
                let report = room.condition().report();
                let size = report.format.map(|format| format.size);
                let fps = room.hub().frames_per_sec();
                (report.name, Range::now(), Some(fps), size)
            }
            Resource::Clip(clip) => {
                let range = Range::between(Duration::ZERO, clip.survey.duration());
                (clip.name.clone(), range, Some(clip.survey.fps), Some(clip.survey.size))
            }
        };
        let size = size.map(|size| turn.turned(size));
        let description = JpegSession {
            name: &name,
            session_id: random_u32().into(),
            ipv6: at.client.peer.ip().to_canonical().is_ipv6(),
            range,
            frame_rate,
            size: size.and_then(|size| fits(size.width).zip(fits(size.height))),
            control: &self.request.uri.track(TRACK),
        };
        let answer = self.ok().header("Content-Base", self.request.uri.content_base());
        Ok(Known::Is(answer.body("application/sdp", description.write().into_bytes())))
    }

    fn play(&self, at: &mut Asking<'_>) -> Looked {
        let entry = self.session(at)?;
        let scale = self.scale(entry.length)?;
        let range = self.range(entry.length)?;
        self.ask(Ask::Play(Play { range, scale, wait: Duration::ZERO }), at)
    }

    fn plays(&self, playing: Playing, entry: &Entry) -> Known {
        let mut answer = self.ok_in(&entry.terms.id).header("Range", playing.range);
        if let Ok(Some(scale)) = self.scale(entry.length) {
            answer = answer.header("Scale", scale);
        }
        let (seq, rtptime) = playing.first.unzip();
        let answer = answer.header("RTP-Info", RtpInfo { url: self.track_url(), seq, rtptime });
        Known::Plays(answer, Announced::new(playing.gate, entry))
    }

    /// How fast a clip of this length is to play, or the live source.
    fn scale(&self, length: Option<Duration>) -> Result<Option<f64>, Response> {
        let Some(text) = self.request.headers.get("Scale") else { return Ok(None) };
        let scale = parse_scale(text).map_err(|_| self.say(Status::BadRequest))?;
        // Backwards and standing still are not possible: what is, is named in the answer.
        Ok(Some(if length.is_some() && scale > 0.0 { scale.clamp(0.1, 16.0) } else { 1.0 }))
    }

    /// The URL of the track, whether the session's or the track's own was named.
    fn track_url(&self) -> String {
        let (_, is_track) = self.request.uri.without_track(TRACK);
        if is_track { self.request.uri.as_str().to_owned() } else { self.request.uri.track(TRACK) }
    }

    /// What the request wants of a clip of this length, or of the live source. Told before
    /// anything is stopped: what is refused changes nothing.
    fn range(&self, length: Option<Duration>) -> Result<Option<NptRange>, Response> {
        let range = match self.request.headers.get("Range").map(Range::parse) {
            None => return Ok(None),
            Some(Ok(Range::Npt(range))) => range,
            Some(Ok(Range::Other(_)) | Err(_)) => return Err(self.say(Status::InvalidRange)),
        };
        match range.start {
            // The live source has one place alone.
            NptStart::At(at) if at > length.unwrap_or_default() => {
                Err(self.say(Status::InvalidRange))
            }
            _ => Ok(Some(range)),
        }
    }

    fn get_parameter(&self, at: &Asking<'_>) -> Looked {
        let answer = self.in_session_if_named(at)?;
        let mut named = self.parameters().peekable();
        if named.peek().is_none() {
            return Ok(Known::Is(answer));
        }
        if let Some(other) = named.find(|name| name.trim_end_matches(':') != CLIPS) {
            let refusal = self.say(Status::ParameterNotUnderstood);
            return Err(refusal.body("text/parameters", format!("{other}\r\n").into_bytes()));
        }
        let Some(clips) = at.server.clips.clone() else { return self.names(&[], at) };
        let workers = &at.server.context.engine.workers;
        let now = at.now;
        match workers.submit(at.host(), move || clips.names(now)) {
            Ok(ticket) => Ok(Known::NotYet(Waits::Names(ticket))),
            Err(Busy) => Err(self.say(Status::ServiceUnavailable)),
        }
    }

    /// The names of all clips, each percent-encoded, with commas between.
    fn names(&self, names: &[String], at: &Asking<'_>) -> Looked {
        let answer = self.in_session_if_named(at)?;
        let names: Vec<_> = names.iter().map(|name| form::encode_component(name)).collect();
        let line = format!("{CLIPS}: {}\r\n", names.join(", "));
        Ok(Known::Is(answer.body("text/parameters", line.into_bytes())))
    }

    fn parameters(&self) -> impl Iterator<Item = String> {
        let body = String::from_utf8_lossy(&self.request.body);
        let names = body.split(['\r', '\n']).map(|name| name.trim().to_owned());
        names.filter(|name| !name.is_empty()).collect::<Vec<_>>().into_iter()
    }

    /// What the query of the URL asks for, as over HTTP.
    fn preferences(&self, target: &Target) -> Result<Preferences, Response> {
        let bad = || self.say(Status::BadRequest);
        let mut fields = target.query_pairs().map_err(|_| bad())?;
        // One address may name both; motion then sets the quality.
        if fields.iter().any(|(name, value)| name == "mode" && value == "gaming") {
            fields.retain(|(name, _)| name != "quality");
        }
        let asked = stream_wish(&fields).map_err(|_| bad())?;
        let settings = Settings::default().changed(asked.change).map_err(|_| bad())?;
        Ok(Preferences { settings, fps: asked.fps })
    }
}

fn name_of(target: &Target) -> String {
    match &target.query {
        Some(query) => format!("{}?{query}", target.path),
        None => target.path.clone(),
    }
}

const METHODS: &str =
    "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER";
/// The parameter that names all clips.
const CLIPS: &str = "clips";
/// What a request waits for, one after another, and then its outcome.
const MAX_STEPS: usize = 4;
