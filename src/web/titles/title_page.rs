//! `/library/ID`: a title with its player, what is said of it, and what may be changed of it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::address::{self, root_of};
use super::super::answer::Answer;
use super::super::built;
use super::super::document::{Slot, Slots, escape};
use super::super::pages::framed;
use super::super::people::{by_worker, text};
use super::super::request::{Reply, Request};
use super::super::uploads::who_of;
use super::super::words;
use super::card::{about, lines, marks, time, version};
use super::house::{Failed, nothing, title_of};
use super::job_row::{Looks, row};
use super::pictures::{POSTER, STRIP_LIST, has};
use crate::account::Capability;
use crate::library::catalogue::{Title, Watch};
use crate::library::jobs::Job;
use crate::library::uploads::shown as sized;
use crate::library::{Library, Who};
use crate::proto::http::{Status, form};
use crate::store::job::State;
use crate::store::title::KeptTitle;
use crate::store::upload::KeptUpload;

/// What has to be looked up for the page.
struct Found {
    has_picture: bool,
    has_strip: bool,
    place_ms: Option<u64>,
    /// The newest job, for who may change it.
    job: Option<Job>,
    /// What it is made of, for who brought that.
    original: Option<KeptUpload>,
}

/// The page.
pub(in crate::web) fn title(request: &Request) -> Reply {
    let Some((library, title)) = title_of(request) else { return nothing(request).into() };
    let (who, of_worker) = (who_of(request), Arc::clone(&title));
    let brings = request.caller.may(Capability::Upload, "");
    by_worker(
        request,
        move || found(&library, &of_worker, who, brings),
        move |request, outcome: Result<Found, Failed>| match outcome {
            Ok(found) => drawn(request, &title, &found),
            Err(failed) => failed.answer(request),
        },
    )
}

fn found(library: &Library, title: &Title, who: Who, brings: bool) -> Result<Found, Failed> {
    let id = title.kept.id;
    let places = match who.account {
        Some(account) => library.catalogue.places(account, who)?,
        None => Vec::new(),
    };
    let is_own = title.is_changed_by(who);
    let jobs = if is_own { library.desk.list(who, false)? } else { Vec::new() };
    let original = match title.kept.upload.filter(|_| is_own && brings) {
        Some(upload) => {
            let all = library.uploads.list(who);
            let all = all.map_err(|refused| Failed::Later(refused.to_string()))?;
            all.into_iter().find(|kept| kept.id == upload)
        }
        None => None,
    };
    Ok(Found {
        has_picture: title.kept.has_poster || has(library, title, POSTER),
        has_strip: title.kept.shown.generation > 0 && has(library, title, STRIP_LIST),
        place_ms: places.iter().find(|place| place.title == id).map(|place| place.at_ms),
        job: jobs.into_iter().find(|job| job.kept.title == id),
        original,
    })
}

fn drawn(request: &Request, title: &Title, found: &Found) -> Answer {
    let kept = &title.kept;
    let root = root_of(&request.head.target.path);
    let is_own = title.is_changed_by(who_of(request));
    let mut slots = said(request, title);
    slots.extend(working(request, found, &root));
    slots.extend(downloads(request, kept, found));
    if is_own {
        slots.extend(editing(kept));
    }
    slots.push(("own", Slot::Shown(is_own)));
    // Of what is elsewhere nobody here knows how long it is.
    let opens_rooms = request.caller.is_signed_in() && request.caller.may(Capability::Host, "");
    slots.push(("together", Slot::Shown(opens_rooms && kept.url.is_none())));
    slots.push(("elsewhere", Slot::Shown(kept.url.is_some())));
    slots.push(("elsewhere-host", Slot::Text(host_of(kept).unwrap_or_default())));
    slots.push(("playable", Slot::Shown(title.is_playable())));
    let failed = |job: &Job| matches!(job.kept.state, State::Failed | State::Cancelled);
    let has_failed = !title.is_playable() && found.job.as_ref().is_some_and(failed);
    slots.push(("failed", Slot::Shown(has_failed)));
    slots.push(("not-yet", Slot::Shown(!title.is_playable() && !has_failed)));
    slots.push(("encrypted", Slot::Shown(kept.scheme.is_some())));
    let state = state(request, title, found, &root).to_string();
    // In a `script`, which only `</script` would end.
    slots.push(("state", Slot::Markup(state.replace('<', "\\u003c"))));
    let html = framed(request, built::TITLE, &kept.details.title, slots);
    let bucket = request.segments_origin();
    let origin = kept.url.as_deref().and_then(origin_of).or(bucket.as_deref());
    Answer::page_that_plays(&request.head, Status::Ok, html, origin).varies_by("Cookie")
}

