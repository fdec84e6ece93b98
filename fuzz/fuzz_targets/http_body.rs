//! Bodies in the chunked coding; the steps they come in must make no difference.
//!
//! Seeds: the body of `tests/data/http/curl-post-chunked.http`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::http::{Body, BodyLength, ChunkedDecoder, Invalid};

fuzz_target!(|input: &[u8]| {
    let whole = collect(input, input.len().max(1));
    assert_eq!(collect(input, 1), whole);
    if let Ok((bytes, consumed)) = whole {
        assert!(bytes.len() <= LIMIT && consumed <= input.len());
        // What is good of a request is good of a server, and means the same.
        let mut lenient = Vec::new();
        ChunkedDecoder::default().decode(&input[..consumed], &mut lenient).unwrap();
        assert_eq!(lenient, bytes);
    }
});

fn collect(input: &[u8], step: usize) -> Result<(Vec<u8>, usize), Invalid> {
    let mut body = Body::new(BodyLength::Chunked, LIMIT);
    let mut consumed = 0;
    for piece in input.chunks(step) {
        let fed = body.feed(piece)?;
        consumed += fed.consumed;
        if fed.done {
            break;
        }
    }
    Ok((body.into_bytes(), consumed))
}

const LIMIT: usize = 256;
