//! AVI (RIFF) with MJPEG, read from front to end without its index.
//!
//! Lists are passed through as if they were not there: that their sizes are wrong in
//! a recording that was broken off does no harm then, and `rec ` lists and the
//! further RIFFs of OpenDML need nothing of their own.

use std::io::{self, Read, Seek};

use super::super::reel::{MAX_PICTURE_BYTES, Step};
use super::fields;
use super::window::{Found, Window};

/// Where the reading of such a file is, and what its headers said.
#[derive(Debug, Clone, Default)]
pub(super) struct Avi {
    lost: bool,
    /// From the main header: microseconds a frame.
    period_us: u32,
    /// Stream headers so far.
    streams: u8,
    video: Option<Video>,
}

/// What the headers of the first video stream say.
#[derive(Debug, Clone, Copy)]
struct Video {
    /// Which stream it is, as its chunks' names have it.
    number: u8,
    /// Frames are `rate / scale` a second.
    rate: u32,
    scale: u32,
    /// As a FourCC.
    encoding: Option<[u8; 4]>,
    /// Rows of a picture.
    height: u32,
}

impl Avi {
    pub(super) fn step<F: Read + Seek>(&mut self, window: &mut Window<F>) -> io::Result<Step> {
        if self.lost {
            match window.seek_to(4, |bytes| self.find(bytes))? {
                Found::Here => {
                    // What is found is a step of its own: whoever goes on there is not lost.
                    self.lost = false;
                    return Ok(Step::Searching);
                }
                Found::NotYet => return Ok(Step::Searching),
                Found::Nowhere => return Ok(Step::End),
            }
        }
        let Some((name, length)) = chunk_head(window)? else {
            return Ok(Step::End);
        };
        match &name {
            b"RIFF" | b"LIST" => window.skip(12)?,
            b"avih" | b"strh" | b"strf" if length <= MAX_HEADER_BYTES => {
                window.need(8 + length)?;
                let payload = window.bytes().get(8..).unwrap_or_default();
                let payload = payload.get(..length).unwrap_or(payload).to_owned();
                self.header(name, &payload);
                skip_chunk(window, length)?;
            }
            _ if self.is_picture(name) => return self.picture(window, length),
            _ if name.iter().any(|byte| !(b' '..=b'~').contains(byte)) => {
                window.skip(1)?;
                self.lost = true;
                return Ok(Step::Broken);
            }
            _ => skip_chunk(window, length)?,
        }
        Ok(Step::Searching)
    }

    /// Reads on to the first picture, but not for ever: the headers stand before it.
    pub(super) fn read_headers<F: Read + Seek>(
        &mut self,
        window: &mut Window<F>,
    ) -> io::Result<()> {
        for _ in 0..MAX_CHUNKS_OF_HEADERS {
            let Some((name, _)) = chunk_head(window)? else { break };
            if self.lost || self.is_picture(name) {
                break;
            }
            self.step(window)?;
        }
        Ok(())
    }

    /// Frames a second, as far as the headers have been read and say so.
    pub(super) fn fps(&self) -> Option<f64> {
        let stated = self.video.map(|video| f64::from(video.rate) / f64::from(video.scale));
        let of_file = 1e6 / f64::from(self.period_us);
        stated.into_iter().chain([of_file]).find(|fps| super::SANE_FPS.contains(fps))
    }

    /// The name of the video's encoding, if it is not MJPEG.
    pub(super) fn encoding(&self) -> Option<String> {
        let name = self.video?.encoding?;
        let shown = String::from_utf8_lossy(&name).trim().to_owned();
        let plain = shown.chars().all(|letter| letter.is_ascii_alphanumeric());
        match name {
            _ if super::is_mjpeg(name) => None,
            _ if plain && !shown.is_empty() => Some(shown),
            _ => Some("raw pictures".to_owned()),
        }
    }

    /// Reads `avih`, `strh` or `strf`.
    fn header(&mut self, name: [u8; 4], payload: &[u8]) {
        let number = |at: usize| {
            let bytes = payload.get(at..at + 4).and_then(|bytes| bytes.first_chunk());
            bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
        };
        match &name {
            b"avih" => self.period_us = number(0),
            b"strh" => {
                if payload.starts_with(b"vids") && self.video.is_none() {
                    let (scale, rate) = (number(20), number(24));
                    let stream = self.streams;
                    self.video =
                        Some(Video { number: stream, rate, scale, encoding: None, height: 0 });
                }
                self.streams = self.streams.saturating_add(1);
            }
            // The format follows the header of its stream.
            _ => match &mut self.video {
                Some(video) if video.number + 1 == self.streams => {
                    video.encoding = Some(number(16).to_le_bytes());
                    // Below 0 if the first row is the upper one.
                    video.height = number(8).cast_signed().unsigned_abs();
                }
                _ => {}
            },
        }
    }

    /// Whether a chunk of this name is a picture of the video: `00dc`, `00db`.
    fn is_picture(&self, name: [u8; 4]) -> bool {
        let number = self.video.map_or(0, |video| video.number);
        let [tens, ones, rest @ ..] = name;
        let named = [tens, ones] == [b'0' + number / 10 % 10, b'0' + number % 10];
        named && matches!(&rest, b"dc" | b"db")
    }

    /// Reads a picture's chunk, which may be empty: the last one stays then.
    fn picture<F: Read + Seek>(
        &mut self,
        window: &mut Window<F>,
        length: usize,
    ) -> io::Result<Step> {
        if length == 0 {
            window.skip(8)?;
            return Ok(Step::Repeat);
        }
        if length <= MAX_PICTURE_BYTES && window.need(8 + length)? {
            let picture = window.bytes().get(8..8 + length).unwrap_or_default();
            let height = self.video.map_or(0, |video| video.height);
            let picture = fields::picture(picture, height);
            skip_chunk(window, length)?;
            return Ok(picture.map_or(Step::Broken, Step::Picture));
        }
        window.skip(4)?;
        self.lost = true;
        Ok(Step::Broken)
    }

    /// Where a picture's chunk starts.
    fn find(&self, bytes: &[u8]) -> Option<usize> {
        let mut starts = memchr::memchr_iter(b'd', bytes).filter_map(|at| at.checked_sub(2));
        starts.find(|&at| {
            let name = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
            name.is_some_and(|name| self.is_picture(*name))
        })
    }
}

/// The name and the length of the chunk at the front.
fn chunk_head<F: Read + Seek>(window: &mut Window<F>) -> io::Result<Option<([u8; 4], usize)>> {
    window.need(8)?;
    Ok(match *window.bytes() {
        [a, b, c, d, l0, l1, l2, l3, ..] => {
            let length = u32::from_le_bytes([l0, l1, l2, l3]);
            usize::try_from(length).ok().map(|length| ([a, b, c, d], length))
        }
        _ => None,
    })
}

/// Leaves a chunk behind, with the byte that makes its length even.
fn skip_chunk<F: Read + Seek>(window: &mut Window<F>, length: usize) -> io::Result<()> {
    window.skip(8 + length as u64 + length as u64 % 2)
}

/// Far more than a header has.
const MAX_HEADER_BYTES: usize = 64 << 10;

/// Lists and chunks before the first picture: a few, and what a recorder puts between.
const MAX_CHUNKS_OF_HEADERS: usize = 1000;
