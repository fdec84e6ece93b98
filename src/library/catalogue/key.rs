//! How a title is to be encrypted.

use sha2::{Digest, Sha256};

use crate::proto::cenc::{Key, Protection, Scheme};
use crate::store::session::Hash;
use crate::store::title::KeptTitleKey;

/// What somebody wishes.
#[derive(Debug, Clone)]
pub struct SecretWish {
    /// How it is encrypted.
    pub scheme: Scheme,
    /// What of it.
    pub protects: Protects,
    /// The key and its name; drawn if they are not given.
    pub keys: Option<(Key, Key)>,
}

/// What of a title is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protects {
    /// All tracks.
    All,
    /// Pictures: who has no key hears the sound.
    Video,
}

impl Protects {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Video => "video",
        }
    }

    /// The one that is written so; what is not known is all.
    pub fn parse(word: &str) -> Self {
        if word == Self::Video.as_str() { Self::Video } else { Self::All }
    }
}

impl SecretWish {
    /// As it is stored: with what has to be drawn once. And what tells its key from others.
    pub(super) fn to_key(&self) -> (KeptTitleKey, Hash) {
        let (Key(key), Key(kid)) = self.keys.unwrap_or_else(|| (Key(drawn()), Key(drawn())));
        let kept = KeptTitleKey {
            scheme: self.scheme.name().to_owned(),
            protects: self.protects.as_str().to_owned(),
            key,
            kid,
            constant_iv: drawn(),
            iv_block: 0,
        };
        (kept, Sha256::digest(key).into())
    }
}

/// How tracks are encrypted with a key that is kept.
pub(in crate::library) fn protection(kept: &KeptTitleKey) -> Protection {
    Protection {
        scheme: Scheme::parse(&kept.scheme).unwrap_or(Scheme::Cbcs),
        key: Key(kept.key),
        key_id: kept.kid,
        constant_iv: kept.constant_iv,
    }
}

fn drawn() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    bytes
}
