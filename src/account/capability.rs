//! What may be done, and sets of it. Pure.

use std::fmt;

/// One thing that some may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Capability {
    /// See a room's pictures, its people and its state.
    Watch,
    /// Say something in it: a donation's words, a message.
    Talk,
    /// Be the source of a room.
    Publish,
    /// Bring videos to the library.
    Upload,
    /// Keep order in a room.
    Moderate,
    /// See and steer the work of the library.
    Work,
    /// All that a host may.
    Host,
}

/// A set of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities(u8);

impl Capability {
    /// All, in their order.
    pub const ALL: [Self; 7] = [
        Self::Watch,
        Self::Talk,
        Self::Publish,
        Self::Upload,
        Self::Moderate,
        Self::Work,
        Self::Host,
    ];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Talk => "talk",
            Self::Publish => "publish",
            Self::Upload => "upload",
            Self::Moderate => "moderate",
            Self::Work => "work",
            Self::Host => "host",
        }
    }
}

impl Capabilities {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// What who is let in may do, signed in or not.
    pub const LET_IN: Self = Self::NONE.with(Capability::Watch).with(Capability::Talk);
    /// Everything.
    pub const ALL: Self = Self(0x7f);

    /// This one and those before.
    #[must_use]
    pub const fn with(self, capability: Capability) -> Self {
        Self(self.0 | 1 << capability as u8)
    }

    /// Those before, but for this one.
    #[must_use]
    pub const fn without(self, capability: Capability) -> Self {
        Self(self.0 & !(1 << capability as u8))
    }

    /// Those of either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether this one is among them.
    pub const fn has(self, capability: Capability) -> bool {
        self.0 >> capability as u8 & 1 == 1
    }

    /// With what is of no use without another: who brings videos, or sees to them, watches them.
    #[must_use]
    pub const fn with_what_they_need(self) -> Self {
        match self.has(Capability::Upload) || self.has(Capability::Work) {
            true => self.with(Capability::Watch),
            false => self,
        }
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Reads words with blanks or commas between them; a scope `host` is all that a host may.
    ///
    /// # Errors
    ///
    /// The first word that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words = text.split([' ', ',']).filter(|word| !word.is_empty());
        words.into_iter().try_fold(Self::NONE, |set, word| {
            let known = Capability::ALL.into_iter().find(|known| known.as_str() == word);
            match known {
                Some(Capability::Host) => Ok(Self::ALL),
                Some(capability) => Ok(set.with(capability)),
                None => Err(word.to_owned()),
            }
        })
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = Capability::ALL.into_iter().filter(|capability| self.has(*capability));
        let words: Vec<_> = words.map(Capability::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_written_as_words_and_read_again() {
        for bits in 0..0x40 {
            let set = Capabilities(bits);
            assert_eq!(Capabilities::parse(&set.to_string()), Ok(set), "{set}");
        }
        assert_eq!(Capabilities::LET_IN.to_string(), "watch talk");
        assert_eq!(Capabilities::parse("host"), Ok(Capabilities::ALL));
        assert_eq!(Capabilities::parse("watch,,talk "), Ok(Capabilities::LET_IN));
        assert_eq!(Capabilities::parse("watch root"), Err("root".into()));
    }

    #[test]
    fn the_whole_set_has_each() {
        let each = Capability::ALL.into_iter().fold(Capabilities::NONE, Capabilities::with);
        assert_eq!(each, Capabilities::ALL);
        assert!(Capability::ALL.into_iter().all(|one| !Capabilities::NONE.has(one)));
    }
}
