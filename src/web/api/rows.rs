//! The rows of the host's page, and what its forms ask.

use std::sync::Arc;
use std::time::SystemTime;

use super::super::document::escape;
use super::super::people::ago;
use super::super::request::Request;
use super::super::studio::{Effect, Offer, RoomSettings, SaidBy, Setting};
use super::super::words;
use super::house;
use super::listing;
use super::typed::{ACCOUNTS, Form, ROOMS, SETTINGS, Typed, refused_in, saved_mark};
use crate::account::{Account, Book, Capability, Circle, RoomRules, Stage};
use crate::base::clock::unix_seconds;
use crate::store::pass::{KeptPass, PassKind};
use crate::store::program::KeptProgram;

/// A source for the list behind a field.
pub(super) fn option_of(offer: &Offer) -> String {
    format!("<option value=\"{}\">{}</option>", escape(&offer.id), escape(&offer.label))
}

/// A room, and what may be changed of it.
pub(super) fn room(
    room: &RoomSettings,
    book: &Book,
    (now, typed): (SystemTime, Option<&Typed>),
) -> String {
    let id = room.name.as_ref().map_or(house::DEFAULT, |name| name.as_str());
    let path = room.name.as_ref().map_or_else(|| "/".to_owned(), |name| format!("/r/{name}/"));
    let fixed = |flag: Option<&str>| match flag {
        Some(_) => " disabled",
        None => "",
    };
    // What a flag says cannot be closed while the server runs.
    let close = match (&room.name, room.source_fixed) {
        (Some(_), None) => danger("host/close-room", id, words::HOST_ROOMS_CLOSE),
        _ => String::new(),
    };
    let label = |word: &str, flag: Option<&str>| match flag {
        Some(flag) => {
            let why = words::HOST_SETTINGS_FLAG.replace("{flag}", flag);
            format!("{} <span class=\"muted\">{}</span>", escape(word), escape(&why))
        }
        None => escape(word),
    };
    let (refused, open) = refused_in(typed, ROOMS, id);
    let save = format!("<button class=\"button filled\">{}</button>", escape(words::HOST_SAVE));
    let name = room.name.as_ref().map_or("", |name| name.as_str());
    let rules = book.rules(name);
    let picture = match rules.picture {
        Some(_) => button("host/drop-picture", id, words::HOST_ROOMS_DROP_PICTURE),
        None => {
            let now = button("host/keep-picture", id, words::HOST_ROOMS_KEEP_PICTURE);
            now + &picture_of_ones_own(id)
        }
    };
    let links = stage_links(book, name, id, room.is_stage, now);
    let form = Form::of(typed, "change-room", "id", id);
    let title_more = format!("maxlength=\"60\"{}", fixed(room.title_fixed));
    let source = escape(&room.source);
    let source_more =
        format!("list=\"offers\" placeholder=\"{source}\"{}", fixed(room.source_fixed));
    // What is drawn is drawn on the room's own picture.
    let mask_more = format!(
        "data-mask=\"{}\" placeholder=\"0,0,25,40\" spellcheck=\"false\"{}",
        escape(path.trim_start_matches('/')),
        fixed(room.mask_fixed)
    );
    format!(
        "<li class=\"account\"><details{open}><summary><span class=\"rest\">{title}<br>\
         <span class=\"muted\">{path}, {source}</span></span>{saved}{CHEVRON}</summary>{refused}\
         <form class=\"ruling\" method=\"post\" action=\"host/change-room\">\
         <input type=\"hidden\" name=\"id\" value=\"{id}\">{title_field}{source_field}\
         {mask_field}{rules_fields}{save}</form>{links}\
         <div class=\"row\">{picture}{close}</div></details></li>\n",
        open = if open.is_empty() { form.open() } else { open },
        saved = saved_mark(ROOMS, id),
        rules_fields = rules_fields(&form, &rules),
        title = escape(&room.title),
        path = escape(&path),
        id = escape(id),
        title_field = form.input_of(
            "title",
            &label(words::HOST_ROOMS_TITLE_OF, room.title_fixed),
            &room.title,
            &title_more
        ),
        source_field = form.input_of(
            "source",
            &label(words::HOST_ROOMS_SOURCE, room.source_fixed),
            "",
            &source_more
        ),
        mask_field = form.input_of(
            "mask",
            &label(words::HOST_ROOMS_MASK, room.mask_fixed),
            &room.mask,
            &mask_more
        ),
    )
}

