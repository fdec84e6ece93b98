//! H.265's parameter sets (§7.3.2.2, §7.3.2.3), as far as slices' heads need them.

use super::super::Unreadable;
use super::super::bits::Bits;

/// What a sequence parameter set says.
#[derive(Debug, Clone, Default)]
pub(super) struct Sequence {
    pub(super) has_chroma: bool,
    pub(super) has_separate_planes: bool,
    /// Of a block's place in a picture.
    pub(super) address_bits: u32,
    pub(super) order_bits: u32,
    pub(super) has_sao: bool,
    pub(super) near: Vec<References>,
    pub(super) has_far: bool,
    /// Whether the picture itself refers to each of the far ones.
    pub(super) far: Vec<bool>,
    pub(super) has_temporal: bool,
}

/// What a picture parameter set says.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Picture {
    pub(super) sequence: u32,
    pub(super) has_dependent: bool,
    pub(super) has_output: bool,
    pub(super) extra_bits: u32,
    pub(super) has_cabac: bool,
    pub(super) references: [u32; 2],
    pub(super) has_chroma_offsets: bool,
    pub(super) has_chroma_list: bool,
    pub(super) is_weighted: bool,
    pub(super) is_bipred_weighted: bool,
    pub(super) has_entry_points: bool,
    pub(super) filters_across: bool,
    pub(super) may_override: bool,
    pub(super) is_unfiltered: bool,
    pub(super) has_modification: bool,
    pub(super) has_extension: bool,
}

/// Pictures before and after that are referred to: how far away, and whether by this one.
#[derive(Debug, Clone, Default)]
pub(super) struct References {
    before: Vec<(i32, bool)>,
    after: Vec<(i32, bool)>,
}

impl References {
    /// How many the picture itself refers to.
    pub(super) fn used(&self) -> u32 {
        let all = self.before.iter().chain(&self.after);
        all.filter(|(_, is_used)| *is_used).count() as u32
    }

    /// `st_ref_pic_set` (§7.3.7) behind `known` ones; `is_last` if it stands in a slice.
    pub(super) fn parse(
        bits: &mut Bits<'_>,
        known: &[References],
        is_last: bool,
    ) -> Result<Self, Unreadable> {
        if !known.is_empty() && bits.bit()? {
            return Self::from_other(bits, known, is_last);
        }
        let counts = [bits.ue_to(16)?, bits.ue_to(16)?];
        let mut list = |count, sign: i32| {
            let mut delta = 0_i32;
            let mut list = Vec::new();
            for _ in 0..count {
                delta += sign * (bits.ue_to(1 << 15)? as i32 + 1);
                list.push((delta, bits.bit()?));
            }
            Ok(list)
        };
        Ok(Self { before: list(counts[0], -1)?, after: list(counts[1], 1)? })
    }

    /// One that is said by its difference from another (§7.4.8).
    fn from_other(
        bits: &mut Bits<'_>,
        known: &[References],
        is_last: bool,
    ) -> Result<Self, Unreadable> {
        let back = if is_last { bits.ue()? as usize + 1 } else { 1 };
        let other = known.len().checked_sub(back).ok_or(Unreadable)?;
        let other = &known[other];
        let is_negative = bits.bit()?;
        let size = bits.ue_to(1 << 15)? as i32 + 1;
        let delta = if is_negative { -size } else { size };
        let count = other.before.len() + other.after.len();
        let mut flags = Vec::with_capacity(count + 1);
        for _ in 0..=count {
            let is_used = bits.bit()?;
            flags.push((is_used, is_used || bits.bit()?));
        }
        let middle = other.before.len();
        let moved = |list: &[(i32, bool)], first: usize| -> Vec<(i32, bool, bool)> {
            let flags = &flags[first..];
            let moved = list.iter().zip(flags);
            moved.map(|((at, _), (is_used, is_kept))| (at + delta, *is_used, *is_kept)).collect()
        };
        let (before, after) = (moved(&other.before, 0), moved(&other.after, middle));
        let (is_used, is_kept) = flags[count];
        let itself = [(delta, is_used, is_kept)];
        let keep = |all: Vec<&(i32, bool, bool)>, sign: i32| -> Vec<(i32, bool)> {
            let kept = all.into_iter().filter(|(at, _, is_kept)| at * sign > 0 && *is_kept);
            kept.map(|(at, is_used, _)| (*at, *is_used)).collect()
        };
        let new = Self {
            before: keep(after.iter().rev().chain(&itself).chain(&before).collect(), -1),
            after: keep(before.iter().rev().chain(&itself).chain(&after).collect(), 1),
        };
        if new.before.len() + new.after.len() > 32 { Err(Unreadable) } else { Ok(new) }
    }
}

