//! `Range`: what is served is within the file, and a field without blanks means the same with some.
//!
//! Seeds: `bytes=0-1,2-`, `bytes=-5`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::http::{Asked, parse_range};

fuzz_target!(|input: (&str, u64)| {
    let (field, length) = input;
    let asked = parse_range(field, length);
    if let Asked::Part { range, .. } = &asked {
        assert!(range.start < range.end && range.end <= length);
    }
    if !field.contains(' ') {
        assert_eq!(parse_range(&field.replace(',', " , "), length), asked);
    }
});
