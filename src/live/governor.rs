//! The governor thread: once a second, budget to shares to levels.
//!
//! Only the clock stands here; the rules are [`Audience::tick`]'s.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::audience::Audience;
use crate::base::clock::Clock;
use crate::base::shutdown::Shutdown;

/// Starts the thread.
///
/// # Errors
///
/// The system's error if a thread cannot be made.
pub fn start(
    audience: Arc<Audience>,
    clock: Clock,
    shutdown: Shutdown,
) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name("governor".into()).spawn(move || {
        let mut last = clock.now();
        while !shutdown.wait(PERIOD) {
            let now = clock.now();
            audience.tick(now.duration_since(last), now);
            last = now;
        }
    })
}

const PERIOD: Duration = Duration::from_secs(1);
