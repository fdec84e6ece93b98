//! What the integration tests share: a running server, clients that are strict about what it
//! says, and clips for it to show.
//!
//! All of it is written from the contract and none from the server's own parsers, so that the
//! two can disagree; only the clips come out of the project's encoder.

#![allow(dead_code, reason = "each of the programs that have it uses a part")]

pub(crate) mod base64;
pub(crate) mod client;
pub(crate) mod clip;
pub(crate) mod film;
pub(crate) mod gstreamer;
pub(crate) mod httpd;
pub(crate) mod incoming;
pub(crate) mod multipart;
pub(crate) mod network;
pub(crate) mod nginx;
pub(crate) mod picture;
pub(crate) mod pixels;
pub(crate) mod program;
pub(crate) mod relay;
pub(crate) mod rtsp;
pub(crate) mod server;
pub(crate) mod sorts;
pub(crate) mod upstream;
pub(crate) mod viewer;

use std::time::{Duration, Instant};

/// Asks again and again until the answer is `Ok`, and gives it.
///
/// # Panics
///
/// With what was seen last, if `limit` passes first.
#[track_caller]
pub(crate) fn eventually<T>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> Result<T, String>,
) -> T {
    let deadline = Instant::now() + limit;
    loop {
        let seen = match ask() {
            Ok(answer) => return answer,
            Err(seen) => seen,
        };
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}; seen last: {seen}");
        std::thread::park_timeout(BETWEEN_QUESTIONS);
    }
}

/// As [`eventually`], for a question that is either true or not yet.
#[track_caller]
pub(crate) fn eventually_true(what: &str, limit: Duration, mut ask: impl FnMut() -> bool) {
    eventually(what, limit, || if ask() { Ok(()) } else { Err("not so".to_owned()) });
}

/// Far more than anything takes that a test waits for, on a machine that is busy otherwise: it ends
/// what hangs, and says nothing of how soon a thing has to be there.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// For what depends on the pattern's cycle of twelve seconds, on the server's own periods, or on jobs,
/// which have what the other tests leave them of the processors.
pub(crate) const VERY_LONG: Duration = Duration::from_secs(400);

const BETWEEN_QUESTIONS: Duration = Duration::from_millis(20);
