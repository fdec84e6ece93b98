//! `/enter`: what who may not watch yet can do about it: have the link, say the word, sign in.

use super::super::built;
use super::super::document::{Slot, Slots};
use super::super::fields::Fields;
use super::super::gate::Entry;
use super::super::request::{Reply, Request};
use super::super::words;
use super::sheet::{Sheet, Wrong, done, fields_of, next, query_of, text, went_well};
use crate::account::SlowDown;
use crate::proto::http::Status;

/// The page.
pub(in crate::web) fn enter(request: &Request) -> Reply {
    SHEET.page(request, slots(request, &request.query)).into()
}

/// Takes the word.
pub(in crate::web) fn try_word(request: &Request) -> Reply {
    let fields = match fields_of(request) {
        Ok(fields) => fields,
        Err(answer) => return answer.into(),
    };
    let gate = &request.context.gate;
    let wrong = match gate.try_word(text(&fields, "word"), request.client.address, request.at) {
        Ok(true) => {
            let answer = went_well(request, &next(&fields, "./"), done());
            return gate.let_in(answer, &request.client).into();
        }
        Ok(false) => Wrong::field("word", words::ENTER_WRONG).answered(Status::Forbidden),
        Err(too_soon) => {
            let why = SlowDown(too_soon.0).to_string();
            Wrong::field("word", &why).answered(Status::TooManyRequests)
        }
    };
    SHEET.again(request, slots(request, &fields), &wrong).into()
}

fn slots(request: &Request, fields: &Fields) -> Slots {
    let gate = &request.context.gate;
    let next = next(fields, "");
    let query = query_of(&next);
    vec![
        ("by-word", Slot::Shown(gate.has_word())),
        ("by-link", Slot::Shown(gate.entry() == Entry::Link)),
        ("by-account", Slot::Shown(gate.accounts().is_some())),
        ("next", Slot::Text(next)),
        ("next-query", Slot::Text(query)),
    ]
}

const SHEET: Sheet = Sheet { document: built::ENTER, title: words::ENTER_TITLE, first: "word" };
