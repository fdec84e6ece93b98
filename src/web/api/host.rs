//! `/host`: the page on which hosts see and do what the API has, with a form for each.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::super::answer::Answer;
use super::super::built;
use super::super::context::Context;
use super::super::document::{Slot, Slots, escape};
use super::super::entry::see_other;
use super::super::gate::{Entry, name_of};
use super::super::pages::framed;
use super::super::people::{ago, by_worker, fields_of, just_ago, plainly};
use super::super::request::{Reply, Request};
use super::super::studio::{Effect, Offer, RoomSettings, SaidBy, Setting};
use super::super::words;
use super::actions::{self, Action, NOT_SURE};
use super::listing;
use super::problem::Problem;
use super::resources::accounts_of;
use super::staging;
use crate::account::{Account, Accounts, Book, Capability, Refused};
use crate::base::clock::unix_seconds;
use crate::proto::http::Status;
use crate::store::journal;
use crate::store::pass::{KeptPass, PassKind};
use crate::store::program::KeptProgram;

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
    /// Why something was not done.
    Not(Problem),
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
    let job = accounts_of(request).and_then(|accounts| action(request, &accounts, &fields));
    let job = match job {
        Ok(job) => job,
        Err(problem) if problem.status == NOT_SURE => {
            return see_other("../confirm?next=/host").into();
        }
        Err(problem) => return shown(request, Said::Not(problem)),
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
            Err(problem) => Said::Not(problem),
        };
        Ok(Some((said, Found::of(&context, &accounts)?)))
    };
    by_worker(request, work, |request, outcome| match outcome {
        Ok(Some((said, found))) => page(request, &said, &found),
        Ok(None) => see_other(&format!("../host#{}-title", section_of(&request.rest))),
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
        Said::Not(problem) => problem.status,
        Said::Nothing | Said::Made(_) => Status::Ok,
    };
    let html =
        framed(request, built::HOST, words::HOST_TITLE, slots(request, accounts, said, found));
    Answer::page(&request.head, status, html)
}

