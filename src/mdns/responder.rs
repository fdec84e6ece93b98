//! What is said when: probes, announcements, answers, conflicts and the farewell (RFC 6762 §6 to §10).
//!
//! Packets and times come in, packets come out; it knows no socket and no clock. A name holds on all
//! interfaces, so a conflict on one of them changes it on all. What is kept is of this server alone
//! and has a fixed size, whatever others send.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use log::info;
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Packet, PacketFlag, QCLASS, ResourceRecord};

use super::Offer;
use super::name::Numbered;
use super::records::{Identity, Item, address_of, parse, rank};
use crate::base::rate::{Rate, Rates};
use crate::base::subnet::Subnet;

/// Where an interface stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The addresses that are announced on it.
    pub(super) addresses: Vec<IpAddr>,
    /// Whom one packet reaches that goes to one machine alone.
    pub(super) subnets: Vec<Subnet>,
}

/// A packet to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Datagram {
    /// The interface's number.
    pub(super) link: u32,
    /// One machine, or else all.
    pub(super) to: Option<SocketAddr>,
    pub(super) bytes: Vec<u8>,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Responder {
    host: Numbered,
    instance: Numbered,
    identity: Identity,
    links: BTreeMap<u32, Link>,
    /// The machine's addresses, announced or not: who says them speaks of this machine.
    own: Vec<IpAddr>,
    /// How many names were given up one after another, without one that was held.
    given_up: u32,
    to_one: Rates<()>,
    random: u64,
    told: bool,
}

#[derive(Debug)]
struct Link {
    place: Place,
    phase: Phase,
    /// What answers questions, and when it goes out.
    due: BTreeMap<Item, Instant>,
    /// When each went to all.
    sent: BTreeMap<Item, Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// So many probes went out; then comes the next, or the announcement.
    Probing { sent: u8, next: Instant },
    /// So many announcements went out.
    Announcing { sent: u8, next: Instant },
    /// The names are this server's.
    Held,
}

/// Which of the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Host,
    Instance,
}

impl Responder {
    /// `seed` is random: machines that start at the same time shall not speak at the same time.
    pub(super) fn new(offer: &Offer, seed: u64) -> Self {
        let (host, instance) = (Numbered::host(&offer.machine), Numbered::instance(&offer.title));
        let services = offer.services.clone();
        let identity = Identity { host: host.label(), instance: instance.label(), services };
        Self {
            host,
            instance,
            identity,
            links: BTreeMap::new(),
            own: Vec::new(),
            given_up: 0,
            to_one: Rates::new(TO_ONE, 1),
            random: seed | 1,
            told: false,
        }
    }

    /// The host name, as in `livestream-cam.local`.
    pub(super) fn host(&self) -> String {
        format!("{}.local", self.identity.host)
    }

    /// The interfaces are these now, and the machine's addresses.
    ///
    /// On a new one the names are probed for; where addresses changed they are announced anew.
    pub(super) fn place(&mut self, places: BTreeMap<u32, Place>, own: Vec<IpAddr>, now: Instant) {
        self.own = own;
        self.links.retain(|number, _| places.contains_key(number));
        for (number, place) in places {
            match self.links.get_mut(&number) {
                Some(link) if link.place == place => {}
                Some(link) => {
                    link.place = place;
                    if !matches!(link.phase, Phase::Probing { .. }) {
                        link.phase = Phase::Announcing { sent: 0, next: now };
                    }
                }
                None => {
                    let phase = Phase::Probing { sent: 0, next: now + self.wait(0, FIRST_PROBE) };
                    let (due, sent) = (BTreeMap::new(), BTreeMap::new());
                    self.links.insert(number, Link { place, phase, due, sent });
                }
            }
        }
    }

    /// When there is something to do if nothing comes in.
    pub(super) fn next(&self) -> Option<Instant> {
        let of = |link: &Link| {
            let phase = match link.phase {
                Phase::Probing { next, .. } | Phase::Announcing { next, .. } => Some(next),
                Phase::Held => None,
            };
            phase.into_iter().chain(link.due.values().copied()).min()
        };
        self.links.values().filter_map(of).min()
    }

