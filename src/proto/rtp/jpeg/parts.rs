//! Says whether a JPEG can travel by RFC 2435 as it is, and finds its parts.
//!
//! A receiver makes the headers anew from the few bytes that the payload has for
//! them: what they cannot say must be as the RFC takes it to be, or the receiver
//! shows garbage. Pure. Encoding anew what does not fit is [`fit`](crate::media::fit)'s.

use std::fmt;

use super::{Blocks, MAX_SCAN_BYTES, Parts, Sampling};
use crate::jpeg::annex_k::HUFFMAN_TABLES;
use crate::jpeg::marker::{DHT, DQT, SOF0, SOF2, SOS};
use crate::jpeg::{self, Broken, Colours, Segment};

/// Why a JPEG cannot be carried as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It is no whole JPEG.
    Broken(Broken),
    /// Not baseline (SOF0): progressive, or extended sequential.
    Process,
    /// Grey, 4:4:4 or sampled otherwise: not 4:2:0 nor 4:2:2.
    Chroma,
    /// Red, green and blue.
    Rgb,
    /// A side is longer than 2040 pixels.
    TooLarge,
    /// A side is no multiple of 8 pixels.
    Size,
    /// More than one scan, or one without all components, or something behind it.
    Scans,
    /// Huffman tables that are not those of T.81 Annex K.
    HuffmanTables,
    /// A quantization table of 16 bits.
    TablePrecision,
    /// Cb and Cr have different tables, or one has none.
    ChromaTables,
    /// A scan of more than 16 MiB.
    TooLong,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unfit::Broken(broken) => return broken.fmt(f),
            Unfit::Process => "it is progressive or extended",
            Unfit::Chroma => "its chroma is not 4:2:0 nor 4:2:2",
            Unfit::Rgb => "it has no chroma, but red, green and blue",
            Unfit::TooLarge => "it has more than 2040 pixels in width or height",
            Unfit::Size => "its width or height is no multiple of 8",
            Unfit::Scans => "it has not all components in one scan",
            Unfit::HuffmanTables => "it has Huffman tables of its own",
            Unfit::TablePrecision => "it has 16-bit quantization tables",
            Unfit::ChromaTables => "Cb and Cr have not the same quantization table",
            Unfit::TooLong => "it has more than 16 MiB",
        })
    }
}

impl std::error::Error for Unfit {}

impl From<Broken> for Unfit {
    fn from(broken: Broken) -> Self {
        Unfit::Broken(broken)
    }
}

/// The parts of a whole JPEG that RTP carries.
///
/// # Errors
///
/// [`Unfit`] if RFC 2435 has no way to say what this JPEG is.
pub fn rtp_parts(bytes: &[u8]) -> Result<Parts, Unfit> {
    let mut findings = Findings::default();
    let info = jpeg::read(bytes, |segment| findings.read(&segment))?;
    if info.colours == Colours::Rgb {
        return Err(Unfit::Rgb);
    }
    if info.stray_markers {
        return Err(Unfit::Scans);
    }
    findings.finish(info.restart_interval, info.length)
}