/// What is said of a room, and who may what there.
fn rules_fields(form: &Form<'_>, rules: &RoomRules) -> String {
    let options = |name: &str, known: &str, all: &[(&str, &str)]| {
        let chosen = form.value(name, known).to_owned();
        let option = |(value, word): &(&str, &str)| {
            let chosen = if *value == chosen { " selected" } else { "" };
            format!("<option value=\"{value}\"{chosen}>{}</option>", escape(word))
        };
        all.iter().map(option).collect::<String>()
    };
    let circle = [
        (Circle::All.as_str(), words::HOST_ROOMS_ALL),
        (Circle::Members.as_str(), words::HOST_ROOMS_MEMBERS),
        (Circle::Moderators.as_str(), words::HOST_ROOMS_MODERATORS),
    ];
    let stage = [
        (Stage::Granted.as_str(), words::HOST_ROOMS_GRANTED),
        (Stage::Members.as_str(), words::HOST_ROOMS_MEMBERS),
        (Stage::All.as_str(), words::HOST_ROOMS_ALL),
    ];
    let select = |name: &str, word: &str, known: &str, all: &[(&str, &str)]| {
        form.select(name, word, &options(name, known, all))
    };
    [
        form.input("note", words::HOST_ROOMS_NOTE, &rules.note, "maxlength=\"300\""),
        select("enter", words::HOST_ROOMS_ENTER, rules.enter.as_str(), &circle),
        select("talk", words::HOST_ROOMS_TALK, rules.talk.as_str(), &circle),
        select("publish", words::HOST_ROOMS_PUBLISH, rules.publish.as_str(), &stage),
    ]
    .concat()
}

/// The links by which somebody goes live in a room that shows a browser, and how to make one.
fn stage_links(book: &Book, name: &str, id: &str, is_stage: bool, now: SystemTime) -> String {
    let keys = book.keys(now).into_iter().filter(|key| key.room == name);
    let rows = keys.map(|key| {
        let whom = Some(key.label.as_str()).filter(|label| !label.is_empty());
        let until = words::HOST_LINKS_UNTIL.replace("{left}", &left(key.until, now));
        let id = listing::link_id(&key.hash);
        let take = button("host/take-stage-link", &id, words::HOST_LINKS_TAKE_BACK);
        row(whom.unwrap_or(words::HOST_ROOMS_STAGE_LINK), &[&until], &take)
    });
    let rows: String = rows.collect();
    let list = match rows.is_empty() {
        true => String::new(),
        false => format!("<ul class=\"list\">\n{rows}</ul>"),
    };
    let make = match is_stage {
        true => format!(
            "<form class=\"ruling\" method=\"post\" action=\"host/stage-link\">\
             <input type=\"hidden\" name=\"id\" value=\"{}\"><div class=\"field-place\">\
             <label class=\"field\"><span>{}</span><input name=\"label\" maxlength=\"40\" \
             autocomplete=\"off\"></label></div><button class=\"button well\">{}</button></form>",
            escape(id),
            escape(words::HOST_ROOMS_STAGE_WHOM),
            escape(words::HOST_ROOMS_STAGE_MAKE),
        ),
        false => String::new(),
    };
    list + &make
}

/// A setting, and a form to change it unless a flag says it.
pub(super) fn setting(setting: &Setting, typed: Option<&Typed>) -> String {
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
    let key = escape(setting.key);
    let label = format!("{key} <span class=\"muted\">{}</span>", escape(&said));
    let form = Form::of(typed, "setting", "key", setting.key);
    format!(
        "<li><form class=\"ruling\" method=\"post\" action=\"host/setting\">\
         <input type=\"hidden\" name=\"key\" value=\"{key}\">{}{save}{}</form></li>\n",
        form.input_of("value", &label, &value, disabled),
        saved_mark(SETTINGS, setting.key)
    )
}

