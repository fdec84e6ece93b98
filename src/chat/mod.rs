//! The chat of a room: who is in it, what was said, and who keeps order.
//!
//! ```text
//! say ──► may it be said? ──► store (in order) ──► the record ──► bell ──► each one's connection
//!          one lock            one writer           bounded                  reads on from its place
//! ```
//!
//! What is said gets its number and its place in the store's queue under one lock, and is shown when
//! it is stored: so all have the same order, and nothing is shown that a killed server would not know
//! again. Who enters has a [`Seat`] and a place in the record; who does not read falls off its end, and
//! is told, so that nobody waits for anybody. Without a store all is the same but for what comes after
//! a restart. Knows neither sockets nor cookies: who somebody is, and what it may, is handed in.
//!
//! | file | what |
//! | --- | --- |
//! | `emoji` | emoji by their names |
//! | `gift` | what is shown of a gift's words |
//! | `message` | a message, and what is told of it |
//! | `order` | how order is kept |
//! | `people` | who is here, who came and who went |
//! | `record` | what was told to all, for as long as it is remembered |
//! | `refused` | why something is not done |
//! | `rules` | what may be said |
//! | `seat` | one connection's place |
//! | `state` | what changes, under one lock |

mod emoji;
mod gift;
mod message;
mod order;
mod people;
mod record;
mod refused;
mod rules;
mod seat;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use log::warn;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::base::clock::{Clock, unix_seconds};
use crate::store::chat::{self as kept, Kind};
use crate::store::session::Hash;
use crate::store::{Durability, MaybeStore, NotKept};
use message::Message;
use people::Holder;
use state::{MOST_OLDER, State};

pub use gift::Giver;
pub use people::{Applicant, Person, Role, Who, is_an_office};
pub use refused::Refused;
pub use rules::Rules;
pub use seat::{News, Seat};

/// What is called when there is something new.
pub type Bell = Arc<dyn Fn() + Send + Sync>;

/// The chat of a room.
pub struct Chat {
    /// As it is stored: an empty name is the default room.
    room: String,
    store: MaybeStore,
    clock: Clock,
    bells: Vec<Bell>,
    state: Mutex<State>,
}

/// What a change of a message is to be, given the message.
type Changing = Box<dyn FnOnce(&Message) -> Result<Message, Refused>>;

/// Who says something, and what that one is at this moment.
#[derive(Debug, Clone, Copy)]
pub struct Speaking {
    holder: Holder,
    role: Role,
}

impl Speaking {
    /// Who has a seat, as what it is now.
    pub fn of(seat: &Seat, role: Role) -> Self {
        Self { holder: seat.holder(), role }
    }
}

/// What is told when something was stored, or could not be.
pub trait Told: FnOnce(Result<Value, Refused>) + Send + 'static {}
impl<F: FnOnce(Result<Value, Refused>) + Send + 'static> Told for F {}

impl Chat {
    /// The chat of a room, with what is stored of it. Reads the disk.
    pub fn open(room: &str, store: &MaybeStore, clock: &Clock, bells: Vec<Bell>) -> Arc<Self> {
        let read = |connection: &_| {
            let (messages, rules) =
                (kept::newest(connection, room, RECENT)?, kept::rules(connection, room)?);
            Ok((messages, rules, kept::changes(connection, room)?))
        };
        let found = store.as_ref().map(|store| store.read(read));
        let (messages, rules, changes) = match found {
            Some(Ok(found)) => found,
            Some(Err(trouble)) => {
                warn!("what was said before is not shown: {trouble}");
                Default::default()
            }
            None => Default::default(),
        };
        // Where nothing is known the numbers begin at one that no earlier run came to.
        let (base, n) = changes.unwrap_or_else(|| {
            let now = unix_seconds(clock.wall());
            (now, now)
        });
        let recent: BTreeMap<_, _> =
            messages.into_iter().map(|kept| (kept.seq, Arc::new(Message::of_kept(kept)))).collect();
        let rules = rules.map(Rules::of_kept).unwrap_or_default();
        let state = State::new(recent, base, n, rules);
        let (room, store, clock) = (room.to_owned(), store.clone(), clock.clone());
        Arc::new(Self { room, store, clock, bells, state: Mutex::new(state) })
    }

