//! All sessions, as everybody sees them: where each lives, how it stands, when it was heard of.
//!
//! A session lives on a lane, with its [host](super::session): its connection, or a talk of its
//! own. Here is its [`Entry`], by which requests on other connections and receiver reports find
//! it, each by one look-up. There is room for so many; when it runs out, sessions that do not
//! play give way, those of whoever has most of them first, and never one that plays.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::login::Pass;
use super::mail::{Answer, Ask};
use super::mailbox::Mailbox;
use super::reception::Reception;
use crate::base::subnet::Group;
use crate::net::lane::Handle;
use crate::net::workers::Owed;
use crate::proto::rtp::rtcp;
use crate::proto::rtsp::State;

/// The sessions.
pub(super) struct Sessions {
    most: usize,
    next_number: AtomicU64,
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    by_id: HashMap<String, Arc<Entry>>,
    by_ssrc: HashMap<u32, Arc<Entry>>,
    /// Each client's port for RTCP, for all sessions that named it.
    by_port: HashMap<SocketAddr, Port>,
    by_connection: HashMap<u64, Vec<Arc<Entry>>>,
}

/// A session, as others see it.
pub(super) struct Entry {
    number: u64,
    pub(super) terms: Terms,
    /// How long its clip plays; the live source has no end.
    pub(super) length: Option<Duration>,
    pub(super) mailbox: Mailbox<Mail>,
    /// Whether it plays; else it is ready to.
    plays: AtomicBool,
    /// When its client asked for something, or spoke of its packets.
    heard: Heard,
    /// When anything came from its client's port for RTCP.
    port: Option<Arc<Heard>>,
    reception: Mutex<Option<Reception>>,
    gives_way: AtomicBool,
}

/// What is fixed at SETUP.
pub(super) struct Terms {
    /// As the client names it.
    pub(super) id: String,
    /// What it was set up for, as the path and query of a URL.
    pub(super) target: String,
    /// What its client was let in for.
    pub(super) pass: Pass,
    pub(super) client: IpAddr,
    /// The connection that it was set up on.
    pub(super) connection: u64,
    /// Who is told when it changes: that connection.
    pub(super) owner: Handle,
    /// Whether it ends with that connection.
    pub(super) bound: bool,
    pub(super) ssrc: Option<u32>,
    /// The client's port for RTCP, over UDP.
    pub(super) rtcp: Option<SocketAddr>,
}

/// What is asked of a session, and by whom.
pub(super) struct Mail {
    pub(super) entry: Arc<Entry>,
    pub(super) ask: Ask,
    pub(super) reply: Owed<Answer>,
}

/// A client's port, and how many sessions named it.
struct Port {
    heard: Arc<Heard>,
    sessions: usize,
}

/// When something was heard of last.
struct Heard(Mutex<Instant>);

impl Sessions {
    /// None yet, and room for so many.
    pub(super) fn new(most: usize) -> Self {
        Self { most, next_number: AtomicU64::new(0), all: Mutex::default() }
    }

    /// Takes one in, under its name. `None` if there are too many, and all of them play.
    pub(super) fn add(
        &self,
        terms: Terms,
        length: Option<Duration>,
        mailbox: Mailbox<Mail>,
        now: Instant,
    ) -> Option<Arc<Entry>> {
        let mut all = self.all.lock();
        let mut leaving = Vec::new();
        let of_connection = all.by_connection.get(&terms.connection);
        if let Some(oldest) = of_connection.and_then(|entries| one_too_many(entries)) {
            leaving.push(oldest);
        }
        if all.by_id.len() - leaving.len() >= self.most {
            leaving.push(all.greediest()?);
        }
        leaving.iter().for_each(|entry| all.remove(entry));
        let entry = Arc::new(Entry {
            number: self.next_number.fetch_add(1, Ordering::Relaxed),
            length,
            mailbox,
            plays: AtomicBool::new(false),
            heard: Heard(Mutex::new(now)),
            port: terms.rtcp.map(|port| all.port(port, now)),
            reception: Mutex::new(None),
            gives_way: AtomicBool::new(false),
            terms,
        });
        all.insert(&entry);
        drop(all);
        for entry in leaving {
            entry.gives_way.store(true, Ordering::Release);
            entry.mailbox.host.notify();
        }
        Some(entry)
    }

    /// The session that a client names; those of others are not found.
    pub(super) fn find(&self, id: &str, client: IpAddr) -> Option<Arc<Entry>> {
        self.all.lock().by_id.get(id).filter(|entry| entry.terms.client == client).cloned()
    }

    /// Takes one out, if it is still there.
    pub(super) fn remove(&self, entry: &Arc<Entry>) {
        self.all.lock().remove(entry);
    }

    /// How the sessions stand that were set up on a connection and live: `None` if there is none,
    /// and whether one of them plays.
    pub(super) fn of_connection(&self, connection: u64) -> Option<bool> {
        let all = self.all.lock();
        let entries = all.by_connection.get(&connection)?;
        Some(entries.iter().any(|entry| entry.plays()))
    }

    /// Takes in RTCP from `from`: it keeps sessions alive, and tells of loss.
    pub(super) fn rtcp(&self, compound: &[rtcp::Packet], from: SocketAddr, now: Instant) {
        let all = self.all.lock();
        let port = all.by_port.get(&from).map(|port| Arc::clone(&port.heard));
        let blocks = compound.iter().flat_map(report_blocks).take(MAX_BLOCKS);
        let told: Vec<_> = blocks
            .filter_map(|block| Some((Arc::clone(all.by_ssrc.get(&block.ssrc)?), block)))
            .filter(|(entry, _)| entry.terms.client == from.ip())
            .collect();
        drop(all);
        if let Some(heard) = port {
            heard.at(now);
        }
        for (entry, block) in told {
            entry.heard(now);
            if let Some(reception) = &mut *entry.reception.lock() {
                reception.report(block, now);
            }
        }
    }
}

