//! JPEG quality, and which one the quantization table of a JPEG comes closest to.
//!
//! Pure arithmetic on the tables of [`annex_k`]. Reads no markers.

use super::annex_k::{self, LUMA_TABLE};

/// JPEG quality, 1 (smallest) to 100 (best).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quality(u8);

impl Quality {
    /// The best.
    pub const BEST: Self = Self(100);

    /// A quality, or `None` outside 1 to 100.
    pub const fn new(percent: u8) -> Option<Self> {
        if percent >= 1 && percent <= 100 { Some(Self(percent)) } else { None }
    }

    /// As a number from 1 to 100.
    pub const fn percent(self) -> u8 {
        self.0
    }
}

/// The IJG quality whose luma table comes closest to this one; the better of two as close.
///
/// Tables have their values in zigzag order.
pub(super) fn closest(table: &[u8; 64]) -> Quality {
    let distance = |quality: &Quality| -> u32 {
        let pairs = table.iter().zip(LUMA_TABLE);
        pairs
            .map(|(&value, base)| {
                u32::from(value.abs_diff(annex_k::scaled(base, quality.percent())))
            })
            .sum()
    };
    let best = (1..=100).rev().filter_map(Quality::new).min_by_key(distance);
    best.expect("there are a hundred qualities")
}
