//! What a receiver knows of one sender: packets lost, jitter (RFC 3550 Appendix A).
//!
//! Owned by the thread that receives. Only counts: every packet may be used,
//! whatever is said of it here, and [`Reorder`](super::Reorder) orders them.

use std::time::Duration;

use super::packet::Header;
use super::rtcp::{ReportBlock, SenderReport};
use super::time::{Anchor, duration_of_90k, short_duration, timestamp_90k};

/// The state of one source (RFC 3550 A.1).
#[derive(Clone, Debug)]
pub struct Reception {
    ssrc: u32,
    /// Packets in order that must still come before the source is believed.
    probation: u8,
    base: u16,
    highest: u16,
    /// Times that the sequence wrapped, shifted by 16.
    cycles: u64,
    /// The sequence that follows a jump, if it comes next.
    after_jump: Option<u16>,
    received: u64,
    out_of_order: u64,
    expected_before: u64,
    received_before: u64,
    /// Arrival less timestamp of the last packet, in ticks.
    transit: Option<u32>,
    /// In ticks, times 16.
    jitter: u32,
    sender_report: Option<(Anchor, Duration)>,
}

/// What a packet is in the order of its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The source is not believed yet, and the packet not counted.
    Probation,
    /// After the last one, perhaps behind a gap.
    Ahead,
    /// Out of order, or for a second time.
    Late,
    /// Far away from the last one, and not counted; if the next one follows it, the
    /// sender began anew.
    Jump,
}

impl Reception {
    /// Follows a source from its first packet on.
    pub fn new(first: &Header) -> Self {
        Self {
            ssrc: first.ssrc,
            probation: MIN_SEQUENTIAL,
            base: first.sequence,
            highest: first.sequence.wrapping_sub(1),
            cycles: 0,
            after_jump: None,
            received: 0,
            out_of_order: 0,
            expected_before: 0,
            received_before: 0,
            transit: None,
            jitter: 0,
            sender_report: None,
        }
    }

    /// Whose packets are counted.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Counts a packet that came at `arrival`, the first one included.
    pub fn count(&mut self, header: &Header, arrival: Duration) -> Arrival {
        let kind = self.sequence(header.sequence);
        if matches!(kind, Arrival::Ahead | Arrival::Late) {
            self.received += 1;
            self.interval(timestamp_90k(arrival, 0).wrapping_sub(header.timestamp));
        }
        kind
    }

    /// Keeps when a sender report came: the next report block answers it.
    pub fn sender_report(&mut self, report: &SenderReport, arrival: Duration) {
        self.sender_report = Some((report.anchor, arrival));
    }

    /// What ties the source's timestamps to the wall clock, once it has said so.
    pub fn anchor(&self) -> Option<Anchor> {
        self.sender_report.map(|(anchor, _)| anchor)
    }

    /// The report block to send now; the next fraction lost counts from here.
    pub fn report(&mut self, now: Duration) -> ReportBlock {
        let expected = self.expected() - self.expected_before;
        let received = self.received - self.received_before;
        self.expected_before = self.expected();
        self.received_before = self.received;
        let lost = expected.saturating_sub(received);
        let fraction = (lost << 8).checked_div(expected).unwrap_or(0);
        let (last_sr, delay_since_last_sr) = self.sender_report.map_or((0, 0), |(anchor, at)| {
            (anchor.ntp.middle(), short_duration(now.saturating_sub(at)))
        });
        ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            lost: self.lost().clamp(-0x80_0000, 0x7F_FFFF) as i32,
            // The upper half goes: the field has 32 bits, and wraps.
            highest_sequence: self.extended_highest() as u32,
            jitter: self.jitter >> 4,
            last_sr,
            delay_since_last_sr,
        }
    }

    /// Packets that should have come (A.3).
    pub fn expected(&self) -> u64 {
        if self.probation > 0 {
            return 0;
        }
        self.extended_highest() + 1 - u64::from(self.base)
    }

    /// Packets that came; those that came twice count twice.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Packets lost so far; below zero if some came twice.
    pub fn lost(&self) -> i64 {
        self.expected().cast_signed() - self.received.cast_signed()
    }

    /// Packets that came after a later one, or twice.
    pub fn out_of_order(&self) -> u64 {
        self.out_of_order
    }

    /// The interarrival jitter (A.8).
    pub fn jitter(&self) -> Duration {
        duration_of_90k(self.jitter >> 4)
    }

    fn extended_highest(&self) -> u64 {
        self.cycles | u64::from(self.highest)
    }

    /// Follows the sequence number (A.1, `update_seq`).
    fn sequence(&mut self, sequence: u16) -> Arrival {
        let ahead = sequence.wrapping_sub(self.highest);
        if self.probation > 0 {
            self.probation = if ahead == 1 { self.probation - 1 } else { MIN_SEQUENTIAL - 1 };
            self.highest = sequence;
            if self.probation > 0 {
                return Arrival::Probation;
            }
            self.begin(sequence);
            return Arrival::Ahead;
        }
        if ahead == 0 || ahead > u16::MAX - MAX_MISORDER {
            self.out_of_order += 1;
            return Arrival::Late;
        }
        if ahead >= MAX_DROPOUT {
            if self.after_jump != Some(sequence) {
                self.after_jump = Some(sequence.wrapping_add(1));
                return Arrival::Jump;
            }
            self.begin(sequence);
            return Arrival::Ahead;
        }
        self.after_jump = None;
        if sequence < self.highest {
            self.cycles += 1 << 16;
        }
        self.highest = sequence;
        Arrival::Ahead
    }

    /// Counts anew, from this packet on (A.1, `init_seq`).
    fn begin(&mut self, sequence: u16) {
        self.base = sequence;
        self.highest = sequence;
        self.cycles = 0;
        self.after_jump = None;
        self.received = 0;
        self.out_of_order = 0;
        self.expected_before = 0;
        self.received_before = 0;
        self.transit = None;
    }

    /// Takes the transit time of a packet into the jitter (A.8).
    fn interval(&mut self, transit: u32) {
        let Some(last) = self.transit.replace(transit) else {
            return;
        };
        let difference = transit.wrapping_sub(last).cast_signed().unsigned_abs();
        // A jump of the sender's clock would otherwise be seen for minutes.
        if difference < MAX_TRANSIT_STEP {
            self.jitter = self.jitter + difference - ((self.jitter + 8) >> 4);
        }
    }
}

/// Packets in sequence before a source is believed (A.1).
const MIN_SEQUENTIAL: u8 = 2;
/// A gap of this many packets is a jump (A.1).
const MAX_DROPOUT: u16 = 3000;
/// A packet that is later by more is a jump (A.1).
const MAX_MISORDER: u16 = 100;
/// Ten seconds of ticks: above, clocks were set, no network was slow.
const MAX_TRANSIT_STEP: u32 = 900_000;

#[cfg(test)]
mod tests;
