//! The dialect of the networking lab (Kurose and Ross, *Computer Networking*,
//! the RTSP lab), spoken by its students' clients.
//!
//! A request is recognised by its first line ([`dialect`]): by its bare file name, or by
//! having no version in a [terse] request. It may end with an empty line, with a line
//! end, or with its last digit, so that its end is sometimes known only by the silence
//! after it: see [`Found`]. The reply is
//! written the way the request ended ([`Style`]), which is what its client
//! waits for: one that reads lines needs the line end after `Session`, one that
//! reads up to an empty line needs that too, and either would take what is more
//! than it needs for the start of the next reply.
//!
//! Does not keep time, nor know the videos.

mod reply;
mod terse;

use std::ops::Range;
use std::time::Duration;

pub use reply::{write_description, write_reply};
pub use terse::{parse_terse_request, unreadable};

use super::message::decimal;
use super::{Invalid, Method, Refused, Status};
use crate::proto::http::headers::{is_control, lenient_line, token, trim};

/// A request in the lab's dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabRequest {
    /// What to do; extended labs have methods of their own.
    pub method: Method,
    /// With which video; `DESCRIBE` may leave it out. As sent: it may hold `..`.
    pub name: Option<String>,
    /// The number that the reply must carry; may start at 0.
    pub cseq: u32,
    /// The session, as the reply to SETUP numbered it.
    pub session: Option<u32>,
    /// Where the client takes RTP; always there with SETUP.
    pub client_port: Option<u16>,
    /// True if `Accept` asks for a description (the lab's optional exercise).
    pub accepts_sdp: bool,
    /// How to write the reply.
    pub style: Style,
}

/// How a request was written, and thus how its reply is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Between lines.
    pub newline: Newline,
    /// Behind the last one.
    pub ending: Ending,
}

/// What ends a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is the bytes' own")]
pub enum Newline {
    #[default]
    Lf,
    CrLf,
}

/// What stands behind the last line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// Nothing, as the lab's Python skeleton sends it.
    #[default]
    Open,
    /// A line end, as its Java skeleton does.
    Line,
    /// A line end and an empty line, as RFC 2326 wants it.
    Blank,
}

/// A request at the front of a buffer, and how sure its end is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An empty line or the next request follows.
    Complete {
        /// What is asked.
        request: LabRequest,
        /// How many bytes to take from the buffer.
        length: usize,
    },
    /// All that the method needs is there, but a number may still grow and a
    /// line follow. If nothing more comes for as long as `silence`, this
    /// is the request; if something does, parse again.
    MaybeComplete {
        /// What is asked, as it stands.
        request: LabRequest,
        /// How many bytes to take from the buffer.
        length: usize,
        /// How long nothing may have followed.
        silence: Duration,
    },
}

/// How a request is written, as far as its first line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// As RFC 2326 has it, or as something that only its own parser can refuse.
    Standard,
    /// As the lab has it: `METHOD name RTSP/1.x` or `METHOD RTSP/1.x`, where the name
    /// neither starts with a slash, nor is `*`, nor has a scheme.
    Lab,
    /// As some of the lab's students have it: `METHOD name` or `METHOD `, and in the next
    /// line a number.
    Terse,
    /// One of the lab's methods, and then nothing that anybody speaks.
    Unreadable,
    /// Unreadable, unless a number follows. If nothing does for [`LONG_SILENCE`], it is.
    MaybeUnreadable,
}

/// Tells how the request at the front of `input` is written, or `None` if its first line is
/// not whole.
pub fn dialect(input: &[u8]) -> Option<Dialect> {
    let (line, next) = lenient_line(input, blank_lines(input))?;
    if line.len() > MAX_REQUEST_BYTES {
        return Some(Dialect::Standard);
    }
    if request_line(line).is_some() {
        return Some(Dialect::Lab);
    }
    Some(terse::dialect(line, &input[next..]).unwrap_or(Dialect::Standard))
}

