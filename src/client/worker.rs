//! What plays: one loop that waits for sockets, commands and times, on the client's own thread or
//! on that of who reads the pictures.
//!
//! Owns everything; what replies mean is in [`super::session`]. Never waits but in its poll,
//! and each piece of work in a round is bounded, so that a server that floods it delays
//! nothing for long.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver as Outcome, TryRecvError};
use log::debug;
use mio::{Events, Poll, Token, Waker};

use super::connect;
use super::connection::{Connection, Filled, Message};
use super::fault::Fault;
use super::ports::{self, Ports};
use super::receiver::{Receiver, Shot};
use super::wire::Wire;
use super::{Event, Notice, Options, Shared, Times};
use crate::proto::auth::Visit;
use crate::proto::rtsp::transport::Lower;
use crate::proto::rtsp::{Method, Request, RtspUrl, Session, State, Uri};

/// What the thread owns.
pub(super) struct Worker<F> {
    pub(super) url: RtspUrl,
    pub(super) options: Options,
    pub(super) times: Times,
    pub(super) notices: F,
    pub(super) shared: Arc<Shared>,
    poll: Poll,
    events: Events,
    waker: Arc<Waker>,
    pub(super) link: Link,
    pub(super) stream: Option<Stream>,
    pub(super) open: Option<Open>,
    /// Bound for the session that is asked for.
    pub(super) ports: Option<Ports>,
    pub(super) state: State,
    /// The state that the user knows; behind `state` while one is only passed through.
    pub(super) told: State,
    pub(super) asked: Vec<Asked>,
    pub(super) cseq: u32,
    /// What the server has asked of us, and was told.
    pub(super) visit: Visit,
    /// How often we were sent on since a stream was described.
    pub(super) redirects: u8,
    /// SETUP was sent anew, since the connection had idled away.
    pub(super) sent_anew: bool,
    /// It refuses TCP, so that UDP is waited for, however silent it is.
    pub(super) only_udp: bool,
    /// It lists GET_PARAMETER.
    pub(super) takes_parameters: bool,
    datagram: Vec<u8>,
    began: (Instant, Duration),
}

/// The way to the server.
pub(super) enum Link {
    None,
    Connecting { outcome: Outcome<Result<Wire<TcpStream>, Fault>>, deadline: Instant, then: Then },
    Open(Connection),
}

/// What to ask for once connected.
#[derive(Clone, Copy, Debug)]
pub(super) enum Then {
    Describe,
    Setup { lower: Lower, play: Option<From> },
}

/// Where PLAY shall begin; `None` is where the stream stands.
pub(super) type From = Option<Duration>;

/// What the server has described.
pub(super) struct Stream {
    pub(super) aggregate: Uri,
    pub(super) track: Uri,
    pub(super) payload_type: u8,
    pub(super) about: super::About,
}

/// A session.
pub(super) struct Open {
    pub(super) session: Session,
    pub(super) lower: Lower,
    pub(super) channels: (u8, u8),
    pub(super) server_port: Option<(u16, u16)>,
    pub(super) receiver: Receiver,
    pub(super) keep_alive_at: Instant,
    pub(super) report_at: Instant,
    /// Nothing has come, and shall have by then.
    pub(super) silent_at: Option<Instant>,
    pub(super) heard_at: Option<Instant>,
    /// The sender has said goodbye; what is on the way is waited for until then.
    pub(super) ends_at: Option<Instant>,
    pub(super) ended: bool,
    pub(super) from: From,
}

/// A request without a reply yet.
pub(super) struct Asked {
    pub(super) purpose: Purpose,
    pub(super) request: Request,
    pub(super) deadline: Instant,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Options,
    Describe,
    Clips,
    Setup { lower: Lower, play: Option<From> },
    Play { from: From },
    Pause { then: Option<Duration> },
    Teardown { tcp: Option<From> },
    KeepAlive,
}

impl Purpose {
    /// True if nothing waits for the reply.
    pub(super) fn is_aside(self) -> bool {
        matches!(self, Self::Clips | Self::KeepAlive)
    }
}

impl<F: Fn(Notice)> Worker<F> {
    pub(super) fn new(
        url: RtspUrl,
        options: Options,
        times: Times,
        notices: F,
        shared: Arc<Shared>,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        Ok(Self {
            visit: Visit::of(url.who()),
            url,
            options,
            times,
            notices,
            shared,
            poll,
            events: Events::with_capacity(16),
            waker,
            link: Link::None,
            stream: None,
            open: None,
            ports: None,
            state: State::Init,
            told: State::Init,
            asked: Vec::new(),
            cseq: 0,
            redirects: 0,
            sent_anew: false,
            only_udp: false,
            takes_parameters: false,
            datagram: vec![0; MAX_DATAGRAM],
            began: (
                Instant::now(),
                SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            ),
        })
    }

