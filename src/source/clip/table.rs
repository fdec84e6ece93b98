//! QuickTime and MP4 (ISO/IEC 14496-12) with MJPEG, read by the tables of the movie box.
//!
//! [`Table::read`] looks at the boxes of a file; [`samples`] is pure.

use std::io::{self, Read, Seek};
use std::sync::Arc;

use super::super::reel::{MAX_PICTURE_BYTES, Step};
use super::fields;
use super::window::Window;

/// Where the reading of such a file is, and what its movie box said.
#[derive(Debug, Clone)]
pub(super) struct Table {
    track: Arc<Track>,
    /// The number of the sample that comes next.
    at: usize,
}

/// The first video track.
#[derive(Debug, Default, PartialEq)]
struct Track {
    encoding: [u8; 4],
    fps: Option<f64>,
    height: u32,
    samples: Vec<Sample>,
}

/// Where a picture lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sample {
    offset: u64,
    bytes: u32,
}

impl Table {
    /// Looks for the movie box, and reads it. A file without one has no pictures.
    pub(super) fn read<F: Read + Seek>(window: &mut Window<F>) -> io::Result<Self> {
        let mut track = Track::default();
        for _ in 0..MAX_BOXES {
            window.need(MAX_HEAD_BYTES)?;
            let Some(head) = Head::read(window.bytes()) else { break };
            let Some(size) = head.size else { break };
            if &head.name == b"moov" && size <= MAX_MOVIE_BYTES {
                let whole = usize::try_from(size).unwrap_or(0);
                window.need(whole)?;
                let movie = window.bytes().get(head.length..).unwrap_or_default();
                let movie = movie.get(..whole - head.length).unwrap_or(movie);
                track = samples(movie).unwrap_or_default();
                break;
            }
            window.skip(size)?;
        }
        Ok(Self { track: Arc::new(track), at: 0 })
    }

    pub(super) fn step<F: Read + Seek>(&mut self, window: &mut Window<F>) -> io::Result<Step> {
        let Some(sample) = self.track.samples.get(self.at).copied() else { return Ok(Step::End) };
        self.at += 1;
        if window.position() != sample.offset {
            window.go_to(sample.offset)?;
        }
        let bytes = usize::try_from(sample.bytes).unwrap_or(usize::MAX);
        match bytes {
            0 => return Ok(Step::Repeat),
            _ if bytes > MAX_PICTURE_BYTES || !window.need(bytes)? => return Ok(Step::Broken),
            _ => {}
        }
        let picture = window.bytes().get(..bytes).unwrap_or_default();
        let picture = fields::picture(picture, self.track.height);
        window.skip(bytes as u64)?;
        Ok(picture.map_or(Step::Broken, Step::Picture))
    }

    /// The number of the sample that comes next.
    pub(super) fn place(&self) -> u64 {
        self.at as u64
    }

    pub(super) fn go_to(&mut self, place: u64) {
        self.at = usize::try_from(place).unwrap_or(usize::MAX);
    }

    /// Pictures a second, the mean.
    pub(super) fn fps(&self) -> Option<f64> {
        self.track.fps
    }

    /// What the video is, if it is not MJPEG.
    pub(super) fn encoding(&self) -> Option<String> {
        let name = self.track.encoding;
        if self.track.samples.is_empty() {
            return Some("no table of pictures".to_owned());
        }
        let shown: String = name.iter().map(|byte| char::from(*byte)).collect();
        let plain = shown.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ');
        let shown = if plain { shown.trim().to_owned() } else { "another encoding".to_owned() };
        (!super::is_mjpeg(name)).then_some(shown)
    }
}

