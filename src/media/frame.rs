//! What a picture is: a frame, as JPEG or as planar YUV.
//!
//! Plain values, made on the source thread and shared by `Arc`; nothing here
//! changes after it was made. Does not read JPEG markers ([`crate::jpeg`]) and
//! does not encode ([`super::codec`]).

use std::sync::Arc;
use std::time::Instant;

/// One picture with its capture time and sequence number.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Counts the frames of a source from 1, over all times that it was opened.
    pub sequence: u64,
    /// When the camera took it, or when it was made.
    pub captured: Instant,
    /// What it shows.
    pub picture: Picture,
    /// Whether a source took it, or the server drew it in place of one.
    pub origin: Origin,
}

/// Who made a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The source itself.
    Source,
    /// The server: a card that says what is wrong with the source.
    Card,
}

/// The pixels of a frame.
#[derive(Debug, Clone)]
pub enum Picture {
    /// A whole JPEG that every client can read (it has its Huffman tables).
    Jpeg(Jpeg),
    /// Uncompressed planes.
    Planar(Arc<Planar>),
}

impl Picture {
    /// Width and height in pixels.
    pub fn size(&self) -> Size {
        match self {
            Picture::Jpeg(jpeg) => jpeg.size,
            Picture::Planar(planar) => planar.size,
        }
    }
}

/// Width and height in pixels, both at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Size {
    /// A size in pixels, or `None` if a side is 0 or above 16384.
    pub fn new(width: u32, height: u32) -> Option<Self> {
        let allowed = 1..=16384;
        (allowed.contains(&width) && allowed.contains(&height)).then_some(Self { width, height })
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

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

/// JPEG quality, 1 (smallest) to 100 (best).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quality(u8);

impl Quality {
    /// A quality, or `None` outside 1 to 100.
    pub const fn new(percent: u8) -> Option<Self> {
        if percent >= 1 && percent <= 100 { Some(Self(percent)) } else { None }
    }

    /// As a number from 1 to 100.
    pub const fn percent(self) -> u8 {
        self.0
    }
}

/// Planes of 8-bit Y, Cb and Cr, one after another, rows without padding.
///
/// A chroma plane of a subsampled direction has `(n + 1) / 2` samples there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planar {
    /// Size of the Y plane.
    pub size: Size,
    /// How the chroma planes are sampled.
    pub chroma: Chroma,
    /// Y, then Cb, then Cr; [`Chroma::bytes`] long.
    pub samples: Vec<u8>,
}

impl Planar {
    /// The Y plane, row by row.
    pub fn luma(&self) -> &[u8] {
        let length = self.size.width as usize * self.size.height as usize;
        self.samples.get(..length).unwrap_or(&self.samples)
    }
}

/// Chroma subsampling of a [`Planar`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chroma {
    /// 4:2:0, halved in both directions.
    Yuv420,
    /// 4:2:2, halved horizontally.
    Yuv422,
    /// 4:4:4, whole.
    Yuv444,
    /// 4:4:0, halved vertically.
    Yuv440,
    /// No chroma.
    Gray,
}

impl Chroma {
    /// Width and height of one chroma plane.
    pub fn plane(self, size: Size) -> (usize, usize) {
        let (width, height) = (size.width as usize, size.height as usize);
        match self {
            Chroma::Yuv420 => (width.div_ceil(2), height.div_ceil(2)),
            Chroma::Yuv422 => (width.div_ceil(2), height),
            Chroma::Yuv444 => (width, height),
            Chroma::Yuv440 => (width, height.div_ceil(2)),
            Chroma::Gray => (0, 0),
        }
    }

    /// Bytes that all planes of a picture of this size have together.
    pub fn bytes(self, size: Size) -> usize {
        let (width, height) = self.plane(size);
        size.width as usize * size.height as usize + 2 * width * height
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_is_one_to_a_hundred() {
        assert_eq!(Quality::new(0), None);
        assert_eq!(Quality::new(101), None);
        assert_eq!(Quality::new(100).map(Quality::percent), Some(100));
    }

    #[test]
    fn odd_sizes_round_chroma_up() {
        let size = Size::new(5, 3).unwrap();
        assert_eq!(Chroma::Yuv420.bytes(size), 15 + 2 * 3 * 2);
        assert_eq!(Chroma::Yuv422.bytes(size), 15 + 2 * 3 * 3);
        assert_eq!(Chroma::Gray.bytes(size), 15);
    }
}
