//! One connection's place in a chat.

use std::sync::Arc;
use std::time::Instant;

use serde_json::json;

use super::Chat;
use super::people::{Holder, Who};
use super::state::State;

/// A place, given back when it is dropped.
pub struct Seat {
    chat: Arc<Chat>,
    holder: Holder,
    /// Where in the record it reads on.
    place: u64,
    /// Until when it was muted, as it was told.
    muted: Option<Instant>,
    /// The key to go live by, as it was told.
    key: Option<Arc<str>>,
}

/// What is new for who sits there.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    /// Nothing more.
    Nothing,
    /// This is to be sent.
    Message(Arc<str>),
    /// It was sent out: this is said last.
    Out(Arc<str>),
}

impl Seat {
    pub(super) fn new(chat: Arc<Chat>, holder: Holder, place: u64) -> Self {
        Self { chat, holder, place, muted: None, key: None }
    }

    /// Whose it is.
    pub fn who(&self) -> Who {
        self.holder.who
    }

    /// The chat in which it is.
    pub fn chat(&self) -> &Arc<Chat> {
        &self.chat
    }

    pub(super) fn holder(&self) -> Holder {
        self.holder
    }

    /// The next that is new.
    pub fn news(&mut self) -> News {
        let chat = Arc::clone(&self.chat);
        let state = chat.state.lock();
        if state.people.here(self.holder).is_none() {
            let is_renamed = state.people.is_renamed(self.who());
            return News::Out(out(if is_renamed { "name" } else { "kicked" }));
        }
        if let Some(told) = self.told_of_mute(&state, chat.clock.now()) {
            return News::Message(told);
        }
        let key = state.people.key(self.holder).filter(|key| Some(*key) != self.key.as_ref());
        if let Some(key) = key {
            self.key = Some(Arc::clone(key));
            return News::Message(json!({ "type": "stage", "key": &**key }).to_string().into());
        }
        match state.record.at(self.place) {
            Some(Ok(told)) => {
                self.place += 1;
                News::Message(told)
            }
            Some(Err(_)) => News::Out(out("slow")),
            None => News::Nothing,
        }
    }

    fn told_of_mute(&mut self, state: &State, now: Instant) -> Option<Arc<str>> {
        let until = state.muted_until(self.who(), now);
        if until == self.muted {
            return None;
        }
        self.muted = until;
        let seconds = until.map_or(0, |until| (until - now).as_millis().div_ceil(1000));
        Some(json!({ "type": "muted", "seconds": seconds }).to_string().into())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let now = self.chat.clock.now();
        self.chat.state.lock().people.leave(self.holder, now);
    }
}

fn out(why: &str) -> Arc<str> {
    json!({ "type": "left", "why": why }).to_string().into()
}
