//! Packets of DNS (RFC 1035 §4) as the tests need them, written and read by hand.

use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) const A: u16 = 1;
pub(super) const PTR: u16 = 12;
pub(super) const TXT: u16 = 16;
pub(super) const AAAA: u16 = 28;
pub(super) const SRV: u16 = 33;
pub(super) const ANY: u16 = 255;

/// A packet that was read.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: u16,
    pub(super) is_response: bool,
    /// Name and type.
    pub(super) questions: Vec<(String, u16)>,
    pub(super) answers: Vec<Record>,
    pub(super) authorities: Vec<Record>,
    pub(super) additionals: Vec<Record>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// Its labels between dots; dots in them stay as they are.
    pub(super) name: String,
    pub(super) of: u16,
    /// Whether what others know of this name and type is to be forgotten (RFC 6762 §10.2).
    pub(super) flush: bool,
    pub(super) ttl: u32,
    /// An address, a name, `PORT HOST` or strings one after another.
    pub(super) data: String,
}

/// A question to all.
pub(super) fn question(id: u16, name: &str, of: u16) -> Vec<u8> {
    let mut bytes = header(id, 0, [1, 0, 0, 0]);
    bytes.extend(wire_name(name));
    bytes.extend([of.to_be_bytes(), 1u16.to_be_bytes()].concat());
    bytes
}

/// A probe for a name with an address.
pub(super) fn probe(name: &str, ip: Ipv4Addr) -> Vec<u8> {
    let mut bytes = header(0, 0, [1, 0, 1, 0]);
    bytes.extend(wire_name(name));
    bytes.extend([ANY.to_be_bytes(), 1u16.to_be_bytes()].concat());
    bytes.extend(address(name, ip, 1));
    bytes
}

/// An answer that a name is at an address.
pub(super) fn claim(name: &str, ip: Ipv4Addr) -> Vec<u8> {
    let mut bytes = header(0, 0x8400, [0, 1, 0, 0]);
    bytes.extend(address(name, ip, 0x8001));
    bytes
}

fn address(name: &str, ip: Ipv4Addr, class: u16) -> Vec<u8> {
    let mut bytes = wire_name(name);
    bytes.extend([A.to_be_bytes(), class.to_be_bytes()].concat());
    bytes.extend(120u32.to_be_bytes());
    bytes.extend(4u16.to_be_bytes());
    bytes.extend(ip.octets());
    bytes
}

fn header(id: u16, flags: u16, counts: [u16; 4]) -> Vec<u8> {
    [id, flags].into_iter().chain(counts).flat_map(u16::to_be_bytes).collect()
}

fn wire_name(name: &str) -> Vec<u8> {
    let of = |label: &str| {
        let length = u8::try_from(label.len()).expect("a label");
        [&[length], label.as_bytes()].concat()
    };
    name.split('.').flat_map(of).chain([0]).collect()
}

impl Message {
    /// Reads a packet, which must be right to its last byte.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut from = Reader { bytes, at: 0 };
        let (id, flags) = (from.u16(), from.u16());
        let counts: Vec<u16> = (0..4).map(|_| from.u16()).collect();
        let questions = (0..counts[0]).map(|_| {
            let question = (from.name(), from.u16());
            from.u16();
            question
        });
        let questions = questions.collect();
        let mut records = |count| (0..count).map(|_| from.record()).collect();
        let (answers, authorities) = (records(counts[1]), records(counts[2]));
        let additionals = records(counts[3]);
        assert_eq!(from.at, bytes.len(), "nothing stands behind the records");
        Self { id, is_response: flags & 0x8000 != 0, questions, answers, authorities, additionals }
    }

    /// The data of the answers of this name and type.
    pub(super) fn answers_of(&self, name: &str, of: u16) -> Vec<&str> {
        let all = self.answers.iter().filter(|record| record.name == name && record.of == of);
        all.map(|record| record.data.as_str()).collect()
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, count: usize) -> &[u8] {
        self.at += count;
        &self.bytes[self.at - count..self.at]
    }

    fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.take(2).try_into().expect("two bytes"))
    }

    fn name(&mut self) -> String {
        let mut labels = Vec::new();
        loop {
            let length = usize::from(self.take(1)[0]);
            if length >= 0xc0 {
                let to = (length & 0x3f) << 8 | usize::from(self.take(1)[0]);
                assert!(to < self.at - 2, "a pointer leads back");
                labels.push(Reader { bytes: self.bytes, at: to }.name());
                break;
            }
            if length == 0 {
                break;
            }
            labels.push(String::from_utf8(self.take(length).to_vec()).expect("UTF-8"));
        }
        labels.join(".")
    }

    fn record(&mut self) -> Record {
        let (name, of, class) = (self.name(), self.u16(), self.u16());
        let ttl = u32::from(self.u16()) << 16 | u32::from(self.u16());
        let length = usize::from(self.u16());
        let end = self.at + length;
        let data = match of {
            A => Ipv4Addr::from(<[u8; 4]>::try_from(self.take(4)).expect("four")).to_string(),
            AAAA => Ipv6Addr::from(<[u8; 16]>::try_from(self.take(16)).expect("all")).to_string(),
            PTR => self.name(),
            SRV => {
                self.take(4);
                format!("{} {}", self.u16(), self.name())
            }
            TXT => {
                let mut strings = Vec::new();
                while self.at < end {
                    let length = usize::from(self.take(1)[0]);
                    strings.push(String::from_utf8_lossy(self.take(length)).into_owned());
                }
                strings.join(" ")
            }
            _ => format!("{:?}", self.take(length)),
        };
        assert_eq!(self.at, end, "{name} {of}: as long as it says");
        Record { name, of, flush: class & 0x8000 != 0, ttl, data }
    }
}
