//! Changes what blocks show: without colour, inverted, softer, sharper, or covered.
//!
//! Softer and sharper weigh frequencies, which is to each block what a small symmetric kernel is
//! whose samples beyond the block are the block's own, mirrored.

use super::turn::{Blocks, ZIGZAG};
use super::{Coefficients, Component, Entry, WHOLE};
use crate::jpeg::Colours;

/// A part of a stored picture, in pixels; right and bottom are the first ones outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patch {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// First column to the right of it.
    pub right: u32,
    /// First row under it.
    pub bottom: u32,
}

impl Coefficients {
    /// The luma alone.
    ///
    /// `None` if there is none: of red, green and blue, or where luma is not sampled finest.
    pub fn grey(&self) -> Option<Self> {
        let luma = *self.layout.components.first()?;
        let (mcu_width, mcu_height) = self.layout.mcu_pixels();
        let (across, down) = (usize::from(luma.across), usize::from(luma.down));
        let is_finest = (8 * across, 8 * down) == (mcu_width as usize, mcu_height as usize);
        if self.layout.colours == Colours::Rgb || !is_finest {
            return None;
        }
        let blocks = Blocks::of(self);
        let mut layout = self.layout.clone();
        layout.components = vec![Component { across: 1, down: 1, ..luma }];
        layout.colours = Colours::Gray;
        let (columns, rows) = layout.mcus();
        let mut entries = Vec::with_capacity(self.entries.len());
        for row in 0..rows {
            for column in 0..columns {
                let first = blocks.first_of(column / across, row / down);
                let within = row % down * across + column % across;
                entries.extend_from_slice(blocks.block(first + within));
            }
        }
        Some(Self { layout, entries })
    }

    /// Dark where it is light, and each colour its opposite. Within a step of luma's mean, or one
    /// of 255 where that is finer.
    #[must_use]
    pub fn inverted(&self) -> Self {
        let mut inverted = self.clone();
        // What was 255 - x is one less than what a change of sign brings.
        let lowered: Vec<i16> = (0..)
            .zip(&self.layout.components)
            .map(|(index, component)| {
                let is_colour = index > 0 && self.layout.colours != Colours::Rgb;
                let step = i32::from(self.layout.tables[usize::from(component.table)][0]);
                if is_colour { 0 } else { ((8 * 16 + step / 2 - 1) / step) as i16 }
            })
            .collect();
        let pattern = self.layout.pattern();
        let blocks = inverted.entries.chunk_by_mut(|_, next| next.place != 0);
        for (number, block) in blocks.enumerate() {
            let component = pattern[number % pattern.len()];
            for entry in block {
                let lowered = if entry.place == 0 { lowered[component] } else { 0 };
                entry.value = entry.value.saturating_neg().saturating_sub(lowered);
            }
        }
        inverted
    }

    /// Without its finest detail: as by the kernel 1 4 6 4 1 across and down.
    #[must_use]
    pub fn softer(&self) -> Self {
        self.weighed(|soft| soft)
    }

    /// With [`SHARPNESS`] of what [`softer`](Self::softer) takes away added.
    #[must_use]
    pub fn sharper(&self) -> Self {
        self.weighed(|soft| 1.0 + SHARPNESS * (1.0 - soft))
    }

    /// `gain` of what the soft kernel leaves of each frequency is what comes out of it.
    fn weighed(&self, gain: impl Fn(f64) -> f64) -> Self {
        let mut weighed = self.clone();
        let left = |frequency: u8| (std::f64::consts::PI * f64::from(frequency) / 16.0).cos();
        for (gains, (row, column)) in weighed.layout.gains.iter_mut().zip(ZIGZAG) {
            let soft = (left(row) * left(column)).powi(4);
            *gains = (gain(soft) * f64::from(WHOLE)).round() as u32;
        }
        weighed
    }

    /// The picture with these parts covered in one dark grey; they grow to whole MCUs. Nothing of
    /// what was there is left.
    #[must_use]
    pub fn covered(&self, patches: &[Patch]) -> Self {
        let (mcu_width, mcu_height) = self.layout.mcu_pixels();
        let (across, down) = self.layout.mcus();
        let mut hidden = vec![false; across * down];
        for patch in patches.iter().filter(|patch| patch.left < patch.right) {
            let first = (patch.left / mcu_width) as usize;
            let end = (patch.right.div_ceil(mcu_width) as usize).min(across);
            let rows = patch.bottom.div_ceil(mcu_height).min(down as u32);
            for row in (patch.top / mcu_height).min(rows)..rows {
                let row = row as usize * across;
                hidden[row + first.min(end)..row + end].fill(true);
            }
        }
        let means: Vec<i16> = (0..)
            .zip(&self.layout.components)
            .map(|(index, component)| {
                let is_colour = index > 0 && self.layout.colours != Colours::Rgb;
                let step = i32::from(self.layout.tables[usize::from(component.table)][0]);
                let mean = if is_colour { 0 } else { i32::from(COVER) - 128 };
                (mean * 8 * 16 / step) as i16
            })
            .collect();
        let pattern = self.layout.pattern();
        let mut entries = Vec::with_capacity(self.entries.len());
        let blocks = self.entries.chunk_by(|_, next| next.place != 0);
        for (number, block) in blocks.enumerate() {
            match hidden.get(number / pattern.len()) {
                Some(false) => entries.extend_from_slice(block),
                _ => {
                    let component = pattern[number % pattern.len()];
                    entries.push(Entry { place: 0, value: means[component] });
                }
            }
        }
        Self { layout: self.layout.clone(), entries }
    }
}

/// How much of the detail that [`Coefficients::softer`] takes away [`Coefficients::sharper`] adds.
pub(crate) const SHARPNESS: f64 = 0.8;
/// The luma of what is covered.
pub(crate) const COVER: u8 = 16;
