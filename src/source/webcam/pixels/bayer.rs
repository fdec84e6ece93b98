//! Makes pixels of what a sensor sees through its filters: one colour at each place, the others
//! from its neighbours, in straight lines between them.

use super::lines::Lines;
use super::rgb::{Order, to_planes};
use crate::media::frame::{Planar, Size};

/// What the first row of a sensor begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    /// Blue, then green.
    Blue,
    /// Green, then blue.
    GreenThenBlue,
    /// Green, then red.
    GreenThenRed,
    /// Red, then green.
    Red,
}

/// The planes of a sensor's picture; `None` if the library refuses them.
pub(super) fn bayer(lines: &Lines, size: Size, first: First, limited: bool) -> Option<Planar> {
    let (width, height) = (size.width as usize, size.height as usize);
    let mut window = [(); 3].map(|()| vec![0; width + 2]);
    to_planes(size, Order::RedFirst, limited, |row, pixels| {
        let odd = row % 2 == 1;
        let above = if row == 0 { 1 } else { row - 1 };
        let below = if row + 1 == height { row.saturating_sub(1) } else { row + 1 };
        for (to, from) in window.iter_mut().zip([above, row, below]) {
            mirror(lines.row(from), to);
        }
        let has_red = odd != matches!(first, First::Red | First::GreenThenRed);
        let green_first = odd != matches!(first, First::GreenThenBlue | First::GreenThenRed);
        if has_red {
            demosaic::<0>(&window, green_first, pixels);
        } else {
            demosaic::<2>(&window, green_first, pixels);
        }
    })
}

/// A row with a sample more at each end: the last but one again, which has the same colour as what
/// would stand there.
fn mirror(row: &[u8], out: &mut [u8]) {
    let last = row.len() - 1;
    out[1..=row.len()].copy_from_slice(row);
    out[0] = row[1.min(last)];
    out[row.len() + 1] = row[last.saturating_sub(1)];
}

/// One row, whose pixels have green and at `OWN` the colour that it has beside green, by turns.
fn demosaic<const OWN: usize>(
    [above, row, below]: &[Vec<u8>; 3],
    green_first: bool,
    pixels: &mut [[u8; 3]],
) {
    let sums = above.windows(3).zip(row.windows(3)).zip(below.windows(3));
    let mut is_green = green_first;
    for (((above, row), below), pixel) in sums.zip(pixels) {
        let wide = |sample: u8| u16::from(sample);
        let beside = wide(row[0]) + wide(row[2]);
        let over = wide(above[1]) + wide(below[1]);
        let corners = wide(above[0]) + wide(above[2]) + wide(below[0]) + wide(below[2]);
        (pixel[OWN], pixel[1], pixel[2 - OWN]) = if is_green {
            (((beside + 1) >> 1) as u8, row[1], ((over + 1) >> 1) as u8)
        } else {
            (row[1], ((beside + over + 2) >> 2) as u8, ((corners + 2) >> 2) as u8)
        };
        is_green = !is_green;
    }
}
