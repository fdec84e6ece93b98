//! Takes the parts out of a multipart stream that another server sends.
//!
//! A part ends where its `Content-Length` says, so that it need not be searched
//! nor the next one waited for; without one, or once a server was caught with a
//! wrong one, it ends at the next delimiter. Does not look into a part.

use crate::proto::http::headers::lenient_fields;
use crate::proto::http::{Headers, Invalid};

/// One part: its fields and what they describe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Often `Content-Type`, sometimes `X-Timestamp`.
    pub headers: Headers,
    /// A picture, in a live stream.
    pub body: Vec<u8>,
}

/// Reads a multipart body piece by piece.
///
/// After each [`feed`](Self::feed) call [`next_part`](Self::next_part) until it
/// gives `None`: memory stays below one part and one piece then.
#[derive(Debug)]
pub struct PartReader {
    delimiter: Delimiter,
    max_part_bytes: usize,
    buffer: Vec<u8>,
    /// Where in `buffer` that begins which has not been passed yet.
    start: usize,
    /// Bytes passed since the stream began.
    passed: u64,
    /// How far behind `start` there is no delimiter.
    searched: usize,
    /// Bytes passed in search of a delimiter since the last part.
    skipped: usize,
    state: State,
    /// Of the part that is being read.
    headers: Headers,
    /// Of the part that is being read, if it is declared and believed.
    length: Option<usize>,
    believes_lengths: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first delimiter, or behind a part that ended with one.
    Between,
    /// Behind a part that ended by its length: a delimiter should come at once.
    BehindLength,
    Head,
    Body,
    Done,
}

impl PartReader {
    /// A reader of the body that `content_type` describes, whose parts have at
    /// most `max_part_bytes` each.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if that is no `multipart` type with a boundary.
    pub fn new(content_type: &str, max_part_bytes: usize) -> Result<Self, Invalid> {
        let boundary = boundary(content_type)
            .filter(|boundary| !boundary.is_empty() && boundary.len() <= MAX_BOUNDARY_BYTES)
            .ok_or(Invalid::bad_gateway(0, "Content-Type: no multipart boundary"))?;
        Ok(Self {
            delimiter: Delimiter::new(&boundary),
            max_part_bytes,
            buffer: Vec::new(),
            start: 0,
            passed: 0,
            searched: 0,
            skipped: 0,
            state: State::Between,
            headers: Headers::default(),
            length: None,
            believes_lengths: true,
        })
    }

    /// Takes what has come.
    pub fn feed(&mut self, input: &[u8]) {
        if self.state != State::Done {
            self.buffer.drain(..self.start);
            self.start = 0;
            self.buffer.extend_from_slice(input);
        }
    }

    /// Gives the next part, or `None` if more must come first.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if a part passes its limit, or none comes within it. The
    /// reader is of no use afterwards.
    pub fn next_part(&mut self) -> Result<Option<Part>, Invalid> {
        loop {
            let went_on = match self.state {
                State::Between | State::BehindLength => self.pass_delimiter()?,
                State::Head => self.read_head()?,
                State::Body => return self.read_body(),
                State::Done => false,
            };
            if !went_on {
                return Ok(None);
            }
        }
    }

    /// True once the delimiter that ends the whole body has come.
    pub fn is_finished(&self) -> bool {
        self.state == State::Done
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Leaves `count` bytes behind.
    fn pass(&mut self, count: usize) {
        self.start += count;
        self.passed += count as u64;
        self.searched = self.searched.saturating_sub(count);
    }

    /// Leaves `count` bytes behind that belong to no part.
    fn skip(&mut self, count: usize) {
        let is_padding = |byte: &u8| b"\r\n-".contains(byte);
        if self.state == State::BehindLength && !self.rest()[..count].iter().all(is_padding) {
            self.believes_lengths = false;
        }
        self.skipped += count;
        self.pass(count);
    }

    fn pass_delimiter(&mut self) -> Result<bool, Invalid> {
        let found = self.delimiter.find(self.rest(), self.searched);
        let (start, next) = match found {
            Found::Open { start, length } => (start, Some((length, State::Head))),
            Found::Close { start } => (start, Some((0, State::Done))),
            Found::Nothing { searched } => (searched, None),
        };
        self.skip(start);
        if self.skipped > self.max_part_bytes {
            return Err(self.invalid("delimiter: none found"));
        }
        let Some((length, state)) = next else {
            return Ok(false);
        };
        self.pass(length);
        self.skipped = 0;
        self.state = state;
        Ok(true)
    }

    fn read_head(&mut self) -> Result<bool, Invalid> {
        let found = lenient_fields(self.rest(), 0).map_err(|e| e.at(self.passed))?;
        let Some((headers, length)) = found else {
            return Ok(false);
        };
        self.pass(length);
        let declared = headers.get("Content-Length").and_then(|value| value.parse().ok());
        // 0 stands for "not known" where a server must fill something in.
        let usable = |&bytes: &usize| bytes > 0 && bytes <= self.max_part_bytes;
        self.length = declared.filter(usable).filter(|_| self.believes_lengths);
        self.headers = headers;
        self.state = State::Body;
        Ok(true)
    }

    fn read_body(&mut self) -> Result<Option<Part>, Invalid> {
        if let Some(length) = self.length {
            let Some(behind) = self.rest().get(length..) else {
                return Ok(None);
            };
            if self.delimiter.may_follow(behind) {
                return Ok(Some(self.take_part(length, State::BehindLength)));
            }
            self.believes_lengths = false;
            self.length = None;
        }
        let most = self.max_part_bytes + self.delimiter.most_before();
        match self.delimiter.find(self.rest(), self.searched) {
            Found::Open { start, .. } | Found::Close { start } => {
                let length = self.delimiter.body_length(&self.rest()[..start]);
                if length > self.max_part_bytes {
                    return Err(self.invalid("part too large"));
                }
                Ok(Some(self.take_part(length, State::Between)))
            }
            Found::Nothing { searched } if searched > most => Err(self.invalid("part too large")),
            Found::Nothing { searched } => {
                self.searched = searched;
                Ok(None)
            }
        }
    }

    fn take_part(&mut self, length: usize, behind: State) -> Part {
        let body = self.rest()[..length].to_vec();
        self.pass(length);
        self.state = behind;
        Part { headers: std::mem::take(&mut self.headers), body }
    }

    fn invalid(&self, rule: &'static str) -> Invalid {
        Invalid::bad_gateway(0, rule).at(self.passed)
    }
}

/// The line between parts: `--`, the boundary, a line end.
#[derive(Debug)]
struct Delimiter {
    /// `--` and the boundary, without the dashes that the boundary itself begins with.
    marker: Vec<u8>,
    /// How many those are. Servers that declare `--x` write `--x` or `----x`.
    own_dashes: usize,
}

/// What a search came upon.
enum Found {
    /// A delimiter with another part behind it.
    Open { start: usize, length: usize },
    /// The delimiter that ends the body.
    Close { start: usize },
    /// Nothing before `searched`; more must come to tell about what is there.
    Nothing { searched: usize },
}

/// How the line goes on behind a marker.
enum LineEnd {
    Open(usize),
    Close,
    Unsure,
    Other,
}

impl Delimiter {
    fn new(boundary: &str) -> Self {
        let core = match boundary.trim_start_matches('-') {
            "" => boundary,
            core => core,
        };
        let own_dashes = boundary.len() - core.len();
        Self { marker: format!("--{core}").into_bytes(), own_dashes }
    }

