//! What the headers of a JPEG say, as far as anybody here asks.

use super::exif::{self, Orientation};
use super::marker::{DHT, DQT, DRI, SOF0, SOF1, SOF2, SOS};
use super::walk::{Segment, Segments};
use super::{Broken, Chroma, Quality, Size, quality};

/// What the headers of a JPEG say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info {
    /// Bytes from SOI to EOI, both included.
    pub length: usize,
    /// From the frame header: as it is stored, which Exif may turn.
    pub size: Size,
    /// How it has to be turned to be seen upright.
    pub orientation: Orientation,
    /// The IJG quality that its luma table comes closest to.
    pub quality: Quality,
    /// How chroma is sampled; `None` for a way that [`Chroma`] does not name, such as 4:1:1.
    pub chroma: Option<Chroma>,
    /// What its components are.
    pub colours: Colours,
    /// How it is coded.
    pub process: Process,
    /// Bits of a sample.
    pub precision: u8,
    /// MCUs between restart markers as the first scan has it; 0 for none.
    pub restart_interval: u16,
    /// Whether it brings Huffman tables; one without means the standard ones.
    pub huffman_tables: bool,
    /// Where the marker of the first scan header (SOS) starts.
    pub scan: usize,
    /// How many scans it has.
    pub scans: u32,
    /// Whether a marker stands among the entropy-coded data that has no place there.
    pub stray_markers: bool,
}

/// How a JPEG is coded (T.81 table B.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// SOF0.
    Baseline,
    /// SOF1: baseline's with more tables, or 12 bits.
    Extended,
    /// SOF2.
    Progressive,
    /// Lossless or arithmetic: for decoders only that know it.
    Rare,
}

/// What the components of a JPEG are, as libjpeg takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// One, luma.
    Gray,
    /// Luma and two differences of colour.
    YCbCr,
    /// Red, green and blue.
    Rgb,
    /// Four inks, or luma, two differences and black.
    Inks,
}

impl Colours {
    /// What components of these identifiers are, by the segments that came with them: whether
    /// there is a JFIF's, and the transform that Adobe's states. `None` for two or above four.
    pub(super) fn of(identifiers: &[u8], jfif: bool, adobe: Option<u8>) -> Option<Self> {
        Some(match (identifiers, adobe) {
            ([_], _) => Colours::Gray,
            ([_, _, _], _) if jfif => Colours::YCbCr,
            ([_, _, _], Some(0)) => Colours::Rgb,
            (b"RGB", None) => Colours::Rgb,
            ([_, _, _], _) => Colours::YCbCr,
            ([_, _, _, _], _) => Colours::Inks,
            _ => return None,
        })
    }

    /// Whether a segment is a JFIF's.
    pub(super) fn is_jfif(segment: &Segment<'_>) -> bool {
        segment.marker == 0xE0
            && segment.payload.len() >= 14
            && segment.payload.starts_with(b"JFIF\0")
    }

    /// The transform that a segment states, if it is Adobe's.
    pub(super) fn adobe(segment: &Segment<'_>) -> Option<u8> {
        let is_adobes = segment.marker == 0xEE && segment.payload.starts_with(b"Adobe");
        segment.payload.get(11).copied().filter(|_| is_adobes)
    }
}

impl Info {
    /// Whether it is of a sort that browsers and all other clients take.
    pub fn is_shared(&self) -> bool {
        self.process != Process::Rare && self.precision == 8 && self.colours != Colours::Inks
    }

    /// Whether it is of the sort that even the simplest decoder takes, and shows as it is stored.
    pub fn is_plain(&self) -> bool {
        self.process == Process::Baseline
            && self.is_shared()
            && self.colours != Colours::Rgb
            && self.chroma.is_some()
            && self.scans == 1
            && !self.stray_markers
            && self.orientation == Orientation::UPRIGHT
    }
}

/// Reads the headers of a whole JPEG of a sort that clients share.
///
/// # Errors
///
/// [`Broken`] as [`complete`](super::complete) has it.
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
        headers.refuse_rare(segment.offset)?;
        look(segment)?;
    }
    match segments.length {
        Some(length) => Ok(headers.finish(length, segments.met_stray_markers())?),
        None => Err(Broken { offset: bytes.len(), rule: "B.2.1: ends with EOI" }.into()),
    }
}

/// Collects what [`Info`] needs, most of it up to the first scan.
#[derive(Debug, Default)]
pub(super) struct Headers {
    frame: Option<FrameHeader>,
    orientation: Option<Orientation>,
    jfif: bool,
    adobe: Option<u8>,
    /// Each with its values in zigzag order.
    quantization: [Option<[u8; 64]>; 4],
    huffman_tables: bool,
    restart_interval: u16,
    scan: Option<usize>,
    scans: u32,
}

#[derive(Debug, Clone, Copy)]
struct FrameHeader {
    size: Size,
    process: Process,
    precision: u8,
    chroma: Option<Chroma>,
    /// Identifiers of the components, and how many there are.
    identifiers: [u8; 4],
    count: usize,
    /// Which quantization table luma has.
    luma_table: u8,
    /// Where its payload starts.
    offset: usize,
}

