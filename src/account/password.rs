//! Passwords: which are taken, and their hashes. Pure, and slow on purpose.
//!
//! `argon2id` with the second recommended parameters of RFC 9106 §4: 64 MiB, three passes, four
//! lanes. What is stored is a PHC string, which has the parameters and the salt in it.

use std::fmt;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization;

/// A password as a person typed it, in one of the ways that Unicode has to write it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a new password is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WeakPassword {
    /// It has fewer characters than [`LEAST_CHARS`].
    Short,
    /// It has more than [`MOST_CHARS`].
    Long,
    /// It is among the first that are tried.
    Common,
}

impl Password {
    /// What was typed, for an account that there is.
    pub fn typed(text: &str) -> Self {
        // Nobody has one that is longer, and nobody has to wait until it is hashed.
        Self(text.nfc().take(MOST_CHARS + 1).collect())
    }

    /// A new one. Whether it is easy to guess is found out [when it is hashed](Self::hash_new).
    ///
    /// # Errors
    ///
    /// [`WeakPassword`] if it is too short or too long.
    pub fn new(text: &str) -> Result<Self, WeakPassword> {
        let password = Self::typed(text);
        let chars = password.0.chars().count();
        if chars < LEAST_CHARS {
            return Err(WeakPassword::Short);
        }
        if chars > MOST_CHARS {
            return Err(WeakPassword::Long);
        }
        Ok(password)
    }

    /// The hash of a new one with a salt, as it is stored, for an account of this name.
    ///
    /// # Errors
    ///
    /// [`WeakPassword::Common`] if it is among the first that are tried.
    pub(super) fn hash_new(&self, name: &str) -> Result<String, WeakPassword> {
        // More is not looked at: what is so long and begins so is not among the first, and the time
        // that it takes grows much faster than the text.
        let start: String = self.0.chars().take(LOOKED_AT).collect();
        let guesses = zxcvbn::zxcvbn(&start, &[name, "livestream"]).guesses_log10();
        if guesses < LEAST_GUESSES_LOG10 { Err(WeakPassword::Common) } else { Ok(self.hash()) }
    }

    /// Its hash with a salt.
    ///
    /// # Panics
    ///
    /// If the system has no random numbers.
    fn hash(&self) -> String {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).expect("the system has random numbers");
        let hash = argon().hash_password_with_salt(self.0.as_bytes(), &salt);
        hash.expect("the salt and the parameters are within their bounds").to_string()
    }

    /// Whether it is the one that was stored so; of nobody's it takes as long to say no.
    pub(super) fn is(&self, stored: Option<&str>) -> bool {
        let right = argon().verify_password(self.0.as_bytes(), stored.unwrap_or(NOBODYS)).is_ok();
        right && stored.is_some()
    }
}

impl fmt::Display for WeakPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WeakPassword::Short => write!(f, "A password has at least {LEAST_CHARS} characters."),
            WeakPassword::Long => write!(f, "A password has at most {MOST_CHARS} characters."),
            WeakPassword::Common => {
                f.write_str("This one is among the first that are tried. Take a few words.")
            }
        }
    }
}

fn argon() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let params = params.expect("the parameters are within their bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// NIST SP 800-63B and OWASP ASVS 5.0 have this as the least.
const LEAST_CHARS: usize = 8;
const MOST_CHARS: usize = 128;
const LOOKED_AT: usize = 20;
/// The 10 000 that are tried first.
const LEAST_GUESSES_LOG10: f64 = 4.0;
/// Of random bytes, by the same parameters: what is compared where there is no account.
const NOBODYS: &str = "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw$\
                       uAUd2X3W3tU4nPzMgnJyW3Q2PsJGQ4Cz5Wl1kyQ2Tq0";

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(text: &str, name: &str) -> Result<(), WeakPassword> {
        Password::new(text)?.hash_new(name).map(drop)
    }

    #[test]
    fn one_is_known_again_and_no_other() {
        let stored = Password::typed("correct horse").hash();
        assert!(stored.starts_with("$argon2id$v=19$m=65536,t=3,p=4$"), "{stored}");
        assert!(Password::typed("correct horse").is(Some(&stored)));
        assert!(!Password::typed("correct horsf").is(Some(&stored)));
        assert!(!Password::typed("correct horse").is(None));
        assert_ne!(Password::typed("correct horse").hash(), stored, "each has a salt");
    }

    #[test]
    fn nobodys_is_looked_at_as_long_as_anybodys() {
        // By the same parameters, and whole: what cannot be read would be refused at once.
        use argon2::password_hash::phc::PasswordHash;
        let (nobodys, stored) = (NOBODYS, Password::typed("correct horse").hash());
        let (nobodys, somebodys) =
            (PasswordHash::new(nobodys).unwrap(), PasswordHash::new(&stored).unwrap());
        assert_eq!(nobodys.params, somebodys.params);
        assert_eq!(nobodys.hash.unwrap().len(), somebodys.hash.unwrap().len());
    }

    #[test]
    fn the_same_text_is_the_same_password_however_it_is_written() {
        let stored = Password::typed("Zoe\u{308} und Jan").hash();
        assert!(Password::typed("Zo\u{eb} und Jan").is(Some(&stored)));
    }

    #[test]
    fn what_is_tried_first_is_not_taken() {
        for weak in ["password", "12345678", "qwertyuiop", "iloveyou", "livestream", "aaaaaaaaaa"] {
            assert_eq!(hashed(weak, "Ada"), Err(WeakPassword::Common), "{weak}");
        }
        assert_eq!(hashed("AdaLovelace", "AdaLovelace"), Err(WeakPassword::Common));
        assert_eq!(hashed("x7Kq2pW", ""), Err(WeakPassword::Short));
        assert_eq!(hashed(&"ab".repeat(65), ""), Err(WeakPassword::Long));
        for good in ["correct horse battery", "x7Kq2pWz", "今日は良い天気ですね、本当に"]
        {
            assert_eq!(hashed(good, "Ada"), Ok(()), "{good}");
        }
    }
}
