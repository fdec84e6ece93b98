//! Bits of a NAL unit's payload, without what keeps it from looking like a start code
//! (H.264 §7.4.1, H.265 §7.4.2).

use super::Unreadable;

/// Reads from the front.
#[derive(Debug)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The next byte.
    at: usize,
    byte: u8,
    /// Bits of `byte` that are not read.
    left: u8,
    zeros: u8,
}

impl<'a> Bits<'a> {
    /// Behind so many bytes of a unit's own head.
    pub(super) fn new(unit: &'a [u8], at: usize) -> Self {
        Self { bytes: unit, at, byte: 0, left: 0, zeros: 0 }
    }

    pub(super) fn bit(&mut self) -> Result<bool, Unreadable> {
        if self.left == 0 {
            let mut byte = *self.bytes.get(self.at).ok_or(Unreadable)?;
            if self.zeros >= 2 && byte == 3 {
                self.at += 1;
                self.zeros = 0;
                byte = *self.bytes.get(self.at).ok_or(Unreadable)?;
            }
            self.zeros = if byte == 0 { self.zeros.saturating_add(1) } else { 0 };
            (self.byte, self.left) = (byte, 8);
            self.at += 1;
        }
        self.left -= 1;
        Ok(self.byte >> self.left & 1 == 1)
    }

    /// `u(n)`, of at most 32 bits.
    pub(super) fn u(&mut self, bits: u32) -> Result<u32, Unreadable> {
        (0..bits).try_fold(0, |value, _| Ok(value << 1 | u32::from(self.bit()?)))
    }

    /// Passes over bits.
    pub(super) fn skip(&mut self, bits: u32) -> Result<(), Unreadable> {
        (0..bits).try_for_each(|_| self.bit().map(drop))
    }

    /// `ue(v)`.
    pub(super) fn ue(&mut self) -> Result<u32, Unreadable> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return Err(Unreadable);
            }
        }
        Ok((1_u32 << zeros) - 1 + self.u(zeros)?)
    }

    /// `ue(v)` that is not more than `most`.
    pub(super) fn ue_to(&mut self, most: u32) -> Result<u32, Unreadable> {
        self.ue().and_then(|value| if value <= most { Ok(value) } else { Err(Unreadable) })
    }

    /// `se(v)`.
    pub(super) fn se(&mut self) -> Result<i32, Unreadable> {
        let coded = self.ue()?;
        let size = i32::try_from(coded.div_ceil(2)).map_err(|_| Unreadable)?;
        Ok(if coded % 2 == 1 { size } else { -size })
    }

    /// How many bytes of the unit are begun.
    pub(super) fn bytes(&self) -> usize {
        self.at
    }

    /// Whether the last of them is read whole.
    pub(super) fn is_aligned(&self) -> bool {
        self.left == 0
    }
}
