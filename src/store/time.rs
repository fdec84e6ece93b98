//! Times as the database has them: Unix time in milliseconds.

use std::time::{Duration, SystemTime};

/// A time as it is stored; one before 1970 is that.
pub(super) fn unix_millis(at: SystemTime) -> i64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A time that was stored.
pub(super) fn of_unix_millis(at: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at).unwrap_or_default())
}
