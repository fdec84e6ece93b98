//! Ogg (RFC 3533): the first page of each stream says what it is, the last one when it ends.

use std::time::Duration;

use super::{About, Bytes, Container, MOST_TRACKS, duration, take};

/// One logical stream.
struct Stream {
    serial: [u8; 4],
    codec: &'static str,
    clock: Clock,
}

/// What the granule positions of a stream count.
enum Clock {
    /// Samples, so many a second, of which the first are not played.
    Samples { a_second: u64, skip: u64 },
    /// Frames since a key frame below so many bits, and that frame's number above.
    Frames { a_second: f64, shift: u32 },
}

pub(super) fn about(bytes: &mut dyn Bytes) -> Option<About> {
    let (mut streams, mut at) = (Vec::new(), 0);
    while streams.len() < MOST_TRACKS
        && let Some(page) = page(bytes, at)
        && page.is_first
    {
        streams.extend(stream(bytes, &page));
        at = page.end;
    }
    if streams.is_empty() {
        return None;
    }
    Some(About {
        container: Container::Ogg,
        has_video: streams.iter().any(|one| matches!(one.clock, Clock::Frames { .. })),
        duration: end(bytes, &streams),
        codecs: streams.iter().map(|one| one.codec.to_owned()).collect(),
    })
}

struct Page {
    serial: [u8; 4],
    is_first: bool,
    granule: u64,
    body: u64,
    end: u64,
}

fn page(bytes: &mut dyn Bytes, at: u64) -> Option<Page> {
    let head: [u8; 27] = take(bytes, at)?;
    if &head[..4] != MAGIC {
        return None;
    }
    let count = usize::from(head[26]);
    let mut lacing = [0; 255];
    if !bytes.fill(at + 27, &mut lacing[..count]) {
        return None;
    }
    let body = at + 27 + count as u64;
    let size: u64 = lacing[..count].iter().map(|&size| u64::from(size)).sum();
    let mut granule = [0; 8];
    granule.copy_from_slice(&head[6..14]);
    Some(Page {
        serial: [head[14], head[15], head[16], head[17]],
        is_first: head[5] & 2 != 0,
        granule: u64::from_le_bytes(granule),
        body,
        end: body + size,
    })
}

fn stream(bytes: &mut dyn Bytes, page: &Page) -> Option<Stream> {
    let mut head = [0; 64];
    let length = (page.end - page.body).min(64) as usize;
    if !bytes.fill(page.body, &mut head[..length]) {
        return None;
    }
    let le32 = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let be32 = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let samples = |a_second: u64, skip| Clock::Samples { a_second, skip };
    let (codec, clock) = if head.starts_with(b"\x01vorbis") {
        ("vorbis", samples(le32(12).into(), 0))
    } else if head.starts_with(b"OpusHead") {
        ("opus", samples(48_000, u16::from_le_bytes([head[10], head[11]]).into()))
    } else if head.starts_with(b"\x7fFLAC") {
        // Behind its own head and that of the block: sizes, then 20 bits of the rate.
        ("flac", samples((be32(27) >> 12).into(), 0))
    } else if head.starts_with(b"\x80theora") {
        let shift = u32::from(u16::from_be_bytes([head[40], head[41]]) >> 5 & 0x1f);
        let a_second = f64::from(be32(22)) / f64::from(be32(26));
        ("theora", Clock::Frames { a_second, shift })
    } else {
        return None;
    };
    Some(Stream { serial: page.serial, codec, clock })
}

/// When the last page of any stream ends.
fn end(bytes: &mut dyn Bytes, streams: &[Stream]) -> Option<Duration> {
    let length = bytes.length();
    let start = length.saturating_sub(TAIL_BYTES);
    let mut tail = vec![0; (length - start) as usize];
    if !bytes.fill(start, &mut tail) {
        return None;
    }
    let mut ends = None;
    for (at, _) in tail.windows(4).enumerate().filter(|(_, four)| *four == MAGIC) {
        let Some(page) = page(bytes, start + at as u64) else { continue };
        // A page on which no packet ends has no time.
        if page.granule == u64::MAX {
            continue;
        }
        let of = streams.iter().find(|stream| stream.serial == page.serial);
        let time = of.and_then(|stream| match stream.clock {
            Clock::Samples { a_second, skip } => {
                duration(page.granule.saturating_sub(skip) as f64, a_second as f64)
            }
            Clock::Frames { a_second, shift } => {
                let (key, after) = (page.granule >> shift, page.granule & ((1 << shift) - 1));
                duration(key.saturating_add(after) as f64, a_second)
            }
        });
        ends = ends.max(time);
    }
    ends
}

const MAGIC: &[u8] = b"OggS";
/// Two pages at the least.
const TAIL_BYTES: u64 = 160 * 1024;
