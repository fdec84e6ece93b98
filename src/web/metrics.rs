//! `GET /metrics`: counters and gauges in the Prometheus text format, version 0.0.4.

use std::fmt::{Display, Write};

use super::answer::Answer;
use super::context::Context;
use super::payload::Payload;
use super::request::{Reply, Request};
use crate::live::level::Level;
use crate::live::supervisor;
use crate::proto::http::Status;

/// The whole page.
pub(super) fn answer(request: &Request) -> Reply {
    let body = Payload::owned(metrics(&request.context));
    Answer::new(Status::Ok, "text/plain; version=0.0.4; charset=utf-8", body)
        .header("Cache-Control", "no-store")
        .into()
}

/// `GET /healthz`: this server answers.
pub(super) fn health(_: &Request) -> Reply {
    Answer::text(Status::Ok, "ok").into()
}

fn metrics(context: &Context) -> String {
    let mut page = Page(String::new());
    let counts = context.audience.counts();
    let report = context.source.report();
    let (sent, skipped) = context.audience.totals();
    let live = u8::from(report.status == supervisor::Status::Live);
    let uptime = context.clock.now().duration_since(context.about.started).as_secs_f64();

    page.gauge("uptime_seconds", "Seconds since the start.", uptime);
    page.gauge("source_live", "1 while frames come from the source.", live);
    page.gauge("source_fps", "Frames per second of the source.", context.hub.frames_per_sec());
    page.counter("source_frames_total", "Frames from the source.", report.frames);
    page.counter("source_broken_frames_total", "Frames passed over as broken.", report.broken);
    page.counter("source_opened_total", "Times the source was opened.", report.opened);
    page.gauge("viewers_watching", "Viewers who get pictures.", counts.watching);
    page.gauge("viewers_paused", "Viewers who paused.", counts.paused);
    page.gauge(
        "sent_bits_per_second",
        "Sent to all viewers.",
        context.audience.sent_bits_per_sec(),
    );
    page.counter("frames_sent_total", "Frames sent to viewers.", sent);
    page.counter("frames_skipped_total", "Frames that slow viewers skipped.", skipped);
    let encoded = context.hub.pictures_encoded();
    page.counter("pictures_encoded_total", "JPEGs encoded for levels.", encoded);
    page.counter("donations_total", "Donations.", context.audience.thanks().count());
    if let Some(budget) = context.audience.budget().bits_per_sec() {
        page.gauge("budget_bits_per_second", "What all viewers may use.", budget);
    }
    page.head("level_viewers", "Viewers who get a level.", "gauge");
    for level in Level::all() {
        let label = level.quality().percent();
        page.sample(
            &format!("level_viewers{{quality=\"{label}\"}}"),
            counts.at_level[level.index()],
        );
    }
    connections(&mut page, context);
    page.0
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
