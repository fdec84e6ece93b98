//! Coefficients of anything: what can be read can be written, and then read again.
//!
//! Seeds: `tests/data/jpeg`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::media::coefficients::Coefficients;
use livestream::media::frame::Quality;

fuzz_target!(|input: &[u8]| {
    let Some((percent, jpeg)) = input.split_first() else { return };
    let quality = Quality::new(percent % 100 + 1).expect("it is 1 to 100");
    if let Ok(coefficients) = Coefficients::read(jpeg) {
        let again = coefficients.requantized(quality);
        let again = Coefficients::read(&again).expect("what was written can be read");
        assert_eq!(again.thumbnail().size, coefficients.thumbnail().size);
    }
});