/// An account, and what may be decided about it.
pub(super) fn account(
    request: &Request,
    book: &Book,
    account: &Account,
    (now, typed): (SystemTime, Option<&Typed>),
) -> String {
    let id = account.id.0.to_string();
    let form = Form::of(typed, "account", "id", &id);
    let role = match (account.disabled, account.is_host, account.moderates.is_empty()) {
        (true, ..) => words::HOST_ACCOUNTS_DISABLED,
        (false, true, _) => words::ACCOUNT_ROLE_HOST,
        (false, false, false) => words::HOST_ACCOUNTS_MODERATOR,
        (false, false, true) => words::ACCOUNT_ROLE_MEMBER,
    };
    let (refused, open) = refused_in(typed, ACCOUNTS, &id);
    let seen = book.sessions_of(account.id, now).iter().map(|session| session.seen).max();
    let seen = seen.map_or(words::HOST_ACCOUNTS_AWAY.to_owned(), |at| {
        words::ACCOUNT_SEEN.replace("{ago}", &ago(at, now))
    });
    let option = |value: &str, word: &str, chosen: bool| {
        let chosen = if chosen { " selected" } else { "" };
        format!("<option value=\"{value}\"{chosen}>{}</option>", escape(word))
    };
    let is_host = form.value("role", if account.is_host { "host" } else { "member" }) == "host";
    let disabled =
        form.value("disabled", if account.disabled { "true" } else { "false" }) == "true";
    let roles = option("member", words::ACCOUNT_ROLE_MEMBER, !is_host)
        + &option("host", words::ACCOUNT_ROLE_HOST, is_host);
    let states = option("false", words::HOST_ACCOUNTS_ENABLED, !disabled)
        + &option("true", words::HOST_ACCOUNTS_DISABLED, disabled);
    let grant = |capability: Capability, word: &str| {
        let name = capability.as_str();
        check("grants", name, word, form.has("grants", name, account.grants.has(capability)))
    };
    let rooms = request.context.rooms.all().into_iter().map(|room| {
        let name = room.plain_name();
        let value = if name.is_empty() { "/" } else { name };
        let does = account.moderates.iter().any(|its| its == name);
        check("moderates", value, &room.title(), form.has("moderates", value, does))
    });
    format!(
        "<li class=\"account\"><details{open}><summary><span class=\"rest\">{name}<br>\
         <span class=\"muted\">{seen}</span></span>{saved}<span class=\"badge\">{role}</span>{chevron}\
         </summary>{refused}<form class=\"ruling\" method=\"post\" action=\"host/account\">\
         <input type=\"hidden\" name=\"id\" value=\"{id}\">\
         {role_field}\
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
        open = if open.is_empty() { form.open() } else { open },
        saved = saved_mark(ACCOUNTS, &id),
        role_field = form.select("role", words::HOST_ACCOUNTS_ROLE, &roles),
        state_word = escape(words::HOST_ACCOUNTS_STATE),
        may = escape(words::HOST_ACCOUNTS_MAY),
        order = escape(words::HOST_ACCOUNTS_ORDER),
        publish = grant(Capability::Publish, words::HOST_ACCOUNTS_PUBLISH),
        upload = grant(Capability::Upload, words::HOST_ACCOUNTS_UPLOAD),
        rooms = rooms.collect::<String>(),
        save = escape(words::HOST_SAVE),
        reset = button("host/reset", &id, words::HOST_ACCOUNTS_RESET),
        delete = danger("host/delete", &id, words::HOST_ACCOUNTS_DELETE),
    )
}

pub(super) fn pass(book: &Book, pass: &KeptPass, now: SystemTime) -> String {
    let name = |id| book.account(id).map_or(String::new(), |account| account.name.clone());
    let what = match (pass.kind, pass.account) {
        (PassKind::Reset, Some(id)) => words::HOST_LINKS_RESET.replace("{name}", &name(id)),
        _ => words::HOST_LINKS_INVITATION.to_owned(),
    };
    let until = words::HOST_LINKS_UNTIL.replace("{left}", &left(pass.until, now));
    let take = button("host/take-back", &listing::link_id(&pass.hash), words::HOST_LINKS_TAKE_BACK);
    row(&what, &[&until], &take)
}

pub(super) fn program(book: &Book, program: &Arc<KeptProgram>, now: SystemTime) -> String {
    let of = program.account.and_then(|id| book.account(id));
    let of = of.map_or(words::HOST_TOKENS_OF_MACHINE.to_owned(), |account| account.name.clone());
    let seen = match program.seen {
        Some(at) => words::ACCOUNT_SEEN.replace("{ago}", &ago(at, now)),
        None => words::ACCOUNT_NEVER.to_owned(),
    };
    let remove = button("host/remove", &program.id.to_string(), words::ACCOUNT_REMOVE);
    row(&program.label, &[&of, &program.scopes, &seen], &remove)
}

