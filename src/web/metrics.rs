//! `GET /metrics`: counters and gauges in the Prometheus text format, version 0.0.4.

use std::fmt::{Display, Write};
use std::sync::Arc;

use super::answer::Answer;
use super::context::Context;
use super::payload::Payload;
use super::request::{Reply, Request};
use crate::account::Caller;
use crate::live::condition::{Report, Status as SourceStatus};
use crate::live::crowd::Counts;
use crate::live::level::Level;
use crate::proto::http::Status;
use crate::room::Room;

/// The whole page.
pub(super) fn answer(request: &Request) -> Reply {
    let body = Payload::owned(metrics(&request.context, &request.caller));
    Answer::new(Status::Ok, "text/plain; version=0.0.4; charset=utf-8", body)
        .header("Cache-Control", "no-store")
        .into()
}

/// `GET /healthz`: this server answers.
pub(super) fn health(_: &Request) -> Reply {
    Answer::text(Status::Ok, "ok").into()
}

fn metrics(context: &Context, caller: &Caller) -> String {
    let mut page = Page(String::new());
    let uptime = context.clock.now().duration_since(context.about.started).as_secs_f64();
    page.gauge("uptime_seconds", "Seconds since the start.", uptime);
    if let Some(budget) = context.audience.budget().bits_per_sec() {
        page.gauge("budget_bits_per_second", "What all viewers may use.", budget);
    }
    rooms(&mut page, context, caller);
    connections(&mut page, context);
    page.0
}

/// A room and what is known of it now.
struct Seen {
    room: Arc<Room>,
    counts: Counts,
    source: Report,
}

/// What is of each room that may be watched by who asks, with its name as a label; that of the default room has none, which to
/// Prometheus is the same as `room=""`.
fn rooms(page: &mut Page, context: &Context, caller: &Caller) {
    let seen: Vec<Seen> = context
        .watchable(caller)
        .into_iter()
        .map(|room| Seen {
            counts: context.audience.counts(Some(&room.crowd)),
            source: room.condition().report(),
            room,
        })
        .collect();
    let mut of_each = |name: &str, help: &str, kind: &str, of: &dyn Fn(&Seen) -> f64| {
        page.head(name, help, kind);
        seen.iter().for_each(|seen| page.sample(&in_room(name, &seen.room, None), of(seen)));
    };
    let live = |seen: &Seen| f64::from(u8::from(seen.source.status == SourceStatus::Live));
    of_each("source_live", "1 while frames come from the source.", "gauge", &live);
    of_each("source_fps", "Frames per second of the source.", "gauge", &|seen| {
        seen.room.hub().frames_per_sec()
    });
    of_each("source_frames_total", "Frames from the source.", "counter", &|seen| {
        seen.source.frames as f64
    });
    of_each("source_broken_frames_total", "Frames passed over as broken.", "counter", &|seen| {
        seen.source.broken as f64
    });
    of_each("source_opened_total", "Times the source was opened.", "counter", &|seen| {
        seen.source.opened as f64
    });
    of_each("viewers_watching", "Viewers who get pictures.", "gauge", &|seen| {
        seen.counts.watching as f64
    });
    of_each("viewers_paused", "Viewers who paused.", "gauge", &|seen| seen.counts.paused as f64);
    of_each("sent_bits_per_second", "Sent to all viewers.", "gauge", &|seen| {
        seen.room.crowd.sent_bits_per_sec() as f64
    });
    of_each("frames_sent_total", "Frames sent to viewers.", "counter", &|seen| {
        seen.room.crowd.totals().0 as f64
    });
    of_each("frames_skipped_total", "Frames that slow viewers skipped.", "counter", &|seen| {
        seen.room.crowd.totals().1 as f64
    });
    of_each("pictures_encoded_total", "JPEGs encoded for levels.", "counter", &|seen| {
        seen.room.hub().pictures_encoded() as f64
    });
    let unmade = "Pictures that could not be made for a level, for RTSP or for a snapshot.";
    of_each("pictures_not_made_total", unmade, "counter", &|seen| {
        seen.room.hub().unmade().count() as f64
    });
    of_each("donations_total", "Donations.", "counter", &|seen| {
        seen.room.crowd.thanks().count() as f64
    });
    page.head("level_viewers", "Viewers who get a level.", "gauge");
    for seen in &seen {
        for level in Level::all() {
            let quality = format!("quality=\"{}\"", level.quality().percent());
            let name = in_room("level_viewers", &seen.room, Some(&quality));
            page.sample(&name, seen.counts.at_level[level.index()]);
        }
    }
}

/// A sample's name with the labels of its room, and with another.
fn in_room(name: &str, room: &Room, label: Option<&str>) -> String {
    let room = room.name.as_ref().map(|name| format!("room=\"{name}\""));
    let labels: Vec<&str> = room.as_deref().into_iter().chain(label).collect();
    if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
}

/// What the engine does, beside its limits.
fn connections(page: &mut Page, context: &Context) {
    let engine = &context.engine;
    let (census, limits) = (engine.registry.census(), engine.registry.limits());
    page.head("connections", "Connections, by how they stand.", "gauge");
    for (standing, count) in [
        ("idle", census.idle),
        ("busy", census.busy),
        ("watching", census.watching),
        ("beside", census.beside),
        ("unread", census.unread),
    ] {
        page.sample(&format!("connections{{standing=\"{standing}\"}}"), count);
    }
    let (given_way, turned_away) = engine.registry.totals();
    page.counter("connections_gave_way_total", "Closed to make room for others.", given_way);
    page.counter("connections_turned_away_total", "Not let in.", turned_away);
    page.gauge("jobs_waiting", "Jobs that wait for a worker.", engine.workers.waiting());
    page.head("limit", "What there may be at most.", "gauge");
    for (what, most) in [
        ("connections", limits.connections),
        ("viewers", context.audience.max_viewers()),
        ("rtsp_sessions", limits.rtsp_sessions),
        ("unread_bytes", limits.unread_bytes),
        ("jobs", limits.jobs),
    ] {
        page.sample(&format!("limit{{of=\"{what}\"}}"), most);
    }
    let longest = "Longest time between two looks at the sockets since the start.";
    page.head("lane_longest_turn_seconds", longest, "gauge");
    for (lane, turn) in engine.longest_turns().iter().enumerate() {
        let name = format!("lane_longest_turn_seconds{{lane=\"{lane}\"}}");
        page.sample(&name, turn.as_secs_f64());
    }
}

struct Page(String);

impl Page {
    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, help, "gauge");
        self.sample(name, value);
    }

    fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, help, "counter");
        self.sample(name, value);
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.0, "# HELP livestream_{name} {help}");
        let _ = writeln!(self.0, "# TYPE livestream_{name} {kind}");
    }

    fn sample(&mut self, name: &str, value: impl Display) {
        let _ = writeln!(self.0, "livestream_{name} {value}");
    }
}
