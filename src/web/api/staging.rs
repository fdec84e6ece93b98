//! Rooms and settings: what a host sees of them and changes, by [`Studio`].

use std::sync::Arc;

use log::warn;
use serde_json::{Value, json};

use super::super::context::Context;
use super::super::fields::Fields;
use super::super::people::{actor, text};
use super::super::request::Request;
use super::super::rooms;
use super::super::studio::{
    NewRoom, NotChanged, Offer, RoomChange, RoomSettings, SaidBy, Setting, Studio,
};
use super::super::words;
use super::actions::{Job, done};
use super::house::{self, DEFAULT, RulesChange};
use super::problem::Problem;
use crate::account::Accounts;
use crate::proto::http::Status;
use crate::room::RoomName;

/// All rooms, as they run and as they can be changed.
pub(super) fn rooms(context: &Context) -> Vec<Value> {
    let kept = context.studio.rooms();
    let described = rooms::described(context, &context.rooms.all()).into_iter();
    described.map(|running| with_settings(context, running, &kept)).collect()
}

/// One room, if it is there.
pub(super) fn room(context: &Context, named: &str) -> Option<Value> {
    let name = (named != DEFAULT).then_some(named);
    rooms(context).into_iter().find(|room| room["name"].as_str() == name)
}

fn with_settings(context: &Context, mut running: Value, kept: &[RoomSettings]) -> Value {
    let name = running["name"].as_str().map(str::to_owned);
    let of_name =
        |room: &&RoomSettings| room.name.as_ref().map(RoomName::as_str) == name.as_deref();
    let settings = kept.iter().find(of_name);
    running["fixed"] = json!({
        "title": settings.and_then(|room| room.title_fixed),
        "source": settings.and_then(|room| room.source_fixed),
        "mask": settings.and_then(|room| room.mask_fixed),
    });
    if let Some(accounts) = context.gate.accounts() {
        house::describe(&mut running, accounts, name.as_deref().unwrap_or_default());
    }
    running["mask"] = json!(settings.map(|room| room.mask.as_str()));
    running
}

/// A source that can be chosen.
pub(super) fn offer(offer: &Offer) -> Value {
    json!({ "id": offer.id, "label": offer.label })
}

/// A setting.
pub(super) fn setting(setting: &Setting) -> Value {
    json!({
        "key": setting.key,
        "value": setting.value,
        "said": setting.said.as_str(),
        "next": setting.next,
        "effect": setting.effect.as_str(),
        "fixed": setting.said == SaidBy::Flag,
    })
}

/// Opens a room.
pub(super) fn open_room(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    let of = |name| text(fields, name).trim().to_owned();
    let new = NewRoom { name: of("name"), title: of("title"), source: of("source") };
    let what = format!("opened the room {}", new.name);
    changed(request, accounts, what, move |context| {
        context.studio.open(&new)?;
        Ok(room(context, &new.name).unwrap_or_else(done))
    })
}

/// Changes a room.
pub(super) fn change_room(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    let named = |name: &str| {
        let field = fields.iter().rev().find(|(field, _)| field == name);
        field.map(|(_, value)| value.trim().to_owned())
    };
    let place = match named("place").filter(|place| !place.is_empty()) {
        Some(place) => {
            let place = place.parse();
            Some(place.map_err(|_| Problem::field("place", words::HOST_ROOMS_PLACE_WRONG))?)
        }
        None => None,
    };
    // Whoever leaves the source empty in a form keeps it.
    let source = named("source").filter(|source| !source.is_empty());
    let change = RoomChange { title: named("title"), source, mask: named("mask"), place };
    let rules = RulesChange::of(fields)?;
    if change == RoomChange::default() && rules == RulesChange::default() {
        return Err(Problem::new(Status::BadRequest, words::HOST_ROOMS_NOTHING));
    }
    let id = text(fields, "id").to_owned();
    let name = if id == DEFAULT { String::new() } else { id.clone() };
    if !name.is_empty() && request.context.rooms.named(&name).is_none() {
        return Err(NotChanged::NoSuchRoom.into());
    }
    let what = format!("changed the room {}", if id == DEFAULT { "/" } else { &id });
    let (of_rules, actor) = (Arc::clone(accounts), actor(request));
    changed(request, accounts, what, move |context| {
        if change != RoomChange::default() {
            context.studio.change((id != DEFAULT).then_some(id.as_str()), &change)?;
        }
        if rules.changes(&of_rules.book().rules(&name)) {
            of_rules.rule_room(&actor, &name, |kept| rules.apply(kept))?;
        }
        Ok(room(context, &id).unwrap_or_else(done))
    })
}

/// Closes a room.
pub(super) fn close_room(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    let id = text(fields, "id").to_owned();
    if id == DEFAULT {
        return Err(NotChanged::DefaultStays.into());
    }
    let (context, accounts) = (Arc::clone(&request.context), Arc::clone(accounts));
    let actor = actor(request);
    Ok(Box::new(move || {
        let number = context.rooms.named(&id).map(|room| room.crowd.number());
        context.studio.close(&id)?;
        number.into_iter().for_each(|number| context.chats.close(number));
        accounts.room_closed(&actor, &id)?;
        Ok(done())
    }))
}

/// Changes a setting by the fields `key` and `value`; without a value it is what it is by default.
pub(super) fn change_setting(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    let (key, value) = (text(fields, "key").to_owned(), text(fields, "value").trim().to_owned());
    let what = format!("changed the setting {key}");
    changed(request, accounts, what, move |context| {
        let studio: &dyn Studio = &*context.studio;
        studio.set(&key, Some(value.as_str()).filter(|value| !value.is_empty()))?;
        let settings = studio.settings();
        let changed = settings.iter().find(|setting| setting.key == key);
        Ok(changed.map_or_else(done, setting))
    })
}

/// Has something changed, and noted for the hosts.
fn changed(
    request: &Request,
    accounts: &Arc<Accounts>,
    what: String,
    change: impl FnOnce(&Context) -> Result<Value, Problem> + Send + 'static,
) -> Result<Job, Problem> {
    let (context, accounts) = (Arc::clone(&request.context), Arc::clone(accounts));
    let actor = actor(request);
    Ok(Box::new(move || {
        let value = change(&context)?;
        // It is changed already; a log that cannot be written undoes nothing.
        if let Err(why) = accounts.write_down(&actor, &what) {
            warn!("that somebody {what} is not in the log: {why}");
        }
        Ok(value)
    }))
}
