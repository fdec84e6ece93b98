//! What [`PartReader`] finds in the streams of other servers, careless ones included.

use super::*;
use crate::proto::http::{ChunkedDecoder, ReplyBody, parse_reply};

const MJPG_STREAMER: &[u8] = include_bytes!("../../../../tests/data/http/mjpg-streamer.http");
const USTREAMER: &[u8] = include_bytes!("../../../../tests/data/http/ustreamer.http");
const ADVANCE: &[u8] = include_bytes!("../../../../tests/data/http/ustreamer-advance.http");
const GO2RTC: &[u8] = include_bytes!("../../../../tests/data/http/go2rtc.http");

/// The bodies of all parts in `stream`, fed in steps of `step` bytes.
fn parts(mut reader: PartReader, stream: &[u8], step: usize) -> Result<Vec<Part>, Invalid> {
    let mut found = Vec::new();
    for piece in stream.chunks(step) {
        reader.feed(piece);
        while let Some(part) = reader.next_part()? {
            found.push(part);
        }
    }
    Ok(found)
}

fn reader(boundary: &str) -> PartReader {
    PartReader::new(&format!("multipart/x-mixed-replace; boundary={boundary}"), 64).unwrap()
}

/// The bodies as text, the same at whatever step the stream comes in.
fn bodies(boundary: &str, stream: &str) -> Vec<String> {
    let read = |step| {
        let parts = parts(reader(boundary), stream.as_bytes(), step).unwrap();
        parts.into_iter().map(|part| String::from_utf8(part.body).unwrap()).collect()
    };
    let whole: Vec<String> = read(stream.len());
    for step in 1..stream.len() {
        assert_eq!(read(step), whole, "step {step}");
    }
    whole
}

fn rule(stream: &str, step: usize) -> &'static str {
    parts(reader("b"), stream.as_bytes(), step).unwrap_err().rule
}

#[test]
fn streams_of_other_servers_are_read_at_every_step() {
    for whole in [MJPG_STREAMER, USTREAMER, ADVANCE, GO2RTC] {
        let (reply, length) = parse_reply(whole).unwrap().unwrap();
        let mut stream = whole[length..].to_vec();
        if reply.body() == ReplyBody::Chunked {
            let mut decoded = Vec::new();
            ChunkedDecoder::default().decode(&stream, &mut decoded).unwrap();
            stream = decoded;
        }
        for step in 1..=stream.len() {
            let kind = reply.headers.get("Content-Type").unwrap();
            let found = parts(PartReader::new(kind, 4096).unwrap(), &stream, step).unwrap();
            assert_eq!(found.len(), 2, "step {step}");
            for part in found {
                assert_eq!(part.headers.get("content-type"), Some("image/jpeg"));
                assert!(part.body.starts_with(b"\xff\xd8") && part.body.ends_with(b"\xff\xd9"));
            }
        }
    }
}

#[test]
fn a_part_with_a_length_is_given_at_its_last_byte() {
    let mut reader = reader("b");
    reader.feed(b"--b\r\nContent-Length: 3\r\n\r\nab");
    assert_eq!(reader.next_part(), Ok(None));
    reader.feed(b"c");
    assert_eq!(reader.next_part().unwrap().unwrap().body, b"abc");
}

#[test]
fn the_boundary_is_found_however_it_is_declared() {
    for kind in [
        "multipart/x-mixed-replace;boundary=b",
        "Multipart/X-Mixed-Replace ; charset=\"a;b\" ; Boundary = \"b\"",
        "multipart/x-mixed-replace; boundary=b; x=y",
        "multipart/mixed; boundary=\"--b\"",
    ] {
        let found = parts(PartReader::new(kind, 64).unwrap(), b"--b\r\n\r\nx\r\n--b\r\n", 1);
        assert_eq!(found.unwrap()[0].body, b"x", "{kind}");
    }
    let long = format!("multipart/mixed; boundary={}", "b".repeat(MAX_BOUNDARY_BYTES + 1));
    for kind in ["image/jpeg", "multipart/mixed", "multipart/mixed; boundary=", "", &long] {
        assert!(PartReader::new(kind, 64).is_err(), "{kind}");
    }
}

#[test]
fn a_boundary_declared_with_its_dashes_is_found_both_ways() {
    let once = "--b\r\n\r\nx\r\n--b\r\n\r\ny-\r\n--b\r\n";
    assert_eq!(bodies("--b", once), ["x", "y-"]);
    assert_eq!(bodies("--b", &once.replace("--b", "----b")), ["x", "y-"]);
    let with_length = "----b\r\nContent-Length: 1\r\n\r\nx\r\n";
    assert_eq!(bodies("--b", &with_length.repeat(3)), ["x", "x", "x"]);
    assert_eq!(bodies("---", "-----\r\n\r\nx\r\n-----\r\n"), ["x"]);
}

