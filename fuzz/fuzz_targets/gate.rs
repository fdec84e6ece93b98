//! The gate for what a source sends, on anything: what it passes on can be decoded from its first
//! byte to its last, and passes again as it is.
//!
//! Seeds: `tests/data/jpeg`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::jpeg;
use livestream::media::codec::try_out;
use livestream::media::gate;

fuzz_target!(|input: &[u8]| {
    if let Ok(mended) = jpeg::mend(input) {
        assert!(mended.jpeg.bytes.starts_with(&[0xFF, 0xD8]));
        assert!(mended.jpeg.bytes.ends_with(&[0xFF, 0xD9]));
    }
    if let Ok(jpeg) = gate::take(input) {
        try_out(&jpeg.bytes, false, &mut Vec::new()).expect("libjpeg takes it");
        let again = gate::take(&jpeg.bytes).expect("it passes again");
        assert_eq!(again.bytes, jpeg.bytes);
        assert_eq!(again.size, jpeg.size);
    }
});
