//! What of a chat changes, under one lock.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::RECENT;
use super::message::Message;
use super::people::{Applicant, Holder, People, Person, Role, Who};
use super::record::Record;
use super::refused::Refused;
use super::rules::Rules;
use crate::account::Looks;
use crate::base::rate::{Rate, Rates, TooSoon};
use crate::base::subnet::Group;
use crate::store::chat::Kind;

/// All of it that changes.
pub(super) struct State {
    /// What was said last, by number; those that are gone too.
    pub(super) recent: BTreeMap<u64, Arc<Message>>,
    /// What some of them will be once it is stored, from which the next change begins.
    pub(super) pending: HashMap<u64, Message>,
    /// Of the last message.
    pub(super) seq: u64,
    /// Of the last change that was begun.
    pub(super) n: u64,
    /// Of the last change that was shown: all before it were, or never will be.
    pub(super) shown: u64,
    /// What was there before the first change that is known: who knows less has to be told all.
    pub(super) base: u64,
    /// Whether there are older messages than those of late.
    pub(super) has_older: bool,
    /// Older ones that somebody changes, as they are stored.
    pub(super) older: BTreeMap<u64, Arc<Message>>,
    pub(super) rules: Rules,
    pub(super) people: People,
    pub(super) record: Record,
    pub(super) spoke: Rates<Who>,
    /// The same of all guests behind an address.
    pub(super) spoke_at: Rates<Group>,
    /// When each said something last, where that is to be slow.
    pub(super) said_at: HashMap<Who, Instant>,
    /// The same of the guests behind each address.
    pub(super) said_from: HashMap<IpAddr, Instant>,
    pub(super) muted: HashMap<Who, Instant>,
    pub(super) kicked: HashMap<Who, Instant>,
    /// What the names of guests who were sent out look like.
    pub(super) kicked_names: Vec<(Looks, Instant)>,
    /// From where guests came who were muted or sent out: whoever comes from there later may be one
    /// of them without its cookie.
    pub(super) muted_from: HashMap<IpAddr, Since>,
    pub(super) kicked_from: HashMap<IpAddr, Since>,
    /// How often guests behind an address come in.
    pub(super) entered_at: Rates<Group>,
}

/// From when to when something holds for guests of an address who were not there before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since {
    pub(super) from: Instant,
    pub(super) until: Instant,
}

impl State {
    /// With what was said before, and nobody here. `n` is the number of the last change, and `base` of
    /// what was before the first.
    pub(super) fn new(
        recent: BTreeMap<u64, Arc<Message>>,
        base: u64,
        n: u64,
        rules: Rules,
    ) -> Self {
        Self {
            seq: recent.keys().next_back().copied().unwrap_or_default(),
            has_older: recent.len() >= RECENT as usize,
            recent,
            pending: HashMap::new(),
            older: BTreeMap::new(),
            n,
            shown: n,
            base,
            rules,
            people: People::default(),
            record: Record::default(),
            spoke: Rates::new(SPEAKING, MOST_REMEMBERED),
            spoke_at: Rates::new(SPEAKING_AT, MOST_REMEMBERED),
            said_at: HashMap::new(),
            said_from: HashMap::new(),
            muted: HashMap::new(),
            kicked: HashMap::new(),
            kicked_names: Vec::new(),
            muted_from: HashMap::new(),
            kicked_from: HashMap::new(),
            entered_at: Rates::new(ENTERING_AT, MOST_REMEMBERED),
        }
    }

