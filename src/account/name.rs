//! What an account is called, and when two names look the same. Pure.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use crate::proto::text::clean_line;

/// A name: one line of 1 to [`MOST_CHARS`] characters, safe to show to all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    text: String,
    skeleton: String,
}

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadName {
    /// It is empty, too long, or no line.
    NoLine,
    /// It could be taken for the server itself.
    Reserved,
}

impl Name {
    /// A name as a person wrote it.
    ///
    /// # Errors
    ///
    /// [`BadName`] if it cannot be one.
    pub fn new(text: &str) -> Result<Self, BadName> {
        let text = clean_line(text.trim(), MOST_CHARS).map_err(|_| BadName::NoLine)?;
        let skeleton = looks_of(&text);
        if skeleton.is_empty() {
            return Err(BadName::NoLine);
        }
        if RESERVED.iter().any(|reserved| looks_of(reserved) == skeleton) {
            return Err(BadName::Reserved);
        }
        Ok(Self { text, skeleton })
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it looks like: the same for all names that a reader takes for it.
    pub fn skeleton(&self) -> &str {
        &self.skeleton
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadName::NoLine => write!(f, "A name has 1 to {MOST_CHARS} characters."),
            BadName::Reserved => write!(f, "This name is the server's own."),
        }
    }
}

/// The skeleton of UTS 39 §4, of the folded text and folded again: a capital I is an l by that table,
/// and the same name as one with an i.
fn looks_of(text: &str) -> String {
    let folded = text.nfkc().collect::<String>().to_uppercase().to_lowercase();
    let drawn: String = skeleton(&folded).collect();
    let again: String = skeleton(&drawn.to_lowercase()).collect();
    again.chars().filter(|c| *c != ' ').map(|c| if c == 'i' { 'l' } else { c }).collect()
}

/// What the server says of itself, and what its pages say of others.
const RESERVED: [&str; 9] = [
    "livestream",
    "server",
    "guest",
    "a guest",
    "system",
    "everybody",
    "this machine",
    "a token of this machine",
    "a deleted account",
];
/// The longest name.
const MOST_CHARS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn skeleton_of(text: &str) -> String {
        Name::new(text).unwrap().skeleton
    }

    #[test]
    fn names_that_look_the_same_are_the_same() {
        for (one, other) in [
            ("Ada", "ada"),
            ("Ada", "АdА"),
            ("Ivan", "lvan"),
            ("Ivan", "ivan"),
            ("Bob", "B0b"),
            ("Straße", "STRASSE"),
            ("Zoë", "Zoe\u{308}"),
            ("Ａｄａ", "Ada"),
            ("Ada Lovelace", "AdaLovelace"),
            ("paypal", "раураl"),
            ("Anna\u{200b}", "Anna"),
        ] {
            assert_eq!(skeleton_of(one), skeleton_of(other), "{one} {other}");
        }
        for (one, other) in [("Ada", "Ida"), ("Zoë", "Zoe"), ("王", "玉"), ("Ann", "Anna")] {
            assert_ne!(skeleton_of(one), skeleton_of(other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", "  ", "\u{200b}", "a\nb", &"x".repeat(33)] {
            assert_eq!(Name::new(text), Err(BadName::NoLine), "{text:?}");
        }
        for text in ["Server", "LIVESTREAM", "guеst", "Iivestream"] {
            assert_eq!(Name::new(text), Err(BadName::Reserved), "{text:?}");
        }
        assert_eq!(Name::new(" Ada  Lovelace ").unwrap().as_str(), "Ada Lovelace");
        assert_eq!(Name::new(&"x".repeat(32)).unwrap().as_str().len(), 32);
    }
}
