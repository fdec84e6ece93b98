//! `/broadcast`: where somebody goes live in a room, from a browser.
//!
//! The page is here; the pictures come on [`socket`]. Who may is the gate's to say: by account, by a
//! room's rules, or by a key that a link has.

mod socket;

use super::answer::Answer;
use super::built;
use super::document::Slot;
use super::pages::framed;
use super::request::{Reply, Request};
use super::words;
use crate::account::{Capability, Name};
use crate::chat::is_an_office;
use crate::proto::http::Status;

pub(super) use socket::{id_of_key, open};

/// The page on which one goes live; or why one cannot.
pub(super) fn page(request: &Request) -> Reply {
    let may = request.caller.may(Capability::Publish, request.room.plain_name());
    let air = request.room.crowd.channel().air.clone();
    let slots = vec![
        ("room-title", Slot::Text(request.room.title())),
        ("may", Slot::Shown(may && air.is_some())),
        ("may-not", Slot::Shown(!may && air.is_some())),
        ("no-stage", Slot::Shown(air.is_none())),
        ("is-guest", Slot::Shown(request.caller.account.is_none())),
        ("who", Slot::Text(request.caller.name().to_owned())),
        ("whom", Slot::Text(whom(request))),
        ("trust", Slot::Shown(request.context.about.issuer.is_some())),
    ];
    let html = framed(request, built::BROADCAST, words::BROADCAST_TITLE, slots);
    let status = if may || air.is_none() { Status::Ok } else { Status::Forbidden };
    Answer::page(&request.head, status, html).varies_by("Cookie").into()
}

/// For whom the key was made that somebody came with, if that was said and can be its name: what it is
/// called, unless it says otherwise.
fn whom(request: &Request) -> String {
    let accounts = request.context.gate.accounts();
    let key = request.whence().key.filter(|_| request.caller.has_key(request.room.plain_name()));
    let label = accounts.zip(key).and_then(|(accounts, hash)| {
        accounts.book().key(&hash, accounts.now().0).map(|key| key.label.clone())
    });
    let is_free = |label: &String| {
        Name::new(label).is_ok_and(|name| {
            !is_an_office(name.looks()) && !request.context.gate.is_an_accounts(name.looks())
        })
    };
    label.filter(is_free).unwrap_or_default()
}
