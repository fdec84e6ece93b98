//! The records of this server, as packets have them.
//!
//! Pure; the packets' grammar is `simple-dns`.

use std::net::IpAddr;

use simple_dns::rdata::{A, AAAA, NSEC, PTR, RData, SRV, TXT};
use simple_dns::{CLASS, Label, Name, Packet, PacketFlag, QTYPE, Question, ResourceRecord, TYPE};

/// What is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Pages and streams.
    Http,
    /// The same by TLS.
    Https,
    /// For players.
    Rtsp,
}

/// What is served, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// What.
    pub kind: Kind,
    /// At which TCP port.
    pub port: u16,
}

impl Kind {
    /// The service's registered name (RFC 6335 §5.1).
    fn label(self) -> &'static str {
        match self {
            Self::Http => "_http",
            Self::Https => "_https",
            Self::Rtsp => "_rtsp",
        }
    }
}

/// What this server is called: the labels in front of `.local` and of its services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) host: String,
    pub(super) instance: String,
    pub(super) services: Vec<Service>,
}

/// Records that go out together, of one name and type. The number is a service's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// The addresses of IPv4.
    V4,
    /// Those of IPv6.
    V6,
    /// Which of the two there are (RFC 6762 §6.1), so that nobody waits for the other.
    Types,
    /// An instance's host and port.
    Target(usize),
    /// An instance's text.
    Text(usize),
    /// From a kind of service to its instance; others may have one too.
    Pointer(usize),
    /// From the list of kinds to one (RFC 6763 §9); others may have it too.
    Listed(usize),
}

impl Item {
    /// Whether others may have records of this name and type as well.
    pub(super) fn is_shared(self) -> bool {
        matches!(self, Self::Pointer(_) | Self::Listed(_))
    }
}

