//! RTCP (RFC 3550 §6): compound packets of reports, names and farewells.
//!
//! Pure, on either side. Knows no intervals: whoever owns a session decides when
//! to report. Feedback (RFC 4585), APP and what else there is comes out as
//! [`Packet::Other`], so that peers may send it.

use super::Invalid;
use super::packet::{PADDING, VERSION};
use super::time::{Anchor, NtpTime};

/// One packet of a compound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// SR.
    SenderReport(SenderReport),
    /// RR.
    ReceiverReport {
        /// Who reports.
        ssrc: u32,
        /// On each source that it hears; 31 at most.
        blocks: Vec<ReportBlock>,
    },
    /// SDES, of which only CNAME is kept.
    Names(Vec<Name>),
    /// BYE.
    Goodbye {
        /// Who leaves; 31 at most.
        sources: Vec<u32>,
        /// Why, if it says so; up to 255 bytes.
        reason: Option<String>,
    },
    /// Of another kind; never written.
    Other {
        /// Such as 204 for APP, 205 and 206 for feedback.
        packet_type: u8,
    },
}

/// What a sender says of itself (RFC 3550 §6.4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderReport {
    /// Who sends.
    pub ssrc: u32,
    /// This moment, on both clocks.
    pub anchor: Anchor,
    /// Packets sent so far.
    pub packets: u32,
    /// Octets of payload sent so far.
    pub octets: u32,
    /// On each source that it hears itself; 31 at most.
    pub blocks: Vec<ReportBlock>,
}

/// What a receiver says of one source (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source that is reported on.
    pub ssrc: u32,
    /// Lost since the last report, in 1/256 of what was expected.
    pub fraction_lost: u8,
    /// Packets lost so far, of 24 bits; below zero if some came twice.
    pub lost: i32,
    /// The highest sequence number, with the count of wraps above it.
    pub highest_sequence: u32,
    /// Interarrival jitter, in ticks of the timestamp.
    pub jitter: u32,
    /// LSR: the middle of the last sender report's NTP time; 0 for none yet.
    pub last_sr: u32,
    /// DLSR: time between that report's arrival and this one, in 1/65536 s.
    pub delay_since_last_sr: u32,
}

/// Who a source is (RFC 3550 §6.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The source.
    pub ssrc: u32,
    /// Its canonical name, the same for all its streams; up to 255 bytes.
    pub cname: Option<String>,
}

/// Reads a datagram, or what one interleaved frame holds.
///
/// Does not ask for a report at the front, as §6.1 does: some peers leave it out
/// (RFC 5506).
///
/// # Errors
///
/// [`Invalid`] if a length does not hold, or a packet is not of version 2 or not RTCP.
pub fn parse(datagram: &[u8]) -> Result<Vec<Packet>, Invalid> {
    let mut packets = Vec::new();
    let mut at = 0;
    while packets.is_empty() || at < datagram.len() {
        let rest = &datagram[at..];
        let short = Invalid { offset: at, rule: "RFC 3550 §6.4.1: as long as it says" };
        let (&[flags, packet_type, high, low], _) = rest.split_first_chunk().ok_or(short)?;
        if flags >> 6 != VERSION {
            return Err(Invalid { offset: at, rule: "RFC 3550 §6.4.1: version 2" });
        }
        if !PACKET_TYPES.contains(&packet_type) {
            return Err(Invalid { offset: at + 1, rule: "RFC 5761 §4: types 192 to 223" });
        }
        let length = 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
        let mut body = rest.get(4..length).ok_or(short)?;
        if flags & PADDING != 0 {
            body = unpadded(body).filter(|_| length == rest.len()).ok_or(Invalid {
                offset: at + length - 1,
                rule: "RFC 3550 §6.4.1: padding in whole words, of the last packet",
            })?;
        }
        let rule = "RFC 3550 §6.4 to §6.6: all that is counted";
        packets.push(read(packet_type, flags & 0x1F, body).ok_or(Invalid { offset: at, rule })?);
        at += length;
    }
    Ok(packets)
}

/// Appends a compound packet; what is too many or too long for a field is left out.
pub fn write(packets: &[Packet], out: &mut Vec<u8>) {
    for packet in packets {
        let start = out.len();
        out.extend([0; 4]);
        let (packet_type, count) = match packet {
            Packet::SenderReport(report) => {
                out.extend(report.ssrc.to_be_bytes());
                out.extend(report.anchor.ntp.0.to_be_bytes());
                for word in [report.anchor.timestamp, report.packets, report.octets] {
                    out.extend(word.to_be_bytes());
                }
                (SR, write_blocks(&report.blocks, out))
            }
            Packet::ReceiverReport { ssrc, blocks } => {
                out.extend(ssrc.to_be_bytes());
                (RR, write_blocks(blocks, out))
            }
            Packet::Names(names) => (SDES, write_names(names, out)),
            Packet::Goodbye { sources, reason } => (BYE, write_goodbye(sources, reason, out)),
            Packet::Other { .. } => {
                out.truncate(start);
                continue;
            }
        };
        // 31 blocks of 24 bytes or names of 260 stay below the 256 KiB that the field has.
        let [high, low] = (((out.len() - start) / 4 - 1) as u16).to_be_bytes();
        out[start..start + 4].copy_from_slice(&[VERSION << 6 | count, packet_type, high, low]);
    }
}

