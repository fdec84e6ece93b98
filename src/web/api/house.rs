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
use crate::media::codec::Failed;
use crate::media::frame::{Frame, Picture};
use crate::media::gate;
use crate::proto::base64::from_base64;
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

/// Keeps a picture of a room for the list: the JPEG that is sent, or what it shows at this moment.
pub(super) fn keep_picture(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    let room = room_of(&request.context, fields)?;
    let subject = match from_base64(text(fields, "jpeg")) {
        Some(jpeg) if jpeg.is_empty() => match room.hub().frame() {
            Some(frame) => Subject::Shown(frame),
            None => return Err(Problem::new(Status::Conflict, words::HOST_ROOMS_NO_PICTURE)),
        },
        Some(jpeg) => Subject::Sent(jpeg),
        None => return Err(Problem::field("jpeg", words::HOST_ROOMS_NO_JPEG)),
    };
    let (accounts, actor, name) =
        (Arc::clone(accounts), actor(request), room.plain_name().to_owned());
    Ok(Box::new(move || {
        let picture = subject.picture()?;
        accounts.rule_room(&actor, &name, move |rules| rules.picture = Some(picture))?;
        Ok(done())
    }))
}

/// What becomes a room's picture for the list.
enum Subject {
    /// Bytes that a host sent: hostile until they are decoded.
    Sent(Vec<u8>),
    /// What the room shows.
    Shown(Arc<Frame>),
}

impl Subject {
    /// The picture, made small and encoded anew: nothing else that was in a file is left in it.
    fn picture(&self) -> Result<Arc<[u8]>, Problem> {
        let failed = |why: Failed| Problem::new(Status::ServiceUnavailable, &why.to_string());
        match self {
            Self::Shown(frame) => small_picture(&frame.picture).map_err(failed),
            Self::Sent(bytes) => {
                let wrong = || Problem::field("jpeg", words::HOST_ROOMS_NO_JPEG);
                let jpeg = gate::take_bounded(bytes, LEAST_SIDE, MOST_PIXELS);
                let jpeg = jpeg.map_err(|_| wrong())?;
                small_picture(&Picture::Jpeg(jpeg)).map_err(|_| wrong())
            }
        }
    }
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

/// A picture that is sent has no side of fewer pixels, and not more in all.
const LEAST_SIDE: u32 = 16;
const MOST_PIXELS: u64 = 4096 * 2304;

/// The room that a field `id` names.
fn room_of(context: &Context, fields: &Fields) -> Result<Arc<Room>, Problem> {
    match text(fields, "id") {
        DEFAULT => Ok(context.rooms.default()),
        name => context.rooms.named(name).ok_or_else(|| NotChanged::NoSuchRoom.into()),
    }
}

const MOST_NOTE_CHARS: usize = 300;
const MOST_LABEL_CHARS: usize = 40;
