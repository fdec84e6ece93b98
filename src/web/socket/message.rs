//! What is said on a page's socket, as JSON. Pure.

use std::fmt::Write;

use serde_json::{Value, json};

use super::super::command::{Command, Refused};
use super::super::fields::Fields;
use super::super::newsroom::Told;
use super::wish;
use crate::proto::http::Status;

/// What a client said.
#[derive(Debug, PartialEq)]
pub(super) struct Message {
    /// The name that it gave its command; null if none that is short.
    pub(super) id: Value,
    pub(super) wish: Result<Wish, Refused>,
}

/// What a client wants.
#[derive(Debug, PartialEq)]
pub(super) enum Wish {
    /// An answer.
    Answer,
    /// That this is done.
    Done(Command),
    /// To be told of all rooms.
    Rooms,
    /// To be told of a title of the library from now on, in the place of another.
    Follow(u64),
    /// Something of the room's chat.
    Chat(wish::Wish),
}

/// Reads what a client said.
pub(super) fn read(text: &str) -> Message {
    let Ok(Value::Object(mut said)) = serde_json::from_str::<Value>(text) else {
        let why = Refused::new(Status::BadRequest, "send an object of JSON");
        return Message { id: Value::Null, wish: Err(why) };
    };
    let id = match said.remove("id") {
        Some(Value::Number(number)) => Value::Number(number),
        Some(Value::String(name)) if name.len() <= MAX_ID_BYTES => Value::String(name),
        _ => Value::Null,
    };
    let is_chat = |kind: &str| wish::KINDS.contains(&kind) || kind == wish::RULES;
    if said.get("type").and_then(Value::as_str).is_some_and(is_chat) {
        return Message { id, wish: wish::read(Value::Object(said)).map(Wish::Chat) };
    }
    let kind = said.remove("type");
    let fields: Fields = said.into_iter().filter_map(|(name, value)| field(name, value)).collect();
    let wish = match kind.as_ref().and_then(Value::as_str) {
        Some("viewer") => Command::change(&fields).map(Wish::Done),
        Some("donate") => Command::donate(&fields).map(Wish::Done),
        Some("film") => Command::film(&fields).map(Wish::Done),
        Some("rooms") => Ok(Wish::Rooms),
        Some("follow") => title(&fields).map(Wish::Follow),
        Some("ping") => Ok(Wish::Answer),
        _ => Err(Refused::new(Status::BadRequest, KINDS)),
    };
    Message { id, wish }
}

/// The number of a title.
fn title(fields: &Fields) -> Result<u64, Refused> {
    let said = fields.iter().find(|(name, _)| name == "title");
    let number = said.and_then(|(_, number)| number.parse().ok());
    number.ok_or_else(|| Refused::new(Status::BadRequest, "`title` is the number of a title"))
}

/// A field as a form would have it. What no form could have is what no field takes.
fn field(name: String, value: Value) -> Option<(String, String)> {
    match value {
        Value::Null => None,
        Value::String(text) => Some((name, text)),
        other => Some((name, other.to_string())),
    }
}

/// The first that a client hears.
pub(super) fn hello() -> String {
    json!({ "type": "hello", "version": VERSION }).to_string()
}

/// Sections of the state.
pub(super) fn state(sections: &[Told]) -> String {
    let mut text = String::from("{\"type\":\"state\"");
    write_sections(&mut text, sections);
    text.push('}');
    text
}

/// That a command was done; with the state since, and a notice.
pub(super) fn answer(id: &Value, sections: Option<&[Told]>, notice: Option<&str>) -> String {
    let mut text = format!("{{\"type\":\"answer\",\"id\":{id}");
    if let Some(notice) = notice {
        // Writing to a `String` cannot fail.
        let _ = write!(text, ",\"notice\":{}", json!(notice));
    }
    if let Some(sections) = sections {
        text.push_str(",\"state\":{");
        let start = text.len();
        write_sections(&mut text, sections);
        // Without the first one's comma.
        text.replace_range(start..=start, "");
        text.push('}');
    }
    text.push('}');
    text
}

/// That a command of the chat was done, with what it asked for.
pub(super) fn answer_with(id: &Value, fields: Value) -> String {
    let mut value = json!({ "type": "answer", "id": id });
    if let (Value::Object(value), Value::Object(fields)) = (&mut value, fields) {
        value.extend(fields);
    }
    value.to_string()
}