/// Reads what follows the first word of a packet.
fn read(packet_type: u8, count: u8, body: &[u8]) -> Option<Packet> {
    let count = usize::from(count);
    Some(match packet_type {
        SR => {
            let (words, rest) = words::<6>(body)?;
            let [ssrc, high, low, timestamp, packets, octets] = words;
            let ntp = NtpTime(u64::from(high) << 32 | u64::from(low));
            let anchor = Anchor { ntp, timestamp };
            let blocks = read_blocks(rest, count)?;
            Packet::SenderReport(SenderReport { ssrc, anchor, packets, octets, blocks })
        }
        RR => {
            let ([ssrc], rest) = words(body)?;
            Packet::ReceiverReport { ssrc, blocks: read_blocks(rest, count)? }
        }
        SDES => Packet::Names(read_names(body, count)?),
        BYE => {
            let (sources, rest) = body.split_at_checked(4 * count)?;
            let sources = sources.as_chunks().0.iter().map(|&ssrc| u32::from_be_bytes(ssrc));
            let reason = match rest {
                [length, text @ ..] => Some(lossy(text.get(..usize::from(*length))?)),
                [] => None,
            };
            Packet::Goodbye { sources: sources.collect(), reason }
        }
        packet_type => Packet::Other { packet_type },
    })
}

fn read_blocks(mut rest: &[u8], count: usize) -> Option<Vec<ReportBlock>> {
    let mut blocks = Vec::with_capacity(count);
    for _ in 0..count {
        let (block, after) = words::<6>(rest)?;
        let [ssrc, loss, highest_sequence, jitter, last_sr, delay_since_last_sr] = block;
        blocks.push(ReportBlock {
            ssrc,
            fraction_lost: (loss >> 24) as u8,
            // Shifted there and back, so that the sign of the 24 bits is kept.
            lost: (loss << 8).cast_signed() >> 8,
            highest_sequence,
            jitter,
            last_sr,
            delay_since_last_sr,
        });
        rest = after;
    }
    Some(blocks)
}

fn write_blocks(blocks: &[ReportBlock], out: &mut Vec<u8>) -> u8 {
    let blocks = &blocks[..blocks.len().min(MAX_COUNT)];
    for block in blocks {
        let loss = u32::from(block.fraction_lost) << 24 | block.lost.cast_unsigned() & 0xFF_FFFF;
        for word in [
            block.ssrc,
            loss,
            block.highest_sequence,
            block.jitter,
            block.last_sr,
            block.delay_since_last_sr,
        ] {
            out.extend(word.to_be_bytes());
        }
    }
    blocks.len() as u8
}

/// Reads chunks of items; each chunk ends in a zero, at the end of a word (§6.5).
fn read_names(body: &[u8], count: usize) -> Option<Vec<Name>> {
    let mut names = Vec::with_capacity(count);
    let mut rest = body;
    for _ in 0..count {
        let ([ssrc], after) = words(rest)?;
        rest = after;
        let mut cname = None;
        loop {
            match rest {
                [0, ..] => break,
                [kind, length, items @ ..] => {
                    let (text, after) = items.split_at_checked(usize::from(*length))?;
                    if *kind == CNAME {
                        cname = Some(lossy(text));
                    }
                    rest = after;
                }
                _ => return None,
            }
        }
        let at = body.len() - rest.len();
        rest = body.get((at + 1).next_multiple_of(4)..)?;
        names.push(Name { ssrc, cname });
    }
    Some(names)
}

fn write_names(names: &[Name], out: &mut Vec<u8>) -> u8 {
    let names = &names[..names.len().min(MAX_COUNT)];
    for name in names {
        let start = out.len();
        out.extend(name.ssrc.to_be_bytes());
        if let Some(cname) = &name.cname {
            out.push(CNAME);
            write_text(cname, out);
        }
        let length = (out.len() - start + 1).next_multiple_of(4);
        out.resize(start + length, 0);
    }
    names.len() as u8
}

fn write_goodbye(sources: &[u32], reason: &Option<String>, out: &mut Vec<u8>) -> u8 {
    let sources = &sources[..sources.len().min(MAX_COUNT)];
    out.extend(sources.iter().flat_map(|ssrc| ssrc.to_be_bytes()));
    if let Some(reason) = reason {
        let start = out.len();
        write_text(reason, out);
        out.resize(start + (out.len() - start).next_multiple_of(4), 0);
    }
    sources.len() as u8
}

/// A length of one byte, and as much of the text.
fn write_text(text: &str, out: &mut Vec<u8>) {
    let end = (0..=text.len().min(255)).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    out.push(end as u8);
    out.extend(&text.as_bytes()[..end]);
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// Takes words of 32 bits off the front.
fn words<const N: usize>(bytes: &[u8]) -> Option<([u32; N], &[u8])> {
    let (front, rest) = bytes.split_at_checked(4 * N)?;
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(front.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    Some((words, rest))
}

/// The body without its padding, whose last byte counts it.
fn unpadded(body: &[u8]) -> Option<&[u8]> {
    let count = usize::from(*body.last()?);
    body.get(..body.len().checked_sub(count)?).filter(|_| count > 0 && count.is_multiple_of(4))
}

/// What RTP payload types leave free for RTCP on the same port.
const PACKET_TYPES: std::ops::RangeInclusive<u8> = 192..=223;
const SR: u8 = 200;
const RR: u8 = 201;
const SDES: u8 = 202;
const BYE: u8 = 203;
/// The kind of item in SDES.
const CNAME: u8 = 1;
/// What the count of 5 bits holds.
const MAX_COUNT: usize = 31;

#[cfg(test)]
mod tests;
