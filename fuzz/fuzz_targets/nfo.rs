//! Words about a film: no bytes make the reader panic, and what is read is no longer than they are.

#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::nfo::Nfo;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(nfo) = Nfo::parse(bytes) {
        let texts = [nfo.title, nfo.plot, nfo.director];
        // Between two directors stands a comma that was not there.
        assert!(texts.into_iter().flatten().map(|text| text.len()).sum::<usize>() <= bytes.len());
    }
});