#[test]
fn parts_without_length_end_at_the_delimiter() {
    let stream = "preamble --b not\r\n--b \t\r\nA: 1\r\n\r\n--\r\n--bx\n--b!\r\n\
        --b\n\nlast\n--b--\r\n--b\r\n\r\nx";
    assert_eq!(bodies("b", stream), ["--\r\n--bx\n--b!", "last"]);
}

#[test]
fn line_ends_may_be_lone_or_missing() {
    assert_eq!(bodies("b", "--b\nContent-Length:1\n\nx\n--b\n\ny--b\n"), ["x", "y"]);
    assert_eq!(
        bodies("b", "--b\r\nContent-Length: 1\r\n\r\nx--b\r\n\r\ny\r\n\r\n--b\r\n"),
        ["x", "y\r\n"]
    );
    assert_eq!(
        bodies("b", "--b\r\nContent-Length: 1\r\n\r\nx\r\n\r\n\n--b\r\n\r\ny\r\n--b\r\n"),
        ["x", "y"]
    );
    assert_eq!(bodies("b", "--b\r\nContent-Length: 0\r\n\r\nx\r\n--b\r\n"), ["x"]);
}

#[test]
fn a_length_that_is_too_short_is_not_believed_again() {
    let mut reader = reader("b");
    reader.feed(
        b"--b\r\nContent-Length: 2\r\n\r\nabcd\r\n--b\r\nContent-Length: 2\r\n\r\nefgh\r\n--b\r\n",
    );
    assert_eq!(reader.next_part().unwrap().unwrap().body, b"abcd");
    assert_eq!(reader.next_part().unwrap().unwrap().body, b"efgh");
    assert_eq!(reader.next_part(), Ok(None));
}

#[test]
fn a_short_length_seen_late_costs_one_part() {
    let stream =
        b"--b\r\nContent-Length: 2\r\n\r\nabcd\r\n--b\r\nContent-Length: 2\r\n\r\nefgh\r\n--b\r\n";
    let found = parts(reader("b"), stream, 1).unwrap();
    assert_eq!(found[0].body, b"ab");
    assert_eq!(found[1].body, b"efgh");
}

#[test]
fn a_length_that_is_too_long_finds_back_to_the_delimiter() {
    let one = b"--b\r\nContent-Length: 9\r\n\r\nabcd\r\n";
    let found = parts(reader("b"), &one.repeat(4), 200).unwrap();
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|part| part.body == b"abcd"));
    let found = parts(reader("b"), &one.repeat(4), 1).unwrap();
    assert_eq!(found.last().unwrap().body, b"abcd");
    assert_eq!(bodies("b", "--b\r\nContent-Length: 99999\r\n\r\nx\r\n--b\r\n"), ["x"]);
}

#[test]
fn a_part_may_be_as_large_as_the_limit_and_not_larger() {
    let stream = |size: usize| format!("--b\r\n\r\n{}\r\n--b\r\n", "x".repeat(size));
    for step in [1, 7, 200] {
        let found = parts(reader("b"), stream(64).as_bytes(), step).unwrap();
        assert_eq!(found[0].body.len(), 64);
        assert_eq!(rule(&stream(65), step), "part too large");
        assert_eq!(rule(&"x".repeat(70), step), "delimiter: none found");
    }
    assert_eq!(rule(&format!("--b\r\n{}", "A: b\r\n".repeat(101)), 1), "too many headers");
}

#[test]
fn a_stream_of_dashes_is_searched_once() {
    // Each byte looks like a delimiter's first; a search from the start would take minutes.
    let mut reader = PartReader::new("multipart/mixed; boundary=b", 1 << 20).unwrap();
    reader.feed(b"--b\r\n\r\n");
    for _ in 0..(1 << 20) / 16 {
        reader.feed(&[b'-'; 16]);
        assert_eq!(reader.next_part(), Ok(None));
    }
}

#[test]
fn the_last_delimiter_ends_it() {
    let mut reader = reader("b");
    reader.feed(b"--b\r\n\r\nx\r\n--b--");
    assert_eq!(reader.next_part().unwrap().unwrap().body, b"x");
    assert_eq!(reader.next_part(), Ok(None));
    assert!(reader.is_finished());
    reader.feed(b"\r\n--b\r\n\r\nx\r\n--b\r\n");
    assert_eq!(reader.next_part(), Ok(None));
}
