//! Takes luma and chroma apart.

use super::colours::Correction;
use super::lines::Lines;
use crate::media::frame::{Chroma, Planar, Size};

/// In which order packed 4:2:2 has its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    /// Luma in the even bytes.
    pub(super) luma_first: bool,
    /// Cb before Cr.
    pub(super) cb_first: bool,
}

/// Packed 4:2:2.
pub(super) fn packed(lines: &Lines, size: Size, order: Order, correction: &Correction) -> Planar {
    let (width, height) = (size.width as usize, size.height as usize);
    let pairs = width.div_ceil(2);
    let mut planar = empty(size, Chroma::Yuv422);
    let (luma, chroma) = planar.samples.split_at_mut(width * height);
    let (cb, cr) = chroma.split_at_mut(pairs * height);
    let chroma = cb.chunks_exact_mut(pairs).zip(cr.chunks_exact_mut(pairs));
    // A row of odd width has luma for one more.
    let (mut wide, mut mixed) = (vec![0; pairs * 2], vec![0; pairs * 2]);
    for ((row, luma), (cb, cr)) in lines.iter().zip(luma.chunks_exact_mut(width)).zip(chroma) {
        if order.luma_first {
            split(row, &mut wide, &mut mixed);
        } else {
            split(row, &mut mixed, &mut wide);
        }
        luma.copy_from_slice(&wide[..width]);
        if order.cb_first {
            split(&mixed, cb, cr);
        } else {
            split(&mixed, cr, cb);
        }
        correction.correct(luma, width, cb, cr);
    }
    planar
}

/// 4:2:0 with interleaved chroma.
pub(super) fn interleaved(
    [luma_lines, chroma_lines]: &[Lines; 2],
    size: Size,
    cb_first: bool,
    correction: &Correction,
) -> Planar {
    subsampled(size, luma_lines, correction, |row, cb, cr| {
        if cb_first {
            split(chroma_lines.row(row), cb, cr);
        } else {
            split(chroma_lines.row(row), cr, cb);
        }
    })
}

/// 4:2:0 in three planes: luma, Cb, Cr.
pub(super) fn planar(
    [luma, cb_lines, cr_lines]: &[Lines; 3],
    size: Size,
    correction: &Correction,
) -> Planar {
    subsampled(size, luma, correction, |row, cb, cr| {
        cb.copy_from_slice(cb_lines.row(row));
        cr.copy_from_slice(cr_lines.row(row));
    })
}

/// Luma alone.
pub(super) fn grey(lines: &Lines, size: Size, correction: &Correction) -> Planar {
    let mut planar = empty(size, Chroma::Gray);
    let rows = planar.samples.chunks_exact_mut(size.width as usize);
    for (to, from) in rows.zip(lines.iter()) {
        to.copy_from_slice(from);
        correction.correct_grey(to);
    }
    planar
}

fn subsampled(
    size: Size,
    lines: &Lines,
    correction: &Correction,
    chroma_row: impl Fn(usize, &mut [u8], &mut [u8]),
) -> Planar {
    let (width, height) = (size.width as usize, size.height as usize);
    let (pairs, pair_rows) = Chroma::Yuv420.plane(size);
    let mut planar = empty(size, Chroma::Yuv420);
    let (luma, chroma) = planar.samples.split_at_mut(width * height);
    let (cb, cr) = chroma.split_at_mut(pairs * pair_rows);
    let chroma = cb.chunks_exact_mut(pairs).zip(cr.chunks_exact_mut(pairs));
    for ((row, luma), (cb, cr)) in luma.chunks_mut(width * 2).enumerate().zip(chroma) {
        for (line, luma) in luma.chunks_exact_mut(width).enumerate() {
            luma.copy_from_slice(lines.row(row * 2 + line));
        }
        chroma_row(row, cb, cr);
        correction.correct(luma, width, cb, cr);
    }
    planar
}

/// The even bytes and the odd ones. By words of two, which a vector takes apart at once.
fn split(bytes: &[u8], even: &mut [u8], odd: &mut [u8]) {
    let (words, _) = bytes.as_chunks::<2>();
    for ((word, even), odd) in words.iter().zip(even).zip(odd) {
        let word = u16::from_le_bytes(*word);
        (*even, *odd) = (word as u8, (word >> 8) as u8);
    }
}

pub(super) fn empty(size: Size, chroma: Chroma) -> Planar {
    Planar { size, chroma, samples: vec![0; chroma.bytes(size)] }
}
