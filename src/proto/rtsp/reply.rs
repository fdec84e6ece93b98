//! What another server answers (RFC 2326 §7), as a player reads it.
//!
//! Lenient: cameras leave out what they find superfluous. Does not match
//! replies with requests.

use super::message::{body_length, cseq, decimal};
use super::{Invalid, MAX_HEAD_BYTES, Session};
use crate::proto::http::Headers;
use crate::proto::http::headers::{lenient_fields, lenient_line};

/// A reply with its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status code, which may be one that no RFC knows.
    pub status: u16,
    /// The words behind it, for a person to read.
    pub reason: String,
    /// Which request is answered; some servers leave it out of errors.
    pub cseq: Option<u32>,
    /// Every field.
    pub headers: Headers,
    /// A description or parameters; mostly empty.
    pub body: Vec<u8>,
}

/// Parses one reply from the front of `input`.
///
/// Returns it and its length in bytes, body included, or `None` if `input`
/// ends early.
///
/// # Errors
///
/// [`Invalid`] if `input` is no RTSP/1 reply at all, or passes
/// [`MAX_HEAD_BYTES`], [`super::MAX_HEADERS`] or [`super::MAX_BODY_BYTES`].
pub fn parse_reply(input: &[u8]) -> Result<Option<(Reply, usize)>, Invalid> {
    let window = &input[..input.len().min(MAX_HEAD_BYTES)];
    // Told at once, since what is no RTSP may never send a line end.
    let known = window.len().min(PROTOCOL.len());
    if window[..known] != PROTOCOL[..known] {
        return Err(Invalid::new(0, "RTSP-Version"));
    }
    let Some((line, at)) = lenient_line(window, 0) else {
        let too_long = Invalid::new(window.len(), "Status-Line: too long");
        return if window.len() == MAX_HEAD_BYTES { Err(too_long) } else { Ok(None) };
    };
    let (status, reason) = status_line(line).ok_or(Invalid::new(0, "Status-Line"))?;
    let Some((headers, head)) = lenient_fields(input, at)? else {
        return Ok(None);
    };
    let length = body_length(&headers).map_err(|(_, invalid)| invalid.at(at))?;
    let Some(body) = input.get(head..head + length) else {
        return Ok(None);
    };
    let cseq = headers.get("CSeq").and_then(cseq);
    let reply = Reply { status, reason, cseq, headers, body: body.to_vec() };
    Ok(Some((reply, head + length)))
}

impl Reply {
    /// True if what was asked has been done.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The session that SETUP opened, if the server names a usable one.
    pub fn session(&self) -> Option<Session> {
        self.headers.get("Session").and_then(|value| Session::parse(value).ok())
    }

    /// What controls in a description are relative to (RFC 2326 §C.1.1), when
    /// `requested` was described.
    pub fn base<'a>(&'a self, requested: &'a str) -> &'a str {
        let stated = ["Content-Base", "Content-Location"];
        let stated = stated.into_iter().find_map(|name| self.headers.get(name));
        // A camera that states a path alone means its own.
        stated.filter(|base| base.contains("://")).unwrap_or(requested)
    }
}

/// Reads code and reason out of `RTSP/1.x SP code [SP reason]`.
fn status_line(line: &[u8]) -> Option<(u16, String)> {
    let line = String::from_utf8_lossy(line);
    let (_minor, rest) = line.strip_prefix("RTSP/1.")?.split_once(' ')?;
    let (code, reason) = rest.trim_start().split_once(' ').unwrap_or((rest.trim(), ""));
    let code = decimal::<u16>(code).filter(|_| code.len() == 3)?;
    (code >= 100).then(|| (code, reason.to_owned()))
}