pub(super) fn row(title: &str, about: &[&str], button: &str) -> String {
    let about: Vec<_> = about.iter().copied().filter(|text| !text.is_empty()).collect();
    format!(
        "<li><span class=\"rest\">{}<br><span class=\"muted\">{}</span></span>{button}</li>\n",
        escape(title),
        escape(&about.join(", "))
    )
}

/// A picture from the host's own machine; a script makes it small and sends it.
fn picture_of_ones_own(id: &str) -> String {
    format!(
        "<form class=\"live-only\" method=\"post\" action=\"host/keep-picture\">\
         <input type=\"hidden\" name=\"id\" value=\"{}\"><input type=\"hidden\" name=\"jpeg\">\
         <label class=\"button well file\">{}<input type=\"file\" accept=\"image/*\" data-picture>\
         </label></form>",
        escape(id),
        escape(words::HOST_ROOMS_SEND_PICTURE)
    )
}

pub(super) fn button(action: &str, id: &str, word: &str) -> String {
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
pub(super) fn left(until: SystemTime, now: SystemTime) -> String {
    let seconds = unix_seconds(until).saturating_sub(unix_seconds(now));
    let (count, one, other) = match seconds {
        0..3600 => {
            (seconds.div_ceil(60), words::HOST_LEFT_MINUTES_ONE, words::HOST_LEFT_MINUTES_OTHER)
        }
        3600..86_400 => {
            (rounded(seconds, 3600), words::HOST_LEFT_HOURS_ONE, words::HOST_LEFT_HOURS_OTHER)
        }
        _ => (rounded(seconds, 86_400), words::HOST_LEFT_DAYS_ONE, words::HOST_LEFT_DAYS_OTHER),
    };
    words::counted(usize::try_from(count).unwrap_or(usize::MAX), one, other)
}

/// How many whole ones that is, to the nearest.
fn rounded(seconds: u64, each: u64) -> u64 {
    (seconds + each / 2) / each
}

/// What the form to open a room asks.
pub(super) fn room_fields(typed: Option<&Typed>) -> String {
    let form = Form::of_action(typed, "room");
    let plain = "autocapitalize=\"none\" spellcheck=\"false\" required";
    let name = format!("maxlength=\"32\" pattern=\"[A-Za-z0-9][A-Za-z0-9_.\\-]*\" {plain}");
    let optional = escape(words::WATCH_DONATE_OPTIONAL);
    let title = escape(words::HOST_ROOMS_TITLE_OF);
    let title = format!("{title} <span class=\"muted\">{optional}</span>");
    let example = escape(words::HOST_ROOMS_EXAMPLE);
    let source = format!("list=\"offers\" placeholder=\"{example}\" {plain}");
    [
        form.input("name", words::HOST_ROOMS_NAME, "", &name),
        form.input_of("title", &title, "", "maxlength=\"60\""),
        form.input("source", words::HOST_ROOMS_SOURCE, "", &source),
    ]
    .concat()
}

/// What the form to ban somebody asks.
pub(super) fn ban_fields(typed: Option<&Typed>) -> String {
    let form = Form::of_action(typed, "ban");
    let lasts = [
        ("3600", words::HOST_BANS_HOUR),
        ("86400", words::HOST_BANS_DAY),
        ("", words::HOST_BANS_FOR_EVER),
    ];
    let chosen = form.value("seconds", "3600");
    let option = |(value, word): (&str, &str)| {
        let chosen = if value == chosen { " selected" } else { "" };
        format!("<option value=\"{value}\"{chosen}>{}</option>", escape(word))
    };
    let lasts: String = lasts.into_iter().map(option).collect();
    let address = "autocapitalize=\"none\" spellcheck=\"false\" required";
    [
        form.input("address", words::HOST_BANS_ADDRESS, "", address),
        form.input("why", words::HOST_BANS_WHY, "", "maxlength=\"200\""),
        form.select("seconds", words::HOST_BANS_FOR, &lasts),
    ]
    .concat()
}

/// Its icon is one that the document names, else it would not be among the page's.
const CHEVRON: &str =
    "<svg class=\"icon\" aria-hidden=\"true\"><use href=\"#i-chevron-down\"/></svg>";
