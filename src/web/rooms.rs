//! `GET /rooms`: which rooms there are, and who is in them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::address::root_of;
use super::answer::Answer;
use super::built;
use super::context::Context;
use super::document::{Slot, escape};
use super::pages::framed;
use super::payload::Payload;
use super::people::by_worker;
use super::request::{Reply, Request};
use super::state::watching;
use super::words;
use crate::account::{Caller, Capability, Refused};
use crate::live::condition::Status as SourceStatus;
use crate::media::filter::Mask;
use crate::media::frame::Picture;
use crate::media::gate;
use crate::proto::http::Status;
use crate::room::{Room, RoomName};

/// A page for people, JSON for programs.
pub(super) fn rooms(request: &Request) -> Reply {
    let context = &request.context;
    let answer = if request.head.accepts_html() {
        let root = root_of(&request.head.target.path);
        let rooms = context.watchable(&request.caller);
        let cards: String = rooms.iter().map(|room| card(context, room, &root)).collect();
        let is_host = request.caller.is_signed_in() && request.caller.may(Capability::Host, "");
        let slots = vec![("rooms", Slot::Markup(cards)), ("is-host", Slot::Shown(is_host))];
        let html = framed(request, built::ROOMS, words::ROOMS_TITLE, slots);
        Answer::page(&request.head, Status::Ok, html)
    } else {
        Answer::json(Status::Ok, &json!({ "rooms": list(context, &request.caller) }))
    };
    answer.varies_by("Accept").into()
}

/// The same, for programs.
pub(super) fn list(context: &Context, caller: &Caller) -> Vec<Value> {
    described(context, &context.watchable(caller))
}

/// Some rooms, for programs.
pub(super) fn described(context: &Context, rooms: &[Arc<Room>]) -> Vec<Value> {
    rooms.iter().map(|room| of_room(context, room)).collect()
}

fn of_room(context: &Context, room: &Room) -> Value {
    let counts = context.audience.counts(Some(&room.crowd));
    let report = room.condition().report();
    json!({
        "name": room.name.as_ref().map(RoomName::as_str),
        "title": room.title(),
        "note": context.gate.rules(room).note,
        "path": room.path(),
        "watching": watching(context, room),
        "paused": counts.paused,
        "source": {
            "kind": room.condition().kind,
            "name": report.name,
            "status": report.status.as_str(),
        },
    })
}

/// A room as it stands in the list; `root` is the server's from there.
fn card(context: &Context, room: &Room, root: &str) -> String {
    let status = room.condition().report().status;
    let (here, title) = (format!("{root}.{}", room.path()), escape(&room.title()));
    let rules = context.gate.rules(room);
    let picture = match (status, &rules.picture) {
        (SourceStatus::Live, _) => format!("<img src=\"{here}preview\" alt=\"\">"),
        (_, Some(_)) => format!("<img class=\"room-still\" src=\"{here}picture\" alt=\"\">"),
        (SourceStatus::Idle | SourceStatus::Opening | SourceStatus::Lost, None) => String::new(),
    };
    let note = match rules.note.as_str() {
        "" => String::new(),
        note => format!("<span class=\"room-note muted\">{}</span>", escape(note)),
    };
    format!(
        "<li class=\"room-card\" data-path=\"{here}\" data-status=\"{status}\">\
         <a class=\"card room-link\" href=\"{here}\">\
         <span class=\"room-picture\">{picture}<span class=\"room-rest\">{rest}</span></span>\
         <span class=\"room-words\"><span class=\"card-title room-title\">{title}</span>\
         <span class=\"room-people number\">{people}</span>{note}</span></a></li>\n",
        status = status.as_str(),
        rest = escape(rest(room, status)),
        people = escape(&people(watching(context, room))),
    )
}

/// The picture that stands for a room while it shows nothing. It may have been kept before something
/// of it was covered: what nobody may see now is covered in it, too.
pub(super) fn picture(request: &Request) -> Reply {
    let Some(jpeg) = request.context.gate.rules(&request.room).picture else {
        return request.refuse(Status::NotFound, "this room has no picture for the list").into();
    };
    let (mask, _) = request.room.hub().mask();
    if mask.is_empty() {
        return as_picture(jpeg).into();
    }
    let work = move || covered(&jpeg, &mask).ok_or(Refused::NoSuch);
    by_worker(request, work, |request, outcome| match outcome {
        Ok(jpeg) => as_picture(jpeg),
        Err(_) => request.refuse(Status::ServiceUnavailable, "the picture cannot be covered"),
    })
}

fn as_picture(jpeg: Arc<[u8]>) -> Answer {
    let answer = Answer::new(Status::Ok, "image/jpeg", Payload::Shared(jpeg));
    answer.header("Cache-Control", "no-store")
}

/// A JPEG without what nobody may see of it; `None` if that cannot be covered.
fn covered(jpeg: &[u8], mask: &Mask) -> Option<Arc<[u8]>> {
    let picture = Picture::Jpeg(gate::take(jpeg).ok()?);
    match mask.cover(&picture).ok()? {
        Picture::Jpeg(jpeg) => Some(jpeg.bytes),
        Picture::Planar(_) => None,
    }
}

/// What is said in place of a picture.
fn rest(room: &Room, status: SourceStatus) -> &'static str {
    match status {
        // What it shows is the film's, which the server has no picture of.
        _ if room.showing().is_some() => words::ROOMS_FILM,
        SourceStatus::Live => "",
        SourceStatus::Idle => words::ROOMS_STATUS_IDLE,
        SourceStatus::Opening => words::ROOMS_STATUS_OPENING,
        SourceStatus::Lost => words::ROOMS_STATUS_LOST,
    }
}

fn people(watching: usize) -> String {
    words::counted(watching, words::ROOMS_WATCHING_ONE, words::ROOMS_WATCHING_OTHER)
}
