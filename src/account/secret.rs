//! Secrets that nobody can guess: made, written for people, and known again by their hash.
//!
//! Written in base 32 without `i`, `l`, `o` and `u` (Crockford's), so that they can be read aloud and
//! typed. They are random, so that one round of SHA-256 hides them as well as many.

use sha2::{Digest, Sha256};

use crate::store::session::Hash;

/// A new secret of so many bytes.
///
/// # Panics
///
/// If the system has no random numbers.
pub fn random_text<const BYTES: usize>() -> String {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    base32(&bytes)
}

/// The hash of a secret, as it came from a person or a program: case, dashes and blanks do not
/// count, and letters that look like digits are those.
pub fn hash_of(text: &str) -> Hash {
    let mut hash = Sha256::new();
    for c in text.chars().filter(|c| !matches!(c, '-' | ' ')) {
        let read = match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        hash.update(read.encode_utf8(&mut [0; 4]).as_bytes());
    }
    hash.finalize().into()
}

/// In groups that a person can keep in mind.
pub(super) fn in_groups(text: &str) -> String {
    let groups: Vec<&str> = text.as_bytes().chunks(GROUP).map(ascii).collect();
    groups.join("-")
}

fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("base 32 is ASCII")
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(DIGITS[(held >> bits & 0x1f) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(DIGITS[(held << (5 - bits) & 0x1f) as usize]));
    }
    text
}

const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const GROUP: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_all_its_bits() {
        // Crockford's digits of what RFC 4648 §10 has as "MZXW6YTBOI" and "MY".
        assert_eq!(base32(b"foobar"), "csqpyrk1e8");
        assert_eq!(base32(b"f"), "cr");
        assert_eq!((random_text::<16>().len(), random_text::<32>().len()), (26, 52));
        assert_ne!(random_text::<16>(), random_text::<16>());
    }

    #[test]
    fn it_may_be_typed_as_people_type() {
        let hash = hash_of("csqpyrk1e8");
        for typed in ["CSQPY-RK1E8", " csqpy rkle8", "csqpyrkIe8"] {
            assert_eq!(hash_of(typed), hash, "{typed}");
        }
        assert_ne!(hash_of("csqpyrk1e9"), hash);
        assert_eq!(in_groups("csqpyrk1e8zz"), "csqpy-rk1e8-zz");
    }
}