/// What [`jpeg::Info`] does not say.
#[derive(Default)]
struct Findings<'a> {
    frame: Option<(Sampling, Blocks)>,
    /// Identifier and quantization table of each component.
    components: [(u8, u8); 3],
    quantization: [Option<[u8; 64]>; 4],
    /// Code lengths and values, of DC and AC; the standard ones until others come.
    huffman: [[Option<&'a [u8]>; 4]; 2],
    /// Where the scan data starts.
    scan: Option<usize>,
}

impl<'a> Findings<'a> {
    fn read(&mut self, segment: &Segment<'a>) -> Result<(), Unfit> {
        if self.scan.is_some() {
            return Err(Unfit::Scans);
        }
        let payload = segment.payload;
        match segment.marker {
            SOF0 => self.frame(payload),
            0xC1..=SOF2 => Err(Unfit::Process),
            DQT => self.quantization_tables(payload),
            DHT => read_huffman(payload, &mut self.huffman).ok_or(Unfit::HuffmanTables),
            SOS => {
                self.scan = Some(segment.offset + payload.len());
                self.scan(payload)
            }
            _ => Ok(()),
        }
    }

    /// [`jpeg::read`] has checked the lengths.
    fn frame(&mut self, payload: &[u8]) -> Result<(), Unfit> {
        let &[_, y0, y1, x0, x1, 3, ref components @ ..] = payload else {
            return Err(Unfit::Chroma);
        };
        let ([[y, factors, y_table], [cb, 0x11, cb_table], [cr, 0x11, cr_table]], []) =
            components.as_chunks()
        else {
            return Err(Unfit::Chroma);
        };
        let sampling = match factors {
            0x21 => Sampling::Yuv422,
            0x22 => Sampling::Yuv420,
            _ => return Err(Unfit::Chroma),
        };
        self.components = [(*y, *y_table), (*cb, *cb_table), (*cr, *cr_table)];
        let (width, height) = (u16::from_be_bytes([x0, x1]), u16::from_be_bytes([y0, y1]));
        if u32::from(width.max(height)) > Blocks::MAX_PIXELS {
            return Err(Unfit::TooLarge);
        }
        let blocks = Blocks::from_pixels(width.into(), height.into()).ok_or(Unfit::Size)?;
        self.frame = Some((sampling, blocks));
        Ok(())
    }

    fn quantization_tables(&mut self, payload: &[u8]) -> Result<(), Unfit> {
        let (tables, rest) = payload.as_chunks::<65>();
        for [kind, values @ ..] in tables {
            // A kind of 16 bits would shift all that follows.
            let slot = self.quantization.get_mut(usize::from(*kind));
            *slot.ok_or(Unfit::TablePrecision)? = Some(*values);
        }
        if rest.is_empty() { Ok(()) } else { Err(Unfit::TablePrecision) }
    }

    /// Checks a scan header: all components in their order, with the Huffman tables that
    /// a receiver takes for them (T.81 B.2.3).
    fn scan(&self, payload: &[u8]) -> Result<(), Unfit> {
        let &[3, c0, t0, c1, t1, c2, t2, ..] = payload else {
            return Err(Unfit::Scans);
        };
        if [c0, c1, c2] != self.components.map(|(identifier, _)| identifier) {
            return Err(Unfit::Scans);
        }
        let mut standard = Huffman::default();
        let dht = HUFFMAN_TABLES.get(4..).unwrap_or_default();
        read_huffman(dht, &mut standard).ok_or(Unfit::HuffmanTables)?;
        for (tables, index) in [(t0, 0), (t1, 1), (t2, 1)] {
            for (class, own) in [(0, tables >> 4), (1, tables & 15)] {
                let wanted = standard[class][index];
                // A table that did not come is the standard one, as webcams have it.
                let table = self.huffman[class].get(usize::from(own)).copied().flatten();
                let left_out = table.is_none() && usize::from(own) == index;
                if table != wanted && !left_out {
                    return Err(Unfit::HuffmanTables);
                }
            }
        }
        Ok(())
    }

    fn finish(self, restart_interval: u16, length: usize) -> Result<Parts, Unfit> {
        let (Some((sampling, blocks)), Some(start)) = (self.frame, self.scan) else {
            return Err(Unfit::Scans);
        };
        let scan = start..length - 2;
        if scan.is_empty() {
            return Err(Broken { offset: start, rule: "B.2.1: a scan has data" }.into());
        }
        if scan.len() > MAX_SCAN_BYTES {
            return Err(Unfit::TooLong);
        }
        let [luma, cb, cr] = self
            .components
            .map(|(_, table)| self.quantization.get(usize::from(table)).copied().flatten());
        match (luma, cb, cr) {
            (Some(luma), Some(chroma), Some(cr)) if chroma == cr => {
                Ok(Parts { sampling, blocks, luma, chroma, restart_interval, scan })
            }
            _ => Err(Unfit::ChromaTables),
        }
    }
}

type Huffman<'a> = [[Option<&'a [u8]>; 4]; 2];

/// Reads the payload of DHT (T.81 B.2.4.2); `None` if it is not whole tables.
fn read_huffman<'a>(payload: &'a [u8], into: &mut Huffman<'a>) -> Option<()> {
    let mut rest = payload;
    while let [kind, table @ ..] = rest {
        let lengths = table.get(..16)?;
        let values: usize = lengths.iter().map(|&count| usize::from(count)).sum();
        let (table, after) = table.split_at_checked(16 + values)?;
        let class = into.get_mut(usize::from(kind >> 4))?;
        *class.get_mut(usize::from(kind & 15))? = Some(table);
        rest = after;
    }
    Some(())
}
