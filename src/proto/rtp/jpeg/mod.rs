//! JPEG as the payload of RTP (RFC 2435).
//!
//! Only the scan travels, with a few bytes that say how to make the headers anew.
//! [`rtp_parts`] says whether a JPEG can be carried, [`Packets`] cuts it up, [`Depacketizer`]
//! puts it together. None decodes.

use std::num::NonZeroU8;
use std::ops::Range;

mod depacketizer;
mod jfif;
mod packets;
mod parts;
#[cfg(test)]
mod tests;

pub use depacketizer::{Depacketizer, Frame};
pub use packets::{PacketBytes, Packets};
pub use parts::{Unfit, rtp_parts};

/// What the headers of a JPEG say that can be carried, and where its scan is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// How chroma is sampled.
    pub sampling: Sampling,
    /// Width and height.
    pub blocks: Blocks,
    /// The quantization table of Y, in zigzag order.
    pub luma: [u8; 64],
    /// That of Cb and Cr.
    pub chroma: [u8; 64],
    /// MCUs between restart markers; 0 for none.
    pub restart_interval: u16,
    /// The entropy-coded data, in the bytes of the JPEG: from behind SOS up to EOI.
    pub scan: Range<usize>,
}

/// The two ways to sample chroma that have a type (RFC 2435 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Type 0: 4:2:2, halved horizontally.
    Yuv422,
    /// Type 1: 4:2:0, halved in both directions.
    Yuv420,
}

/// Width and height in blocks of 8 pixels (RFC 2435 §3.1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    width: NonZeroU8,
    height: NonZeroU8,
}

impl Blocks {
    /// The longest side in pixels.
    pub const MAX_PIXELS: u32 = 2040;

    /// From a size in pixels; `None` if a side is 0, no multiple of 8, or above 2040.
    pub fn from_pixels(width: u32, height: u32) -> Option<Self> {
        let side = |pixels: u32| {
            let blocks = pixels.is_multiple_of(8).then_some(pixels / 8)?;
            NonZeroU8::new(u8::try_from(blocks).ok()?)
        };
        Some(Self { width: side(width)?, height: side(height)? })
    }

    /// Width and height in pixels.
    pub fn pixels(self) -> Size {
        let side = |blocks: NonZeroU8| 8 * u16::from(blocks.get());
        Size { width: side(self.width), height: side(self.height) }
    }
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels in a row.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// The largest scan: all of it within the 24 bits of the fragment offset.
pub const MAX_SCAN_BYTES: usize = 1 << 24;

/// The main JPEG header (§3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Main {
    sampling: Sampling,
    /// Whether a restart marker header follows.
    restarts: bool,
    q: u8,
    /// In blocks; 0 stands for a size that is known otherwise.
    width: u8,
    height: u8,
}

impl Main {
    /// Bytes of the header.
    const BYTES: usize = 8;

    fn to_bytes(self, offset: usize) -> [u8; Self::BYTES] {
        let [_, o0, o1, o2] = (offset as u32).to_be_bytes();
        let kind = match self.sampling {
            Sampling::Yuv422 => 0,
            Sampling::Yuv420 => 1,
        };
        let kind = if self.restarts { kind | RESTARTS } else { kind };
        [0, o0, o1, o2, kind, self.q, self.width, self.height]
    }

    /// The header at the front of a payload and its fragment offset; `None` for a type
    /// that is not of RFC 2435. Fields of interlaced video come out as frames.
    fn read(bytes: [u8; Self::BYTES]) -> Option<(Self, usize)> {
        let [_, o0, o1, o2, kind, q, width, height] = bytes;
        let sampling = match kind & !RESTARTS {
            0 => Sampling::Yuv422,
            1 => Sampling::Yuv420,
            _ => return None,
        };
        let offset = u32::from_be_bytes([0, o0, o1, o2]) as usize;
        Some((Self { sampling, restarts: kind & RESTARTS != 0, q, width, height }, offset))
    }
}

/// What a type has in addition if there are restart markers (§3.1.3).
const RESTARTS: u8 = 64;
/// Bytes of the restart marker header (§3.1.7).
const RESTART_BYTES: usize = 4;
/// F, L and count of a restart marker header in packets that do not keep to restart
/// intervals: the receiver is to put the whole frame together first (§3.1.7).
const WHOLE_FRAME: [u8; 2] = [0xFF, 0xFF];
/// The Q that has its tables in each frame (§4.2).
const Q_DYNAMIC: u8 = 255;
