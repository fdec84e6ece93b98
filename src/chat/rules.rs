//! What may be said in a room. Pure.

use std::time::Duration;

use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use super::people::Role;
use super::{Refused, emoji};
use crate::proto::text::{BadLine, clean_line};
use crate::store::chat::KeptRules;

/// The rules of a room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Seconds between two messages of one.
    pub slow_s: u32,
    /// Whether members alone may talk.
    pub members_only: bool,
    /// Whether members alone may send links.
    pub links_of_members: bool,
    /// What nobody may say, in lower case.
    pub words: Vec<String>,
}

impl Rules {
    /// What is said, as others see it.
    pub(super) fn check(&self, text: &str, role: Role) -> Result<String, Refused> {
        if self.members_only && role == Role::Guest {
            return Err(Refused::MembersOnly);
        }
        let text = emoji::named(text);
        let text = clean_line(&text, MOST_CHARS).map_err(|bad| match bad {
            BadLine::Control | BadLine::TooLong(_) => Refused::Long(MOST_CHARS),
        })?;
        if text.is_empty() {
            return Err(Refused::Empty);
        }
        let lower = text.to_lowercase();
        if self.links_of_members && role == Role::Guest && has_link(&lower) {
            return Err(Refused::NoLinks);
        }
        let looks = seen(&text);
        let has_seen = |word: &str| !word.is_empty() && has_word(&looks, word);
        let has = |word: &String| has_word(&lower, word) || has_seen(&seen(word));
        if !role.keeps_order() && self.words.iter().any(has) {
            return Err(Refused::Word);
        }
        Ok(text)
    }

    /// How long one waits between two messages.
    pub(super) fn slow(&self) -> Duration {
        Duration::from_secs(self.slow_s.into())
    }

    /// Whether they can be rules, and can be stored.
    pub(super) fn check_bounds(&mut self) -> Result<(), Refused> {
        if self.slow_s > MOST_SLOW_S {
            return Err(Refused::Rules("Slow is at most an hour between two messages."));
        }
        let clean = |word: &String| clean_line(word.trim(), MOST_WORD_CHARS).ok();
        let words = self.words.iter().map(|word| clean(word).map(|word| word.to_lowercase()));
        let words: Option<Vec<_>> = words.collect();
        let mut words =
            words.ok_or(Refused::Rules("A word that is not said has at most 40 characters."))?;
        words.retain(|word| !word.is_empty());
        words.sort();
        words.dedup();
        if words.len() > MOST_WORDS {
            return Err(Refused::Rules("There are at most 200 words that are not said."));
        }
        self.words = words;
        Ok(())
    }

    /// As they are told; the words to who keeps order alone.
    pub(super) fn as_json(&self, with_words: bool) -> Value {
        let mut value = json!({
            "slow_s": self.slow_s,
            "members_only": self.members_only,
            "links": if self.links_of_members { "members" } else { "all" },
        });
        if with_words {
            value["words"] = json!(self.words);
        }
        value
    }

    pub(super) fn of_kept(kept: KeptRules) -> Self {
        let KeptRules { slow_s, members_only, links_of_members, words } = kept;
        let words = words.lines().map(str::to_owned).collect();
        Self { slow_s, members_only, links_of_members, words }
    }

    pub(super) fn as_kept(&self) -> KeptRules {
        let Self { slow_s, members_only, links_of_members, ref words } = *self;
        KeptRules { slow_s, members_only, links_of_members, words: words.join("\n") }
    }
}

/// Whether there is something that a page or a reader takes for a link.
fn has_link(lower: &str) -> bool {
    ["http://", "https://", "www."].iter().any(|start| lower.contains(start))
}

/// A text as a reader sees it: letters of other scripts that look the same are the same (UTS 39 §4),
/// and all that is no letter or digit is a blank.
fn seen(text: &str) -> String {
    let plain: String = text.nfkc().collect();
    let drawn: String = skeleton(&plain.to_lowercase()).collect();
    let letters: String =
        drawn.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a word stands in a text by itself, be it one or several.
fn has_word(lower: &str, word: &str) -> bool {
    lower.match_indices(word).any(|(at, _)| {
        let before = lower[..at].chars().next_back();
        let after = lower[at + word.len()..].chars().next();
        let is_end = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        is_end(before) && is_end(after)
    })
}

const MOST_CHARS: usize = 500;
const MOST_SLOW_S: u32 = 3600;
const MOST_WORDS: usize = 200;
const MOST_WORD_CHARS: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_one_short_line_that_shows_what_it_is() {
        let rules = Rules::default();
        let said = |text: &str| rules.check(text, Role::Guest);
        assert_eq!(said("  hello :wave:  ").unwrap(), "hello 👋");
        assert_eq!(said("\u{202e}cod.exe\u{202c}").unwrap(), "cod.exe");
        assert_eq!(said("<b>&"), Ok("<b>&".into()), "a page makes it text");
        assert_eq!(said(" \u{200b} "), Err(Refused::Empty));
        assert_eq!(said("a\nb"), Err(Refused::Long(MOST_CHARS)));
        assert_eq!(said(&"x".repeat(501)), Err(Refused::Long(MOST_CHARS)));
        assert!(said(&"😀".repeat(500)).is_ok());
    }

    #[test]
    fn a_room_has_rules() {
        let mut rules = Rules {
            links_of_members: true,
            words: vec!["Darn".into(), "two words".into(), " ".into(), "darn".into()],
            ..Rules::default()
        };
        rules.check_bounds().unwrap();
        assert_eq!(rules.words, ["darn", "two words"]);
        let said = |text: &str, role| rules.check(text, role).err();
        assert_eq!(said("see HTTPS://a.b", Role::Guest), Some(Refused::NoLinks));
        assert_eq!(said("see https://a.b", Role::Member), None);
        assert_eq!(said("Oh, DARN!", Role::Member), Some(Refused::Word));
        assert_eq!(said("two words", Role::Member), Some(Refused::Word));
        assert_eq!(said("darning", Role::Member), None);
        for looks in ["\u{ff44}\u{ff41}\u{ff52}\u{ff4e}", "d\u{430}rn", "two_words", "two--WORDS!"]
        {
            assert_eq!(said(looks, Role::Member), Some(Refused::Word), "{looks}");
        }
        assert_eq!(said("darn", Role::Moderator), None);
        let closed = Rules { members_only: true, ..Rules::default() };
        assert_eq!(closed.check("hi", Role::Guest), Err(Refused::MembersOnly));
        assert!(closed.check("hi", Role::Member).is_ok());
        assert!(Rules { slow_s: 3601, ..Rules::default() }.check_bounds().is_err());
        assert_eq!(Rules::of_kept(rules.as_kept()), rules);
    }
}
