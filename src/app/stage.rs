//! The sources that run: each a channel with a thread of its own, opened when a room first shows it
//! and closed when none does.
//!
//! Called by one at a time: at the start, and then by whoever [changes the
//! rooms](super::studio).
//! Waits for no source: the thread of one that was closed is joined when it has ended, which the
//! main thread looks for ([`Stage::reap`]). A driver that hangs keeps a
//! [thread of its own](crate::live::supervisor), and none of these.

use std::sync::Arc;
use std::thread::JoinHandle;

use log::{error, info};
use parking_lot::Mutex;

use super::sources::{Identity, Maker, Said};
use crate::base::shutdown::Shutdown;
use crate::error::Error;
use crate::live::channel::{Channel, Channels};
use crate::live::supervisor;
use crate::net::{Engine, Topics};
use crate::room::Rooms;
use crate::source::{Source, Wish};

/// The channels that run.
pub(super) struct Stage {
    maker: Maker,
    wish: Wish,
    channels: Arc<Channels>,
    engine: Arc<Engine>,
    running: Mutex<Vec<Running>>,
    /// Of what was closed.
    leaving: Mutex<Vec<JoinHandle<()>>>,
}

/// A channel with its thread.
struct Running {
    identity: Identity,
    channel: Arc<Channel>,
    end: Shutdown,
    supervisor: JoinHandle<()>,
}

impl Stage {
    /// Nothing runs yet.
    pub(super) fn new(
        maker: Maker,
        wish: Wish,
        channels: Arc<Channels>,
        engine: Arc<Engine>,
    ) -> Self {
        let (running, leaving) = (Mutex::default(), Mutex::default());
        Self { maker, wish, channels, engine, running, leaving }
    }

    /// The channel of a source: the one that runs, however it was spelled there, or a new one.
    ///
    /// # Errors
    ///
    /// Why it can never work, or that the system has no thread for it.
    pub(super) fn show(&self, said: &Said) -> Result<Arc<Channel>, Error> {
        let identity = Identity::of(&said.choice);
        let same = |running: &&Running| running.identity == identity;
        if let Some(running) = self.running.lock().iter().find(same) {
            return Ok(Arc::clone(&running.channel));
        }
        let source = self.maker.make(said)?;
        self.run(identity, source)
    }

    /// Runs a source that does not run yet.
    ///
    /// # Errors
    ///
    /// The system has no thread for it.
    pub(super) fn run(
        &self,
        identity: Identity,
        mut source: Box<dyn Source>,
    ) -> Result<Arc<Channel>, Error> {
        source.start(self.channels.clock());
        let channel = self.channels.open(source.as_ref());
        let hub = Arc::clone(&channel.hub);
        let bells = self.engine.bells(Topics::of(hub.number()));
        bells.into_iter().for_each(|bell| hub.on_news(bell));
        let (condition, end) = (Arc::clone(&channel.condition), Shutdown::new());
        match supervisor::start(source, self.wish, hub, condition, end.clone()) {
            Ok(supervisor) => {
                let shown = Arc::clone(&channel);
                self.running.lock().push(Running { identity, channel, end, supervisor });
                Ok(shown)
            }
            Err(error) => {
                self.channels.close(&channel);
                Err(Error::System { what: "source thread", error })
            }
        }
    }

    /// Closes what none of these rooms shows.
    pub(super) fn keep_shown(&self, rooms: &Rooms) {
        let shown: Vec<_> = rooms.all().iter().map(|room| room.crowd.channel()).collect();
        let is_shown =
            |running: &Running| shown.iter().any(|other| Arc::ptr_eq(other, &running.channel));
        let left: Vec<Running> = {
            let mut running = self.running.lock();
            let (kept, left) = running.drain(..).partition(is_shown);
            *running = kept;
            left
        };
        for Running { channel, end, supervisor, .. } in left {
            info!("{}: no room shows it any more", channel.condition.report().name);
            // Asked first, so that who wakes finds out why.
            end.ask();
            self.channels.close(&channel);
            self.leaving.lock().push(supervisor);
        }
        self.reap();
    }

    /// Joins the threads of what was closed, as far as they have ended.
    pub(super) fn reap(&self) {
        let ended: Vec<_> = {
            let mut leaving = self.leaving.lock();
            let (ended, left) = leaving.drain(..).partition(JoinHandle::is_finished);
            *leaving = left;
            ended
        };
        ended.into_iter().for_each(join);
    }

    /// Asks all sources to end.
    pub(super) fn stop(&self) {
        self.running.lock().iter().for_each(|running| running.end.ask());
        self.channels.stop();
    }

    /// Waits for all threads to end, after [`Stage::stop`].
    pub(super) fn join(&self) {
        let running = std::mem::take(&mut *self.running.lock());
        let leaving = std::mem::take(&mut *self.leaving.lock());
        let all = running.into_iter().map(|running| running.supervisor).chain(leaving);
        all.for_each(join);
    }
}

/// Joins a thread, and says so if it failed.
pub(super) fn join(thread: JoinHandle<()>) {
    let name = thread.thread().name().unwrap_or("thread").to_owned();
    if thread.join().is_err() {
        error!("{name} failed");
    }
}

#[cfg(test)]
mod tests;