/// That a command was not done, and why.
pub(super) fn refused(id: &Value, why: &Refused) -> String {
    let mut value = json!({
        "type": "refused", "id": id, "status": why.status.code(), "error": why.why,
    });
    if let Some(field) = why.field {
        value["field"] = json!(field);
    }
    if let Some(wait_s) = why.wait_s {
        value["wait_s"] = json!(wait_s);
    }
    value.to_string()
}

fn write_sections(text: &mut String, sections: &[Told]) {
    for Told { name, text: section } in sections {
        let _ = write!(text, ",\"{name}\":{section}");
    }
}

const KINDS: &str = "`type` takes viewer, donate, film, rooms, follow, ping, or what docs/socket.md has of the chat";
/// Of what is said here.
const VERSION: u32 = 1;
const MAX_ID_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::level::Choice;
    use crate::live::settings::{Change, Mode};
    use crate::live::thanks::Words;

    fn told(name: &'static str, text: &str) -> Told {
        Told { name, text: text.into() }
    }

    #[test]
    fn commands_are_what_forms_are() {
        let change = |text| match read(text).wish {
            Ok(Wish::Done(Command::Change { change, .. })) => change,
            other => panic!("{text}: {other:?}"),
        };
        let low = Change { choice: Some(Choice::Low), ..Change::default() };
        assert_eq!(change(r#"{"type":"viewer","quality":"low"}"#), low);
        let other = change(r#"{"type":"viewer","quality":37,"mode":"home","paused":true}"#);
        assert_eq!((other.mode, other.paused), (Some(Mode::Home), Some(true)));
        assert_eq!(other.choice.unwrap().to_string(), "37");
        let given = read(r#"{"type":"donate","name":" Ada ","message":"hi"}"#).wish;
        let expected = Command::Donate(Words { name: "Ada".into(), message: "hi".into() });
        assert_eq!(given, Ok(Wish::Done(expected)));
        assert_eq!(read(r#"{"type":"rooms"}"#).wish, Ok(Wish::Rooms));
        assert_eq!(
            read(r#"{"type":"ping","id":"x"}"#),
            Message { id: json!("x"), wish: Ok(Wish::Answer) }
        );
    }

    #[test]
    fn what_is_no_command_is_refused_and_its_name_kept() {
        for (text, id, field) in [
            ("", Value::Null, None),
            ("[]", Value::Null, None),
            ("{\"type\":\"viewer\"", Value::Null, None),
            (r#"{"id":1}"#, json!(1), None),
            (r#"{"type":"reboot","id":2}"#, json!(2), None),
            (r#"{"type":7,"id":"a"}"#, json!("a"), None),
            (r#"{"type":"viewer","id":3}"#, json!(3), None),
            (r#"{"type":"viewer","id":4,"quality":"best"}"#, json!(4), Some("quality")),
            (r#"{"type":"viewer","id":5,"paused":{}}"#, json!(5), Some("paused")),
            (r#"{"type":"viewer","id":[],"mode":[]}"#, Value::Null, Some("mode")),
            (r#"{"type":"donate","id":6,"name":"a\nb"}"#, json!(6), Some("name")),
        ] {
            let message = read(text);
            assert_eq!(message.id, id, "{text}");
            let why = message.wish.unwrap_err();
            assert_eq!((why.status, why.field), (Status::BadRequest, field), "{text}");
        }
        let long = format!(r#"{{"type":"ping","id":"{}"}}"#, "x".repeat(65));
        assert_eq!(read(&long).id, Value::Null);
        let deep = "[".repeat(10_000);
        assert!(read(&deep).wish.is_err());
    }

    #[test]
    fn what_is_said_is_json() {
        let sections = [told("room", "{\"a\":1}"), told("thanks", "[]")];
        let parse = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        let whole = json!({ "type": "state", "room": { "a": 1 }, "thanks": [] });
        assert_eq!(parse(state(&sections)), whole);
        assert_eq!(parse(state(&[])), json!({ "type": "state" }));
        let done = json!({
            "type": "answer", "id": 7, "notice": "\"Yes\"", "state": { "room": { "a": 1 }, "thanks": [] },
        });
        assert_eq!(parse(answer(&json!(7), Some(&sections), Some("\"Yes\""))), done);
        assert_eq!(
            parse(answer(&Value::Null, None, None)),
            json!({ "type": "answer", "id": null })
        );
        let why = Refused { field: Some("quality"), ..Refused::new(Status::Conflict, "No.") };
        let said = json!({
            "type": "refused", "id": "a", "status": 409, "error": "No.", "field": "quality",
        });
        assert_eq!(parse(refused(&json!("a"), &why)), said);
    }
}
