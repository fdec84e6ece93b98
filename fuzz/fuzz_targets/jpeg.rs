//! The JPEG walker, on anything: what it completes must end where it says.
//!
//! Seeds: `tests/data/jpeg`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::jpeg;

fuzz_target!(|input: &[u8]| {
    if let Ok(Some(length)) = jpeg::length(input) {
        assert!(length <= input.len());
        assert!(input[..length].ends_with(&[0xFF, 0xD9]));
    }
    if let Ok(whole) = jpeg::complete(input) {
        assert!(whole.bytes.ends_with(&[0xFF, 0xD9]));
    }
});
