//! `/account`: what is one's own: browsers, devices, tokens, the password, and all that is stored.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::json;

use super::super::address::root_of;
use super::super::answer::Answer;
use super::super::built;
use super::super::document::{Slot, Slots, escape};
use super::super::entry::see_other;
use super::super::fields::{self, Fields};
use super::super::pages::rtsp_place;
use super::super::payload::Payload;
use super::super::request::{Reply, Request};
use super::super::words;
use super::done::{by_worker, with_passwords};
use super::links::links;
use super::sheet::{Sheet, Wrong, done, fields_of, text, went_well};
use super::sign_in::{Here, plainly, prepared, signed_in};
use crate::account::{
    Account, Accounts, Book, Capabilities, Capability, Credential, Password, Refused,
};
use crate::base::clock::unix_seconds;
use crate::proto::http::Status;
use crate::store::account::AccountId;
use crate::store::identity::KeptIdentity;
use crate::store::program::KeptProgram;

/// The page.
pub(in crate::web) fn account(request: &Request) -> Reply {
    ACCOUNT.page(request, slots(request)).into()
}

/// Sets another password, or the first one, which signs all other browsers out.
pub(in crate::web) fn change_password(request: &Request) -> Reply {
    let (here, fields) = match prepared(request) {
        Ok(prepared) => prepared,
        Err(answer) => return answer.into(),
    };
    let name = request.caller.name();
    let new = match Password::new(text(&fields, "new-password")) {
        Ok(password) => password,
        Err(weak) => return ACCOUNT.refused(request, slots(request), &weak.into()).into(),
    };
    if let Some(account) = request.caller.account.as_ref().filter(|one| !one.has_password()) {
        if !request.caller.is_sure(here.accounts.now().0) {
            return to_confirm().into();
        }
        let (asker, id, browser) = (here.asker(), account.id, here.browser);
        let job = move |accounts: &Accounts| accounts.set_first_password(id, &new, &browser);
        return with_passwords(request, &here.accounts, asker, job, |request, outcome| {
            signed_in(request, &ACCOUNT, outcome, slots(request), "../account#password-changed")
        });
    }
    let attempt = match here.accounts.attempt(name, &here.browser) {
        Ok(attempt) => attempt,
        Err(refused) => return ACCOUNT.refused(request, slots(request), &refused).into(),
    };
    let asker = here.asker();
    let (old, browser) = (Password::typed(text(&fields, "password")), here.browser);
    let job = move |accounts: &Accounts| accounts.change_password(attempt, &old, &new, &browser);
    with_passwords(request, &here.accounts, asker, job, |request, outcome| {
        signed_in(request, &ACCOUNT, outcome, slots(request), "../account#password-changed")
    })
}

/// Signs one browser out.
pub(in crate::web) fn end_browser(request: &Request) -> Reply {
    with_own(request, "../account#browsers-title", |here, request, id, fields| {
        let actor = here.actor(request);
        let number = text(fields, "id").parse().unwrap_or_default();
        Ok(Box::new(move || here.accounts.end_session(&actor, id, number)))
    })
}

/// Makes a password for a device, which is shown this once.
pub(in crate::web) fn make_device(request: &Request) -> Reply {
    let (here, fields) = match prepared(request) {
        Ok(prepared) => prepared,
        Err(answer) => return answer.into(),
    };
    let (label, room) = match (label_of(&fields, "device"), room_of(request, &fields)) {
        (Ok(label), Ok(room)) => (label, room),
        (Err(wrong), _) | (_, Err(wrong)) => {
            return ACCOUNT.again(request, slots(request), &wrong).into();
        }
    };
    let Some(id) = own_id(request) else { return nobody(request).into() };
    if !request.caller.is_sure(here.accounts.now().0) {
        return to_confirm().into();
    }
    let actor = here.actor(request);
    let path = room.as_deref().filter(|name| !name.is_empty());
    let path = path.map_or_else(|| "/live".to_owned(), |name| format!("/r/{name}"));
    let job = move || here.accounts.make_device(&actor, id, label, room);
    by_worker(request, job, move |request, outcome| match outcome {
        Ok(made) if request.head.accepts_json() => Answer::json(
            Status::Ok,
            &json!({ "id": made.id, "user": made.user, "password": made.password }),
        ),
        Ok(made) => {
            let place = rtsp_place(request);
            let login = |place| format!("rtsp://{}:{}@{place}{path}", made.user, made.password);
            let mut own = slots(request);
            own.push(("rtsp", Slot::Shown(place.is_some())));
            own.push(("rtsp-address", Slot::Text(place.map(login).unwrap_or_default())));
            own.push(("made-device", Slot::Shown(true)));
            own.push(("user", Slot::Text(made.user)));
            own.push(("secret", Slot::Text(made.password)));
            ACCOUNT.page(request, own)
        }
        Err(refused) => ACCOUNT.again(request, slots(request), &Wrong::of(&refused, "device")),
    })
}

