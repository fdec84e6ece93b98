//! What a connection may become after `101 Switching Protocols` (RFC 9110 §7.8).

use std::time::Instant;

use crate::net::lane::{Handle, Topics};
use crate::net::wire::Wire;

/// Another protocol, spoken by the same connection on the same lane.
pub(super) trait Upgraded: Send {
    /// Goes as far as it can without waiting. `input` is what came and was not used yet; `handle`
    /// gives it another turn.
    fn turn(
        &mut self,
        wire: &mut Wire,
        input: &mut Vec<u8>,
        handle: &Handle,
        now: Instant,
    ) -> Verdict;

    /// Says goodbye, as far as there is room for it: the server ends.
    fn end(&mut self, _wire: &mut Wire) {}
}

/// What a turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes on, at this time if nothing happens before.
    Wait {
        /// When.
        until: Option<Instant>,
        /// Since when the client does not take what was sent, if it does not.
        unread_since: Option<Instant>,
        /// At whose news it is given a turn.
        news: Topics,
        /// Whether its client watches, by another connection.
        watches: bool,
    },
    /// All is said, and the connection is closed in good order.
    Done,
    /// It is over.
    Over,
}
