//! The hashes that Digest is made of (RFC 7616 §3.2), of parts with colons between them.

use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512_256};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Md5,
    Sha256,
    Sha512_256,
}

impl Hash {
    /// The hash of `parts` with colons between them, in hexadecimal.
    pub(super) fn of(self, parts: &[&str]) -> String {
        self.of_bytes(parts.join(":").as_bytes())
    }

    pub(super) fn of_bytes(self, bytes: &[u8]) -> String {
        match self {
            Self::Md5 => hexadecimal(&Md5::digest(bytes)),
            Self::Sha256 => hexadecimal(&Sha256::digest(bytes)),
            Self::Sha512_256 => hexadecimal(&Sha512_256::digest(bytes)),
        }
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
