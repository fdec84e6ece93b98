//! The head of a request (RFC 9112 §2 to §6): line, fields, and what they mean
//! for where the request ends and whom it is for.
//!
//! Strict, since a proxy in front may read a doubtful head otherwise. Does not
//! know which paths exist, nor reads the body: that is [`super::body`].

use super::headers::{Headers, strict_field, strict_line, token, too_large, trim};
use super::{Authority, Invalid, MAX_HEAD_BYTES, MAX_HEADERS, Scheme, Status};
use crate::proto::http::form;

/// A request without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// What to do.
    pub method: Method,
    /// With what.
    pub target: Target,
    /// What the client speaks.
    pub version: Version,
    /// Every field, the ones that have been understood included.
    pub headers: Headers,
    authority: Option<Authority>,
    body: BodyLength,
    expects_continue: bool,
}

/// A request method (RFC 9110 §9, RFC 5789, and `QUERY` of the HTTP working group); they are
/// case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each name is the method's own")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Connect,
    Options,
    Trace,
    Patch,
    Query,
    Other(String),
}

/// What a request is about (RFC 9112 §3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Percent-decoded: starts with `/`, or is `*` alone, or empty for `CONNECT`. May hold `..`
    /// and decoded slashes, so look names up by it and never join it to a folder.
    pub path: String,
    /// What follows the `?`, as sent.
    pub query: Option<String>,
}

/// The versions that are spoken; a later 1.x counts as 1.1 (RFC 9110 §2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each name is the version's own")]
pub enum Version {
    Http10,
    Http11,
}

/// Parses one request head (RFC 9112 §2.1) from the front of `input`.
///
/// Returns the head and its length in bytes, or `None` if `input` ends early.
/// Up to two empty lines in front are passed over (§2.2).
///
/// # Errors
///
/// [`Invalid`] if the bytes break the grammar, if the head passes
/// [`MAX_HEAD_BYTES`] or [`MAX_HEADERS`], or if it leaves doubt about where the
/// body ends (§6.3) or which host is meant (§3.2).
pub fn parse_head(input: &[u8]) -> Result<Option<(Head, usize)>, Invalid> {
    let window = &input[..input.len().min(MAX_HEAD_BYTES)];
    let full = window.len() == MAX_HEAD_BYTES;
    let start = empty_lines(window);
    let Some((line, mut at)) = strict_line(window, start)? else {
        let too_long = Invalid::new(Status::UriTooLong, window.len(), "request-line too long");
        return if full { Err(too_long) } else { Ok(None) };
    };
    let request_line = request_line(line, start)?;
    let mut headers = Headers::default();
    let mut meaning = Meaning::new(request_line.2);
    while let Some((line, next)) = strict_line(window, at)? {
        if line.is_empty() {
            meaning.require_host(at)?;
            let chunked = meaning.is_chunked()?;
            let head = meaning.into_head(chunked, request_line, headers);
            return Ok(Some((head, next)));
        }
        if headers.len() == MAX_HEADERS {
            return Err(too_large(at, "too many headers"));
        }
        let (name, value) = strict_field(line, at)?;
        meaning.note(name, &value, at)?;
        headers.push(name, value);
        at = next;
    }
    if full { Err(too_large(window.len(), "head too long")) } else { Ok(None) }
}

/// Where a request's body ends (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// There is no body.
    None,
    /// After this many bytes.
    Known(u64),
    /// Where the chunked coding says.
    Chunked,
}

impl Head {
    /// Where the body ends (RFC 9112 §6.3).
    pub fn body(&self) -> BodyLength {
        self.body
    }

    /// Whom the request is for; a 1.0 client may not say.
    pub fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// True if the client means to send another request here (RFC 9112 §9.3).
    pub fn keep_alive(&self) -> bool {
        match self.version {
            _ if self.headers.lists("Connection", "close") => false,
            Version::Http10 => self.headers.lists("Connection", "keep-alive"),
            Version::Http11 => true,
        }
    }

    /// True if the client holds its body back until it sees `100 Continue` (RFC 9110 §10.1.1).
    pub fn expects_continue(&self) -> bool {
        self.expects_continue
    }

    /// True if the client names JSON itself; `*/*` is not meant, as browsers send it with a form.
    pub fn accepts_json(&self) -> bool {
        self.accepts("application/json")
    }

    /// True if the client names HTML itself, as a browser does for a page.
    pub fn accepts_html(&self) -> bool {
        self.accepts("text/html")
    }

    /// The first value of the field `name`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// True if the client names this content coding (RFC 9110 §12.5.3); `*` is not meant.
    pub fn accepts_coding(&self, coding: &str) -> bool {
        self.weight_of_coding(coding) > 0.0
    }

    /// How much the client wants this content coding, 0 to 1 (RFC 9110 §12.4.2); `*` is not meant.
    pub fn weight_of_coding(&self, coding: &str) -> f32 {
        self.weight("Accept-Encoding", coding)
    }

    fn accepts(&self, media_type: &str) -> bool {
        self.weight("Accept", media_type) > 0.0
    }

