//! What is known of titles of the library where a room plays one.
//!
//! Who may watch a title is not told here: a room gives no right to it.

use std::time::Duration;

use super::not_played::NotPlayed;

/// Where it is known how titles stand.
pub trait Titles: Send + Sync {
    /// How the title of this number stands now; `None` if there is none. Waits for nothing.
    fn standing(&self, number: u64) -> Option<Standing>;
}

/// How a title stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How long it plays, or why it does not.
    pub lasts: Result<Duration, NotPlayed>,
    /// Whether there is more to it than sound.
    pub has_pictures: bool,
    /// Another one whenever anything of it changed.
    pub edition: u64,
}
