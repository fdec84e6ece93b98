//! The nonces that a server gives, and how it asks for a login with one.
//!
//! None is remembered: a nonce has the time at which it was given and the connection it was given
//! to, and a tag by which the server knows that it wrote both itself.
//!
//! A nonce is of no use on another connection. That is the guard against an answer that is sent
//! again by somebody who has heard it, and the only one that holds for players that do not count
//! their requests (GStreamer, live555). Whoever can write into the connection itself needs no
//! login. So the count of RFC 7616 is hashed as it was sent, and not compared with those before:
//! gortsplib, too, has one nonce for each connection, and looks no further.

use std::time::Duration;

use siphasher::sip128::SipHasher24;
use subtle::ConstantTimeEq;

use super::hash::hexadecimal;
use super::kept::REALM;

/// Gives nonces, and knows them again.
pub struct Nonces {
    key: [u8; 16],
}

/// What a nonce is that a client has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Given to this connection, not too long ago.
    Fresh,
    /// Given by this server, but too long ago, or to another connection.
    Stale,
    /// Made up, or of another run.
    Foreign,
}

/// Why a login is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There was none, or a wrong one.
    NoLogin,
    /// Its nonce was stale: the client need not ask anybody for the password again.
    Stale,
}

impl Nonces {
    /// By a key that nobody else knows.
    pub fn new(key: [u8; 16]) -> Self {
        Self { key }
    }

    /// A nonce for a connection. `at` counts from any time that stays the same while the key does.
    pub fn give(&self, connection: u64, at: Duration) -> String {
        let millis = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        let said = format!("{millis:016x}{connection:016x}");
        said.clone() + &self.tag(&said)
    }

    /// What a nonce is that a connection sends.
    pub fn age(&self, nonce: &str, connection: u64, at: Duration) -> Age {
        let Some((said, tag)) = nonce.split_at_checked(SAID_DIGITS) else { return Age::Foreign };
        if !bool::from(self.tag(said).as_bytes().ct_eq(tag.as_bytes())) {
            return Age::Foreign;
        }
        // The tag says that these are the digits that were written.
        let (given, to) = said.split_at(SAID_DIGITS / 2);
        let number = |digits| u64::from_str_radix(digits, 16);
        let (Ok(given), Ok(to)) = (number(given), number(to)) else { return Age::Foreign };
        let is_old = at.saturating_sub(Duration::from_millis(given)) > LASTS;
        if to != connection || is_old { Age::Stale } else { Age::Fresh }
    }

    fn tag(&self, said: &str) -> String {
        hexadecimal(&SipHasher24::new_with_key(&self.key).hash(said.as_bytes()).as_bytes())
    }
}

/// The values of the two `WWW-Authenticate` fields that ask for a login, in their order.
///
/// SHA-256 is for curl, which takes the first that it knows; ffmpeg, GStreamer and live555 take the
/// last, and know MD5 alone. live555 finds `realm`, `nonce` and `stale` at these places only.
/// `qop` is offered and not insisted upon, as GStreamer and live555 do not know it.
pub fn challenges(nonce: &str, reason: Reason) -> [String; 2] {
    let stale = match reason {
        Reason::NoLogin => "",
        Reason::Stale => ", stale=true",
    };
    ["SHA-256", "MD5"].map(|algorithm| {
        format!(
            "Digest realm=\"{REALM}\", nonce=\"{nonce}\"{stale}, algorithm={algorithm}, qop=\"auth\""
        )
    })
}

/// How long a nonce can be used.
const LASTS: Duration = Duration::from_secs(5 * 60);
/// Two numbers of 64 bits.
const SAID_DIGITS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Duration = Duration::from_millis(1234);

    #[test]
    fn a_nonce_has_its_time_and_its_connection() {
        let nonces = Nonces::new([1; 16]);
        let nonce = nonces.give(7, AT);
        let age = |connection, after: Duration| nonces.age(&nonce, connection, AT + after);
        assert_eq!(age(7, Duration::ZERO), Age::Fresh);
        assert_eq!(age(7, LASTS), Age::Fresh);
        assert_eq!(age(7, LASTS + Duration::from_millis(1)), Age::Stale);
        assert_eq!(age(8, Duration::ZERO), Age::Stale);
        // Time that goes back is no panic.
        assert_eq!(nonces.age(&nonce, 7, Duration::ZERO), Age::Fresh);
        assert_eq!(nonces.age(&nonces.give(7, Duration::MAX), 7, Duration::MAX), Age::Stale);
    }

    #[test]
    fn a_nonce_cannot_be_made_up() {
        let (nonces, others) = (Nonces::new([1; 16]), Nonces::new([2; 16]));
        let nonce = nonces.give(7, AT);
        assert_ne!(nonces.give(7, AT + Duration::from_millis(1)), nonce);
        assert_ne!(nonces.give(8, AT), nonce);
        assert_eq!(others.age(&nonce, 7, AT), Age::Foreign);
        for cut in 0..nonce.len() {
            assert_eq!(nonces.age(&nonce[..cut], 7, AT), Age::Foreign, "cut at {cut}");
        }
        for (at, bit) in (0..nonce.len()).flat_map(|at| (0..7).map(move |bit| (at, bit))) {
            let mut bytes = nonce.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let damaged = String::from_utf8(bytes).unwrap();
            assert_eq!(nonces.age(&damaged, 7, AT), Age::Foreign, "{damaged}");
        }
        for other in ["", "\u{e9}", &"0".repeat(64), &format!("{nonce}0"), &"\u{e9}".repeat(32)] {
            assert_eq!(nonces.age(other, 7, AT), Age::Foreign, "{other}");
        }
    }

    #[test]
    fn challenges_are_as_players_look_for_them() {
        let [first, last] = challenges("0f", Reason::NoLogin);
        let head = "Digest realm=\"livestream\", nonce=\"0f\", ";
        assert_eq!(first, format!("{head}algorithm=SHA-256, qop=\"auth\""));
        assert_eq!(last, format!("{head}algorithm=MD5, qop=\"auth\""));
        for field in challenges("0f", Reason::Stale) {
            assert!(field.starts_with(&format!("{head}stale=true, algorithm=")), "{field}");
        }
    }
}
