//! `/host`: the page on which hosts see and do what the API has, with a form for each.

use std::sync::Arc;

use serde_json::Value;

use super::super::answer::Answer;
use super::super::built;
use super::super::context::Context;
use super::super::document::{Slot, Slots, escape};
use super::super::entry::see_other;
use super::super::fields::Fields;
use super::super::gate::Entry;
use super::super::pages::framed;
use super::super::people::{by_worker, fields_of, just_ago, plainly};
use super::super::request::{Reply, Request};
use super::super::studio::{Offer, RoomSettings, Setting};
use super::super::words;
use super::actions::{self, Action, NOT_SURE};
use super::house;
use super::resources::accounts_of;
use super::rows::{
    account, ban_fields, button, left, option_of, pass, program, room, room_fields, row, setting,
};
use super::staging;
use super::typed::{Typed, row_of, saved};
use crate::account::{Accounts, Refused};
use crate::proto::http::Status;
use crate::store::journal;
use crate::store::pass::PassKind;

/// What the page shows that a worker finds out.
struct Found {
    log: Vec<journal::Entry>,
    offers: Vec<Offer>,
    rooms: Vec<RoomSettings>,
    settings: Vec<Setting>,
}

impl Found {
    fn of(context: &Context, accounts: &Accounts) -> Result<Self, Refused> {
        let studio = &context.studio;
        Ok(Self {
            log: accounts.journal(SHOWN_ENTRIES)?,
            offers: studio.offers(),
            rooms: studio.rooms(),
            settings: studio.settings(),
        })
    }
}

/// What is said on top of the page.
enum Said {
    Nothing,
    /// A secret or a link that was made, shown once.
    Made(String),
    /// Why a form's action was not done.
    Not(Typed),
}

/// The page.
pub(in crate::web) fn host(request: &Request) -> Reply {
    shown(request, Said::Nothing)
}

/// Does what a form of the page asks.
pub(in crate::web) fn host_form(request: &Request) -> Reply {
    let Some((_, action)) = ACTIONS.iter().find(|(name, _)| *name == request.rest) else {
        return request.refuse(Status::NotFound, words::HOST_NO_ACTION).into();
    };
    let fields = match fields_of(request) {
        Ok(fields) => fields,
        Err(answer) => return answer.into(),
    };
    let of_form = request.rest.clone();
    let place = place_of(&request.rest, &fields);
    let typed = move |problem, fields| Typed { action: of_form, fields, problem };
    let job = accounts_of(request).and_then(|accounts| action(request, &accounts, &fields));
    let job = match job {
        Ok(job) => job,
        Err(problem) if problem.status == NOT_SURE => {
            return see_other("../confirm?next=/host").into();
        }
        Err(problem) => return shown(request, Said::Not(typed(problem, fields))),
    };
    let Some(accounts) = request.context.gate.accounts().cloned() else {
        return request.refuse(Status::ServiceUnavailable, words::ENTRY_NO_STORE).into();
    };
    let context = Arc::clone(&request.context);
    let work = move || {
        let said = match job() {
            Ok(value) => match made(&value) {
                Some(secret) => Said::Made(secret),
                None => return Ok(None),
            },
            Err(problem) => Said::Not(typed(problem, fields)),
        };
        Ok(Some((said, Found::of(&context, &accounts)?)))
    };
    by_worker(request, work, move |request, outcome| match outcome {
        Ok(Some((said, found))) => page(request, &said, &found),
        Ok(None) => see_other(&format!("../host#{place}")),
        Err(refused) => plainly(request, &refused),
    })
}

/// What is shown once.
fn made(value: &Value) -> Option<String> {
    ["link", "token"].iter().find_map(|name| value[*name].as_str()).map(str::to_owned)
}

fn shown(request: &Request, said: Said) -> Reply {
    let accounts = match accounts_of(request) {
        Ok(accounts) => accounts,
        Err(problem) => return problem.answer().into(),
    };
    let context = Arc::clone(&request.context);
    let work = move || Found::of(&context, &accounts);
    by_worker(request, work, move |request, outcome| match outcome {
        Ok(found) => page(request, &said, &found),
        Err(refused) => plainly(request, &refused),
    })
}

fn page(request: &Request, said: &Said, found: &Found) -> Answer {
    let Some(accounts) = request.context.gate.accounts() else {
        return request.refuse(Status::ServiceUnavailable, words::ENTRY_NO_STORE);
    };
    let status = match said {
        Said::Not(typed) => typed.problem.status,
        Said::Nothing | Said::Made(_) => Status::Ok,
    };
    let html =
        framed(request, built::HOST, words::HOST_TITLE, slots(request, accounts, said, found));
    Answer::page(&request.head, status, html)
}

