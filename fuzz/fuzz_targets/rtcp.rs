//! RTCP compounds; what is read must be the same once written and read again.
//!
//! Seeds: `tests/data/rtp/gstreamer.rtcp`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::rtp::rtcp::{Packet, parse, write};

fuzz_target!(|input: &[u8]| {
    let Ok(mut packets) = parse(input) else { return };
    packets.retain(|packet| !matches!(packet, Packet::Other { .. }));
    let mut written = Vec::new();
    write(&packets, &mut written);
    if let Ok(again) = parse(&written) {
        assert_eq!(again.len(), packets.len());
    } else {
        assert!(packets.is_empty());
    }
});
