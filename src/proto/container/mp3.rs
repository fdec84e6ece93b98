//! MPEG audio, layer III: what its first frame says (Xing, VBRI), or the sum of its frames.

use std::time::Duration;

use super::{About, Bytes, Container, be16, be32, duration, take};

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame {
    /// Bytes, with the head.
    size: u64,
    samples: u64,
    a_second: u64,
    bits_per_sec: u64,
    /// Where a Xing head would stand, from the frame's start.
    xing: u64,
}

pub(super) fn about(bytes: &mut dyn Bytes) -> Option<About> {
    let start = after_tags(bytes);
    let (at, first) = first_frame(bytes, start)?;
    Some(About {
        container: Container::Mp3,
        has_video: false,
        duration: stated(bytes, at, first).or_else(|| counted(bytes, at, first)),
        codecs: vec!["mp3".to_owned()],
    })
}

/// Behind the tags (ID3v2) that stand before the sound.
fn after_tags(bytes: &mut dyn Bytes) -> u64 {
    let mut at = 0;
    for _ in 0..MOST_TAGS {
        let Some([b'I', b'D', b'3', _, _, flags, a, b, c, d]) = take::<10>(bytes, at) else {
            break;
        };
        let size = [a, b, c, d].iter().fold(0, |size, &byte| size << 7 | u64::from(byte & 0x7f));
        let foot = if flags & 0x10 != 0 { 10 } else { 0 };
        at += 10 + size + foot;
    }
    at
}

/// The first frame that another follows: a head alone may be anything.
fn first_frame(bytes: &mut dyn Bytes, start: u64) -> Option<(u64, Frame)> {
    for at in start..start + MOST_SKIPPED {
        let head = take(bytes, at)?;
        let Some(first) = frame(head) else { continue };
        let next = at + first.size;
        let is_followed = take(bytes, next).and_then(frame).is_some_and(|next| next.is_like(first));
        if is_followed || next == bytes.length() {
            return Some((at, first));
        }
    }
    None
}

/// How long it is by its first frame.
fn stated(bytes: &mut dyn Bytes, at: u64, first: Frame) -> Option<Duration> {
    let frames = match take::<4>(bytes, at + first.xing) {
        // Its flags say whether it counts the frames.
        Some([b'X', b'i', b'n', b'g'] | [b'I', b'n', b'f', b'o']) => {
            let flags = be32(bytes, at + first.xing + 4)?;
            (flags & 1 != 0).then(|| be32(bytes, at + first.xing + 8)).flatten()
        }
        _ => match take::<4>(bytes, at + 36) {
            Some([b'V', b'B', b'R', b'I']) if be16(bytes, at + 40).is_some() => {
                be32(bytes, at + 50)
            }
            _ => None,
        },
    };
    duration(frames?.saturating_mul(first.samples) as f64, first.a_second as f64)
}

/// How long it is by its frames: all of them if their sizes differ, else by the file's.
fn counted(bytes: &mut dyn Bytes, start: u64, first: Frame) -> Option<Duration> {
    let (mut at, mut samples, mut is_even) = (start, 0_u64, true);
    for number in 0..MOST_FRAMES {
        let Some(next) = take(bytes, at).and_then(frame) else { break };
        is_even &= next.bits_per_sec == first.bits_per_sec;
        if number == ENOUGH_FRAMES && is_even {
            let bits = (bytes.length() - start).saturating_mul(8);
            return duration(bits as f64, first.bits_per_sec as f64);
        }
        samples = samples.saturating_add(next.samples);
        at += next.size;
    }
    duration(samples as f64, first.a_second as f64)
}

impl Frame {
    fn is_like(self, other: Frame) -> bool {
        self.a_second == other.a_second && self.samples == other.samples
    }
}

/// The head of a frame of layer III.
fn frame(head: [u8; 4]) -> Option<Frame> {
    let [first, second, third, fourth] = head;
    if first != 0xff || second & 0xe6 != 0xe2 {
        return None;
    }
    // 3 is MPEG 1, 2 MPEG 2, 0 MPEG 2.5.
    let version = second >> 3 & 3;
    let of_rates = usize::from(third >> 4);
    let of_samples = usize::from(third >> 2 & 3);
    let (is_mono, padding) = (fourth >> 6 == 3, u64::from(third >> 1 & 1));
    let a_second = *[44_100_u64, 48_000, 32_000].get(of_samples)?;
    let (a_second, samples, rates) = match version {
        3 => (a_second, 1152, &RATES_OF_1),
        2 => (a_second / 2, 576, &RATES_OF_2),
        0 => (a_second / 4, 576, &RATES_OF_2),
        _ => return None,
    };
    let bits_per_sec = rates.get(of_rates).filter(|rate| **rate > 0)? * 1000;
    let side = match (version == 3, is_mono) {
        (true, false) => 32,
        (true, true) | (false, false) => 17,
        (false, true) => 9,
    };
    let size = samples / 8 * bits_per_sec / a_second + padding;
    Some(Frame { size, samples, a_second, bits_per_sec, xing: 4 + side })
}

/// kbit/s; the last index is no rate.
const RATES_OF_1: [u64; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const RATES_OF_2: [u64; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const MOST_TAGS: usize = 8;
/// Bytes that may stand before the first frame and are none.
const MOST_SKIPPED: u64 = 64 * 1024;
/// As many of one rate: all have it.
const ENOUGH_FRAMES: usize = 500;
/// A day of them.
const MOST_FRAMES: usize = 4_000_000;
