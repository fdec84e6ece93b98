//! The channels: each a source with its pictures and its condition.
//!
//! Rooms that show the same source share its channel. One pool of threads encodes for all of them
//! ([`super::encode`]).

use std::sync::Arc;

use parking_lot::RwLock;

use super::condition::Condition;
use super::desk::Bell;
use super::hub::Hub;
use crate::base::clock::Clock;
use crate::source::Source;
use crate::source::air::Air;

/// A source, its pictures, and how it is.
pub struct Channel {
    /// Its pictures.
    pub hub: Arc<Hub>,
    /// How the source is.
    pub condition: Arc<Condition>,
    /// Where somebody goes on the air whose pictures it shows, if its source is a browser.
    pub air: Option<Arc<Air>>,
}

/// All channels of this server.
pub struct Channels {
    clock: Clock,
    bell: Arc<Bell>,
    list: RwLock<List>,
}

#[derive(Default)]
struct List {
    open: Vec<Arc<Channel>>,
    /// The number of the next hub. What was kept under a number is never found by another hub.
    next: u32,
}

impl Channels {
    /// None yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, bell: Arc::default(), list: RwLock::default() }
    }

    /// A new channel, of a source that is closed.
    pub fn open(&self, source: &dyn Source) -> Arc<Channel> {
        let mut list = self.list.write();
        let number = list.next;
        list.next = number.saturating_add(1);
        let channel = Arc::new(Channel {
            hub: Arc::new(Hub::new(number, self.clock.clone(), Arc::clone(&self.bell))),
            condition: Arc::new(Condition::new(source)),
            air: source.air(),
        });
        list.open.push(Arc::clone(&channel));
        channel
    }

    /// Takes a channel out: nothing is encoded for it any more, and who waits for its pictures is
    /// told that none come.
    pub fn close(&self, channel: &Arc<Channel>) {
        self.list.write().open.retain(|other| !Arc::ptr_eq(other, channel));
        channel.hub.stop();
        channel.hub.clear();
    }

    /// The clock of all channels.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// All of them, in the order in which they were opened.
    pub fn all(&self) -> Vec<Arc<Channel>> {
        self.list.read().open.clone()
    }

    /// What the encode threads wait at.
    pub(super) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Ends the encode threads, and everybody who waits for pictures.
    pub fn stop(&self) {
        self.all().iter().for_each(|channel| channel.hub.stop());
        self.bell.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::pattern::Pattern;

    #[test]
    fn no_number_is_given_twice() {
        let channels = Channels::new(Clock::system());
        let open = || channels.open(&Pattern::new());
        let [first, second] = [open(), open()];
        channels.close(&first);
        channels.close(&second);
        let third = open();
        assert_eq!([&first, &second, &third].map(|channel| channel.hub.number()), [0, 1, 2]);
        assert!(first.hub.is_stopped() && !third.hub.is_stopped());
        let left = channels.all();
        assert!(left.len() == 1 && Arc::ptr_eq(&left[0], &third));
    }
}
