//! Logins as HTTP and RTSP have them: what a server asks for (RFC 9110 §11, RFC 2326 §16) and what
//! a client sends, Basic (RFC 7617) and Digest (RFC 7616, and as RFC 2617 and 2069 had it).
//!
//! Pure: a client nonce is an argument. Does not send anything, nor decide whom a password may be
//! sent to; how often a login is tried is for whoever asks.
//!
//! | file | what |
//! | --- | --- |
//! | `challenge` | `WWW-Authenticate` and `Authentication-Info`, parsed |
//! | `digest` | Digest's answer to a challenge |
//! | `visit` | from the first refusal to the last: what to send, and whether to ask again |

use std::fmt;

mod challenge;
mod digest;
mod visit;

#[cfg(test)]
mod tests;

pub use challenge::{Challenge, parse_challenges, parse_parameters};
pub use digest::Digest;
pub use visit::{Denial, Next, Visit};

use super::base64::base64;

/// A name and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Who {
    name: String,
    password: String,
}

impl Who {
    /// Of `user` or `user:password`, decoded; the first colon ends the name.
    pub fn of_userinfo(userinfo: &str) -> Self {
        let (name, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        Self { name: name.to_owned(), password: password.to_owned() }
    }

    /// The value of `Authorization` as Basic has it.
    pub fn basic(&self) -> String {
        // The colon also without a password (RFC 7617 §2).
        format!("Basic {}", base64(format!("{}:{}", self.name, self.password).as_bytes()))
    }
}

/// Without either, so that it can be logged.
impl fmt::Debug for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Who")
    }
}

/// What a request is about, as far as a login covers it.
#[derive(Clone, Copy, Debug)]
pub struct Covered<'a> {
    /// `GET`, `DESCRIBE`.
    pub method: &'a str,
    /// As it stands in the request's first line.
    pub uri: &'a str,
    /// Mostly empty.
    pub body: &'a [u8],
}

/// How to say who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// The password itself, coded.
    Basic,
    /// A hash of it, for one nonce.
    Digest(Digest),
}

impl Login {
    /// The strongest that `challenges` offer and that is known here; of equals the first.
    /// `cnonce` is the client's nonce, which should be random.
    pub fn strongest(challenges: &[Challenge], cnonce: &str) -> Option<Self> {
        let mut best: Option<Self> = None;
        for challenge in challenges {
            let offered = match challenge.scheme.to_ascii_lowercase().as_str() {
                "basic" => Some(Self::Basic),
                "digest" => Digest::of(challenge, cnonce).map(Self::Digest),
                _ => None,
            };
            let strength = |login: &Option<Self>| login.as_ref().map_or(0, Self::strength);
            if strength(&offered) > strength(&best) {
                best = offered;
            }
        }
        best
    }

    /// The value of `Authorization` for one request. Digest counts them.
    pub fn authorize(&mut self, who: &Who, request: Covered<'_>) -> String {
        match self {
            Self::Basic => who.basic(),
            Self::Digest(digest) => digest.authorize(who, request),
        }
    }

    fn strength(&self) -> u8 {
        match self {
            Self::Basic => 1,
            Self::Digest(digest) => 1 + digest.strength(),
        }
    }
}