    /// The weight of a value in a field's list (RFC 9110 §12.4.2); 0 if it is not there, or has none that
    /// can be read.
    fn weight(&self, field: &str, value: &str) -> f32 {
        let weights = self.headers.list(field).filter_map(|range| {
            let mut pieces = range.split(';').map(str::trim);
            pieces.next().filter(|name| name.eq_ignore_ascii_case(value))?;
            match pieces.find_map(|p| p.strip_prefix("q=").or(p.strip_prefix("Q="))) {
                Some(weight) => weight.parse().ok(),
                None => Some(1.0),
            }
        });
        weights.fold(0.0, f32::max)
    }
}

impl Method {
    /// As it stands in the request line.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => KNOWN.iter().find(|(_, it)| it == known).map_or("", |(name, _)| name),
        }
    }

    fn from_token(name: &str) -> Self {
        let known = KNOWN.iter().find(|(known, _)| *known == name);
        known.map_or_else(|| Self::Other(name.to_owned()), |(_, method)| method.clone())
    }
}

static KNOWN: [(&str, Method); 10] = [
    ("GET", Method::Get),
    ("HEAD", Method::Head),
    ("POST", Method::Post),
    ("PUT", Method::Put),
    ("DELETE", Method::Delete),
    ("CONNECT", Method::Connect),
    ("OPTIONS", Method::Options),
    ("TRACE", Method::Trace),
    ("PATCH", Method::Patch),
    ("QUERY", Method::Query),
];

impl Target {
    /// The query as names and values.
    ///
    /// # Errors
    ///
    /// As [`form::parse`]; the offset counts from the start of the query.
    pub fn query_pairs(&self) -> Result<Vec<(String, String)>, Invalid> {
        self.query.as_deref().map_or(Ok(Vec::new()), |query| form::parse(query.as_bytes()))
    }

    /// Origin-form: a path and perhaps a query (RFC 9112 §3.2.1).
    pub(in crate::proto) fn origin(text: &str, offset: usize) -> Result<Self, Invalid> {
        let (path, query) = match text.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (text, None),
        };
        let path = form::percent_decode(path.as_bytes()).map_err(|e| e.at(offset as u64))?;
        if path.contains('\0') {
            return Err(Invalid::bad_request(offset, "request-target: NUL"));
        }
        Ok(Self { path, query })
    }
}

/// What the fields say about the message itself, checked as they come.
struct Meaning {
    version: Version,
    authority: Option<Authority>,
    length: Option<u64>,
    /// The values of `Transfer-Encoding`, and where the last of them stands.
    codings: Option<(String, usize)>,
    expects_continue: bool,
}

impl Meaning {
    fn new(version: Version) -> Self {
        Self { version, authority: None, length: None, codings: None, expects_continue: false }
    }

    fn note(&mut self, name: &str, value: &str, offset: usize) -> Result<(), Invalid> {
        let refuse = |rule| Err(Invalid::bad_request(offset, rule));
        match name.to_ascii_lowercase().as_str() {
            "host" if self.authority.is_some() => refuse("Host: repeated"),
            "host" => {
                let authority = Authority::parse(value);
                self.authority = Some(authority.ok_or(Invalid::bad_request(offset, "Host"))?);
                Ok(())
            }
            "content-length" if self.length.is_some() => refuse("Content-Length: repeated"),
            "content-length" => {
                self.length = Some(content_length(value, offset)?);
                self.refuse_two_lengths(offset)
            }
            "transfer-encoding" => self.transfer_encoding(value, offset),
            "expect" => self.expect(value, offset),
            _ => Ok(()),
        }
    }

    fn transfer_encoding(&mut self, value: &str, offset: usize) -> Result<(), Invalid> {
        if self.version == Version::Http10 {
            return Err(Invalid::bad_request(offset, "Transfer-Encoding in HTTP/1.0"));
        }
        let before = self.codings.take().map(|(codings, _)| codings + ",").unwrap_or_default();
        self.codings = Some((before + value, offset));
        self.refuse_two_lengths(offset)
    }

    /// Whether the body is chunked (RFC 9112 §6.1, §6.3): the last coding must be that, no other
    /// may be, and none is known beside it.
    fn is_chunked(&self) -> Result<bool, Invalid> {
        let Some((codings, offset)) = &self.codings else { return Ok(false) };
        let is_chunked = |coding: &&str| coding.eq_ignore_ascii_case("chunked");
        let codings: Vec<&str> =
            codings.split(',').map(trim).filter(|coding| !coding.is_empty()).collect();
        if !codings.last().is_some_and(is_chunked) {
            return Err(Invalid::bad_request(*offset, "Transfer-Encoding: not chunked at last"));
        }
        if codings.iter().filter(|coding| is_chunked(coding)).count() > 1 {
            return Err(Invalid::bad_request(*offset, "Transfer-Encoding: chunked twice"));
        }
        if codings.len() > 1 {
            return Err(Invalid::new(Status::NotImplemented, *offset, "Transfer-Encoding"));
        }
        Ok(true)
    }

