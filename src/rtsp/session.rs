//! A session (RFC 2326 §3.4): from SETUP to TEARDOWN, its client's silence, or its end.
//!
//! Which method is allowed when is [`crate::proto::rtsp::State`]'s; here is what a state
//! holds. Sessions of RFC 2326 over UDP outlive their connection, as a client may come back on
//! another; the others end with it.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::show::Show;
use super::stage::Playing;
use crate::proto::rtp::rtcp;
use crate::proto::rtsp::State;

/// One session.
pub(super) struct Session {
    /// As the client names it.
    pub(super) id: String,
    /// What it was set up for, as the path and query of a URL.
    pub(super) target: String,
    /// How long its clip plays; the live source has no end.
    pub(super) length: Option<Duration>,
    client: IpAddr,
    ssrc: u32,
    /// The client's port for RTCP, over UDP.
    rtcp: Option<SocketAddr>,
    /// The connection that it ends with.
    pub(super) bound_to: Option<u64>,
    heard_at: Mutex<Instant>,
    phase: Mutex<Phase>,
    loss: Mutex<Loss>,
}

/// What a session has in each state; Init is no session.
pub(super) enum Phase {
    /// Set up, paused, or at its end.
    Ready(Box<Show>),
    /// Packets leave.
    Playing(Playing),
    /// It is being ended, or failed.
    Over,
}

/// What was known at the last receiver report, or when it began to play.
struct Loss {
    frames: u64,
    at: Instant,
}

/// What is fixed at SETUP.
pub(super) struct Terms {
    pub(super) id: String,
    pub(super) target: String,
    pub(super) client: IpAddr,
    pub(super) ssrc: u32,
    pub(super) rtcp: Option<SocketAddr>,
    pub(super) bound_to: Option<u64>,
}

impl Session {
    pub(super) fn new(terms: Terms, show: Box<Show>, now: Instant) -> Self {
        let Terms { id, target, client, ssrc, rtcp, bound_to } = terms;
        let length = show.feed.length();
        let (heard_at, phase) = (Mutex::new(now), Mutex::new(Phase::Ready(show)));
        let loss = Mutex::new(Loss { frames: 0, at: now });
        Self { id, target, length, client, ssrc, rtcp, bound_to, heard_at, phase, loss }
    }

    /// Notes that its client is there.
    pub(super) fn heard(&self, now: Instant) {
        *self.heard_at.lock() = now;
    }

    /// Where it stands.
    pub(super) fn state(&self) -> State {
        match &*self.phase.lock() {
            Phase::Ready(_) => State::Ready,
            // At the end of a clip it is ready to play again.
            Phase::Playing(playing) if playing.is_over() => State::Ready,
            Phase::Playing(_) => State::Playing,
            Phase::Over => State::Init,
        }
    }

    /// Whether there is something to pause: it plays, or did until the clip's end, which a client
    /// that pauses in that moment cannot know.
    pub(super) fn is_on(&self) -> bool {
        matches!(&*self.phase.lock(), Phase::Playing(_))
    }

    /// Does something with its show; if it plays, it is stopped first. `None` if it is over.
    ///
    /// What `change` returns is what the session has then.
    pub(super) fn change<T>(&self, change: impl FnOnce(Box<Show>) -> (Phase, T)) -> Option<T> {
        // Held across the change on purpose: requests about one session wait for each other.
        let mut phase = self.phase.lock();
        let show = match std::mem::replace(&mut *phase, Phase::Over) {
            Phase::Ready(show) => show,
            Phase::Playing(playing) => playing.stop()?,
            Phase::Over => return None,
        };
        let (next, outcome) = change(show);
        if matches!(next, Phase::Playing(_)) {
            *self.loss.lock() = Loss { frames: 0, at: Instant::now() };
        }
        *phase = next;
        Some(outcome)
    }

    /// Lets its packets leave, if it plays.
    pub(super) fn go(&self) {
        if let Phase::Playing(playing) = &*self.phase.lock() {
            playing.go();
        }
    }

    /// Ends it.
    pub(super) fn end(&self) {
        self.change(|mut show| {
            show.end();
            (Phase::Over, ())
        });
    }

    /// Whether its client was silent for too long. Who takes packets over a connection is there.
    fn is_stale(&self, now: Instant) -> bool {
        // Who is being served just now is not silent.
        let Some(phase) = self.phase.try_lock() else { return false };
        match &*phase {
            Phase::Over => true,
            _ if self.bound_to.is_some() => false,
            _ => now.saturating_duration_since(*self.heard_at.lock()) > SILENCE,
        }
    }

