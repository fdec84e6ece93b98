//! What another server answers (RFC 9112 §4), as a client reads it.
//!
//! Lenient: cameras, phones and small servers leave out what they find
//! superfluous. Each reply is the only one on its connection, so that a doubtful
//! length can at worst end the stream that it belongs to.

use super::headers::{Headers, lenient_fields, lenient_line};
use super::{Invalid, MAX_HEAD_BYTES};

/// A reply without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status code, which may be one that no RFC knows.
    pub status: u16,
    /// Every field.
    pub headers: Headers,
}

/// Where a reply's body ends (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyBody {
    /// There is no body.
    None,
    /// After this many bytes.
    Known(u64),
    /// Where the chunked coding says: see [`super::ChunkedDecoder`].
    Chunked,
    /// Where the connection does.
    UntilClose,
}

/// Parses one reply head from the front of `input`.
///
/// Returns the head and its length in bytes, or `None` if `input` ends early.
/// Lines may end with a lone LF, the reason phrase may be missing, and a line
/// that is no field is passed over.
///
/// # Errors
///
/// [`Invalid`] if `input` is no HTTP/1 reply at all, passes
/// [`MAX_HEAD_BYTES`] or [`super::MAX_HEADERS`], or has its body in a coding
/// other than `chunked`.
pub fn parse_reply(input: &[u8]) -> Result<Option<(Reply, usize)>, Invalid> {
    let window = &input[..input.len().min(MAX_HEAD_BYTES)];
    // Told at once, since what is no HTTP may never send a line end.
    let known = window.len().min(PROTOCOL.len());
    if window[..known] != PROTOCOL[..known] {
        return Err(Invalid::bad_gateway(0, "HTTP-version"));
    }
    let Some((line, at)) = lenient_line(window, 0) else {
        let too_long = Invalid::bad_gateway(window.len(), "status-line too long");
        return if window.len() == MAX_HEAD_BYTES { Err(too_long) } else { Ok(None) };
    };
    let status = status_code(line).ok_or(Invalid::bad_gateway(0, "status-line"))?;
    let Some((headers, length)) = lenient_fields(input, at)? else {
        return Ok(None);
    };
    let foreign = |coding: &str| !["chunked", "identity"].contains(&coding);
    if headers.list("Transfer-Encoding").any(|coding| foreign(&coding.to_ascii_lowercase())) {
        return Err(Invalid::bad_gateway(at, "Transfer-Encoding"));
    }
    Ok(Some((Reply { status, headers }, length)))
}

impl Reply {
    /// True for an answer that only comes before the answer (RFC 9110 §15.2).
    pub fn is_interim(&self) -> bool {
        (100..200).contains(&self.status)
    }

    /// Where the body of an answer to a GET ends.
    ///
    /// A `Content-Length` that is no number counts as none: some cameras send -1.
    pub fn body(&self) -> ReplyBody {
        if self.is_interim() || matches!(self.status, 204 | 304) {
            return ReplyBody::None;
        }
        if self.headers.lists("Transfer-Encoding", "chunked") {
            return ReplyBody::Chunked;
        }
        let length = self.headers.get("Content-Length").and_then(|value| value.parse().ok());
        length.map_or(ReplyBody::UntilClose, ReplyBody::Known)
    }
}

/// Reads the code out of `HTTP/1.x SP code [SP reason]`.
fn status_code(line: &[u8]) -> Option<u16> {
    let rest = line.strip_prefix(PROTOCOL)?;
    let [b'0'..=b'9', b' ', rest @ ..] = rest else {
        return None;
    };
    let rest = rest.trim_ascii_start();
    let (code, after) = rest.split_at_checked(3)?;
    if !matches!(after.first(), None | Some(b' ' | b'\t')) {
        return None;
    }
    let code = std::str::from_utf8(code).ok()?.parse().ok()?;
    (100..1000).contains(&code).then_some(code)
}

const PROTOCOL: &[u8] = b"HTTP/1.";

#[cfg(test)]
mod tests {
    use super::*;