    fn refuse_two_lengths(&self, offset: usize) -> Result<(), Invalid> {
        if self.codings.is_some() && self.length.is_some() {
            let rule = "Content-Length with Transfer-Encoding";
            return Err(Invalid::bad_request(offset, rule));
        }
        Ok(())
    }

    fn expect(&mut self, value: &str, offset: usize) -> Result<(), Invalid> {
        if !value.eq_ignore_ascii_case("100-continue") {
            return Err(Invalid::new(Status::ExpectationFailed, offset, "Expect"));
        }
        self.expects_continue = true;
        Ok(())
    }

    fn require_host(&self, offset: usize) -> Result<(), Invalid> {
        if self.version == Version::Http11 && self.authority.is_none() {
            return Err(Invalid::bad_request(offset, "Host: missing"));
        }
        Ok(())
    }

    fn into_head(
        self,
        chunked: bool,
        (method, (target, authority), version): RequestLine,
        headers: Headers,
    ) -> Head {
        let body = match self.length {
            _ if chunked => BodyLength::Chunked,
            Some(length) => BodyLength::Known(length),
            None => BodyLength::None,
        };
        // A 1.0 client can't have meant it, and without content there is nothing to wait for.
        let waits =
            version == Version::Http11 && !matches!(body, BodyLength::None | BodyLength::Known(0));
        Head {
            method,
            target,
            version,
            headers,
            authority: authority.or(self.authority),
            body,
            expects_continue: self.expects_continue && waits,
        }
    }
}

/// How many bytes of empty lines to pass over.
fn empty_lines(input: &[u8]) -> usize {
    (0..MAX_EMPTY_LINES).take_while(|n| input[n * 2..].starts_with(b"\r\n")).count() * 2
}

type RequestLine = (Method, (Target, Option<Authority>), Version);

/// Splits a `request-line` (RFC 9112 §3): three words, one space between each.
fn request_line(line: &[u8], offset: usize) -> Result<RequestLine, Invalid> {
    let mut words = line.split(|&byte| byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Invalid::bad_request(offset, "request-line"));
    };
    let target_at = offset + method.len() + 1;
    let method = token(method).ok_or(Invalid::bad_request(offset, "method"))?;
    let method = Method::from_token(method);
    let version = http_version(version, target_at + target.len() + 1)?;
    let target = request_target(&method, target, target_at)?;
    Ok((method, target, version))
}

/// Reads `HTTP/1.x` (RFC 9112 §2.3).
fn http_version(word: &[u8], offset: usize) -> Result<Version, Invalid> {
    let refuse = |status| Err(Invalid::new(status, offset, "HTTP-version"));
    match word.strip_prefix(b"HTTP/") {
        Some(b"1.0") => Ok(Version::Http10),
        Some([b'1', b'.', b'1'..=b'9']) => Ok(Version::Http11),
        Some([b'0'..=b'9', b'.', b'0'..=b'9']) => refuse(Status::HttpVersionNotSupported),
        _ => refuse(Status::BadRequest),
    }
}

/// Reads a target in one of its four forms (RFC 9112 §3.2), and the authority that it names.
fn request_target(
    method: &Method,
    word: &[u8],
    offset: usize,
) -> Result<(Target, Option<Authority>), Invalid> {
    let invalid = Invalid::bad_request(offset, "request-target");
    if !word.iter().all(|&byte| byte.is_ascii_graphic() && byte != b'#') {
        return Err(invalid);
    }
    let text = std::str::from_utf8(word).map_err(|_| invalid)?;
    if *method == Method::Connect {
        // No port is meant where none is named (RFC 9110 §9.3.6).
        let authority = Authority::parse(text).filter(|authority| authority.port.is_some());
        let target = Target { path: String::new(), query: None };
        return Ok((target, Some(authority.ok_or(invalid)?)));
    }
    if text == "*" && *method == Method::Options {
        return Ok((Target { path: "*".to_owned(), query: None }, None));
    }
    if text.starts_with('/') {
        return Ok((Target::origin(text, offset)?, None));
    }
    let (scheme, rest) = text.split_once("://").ok_or(invalid)?;
    Scheme::parse(scheme).ok_or(invalid)?;
    let (authority, origin) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let authority = Authority::parse(authority).ok_or(invalid)?;
    let mut target = Target::origin(origin, offset + text.len() - origin.len())?;
    if target.path.is_empty() {
        target.path.push('/');
    }
    Ok((target, Some(authority)))
}

/// Reads `1*DIGIT`; a sign, a list or a fraction is no length (RFC 9110 §8.6).
pub(in crate::proto) fn content_length(value: &str, offset: usize) -> Result<u64, Invalid> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let length = if digits { value.parse().ok() } else { None };
    length.ok_or(Invalid::bad_request(offset, "Content-Length"))
}

/// Old clients send a CRLF after a form's body; a client that sends more is not one of them.
const MAX_EMPTY_LINES: usize = 2;

#[cfg(test)]
mod tests;