    /// Lets somebody in: a place for its connection, and what it is told first. `after` is the last
    /// change that it knows.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the name cannot be had, or it was sent out just now.
    pub fn enter(
        self: &Arc<Self>,
        applicant: Applicant,
        after: Option<u64>,
        moderates: bool,
    ) -> Result<(Seat, Value), Refused> {
        let now = self.clock.now();
        let mut state = self.state.lock();
        state.may_enter(&applicant, now)?;
        let you = applicant.person.clone();
        let holder = state.people.enter(applicant, now)?;
        let seat = Seat::new(Arc::clone(self), holder, state.record.end());
        let known = after.filter(|after| (state.base..=state.shown).contains(after));
        // What changed of older ones is not at hand: then all is told anew.
        let changed: Option<Vec<_>> = known.and_then(|after| {
            let changed = state.recent.values().filter(|message| message.n > after);
            let changed: Vec<_> = changed.map(|message| message.as_json()).collect();
            let is_all = state.shown - after <= changed.len() as u64 || !state.has_older;
            is_all.then_some(changed)
        });
        let whole = changed.is_none();
        let all = || state.recent.values().filter(|one| one.kind != Kind::Gone);
        let messages = changed.unwrap_or_else(|| all().map(|message| message.as_json()).collect());
        Ok((
            seat,
            json!({
                "n": state.shown,
                "you": you.as_json(),
                "rules": state.rules.as_json(moderates),
                "messages": messages,
                "people": state.people.all(),
                "more": state.has_older,
                "whole": whole,
            }),
        ))
    }

    /// Says something; `told` is told its number when it is stored.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it may not be said now; `told` is not called then.
    pub fn say(
        self: &Arc<Self>,
        by: Speaking,
        text: &str,
        reply: Option<u64>,
        told: impl Told,
    ) -> Result<(), Refused> {
        let now = self.clock.now();
        let mut state = self.state.lock();
        let person = state.speaker(by.holder, by.role, now)?;
        let text = state.rules.check(text, person.role)?;
        if reply.is_some_and(|seq| state.find(seq).is_none()) {
            return Err(Refused::NoSuch);
        }
        state.may_speak(&person, now)?;
        state.seq += 1;
        let message = Message {
            seq: state.seq,
            n: 0,
            at: self.clock.wall(),
            author: Some(person),
            name: String::new(),
            text,
            reply,
            kind: Kind::Said,
            edited: false,
            reactions: BTreeMap::new(),
        };
        let who = by.holder.who;
        self.put(&mut state, message, told).inspect_err(|_| {
            // What was not said is no reason to wait.
            state.said_at.remove(&who);
        })
    }

    /// Changes the text of one's own message.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is another's, or too old, or may not be said.
    pub fn edit(
        self: &Arc<Self>,
        by: Speaking,
        seq: u64,
        text: &str,
        told: impl Told,
    ) -> Result<(), Refused> {
        let (now, wall) = (self.clock.now(), self.clock.wall());
        let mut state = self.state.lock();
        let person = state.speaker(by.holder, by.role, now)?;
        let text = state.rules.check(text, person.role)?;
        let is_edited = state.find(seq).is_some_and(|message| message.edited);
        state.may_edit(&person, is_edited, now)?;
        let change: Changing = Box::new(move |message| {
            message.is_own(person.who, wall)?;
            Ok(Message { text, edited: true, ..message.clone() })
        });
        self.change(&mut state, seq, change, told)
    }

