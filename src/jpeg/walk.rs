//! Goes from marker to marker of a JPEG, as it arrives or as a whole.
//!
//! Bears what libjpeg bears: fill bytes, stray bytes and stray markers without a segment between
//! two segments (T.81 B.1.1.2 has none of them), and restart markers in any order. Looks at each
//! byte once, and decodes nothing.

use std::ops::Range;

use super::Broken;
use super::marker::{EOI, RST0, RST7, SOI, SOS, has_segment};

/// Bytes from SOI to EOI, both included; `None` if `bytes` end early.
///
/// To ask again as bytes arrive, keep a [`Walker`].
///
/// # Errors
///
/// [`Broken`] if the marker grammar does not hold. A second SOI before the EOI is
/// such a case, and the offset is then where the next picture starts.
pub fn length(bytes: &[u8]) -> Result<Option<usize>, Broken> {
    Walker::new().advance(bytes)
}

/// Walks a JPEG that arrives piece by piece, and looks at each byte once.
#[derive(Debug, Clone, Default)]
pub struct Walker {
    /// The first byte not yet walked over.
    at: usize,
    place: Place,
    /// Whether a marker stood among entropy-coded data that has no place there.
    stray: bool,
    /// Whether a marker stood twice before its segment.
    doubled: bool,
    /// Whether a scan has begun.
    scan: bool,
    /// Stray bytes between segments so far.
    foreign: usize,
}

impl Walker {
    /// At the start of a JPEG.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on in `bytes`: all that has arrived since the SOI, the earlier bytes unchanged.
    ///
    /// Returns the length of the JPEG once its EOI is there.
    ///
    /// # Errors
    ///
    /// As [`length`].
    pub fn advance(&mut self, bytes: &[u8]) -> Result<Option<usize>, Broken> {
        loop {
            match self.step(bytes)? {
                Step::Segment { .. } | Step::Doubled => {}
                Step::More => return Ok(None),
                Step::End(length) => return Ok(Some(length)),
            }
        }
    }

    /// Whether it has come to a scan, without which there is no picture.
    pub fn has_scan(&self) -> bool {
        self.scan
    }

    /// Goes to the end of the next segment.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Result<Step, Broken> {
        if self.place == Place::Start {
            let start = bytes.get(..2).unwrap_or(bytes);
            if !SOI.starts_with(start) {
                return Err(Broken { offset: 0, rule: "B.2.1: starts with SOI" });
            }
            if start.len() < 2 {
                return Ok(Step::More);
            }
            self.at = 2;
            self.place = Place::Markers;
        }
        match self.marker(bytes)? {
            None => Ok(Step::More),
            Some((EOI, offset)) => {
                self.at = offset;
                self.place = Place::Markers;
                Ok(Step::End(offset + 2))
            }
            Some((marker, offset)) => self.segment(bytes, marker, offset),
        }
    }

    /// Where it stands: the end of the last whole segment, or in the data behind it.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Finds the next marker that is not part of entropy-coded data: its code and where it starts.
    fn marker(&mut self, bytes: &[u8]) -> Result<Option<(u8, usize)>, Broken> {
        loop {
            let Some(rest) = bytes.get(self.at..) else {
                return Ok(None);
            };
            let passed = memchr::memchr(0xFF, rest).unwrap_or(rest.len());
            let in_data = self.place == Place::EntropyCoded;
            if !in_data {
                self.foreign += passed;
                if self.foreign > MAX_FOREIGN_BYTES {
                    return Err(Broken { offset: self.at, rule: "B.1.1.2: a marker is 0xFF.." });
                }
            }
            self.at += passed;
            match *bytes.get(self.at..).unwrap_or_default() {
                [] | [0xFF] => return Ok(None),
                // Fill bytes may stand before any marker (B.1.1.2).
                [0xFF, 0xFF, ..] => self.at += 1,
                [0xFF, 0x00 | RST0..=RST7, ..] => self.at += 2,
                [0xFF, code, ..] if has_segment(code) || code == EOI => {
                    return Ok(Some((code, self.at)));
                }
                [0xFF, 0xD8, ..] => {
                    return Err(Broken { offset: self.at, rule: "B.2.1: one SOI, and then EOI" });
                }
                // TEM has no segment; in the data, the others end it or are resynchronised over.
                [0xFF, code, ..] if in_data || code == TEM => {
                    self.stray |= in_data;
                    self.at += 2;
                }
                _ => {
                    return Err(Broken { offset: self.at, rule: "B.1.1.3: a marker in its place" });
                }
            }
        }
    }

    /// Steps over the segment whose marker is at `offset`, if it is there as a whole.
    fn segment(&mut self, bytes: &[u8], marker: u8, offset: usize) -> Result<Step, Broken> {
        let start = offset + 2;
        let Some(&[high, low]) = bytes.get(start..start + 2) else {
            return Ok(Step::More);
        };
        if [high, low] == [0xFF, marker] && !is_passed_over(marker) {
            // No such segment is as long as that.
            self.doubled = true;
            self.at = start;
            return Ok(Step::Doubled);
        }
        let mut length = usize::from(u16::from_be_bytes([high, low]));
        if length < 2 {
            if !is_passed_over(marker) {
                let rule = "B.1.1.4: a segment's length is 2 or more";
                return Err(Broken { offset: start, rule });
            }
            // As libjpeg takes it.
            length = 2;
        }
        let end = start + length;
        if bytes.len() < end {
            return Ok(Step::More);
        }
        self.at = end;
        self.place = if marker == SOS { Place::EntropyCoded } else { Place::Markers };
        self.scan |= marker == SOS;
        Ok(Step::Segment { marker, payload: start + 2..end })
    }
}