    const MJPG_STREAMER: &[u8] = include_bytes!("../../../tests/data/http/mjpg-streamer.http");
    const USTREAMER: &[u8] = include_bytes!("../../../tests/data/http/ustreamer.http");
    const GO2RTC: &[u8] = include_bytes!("../../../tests/data/http/go2rtc.http");

    fn reply(input: &[u8]) -> Reply {
        parse_reply(input).unwrap().unwrap().0
    }

    fn rule(input: &[u8]) -> &'static str {
        parse_reply(input).unwrap_err().rule
    }

    #[test]
    fn replies_of_other_servers_are_read_at_every_split() {
        for (whole, body) in [
            (MJPG_STREAMER, ReplyBody::UntilClose),
            (USTREAMER, ReplyBody::UntilClose),
            (GO2RTC, ReplyBody::Chunked),
        ] {
            let (parsed, length) = parse_reply(whole).unwrap().unwrap();
            assert_eq!((parsed.status, parsed.body()), (200, body));
            let kind = parsed.headers.get("content-type").unwrap();
            assert!(kind.starts_with("multipart/x-mixed-replace;"));
            for cut in 0..length {
                assert_eq!(parse_reply(&whole[..cut]), Ok(None), "cut at {cut}");
            }
        }
    }

    #[test]
    fn careless_heads_are_understood() {
        assert_eq!(reply(b"HTTP/1.0 200\n\n").status, 200);
        assert_eq!(reply(b"HTTP/1.1 404 \r\n\r\n").status, 404);
        assert_eq!(
            reply(b"HTTP/1.1  401 No\r\nno colon here\r\nA:b\n\r\n").headers.get("a"),
            Some("b")
        );
    }

    #[test]
    fn the_body_ends_where_the_status_and_fields_say() {
        let body = |status: u16, fields: &str| {
            reply(format!("HTTP/1.1 {status} X\r\n{fields}\r\n").as_bytes()).body()
        };
        assert_eq!(body(200, "Content-Length: 7\r\n"), ReplyBody::Known(7));
        assert_eq!(body(200, "Content-Length: -1\r\n"), ReplyBody::UntilClose);
        let both = "Content-Length: 7\r\nTransfer-Encoding: Chunked\r\n";
        assert_eq!(body(200, both), ReplyBody::Chunked);
        assert_eq!(body(200, "Transfer-Encoding: identity\r\n"), ReplyBody::UntilClose);
        assert_eq!(body(304, "Content-Length: 7\r\n"), ReplyBody::None);
        assert_eq!(body(100, ""), ReplyBody::None);
    }

    #[test]
    fn what_is_no_http_is_refused_at_once() {
        assert_eq!(rule(b"RTSP/1.0 200 OK\r\n"), "HTTP-version");
        assert_eq!(rule(b"\xff\xd8"), "HTTP-version");
        assert_eq!(rule(b"HTTP/2"), "HTTP-version");
        for line in [
            "HTTP/1.1",
            "HTTP/1.1 ",
            "HTTP/1.1 20",
            "HTTP/1.1 2000",
            "HTTP/1.1 +20",
            "HTTP/1.1 099",
        ] {
            assert_eq!(rule(format!("{line}\r\n\r\n").as_bytes()), "status-line", "{line}");
        }
        assert_eq!(
            rule(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
            "Transfer-Encoding"
        );
    }

    #[test]
    fn a_reply_may_be_as_large_as_the_limit_and_not_larger() {
        let start = "HTTP/1.1 200 OK\r\nX: ";
        let pad = "x".repeat(MAX_HEAD_BYTES - start.len() - 4);
        let whole = format!("{start}{pad}\r\n\r\nmore");
        assert_eq!(parse_reply(whole.as_bytes()).unwrap().unwrap().1, MAX_HEAD_BYTES);
        assert_eq!(rule(format!("{start}x{pad}\r\n\r\n").as_bytes()), "head too long");
        let line = format!("HTTP/1.1 200 {}", "x".repeat(MAX_HEAD_BYTES));
        assert_eq!(rule(line.as_bytes()), "status-line too long");
    }
}
