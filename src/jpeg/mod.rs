//! Finds where a JPEG ends and what its headers say, by walking its markers.
//!
//! Pure: bytes in, values out, on whatever thread reads a source. Names are those
//! of ITU-T T.81 (Annex B). Does not decode: entropy-coded data is only passed over.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annex_k::HUFFMAN_TABLES;
use marker::{DHT, DQT, DRI, EOI, RST0, RST7, SOF0, SOF2, SOI, SOS, has_segment, is_other_frame};

pub mod annex_k;
pub mod coefficients;
pub mod marker;
mod quality;
mod size;

pub use quality::Quality;
pub use size::{Chroma, Size};

/// A complete JPEG: from SOI to EOI and no byte more.
#[derive(Debug, Clone)]
pub struct Jpeg {
    /// The file.
    pub bytes: Arc<[u8]>,
    /// Its size, from the frame header.
    pub size: Size,
    /// The IJG quality that its luma table comes closest to; `None` if it has no such table.
    pub quality: Option<Quality>,
}

/// Why bytes are not a JPEG that every client can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// Bytes from the start of the input to what broke the rule.
    pub offset: usize,
    /// The clause of T.81 and what it asks for.
    pub rule: &'static str,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken JPEG at byte {}: T.81 {}", self.offset, self.rule)
    }
}

impl std::error::Error for Broken {}

/// What the headers of a JPEG say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info {
    /// Bytes from SOI to EOI, both included.
    pub length: usize,
    /// From the frame header.
    pub size: Size,
    /// The IJG quality that its luma table comes closest to.
    pub quality: Quality,
    /// How chroma is sampled; `None` for a way that [`Chroma`] does not name, such as 4:1:1.
    pub chroma: Option<Chroma>,
    /// Whether it is coded progressively (SOF2).
    pub progressive: bool,
    /// MCUs between restart markers as the first scan has it; 0 for none.
    pub restart_interval: u16,
    /// Whether it brings Huffman tables; one without means the standard ones.
    pub huffman_tables: bool,
    /// Where the marker of the first scan header (SOS) starts.
    pub scan: usize,
}

/// Checks a JPEG, cuts what follows its EOI, and gives it the standard Huffman
/// tables if it has none, as many webcams leave them out.
///
/// All other bytes stay as they are.
///
/// # Errors
///
/// [`Broken`] if it ends early, breaks the marker grammar, or is of a sort that
/// browsers and decoders do not share: arithmetic, lossless, 12 bit, CMYK.
pub fn complete(bytes: &[u8]) -> Result<Jpeg, Broken> {
    let info = info(bytes)?;
    let whole = bytes.get(..info.length).unwrap_or(bytes);
    let bytes: Arc<[u8]> = match whole.split_at_checked(info.scan) {
        Some((head, rest)) if !info.huffman_tables => [head, HUFFMAN_TABLES, rest].concat().into(),
        _ => Arc::from(whole),
    };
    Ok(Jpeg { bytes, size: info.size, quality: Some(info.quality) })
}

/// Reads the headers of a whole JPEG.
///
/// # Errors
///
/// As [`complete`].
pub fn info(bytes: &[u8]) -> Result<Info, Broken> {
    read(bytes, |_| Ok(()))
}

