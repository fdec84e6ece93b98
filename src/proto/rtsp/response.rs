//! What the server answers (RFC 2326 §7), written.
//!
//! Does not choose fields: the server says which. For the networking lab's
//! clients, who read three lines and no more, see [`super::lab`].

use std::fmt::Display;

use super::Status;
use super::message::write_rest;
use crate::proto::http::Headers;
use crate::proto::http::headers::token;

/// A reply on its way into a buffer.
#[derive(Clone, Debug)]
pub struct Response {
    status: Status,
    cseq: Option<u32>,
    headers: Headers,
    body: Vec<u8>,
}

impl Response {
    /// A reply to the request numbered `cseq`; to one whose number could not be
    /// read it has none.
    pub fn new(status: Status, cseq: Option<u32>) -> Self {
        Self { status, cseq, headers: Headers::default(), body: Vec::new() }
    }

    /// Adds a field; control characters in `value` become spaces when written.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Display) -> Self {
        debug_assert!(token(name.as_bytes()).is_some(), "field name {name:?}");
        self.headers.push(name, value.to_string());
        self
    }

    /// Sets the body; its length is written with it.
    #[must_use]
    pub fn body(self, media_type: &str, bytes: Vec<u8>) -> Self {
        Self { body: bytes, ..self }.header("Content-Type", media_type)
    }

    /// Which status the reply has.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Appends the reply: status, `CSeq`, the fields in the order they were
    /// added, body.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("RTSP/1.0 {}\r\n", self.status).as_bytes());
        if let Some(cseq) = self.cseq {
            out.extend_from_slice(format!("CSeq: {cseq}\r\n").as_bytes());
        }
        write_rest(&self.headers, &self.body, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::rtsp::{Session, parse_reply};

    #[test]
    fn a_reply_is_written_byte_for_byte() {
        let mut out = Vec::new();
        Response::new(Status::Ok, Some(3))
            .header("Session", Session::new("12345678"))
            .body("application/sdp", b"v=0\r\n".to_vec())
            .write(&mut out);
        let expected = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: 12345678\r\n\
            Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n";
        assert_eq!(out, expected);
        let (reply, length) = parse_reply(&out).unwrap().unwrap();
        assert_eq!((reply.status, reply.cseq, length), (200, Some(3), out.len()));
        assert_eq!(reply.body, b"v=0\r\n");
    }

    #[test]
    fn a_value_cannot_start_a_line_and_a_number_may_be_missing() {
        let mut out = Vec::new();
        let response = Response::new(Status::BadRequest, None).header("Unsupported", "a\r\nX: b");
        assert_eq!(response.status(), Status::BadRequest);
        response.write(&mut out);
        assert_eq!(out, b"RTSP/1.0 400 Bad Request\r\nUnsupported: a  X: b\r\n\r\n");
    }
}
