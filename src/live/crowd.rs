//! The people of one room, as far as pictures go: what they want of its channel, what went to
//! them, and whom they thank.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};

use super::channel::Channel;
use super::desk::Demand;
use super::hub::{Consumer, Hub};
use super::level::LEVELS;
use super::look::Look;
use super::thanks::Thanks;
use crate::media::filter::Filter;

/// The people around a channel, which may be another one later. Who they are the
/// [audience](super::audience) knows.
pub struct Crowd {
    number: u32,
    shown: RwLock<Arc<Shown>>,
    dismissed: AtomicBool,
    /// What the consumer was told last.
    settled: Mutex<Demand>,
    thanks: Thanks,
    title: RwLock<Arc<str>>,
    sent_bits_per_sec: AtomicU64,
    frames_sent: AtomicU64,
    frames_skipped: AtomicU64,
}

/// What they watch.
struct Shown {
    channel: Arc<Channel>,
    consumer: Consumer,
}

/// How many watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Viewers with an open stream that get pictures.
    pub watching: usize,
    /// Viewers with an open stream who paused.
    pub paused: usize,
    /// Viewers who get pictures of each level.
    pub at_level: [usize; LEVELS],
}

impl Crowd {
    /// Nobody yet; no other crowd of the audience has the number.
    pub(super) fn new(number: u32, channel: Arc<Channel>) -> Self {
        Self {
            number,
            shown: RwLock::new(Shown::new(channel)),
            dismissed: AtomicBool::new(false),
            settled: Mutex::default(),
            thanks: Thanks::default(),
            title: RwLock::new(Arc::from("")),
            sent_bits_per_sec: AtomicU64::new(0),
            frames_sent: AtomicU64::new(0),
            frames_skipped: AtomicU64::new(0),
        }
    }

    /// By which it is told from other crowds.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// What they watch.
    pub fn channel(&self) -> Arc<Channel> {
        Arc::clone(&self.shown.read().channel)
    }

    /// The pictures that they watch.
    pub fn hub(&self) -> Arc<Hub> {
        Arc::clone(&self.shown.read().channel.hub)
    }

    /// What the room is called before a person.
    pub fn title(&self) -> Arc<str> {
        Arc::clone(&self.title.read())
    }

    /// Calls the room otherwise from now on.
    pub fn retitle(&self, title: String) {
        *self.title.write() = title.into();
    }

    /// What a filter makes of its pictures.
    pub fn look(&self, filter: Filter) -> Look {
        if filter.is_none() { Look::PLAIN } else { Look::new(filter, &self.title()) }
    }

    /// Whether its room was closed: who is in it leaves, and nobody comes.
    pub fn is_dismissed(&self) -> bool {
        self.dismissed.load(Ordering::Acquire)
    }

    /// The donations.
    pub fn thanks(&self) -> &Thanks {
        &self.thanks
    }

    /// Bits that went to them in the last second.
    pub fn sent_bits_per_sec(&self) -> u64 {
        self.sent_bits_per_sec.load(Ordering::Relaxed)
    }

    /// Frames sent to them and frames skipped, since the start.
    pub fn totals(&self) -> (u64, u64) {
        (self.frames_sent.load(Ordering::Relaxed), self.frames_skipped.load(Ordering::Relaxed))
    }

    /// Takes what went to them in the last second.
    pub(super) fn sent(&self, bits_per_sec: u64) {
        self.sent_bits_per_sec.store(bits_per_sec, Ordering::Relaxed);
    }

    /// Counts frames that one of them got, or was too slow for.
    pub(super) fn count(&self, sent: u64, skipped: u64) {
        self.frames_sent.fetch_add(sent, Ordering::Relaxed);
        self.frames_skipped.fetch_add(skipped, Ordering::Relaxed);
    }

    /// Says what they want from now on.
    pub(super) fn want(&self, wish: Demand) {
        self.settled.lock().clone_from(&wish);
        let shown = Arc::clone(&self.shown.read());
        shown.consumer.want(wish);
    }

    /// Shows them another channel. Whoever changes what they want must not do so meanwhile.
    pub(super) fn show(&self, channel: Arc<Channel>) {
        let new = Shown::new(channel);
        new.consumer.want(self.wish());
        let old = std::mem::replace(&mut *self.shown.write(), new);
        // They look at the new one at once.
        old.channel.hub.wake();
    }

    /// Sends them away, for good.
    pub(super) fn dismiss(&self) {
        self.dismissed.store(true, Ordering::Release);
    }

    /// What they want now.
    pub(super) fn wish(&self) -> Demand {
        self.settled.lock().clone()
    }
}

impl Shown {
    fn new(channel: Arc<Channel>) -> Arc<Self> {
        Arc::new(Self { consumer: Hub::consumer(&channel.hub), channel })
    }
}

#[cfg(test)]
impl Crowd {
    /// One around a channel of its own, outside of any audience.
    pub(crate) fn of_pattern() -> Arc<Self> {
        use crate::source::pattern::Pattern;
        let channels = super::channel::Channels::new(crate::base::clock::Clock::system());
        Arc::new(Self::new(0, channels.open(&Pattern::new())))
    }
}