    /// Does what is due.
    pub(super) fn turn(&mut self, now: Instant) -> Vec<Datagram> {
        let mut out = Vec::new();
        for (&number, link) in &mut self.links {
            let bytes = link.step(&self.identity, now);
            out.extend(bytes.map(|bytes| Datagram { link: number, to: None, bytes }));
            let bytes = link.answer(&self.identity, now);
            out.extend(bytes.map(|bytes| Datagram { link: number, to: None, bytes }));
        }
        if self.links.values().any(|link| link.phase == Phase::Held) {
            self.given_up = 0;
        }
        if !self.told && self.links.values().any(Link::is_known) {
            self.told = true;
            let (host, instance) = (self.host(), &self.identity.instance);
            info!("announced on the network as {host}, \"{instance}\"; `--no-mdns` stops that");
        }
        out
    }

    /// Takes all back that was announced.
    pub(super) fn goodbye(&self) -> Vec<Datagram> {
        let known = self.links.iter().filter(|(_, link)| link.is_known());
        let of = |(&link, it): (&u32, &Link)| Datagram {
            link,
            to: None,
            bytes: self.identity.goodbye(&it.place.addresses),
        };
        known.map(of).collect()
    }

    /// Takes a packet that came in on an interface. What is none, or none of this interface, is
    /// passed over.
    pub(super) fn take(
        &mut self,
        number: u32,
        from: SocketAddr,
        bytes: &[u8],
        now: Instant,
    ) -> Vec<Datagram> {
        // Others may have the same to say: each waits for a time of its own (§6).
        let wait = self.wait(20, 120);
        let Some(link) = self.links.get_mut(&number) else { return Vec::new() };
        let Some(packet) = parse(bytes) else { return Vec::new() };
        if packet.has_flags(PacketFlag::RESPONSE) {
            // An answer comes from the port of multicast DNS (§6), else it is none.
            return if from.port() == PORT { self.hear(number, &packet, now) } else { Vec::new() };
        }
        if let Phase::Probing { .. } = link.phase {
            if self.identity.loses(&link.place.addresses, &self.own, &packet) {
                // Who proposes what is later in order wins, and has it within this second (§8.2).
                link.phase = Phase::Probing { sent: 0, next: now + LOST };
            }
            return Vec::new();
        }
        let (items, alone) = link.asked(&self.identity, &packet, from, (now, wait));
        let is_near = link.place.subnets.iter().any(|subnet| subnet.contains(from.ip()));
        if items.is_empty() || !is_near || self.to_one.may(&(), now).is_err() {
            return Vec::new();
        }
        self.to_one.did((), now);
        let addresses = &link.place.addresses;
        let bytes = match alone {
            Alone::Legacy => self.identity.legacy_answer(&packet, &items, addresses),
            Alone::Asked => self.identity.answer(&items, addresses),
        };
        vec![Datagram { link: number, to: Some(from), bytes }]
    }

    /// An answer of somebody's: it may say what this server says of itself, or the contrary.
    fn hear(&mut self, number: u32, packet: &Packet<'_>, now: Instant) -> Vec<Datagram> {
        let records = packet.answers.iter().chain(&packet.additional_records);
        let (mut against, mut taken_back) = (None, false);
        for record in records.filter(|record| record.class == CLASS::IN) {
            match self.identity.says(record, &self.own) {
                Says::Nothing => {}
                Says::Same => taken_back |= record.ttl == 0,
                Says::Other(which) => against = against.or((record.ttl > 0).then_some(which)),
            }
        }
        let Some(link) = self.links.get_mut(&number) else { return Vec::new() };
        match (against, link.phase) {
            // Who has it will say so again when asked.
            (Some(_), Phase::Probing { sent: 0, .. }) => {}
            (Some(which), Phase::Probing { .. }) => return self.give_up(which, now),
            // Both may have had it, on networks that were apart: whoever cannot prove it goes (§9).
            (Some(_), _) => {
                link.phase = Phase::Probing { sent: 0, next: now };
                link.due.clear();
            }
            // Another server of this machine has ended, and took back what they had in common (§10.1).
            (None, Phase::Held) if taken_back => {
                let last = link.sent.values().max().map_or(now, |last| *last + EACH_SECOND);
                link.phase = Phase::Announcing { sent: 1, next: last.max(now) };
            }
            (None, _) => {}
        }
        Vec::new()
    }

