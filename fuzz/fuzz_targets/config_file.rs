//! `livestream.toml`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::config::read_file;

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    if let Err((line, why)) = read_file(&text) {
        assert!(line >= 1 && !why.is_empty());
    }
});
