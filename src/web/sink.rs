//! Where a body goes that is too large to be kept in memory.

use std::time::Instant;

use super::answer::Answer;

/// Takes a request's body piece by piece.
pub(super) trait Sink: Send {
    /// Whether it takes more now; if not, it notifies the connection when it does.
    fn has_room(&mut self, now: Instant) -> bool;

    /// Takes a piece. Asked only while there is room.
    ///
    /// # Errors
    ///
    /// The answer, if no more is to come: the connection ends with it.
    fn take(&mut self, piece: Vec<u8>) -> Result<(), Answer>;

    /// The answer, once all of it was taken.
    fn finish(&mut self) -> Answer;
}
