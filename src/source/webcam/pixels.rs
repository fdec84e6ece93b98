//! Turns a camera's uncompressed pictures into planes.
//!
//! Pure, one pass over the bytes, called by the webcam thread for each picture.
//! A buffer that is too short for its size is refused, never padded.

use super::modes::Encoding;
use crate::media::frame::{Chroma, Planar, Size};

/// The planes of a picture, or `None` if `bytes` are not as many as one of `size` has.
///
/// MJPEG is not uncompressed, and gives `None`.
pub(super) fn planes(encoding: Encoding, bytes: &[u8], size: Size) -> Option<Planar> {
    match encoding {
        Encoding::Mjpeg => None,
        Encoding::Yuyv => yuyv(bytes, size),
        Encoding::Nv12 => nv12(bytes, size),
        Encoding::Rgb => packed(bytes, size, |[r, g, b]| [r, g, b]),
        Encoding::Bgr => packed(bytes, size, |[b, g, r]| [r, g, b]),
        Encoding::Gray => gray(bytes, size),
    }
}

// V4L2 defines Y'CbCr without a note as BT.601 in limited range (16 to 235), which is
// also how browsers, ffmpeg and OpenCV read a webcam; JPEG is full range. Passed on as they
// are, blacks would come out grey.
#[inline]
fn full_luma(limited: u8) -> u8 {
    ((u32::from(limited.saturating_sub(16)) * 298 + 128) >> 8).min(255) as u8
}

#[inline]
fn full_chroma(limited: u8) -> u8 {
    (((i32::from(limited) - 128) * 291 + 128 + (128 << 8)) >> 8).clamp(0, 255) as u8
}

fn yuyv(bytes: &[u8], size: Size) -> Option<Planar> {
    let (width, height) = (size.width as usize, size.height as usize);
    let pairs = width.div_ceil(2);
    let stride = stride(bytes.len(), pairs * 4, height)?;
    let mut planar = empty(size, Chroma::Yuv422);
    let (luma, chroma) = planar.samples.split_at_mut(width * height);
    let (cb, cr) = chroma.split_at_mut(pairs * height);
    let rows = bytes.chunks(stride).zip(luma.chunks_exact_mut(width));
    let chroma = cb.chunks_exact_mut(pairs).zip(cr.chunks_exact_mut(pairs));
    for ((row, luma), (cb, cr)) in rows.zip(chroma) {
        let quads = row.chunks_exact(4);
        for ((quad, cb), cr) in quads.clone().zip(cb).zip(cr) {
            *cb = full_chroma(quad[1]);
            *cr = full_chroma(quad[3]);
        }
        for (quad, two) in quads.clone().zip(luma.chunks_exact_mut(2)) {
            two[0] = full_luma(quad[0]);
            two[1] = full_luma(quad[2]);
        }
        if let ([last], Some(quad)) =
            (luma.chunks_exact_mut(2).into_remainder(), quads.clone().nth(pairs - 1))
        {
            *last = full_luma(quad[0]);
        }
    }
    Some(planar)
}

fn nv12(bytes: &[u8], size: Size) -> Option<Planar> {
    let (width, height) = (size.width as usize, size.height as usize);
    let (pairs, chroma_rows) = Chroma::Yuv420.plane(size);
    let stride = stride(bytes.len(), pairs * 2, height + chroma_rows)?;
    let mut planar = empty(size, Chroma::Yuv420);
    let (luma, chroma) = planar.samples.split_at_mut(width * height);
    let (cb, cr) = chroma.split_at_mut(pairs * chroma_rows);
    let mut rows = bytes.chunks(stride);
    for (luma, row) in luma.chunks_exact_mut(width).zip(&mut rows) {
        for (to, from) in luma.iter_mut().zip(row) {
            *to = full_luma(*from);
        }
    }
    let chroma = cb.chunks_exact_mut(pairs).zip(cr.chunks_exact_mut(pairs));
    for (row, (cb, cr)) in rows.zip(chroma) {
        for ((two, cb), cr) in row.chunks_exact(2).zip(cb).zip(cr) {
            *cb = full_chroma(two[0]);
            *cr = full_chroma(two[1]);
        }
    }
    Some(planar)
}

fn gray(bytes: &[u8], size: Size) -> Option<Planar> {
    let width = size.width as usize;
    let stride = stride(bytes.len(), width, size.height as usize)?;
    let mut planar = empty(size, Chroma::Gray);
    for (to, from) in planar.samples.chunks_exact_mut(width).zip(bytes.chunks(stride)) {
        to.copy_from_slice(from.get(..width)?);
    }
    Some(planar)
}

/// Three bytes a pixel to 4:2:0; a chroma sample is the mean of its four pixels.
fn packed(bytes: &[u8], size: Size, rgb: impl Fn([u8; 3]) -> [u8; 3]) -> Option<Planar> {
    let (width, height) = (size.width as usize, size.height as usize);
    let (pairs, chroma_rows) = Chroma::Yuv420.plane(size);
    let stride = stride(bytes.len(), width * 3, height)?;
    let mut planar = empty(size, Chroma::Yuv420);
    let (luma, chroma) = planar.samples.split_at_mut(width * height);
    let (cb, cr) = chroma.split_at_mut(pairs * chroma_rows);
    let chroma = cb.chunks_exact_mut(pairs).zip(cr.chunks_exact_mut(pairs));
    let rows = bytes.chunks(stride * 2).zip(luma.chunks_mut(width * 2));
    for ((rows, luma), (cb, cr)) in rows.zip(chroma) {
        let mut sums = vec![[0_u32; 4]; pairs];
        for (row, luma) in rows.chunks(stride).zip(luma.chunks_exact_mut(width)) {
            let pixels = row.get(..width * 3)?.chunks(6).zip(luma.chunks_mut(2));
            for ((two, luma), sum) in pixels.zip(&mut sums) {
                for (pixel, luma) in two.chunks_exact(3).zip(luma) {
                    let [r, g, b] = rgb([pixel[0], pixel[1], pixel[2]]).map(u32::from);
                    *luma = ((77 * r + 150 * g + 29 * b + 128) >> 8) as u8;
                    *sum = [sum[0] + r, sum[1] + g, sum[2] + b, sum[3] + 1];
                }
            }
        }
        for (([r, g, b, count], cb), cr) in sums.into_iter().zip(cb).zip(cr) {
            let [r, g, b] = [r, g, b].map(|sum| (sum / count.max(1)) as i32);
            *cb = ((-43 * r - 85 * g + 128 * b + 128 + (128 << 8)) >> 8).clamp(0, 255) as u8;
            *cr = ((128 * r - 107 * g - 21 * b + 128 + (128 << 8)) >> 8).clamp(0, 255) as u8;
        }
    }
    Some(planar)
}

