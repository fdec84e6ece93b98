//! What a browser keeps for us: texts that it can read, and not change.
//!
//! HMAC-SHA256 (RFC 2104) by a key of this run: after a restart nothing that was sealed before is
//! taken.

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::proto::http::form;

/// Seals, and knows again what it sealed.
pub struct Sealer {
    key: [u8; 32],
}

impl Sealer {
    /// One with a key of its own.
    ///
    /// # Panics
    ///
    /// If the system has no random numbers.
    pub fn new() -> Self {
        let mut key = [0; 32];
        getrandom::fill(&mut key).expect("the system has random numbers");
        Self { key }
    }

    /// Fields as one text for a cookie; `kind` is what they are, so that one is not taken for another.
    pub(super) fn seal(&self, kind: &str, fields: &[&str]) -> String {
        let fields: Vec<String> =
            fields.iter().map(|field| form::encode_component(field)).collect();
        let text = fields.join(SEPARATOR);
        let tag = self.mac(kind, &text).finalize().into_bytes();
        let tag: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{tag}{SEPARATOR}{text}")
    }

    /// The fields of what was sealed as this kind; `None` if it was not.
    pub(super) fn open<const FIELDS: usize>(
        &self,
        kind: &str,
        text: &str,
    ) -> Option<[String; FIELDS]> {
        let (tag, text) = text.split_once(SEPARATOR)?;
        self.mac(kind, text).verify_slice(&unhex(tag)?).ok()?;
        let fields = text.split(SEPARATOR).map(|field| form::percent_decode(field.as_bytes()).ok());
        fields.collect::<Option<Vec<String>>>()?.try_into().ok()
    }

    fn mac(&self, kind: &str, text: &str) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of any length is taken");
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac
    }
}

impl Default for Sealer {
    fn default() -> Self {
        Self::new()
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let bytes: Vec<u8> =
        digits?.chunks(2).map(|pair| pair.iter().fold(0, |b, d| b << 4 | d)).collect();
    if text.len() == 64 { bytes.try_into().ok() } else { None }
}

/// Stands in no field, as it is written, and may stand in a cookie.
const SEPARATOR: &str = "|";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_comes_back_and_nothing_else_does() {
        let (sealer, other) = (Sealer::new(), Sealer::new());
        let fields = ["a|b;c", "", "Jos\u{e9} \u{1f600}"];
        let sealed = sealer.seal("flow", &fields);
        assert!(sealed.chars().all(|c| c.is_ascii_graphic() && !";,\"\\".contains(c)), "{sealed}");
        assert_eq!(sealer.open::<3>("flow", &sealed).unwrap(), fields);
        assert!(sealer.open::<3>("new", &sealed).is_none(), "another kind");
        assert!(sealer.open::<2>("flow", &sealed).is_none(), "another shape");
        assert!(other.open::<3>("flow", &sealed).is_none(), "another run");
        for at in 0..sealed.len() {
            assert!(sealer.open::<3>("flow", &sealed[..at]).is_none(), "cut at {at}");
            let mut changed = sealed.clone().into_bytes();
            changed[at] ^= 1;
            let changed = String::from_utf8_lossy(&changed);
            assert!(sealer.open::<3>("flow", &changed).is_none(), "byte {at} changed");
        }
    }
}
