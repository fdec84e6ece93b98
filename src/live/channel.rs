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

/// A source, its pictures, and how it is.
pub struct Channel {
    /// Its pictures.
    pub hub: Arc<Hub>,
    /// How the source is.
    pub condition: Arc<Condition>,
}

/// All channels of this server.
pub struct Channels {
    clock: Clock,
    bell: Arc<Bell>,
    list: RwLock<Vec<Arc<Channel>>>,
}

impl Channels {
    /// None yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, bell: Arc::default(), list: RwLock::default() }
    }

    /// A new channel, of a source that is closed.
    pub fn open(&self, source: &dyn Source) -> Arc<Channel> {
        let mut list = self.list.write();
        let number = u32::try_from(list.len()).unwrap_or(u32::MAX);
        let channel = Arc::new(Channel {
            hub: Arc::new(Hub::new(number, self.clock.clone(), Arc::clone(&self.bell))),
            condition: Arc::new(Condition::new(source)),
        });
        list.push(Arc::clone(&channel));
        channel
    }

    /// The clock of all channels.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// All of them, in the order in which they were opened.
    pub fn all(&self) -> Vec<Arc<Channel>> {
        self.list.read().clone()
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
