//! ISO base media (ISO 14496-12): `moov`, and `moof` where there are fragments.

use std::collections::HashMap;
use std::time::Duration;

use super::{About, Container, MOST_TRACKS, duration, name};
use crate::proto::boxes::{Bytes, Part, Walk, be32, be64, child, take};

/// What is known of a track.
#[derive(Debug, Default)]
struct Track {
    id: u64,
    /// Units in a second.
    timescale: u64,
    duration: Option<Duration>,
    handler: [u8; 4],
    codec: String,
}

#[derive(Default)]
struct Film {
    whole: Option<Duration>,
    fragments: Option<Duration>,
    tracks: Vec<Track>,
    /// What a sample of a track lasts if its fragment does not say.
    usual: HashMap<u64, u64>,
}

pub(super) fn about(bytes: &mut dyn Bytes) -> Option<About> {
    let (mut film, mut found) = (Film::default(), false);
    let end = bytes.length();
    let mut walk = Walk::new(0, end);
    while let Some(part) = walk.next(bytes) {
        match &part.kind {
            b"moov" => {
                found = true;
                film.moov(bytes, part);
            }
            b"moof" => film.moof(bytes, part),
            _ => {}
        }
    }
    if !found {
        return None;
    }
    let has_video = film.tracks.iter().any(|track| track.handler == *b"vide");
    let tracks = film.tracks.iter().filter(|track| MEDIA.contains(&track.handler));
    let longest = tracks.clone().filter_map(|track| track.duration).max();
    let codecs = tracks.map(|track| track.codec.clone()).filter(|codec| !codec.is_empty());
    Some(About {
        container: Container::Mp4,
        has_video,
        duration: film.whole.or(longest).max(film.fragments),
        codecs: codecs.collect(),
    })
}

impl Film {
    fn moov(&mut self, bytes: &mut dyn Bytes, moov: Part) {
        let mut walk = Walk::within(moov);
        while let Some(part) = walk.next(bytes) {
            match &part.kind {
                b"mvhd" => self.whole = header(bytes, part).and_then(|(_, duration)| duration),
                b"trak" if self.tracks.len() < MOST_TRACKS => {
                    let track = track(bytes, part);
                    self.tracks.push(track);
                }
                b"mvex" => self.mvex(bytes, part),
                _ => {}
            }
        }
    }

    fn mvex(&mut self, bytes: &mut dyn Bytes, mvex: Part) {
        let mut walk = Walk::within(mvex);
        while let Some(part) = walk.next(bytes) {
            // Version and flags, the track, the description, the duration.
            if part.kind == *b"trex"
                && self.usual.len() < MOST_TRACKS
                && let Some(track) = be32(bytes, part.start + 4)
                && let Some(lasts) = be32(bytes, part.start + 12)
            {
                self.usual.insert(track, lasts);
            }
        }
    }

    /// A fragment: when the last sample of each of its tracks ends.
    fn moof(&mut self, bytes: &mut dyn Bytes, moof: Part) {
        let mut walk = Walk::within(moof);
        while let Some(part) = walk.next(bytes) {
            if part.kind == *b"traf"
                && let Some(ends) = self.traf(bytes, part)
            {
                self.fragments = self.fragments.max(Some(ends));
            }
        }
    }

    fn traf(&self, bytes: &mut dyn Bytes, traf: Part) -> Option<Duration> {
        let (mut track, mut usual, mut start, mut units) = (None, 0, 0, 0_u64);
        let mut walk = Walk::within(traf);
        while let Some(part) = walk.next(bytes) {
            let flags = be32(bytes, part.start)?;
            match &part.kind {
                b"tfhd" => {
                    let id = be32(bytes, part.start + 4)?;
                    track = self.tracks.iter().find(|track| track.id == id);
                    usual = self.usual.get(&id).copied().unwrap_or(0);
                    // Where it has a place of its data, and of its description, those come first.
                    let before = 8 * (flags & 1) + 4 * (flags >> 1 & 1);
                    if flags & 8 != 0 {
                        usual = be32(bytes, part.start + 8 + before)?;
                    }
                }
                b"tfdt" if flags >> 24 == 1 => start = be64(bytes, part.start + 4)?,
                b"tfdt" => start = be32(bytes, part.start + 4)?,
                b"trun" => units = units.saturating_add(run(bytes, part, flags, usual)?),
                _ => {}
            }
        }
        let timescale = track?.timescale;
        duration(start.saturating_add(units) as f64, timescale as f64)
    }
}

/// How long the samples of a `trun` last together.
fn run(bytes: &mut dyn Bytes, part: Part, flags: u64, usual: u64) -> Option<u64> {
    let count = be32(bytes, part.start + 4)?;
    if flags & 0x100 == 0 {
        return Some(count.saturating_mul(usual));
    }
    let mut at = part.start + 8 + 4 * (flags & 1) + 4 * (flags >> 2 & 1);
    let each = 4 * u64::from((flags >> 8 & 0xf).count_ones());
    let count = count.min(part.end.saturating_sub(at) / each.max(1)).min(MOST_SAMPLES);
    let mut sum = 0_u64;
    for _ in 0..count {
        sum = sum.saturating_add(be32(bytes, at)?);
        at += each;
    }
    Some(sum)
}

fn track(bytes: &mut dyn Bytes, trak: Part) -> Track {
    let mut track = Track::default();
    let mut walk = Walk::within(trak);
    while let Some(part) = walk.next(bytes) {
        match &part.kind {
            b"tkhd" => {
                let is_long = take::<1>(bytes, part.start) == Some([1]);
                let at = part.start + if is_long { 20 } else { 12 };
                track.id = be32(bytes, at).unwrap_or(0);
            }
            b"mdia" => media(bytes, part, &mut track),
            _ => {}
        }
    }
    track
}

fn media(bytes: &mut dyn Bytes, mdia: Part, track: &mut Track) {
    let mut walk = Walk::within(mdia);
    while let Some(part) = walk.next(bytes) {
        match &part.kind {
            b"mdhd" => {
                if let Some((timescale, duration)) = header(bytes, part) {
                    (track.timescale, track.duration) = (timescale, duration);
                }
            }
            b"hdlr" => track.handler = take(bytes, part.start + 8).unwrap_or_default(),
            b"minf" => {
                if let Some(stbl) = child(bytes, part, b"stbl")
                    && let Some(stsd) = child(bytes, stbl, b"stsd")
                    // Version and flags, the count, then the first description's size and name.
                    && let Some(codec) = take::<4>(bytes, stsd.start + 12)
                {
                    track.codec = name(&codec);
                }
            }
            _ => {}
        }
    }
}

/// Timescale and duration of an `mvhd` or `mdhd`.
fn header(bytes: &mut dyn Bytes, part: Part) -> Option<(u64, Option<Duration>)> {
    let [version] = take(bytes, part.start)?;
    let (timescale, units, unknown) = match version {
        1 => (be32(bytes, part.start + 20)?, be64(bytes, part.start + 24)?, u64::MAX),
        _ => (be32(bytes, part.start + 12)?, be32(bytes, part.start + 16)?, u32::MAX.into()),
    };
    let known = (units != unknown).then(|| duration(units as f64, timescale as f64));
    Some((timescale, known.flatten()))
}

const MEDIA: [[u8; 4]; 2] = [*b"vide", *b"soun"];
/// Of one fragment.
const MOST_SAMPLES: u64 = 100_000;