/// The samples of the first video track of a movie box's payload; `None` if it has none.
fn samples(movie: &[u8]) -> Option<Track> {
    let tracks = boxes(movie).filter(|(name, _)| name == b"trak");
    let mut media = tracks.filter_map(|(_, track)| child(track, b"mdia"));
    let media = media.find(|media| {
        let handler = child(media, b"hdlr").and_then(|handler| handler.get(8..12));
        handler == Some(b"vide")
    })?;
    let table = child(child(media, b"minf")?, b"stbl")?;
    let description = child(table, b"stsd")?.get(8..)?;
    let (mut encoding, entry) = boxes(description).next()?;
    if &encoding == b"mp4v" && is_jpeg_of_mpeg4(entry) {
        encoding = *b"mjpg";
    }
    let height = be(entry, 26, 2).unwrap_or(0) as u32;
    let samples = locate(table)?;
    let header = child(media, b"mdhd")?;
    let scale = be(header, if header.first() == Some(&1) { 20 } else { 12 }, 4)?;
    let durations = child(table, b"stts")?;
    let runs = entries(durations, 4, 8);
    let (count, total) = runs.fold((0_u64, 0_u64), |(count, total), run| {
        let (samples, each) = (be(run, 0, 4).unwrap_or(0), be(run, 4, 4).unwrap_or(0));
        (count.saturating_add(samples), total.saturating_add(samples.saturating_mul(each)))
    });
    let fps = count as f64 * scale as f64 / total as f64;
    let fps = super::SANE_FPS.contains(&fps).then_some(fps);
    Some(Track { encoding, fps, height, samples })
}

/// Where the samples lie, by the chunks that they are put into.
fn locate(table: &[u8]) -> Option<Vec<Sample>> {
    let sizes = child(table, b"stsz")?;
    let (each, count) = (be(sizes, 4, 4)?, be(sizes, 8, 4)?);
    let sizes = sizes.get(12..).unwrap_or_default();
    let size_of = |sample: usize| match each {
        0 => be(sizes, sample.checked_mul(4)?, 4),
        each => Some(each),
    };
    let (offsets, width) = match child(table, b"stco") {
        Some(offsets) => (offsets, 4),
        None => (child(table, b"co64")?, 8),
    };
    let runs: Vec<(u64, u64)> = entries(child(table, b"stsc")?, 4, 12)
        .filter_map(|run| Some((be(run, 0, 4)?, be(run, 4, 4)?)))
        .collect();
    let count = usize::try_from(count).ok()?.min(MAX_SAMPLES);
    let mut samples = Vec::new();
    let mut run = 0;
    for (chunk, offset) in (1_u64..).zip(entries(offsets, 4, width)) {
        while runs.get(run + 1).is_some_and(|(first, _)| *first <= chunk) {
            run += 1;
        }
        let (_, in_chunk) = *runs.get(run)?;
        let mut offset = be(offset, 0, width)?;
        for _ in 0..in_chunk {
            if samples.len() == count {
                return Some(samples);
            }
            let Some(bytes) = size_of(samples.len()) else { return Some(samples) };
            samples.push(Sample { offset, bytes: u32::try_from(bytes).ok()? });
            offset = offset.saturating_add(bytes);
        }
    }
    Some(samples)
}

/// Whether the decoder configuration of an `mp4v` entry names JPEG (ISO/IEC 14496-1 §7.2.6.6,
/// object type 0x6C).
fn is_jpeg_of_mpeg4(entry: &[u8]) -> bool {
    let Some(rest) = entry.get(VISUAL_ENTRY_BYTES..) else { return false };
    let Some(configuration) = child(rest, b"esds") else { return false };
    // DecoderConfigDescriptor: its tag, a length of up to four bytes, the object type.
    let mut tags = memchr::memchr_iter(4, configuration);
    tags.any(|tag| {
        let behind = configuration.get(tag + 1..).unwrap_or_default();
        let length = behind.iter().take(3).take_while(|byte| **byte & 0x80 != 0).count() + 1;
        behind.get(length) == Some(&0x6C)
    })
}

/// The head of a box.
struct Head {
    name: [u8; 4],
    /// Bytes of the head itself.
    length: usize,
    /// Bytes of the whole box; `None` if it goes on to the end of the file.
    size: Option<u64>,
}

impl Head {
    fn read(bytes: &[u8]) -> Option<Self> {
        let name = bytes.get(4..8)?.first_chunk().copied()?;
        let (length, size) = match be(bytes, 0, 4)? {
            0 => (8, None),
            1 => (16, Some(be(bytes, 8, 8)?)),
            size => (8, Some(size)),
        };
        let is_sane = size.is_none_or(|size| size >= length as u64);
        is_sane.then_some(Self { name, length, size })
    }
}

