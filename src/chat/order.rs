//! How order is kept in a chat: by who may is its caller's to know, and about whom is known here.

use std::sync::Arc;
use std::time::Duration;

use log::warn;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::state::{MOST_REMEMBERED, Since, State};
use super::{Applicant, Chat, Refused, Role, Rules, Told, Who};
use crate::store::chat as kept;
use crate::store::{Durability, NotKept};

impl Chat {
    /// Deletes all that somebody said; says its name. `role` is what that one is now, if that is known.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is a host's, or cannot be stored.
    pub fn clear(
        self: &Arc<Self>,
        who: Who,
        role: Option<Role>,
        by: Role,
        told: impl Told,
    ) -> Result<String, Refused> {
        let mut state = self.state.lock();
        let name = state.touchable(who, role, by)?;
        let (room, of_change) = (self.room.clone(), who.to_string());
        let change = move |connection: &_, n| kept::clear(connection, &room, &of_change, n);
        self.clear_with(&mut state, who, change, told)?;
        Ok(name)
    }

    /// Forgets what somebody said whose account was deleted; what is stored of it is gone already.
    pub fn forget(self: &Arc<Self>, who: Who) {
        let mut state = self.state.lock();
        let gone = self.clear_with(&mut state, who, |_, _| Ok(()), |_: Result<_, _>| ());
        if let Err(why) = gone {
            // The disk has none of it; who is here sees it until the server starts anew.
            warn!("what {who} said is shown still: {why}");
        }
    }

    /// Clears by a change that has its turn among all others, so that the numbers are told in order.
    fn clear_with(
        self: &Arc<Self>,
        state: &mut State,
        who: Who,
        change: impl FnOnce(&Connection, u64) -> rusqlite::Result<()> + Send + 'static,
        told: impl Told,
    ) -> Result<(), Refused> {
        state.n += 1;
        let n = state.n;
        let Some(store) = &self.store else {
            let count = state.clear(who, n);
            self.ring();
            told(Ok(json!({ "cleared": count })));
            return Ok(());
        };
        let of_done = Arc::clone(self);
        let done = move |stored: Result<(), NotKept>| {
            let mut state = of_done.state.lock();
            let count = match &stored {
                Ok(()) => state.clear(who, n),
                Err(_) => {
                    state.pending.retain(|_, pending| pending.n != n);
                    0
                }
            };
            drop(state);
            of_done.ring();
            told(stored.map(|()| json!({ "cleared": count })).map_err(Refused::from));
        };
        store.change(Durability::Program, move |connection| change(connection, n), done)?;
        // What changes one of them from now on finds it gone.
        state.begin_clearing(who, n);
        Ok(())
    }

    /// Has somebody say nothing for so long; at once again if it is no time. Says its name.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is a host, or nobody.
    pub fn mute(
        &self,
        who: Who,
        role: Option<Role>,
        lasts: Duration,
        by: Role,
    ) -> Result<String, Refused> {
        let now = self.clock.now();
        let mut state = self.state.lock();
        let name = state.touchable(who, role, by)?;
        state.muted.retain(|_, until| *until > now);
        match now.checked_add(lasts).filter(|_| !lasts.is_zero()) {
            Some(_) if state.muted.len() >= MOST_REMEMBERED => return Err(Refused::Full),
            Some(until) => {
                state.muted.insert(who, until);
                state.muted_from.retain(|_, since| since.until > now);
                if let Some(address) = state.origin_of_guest(who) {
                    state.muted_from.insert(address, Since { from: now, until });
                }
            }
            None => {
                state.muted.remove(&who);
                if let Some(address) = state.origin_of_guest(who) {
                    state.muted_from.remove(&address);
                }
            }
        }
        drop(state);
        self.ring();
        Ok(name)
    }

    /// Who is or was here, if that one may be sent out; `None` of an account that is known by what it
    /// said alone.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is a host, or nobody.
    pub fn movable(
        &self,
        who: Who,
        role: Option<Role>,
        by: Role,
    ) -> Result<Option<Applicant>, Refused> {
        let state = self.state.lock();
        state.touchable(who, role, by)?;
        Ok(state.people.applicant(who).cloned())
    }

    /// Sends somebody out, who may come again after a minute.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is a host, or nobody.
    pub fn kick(&self, who: Who, role: Option<Role>, by: Role) -> Result<Applicant, Refused> {
        let now = self.clock.now();
        let mut state = self.state.lock();
        state.touchable(who, role, by)?;
        let out = state.people.expel(who).ok_or(Refused::NoSuch)?;
        state.kicked.retain(|_, until| *until > now);
        state.kicked_names.retain(|(_, until)| *until > now);
        if state.kicked.len() < MOST_REMEMBERED {
            state.kicked.insert(who, now + KICKED);
            if matches!(who, Who::Guest(_)) {
                let until = now + KICKED;
                state.kicked_names.push((out.looks.clone(), until));
                state.kicked_from.retain(|_, since| since.until > now);
                state.kicked_from.insert(out.address, Since { from: now, until });
            }
        }
        drop(state);
        self.ring();
        Ok(out)
    }

    /// Lets somebody in again at once who was sent out.
    pub fn pardon(&self, who: Who) {
        let mut state = self.state.lock();
        state.kicked.remove(&who);
        if let Some(out) = state.people.applicant(who).cloned() {
            state.kicked_names.retain(|(looks, _)| *looks != out.looks);
            state.kicked_from.remove(&out.address);
        }
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
        let before = state.rules.clone();
        let mut rules = before.clone();
        change(&mut rules);
        rules.check_bounds()?;
        let (stored, room) = (rules.as_kept(), self.room.clone());
        let (of_done, new) = (Arc::clone(self), rules.clone());
        let done = move |outcome: Result<(), NotKept>| {
            if outcome.is_err() {
                of_done.state.lock().take_back(&new, before);
            }
            told(outcome.map(|()| of_done.ruled(&new)).map_err(Refused::from));
        };
        match &self.store {
            Some(store) => {
                let change = move |connection: &_| kept::put_rules(connection, &room, &stored);
                store.change(Durability::Program, change, done)?;
                // They hold at once, so that the next change begins from them.
                state.rules = rules;
            }
            None => {
                state.rules = rules;
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