/// Makes a token for a program, which is shown this once.
pub(in crate::web) fn make_token(request: &Request) -> Reply {
    let (here, fields) = match prepared(request) {
        Ok(prepared) => prepared,
        Err(answer) => return answer.into(),
    };
    let scopes = Capability::ALL.into_iter().filter(|capability| {
        fields.iter().any(|(name, value)| name == "scope" && value == capability.as_str())
    });
    let scopes = scopes.fold(Capabilities::NONE, Capabilities::with);
    let wrong = match label_of(&fields, "token") {
        Err(wrong) => Some(wrong),
        Ok(_) if scopes.is_empty() => Some(Wrong::field("token", words::ACCOUNT_TOKENS_NO_SCOPE)),
        Ok(_) => None,
    };
    if let Some(wrong) = wrong {
        return ACCOUNT.again(request, slots(request), &wrong).into();
    }
    let label = label_of(&fields, "token").unwrap_or_default();
    let (Some(id), actor) = (own_id(request), here.actor(request)) else {
        return nobody(request).into();
    };
    if !request.caller.is_sure(here.accounts.now().0) {
        return to_confirm().into();
    }
    let job = move || here.accounts.make_token(&actor, Some(id), label, scopes);
    by_worker(request, job, |request, outcome| match outcome {
        Ok(made) if request.head.accepts_json() => {
            Answer::json(Status::Ok, &json!({ "id": made.id, "token": made.secret }))
        }
        Ok(made) => {
            let mut own = slots(request);
            own.push(("made-token", Slot::Shown(true)));
            own.push(("secret", Slot::Text(made.secret)));
            ACCOUNT.page(request, own)
        }
        Err(refused) => ACCOUNT.again(request, slots(request), &Wrong::of(&refused, "token")),
    })
}

/// Removes a device's password or a token.
pub(in crate::web) fn remove_program(request: &Request) -> Reply {
    with_own(request, "../account#devices-title", |here, request, id, fields| {
        let actor = here.actor(request);
        let number = text(fields, "id").parse().unwrap_or_default();
        Ok(Box::new(move || here.accounts.delete_program(&actor, number, Some(id))))
    })
}

/// Deletes the account, once its password was given again.
pub(in crate::web) fn delete_account(request: &Request) -> Reply {
    let (here, fields) = match prepared(request) {
        Ok(prepared) => prepared,
        Err(answer) => return answer.into(),
    };
    let Some(id) = own_id(request) else { return nobody(request).into() };
    if request.caller.account.as_ref().is_some_and(|account| !account.has_password()) {
        if !request.caller.is_sure(here.accounts.now().0) {
            return to_confirm().into();
        }
        let actor = here.actor(request);
        let job = move || here.accounts.delete_account(&actor, id);
        return by_worker(request, job, deleted);
    }
    let attempt = match here.accounts.attempt(request.caller.name(), &here.browser) {
        Ok(attempt) => attempt,
        Err(refused) => {
            let wrong = Wrong::of(&refused, "delete").beside("delete");
            return ACCOUNT.again(request, slots(request), &wrong).into();
        }
    };
    let asker = here.asker();
    let (password, actor) = (Password::typed(text(&fields, "password")), here.actor(request));
    let job = move |accounts: &Accounts| accounts.delete_own(attempt, &password, &actor);
    with_passwords(request, &here.accounts, asker, job, deleted)
}

fn deleted(request: &Request, outcome: Result<(), Refused>) -> Answer {
    match outcome {
        Ok(()) => {
            own_id(request).into_iter().for_each(|id| request.context.chats.forget(id));
            went_well(request, "../", done())
        }
        Err(refused) => {
            let wrong = Wrong::of(&refused, "delete").beside("delete");
            ACCOUNT.again(request, slots(request), &wrong)
        }
    }
}

/// Leads to where who is signed in shows once more who that is.
fn to_confirm() -> Answer {
    see_other("../confirm?next=/account")
}

/// All that is stored about who asks, as a file.
pub(in crate::web) fn export(request: &Request) -> Reply {
    let (Ok(here), Some(id)) = (Here::of(request), own_id(request)) else {
        return nobody(request).into();
    };
    let job = move || here.accounts.export(id);
    by_worker(request, job, |request, outcome| match outcome {
        Ok(value) => {
            let text = serde_json::to_string_pretty(&value).unwrap_or_default();
            Answer::new(Status::Ok, "application/json", Payload::owned(text))
                .header("Content-Disposition", "attachment; filename=\"account.json\"")
                .header("Cache-Control", "no-store")
        }
        Err(refused) => plainly(request, &refused),
    })
}

