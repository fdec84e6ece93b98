//! The methods (RFC 2326 §10).
//!
//! Does not know which are served: that is the server's choice, and
//! [`super::State`]'s when.

use std::fmt;

/// A request method; they are case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each name is the method's own")]
pub enum Method {
    Options,
    Describe,
    Announce,
    Setup,
    Play,
    Pause,
    Teardown,
    GetParameter,
    SetParameter,
    Record,
    Redirect,
    Other(String),
}

impl Method {
    /// As it stands in the request line.
    pub fn as_str(&self) -> &str {
        if let Self::Other(name) = self {
            return name;
        }
        KNOWN.iter().find(|(method, _)| method == self).map_or("", |(_, name)| name)
    }

    pub(super) fn from_token(name: &str) -> Self {
        let known = KNOWN.iter().find(|(_, known)| *known == name);
        known.map_or_else(|| Self::Other(name.to_owned()), |(method, _)| method.clone())
    }

    /// The known method that `text` starts with.
    pub(super) fn starting(text: &str) -> Option<Self> {
        KNOWN.iter().find(|(_, name)| text.starts_with(name)).map(|(method, _)| method.clone())
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const KNOWN: [(Method, &str); 11] = [
    (Method::Options, "OPTIONS"),
    (Method::Describe, "DESCRIBE"),
    (Method::Announce, "ANNOUNCE"),
    (Method::Setup, "SETUP"),
    (Method::Play, "PLAY"),
    (Method::Pause, "PAUSE"),
    (Method::Teardown, "TEARDOWN"),
    (Method::GetParameter, "GET_PARAMETER"),
    (Method::SetParameter, "SET_PARAMETER"),
    (Method::Record, "RECORD"),
    (Method::Redirect, "REDIRECT"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_written_as_they_are_read() {
        for (method, name) in KNOWN {
            assert_eq!((Method::from_token(name), method.as_str()), (method.clone(), name));
        }
        assert_eq!(Method::from_token("play"), Method::Other("play".to_owned()));
        assert_eq!(Method::from_token("SWITCH").to_string(), "SWITCH");
        assert_eq!(Method::starting("PLAY movie"), Some(Method::Play));
    }
}
