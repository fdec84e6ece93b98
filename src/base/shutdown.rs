//! The one signal to end, that every thread looks at.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// Asked to end or not; clones share it.
#[derive(Clone, Default)]
pub struct Shutdown {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    asked: Mutex<bool>,
    changed: Condvar,
}

impl Shutdown {
    /// Not asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks all to end.
    pub fn ask(&self) {
        *self.shared.asked.lock() = true;
        self.shared.changed.notify_all();
    }

    /// Whether it was asked.
    pub fn asked(&self) -> bool {
        *self.shared.asked.lock()
    }

    /// Waits until it is asked, at most for `time`. Returns whether it was.
    pub fn wait(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        let mut asked = self.shared.asked.lock();
        while !*asked && !self.shared.changed.wait_until(&mut asked, deadline).timed_out() {}
        *asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_woken() {
        let shutdown = Shutdown::new();
        let other = shutdown.clone();
        let waiter = std::thread::spawn(move || other.wait(Duration::from_secs(60)));
        shutdown.ask();
        assert!(waiter.join().unwrap());
        assert!(!Shutdown::new().wait(Duration::ZERO));
    }
}
