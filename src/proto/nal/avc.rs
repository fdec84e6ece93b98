//! H.264: parameter sets (§7.3.2.1, §7.3.2.2) and slice headers (§7.3.3), as far as the latters' ends.

use std::collections::HashMap;

use super::Unreadable;
use super::bits::Bits;

/// A slice of an IDR picture.
pub(super) const IDR: u8 = 5;

/// The parameter sets that came by.
#[derive(Debug, Default)]
pub(super) struct Sets {
    sequences: HashMap<u32, Sequence>,
    pictures: HashMap<u32, Picture>,
}

#[derive(Debug, Clone, Copy)]
struct Sequence {
    has_chroma: bool,
    has_separate_planes: bool,
    frame_number_bits: u32,
    order_type: u32,
    order_bits: u32,
    is_order_always_zero: bool,
    has_fields: bool,
}

#[derive(Debug, Clone, Copy)]
struct Picture {
    sequence: u32,
    is_cabac: bool,
    has_field_order: bool,
    references: [u32; 2],
    is_weighted: bool,
    bipredicted: u32,
    has_deblocking: bool,
    has_redundant: bool,
}

/// P, B, I, SP and SI, as `slice_type` modulo 5 has them.
mod sort {
    pub(super) const P: u32 = 0;
    pub(super) const B: u32 = 1;
    pub(super) const SP: u32 = 3;
    pub(super) const SI: u32 = 4;
}