    /// Takes in what its client says of the packets that it got: the frames that are damaged
    /// by loss count as skipped, as those that a slow connection cannot take.
    fn reported(&self, block: &rtcp::ReportBlock, now: Instant) {
        let Some(phase) = self.phase.try_lock() else { return };
        let Phase::Playing(playing) = &*phase else { return };
        let meter = &playing.meter;
        let (frames, bytes) =
            (meter.frames.load(Ordering::Relaxed), meter.bytes.load(Ordering::Relaxed));
        let mut loss = self.loss.lock();
        let before = loss.frames.min(frames);
        let seconds = now.saturating_duration_since(loss.at).as_secs_f64().max(1.0);
        *loss = Loss { frames, at: now };
        let lost = f64::from(block.fraction_lost) / 256.0;
        let packets_each = bytes as f64 / frames.max(1) as f64 / PACKET_BYTES;
        let damaged = 1.0 - (1.0 - lost).powf(packets_each.max(1.0));
        // Of one second, since that is what a link is judged by.
        let in_a_second = (frames - before) as f64 / seconds * damaged;
        meter.skipped.fetch_add(in_a_second.round() as u64, Ordering::Relaxed);
    }
}

/// All sessions.
#[derive(Default)]
pub(super) struct Sessions {
    by_id: Mutex<HashMap<String, Arc<Session>>>,
}

impl Sessions {
    /// Takes one in; gives it back if there are too many.
    pub(super) fn add(&self, session: Arc<Session>) -> Result<(), Arc<Session>> {
        let mut by_id = self.by_id.lock();
        if by_id.len() >= MAX_SESSIONS {
            return Err(session);
        }
        by_id.insert(session.id.clone(), session);
        Ok(())
    }

    /// The session that a client names; those of others are not found.
    pub(super) fn find(&self, id: &str, client: IpAddr) -> Option<Arc<Session>> {
        self.by_id.lock().get(id).filter(|session| session.client == client).cloned()
    }

    /// Whether a client has any.
    pub(super) fn has_any(&self, client: IpAddr) -> bool {
        self.by_id.lock().values().any(|session| session.client == client)
    }

    /// Takes one out.
    pub(super) fn remove(&self, id: &str) -> Option<Arc<Session>> {
        self.by_id.lock().remove(id)
    }

    /// Takes out what is stale.
    pub(super) fn take_stale(&self, now: Instant) -> Vec<Arc<Session>> {
        self.take(|session| session.is_stale(now))
    }

    /// Takes out what ends with a connection.
    pub(super) fn take_bound(&self, connection: u64) -> Vec<Arc<Session>> {
        self.take(|session| session.bound_to == Some(connection))
    }

    /// Takes out everything.
    pub(super) fn take_all(&self) -> Vec<Arc<Session>> {
        self.take(|_| true)
    }

    fn take(&self, which: impl Fn(&Session) -> bool) -> Vec<Arc<Session>> {
        let all: Vec<Arc<Session>> = self.by_id.lock().values().cloned().collect();
        let mut taken: Vec<_> = all.into_iter().filter(|session| which(session)).collect();
        let mut by_id = self.by_id.lock();
        // Another may have the name since then: a second SETUP keeps it.
        taken.retain(|session| {
            let same = by_id.get(&session.id).is_some_and(|there| Arc::ptr_eq(there, session));
            same && by_id.remove(&session.id).is_some()
        });
        taken
    }

    /// Takes in RTCP from `from`: it keeps sessions alive, and tells of loss.
    pub(super) fn rtcp(&self, compound: &[rtcp::Packet], from: SocketAddr, now: Instant) {
        let blocks: Vec<_> = compound.iter().flat_map(report_blocks).collect();
        let all: Vec<Arc<Session>> = self.by_id.lock().values().cloned().collect();
        for session in all.iter().filter(|session| session.client == from.ip()) {
            let block = blocks.iter().find(|block| block.ssrc == session.ssrc);
            if block.is_some() || session.rtcp == Some(from) {
                session.heard(now);
            }
            if let Some(block) = block {
                session.reported(block, now);
            }
        }
    }
}

fn report_blocks(packet: &rtcp::Packet) -> &[rtcp::ReportBlock] {
    match packet {
        rtcp::Packet::ReceiverReport { blocks, .. } => blocks,
        rtcp::Packet::SenderReport(report) => &report.blocks,
        _ => &[],
    }
}

