//! `GET /state`: the server as JSON, for the page and for programs.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use super::answer::Answer;
use super::context::Context;
use super::fields;
use super::request::{Reply, Request};
use super::words;
use crate::film::{Film, NotPlayed, Playing, Program, Theatre, What};
use crate::live::hub::Hub;
use crate::live::level::{Level, passthrough};
use crate::live::orders::Unfiltered;
use crate::live::settings::Mode;
use crate::live::viewer::Viewer;
use crate::proto::http::Status;
use crate::room::{Room, RoomName};

/// Answers with what this client may know.
pub(super) fn answer(request: &Request) -> Reply {
    let viewer = request.viewer();
    match fields::tab(&request.query) {
        Ok(tab) => {
            // A page that has no socket is there too.
            if let (Some(_), Some(showing)) = (&tab, request.room.showing()) {
                showing.theatre.touch();
            }
            let (context, room) = (&request.context, &request.room);
            let state = state(context, room, viewer.as_deref(), tab.as_deref());
            Answer::json(Status::Ok, &state).into()
        }
        Err(bad) => request.bad(&bad).into(),
    }
}

/// All of it; `viewer` and `tab` are those of the client that asks.
pub(super) fn state(
    context: &Context,
    room: &Room,
    viewer: Option<&Viewer>,
    tab: Option<&str>,
) -> Value {
    let now = context.clock.now();
    let sections = of_all(context, room, now).into_iter().chain(of_one(room, viewer, tab, now));
    Value::Object(sections.map(|(name, section)| (name.to_owned(), section)).collect())
}

/// A part of the state, by its name.
pub(super) type Section = (&'static str, Value);

/// What is the same for everybody in a room.
pub(super) fn of_all(context: &Context, room: &Room, now: Instant) -> [Section; 7] {
    let counts = context.audience.counts(Some(&room.crowd));
    let server = json!({
        "name": context.about.name,
        "version": env!("CARGO_PKG_VERSION"),
        "run": context.identities.run(),
        "uptime_s": seconds(now - context.about.started),
        "addresses": context.about.addresses,
        "rtsp_addresses": context.about.rtsp_addresses,
        "donate_url": *context.about.donate_url.read(),
    });
    let budget = json!({
        "bits_per_sec": context.audience.budget().bits_per_sec(),
        "sent_bits_per_sec": context.audience.sent_bits_per_sec(),
        "viewers": context.audience.counts(None).watching,
    });
    let viewers = json!({
        "watching": watching(context, room),
        "paused": counts.paused,
        "max": context.audience.max_viewers(),
        "full": context.audience.is_full(),
    });
    let of_room = json!({
        "name": room.name.as_ref().map(RoomName::as_str),
        "title": room.title(),
        "note": context.gate.rules(room).note,
        "path": room.path(),
    });
    [
        ("server", server),
        ("room", of_room),
        ("source", source(room, now)),
        ("budget", budget),
        ("viewers", viewers),
        ("levels", levels(&room.hub(), &counts.at_level)),
        ("film", room.showing().map(|showing| film(room, &showing.theatre)).unwrap_or_default()),
    ]
}

/// How many watch in a room: its pictures, or its film.
pub(super) fn watching(context: &Context, room: &Room) -> usize {
    match room.showing() {
        Some(showing) => showing.theatre.people(),
        None => context.audience.counts(Some(&room.crowd)).watching,
    }
}

/// What is one viewer's own.
pub(super) fn of_one(
    room: &Room,
    viewer: Option<&Viewer>,
    tab: Option<&str>,
    now: Instant,
) -> [Section; 2] {
    let own = viewer.map(|viewer| of_viewer(&room.hub(), viewer, tab, now));
    [("viewer", own.unwrap_or_default()), ("thanks", thanks(room, viewer, now))]
}

fn source(room: &Room, now: Instant) -> Value {
    let report = room.condition().report();
    let format = report.format.as_ref();
    json!({
        "kind": room.condition().kind,
        "name": report.name,
        "status": report.status.as_str(),
        "width": format.map(|format| format.size.width),
        "height": format.map(|format| format.size.height),
        "fps": round(room.hub().frames_per_sec(), 10.0),
        "nominal_fps": format.map(|format| round(format.fps, 100.0)),
        "format": format.map(|format| format.encoding),
        "frames": report.frames,
        "broken": report.broken,
        "live": room.crowd.channel().air.as_ref().and_then(|air| air.on_now(now)).map(|on| on.name),
        "trouble": report.trouble.map(|(trouble, since)| json!({
            "code": trouble.code.as_str(),
            "title": trouble.title,
            "detail": trouble.detail,
            "since_s": seconds(now - since),
        })),
    })
}

/// What a room's film does: by the room's clock, which `ping` on the socket tells.
fn film(room: &Room, theatre: &Theatre) -> Value {
    let Program { playing, list, others, repeats, is_known, is_missing, title, now } =
        theatre.program();
    // What is in no room is found from its page.
    let root = if room.name.is_some() { "../../" } else { "" };
    let films =
        |films: Vec<Arc<Film>>| films.iter().map(|film| of_film(film, root)).collect::<Value>();
    json!({
        "status": match (is_known, is_missing) {
            (false, _) => "looking",
            (true, true) => "missing",
            (true, false) => "known",
        },
        "plays": playing.map(|(film, Playing { position, began_us, .. })| json!({
            "film": film.id,
            "paused": began_us.is_none(),
            "began_ms": began_us.map(|us| us as f64 / 1e3),
            "position_s": began_us.is_none().then_some(position.as_secs_f64()),
        })),
        "list": films(list),
        "others": films(others),
        "title": title,
        "repeat": repeats,
        "clock_ms": now.as_secs_f64() * 1e3,
    })
}

fn of_film(film: &Film, root: &str) -> Value {
    let mut said = json!({
        "film": film.id,
        "name": film.name,
        "duration_s": film.lasts().map(|lasts| lasts.as_secs_f64()),
        "trouble": film.trouble().map(why_not),
    });
    match &film.what {
        What::File(file) => {
            said["url"] = json!(format!("film/{}", film.id));
            said["media_type"] = json!(file.media_type());
            said["codecs"] = json!(file.about.as_ref().map_or(&[][..], |about| &about.codecs));
        }
        // All else is told at that address, to who may watch it.
        What::Title(number, standing) => {
            said["url"] = json!(format!("{root}api/v1/titles/{number}"));
            said["media_type"] =
                json!(if standing.has_pictures { "video/mp4" } else { "audio/mp4" });
            said["codecs"] = json!([]);
            said["title"] = json!(number);
            said["edition"] = json!(standing.edition);
        }
    }
    said
}

fn why_not(why: NotPlayed) -> &'static str {
    match why {
        NotPlayed::Sort => words::FILM_NOT_SORT,
        NotPlayed::Unreadable => words::FILM_NOT_READABLE,
        NotPlayed::Broken => words::FILM_NOT_BROKEN,
        NotPlayed::Endless => words::FILM_NOT_ENDLESS,
        NotPlayed::Unmade => words::FILM_NOT_UNMADE,
        NotPlayed::Elsewhere => words::FILM_NOT_ELSEWHERE,
    }
}

