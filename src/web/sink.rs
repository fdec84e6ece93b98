//! Where a body goes that is too large to be kept in memory.

use std::time::Instant;

use super::answer::Answer;
use super::request::Later;

/// Takes a request's body piece by piece.
pub(super) trait Sink: Send {
    /// Whether it takes more now; if not, it notifies the connection when it does.
    fn look(&mut self, now: Instant) -> Look;

    /// Takes a piece. Asked only while there is room.
    fn take(&mut self, piece: Vec<u8>);

    /// Takes the end. The answer is there once all is where it goes; of a body that broke off what
    /// came of it is kept where that is of use, and nobody hears the answer.
    fn end(self: Box<Self>, end: End) -> Box<dyn Later>;
}

/// What a look at a sink came to.
pub(super) enum Look {
    /// There is room for a piece.
    Room,
    /// There is none yet; it is looked at again then, if it does not notify before.
    Full(Instant),
    /// No more is to come: the connection ends with this.
    Refused(Answer),
}

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// All of it came.
    Whole,
    /// It broke off.
    Cut,
}
