//! Coefficients of anything: what can be read can be written, and then read again; turned, filtered
//! and covered too.
//!
//! Seeds: `tests/data/jpeg`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::jpeg::coefficients::{Coefficients, Patch};
use livestream::media::frame::{Orientation, Quality};

fuzz_target!(|input: &[u8]| {
    // From the end, so that a plain JPEG is a seed.
    let percent = input.last().map_or(0, |byte| byte % 100) + 1;
    let quality = Quality::new(percent).expect("it is 1 to 100");
    if let Ok(coefficients) = Coefficients::read(input) {
        let again = coefficients.requantized(quality);
        let again = Coefficients::read(&again).expect("what was written can be read");
        assert_eq!(again.thumbnail().0, coefficients.thumbnail().0);
        assert_eq!(again.orientation(), coefficients.orientation());
        let read = |changed: &Coefficients| {
            Coefficients::read(&changed.requantized(quality)).expect("what was changed can be read")
        };
        for orientation in Orientation::all() {
            if let Some(turned) = coefficients.turned(orientation) {
                assert_eq!(read(&turned.sharper().inverted()).thumbnail().0, turned.thumbnail().0);
            }
        }
        coefficients.grey().map(|grey| read(&grey.softer()));
        let [left, top, right, bottom] = [1, 9, 40, 70].map(|side| side * u32::from(percent) / 50);
        read(&coefficients.covered(&[Patch { left, top, right, bottom }]));
    }
});
