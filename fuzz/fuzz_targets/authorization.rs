//! What clients say who they are: read or refused, and never let in.
//!
//! Seeds: `tests/data/authorization`.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use livestream::proto::auth::{
    Age, Credentials, Ha1, MAX_CREDENTIALS_BYTES, Nonces, parse_credentials,
};
use livestream::proto::rtsp::Uri;

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let nonces = Nonces::new([1; 16]);
    let kept = Ha1 { md5: [2; 16], sha256: [3; 32] };
    for line in text.lines() {
        // Seeds have a method and a URI in front.
        for value in [line, line.splitn(3, ' ').last().unwrap_or_default()] {
            match parse_credentials(value) {
                Ok(Credentials::Digest(proof)) => {
                    assert_eq!(nonces.age(proof.nonce(), 1, Duration::ZERO), Age::Foreign);
                    assert!(!proof.shows(&kept, "DESCRIBE", |_| true));
                }
                Ok(Credentials::Basic(who)) => assert!(!kept.is_of(&who)),
                Ok(Credentials::Bearer(token)) => assert!(!token.as_str().is_empty()),
                Err(_) => continue,
            }
            assert!(value.len() <= MAX_CREDENTIALS_BYTES);
        }
        if let Ok(uri) = Uri::parse(line) {
            assert!(uri.is_also(line, "track1"));
        }
    }
});
