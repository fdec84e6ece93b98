//! What hosts say of a room beside what it shows: a note, who may what, a picture for the list, and
//! the links by which somebody goes live.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::address::root_for_others;
use super::super::context::Context;
use super::super::fields::{self, Fields};
use super::super::people::{actor, text};
use super::super::request::Request;
use super::super::snapshot::small_picture;
use super::super::studio::NotChanged;
use super::super::words;
use super::actions::{Job, done, is_sure};
use super::listing;
use super::problem::Problem;
use crate::account::{Accounts, Circle, Refused, RoomRules, Stage};
use crate::base::clock::unix_seconds;
use crate::proto::http::Status;
use crate::room::Room;
use crate::store::room::KeptKey;

/// What the room is called in the API that has no name.
pub(super) const DEFAULT: &str = "-";

/// What is to be another of a room's rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RulesChange {
    note: Option<String>,
    enter: Option<Circle>,
    talk: Option<Circle>,
    publish: Option<Stage>,
}

impl RulesChange {
    /// What fields have of it.
    ///
    /// # Errors
    ///
    /// Which of them is wrong.
    pub(super) fn of(fields: &Fields) -> Result<Self, Problem> {
        let named = |name: &str| {
            let field = fields.iter().rev().find(|(field, _)| field == name);
            field.map(|(_, value)| value.as_str())
        };
        let circle = |name: &'static str| match named(name) {
            None => Ok(None),
            Some(value) => match Circle::parse(value) {
                Some(circle) => Ok(Some(circle)),
                None => Err(Problem::field(name, words::HOST_ROOMS_CIRCLE_WRONG)),
            },
        };
        let publish = match named("publish") {
            None => None,
            Some(value) => {
                let wrong = || Problem::field("publish", words::HOST_ROOMS_PUBLISH_WRONG);
                Some(Stage::parse(value).ok_or_else(wrong)?)
            }
        };
        let note = named("note").map(|_| fields::line(fields, "note", MOST_NOTE_CHARS));
        let note = note.transpose().map_err(|bad| Problem::field("note", &bad.why))?;
        Ok(Self { note, enter: circle("enter")?, talk: circle("talk")?, publish })
    }

    /// Whether it changes anything of such rules.
    pub(super) fn changes(&self, rules: &RoomRules) -> bool {
        let mut changed = rules.clone();
        self.clone().apply(&mut changed);
        changed != *rules
    }

    pub(super) fn apply(self, rules: &mut RoomRules) {
        let Self { note, enter, talk, publish } = self;
        rules.note = note.unwrap_or_else(|| std::mem::take(&mut rules.note));
        rules.enter = enter.unwrap_or(rules.enter);
        rules.talk = talk.unwrap_or(rules.talk);
        rules.publish = publish.unwrap_or(rules.publish);
    }
}

/// Adds to a room what is said of it, for hosts.
pub(super) fn describe(room: &mut Value, accounts: &Accounts, name: &str) {
    let (book, (now, _)) = (accounts.book(), accounts.now());
    let RoomRules { note, enter, talk, publish, picture } = book.rules(name);
    let keys = book.keys(now).into_iter().filter(|key| key.room == name).map(key_as_json);
    room["note"] = json!(note);
    room["enter"] = json!(enter.as_str());
    room["talk"] = json!(talk.as_str());
    room["publish"] = json!(publish.as_str());
    room["picture"] = json!(picture.is_some());
    room["keys"] = keys.collect();
}

fn key_as_json(key: &KeptKey) -> Value {
    json!({
        "id": listing::link_id(&key.hash),
        "label": key.label,
        "made": unix_seconds(key.made),
        "until": unix_seconds(key.until),
    })
}

/// Makes a link by which somebody goes live in a room.
pub(super) fn make_key(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    let room = room_of(&request.context, fields)?;
    let label = fields::line(fields, "label", MOST_LABEL_CHARS);
    let label = label.map_err(|bad| Problem::field("label", &bad.why))?;
    is_sure(request, accounts)?;
    let (accounts, actor) = (Arc::clone(accounts), actor(request));
    let place = format!("{}{}broadcast", root_for_others(request), room.path());
    let name = room.plain_name().to_owned();
    Ok(Box::new(move || {
        let made = accounts.make_key(&actor, &name, &label)?;
        Ok(json!({ "link": format!("{place}?key={}", made.secret) }))
    }))
}

/// Takes such a link back.
pub(super) fn take_key(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    let (book, (now, _)) = (accounts.book(), accounts.now());
    let id = text(fields, "id");
    let key = book.keys(now).into_iter().find(|key| listing::link_id(&key.hash) == id);
    let hash = key.ok_or(Refused::NoSuch)?.hash;
    let (accounts, actor) = (Arc::clone(accounts), actor(request));
    Ok(Box::new(move || {
        accounts.take_key(&actor, hash)?;
        Ok(done())
    }))
}

/// Keeps what a room shows at this moment as its picture for the list.
pub(super) fn keep_picture(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    let room = room_of(&request.context, fields)?;
    let frame = room.hub().frame();
    let frame =
        frame.ok_or_else(|| Problem::new(Status::Conflict, words::HOST_ROOMS_NO_PICTURE))?;
    let (accounts, actor, name) =
        (Arc::clone(accounts), actor(request), room.plain_name().to_owned());
    Ok(Box::new(move || {
        let failed = |why: String| Problem::new(Status::ServiceUnavailable, &why);
        let picture = small_picture(&frame.picture).map_err(|why| failed(why.to_string()))?;
        accounts.rule_room(&actor, &name, move |rules| rules.picture = Some(picture))?;
        Ok(done())
    }))
}

/// Takes that picture away.
pub(super) fn drop_picture(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    let room = room_of(&request.context, fields)?;
    let (accounts, actor, name) =
        (Arc::clone(accounts), actor(request), room.plain_name().to_owned());
    Ok(Box::new(move || {
        accounts.rule_room(&actor, &name, |rules| rules.picture = None)?;
        Ok(done())
    }))
}

/// The room that a field `id` names.
fn room_of(context: &Context, fields: &Fields) -> Result<Arc<Room>, Problem> {
    match text(fields, "id") {
        DEFAULT => Ok(context.rooms.default()),
        name => context.rooms.named(name).ok_or_else(|| NotChanged::NoSuchRoom.into()),
    }
}

const MOST_NOTE_CHARS: usize = 300;
const MOST_LABEL_CHARS: usize = 40;
