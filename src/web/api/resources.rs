//! The requests of the API: each reads what was sent, has an action done, and answers as JSON.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::context::Context;
use super::super::fields::Fields;
use super::super::people::by_worker;
use super::super::request::{Reply, Request};
use super::super::studio::NotChanged;
use super::super::words;
use super::actions::{self, Action};
use super::house;
use super::listing;
use super::problem::Problem;
use super::staging;
use crate::account::Accounts;
use crate::proto::http::Status;
use crate::store::account::AccountId;
use crate::store::pass::PassKind;

/// The accounts of a request, and who asks what.
pub(super) fn accounts_of(request: &Request) -> Result<Arc<Accounts>, Problem> {
    let accounts = request.context.gate.accounts();
    accounts.cloned().ok_or_else(|| Problem::new(Status::ServiceUnavailable, words::ENTRY_NO_STORE))
}

/// Has an action done with these fields.
fn act(request: &Request, fields: &Fields, action: Action, status: Status) -> Reply {
    let job = accounts_of(request).and_then(|accounts| action(request, &accounts, fields));
    match job {
        Ok(job) => by_worker(request, job, move |_, outcome: Result<Value, Problem>| {
            outcome.map_or_else(|problem| problem.answer(), |value| Answer::json(status, &value))
        }),
        Err(problem) => problem.answer().into(),
    }
}

/// Has an action done with what the body has, and with the last part of the path as `id`.
fn act_with_body(request: &Request, action: Action, status: Status) -> Reply {
    match body_of(request) {
        Ok(mut fields) => {
            fields.retain(|(name, _)| name != "id" || request.rest.is_empty());
            if !request.rest.is_empty() {
                fields.push(("id".to_owned(), request.rest.clone()));
            }
            act(request, &fields, action, status)
        }
        Err(problem) => problem.answer().into(),
    }
}