fn empty(size: Size, chroma: Chroma) -> Planar {
    Planar { size, chroma, samples: vec![0; chroma.bytes(size)] }
}

/// Bytes from one row to the next, `None` if there are too few or far too many.
///
/// nokhwa does not tell the driver's stride. A buffer longer than its rows is taken
/// to have padded rows if it divides evenly, else to have a tail up to a page.
fn stride(length: usize, row: usize, rows: usize) -> Option<usize> {
    let excess = length.checked_sub(row * rows)?;
    if excess % rows == 0 && excess / rows <= 256 {
        Some(row + excess / rows)
    } else {
        (excess < 4096).then_some(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size::new(width, height).unwrap()
    }

    #[test]
    fn yuyv_takes_its_samples_apart_and_widens_the_range() {
        let bytes = [16, 128, 235, 128, 126, 240, 126, 16];
        let planar = planes(Encoding::Yuyv, &bytes, size(2, 2)).unwrap();
        assert_eq!(planar.chroma, Chroma::Yuv422);
        assert_eq!(planar.samples, [0, 255, 128, 128, 128, 255, 128, 1]);
    }

    #[test]
    fn yuyv_of_odd_width_keeps_its_last_column() {
        let bytes = [16, 128, 16, 128, 235, 128, 99, 128];
        let planar = planes(Encoding::Yuyv, &bytes, size(3, 1)).unwrap();
        assert_eq!(planar.samples, [0, 0, 255, 128, 128, 128, 128]);
    }

    #[test]
    fn nv12_takes_its_chroma_apart() {
        let bytes = [16, 235, 126, 16, 240, 16];
        let planar = planes(Encoding::Nv12, &bytes, size(2, 2)).unwrap();
        assert_eq!(planar.chroma, Chroma::Yuv420);
        assert_eq!(planar.samples, [0, 255, 128, 0, 255, 1]);
    }

    #[test]
    fn nv12_of_odd_size_rounds_chroma_up() {
        let bytes = [[235; 4], [235; 4], [235; 4], [128; 4], [128; 4]].concat();
        let planar = planes(Encoding::Nv12, &bytes, size(3, 3)).unwrap();
        assert_eq!(planar.samples, [[255; 9].as_slice(), &[128; 8]].concat());
    }

    #[test]
    fn red_green_blue_become_the_primaries_of_jpeg() {
        for (rgb, ycc) in [
            ([255, 0, 0], [77, 85, 255]),
            ([0, 255, 0], [149, 43, 21]),
            ([0, 0, 255], [29, 255, 107]),
            ([255, 255, 255], [255, 128, 128]),
            ([0, 0, 0], [0, 128, 128]),
        ] {
            let bytes = rgb.repeat(9);
            let planar = planes(Encoding::Rgb, &bytes, size(3, 3)).unwrap();
            let expected = [[ycc[0]; 9].as_slice(), &[ycc[1]; 4], &[ycc[2]; 4]].concat();
            assert_eq!(planar.samples, expected, "{rgb:?}");
            let turned: Vec<u8> = bytes.iter().rev().copied().collect();
            assert_eq!(planes(Encoding::Bgr, &turned, size(3, 3)), Some(planar));
        }
    }

    #[test]
    fn gray_is_passed_on() {
        let planar = planes(Encoding::Gray, &[1, 2, 3, 4], size(2, 2)).unwrap();
        assert_eq!(
            planar,
            Planar { size: size(2, 2), chroma: Chroma::Gray, samples: vec![1, 2, 3, 4] }
        );
    }

    #[test]
    fn one_byte_short_is_refused_in_every_encoding() {
        for (encoding, whole) in [
            (Encoding::Yuyv, 4 * 2 * 2),
            (Encoding::Nv12, 4 * 3),
            (Encoding::Rgb, 4 * 2 * 3),
            (Encoding::Bgr, 4 * 2 * 3),
            (Encoding::Gray, 4 * 2),
        ] {
            let bytes = vec![128; whole];
            assert!(planes(encoding, &bytes, size(4, 2)).is_some(), "{encoding:?}");
            assert_eq!(planes(encoding, &bytes[1..], size(4, 2)), None, "{encoding:?}");
            assert_eq!(planes(encoding, &[], size(4, 2)), None, "{encoding:?}");
        }
        assert_eq!(planes(Encoding::Gray, &[0; 10_000], size(4, 2)), None, "far too long");
    }

    #[test]
    fn padded_rows_are_skipped() {
        let bytes = [[16, 16, 9, 9], [235, 235, 9, 9], [128, 128, 9, 9]].concat();
        let planar = planes(Encoding::Nv12, &bytes, size(2, 2)).unwrap();
        assert_eq!(planar.samples, [0, 0, 255, 255, 128, 128]);
    }
}
