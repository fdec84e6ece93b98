//! What a client sends as `Authorization` (RFC 9110 §11.6.2): Basic (RFC 7617), Bearer (RFC 6750
//! §2.1), and Digest as RFC 7616, 2617 and 2069 have it.
//!
//! Does not know whose names and passwords there are, nor which nonces were given:
//! [`Nonces::age`](super::Nonces::age) tells that.

use std::fmt;

use subtle::ConstantTimeEq;

use super::Unread;
use super::Who;
use super::basic::basic;
use super::hash::Hash;
use super::kept::{Ha1, REALM};
use super::parameters::{first, parse_parameters};

/// Who a client says that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// A name and the password itself.
    Basic(Who),
    /// A token, which says both.
    Bearer(Token),
    /// A name, and that its password is known.
    Digest(Proof),
}

/// What somebody was given to log in with.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// That a password is known, said for one nonce, one method and one URI.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    user: String,
    realm: String,
    nonce: String,
    uri: String,
    hash: Hash,
    response: String,
    counted: Option<Counted>,
}

/// What `qop=auth` adds to a proof; RFC 2069 knows nothing of it.
#[derive(Clone, PartialEq, Eq)]
struct Counted {
    count: String,
    cnonce: String,
}

/// Reads the value of an `Authorization` field.
///
/// # Errors
///
/// [`Unread`] if it is of another scheme, breaks the grammar, or passes [`MAX_CREDENTIALS_BYTES`].
pub fn parse_credentials(value: &str) -> Result<Credentials, Unread> {
    if value.len() > MAX_CREDENTIALS_BYTES {
        return Err(Unread("credentials: too long"));
    }
    let value = value.trim_matches(BLANKS);
    let (scheme, rest) = value.split_once(BLANKS).unwrap_or((value, ""));
    let rest = rest.trim_start_matches(BLANKS);
    match scheme.to_ascii_lowercase().as_str() {
        "basic" => basic(rest).map(Credentials::Basic),
        "bearer" if is_token68(rest) => Ok(Credentials::Bearer(Token(rest.to_owned()))),
        "bearer" => Err(Unread("token68")),
        "digest" => digest(&parse_parameters(rest)).map(Credentials::Digest),
        _ => Err(Unread("auth-scheme")),
    }
}

impl Token {
    /// As it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Proof {
    /// Whose password it is.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The nonce that was answered.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Whether it shows that the password is known of which this is kept, for this method and for
    /// what was asked. `is_asked` says whether the URI in the proof names that: clients may write it
    /// in another way than in the request's first line.
    ///
    /// Tells no more by its time than which of both is wrong. The nonce is not looked at.
    pub fn shows(&self, kept: &Ha1, method: &str, is_asked: impl FnOnce(&str) -> bool) -> bool {
        let (Some(a1), true) = (kept.digits(self.hash), self.realm == REALM) else { return false };
        let a2 = self.hash.of(&[method, &self.uri]);
        let expected = match &self.counted {
            Some(Counted { count, cnonce }) => {
                self.hash.of(&[&a1, &self.nonce, count, cnonce, "auth", &a2])
            }
            None => self.hash.of(&[&a1, &self.nonce, &a2]),
        };
        let is_known: bool = expected.as_bytes().ct_eq(self.response.as_bytes()).into();
        is_known && is_asked(&self.uri)
    }
}

/// Without what it says, so that it can be logged.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Without what a password could be guessed from.
impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hash, uri, counted, .. } = self;
        let counted = counted.is_some();
        f.debug_struct("Proof")
            .field("hash", hash)
            .field("uri", uri)
            .field("counted", &counted)
            .finish_non_exhaustive()
    }
}

/// `token68` of RFC 9110 §11.2.
fn is_token68(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !digits.is_empty() && digits.bytes().all(of_token)
}

fn digest(parameters: &[(String, String)]) -> Result<Proof, Unread> {
    let of = |name: &'static str| first(parameters, name).ok_or(Unread(name)).map(str::to_owned);
    let hash = match first(parameters, "algorithm") {
        None => Hash::Md5,
        Some(name) if name.eq_ignore_ascii_case("MD5") => Hash::Md5,
        Some(name) if name.eq_ignore_ascii_case("SHA-256") => Hash::Sha256,
        Some(_) => return Err(Unread("algorithm")),
    };
    let counted = match first(parameters, "qop") {
        None => None,
        Some(name) if name.eq_ignore_ascii_case("auth") => {
            let count = of("nc")?;
            if !(1..=8).contains(&count.len())
                || !count.bytes().all(|byte| byte.is_ascii_hexdigit())
            {
                return Err(Unread("nc"));
            }
            Some(Counted { count, cnonce: of("cnonce")? })
        }
        Some(_) => return Err(Unread("qop")),
    };
    let (user, realm, nonce) = (of("username")?, of("realm")?, of("nonce")?);
    let (uri, response) = (of("uri")?, of("response")?);
    Ok(Proof { user, realm, nonce, uri, hash, response, counted })
}

const BLANKS: [char; 2] = [' ', '\t'];
/// Most bytes of a value: what names are hashed with is no longer than that.
pub const MAX_CREDENTIALS_BYTES: usize = 4096;

#[cfg(test)]
mod tests;
