//! Makes planes smaller, turns them, subsamples their chroma, and pads them to whole blocks.
//!
//! Pure arithmetic on samples, for pictures that are encoded anew ([`super::fit`]).
//! A camera's JPEG is better scaled while it is decoded ([`super::codec`]).

use std::borrow::Cow;

use super::frame::{Chroma, Orientation, Planar, Size};

/// The picture with its sides divided by `factor` and rounded up, each sample the mean of
/// those that it stands for.
pub fn reduced(planar: Cow<'_, Planar>, factor: u32) -> Planar {
    if factor <= 1 {
        return planar.into_owned();
    }
    let Size { width, height } = planar.size;
    let size = Size { width: width.div_ceil(factor), height: height.div_ceil(factor) };
    resampled(&planar, size, planar.chroma)
}

/// The picture as 4:2:0 unless it is 4:2:2 or so already; without chroma, it gets a neutral one.
pub fn subsampled(planar: Planar) -> Planar {
    match planar.chroma {
        Chroma::Yuv420 | Chroma::Yuv422 => planar,
        Chroma::Yuv444 | Chroma::Yuv440 => resampled(&planar, planar.size, Chroma::Yuv420),
        Chroma::Gray => {
            let chroma = Chroma::Yuv420;
            let mut samples = planar.samples;
            samples.resize(chroma.bytes(planar.size), NEUTRAL);
            Planar { size: planar.size, chroma, samples }
        }
    }
}

/// The picture turned as Exif asks for, so that it is upright as it is.
pub fn turned(planar: Planar, orientation: Orientation) -> Planar {
    if orientation == Orientation::UPRIGHT {
        return planar;
    }
    let chroma = match planar.chroma {
        Chroma::Yuv422 if orientation.swaps_sides() => Chroma::Yuv440,
        Chroma::Yuv440 if orientation.swaps_sides() => Chroma::Yuv422,
        same => same,
    };
    let size = orientation.turned(planar.size);
    let mut samples = Vec::with_capacity(planar.samples.len());
    for (plane, (width, height), _) in planes(&planar, planar.size, planar.chroma) {
        turn(plane, width, height, orientation, &mut samples);
    }
    Planar { size, chroma, samples }
}

/// Appends a plane, turned.
fn turn(plane: &[u8], width: usize, height: usize, by: Orientation, out: &mut Vec<u8>) {
    let (across, down) = if by.swaps_sides() { (height, width) } else { (width, height) };
    let (from_right, from_bottom) = by.from_far();
    for y in 0..down {
        for x in 0..across {
            let (column, row) = if by.swaps_sides() { (y, x) } else { (x, y) };
            let column = if from_right { width - 1 - column } else { column };
            let row = if from_bottom { height - 1 - row } else { row };
            out.push(plane[row * width + column]);
        }
    }
}

/// The picture with its last column and row repeated up to multiples of 8.
pub fn padded_to_blocks(planar: Planar) -> Planar {
    let Size { width, height } = planar.size;
    let size = Size { width: width.next_multiple_of(8), height: height.next_multiple_of(8) };
    if size == planar.size {
        return planar;
    }
    let mut samples = Vec::with_capacity(planar.chroma.bytes(size));
    for (plane, from, to) in planes(&planar, size, planar.chroma) {
        let rows = plane.chunks_exact(from.0.max(1));
        let last = rows.clone().next_back();
        for row in rows.chain(std::iter::repeat_n(last, to.1).flatten()).take(to.1) {
            samples.extend_from_slice(row);
            let edge = row.last().copied().unwrap_or(NEUTRAL);
            samples.extend(std::iter::repeat_n(edge, to.0 - from.0));
        }
    }
    Planar { size, chroma: planar.chroma, samples }
}

/// The picture with each plane brought to another size that is not larger.
fn resampled(planar: &Planar, size: Size, chroma: Chroma) -> Planar {
    let mut samples = Vec::with_capacity(chroma.bytes(size));
    for (plane, from, to) in planes(planar, size, chroma) {
        shrink(plane, from, to, &mut samples);
    }
    Planar { size, chroma, samples }
}

/// Each plane with its own width and height, and those it has at `size` and `chroma`.
fn planes(
    planar: &Planar,
    size: Size,
    chroma: Chroma,
) -> impl Iterator<Item = (&[u8], (usize, usize), (usize, usize))> {
    let luma = planar.luma();
    let from = planar.chroma.plane(planar.size);
    let chroma_planes = planar.samples.get(luma.len()..).unwrap_or_default();
    let (cb, cr) = chroma_planes.split_at(chroma_planes.len() / 2);
    let sides = |size: Size| (size.width as usize, size.height as usize);
    let y = (luma, sides(planar.size), sides(size));
    let to = chroma.plane(size);
    [y, (cb, from, to), (cr, from, to)].into_iter().filter(|(plane, ..)| !plane.is_empty())
}

/// Appends a plane made smaller: each sample is the mean of a box of the larger plane.
fn shrink(plane: &[u8], from: (usize, usize), to: (usize, usize), out: &mut Vec<u8>) {
    let step_x = from.0.div_ceil(to.0.max(1)).max(1);
    let step_y = from.1.div_ceil(to.1.max(1)).max(1);
    let mut sums = vec![0_u32; to.0];
    for band in plane.chunks(from.0.max(1) * step_y).take(to.1) {
        sums.fill(0);
        for row in band.chunks_exact(from.0.max(1)) {
            for (sum, samples) in sums.iter_mut().zip(row.chunks(step_x)) {
                *sum += samples.iter().map(|&sample| u32::from(sample)).sum::<u32>();
            }
        }
        let rows = band.len() / from.0.max(1);
        out.extend(sums.iter().enumerate().map(|(column, sum)| {
            let columns = step_x.min(from.0 - (column * step_x).min(from.0 - 1));
            let count = (columns * rows) as u32;
            ((sum + count / 2) / count) as u8
        }));
    }
}

