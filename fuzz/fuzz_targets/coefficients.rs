//! Coefficients of anything: what can be read can be written, and then read again.
//!
//! Seeds: `tests/data/jpeg`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::jpeg::coefficients::Coefficients;
use livestream::media::frame::Quality;

fuzz_target!(|input: &[u8]| {
    // From the end, so that a plain JPEG is a seed.
    let percent = input.last().map_or(0, |byte| byte % 100) + 1;
    let quality = Quality::new(percent).expect("it is 1 to 100");
    if let Ok(coefficients) = Coefficients::read(input) {
        let again = coefficients.requantized(quality);
        let again = Coefficients::read(&again).expect("what was written can be read");
        assert_eq!(again.thumbnail().0, coefficients.thumbnail().0);
        assert_eq!(again.orientation(), coefficients.orientation());
    }
});
