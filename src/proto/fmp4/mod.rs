//! Films in ISO base media files (ISO 14496-12): which samples there are, and segments of them.
//!
//! Pure. [`movie`] reads the head, [`fragment`] and [`table`] say where each sample lies, [`entry`]
//! what decodes it; [`init`] and [`segment`] write CMAF (ISO 23000-19). Does not touch the samples
//! themselves.

pub mod entry;
pub mod fragment;
pub mod init;
pub mod movie;
pub mod segment;
pub mod table;
pub mod uncover;
mod write;

use std::fmt;

use super::boxes::Part;

/// A coded picture, or a packet of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Where its bytes lie in the file.
    pub at: u64,
    /// How many they are.
    pub bytes: u32,
    /// When it is decoded, in units of its track.
    pub decoded: u64,
    /// How long it lasts, in units of its track.
    pub lasts: u32,
    /// How much later it is shown than decoded, in units of its track.
    pub offset: i32,
    /// Whether decoding can begin with it.
    pub is_sync: bool,
}

/// What a file breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid {
    /// The box, and what is wrong with it.
    pub rule: &'static str,
}

impl Sample {
    /// When it is shown, in units of its track; an edit may move it.
    pub fn shown(&self) -> i64 {
        i64::try_from(self.decoded).unwrap_or(i64::MAX).saturating_add(self.offset.into())
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule)
    }
}

impl std::error::Error for Invalid {}

/// Four bytes of a head that is in memory.
fn be32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let part = bytes.get(at..at.checked_add(4)?)?;
    part.try_into().ok().map(u32::from_be_bytes)
}

fn be64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let part = bytes.get(at..at.checked_add(8)?)?;
    part.try_into().ok().map(u64::from_be_bytes)
}

/// The bytes in a box.
fn content(bytes: &[u8], part: Part) -> &[u8] {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    bytes.get(place(part.start)..place(part.end)).unwrap_or_default()
}

fn invalid(rule: &'static str) -> Invalid {
    Invalid { rule }
}

#[cfg(test)]
mod tests;
