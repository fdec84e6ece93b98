//! Heads of requests with what tus says in them.
//!
//! Seeds: `tests/data/http`, requests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::http::parse_head;
use livestream::proto::tus;

fuzz_target!(|input: &[u8]| {
    let Ok(Some((head, _))) = parse_head(input) else { return };
    let headers = &head.headers;
    let _ = (tus::length(headers), tus::offset(headers), tus::length_now(headers));
    let _ = tus::checksum(headers);
    if let Ok(metadata) = tus::metadata(headers) {
        let written = metadata.written_without(&[]);
        let again = format!("POST / HTTP/1.1\r\nHost: a\r\nUpload-Metadata: {written}\r\n\r\n");
        let (again, _) = parse_head(again.as_bytes()).expect("a head").expect("a whole one");
        assert_eq!(tus::metadata(&again.headers), Ok(metadata));
    }
});