    pub(super) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    pub(super) fn run(mut self) {
        self.connect(Then::Describe);
        while !self.shared.commands.lock().quit {
            if let Err(fault) = self.turn(None) {
                return self.lose(fault);
            }
        }
        self.leave();
    }

    /// Does what there is to do, and waits for more, at most until `deadline`.
    ///
    /// # Errors
    ///
    /// If there can be no waiting any more: nothing else comes then.
    pub(super) fn turn(&mut self, deadline: Option<Instant>) -> Result<(), Fault> {
        let more = match self.round() {
            Ok(more) => more,
            Err(fault) => {
                self.lose(fault);
                true
            }
        };
        self.share();
        let wait = if more { Duration::ZERO } else { self.wait() };
        let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
        match self.poll.poll(&mut self.events, Some(left.map_or(wait, |left| wait.min(left)))) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                Err(Fault::Broken(error.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// All that can be done now. True if something is left to do at once.
    fn round(&mut self) -> Result<bool, Fault> {
        self.connected()?;
        let mut more = self.read_connection()?;
        more |= self.read_ports();
        self.timers()?;
        while self.is_idle() {
            let next = self.shared.commands.lock().queue.pop_front();
            let Some(command) = next else { break };
            self.obey(command)?;
        }
        Ok(more)
    }

    /// True if the next command may be carried out.
    fn is_idle(&self) -> bool {
        let connecting = matches!(self.link, Link::Connecting { .. });
        !connecting && self.asked.iter().all(|asked| asked.purpose.is_aside())
    }

    /// Starts to connect.
    pub(super) fn connect(&mut self, then: Then) {
        self.asked.clear();
        let trust = self.options.trust;
        match connect::begin(&self.url, trust, self.times.connect, self.waker()) {
            Ok(outcome) => {
                // A name may take long to resolve as well; who connects knows better words.
                let deadline = Instant::now() + self.times.connect + MOMENT;
                self.link = Link::Connecting { outcome, deadline, then };
            }
            Err(error) => self.lose(Fault::Broken(error.to_string())),
        }
    }

    /// Goes on if a connection has come about.
    fn connected(&mut self) -> Result<(), Fault> {
        let Link::Connecting { outcome, deadline, then } = &self.link else {
            return Ok(());
        };
        let then = *then;
        let wire = match outcome.try_recv() {
            Ok(connected) => connected?,
            Err(TryRecvError::Empty) if Instant::now() < *deadline => return Ok(()),
            Err(_) => return Err(Fault::Connect(io::ErrorKind::TimedOut, "timed out".into())),
        };
        let connection = Connection::new(wire, self.poll.registry(), CONNECTION)
            .map_err(|error| Fault::Connect(error.kind(), error.to_string()))?;
        self.link = Link::Open(connection);
        self.begin(then)
    }

    /// Reads what came on the connection.
    fn read_connection(&mut self) -> Result<bool, Fault> {
        let mut shots = Vec::new();
        for _ in 0..MAX_READS {
            loop {
                let Link::Open(connection) = &mut self.link else {
                    return Ok(false);
                };
                let Some(message) = connection.next()? else { break };
                self.message(message, &mut shots)?;
                self.show(&mut shots);
            }
            let Link::Open(connection) = &mut self.link else {
                return Ok(false);
            };
            connection.flush()?;
            match connection.fill()? {
                Filled::Bytes => {}
                Filled::Nothing => return Ok(false),
                Filled::End => return self.closed().map(|()| false),
            }
        }
        Ok(true)
    }

    fn message(&mut self, message: Message, shots: &mut Vec<Shot>) -> Result<(), Fault> {
        match message {
            Message::Reply(reply) => self.reply(reply)?,
            Message::Request(request) => self.answer(&request)?,
            Message::Frame { channel, payload } => {
                let now = self.now();
                let Some(open) = self.open.as_mut().filter(|open| open.lower == Lower::Tcp) else {
                    return Ok(());
                };
                if channel == open.channels.0 {
                    open.hear();
                    open.receiver.rtp(payload, now, shots);
                } else if channel == open.channels.1 {
                    open.hear();
                    let goodbye = open.receiver.rtcp(&payload, now);
                    open.note_goodbye(goodbye, self.times.patience);
                }
            }
        }
        Ok(())
    }

    /// Reads what came at the UDP ports.
    fn read_ports(&mut self) -> bool {
        let now = self.now();
        let (Some(ports), Link::Open(connection)) = (&self.ports, &self.link) else {
            return false;
        };
        let from = connection.peer.ip();
        let mut shots = Vec::new();
        let mut read = 0;
        while read < MAX_DATAGRAMS
            && let Some(datagram) = ports::receive(&ports.rtp, from, &mut self.datagram)
        {
            read += 1;
            if let Some(open) = &mut self.open {
                open.hear();
                open.receiver.rtp(datagram.to_vec(), now, &mut shots);
            }
        }
        // Few come; after RTP, since a goodbye follows what it ends.
        for _ in 0..MAX_REPORTS {
            let Some(datagram) = ports::receive(&ports.rtcp, from, &mut self.datagram) else {
                break;
            };
            if let Some(open) = &mut self.open {
                open.hear();
                let goodbye = open.receiver.rtcp(datagram, now);
                open.note_goodbye(goodbye, self.times.patience);
            }
        }
        self.show(&mut shots);
        read == MAX_DATAGRAMS
    }

    /// Tells of pictures, while they are wanted.
    pub(super) fn show(&self, shots: &mut Vec<Shot>) {
        // Some overtake the reply to PLAY.
        let asked = |asked: &Asked| matches!(asked.purpose, Purpose::Play { .. });
        let wanted = self.told == State::Playing || self.asked.iter().any(asked);
        for shot in shots.drain(..).filter(|_| wanted) {
            (self.notices)(Notice::Picture(shot));
        }
    }

    /// How long nothing is to be done.
    fn wait(&self) -> Duration {
        let mut due = Instant::now() + if self.state == State::Playing { GLANCE } else { REST };
        let mut by = |at: Option<Instant>| due = at.map_or(due, |at| due.min(at));
        by(self.asked.iter().map(|asked| asked.deadline).min());
        if let Link::Connecting { deadline, .. } = &self.link {
            by(Some(*deadline));
        }
        if let Some(open) = &self.open {
            by(Some(open.keep_alive_at.min(open.report_at)));
            by(open.silent_at.filter(|_| self.asked.is_empty()));
            by(open.ends_at);
            let (began, base) = self.began;
            by(open.receiver.deadline().map(|at| began + at.saturating_sub(base)));
        }
        // A little later, so that what is due is due indeed.
        due.saturating_duration_since(Instant::now()) + TICK
    }

    /// The time since the UNIX epoch, which never goes back.
    pub(super) fn now(&self) -> Duration {
        let (began, base) = self.began;
        base + began.elapsed()
    }

    /// Binds UDP ports beside the connection.
    pub(super) fn bind(&mut self, local: SocketAddr) -> io::Result<(u16, u16)> {
        self.ports = None;
        let fixed = self.options.rtp_port;
        let ports = Ports::bind(local, fixed, self.poll.registry(), [RTP, RTCP])?;
        Ok(self.ports.insert(ports).numbers)
    }

    /// Puts the numbers where others see them.
    fn share(&mut self) {
        let now = self.now();
        if let Some(open) = &mut self.open {
            let statistics = open.receiver.statistics(now);
            self.shared.seen.lock().statistics =
                super::Statistics { transport: Some(open.lower), ..statistics };
        }
    }

    /// Tells the state if it is another than was told.
    pub(super) fn tell_state(&mut self) {
        if self.state != self.told {
            self.told = self.state;
            self.shared.seen.lock().state = self.state;
            (self.notices)(Notice::Said(Event::State(self.state)));
        }
    }

    /// Ends the session, if there is one, and waits for the reply for a moment.
    pub(super) fn leave(&mut self) {
        let deadline = Instant::now() + self.times.teardown;
        if self.open.is_none() || self.ask_teardown(None).is_err() {
            return;
        }
        let cseq = self.cseq;
        loop {
            let Link::Open(connection) = &mut self.link else { return };
            let came = connection.flush().and_then(|()| connection.fill());
            loop {
                match connection.next() {
                    Ok(Some(Message::Reply(reply))) if reply.cseq == Some(cseq) => return,
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(fault) => return debug!("at the end: {fault:?}"),
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match came {
                _ if left.is_zero() => return,
                Ok(Filled::Bytes) => continue,
                Ok(Filled::Nothing) => {}
                Ok(Filled::End) | Err(_) => return,
            }
            if self.poll.poll(&mut self.events, Some(left)).is_err() {
                return;
            }
        }
    }
}

impl Open {
    /// Something came.
    fn hear(&mut self) {
        self.silent_at = None;
        self.heard_at = Some(Instant::now());
    }

    fn note_goodbye(&mut self, goodbye: bool, patience: Duration) {
        if goodbye && self.ends_at.is_none() && !self.ended {
            self.ends_at = Some(Instant::now() + patience);
        }
    }
}

impl Asked {
    pub(super) fn method(&self) -> Method {
        self.request.method.clone()
    }
}

const CONNECTION: Token = Token(0);
const RTP: Token = Token(1);
const RTCP: Token = Token(2);
const WAKE: Token = Token(3);

/// Reads of the connection in a round, 64 KiB each.
const MAX_READS: usize = 8;
const MAX_DATAGRAMS: usize = 256;
const MAX_REPORTS: usize = 16;
const MAX_DATAGRAM: usize = 65_536;
/// How often the rates are looked at while packets may come.
const GLANCE: Duration = Duration::from_millis(200);
const REST: Duration = Duration::from_secs(60);
const MOMENT: Duration = Duration::from_millis(200);
const TICK: Duration = Duration::from_millis(1);
