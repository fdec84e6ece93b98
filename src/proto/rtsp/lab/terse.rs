//! Requests that some of the lab's students write, with numbers where fields should be.
//!
//! ```text
//! SETUP movie.Mjpeg\n1\n RTSP/1.0 RTP/UDP 25600
//! PLAY \n2
//! ```
//!
//! The number in the second line is CSeq, the first one in the third the port. No session is
//! named, and nothing says where a request ends. Replies are those of the dialect.

use super::super::message::decimal;
use super::{
    Dialect, Ending, Fields, Found, LONG_SILENCE, LabRequest, Line, MAX_NAME_BYTES,
    MAX_REQUEST_BYTES, Style, blank_lines, end_or_wait, name_and_value, refuse_control, refused,
};
use crate::proto::http::headers::lenient_line;
use crate::proto::rtsp::{Method, Refused, Status};

/// The dialect of a request with this first line, which is not one of the lab's, and with so
/// much behind it; `None` if it begins with none of the lab's methods, or has a version.
pub(super) fn dialect(line: &[u8], behind: &[u8]) -> Option<Dialect> {
    let (_, rest) = method(line)?;
    let has_version = rest.split_ascii_whitespace().next_back();
    if has_version.is_some_and(|word| word.starts_with("RTSP/")) {
        return None;
    }
    let second = Line::at(behind, 0);
    let text = second.text.trim_ascii_start();
    Some(match text.first() {
        _ if rest.contains("://") || rest.starts_with('/') => Dialect::Unreadable,
        None if second.ended => Dialect::Unreadable,
        None => Dialect::MaybeUnreadable,
        Some(first) if first.is_ascii_digit() => Dialect::Terse,
        Some(_) => Dialect::Unreadable,
    })
}

/// Parses one request from the front of `input`, which is of [`Dialect::Terse`].
///
/// Returns `None` if the second line has no digit yet, and with SETUP the third.
///
/// # Errors
///
/// [`Refused`] if a number is none, with SETUP if there is no port, or if something passes its
/// limit.
pub fn parse_terse_request(input: &[u8]) -> Result<Option<Found>, Refused> {
    let window = &input[..input.len().min(MAX_REQUEST_BYTES)];
    let start = blank_lines(window);
    let Some((line, second)) = lenient_line(window, start) else {
        return end_or_wait(window, input, None);
    };
    refuse_control(line, start, None)?;
    let Some((method, name)) = method(line) else {
        return Err(refused(Status::BadRequest, start, "Request-Line", None));
    };
    let name = name.trim();
    if name.len() > MAX_NAME_BYTES {
        return Err(refused(Status::RequestUriTooLarge, start, "file name: too long", None));
    }
    let mut fields = Fields {
        method,
        name: (!name.is_empty()).then(|| name.to_owned()),
        newline: Style::of(window).newline,
        ending: Ending::Open,
        start,
        cseq: None,
        session: None,
        client_port: None,
        accepts_sdp: false,
    };
    let mut number = Number::in_line(window, second);
    fields.cseq = number.as_ref().and_then(|number| number.value);
    if fields.method == Method::Setup {
        match &number {
            Some(cseq) if cseq.ended => {
                let third = cseq.next;
                number = Number::in_line(window, third);
                let port = number.as_ref().and_then(|number| number.value);
                fields.client_port = port.and_then(|port| u16::try_from(port).ok());
            }
            // The number may grow, and the port follows.
            _ => number = None,
        }
    }
    let Some(number) = number else {
        return end_or_wait(window, input, fields.cseq);
    };
    number.found(fields, start)
}

/// The reply's number and style for a request that is [unreadable](Dialect::Unreadable), and why.
pub fn unreadable(input: &[u8]) -> (Style, Refused) {
    let window = &input[..input.len().min(MAX_REQUEST_BYTES)];
    let lines = window.split(|byte| *byte == b'\n').skip(1);
    let cseq = lines.filter_map(|line| std::str::from_utf8(line).ok()).find_map(|line| {
        let (name, value) = name_and_value(line.trim());
        if name.eq_ignore_ascii_case("cseq") { decimal(value) } else { decimal(line.trim()) }
    });
    (Style::of(input), refused(Status::BadRequest, blank_lines(window), "Request-Line", cseq))
}

/// A line's first number.
struct Number {
    /// `None` if it is too large.
    value: Option<u32>,
    /// Where what follows begins: the next line, or what stands behind the number.
    next: usize,
    /// Whether the line ends.
    ended: bool,
    /// What stands behind it in the line: another request, or nothing that belongs there.
    behind: Behind,
}

enum Behind {
    Nothing,
    Request,
    Other,
}

impl Number {
    fn in_line(window: &[u8], at: usize) -> Option<Self> {
        let line = Line::at(window, at);
        let text = line.text;
        let starts_word = |at: &usize| {
            let before = at.checked_sub(1).and_then(|before| text.get(before));
            text[*at].is_ascii_digit() && before.is_none_or(u8::is_ascii_whitespace)
        };
        let start = (0..text.len()).find(starts_word)?;
        let digits = text[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let end = start + digits;
        let value = std::str::from_utf8(&text[start..end]).ok().and_then(decimal);
        let rest = text[end..].trim_ascii_start();
        let behind = if rest.is_empty() {
            Behind::Nothing
        } else if method(rest).is_some() {
            Behind::Request
        } else {
            Behind::Other
        };
        let next = if rest.is_empty() { line.next } else { at + text.len() - rest.len() };
        Some(Self { value, next, ended: line.ended && rest.is_empty(), behind })
    }

    /// The request that ends with this number.
    fn found(self, mut fields: Fields, start: usize) -> Result<Option<Found>, Refused> {
        if self.ended {
            fields.ending = Ending::Line;
        }
        fields.client_port = fields.client_port.filter(|port| *port != 0);
        if fields.method == Method::Setup && fields.client_port.is_none() {
            return Err(refused(Status::BadRequest, start, "port", fields.cseq));
        }
        let request: LabRequest = fields.request(fields.ending)?;
        let length = self.next;
        Ok(Some(match self.behind {
            Behind::Nothing => Found::MaybeComplete { request, length, silence: LONG_SILENCE },
            Behind::Request => Found::Complete { request, length },
            Behind::Other => {
                return Err(refused(Status::BadRequest, start, "number", fields.cseq));
            }
        }))
    }
}

/// One of the lab's methods at the front of a line, and what follows it.
fn method(line: &[u8]) -> Option<(Method, &str)> {
    let text = std::str::from_utf8(line).ok()?;
    let (name, rest) = text.split_at(text.find(' ').unwrap_or(text.len()));
    let method = Method::from_token(name);
    let is_the_labs =
        matches!(method, Method::Setup | Method::Play | Method::Pause | Method::Teardown);
    is_the_labs.then_some((method, rest.trim_start()))
}
