//! What a connection may become after `101 Switching Protocols` (RFC 9110 §7.8).

use std::time::Instant;

use crate::net::wire::Wire;

/// Another protocol, spoken by the same connection on the same lane.
pub(super) trait Upgraded: Send {
    /// Goes as far as it can without waiting. `input` is what came and was not used yet.
    fn turn(&mut self, wire: &mut Wire, input: &mut Vec<u8>, now: Instant) -> Verdict;
}

/// What a turn came to.
#[cfg_attr(not(test), expect(dead_code, reason = "the page's socket comes after it"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes on, at this time if nothing happens before.
    Wait(Option<Instant>),
    /// It is over.
    Over,
}