type Job = Box<dyn FnOnce() -> Result<(), Refused> + Send>;

/// Does something with what is one's own, and goes on.
fn with_own(
    request: &Request,
    location: &'static str,
    job: impl FnOnce(Here, &Request, AccountId, &Fields) -> Result<Job, Answer>,
) -> Reply {
    let (here, fields) = match (Here::of(request), fields_of(request)) {
        (Ok(here), Ok(fields)) => (here, fields),
        (Err(answer), _) | (_, Err(answer)) => return answer.into(),
    };
    let Some(id) = own_id(request) else { return nobody(request).into() };
    let job = match job(here, request, id, &fields) {
        Ok(job) => job,
        Err(answer) => return answer.into(),
    };
    by_worker(request, job, move |request, outcome| match outcome {
        Ok(()) => went_well(request, location, done()),
        Err(refused) => plainly(request, &refused),
    })
}

fn own_id(request: &Request) -> Option<AccountId> {
    request.caller.account.as_ref().map(|account| account.id)
}

fn nobody(request: &Request) -> Answer {
    request.refuse(Status::Unauthorized, words::ENTRY_UNKNOWN)
}

/// What a device or a token is called.
fn label_of(fields: &Fields, field: &'static str) -> Result<String, Wrong> {
    match fields::line(fields, "label", MOST_LABEL_CHARS) {
        Ok(label) if !label.is_empty() => Ok(label),
        _ => Err(Wrong::field(field, words::ACCOUNT_LABEL_WRONG)),
    }
}

/// The room that a device is for; `None` for all of them.
fn room_of(request: &Request, fields: &Fields) -> Result<Option<String>, Wrong> {
    let named = fields.iter().find(|(name, _)| name == "room").map(|(_, value)| value.as_str());
    let rooms = request.context.watchable(&request.caller);
    match named {
        None | Some("*") => Ok(None),
        Some(named) if rooms.iter().any(|room| room.plain_name() == named) => {
            Ok(Some(named.to_owned()))
        }
        Some(_) => Err(Wrong::field("device", words::ACCOUNT_ROOM_WRONG)),
    }
}

fn slots(request: &Request) -> Slots {
    let Some(accounts) = request.context.gate.accounts() else { return Slots::new() };
    let book = accounts.book();
    let id = own_id(request).unwrap_or(AccountId(0));
    let Some(account) = book.account(id) else { return Slots::new() };
    let (wall, _) = accounts.now();
    let programs_of = book.programs_of(Some(id)).into_iter();
    let (devices, tokens): (Vec<_>, Vec<_>) =
        programs_of.partition(|program| program.device.is_some());
    let role = if account.is_host { words::ACCOUNT_ROLE_HOST } else { words::ACCOUNT_ROLE_MEMBER };
    let identities = identities(request, &book, id, wall);
    let ways = links(request, "account", "link", "", words::ACCOUNT_ELSEWHERE_LINK, |_| true);
    vec![
        ("account-name", Slot::Text(account.name.clone())),
        ("role", Slot::Text(role.to_owned())),
        ("is-host", Slot::Shown(account.is_host)),
        ("with-password", Slot::Shown(account.has_password())),
        ("without-password", Slot::Shown(!account.has_password())),
        ("has-elsewhere", Slot::Shown(!ways.is_empty() || !identities.is_empty())),
        ("identities", Slot::Markup(identities)),
        ("has-links", Slot::Shown(!ways.is_empty())),
        ("links", Slot::Markup(ways)),
        ("browsers", Slot::Markup(browsers(request, &book, id, wall))),
        ("has-devices", Slot::Shown(!devices.is_empty())),
        ("devices", Slot::Markup(programs(request, &devices, wall))),
        ("has-tokens", Slot::Shown(!tokens.is_empty())),
        ("tokens", Slot::Markup(programs(request, &tokens, wall))),
        ("rooms", Slot::Markup(rooms(request))),
        ("scopes", Slot::Markup(scopes(account))),
    ]
}

/// The accounts elsewhere that lead to it.
fn identities(request: &Request, book: &Book, id: AccountId, wall: SystemTime) -> String {
    let row = |identity: &KeptIdentity| {
        let since = words::ACCOUNT_ELSEWHERE_SINCE.replace("{ago}", &just_ago(identity.made, wall));
        format!(
            "<li><span class=\"rest\">{}<br><span class=\"muted\">{}, {}</span></span>{}</li>\n",
            escape(request.context.providers.title(&identity.issuer)),
            escape(&identity.label),
            escape(&since),
            button(request, "account/unlink", identity.id, words::ACCOUNT_ELSEWHERE_UNLINK)
        )
    };
    book.identities_of(id).into_iter().map(row).collect()
}