    /// Whether somebody may come in, as far as that one was not sent out, and not too many come.
    pub(super) fn may_enter(&mut self, applicant: &Applicant, now: Instant) -> Result<(), Refused> {
        let Applicant { person, looks, address, .. } = applicant;
        // Without its cookie a browser is another guest, but not by name.
        let is_it = |(kicked, _): &&(Looks, Instant)| kicked.is_like(looks);
        let by_name = || match person.role {
            Role::Guest => self.kicked_names.iter().find(is_it).map(|(_, until)| until),
            _ => None,
        };
        let by_address = || match self.people.origin(person.who) {
            None if matches!(person.who, Who::Guest(_)) => {
                self.kicked_from.get(address).map(|since| &since.until)
            }
            _ => None,
        };
        let kicked = self.kicked.get(&person.who).or_else(by_name).or_else(by_address);
        if let Some(until) = kicked.filter(|until| **until > now) {
            return Err(Refused::Kicked(*until - now));
        }
        if matches!(person.who, Who::Guest(_)) {
            let group = Group::of(*address);
            let too_soon = |TooSoon(wait)| Refused::TooSoon(wait);
            self.entered_at.may(&group, now).map_err(too_soon)?;
            self.entered_at.did(group, now);
        }
        Ok(())
    }

    /// The message of this number, if it is at hand and not gone: as it will be once all is stored.
    pub(super) fn find(&self, seq: u64) -> Option<&Message> {
        let stored = || self.recent.get(&seq).or_else(|| self.older.get(&seq)).map(|one| &**one);
        self.pending.get(&seq).or_else(stored).filter(|one| one.kind != Kind::Gone)
    }

    /// Who speaks: it is here, and not muted. Its role may be another since it entered.
    pub(super) fn speaker(
        &mut self,
        holder: Holder,
        role: Role,
        now: Instant,
    ) -> Result<Person, Refused> {
        let person = self.people.renewed(holder, role).ok_or(Refused::NotHere)?;
        match self.muted_until(person.who, now) {
            Some(until) => Err(Refused::Muted(until - now)),
            None => Ok(person),
        }
    }

    /// Until when somebody says nothing, if that one is muted: itself, or as a guest who came from
    /// where one was muted, and was not there before.
    pub(super) fn muted_until(&self, who: Who, now: Instant) -> Option<Instant> {
        let by_address = || match (who, self.people.origin(who)?) {
            (Who::Guest(_), (address, came)) => {
                self.muted_from.get(&address).filter(|since| since.from < came).map(|one| one.until)
            }
            _ => None,
        };
        self.muted.get(&who).copied().or_else(by_address).filter(|until| *until > now)
    }

    /// From where somebody came, if it is a guest.
    pub(super) fn origin_of_guest(&self, who: Who) -> Option<IpAddr> {
        let (address, _) = self.people.origin(who).filter(|_| matches!(who, Who::Guest(_)))?;
        Some(address)
    }

    /// Counts a message of somebody, unless it was to wait with it.
    pub(super) fn may_speak(&mut self, person: &Person, now: Instant) -> Result<(), Refused> {
        let slow = self.rules.slow();
        let is_slowed = !slow.is_zero() && !person.role.keeps_order();
        if is_slowed && let Some(at) = self.said_last(person.who) {
            let since = now.saturating_duration_since(at);
            if let Some(wait) = slow.checked_sub(since).filter(|wait| !wait.is_zero()) {
                return Err(Refused::Slow(wait));
            }
        }
        self.may_change(person, now)?;
        if is_slowed {
            let is_recent = |at: &Instant| now.saturating_duration_since(*at) < slow;
            self.said_at.retain(|_, at| is_recent(at));
            self.said_at.insert(person.who, now);
            self.said_from.retain(|_, at| is_recent(at));
            if let Some(address) = self.origin_of_guest(person.who) {
                self.said_from.insert(address, now);
            }
        }
        Ok(())
    }

    /// When somebody said something last; of a guest who came since then, whoever said something from
    /// there.
    fn said_last(&self, who: Who) -> Option<Instant> {
        let by_address = || match (who, self.people.origin(who)?) {
            (Who::Guest(_), (address, came)) => {
                self.said_from.get(&address).copied().filter(|at| *at < came)
            }
            _ => None,
        };
        self.said_at.get(&who).copied().or_else(by_address)
    }

    /// Counts a change of a message's text: where it is to be slow, a second one waits as a message does.
    pub(super) fn may_edit(
        &mut self,
        person: &Person,
        is_edited: bool,
        now: Instant,
    ) -> Result<(), Refused> {
        match is_edited {
            true => self.may_speak(person, now),
            false => self.may_change(person, now),
        }
    }

