//! What a feed gives: a picture that is due, or when to ask again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::packing::Packed;
use crate::live::hub::{Hub, Still};
use crate::live::level::Level;
use crate::live::look::Look;
use crate::live::settings::Settings;
use crate::source::Trouble;

/// A picture that is due.
pub(super) struct Picture {
    pub(super) image: Image,
    /// When it was taken, or is to be shown.
    pub(super) captured: Instant,
    /// Time until the next one, about.
    pub(super) interval: Duration,
    /// Whether it was not sent before.
    pub(super) fresh: bool,
}

/// What is to be sent, as far as it is known yet.
pub(super) enum Image {
    /// The channel's picture of this level and look, which others may get too.
    OfLevel(Arc<Hub>, Arc<Still>, Level, Look),
    /// A picture of a clip.
    Packed(Packed),
}

/// What asking a feed came to.
pub(super) enum Due {
    Picture(Picture),
    /// To be asked again then, if nothing happens before.
    At(Instant),
    /// To be asked again when its host is notified.
    WhenNotified,
    /// The clip is over.
    End,
    Lost(Trouble),
}

/// What the address asks for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Preferences {
    pub(super) settings: Settings,
    /// The highest rate, frames per second.
    pub(super) fps: Option<f64>,
}
