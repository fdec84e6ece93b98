//! Takes a form apart that a browser sends with files in it: `multipart/form-data` (RFC 7578).
//!
//! Pure: pieces of any size go in, and what they hold comes out as it comes, so that a file of any
//! size needs no more memory than a piece. Strict, as its request is: what readers differ about is
//! refused. Does not keep a field's content nor know which fields there should be.

use memchr::memmem;

use crate::proto::http::headers::{Headers, is_blank, strict_field, strict_line};
use crate::proto::http::{Invalid, MAX_HEADERS};

/// A form on its way in.
///
/// After each [`feed`](Self::feed) call [`next_event`](Self::next_event) until it gives `None`: no more than a
/// piece and a part's head lie here then.
#[derive(Debug)]
pub struct FormReader {
    /// What ends a part: a line end, `--` and the boundary.
    delimiter: Vec<u8>,
    buffer: Vec<u8>,
    /// Where in `buffer` that begins which has not been passed yet.
    start: usize,
    /// Bytes passed since the form began.
    passed: u64,
    parts: usize,
    state: State,
}

/// What comes next of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A field begins.
    Field(Field),
    /// More of its content, never empty.
    Content(Vec<u8>),
    /// It ends.
    End,
    /// The form ends; what follows belongs to none.
    Done,
}

/// A field's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What the form calls it.
    pub name: String,
    /// What the sender calls the file in it, if it is one: not to be trusted.
    pub file_name: Option<String>,
    /// What the sender takes the content for: not to be trusted.
    pub media_type: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first delimiter.
    Preamble,
    /// Behind a delimiter: its line goes on, or it was the last.
    Line,
    Head,
    Content,
    Done,
}

impl FormReader {
    /// A reader of the body that `content_type` describes.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if that is no `multipart/form-data` with a boundary (RFC 2046 §5.1.1).
    pub fn new(content_type: &str) -> Result<Self, Invalid> {
        let none = Invalid::bad_request(0, "Content-Type: no multipart/form-data with a boundary");
        let boundary = boundary(content_type).ok_or(none)?;
        // The first delimiter may stand at the very start, where no line ends before it.
        let (buffer, delimiter) = (b"\r\n".to_vec(), format!("\r\n--{boundary}").into_bytes());
        Ok(Self { delimiter, buffer, start: 0, passed: 0, parts: 0, state: State::Preamble })
    }

    /// Takes what has come.
    pub fn feed(&mut self, input: &[u8]) {
        if self.state != State::Done {
            self.buffer.drain(..self.start);
            self.start = 0;
            self.buffer.extend_from_slice(input);
        }
    }

    /// Gives what comes next, or `None` if more must come first.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if it is no such form, or more of one than is taken. The reader is of no use
    /// afterwards.
    pub fn next_event(&mut self) -> Result<Option<Event>, Invalid> {
        loop {
            let went_on = match self.state {
                State::Preamble => self.pass_preamble()?,
                State::Line => match self.pass_line()? {
                    Some(State::Done) => return Ok(Some(Event::Done)),
                    went_on => went_on.is_some(),
                },
                State::Head => return Ok(self.read_head()?.map(Event::Field)),
                State::Content => return Ok(self.read_content()),
                State::Done => false,
            };
            if !went_on {
                return Ok(None);
            }
        }
    }

    /// Whether all of it has come.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Leaves `count` bytes behind.
    fn pass(&mut self, count: usize) {
        self.start += count;
        self.passed += count as u64;
    }

    fn pass_preamble(&mut self) -> Result<bool, Invalid> {
        if let Some(at) = memmem::find(self.rest(), &self.delimiter) {
            self.pass(at + self.delimiter.len());
            self.state = State::Line;
            return Ok(true);
        }
        let idle = self.rest().len() - self.begun();
        self.pass(idle);
        match self.passed > MAX_PREAMBLE_BYTES {
            true => Err(self.invalid("multipart: no delimiter at its start")),
            false => Ok(false),
        }
    }

    /// Passes what stands behind a delimiter; `None` if more must come first.
    fn pass_line(&mut self) -> Result<Option<State>, Invalid> {
        let rest = self.rest();
        let padding = rest.iter().take(MAX_PADDING).take_while(|byte| is_blank(**byte)).count();
        let (length, state) = match &rest[padding..] {
            [b'\r', b'\n', ..] => (padding + 2, State::Head),
            [b'-', b'-', ..] if padding == 0 => (2, State::Done),
            [] | [b'\r'] => return Ok(None),
            [b'-'] if padding == 0 => return Ok(None),
            _ => return Err(self.invalid("multipart: delimiter")),
        };
        self.pass(length);
        self.state = state;
        if state == State::Head {
            self.parts += 1;
            if self.parts > MAX_PARTS {
                return Err(self.invalid("multipart: too many fields"));
            }
        }
        Ok(Some(state))
    }

