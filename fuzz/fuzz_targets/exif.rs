//! Exif's orientation, of anything: it is one of the eight or none, and our own segment says it.
//!
//! Seeds: `tests/data/jpeg/turned.jpg`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::jpeg::{self, Orientation, exif};

const PLAIN: &[u8] = include_bytes!("../../tests/data/jpeg/420.jpg");

fuzz_target!(|input: &[u8]| {
    for payload in [input.to_vec(), [b"Exif\0\0MM\0*", input].concat()] {
        let Some(orientation) = exif::orientation(&payload) else { continue };
        assert!(Orientation::all().any(|one| one == orientation));
        let said = jpeg::with_orientation(PLAIN, orientation);
        let info = jpeg::info(&said).expect("a segment more is no fault");
        assert_eq!(info.orientation, orientation);
    }
});