const MAX_SESSIONS: usize = 4096;
/// The time-out that clients are told, and a little for the way.
const SILENCE: Duration = Duration::from_secs(65);
const PACKET_BYTES: f64 = 1400.0;

#[cfg(test)]
mod tests {
    use super::super::feed::{Feed, Wish};
    use super::super::show::Way;
    use super::super::udp::Ports;
    use super::*;
    use crate::base::clock::Clock;
    use crate::live::hub::Hub;
    use crate::media::fit::Fit;

    const CLIENT: [u8; 4] = [192, 0, 2, 7];
    const SSRC: u32 = 0x5EED;

    /// Sessions of one client: `udp`, and `tcp` that hangs on connection 3.
    fn sessions(now: Instant) -> Sessions {
        let sessions = Sessions::default();
        let ports = Arc::new(Ports::bind(Some(IpAddr::from([127, 0, 0, 1]))).unwrap());
        for (id, bound_to) in [("udp", None), ("tcp", Some(3))] {
            let feed = Feed::live(&Arc::new(Hub::new(Clock::system())), Wish::default(), now);
            let to = SocketAddr::from((CLIENT, 5000));
            let way = Way::Datagrams {
                ports: Arc::clone(&ports),
                to,
                number: 0,
                ssrc: SSRC,
                fit: Fit::default(),
            };
            let terms = Terms {
                id: id.into(),
                target: "/live".into(),
                client: CLIENT.into(),
                ssrc: if bound_to.is_none() { SSRC } else { SSRC + 1 },
                rtcp: bound_to.is_none().then(|| SocketAddr::from((CLIENT, 5001))),
                bound_to,
            };
            let session = Session::new(terms, Show::new(feed, way, Clock::system()), now);
            assert!(sessions.add(Arc::new(session)).is_ok());
        }
        sessions
    }

    fn stale(sessions: &Sessions, now: Instant) -> Vec<String> {
        sessions.take_stale(now).iter().map(|session| session.id.clone()).collect()
    }

    fn report_on(ssrc: u32) -> rtcp::Packet {
        let block = rtcp::ReportBlock {
            ssrc,
            fraction_lost: 0,
            lost: 0,
            highest_sequence: 0,
            jitter: 0,
            last_sr: 0,
            delay_since_last_sr: 0,
        };
        rtcp::Packet::ReceiverReport { ssrc: 1, blocks: vec![block] }
    }

    #[test]
    fn silent_session_ends_after_its_time_and_not_before() {
        let start = Instant::now();
        let sessions = sessions(start);
        assert!(stale(&sessions, start + Duration::from_secs(60)).is_empty());
        assert_eq!(stale(&sessions, start + Duration::from_secs(66)), ["udp"]);
        assert!(sessions.find("udp", CLIENT.into()).is_none());
        assert!(sessions.find("tcp", CLIENT.into()).is_some(), "its connection is there");
        assert_eq!(sessions.take_bound(3).len(), 1);
    }

    #[test]
    fn requests_keep_a_session_alive() {
        let start = Instant::now();
        let sessions = sessions(start);
        let later = start + Duration::from_secs(60);
        sessions.find("udp", CLIENT.into()).unwrap().heard(later);
        assert!(stale(&sessions, later + Duration::from_secs(60)).is_empty());
        assert_eq!(stale(&sessions, later + Duration::from_secs(66)), ["udp"]);
    }

    #[test]
    fn receiver_reports_keep_a_session_alive() {
        let start = Instant::now();
        let later = start + Duration::from_secs(60);
        let empty = rtcp::Packet::ReceiverReport { ssrc: 1, blocks: Vec::new() };
        for (compound, from, keeps) in [
            // By the source that it names, from whichever port of its client.
            (report_on(SSRC), (CLIENT, 40000), true),
            // By where it comes from, before the client knows a source.
            (empty, (CLIENT, 5001), true),
            (report_on(1), (CLIENT, 40000), false),
            (report_on(SSRC), ([192, 0, 2, 8], 5001), false),
        ] {
            let sessions = sessions(start);
            sessions.rtcp(std::slice::from_ref(&compound), SocketAddr::from(from), later);
            let seen = stale(&sessions, start + Duration::from_secs(70));
            assert_eq!(seen.is_empty(), keeps, "{compound:?} from {from:?}");
        }
    }

    #[test]
    fn sessions_of_another_host_are_not_found() {
        let sessions = sessions(Instant::now());
        assert!(sessions.find("udp", [192, 0, 2, 8].into()).is_none());
        assert!(sessions.has_any(CLIENT.into()) && !sessions.has_any([192, 0, 2, 8].into()));
    }
}