pub(super) fn sequence(bits: &mut Bits<'_>) -> Result<(u32, Sequence), Unreadable> {
    bits.skip(4)?;
    let sub_layers = bits.u(3)?;
    bits.skip(1)?;
    profile(bits, sub_layers)?;
    let id = bits.ue_to(15)?;
    let mut sequence = Sequence::default();
    let chroma = bits.ue_to(3)?;
    sequence.has_separate_planes = chroma == 3 && bits.bit()?;
    sequence.has_chroma = chroma != 0 && !sequence.has_separate_planes;
    let (width, height) = (bits.ue_to(1 << 16)?, bits.ue_to(1 << 16)?);
    if bits.bit()? {
        (0..4).try_for_each(|_| bits.ue().map(drop))?;
    }
    bits.ue()?;
    bits.ue()?;
    sequence.order_bits = bits.ue_to(12)? + 4;
    let layers = if bits.bit()? { sub_layers + 1 } else { 1 };
    (0..3 * layers).try_for_each(|_| bits.ue().map(drop))?;
    let block = bits.ue_to(3)? + 3 + bits.ue_to(3)?;
    let blocks = width.div_ceil(1 << block) * height.div_ceil(1 << block);
    sequence.address_bits = log2_up(blocks);
    (0..4).try_for_each(|_| bits.ue().map(drop))?;
    if bits.bit()? && bits.bit()? {
        scaling(bits)?;
    }
    bits.skip(1)?;
    sequence.has_sao = bits.bit()?;
    if bits.bit()? {
        bits.skip(8)?;
        bits.ue()?;
        bits.ue()?;
        bits.skip(1)?;
    }
    for _ in 0..bits.ue_to(64)? {
        let set = References::parse(bits, &sequence.near, false)?;
        sequence.near.push(set);
    }
    sequence.has_far = bits.bit()?;
    if sequence.has_far {
        for _ in 0..bits.ue_to(32)? {
            bits.skip(sequence.order_bits)?;
            sequence.far.push(bits.bit()?);
        }
    }
    sequence.has_temporal = bits.bit()?;
    Ok((id, sequence))
}

/// `profile_tier_level` (§7.3.3).
fn profile(bits: &mut Bits<'_>, sub_layers: u32) -> Result<(), Unreadable> {
    bits.skip(88 + 8)?;
    let mut sizes = 0;
    for _ in 0..sub_layers {
        sizes += if bits.bit()? { 88 } else { 0 };
        sizes += if bits.bit()? { 8 } else { 0 };
    }
    if sub_layers > 0 {
        bits.skip(2 * (8 - sub_layers))?;
    }
    bits.skip(sizes)
}

/// `scaling_list_data` (§7.3.4).
fn scaling(bits: &mut Bits<'_>) -> Result<(), Unreadable> {
    for size in 0..4 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if !bits.bit()? {
                bits.ue()?;
                continue;
            }
            let count = if size == 0 { 16 } else { 64 } + i32::from(size > 1);
            (0..count).try_for_each(|_| bits.se().map(drop))?;
        }
    }
    Ok(())
}

pub(super) fn picture(bits: &mut Bits<'_>) -> Result<(u32, Picture), Unreadable> {
    let id = bits.ue_to(63)?;
    let mut picture = Picture { sequence: bits.ue_to(15)?, ..Picture::default() };
    picture.has_dependent = bits.bit()?;
    picture.has_output = bits.bit()?;
    picture.extra_bits = bits.u(3)?;
    bits.skip(1)?;
    picture.has_cabac = bits.bit()?;
    picture.references = [bits.ue_to(14)? + 1, bits.ue_to(14)? + 1];
    bits.se()?;
    bits.skip(1)?;
    let skips_transform = bits.bit()?;
    if bits.bit()? {
        bits.ue()?;
    }
    bits.se()?;
    bits.se()?;
    picture.has_chroma_offsets = bits.bit()?;
    picture.is_weighted = bits.bit()?;
    picture.is_bipred_weighted = bits.bit()?;
    bits.skip(1)?;
    let has_tiles = bits.bit()?;
    picture.has_entry_points = bits.bit()? || has_tiles;
    if has_tiles {
        tiles(bits)?;
    }
    picture.filters_across = bits.bit()?;
    if bits.bit()? {
        picture.may_override = bits.bit()?;
        picture.is_unfiltered = bits.bit()?;
        if !picture.is_unfiltered {
            bits.se()?;
            bits.se()?;
        }
    }
    if bits.bit()? {
        scaling(bits)?;
    }
    picture.has_modification = bits.bit()?;
    bits.ue()?;
    picture.has_extension = bits.bit()?;
    if bits.bit()? {
        let has_range = bits.bit()?;
        // Several layers, depth, screens: what they say changes slices' heads.
        if bits.u(7)? != 0 {
            return Err(Unreadable);
        }
        if has_range {
            if skips_transform {
                bits.ue()?;
            }
            bits.skip(1)?;
            picture.has_chroma_list = bits.bit()?;
        }
    }
    Ok((id, picture))
}

fn tiles(bits: &mut Bits<'_>) -> Result<(), Unreadable> {
    let (columns, rows) = (bits.ue_to(64)?, bits.ue_to(64)?);
    if !bits.bit()? {
        (0..columns + rows).try_for_each(|_| bits.ue().map(drop))?;
    }
    bits.skip(1)
}

/// Bits for so many different values.
pub(super) fn log2_up(values: u32) -> u32 {
    values.max(1).next_power_of_two().trailing_zeros()
}
