//! What filters do to planes. Pure arithmetic on samples.

use crate::jpeg::coefficients::SHARPNESS;
use crate::media::frame::{Chroma, Planar};

/// The luma alone.
pub(super) fn without_colour(mut planar: Planar) -> Planar {
    let luma = planar.luma().len();
    planar.samples.truncate(luma);
    Planar { chroma: Chroma::Gray, ..planar }
}

/// Dark where it is light, and each colour its opposite.
pub(super) fn inverted(mut planar: Planar) -> Planar {
    let luma = planar.luma().len();
    let (luma, chroma) = planar.samples.split_at_mut(luma);
    luma.iter_mut().for_each(|sample| *sample = 255 - *sample);
    chroma.iter_mut().for_each(|sample| *sample = (256 - u16::from(*sample)).min(255) as u8);
    planar
}

/// Each sample the mean of those around it, weighed by 1 4 6 4 1 across and down.
pub(super) fn blurred(planar: Planar) -> Planar {
    each_plane(planar, soft)
}

/// With some of what blurring takes away added.
pub(super) fn sharpened(planar: Planar) -> Planar {
    each_plane(planar, |plane, width| {
        let soft = soft(plane, width);
        let more = (SHARPNESS * 256.0) as i32;
        let pairs =
            plane.iter().zip(soft).map(|(whole, soft)| (i32::from(*whole), i32::from(soft)));
        pairs
            .map(|(whole, soft)| (whole + ((more * (whole - soft) + 128) >> 8)).clamp(0, 255) as u8)
            .collect()
    })
}

/// Light where the luma changes (by Sobel's two kernels), and dark elsewhere; without colour.
pub(super) fn edges(planar: Planar) -> Planar {
    let (width, height) = (planar.size.width as usize, planar.size.height as usize);
    let luma = planar.luma();
    let row = |y: usize| &luma[y * width..(y + 1) * width];
    let mut samples = Vec::with_capacity(luma.len());
    for y in 0..height {
        let (above, here, below) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(height - 1)));
        samples.extend((0..width).map(|x| {
            let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
            let of = |row: &[u8], x: usize| i32::from(row[x]);
            let down = |x: usize| of(above, x) + 2 * of(here, x) + of(below, x);
            let across = |row: &[u8]| of(row, left) + 2 * of(row, x) + of(row, right);
            let (dx, dy) = (down(right) - down(left), across(below) - across(above));
            ((dx.abs() + dy.abs()) / 2).min(255) as u8
        }));
    }
    Planar { size: planar.size, chroma: Chroma::Gray, samples }
}

/// Each plane by itself, as `change` makes it of its samples and its width.
fn each_plane(planar: Planar, change: impl Fn(&[u8], usize) -> Vec<u8>) -> Planar {
    let luma = planar.luma();
    let mut samples = change(luma, planar.size.width as usize);
    let (width, height) = planar.chroma.plane(planar.size);
    for plane in planar.samples[luma.len()..].chunks_exact((width * height).max(1)) {
        samples.extend(change(plane, width));
    }
    Planar { samples, ..planar }
}

fn soft(plane: &[u8], width: usize) -> Vec<u8> {
    let height = plane.len() / width.max(1);
    // Sixteen times the samples.
    let mut across = vec![0_u16; plane.len()];
    for (row, out) in plane.chunks_exact(width).zip(across.chunks_exact_mut(width)) {
        let at = |x: usize| u16::from(row[x.clamp(2, width + 1) - 2]);
        for (x, sum) in out.iter_mut().enumerate() {
            *sum = at(x) + 4 * at(x + 1) + 6 * at(x + 2) + 4 * at(x + 3) + at(x + 4);
        }
    }
    let row = |y: usize| {
        let y = y.clamp(2, height + 1) - 2;
        &across[y * width..(y + 1) * width]
    };
    let mut out = Vec::with_capacity(plane.len());
    for y in 0..height {
        let rows = [row(y), row(y + 1), row(y + 2), row(y + 3), row(y + 4)];
        out.extend((0..width).map(|x| {
            let [a, b, c, d, e] = rows.map(|row| u32::from(row[x]));
            ((a + 4 * b + 6 * c + 4 * d + e + 128) >> 8) as u8
        }));
    }
    out
}
