//! Cuts a JPEG into RTP payloads (RFC 2435 §3.1), once for all sessions that send it.
//!
//! Shared by `Arc`: the scan stays where it is in the JPEG, and a session puts its
//! own RTP header before each payload. Does not send and does not pace.

use std::ops::Range;
use std::sync::Arc;

use super::{Main, Parts, Q_DYNAMIC, RESTART_BYTES, WHOLE_FRAME};
use crate::proto::rtp::packet::Header;

/// A frame's payloads.
///
/// All packets have the same length but the last, which may be shorter: so they can
/// go to the kernel as one buffer (UDP segmentation).
#[derive(Clone, Debug)]
pub struct Packets {
    jpeg: Arc<[u8]>,
    scan: Range<usize>,
    /// What precedes the scan in the first payload: all headers and both tables.
    first_head: Vec<u8>,
    /// How much of it precedes the scan in each later payload.
    head_bytes: usize,
    packet_bytes: usize,
    count: usize,
}

impl Packets {
    /// Cuts up `jpeg`, whose parts these are.
    pub fn new(jpeg: Arc<[u8]>, parts: &Parts, packet: PacketBytes) -> Self {
        let size = parts.blocks;
        let main = Main {
            sampling: parts.sampling,
            restarts: parts.restart_interval > 0,
            q: Q_DYNAMIC,
            width: size.width.get(),
            height: size.height.get(),
        };
        let mut first_head = Vec::with_capacity(MAX_HEAD_BYTES);
        first_head.extend(main.to_bytes(0));
        if main.restarts {
            first_head.extend(parts.restart_interval.to_be_bytes());
            first_head.extend(WHOLE_FRAME);
        }
        let head_bytes = first_head.len();
        // MBZ, a precision of 8 bits for both tables, and their length (§3.1.8).
        first_head.extend([0, 0, 0, 128]);
        first_head.extend(parts.luma);
        first_head.extend(parts.chroma);
        let length = jpeg.get(parts.scan.clone()).map_or(0, <[u8]>::len);
        let scan = parts.scan.start..parts.scan.start + length;
        let packet_bytes = usize::from(packet.0);
        let tables = first_head.len() - head_bytes;
        let each = packet_bytes - Header::BYTES - head_bytes;
        let count = (tables + length).div_ceil(each);
        Self { jpeg, scan, first_head, head_bytes, packet_bytes, count }
    }

    /// How many packets there are; at least one.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Bytes of each packet but the last, RTP header included.
    pub fn packet_bytes(&self) -> usize {
        self.packet_bytes
    }

    /// Octets of all payloads, as sender reports count them.
    pub fn payload_octets(&self) -> usize {
        let later = self.count.saturating_sub(1) * self.head_bytes;
        self.first_head.len() + later + self.scan.len()
    }

    /// Appends packet `index` to `out`, RTP header and all.
    ///
    /// `first` is the header of the frame's first packet; sequence and marker follow
    /// from it. Appends nothing from [`count`](Self::count) on.
    pub fn write(&self, index: usize, first: &Header, out: &mut Vec<u8>) {
        self.write_head(index, first, out);
        out.extend(self.scan(index));
    }

    /// Appends what of packet `index` precedes its part of the [scan](Self::scan): for who hands
    /// the system several pieces at once.
    pub fn write_head(&self, index: usize, first: &Header, out: &mut Vec<u8>) {
        if index >= self.count {
            return;
        }
        let header = Header {
            marker: index + 1 == self.count,
            // Wraps as sequences do.
            sequence: first.sequence.wrapping_add(index as u16),
            ..*first
        };
        out.extend(header.to_bytes());
        let offset = self.span(index).start;
        if index == 0 {
            out.extend(&self.first_head);
        } else {
            let at = out.len();
            out.extend(&self.first_head[..self.head_bytes]);
            let [_, offset @ ..] = (offset as u32).to_be_bytes();
            out[at + 1..at + 4].copy_from_slice(&offset);
        }
    }

    /// The part of the scan that packet `index` carries.
    pub fn scan(&self, index: usize) -> &[u8] {
        let scan = self.jpeg.get(self.scan.clone()).unwrap_or_default();
        let span = self.span(index);
        scan.get(span.start..span.end.min(scan.len())).unwrap_or_default()
    }

    /// Where that part lies in the scan, its end perhaps beyond.
    fn span(&self, index: usize) -> Range<usize> {
        let each = self.packet_bytes - Header::BYTES - self.head_bytes;
        let tables = self.first_head.len() - self.head_bytes;
        // As if the tables and the scan were one.
        (index * each).saturating_sub(tables)..((index + 1) * each).saturating_sub(tables)
    }

    /// Appends a run of packets to `out`, each [`packet_bytes`](Self::packet_bytes) long
    /// but the frame's last.
    pub fn write_run(&self, indices: Range<usize>, first: &Header, out: &mut Vec<u8>) {
        let indices = indices.start..indices.end.min(self.count);
        out.reserve(indices.len() * self.packet_bytes);
        for index in indices {
            self.write(index, first, out);
        }
    }
}

/// How long an RTP packet may be, in bytes from its header on: 200 to 65507.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketBytes(u16);

impl PacketBytes {
    /// What passes an Ethernet with a tunnel or two on the way.
    pub const DEFAULT: Self = Self(1400);

    /// A length, or `None` if the tables would not find room in the first packet, or no
    /// UDP datagram holds as much.
    pub fn new(bytes: u16) -> Option<Self> {
        (200..=65507).contains(&bytes).then_some(Self(bytes))
    }
}

/// Of the first payload: main header, restart marker header, table header, tables.
const MAX_HEAD_BYTES: usize = Main::BYTES + RESTART_BYTES + 4 + 128;
