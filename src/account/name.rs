//! What an account is called, and when two names look the same. Pure.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use crate::proto::text::clean_line;

/// A name: one line of 1 to [`MOST_CHARS`] characters, safe to show to all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    text: String,
    looks: Looks,
}

/// What a name looks like to a reader: folded, as it is written, and in capitals, as letters that look the
/// same in one of these do not in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks([String; 3]);

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
        let looks = Looks::of(&text);
        if looks.0[0].is_empty() {
            return Err(BadName::NoLine);
        }
        if RESERVED.iter().any(|reserved| Looks::of(reserved).is_like(&looks)) {
            return Err(BadName::Reserved);
        }
        Ok(Self { text, looks })
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// By what it is looked up: the same for most names that a reader takes for it.
    pub fn skeleton(&self) -> &str {
        &self.looks.0[0]
    }

    /// What it looks like.
    pub fn looks(&self) -> &Looks {
        &self.looks
    }
}

impl Looks {
    /// Those of a text.
    pub fn of(text: &str) -> Self {
        let text: String = text.nfkc().collect();
        let capitals = text.replace(['I', '1', '|'], "l").to_uppercase();
        Self([folded(&text), even(skeleton(&text)), even(skeleton(&capitals))])
    }

    /// Whether a reader may take one for the other.
    pub fn is_like(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(own, of_other)| own == of_other)
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

/// The skeleton of UTS 39 §4, of the folded text and folded again.
fn folded(text: &str) -> String {
    let folded = text.to_uppercase().to_lowercase();
    let drawn: String = skeleton(&folded).collect();
    even(skeleton(&drawn.to_lowercase()))
}

/// Without blanks and in small letters: a capital I is an l by that table, and the same as an i.
fn even(drawn: impl Iterator<Item = char>) -> String {
    let small = drawn.collect::<String>().to_lowercase();
    small.chars().filter(|c| *c != ' ').map(|c| if c == 'i' { 'l' } else { c }).collect()
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
        Name::new(text).unwrap().skeleton().to_owned()
    }

    #[test]
    fn capitals_and_small_letters_that_look_the_same_are_told() {
        let is_like = |one: &str, other: &str| Looks::of(one).is_like(&Looks::of(other));
        for (one, other) in [
            ("Host", "\u{397}\u{3bf}st"),
            ("Host", "\u{41d}\u{43e}st"),
            ("Host", "Hos\u{442}"),
            ("Boss", "\u{412}oss"),
            ("Mona", "\u{39c}ona"),
            ("Hub", "\u{41d}\u{3c5}b"),
            ("Ivan", "lvan"),
            ("Ivan", "1van"),
            ("Bob", "B0B"),
        ] {
            assert!(is_like(one, other) && is_like(other, one), "{one} {other}");
        }
        for (one, other) in
            [("Ada", "Ida"), ("Zoë", "Zoe"), ("王", "玉"), ("Ann", "Anna"), ("Max", "Maz")]
        {
            assert!(!is_like(one, other), "{one} {other}");
        }
        assert!(matches!(Name::new("\u{405}erver"), Err(BadName::Reserved)));
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
