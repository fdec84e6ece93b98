//! The governor: once a second, budget to shares to levels.
//!
//! On the main thread, until shutdown. Only the clock stands here; the rules are
//! [`Audience::tick`]'s.

use std::time::Duration;

use super::audience::Audience;
use crate::base::clock::Clock;
use crate::base::shutdown::Shutdown;

/// Governs until shutdown is asked; `beside` is done once a second too.
pub fn run(audience: &Audience, clock: &Clock, shutdown: &Shutdown, mut beside: impl FnMut()) {
    let mut last = clock.now();
    while !shutdown.wait(PERIOD) {
        let now = clock.now();
        audience.tick(now.duration_since(last), now);
        last = now;
        beside();
    }
}

const PERIOD: Duration = Duration::from_secs(1);