/// The boxes in a payload, as far as they are whole.
fn boxes(payload: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = payload;
    std::iter::from_fn(move || {
        let head = Head::read(rest)?;
        let size = head.size.map_or(Some(rest.len()), |size| usize::try_from(size).ok())?;
        let (whole, behind) = rest.split_at_checked(size)?;
        rest = behind;
        Some((head.name, whole.get(head.length..)?))
    })
}

fn child<'a>(payload: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(payload).find(|(other, _)| other == name).map(|(_, inside)| inside)
}

/// The entries of a table whose count stands at `at`, each of `width` bytes; no more than there are.
fn entries(table: &[u8], at: usize, width: usize) -> impl Iterator<Item = &[u8]> {
    let count = be(table, at, 4).and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    table.get(at + 4..).unwrap_or_default().chunks_exact(width).take(count)
}

/// A number of so many bytes.
fn be(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// A head with a size of eight bytes.
const MAX_HEAD_BYTES: usize = 16;
/// Boxes before the movie box: a few, and fragments.
const MAX_BOXES: usize = 10_000;
const MAX_MOVIE_BYTES: u64 = 64 << 20;
/// Nine hours at 30 a second, 16 MiB of them.
const MAX_SAMPLES: usize = 1 << 20;
/// What a visual sample entry has in front of its boxes.
const VISUAL_ENTRY_BYTES: usize = 78;

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &[u8; 4], payload: &[u8]) -> Vec<u8> {
        let size = u32::try_from(payload.len() + 8).unwrap().to_be_bytes();
        [&size, name.as_slice(), payload].concat()
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// A movie whose two chunks have two samples and one.
    fn movie() -> Vec<u8> {
        let entry = named(b"jpeg", &[&[0; 26][..], &[0, 48], &[0; 50]].concat());
        let table = [
            named(b"stsd", &[words(&[0, 1]), entry].concat()),
            named(b"stts", &words(&[0, 2, 2, 100, 1, 100])),
            named(b"stsc", &words(&[0, 2, 1, 2, 1, 2, 1, 1])),
            named(b"stsz", &words(&[0, 0, 3, 10, 20, 30])),
            named(b"stco", &words(&[0, 2, 1000, 5000])),
        ];
        let media = [
            named(b"mdhd", &words(&[0, 0, 0, 1000, 300])),
            named(b"hdlr", &[&words(&[0, 0])[..], b"vide", &[0; 12]].concat()),
            named(b"minf", &named(b"stbl", &table.concat())),
        ];
        named(b"trak", &named(b"mdia", &media.concat()))
    }

    #[test]
    fn samples_lie_in_their_chunks() {
        let track = samples(&movie()).unwrap();
        assert_eq!((track.encoding, track.fps, track.height), (*b"jpeg", Some(10.0), 48));
        let sample = |offset, bytes| Sample { offset, bytes };
        assert_eq!(track.samples, [sample(1000, 10), sample(1010, 20), sample(5000, 30)]);
    }

    #[test]
    fn no_movie_box_makes_it_fail_or_grow() {
        let whole = movie();
        for cut in 0..whole.len() {
            let _ = samples(&whole[..cut]);
        }
        for at in 0..whole.len() {
            for value in [0, 1, 0x7F, 0xFF] {
                let mut hurt = whole.clone();
                hurt[at] = value;
                // A table of three entries gives no more samples, whatever it says.
                let found = samples(&hurt).map_or(0, |track| track.samples.len());
                assert!(found <= MAX_SAMPLES, "{at}");
            }
        }
        // All samples of one size need no table, only a limit.
        let mut endless = movie();
        let at = memchr::memmem::find(&endless, b"stsz").unwrap() + 8;
        endless[at..at + 8].copy_from_slice(&words(&[1, u32::MAX]));
        let at = memchr::memmem::find(&endless, b"stsc").unwrap() + 8 + 8;
        endless[at..at + 4].copy_from_slice(&words(&[u32::MAX]));
        assert_eq!(samples(&endless).unwrap().samples.len(), MAX_SAMPLES);
    }
}