    /// Takes the next name, and probes for it everywhere.
    fn give_up(&mut self, which: Which, now: Instant) -> Vec<Datagram> {
        let out = self.goodbye();
        let before = (self.host(), self.identity.instance.clone());
        match which {
            Which::Host => self.host.next(),
            Which::Instance => self.instance.next(),
        }
        self.identity.host = self.host.label();
        self.identity.instance = self.instance.label();
        self.told = false;
        match which {
            Which::Host => info!("{} is a neighbour's name on this network", before.0),
            Which::Instance => info!("\"{}\" is a neighbour's name on this network", before.1),
        }
        self.given_up = self.given_up.saturating_add(1);
        // Somebody contests every name: let the network be (§8.1).
        let wait = if self.given_up < MANY { self.wait(0, FIRST_PROBE) } else { AFTER_MANY };
        for link in self.links.values_mut() {
            link.phase = Phase::Probing { sent: 0, next: now + wait };
            link.due.clear();
            link.sent.clear();
        }
        out
    }

    /// A time to scatter by, of no secret: xorshift (Marsaglia 2003).
    fn wait(&mut self, least_ms: u64, most_ms: u64) -> Duration {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        Duration::from_millis(least_ms + self.random % (most_ms - least_ms + 1))
    }
}

/// Why an answer goes to one machine.
enum Alone {
    /// It knows nothing of multicast DNS.
    Legacy,
    /// It asked for that.
    Asked,
}

impl Link {
    /// Whether others know the names by this interface.
    fn is_known(&self) -> bool {
        match self.phase {
            Phase::Probing { .. } => false,
            Phase::Announcing { sent, .. } => sent > 0,
            Phase::Held => true,
        }
    }

    /// The next probe or announcement, if it is time for it.
    fn step(&mut self, identity: &Identity, now: Instant) -> Option<Vec<u8>> {
        let addresses = &self.place.addresses;
        match self.phase {
            Phase::Probing { sent: PROBES, next } if next <= now => {
                self.phase = Phase::Announcing { sent: 0, next };
                self.step(identity, now)
            }
            Phase::Probing { sent, next } if next <= now => {
                self.phase = Phase::Probing { sent: sent + 1, next: now + BETWEEN_PROBES };
                Some(identity.probe(addresses))
            }
            Phase::Announcing { sent, next } if next <= now => {
                self.phase = match sent + 1 {
                    ANNOUNCEMENTS.. => Phase::Held,
                    sent => Phase::Announcing { sent, next: now + EACH_SECOND },
                };
                let items: Vec<Item> = identity.all().collect();
                self.sent.extend(items.iter().map(|item| (*item, now)));
                self.due.clear();
                Some(identity.answer(&items, addresses))
            }
            _ => None,
        }
    }

    /// What is due of answers, in one packet.
    fn answer(&mut self, identity: &Identity, now: Instant) -> Option<Vec<u8>> {
        let is_due = |(item, at): (&Item, &Instant)| (*at <= now).then_some(*item);
        let items: Vec<Item> = self.due.iter().filter_map(is_due).collect();
        if items.is_empty() {
            return None;
        }
        self.due.retain(|_, at| *at > now);
        self.sent.extend(items.iter().map(|item| (*item, now)));
        Some(identity.answer(&items, &self.place.addresses))
    }

    /// Plans what answers the questions to all, and returns what answers the asker alone.
    fn asked(
        &mut self,
        identity: &Identity,
        packet: &Packet<'_>,
        from: SocketAddr,
        (now, wait): (Instant, Duration),
    ) -> (Vec<Item>, Alone) {
        let (mut items, addresses) = (Vec::new(), &self.place.addresses);
        let is_legacy = from.port() != PORT;
        let of_probe = !packet.name_servers.is_empty();
        let in_class = |class| [CLASS::IN.into(), QCLASS::ANY].contains(&class);
        for question in packet.questions.iter().filter(|question| in_class(question.qclass)) {
            for item in identity.asked(question, addresses) {
                if !is_legacy && identity.is_known(item, addresses, &packet.answers) {
                    continue;
                }
                if is_legacy || (question.unicast_response && !of_probe) {
                    items.push(item);
                    continue;
                }
                // Who probes waits for no more than a quarter of a second (§6).
                let (wait, between) = match (of_probe, item.is_shared()) {
                    (true, _) => (Duration::ZERO, BETWEEN_PROBES),
                    (false, true) => (wait, EACH_SECOND),
                    (false, false) => (Duration::ZERO, EACH_SECOND),
                };
                let last = self.sent.get(&item).map_or(now, |last| *last + between);
                let at = (now + wait).max(last);
                self.due.entry(item).and_modify(|due| *due = at.min(*due)).or_insert(at);
            }
        }
        items.sort_unstable();
        items.dedup();
        (items, if is_legacy { Alone::Legacy } else { Alone::Asked })
    }
}

