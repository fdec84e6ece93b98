//! H.265: slice segment headers (§7.3.6), as far as their ends.

mod sets;

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::Unreadable;
use super::bits::Bits;
use sets::{Picture, References, Sequence, log2_up};

/// IDR pictures, with pictures that lead to them or without.
pub(super) const IDR: RangeInclusive<u8> = 19..=20;

/// The parameter sets that came by.
#[derive(Debug, Default)]
pub(super) struct Sets {
    sequences: HashMap<u32, Sequence>,
    pictures: HashMap<u32, Picture>,
}

/// A head that is being read.
struct Slice<'a, 'b> {
    bits: &'b mut Bits<'a>,
    sequence: &'b Sequence,
    picture: &'b Picture,
    /// B, P, I.
    sort: u32,
    has_temporal: bool,
    references: [u32; 2],
}

impl Sets {
    pub(super) fn head(&mut self, unit: &[u8]) -> Result<Option<usize>, Unreadable> {
        let Some([first, second]) = unit.first_chunk() else { return Ok(None) };
        // What other layers have is left as it is.
        if first & 1 != 0 || second >> 3 != 0 {
            return Ok(None);
        }
        match first >> 1 & 0x3f {
            kind @ (0..=9 | 16..=21) => self.slice(unit, kind).map(Some),
            33 => {
                let (id, sequence) = sets::sequence(&mut Bits::new(unit, 2))?;
                self.sequences.insert(id, sequence);
                Ok(None)
            }
            34 => {
                let (id, picture) = sets::picture(&mut Bits::new(unit, 2))?;
                self.pictures.insert(id, picture);
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    fn slice(&self, unit: &[u8], kind: u8) -> Result<usize, Unreadable> {
        let mut bits = Bits::new(unit, 2);
        let is_first = bits.bit()?;
        if kind >= 16 {
            bits.skip(1)?;
        }
        let picture = self.pictures.get(&bits.ue()?).ok_or(Unreadable)?;
        let sequence = self.sequences.get(&picture.sequence).ok_or(Unreadable)?;
        let mut is_dependent = false;
        if !is_first {
            is_dependent = picture.has_dependent && bits.bit()?;
            bits.skip(sequence.address_bits)?;
        }
        if !is_dependent {
            let mut slice = Slice {
                bits: &mut bits,
                sequence,
                picture,
                sort: I,
                has_temporal: false,
                references: picture.references,
            };
            slice.own(IDR.contains(&kind))?;
        }
        if picture.has_entry_points {
            let count = bits.ue_to(1 << 16)?;
            if count > 0 {
                let length = bits.ue_to(31)? + 1;
                (0..count).try_for_each(|_| bits.skip(length))?;
            }
        }
        if picture.has_extension {
            let count = bits.ue_to(256)?;
            bits.skip(8 * count)?;
        }
        // The alignment is the header's own: a whole byte where it ends with one.
        if bits.is_aligned() {
            bits.skip(8)?;
        }
        Ok(bits.bytes())
    }
}

impl Slice<'_, '_> {
    /// What a slice that depends on no other says.
    fn own(&mut self, is_idr: bool) -> Result<(), Unreadable> {
        self.bits.skip(self.picture.extra_bits)?;
        self.sort = self.bits.ue_to(I)?;
        if self.picture.has_output {
            self.bits.skip(1)?;
        }
        if self.sequence.has_separate_planes {
            self.bits.skip(2)?;
        }
        let used = if is_idr { 0 } else { self.order()? };
        let mut is_filtered = false;
        if self.sequence.has_sao {
            is_filtered = self.bits.bit()?;
            is_filtered |= self.sequence.has_chroma && self.bits.bit()?;
        }
        if self.sort != I {
            self.prediction(used)?;
        }
        self.bits.se()?;
        if self.picture.has_chroma_offsets {
            self.bits.se()?;
            self.bits.se()?;
        }
        if self.picture.has_chroma_list {
            self.bits.skip(1)?;
        }
        let mut is_unfiltered = self.picture.is_unfiltered;
        if self.picture.may_override && self.bits.bit()? {
            is_unfiltered = self.bits.bit()?;
            if !is_unfiltered {
                self.bits.se()?;
                self.bits.se()?;
            }
        }
        if self.picture.filters_across && (is_filtered || !is_unfiltered) {
            self.bits.skip(1)?;
        }
        Ok(())
    }

    /// When it is shown and what is kept for it; returns how many pictures it refers to.
    fn order(&mut self) -> Result<u32, Unreadable> {
        let (bits, sequence) = (&mut *self.bits, self.sequence);
        bits.skip(sequence.order_bits)?;
        let mut used = match bits.bit()? {
            false => References::parse(bits, &sequence.near, true)?.used(),
            true => {
                let count = sequence.near.len() as u32;
                let at = bits.u(log2_up(count))?;
                sequence.near.get(at as usize).ok_or(Unreadable)?.used()
            }
        };
        if sequence.has_far {
            let known = sequence.far.len() as u32;
            let of_sequence = if known > 0 { bits.ue_to(known)? } else { 0 };
            let own = bits.ue_to(32)?;
            for number in 0..of_sequence + own {
                let is_used = if number < of_sequence {
                    let at = bits.u(log2_up(known))?;
                    *sequence.far.get(at as usize).ok_or(Unreadable)?
                } else {
                    bits.skip(sequence.order_bits)?;
                    bits.bit()?
                };
                used += u32::from(is_used);
                if bits.bit()? {
                    bits.ue()?;
                }
            }
        }
        if sequence.has_temporal {
            self.has_temporal = bits.bit()?;
        }
        Ok(used)
    }

    /// What pictures with references say of them.
    fn prediction(&mut self, used: u32) -> Result<(), Unreadable> {
        let lists = if self.sort == B { 2 } else { 1 };
        let bits = &mut *self.bits;
        if bits.bit()? {
            for count in &mut self.references[..lists] {
                *count = bits.ue_to(14)? + 1;
            }
        }
        if self.picture.has_modification && used > 1 {
            for count in &self.references[..lists] {
                if bits.bit()? {
                    bits.skip(count * log2_up(used))?;
                }
            }
        }
        if self.sort == B {
            bits.skip(1)?;
        }
        if self.picture.has_cabac {
            bits.skip(1)?;
        }
        if self.has_temporal {
            let is_second = self.sort == B && !bits.bit()?;
            if self.references[usize::from(is_second)] > 1 {
                bits.ue()?;
            }
        }
        let picture = self.picture;
        if if self.sort == B { picture.is_bipred_weighted } else { picture.is_weighted } {
            self.weights(lists)?;
        }
        self.bits.ue().map(drop)
    }

    /// `pred_weight_table` (§7.3.6.3).
    fn weights(&mut self, lists: usize) -> Result<(), Unreadable> {
        let (bits, has_chroma) = (&mut *self.bits, self.sequence.has_chroma);
        bits.ue()?;
        if has_chroma {
            bits.se()?;
        }
        for count in &self.references[..lists] {
            let light = bits.u(*count)?;
            let colour = if has_chroma { bits.u(*count)? } else { 0 };
            for picture in (0..*count).rev() {
                let of_light = if light >> picture & 1 == 1 { 2 } else { 0 };
                let of_colour = if colour >> picture & 1 == 1 { 4 } else { 0 };
                (0..of_light + of_colour).try_for_each(|_| bits.se().map(drop))?;
            }
        }
        Ok(())
    }
}

const B: u32 = 0;
const I: u32 = 2;
