//! The library's pages, the pictures on them, and where somebody is in a title.

use super::super::titles;
use super::rows::{OWN_FORM, WATCHED};
use super::{BodyUse, Path, Route};

/// Their rows. A name of its own below `/library/` stands in a table before this one.
pub(super) static OF_TITLES: [Route; 10] = [
    Route {
        paths: &[Path::At("/library")],
        query: &["q", "order", "tag", "page"],
        handler: titles::library,
        about: "the library: what one may watch; `?q=`, `?tag=`, `?order=`, `?page=`",
        ..WATCHED
    },
    Route {
        paths: &[Path::Each("/library/", "")],
        query: &[],
        handler: titles::title_page,
        about: "a title with its player; `?t=` seconds, `?by=dash`, `hls` or `clear`",
        ..WATCHED
    },
    Route {
        paths: &[Path::Each("/library/", "/poster")],
        has_tag: true,
        handler: titles::poster,
        about: "the picture that stands for a title, a JPEG",
        ..WATCHED
    },
    Route {
        paths: &[Path::Each("/library/", "/strip.vtt")],
        has_tag: true,
        handler: titles::strip_list,
        about: "which picture is shown while one seeks to which time, WebVTT",
        ..WATCHED
    },
    Route {
        paths: &[Path::Each("/library/", "/strip.jpg")],
        has_tag: true,
        handler: titles::strip,
        about: "the pictures that are shown while one seeks, one JPEG",
        ..WATCHED
    },
    Route {
        paths: &[Path::Each("/library/", "/qr.svg")],
        query: &["t"],
        handler: titles::qr,
        about: "the address of a title's page as a QR code, at `?t=` seconds",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/jobs")],
        handler: titles::jobs_page,
        about: "the work on titles: on all for who may `work`, else on one's own",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/index")],
        handler: titles::index,
        about: "leads to `/library`, as other catalogues have it",
        ..WATCHED
    },
    Route {
        paths: &[Path::Each("/movies/", "")],
        handler: titles::movie,
        about: "leads to `/library/…`, as other catalogues have it",
        ..WATCHED
    },
    Route {
        paths: &[Path::Each("/api/v1/titles/", "/place")],
        body: BodyUse::Json,
        handler: titles::place,
        about: "notes where who signed in is in a title: `{\"at_s\":30.5}`",
        ..OWN_FORM
    },
];
