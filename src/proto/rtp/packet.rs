//! The RTP packet (RFC 3550 §5.1): a header of 12 bytes or more and a payload.
//!
//! Pure, on either side. Does not look into the payload, and passes over
//! contributing sources and header extensions, which no peer of ours needs.

use super::Invalid;

/// What the fixed part of a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the payload is; 7 bits.
    pub payload_type: u8,
    /// For video: the last packet of a frame.
    pub marker: bool,
    /// Counts packets, and wraps.
    pub sequence: u16,
    /// When the payload was taken, at 90 kHz for video; starts at random, and wraps.
    pub timestamp: u32,
    /// Who sends.
    pub ssrc: u32,
}

impl Header {
    /// Bytes of the header as this project writes it.
    pub const BYTES: usize = 12;

    /// The header with no padding, extension or contributing sources.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [c0, c1, c2, c3] = self.ssrc.to_be_bytes();
        let kind = self.payload_type & 0x7F | u8::from(self.marker) << 7;
        [VERSION << 6, kind, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3]
    }
}

/// A packet as it was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its header.
    pub header: Header,
    /// What follows the header, without padding.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a whole datagram, or what one interleaved frame holds.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if it is not RTP of version 2, or ends within its header or padding.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, Invalid> {
        let short = Invalid { offset: datagram.len(), rule: "RFC 3550 §5.1: 12 bytes of header" };
        let (fixed, mut payload) = datagram.split_first_chunk::<12>().ok_or(short)?;
        let [flags, kind, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *fixed;
        if flags >> 6 != VERSION {
            return Err(Invalid { offset: 0, rule: "RFC 3550 §5.1: version 2" });
        }
        let sources = 4 * usize::from(flags & 0x0F);
        let rule = "RFC 3550 §5.1: as many CSRC as counted";
        payload = payload.get(sources..).ok_or(Invalid { offset: datagram.len(), rule })?;
        if flags & EXTENSION != 0 {
            payload = after_extension(payload)
                .ok_or(Invalid {
                    offset: datagram.len(), rule: "RFC 3550 §5.3.1: an extension"
                })?;
        }
        if flags & PADDING != 0 {
            let count = payload.last().map_or(0, |&count| usize::from(count));
            let end = payload.len().checked_sub(count).filter(|_| count > 0);
            let rule = "RFC 3550 §5.1: padding of 1 byte up to the payload";
            let end = end.ok_or(Invalid { offset: datagram.len() - 1, rule })?;
            payload = &payload[..end];
        }
        let header = Header {
            payload_type: kind & 0x7F,
            marker: kind & 0x80 != 0,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
        };
        Ok(Self { header, payload })
    }
}

/// What follows the header extension that `rest` starts with.
fn after_extension(rest: &[u8]) -> Option<&[u8]> {
    let (&[_, _, high, low], rest) = rest.split_first_chunk()?;
    rest.get(4 * usize::from(u16::from_be_bytes([high, low]))..)
}

pub(super) const VERSION: u8 = 2;
pub(super) const PADDING: u8 = 0x20;
const EXTENSION: u8 = 0x10;

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header {
        payload_type: 26,
        marker: true,
        sequence: 0xFFFE,
        timestamp: 0x8000_0001,
        ssrc: 0xDEAD_BEEF,
    };

    #[test]
    fn header_reads_as_it_was_written() {
        let bytes = [&HEADER.to_bytes()[..], b"payload"].concat();
        assert_eq!(bytes[..4], [0x80, 0x9A, 0xFF, 0xFE]);
        assert_eq!(Packet::parse(&bytes), Ok(Packet { header: HEADER, payload: b"payload" }));
        let other = Header { marker: false, payload_type: 127, ..HEADER };
        assert_eq!(Packet::parse(&other.to_bytes()), Ok(Packet { header: other, payload: b"" }));
    }

    #[test]
    fn sources_extension_and_padding_are_passed_over() {
        let mut bytes = HEADER.to_bytes().to_vec();
        bytes[0] |= PADDING | EXTENSION | 2;
        bytes.extend([0; 8]);
        bytes.extend([0xBE, 0xDE, 0, 1, 1, 2, 3, 4]);
        bytes.extend(b"payload\0\0\x03");
        assert_eq!(Packet::parse(&bytes), Ok(Packet { header: HEADER, payload: b"payload" }));
        for cut in 0..bytes.len() - 3 {
            let read = Packet::parse(&bytes[..cut]);
            assert!(read.is_err() || read.is_ok_and(|packet| packet.payload.len() < 7), "{cut}");
        }
    }

    #[test]
    fn what_is_not_rtp_is_refused() {
        let rule = |bytes: &[u8]| Packet::parse(bytes).unwrap_err().rule;
        assert_eq!(rule(&[]), "RFC 3550 §5.1: 12 bytes of header");
        assert_eq!(rule(&[0x80; 11]), "RFC 3550 §5.1: 12 bytes of header");
        assert_eq!(rule(&[0; 12]), "RFC 3550 §5.1: version 2");
        assert_eq!(rule(&[0x81; 15]), "RFC 3550 §5.1: as many CSRC as counted");
        let padded = |count| {
            let mut bytes = [0xA0; 14];
            bytes[13] = count;
            Packet::parse(&bytes).map(|packet| packet.payload.len())
        };
        let refused = Err(Invalid {
            offset: 13,
            rule: "RFC 3550 §5.1: padding of 1 byte up to the payload",
        });
        assert_eq!(padded(0), refused);
        assert_eq!(padded(1), Ok(1));
        assert_eq!(padded(2), Ok(0));
        assert_eq!(padded(3), refused);
    }
}
