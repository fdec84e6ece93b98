//! When a login that was refused is tried again: cameras lock out who tries often.
//!
//! A pure rule; the source and what is open of it share one, as either may be refused.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{Hold, Trouble};

/// What became of a login.
#[derive(Debug, Clone, Default)]
pub(super) struct Lockout(Arc<Mutex<Refusals>>);

#[derive(Debug, Default)]
struct Refusals {
    /// In a row, as far as it matters.
    count: u8,
    /// The last, and its words.
    last: Option<(Instant, Trouble)>,
}

impl Lockout {
    /// Name and password were refused.
    pub(super) fn refused(&self, trouble: &Trouble, now: Instant) {
        let mut refusals = self.0.lock();
        refusals.count = refusals.count.saturating_add(1);
        refusals.last = Some((now, trouble.clone()));
    }

    /// They were not.
    pub(super) fn accepted(&self) {
        *self.0.lock() = Refusals::default();
    }

    /// What to wait for before the next try, if anything.
    pub(super) fn hold(&self) -> Option<Hold> {
        let refusals = self.0.lock();
        let pause = match refusals.count {
            0 | 1 => return None,
            2 => FIRST_PAUSE,
            _ => PAUSE,
        };
        let (at, trouble) = refusals.last.clone()?;
        Some(Hold { until: at + pause, trouble })
    }
}

/// After the second refusal.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// After each further one.
const PAUSE: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::TroubleCode;

    #[test]
    fn a_login_is_tried_twice_then_after_half_a_minute_then_every_five() {
        let trouble =
            Trouble { code: TroubleCode::Denied, title: "No".into(), detail: "Wrong.".into() };
        let lockout = Lockout::default();
        let of_capture = lockout.clone();
        let mut now = Instant::now();
        assert_eq!(lockout.hold(), None);
        for pause in [None, Some(30), Some(300), Some(300), Some(300)] {
            of_capture.refused(&trouble, now);
            let until = lockout.hold().map(|hold| (hold.until - now, hold.trouble));
            let expected = pause.map(|seconds| (Duration::from_secs(seconds), trouble.clone()));
            assert_eq!(until, expected);
            now += Duration::from_secs(pause.unwrap_or_default());
        }
        of_capture.accepted();
        assert_eq!(lockout.hold(), None);
        of_capture.refused(&trouble, now);
        assert_eq!(lockout.hold(), None, "it begins anew");
    }
}
