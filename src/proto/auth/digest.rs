//! Digest: the answer to one nonce, as often as it is asked (RFC 7616 §3.4).

use std::fmt::Write;

use super::hash::Hash;
use super::{Challenge, Covered, Who};

/// What a server has challenged us with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    hash: Hash,
    /// A1 holds the nonces too.
    session: bool,
    /// As it was stated, if it was.
    algorithm: Option<String>,
    quality: Option<Quality>,
    hides_name: bool,
    pub(super) stale: bool,
    cnonce: String,
    /// Requests answered with this nonce.
    count: u32,
}

/// `qop`: what the answer covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quality {
    Auth,
    /// The body too.
    AuthInt,
}

impl Digest {
    /// What `challenge` asks for; `None` if it has no nonce, or wants what is not known here.
    pub fn of(challenge: &Challenge, cnonce: &str) -> Option<Self> {
        let stated = challenge.get("algorithm");
        let (hash, session) = algorithm(stated.unwrap_or("MD5"))?;
        Some(Self {
            realm: challenge.get("realm").unwrap_or_default().to_owned(),
            nonce: challenge.get("nonce")?.to_owned(),
            opaque: challenge.get("opaque").map(str::to_owned),
            hash,
            session,
            algorithm: stated.map(str::to_owned),
            quality: quality(challenge.get("qop"))?,
            hides_name: challenge.says("userhash"),
            stale: challenge.says("stale"),
            cnonce: cnonce.to_owned(),
            count: 0,
        })
    }

    /// The value of `Authorization` for one more request.
    pub fn authorize(&mut self, who: &Who, request: Covered<'_>) -> String {
        self.count = self.count.wrapping_add(1);
        let count = format!("{:08x}", self.count);
        let name = if self.hides_name {
            self.hash.of(&[&who.name, &self.realm])
        } else {
            who.name.clone()
        };
        let response = self.response(who, request, &count);
        let mut value = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
            quoted(&name),
            quoted(&self.realm),
            quoted(&self.nonce),
            quoted(request.uri),
        );
        let mut add = |text: std::fmt::Arguments<'_>| {
            // Writing to a string never fails.
            let _ = value.write_fmt(text);
        };
        if let Some(algorithm) = &self.algorithm {
            add(format_args!(", algorithm={algorithm}"));
        }
        if let Some(opaque) = &self.opaque {
            add(format_args!(", opaque={}", quoted(opaque)));
        }
        match self.quality {
            Some(quality) => add(format_args!(
                ", qop={}, nc={count}, cnonce={}",
                quality.as_str(),
                quoted(&self.cnonce)
            )),
            // RFC 2069 knows no client nonce, but a session's A1 has one.
            None if self.session => add(format_args!(", cnonce={}", quoted(&self.cnonce))),
            None => {}
        }
        if self.hides_name {
            add(format_args!(", userhash=true"));
        }
        value
    }

    /// The server's next nonce (RFC 7616 §3.5).
    pub(super) fn renew(&mut self, nonce: &str) {
        (self.nonce, self.count, self.stale) = (nonce.to_owned(), 0, false);
    }

    pub(super) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// To compare by.
    pub(super) fn strength(&self) -> u8 {
        match self.hash {
            Hash::Md5 => 1,
            Hash::Sha256 | Hash::Sha512_256 => 2,
        }
    }

    fn response(&self, who: &Who, request: Covered<'_>, count: &str) -> String {
        let hash = |parts: &[&str]| self.hash.of(parts);
        let mut a1 = hash(&[&who.name, &self.realm, &who.password]);
        if self.session {
            a1 = hash(&[&a1, &self.nonce, &self.cnonce]);
        }
        let a2 = match self.quality {
            Some(Quality::AuthInt) => {
                hash(&[request.method, request.uri, &self.hash.of_bytes(request.body)])
            }
            _ => hash(&[request.method, request.uri]),
        };
        match self.quality {
            Some(quality) => hash(&[&a1, &self.nonce, count, &self.cnonce, quality.as_str(), &a2]),
            None => hash(&[&a1, &self.nonce, &a2]),
        }
    }
}

impl Quality {
    fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

/// Which hash, and whether it is a session's.
fn algorithm(stated: &str) -> Option<(Hash, bool)> {
    let stated = stated.trim().to_ascii_lowercase();
    let (name, session) = match stated.strip_suffix("-sess") {
        Some(name) => (name, true),
        None => (stated.as_str(), false),
    };
    let hash = match name {
        // Some name none between the quotes.
        "md5" | "" => Hash::Md5,
        "sha-256" => Hash::Sha256,
        "sha-512-256" => Hash::Sha512_256,
        _ => return None,
    };
    Some((hash, session))
}

/// What `qop` leaves to choose: nothing as in RFC 2069, or one of a list; `None` if none of it is
/// known here.
fn quality(stated: Option<&str>) -> Option<Option<Quality>> {
    let listed = |stated: &str| -> Vec<String> {
        let names = stated.split(',').map(|name| name.trim().to_ascii_lowercase());
        names.filter(|name| !name.is_empty()).collect()
    };
    let names = stated.map(listed).unwrap_or_default();
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    match names.is_empty() {
        true => Some(None),
        false if has("auth") => Some(Some(Quality::Auth)),
        false if has("auth-int") => Some(Some(Quality::AuthInt)),
        false => None,
    }
}

/// A `quoted-string` (RFC 9110 §5.6.4); what may not stand in one becomes a space.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