/// What is said of it.
fn said(request: &Request, title: &Title) -> Slots {
    let kept = &title.kept;
    let details = &kept.details;
    let book = request.context.gate.accounts().map(|accounts| accounts.book());
    let owner = kept.owner.and_then(|id| Some(book?.account(id)?.name.clone()));
    let tag = |tag: &String| {
        let query = form::encode_component(tag);
        format!("<li><a class=\"tag\" href=\"../library?tag={query}\">{}</a></li>", escape(tag))
    };
    let length = kept.shown.length_ms.map(time).unwrap_or_default();
    let facts = [length, about(kept)];
    let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    let context = &request.context;
    let watching = context.onlookers.of(kept.id);
    let paragraph = |text: &str| format!("<p>{}</p>", escape(text));
    vec![
        ("called", Slot::Text(details.title.clone())),
        ("facts", Slot::Text(facts.join(" \u{b7} "))),
        ("marks", Slot::Markup(marks(kept))),
        ("has-director", Slot::Shown(!details.director.is_empty())),
        ("director", Slot::Text(details.director.clone())),
        ("has-owner", Slot::Shown(owner.is_some())),
        ("owner", Slot::Text(owner.unwrap_or_default())),
        ("has-tags", Slot::Shown(!details.tags.is_empty())),
        ("tags", Slot::Markup(details.tags.iter().map(tag).collect())),
        ("description", Slot::Markup(details.description.lines().map(paragraph).collect())),
        ("watching", Slot::Text(counted(watching))),
    ]
}

fn counted(watching: usize) -> String {
    words::counted(watching, words::TITLE_WATCHING_ONE, words::TITLE_WATCHING_OTHER)
}

/// How the work on it stands, for who may change it.
fn working(request: &Request, found: &Found, root: &str) -> Slots {
    let why_not = request.context.library.as_ref().and_then(|library| library.why_not());
    let looks = Looks { now: request.context.clock.wall(), root, names: false, why_not };
    let job = found.job.as_ref().filter(|job| job.kept.state != State::Done);
    vec![
        ("making", Slot::Shown(job.is_some())),
        ("job", Slot::Markup(job.map(|job| row(job, &looks)).unwrap_or_default())),
    ]
}

/// Where other players find it, and what it was made of.
fn downloads(request: &Request, kept: &KeptTitle, found: &Found) -> Slots {
    let at = address::of_page_for_others(request);
    let is_made = kept.shown.generation > 0;
    let original = found.original.as_ref();
    let size = original.and_then(|kept| kept.length).map(sized).unwrap_or_default();
    let file = original.map(|kept| format!("../api/v1/uploads/{}/file", kept.name));
    vec![
        ("downloads", Slot::Shown(is_made || kept.url.is_some() || original.is_some())),
        ("made", Slot::Shown(is_made)),
        ("dash", Slot::Text(format!("{at}videos/{}/dash/stream.mpd", kept.name))),
        ("hls", Slot::Text(format!("{at}videos/{}/dash/master.m3u8", kept.name))),
        ("has-original", Slot::Shown(original.is_some())),
        ("original", Slot::Text(file.unwrap_or_default())),
        ("original-size", Slot::Text(size)),
    ]
}