impl Sets {
    pub(super) fn head(&mut self, unit: &[u8]) -> Result<Option<usize>, Unreadable> {
        let Some(first) = unit.first() else { return Ok(None) };
        match first & 0x1f {
            1 | 5 => self.slice(unit, *first).map(Some),
            // Data partitions: a profile that no player has.
            2..=4 => Err(Unreadable),
            7 => {
                let (id, sequence) = sequence(&mut Bits::new(unit, 1))?;
                self.sequences.insert(id, sequence);
                Ok(None)
            }
            8 => {
                let (id, picture) = picture(&mut Bits::new(unit, 1))?;
                self.pictures.insert(id, picture);
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    fn slice(&self, unit: &[u8], first: u8) -> Result<usize, Unreadable> {
        let is_idr = first & 0x1f == IDR;
        let is_reference = first & 0x60 != 0;
        let mut bits = Bits::new(unit, 1);
        bits.ue()?;
        let sort = bits.ue_to(9)? % 5;
        let picture = self.pictures.get(&bits.ue()?).ok_or(Unreadable)?;
        let sequence = self.sequences.get(&picture.sequence).ok_or(Unreadable)?;
        if sequence.has_separate_planes {
            bits.skip(2)?;
        }
        bits.skip(sequence.frame_number_bits)?;
        let is_field = sequence.has_fields && bits.bit()?;
        if is_field {
            bits.skip(1)?;
        }
        if is_idr {
            bits.ue()?;
        }
        if sequence.order_type == 0 {
            bits.skip(sequence.order_bits)?;
            if picture.has_field_order && !is_field {
                bits.se()?;
            }
        }
        if sequence.order_type == 1 && !sequence.is_order_always_zero {
            bits.se()?;
            if picture.has_field_order && !is_field {
                bits.se()?;
            }
        }
        if picture.has_redundant {
            bits.ue()?;
        }
        if sort == sort::B {
            bits.skip(1)?;
        }
        let lists = match sort {
            sort::P | sort::SP => 1,
            sort::B => 2,
            _ => 0,
        };
        let references = references(&mut bits, picture, lists)?;
        (0..lists).try_for_each(|_| reordering(&mut bits))?;
        let weighs = if sort == sort::B { picture.bipredicted == 1 } else { picture.is_weighted };
        if weighs && lists > 0 {
            weights(&mut bits, &references[..lists], has_chroma_array(sequence))?;
        }
        if is_reference {
            marking(&mut bits, is_idr)?;
        }
        if picture.is_cabac && lists > 0 {
            bits.ue_to(2)?;
        }
        bits.se()?;
        if sort == sort::SP {
            bits.skip(1)?;
        }
        if sort == sort::SP || sort == sort::SI {
            bits.se()?;
        }
        if picture.has_deblocking && bits.ue_to(2)? != 1 {
            bits.se()?;
            bits.se()?;
        }
        Ok(bits.bytes())
    }
}

fn has_chroma_array(sequence: &Sequence) -> bool {
    sequence.has_chroma && !sequence.has_separate_planes
}

/// How many pictures a slice refers to, in each list.
fn references(
    bits: &mut Bits<'_>,
    picture: &Picture,
    lists: usize,
) -> Result<[u32; 2], Unreadable> {
    let mut references = picture.references;
    if lists > 0 && bits.bit()? {
        for count in &mut references[..lists] {
            *count = bits.ue_to(31)? + 1;
        }
    }
    Ok(references)
}

/// `ref_pic_list_modification` of one list (§7.3.3.1).
fn reordering(bits: &mut Bits<'_>) -> Result<(), Unreadable> {
    if bits.bit()? {
        for _ in 0..MOST_COMMANDS {
            if bits.ue_to(3)? == 3 {
                return Ok(());
            }
            bits.ue()?;
        }
        return Err(Unreadable);
    }
    Ok(())
}

/// `pred_weight_table` (§7.3.3.2).
fn weights(bits: &mut Bits<'_>, references: &[u32], has_chroma: bool) -> Result<(), Unreadable> {
    bits.ue()?;
    if has_chroma {
        bits.ue()?;
    }
    for count in references {
        for _ in 0..*count {
            if bits.bit()? {
                bits.se()?;
                bits.se()?;
            }
            if has_chroma && bits.bit()? {
                (0..4).try_for_each(|_| bits.se().map(drop))?;
            }
        }
    }
    Ok(())
}

/// `dec_ref_pic_marking` (§7.3.3.3).
fn marking(bits: &mut Bits<'_>, is_idr: bool) -> Result<(), Unreadable> {
    if is_idr {
        return bits.skip(2);
    }
    if bits.bit()? {
        for _ in 0..MOST_COMMANDS {
            match bits.ue_to(6)? {
                0 => return Ok(()),
                3 => {
                    bits.ue()?;
                    bits.ue()?;
                }
                5 => {}
                _ => drop(bits.ue()?),
            }
        }
        return Err(Unreadable);
    }
    Ok(())
}

fn sequence(bits: &mut Bits<'_>) -> Result<(u32, Sequence), Unreadable> {
    let profile = bits.u(8)?;
    bits.skip(16)?;
    let id = bits.ue_to(31)?;
    let (mut chroma, mut has_separate_planes) = (1, false);
    if HIGH.contains(&profile) {
        chroma = bits.ue_to(3)?;
        has_separate_planes = chroma == 3 && bits.bit()?;
        bits.ue()?;
        bits.ue()?;
        bits.skip(1)?;
        if bits.bit()? {
            let lists = if chroma == 3 { 12 } else { 8 };
            (0..lists).try_for_each(|list| scaling(bits, if list < 6 { 16 } else { 64 }))?;
        }
    }
    let frame_number_bits = bits.ue_to(12)? + 4;
    let order_type = bits.ue_to(2)?;
    let (mut order_bits, mut is_order_always_zero) = (0, false);
    if order_type == 0 {
        order_bits = bits.ue_to(12)? + 4;
    } else if order_type == 1 {
        is_order_always_zero = bits.bit()?;
        bits.se()?;
        bits.se()?;
        let count = bits.ue_to(255)?;
        (0..count).try_for_each(|_| bits.se().map(drop))?;
    }
    bits.ue()?;
    bits.skip(1)?;
    bits.ue()?;
    bits.ue()?;
    let has_fields = !bits.bit()?;
    let sequence = Sequence {
        has_chroma: chroma != 0,
        has_separate_planes,
        frame_number_bits,
        order_type,
        order_bits,
        is_order_always_zero,
        has_fields,
    };
    Ok((id, sequence))
}

/// A scaling list (§7.3.2.1.1.1).
fn scaling(bits: &mut Bits<'_>, count: usize) -> Result<(), Unreadable> {
    if !bits.bit()? {
        return Ok(());
    }
    let (mut last, mut next) = (8_i32, 8_i32);
    for _ in 0..count {
        if next != 0 {
            next = last.wrapping_add(bits.se()?) & 0xff;
        }
        last = if next == 0 { last } else { next };
    }
    Ok(())
}

fn picture(bits: &mut Bits<'_>) -> Result<(u32, Picture), Unreadable> {
    let id = bits.ue_to(255)?;
    let sequence = bits.ue_to(31)?;
    let is_cabac = bits.bit()?;
    let has_field_order = bits.bit()?;
    // Groups of slices: a profile that no player has.
    if bits.ue()? != 0 {
        return Err(Unreadable);
    }
    let references = [bits.ue_to(31)? + 1, bits.ue_to(31)? + 1];
    let is_weighted = bits.bit()?;
    let bipredicted = bits.u(2)?;
    (0..3).try_for_each(|_| bits.se().map(drop))?;
    let has_deblocking = bits.bit()?;
    bits.skip(1)?;
    let has_redundant = bits.bit()?;
    let picture = Picture {
        sequence,
        is_cabac,
        has_field_order,
        references,
        is_weighted,
        bipredicted,
        has_deblocking,
        has_redundant,
    };
    Ok((id, picture))
}

/// Profiles whose sets say more of chroma (§7.3.2.1.1).
const HIGH: [u32; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];
const MOST_COMMANDS: usize = 128;