impl Identity {
    /// `HOST.local`.
    pub(super) fn host_name(&self) -> Name<'_> {
        name(&[&self.host, LOCAL])
    }

    /// `INSTANCE._http._tcp.local`.
    pub(super) fn instance_name(&self, service: usize) -> Name<'_> {
        name(&[&self.instance, self.services[service].kind.label(), TCP, LOCAL])
    }

    fn kind_name(&self, service: usize) -> Name<'_> {
        name(&[self.services[service].kind.label(), TCP, LOCAL])
    }

    /// All that is announced.
    pub(super) fn all(&self) -> impl Iterator<Item = Item> {
        let of = |at| [Item::Target(at), Item::Text(at), Item::Pointer(at), Item::Listed(at)];
        [Item::V4, Item::V6].into_iter().chain((0..self.services.len()).flat_map(of))
    }

    /// What must be this server's alone, and is probed for.
    pub(super) fn unique(&self) -> impl Iterator<Item = Item> {
        self.all().filter(|item| !item.is_shared())
    }

    /// What answers a question on an interface with these addresses.
    pub(super) fn asked(&self, question: &Question<'_>, addresses: &[IpAddr]) -> Vec<Item> {
        let wants = |of| question.qtype == QTYPE::ANY || question.qtype == QTYPE::TYPE(of);
        let asked = &question.qname;
        let mut items = Vec::new();
        if *asked == self.host_name() {
            let has = |v4| addresses.iter().any(|ip| ip.is_ipv4() == v4);
            items.extend((wants(TYPE::A) && has(true)).then_some(Item::V4));
            items.extend((wants(TYPE::AAAA) && has(false)).then_some(Item::V6));
            items.extend(items.is_empty().then_some(Item::Types));
        }
        let listed = *asked == name(&["_services", "_dns-sd", "_udp", LOCAL]);
        for at in 0..self.services.len() {
            if *asked == self.instance_name(at) {
                items.extend(wants(TYPE::SRV).then_some(Item::Target(at)));
                items.extend(wants(TYPE::TXT).then_some(Item::Text(at)));
            }
            if wants(TYPE::PTR) {
                items.extend((*asked == self.kind_name(at)).then_some(Item::Pointer(at)));
                items.extend(listed.then_some(Item::Listed(at)));
            }
        }
        items
    }

    /// What the asker will want next (RFC 6763 §12).
    pub(super) fn beside(&self, items: &[Item]) -> Vec<Item> {
        let mut beside = Vec::new();
        for item in items {
            match item {
                Item::Pointer(at) => {
                    beside.extend([Item::Target(*at), Item::Text(*at), Item::V4, Item::V6]);
                }
                Item::V4 | Item::V6 | Item::Target(_) => beside.extend([Item::V4, Item::V6]),
                Item::Types | Item::Text(_) | Item::Listed(_) => {}
            }
        }
        beside.sort_unstable();
        beside.dedup();
        beside.retain(|item| !items.contains(item));
        beside
    }

    /// The records of an item on an interface with these addresses.
    pub(super) fn records(&self, item: Item, addresses: &[IpAddr]) -> Vec<ResourceRecord<'_>> {
        let unique = |name, ttl, rdata| {
            vec![ResourceRecord::new(name, CLASS::IN, ttl, rdata).with_cache_flush(true)]
        };
        let shared = |name, target| {
            vec![ResourceRecord::new(name, CLASS::IN, OTHER_TTL, RData::PTR(PTR(target)))]
        };
        match item {
            Item::V4 | Item::V6 => {
                let of = addresses.iter().filter(|ip| ip.is_ipv4() == (item == Item::V4));
                of.flat_map(|ip| unique(self.host_name(), HOST_TTL, address(*ip))).collect()
            }
            Item::Types => {
                let of = |ip: &IpAddr| if ip.is_ipv4() { TYPE::A } else { TYPE::AAAA };
                let types: Vec<TYPE> = addresses.iter().map(of).collect();
                let nsec = NSEC::from_types(self.host_name(), &types);
                unique(self.host_name(), HOST_TTL, RData::NSEC(nsec))
            }
            Item::Target(at) => {
                let port = self.services[at].port;
                let target = SRV { priority: 0, weight: 0, port, target: self.host_name() };
                unique(self.instance_name(at), HOST_TTL, RData::SRV(target))
            }
            Item::Text(at) => {
                // RTSP has no page; its text is one empty string (RFC 6763 §6.1).
                let path = (self.services[at].kind != Kind::Rtsp).then_some("path=/");
                let text = path.map_or_else(|| Ok(TXT::new()), |it| TXT::new().with_string(it));
                unique(self.instance_name(at), OTHER_TTL, RData::TXT(text.unwrap_or_default()))
            }
            Item::Pointer(at) => shared(self.kind_name(at), self.instance_name(at)),
            Item::Listed(at) => {
                shared(name(&["_services", "_dns-sd", "_udp", LOCAL]), self.kind_name(at))
            }
        }
    }

    /// The probe for all that must be unique (RFC 6762 §8.1, §8.2).
    pub(super) fn probe(&self, addresses: &[IpAddr]) -> Vec<u8> {
        let mut packet = Packet::new_query(0);
        let ask = |name| Question::new(name, QTYPE::ANY, CLASS::IN.into(), true);
        packet.questions.push(ask(self.host_name()));
        packet.questions.extend((0..self.services.len()).map(|at| ask(self.instance_name(at))));
        let proposed = self.unique().flat_map(|item| self.records(item, addresses));
        // A probe only proposes: nobody shall flush anything for it (§10.2).
        packet.name_servers = proposed.map(|record| record.with_cache_flush(false)).collect();
        bytes(&packet)
    }

    /// An answer to all, or an announcement.
    pub(super) fn answer(&self, items: &[Item], addresses: &[IpAddr]) -> Vec<u8> {
        let mut packet = reply(0);
        let of = |items: &[Item]| -> Vec<ResourceRecord<'_>> {
            items.iter().flat_map(|item| self.records(*item, addresses)).collect()
        };
        packet.answers = of(items);
        packet.additional_records = of(&self.beside(items));
        bytes(&packet)
    }

    /// An answer to one who knows nothing of multicast DNS (RFC 6762 §6.7).
    pub(super) fn legacy_answer(
        &self,
        asked: &Packet<'_>,
        items: &[Item],
        addresses: &[IpAddr],
    ) -> Vec<u8> {
        let mut packet = reply(asked.id());
        packet.questions.clone_from(&asked.questions);
        for record in items.iter().flat_map(|item| self.records(*item, addresses)) {
            let ttl = record.ttl.min(LEGACY_TTL);
            packet.answers.push(ResourceRecord { ttl, ..record.with_cache_flush(false) });
        }
        bytes(&packet)
    }

    /// Takes all of it back (RFC 6762 §10.1).
    pub(super) fn goodbye(&self, addresses: &[IpAddr]) -> Vec<u8> {
        let mut packet = reply(0);
        // Others may have the same address record: what is flushed would be theirs as well.
        packet.answers = self
            .all()
            .flat_map(|item| self.records(item, addresses))
            .map(|record| ResourceRecord { ttl: 0, ..record.with_cache_flush(false) })
            .collect();
        bytes(&packet)
    }
}

