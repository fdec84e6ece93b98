//! Matroska (RFC 9559) with MJPEG, read from front to end without its cues.
//!
//! Elements that hold others are passed through as if they were not there, so that a recording
//! that was broken off, or whose sizes were never written, needs nothing of its own.

use std::io::{self, Read, Seek};

use super::super::reel::{MAX_PICTURE_BYTES, Step};
use super::fields;
use super::window::{Found, Window};

/// Where the reading of such a file is, and what its headers said.
#[derive(Debug, Clone, Default)]
pub(super) struct Matroska {
    lost: bool,
    video: Option<Video>,
}

/// What is said of the first video track.
#[derive(Debug, Clone, Default)]
struct Video {
    number: u64,
    codec: String,
    /// A FourCC, where the codec is named by one.
    four_cc: Option<[u8; 4]>,
    /// Of a picture.
    duration_ns: u64,
    height: u32,
    /// What was left out in front of each picture (RFC 9559 §5.1.4.1.31.7, algorithm 3).
    stripped: Vec<u8>,
    /// Whether its pictures are packed in a way that is not read here.
    is_packed: bool,
}

/// An element's head.
struct Head {
    id: u32,
    /// Bytes of the head itself.
    length: usize,
    /// Bytes behind it; `None` if that is not known.
    size: Option<u64>,
}

impl Matroska {
    pub(super) fn step<F: Read + Seek>(&mut self, window: &mut Window<F>) -> io::Result<Step> {
        if self.lost {
            let found = window
                .seek_to(CLUSTER_ID.len(), |bytes| memchr::memmem::find(bytes, &CLUSTER_ID))?;
            match found {
                Found::Here => {
                    self.lost = false;
                    return Ok(Step::Searching);
                }
                Found::NotYet => return Ok(Step::Searching),
                Found::Nowhere => return Ok(Step::End),
            }
        }
        window.need(MAX_HEAD_BYTES)?;
        if window.bytes().is_empty() {
            return Ok(Step::End);
        }
        let head = Head::read(window.bytes());
        match head {
            Some(Head { id: SEGMENT | CLUSTER | BLOCK_GROUP, length, .. }) => {
                window.skip(length as u64)?;
            }
            Some(Head { id: TRACKS, length, size: Some(size) }) if size <= MAX_TRACKS_BYTES => {
                let size = usize::try_from(size).unwrap_or(0);
                window.need(length + size)?;
                let payload = window.bytes().get(length..).unwrap_or_default();
                self.read_tracks(payload.get(..size).unwrap_or(payload));
                window.skip((length + size) as u64)?;
            }
            Some(Head { id: SIMPLE_BLOCK | BLOCK, length, size: Some(size) }) => {
                return self.block(window, length, size);
            }
            Some(Head { length, size: Some(size), .. }) => {
                window.skip(size.saturating_add(length as u64))?;
            }
            _ => {
                window.skip(1)?;
                self.lost = true;
                return Ok(Step::Broken);
            }
        }
        Ok(Step::Searching)
    }

    /// Reads on to the first block, but not for ever: the tracks stand before it.
    pub(super) fn read_headers<F: Read + Seek>(
        &mut self,
        window: &mut Window<F>,
    ) -> io::Result<()> {
        for _ in 0..MAX_ELEMENTS_OF_HEADERS {
            window.need(MAX_HEAD_BYTES)?;
            let head = Head::read(window.bytes());
            if self.lost || head.is_none_or(|head| matches!(head.id, SIMPLE_BLOCK | BLOCK)) {
                break;
            }
            self.step(window)?;
        }
        Ok(())
    }

    /// Pictures a second, if the track says so.
    pub(super) fn fps(&self) -> Option<f64> {
        let fps = 1e9 / self.video.as_ref()?.duration_ns as f64;
        super::SANE_FPS.contains(&fps).then_some(fps)
    }

    /// What the video is, if it is not MJPEG that can be read.
    pub(super) fn encoding(&self) -> Option<String> {
        let video = self.video.as_ref()?;
        let is_mjpeg = video.codec == "V_MJPEG" || video.four_cc.is_some_and(super::is_mjpeg);
        if is_mjpeg && !video.is_packed {
            return None;
        }
        let plain = |c: &char| c.is_ascii_alphanumeric() || "_/-".contains(*c);
        let name: String = video.codec.chars().filter(plain).take(MAX_NAME).collect();
        Some(if is_mjpeg { "packed pictures".to_owned() } else { name })
    }

