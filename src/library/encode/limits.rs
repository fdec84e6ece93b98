//! What a run of a tool may take: as much as a slow machine needs for so long a film, and no more. Pure.

use std::time::Duration;

use crate::library::cage::Bounds;

/// What a run over so many seconds may use.
pub(super) fn bounds(length_s: f64, folder_bytes: u64) -> Bounds {
    let length = Duration::try_from_secs_f64(length_s.max(0.0)).unwrap_or_default();
    let unknown = if length.is_zero() { UNKNOWN_LENGTH } else { length };
    let time = (unknown * SLOWEST).saturating_add(Duration::from_secs(120));
    // One thread decodes, one encodes, a few filter.
    Bounds { time, cpu: time * 3, memory_bytes: 4 << 30, folder_bytes, output_bytes: 1 << 20 }
}

/// What so many seconds of so many bits may take: a file lies about its length now and then.
pub(super) fn bytes_of(bits_per_sec: u64, length_s: f64) -> u64 {
    let seconds =
        if length_s > 0.0 { milliseconds(length_s) / 1000 } else { UNKNOWN_LENGTH.as_secs() };
    SMALL_BYTES + bits_per_sec.saturating_mul(seconds + 1) / 8 * 2
}

/// Of a time as it is counted: no more than thirty years.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounded above and below"
)]
pub(super) fn milliseconds(seconds: f64) -> u64 {
    (seconds.clamp(0.0, 1e9) * 1000.0) as u64
}

/// How many times its length a piece may take: a slow machine, a large picture of high range.
const SLOWEST: u32 = 120;
/// What a source may be whose length is not known.
const UNKNOWN_LENGTH: Duration = Duration::from_secs(4 * 3600);
/// Of what is small whatever the film is: heads, pictures, words.
pub(super) const SMALL_BYTES: u64 = 64 << 20;
