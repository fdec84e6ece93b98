//! A message, and what is told of it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::people::{Person, Role, Who};
use super::{OWN, Refused, is_over};
use crate::base::clock::since_unix;
use crate::store::chat::{KeptMessage, Kind};

/// What was said, or that somebody gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// Rises in its room.
    pub(super) seq: u64,
    /// The number of its last change.
    pub(super) n: u64,
    pub(super) at: SystemTime,
    /// Who said it; a gift is nobody's in the room.
    pub(super) author: Option<Person>,
    /// Who gave; may be empty.
    pub(super) name: String,
    pub(super) text: String,
    /// What it answers.
    pub(super) reply: Option<u64>,
    pub(super) kind: Kind,
    pub(super) edited: bool,
    /// Emoji, and who put them there.
    pub(super) reactions: BTreeMap<String, Vec<Who>>,
}

impl Message {
    /// As it is told.
    pub(super) fn as_json(&self) -> Value {
        let since = since_unix(self.at).as_millis();
        let at = u64::try_from(since).unwrap_or(u64::MAX);
        let mut value = match (self.kind, &self.author) {
            (Kind::Said, Some(author)) => {
                let mut value = author.as_json();
                value["text"] = json!(self.text);
                value
            }
            (Kind::Gift, _) => json!({ "gift": true, "name": self.name, "text": self.text }),
            (Kind::Gone, _) | (Kind::Said, None) => {
                return json!({ "seq": self.seq, "gone": true });
            }
        };
        (value["seq"], value["at"]) = (json!(self.seq), json!(at));
        if let Some(reply) = self.reply {
            value["reply"] = json!(reply);
        }
        if self.edited {
            value["edited"] = json!(true);
        }
        if !self.reactions.is_empty() {
            let told = |(emoji, whose): (&String, &Vec<Who>)| {
                let whose: Vec<_> = whose.iter().map(Who::to_string).collect();
                json!({ "emoji": emoji, "who": whose })
            };
            value["reactions"] = self.reactions.iter().map(told).collect();
        }
        value
    }

    pub(super) fn of_kept(kept: KeptMessage) -> Self {
        let KeptMessage { seq, n, at, who, name, role, text, reply, kind, edited, reactions } =
            kept;
        let author = who.parse().ok().map(|who| Person {
            who,
            name: name.clone(),
            role: Role::parse(&role),
        });
        // What cannot be read is none.
        let reactions: BTreeMap<String, Vec<String>> =
            serde_json::from_str(&reactions).unwrap_or_default();
        let reactions = reactions.into_iter().map(|(emoji, whose)| {
            (emoji, whose.iter().filter_map(|who| who.parse().ok()).collect())
        });
        let reactions = reactions.collect();
        Self { seq, n, at, author, name, text, reply, kind, edited, reactions }
    }

    pub(super) fn as_kept(&self) -> KeptMessage {
        let texts = |whose: &Vec<Who>| whose.iter().map(Who::to_string).collect::<Vec<_>>();
        let reactions: BTreeMap<_, _> =
            self.reactions.iter().map(|(emoji, whose)| (emoji, texts(whose))).collect();
        let author = self.author.as_ref();
        KeptMessage {
            seq: self.seq,
            n: self.n,
            at: self.at,
            who: author.map_or_else(String::new, |author| author.who.to_string()),
            name: self.name().to_owned(),
            role: author.map_or("", |author| author.role.as_str()).to_owned(),
            text: self.text.clone(),
            reply: self.reply,
            kind: self.kind,
            edited: self.edited,
            reactions: json!(reactions).to_string(),
        }
    }

    /// Whose name stands at it.
    pub(super) fn name(&self) -> &str {
        self.author.as_ref().map_or(&self.name, |author| &author.name)
    }

    /// Whether somebody said it.
    pub(super) fn is_of(&self, who: Who) -> bool {
        self.author.as_ref().is_some_and(|author| author.who == who)
    }

    /// Whether somebody who keeps order may take it away: a host any, others what is no host's, nor
    /// another moderator's. `author` is what its author is now, if that is known.
    pub(super) fn may_be_moved_by(&self, role: Role, author: Option<Role>) -> bool {
        let of = |then: &Person| author.unwrap_or(then.role).may_be_moved_by(role);
        role == Role::Host || self.author.as_ref().is_none_or(of)
    }

    /// Whether somebody may still change it as one's own.
    pub(super) fn is_own(&self, who: Who, now: SystemTime) -> Result<(), Refused> {
        if !self.is_of(who) {
            return Err(Refused::NotYours);
        }
        if is_over(self.at, OWN, now) { Err(Refused::TooOld) } else { Ok(()) }
    }

    /// What is left of it when it is deleted.
    pub(super) fn gone(&self) -> Self {
        Self {
            author: self.author.clone(),
            name: String::new(),
            text: String::new(),
            reply: None,
            kind: Kind::Gone,
            edited: false,
            reactions: BTreeMap::new(),
            ..*self
        }
    }

    /// With a reaction more, or one less.
    pub(super) fn reacted(&self, emoji: &str, who: Who, on: bool) -> Result<Self, Refused> {
        let mut changed = self.clone();
        let whose = changed.reactions.entry(emoji.to_owned()).or_default();
        whose.retain(|other| *other != who);
        if on {
            whose.push(who);
        }
        let too_many = whose.len() > MOST_OF_AN_EMOJI;
        changed.reactions.retain(|_, whose| !whose.is_empty());
        match too_many || changed.reactions.len() > MOST_EMOJI {
            true => Err(Refused::Reactions),
            false => Ok(changed),
        }
    }
}

const MOST_EMOJI: usize = 12;
const MOST_OF_AN_EMOJI: usize = 50;
