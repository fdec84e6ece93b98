//! What a server keeps of a password, from which every answer of Digest can be checked and the
//! password itself not be told.

use std::fmt;

use md5::Md5;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use super::Who;
use super::hash::{Hash, hexadecimal};

/// `H(user:livestream:password)` of RFC 7616 §3.4.2, by both hashes that are offered.
///
/// Whoever has one can log in with it by Digest: it is to be kept as a password is.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    /// By MD5.
    pub md5: [u8; 16],
    /// By SHA-256.
    pub sha256: [u8; 32],
}

impl Ha1 {
    /// Of a user's name and password.
    pub fn of(user: &str, password: &str) -> Self {
        let a1 = format!("{user}:{REALM}:{password}");
        Self { md5: Md5::digest(&a1).into(), sha256: Sha256::digest(&a1).into() }
    }

    /// Whether it is of this name and password, told in a time that says no more than that.
    pub fn is_of(&self, who: &Who) -> bool {
        Self::of(&who.name, &who.password).sha256.ct_eq(&self.sha256).into()
    }

    /// As Digest has it in its hashes.
    pub(super) fn digits(&self, hash: Hash) -> Option<String> {
        match hash {
            Hash::Md5 => Some(hexadecimal(&self.md5)),
            Hash::Sha256 => Some(hexadecimal(&self.sha256)),
            Hash::Sha512_256 => None,
        }
    }
}

/// Without either, so that it can be logged.
impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1")
    }
}

/// What all logins of this server are for. It is in each [`Ha1`], and so can never change.
pub const REALM: &str = "livestream";
