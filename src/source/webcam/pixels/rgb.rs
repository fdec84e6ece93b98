//! Makes luma and chroma of red, green and blue.
//!
//! By the `yuv` crate, which is five times as fast as a plain loop: three bytes a pixel are what
//! compilers make no vectors of. What is not laid out so is unpacked two rows at a time, while they
//! are in the cache.

use yuv::{
    BufferStoreMut, YuvConversionMode, YuvError, YuvPlanarImageMut, YuvRange, YuvStandardMatrix,
    bgr_to_yuv420, rgb_to_yuv420,
};

use super::colours::widen_luma;
use super::lines::Lines;
use super::yuv::empty;
use crate::media::frame::{Chroma, Planar, Size};

/// Which of three bytes comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Red, then green and blue.
    RedFirst,
    /// Blue, then green and red.
    BlueFirst,
}

/// Three bytes a pixel; `None` if the library refuses them.
pub(super) fn of_bytes(lines: &Lines, size: Size, order: Order, limited: bool) -> Option<Planar> {
    if limited {
        return to_planes(size, order, true, |row, pixels| {
            pixels.as_flattened_mut().copy_from_slice(lines.row(row));
        });
    }
    let mut planar = empty(size, Chroma::Yuv420);
    let (luma, cb, cr) = split(&mut planar, size);
    convert(size, order, (lines.bytes(), lines.stride()), [luma, cb, cr]).ok()?;
    Some(planar)
}

/// Sixteen bits a pixel: five of red, six of green, five of blue.
pub(super) fn of_words(lines: &Lines, size: Size, limited: bool) -> Option<Planar> {
    to_planes(size, Order::RedFirst, limited, |row, pixels| {
        for (word, pixel) in lines.row(row).as_chunks::<2>().0.iter().zip(pixels) {
            let word = u16::from_le_bytes(*word);
            let (r, g, b) = (word >> 11, (word >> 5) & 63, word & 31);
            // 255/31 and 255/63 of them, rounded.
            *pixel = [(r * 527 + 23) >> 6, (g * 259 + 33) >> 6, (b * 527 + 23) >> 6]
                .map(|level| level as u8);
        }
    })
}

/// The 4:2:0 planes of a picture whose rows `unpack` gives; a chroma sample is the mean of its
/// four pixels.
pub(super) fn to_planes(
    size: Size,
    order: Order,
    limited: bool,
    mut unpack: impl FnMut(usize, &mut [[u8; 3]]),
) -> Option<Planar> {
    let (width, height) = (size.width as usize, size.height as usize);
    let (pairs, _) = Chroma::Yuv420.plane(size);
    let mut rows = vec![[0; 3]; width * 2];
    let mut planar = empty(size, Chroma::Yuv420);
    let (luma, cb, cr) = split(&mut planar, size);
    let chroma = cb.chunks_exact_mut(pairs).zip(cr.chunks_exact_mut(pairs));
    for ((pair, luma), (cb, cr)) in luma.chunks_mut(width * 2).enumerate().zip(chroma) {
        let count = (height - pair * 2).min(2);
        for (line, row) in rows.chunks_exact_mut(width).take(count).enumerate() {
            unpack(pair * 2 + line, row);
        }
        let bytes = rows[..width * count].as_flattened_mut();
        if limited {
            widen_luma(bytes);
        }
        let part = Size { width: size.width, height: count as u32 };
        convert(part, order, (bytes, width * 3), [luma, cb, cr]).ok()?;
    }
    Some(planar)
}

/// Luma, Cb and Cr of a picture.
fn split(planar: &mut Planar, size: Size) -> (&mut [u8], &mut [u8], &mut [u8]) {
    let (pairs, pair_rows) = Chroma::Yuv420.plane(size);
    let (luma, chroma) = planar.samples.split_at_mut(size.width as usize * size.height as usize);
    let (cb, cr) = chroma.split_at_mut(pairs * pair_rows);
    (luma, cb, cr)
}

fn convert(
    size: Size,
    order: Order,
    (bytes, stride): (&[u8], usize),
    [luma, cb, cr]: [&mut [u8]; 3],
) -> Result<(), YuvError> {
    let pairs = size.width.div_ceil(2);
    let mut planes = YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(luma),
        y_stride: size.width,
        u_plane: BufferStoreMut::Borrowed(cb),
        u_stride: pairs,
        v_plane: BufferStoreMut::Borrowed(cr),
        v_stride: pairs,
        width: size.width,
        height: size.height,
    };
    let convert = match order {
        Order::RedFirst => rgb_to_yuv420,
        Order::BlueFirst => bgr_to_yuv420,
    };
    // As a driver has it it fits: it came in 32 bits.
    let stride = u32::try_from(stride).unwrap_or(u32::MAX);
    let (range, matrix) = (YuvRange::Full, YuvStandardMatrix::Bt601);
    convert(&mut planes, bytes, stride, range, matrix, YuvConversionMode::Balanced)
}
