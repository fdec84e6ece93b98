//! The governor: once a second, budget to shares to levels.
//!
//! On the main thread, until shutdown. Only the clock stands here; the rules are
//! [`Audience::tick`]'s.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use log::error;

use super::audience::Audience;
use crate::base::clock::Clock;
use crate::base::shutdown::Shutdown;

/// Governs until shutdown is asked; `beside` is done once a second too.
pub fn run(audience: &Audience, clock: &Clock, shutdown: &Shutdown, mut beside: impl FnMut()) {
    let mut last = clock.now();
    while !shutdown.wait(PERIOD) {
        let now = clock.now();
        let elapsed = now.duration_since(std::mem::replace(&mut last, now));
        let second = AssertUnwindSafe(|| {
            audience.tick(elapsed, now);
            beside();
        });
        // What fails here once must not end the program.
        if catch_unwind(second).is_err() {
            error!("the governor failed");
        }
    }
}

const PERIOD: Duration = Duration::from_secs(1);
