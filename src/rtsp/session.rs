//! A session (RFC 2326 §3.4): from SETUP to TEARDOWN, its client's silence, or its end.
//!
//! Belongs to its host, on one lane: to its connection if its packets go over that or it ends
//! with it, and else to a [talk of its own](super::udp_session), as a client may come back on
//! another connection. What others ask of it comes as [`mail`](super::mail), and is answered when it can be.
//! Which method is allowed when is [`crate::proto::rtsp::State`]'s.

use std::io::Result;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use log::debug;

use super::Server;
use super::clip_feed::Tools;
use super::destination::Carriers;
use super::feed::Feed;
use super::mail::{Answer, Ask, Gate, Play, Playing};
use super::messages::Messages;
use super::reception::Reception;
use super::sessions::Entry;
use super::stream::{Progress, Stream};
use crate::base::warn_rate::WarnRate;
use crate::live::audience::Refused;
use crate::net::Topics;
use crate::net::lane::Handle;
use crate::net::registry::Need;
use crate::net::workers::Owed;
use crate::proto::rtsp::{NptStart, Range, State, Status};

/// One session.
pub(super) struct Session {
    server: Arc<Server>,
    pub(super) entry: Arc<Entry>,
    stream: Stream,
    phase: Phase,
    /// The revision of rights at which its client was known to have them.
    rights: Option<u64>,
}

/// What a session is at; Init is no session.
enum Phase {
    /// Set up, or paused.
    Ready,
    /// PLAY waits for the first picture.
    Starting(Play, Owed<Answer>),
    /// Packets leave, once the reply that announces them has been written.
    Playing(Gate),
    /// It came to its end by itself: ready to play again, and to be paused, as a client cannot
    /// know that it is too late.
    Ended,
}

/// What a session has around it during its host's turn.
pub(super) struct Surroundings<'a> {
    pub(super) host: &'a Handle,
    /// The connection that is its host.
    pub(super) messages: Option<&'a mut Messages>,
    pub(super) now: Instant,
}

/// When a session's host is to look at it again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wakeup {
    pub(super) until: Option<Instant>,
    /// Whose news it waits for.
    pub(super) news: Topics,
    /// Whether it sends packets.
    pub(super) plays: bool,
}

impl<'a> Surroundings<'a> {
    fn carriers<'b>(&'b mut self, server: &'b Server) -> Carriers<'b> {
        let ports = server.ports.as_deref();
        Carriers { ports, messages: self.messages.as_deref_mut(), now: self.now }
    }

    fn tools(&self, server: &'a Server) -> Tools<'a> {
        let workers = &server.context.engine.workers;
        Tools { workers, packing: &server.packing, host: self.host, now: self.now }
    }
}

impl Session {
    pub(super) fn new(server: Arc<Server>, entry: Arc<Entry>, stream: Stream) -> Self {
        Self { server, entry, stream, phase: Phase::Ready, rights: None }
    }

    /// Whether it has to end: others need its place, or its client may not watch any more.
    pub(super) fn must_end(&mut self) -> bool {
        let terms = &self.entry.terms;
        self.entry.gives_way()
            || !self.server.door.lets_stay(&terms.pass, terms.client, &mut self.rights)
    }

    /// Does what is asked. Whether the session goes on.
    pub(super) fn ask(
        &mut self,
        ask: Ask,
        reply: Owed<Answer>,
        around: &mut Surroundings<'_>,
    ) -> bool {
        match ask {
            Ask::Play(play) => self.play(play, reply, around),
            Ask::Pause => {
                let on = matches!(self.phase, Phase::Playing(_) | Phase::Ended);
                if on {
                    self.stop(around);
                }
                let not_now = Answer::Refused(Status::MethodNotValidInThisState);
                reply.pay(Ok(if on { Answer::Done } else { not_now }));
            }
            Ask::Replace if matches!(self.phase, Phase::Starting(..) | Phase::Playing(_)) => {
                reply.pay(Ok(Answer::Refused(Status::MethodNotValidInThisState)));
            }
            Ask::Replace | Ask::Teardown => {
                self.end(around);
                reply.pay(Ok(Answer::Done));
                return false;
            }
        }
        true
    }

    fn play(&mut self, play: Play, reply: Owed<Answer>, around: &mut Surroundings<'_>) {
        match &self.phase {
            Phase::Starting(..) => {
                return reply.pay(Ok(Answer::Refused(Status::MethodNotValidInThisState)));
            }
            Phase::Playing(_) if play.range.is_none() && play.scale.is_none() => {
                return reply.pay(Ok(Answer::Done));
            }
            _ => self.stop(around),
        }
        if let Feed::Clip(clip) = &mut self.stream.feed {
            let from = match play.range.map(|range| range.start) {
                Some(NptStart::At(at)) => Some(at),
                Some(NptStart::Now | NptStart::Unstated) | None => None,
            };
            let end = play.range.and_then(|range| range.end);
            clip.seek(from, end, play.scale.unwrap_or(1.0));
        }
        self.phase = Phase::Starting(play, reply);
    }

