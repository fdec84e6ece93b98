//! How order is kept in a chat: by who may is its caller's to know, and about whom is known here.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::message::Message;
use super::state::MOST_REMEMBERED;
use super::{Applicant, Chat, Refused, Role, Rules, Told, Who};
use crate::store::chat::{self as kept, Kind};
use crate::store::{Durability, NotKept};

impl Chat {
    /// Deletes all that somebody said; says its name.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is a host's, or cannot be stored.
    pub fn clear(self: &Arc<Self>, who: Who, by: Role, told: impl Told) -> Result<String, Refused> {
        let mut state = self.state.lock();
        let name = state.touchable(who, by)?;
        state.n += 1;
        let n = state.n;
        let (of_change, room) = (who.to_string(), self.room.clone());
        let of_done = Arc::clone(self);
        let done = move |stored: Result<(), NotKept>| {
            let outcome = stored.map(|()| of_done.cleared(who, n)).map_err(Refused::from);
            told(outcome);
        };
        match &self.store {
            Some(store) => store.change(
                Durability::Program,
                move |connection| kept::clear(connection, &room, &of_change, n),
                done,
            )?,
            None => {
                drop(state);
                done(Ok(()));
            }
        }
        Ok(name)
    }

    /// Forgets what somebody said whose account was deleted; what is stored of it is gone already.
    pub fn forget(&self, who: Who) {
        let n = {
            let mut state = self.state.lock();
            state.n += 1;
            state.n
        };
        self.cleared(who, n);
    }

    fn cleared(&self, who: Who, n: u64) -> Value {
        let mut state = self.state.lock();
        let own: Vec<_> =
            state.recent.values().filter(|message| message.is_of(who)).cloned().collect();
        let mut told = Vec::new();
        for message in own.iter().filter(|message| message.kind != Kind::Gone) {
            let gone = Message { n, ..message.gone() };
            told.push(gone.as_json());
            state.recent.insert(gone.seq, Arc::new(gone));
        }
        state.record.add(json!({ "type": "chat", "n": n, "messages": told }).to_string());
        drop(state);
        self.ring();
        json!({ "cleared": told.len() })
    }

    /// Has somebody say nothing for so long; at once again if it is no time. Says its name.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is a host, or nobody.
    pub fn mute(&self, who: Who, lasts: Duration, by: Role) -> Result<String, Refused> {
        let now = self.clock.now();
        let mut state = self.state.lock();
        let name = state.touchable(who, by)?;
        state.muted.retain(|_, until| *until > now);
        match now.checked_add(lasts).filter(|_| !lasts.is_zero()) {
            Some(_) if state.muted.len() >= MOST_REMEMBERED => return Err(Refused::Full),
            Some(until) => {
                state.muted.insert(who, until);
            }
            None => {
                state.muted.remove(&who);
            }
        }
        drop(state);
        self.ring();
        Ok(name)
    }

    /// Sends somebody out, who may come again after a minute.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is a host, or nobody.
    pub fn kick(&self, who: Who, by: Role) -> Result<Applicant, Refused> {
        let now = self.clock.now();
        let mut state = self.state.lock();
        state.touchable(who, by)?;
        let out = state.people.expel(who).ok_or(Refused::NoSuch)?;
        state.kicked.retain(|_, until| *until > now);
        if state.kicked.len() < MOST_REMEMBERED {
            state.kicked.insert(who, now + KICKED);
        }
        drop(state);
        self.ring();
        Ok(out)
    }

    /// Changes the rules.
    ///
    /// # Errors
    ///
    /// [`Refused`] if they cannot be stored.
    pub fn rule(
        self: &Arc<Self>,
        change: impl FnOnce(&mut Rules),
        told: impl Told,
    ) -> Result<(), Refused> {
        let mut state = self.state.lock();
        let mut rules = state.rules.clone();
        change(&mut rules);
        rules.check_bounds()?;
        // They hold at once, so that the next change begins from them.
        state.rules = rules.clone();
        let (stored, of_done) = (rules.as_kept(), Arc::clone(self));
        let done = move |outcome: Result<(), NotKept>| {
            told(outcome.map(|()| of_done.ruled(&rules)).map_err(Refused::from));
        };
        let room = self.room.clone();
        match &self.store {
            Some(store) => store.change(
                Durability::Program,
                move |connection| kept::put_rules(connection, &room, &stored),
                done,
            )?,
            None => {
                drop(state);
                done(Ok(()));
            }
        }
        Ok(())
    }

    fn ruled(&self, rules: &Rules) -> Value {
        let told = json!({ "type": "rules", "rules": rules.as_json(false) });
        self.state.lock().record.add(told.to_string());
        self.ring();
        json!({ "rules": rules.as_json(true) })
    }
}

/// How long who was sent out stays out.
const KICKED: Duration = Duration::from_secs(60);
