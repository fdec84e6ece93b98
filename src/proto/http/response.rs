//! The head of a response (RFC 9112 §4), written.
//!
//! Does not choose fields nor frame the body: the server says which length or
//! coding it uses.

use std::fmt::Display;

use super::Status;
use super::headers::{is_control, token};

/// A status line and fields, on their way into a buffer.
#[derive(Clone, Debug)]
pub struct ResponseHead {
    status: Status,
    fields: String,
}

impl ResponseHead {
    /// A head without fields.
    pub fn new(status: Status) -> Self {
        Self { status, fields: String::new() }
    }

    /// Adds a field.
    ///
    /// Control characters in `value` become spaces (RFC 9110 §5.5).
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Display) -> Self {
        debug_assert!(token(name.as_bytes()).is_some(), "field name {name:?}");
        self.fields.push_str(name);
        self.fields.push_str(": ");
        self.fields.push_str(&one_line(value));
        self.fields.push_str("\r\n");
        self
    }

    /// Which status the head has.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Appends the head, its empty line included.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"HTTP/1.1 ");
        out.extend_from_slice(self.status.to_string().as_bytes());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(self.fields.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// `value` with a space for each control character, so that none, wherever it
/// came from, can start a line of its own.
pub(in crate::proto) fn one_line(value: impl Display) -> String {
    let breaks_line = |c: char| u8::try_from(c).is_ok_and(is_control);
    value.to_string().chars().map(|c| if breaks_line(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::http::parse_reply;

    fn written(head: &ResponseHead) -> Vec<u8> {
        let mut out = Vec::new();
        head.write(&mut out);
        out
    }

    #[test]
    fn head_is_written_byte_for_byte() {
        let head =
            ResponseHead::new(Status::SeeOther).header("Location", "/").header("Content-Length", 0);
        let expected = b"HTTP/1.1 303 See Other\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(written(&head), expected);
    }

    #[test]
    fn a_value_cannot_start_a_line() {
        let head = ResponseHead::new(Status::Ok).header("X-Name", "a\r\nSet-Cookie: b\0\u{e9}\t.");
        let expected = "HTTP/1.1 200 OK\r\nX-Name: a  Set-Cookie: b \u{e9}\t.\r\n\r\n";
        assert_eq!(written(&head), expected.as_bytes());
    }

    #[test]
    fn what_is_written_is_read_back() {
        let whole = written(&ResponseHead::new(Status::NotFound).header("Content-Length", 12));
        let (reply, length) = parse_reply(&whole).unwrap().unwrap();
        assert_eq!((reply.status, length), (404, whole.len()));
        assert_eq!(reply.headers.get("Content-Length"), Some("12"));
    }
}