fn levels(hub: &Hub, viewers: &[usize]) -> Value {
    let costs = hub.costs();
    let level = |level: Level| {
        json!({
            "quality": level.quality().percent(),
            "bits_per_sec": costs[level.index()],
            "viewers": viewers[level.index()],
        })
    };
    Level::all().map(level).collect()
}

fn of_viewer(hub: &Hub, viewer: &Viewer, tab: Option<&str>, now: Instant) -> Value {
    let report = viewer.report(tab, now);
    let gaming = report.settings.mode == Mode::Gaming;
    let filter = report.settings.filter;
    let plain = filter.is_none() || report.unfiltered.is_some();
    let own = hub.frame().is_some_and(|frame| passthrough(&frame).contains(report.level));
    json!({
        "tab_open": report.tab_open,
        "streams": report.streams,
        "choice": report.settings.choice.to_string(),
        "mode": report.settings.mode.as_str(),
        "paused": report.settings.paused,
        "quality": report.level.quality().percent(),
        "passthrough": own && plain,
        "filter": filter.to_string(),
        "filter_refused": report.unfiltered.map(Unfiltered::as_str),
        "limited_by": report.limited_by.as_str(),
        "share_bits_per_sec": report.share,
        "sent_bits_per_sec": report.last.bits_per_sec,
        "fps": round(report.fps, 10.0),
        "latency_ms": report.latency.map(|latency| round(latency.as_secs_f64() * 1e3, 10.0)),
        "skipped": report.skipped,
        "motion": gaming.then(|| round(hub.motion(), 1e4)),
        "gaming_quality": report.drive.map(|quality| round(quality, 10.0)),
        "donating_s": report.donating.map(seconds),
    })
}

fn thanks(room: &Room, viewer: Option<&Viewer>, now: Instant) -> Value {
    let donations = room.crowd.thanks().recent(now);
    donations
        .into_iter()
        .map(|donation| {
            json!({
                "id": donation.id,
                "name": donation.name,
                "message": donation.message,
                "age_s": seconds(now.saturating_duration_since(donation.at)),
                "mine": viewer.is_some_and(|viewer| donation.giver == Some(viewer.id())),
            })
        })
        .collect()
}

fn seconds(duration: std::time::Duration) -> f64 {
    round(duration.as_secs_f64(), 10.0)
}

fn round(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}
