//! What pages load by name: scripts, sheets and icons, as `build/` made them.
//!
//! A name holds a hash of the content, so that a browser may keep a file for good, and asks for it
//! anew only when there is another.

use std::borrow::Cow;

use super::answer::Answer;
use super::built::{ASSETS, Asset};
use super::payload::Payload;
use super::request::{Reply, Request};
use crate::proto::http::{Status, if_match, if_none_match};

/// What a page loads.
pub(super) fn asset(request: &Request) -> Reply {
    let name = request.path.strip_prefix("/assets/").unwrap_or_default();
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => serve(request, asset, "public, max-age=31536000, immutable").into(),
        None => request.refuse(Status::NotFound, "there is no such file").into(),
    }
}

/// What browsers ask for by themselves.
pub(super) fn favicon(request: &Request) -> Reply {
    let icon = ASSETS.iter().find(|asset| asset.name.starts_with("favicon-"));
    serve(request, icon.expect("the icon is built in"), "no-cache").into()
}

fn serve(request: &Request, asset: &'static Asset, caching: &'static str) -> Answer {
    let headers = &request.head.headers;
    let packed = request.head.accepts_coding("gzip") && asset.packed.len() < asset.plain.len();
    // The name changes with the content; a coding is another representation (RFC 9110 §8.8.3.3).
    let etag = format!("\"{}{}\"", asset.name, if packed { ".gz" } else { "" });
    if headers.joined("If-Match").is_some_and(|tags| !if_match(&tags, Some(&etag))) {
        let why = "it is no longer the one that `If-Match` names";
        return request.refuse(Status::PreconditionFailed, why);
    }
    let answer = match headers.joined("If-None-Match") {
        Some(known) if if_none_match(&known, &etag) => Answer::empty(Status::NotModified),
        _ => {
            let bytes = Cow::Borrowed(if packed { asset.packed } else { asset.plain });
            let answer = Answer::new(Status::Ok, asset.media_type, Payload::Bytes(bytes));
            if packed { answer.header("Content-Encoding", "gzip") } else { answer }
        }
    };
    answer.header("ETag", etag).header("Cache-Control", caching).varies_by("Accept-Encoding")
}
