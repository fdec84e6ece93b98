//! What there is to see, and what the server tells of itself.

use super::super::needs::{Needs, Way};
use super::super::{
    assets, broadcast, film, metrics, page, pages, qr, rooms, snapshot_answer, socket, state,
    trust, viewer, watch,
};
use super::rows::{IN_CLEAR, WATCHED, WAY_IN_FORM};
use super::{Path, Route, Who};
use crate::account::Capability;

/// Their rows.
/// A row with a [`Path::Action`] stands before the one without.
pub(super) static OF_ROOMS: [Route; 25] = [
    Route {
        paths: &[Path::At("/stream"), Path::Action("/", "stream"), Path::Action("/", "stream_0")],
        who: Who::OtherOriginsToo,
        needs: Needs::MayAsDevice(Capability::Watch),
        query: &["quality", "mode", "fps", "filter", "advance_headers", "tab"],
        handler: watch::watch,
        about: "the live stream, `multipart/x-mixed-replace`; `?quality=`, `?mode=`, `?fps=`, \
                `?filter=` make it a viewer of its own",
        ..WATCHED
    },
    Route {
        paths: &[
            Path::At("/snapshot"),
            Path::Action("/", "snapshot"),
            Path::Action("/", "snapshot_0"),
        ],
        who: Who::OtherOriginsToo,
        needs: Needs::MayAsDevice(Capability::Watch),
        query: &["quality", "filter"],
        handler: snapshot_answer::snapshot,
        about: "the newest frame as one JPEG; `?quality=`, `?filter=`",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/preview")],
        handler: snapshot_answer::preview,
        about: "a small JPEG, a new one each second; 503 while nobody watches",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/picture")],
        handler: rooms::picture,
        about: "the room's picture for the list, a JPEG; 404 if it has none",
        ..WATCHED
    },
    Route {
        paths: &[Path::Each("/film/", "")],
        has_tag: true,
        handler: film::file,
        about: "a film of a room that plays some, whole or by `Range`",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/rooms")],
        needs: Needs::SomeRoom,
        handler: rooms::rooms,
        about: "the rooms, with their titles and people: a page for browsers, else JSON",
        ..WATCHED
    },
    Route { paths: &[Path::At("/")], handler: page::page, about: "the page", ..WATCHED },
    Route {
        paths: &[Path::At("/embed")],
        handler: page::embed,
        about: "the picture alone, or the film, for an `<iframe>` on any page or a browser source in \
                OBS",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/state")],
        who: Who::OtherOriginsToo,
        query: &["tab"],
        handler: state::answer,
        about: "JSON: source, budget, viewers, levels, and this viewer's settings and statistics",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/socket")],
        who: Who::OwnOrigin,
        query: &["tab"],
        handler: socket::open,
        about: "a WebSocket: the state as it changes, and the commands below (docs/socket.md)",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/viewer")],
        needs: Needs::May(Capability::Watch),
        way: Way::Any,
        query: &["tab"],
        handler: viewer::change,
        about: "form: `quality=auto\\|low\\|medium\\|high\\|1…100`, `mode=home\\|gaming`, \
                `paused=true\\|false`, `filter=mirror,grey,…`, `shown=WIDTHxHEIGHT`",
        ..WAY_IN_FORM
    },
    Route {
        paths: &[Path::At("/donate")],
        needs: Needs::May(Capability::Talk),
        way: Way::Any,
        query: &["tab"],
        handler: viewer::donate,
        about: "form: `name`, `message`",
        ..WAY_IN_FORM
    },
    Route {
        paths: &[Path::At("/broadcast")],
        handler: broadcast::page,
        about: "the page on which one goes live, in a room whose source is `browser`; `?key=` of a link",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/broadcast/socket")],
        who: Who::OwnOrigin,
        needs: Needs::May(Capability::Publish),
        query: &["name", "take", "check"],
        handler: broadcast::open,
        about: "a WebSocket: the pictures of who is live (docs/socket.md)",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/film")],
        needs: Needs::May(Capability::Moderate),
        way: Way::Any,
        handler: film::command,
        about: "form, of hosts and moderators: `paused`, `film`, `skip`, `position_s`, `list`, `repeat`",
        ..WAY_IN_FORM
    },
    Route {
        paths: &[Path::At("/connect")],
        handler: pages::connect,
        about: "lines to paste into other programs",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/trust")],
        query: &["next"],
        handler: trust::trust,
        about: "how a device trusts this server's own authority (`--tls`), and a check of it",
        ..IN_CLEAR
    },
    Route {
        paths: &[Path::At("/ca.crt")],
        handler: trust::certificate,
        about: "that authority's certificate, PEM",
        ..IN_CLEAR
    },
    Route {
        paths: &[Path::At("/ca.mobileconfig")],
        handler: trust::profile,
        about: "the same as a profile for iPhone, iPad and Mac",
        ..IN_CLEAR
    },
    Route {
        paths: &[Path::At("/trust.svg")],
        handler: qr::of_trust,
        about: "the address of `/trust` as a QR code",
        ..IN_CLEAR
    },
    Route {
        paths: &[Path::At("/qr.svg")],
        handler: qr::answer,
        about: "the page's address as a QR code; with its key where a link is asked for",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/metrics")],
        handler: metrics::answer,
        about: "counters and gauges as Prometheus reads them",
        ..WATCHED
    },
    Route { paths: &[Path::At("/healthz")], handler: metrics::health, about: "`ok`", ..IN_CLEAR },
    Route {
        paths: &[Path::At("/favicon.ico")],
        has_tag: true,
        handler: assets::favicon,
        about: "the page's icon",
        ..IN_CLEAR
    },
    Route {
        paths: &[Path::Below("/assets/")],
        has_tag: true,
        handler: assets::asset,
        about: "what the pages load",
        ..IN_CLEAR
    },
];
