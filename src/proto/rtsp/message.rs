//! What requests and replies have in common: lines, fields, a body (RFC 2326 §4).
//!
//! Lines end with CRLF or a lone LF (§4.1 has receivers prepared for both); a
//! lone CR is refused, since no client is known to send one.

use super::{Invalid, MAX_BODY_BYTES, MAX_HEADERS, Status};
use crate::proto::http::headers::{
    Headers, is_blank, is_control, lenient_line, strict_field, trim,
};
use crate::proto::http::response::one_line;

/// The lines of a message before its body, and where that starts.
pub(super) struct HeadLines<'a> {
    /// Each with its offset, the first line first, the empty one left out.
    pub(super) lines: Vec<(usize, &'a [u8])>,
    pub(super) length: usize,
}

/// Cuts the front of `window` into lines up to the empty one, or `None` if it
/// has not come yet. Empty lines in front are passed over.
pub(super) fn head_lines(window: &[u8]) -> Option<HeadLines<'_>> {
    let mut lines = Vec::new();
    let mut at = window.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    while let Some((line, next)) = lenient_line(window, at) {
        if line.is_empty() {
            return Some(HeadLines { lines, length: next });
        }
        lines.push((at, line));
        at = next;
    }
    None
}

/// Reads the fields of a head; a line that starts with a blank continues the one before.
pub(super) fn fields(lines: &[(usize, &[u8])]) -> Result<Headers, (Status, Invalid)> {
    let mut headers = Headers::default();
    for &(at, line) in lines {
        let invalid = |invalid: Invalid| (Status::BadRequest, invalid);
        if let Some(column) = line.iter().position(|&byte| is_control(byte)) {
            return Err(invalid(Invalid::new(at + column, "control character")));
        }
        if !headers.is_empty() && line.first().is_some_and(|&byte| is_blank(byte)) {
            headers.extend_last(trim(&String::from_utf8_lossy(line)));
            continue;
        }
        if headers.len() == MAX_HEADERS {
            let invalid = Invalid::new(at, "too many headers");
            return Err((Status::RequestEntityTooLarge, invalid));
        }
        let (name, value) = strict_field(line, at).map_err(|e| invalid(e.into()))?;
        headers.push(name, value);
    }
    Ok(headers)
}

/// Reads `CSeq` (§12.17).
pub(super) fn cseq(value: &str) -> Option<u32> {
    decimal(value)
}

/// A number in plain digits: no sign.
pub(super) fn decimal<T: std::str::FromStr>(text: &str) -> Option<T> {
    let text = trim(text);
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// How long the body is that follows `headers` (§12.14).
pub(super) fn body_length(headers: &Headers) -> Result<usize, (Status, Invalid)> {
    let mut values = headers.all("Content-Length");
    let Some(value) = values.next() else {
        return Ok(0);
    };
    let refuse = |status, rule| Err((status, Invalid::new(0, rule)));
    match decimal::<u64>(value) {
        _ if values.any(|other| other != value) => {
            refuse(Status::BadRequest, "Content-Length: repeated")
        }
        None => refuse(Status::BadRequest, "Content-Length"),
        Some(length) => match usize::try_from(length) {
            Ok(length) if length <= MAX_BODY_BYTES => Ok(length),
            _ => refuse(Status::RequestEntityTooLarge, "Content-Length: too large"),
        },
    }
}

/// Appends fields, the length of `body` as the last one if there is any, and `body`.
pub(super) fn write_rest(headers: &Headers, body: &[u8], out: &mut Vec<u8>) {
    for (name, value) in headers.iter() {
        out.extend_from_slice(format!("{name}: {}\r\n", one_line(value)).as_bytes());
    }
    if !body.is_empty() {
        out.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
}

/// Splits at `separator`, but not between double quotes.
pub(super) fn split_unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c: char| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
    .map(trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hide_separators() {
        let pieces: Vec<&str> = split_unquoted("a;b=\"c;d\" ; e", ';').collect();
        assert_eq!(pieces, ["a", "b=\"c;d\"", "e"]);
    }

    #[test]
    fn numbers_have_digits_only() {
        assert_eq!(decimal::<u32>(" 007 "), Some(7));
        for text in ["", "+1", "-1", "1.0", "4294967296", "0x1", "1 2"] {
            assert_eq!(decimal::<u32>(text), None, "{text:?}");
        }
    }
}
