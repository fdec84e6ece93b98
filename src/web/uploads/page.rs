//! `/library/upload`: the page on which files are brought to the library.

use super::super::answer::Answer;
use super::super::built;
use super::super::document::Slot;
use super::super::pages::framed;
use super::super::request::{Reply, Request};
use super::super::words;
use crate::account::Capability;
use crate::library::uploads::shown;
use crate::proto::http::Status;

/// The page; or why nothing can be brought.
pub(in crate::web) fn page(request: &Request) -> Reply {
    let library = request.context.library.as_ref();
    let uploads = library.filter(|library| library.why_not().is_none());
    let uploads = uploads.map(|library| &library.uploads);
    let may = request.caller.may(Capability::Upload, request.room.plain_name());
    let most = uploads.and_then(|uploads| uploads.most_bytes());
    let most = match most {
        Some(most) => words::UPLOAD_MOST.replace("{size}", &shown(most)),
        None => words::UPLOAD_MOST_ANY.to_owned(),
    };
    let slots = vec![
        ("may", Slot::Shown(may && uploads.is_some())),
        ("may-not", Slot::Shown(!may && uploads.is_some())),
        ("no-place", Slot::Shown(uploads.is_none())),
        ("most", Slot::Text(most)),
    ];
    let html = framed(request, built::UPLOAD, words::UPLOAD_TITLE, slots);
    let status = if may && uploads.is_some() { Status::Ok } else { Status::Forbidden };
    Answer::page(&request.head, status, html).varies_by("Cookie").into()
}
