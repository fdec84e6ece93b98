//! `GET /state`: the server as JSON, for the page and for programs.

use std::time::Instant;

use serde_json::{Value, json};

use super::answer::Answer;
use super::context::Context;
use super::fields;
use super::request::{Reply, Request};
use crate::live::level::{Level, passthrough};
use crate::live::settings::Mode;
use crate::live::viewer::Viewer;
use crate::proto::http::Status;

/// Answers with what this client may know.
pub(super) fn answer(request: &Request) -> Reply {
    let viewer = request.identity().id().and_then(|id| request.context.audience.known(id));
    match fields::tab(&request.query) {
        Ok(tab) => {
            let state = state(&request.context, viewer.as_deref(), tab.as_deref());
            Answer::json(Status::Ok, &state).into()
        }
        Err(bad) => request.bad(&bad).into(),
    }
}

/// All of it; `viewer` and `tab` are those of the client that asks.
pub(super) fn state(context: &Context, viewer: Option<&Viewer>, tab: Option<&str>) -> Value {
    let now = context.clock.now();
    let counts = context.audience.counts();
    json!({
        "server": {
            "name": context.about.name,
            "version": env!("CARGO_PKG_VERSION"),
            "uptime_s": seconds(now - context.about.started),
            "addresses": context.about.addresses,
            "rtsp_addresses": context.about.rtsp_addresses,
            "donate_url": context.about.donate_url,
        },
        "source": source(context, now),
        "budget": {
            "bits_per_sec": context.audience.budget().bits_per_sec(),
            "sent_bits_per_sec": context.audience.sent_bits_per_sec(),
        },
        "viewers": {
            "watching": counts.watching,
            "paused": counts.paused,
            "max": context.audience.max_viewers(),
            "full": context.audience.is_full(),
        },
        "levels": levels(context, &counts.at_level),
        "viewer": viewer.map(|viewer| of_viewer(context, viewer, tab, now)),
        "thanks": thanks(context, viewer, now),
    })
}

fn source(context: &Context, now: Instant) -> Value {
    let report = context.source.report();
    let format = report.format.as_ref();
    json!({
        "kind": context.source.kind,
        "name": report.name,
        "status": report.status.as_str(),
        "width": format.map(|format| format.size.width),
        "height": format.map(|format| format.size.height),
        "fps": round(context.hub.frames_per_sec(), 10.0),
        "nominal_fps": format.map(|format| round(format.fps, 100.0)),
        "format": format.map(|format| format.encoding),
        "frames": report.frames,
        "broken": report.broken,
        "trouble": report.trouble.map(|(trouble, since)| json!({
            "code": trouble.code.as_str(),
            "title": trouble.title,
            "detail": trouble.detail,
            "since_s": seconds(now - since),
        })),
    })
}

fn levels(context: &Context, viewers: &[usize]) -> Value {
    let costs = context.hub.costs();
    let level = |level: Level| {
        json!({
            "quality": level.quality().percent(),
            "bits_per_sec": costs[level.index()],
            "viewers": viewers[level.index()],
        })
    };
    Level::all().map(level).collect()
}

fn of_viewer(context: &Context, viewer: &Viewer, tab: Option<&str>, now: Instant) -> Value {
    let report = viewer.report(tab, now);
    let gaming = report.settings.mode == Mode::Gaming;
    let own = context.hub.frame().is_some_and(|frame| passthrough(&frame).contains(report.level));
    json!({
        "tab_open": report.tab_open,
        "streams": report.streams,
        "choice": report.settings.choice.to_string(),
        "mode": report.settings.mode.as_str(),
        "paused": report.settings.paused,
        "quality": report.level.quality().percent(),
        "passthrough": own,
        "limited_by": report.limited_by.as_str(),
        "share_bits_per_sec": report.share,
        "sent_bits_per_sec": report.last.bits_per_sec,
        "fps": round(report.fps, 10.0),
        "latency_ms": report.latency.map(|latency| round(latency.as_secs_f64() * 1e3, 10.0)),
        "skipped": report.skipped,
        "motion": gaming.then(|| round(context.audience.motion(), 1e4)),
        "gaming_quality": report.drive.map(|quality| round(quality, 10.0)),
        "donating_s": report.donating.map(seconds),
    })
}

fn thanks(context: &Context, viewer: Option<&Viewer>, now: Instant) -> Value {
    let donations = context.audience.thanks().recent(now);
    donations
        .into_iter()
        .map(|donation| {
            json!({
                "id": donation.id,
                "name": donation.name,
                "message": donation.message,
                "age_s": seconds(now.saturating_duration_since(donation.at)),
                "mine": viewer.is_some_and(|viewer| viewer.id() == donation.giver),
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
