//! Heads of requests and replies; a head that is whole must not be so any sooner.
//!
//! Seeds: `tests/data/http`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::http::{parse_head, parse_reply};

fuzz_target!(|input: &[u8]| {
    if let Ok(Some((head, length))) = parse_head(input) {
        assert!(length <= input.len());
        assert_eq!(parse_head(&input[..length - 1]), Ok(None));
        let _ = (head.keep_alive(), head.accepts_json(), head.target.query_pairs());
    }
    if let Ok(Some((reply, length))) = parse_reply(input) {
        assert!(length <= input.len());
        assert_eq!(parse_reply(&input[..length - 1]), Ok(None));
        let _ = reply.body();
    }
});