const PROTOCOL: &[u8] = b"RTSP/1.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::rtsp::{MAX_BODY_BYTES, MAX_HEADERS, Transport, parse_sdp};

    const GSTREAMER: &[u8] = include_bytes!("../../../tests/data/rtsp/gstreamer-replies.rtsp");
    const LIVE555: &[u8] = include_bytes!("../../../tests/data/rtsp/live555-replies.rtsp");

    fn rule(input: &[u8]) -> &'static str {
        parse_reply(input).unwrap_err().rule
    }

    fn replies(mut input: &[u8]) -> Vec<Reply> {
        let mut found = Vec::new();
        while let Some((reply, length)) = parse_reply(input).unwrap() {
            for cut in 0..length {
                assert_eq!(parse_reply(&input[..cut]), Ok(None), "cut at {cut}");
            }
            input = &input[length..];
            found.push(reply);
        }
        assert_eq!(input, b"");
        found
    }

    #[test]
    fn replies_of_other_servers_are_read_at_every_split() {
        for (whole, base, id) in [
            (GSTREAMER, "rtsp://127.0.0.1:8554/test/", "9jRPMKmdaKeoUwmX"),
            (LIVE555, "rtsp://192.168.1.10/clip.mjpg/", "4C0E0B4A"),
        ] {
            let [options, describe, setup, play] = &replies(whole)[..] else { panic!() };
            assert!(options.headers.lists("Public", "PLAY") && options.is_ok());
            assert_eq!(describe.base("rtsp://other/"), base);
            assert!(parse_sdp(&describe.body).unwrap().jpeg().is_some());
            assert_eq!(setup.session().unwrap().id, id);
            let transport = setup.headers.get("Transport").unwrap();
            assert!(Transport::parse(transport).unwrap().server_port.is_some());
            assert!(play.headers.get("RTP-Info").is_some());
        }
    }

    #[test]
    fn careless_replies_are_understood() {
        let whole = b"RTSP/1.0 454\nCSEQ : 7\nnonsense\n\n";
        let reply = parse_reply(whole).unwrap().unwrap().0;
        assert_eq!((reply.status, reply.reason.as_str(), reply.cseq), (454, "", Some(7)));
        assert!(!reply.is_ok());
        assert_eq!(reply.base("rtsp://a/"), "rtsp://a/");
        let long = b"RTSP/1.0 461 Unsupported transport\r\n\r\n";
        let reply = parse_reply(long).unwrap().unwrap().0;
        assert_eq!((reply.reason.as_str(), reply.cseq), ("Unsupported transport", None));
    }

    #[test]
    fn what_is_no_rtsp_is_refused_at_once() {
        assert_eq!(rule(b"HTTP/1.1 200 OK\r\n"), "RTSP-Version");
        assert_eq!(rule(b"$"), "RTSP-Version");
        assert_eq!(rule(b"RTSP/2"), "RTSP-Version");
        for line in ["RTSP/1.0", "RTSP/1.0 ", "RTSP/1.0 20", "RTSP/1.0 2000", "RTSP/1.0 +20"] {
            assert_eq!(rule(format!("{line}\r\n\r\n").as_bytes()), "Status-Line", "{line}");
        }
    }

    #[test]
    fn a_reply_may_be_as_large_as_the_limits_and_not_larger() {
        let start = "RTSP/1.0 200 OK\r\nX: ";
        let pad = "x".repeat(MAX_HEAD_BYTES - start.len() - 4);
        let whole = format!("{start}{pad}\r\n\r\n");
        assert_eq!(parse_reply(whole.as_bytes()).unwrap().unwrap().1, MAX_HEAD_BYTES);
        assert_eq!(rule(format!("{start}x{pad}\r\n\r\n").as_bytes()), "head too long");
        let many = "X: y\r\n".repeat(MAX_HEADERS + 1);
        assert_eq!(rule(format!("RTSP/1.0 200 OK\r\n{many}").as_bytes()), "too many headers");
        let body = |length: usize| format!("RTSP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n");
        assert_eq!(parse_reply(body(MAX_BODY_BYTES).as_bytes()), Ok(None));
        let rule = rule(body(MAX_BODY_BYTES + 1).as_bytes());
        assert_eq!(rule, "Content-Length: too large");
        let line = format!("RTSP/1.0 200 {}", "x".repeat(MAX_HEAD_BYTES));
        assert_eq!(parse_reply(line.as_bytes()).unwrap_err().rule, "Status-Line: too long");
    }
}