    /// Deletes a message: one's own, or as `moderator` anybody's but a host's who is another; a host any.
    /// `author` is what its author is now, if that is known. Says whose it was.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is another's, or too old.
    pub fn delete(
        self: &Arc<Self>,
        by: Speaking,
        seq: u64,
        moderator: bool,
        author: Option<Role>,
        told: impl Told,
    ) -> Result<String, Refused> {
        let (now, wall, who) = (self.clock.now(), self.clock.wall(), by.holder.who);
        let mut state = self.state.lock();
        let person = state.people.renewed(by.holder, by.role).ok_or(Refused::NotHere)?;
        let named = state.find(seq).map(|message| message.name().to_owned()).unwrap_or_default();
        if !moderator {
            state.may_change(&person, now)?;
        }
        let change: Changing = Box::new(move |message| {
            let may = moderator && message.may_be_moved_by(by.role, author);
            match message.is_of(who) {
                true if moderator => {}
                _ if may => {}
                false if moderator => return Err(Refused::Untouchable),
                _ => message.is_own(who, wall)?,
            }
            Ok(message.gone())
        });
        self.change(&mut state, seq, change, told)?;
        Ok(named)
    }

    /// Puts a reaction to a message, or takes it away.
    ///
    /// # Errors
    ///
    /// [`Refused`] if there are too many, or it is no emoji.
    pub fn react(
        self: &Arc<Self>,
        by: Speaking,
        seq: u64,
        emoji: &str,
        on: bool,
        told: impl Told,
    ) -> Result<(), Refused> {
        let now = self.clock.now();
        let emoji = emoji::one(emoji).ok_or(Refused::NoEmoji)?;
        let mut state = self.state.lock();
        let person = state.speaker(by.holder, by.role, now)?;
        state.may_change(&person, now)?;
        let change: Changing = Box::new(move |message| message.reacted(&emoji, person.who, on));
        self.change(&mut state, seq, change, told)
    }

    /// Who said a message that is at hand.
    pub fn author(&self, seq: u64) -> Option<Who> {
        self.state.lock().find(seq)?.author.as_ref().map(|author| author.who)
    }

    /// Whether a message is at hand; if not, it is to be [fetched](Self::fetch).
    pub fn has(&self, seq: u64) -> bool {
        let state = self.state.lock();
        // One that is gone is known to be.
        let newest = state.seq;
        state.recent.contains_key(&seq) || state.older.contains_key(&seq) || seq > newest
    }

    /// Has an older message at hand. Reads the disk.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it cannot be read.
    pub fn fetch(&self, seq: u64) -> Result<(), Refused> {
        let Some(store) = &self.store else { return Ok(()) };
        let read = |connection: &_| kept::before(connection, &self.room, seq.saturating_add(1), 1);
        let found = store.read(read).map_err(|trouble| Refused::Unreadable(trouble.to_string()))?;
        let found = found.into_iter().find(|kept| kept.seq == seq).ok_or(Refused::NoSuch)?;
        let mut state = self.state.lock();
        if state.older.len() >= MOST_OLDER {
            state.older.pop_first();
        }
        state.older.entry(seq).or_insert_with(|| Arc::new(Message::of_kept(found)));
        Ok(())
    }

    /// Forgets what is older than that.
    pub fn tidy(&self, before: SystemTime) {
        let mut state = self.state.lock();
        state.recent.retain(|_, message| message.at >= before);
        state.older.clear();
    }

    /// The messages before one, as they are told. Reads the disk.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it cannot be read.
    pub fn history(&self, before: u64) -> Result<Value, Refused> {
        let told = |messages: Vec<Value>, more| json!({ "messages": messages, "more": more });
        let Some(store) = &self.store else {
            return Ok(told(Vec::new(), false));
        };
        let read = |connection: &_| kept::before(connection, &self.room, before, PAGE + 1);
        let mut found =
            store.read(read).map_err(|trouble| Refused::Unreadable(trouble.to_string()))?;
        let more = found.len() > PAGE as usize;
        if more {
            found.remove(0);
        }
        let said = found.into_iter().map(|kept| Message::of_kept(kept).as_json());
        Ok(told(said.collect(), more))
    }

