//! Makes of what a source sent a JPEG that a decoder can be given.
//!
//! Pure; decodes nothing, so that whoever mends has to see whether a decoder takes it
//! ([`crate::media::gate`]).

use std::sync::Arc;

use super::annex_k::HUFFMAN_TABLES;
use super::info::{Colours, Headers, Info, Process, is_frame};
use super::marker::{EOI, SOI, SOS};
use super::walk::{Segment, Segments, is_passed_over};
use super::{Broken, Jpeg};

/// What was found among bytes.
#[derive(Debug, Clone)]
pub struct Mended {
    /// The picture: its bytes as they came, but for what is said below.
    pub jpeg: Jpeg,
    /// What its headers say.
    pub info: Info,
    /// Whether it had no EOI, and one was put behind it.
    pub ended_early: bool,
    /// Whether a marker stands twice before its segment, which no decoder bears: it needs
    /// to be [`clean`].
    pub doubled: bool,
}

/// Finds the picture in bytes: cuts what stands before its SOI and behind its EOI, gives it an
/// EOI if it has none, and the standard Huffman tables if it has none, as many webcams leave
/// them out.
///
/// All other bytes stay as they are.
///
/// # Errors
///
/// [`Broken`] if there is no picture, or it breaks the marker grammar in a way that cannot be
/// mended.
pub fn mend(bytes: &[u8]) -> Result<Mended, Broken> {
    let nothing = Broken { offset: 0, rule: "B.2.1: starts with SOI" };
    let mut start = if bytes.starts_with(&SOI) {
        0
    } else {
        memchr::memmem::find(bytes, &[SOI[0], SOI[1], 0xFF]).ok_or(nothing)?
    };
    loop {
        let rest = bytes.get(start..).unwrap_or_default();
        match whole(rest) {
            Ok(mended) => return Ok(mended),
            // It starts anew before there was a picture.
            Err(broken) if starts_again(rest, broken) => start += broken.offset,
            Err(broken) => return Err(Broken { offset: start + broken.offset, ..broken }),
        }
    }
}

/// Whether what broke a JPEG is the SOI of another.
fn starts_again(bytes: &[u8], broken: Broken) -> bool {
    let there = bytes.get(broken.offset..).unwrap_or_default();
    broken.offset > 0 && there.starts_with(&SOI)
}

/// The picture that `bytes` start with.
fn whole(bytes: &[u8]) -> Result<Mended, Broken> {
    let mut segments = Segments::of(bytes);
    let mut headers = Headers::default();
    let mut end = None;
    for segment in segments.by_ref() {
        match segment {
            Ok(segment) => headers.read(&segment)?,
            // The next picture follows one that was broken off.
            Err(broken) if headers.has_scan() && starts_again(bytes, broken) => {
                end = Some(broken.offset);
                break;
            }
            Err(broken) => return Err(broken),
        }
    }
    let ended_early = segments.length.is_none();
    if ended_early && !headers.has_scan() {
        return Err(Broken { offset: bytes.len(), rule: "B.2.1: ends with EOI" });
    }
    let end = segments.length.or(end).unwrap_or(segments.position());
    let mut whole = bytes.get(..end).unwrap_or(bytes).to_vec();
    if ended_early {
        whole.extend([0xFF, EOI]);
    }
    let info = headers.finish(whole.len(), segments.met_stray_markers())?;
    let doubled = segments.met_doubled_markers();
    let jpeg = Jpeg::of(with_tables(&whole, &info), &info);
    Ok(Mended { jpeg, info, ended_early, doubled })
}

/// A whole JPEG with the standard Huffman tables before its scan, if it has none.
pub(super) fn with_tables(whole: &[u8], info: &Info) -> Arc<[u8]> {
    match whole.split_at_checked(info.scan) {
        Some((head, rest)) if !info.huffman_tables && info.process != Process::Rare => {
            [head, HUFFMAN_TABLES, rest].concat().into()
        }
        _ => Arc::from(whole),
    }
}

/// A whole JPEG without anything that a decoder passes over or warns of in its headers: stray
/// bytes, doubled markers, comments, and applications' segments but for what says its colours.
///
/// `None` if it is no whole JPEG.
pub fn clean(jpeg: &[u8]) -> Option<Vec<u8>> {
    let mut colours = ColourSegments::default();
    let mut out = Vec::with_capacity(jpeg.len() + 64);
    let mut segments = Segments::of(jpeg);
    // Where the entropy-coded data starts that was last come to.
    let mut data = None;
    for segment in segments.by_ref() {
        let segment = segment.ok()?;
        if let Some(start) = data.take() {
            copy_data(jpeg.get(start..segment.offset - 4)?, segment.marker, &mut out);
        }
        if is_passed_over(segment.marker) {
            colours.read(&segment);
        } else {
            colours.read(&segment);
            out.extend([0xFF, segment.marker]);
            out.extend((segment.payload.len() as u16 + 2).to_be_bytes());
            out.extend(segment.payload);
        }
        if segment.marker == SOS {
            data = Some(segment.offset + segment.payload.len());
        }
    }
    let end = segments.length?.checked_sub(2)?;
    // Behind the last scan other segments may stand.
    out.extend(jpeg.get(data.unwrap_or(end)..end)?);
    out.extend([0xFF, EOI]);
    Some([&SOI[..], &colours.segment(), &out].concat())
}

/// Copies entropy-coded data without the marker that stands a first time behind it.
fn copy_data(data: &[u8], marker: u8, out: &mut Vec<u8>) {
    let mut data = data;
    while let [rest @ .., 0xFF] = data {
        data = rest;
    }
    while let Some(rest) = data.strip_suffix(&[0xFF, marker]) {
        data = rest;
    }
    out.extend(data);
}

/// What the segments of a JPEG say of its colours.
#[derive(Default)]
struct ColourSegments {
    jfif: bool,
    adobe: Option<u8>,
    components: u8,
    late: bool,
}

impl ColourSegments {
    /// Takes a segment; what stands behind the first scan's header comes too late.
    fn read(&mut self, segment: &Segment<'_>) {
        self.late |= segment.marker == SOS;
        if self.late {
            return;
        }
        self.jfif |= Colours::is_jfif(segment);
        self.adobe = Colours::adobe(segment).or(self.adobe);
        if is_frame(segment.marker) {
            self.components = segment.payload.get(5).copied().unwrap_or(0);
        }
    }

    /// One that says the same.
    fn segment(&self) -> Vec<u8> {
        let mut both = if self.jfif { super::JFIF.to_vec() } else { Vec::new() };
        if let Some(transform) = self.adobe {
            // Of those that are not known, decoders take the likely one, with a warning.
            let known = if self.components == 4 { 2 } else { 1 };
            both.extend(super::adobe(if transform == 0 { 0 } else { known }));
        }
        both
    }
}