/// The chroma of grey.
const NEUTRAL: u8 = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, chroma: Chroma) -> Planar {
        let size = Size { width, height };
        let samples = (0..chroma.bytes(size)).map(|at| (at * 7 % 251) as u8).collect();
        Planar { size, chroma, samples }
    }

    const ALL: [Chroma; 5] =
        [Chroma::Yuv420, Chroma::Yuv422, Chroma::Yuv444, Chroma::Yuv440, Chroma::Gray];

    #[test]
    fn every_size_and_sampling_has_the_samples_it_should() {
        for chroma in ALL {
            for (width, height) in [(1, 1), (1, 17), (16, 3), (31, 33), (64, 64), (97, 2)] {
                let planar = picture(width, height, chroma);
                for factor in [1, 2, 3, 7, 100] {
                    let small = reduced(Cow::Borrowed(&planar), factor);
                    let wanted = (width.div_ceil(factor), height.div_ceil(factor));
                    assert_eq!((small.size.width, small.size.height), wanted);
                    assert_eq!(
                        small.samples.len(),
                        chroma.bytes(small.size),
                        "{chroma:?} {wanted:?}"
                    );
                }
                let planar = subsampled(planar);
                assert!(matches!(planar.chroma, Chroma::Yuv420 | Chroma::Yuv422));
                assert_eq!(planar.samples.len(), planar.chroma.bytes(planar.size));
                let padded = padded_to_blocks(planar);
                assert_eq!((padded.size.width % 8, padded.size.height % 8), (0, 0));
                assert_eq!(padded.samples.len(), padded.chroma.bytes(padded.size));
            }
        }
    }

    #[test]
    fn reduced_samples_are_means() {
        let size = Size { width: 4, height: 2 };
        let samples = vec![0, 10, 20, 30, 10, 20, 30, 40];
        let planar = Planar { size, chroma: Chroma::Gray, samples };
        assert_eq!(reduced(Cow::Borrowed(&planar), 2).samples, [10, 30]);
        assert_eq!(reduced(Cow::Borrowed(&planar), 3).samples, [10, 30]);
    }

    #[test]
    fn chroma_is_halved_and_grey_is_neutral() {
        let size = Size { width: 2, height: 2 };
        let samples = vec![1, 2, 3, 4, 10, 20, 30, 40, 100, 100, 200, 200];
        let whole = Planar { size, chroma: Chroma::Yuv444, samples };
        assert_eq!(subsampled(whole).samples, [1, 2, 3, 4, 25, 150]);
        let gray = Planar { size, chroma: Chroma::Gray, samples: vec![1, 2, 3, 4] };
        assert_eq!(subsampled(gray).samples, [1, 2, 3, 4, 128, 128]);
    }

    #[test]
    fn each_orientation_brings_the_stored_rows_and_columns_where_exif_says() {
        // Stored:  1 2 3
        //          4 5 6
        let size = Size { width: 3, height: 2 };
        let stored = Planar { size, chroma: Chroma::Gray, samples: vec![1, 2, 3, 4, 5, 6] };
        for (tag, width, upright) in [
            (1, 3, [1, 2, 3, 4, 5, 6]),
            (2, 3, [3, 2, 1, 6, 5, 4]),
            (3, 3, [6, 5, 4, 3, 2, 1]),
            (4, 3, [4, 5, 6, 1, 2, 3]),
            (5, 2, [1, 4, 2, 5, 3, 6]),
            (6, 2, [4, 1, 5, 2, 6, 3]),
            (7, 2, [6, 3, 5, 2, 4, 1]),
            (8, 2, [3, 6, 2, 5, 1, 4]),
        ] {
            let turned = turned(stored.clone(), Orientation::from_tag(tag).unwrap());
            assert_eq!((turned.size.width, &turned.samples[..]), (width, &upright[..]), "{tag}");
        }
    }

    #[test]
    fn every_sampling_can_be_turned() {
        for chroma in ALL {
            for orientation in Orientation::all() {
                let turned = turned(picture(31, 17, chroma), orientation);
                assert_eq!(turned.size, orientation.turned(Size { width: 31, height: 17 }));
                assert_eq!(turned.samples.len(), turned.chroma.bytes(turned.size), "{chroma:?}");
            }
        }
    }

    #[test]
    fn turned_twice_is_turned_by_both() {
        for chroma in ALL {
            for one in Orientation::all() {
                for other in Orientation::all() {
                    let twice = turned(turned(picture(30, 18, chroma), one), other);
                    let once = turned(picture(30, 18, chroma), one.then(other));
                    assert_eq!(twice, once, "{chroma:?} {one:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn edge_is_repeated() {
        let size = Size { width: 7, height: 1 };
        let planar = Planar { size, chroma: Chroma::Gray, samples: vec![1, 2, 3, 4, 5, 6, 7] };
        assert_eq!(padded_to_blocks(planar).samples, [1, 2, 3, 4, 5, 6, 7, 7].repeat(8));
    }
}