    /// Notes that somebody asks to go live, or does no longer; told to all with who came and went.
    ///
    /// # Errors
    ///
    /// [`Refused::NotHere`] if it was sent out, or says too much.
    pub fn raise(&self, by: Speaking, up: bool) -> Result<(), Refused> {
        let now = self.clock.now();
        let mut state = self.state.lock();
        let person = state.speaker(by.holder, by.role, now)?;
        state.may_change(&person, now)?;
        state.people.raise(by.holder, up)
    }

    /// Gives somebody who is here a key by which it goes live; it is told that, and nobody else.
    ///
    /// # Errors
    ///
    /// [`Refused::NoSuch`] if it is not here any more.
    pub fn admit(&self, who: Who, key: &str, hash: Hash) -> Result<(), Refused> {
        self.state.lock().people.admit(who, key, hash)?;
        self.ring();
        Ok(())
    }

    /// The keys that were given to somebody here.
    pub fn keys_of(&self, who: Who) -> Vec<Hash> {
        self.state.lock().people.keys_of(who)
    }

    /// What somebody is called who is here.
    pub fn name_of(&self, who: Who) -> Option<String> {
        self.state.lock().people.known(who).map(|person| person.name.clone())
    }

    /// Has who came and went told, if it is time; the connections of who is here call it now and then.
    pub fn tick(&self) {
        let now = self.clock.now();
        let mut state = self.state.lock();
        if let Some(told) = state.people.tick(now) {
            state.record.add(told.to_string());
            drop(state);
            self.ring();
        }
    }

    /// Stores a message and shows it then. Called under the lock, so that the order is one.
    fn put(
        self: &Arc<Self>,
        state: &mut State,
        mut message: Message,
        told: impl Told,
    ) -> Result<(), Refused> {
        state.n += 1;
        message.n = state.n;
        let seq = message.seq;
        let Some(store) = &self.store else {
            state.show(message);
            self.ring();
            told(Ok(json!({ "seq": seq })));
            return Ok(());
        };
        let (stored, room, of_done) = (message.as_kept(), self.room.clone(), Arc::clone(self));
        let change = move |connection: &_| kept::put(connection, &room, &stored);
        let done = move |outcome: Result<(), NotKept>| {
            let mut state = of_done.state.lock();
            state.settle(seq, message.n);
            if outcome.is_ok() {
                state.show(message);
            }
            drop(state);
            of_done.ring();
            told(outcome.map(|()| json!({ "seq": seq })).map_err(Refused::from));
        };
        store.change(Durability::Program, change, done).map_err(Refused::from)
    }

    /// Changes a message of late. Each change is of the message as it is when it is its turn.
    fn change(
        self: &Arc<Self>,
        state: &mut State,
        seq: u64,
        change: Changing,
        told: impl Told,
    ) -> Result<(), Refused> {
        let changed = change(state.find(seq).ok_or(Refused::NoSuch)?)?;
        let pending = changed.clone();
        self.put(state, changed, told)?;
        if self.store.is_some() {
            state.pending.insert(seq, Message { n: state.n, ..pending });
        }
        Ok(())
    }

    fn ring(&self) {
        self.bells.iter().for_each(|bell| bell());
    }
}

/// How many who enters is told of.
const RECENT: u32 = 200;
/// How many more at a time.
const PAGE: u32 = 50;
/// How long one's own may be changed.
const OWN: Duration = Duration::from_secs(5 * 60);

/// Whether a time is so long ago, or ahead as after a clock was set back.
fn is_over(at: SystemTime, span: Duration, now: SystemTime) -> bool {
    now.duration_since(at).is_ok_and(|since| since >= span)
}
