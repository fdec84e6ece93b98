//! Turns a camera's uncompressed pictures into planes.
//!
//! Pure, called by the device thread for each picture, row by row while a row is in the cache.
//! What comes out is full-range BT.601, as JPEG has it, whatever goes in ([`colours`]). A buffer
//! that is too short for its size is refused, never padded.
//!
//! For luma and chroma the loops are plain, in such forms as the compiler makes vectors of; for red,
//! green and blue there is the `yuv` crate.

use super::encoding::Encoding;
use crate::media::frame::{Planar, Size};
use bayer::{First, bayer};
use colours::Correction;
pub(super) use colours::{Colours, Matrix, Range};
use lines::{interleaved, packed, planar};

mod bayer;
mod colours;
mod lines;
mod rgb;
mod yuv;

/// How the bytes of a picture are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// What they are.
    pub(super) encoding: Encoding,
    /// Size of the picture.
    pub(super) size: Size,
    /// Bytes from one row of the first plane to the next, if the driver tells.
    pub(super) stride: Option<usize>,
    /// What the samples mean.
    pub(super) colours: Colours,
}

/// The planes of a picture, or `None` if `bytes` are not as many as one of its size has.
///
/// JPEGs are not uncompressed, and give `None`.
pub(super) fn planes(layout: &Layout, bytes: &[u8]) -> Option<Planar> {
    let Layout { encoding, size, stride, colours } = *layout;
    let (width, height) = (size.width as usize, size.height as usize);
    let correction = Correction::of(colours);
    let limited = colours.range == Range::Limited;
    let one_plane = |row: usize| packed(bytes, stride, row, height);
    let of_sensor = |first| bayer(&one_plane(width)?, size, first, limited);
    Some(match encoding {
        Encoding::Mjpeg | Encoding::Jpeg => return None,
        Encoding::Yuyv | Encoding::Uyvy | Encoding::Yvyu | Encoding::Vyuy => {
            let lines = one_plane(width.div_ceil(2) * 4)?;
            let order = yuv::Order {
                luma_first: matches!(encoding, Encoding::Yuyv | Encoding::Yvyu),
                cb_first: matches!(encoding, Encoding::Yuyv | Encoding::Uyvy),
            };
            yuv::packed(&lines, size, order, &correction)
        }
        Encoding::Nv12 | Encoding::Nv21 => {
            let planes = interleaved(bytes, stride, size)?;
            yuv::interleaved(&planes, size, encoding == Encoding::Nv12, &correction)
        }
        Encoding::Yu12 | Encoding::Yv12 => {
            let [luma, one, other] = planar(bytes, stride, size)?;
            let (cb, cr) = if encoding == Encoding::Yu12 { (one, other) } else { (other, one) };
            yuv::planar(&[luma, cb, cr], size, &correction)
        }
        Encoding::Grey => yuv::grey(&one_plane(width)?, size, &correction),
        Encoding::Rgb | Encoding::Bgr => {
            let red_first = encoding == Encoding::Rgb;
            let order = if red_first { rgb::Order::RedFirst } else { rgb::Order::BlueFirst };
            rgb::of_bytes(&one_plane(width * 3)?, size, order, limited)?
        }
        Encoding::Rgb565 => rgb::of_words(&one_plane(width * 2)?, size, limited)?,
        Encoding::BayerBggr => of_sensor(First::Blue)?,
        Encoding::BayerGbrg => of_sensor(First::GreenThenBlue)?,
        Encoding::BayerGrbg => of_sensor(First::GreenThenRed)?,
        Encoding::BayerRggb => of_sensor(First::Red)?,
    })
}

#[cfg(test)]
mod tests;