fn slots(request: &Request, accounts: &Accounts, said: &Said, found: &Found) -> Slots {
    let (book, (now, _)) = (accounts.book(), accounts.now());
    let (made, typed) = match said {
        Said::Nothing => (String::new(), None),
        Said::Made(secret) => (secret.clone(), None),
        Said::Not(typed) => (String::new(), Some(typed)),
    };
    // What is about no field stands on top.
    let wrong = typed.filter(|typed| typed.place().is_none() && typed.row().is_none());
    let wrong = wrong.map(|typed| typed.problem.detail.clone()).unwrap_or_default();
    let passes: Vec<_> =
        book.passes(now).into_iter().filter(|pass| pass.kind != PassKind::Host).collect();
    let bans = book.bans(now);
    let programs = book.programs();
    let by_link = request.context.gate.entry() == Entry::Link;
    let link = super::super::address::of_page_for_others(request);
    // What answers a form lies a step deeper than the page itself.
    let root = super::super::address::root_of(&request.head.target.path);
    let to = format!("action=\"{root}host/");
    let rows = |rows: Vec<String>| Slot::Markup(rows.concat().replace("action=\"host/", &to));
    vec![
        ("made-something", Slot::Shown(!made.is_empty())),
        ("made", Slot::Text(made)),
        ("is-wrong", Slot::Shown(!wrong.is_empty())),
        ("wrong", Slot::Text(wrong)),
        ("running", running(request)),
        ("rooms", rows(found.rooms.iter().map(|one| room(one, &book, (now, typed))).collect())),
        ("room-fields", Slot::Markup(room_fields(typed))),
        ("ban-fields", Slot::Markup(ban_fields(typed))),
        ("offers", rows(found.offers.iter().map(option_of).collect())),
        ("settings", rows(found.settings.iter().map(|one| setting(one, typed)).collect())),
        ("accounts", rows(book.accounts().iter().map(|one| account(request, &book, one, (now, typed))).collect())),
        ("has-passes", Slot::Shown(!passes.is_empty())),
        ("passes", rows(passes.iter().map(|one| pass(&book, one, now)).collect())),
        ("by-link", Slot::Shown(by_link)),
        ("link", Slot::Text(request.context.gate.with_key(link))),
        ("has-programs", Slot::Shown(!programs.is_empty())),
        ("programs", rows(programs.iter().map(|one| program(&book, one, now)).collect())),
        ("has-bans", Slot::Shown(!bans.is_empty())),
        ("bans", rows(bans.iter().map(|ban| {
            let whom = ban.account.and_then(|id| book.account(id)).map(|one| one.name.clone());
            let called = [ban.name.as_str(), ban.address.as_deref().unwrap_or_default()];
            let called = called.iter().filter(|text| !text.is_empty()).copied();
            let whom = whom.unwrap_or_else(|| called.collect::<Vec<_>>().join(", "));
            let room = ban.room.as_ref().map(|room| words::HOST_BANS_ROOM.replace("{room}", &format!("/{room}")));
            let until = ban.until.map_or(words::HOST_BANS_FOR_EVER.to_owned(), |until| {
                words::HOST_LINKS_UNTIL.replace("{left}", &left(until, now))
            });
            row(&whom, &[&room.unwrap_or_default(), &ban.why, &until], &button("host/lift", &ban.id.to_string(), words::HOST_BANS_LIFT))
        }).collect())),
        ("log", rows(found.log.iter().map(|entry| {
            format!(
                "<tr><td class=\"number\">{}</td><td>{}</td><td>{}</td><td class=\"muted\">{}</td></tr>\n",
                escape(&just_ago(entry.at, now)), escape(&entry.who), escape(&entry.what), escape(&entry.address)
            )
        }).collect())),
    ]
}

/// What runs, a line for each room.
fn running(request: &Request) -> Slot {
    let context = &request.context;
    let rows = context.rooms.all().into_iter().map(|room| {
        let report = room.condition().report();
        let counts = context.audience.counts(Some(&room.crowd));
        #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
        let mbit = room.crowd.sent_bits_per_sec() as f64 / 1e6;
        format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"end number\" data-unit=\"{}\">{}</td>\
             <td class=\"end number\" data-unit=\"{}\">{mbit:.1}</td></tr>\n",
            escape(&room.title()),
            escape(&report.name),
            escape(report.status.as_str()),
            escape(words::HOST_RUNNING_WATCH),
            counts.watching,
            escape(words::HOST_RUNNING_RATE),
        )
    });
    Slot::Markup(rows.collect())
}

/// Where the page goes on after an action: at the row that says that it was done, or else where
/// the form is.
fn place_of(action: &str, fields: &Fields) -> String {
    match row_of(action, fields) {
        Some((section, id)) => saved(section, id),
        None => format!("{}-title", section_of(action)),
    }
}

/// Where the page has the form of an action.
fn section_of(action: &str) -> &'static str {
    match action {
        "account" | "reset" | "delete" => "accounts",
        "ban" | "lift" => "bans",
        "link" => "watch",
        "room" | "change-room" | "close-room" | "stage-link" | "take-stage-link"
        | "keep-picture" | "drop-picture" => "rooms",
        "setting" => "settings",
        "token" | "remove" => "tokens",
        _ => "links",
    }
}

/// What the page's forms ask, by the last part of their address.
const ACTIONS: [(&str, Action); 18] = [
    ("invite", actions::invite),
    ("take-back", actions::take_back),
    ("account", actions::rule),
    ("reset", actions::reset),
    ("delete", actions::delete_account),
    ("token", actions::make_token),
    ("remove", actions::remove_program),
    ("ban", actions::ban),
    ("lift", actions::lift),
    ("link", actions::renew_link),
    ("room", staging::open_room),
    ("change-room", staging::change_room),
    ("close-room", staging::close_room),
    ("stage-link", house::make_key),
    ("take-stage-link", house::take_key),
    ("keep-picture", house::keep_picture),
    ("drop-picture", house::drop_picture),
    ("setting", staging::change_setting),
];
const SHOWN_ENTRIES: u32 = 100;