    /// Begins to play, once it can.
    fn start(&mut self, around: &Surroundings<'_>) {
        let Phase::Starting(play, _) = &self.phase else { return };
        let play = *play;
        let started = match &mut self.stream.feed {
            Feed::Live(_) => Ok(Some(around.now)),
            Feed::Clip(clip) => clip.starts(play.wait, &around.tools(&self.server)),
        };
        let start = match started {
            Ok(None) => return,
            Ok(Some(start)) => Ok(start),
            Err(trouble) => {
                LOST.warn(around.now, format_args!("{trouble}"));
                Err(Status::NotFound)
            }
        };
        let outcome = start.and_then(|start| self.take_seat(play, start, around.now));
        let phase = match &outcome {
            Ok(playing) => Phase::Playing(Arc::clone(&playing.gate)),
            Err(_) => {
                self.stream.feed.leave();
                Phase::Ready
            }
        };
        if let Phase::Starting(_, reply) = std::mem::replace(&mut self.phase, phase) {
            reply.pay(Ok(outcome.map_or_else(Answer::Refused, Answer::Plays)));
        }
    }

    fn take_seat(
        &mut self,
        play: Play,
        start: Instant,
        now: Instant,
    ) -> std::result::Result<Playing, Status> {
        let context = &self.server.context;
        let (crowd, address) = (&context.rooms.default().crowd, self.entry.terms.client);
        let joined = self.stream.feed.join(&context.audience, crowd, address, now);
        let meter = joined.map_err(|refused| {
            debug!("no seat for an RTSP session: {refused:?}");
            if refused == Refused::Dismissed {
                return Status::NotFound;
            }
            // For whoever asks next: those who do not read leave their seats.
            context.engine.registry.give_way(Need::Seats, now);
            Status::NotEnoughBandwidth
        })?;
        let range = match &self.stream.feed {
            Feed::Live(_) => Range::now(),
            Feed::Clip(clip) => {
                let end = play.range.and_then(|range| range.end).unwrap_or(clip.duration());
                let end = end.min(clip.duration());
                Range::between(clip.position().min(end), end)
            }
        };
        let first = self.stream.first_header(start);
        let first = first.map(|header| (header.sequence, header.timestamp));
        self.entry.receives(Some(Reception::new(meter, now)));
        self.entry.stands(State::Playing);
        Ok(Playing { range, first, gate: Gate::default() })
    }

    /// Goes on as far as it can without waiting.
    ///
    /// # Errors
    ///
    /// The system's, if the client is gone.
    pub(super) fn go_on(&mut self, around: &mut Surroundings<'_>) -> Result<Wakeup> {
        let next = self.go_on_with_phase(around)?;
        let look = self.server.door.next_look(around.now);
        Ok(Wakeup { until: next.until.into_iter().chain(look).min(), ..next })
    }

    fn go_on_with_phase(&mut self, around: &mut Surroundings<'_>) -> Result<Wakeup> {
        self.start(around);
        let gate = match &self.phase {
            Phase::Starting(..) => {
                // Workers that had no time for it notify nobody.
                let until = Some(around.now + START_GLANCE);
                return Ok(Wakeup { until, ..Wakeup::default() });
            }
            Phase::Playing(gate) => gate,
            Phase::Ready | Phase::Ended => return Ok(Wakeup::default()),
        };
        if !gate.load(Ordering::Acquire) {
            return Ok(Wakeup { plays: true, ..Wakeup::default() });
        }
        let server = Arc::clone(&self.server);
        let (tools, mut carriers) = (around.tools(&server), around.carriers(&server));
        let until = match self.stream.pump(&tools, &mut carriers)? {
            Progress::At(at) => Some(at),
            Progress::WhenNotified => None,
            Progress::Over => {
                // Before the goodbye, at which a client may ask to play again.
                self.rest();
                self.phase = Phase::Ended;
                self.stream.end(&mut carriers);
                return Ok(Wakeup::default());
            }
        };
        let news = self.stream.feed.topics();
        Ok(Wakeup { until, news, plays: true })
    }

    /// Plays no more for now.
    fn stop(&mut self, around: &mut Surroundings<'_>) {
        self.rest();
        self.stream.stop(&mut around.carriers(&self.server));
        self.phase = Phase::Ready;
    }

    /// Ends it; what waits for it is told.
    pub(super) fn end(&mut self, around: &mut Surroundings<'_>) {
        self.rest();
        self.stream.end(&mut around.carriers(&self.server));
        if let Phase::Starting(_, reply) = std::mem::replace(&mut self.phase, Phase::Ready) {
            reply.pay(Ok(Answer::Refused(Status::SessionNotFound)));
        }
        self.server.sessions.remove(&self.entry);
    }

    fn rest(&self) {
        self.entry.receives(None);
        self.entry.stands(State::Ready);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Also if its host failed.
        self.server.sessions.remove(&self.entry);
    }
}

/// Clips that could be played, and cannot when they are to be.
static LOST: WarnRate = WarnRate::new(module_path!());

/// Until the workers are asked again for the first picture.
const START_GLANCE: Duration = Duration::from_millis(20);