/// As [`info`], and shows each segment on the way, once it was found to be as it should.
///
/// # Errors
///
/// As [`info`], and whatever `look` ends it with.
pub fn read<'a, E: From<Broken>>(
    bytes: &'a [u8],
    mut look: impl FnMut(Segment<'a>) -> Result<(), E>,
) -> Result<Info, E> {
    let mut segments = Segments::of(bytes);
    let mut headers = Headers::default();
    for segment in segments.by_ref() {
        let segment = segment?;
        headers.read(&segment)?;
        look(segment)?;
    }
    match segments.length {
        Some(length) => Ok(headers.finish(length)?),
        None => Err(Broken { offset: bytes.len(), rule: "B.2.1: ends with EOI" }.into()),
    }
}

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
                Step::Segment { .. } => {}
                Step::More => return Ok(None),
                Step::End(length) => return Ok(Some(length)),
            }
        }
    }

    /// Goes to the end of the next segment.
    fn step(&mut self, bytes: &[u8]) -> Result<Step, Broken> {
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

    /// Finds the next marker that is not part of entropy-coded data: its code and where it starts.
    fn marker(&mut self, bytes: &[u8]) -> Result<Option<(u8, usize)>, Broken> {
        loop {
            let Some(rest) = bytes.get(self.at..) else {
                return Ok(None);
            };
            if self.place == Place::EntropyCoded {
                let skipped = memchr::memchr(0xFF, rest).unwrap_or(rest.len());
                self.at += skipped;
            }
            let rest = bytes.get(self.at..).unwrap_or_default();
            match *rest {
                [] | [0xFF] => return Ok(None),
                // Fill bytes may stand before any marker (B.1.1.2).
                [0xFF, 0xFF, ..] => self.at += 1,
                [0xFF, 0x00 | RST0..=RST7, ..] if self.place == Place::EntropyCoded => self.at += 2,
                [0xFF, code, ..] if has_segment(code) || code == EOI => {
                    return Ok(Some((code, self.at)));
                }
                [0xFF, 0xD8, ..] => {
                    return Err(Broken { offset: self.at, rule: "B.2.1: one SOI, and then EOI" });
                }
                [0xFF, ..] => {
                    return Err(Broken { offset: self.at, rule: "B.1.1.3: a marker in its place" });
                }
                _ => {
                    return Err(Broken { offset: self.at, rule: "B.1.1.2: a marker is 0xFF.." });
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
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length < 2 {
            return Err(Broken { offset: start, rule: "B.1.1.4: a segment's length is 2 or more" });
        }
        let end = start + length;
        if bytes.len() < end {
            return Ok(Step::More);
        }
        self.at = end;
        self.place = if marker == SOS { Place::EntropyCoded } else { Place::Markers };
        Ok(Step::Segment { marker, payload: start + 2..end })
    }
}

/// The segments of a whole JPEG, from its start to its EOI.
struct Segments<'a> {
    bytes: &'a [u8],
    walker: Walker,
    /// Of the JPEG, once its EOI was come to.
    length: Option<usize>,
}

/// A marker and what belongs to it (T.81 B.1.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    /// One of [`marker`].
    pub marker: u8,
    /// What stands behind the length.
    pub payload: &'a [u8],
    /// Where the payload starts.
    pub offset: usize,
}

impl<'a> Segments<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, walker: Walker::new(), length: None }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Result<Segment<'a>, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.walker.step(self.bytes) {
            Ok(Step::Segment { marker, payload }) => {
                let offset = payload.start;
                let payload = self.bytes.get(payload).unwrap_or_default();
                Some(Ok(Segment { marker, payload, offset }))
            }
            Ok(Step::End(length)) => {
                self.length = Some(length);
                None
            }
            Ok(Step::More) => None,
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
enum Step {
    Segment {
        marker: u8,
        payload: Range<usize>,
    },
    /// The bytes end before the next segment does.
    More,
    /// The JPEG is whole and has this many bytes.
    End(usize),
}

/// Collects what [`Info`] needs, up to the first scan.
#[derive(Debug, Default)]
struct Headers {
    frame: Option<FrameHeader>,
    /// Each with its values in zigzag order.
    quantization: [Option<[u8; 64]>; 4],
    huffman_tables: bool,
    restart_interval: u16,
    scan: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
struct FrameHeader {
    size: Size,
    progressive: bool,
    chroma: Option<Chroma>,
    /// Which quantization table luma has.
    luma_table: u8,
}

impl Headers {
    fn read(&mut self, segment: &Segment<'_>) -> Result<(), Broken> {
        let &Segment { marker, payload, offset } = segment;
        match marker {
            SOF0..=SOF2 if self.frame.is_some() => {
                return Err(Broken { offset, rule: "B.2.1: one frame header" });
            }
            SOF0..=SOF2 => self.frame = Some(frame_header(marker, payload, offset)?),
            // Later scans may change tables; what counts is how the first one starts.
            _ if self.scan.is_some() => {}
            DQT => self.quantization_tables(payload, offset)?,
            DHT => self.huffman_tables = true,
            DRI => match *payload {
                [high, low] => self.restart_interval = u16::from_be_bytes([high, low]),
                _ => {
                    return Err(Broken { offset, rule: "B.2.4.4: DRI is 4 bytes long" });
                }
            },
            SOS => {
                if self.frame.is_none() {
                    return Err(Broken { offset, rule: "B.2.2: a frame header before the scan" });
                }
                let components = usize::from(payload.first().copied().unwrap_or(0));
                if !(1..=4).contains(&components) || payload.len() != 4 + 2 * components {
                    return Err(Broken {
                        offset,
                        rule: "B.2.3: a scan header of 1 to 4 components",
                    });
                }
                // The marker and the length before the payload.
                self.scan = Some(offset - 4);
            }
            _ if is_other_frame(marker) => {
                return Err(Broken { offset, rule: "B.2.2: Huffman-coded DCT (SOF0, SOF1, SOF2)" });
            }
            _ => {}
        }
        Ok(())
    }

    fn quantization_tables(&mut self, payload: &[u8], offset: usize) -> Result<(), Broken> {
        let broken = Broken { offset, rule: "B.2.4.1: DQT is whole tables, numbered 0 to 3" };
        let mut rest = payload;
        while let [kind, values @ ..] = rest {
            let bytes_each = match kind >> 4 {
                0 => 1,
                1 => 2,
                _ => return Err(broken),
            };
            let (values, after) = values.split_at_checked(64 * bytes_each).ok_or(broken)?;
            let mut table = [0; 64];
            for (to, value) in table.iter_mut().zip(values.chunks_exact(bytes_each)) {
                *to = match *value {
                    [low] | [0, low] => low,
                    _ => u8::MAX,
                };
            }
            *self.quantization.get_mut(usize::from(kind & 15)).ok_or(broken)? = Some(table);
            rest = after;
        }
        Ok(())
    }

    fn finish(self, length: usize) -> Result<Info, Broken> {
        let end = length - 2;
        let (Some(frame), Some(scan)) = (self.frame, self.scan) else {
            return Err(Broken { offset: end, rule: "B.2.1: a frame and a scan before EOI" });
        };
        let table = self.quantization.get(usize::from(frame.luma_table)).copied().flatten();
        let Some(table) = table else {
            return Err(Broken { offset: scan, rule: "B.2.4.1: luma's DQT before the scan" });
        };
        if frame.progressive && !self.huffman_tables {
            return Err(Broken { offset: scan, rule: "B.2.4.2: a progressive scan has its DHT" });
        }
        Ok(Info {
            length,
            size: frame.size,
            quality: quality::closest(&table),
            chroma: frame.chroma,
            progressive: frame.progressive,
            restart_interval: self.restart_interval,
            huffman_tables: self.huffman_tables,
            scan,
        })
    }
}

/// Reads the payload of SOF0, SOF1 or SOF2 (T.81 B.2.2).
fn frame_header(marker: u8, payload: &[u8], offset: usize) -> Result<FrameHeader, Broken> {
    let &[precision, y0, y1, x0, x1, count, ref components @ ..] = payload else {
        return Err(Broken { offset, rule: "B.2.2: a frame header of 8 bytes or more" });
    };
    if precision != 8 {
        return Err(Broken { offset, rule: "B.2.2: 8 bits a sample" });
    }
    let (height, width) = (u16::from_be_bytes([y0, y1]), u16::from_be_bytes([x0, x1]));
    let size = Size::new(width.into(), height.into())
        .ok_or(Broken { offset: offset + 1, rule: "B.2.2: sides of 1 to 16384" })?;
    if components.len() != 3 * usize::from(count) {
        return Err(Broken { offset: offset + 5, rule: "B.2.2: 3 bytes for each component" });
    }
    let (parts, _) = components.as_chunks::<3>();
    let sampled = |&[_, factors, table]: &[u8; 3]| {
        (1..=4).contains(&(factors >> 4)) && (1..=4).contains(&(factors & 15)) && table < 4
    };
    if !parts.iter().all(sampled) {
        let rule = "B.2.2: sampling factors of 1 to 4, tables 0 to 3";
        return Err(Broken { offset: offset + 6, rule });
    }
    let (chroma, luma_table) = match *parts {
        [[_, _, table]] => (Some(Chroma::Gray), table),
        [[_, y, table], [_, cb, _], [_, cr, _]] => (subsampling(y, cb, cr), table),
        _ => {
            return Err(Broken { offset: offset + 5, rule: "B.2.2: 1 or 3 components" });
        }
    };
    Ok(FrameHeader { size, progressive: marker == SOF2, chroma, luma_table })
}

/// Names the subsampling that sampling factors (horizontal << 4 | vertical) mean.
fn subsampling(y: u8, cb: u8, cr: u8) -> Option<Chroma> {
    let ratio = |luma: u8, chroma: u8| luma.is_multiple_of(chroma).then(|| luma / chroma);
    match (cb == cr, ratio(y >> 4, cb >> 4)?, ratio(y & 15, cb & 15)?) {
        (true, 2, 2) => Some(Chroma::Yuv420),
        (true, 2, 1) => Some(Chroma::Yuv422),
        (true, 1, 1) => Some(Chroma::Yuv444),
        (true, 1, 2) => Some(Chroma::Yuv440),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
