//! NAL units of H.264 and H.265 as samples have them, each behind its length (ISO 14496-15): where
//! their slices' heads end, and whether a picture is a place to begin.
//!
//! Pure. Nothing of the picture itself is decoded. A head is read by the parameter sets that came
//! before it, in the sample entry or in samples.

mod avc;
mod bits;
mod hevc;

use super::boxes::Bytes;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    /// H.264.
    Avc,
    /// H.265.
    Hevc,
}

/// Finds the ends of slices' heads.
#[derive(Debug)]
pub struct Slices {
    length_bytes: usize,
    sets: Sets,
}

#[derive(Debug)]
enum Sets {
    Avc(Box<avc::Sets>),
    Hevc(Box<hevc::Sets>),
}

/// What a sample breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

impl Slices {
    /// For samples with these parameter sets in front, and lengths of so many bytes.
    pub fn new(standard: Standard, length_bytes: usize, sets: &[Vec<u8>]) -> Self {
        let known = match standard {
            Standard::Avc => Sets::Avc(Box::default()),
            Standard::Hevc => Sets::Hevc(Box::default()),
        };
        let mut slices = Self { length_bytes, sets: known };
        for unit in sets {
            // One that cannot be read is missed when a slice needs it.
            let _ = slices.head(unit);
        }
        slices
    }

    /// Gives each unit of a sample to `each`: all of its bytes with its length, and how many of those
    /// are its length and its head, if it is a slice.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] if the lengths do not fit, or a slice's head cannot be read.
    pub fn walk(
        &mut self,
        sample: &[u8],
        mut each: impl FnMut(usize, Option<usize>),
    ) -> Result<(), Unreadable> {
        let mut rest = sample;
        while !rest.is_empty() {
            let length = length(rest, self.length_bytes).ok_or(Unreadable)?;
            let whole = length.checked_add(self.length_bytes).ok_or(Unreadable)?;
            let unit = rest.get(self.length_bytes..whole).ok_or(Unreadable)?;
            let head = self.head(unit)?;
            each(whole, head.map(|head| (head + self.length_bytes).min(whole)));
            rest = &rest[whole..];
        }
        Ok(())
    }

    /// How many bytes of a unit are its head, if it is a slice; a parameter set is kept.
    fn head(&mut self, unit: &[u8]) -> Result<Option<usize>, Unreadable> {
        match &mut self.sets {
            Sets::Avc(sets) => sets.head(unit),
            Sets::Hevc(sets) => sets.head(unit),
        }
    }
}

fn length(bytes: &[u8], length_bytes: usize) -> Option<usize> {
    let length = bytes.get(..length_bytes)?;
    Some(length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
}

/// Whether a sample that lies there is a picture that nothing before it is needed for, nor shown after
/// it: its first slice is of an IDR picture.
pub fn is_idr(
    standard: Standard,
    length_bytes: usize,
    bytes: &mut dyn Bytes,
    at: u64,
    size: u32,
) -> bool {
    let end = at.saturating_add(size.into());
    let mut at = at;
    for _ in 0..MOST_UNITS {
        let mut head = [0; 5];
        let head = &mut head[..=length_bytes.min(4)];
        if at >= end || !bytes.fill(at, head) {
            return false;
        }
        let Some((kind, length)) = head.split_last() else { return false };
        let length = length.iter().fold(0, |length, byte| length << 8 | u64::from(*byte));
        match standard {
            Standard::Avc if matches!(kind & 0x1f, 1..=5) => return kind & 0x1f == avc::IDR,
            Standard::Hevc if kind >> 1 & 0x3f < 32 => {
                return hevc::IDR.contains(&(kind >> 1 & 0x3f));
            }
            _ => at = at.saturating_add(length + head.len() as u64 - 1),
        }
    }
    false
}

/// In front of a picture's first slice.
const MOST_UNITS: usize = 64;

#[cfg(test)]
mod tests;