/// A record's class, type and data, as two that were proposed are compared (RFC 6762 §8.2).
pub(super) fn rank(record: &ResourceRecord<'_>) -> (u16, u16, Vec<u8>) {
    let (class, of) = (u16::from(record.class), u16::from(record.rdata.type_code()));
    // As of the root, so that the data begin at a known place; names in them are not compressed.
    let bare = ResourceRecord::new(name(&[]), record.class, 0, record.rdata.clone());
    let mut packet = Packet::new_query(0);
    packet.answers.push(bare);
    let data = packet.build_bytes_vec().unwrap_or_default();
    (class, of, data.get(ROOT_RDATA_OFFSET..).unwrap_or_default().to_vec())
}

/// The address that a record has.
pub(super) fn address_of(record: &ResourceRecord<'_>) -> Option<IpAddr> {
    match &record.rdata {
        RData::A(a) => Some(IpAddr::V4(a.address.into())),
        RData::AAAA(a) => Some(IpAddr::V6(a.address.into())),
        _ => None,
    }
}

/// Parses a packet if it can be one of multicast DNS (RFC 6762 §18).
///
/// One that announces more records than its bytes can hold is refused before room is made for them.
pub(super) fn parse(bytes: &[u8]) -> Option<Packet<'_>> {
    let count =
        |at: usize| Some(usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])));
    let records = count(6)? + count(8)? + count(10)?;
    let least = HEADER_BYTES + count(4)? * MIN_QUESTION_BYTES + records * MIN_RECORD_BYTES;
    // Opcode and response code must be 0 (§18.3, §18.11).
    let is_plain = bytes[2] & 0x78 == 0 && bytes[3] & 0x0f == 0;
    if !is_plain || least > bytes.len() {
        return None;
    }
    Packet::parse(bytes).ok()
}

fn name<'a>(labels: &[&'a str]) -> Name<'a> {
    let labels: Vec<_> =
        labels.iter().map(|label| Label::new_unchecked(label.as_bytes())).collect();
    Name::new_with_labels(&labels)
}

fn address(ip: IpAddr) -> RData<'static> {
    match ip {
        IpAddr::V4(ip) => RData::A(A { address: ip.into() }),
        IpAddr::V6(ip) => RData::AAAA(AAAA { address: ip.into() }),
    }
}

fn reply(id: u16) -> Packet<'static> {
    let mut packet = Packet::new_reply(id);
    packet.set_flags(PacketFlag::AUTHORITATIVE_ANSWER);
    packet
}

fn bytes(packet: &Packet<'_>) -> Vec<u8> {
    packet.build_bytes_vec_compressed().expect("labels of at most 63 bytes can be written")
}

const LOCAL: &str = "local";
const TCP: &str = "_tcp";
/// Seconds, of what has a host name in it (RFC 6762 §10).
const HOST_TTL: u32 = 120;
/// Seconds, of all else.
const OTHER_TTL: u32 = 4500;
/// Seconds, for who would never hear that it changed (§6.7).
const LEGACY_TTL: u32 = 10;
const HEADER_BYTES: usize = 12;
/// A name, type and class.
const MIN_QUESTION_BYTES: usize = 1 + 4;
/// A name, type, class, TTL and length.
const MIN_RECORD_BYTES: usize = 1 + 10;
/// Header, root, type, class, TTL and length.
const ROOT_RDATA_OFFSET: usize = HEADER_BYTES + MIN_RECORD_BYTES;
