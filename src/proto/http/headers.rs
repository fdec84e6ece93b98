//! The fields of a head (RFC 9110 §5, RFC 9112 §5), read strictly or leniently.
//!
//! Strict is for requests, lenient for what other servers send: in replies and
//! in the parts of a multipart stream. Does not know what any field means.

use super::{Invalid, MAX_HEAD_BYTES, MAX_HEADERS, Status};

/// Fields in the order they came; names compare without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    fields: Vec<(String, String)>,
}

impl Headers {
    /// The first value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Each value of `name`, in order.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Every value of `name` as one list (RFC 9110 §5.3); `None` if there is no such field.
    pub fn joined(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self.all(name).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Each name and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// True if there is no field.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The members of every `name` field, as one comma-separated list (RFC 9110 §5.6.1).
    pub fn list<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.all(name)
            .flat_map(|value| value.split(','))
            .map(trim)
            .filter(|member| !member.is_empty())
    }

    /// True if the list in `name` has the member `token`, in any case.
    pub fn lists(&self, name: &str, token: &str) -> bool {
        self.list(name).any(|member| member.eq_ignore_ascii_case(token))
    }

    pub(in crate::proto) fn push(&mut self, name: &str, value: String) {
        self.fields.push((name.to_owned(), value));
    }

    /// Appends to the last value, for a line that continues it.
    pub(in crate::proto) fn extend_last(&mut self, more: &str) {
        if let Some((_, value)) = self.fields.last_mut() {
            value.push(' ');
            value.push_str(more);
        }
    }
}

/// A line without its CRLF, and where the next one starts.
pub(in crate::proto) type Line<'a> = (&'a [u8], usize);

/// Takes the line at `from`, ended by CRLF and by nothing else.
///
/// RFC 9112 §2.2 allows a lone LF to end a line too. It is refused: two readers
/// that differ about where a line ends differ about where a request ends.
pub(in crate::proto) fn strict_line(
    input: &[u8],
    from: usize,
) -> Result<Option<Line<'_>>, Invalid> {
    let rest = input.get(from..).unwrap_or_default();
    let Some(length) = rest.iter().position(|&byte| is_control(byte)) else {
        return Ok(None);
    };
    let refuse = |rule| Err(Invalid::bad_request(from + length, rule));
    match &rest[length..] {
        [b'\r', b'\n', ..] => Ok(Some((&rest[..length], from + length + 2))),
        [b'\r'] => Ok(None),
        [b'\r', ..] => refuse("CRLF: bare CR"),
        [b'\n', ..] => refuse("CRLF: bare LF"),
        _ => refuse("control character"),
    }
}

/// Splits `line`, which starts `offset` bytes into its head, as a `field-line`
/// (RFC 9112 §5).
pub(in crate::proto) fn strict_field(
    line: &[u8],
    offset: usize,
) -> Result<(&str, String), Invalid> {
    if line.first().is_some_and(|&byte| is_blank(byte)) {
        return Err(Invalid::bad_request(offset, "obs-fold"));
    }
    let colon = line
        .iter()
        .position(|&byte| byte == b':')
        .ok_or(Invalid::bad_request(offset, "field-line: no colon"))?;
    let name = token(&line[..colon]).ok_or(Invalid::bad_request(offset, "field-name"))?;
    let value = trim(&String::from_utf8_lossy(&line[colon + 1..])).to_owned();
    Ok((name, value))
}

/// Takes the line at `from`, ended by LF with or without a CR.
pub(in crate::proto) fn lenient_line(input: &[u8], from: usize) -> Option<Line<'_>> {
    let rest = input.get(from..)?;
    let length = rest.iter().position(|&byte| byte == b'\n')?;
    let line = &rest[..length];
    Some((line.strip_suffix(b"\r").unwrap_or(line), from + length + 1))
}

/// Reads fields from `from` through their empty line, forgiving what can be understood.
///
/// A continued line is joined with a space (RFC 9112 §5.2), control characters
/// become spaces, and a line that is no field is passed over.
pub(in crate::proto) fn lenient_fields(
    input: &[u8],
    from: usize,
) -> Result<Option<(Headers, usize)>, Invalid> {
    let window = &input[..input.len().min(MAX_HEAD_BYTES)];
    let mut headers = Headers::default();
    let mut at = from;
    while let Some((line, next)) = lenient_line(window, at) {
        if line.is_empty() {
            return Ok(Some((headers, next)));
        }
        add_lenient(&mut headers, line);
        if headers.len() > MAX_HEADERS {
            return Err(Invalid::bad_gateway(at, "too many headers"));
        }
        at = next;
    }
    if window.len() == MAX_HEAD_BYTES {
        return Err(Invalid::bad_gateway(at, "head too long"));
    }
    Ok(None)
}

