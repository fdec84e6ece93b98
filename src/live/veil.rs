//! Covers the pictures of a source before anybody can have them.
//!
//! On the source's thread. Keeps the last picture as it came, for when another part of it is to be
//! covered and no next one comes. What cannot be covered is not shown.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::media::filter::Mask;
use crate::media::frame::Picture;
use crate::source::Captured;

/// What is known of the last picture.
#[derive(Default)]
pub(super) struct Veil {
    /// As it came, and under which change of the mask it was shown.
    last: Option<(Captured, u64)>,
    card_due: Option<Instant>,
}

impl Veil {
    /// The picture covered by the mask of this change.
    ///
    /// # Errors
    ///
    /// Why it cannot be covered, and must not be shown.
    pub(super) fn cover(
        &mut self,
        captured: Captured,
        mask: &Mask,
        masked: u64,
    ) -> Result<Picture, String> {
        let picture = captured.picture.clone();
        self.last = Some((captured, masked));
        let covered = catch_unwind(AssertUnwindSafe(|| mask.cover(&picture)));
        match covered {
            Ok(covered) => covered.map_err(|failed| failed.0),
            Err(_) => Err("it is of a sort that is not understood".to_owned()),
        }
    }

    /// The last picture as it came, if it was shown under another change of the mask.
    pub(super) fn outdated(&mut self, masked: u64) -> Option<Captured> {
        self.last.take_if(|(_, shown)| *shown != masked).map(|(captured, _)| captured)
    }

    /// Forgets the last picture: it is not live any more.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }

    /// Whether a second has passed since the last card that stands for what cannot be covered.
    pub(super) fn is_card_due(&mut self, now: Instant) -> bool {
        let due = self.card_due.is_none_or(|due| now >= due);
        if due {
            self.card_due = Some(now + CARD_PERIOD);
        }
        due
    }
}

const CARD_PERIOD: Duration = Duration::from_secs(1);