impl All {
    fn insert(&mut self, entry: &Arc<Entry>) {
        let terms = &entry.terms;
        self.by_id.insert(terms.id.clone(), Arc::clone(entry));
        if let Some(ssrc) = terms.ssrc {
            self.by_ssrc.insert(ssrc, Arc::clone(entry));
        }
        self.by_connection.entry(terms.connection).or_default().push(Arc::clone(entry));
    }

    fn remove(&mut self, entry: &Arc<Entry>) {
        let terms = &entry.terms;
        let is_it = |there: &Arc<Entry>| Arc::ptr_eq(there, entry);
        let Some(entries) = self.by_connection.get_mut(&terms.connection) else { return };
        let Some(at) = entries.iter().position(is_it) else { return };
        entries.remove(at);
        if entries.is_empty() {
            self.by_connection.remove(&terms.connection);
        }
        // Another may have the name since then: a second SETUP keeps it.
        if self.by_id.get(&terms.id).is_some_and(is_it) {
            self.by_id.remove(&terms.id);
        }
        if let Some(ssrc) = terms.ssrc
            && self.by_ssrc.get(&ssrc).is_some_and(is_it)
        {
            self.by_ssrc.remove(&ssrc);
        }
        if let Some(port) = terms.rtcp
            && let Some(there) = self.by_port.get_mut(&port)
        {
            there.sessions -= 1;
            if there.sessions == 0 {
                self.by_port.remove(&port);
            }
        }
    }

    /// What is heard of a client's port, for one more session.
    fn port(&mut self, port: SocketAddr, now: Instant) -> Arc<Heard> {
        let new = || Port { heard: Arc::new(Heard(Mutex::new(now))), sessions: 0 };
        let port = self.by_port.entry(port).or_insert_with(new);
        port.sessions += 1;
        Arc::clone(&port.heard)
    }

    /// The oldest session that does not play of whoever has most of these.
    fn greediest(&self) -> Option<Arc<Entry>> {
        let mut groups: HashMap<Group, (usize, &Arc<Entry>)> = HashMap::new();
        for entry in self.by_id.values().filter(|entry| !entry.plays()) {
            let group = groups.entry(Group::of(entry.terms.client)).or_insert((0, entry));
            group.0 += 1;
            if entry.number < group.1.number {
                group.1 = entry;
            }
        }
        let (_, oldest) = groups
            .into_values()
            .max_by_key(|(count, oldest)| (*count, std::cmp::Reverse(oldest.number)))?;
        Some(Arc::clone(oldest))
    }
}

/// The oldest that does not play, if there are as many of these as a connection may have.
fn one_too_many(entries: &[Arc<Entry>]) -> Option<Arc<Entry>> {
    let waiting = || entries.iter().filter(|entry| !entry.plays());
    (waiting().count() >= MAX_WAITING_OF_A_CONNECTION).then(|| waiting().next().cloned())?
}

impl Entry {
    /// Where it stands.
    pub(super) fn state(&self) -> State {
        if self.plays() { State::Playing } else { State::Ready }
    }

    fn plays(&self) -> bool {
        self.plays.load(Ordering::Acquire)
    }

    /// Notes that it plays, or does not, and tells the connection that it was set up on.
    pub(super) fn stands(&self, state: State) {
        let plays = state == State::Playing;
        if self.plays.swap(plays, Ordering::AcqRel) != plays {
            self.terms.owner.notify();
        }
    }

    /// Notes what its client says of packets from now on: it plays; or it does not.
    pub(super) fn receives(&self, reception: Option<Reception>) {
        *self.reception.lock() = reception;
    }

    /// Notes that its client is there.
    pub(super) fn heard(&self, now: Instant) {
        self.heard.at(now);
    }

    /// When it ends, if nothing is heard of its client. Who takes packets over a connection is
    /// there.
    pub(super) fn ends_at(&self) -> Option<Instant> {
        if self.terms.bound {
            return None;
        }
        let port = self.port.as_ref().map(|port| port.last());
        Some(port.into_iter().fold(self.heard.last(), Instant::max) + SILENCE)
    }

    /// Whether it has to end, as others need its place.
    pub(super) fn gives_way(&self) -> bool {
        self.gives_way.load(Ordering::Acquire)
    }
}

impl Heard {
    fn last(&self) -> Instant {
        *self.0.lock()
    }

    fn at(&self, now: Instant) {
        *self.0.lock() = now;
    }
}

fn report_blocks(packet: &rtcp::Packet) -> &[rtcp::ReportBlock] {
    match packet {
        rtcp::Packet::ReceiverReport { blocks, .. } => blocks,
        rtcp::Packet::SenderReport(report) => &report.blocks,
        _ => &[],
    }
}

/// The time-out that clients are told, and a little for the way.
const SILENCE: Duration = Duration::from_secs(65);
/// Who sets up more than so many without playing one loses the oldest of them.
const MAX_WAITING_OF_A_CONNECTION: usize = 16;
/// What one packet may speak of (RFC 3550 §6.4.2).
const MAX_BLOCKS: usize = 31;

#[cfg(test)]
mod tests;
