//! What is asked of the server: the requests of a session from OPTIONS to TEARDOWN
//! (RFC 2326 §10), and the reports of a receiver.
//!
//! On the client's thread. What the replies mean is in [`super::session`].

use std::time::{Duration, Instant};

use log::debug;

use super::fault::Fault;
use super::worker::{Asked, From, Link, Purpose, Then, Worker};
use super::{Command, Notice, Transports};
use crate::proto::auth::Covered;
use crate::proto::rtsp::transport::Lower;
use crate::proto::rtsp::{Method, Range, Request, Session, State, Transport, Uri};

impl<F: Fn(Notice)> Worker<F> {
    /// Asks the first thing on a new connection.
    pub(super) fn begin(&mut self, then: Then) -> Result<(), Fault> {
        match then {
            Then::Describe => {
                let uri = Uri::parse(&self.url.request_uri()).map_err(Fault::Grammar)?;
                let request = self.request(Method::Options, uri);
                self.ask(Purpose::Options, request)
            }
            Then::Setup { lower, play } => self.ask_setup(lower, play),
        }
    }

    /// Carries out what the user wants, if the state allows it.
    pub(super) fn obey(&mut self, command: Command) -> Result<(), Fault> {
        match (command, self.state) {
            (Command::Setup, State::Init) => match (&self.stream, &self.link) {
                (None, _) => {
                    self.shared.commands.lock().queue.push_front(command);
                    self.connect(Then::Describe);
                    Ok(())
                }
                (Some(_), Link::Open(_)) => {
                    self.sent_anew = false;
                    self.ask_setup(self.first_choice(), None)
                }
                (Some(_), _) => {
                    self.sent_anew = true;
                    self.connect(Then::Setup { lower: self.first_choice(), play: None });
                    Ok(())
                }
            },
            (Command::Play(from), State::Ready) => self.ask_play(from),
            (Command::Play(Some(from)), State::Playing) => self.ask_pause(Some(from)),
            (Command::Pause, State::Playing) => self.ask_pause(None),
            (Command::Teardown, State::Ready | State::Playing) => self.ask_teardown(None),
            (command, state) => {
                debug!("{command:?} does nothing in {state:?}");
                Ok(())
            }
        }
    }

    fn first_choice(&self) -> Lower {
        // Beside TLS nothing shall go by the way that is open to all, unless it is asked for.
        match self.options.transport {
            Transports::Tcp => Lower::Tcp,
            Transports::UdpThenTcp if self.url.is_secure() => Lower::Tcp,
            Transports::UdpThenTcp | Transports::Udp => Lower::Udp,
        }
    }

    /// A request with what every request has.
    pub(super) fn request(&mut self, method: Method, uri: Uri) -> Request {
        self.cseq = self.cseq.wrapping_add(1);
        let request = Request::new(method, uri, self.cseq);
        let request = request.header("User-Agent", self.options.user_agent);
        match &self.open {
            Some(open) => request.header("Session", Session::new(open.session.id.as_str())),
            None => request,
        }
    }

    pub(super) fn ask(&mut self, purpose: Purpose, request: Request) -> Result<(), Fault> {
        let Link::Open(connection) = &mut self.link else {
            return Err(Fault::Closed);
        };
        let covered = Covered {
            method: request.method.as_str(),
            uri: request.uri.as_str(),
            body: &request.body,
        };
        let mut bytes = Vec::new();
        match self.visit.authorization(covered) {
            Some(said) => request.clone().header("Authorization", said).write(&mut bytes),
            None => request.write(&mut bytes),
        }
        let patience = match purpose {
            Purpose::Teardown { .. } => self.times.teardown,
            _ => self.times.reply,
        };
        self.asked.push(Asked { purpose, request, deadline: Instant::now() + patience });
        connection.send(&bytes)
    }

    /// The URL of the whole, or what stands for it.
    fn aggregate(&self) -> Result<Uri, Fault> {
        match &self.stream {
            Some(stream) => Ok(stream.aggregate.clone()),
            None => Uri::parse(&self.url.request_uri()).map_err(Fault::Grammar),
        }
    }