    pub(super) fn may_change(&mut self, person: &Person, now: Instant) -> Result<(), Refused> {
        let too_soon = |TooSoon(wait)| Refused::TooSoon(wait);
        self.spoke.may(&person.who, now).map_err(too_soon)?;
        // Whoever wants to be many without an account is many.
        if let Some(group) = self.people.group_of_guest(person.who) {
            self.spoke_at.may(&group, now).map_err(too_soon)?;
            self.spoke_at.did(group, now);
        }
        self.spoke.did(person.who, now);
        Ok(())
    }

    /// The name of somebody about whom who has this role may decide; `role` is what that one is, if that
    /// is known better than it was when it entered.
    pub(super) fn touchable(
        &self,
        who: Who,
        role: Option<Role>,
        by: Role,
    ) -> Result<String, Refused> {
        let of_people = self.people.known(who).map(|person| (person.name.clone(), person.role));
        let of_messages = || {
            let own = self.recent.values().rev().find(|message| message.is_of(who))?;
            own.author.as_ref().map(|person| (person.name.clone(), person.role))
        };
        let (name, then) = of_people.or_else(of_messages).ok_or(Refused::NoSuch)?;
        if role.unwrap_or(then).may_be_moved_by(by) { Ok(name) } else { Err(Refused::Untouchable) }
    }

    /// Rules that could not be stored hold no longer, unless there are others by now.
    pub(super) fn take_back(&mut self, refused: &Rules, before: Rules) {
        if self.rules == *refused {
            self.rules = before;
        }
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
        self.shown = self.shown.max(message.n);
        let last = self.recent.keys().next_back().copied().unwrap_or_default();
        if self.recent.contains_key(&message.seq) || message.seq > last {
            self.recent.insert(message.seq, Arc::new(message));
        } else {
            // It is not of late: what is told at the door has no gap.
            self.older.remove(&message.seq);
        }
        while self.recent.len() > RECENT as usize {
            self.recent.pop_first();
            self.has_older = true;
        }
    }

    /// What somebody said is to be gone, by the change of this number.
    pub(super) fn begin_clearing(&mut self, who: Who, n: u64) {
        let stored = self.recent.values().chain(self.older.values()).map(|one| &**one);
        let own = stored.chain(self.pending.values()).filter(|message| message.is_of(who));
        let gone: Vec<_> = own.map(|message| Message { n, ..message.gone() }).collect();
        self.pending.extend(gone.into_iter().map(|gone| (gone.seq, gone)));
    }

    /// Shows that what somebody said is gone, all but its reactions to others. Says how many there were.
    pub(super) fn clear(&mut self, who: Who, n: u64) -> usize {
        self.pending.retain(|_, pending| pending.n != n);
        self.older.retain(|_, message| !message.is_of(who));
        let own = self.recent.values().filter(|message| message.is_of(who));
        let own = own.filter(|message| message.kind != Kind::Gone);
        let gone: Vec<_> = own.map(|message| Message { n, ..message.gone() }).collect();
        let told: Vec<_> = gone.iter().map(Message::as_json).collect();
        let count = gone.len();
        self.recent.extend(gone.into_iter().map(|gone| (gone.seq, Arc::new(gone))));
        self.shown = self.shown.max(n);
        self.record.add(json!({ "type": "chat", "n": n, "messages": told }).to_string());
        count
    }
}

/// Five in five seconds.
const SPEAKING: Rate = Rate { burst: 5, each: Duration::from_secs(1) };
/// Of all guests behind an address.
const SPEAKING_AT: Rate = Rate { burst: 200, each: Duration::from_millis(10) };
/// The same of those who come in: a hall full of people does so within a minute.
const ENTERING_AT: Rate = Rate { burst: 1000, each: Duration::from_millis(20) };
/// How many older messages are at hand.
pub(super) const MOST_OLDER: usize = 100;
/// How many of whom something is remembered.
pub(super) const MOST_REMEMBERED: usize = 4096;
