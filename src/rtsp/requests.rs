//! What becomes of a request (RFC 2326 §10), method by method.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::warn;

use super::feed::{Feed, Wish};
use super::outlet::{Outlet, Writer};
use super::session::{Phase, Session, Terms};
use super::show::{Show, Way};
use super::udp::Path;
use super::{Resource, Studio};
use crate::live::audience::Refused;
use crate::live::settings::Settings;
use crate::proto::http::Target;
use crate::proto::rtp::{JPEG_PAYLOAD_TYPE, Sender};
use crate::proto::rtsp::transport::{Delivery, Lower};
use crate::proto::rtsp::{
    Chosen, JpegSession, Method, NptRange, NptStart, Range, Request, Response, RtpInfo,
    Session as SessionHeader, State, Status, Transport, parse_scale,
};
use crate::web::settings::stream_wish;

/// Who asks: one connection.
pub(super) struct Client {
    /// No other has it.
    pub(super) number: u64,
    pub(super) peer: SocketAddr,
    /// The address of this machine that it came to.
    pub(super) local: SocketAddr,
    pub(super) writer: Arc<Writer>,
}

/// A request with what is needed to answer it.
pub(super) struct Asked<'a> {
    pub(super) studio: &'a Arc<Studio>,
    pub(super) client: &'a Client,
    pub(super) request: &'a Request,
}

type Answered = Result<Response, Response>;

