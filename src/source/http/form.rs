//! What a body is, told by its bytes and not by what its server says of it, and its pictures.
//!
//! Pure. Parts are [`PartReader`]'s; JPEGs one after another are [`Jpegs`]'. What comes out is as
//! it came: whether it is a picture the gate finds out.

use std::time::Duration;

use super::super::jpegs::{Jpegs, SOI};
use super::super::reel::MAX_PICTURE_BYTES;
use crate::proto::http::Invalid;
use crate::proto::multipart::{Part, PartReader};

/// A body that is read piece by piece.
pub(super) struct Form {
    /// As it was stated.
    content_type: String,
    /// Whether its end was stated.
    has_length: bool,
    kind: Kind,
}

enum Kind {
    /// Too little has come.
    Unknown(Vec<u8>),
    Parts(PartReader),
    Jpegs(Jpegs),
    /// One picture, which is the whole body.
    Whole(Vec<u8>),
}

/// What comes out of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// When it says that it was taken, since the Unix epoch.
    pub(super) taken: Option<Duration>,
}

/// Why nothing comes out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoForm {
    /// It breaks the grammar.
    Grammar(Invalid),
    /// It is neither.
    Other,
}

impl Form {
    /// A body with this `Content-Type`, as it was stated, of which nothing has come.
    pub(super) fn new(content_type: &str, has_length: bool) -> Self {
        let kind = Kind::Unknown(Vec::new());
        Self { content_type: content_type.to_owned(), has_length, kind }
    }

    /// Takes what has come.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        match &mut self.kind {
            Kind::Unknown(buffer) | Kind::Whole(buffer) => buffer.extend_from_slice(bytes),
            Kind::Parts(parts) => parts.feed(bytes),
            Kind::Jpegs(jpegs) => jpegs.feed(bytes),
        }
    }

    /// The next picture, or `None` if more must come first; `ended` if nothing does.
    pub(super) fn next(&mut self, ended: bool) -> Result<Option<Piece>, NoForm> {
        if let Kind::Unknown(buffer) = &mut self.kind {
            let buffer = std::mem::take(buffer);
            self.kind = self.tell(buffer, ended)?;
        }
        match &mut self.kind {
            Kind::Unknown(_) => Ok(None),
            Kind::Parts(parts) => {
                let part = parts.next_part().map_err(NoForm::Grammar)?;
                Ok(part.map(|part| Piece { taken: stated(&part), bytes: part.body }))
            }
            Kind::Jpegs(jpegs) => Ok(jpegs.next(ended).map(|bytes| Piece { bytes, taken: None })),
            Kind::Whole(body) if ended || body.len() > MAX_PICTURE_BYTES => {
                let bytes = std::mem::take(body);
                Ok((!bytes.is_empty()).then_some(Piece { bytes, taken: None }))
            }
            Kind::Whole(_) => Ok(None),
        }
    }

    /// True once the body itself has said that nothing more comes.
    pub(super) fn is_finished(&self) -> bool {
        matches!(&self.kind, Kind::Parts(parts) if parts.is_finished())
    }

    /// Whether such an address is to be asked again and again, when so many pieces came of it.
    pub(super) fn is_snapshot(&self, pieces: u64) -> bool {
        match &self.kind {
            Kind::Parts(_) => false,
            Kind::Whole(_) => true,
            Kind::Jpegs(_) | Kind::Unknown(_) => pieces <= 1 || self.states("image/"),
        }
    }

    /// What `buffer`, the front of a body, is the front of.
    fn tell(&self, buffer: Vec<u8>, ended: bool) -> Result<Kind, NoForm> {
        let front = buffer.trim_ascii_start();
        if self.states("image/") && self.has_length {
            return Ok(Kind::Whole(buffer));
        }
        if front.starts_with(SOI) || self.states("image/") {
            return Ok(Kind::Jpegs(Jpegs::of(buffer)));
        }
        let parts = |content_type: &str, buffer: &[u8]| {
            let mut parts =
                PartReader::new(content_type, MAX_PICTURE_BYTES).map_err(NoForm::Grammar)?;
            parts.feed(buffer);
            Ok(Kind::Parts(parts))
        };
        let starts = [SOI, DELIMITER_START]
            .iter()
            .any(|start| front.len() < start.len() && start.starts_with(front));
        if starts && !ended && buffer.len() <= MAX_FOREIGN_BYTES {
            return Ok(Kind::Unknown(buffer));
        }
        let is_stated = PartReader::new(&self.content_type, MAX_PICTURE_BYTES).is_ok();
        if front.starts_with(DELIMITER_START) {
            // The first line is the delimiter, whatever else was said.
            match boundary(front) {
                Some(Some(line)) if !self.content_type.contains(line.trim_matches('-')) => {
                    let content_type = format!("multipart/x-mixed-replace;boundary=\"{line}\"");
                    return parts(&content_type, &buffer);
                }
                Some(None) if !ended => return Ok(Kind::Unknown(buffer)),
                _ if !is_stated => return Err(NoForm::Other),
                _ => {}
            }
        }
        if is_stated {
            return parts(&self.content_type, &buffer);
        }
        let is_text = ["text/", "application/json", "application/xml", "application/xhtml"];
        let hopeless =
            is_text.iter().any(|kind| self.states(kind)) || buffer.len() > MAX_FOREIGN_BYTES;
        match memchr::memmem::find(&buffer, SOI) {
            Some(_) => Ok(Kind::Jpegs(Jpegs::of(buffer))),
            None if hopeless || ended => Err(NoForm::Other),
            None => Ok(Kind::Unknown(buffer)),
        }
    }

    fn states(&self, kind: &str) -> bool {
        let front = self.content_type.trim_start().as_bytes().get(..kind.len());
        front.is_some_and(|front| front.eq_ignore_ascii_case(kind.as_bytes()))
    }
}

/// The boundary in a first line of `--` and a name; `Some(None)` if the line may still end.
fn boundary(front: &[u8]) -> Option<Option<&str>> {
    let line = &front[..front.len().min(MAX_LINE_BYTES)];
    let Some(end) = line.iter().position(|&byte| byte == b'\n') else {
        return (line.len() < MAX_LINE_BYTES).then_some(None);
    };
    let name = std::str::from_utf8(&line[2..end]).ok()?.trim_end();
    let plain = |c: char| c.is_ascii_graphic() && !"\"\\".contains(c) || c == ' ';
    (!name.is_empty() && name.chars().all(plain)).then_some(Some(name))
}

/// When a part says that its picture was taken, since the Unix epoch.
fn stated(part: &Part) -> Option<Duration> {
    let seconds: f64 = part.headers.get("X-Timestamp")?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// What a part's delimiter begins with.
const DELIMITER_START: &[u8] = b"--";
/// What may stand before the first picture.
const MAX_FOREIGN_BYTES: usize = 64 << 10;
const MAX_LINE_BYTES: usize = 200;

#[cfg(test)]
mod tests;
