//! The name of a room, as it stands in addresses.

use std::fmt;
use std::str::FromStr;

/// 1 to 32 letters, digits, `-`, `_` and `.`, the first of them a letter or a digit: what stands in
/// every address as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoomName(String);

impl RoomName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no room's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAName;

impl fmt::Display for NotAName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "takes a name of 1 to {MOST_CHARS} letters (a to z), digits, `-`, `_` and `.`")
    }
}

impl std::error::Error for NotAName {}

impl FromStr for RoomName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let fits = text.len() <= MOST_CHARS
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAName) }
    }
}

const MOST_CHARS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_stands_in_an_address_as_it_is() {
        for good in ["a", "Kitchen", "front-door_2", "1.0", &"x".repeat(32)] {
            assert_eq!(good.parse::<RoomName>().unwrap().as_str(), good);
        }
        for bad in
            ["", ".", "..", "-x", "a/b", "a b", "küche", "a?", "a%20", "a;b", &"x".repeat(33)]
        {
            assert_eq!(bad.parse::<RoomName>(), Err(NotAName), "{bad}");
        }
    }
}