    fn read_tracks(&mut self, payload: &[u8]) {
        if self.video.is_some() {
            return;
        }
        let tracks = elements(payload).filter(|(id, _)| *id == TRACK_ENTRY);
        let mut videos =
            tracks.filter(|(_, track)| child(track, TRACK_TYPE).map(number) == Some(1));
        self.video = videos.next().map(|(_, track)| Video::read(track));
    }

    /// Reads a block, which may belong to another track.
    fn block<F: Read + Seek>(
        &mut self,
        window: &mut Window<F>,
        length: usize,
        size: u64,
    ) -> io::Result<Step> {
        let whole = size.saturating_add(length as u64);
        window.need(length + MAX_BLOCK_HEAD_BYTES)?;
        let head = window.bytes().get(length..).unwrap_or_default();
        let Some((track, track_length)) = vint(head) else {
            window.skip(whole)?;
            return Ok(Step::Broken);
        };
        let wanted = self.video.as_ref().map_or(1, |video| video.number);
        if track != Some(wanted) {
            window.skip(whole)?;
            return Ok(Step::Searching);
        }
        let has_lacing = head.get(track_length + 2).is_none_or(|flags| flags & LACING != 0);
        let start = length + track_length + 3;
        let is_sane = whole >= start as u64 && whole <= MAX_PICTURE_BYTES as u64;
        let end = usize::try_from(whole).unwrap_or(usize::MAX);
        if has_lacing || !is_sane || !window.need(end)? {
            window.skip(whole)?;
            return Ok(Step::Broken);
        }
        let bytes = window.bytes().get(start..end).unwrap_or_default();
        let height = self.video.as_ref().map_or(0, |video| video.height);
        let picture = match self.video.as_ref().map(|video| &video.stripped) {
            Some(stripped) if !stripped.is_empty() => {
                fields::picture(&[stripped, bytes].concat(), height)
            }
            _ => fields::picture(bytes, height),
        };
        window.skip(whole)?;
        Ok(picture.map_or(Step::Broken, Step::Picture))
    }
}

impl Video {
    fn read(track: &[u8]) -> Self {
        let value = |id| child(track, id).map(number).unwrap_or(0);
        let codec = child(track, CODEC_ID).unwrap_or_default();
        let codec = String::from_utf8_lossy(codec).trim_end_matches('\0').to_owned();
        let private = child(track, CODEC_PRIVATE).unwrap_or_default();
        // A BITMAPINFOHEADER, or a QuickTime sample description.
        let at = match codec.as_str() {
            "V_MS/VFW/FOURCC" => Some(16),
            "V_QUICKTIME" => Some(4),
            _ => None,
        };
        let four_cc = at.and_then(|at| private.get(at..)?.first_chunk().copied());
        let video = child(track, VIDEO).unwrap_or_default();
        let height = child(video, PIXEL_HEIGHT).map(number).unwrap_or(0);
        let encodings = child(track, CONTENT_ENCODINGS).unwrap_or_default();
        let (stripped, is_packed) = match child(encodings, CONTENT_ENCODING) {
            None => (Vec::new(), false),
            Some(encoding) => match child(encoding, CONTENT_COMPRESSION) {
                Some(how) if child(how, ALGORITHM).map(number) == Some(HEADER_STRIPPING) => {
                    let left_out = child(how, SETTINGS).unwrap_or_default();
                    (left_out.get(..MAX_STRIPPED_BYTES).unwrap_or(left_out).to_owned(), false)
                }
                _ => (Vec::new(), true),
            },
        };
        Self {
            number: value(TRACK_NUMBER),
            codec,
            four_cc,
            duration_ns: value(DEFAULT_DURATION),
            height: u32::try_from(height).unwrap_or(0),
            stripped,
            is_packed,
        }
    }
}