/// What the body has: an object of JSON, whose lists are fields that stand there several times.
pub(super) fn body_of(request: &Request) -> Result<Fields, Problem> {
    if request.body.is_empty() {
        return Ok(Fields::new());
    }
    let wrong = || Problem::new(Status::BadRequest, words::API_NO_OBJECT);
    let Ok(Value::Object(object)) = serde_json::from_slice(&request.body) else {
        return Err(wrong());
    };
    let mut fields = Fields::new();
    for (name, value) in object {
        match value {
            Value::Null => {}
            // An empty list is said, too.
            Value::Array(values) if values.is_empty() => fields.push((name, String::new())),
            Value::Array(values) => {
                for value in values {
                    fields.push((name.clone(), scalar(value).ok_or_else(wrong)?));
                }
            }
            value => fields.push((name, scalar(value).ok_or_else(wrong)?)),
        }
    }
    Ok(fields)
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(on) => Some(on.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn list(request: &Request, list: impl FnOnce(&Arc<Accounts>) -> Value) -> Reply {
    match accounts_of(request) {
        Ok(accounts) => Answer::json(Status::Ok, &list(&accounts)).into(),
        Err(problem) => problem.answer().into(),
    }
}

/// All accounts.
pub(in crate::web) fn accounts(request: &Request) -> Reply {
    list(request, listing::all_accounts)
}

/// One account.
pub(in crate::web) fn account_of(request: &Request) -> Reply {
    let found = accounts_of(request).and_then(|accounts| {
        let (book, (now, _)) = (accounts.book(), accounts.now());
        let id = request.rest.parse().map(AccountId).ok();
        let account = id.and_then(|id| book.account(id));
        let account = account.ok_or(crate::account::Refused::NoSuch)?;
        Ok(listing::account(&book, account, now))
    });
    match found {
        Ok(account) => Answer::json(Status::Ok, &account).into(),
        Err(problem) => problem.answer().into(),
    }
}

/// Decides what an account may do.
pub(in crate::web) fn rule_account(request: &Request) -> Reply {
    act_with_body(request, actions::rule, Status::Ok)
}

/// Deletes an account.
pub(in crate::web) fn delete_account(request: &Request) -> Reply {
    act_with_body(request, actions::delete_account, Status::Ok)
}

/// Makes a link by which somebody sets a new password.
pub(in crate::web) fn reset_account(request: &Request) -> Reply {
    act_with_body(request, actions::reset, Status::Created)
}

/// The links that are good.
pub(in crate::web) fn invitations(request: &Request) -> Reply {
    list(request, |accounts| {
        let (book, (now, _)) = (accounts.book(), accounts.now());
        let shown = book.passes(now).into_iter().filter(|pass| pass.kind != PassKind::Host);
        json!({ "invitations": shown.map(|pass| listing::pass(&book, pass)).collect::<Vec<_>>() })
    })
}

/// Makes an invitation.
pub(in crate::web) fn invite(request: &Request) -> Reply {
    act_with_body(request, actions::invite, Status::Created)
}

/// Takes a link back.
pub(in crate::web) fn take_invitation(request: &Request) -> Reply {
    act_with_body(request, actions::take_back, Status::Ok)
}

/// All devices and tokens.
pub(in crate::web) fn programs(request: &Request) -> Reply {
    list(request, |accounts| {
        let book = accounts.book();
        let all = book.programs().into_iter().map(|program| listing::program(&book, program));
        json!({ "tokens": all.collect::<Vec<_>>() })
    })
}

/// Makes a token.
pub(in crate::web) fn make_token(request: &Request) -> Reply {
    act_with_body(request, actions::make_token, Status::Created)
}

/// Removes a device or a token.
pub(in crate::web) fn remove_program(request: &Request) -> Reply {
    act_with_body(request, actions::remove_program, Status::Ok)
}

/// The bans.
pub(in crate::web) fn bans(request: &Request) -> Reply {
    list(request, |accounts| {
        let (book, (now, _)) = (accounts.book(), accounts.now());
        let all = book.bans(now).into_iter().map(|ban| listing::ban(&book, ban));
        json!({ "bans": all.collect::<Vec<_>>() })
    })
}

/// Bans somebody.
pub(in crate::web) fn make_ban(request: &Request) -> Reply {
    act_with_body(request, actions::ban, Status::Created)
}

/// Lifts a ban.
pub(in crate::web) fn lift_ban(request: &Request) -> Reply {
    act_with_body(request, actions::lift, Status::Ok)
}

/// The link that lets watch.
pub(in crate::web) fn link(request: &Request) -> Reply {
    let address = super::super::address::of_page_for_others(request);
    Answer::json(Status::Ok, &json!({ "link": request.context.gate.with_key(address) })).into()
}

/// Makes another key for it.
pub(in crate::web) fn renew_link(request: &Request) -> Reply {
    act_with_body(request, actions::renew_link, Status::Ok)
}

/// What was done with rights of late.
pub(in crate::web) fn journal(request: &Request) -> Reply {
    let accounts = match accounts_of(request) {
        Ok(accounts) => accounts,
        Err(problem) => return problem.answer().into(),
    };
    by_worker(
        request,
        move || accounts.journal(MOST_ENTRIES),
        |_, outcome| match outcome {
            Ok(entries) => {
                let entries: Vec<_> = entries.iter().map(listing::entry).collect();
                Answer::json(Status::Ok, &json!({ "log": entries }))
            }
            Err(refused) => Problem::from(refused).answer(),
        },
    )
}

/// The rooms, as they run and as they can be changed.
pub(in crate::web) fn rooms(request: &Request) -> Reply {
    read(request, |context| Ok(json!({ "rooms": staging::rooms(context) })))
}

/// One room.
pub(in crate::web) fn room(request: &Request) -> Reply {
    let name = request.rest.clone();
    read(request, move |context| {
        staging::room(context, &name).ok_or_else(|| NotChanged::NoSuchRoom.into())
    })
}

/// Opens a room.
pub(in crate::web) fn open_room(request: &Request) -> Reply {
    act_with_body(request, staging::open_room, Status::Created)
}

/// Changes a room.
pub(in crate::web) fn change_room(request: &Request) -> Reply {
    act_with_body(request, staging::change_room, Status::Ok)
}

/// Closes a room.
pub(in crate::web) fn close_room(request: &Request) -> Reply {
    act_with_body(request, staging::close_room, Status::Ok)
}

/// Makes a link by which somebody goes live in a room.
pub(in crate::web) fn make_key(request: &Request) -> Reply {
    act_with_body(request, house::make_key, Status::Created)
}

/// Takes such a link back.
pub(in crate::web) fn take_key(request: &Request) -> Reply {
    act_with_body(request, house::take_key, Status::Ok)
}

/// Keeps what a room shows as its picture for the list.
pub(in crate::web) fn keep_picture(request: &Request) -> Reply {
    act_with_body(request, house::keep_picture, Status::Ok)
}

/// Takes that picture away.
pub(in crate::web) fn drop_picture(request: &Request) -> Reply {
    act_with_body(request, house::drop_picture, Status::Ok)
}

/// What a room may show beside an address.
pub(in crate::web) fn sources(request: &Request) -> Reply {
    read(request, |context| {
        let offers = context.studio.offers();
        Ok(json!({ "sources": offers.iter().map(staging::offer).collect::<Vec<_>>() }))
    })
}

/// The settings.
pub(in crate::web) fn settings(request: &Request) -> Reply {
    read(request, |context| {
        let settings = context.studio.settings();
        Ok(json!({ "settings": settings.iter().map(staging::setting).collect::<Vec<_>>() }))
    })
}

/// Changes one setting: an object of its key and its value, null for what it is by default.
pub(in crate::web) fn change_setting(request: &Request) -> Reply {
    let one = match serde_json::from_slice(&request.body) {
        Ok(Value::Object(object)) if object.len() == 1 => object.into_iter().next(),
        _ => None,
    };
    let field = |name: &str, value: String| (name.to_owned(), value);
    let said = one.and_then(|(key, value)| match value {
        Value::Null => Some((key, String::new())),
        value => Some((key, scalar(value)?)),
    });
    match said {
        Some((key, value)) => {
            let fields = vec![field("key", key), field("value", value)];
            act(request, &fields, staging::change_setting, Status::Ok)
        }
        None => Problem::new(Status::BadRequest, words::API_ONE_SETTING).answer().into(),
    }
}

/// Answers with what a worker reads.
fn read(
    request: &Request,
    read: impl FnOnce(&Context) -> Result<Value, Problem> + Send + 'static,
) -> Reply {
    let context = Arc::clone(&request.context);
    by_worker(
        request,
        move || read(&context),
        |_, outcome: Result<Value, Problem>| {
            outcome
                .map_or_else(|problem| problem.answer(), |value| Answer::json(Status::Ok, &value))
        },
    )
}

/// What runs, and what it costs.
pub(in crate::web) fn running(request: &Request) -> Reply {
    Answer::json(Status::Ok, &listing::running(&request.context)).into()
}

const MOST_ENTRIES: u32 = 500;
