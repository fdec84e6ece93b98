//! `Session` (RFC 2326 §12.37): which session, and how long it lasts unattended.
//!
//! Does not choose identifiers: the server takes them from the system's randomness.

use std::fmt;
use std::time::Duration;

use super::Invalid;
use crate::proto::http::headers::trim;

/// A session's identifier with its time-out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Opaque to a client.
    pub id: String,
    /// After which silence the server ends the session; only a server states it.
    pub timeout: Option<Duration>,
}

impl Session {
    /// A session as a client names it.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), timeout: None }
    }

    /// Parses `id[;timeout=seconds]`.
    ///
    /// A time-out that is no number is passed over, since cameras send odd ones.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if the identifier is empty, longer than [`MAX_ID_BYTES`] or
    /// holds a space or a control character.
    pub fn parse(value: &str) -> Result<Self, Invalid> {
        let mut pieces = value.split(';').map(trim);
        let id = pieces.next().unwrap_or_default();
        if id.is_empty() || id.len() > MAX_ID_BYTES || !id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Invalid::new(0, "session-id"));
        }
        let timeout = pieces.find_map(|piece| {
            let (name, seconds) = piece.split_once('=')?;
            let named = trim(name).eq_ignore_ascii_case("timeout");
            trim(seconds).parse::<u32>().ok().filter(|_| named)
        });
        let timeout = timeout.map(|seconds| Duration::from_secs(u64::from(seconds)));
        Ok(Self { id: id.to_owned(), timeout })
    }

    /// How long the session lasts unattended, with the default of §12.37.
    pub fn lasts(&self) -> Duration {
        self.timeout.unwrap_or(DEFAULT_TIMEOUT)
    }
}

/// As in the field.
impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)?;
        match self.timeout {
            Some(timeout) => write!(f, ";timeout={}", timeout.as_secs()),
            None => Ok(()),
        }
    }
}

/// What a session lasts if nothing is said (RFC 2326 §12.37).
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// Most bytes of an identifier.
pub const MAX_ID_BYTES: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_read_and_written() {
        for text in ["12345678", "LZoqIul0P3odd1lb;timeout=60", "a-b_c.d+e$f;timeout=5"] {
            assert_eq!(Session::parse(text).unwrap().to_string(), text);
        }
        let spaced = Session::parse("66334873 ; Timeout = 30").unwrap();
        assert_eq!((spaced.id.as_str(), spaced.lasts().as_secs()), ("66334873", 30));
        assert_eq!(Session::parse("1;timeout=never").unwrap().lasts(), DEFAULT_TIMEOUT);
    }

    #[test]
    fn an_identifier_is_one_word_of_bounded_length() {
        for text in ["", ";timeout=60", "a b", "a\tb", "\u{e9}"] {
            assert_eq!(Session::parse(text).unwrap_err().rule, "session-id", "{text:?}");
        }
        assert!(Session::parse(&"x".repeat(MAX_ID_BYTES)).is_ok());
        assert!(Session::parse(&"x".repeat(MAX_ID_BYTES + 1)).is_err());
    }
}