impl Head {
    /// Reads the head at the front; `None` if that is none (RFC 8794 §5, §6).
    fn read(bytes: &[u8]) -> Option<Self> {
        let first = *bytes.first()?;
        let id_length = first.leading_zeros() as usize + 1;
        let id = bytes.get(..id_length).filter(|_| id_length <= 4)?;
        let id = id.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
        let (size, size_length) = vint(bytes.get(id_length..)?)?;
        Some(Self { id, length: id_length + size_length, size })
    }
}

/// A number of variable length at the front, and its own length (RFC 8794 §4); the number is
/// `None` if it is the one that says "not known".
fn vint(bytes: &[u8]) -> Option<(Option<u64>, usize)> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    let rest = bytes.get(1..length).filter(|_| length <= 8)?;
    let start = u64::from(first) & ((1 << (8 - length)) - 1);
    let value = rest.iter().fold(start, |value, byte| value << 8 | u64::from(*byte));
    let unknown = (1 << (7 * length)) - 1;
    Some(((value != unknown).then_some(value), length))
}

/// The elements in a payload, as far as they are whole.
fn elements(payload: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = payload;
    std::iter::from_fn(move || {
        let head = Head::read(rest)?;
        let size = usize::try_from(head.size?).ok()?;
        let (element, behind) = rest.get(head.length..)?.split_at_checked(size)?;
        rest = behind;
        Some((head.id, element))
    })
}

fn child(payload: &[u8], id: u32) -> Option<&[u8]> {
    elements(payload).find(|(other, _)| *other == id).map(|(_, element)| element)
}

/// An unsigned integer (RFC 8794 §7.2).
fn number(element: &[u8]) -> u64 {
    element.iter().take(8).fold(0, |value, byte| value << 8 | u64::from(*byte))
}

// RFC 9559 §5.1.
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1F43_B675;
const CLUSTER_ID: [u8; 4] = CLUSTER.to_be_bytes();
const BLOCK_GROUP: u32 = 0xA0;
const SIMPLE_BLOCK: u32 = 0xA3;
const BLOCK: u32 = 0xA1;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK_ENTRY: u32 = 0xAE;
const TRACK_NUMBER: u32 = 0xD7;
const TRACK_TYPE: u32 = 0x83;
const CODEC_ID: u32 = 0x86;
const CODEC_PRIVATE: u32 = 0x63A2;
const DEFAULT_DURATION: u32 = 0x23_E383;
const VIDEO: u32 = 0xE0;
const PIXEL_HEIGHT: u32 = 0xBA;
const CONTENT_ENCODINGS: u32 = 0x6D80;
const CONTENT_ENCODING: u32 = 0x6240;
const CONTENT_COMPRESSION: u32 = 0x5034;
const ALGORITHM: u32 = 0x4254;
const SETTINGS: u32 = 0x4255;
const HEADER_STRIPPING: u64 = 3;
/// In a block's flags: more than one picture in it.
const LACING: u8 = 0x06;

/// An ID of four bytes and a size of eight.
const MAX_HEAD_BYTES: usize = 12;
/// A track number, a time and flags.
const MAX_BLOCK_HEAD_BYTES: usize = 11;
/// Far more than descriptions of tracks have.
const MAX_TRACKS_BYTES: u64 = 1 << 20;
const MAX_ELEMENTS_OF_HEADERS: usize = 1000;
const MAX_STRIPPED_BYTES: usize = 1 << 16;
const MAX_NAME: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_numbers_are_of_any_length() {
        assert_eq!(vint(&[0x81]), Some((Some(1), 1)));
        assert_eq!(vint(&[0x40, 0x02]), Some((Some(2), 2)));
        assert_eq!(vint(&[0x01, 0, 0, 0, 0, 0, 1, 0]), Some((Some(256), 8)));
        assert_eq!(vint(&[0xFF]), Some((None, 1)));
        assert_eq!(vint(&[0x01, 255, 255, 255, 255, 255, 255, 255]), Some((None, 8)));
        for bad in [&[][..], &[0], &[0x40], &[0x01, 0]] {
            assert_eq!(vint(bad), None);
        }
        let head = Head::read(&[0x1A, 0x45, 0xDF, 0xA3, 0x9F]).unwrap();
        assert_eq!((head.id, head.length, head.size), (0x1A45_DFA3, 5, Some(31)));
        assert!(Head::read(&[0x08, 1, 2, 3, 4, 0x81]).is_none(), "an ID has four bytes at most");
    }
}