/// The segments of a JPEG, from its start to its EOI.
pub(super) struct Segments<'a> {
    bytes: &'a [u8],
    walker: Walker,
    /// Of the JPEG, once its EOI was come to.
    pub(super) length: Option<usize>,
}

/// A marker and what belongs to it (T.81 B.1.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    /// One of [`marker`](super::marker).
    pub marker: u8,
    /// What stands behind the length.
    pub payload: &'a [u8],
    /// Where the payload starts.
    pub offset: usize,
}

impl<'a> Segments<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, walker: Walker::new(), length: None }
    }

    /// Whether a marker stood among the entropy-coded data that has no place there.
    pub(super) fn met_stray_markers(&self) -> bool {
        self.walker.stray
    }

    /// Whether a marker stood twice before its segment.
    pub(super) fn met_doubled_markers(&self) -> bool {
        self.walker.doubled
    }

    /// Where the walk stands.
    pub(super) fn position(&self) -> usize {
        self.walker.position()
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Result<Segment<'a>, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = loop {
            match self.walker.step(self.bytes) {
                Ok(Step::Doubled) => {}
                step => break step,
            }
        };
        match step {
            Ok(Step::Segment { marker, payload }) => {
                let offset = payload.start;
                let payload = self.bytes.get(payload).unwrap_or_default();
                Some(Ok(Segment { marker, payload, offset }))
            }
            Ok(Step::End(length)) => {
                self.length = Some(length);
                None
            }
            Ok(Step::More | Step::Doubled) => None,
            Err(broken) => Some(Err(broken)),
        }
    }
}

/// Where a [`Walker`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    Start,
    /// Between segments: a marker must come.
    Markers,
    EntropyCoded,
}

/// What a [`Walker`] came to.
pub(super) enum Step {
    Segment {
        marker: u8,
        payload: Range<usize>,
    },
    /// A marker that stands there again, behind itself.
    Doubled,
    /// The bytes end before the next segment does.
    More,
    /// The JPEG is whole and has this many bytes.
    End(usize),
}

/// Whether a segment is of no concern to a decoder: an application's or a comment.
pub(super) fn is_passed_over(marker: u8) -> bool {
    matches!(marker, 0xE0..=0xEF | 0xFE)
}

/// Of all that stand between the segments of one JPEG: more is no JPEG.
const MAX_FOREIGN_BYTES: usize = 64 << 10;
/// For temporary use in arithmetic coding, without a segment.
const TEM: u8 = 0x01;