/// What a record of another says of this server.
enum Says {
    Nothing,
    /// What this server says.
    Same,
    /// That its name is another's.
    Other(Which),
}

impl Identity {
    fn says(&self, record: &ResourceRecord<'_>, own: &[IpAddr]) -> Says {
        let same_or = |is_same, which| if is_same { Says::Same } else { Says::Other(which) };
        if record.name == self.host_name() {
            return match address_of(record) {
                Some(ip) => same_or(own.contains(&ip), Which::Host),
                None => Says::Nothing,
            };
        }
        let of = |at: &usize| record.name == self.instance_name(*at);
        let Some(at) = (0..self.services.len()).find(of) else {
            return self.says_of_kinds(record);
        };
        let item = match record.rdata {
            RData::SRV(_) => Item::Target(at),
            RData::TXT(_) => Item::Text(at),
            _ => return Says::Nothing,
        };
        let is_same = self.records(item, &[]).iter().any(|ours| rank(ours) == rank(record));
        same_or(is_same, Which::Instance)
    }

    fn says_of_kinds(&self, record: &ResourceRecord<'_>) -> Says {
        let shared = self.all().filter(|item| item.is_shared());
        let is_same = shared.flat_map(|item| self.records(item, &[])).any(|ours| ours == *record);
        if is_same { Says::Same } else { Says::Nothing }
    }

    /// Whether the asker knows an item already, for long enough (RFC 6762 §7.1).
    fn is_known(&self, item: Item, addresses: &[IpAddr], known: &[ResourceRecord<'_>]) -> bool {
        let knows = |ours: &ResourceRecord<'_>| {
            known.iter().any(|theirs| {
                theirs.ttl >= ours.ttl / 2 && theirs.name == ours.name && rank(theirs) == rank(ours)
            })
        };
        self.records(item, addresses).iter().all(knows)
    }

    /// Whether another who probes for one of these names at the same time has the better claim
    /// (RFC 6762 §8.2): what it proposes is later in order.
    fn loses(&self, addresses: &[IpAddr], own: &[IpAddr], probe: &Packet<'_>) -> bool {
        let names = (0..self.services.len()).map(|at| self.instance_name(at));
        let ours: Vec<_> = self.unique().flat_map(|item| self.records(item, addresses)).collect();
        [self.host_name()].into_iter().chain(names).any(|name| {
            let of = |records: &[ResourceRecord<'_>]| {
                let of_name = records.iter().filter(|record| record.name == name);
                let mut ranks: Vec<_> = of_name.map(rank).collect();
                ranks.sort_unstable();
                ranks
            };
            let theirs = probe.name_servers.iter().filter(|record| record.name == name);
            // The machine itself, by another interface or another server.
            let is_own =
                theirs.clone().all(|it| address_of(it).is_some_and(|ip| own.contains(&ip)));
            theirs.count() > 0 && !is_own && of(&ours) < of(&probe.name_servers)
        })
    }
}

/// Of multicast DNS.
pub(super) const PORT: u16 = 5353;
/// How many probes go out, and how long after each the next does (§8.1).
const PROBES: u8 = 3;
const BETWEEN_PROBES: Duration = Duration::from_millis(250);
/// The first waits for at most so long, milliseconds.
const FIRST_PROBE: u64 = 250;
/// After a lost tie (§8.2).
const LOST: Duration = Duration::from_secs(1);
/// How many announcements go out (§8.3).
const ANNOUNCEMENTS: u8 = 2;
/// Between two announcements, and between two answers of one record (§6).
const EACH_SECOND: Duration = Duration::from_secs(1);
/// So many names that were given up are a quarrel (§8.1; there only if it took ten seconds).
const MANY: u32 = 15;
const AFTER_MANY: Duration = Duration::from_secs(5);
/// Answers to one machine alone: no neighbour's name can be used to flood it.
const TO_ONE: Rate = Rate { burst: 50, each: Duration::from_millis(20) };

#[cfg(test)]
mod tests;