impl Headers {
    /// Takes a segment.
    ///
    /// # Errors
    ///
    /// [`Broken`] if no decoder takes it.
    pub(super) fn read(&mut self, segment: &Segment<'_>) -> Result<(), Broken> {
        let &Segment { marker, payload, offset } = segment;
        match marker {
            _ if is_frame(marker) && self.frame.is_some() => {
                return Err(Broken { offset, rule: "B.2.1: one frame header" });
            }
            _ if is_frame(marker) => self.frame = Some(frame_header(marker, payload, offset)?),
            SOS => self.scan(payload, offset)?,
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
            0xE0 if Colours::is_jfif(segment) => self.jfif = true,
            0xE1 if self.orientation.is_none() => self.orientation = exif::orientation(payload),
            0xEE => self.adobe = Colours::adobe(segment).or(self.adobe),
            _ => {}
        }
        Ok(())
    }

    /// Whether a scan has begun.
    pub(super) fn has_scan(&self) -> bool {
        self.scan.is_some()
    }

    fn scan(&mut self, payload: &[u8], offset: usize) -> Result<(), Broken> {
        if self.frame.is_none() {
            return Err(Broken { offset, rule: "B.2.2: a frame header before the scan" });
        }
        let components = usize::from(payload.first().copied().unwrap_or(0));
        if !(1..=4).contains(&components) || payload.len() != 4 + 2 * components {
            let rule = "B.2.3: a scan header of 1 to 4 components";
            return Err(Broken { offset, rule });
        }
        // The marker and the length before the payload.
        self.scan.get_or_insert(offset - 4);
        self.scans = self.scans.saturating_add(1);
        if self.scans > MAX_SCANS {
            return Err(Broken { offset, rule: "B.2.1: a few scans" });
        }
        Ok(())
    }

    /// Refuses a frame of a sort that clients do not share.
    fn refuse_rare(&self, offset: usize) -> Result<(), Broken> {
        let Some(frame) = self.frame else { return Ok(()) };
        if frame.process == Process::Rare {
            return Err(Broken { offset, rule: "B.2.2: Huffman-coded DCT (SOF0, SOF1, SOF2)" });
        }
        if frame.precision != 8 {
            return Err(Broken { offset, rule: "B.2.2: 8 bits a sample" });
        }
        if frame.count == 4 {
            return Err(Broken { offset: frame.offset + 5, rule: "B.2.2: 1 or 3 components" });
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

    /// What was found, of a JPEG of this length.
    ///
    /// # Errors
    ///
    /// [`Broken`] if something that every JPEG has is missing.
    pub(super) fn finish(self, length: usize, stray_markers: bool) -> Result<Info, Broken> {
        let end = length.saturating_sub(2);
        let (Some(frame), Some(scan)) = (self.frame, self.scan) else {
            return Err(Broken { offset: end, rule: "B.2.1: a frame and a scan before EOI" });
        };
        let identifiers = frame.identifiers.get(..frame.count).unwrap_or_default();
        let Some(colours) = Colours::of(identifiers, self.jfif, self.adobe) else {
            return Err(Broken { offset: scan, rule: "B.2.2: 1, 3 or 4 components" });
        };
        let table = self.quantization.get(usize::from(frame.luma_table)).copied().flatten();
        let quality = match table {
            Some(table) if frame.precision == 8 => quality::closest(&table),
            _ if frame.process == Process::Rare || frame.precision != 8 => Quality::BEST,
            _ => {
                return Err(Broken { offset: scan, rule: "B.2.4.1: luma's DQT before the scan" });
            }
        };
        if frame.process == Process::Progressive && !self.huffman_tables {
            return Err(Broken { offset: scan, rule: "B.2.4.2: a progressive scan has its DHT" });
        }
        Ok(Info {
            length,
            size: frame.size,
            orientation: self.orientation.unwrap_or_default(),
            quality,
            chroma: frame.chroma,
            colours,
            process: frame.process,
            precision: frame.precision,
            restart_interval: self.restart_interval,
            huffman_tables: self.huffman_tables,
            scan,
            scans: self.scans,
            stray_markers,
        })
    }
}

/// Whether a marker starts a frame.
pub(super) fn is_frame(marker: u8) -> bool {
    // DHT, JPG and DAC stand among them.
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, DHT | 0xC8 | 0xCC)
}

/// Reads the payload of a frame header (T.81 B.2.2).
fn frame_header(marker: u8, payload: &[u8], offset: usize) -> Result<FrameHeader, Broken> {
    let process = match marker {
        SOF0 => Process::Baseline,
        SOF1 => Process::Extended,
        SOF2 => Process::Progressive,
        0xC3 | 0xC9..=0xCB => Process::Rare,
        // Differential frames, which stand behind others.
        _ => return Err(Broken { offset, rule: "B.2.2: Huffman-coded DCT (SOF0, SOF1, SOF2)" }),
    };
    let &[precision, y0, y1, x0, x1, count, ref components @ ..] = payload else {
        return Err(Broken { offset, rule: "B.2.2: a frame header of 8 bytes or more" });
    };
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
        [[_, _, table], _, _, _] => (None, table),
        _ => {
            return Err(Broken { offset: offset + 5, rule: "B.2.2: 1, 3 or 4 components" });
        }
    };
    let mut identifiers = [0; 4];
    identifiers.iter_mut().zip(parts).for_each(|(to, part)| *to = part[0]);
    let count = parts.len();
    Ok(FrameHeader { size, process, precision, chroma, identifiers, count, luma_table, offset })
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

/// A progressive JPEG has about ten; each costs a decoder a pass over the whole picture.
const MAX_SCANS: u32 = 100;
