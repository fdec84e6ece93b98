//! A connection's requests, replies and `$` frames, and the networking lab's dialect.
//!
//! Seeds: `tests/data/rtsp`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::rtsp::lab::{
    Found, dialect, parse_lab_request, parse_terse_request, unreadable, write_description,
};
use livestream::proto::rtsp::{
    Front, Range, RtpInfo, Session, Transport, front, parse_reply, parse_request, parse_scale,
};

fuzz_target!(|input: &[u8]| {
    standard(input);
    lab(input);
    if let Ok(value) = std::str::from_utf8(input) {
        headers(value);
    }
});

fn standard(mut input: &[u8]) {
    while let Some(found) = front(input) {
        let length = match found {
            Front::Frame { payload, length, .. } => {
                assert_eq!(payload.len() + 4, length);
                length
            }
            Front::Nothing { length } => length,
            Front::Request => match parse_request(input) {
                Ok(Some((request, length))) => {
                    assert_eq!(parse_request(&input[..length - 1]), Ok(None));
                    let _ = (request.session(), request.uri.without_track("track1"));
                    length
                }
                _ => return,
            },
            Front::Reply => match parse_reply(input) {
                Ok(Some((reply, length))) => {
                    assert_eq!(parse_reply(&input[..length - 1]), Ok(None));
                    let _ = (reply.session(), reply.base("rtsp://a/"));
                    length
                }
                _ => return,
            },
        };
        assert!(length > 0);
        input = &input[length..];
    }
}

fn lab(input: &[u8]) {
    let _ = (dialect(input), unreadable(input));
    for found in [parse_lab_request(input), parse_terse_request(input)] {
        let Ok(Some(
            Found::Complete { request, length } | Found::MaybeComplete { request, length, .. },
        )) = found
        else {
            continue;
        };
        assert!((1..=input.len()).contains(&length));
        assert!(write_description(&request, "movie.Mjpeg", u32::MAX).len() < 1024);
    }
}

fn headers(value: &str) {
    let _ = (Session::parse(value), parse_scale(value), RtpInfo::parse_list(value));
    if let Ok(list) = Transport::parse_list(value) {
        for transport in list {
            let _ = (transport.chosen(), transport.to_string());
        }
    }
    if let Ok(range @ Range::Npt(_)) = Range::parse(value) {
        assert_eq!(Range::parse(&range.to_string()), Ok(range));
    }
}
