//! Finds where a JPEG ends and what its headers say, by walking its markers.
//!
//! Pure: bytes in, values out, on whatever thread reads a source. Names are those
//! of ITU-T T.81 (Annex B). Does not decode: entropy-coded data is only passed over.

use std::fmt;
use std::sync::Arc;

pub mod annex_k;
pub mod coefficients;
pub mod exif;
mod info;
pub mod marker;
mod mend;
mod quality;
mod size;
mod walk;

pub use exif::Orientation;
pub use info::{Colours, Info, Process, info, read};
pub use mend::{Mended, clean, mend};
pub use quality::Quality;
pub use size::{Chroma, Size};
pub use walk::{Segment, Walker, length};

/// A complete JPEG: from SOI to EOI and no byte more.
#[derive(Debug, Clone)]
pub struct Jpeg {
    /// The file.
    pub bytes: Arc<[u8]>,
    /// The size at which it is shown: that of the frame header, turned as Exif says.
    pub size: Size,
    /// The IJG quality that its luma table comes closest to; `None` if it has no such table.
    pub quality: Option<Quality>,
    /// How what is stored has to be turned to be seen upright.
    pub orientation: Orientation,
}

impl Jpeg {
    /// A whole JPEG of which this is known.
    pub fn of(bytes: Arc<[u8]>, info: &Info) -> Self {
        let orientation = info.orientation;
        let size = orientation.turned(info.size);
        Self { bytes, size, quality: Some(info.quality), orientation }
    }

    /// The size at which it is stored.
    pub fn stored_size(&self) -> Size {
        self.orientation.turned(self.size)
    }
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

/// Checks a JPEG, cuts what follows its EOI, and gives it the standard Huffman
/// tables if it has none, as many webcams leave them out.
///
/// All other bytes stay as they are. What a source sends goes through [`crate::media::gate`],
/// which mends and decodes as well.
///
/// # Errors
///
/// [`Broken`] if it ends early, breaks the marker grammar, or is of a sort that
/// browsers and decoders do not share: arithmetic, lossless, 12 bit, CMYK.
pub fn complete(bytes: &[u8]) -> Result<Jpeg, Broken> {
    let info = info(bytes)?;
    let whole = bytes.get(..info.length).unwrap_or(bytes);
    Ok(Jpeg::of(mend::with_tables(whole, &info), &info))
}

/// A JPEG that says how it has to be turned, which it has not said before.
///
/// Of one that starts with SOI and JFIF's segment, as encoders write them.
pub fn with_orientation(jpeg: &[u8], orientation: Orientation) -> Arc<[u8]> {
    // JFIF's segment comes first where there is one.
    let start = match *jpeg {
        [_, _, 0xFF, 0xE0, high, low, ..] => 4 + usize::from(u16::from_be_bytes([high, low])),
        _ => 2,
    };
    match jpeg.split_at_checked(start) {
        Some((head, rest)) if orientation != Orientation::UPRIGHT => {
            [head, &exif::segment(orientation), rest].concat().into()
        }
        _ => Arc::from(jpeg),
    }
}

/// An APP14 segment as Adobe writes it, marker and all, with this transform (T.872 §6.5.3).
fn adobe(transform: u8) -> [u8; 16] {
    let mut segment = *b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\0";
    segment[15] = transform;
    segment
}

/// An APP0 segment, marker and all: version 1.1, square pixels, no thumbnail.
const JFIF: &[u8] = b"\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0";

#[cfg(test)]
mod tests;
