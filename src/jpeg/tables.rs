//! Which quality the quantization table of a JPEG comes closest to.
//!
//! Pure arithmetic on the tables of [`annex_k`]. Reads no markers.

use crate::jpeg::annex_k::{self, LUMA_TABLE};
use crate::media::frame::Quality;

/// The IJG quality whose luma table comes closest to this one; the better of two as close.
///
/// Tables have their values in zigzag order.
pub(super) fn quality(table: &[u8; 64]) -> Quality {
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
