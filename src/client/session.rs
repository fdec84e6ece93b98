//! What replies mean, and what is done when its time has come.
//!
//! On the client's thread. What is asked is in [`super::ask`]. Does not wait and does not read:
//! [`super::worker`] does.

use std::time::{Duration, Instant};

use log::debug;

use super::ask::{CHANNELS, half};
use super::fault::{Fault, shown};
use super::receiver::{Place, Receiver};
use super::worker::{Asked, From, Link, Open, Purpose, Stream, Then, Worker};
use super::{About, Event, Notice, Transports, client_nonce, clips};
use crate::proto::auth::{Next, Visit};
use crate::proto::rtsp::transport::{Delivery, Lower};
use crate::proto::rtsp::{
    Method, NptRange, NptStart, Range, Reply, Request, Response, RtpInfo, State, Status, Transport,
    Uri, parse_sdp, resolve_control,
};

impl<F: Fn(Notice)> Worker<F> {
    /// Answers what a server asks: nothing is served here.
    pub(super) fn answer(&mut self, request: &Request) -> Result<(), Fault> {
        let Link::Open(connection) = &mut self.link else {
            return Ok(());
        };
        let mut bytes = Vec::new();
        Response::new(Status::NotImplemented, Some(request.cseq)).write(&mut bytes);
        connection.send(&bytes)
    }

