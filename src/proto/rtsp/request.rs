//! What a client asks (RFC 2326 §6): parsed by a server, written by a player.
//!
//! Does not know which streams exist nor which methods are served. Requests in
//! the networking lab's dialect are read by [`super::lab`].

use std::fmt::Display;

use super::message::{HeadLines, body_length, cseq, fields, head_lines, write_rest};
use super::{Invalid, MAX_HEAD_BYTES, Method, Refused, Session, Status, Uri};
use crate::proto::http::Headers;
use crate::proto::http::headers::{is_control, token};

/// A request with its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What to do.
    pub method: Method,
    /// With what.
    pub uri: Uri,
    /// The number that the reply must carry (§12.17).
    pub cseq: u32,
    /// Every field; one that is written has no `CSeq` and `Content-Length` here.
    pub headers: Headers,
    /// A description or parameters; mostly empty.
    pub body: Vec<u8>,
}

/// Parses one request from the front of `input`.
///
/// Returns it and its length in bytes, body included, or `None` if `input`
/// ends early. Empty lines in front are passed over.
///
/// # Errors
///
/// [`Refused`] if the bytes break the grammar, another version is spoken, or
/// one of [`MAX_HEAD_BYTES`], [`super::MAX_HEADERS`] and
/// [`super::MAX_BODY_BYTES`] is passed.
pub fn parse_request(input: &[u8]) -> Result<Option<(Request, usize)>, Refused> {
    let window = &input[..input.len().min(MAX_HEAD_BYTES)];
    let Some(head) = head_lines(window) else {
        return match too_long(window) {
            Some(refused) => Err(refused),
            None => Ok(None),
        };
    };
    let Some(((at, line), rest)) = head.lines.split_first() else {
        // Only empty lines as yet.
        return Ok(None);
    };
    let cseq = find_cseq(&head);
    let refuse = |(status, invalid)| Refused { invalid, status, cseq };
    let (method, uri) = request_line(line, *at).map_err(refuse)?;
    let headers = fields(rest).map_err(refuse)?;
    let missing = || refuse((Status::BadRequest, Invalid::new(*at, "CSeq")));
    let cseq = cseq.ok_or_else(missing)?;
    let length = body_length(&headers).map_err(refuse)?;
    let Some(body) = input.get(head.length..head.length + length) else {
        return Ok(None);
    };
    let request = Request { method, uri, cseq, headers, body: body.to_vec() };
    Ok(Some((request, head.length + length)))
}

impl Request {
    /// A request without fields.
    pub fn new(method: Method, uri: Uri, cseq: u32) -> Self {
        Self { method, uri, cseq, headers: Headers::default(), body: Vec::new() }
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

    /// The session that is meant, if one is named.
    ///
    /// # Errors
    ///
    /// As [`Session::parse`]; a server answers 454.
    pub fn session(&self) -> Result<Option<Session>, Invalid> {
        self.headers.get("Session").map(Session::parse).transpose()
    }

    /// Appends the request, `CSeq` as its first field.
    pub fn write(&self, out: &mut Vec<u8>) {
        let line = format!("{} {} RTSP/1.0\r\nCSeq: {}\r\n", self.method, self.uri, self.cseq);
        out.extend_from_slice(line.as_bytes());
        write_rest(&self.headers, &self.body, out);
    }
}

/// What refuses the beginning of a head that has no end yet, if anything does.
fn too_long(window: &[u8]) -> Option<Refused> {
    let refuse = |status, offset, rule| {
        Some(Refused { invalid: Invalid::new(offset, rule), status, cseq: None })
    };
    // Told at once, since what is no RTSP may never send an empty line.
    let is_binary = |byte: &u8| is_control(*byte) && !matches!(byte, b'\r' | b'\n');
    if let Some(at) = window.iter().position(is_binary) {
        return refuse(Status::BadRequest, at, "control character");
    }
    match window.len() {
        MAX_HEAD_BYTES if !window.trim_ascii_start().contains(&b'\n') => {
            refuse(Status::RequestUriTooLarge, MAX_HEAD_BYTES, "Request-Line: too long")
        }
        MAX_HEAD_BYTES => refuse(Status::RequestEntityTooLarge, MAX_HEAD_BYTES, "head too long"),
        _ => None,
    }
}

/// Looks for the number before anything else, so that a refusal can carry it.
fn find_cseq(head: &HeadLines<'_>) -> Option<u32> {
    let field = head.lines.iter().skip(1).find_map(|(_, line)| {
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        name.eq_ignore_ascii_case("CSeq").then_some(value)
    });
    field.and_then(cseq)
}

/// Splits a `Request-Line` (§6.1): the method before the first space, the
/// version behind the last.
fn request_line(line: &[u8], offset: usize) -> Result<(Method, Uri), (Status, Invalid)> {
    let refuse = |status, column, rule| Err((status, Invalid::new(offset + column, rule)));
    let Ok(line) = std::str::from_utf8(line) else {
        return refuse(Status::BadRequest, 0, "Request-Line: UTF-8");
    };
    if let Some(column) = line.bytes().position(is_control) {
        return refuse(Status::BadRequest, column, "control character");
    }
    let Some((method, (uri, version))) =
        line.split_once(' ').and_then(|(method, rest)| Some((method, rest.rsplit_once(' ')?)))
    else {
        return refuse(Status::BadRequest, 0, "Request-Line");
    };
    let Some(method) = token(method.as_bytes()) else {
        return refuse(Status::BadRequest, 0, "Method");
    };
    let uri_at = method.len() + 1;
    match version.strip_prefix("RTSP/") {
        Some("1.0") => {}
        Some(other) if other.starts_with(|c: char| c.is_ascii_digit()) => {
            let column = uri_at + uri.len() + 1;
            return refuse(Status::RtspVersionNotSupported, column, "RTSP-Version");
        }
        _ => return refuse(Status::BadRequest, uri_at + uri.len() + 1, "RTSP-Version"),
    }
    let uri = Uri::parse(uri).map_err(|e| (Status::BadRequest, e.at(offset + uri_at)))?;
    Ok((Method::from_token(method), uri))
}

#[cfg(test)]
mod tests;
