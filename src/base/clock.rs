//! Times as people and programs read them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds of Unix time; 0 before 1970.
pub fn unix_micros(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Seconds of Unix time; 0 before 1970.
pub fn unix_seconds(time: SystemTime) -> u64 {
    unix_micros(time) / 1_000_000
}
