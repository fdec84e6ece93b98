//! Wakes a thread of sessions when there may be something to send.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::live::hub::Hub;

/// A bell that a thread waits at.
#[derive(Default)]
pub(super) struct News {
    rung: Mutex<u64>,
    changed: Condvar,
}

impl News {
    /// A bell that rings at the hub's news while `listens` says so.
    pub(super) fn of(hub: &Hub, listens: impl Fn() -> bool + Send + Sync + 'static) -> Arc<Self> {
        let news = Arc::new(Self::default());
        let bell = Arc::clone(&news);
        hub.on_news(Arc::new(move || {
            if listens() {
                bell.ring();
            }
        }));
        news
    }

    pub(super) fn ring(&self) {
        *self.rung.lock() += 1;
        self.changed.notify_all();
    }

    /// How often it rang. To be asked before looking what there is, so that nothing is missed.
    pub(super) fn count(&self) -> u64 {
        *self.rung.lock()
    }

    /// Waits until it has rung more often than `seen`, at most until `deadline`.
    pub(super) fn wait(&self, seen: u64, deadline: Instant) {
        let mut rung = self.rung.lock();
        while *rung == seen {
            if self.changed.wait_until(&mut rung, deadline).timed_out() {
                return;
            }
        }
    }
}
