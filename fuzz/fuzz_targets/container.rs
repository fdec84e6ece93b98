//! What a film's file says of itself: bounded, and no longer than a month.
//!
//! Seeds: `tests/data/film`.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use livestream::proto::container::about;

fuzz_target!(|input: &[u8]| {
    let Some(about) = about(&mut &*input) else { return };
    assert!(about.duration.is_none_or(|lasts| lasts <= Duration::from_secs(31 * 24 * 3600)));
    assert!(about.codecs.iter().all(|codec| codec.len() <= 32));
});
