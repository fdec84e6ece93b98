//! `GET /stream`: a seat for who may watch, and the head of what follows.
//!
//! What a stream then sends is [`super::stream`]'s.

use std::time::Instant;

use super::answer::Answer;
use super::fields;
use super::pages;
use super::request::{Reply, Request, Seating};
use super::stream::{Layout, Stream};
use crate::base::clock;
use crate::live::audience::{Keep, Refused};
use crate::live::meter::StreamMeter;
use crate::live::settings::{Change, Settings, ViewerId};
use crate::live::viewer::Viewer;
use crate::media::filter::Filter;
use crate::net::registry::Need;
use crate::proto::http::{Method, ResponseHead, Status, http_date};
use crate::proto::multipart;

/// Opens a stream.
pub(super) fn watch(request: &Request) -> Reply {
    let wish = match fields::stream_wish(&request.query) {
        Ok(wish) => wish,
        Err(bad) => return request.bad(&bad).into(),
    };
    let layout = if wish.advance_headers { Layout::AdvanceHeaders } else { Layout::Plain };
    if request.head.method == Method::Head {
        return Answer::bare(response_head()).closing().into();
    }
    // Who names settings in the address wants them for this stream, and no page changed by it.
    let (id, keep) = match request.identity().id() {
        Some(id) if wish.change == Change::default() => (id, Keep::Remembered),
        _ => (ViewerId::random(), Keep::WhileItLasts),
    };
    let settings = Settings::default().changed(wish.change).unwrap_or_default();
    let audience = &request.context.audience;
    let viewer = audience.enter(&request.room.crowd, id, settings);
    let meter = StreamMeter::new(wish.tab, wish.fps).at(request.client.address);
    match audience.join(viewer, meter, keep, request.at) {
        Ok(seat) => {
            let date = http_date(clock::unix_seconds(request.context.clock.wall()));
            let head = with_filter(response_head().header("Date", date), &seat.viewer, request.at);
            let head = request.finish_head(head);
            Reply::Stream(Box::new(Stream::new(seat, layout, &head, request.at)))
        }
        Err(Refused::Full) if may_get_a_seat(request) => Reply::Crowded,
        Err(refused) => refuse(request, refused).into(),
    }
}

/// Whether somebody who does not read was asked, or is asked now, to leave his seat.
fn may_get_a_seat(request: &Request) -> bool {
    match request.seat {
        Seating::New => request.context.engine.registry.give_way(Need::Seats, request.at) > 0,
        Seating::Awaited => true,
        Seating::GivenUp => false,
    }
}

fn refuse(request: &Request, refused: Refused) -> Answer {
    let most = request.context.audience.max_viewers();
    let why = match refused {
        Refused::Full if request.head.accepts_html() => return pages::full(request),
        Refused::Full if most == 1 => "this server is full (1 viewer)".into(),
        Refused::Full => format!("this server is full ({most} viewers)"),
        Refused::Dismissed => {
            return request.refuse(Status::NotFound, "this room was closed");
        }
        Refused::TooManyStreams => "this viewer has too many streams open: close some".into(),
    };
    request.refuse(Status::ServiceUnavailable, &why).header("Retry-After", pages::RETRY_AFTER_SECS)
}

/// Says what is done to the pictures, if something was asked for.
fn with_filter(head: ResponseHead, viewer: &Viewer, now: Instant) -> ResponseHead {
    let report = viewer.report(None, now);
    let filter = report.settings.filter;
    match report.unfiltered {
        Some(why) => head
            .header("X-Filter", Filter::NONE)
            .header("X-Filter-Refused", format!("{filter}; {}", why.as_str())),
        None if filter.is_none() => head,
        None => head.header("X-Filter", filter),
    }
}

/// The head that stands before a stream.
fn response_head() -> ResponseHead {
    ResponseHead::new(Status::Ok)
        .header("Content-Type", multipart::CONTENT_TYPE)
        .header("X-Content-Type-Options", "nosniff")
        .header("Cache-Control", "no-store, no-cache, must-revalidate, max-age=0")
        .header("Pragma", "no-cache")
        .header("X-Accel-Buffering", "no")
        .header("Connection", "close")
}
