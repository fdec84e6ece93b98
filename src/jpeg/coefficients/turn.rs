//! Turns a picture by moving its blocks and the coefficients in them: nothing is lost.
//!
//! A mirrored block is one whose odd frequencies change their sign, and a transposed one is one
//! whose coefficients are. Only whole MCUs can stand at a left or an upper edge: what is left of
//! one at the edge that comes there is cut off, as `jpegtran -trim` does.

use super::{Coefficients, Component, Entry, Layout};
use crate::jpeg::{Orientation, Size};

impl Coefficients {
    /// The picture turned so, whatever way up it says that it is: that stays to be done before.
    ///
    /// `None` if there is less than one MCU, of which nothing would be left.
    pub fn turned(&self, by: Orientation) -> Option<Self> {
        let (mcu_width, mcu_height) = self.layout.mcu_pixels();
        let (from_right, from_bottom) = by.from_far();
        let Size { width, height } = self.layout.size;
        let kept = |side: u32, mcu: u32, moves: bool| if moves { side - side % mcu } else { side };
        let kept =
            Size::new(kept(width, mcu_width, from_right), kept(height, mcu_height, from_bottom))?;
        let (columns, rows) =
            (kept.width.div_ceil(mcu_width) as usize, kept.height.div_ceil(mcu_height) as usize);
        let layout = self.layout.turned(by, kept);
        let (source, steps) = (Blocks::of(self), Steps::of(by));
        let (across, down) = layout.mcus();
        let mut entries = Vec::with_capacity(self.entries.len());
        for y in 0..down {
            for x in 0..across {
                let (column, row) = if by.swaps_sides() { (y, x) } else { (x, y) };
                let column = if from_right { columns - 1 - column } else { column };
                let row = if from_bottom { rows - 1 - row } else { row };
                let mut first = source.first_of(column, row);
                for component in &self.layout.components {
                    for number in within(component, by) {
                        steps.append(source.block(first + number), &mut entries);
                    }
                    first += usize::from(component.across * component.down);
                }
            }
        }
        Some(Self { layout, entries })
    }
}

impl Layout {
    fn turned(&self, by: Orientation, kept: Size) -> Self {
        let mut turned = Self { size: by.turned(kept), ..self.clone() };
        if by.swaps_sides() {
            for component in &mut turned.components {
                (component.across, component.down) = (component.down, component.across);
            }
            for (new, old) in turned.tables.iter_mut().zip(&self.tables) {
                for (place, step) in old.iter().enumerate() {
                    new[usize::from(TRANSPOSED[place])] = *step;
                }
            }
        }
        turned
    }
}

/// The blocks of a component in an MCU by their numbers before, in the order of after.
fn within(component: &Component, by: Orientation) -> impl Iterator<Item = usize> + use<> {
    let (across, down) = (usize::from(component.across), usize::from(component.down));
    let (from_right, from_bottom) = by.from_far();
    let (columns, rows) = if by.swaps_sides() { (down, across) } else { (across, down) };
    (0..columns * rows).map(move |number| {
        let (x, y) = (number % columns, number / columns);
        let (column, row) = if by.swaps_sides() { (y, x) } else { (x, y) };
        let column = if from_right { across - 1 - column } else { column };
        let row = if from_bottom { down - 1 - row } else { row };
        row * across + column
    })
}

/// Where each block begins.
pub(super) struct Blocks<'a> {
    entries: &'a [Entry],
    starts: Vec<u32>,
    mcus_across: usize,
    of_mcu: usize,
}

impl<'a> Blocks<'a> {
    pub(super) fn of(coefficients: &'a Coefficients) -> Self {
        let entries = &coefficients.entries;
        let numbered = (0_u32..).zip(entries);
        let starts = numbered.filter(|(_, entry)| entry.place == 0).map(|(at, _)| at).collect();
        let (mcus_across, _) = coefficients.layout.mcus();
        let of_mcu = coefficients.layout.pattern().len();
        Self { entries, starts, mcus_across, of_mcu }
    }

    /// The number of the first block of an MCU.
    pub(super) fn first_of(&self, column: usize, row: usize) -> usize {
        (row * self.mcus_across + column) * self.of_mcu
    }

    /// A block; nothing beyond the last.
    pub(super) fn block(&self, number: usize) -> &'a [Entry] {
        let at = |number: usize| self.starts.get(number).map(|at| *at as usize);
        let end = at(number + 1).unwrap_or(self.entries.len());
        at(number).and_then(|start| self.entries.get(start..end)).unwrap_or_default()
    }
}

/// What becomes of each coefficient: its new place, and what it is multiplied by.
struct Steps {
    places: [u8; 64],
    signs: [i16; 64],
    is_transposed: bool,
}

impl Steps {
    fn of(by: Orientation) -> Self {
        let (from_right, from_bottom) = by.from_far();
        let is_transposed = by.swaps_sides();
        let places =
            std::array::from_fn(
                |place| {
                    if is_transposed { TRANSPOSED[place] } else { place as u8 }
                },
            );
        let signs = std::array::from_fn(|place| {
            let (row, column) = ZIGZAG[place];
            let is_turned = (from_right && column % 2 == 1) ^ (from_bottom && row % 2 == 1);
            if is_turned { -1 } else { 1 }
        });
        Self { places, signs, is_transposed }
    }

    fn append(&self, block: &[Entry], to: &mut Vec<Entry>) {
        let start = to.len();
        to.extend(block.iter().map(|entry| {
            let place = usize::from(entry.place & 63);
            let value = entry.value.saturating_mul(self.signs[place]);
            Entry { place: self.places[place], value }
        }));
        if self.is_transposed {
            // Each diagonal of the zigzag stays one, the other way round.
            let diagonal = |entry: &Entry| {
                let (row, column) = ZIGZAG[usize::from(entry.place)];
                row + column
            };
            let turned = &mut to[start..];
            turned
                .chunk_by_mut(|one, next| diagonal(one) == diagonal(next))
                .for_each(<[Entry]>::reverse);
        }
    }
}

/// The row and the column of each place in zigzag order (T.81 Figure A.6).
pub(super) const ZIGZAG: [(u8, u8); 64] = {
    let mut all = [(0, 0); 64];
    let (mut place, mut diagonal) = (0, 0_u8);
    while diagonal < 15 {
        let mut step = 0_u8;
        while step <= diagonal {
            // Upwards on even diagonals.
            let (row, column) = match diagonal % 2 {
                0 => (diagonal - step, step),
                _ => (step, diagonal - step),
            };
            if row < 8 && column < 8 {
                all[place] = (row, column);
                place += 1;
            }
            step += 1;
        }
        diagonal += 1;
    }
    all
};

/// By place: that of the coefficient on the other side of the main diagonal.
const TRANSPOSED: [u8; 64] = {
    let mut all = [0; 64];
    let mut place = 0;
    while place < 64 {
        let mut other = 0;
        while other < 64 {
            if ZIGZAG[other].0 == ZIGZAG[place].1 && ZIGZAG[other].1 == ZIGZAG[place].0 {
                all[place] = other as u8;
            }
            other += 1;
        }
        place += 1;
    }
    all
};