    /// Takes a reply to the request that it names; without a name, to the oldest.
    pub(super) fn reply(&mut self, reply: Reply) -> Result<(), Fault> {
        let named = |asked: &Asked| reply.cseq.is_none_or(|cseq| asked.request.cseq == cseq);
        let Some(at) = self.asked.iter().position(named).filter(|_| reply.status >= 200) else {
            debug!("a reply to nothing: {}", reply.status);
            return Ok(());
        };
        let asked = self.asked.remove(at);
        if matches!(reply.status, 401 | 403) && !matches!(asked.purpose, Purpose::Clips) {
            return self.denied(&asked, &reply);
        }
        let opens = matches!(asked.purpose, Purpose::Options | Purpose::Describe);
        if opens && matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
            return self.redirected(&reply);
        }
        self.visit.accepted(reply.headers.get("Authentication-Info"));
        match asked.purpose {
            Purpose::Options => self.has_options(&reply, asked.request.uri),
            Purpose::Describe => self.has_described(&reply, &asked),
            Purpose::Clips => {
                if let Some(names) = clips::parse(&reply.body).filter(|_| reply.is_ok()) {
                    (self.notices)(Notice::Said(Event::Clips(names)));
                }
                Ok(())
            }
            Purpose::Setup { lower, play } => self.has_set_up(&reply, lower, play),
            Purpose::Play { from } => self.has_begun(&reply, from),
            Purpose::Pause { then } => self.has_paused(&reply, then),
            Purpose::Teardown { tcp } => self.has_torn_down(tcp),
            Purpose::KeepAlive if reply.status == Status::SessionNotFound.code() => {
                Err(Fault::refused(asked.method(), &reply))
            }
            Purpose::KeepAlive => Ok(()),
        }
    }

    /// Says who we are, if that is asked for.
    fn denied(&mut self, asked: &Asked, reply: &Reply) -> Result<(), Fault> {
        let fields = reply.headers.all("WWW-Authenticate");
        if let Next::Denied(why) = self.visit.refused(fields, &client_nonce()) {
            return Err(Fault::Denied(why));
        }
        let mut request = self.request(asked.method(), asked.request.uri.clone());
        for name in ["Accept", "Transport", "Range", "Content-Type"] {
            if let Some(value) = asked.request.headers.get(name) {
                request = request.header(name, value.to_owned());
            }
        }
        request.body.clone_from(&asked.request.body);
        self.ask(asked.purpose, request)
    }

    /// Goes where a reply sends us.
    fn redirected(&mut self, reply: &Reply) -> Result<(), Fault> {
        let location = reply.headers.get("Location").ok_or(Fault::Elsewhere)?;
        let target = self.url.follow(location).map_err(|_| Fault::Elsewhere)?;
        if !self.options.redirects.allow(self.url.host(), target.host()) {
            return Err(Fault::OtherHost);
        }
        self.redirects += 1;
        if self.redirects > MAX_REDIRECTS {
            return Err(Fault::Redirects);
        }
        if target.to_string() != self.url.to_string() || target.who() != self.url.who() {
            self.visit = Visit::of(target.who());
        }
        self.url = target;
        self.connect(Then::Describe);
        Ok(())
    }

    fn has_options(&mut self, reply: &Reply, uri: Uri) -> Result<(), Fault> {
        // Some do not know OPTIONS, and serve all the same.
        self.takes_parameters = reply.headers.lists("Public", "GET_PARAMETER");
        let request = self.request(Method::Describe, uri).header("Accept", "application/sdp");
        self.ask(Purpose::Describe, request)
    }

    fn has_described(&mut self, reply: &Reply, asked: &Asked) -> Result<(), Fault> {
        if !reply.is_ok() {
            return Err(Fault::refused(asked.method(), reply));
        }
        self.redirects = 0;
        let stream = stream(reply, asked.request.uri.as_str())?;
        (self.notices)(Notice::Said(Event::Described(stream.about.clone())));
        let aggregate = stream.aggregate.clone();
        self.stream = Some(stream);
        if self.takes_parameters {
            let request = self.request(Method::GetParameter, aggregate);
            let request = request.body("text/parameters", clips::ASKED.to_vec());
            self.ask(Purpose::Clips, request)?;
        }
        Ok(())
    }

    fn has_set_up(&mut self, reply: &Reply, asked: Lower, play: Option<From>) -> Result<(), Fault> {
        if !reply.is_ok() {
            let unsupported = reply.status == Status::UnsupportedTransport.code();
            let otherwise = asked == Lower::Udp && self.options.transport == Transports::UdpThenTcp;
            if unsupported && otherwise {
                self.ports = None;
                return self.ask_setup(Lower::Tcp, play);
            }
            let silent = asked == Lower::Tcp && play.is_some() && !self.url.is_secure();
            if let (true, true, Some(from)) = (unsupported, silent && !self.only_udp, play) {
                // It may just have nothing to show yet.
                self.only_udp = true;
                return self.ask_setup(Lower::Udp, Some(from));
            }
            let fault = Fault::refused(Method::Setup, reply);
            return if play.is_some() { Err(fault) } else { self.refused(fault) };
        }
        let (Some(session), Some(stream)) = (reply.session(), &self.stream) else {
            return Err(Fault::Transport);
        };
        let transport = match reply.headers.get("Transport").map(Transport::parse) {
            Some(Ok(transport)) => transport,
            Some(Err(invalid)) => return Err(Fault::Grammar(invalid)),
            None => Transport { lower: asked, ..Transport::default() },
        };
        if transport.lower != asked || transport.delivery == Some(Delivery::Multicast) {
            return Err(Fault::Transport);
        }
        let now = Instant::now();
        let (type_, size) = (stream.payload_type, stream.about.size);
        self.open = Some(Open {
            keep_alive_at: now + half(&session),
            session,
            lower: asked,
            channels: transport.interleaved.unwrap_or(CHANNELS),
            server_port: transport.server_port,
            receiver: Receiver::new(type_, size, self.times.patience, random()),
            report_at: now + self.times.report,
            silent_at: None,
            heard_at: None,
            ends_at: None,
            ended: false,
            from: None,
        });
        debug!("packets come over {asked:?}");
        (self.notices)(Notice::Said(Event::Transport(asked)));
        self.state = State::Ready;
        match play {
            Some(from) => self.ask_play(from),
            None => {
                self.tell_state();
                Ok(())
            }
        }
    }

    fn has_begun(&mut self, reply: &Reply, from: From) -> Result<(), Fault> {
        if !reply.is_ok() {
            let fault = Fault::refused(Method::Play, reply);
            return self.refused(fault);
        }
        let now = self.now();
        let is_clip = self.stream.as_ref().is_some_and(|stream| stream.about.duration.is_some());
        let Some(open) = self.open.as_mut() else {
            return Ok(());
        };
        let (place, first) = first_packet(reply, from, is_clip);
        open.receiver.starts_at(place, first, now);
        if open.heard_at.is_none() {
            let patience = if open.lower == Lower::Udp && !self.only_udp {
                self.times.silence
            } else {
                self.times.first
            };
            open.silent_at = Some(Instant::now() + patience);
        }
        self.state = State::Playing;
        self.tell_state();
        Ok(())
    }

    fn has_paused(&mut self, reply: &Reply, then: Option<Duration>) -> Result<(), Fault> {
        if let Some(from) = then {
            // Whoever does not pause may still go there.
            self.state = State::Ready;
            return self.ask_play(Some(from));
        }
        if !reply.is_ok() {
            return self.refused(Fault::refused(Method::Pause, reply));
        }
        if let Some(open) = &mut self.open {
            open.silent_at = None;
        }
        self.state = State::Ready;
        self.tell_state();
        Ok(())
    }

    fn has_torn_down(&mut self, tcp: Option<From>) -> Result<(), Fault> {
        self.open = None;
        self.ports = None;
        self.asked.clear();
        self.state = State::Init;
        // Many servers close it now, and none needs it any more.
        self.link = Link::None;
        match tcp {
            Some(from) => self.connect(Then::Setup { lower: Lower::Tcp, play: Some(from) }),
            None => self.tell_state(),
        }
        Ok(())
    }

    /// The server has closed the connection.
    pub(super) fn closed(&mut self) -> Result<(), Fault> {
        let leaving = self.asked.iter().find_map(|asked| match asked.purpose {
            Purpose::Teardown { tcp } => Some(tcp),
            _ => None,
        });
        if let Some(tcp) = leaving {
            return self.has_torn_down(tcp);
        }
        let set_up = self.asked.iter().find_map(|asked| match asked.purpose {
            Purpose::Setup { lower, play } => Some((lower, play)),
            _ => None,
        });
        if let Some((lower, play)) = set_up
            && !std::mem::replace(&mut self.sent_anew, true)
        {
            self.connect(Then::Setup { lower, play });
            return Ok(());
        }
        let waits = self.asked.iter().any(|asked| !asked.purpose.is_aside());
        match &self.open {
            // Nothing was going on: SETUP connects again.
            None if !waits => self.link = Link::None,
            Some(open) if open.ended && !waits => self.forget(),
            _ => return Err(Fault::Closed),
        }
        Ok(())
    }

    /// Does what is due.
    pub(super) fn timers(&mut self) -> Result<(), Fault> {
        let now = Instant::now();
        while let Some(at) = self.asked.iter().position(|asked| asked.deadline <= now) {
            let asked = self.asked.remove(at);
            match asked.purpose {
                Purpose::Clips => {}
                Purpose::Teardown { tcp } => self.has_torn_down(tcp)?,
                // A camera that does not know it may send pictures all the same.
                Purpose::KeepAlive if self.heard_within(self.times.reply) => {}
                _ => return Err(Fault::Silent(asked.method())),
            }
        }
        let Some(open) = &self.open else {
            return Ok(());
        };
        if open.silent_at.is_some_and(|at| at <= now) && self.asked.is_empty() {
            return self.nothing_came();
        }
        if open.keep_alive_at <= now {
            self.keep_alive(now)?;
        }
        if self.open.as_ref().is_some_and(|open| open.report_at <= now) {
            self.report()?;
        }
        self.give_up(now);
        Ok(())
    }

    fn heard_within(&self, time: Duration) -> bool {
        let heard = self.open.as_ref().and_then(|open| open.heard_at);
        self.state == State::Playing && heard.is_some_and(|at| at.elapsed() < time)
    }

    /// PLAY was granted, and then there was silence.
    fn nothing_came(&mut self) -> Result<(), Fault> {
        let Some(open) = self.open.as_mut() else {
            return Ok(());
        };
        open.silent_at = None;
        let (lower, from) = (open.lower, open.from);
        let otherwise = self.options.transport == Transports::UdpThenTcp && !self.only_udp;
        if lower == Lower::Udp && otherwise {
            debug!("nothing comes over UDP: TCP is tried");
            return self.ask_teardown(Some(from));
        }
        Err(Fault::NoPackets)
    }

    /// Gives up packets that are missing, and ends a clip that has said goodbye.
    fn give_up(&mut self, now: Instant) {
        let time = self.now();
        let Some(open) = self.open.as_mut() else {
            return;
        };
        let mut shots = Vec::new();
        let over = open.ends_at.is_some_and(|at| at <= now) && self.state == State::Playing;
        if over {
            open.ends_at = None;
            open.ended = true;
            open.silent_at = None;
            open.receiver.finish(time, &mut shots);
        } else {
            open.receiver.tick(time, &mut shots);
        }
        self.show(&mut shots);
        if over {
            self.state = State::Ready;
            self.tell_state();
            (self.notices)(Notice::Said(Event::Ended));
        }
    }

    /// The session goes on without what was asked; without a session there is none to lose.
    fn refused(&mut self, fault: Fault) -> Result<(), Fault> {
        let gone = Status::SessionNotFound.code();
        if matches!(&fault, Fault::Refused { status, .. } if *status == gone) {
            return Err(fault);
        }
        self.refuse(fault);
        Ok(())
    }

    pub(super) fn refuse(&mut self, fault: Fault) {
        if self.open.is_none() {
            self.ports = None;
        }
        self.tell_state();
        (self.notices)(Notice::Trouble(fault));
    }

    /// All is over, and may be set up anew.
    pub(super) fn lose(&mut self, fault: Fault) {
        self.shared.commands.lock().queue.clear();
        self.forget();
        (self.notices)(Notice::Trouble(fault));
    }

    fn forget(&mut self) {
        self.asked.clear();
        self.open = None;
        self.ports = None;
        self.link = Link::None;
        self.state = State::Init;
        self.tell_state();
    }
}

