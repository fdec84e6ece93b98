//! Logins as HTTP and RTSP have them: what a server asks for (RFC 9110 §11, RFC 2326 §16) and what
//! a client sends, Basic (RFC 7617) and Digest (RFC 7616, and as RFC 2617 and 2069 had it).
//!
//! Both sides. Pure: time, keys and a client's nonce are arguments. Does not send anything, nor
//! decide whom a password may be sent to, nor who may do what; how often a login is tried is for
//! whoever asks, and for whoever is asked.
//!
//! | file | what |
//! | --- | --- |
//! | `parameters` | names and values, for both sides |
//! | `hash` | what Digest is made of, for both sides |
//! | `challenge` | the client's: `WWW-Authenticate`, parsed |
//! | `digest` | the client's: Digest's answer to a challenge |
//! | `visit` | the client's: from the first refusal to the last, what to send, and whether to ask again |
//! | `nonces` | the server's: `WWW-Authenticate`, written, and the nonces in it |
//! | `credentials`, `basic` | the server's: `Authorization`, parsed, and whether it shows a password |
//! | `kept` | the server's: what it keeps of a password |

use std::fmt;

mod basic;
mod challenge;
mod credentials;
mod digest;
mod hash;
mod kept;
mod nonces;
mod parameters;
mod visit;

#[cfg(test)]
mod tests;

pub use challenge::{Challenge, parse_challenges};
pub use credentials::{Credentials, MAX_CREDENTIALS_BYTES, Proof, Token, parse_credentials};
pub use digest::Digest;
pub use kept::{Ha1, REALM};
pub use nonces::{Age, Nonces, Reason, challenges};
pub use parameters::parse_parameters;
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

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
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

/// The rule that the value of an `Authorization` breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread(pub &'static str);

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