fn slots(request: &Request, accounts: &Accounts, said: &Said, found: &Found) -> Slots {
    let (book, (now, _)) = (accounts.book(), accounts.now());
    let (made, wrong) = match said {
        Said::Nothing => (String::new(), String::new()),
        Said::Made(secret) => (secret.clone(), String::new()),
        Said::Not(problem) => (String::new(), problem.detail.clone()),
    };
    let passes: Vec<_> =
        book.passes(now).into_iter().filter(|pass| pass.kind != PassKind::Host).collect();
    let bans = book.bans(now);
    let programs = book.programs();
    let by_link = request.context.gate.entry() == Entry::Link;
    let link = super::super::address::of_page(request).unwrap_or_default();
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
        ("rooms", rows(found.rooms.iter().map(room).collect())),
        ("offers", rows(found.offers.iter().map(option_of).collect())),
        ("settings", rows(found.settings.iter().map(setting).collect())),
        ("accounts", rows(book.accounts().iter().map(|one| account(request, &book, one, now)).collect())),
        ("has-passes", Slot::Shown(!passes.is_empty())),
        ("passes", rows(passes.iter().map(|one| pass(&book, one, now)).collect())),
        ("by-link", Slot::Shown(by_link)),
        ("link", Slot::Text(request.context.gate.with_key(link))),
        ("has-programs", Slot::Shown(!programs.is_empty())),
        ("programs", rows(programs.iter().map(|one| program(&book, one, now)).collect())),
        ("has-bans", Slot::Shown(!bans.is_empty())),
        ("bans", rows(bans.iter().map(|ban| {
            let whom = ban.account.and_then(|id| book.account(id)).map(|one| one.name.clone());
            let whom = whom.or_else(|| ban.address.clone()).unwrap_or_default();
            let until = ban.until.map_or(words::HOST_BANS_FOR_EVER.to_owned(), |until| {
                words::HOST_LINKS_UNTIL.replace("{left}", &left(until, now))
            });
            row(&whom, &[&ban.why, &until], &button("host/lift", &ban.id.to_string(), words::HOST_BANS_LIFT))
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
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"end number\">{}</td>\
             <td class=\"end number\">{mbit:.1}</td></tr>\n",
            escape(&room.title()),
            escape(&report.name),
            escape(report.status.as_str()),
            counts.watching,
        )
    });
    Slot::Markup(rows.collect())
}

/// A source for the list behind a field.
fn option_of(offer: &Offer) -> String {
    format!("<option value=\"{}\">{}</option>", escape(&offer.id), escape(&offer.label))
}

/// A room, and what may be changed of it.
fn room(room: &RoomSettings) -> String {
    let id = room.name.as_ref().map_or(staging::DEFAULT, |name| name.as_str());
    let path = room.name.as_ref().map_or_else(|| "/".to_owned(), |name| format!("/r/{name}/"));
    let fixed = |flag: Option<&str>| match flag {
        Some(flag) => format!(" disabled title=\"--{flag}\""),
        None => String::new(),
    };
    let close = match room.name {
        Some(_) => danger("host/close-room", id, words::HOST_ROOMS_CLOSE),
        None => String::new(),
    };
    format!(
        "<li class=\"account\"><details><summary><span class=\"rest\">{title}<br>\
         <span class=\"muted\">{path}, {source}</span></span>{CHEVRON}</summary>\
         <form class=\"ruling\" method=\"post\" action=\"host/change-room\">\
         <input type=\"hidden\" name=\"id\" value=\"{id}\">\
         <label class=\"field\"><span>{title_word}</span>\
         <input name=\"title\" value=\"{title}\" maxlength=\"60\" autocomplete=\"off\"{title_fixed}></label>\
         <label class=\"field\"><span>{source_word}</span>\
         <input name=\"source\" list=\"offers\" placeholder=\"{source}\" autocomplete=\"off\"{source_fixed}></label>\
         <button class=\"button filled\">{save}</button></form>\
         <div class=\"row\">{close}</div></details></li>\n",
        title = escape(&room.title),
        path = escape(&path),
        source = escape(&room.source),
        id = escape(id),
        title_word = escape(words::HOST_ROOMS_TITLE_OF),
        source_word = escape(words::HOST_ROOMS_SOURCE),
        title_fixed = fixed(room.title_fixed),
        source_fixed = fixed(room.source_fixed),
        save = escape(words::HOST_SAVE),
    )
}

/// A setting, and a form to change it unless a flag says it.
fn setting(setting: &Setting) -> String {
    let value = setting.next.as_ref().or(setting.value.as_ref()).cloned().unwrap_or_default();
    let said = match (setting.said, setting.effect, &setting.next) {
        (SaidBy::Flag, _, _) => words::HOST_SETTINGS_FLAG.replace("{flag}", setting.key),
        (_, Effect::AfterRestart, Some(_)) => words::HOST_SETTINGS_WAITS.to_owned(),
        (_, Effect::AfterRestart, None) => words::HOST_SETTINGS_LATER.to_owned(),
        (_, Effect::AtOnce, _) => words::HOST_SETTINGS_AT_ONCE.to_owned(),
    };
    let fixed = setting.said == SaidBy::Flag;
    let (disabled, save) = match fixed {
        true => (" disabled", String::new()),
        false => {
            ("", format!("<button class=\"button well\">{}</button>", escape(words::HOST_SAVE)))
        }
    };
    format!(
        "<li><form class=\"ruling\" method=\"post\" action=\"host/setting\">\
         <input type=\"hidden\" name=\"key\" value=\"{key}\">\
         <label class=\"field\"><span>{key} <span class=\"muted\">{said}</span></span>\
         <input name=\"value\" value=\"{value}\" autocomplete=\"off\"{disabled}></label>{save}</form></li>\n",
        key = escape(setting.key),
        said = escape(&said),
        value = escape(&value),
    )
}

/// An account, and what may be decided about it.
fn account(request: &Request, book: &Book, account: &Account, now: SystemTime) -> String {
    let id = account.id.0;
    let role = match (account.disabled, account.is_host) {
        (true, _) => words::HOST_ACCOUNTS_DISABLED,
        (false, true) => words::ACCOUNT_ROLE_HOST,
        (false, false) => words::ACCOUNT_ROLE_MEMBER,
    };
    let seen = book.sessions_of(account.id, now).iter().map(|session| session.seen).max();
    let seen = seen.map_or(words::HOST_ACCOUNTS_AWAY.to_owned(), |at| {
        words::ACCOUNT_SEEN.replace("{ago}", &ago(at, now))
    });
    let option = |value: &str, word: &str, chosen: bool| {
        let chosen = if chosen { " selected" } else { "" };
        format!("<option value=\"{value}\"{chosen}>{}</option>", escape(word))
    };
    let roles = option("member", words::ACCOUNT_ROLE_MEMBER, !account.is_host)
        + &option("host", words::ACCOUNT_ROLE_HOST, account.is_host);
    let states = option("false", words::HOST_ACCOUNTS_ENABLED, !account.disabled)
        + &option("true", words::HOST_ACCOUNTS_DISABLED, account.disabled);
    let grant = |capability: Capability, word: &str| {
        check("grants", capability.as_str(), word, account.grants.has(capability))
    };
    let rooms = request.context.rooms.all().into_iter().map(|room| {
        let name = name_of(&room);
        let value = if name.is_empty() { "/" } else { name };
        check("moderates", value, &room.title(), account.moderates.iter().any(|its| its == name))
    });
    format!(
        "<li class=\"account\"><details><summary><span class=\"rest\">{name}<br>\
         <span class=\"muted\">{seen}</span></span><span class=\"badge\">{role}</span>{chevron}</summary>\
         <form class=\"ruling\" method=\"post\" action=\"host/account\">\
         <input type=\"hidden\" name=\"id\" value=\"{id}\">\
         <label class=\"field\"><span>{role_word}</span><select name=\"role\">{roles}</select></label>\
         <label class=\"field\"><span>{state_word}</span><select name=\"disabled\">{states}</select></label>\
         <fieldset class=\"checks\"><legend>{may}</legend><input type=\"hidden\" name=\"grants\" value=\"\">\
         {publish}{upload}</fieldset>\
         <fieldset class=\"checks\"><legend>{order}</legend><input type=\"hidden\" name=\"moderates\" value=\"\">\
         {rooms}</fieldset><button class=\"button filled\">{save}</button></form>\
         <div class=\"row\">{reset}{delete}</div></details></li>\n",
        name = escape(&account.name),
        seen = escape(&seen),
        role = escape(role),
        chevron = CHEVRON,
        role_word = escape(words::HOST_ACCOUNTS_ROLE),
        state_word = escape(words::HOST_ACCOUNTS_STATE),
        may = escape(words::HOST_ACCOUNTS_MAY),
        order = escape(words::HOST_ACCOUNTS_ORDER),
        publish = grant(Capability::Publish, words::HOST_ACCOUNTS_PUBLISH),
        upload = grant(Capability::Upload, words::HOST_ACCOUNTS_UPLOAD),
        rooms = rooms.collect::<String>(),
        save = escape(words::HOST_SAVE),
        reset = button("host/reset", &id.to_string(), words::HOST_ACCOUNTS_RESET),
        delete = danger("host/delete", &id.to_string(), words::HOST_ACCOUNTS_DELETE),
    )
}

fn pass(book: &Book, pass: &KeptPass, now: SystemTime) -> String {
    let name = |id| book.account(id).map_or(String::new(), |account| account.name.clone());
    let what = match (pass.kind, pass.account) {
        (PassKind::Reset, Some(id)) => words::HOST_LINKS_RESET.replace("{name}", &name(id)),
        _ => words::HOST_LINKS_INVITATION.to_owned(),
    };
    let until = words::HOST_LINKS_UNTIL.replace("{left}", &left(pass.until, now));
    let take = button("host/take-back", &listing::pass_id(pass), words::HOST_LINKS_TAKE_BACK);
    row(&what, &[&until], &take)
}

fn program(book: &Book, program: &Arc<KeptProgram>, now: SystemTime) -> String {
    let of = program.account.and_then(|id| book.account(id));
    let of = of.map_or(words::HOST_TOKENS_OF_MACHINE.to_owned(), |account| account.name.clone());
    let seen = match program.seen {
        Some(at) => words::ACCOUNT_SEEN.replace("{ago}", &ago(at, now)),
        None => words::ACCOUNT_NEVER.to_owned(),
    };
    let remove = button("host/remove", &program.id.to_string(), words::ACCOUNT_REMOVE);
    row(&program.label, &[&of, &program.scopes, &seen], &remove)
}

fn row(title: &str, about: &[&str], button: &str) -> String {
    let about: Vec<_> = about.iter().copied().filter(|text| !text.is_empty()).collect();
    format!(
        "<li><span class=\"rest\">{}<br><span class=\"muted\">{}</span></span>{button}</li>\n",
        escape(title),
        escape(&about.join(", "))
    )
}

fn button(action: &str, id: &str, word: &str) -> String {
    form(action, id, word, "button well")
}

fn danger(action: &str, id: &str, word: &str) -> String {
    form(action, id, word, "button danger")
}

fn form(action: &str, id: &str, word: &str, class: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{action}\"><button class=\"{class}\" name=\"id\" \
         value=\"{}\">{}</button></form>",
        escape(id),
        escape(word)
    )
}