/// Reads a description; `requested` was asked for it.
fn stream(reply: &Reply, requested: &str) -> Result<Stream, Fault> {
    let description = parse_sdp(&reply.body).map_err(Fault::Grammar)?;
    let Some((media, payload_type)) = description.jpeg() else {
        let videos = description.medias.iter().filter(|media| media.kind != "audio");
        let names = videos.flat_map(|media| &media.rtpmap).map(|map| shown(&map.encoding));
        return Err(Fault::NoJpeg(names.take(MAX_NAMED).collect()));
    };
    let base = reply.base(requested);
    let uri = |control| Uri::parse(&resolve_control(base, control)).map_err(Fault::Grammar);
    let range = media.range.as_ref().or(description.range.as_ref());
    let duration = match range {
        Some(Range::Npt(NptRange { start: NptStart::At(start), end: Some(end) })) => {
            Some(end.saturating_sub(*start))
        }
        _ => None,
    };
    let about = About {
        name: shown(&description.name),
        duration,
        frame_rate: media.frame_rate,
        size: media.size,
    };
    let aggregate = uri(description.control.as_deref())?;
    Ok(Stream { aggregate, track: uri(media.control.as_deref())?, payload_type, about })
}

/// Where the first packet after PLAY belongs in the clip, and which one it is.
fn first_packet(reply: &Reply, from: From, is_clip: bool) -> (Option<Place>, Option<u16>) {
    let info = reply.headers.get("RTP-Info").and_then(|value| RtpInfo::parse_list(value).ok());
    let info = info.and_then(|list| list.into_iter().next());
    let timestamp = info.as_ref().and_then(|info| info.rtptime);
    let range = reply.headers.get("Range").and_then(|value| Range::parse(value).ok());
    let npt = match range {
        Some(Range::Npt(NptRange { start: NptStart::At(start), .. })) => Some(start),
        _ => from,
    };
    let place = npt.filter(|_| is_clip).map(|npt| Place { npt, timestamp });
    (place, info.and_then(|info| info.seq))
}

fn random() -> [u32; 4] {
    let mut words = [0; 4];
    for word in &mut words {
        // Without randomness numbers may collide; nothing worse.
        *word = getrandom::u32().unwrap_or(0x6C69_7665);
    }
    words
}

const MAX_NAMED: usize = 4;
const MAX_REDIRECTS: u8 = 5;