    /// Searches on from `from`, before which no delimiter starts.
    fn find(&self, bytes: &[u8], from: usize) -> Found {
        let mut at = from;
        while let Some(dash) = bytes[at..].iter().position(|&byte| byte == b'-') {
            let start = at + dash;
            let rest = &bytes[start..];
            if let Some(behind) = rest.strip_prefix(self.marker.as_slice()) {
                match line_end(behind) {
                    LineEnd::Open(end) => {
                        return Found::Open { start, length: self.marker.len() + end };
                    }
                    LineEnd::Close => return Found::Close { start },
                    LineEnd::Unsure => return Found::Nothing { searched: start },
                    LineEnd::Other => {}
                }
            } else if self.marker.starts_with(rest) {
                return Found::Nothing { searched: start };
            }
            at = start + 1;
        }
        Found::Nothing { searched: bytes.len() }
    }

    /// True unless `behind`, what comes behind a part, rules a delimiter out.
    fn may_follow(&self, behind: &[u8]) -> bool {
        let line_ends = behind.iter().take_while(|byte| b"\r\n".contains(byte)).count();
        let dashes = behind[line_ends..].iter().take_while(|&&byte| byte == b'-').count();
        let name = &behind[line_ends + dashes..];
        let core = &self.marker[2..];
        name.is_empty() || name.starts_with(core) || (dashes > 0 && core.starts_with(name))
    }

    /// How long the part is that `bytes`, all that stands before a marker, hold.
    fn body_length(&self, bytes: &[u8]) -> usize {
        let dashes = bytes.iter().rev().take_while(|&&byte| byte == b'-').count();
        let bytes = &bytes[..bytes.len() - dashes.min(self.own_dashes)];
        let line = bytes.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        line.unwrap_or(bytes).len()
    }

    /// Most bytes between the end of a part and a marker.
    fn most_before(&self) -> usize {
        self.own_dashes + b"\r\n".len()
    }
}

fn line_end(bytes: &[u8]) -> LineEnd {
    // RFC 2046 allows padding here; it is bounded so that the search is.
    let padding = bytes.iter().take(MAX_PADDING).take_while(|b| b" \t".contains(b)).count();
    match &bytes[padding..] {
        [b'\n', ..] => LineEnd::Open(padding + 1),
        [b'\r', b'\n', ..] => LineEnd::Open(padding + 2),
        [b'-', b'-', ..] if padding == 0 => LineEnd::Close,
        [] | [b'\r'] => LineEnd::Unsure,
        [b'-'] if padding == 0 => LineEnd::Unsure,
        _ => LineEnd::Other,
    }
}

/// The `boundary` parameter of a `multipart` media type (RFC 2045 §5.1), unquoted.
fn boundary(content_type: &str) -> Option<String> {
    let (kind, mut rest) = content_type.split_once(';')?;
    let family = kind.trim().split('/').next()?;
    if !family.eq_ignore_ascii_case("multipart") {
        return None;
    }
    loop {
        let (name, value) = rest.split_once('=')?;
        let value = value.trim_start();
        let (value, behind) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find([';', ',']).unwrap_or(value.len())),
        };
        let name = name.trim_matches([' ', '\t', ';', ',']);
        if name.eq_ignore_ascii_case("boundary") {
            return Some(value.trim().to_owned());
        }
        rest = behind;
    }
}

/// Longest boundary taken; RFC 2046 §5.1.1 allows 70.
const MAX_BOUNDARY_BYTES: usize = 128;

/// Most blanks between a boundary and its line end.
const MAX_PADDING: usize = 16;

#[cfg(test)]
mod tests;
