//! What a picture is: a frame, as JPEG or as planar YUV.
//!
//! Plain values, made on the source thread and shared by `Arc`; nothing here
//! changes after it was made. Does not read JPEG markers ([`crate::jpeg`]) and
//! does not encode ([`super::codec`]).

use std::sync::Arc;
use std::time::Instant;

pub use crate::jpeg::{Chroma, Jpeg, Orientation, Quality, Size};

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
    /// The number of the mask's last change when it was covered: with another mask, it is not to
    /// be seen any more.
    pub masked: u64,
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
    /// Width and height in pixels, as it is shown.
    pub fn size(&self) -> Size {
        match self {
            Picture::Jpeg(jpeg) => jpeg.size,
            Picture::Planar(planar) => planar.size,
        }
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
