//! Why a film is not played, as its people are told in words.

/// Why a film is not played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotPlayed {
    /// Browsers play no such files.
    Sort,
    /// It cannot be read.
    Unreadable,
    /// It is none of what it is called.
    Broken,
    /// Nobody knows when it ends.
    Endless,
    /// It is being made.
    Unmade,
    /// It is on another server, which alone knows how long it is.
    Elsewhere,
}