/// Parses one request from the front of `input`, which is of [`Dialect::Lab`].
///
/// Returns `None` if something that its method needs has not come: `CSeq`, and
/// with SETUP the port, with PLAY, PAUSE and TEARDOWN the session, with
/// DESCRIBE the session or `Accept`. What has not come before an empty line
/// never will. Empty lines in front are passed over.
///
/// # Errors
///
/// [`Refused`] if a field that is needed is missing or broken, if the request
/// passes [`MAX_REQUEST_BYTES`], or its name [`MAX_NAME_BYTES`].
pub fn parse_lab_request(input: &[u8]) -> Result<Option<Found>, Refused> {
    let window = &input[..input.len().min(MAX_REQUEST_BYTES)];
    let start = blank_lines(window);
    let Some((line, mut at)) = lenient_line(window, start) else {
        return end_or_wait(window, input, None);
    };
    let mut fields = Fields::new(line, start, window)?;
    while at < window.len() {
        let line = Line::at(window, at);
        if line.text.is_empty() && line.ended {
            let request = fields.request(Ending::Blank)?;
            return Ok(Some(Found::Complete { request, length: line.next }));
        }
        if line.ended && request_line(line.text).is_some() {
            return fields.cut_at(at, Ending::Line).map(Some);
        }
        if let Some(cut) = line.glued() {
            fields.note(&line.text[..cut], at)?;
            return fields.cut_at(at + cut, Ending::Open).map(Some);
        }
        if !line.ended && !line.may_be_last() {
            return end_or_wait(window, input, fields.cseq);
        }
        fields.note(line.text, at)?;
        fields.ending = if line.ended { Ending::Line } else { Ending::Open };
        at = line.next;
    }
    if !fields.suffice() || window.last() == Some(&b'\r') {
        return end_or_wait(window, input, fields.cseq);
    }
    let request = fields.request(fields.ending)?;
    Ok(Some(Found::MaybeComplete { request, length: at, silence: SILENCE }))
}

impl Style {
    /// The style of what could not be parsed: line ends as in its first line.
    pub fn of(input: &[u8]) -> Self {
        let start = blank_lines(input);
        let end = input[start..].iter().position(|&byte| byte == b'\n');
        let crlf = end.is_some_and(|end| input[start..start + end].ends_with(b"\r"));
        let newline = if crlf { Newline::CrLf } else { Newline::Lf };
        Self { newline, ending: Ending::Line }
    }
}

/// A request on its way.
struct Fields {
    method: Method,
    name: Option<String>,
    newline: Newline,
    ending: Ending,
    start: usize,
    cseq: Option<u32>,
    session: Option<u32>,
    client_port: Option<u16>,
    accepts_sdp: bool,
}

impl Fields {
    fn new(line: &[u8], start: usize, window: &[u8]) -> Result<Self, Refused> {
        refuse_control(line, start, None)?;
        let Some((method, name)) = request_line(line) else {
            return Err(refused(Status::BadRequest, start, "Request-Line", None));
        };
        if name.is_some_and(|name| name.len() > MAX_NAME_BYTES) {
            return Err(refused(Status::RequestUriTooLarge, start, "file name: too long", None));
        }
        Ok(Self {
            method: Method::from_token(method),
            name: name.map(str::to_owned),
            newline: Style::of(window).newline,
            ending: Ending::Line,
            start,
            cseq: None,
            session: None,
            client_port: None,
            accepts_sdp: false,
        })
    }

    /// Takes in one line; what is not known is passed over.
    fn note(&mut self, line: &[u8], at: usize) -> Result<(), Refused> {
        refuse_control(line, at, self.cseq)?;
        let text = String::from_utf8_lossy(line);
        let (name, value) = name_and_value(&text);
        match name.to_ascii_lowercase().as_str() {
            "cseq" => self.cseq = decimal(value),
            "session" => self.session = decimal(value),
            "transport" => {
                let found = port(value).map(|digits| &value[digits]).and_then(decimal);
                self.client_port = found.filter(|port| *port != 0);
            }
            "accept" => self.accepts_sdp |= value.contains("sdp"),
            _ => {}
        }
        Ok(())
    }

    /// True if nothing is missing that the method needs.
    fn suffice(&self) -> bool {
        let needs = match self.method {
            Method::Setup => self.client_port.is_some(),
            Method::Play | Method::Pause | Method::Teardown => self.session.is_some(),
            Method::Describe => self.session.is_some() || self.accepts_sdp,
            _ => true,
        };
        needs && self.cseq.is_some()
    }

    fn request(&self, ending: Ending) -> Result<LabRequest, Refused> {
        let refuse = |rule| refused(Status::BadRequest, self.start, rule, self.cseq);
        if self.method == Method::Setup && self.client_port.is_none() {
            return Err(refuse("Transport: client_port"));
        }
        Ok(LabRequest {
            method: self.method.clone(),
            name: self.name.clone(),
            cseq: self.cseq.ok_or_else(|| refuse("CSeq"))?,
            session: self.session,
            client_port: self.client_port,
            accepts_sdp: self.accepts_sdp,
            style: Style { newline: self.newline, ending },
        })
    }

    /// The request, if another begins `length` bytes from the front.
    fn cut_at(&self, length: usize, ending: Ending) -> Result<Found, Refused> {
        Ok(Found::Complete { request: self.request(ending)?, length })
    }
}

