//! Who wants pictures of a hub, for as long as that is held.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Hub;
use crate::live::desk::Demand;

/// One who takes pictures off a hub: the viewers of a room, for one. What it wanted is wanted no
/// more when it is dropped.
pub(in crate::live) struct Consumer {
    pub(super) hub: Arc<Hub>,
    pub(super) number: u64,
}

impl Consumer {
    /// Says what it wants from now on.
    pub(in crate::live) fn want(&self, wish: Demand) {
        self.hub.change_wishes(|given| {
            if let Some(one) = given.iter_mut().find(|(number, _)| *number == self.number) {
                one.1 = wish;
            }
        });
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.hub.change_wishes(|given| given.retain(|(number, _)| *number != self.number));
    }
}

/// See [`Hub::interest`].
pub struct Interest {
    pub(super) hub: Arc<Hub>,
}

impl Interest {
    /// Whose pictures are wanted.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        *self.hub.interested_at.lock() = Some(self.hub.clock.now());
        self.hub.interest.fetch_sub(1, Ordering::Relaxed);
    }
}
