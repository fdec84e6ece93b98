//! What may be commanded of a room's chat: JSON from a client, read once into a value.

use serde::Deserialize;
use serde_json::Value;

use super::super::command::Refused;
use crate::chat::Rules;
use crate::proto::http::Status;

/// A command.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Wish {
    Enter {
        #[serde(default)]
        name: String,
        after: Option<u64>,
    },
    Leave,
    Say {
        text: String,
        reply: Option<u64>,
    },
    Edit {
        seq: u64,
        text: String,
    },
    Delete {
        seq: u64,
    },
    React {
        seq: u64,
        emoji: String,
        on: bool,
    },
    History {
        before: u64,
    },
    Mute {
        who: String,
        seconds: u64,
    },
    Kick {
        who: String,
    },
    Ban {
        who: String,
        seconds: Option<u64>,
        #[serde(default)]
        why: String,
    },
    Bans,
    Lift {
        ban: i64,
    },
    Clear {
        who: String,
    },
    Hand {
        up: bool,
    },
    Admit {
        who: String,
    },
    Off,
    Rules(Box<NewRules>),
}

/// What of the rules is to be another.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct NewRules {
    slow_s: Option<u32>,
    members_only: Option<bool>,
    links: Option<Links>,
    words: Option<Vec<String>>,
}

/// Who may send links.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Links {
    All,
    Members,
}

/// The words by which a command begins.
pub(super) const KINDS: [&str; 16] = [
    "enter", "leave", "say", "edit", "delete", "react", "history", "mute", "kick", "ban", "bans",
    "lift", "clear", "hand", "admit", "off",
];
/// The one that is apart, as its fields are its own.
pub(super) const RULES: &str = "rules";

impl NewRules {
    /// Makes them hold.
    pub(super) fn apply(self, rules: &mut Rules) {
        let Self { slow_s, members_only, links, words } = self;
        rules.slow_s = slow_s.unwrap_or(rules.slow_s);
        rules.members_only = members_only.unwrap_or(rules.members_only);
        rules.links_of_members =
            links.map_or(rules.links_of_members, |links| links == Links::Members);
        rules.words = words.unwrap_or_else(|| std::mem::take(&mut rules.words));
    }
}

/// Reads a command; `said` has its `type`.
///
/// # Errors
///
/// What is wrong with its fields.
pub(super) fn read(said: Value) -> Result<Wish, Refused> {
    serde_json::from_value(said)
        .map_err(|error| Refused::new(Status::BadRequest, &format!("{error}")))
}
