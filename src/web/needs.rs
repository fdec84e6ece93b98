//! What a request needs to be answered: a right, and a way that nobody reads. Data.

use crate::account::Capability;

/// What who asks needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing: it leads in, or is no secret.
    Nothing,
    /// To be let in, and may do this in the room that it is about.
    May(Capability),
    /// The same, also as a device with its password, in clear too.
    MayAsDevice(Capability),
    /// To be let into some room, whichever.
    SomeRoom,
    /// To be a person who signed in.
    SignedIn,
}

/// By which way something is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// In clear too, even where all else is by TLS only.
    InClear,
    /// As it comes.
    Any,
    /// Only where nobody between can read or change it.
    Secure,
}