    fn read_head(&mut self) -> Result<Option<Field>, Invalid> {
        let rest = self.rest();
        let window = &rest[..rest.len().min(MAX_HEAD_BYTES)];
        let here = |invalid: Invalid| invalid.at(self.passed);
        let (mut headers, mut at) = (Headers::default(), 0);
        loop {
            let Some((line, next)) = strict_line(window, at).map_err(here)? else {
                let too_long = window.len() == MAX_HEAD_BYTES;
                return match too_long {
                    true => Err(self.invalid("multipart: a field's head is too long")),
                    false => Ok(None),
                };
            };
            if line.is_empty() {
                let field = Field::of(&headers).ok_or(self.invalid("Content-Disposition"))?;
                self.pass(next);
                self.state = State::Content;
                return Ok(Some(field));
            }
            if headers.len() == MAX_HEADERS {
                return Err(self.invalid("multipart: too many lines"));
            }
            let (name, value) = strict_field(line, at).map_err(here)?;
            headers.push(name, value);
            at = next;
        }
    }

    fn read_content(&mut self) -> Option<Event> {
        let found = memmem::find(self.rest(), &self.delimiter);
        let length = found.unwrap_or_else(|| self.rest().len() - self.begun());
        if length > 0 {
            let content = self.rest()[..length].to_vec();
            self.pass(length);
            return Some(Event::Content(content));
        }
        found?;
        self.pass(self.delimiter.len());
        self.state = State::Line;
        Some(Event::End)
    }

    /// How many of the last bytes a delimiter may begin with.
    fn begun(&self) -> usize {
        let rest = self.rest();
        let most = rest.len().min(self.delimiter.len() - 1);
        let is_begun = |&count: &usize| self.delimiter.starts_with(&rest[rest.len() - count..]);
        (1..=most).rev().find(is_begun).unwrap_or(0)
    }

    fn invalid(&self, rule: &'static str) -> Invalid {
        Invalid::bad_request(0, rule).at(self.passed)
    }
}

impl Field {
    /// What a part's head says of it (RFC 7578 §4.2); `None` if that is no field of a form.
    fn of(headers: &Headers) -> Option<Self> {
        let mut dispositions = headers.all("Content-Disposition");
        let (disposition, None) = (dispositions.next()?, dispositions.next()) else { return None };
        let (kind, parameters) = parameters(disposition)?;
        if !kind.eq_ignore_ascii_case("form-data") {
            return None;
        }
        let find = |name: &str| {
            let mut found = parameters.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
            let first = found.next().map(|(_, value)| unescaped(value));
            // Of two readers each would take another one.
            if found.next().is_some() { Err(()) } else { Ok(first) }
        };
        Some(Self {
            name: find("name").ok()??,
            file_name: find("filename").ok()?,
            media_type: headers.get("Content-Type").map(str::to_owned),
        })
    }
}

/// The boundary of a form's media type.
fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = parameters(content_type)?;
    let mut found = parameters.iter().filter(|(name, _)| name.eq_ignore_ascii_case("boundary"));
    let ((_, boundary), None) = (found.next()?, found.next()) else { return None };
    let may_be = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    let is_one = (1..=MAX_BOUNDARY_BYTES).contains(&boundary.len())
        && boundary.bytes().all(may_be)
        && !boundary.ends_with(' ');
    (kind.eq_ignore_ascii_case("multipart/form-data") && is_one).then(|| boundary.clone())
}

/// What a field's value begins with, and its parameters as they were written.
fn parameters(text: &str) -> Option<(&str, Vec<(&str, String)>)> {
    let (kind, mut rest) = text.split_once(';').unwrap_or((text, ""));
    let mut found = Vec::new();
    while !rest.trim().is_empty() {
        let (name, value) = rest.split_once('=')?;
        let (value, behind) = match value.strip_prefix('"') {
            Some(quoted) => quoted_string(quoted)?,
            None => {
                let (value, behind) = value.split_at(value.find(';').unwrap_or(value.len()));
                (value.trim().to_owned(), behind)
            }
        };
        found.push((name.trim(), value));
        let behind = behind.trim_start();
        rest = if behind.is_empty() { behind } else { behind.strip_prefix(';')? };
    }
    Some((kind.trim(), found))
}

/// What stands up to the closing quote, and what behind it. A backslash is one, but before a quote:
/// browsers send names of files as they are.
fn quoted_string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' if characters.peek().is_some_and(|(_, next)| *next == '"') => {
                value.push('"');
                characters.next();
            }
            other => value.push(other),
        }
    }
    None
}

/// As it was before a browser wrote it (HTML, *multipart/form-data encoding algorithm*).
fn unescaped(value: &str) -> String {
    value.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

/// Longest boundary (RFC 2046 §5.1.1).
const MAX_BOUNDARY_BYTES: usize = 70;
/// Most blanks between a boundary and its line end.
const MAX_PADDING: usize = 16;
/// Most that may stand before the first delimiter.
const MAX_PREAMBLE_BYTES: u64 = 1024;
const MAX_HEAD_BYTES: usize = 4096;
const MAX_PARTS: usize = 64;

#[cfg(test)]
mod tests;
