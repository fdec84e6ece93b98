//! Session descriptions; the URLs in them must resolve to something.
//!
//! Seeds: `tests/data/rtsp`, the files of descriptions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::rtsp::{parse_sdp, resolve_control};

fuzz_target!(|input: &[u8]| {
    let Ok(description) = parse_sdp(input) else {
        return;
    };
    if let Some((media, payload_type)) = description.jpeg() {
        assert!(media.payload_types.contains(&payload_type));
    }
    let base = resolve_control("rtsp://a/live/", description.control.as_deref());
    for media in &description.medias {
        assert!(!resolve_control(&base, media.control.as_deref()).is_empty());
    }
});