impl Asked<'_> {
    /// Does what is asked, and says so.
    pub(super) fn answer(&self) -> Response {
        if let Some(feature) =
            ["Require", "Proxy-Require"].into_iter().find_map(|name| self.request.headers.get(name))
        {
            return self.say(Status::OptionNotSupported).header("Unsupported", feature);
        }
        let answered = match &self.request.method {
            Method::Options => Ok(self.ok().header("Public", METHODS)),
            Method::Describe => self.describe(),
            Method::Setup => self.setup(),
            Method::Play => self.play(),
            Method::Pause => self.pause(),
            Method::Teardown => self.teardown(),
            Method::GetParameter => self.get_parameter(),
            Method::SetParameter => self.set_parameter(),
            Method::Announce | Method::Record | Method::Redirect => {
                Err(self.say(Status::MethodNotAllowed).header("Allow", METHODS))
            }
            Method::Other(_) => Err(self.say(Status::NotImplemented).header("Public", METHODS)),
        };
        answered.unwrap_or_else(|refusal| refusal)
    }

    /// Does what comes after the answer has been written.
    pub(super) fn after(&self, answer: &Response) {
        if self.request.method == Method::Play
            && answer.status() == Status::Ok
            && let Ok(session) = self.session()
        {
            session.go();
        }
    }

    fn say(&self, status: Status) -> Response {
        Response::new(status, Some(self.request.cseq))
    }

    fn ok(&self) -> Response {
        self.say(Status::Ok)
    }

    /// An answer that names the session, which is how a client learns of it.
    fn ok_in(&self, session: &Session) -> Response {
        self.ok().header("Session", header_of(session))
    }

    fn describe(&self) -> Answered {
        let (target, _) = self.request.uri.without_track(TRACK);
        let resource = self.resource(&target)?;
        let types = self.request.headers.get("Accept").unwrap_or("*/*");
        if !["application/sdp", "application/*", "*/*"].iter().any(|kind| types.contains(kind)) {
            return Err(self.say(Status::NotAcceptable));
        }
        let fits = |side: u32| u16::try_from(side).ok().filter(|side| *side <= 2040);
        let (name, range, frame_rate, size) = match &resource {
            Resource::Live => {
                let report = self.studio.context.source.report();
                let size = report.format.map(|format| format.size);
                let fps = self.studio.context.hub.frames_per_sec();
                (report.name, Range::now(), Some(fps), size)
            }
            Resource::Clip(clip) => {
                let range = Range::between(Duration::ZERO, clip.survey.duration());
                (clip.name.clone(), range, Some(clip.survey.fps), Some(clip.survey.size))
            }
        };
        let size = size.and_then(|size| fits(size.width).zip(fits(size.height)));
        let description = JpegSession {
            name: &name,
            session_id: random_u32().into(),
            ipv6: self.client.peer.ip().to_canonical().is_ipv6(),
            range,
            frame_rate,
            size,
            control: &self.request.uri.track(TRACK),
        };
        Ok(self
            .ok()
            .header("Content-Base", self.request.uri.content_base())
            .body("application/sdp", description.write().into_bytes()))
    }

    fn setup(&self) -> Answered {
        let (target, _) = self.request.uri.without_track(TRACK);
        let before = match self.request.headers.get("Session") {
            Some(_) => Some(self.session()?),
            None => None,
        };
        let resource = self.resource(&target)?;
        let named = name_of(&target);
        if let Some(session) = &before {
            if session.state() == State::Playing {
                return Err(self.say(Status::MethodNotValidInThisState));
            }
            if session.target != named {
                // One picture is all that a session has.
                return Err(self.say(Status::AggregateOperationNotAllowed));
            }
        }
        let wish = self.wish(&target)?;
        let (outlet, mut granted) = self.outlet()?;
        let (rtcp, bound_to) = match &outlet {
            Outlet::Udp { rtcp, .. } => (Some(*rtcp), None),
            Outlet::Interleaved { .. } => (None, Some(self.client.number)),
        };
        let ssrc = random_u32();
        granted.ssrc = Some(ssrc);
        let [a, b] = random::<2>();
        let sender = Sender::new(JPEG_PAYLOAD_TYPE, ssrc, u16::from_be_bytes([a, b]), random_u32());
        let way = Way::Rtp { outlet, sender, reported_at: None };
        let show = Show::new(self.feed(resource, wish), way, self.studio.context.clock.clone());
        let id = match before {
            // What is set up again stays the session that it was (§10.4).
            Some(old) => {
                self.studio.sessions.remove(&old.id);
                old.end();
                old.id.clone()
            }
            None => random::<8>().iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        let client = self.client.peer.ip();
        let terms = Terms { id, target: named, client, ssrc, rtcp, bound_to };
        let session = Arc::new(Session::new(terms, show, Instant::now()));
        let answer = self.ok_in(&session).header("Transport", granted);
        match self.studio.sessions.add(session) {
            Ok(()) => Ok(answer),
            Err(_) => Err(self.say(Status::NotEnoughBandwidth)),
        }
    }

    /// The way that the client offers and can have, and what to tell it of that.
    fn outlet(&self) -> Result<(Outlet, Transport), Response> {
        let offered = self.request.headers.get("Transport");
        let offered = offered.ok_or_else(|| self.say(Status::BadRequest))?;
        let list = Transport::parse_list(offered).map_err(|_| self.say(Status::BadRequest))?;
        let udp = self.studio.ports.as_ref();
        let possible: Vec<Transport> = list
            .into_iter()
            .filter(|one| one.lower == Lower::Tcp || udp.is_some())
            .filter(|one| !one.asks_elsewhere(self.client.peer.ip()))
            .filter(|one| one.chosen().is_some_and(|chosen| !chosen.is_privileged()))
            .collect();
        let none = || self.say(Status::UnsupportedTransport);
        let (_, chosen) = Transport::choose(&possible).ok_or_else(none)?;
        let delivery = Some(Delivery::Unicast);
        match chosen {
            Chosen::Udp { client_port } => {
                let ports = Arc::clone(udp.ok_or_else(none)?);
                let [to, rtcp] = [client_port.0, client_port.1].map(|port| {
                    // With the zone that a link-local address has.
                    let mut to = self.client.peer;
                    to.set_port(port);
                    to
                });
                let rtp = Path { to, from: self.client.local.ip() };
                let granted = Transport {
                    delivery,
                    client_port: Some(client_port),
                    server_port: Some(ports.numbers()),
                    ..Transport::default()
                };
                Ok((Outlet::Udp { ports, rtp, rtcp }, granted))
            }
            Chosen::Interleaved { channels } => {
                let (rtp, rtcp) = channels.unwrap_or((0, 1));
                let writer = Arc::clone(&self.client.writer);
                let granted = Transport {
                    lower: Lower::Tcp,
                    delivery,
                    interleaved: Some((rtp, rtcp)),
                    ..Transport::default()
                };
                Ok((Outlet::Interleaved { writer, rtp, rtcp }, granted))
            }
        }
    }

    fn feed(&self, resource: Resource, wish: Wish) -> Feed {
        let now = self.studio.context.clock.now();
        match resource {
            Resource::Live => Feed::live(&self.studio.context.hub, wish, now),
            Resource::Clip(entry) => Feed::clip(entry, wish, None, now),
        }
    }

    fn play(&self) -> Answered {
        let session = self.session()?;
        let scale = match self.request.headers.get("Scale") {
            // Backwards and standing still are not possible: what is, is named in the answer.
            Some(text) => parse_scale(text)
                .map_err(|_| self.say(Status::BadRequest))
                .map(|scale| match session.length {
                    Some(_) if scale > 0.0 => scale.clamp(0.1, 16.0),
                    _ => 1.0,
                })
                .map(Some)?,
            None => None,
        };
        let range = self.range(session.length)?;
        if session.state() == State::Playing && range.is_none() && scale.is_none() {
            return Ok(self.ok_in(&session));
        }
        let outcome =
            session.change(|mut show| match self.start(&mut show, range, scale.unwrap_or(1.0)) {
                Err(refusal) => (Phase::Ready(show), Err(refusal)),
                Ok((range, info)) => match self.studio.put_on(show) {
                    Ok(playing) => (Phase::Playing(playing), Ok((range, info))),
                    Err((show, Refused::Full | Refused::TooManyStreams)) => {
                        (Phase::Ready(show), Err(self.say(Status::NotEnoughBandwidth)))
                    }
                },
            });
        let (range, info) = outcome.ok_or_else(|| self.say(Status::SessionNotFound))??;
        let mut answer = self.ok_in(&session).header("Range", range);
        if let Some(scale) = scale {
            answer = answer.header("Scale", scale);
        }
        Ok(answer.header("RTP-Info", info))
    }

    /// Gets a show ready to begin. Returns what it plays, and the numbers of its first packet.
    fn start(
        &self,
        show: &mut Show,
        range: Option<NptRange>,
        scale: f64,
    ) -> Result<(Range, RtpInfo), Response> {
        let clock = &self.studio.context.clock;
        let mut start = clock.now();
        let played = match &mut show.feed {
            Feed::Live(_) => Range::now(),
            Feed::Clip(clip) => {
                let from = match range.map(|range| range.start) {
                    Some(NptStart::At(at)) => Some(at),
                    Some(NptStart::Now | NptStart::Unstated) | None => None,
                };
                let end = range.and_then(|range| range.end);
                start = clip.start(from, end, scale, Duration::ZERO, clock).map_err(|trouble| {
                    warn!("{trouble}");
                    self.say(Status::NotFound)
                })?;
                let end = end.unwrap_or(clip.duration()).min(clip.duration());
                Range::between(clip.position().min(end), end)
            }
        };
        let header = match &show.way {
            Way::Rtp { sender, .. } => sender.header(clock.since_start(start)),
            Way::Datagrams { .. } => return Err(self.say(Status::SessionNotFound)),
        };
        let url = self.track_url();
        let (seq, rtptime) = (Some(header.sequence), Some(header.timestamp));
        Ok((played, RtpInfo { url, seq, rtptime }))
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

    fn pause(&self) -> Answered {
        let session = self.session()?;
        if !session.is_on() {
            return Err(self.say(Status::MethodNotValidInThisState));
        }
        session
            .change(|show| (Phase::Ready(show), ()))
            .ok_or_else(|| self.say(Status::SessionNotFound))?;
        Ok(self.ok_in(&session))
    }

    fn teardown(&self) -> Answered {
        let session = self.session()?;
        self.studio.sessions.remove(&session.id);
        session.end();
        Ok(self.ok_in(&session))
    }

    fn get_parameter(&self) -> Answered {
        let answer = self.in_session_if_named()?;
        let body = String::from_utf8_lossy(&self.request.body);
        let mut values = String::new();
        for name in body.split(['\r', '\n']).map(str::trim).filter(|name| !name.is_empty()) {
            match name.trim_end_matches(':') {
                "clips" => values.push_str(&format!("clips: {}\r\n", self.studio.clip_names())),
                other => {
                    let refused = format!("{other}\r\n").into_bytes();
                    let refusal = self.say(Status::ParameterNotUnderstood);
                    return Err(refusal.body("text/parameters", refused));
                }
            }
        }
        if values.is_empty() {
            return Ok(answer);
        }
        Ok(answer.body("text/parameters", values.into_bytes()))
    }

    fn set_parameter(&self) -> Answered {
        let answer = self.in_session_if_named()?;
        if self.request.body.trim_ascii().is_empty() {
            return Ok(answer);
        }
        Err(self.say(Status::ParameterNotUnderstood))
    }

    fn in_session_if_named(&self) -> Answered {
        match self.request.headers.get("Session") {
            Some(_) => self.session().map(|session| self.ok_in(&session)),
            None => Ok(self.ok()),
        }
    }

    /// The session that the request names, which thereby lives on.
    fn session(&self) -> Result<Arc<Session>, Response> {
        let none = || self.say(Status::SessionNotFound);
        let named = self.request.session().ok().flatten().ok_or_else(none)?;
        let client = self.client.peer.ip();
        let session = self.studio.sessions.find(&named.id, client).ok_or_else(none)?;
        session.heard(Instant::now());
        Ok(session)
    }

    fn resource(&self, target: &Target) -> Result<Resource, Response> {
        match self.studio.find(&target.path) {
            Ok(Some(resource)) => Ok(resource),
            Ok(None) => Err(self.say(Status::NotFound)),
            Err(trouble) => {
                warn!("{trouble}");
                Err(self.say(Status::UnsupportedMediaType))
            }
        }
    }

    /// What the query of the URL asks for, as over HTTP.
    fn wish(&self, target: &Target) -> Result<Wish, Response> {
        let bad = || self.say(Status::BadRequest);
        let mut fields = target.query_pairs().map_err(|_| bad())?;
        // One address may name both; motion then sets the quality.
        if fields.iter().any(|(name, value)| name == "mode" && value == "gaming") {
            fields.retain(|(name, _)| name != "quality");
        }
        let wish = stream_wish(&fields).map_err(|_| bad())?;
        let settings = Settings::default().changed(wish.change).map_err(|_| bad())?;
        Ok(Wish { settings, fps: wish.fps })
    }
}

fn header_of(session: &Session) -> SessionHeader {
    let timeout = Some(crate::proto::rtsp::session::DEFAULT_TIMEOUT);
    SessionHeader { id: session.id.clone(), timeout }
}

fn name_of(target: &Target) -> String {
    match &target.query {
        Some(query) => format!("{}?{query}", target.path),
        None => target.path.clone(),
    }
}

pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    bytes
}

pub(super) fn random_u32() -> u32 {
    u32::from_be_bytes(random())
}

const TRACK: &str = "track1";
const METHODS: &str =
    "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER";
