//! What pages load by name: scripts, sheets and icons, as `build/` made them.
//!
//! A name holds a hash of the content, so that a browser may keep a file for good, and asks for it
//! anew only when there is another.

use std::borrow::Cow;

use super::answer::Answer;
use super::built::{ASSETS, Asset};
use super::payload::Payload;
use super::request::{Reply, Request};
use crate::proto::http::{Head, Status, if_match, if_none_match};

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
    let (coding, bytes) = coded(&request.head, asset);
    // The name changes with the content; a coding is another representation (RFC 9110 §8.8.3.3).
    let etag = format!("\"{}{}\"", asset.name, coding.map_or("", |(_, mark)| mark));
    if headers.joined("If-Match").is_some_and(|tags| !if_match(&tags, Some(&etag))) {
        let why = "it is no longer the one that `If-Match` names";
        return request.refuse(Status::PreconditionFailed, why);
    }
    let answer = match headers.joined("If-None-Match") {
        Some(known) if if_none_match(&known, &etag) => Answer::empty(Status::NotModified),
        _ => {
            let payload = Payload::Bytes(Cow::Borrowed(bytes));
            let answer = Answer::new(Status::Ok, asset.media_type, payload);
            match coding {
                Some((name, _)) => answer.header("Content-Encoding", name),
                None => answer,
            }
        }
    };
    answer.header("ETag", etag).header("Cache-Control", caching).varies_by("Accept-Encoding")
}

/// A content coding, and what marks it in an `ETag`.
type Coding = (&'static str, &'static str);

/// The bytes that a client is sent: of the codings that it takes, those it would rather have, then the
/// fewest.
fn coded(head: &Head, asset: &'static Asset) -> (Option<Coding>, &'static [u8]) {
    let known: [(Coding, &'static [u8]); 2] =
        [(("br", ".br"), asset.brotli), (("gzip", ".gz"), asset.packed)];
    let taken = known.into_iter().filter(|(_, bytes)| bytes.len() < asset.plain.len());
    let weighed = taken.map(|(coding, bytes)| (head.weight_of_coding(coding.0), coding, bytes));
    let best = weighed.filter(|(weight, ..)| *weight > 0.0).reduce(|best, next| {
        let is_better = next.0 > best.0 || (next.0 == best.0 && next.2.len() < best.2.len());
        if is_better { next } else { best }
    });
    best.map_or((None, asset.plain), |(_, coding, bytes)| (Some(coding), bytes))
}
