//! What is shown of a gift's words: what its giver could say in the chat, and no more.

use std::collections::BTreeMap;
use std::sync::Arc;

use log::warn;

use super::message::Message;
use super::people::{Role, Who, is_an_office};
use super::{Chat, Kind};
use crate::account::{Looks, Name};

/// Who gives, and with which words.
#[derive(Debug, Clone)]
pub struct Giver {
    /// By what it is known in the room.
    pub who: Who,
    /// What it is.
    pub role: Role,
    /// As it wants to be called; may be empty.
    pub name: String,
    /// What it says; may be empty.
    pub text: String,
}

impl Chat {
    /// The words of a gift, as far as they may be shown here: nothing is said by giving that may not
    /// be said, and under no name that could be taken for another's. `is_free` says of a name that it
    /// is nobody's who has an account, but perhaps the giver's own.
    pub fn vetted(&self, giver: &Giver, is_free: impl Fn(&Looks) -> bool) -> (String, String) {
        let now = self.clock.now();
        let state = self.state.lock();
        let Giver { who, role, name, text } = giver;
        let kicked = state.kicked.get(who).is_some_and(|until| *until > now);
        if kicked || state.muted_until(*who, now).is_some() {
            return (String::new(), String::new());
        }
        let text = state.rules.check(text, *role).unwrap_or_default();
        let looks = Looks::of(name);
        let is_own = |name: &Name| {
            let is_office = *role == Role::Guest && is_an_office(&looks);
            !is_office && is_free(name.looks()) && !state.people.has_other(*who, name.looks())
        };
        let name = state.rules.check(name, *role).ok().and_then(|name| Name::new(&name).ok());
        (name.filter(is_own).map(|name| name.to_string()).unwrap_or_default(), text)
    }

    /// Notes that somebody gave, and its words, which were [vetted](Self::vetted).
    pub fn gift(self: &Arc<Self>, name: &str, text: &str) {
        let mut state = self.state.lock();
        state.seq += 1;
        let message = Message {
            seq: state.seq,
            n: 0,
            at: self.clock.wall(),
            author: None,
            name: name.to_owned(),
            text: text.to_owned(),
            reply: None,
            kind: Kind::Gift,
            edited: false,
            reactions: BTreeMap::new(),
        };
        if let Err(why) = self.put(&mut state, message, |_: Result<_, _>| ()) {
            warn!("a gift is not in the chat: {why}");
        }
    }
}
