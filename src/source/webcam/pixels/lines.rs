//! Where the rows of a camera's planes stand in its buffer.
//!
//! A driver tells the stride of the first plane; those of chroma follow from it. nokhwa and some
//! drivers tell none: then the length of the buffer has to.

use crate::media::frame::{Chroma, Size};

/// Rows of one plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    stride: usize,
    width: usize,
    count: usize,
}

impl<'a> Lines<'a> {
    /// The rows at the front of `bytes`; `None` if there are too few bytes.
    fn at_front(bytes: &'a [u8], stride: usize, width: usize, count: usize) -> Option<Self> {
        // The last row may end with the buffer.
        let needed = stride.checked_mul(count.checked_sub(1)?)?.checked_add(width)?;
        (width > 0 && stride >= width && bytes.len() >= needed).then_some(Self {
            bytes,
            stride,
            width,
            count,
        })
    }

    /// What stands behind them.
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.stride * self.count..).unwrap_or_default()
    }

    /// All bytes, from the first row on.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Bytes from one row to the next.
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// The rows from the top, each as wide as the picture.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let width = self.width;
        self.bytes.chunks(self.stride).take(self.count).map(move |row| &row[..width])
    }

    /// A row, or the nearest that there is.
    pub(super) fn row(&self, at: usize) -> &'a [u8] {
        let start = at.min(self.count - 1) * self.stride;
        &self.bytes[start..start + self.width]
    }
}

/// The one plane of a packed picture whose rows have `row` bytes.
pub(super) fn packed(
    bytes: &[u8],
    told: Option<usize>,
    row: usize,
    rows: usize,
) -> Option<Lines<'_>> {
    let stride = match told {
        Some(told) if told >= row => told,
        _ => stride(bytes.len(), row, rows)?,
    };
    Lines::at_front(bytes, stride, row, rows)
}

/// Luma, Cb and Cr of 4:2:0 in three planes; the stride of chroma is half that of luma.
pub(super) fn planar(bytes: &[u8], told: Option<usize>, size: Size) -> Option<[Lines<'_>; 3]> {
    let (width, height) = (size.width as usize, size.height as usize);
    let (pairs, pair_rows) = Chroma::Yuv420.plane(size);
    let stride = match told {
        Some(told) if told >= width => told,
        _ if bytes.len() == width * height + 2 * pairs * pair_rows => width,
        _ => stride(bytes.len(), pairs * 2, height + pair_rows)?,
    };
    let half = stride.div_ceil(2).max(pairs);
    let luma = Lines::at_front(bytes, stride, width, height)?;
    let one = Lines::at_front(luma.rest(), half, pairs, pair_rows)?;
    let other = Lines::at_front(one.rest(), half, pairs, pair_rows)?;
    Some([luma, one, other])
}

/// Luma and interleaved chroma of 4:2:0.
pub(super) fn interleaved(bytes: &[u8], told: Option<usize>, size: Size) -> Option<[Lines<'_>; 2]> {
    let (width, height) = (size.width as usize, size.height as usize);
    let (pairs, pair_rows) = Chroma::Yuv420.plane(size);
    let stride = match told {
        Some(told) if told >= width => told,
        _ if bytes.len() == width * height + 2 * pairs * pair_rows => width,
        _ => stride(bytes.len(), pairs * 2, height + pair_rows)?,
    };
    let luma = Lines::at_front(bytes, stride, width, height)?;
    let chroma = Lines::at_front(luma.rest(), stride.max(pairs * 2), pairs * 2, pair_rows)?;
    Some([luma, chroma])
}

/// Bytes from one row to the next, by the buffer's length; `None` if there are too few or far too
/// many.
///
/// A buffer longer than its rows is taken to have padded rows if it divides evenly, else to have
/// a tail: up to a page, or rows that round the picture up, an eighth of it.
fn stride(length: usize, row: usize, rows: usize) -> Option<usize> {
    let all = row * rows;
    let excess = length.checked_sub(all)?;
    if excess.is_multiple_of(rows) && excess / rows <= 256 {
        Some(row + excess / rows)
    } else {
        (excess < 4096.max(all / 8)).then_some(row)
    }
}
