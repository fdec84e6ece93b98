//! A title of the library, for a page that plays it: what can be played of it, and how many watch.

use serde_json::json;

use super::super::context::Context;
use super::super::onlookers::Onlooker;
use crate::account::{Caller, Capability};
use crate::library::Who;

/// What one page was told of a title.
pub(super) struct Following {
    title: u64,
    told: String,
    /// It is counted among those who watch.
    _onlooker: Onlooker,
}

impl Following {
    /// Begins with this title.
    pub(super) fn new(context: &Context, title: u64) -> Self {
        Self { title, told: String::new(), _onlooker: context.onlookers.enter(title) }
    }

    /// What is new, if something is. A title that is gone, or not for this one, is said to be gone.
    pub(super) fn look(&mut self, context: &Context, caller: &Caller) -> Option<String> {
        let who = Who {
            account: caller.account.as_ref().map(|account| account.id),
            is_host: caller.may(Capability::Host, ""),
        };
        let library = context.library.as_ref().filter(|_| caller.may(Capability::Watch, ""));
        let found = library.and_then(|library| library.catalogue.find(self.title, who));
        let told = match found {
            Some(title) => {
                let shown = &title.kept.shown;
                json!({
                    "type": "title", "title": self.title, "lines": shown.lines,
                    "generation": shown.generation, "whole": shown.whole,
                    "playable": title.is_playable(), "watching": context.onlookers.of(self.title),
                })
            }
            None => json!({ "type": "title", "title": self.title, "gone": true }),
        };
        let told = told.to_string();
        (told != self.told).then(|| {
            self.told.clone_from(&told);
            told
        })
    }
}