fn browsers(request: &Request, book: &Book, id: AccountId, wall: SystemTime) -> String {
    let rows = book.sessions_of(id, wall).into_iter().map(|session| {
        let is_this = request.caller.credential == Credential::Session(session.hash);
        let device = match session.device.as_str() {
            "" => words::ACCOUNT_BROWSERS_UNKNOWN,
            device => device,
        };
        let end = match is_this {
            true => {
                format!("<span class=\"badge success\">{}</span>", words::ACCOUNT_BROWSERS_THIS)
            }
            false => button(request, "account/browser", session.id, words::ACCOUNT_BROWSERS_END),
        };
        let seen = words::ACCOUNT_SEEN.replace("{ago}", &ago(session.seen, wall));
        format!(
            "<li><span class=\"rest\">{}<br><span class=\"muted\">{}, {}</span></span>{end}</li>\n",
            escape(device),
            escape(&session.address),
            escape(&seen)
        )
    });
    rows.collect()
}

fn programs(request: &Request, programs: &[&Arc<KeptProgram>], wall: SystemTime) -> String {
    let rooms = request.context.rooms.all();
    let rows = programs.iter().map(|program| {
        let about = match &program.device {
            Some(device) => {
                let titled = device.room.as_ref().map(|name| {
                    let room = rooms.iter().find(|room| room.plain_name() == name);
                    room.map_or_else(|| name.clone(), |room| room.title())
                });
                let what = titled.unwrap_or_else(|| words::ACCOUNT_DEVICES_ALL.to_owned());
                format!("{}, {what}", device.user)
            }
            None => program.scopes.clone(),
        };
        let seen = match program.seen {
            Some(at) => words::ACCOUNT_SEEN.replace("{ago}", &ago(at, wall)),
            None => words::ACCOUNT_NEVER.to_owned(),
        };
        format!(
            "<li><span class=\"rest\">{}<br><span class=\"muted\">{}, {}</span></span>{}</li>\n",
            escape(&program.label),
            escape(&about),
            escape(&seen),
            button(request, "account/remove", program.id, words::ACCOUNT_REMOVE)
        )
    });
    rows.collect()
}

fn button(request: &Request, action: &str, id: i64, word: &str) -> String {
    // What answers a form lies a step deeper than the page itself.
    let root = root_of(&request.head.target.path);
    format!(
        "<form method=\"post\" action=\"{root}{action}\"><button class=\"button well\" name=\"id\" \
         value=\"{id}\">{}</button></form>",
        escape(word)
    )
}

fn rooms(request: &Request) -> String {
    let rooms = request.context.watchable(&request.caller);
    let option = |room: &std::sync::Arc<crate::room::Room>| {
        format!(
            "<option value=\"{}\">{}</option>",
            escape(room.plain_name()),
            escape(&room.title())
        )
    };
    rooms.iter().map(option).collect()
}

/// What a token of an account may be for.
fn scopes(account: &Account) -> String {
    let rights = account.may("");
    let has = |capability: &Capability| rights.has(*capability);
    let boxes = Capability::ALL.into_iter().filter(has).map(|capability| {
        let name = capability.as_str();
        format!(
            "<label class=\"check\"><input type=\"checkbox\" name=\"scope\" value=\"{name}\">{name}</label>"
        )
    });
    boxes.collect()
}

/// How long ago something was that is written down when it happens, as people say it.
pub(in crate::web) fn just_ago(at: SystemTime, now: SystemTime) -> String {
    let minutes = unix_seconds(now).saturating_sub(unix_seconds(at)) / 60;
    match minutes {
        0 => words::ACCOUNT_AGO_NOW.to_owned(),
        1..60 => words::counted(
            usize::try_from(minutes).unwrap_or(usize::MAX),
            words::ACCOUNT_AGO_MINUTES_ONE,
            words::ACCOUNT_AGO_MINUTES_OTHER,
        ),
        _ => ago(at, now),
    }
}

/// How long ago somebody was seen, which is written down once an hour, as people say it.
pub(in crate::web) fn ago(at: SystemTime, now: SystemTime) -> String {
    let seconds = unix_seconds(now).saturating_sub(unix_seconds(at));
    let (count, one, other) = match seconds {
        0..3600 => return words::ACCOUNT_AGO_JUST_NOW.to_owned(),
        3600..86_400 => {
            (seconds / 3600, words::ACCOUNT_AGO_HOURS_ONE, words::ACCOUNT_AGO_HOURS_OTHER)
        }
        _ => (seconds / 86_400, words::ACCOUNT_AGO_DAYS_ONE, words::ACCOUNT_AGO_DAYS_OTHER),
    };
    words::counted(usize::try_from(count).unwrap_or(usize::MAX), one, other)
}

const ACCOUNT: Sheet =
    Sheet { document: built::ACCOUNT, title: words::ACCOUNT_TITLE, first: "password" };
const MOST_LABEL_CHARS: usize = 40;