/// The form in which it is changed, as it stands.
fn editing(kept: &KeptTitle) -> Slots {
    let details = &kept.details;
    let watch = |watch: &Watch| {
        let (value, word) = (watch.as_str(), watch_word(*watch));
        let chosen = if value == kept.watch { " selected" } else { "" };
        format!("<option value=\"{value}\"{chosen}>{}</option>", escape(word))
    };
    vec![
        ("year", Slot::Text(details.year.map(|year| year.to_string()).unwrap_or_default())),
        ("tag-list", Slot::Text(details.tags.join(", "))),
        ("description-text", Slot::Text(details.description.clone())),
        ("watch-options", Slot::Markup(Watch::ALL.iter().map(watch).collect())),
        ("has-poster", Slot::Shown(kept.has_poster)),
        ("decrypts", Slot::Shown(kept.decrypts)),
    ]
}

fn watch_word(watch: Watch) -> &'static str {
    match watch {
        Watch::All => words::LIBRARY_WATCH_ALL,
        Watch::Members => words::LIBRARY_WATCH_MEMBERS,
        Watch::Owner => words::LIBRARY_WATCH_OWNER,
    }
}

/// What the page's script knows of it. Addresses are from the page.
fn state(request: &Request, title: &Title, found: &Found, root: &str) -> Value {
    let kept = &title.kept;
    let file = |file: &str| format!("{root}videos/{}/{file}", kept.name);
    let here = |name: &str| (kept.shown.generation > 0).then(|| file(name));
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 milliseconds")]
    let seconds = |ms: u64| ms as f64 / 1000.0;
    json!({
        "id": kept.id,
        "title": kept.details.title,
        "own": title.is_changed_by(who_of(request)),
        "signed_in": request.caller.is_signed_in(),
        "for_all": kept.watch == Watch::All.as_str(),
        "playable": title.is_playable(),
        "generation": kept.shown.generation,
        "whole": kept.shown.whole,
        "length_s": kept.shown.length_ms.map(seconds),
        "encrypted": kept.scheme,
        "dash": here("dash/stream.mpd"),
        "hls": here("dash/master.m3u8"),
        "clear": here("clear/stream.mpd").filter(|_| kept.decrypts),
        "license": format!("{root}license"),
        "url": kept.url,
        "lines": lines(kept),
        "poster": found.has_picture.then(|| format!("{root}library/{}/poster?v={}", kept.id, version(kept))),
        "strip": found.has_strip.then(|| format!("{root}library/{}/strip.vtt", kept.id)),
        "place_s": found.place_ms.map(seconds),
        "page": format!("{}library/{}", address::of_page_for_others(request), kept.id),
    })
}

/// Whose a manifest elsewhere is, as an address begins: what a policy may name.
fn origin_of(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    let is_safe = ["http", "https"].contains(&scheme) && !host.is_empty();
    (is_safe && host.bytes().all(is_plain)).then(|| &url[..scheme.len() + 3 + host.len()])
}

fn host_of(kept: &KeptTitle) -> Option<String> {
    let origin = origin_of(kept.url.as_deref()?)?;
    origin.split_once("://").map(|(_, host)| host.to_owned())
}

/// `GET /library/ID/qr.svg`: the page's address as a QR code, at the time `t` of it.
pub(in crate::web) fn qr(request: &Request) -> Reply {
    let Some((_, title)) = title_of(request) else { return nothing(request).into() };
    let at = text(&request.query, "t").parse::<u32>().unwrap_or_default();
    super::super::qr::of_title(request, title.kept.id, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_no_more_than_an_origin() {
        let found = |url| origin_of(url);
        assert_eq!(found("https://a.example:8443/b/c.mpd?x"), Some("https://a.example:8443"));
        assert_eq!(found("http://[::1]:80/a.m3u8"), Some("http://[::1]:80"));
        for bad in [
            "ftp://a/",
            "https:///a",
            "https://a b/",
            "https://a; script-src */",
            "https://a'/",
            "https://user@a/",
            "a",
        ] {
            assert_eq!(found(bad), None, "{bad}");
        }
    }
}
