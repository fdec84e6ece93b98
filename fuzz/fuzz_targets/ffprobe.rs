//! What ffprobe prints of a stranger's file, and the ladder of what it says is in it.
//!
//! Seeds: `tests/data/library`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::library::{ladder, probe};

fuzz_target!(|input: &[u8]| {
    let Some(source) = probe::parse(input) else { return };
    for audio in &source.audio {
        let _ = ladder::sound(audio);
    }
    let Some(video) = &source.video else { return };
    let rungs = ladder::rungs(video);
    assert!((1..=7).contains(&rungs.len()));
    for rung in rungs {
        assert!(rung.width % 2 == 0 && rung.height % 2 == 0 && rung.most_bits_per_sec > 0);
    }
    let _ = ladder::fits(video, &[0.0, 2.0], source.duration_s);
});
