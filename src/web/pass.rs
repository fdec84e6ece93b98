//! The right to what goes on for long: a stream, a socket. It ends within a second when who has it
//! may no longer.

use super::context::Context;
use super::gate::WatchCookie;
use super::request::Request;
use crate::account::{Caller, Capability, Whence};

/// A right that was there when it began.
pub(super) struct Pass {
    caller: Caller,
    watch: WatchCookie,
    room: String,
    whence: Whence,
    revision: u64,
}

impl Pass {
    /// That of who sends a request.
    pub(super) fn of(request: &Request) -> Self {
        Self {
            caller: request.caller.clone(),
            watch: request.context.gate.watch_cookie(&request.head),
            room: request.room.plain_name().to_owned(),
            whence: request.whence(),
            revision: request.revision,
        }
    }

    /// Whether who has it may still watch; looked at anew only if anything was changed.
    pub(super) fn holds(&mut self, context: &Context) -> bool {
        let revision = context.gate.revision();
        if revision != self.revision {
            let now = context.clock.wall();
            let credential = self.caller.credential;
            match context.gate.again(credential, &self.watch, &self.whence, now) {
                Some(caller) => (self.caller, self.revision) = (caller, revision),
                None => return false,
            }
        }
        self.may(Capability::Watch)
    }

    /// Whether who has it may do this, as it was at the last look.
    pub(super) fn may(&self, capability: Capability) -> bool {
        self.caller.may(capability, &self.room)
    }

    /// Who has it, as it was at the last look.
    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Where that one comes from.
    pub(super) fn whence(&self) -> Whence {
        self.whence
    }
}
