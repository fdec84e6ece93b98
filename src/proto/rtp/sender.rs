//! Numbers the packets of one RTP session and reports on them (RFC 3550 §5.1, §6.4.1).
//!
//! Owned by whoever sends for the session. Does not write payloads
//! ([`Packets`](super::jpeg::Packets) does) and decides no moment for a report.

use std::time::Duration;

use super::packet::Header;
use super::rtcp::SenderReport;
use super::time::{Anchor, NtpTime, timestamp_90k};

/// The sending side of a session.
#[derive(Clone, Debug)]
pub struct Sender {
    payload_type: u8,
    ssrc: u32,
    sequence: u16,
    timestamp_offset: u32,
    packets: u32,
    octets: u32,
}

impl Sender {
    /// A session that has sent nothing. All three numbers shall be drawn at random (§5.1).
    pub fn new(payload_type: u8, ssrc: u32, first_sequence: u16, timestamp_offset: u32) -> Self {
        Self {
            payload_type,
            ssrc,
            sequence: first_sequence,
            timestamp_offset,
            packets: 0,
            octets: 0,
        }
    }

    /// Who sends.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The header of the next packet, of a frame taken at `captured`, on the clock of RTP, which
    /// counts from any one moment and is never set; for `RTP-Info` as well.
    pub fn header(&self, captured: Duration) -> Header {
        Header {
            payload_type: self.payload_type,
            marker: false,
            sequence: self.sequence,
            timestamp: timestamp_90k(captured, self.timestamp_offset),
            ssrc: self.ssrc,
        }
    }

    /// Goes on after packets that left with this many octets of payload together.
    pub fn sent(&mut self, packets: usize, payload_octets: usize) {
        // Both counters and the sequence wrap by definition.
        self.sequence = self.sequence.wrapping_add(packets as u16);
        self.packets = self.packets.wrapping_add(packets as u32);
        self.octets = self.octets.wrapping_add(payload_octets as u32);
    }

    /// A sender report of this moment: `now` on the clock of RTP, `unix` on the wall.
    pub fn report(&self, now: Duration, unix: Duration) -> SenderReport {
        let timestamp = timestamp_90k(now, self.timestamp_offset);
        SenderReport {
            ssrc: self.ssrc,
            anchor: Anchor { ntp: NtpTime::from_unix(unix), timestamp },
            packets: self.packets,
            octets: self.octets,
            blocks: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_numbered_on_and_reported() {
        let mut sender = Sender::new(26, 5, u16::MAX - 1, 1000);
        let at = Duration::from_secs(1);
        assert_eq!(sender.header(at).sequence, u16::MAX - 1);
        sender.sent(3, 2800);
        assert_eq!((sender.header(at).sequence, sender.header(at).timestamp), (1, 91_000));
        let unix = Duration::from_secs(1_700_000_000);
        let report = sender.report(at, unix);
        assert_eq!((report.packets, report.octets), (3, 2800));
        assert_eq!(report.anchor.timestamp, 91_000);
        assert_eq!(report.anchor.ntp.to_unix(), unix);
    }
}
