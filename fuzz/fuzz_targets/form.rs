//! Forms and queries; what is read must be the same once written and read again.
//!
//! Seeds: the body of `tests/data/http/curl-post-form.http`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::http::form::{encode_component, parse, pick};

fuzz_target!(|input: &[u8]| {
    let Ok(fields) = parse(input) else { return };
    let again: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode_component(name), encode_component(value)))
        .collect();
    assert_eq!(parse(again.join("&").as_bytes()).as_ref(), Ok(&fields));
    // Of a query that can be read whole, what is picked is its last.
    let last = fields.iter().rev().find(|(name, _)| name == "quality");
    let picked = pick(input, &["quality"]).unwrap();
    assert_eq!(picked.first().map(|(_, value)| value), last.map(|(_, value)| value));
});
