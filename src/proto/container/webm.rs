//! WebM and Matroska (RFC 9559): `Info`, `Tracks`, and where no length stands there the last block.

use super::{About, Bytes, Container, MOST_TRACKS, duration, name, take};

/// An element: what it is, and where its content lies; without an end if its size is unknown.
#[derive(Debug, Clone, Copy)]
struct Element {
    id: u32,
    start: u64,
    end: u64,
    is_open: bool,
}

pub(super) fn about(bytes: &mut dyn Bytes) -> Option<About> {
    let end = bytes.length();
    let head = element(bytes, 0, end).filter(|head| head.id == HEADER)?;
    let doc_type = child(bytes, head, DOC_TYPE).map(|part| text(bytes, part))?;
    let container = match doc_type.as_str() {
        "webm" => Container::WebM,
        "matroska" => Container::Matroska,
        _ => return None,
    };
    let segment = element(bytes, head.end, end).filter(|segment| segment.id == SEGMENT)?;
    let mut film = Film { tick_ns: 1_000_000, stated: None, last: None, tracks: Vec::new() };
    film.segment(bytes, segment);
    let ticks = film.stated.or(film.last.map(|ticks| ticks as f64));
    Some(About {
        container,
        has_video: film.tracks.iter().any(|(kind, _)| *kind == VIDEO),
        duration: ticks.and_then(|ticks| duration(ticks * film.tick_ns as f64, 1e9)),
        codecs: film.tracks.into_iter().map(|(_, codec)| codec).collect(),
    })
}

struct Film {
    tick_ns: u64,
    /// Ticks, as the head has it.
    stated: Option<f64>,
    /// Ticks of the last block.
    last: Option<u64>,
    tracks: Vec<(u64, String)>,
}

impl Film {
    /// Walks what lies in a segment. Where the head says how long it is, no cluster is looked into.
    fn segment(&mut self, bytes: &mut dyn Bytes, segment: Element) {
        let (mut at, mut cluster) = (segment.start, 0);
        for _ in 0..MOST_ELEMENTS {
            let Some(part) = element(bytes, at, segment.end) else { return };
            at = part.end;
            match part.id {
                INFO => self.info(bytes, part),
                TRACKS => self.tracks(bytes, part),
                // The head comes before all clusters.
                CLUSTER if self.stated.is_some() => return,
                CLUSTER => at = part.start,
                TIME => cluster = number(bytes, part).unwrap_or(cluster),
                // Its own head is looked at next.
                GROUP => at = part.start,
                SIMPLE_BLOCK | BLOCK => {
                    if let Some(after) = time_of_block(bytes, part) {
                        let ticks = cluster.saturating_add_signed(after.into());
                        self.last = self.last.max(Some(ticks));
                    }
                }
                // What has no end cannot be passed over.
                _ if part.is_open => return,
                _ => {}
            }
        }
    }

    fn info(&mut self, bytes: &mut dyn Bytes, info: Element) {
        if let Some(scale) = child(bytes, info, SCALE).and_then(|part| number(bytes, part)) {
            self.tick_ns = scale;
        }
        let stated = child(bytes, info, DURATION).and_then(|part| float(bytes, part));
        self.stated = stated.filter(|ticks| *ticks > 0.0);
    }

    fn tracks(&mut self, bytes: &mut dyn Bytes, tracks: Element) {
        let mut at = tracks.start;
        while self.tracks.len() < MOST_TRACKS
            && let Some(entry) = element(bytes, at, tracks.end)
        {
            at = entry.end;
            if entry.id == TRACK {
                let kind = child(bytes, entry, TRACK_TYPE).and_then(|part| number(bytes, part));
                let codec = child(bytes, entry, CODEC).map(|part| text(bytes, part));
                if let Some(kind) = kind.filter(|kind| [VIDEO, AUDIO].contains(kind)) {
                    self.tracks.push((kind, codec.unwrap_or_default()));
                }
            }
        }
    }
}

/// How long after its cluster a block is, in ticks: behind the number of its track.
fn time_of_block(bytes: &mut dyn Bytes, block: Element) -> Option<i16> {
    let (_, length) = vint(bytes, block.start, true)?;
    take(bytes, block.start + length).map(i16::from_be_bytes)
}

/// The element at a place, which ends where what it is in does, if not before.
fn element(bytes: &mut dyn Bytes, at: u64, end: u64) -> Option<Element> {
    if at >= end {
        return None;
    }
    let (id, id_length) = vint(bytes, at, false)?;
    let (size, size_length) = vint(bytes, at + id_length, true)?;
    let start = at + id_length + size_length;
    let is_open = size == (1 << (7 * size_length)) - 1;
    let ends = if is_open { end } else { start.saturating_add(size).min(end) };
    let id = u32::try_from(id).ok()?;
    (start <= ends).then_some(Element { id, start, end: ends, is_open })
}

/// A number of variable length (RFC 8794 §4), and its length; `bare` without the mark of that.
fn vint(bytes: &mut dyn Bytes, at: u64, bare: bool) -> Option<(u64, u64)> {
    let [first] = take(bytes, at)?;
    let length = first.leading_zeros() as usize + 1;
    let mut raw = [0; 8];
    let raw_bytes = raw.get_mut(..length)?;
    if !bytes.fill(at, raw_bytes) {
        return None;
    }
    let value = raw_bytes.iter().fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
    let marked = 1_u64 << (7 * length);
    Some((if bare { value & (marked - 1) } else { value }, length as u64))
}

fn child(bytes: &mut dyn Bytes, parent: Element, id: u32) -> Option<Element> {
    let mut at = parent.start;
    for _ in 0..MOST_CHILDREN {
        let part = element(bytes, at, parent.end)?;
        if part.id == id {
            return Some(part);
        }
        at = part.end;
    }
    None
}

fn number(bytes: &mut dyn Bytes, part: Element) -> Option<u64> {
    let mut raw = [0; 8];
    let length = usize::try_from(part.end - part.start).ok()?;
    let into = raw.get_mut(8_usize.checked_sub(length)?..)?;
    bytes.fill(part.start, into).then(|| u64::from_be_bytes(raw))
}

fn float(bytes: &mut dyn Bytes, part: Element) -> Option<f64> {
    match part.end - part.start {
        4 => take(bytes, part.start).map(|raw| f32::from_be_bytes(raw).into()),
        8 => take(bytes, part.start).map(f64::from_be_bytes),
        _ => None,
    }
}

fn text(bytes: &mut dyn Bytes, part: Element) -> String {
    let mut raw = [0; super::MOST_NAME];
    let length = (part.end - part.start).min(raw.len() as u64) as usize;
    match bytes.fill(part.start, &mut raw[..length]) {
        true => name(&raw[..length]),
        false => String::new(),
    }
}

const HEADER: u32 = 0x1a45_dfa3;
const DOC_TYPE: u32 = 0x4282;
const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_a966;
const SCALE: u32 = 0x2a_d7b1;
const DURATION: u32 = 0x4489;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK: u32 = 0xae;
const TRACK_TYPE: u32 = 0x83;
const CODEC: u32 = 0x86;
const CLUSTER: u32 = 0x1f43_b675;
const TIME: u32 = 0xe7;
const SIMPLE_BLOCK: u32 = 0xa3;
const GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
const VIDEO: u64 = 1;
const AUDIO: u64 = 2;
/// Blocks and what is between them: half a day of what a browser records.
const MOST_ELEMENTS: usize = 5_000_000;
const MOST_CHILDREN: usize = 1000;