fn add_lenient(headers: &mut Headers, line: &[u8]) {
    let text: String = String::from_utf8_lossy(line)
        .chars()
        .map(|c| if c.is_ascii_control() { ' ' } else { c })
        .collect();
    if line.first().is_some_and(|&byte| is_blank(byte)) {
        headers.extend_last(trim(&text));
    } else if let Some((name, value)) = text.split_once(':')
        && let Some(name) = token(trim(name).as_bytes())
    {
        headers.push(name, trim(value).to_owned());
    }
}

/// The answer to a head that is larger than it may be.
pub(super) fn too_large(offset: usize, rule: &'static str) -> Invalid {
    Invalid::new(Status::RequestHeaderFieldsTooLarge, offset, rule)
}

/// `bytes` as a `token` (RFC 9110 §5.6.2), if that is what they are.
pub(in crate::proto) fn token(bytes: &[u8]) -> Option<&str> {
    let all = !bytes.is_empty() && bytes.iter().all(|&byte| is_token_byte(byte));
    if all { std::str::from_utf8(bytes).ok() } else { None }
}

/// True for `tchar` (RFC 9110 §5.6.2).
pub(in crate::proto) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Without the optional whitespace (`OWS`, RFC 9110 §5.6.3) at both ends.
pub(in crate::proto) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// True for what may stand nowhere in a line: every control character but tab.
pub(in crate::proto) fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

pub(in crate::proto) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lenient(input: &[u8]) -> Headers {
        let (headers, length) = lenient_fields(input, 0).unwrap().unwrap();
        assert_eq!(length, input.len());
        headers
    }

    #[test]
    fn names_compare_without_case_and_repeats_keep_their_order() {
        let headers = lenient(b"Via: a\r\nVIA: b, c\r\nX: 1\r\n\r\n");
        assert_eq!(headers.get("via"), Some("a"));
        assert_eq!(headers.list("Via").collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(headers.joined("via").as_deref(), Some("a, b, c"));
        assert_eq!(headers.joined("y"), None);
        assert!(headers.lists("via", "C"));
        assert_eq!(headers.get("y"), None);
    }

    #[test]
    fn strict_lines_end_with_crlf_alone() {
        assert_eq!(strict_line(b"ab\r\ncd", 0), Ok(Some((&b"ab"[..], 4))));
        assert_eq!(strict_line(b"ab\r", 0), Ok(None));
        assert_eq!(strict_line(b"ab\ncd", 0).unwrap_err().rule, "CRLF: bare LF");
        assert_eq!(strict_line(b"ab\rcd", 0).unwrap_err().rule, "CRLF: bare CR");
        assert_eq!(strict_line(b"a\0b\r\n", 0).unwrap_err().offset, 1);
    }

    #[test]
    fn strict_field_refuses_what_readers_differ_about() {
        let rule = |line: &[u8]| strict_field(line, 0).unwrap_err().rule;
        assert_eq!(rule(b"Host : a"), "field-name");
        assert_eq!(rule(b" Host: a"), "obs-fold");
        assert_eq!(rule(b": a"), "field-name");
        assert_eq!(rule(b"Ho\xc3\xa4st: a"), "field-name");
        assert_eq!(rule(b"Host"), "field-line: no colon");
        assert_eq!(strict_field(b"A:\t b \t", 0), Ok(("A", "b".to_owned())));
    }

    #[test]
    fn lenient_fields_take_what_cameras_send() {
        let headers =
            lenient(b"Content-Type : image/jpeg\nnonsense\nX-Long: a\n  b\nX-Odd: 1\x012\n\n");
        assert_eq!(headers.get("content-type"), Some("image/jpeg"));
        assert_eq!(headers.get("x-long"), Some("a b"));
        assert_eq!(headers.get("x-odd"), Some("1 2"));
        assert_eq!(headers.len(), 3);
    }

    #[test]
    fn lenient_fields_are_bounded() {
        let many = "A: b\r\n".repeat(MAX_HEADERS + 1);
        assert_eq!(lenient_fields(many.as_bytes(), 0).unwrap_err().rule, "too many headers");
        let long = vec![b'a'; MAX_HEAD_BYTES];
        assert_eq!(lenient_fields(&long, 0).unwrap_err().rule, "head too long");
        assert_eq!(lenient_fields(&long[1..], 0), Ok(None));
    }
}