/// A line, the last one perhaps without its end.
struct Line<'a> {
    text: &'a [u8],
    ended: bool,
    next: usize,
}

impl<'a> Line<'a> {
    fn at(window: &'a [u8], at: usize) -> Self {
        match lenient_line(window, at) {
            Some((text, next)) => Self { text, ended: true, next },
            None => {
                let text = &window[at..];
                let text = text.strip_suffix(b"\r").unwrap_or(text);
                Self { text, ended: false, next: window.len() }
            }
        }
    }

    /// Where a request begins that follows the last digit of a session or port
    /// at once: a client without line ends has sent two of them.
    fn glued(&self) -> Option<usize> {
        let text = std::str::from_utf8(self.text).ok()?;
        let (name, value) = name_and_value(text);
        let digits = match name.to_ascii_lowercase().as_str() {
            "session" => value.find(|c: char| !c.is_ascii_digit()).filter(|&end| end > 0)?,
            "transport" => port(value)?.end,
            _ => return None,
        };
        let at = text.len() - value.len() + digits;
        let rest = text.get(at..)?;
        let known = Method::starting(rest).is_some();
        (known && self.ended && request_line(rest.as_bytes()).is_some()).then_some(at)
    }

    /// True if a request may end with this line though no line end follows.
    fn may_be_last(&self) -> bool {
        let text = String::from_utf8_lossy(self.text);
        let (name, value) = name_and_value(&text);
        match name.to_ascii_lowercase().as_str() {
            "cseq" | "session" => decimal::<u32>(value).is_some(),
            "transport" => port(value).is_some_and(|digits| digits.end == value.len()),
            _ => text.contains(':') && !value.is_empty(),
        }
    }
}

/// Splits `METHOD [name] RTSP/1.x`; a name may hold spaces.
fn request_line(line: &[u8]) -> Option<(&str, Option<&str>)> {
    let (method, rest) = std::str::from_utf8(line).ok()?.trim_end().split_once(' ')?;
    token(method.as_bytes())?;
    let (name, version) = rest.rsplit_once(' ').unwrap_or(("", rest));
    let name = name.trim();
    let bare = !name.starts_with('/') && name != "*" && !name.contains("://");
    let lab = bare && version.starts_with("RTSP/1.");
    lab.then(|| (method, (!name.is_empty()).then_some(name)))
}

/// Splits a field at its colon or, without one, at its space.
fn name_and_value(line: &str) -> (&str, &str) {
    let (name, value) = line.split_at(line.find([':', ' ', '\t']).unwrap_or(line.len()));
    (name, trim(trim(value).trim_start_matches(':')))
}

/// Where the digits of `client_port` stand in `value`; of a pair, the first one's.
fn port(value: &str) -> Option<Range<usize>> {
    const NAME: &str = "client_port";
    let name = value.to_ascii_lowercase().find(NAME)? + NAME.len();
    let rest = value[name..].trim_start_matches([' ', '\t', '=', ':']);
    let start = value.len() - rest.len();
    let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    (length > 0).then_some(start..start + length)
}

/// How many bytes of empty lines stand in front.
fn blank_lines(input: &[u8]) -> usize {
    input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

/// Waits for the rest of a request, unless it is too long to have one.
fn end_or_wait(window: &[u8], input: &[u8], cseq: Option<u32>) -> Result<Option<Found>, Refused> {
    if input.len() < MAX_REQUEST_BYTES {
        return Ok(None);
    }
    let status = Status::RequestEntityTooLarge;
    Err(refused(status, window.len(), "request too long", cseq))
}

fn refuse_control(line: &[u8], at: usize, cseq: Option<u32>) -> Result<(), Refused> {
    match line.iter().position(|&byte| is_control(byte)) {
        Some(column) => Err(refused(Status::BadRequest, at + column, "control character", cseq)),
        None => Ok(()),
    }
}

fn refused(status: Status, offset: usize, rule: &'static str, cseq: Option<u32>) -> Refused {
    Refused { invalid: Invalid::new(offset, rule), status, cseq }
}

/// After so long nothing more belongs to a request that could be whole.
const SILENCE: Duration = Duration::from_millis(40);

/// The same where nothing else tells that a request is whole.
pub const LONG_SILENCE: Duration = Duration::from_millis(200);

/// Most bytes of a request; the lab's own server reads 256.
pub const MAX_REQUEST_BYTES: usize = 1024;

/// Most bytes of a file name, as file systems have it.
pub const MAX_NAME_BYTES: usize = 255;

#[cfg(test)]
mod tests;