fn check(name: &str, value: &str, word: &str, ticked: bool) -> String {
    let ticked = if ticked { " checked" } else { "" };
    format!(
        "<label class=\"check\"><input type=\"checkbox\" name=\"{name}\" value=\"{}\"{ticked}>{}</label>",
        escape(value),
        escape(word)
    )
}

/// How long something is still good.
fn left(until: SystemTime, now: SystemTime) -> String {
    let seconds = unix_seconds(until).saturating_sub(unix_seconds(now));
    let (count, one, other) = match seconds {
        0..3600 => {
            (seconds.div_ceil(60), words::HOST_LEFT_MINUTES_ONE, words::HOST_LEFT_MINUTES_OTHER)
        }
        3600..86_400 => (seconds / 3600, words::HOST_LEFT_HOURS_ONE, words::HOST_LEFT_HOURS_OTHER),
        _ => (seconds / 86_400, words::HOST_LEFT_DAYS_ONE, words::HOST_LEFT_DAYS_OTHER),
    };
    words::counted(usize::try_from(count).unwrap_or(usize::MAX), one, other)
}

/// Where the page has the form of an action: there it goes on.
fn section_of(action: &str) -> &'static str {
    match action {
        "account" | "reset" | "delete" => "accounts",
        "ban" | "lift" => "bans",
        "link" => "watch",
        "room" | "change-room" | "close-room" => "rooms",
        "setting" => "settings",
        "token" | "remove" => "tokens",
        _ => "links",
    }
}

/// What the page's forms ask, by the last part of their address.
const ACTIONS: [(&str, Action); 14] = [
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
    ("setting", staging::change_setting),
];
const SHOWN_ENTRIES: u32 = 100;
/// Its icon is one that the document names, else it would not be among the page's.
const CHEVRON: &str =
    "<svg class=\"icon\" aria-hidden=\"true\"><use href=\"#i-chevron-down\"/></svg>";
