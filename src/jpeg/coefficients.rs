//! A JPEG at lower qualities without decoding it: its DCT coefficients, quantised anew.
//!
//! ```text
//! JPEG ──read──► coefficients ──requantized(level)──► JPEG of each level
//! ```
//!
//! A decoder would undo the Huffman code, the quantisation, the DCT and the subsampling, and
//! an encoder do all of them again. Only the quantisation differs between levels, so only the
//! Huffman code is undone here ([`Coefficients::read`], once a frame). Most coefficients of a
//! camera's picture are zero, and only the others are kept: what a level costs grows with the
//! size of the JPEG, not with its pixels. The outcome is as good as decoding and encoding, or
//! a little better: nothing is rounded to pixels on the way.
//!
//! Baseline JPEGs in one scan only (ITU-T T.81, SOF0), which is what cameras make, and such of
//! 12 bits (SOF1), which come out with 8; for others there is [`crate::media::codec`]. Pure;
//! called by the encode threads, and for masks by the source's.
//!
//! What can be done to a picture without a loss, or block by block, is done here as well: turned
//! ([`Coefficients::turned`]), grey, inverted, softer, sharper, and covered by patches.

use std::sync::Arc;

use super::{Broken, Colours, Orientation, Quality, Size};

mod bits;
mod change;
mod header;
mod huffman;
mod read;
mod turn;
mod write;

pub use change::Patch;
pub(crate) use change::{COVER, SHARPNESS};

/// The quantised DCT coefficients of a JPEG that are not zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coefficients {
    layout: Layout,
    /// Block after block in the order of the scan.
    entries: Vec<Entry>,
}

/// One coefficient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    /// Its place in zigzag order, 0 to 63. Each block starts with place 0, its DC, even if that
    /// is zero.
    place: u8,
    /// What the Huffman code said; of a DC, not the difference but the sum.
    value: i16,
}

/// What the headers say.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Layout {
    size: Size,
    /// One or three; the first is luma.
    components: Vec<Component>,
    /// Steps in zigzag order, in sixteenths of those of 8-bit samples.
    tables: [[u16; 64]; 4],
    /// What the components are.
    colours: Colours,
    /// How it has to be turned.
    orientation: Orientation,
    /// By place: how much of each coefficient comes out, in parts of 65536.
    gains: [u32; 64],
}

/// A colour component (T.81 B.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Component {
    id: u8,
    /// Blocks of an MCU, across and down.
    across: u8,
    down: u8,
    /// Which quantisation table it has.
    table: u8,
}

impl Coefficients {
    /// Reads the entropy-coded data of a whole JPEG.
    ///
    /// # Errors
    ///
    /// [`Broken`] if it is broken anywhere, or is of another sort than baseline in one scan.
    pub fn read(jpeg: &[u8]) -> Result<Self, Broken> {
        let header = header::read(jpeg)?;
        let entries = read::entries(&header, jpeg)?;
        Ok(Self { layout: header.layout, entries })
    }

    /// How the picture has to be turned to be seen upright.
    pub fn orientation(&self) -> Orientation {
        self.layout.orientation
    }

    /// The same that says that it is upright, after it was turned so.
    #[must_use]
    pub fn upright(mut self) -> Self {
        self.layout.orientation = Orientation::UPRIGHT;
        self
    }

    /// The picture at another quality, as a JPEG with libjpeg's tables of that quality.
    ///
    /// Where the source's table is coarser, it stays: finer steps would cost bits and bring
    /// nothing back.
    pub fn requantized(&self, quality: Quality) -> Arc<[u8]> {
        write::jpeg(self, quality)
    }

    /// The luma at an eighth of its size, row by row: the DC of each block is its mean.
    pub fn thumbnail(&self) -> (Size, Vec<u8>) {
        let Size { width, height } = self.layout.size;
        let size = Size { width: width.div_ceil(8), height: height.div_ceil(8) };
        let (columns, rows) = (size.width as usize, size.height as usize);
        let luma = self.layout.components[0];
        let step = i32::from(self.layout.tables[usize::from(luma.table)][0]);
        let (mcus_across, _) = self.layout.mcus();
        let (across, down) = (usize::from(luma.across), usize::from(luma.down));
        let pattern = self.layout.pattern();
        let mut samples = vec![0; columns * rows];
        let blocks = self.entries.iter().filter(|entry| entry.place == 0);
        for (number, dc) in blocks.enumerate() {
            let (mcu, within) = (number / pattern.len(), number % pattern.len());
            if within >= across * down {
                continue;
            }
            let column = mcu % mcus_across * across + within % across;
            let row = mcu / mcus_across * down + within / across;
            if column < columns && row < rows {
                let mean = (i32::from(dc.value) * step / 16 + 4).div_euclid(8) + 128;
                samples[row * columns + column] = mean.clamp(0, 255) as u8;
            }
        }
        (size, samples)
    }
}

impl Layout {
    /// How many MCUs there are across and down (T.81 A.2).
    fn mcus(&self) -> (usize, usize) {
        let (across, down) = self.mcu_pixels();
        let Size { width, height } = self.size;
        (width.div_ceil(across) as usize, height.div_ceil(down) as usize)
    }

    /// How many pixels an MCU covers, across and down.
    fn mcu_pixels(&self) -> (u32, u32) {
        let most = |factor: fn(&Component) -> u8| {
            self.components.iter().map(factor).max().map_or(1, u32::from)
        };
        (8 * most(|one| one.across), 8 * most(|one| one.down))
    }

    /// Which component each block of an MCU belongs to.
    fn pattern(&self) -> Vec<usize> {
        let blocks = |component: &Component| usize::from(component.across * component.down);
        let runs = self.components.iter().enumerate();
        runs.flat_map(|(index, component)| vec![index; blocks(component)]).collect()
    }
}

/// What comes out of each coefficient if nothing is changed: all of it.
const WHOLE: u32 = 1 << 16;

#[cfg(test)]
mod tests;
