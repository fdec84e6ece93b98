//! What of a chat changes, under one lock.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::RECENT;
use super::message::Message;
use super::people::{Holder, People, Person, Role, Who};
use super::record::Record;
use super::refused::Refused;
use super::rules::Rules;
use crate::base::rate::{Rate, Rates, TooSoon};
use crate::store::chat::Kind;

/// All of it that changes.
pub(super) struct State {
    /// What was said last, by number; those that are gone too.
    pub(super) recent: BTreeMap<u64, Arc<Message>>,
    /// What some of them will be once it is stored, from which the next change begins.
    pub(super) pending: HashMap<u64, Message>,
    /// Of the last message.
    pub(super) seq: u64,
    /// Of the last change.
    pub(super) n: u64,
    pub(super) rules: Rules,
    pub(super) people: People,
    pub(super) record: Record,
    pub(super) spoke: Rates<Who>,
    /// When each said something last, where that is to be slow.
    pub(super) said_at: HashMap<Who, Instant>,
    pub(super) muted: HashMap<Who, Instant>,
    pub(super) kicked: HashMap<Who, Instant>,
}

impl State {
    /// With what was said before, and nobody here.
    pub(super) fn new(recent: BTreeMap<u64, Arc<Message>>, n: u64, rules: Rules) -> Self {
        Self {
            seq: recent.keys().next_back().copied().unwrap_or_default(),
            recent,
            pending: HashMap::new(),
            n,
            rules,
            people: People::default(),
            record: Record::default(),
            spoke: Rates::new(SPEAKING, MOST_REMEMBERED),
            said_at: HashMap::new(),
            muted: HashMap::new(),
            kicked: HashMap::new(),
        }
    }

    /// The message of late of this number, unless it is gone.
    pub(super) fn find(&self, seq: u64) -> Option<&Message> {
        self.recent.get(&seq).map(|message| &**message).filter(|one| one.kind != Kind::Gone)
    }

    /// Who speaks: it is here, and not muted.
    pub(super) fn speaker(&self, holder: Holder, now: Instant) -> Result<Person, Refused> {
        let person = self.people.here(holder).ok_or(Refused::NotHere)?;
        match self.muted.get(&person.who).filter(|until| **until > now) {
            Some(until) => Err(Refused::Muted(*until - now)),
            None => Ok(person.clone()),
        }
    }

    /// Counts a message of somebody, unless it was to wait with it.
    pub(super) fn may_speak(&mut self, person: &Person, now: Instant) -> Result<(), Refused> {
        let slow = self.rules.slow();
        let is_slowed = !slow.is_zero() && !person.role.keeps_order();
        if is_slowed && let Some(at) = self.said_at.get(&person.who) {
            let since = now.saturating_duration_since(*at);
            if let Some(wait) = slow.checked_sub(since).filter(|wait| !wait.is_zero()) {
                return Err(Refused::Slow(wait));
            }
        }
        self.may_change(person, now)?;
        if is_slowed {
            self.said_at.retain(|_, at| now.saturating_duration_since(*at) < slow);
            self.said_at.insert(person.who, now);
        }
        Ok(())
    }

    pub(super) fn may_change(&mut self, person: &Person, now: Instant) -> Result<(), Refused> {
        self.spoke.may(&person.who, now).map_err(|TooSoon(wait)| Refused::TooSoon(wait))?;
        self.spoke.did(person.who, now);
        Ok(())
    }

    /// The name of somebody about whom who has this role may decide.
    pub(super) fn touchable(&self, who: Who, by: Role) -> Result<String, Refused> {
        let of_people = self.people.known(who).map(|person| (person.name.clone(), person.role));
        let of_messages = || {
            let own = self.recent.values().rev().find(|message| message.is_of(who))?;
            own.author.as_ref().map(|person| (person.name.clone(), person.role))
        };
        let (name, role) = of_people.or_else(of_messages).ok_or(Refused::NoSuch)?;
        if role.may_be_moved_by(by) { Ok(name) } else { Err(Refused::Untouchable) }
    }

    /// What a message was to be is stored, or never will be.
    pub(super) fn settle(&mut self, seq: u64, n: u64) {
        if self.pending.get(&seq).is_some_and(|pending| pending.n == n) {
            self.pending.remove(&seq);
        }
    }

    /// Shows a message that is stored.
    pub(super) fn show(&mut self, message: Message) {
        let told = json!({ "type": "chat", "n": message.n, "messages": [message.as_json()] });
        self.record.add(told.to_string());
        self.recent.insert(message.seq, Arc::new(message));
        while self.recent.len() > RECENT as usize {
            self.recent.pop_first();
        }
    }
}

/// Five in five seconds.
const SPEAKING: Rate = Rate { burst: 5, each: Duration::from_secs(1) };
/// How many of whom something is remembered.
pub(super) const MOST_REMEMBERED: usize = 4096;