    pub(super) fn ask_setup(&mut self, lower: Lower, play: Option<From>) -> Result<(), Fault> {
        let (Some(stream), Link::Open(connection)) = (&self.stream, &self.link) else {
            return Err(Fault::Closed);
        };
        let (track, local) = (stream.track.clone(), connection.local);
        let transport = match lower {
            Lower::Tcp => Transport::tcp(CHANNELS),
            Lower::Udp => match self.bind(local) {
                Ok(numbers) => Transport::udp(numbers),
                Err(error) if self.options.transport == Transports::UdpThenTcp => {
                    debug!("no UDP ports: {error}");
                    return self.ask_setup(Lower::Tcp, play);
                }
                Err(error) => {
                    self.refuse(Fault::Ports(error.to_string()));
                    return Ok(());
                }
            },
        };
        let request = self.request(Method::Setup, track).header("Transport", transport);
        self.ask(Purpose::Setup { lower, play }, request)
    }

    pub(super) fn ask_play(&mut self, from: From) -> Result<(), Fault> {
        let uri = self.aggregate()?;
        let Some(open) = self.open.as_mut() else {
            return Err(Fault::Closed);
        };
        // After its end a clip stands there.
        let from = from.or(open.ended.then_some(Duration::ZERO));
        open.from = from;
        open.ended = false;
        open.ends_at = None;
        open.receiver.begin();
        self.greet();
        let request = self.request(Method::Play, uri);
        let request = match from {
            Some(from) => request.header("Range", Range::from(from)),
            None => request,
        };
        self.ask(Purpose::Play { from }, request)
    }

    fn ask_pause(&mut self, then: Option<Duration>) -> Result<(), Fault> {
        let uri = self.aggregate()?;
        let request = self.request(Method::Pause, uri);
        self.ask(Purpose::Pause { then }, request)
    }

    /// Asks for the end; `tcp` says to play over TCP after it.
    pub(super) fn ask_teardown(&mut self, tcp: Option<From>) -> Result<(), Fault> {
        let uri = self.aggregate()?;
        let request = self.request(Method::Teardown, uri);
        self.ask(Purpose::Teardown { tcp }, request)
    }

    /// Sends to the server's ports, so that a firewall of this side lets answers pass.
    fn greet(&mut self) {
        let now = self.now();
        let (Some(open), Link::Open(connection)) = (&mut self.open, &self.link) else {
            return;
        };
        let (Some(ports), Some(server)) = (&self.ports, open.server_port) else {
            return;
        };
        let mut peer = connection.peer;
        peer.set_port(server.0);
        let sent = ports.rtp.send_to(&open.receiver.greeting(), peer);
        peer.set_port(server.1);
        let report = open.receiver.report(now);
        if let Err(error) = sent.and_then(|_| ports.rtcp.send_to(&report, peer)) {
            debug!("a greeting is not sent: {error}");
        }
    }

    /// Sends a receiver report.
    pub(super) fn report(&mut self) -> Result<(), Fault> {
        let now = self.now();
        let (Some(open), Link::Open(connection)) = (&mut self.open, &mut self.link) else {
            return Ok(());
        };
        open.report_at = Instant::now() + self.times.report;
        let report = open.receiver.report(now);
        match (&self.ports, open.server_port) {
            _ if open.lower == Lower::Tcp => connection.send_frame(open.channels.1, &report),
            (Some(ports), Some((_, port))) => {
                let mut peer = connection.peer;
                peer.set_port(port);
                if let Err(error) = ports.rtcp.send_to(&report, peer) {
                    debug!("a report is not sent: {error}");
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn keep_alive(&mut self, now: Instant) -> Result<(), Fault> {
        if let Some(open) = &mut self.open {
            open.keep_alive_at = now + half(&open.session);
        }
        if self.asked.iter().any(|asked| asked.purpose == Purpose::KeepAlive) {
            return Ok(());
        }
        let method = if self.takes_parameters { Method::GetParameter } else { Method::Options };
        let uri = self.aggregate()?;
        let request = self.request(method, uri);
        self.ask(Purpose::KeepAlive, request)
    }
}

/// Half the time after which the server would end the session.
pub(super) fn half(session: &Session) -> Duration {
    (session.lasts() / 2).clamp(Duration::from_millis(500), Duration::from_secs(60))
}

/// Of RTP and RTCP on the connection.
pub(super) const CHANNELS: (u8, u8) = (0, 1);
