//! Bringing files to the library.

use super::super::uploads;
use super::rows::{BY_UPLOADERS, OF_UPLOADERS, WATCHED};
use super::{Path, Route, Verb, Who};

/// Their rows.
pub(super) static OF_LIBRARY: [Route; 8] = [
    Route {
        paths: &[Path::At("/api/v1/uploads")],
        handler: uploads::list,
        about: "JSON: one's own uploads; a host's answer has all",
        ..OF_UPLOADERS
    },
    Route {
        paths: &[Path::At("/api/v1/uploads")],
        handler: uploads::create,
        about: "tus 1.0: begins an upload, with its first bytes if they are there",
        ..BY_UPLOADERS
    },
    Route {
        paths: &[Path::Each("/api/v1/uploads/", "")],
        handler: uploads::one,
        about: "JSON, and as tus has it: how much of an upload is there",
        ..OF_UPLOADERS
    },
    Route {
        verb: Verb::Patch,
        paths: &[Path::Each("/api/v1/uploads/", "")],
        handler: uploads::go_on,
        about: "tus 1.0: the next bytes of an upload",
        ..BY_UPLOADERS
    },
    Route {
        verb: Verb::Delete,
        paths: &[Path::Each("/api/v1/uploads/", "")],
        who: Who::OwnOrigin,
        handler: uploads::delete,
        about: "deletes an upload, finished or not",
        ..OF_UPLOADERS
    },
    Route {
        paths: &[Path::Each("/api/v1/uploads/", "/file")],
        has_tag: true,
        handler: uploads::file,
        about: "the file of a finished upload, whole or by `Range`",
        ..OF_UPLOADERS
    },
    Route {
        paths: &[Path::At("/library/upload"), Path::At("/upload_input_content")],
        handler: uploads::page,
        about: "the page on which files are brought to the library",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/upload_input_content"), Path::At("/success")],
        handler: uploads::form,
        about: "a form with a file, `multipart/form-data`: `file`, before it `title`",
        ..BY_UPLOADERS
    },
];
