//! `GET /videos/NAME/clear/…`: what is encrypted, decrypted on its way, for who may watch it and whose
//! browser has no way to: there is no EME on a page that came in clear.
//!
//! Only where whose it is said so; the right is looked at with each segment, and nothing of it is kept
//! by any cache. A segment is decrypted by a worker, in memory.

use std::fs::File;
use std::io::{self, Read};

use super::super::answer::Answer;
use super::super::payload::Payload;
use super::super::people::by_worker;
use super::super::request::{Reply, Request};
use super::address::{Kind, Sort};
use super::asked::{Asked, busy};
use crate::library::catalogue::{Protects, Refused};
use crate::proto::cenc::Protection;
use crate::proto::fmp4::uncover::{Media, uncover, uncover_init};
use crate::proto::http::Status;
use crate::proto::{m3u8, mpd};

/// Why there is none.
enum Failed {
    NotAllowed,
    File(io::Error),
    Broken,
    Busy,
}

/// A file of a title, in clear.
pub(super) fn answer(request: &Request, asked: Asked) -> Reply {
    let media_type = asked.sort.media_type();
    by_worker(
        request,
        move || read(&asked),
        move |request, outcome: Result<Vec<u8>, Failed>| match outcome {
            Ok(bytes) => Answer::new(Status::Ok, media_type, Payload::Bytes(bytes.into()))
                .header("Cache-Control", "private, no-store"),
            Err(Failed::NotAllowed) => {
                request.refuse(Status::NotFound, "this title is not decrypted by the server")
            }
            Err(Failed::File(error)) if error.kind() == io::ErrorKind::NotFound => {
                request.refuse(Status::NotFound, "there is no such segment")
            }
            Err(Failed::File(_) | Failed::Broken) => {
                request.refuse(Status::ServiceUnavailable, "the segment cannot be decrypted now")
            }
            Err(Failed::Busy) => busy(request),
        },
    )
}

fn read(asked: &Asked) -> Result<Vec<u8>, Failed> {
    let shelf = asked.library.catalogue.shelf();
    // As it is now: a later set may have taken the place of the one that was there.
    let title = shelf.find(asked.title.kept.id).unwrap_or(&asked.title);
    let (protection, protects) = asked.library.catalogue.protection(title)?;
    let mut bytes = Vec::new();
    match File::open(asked.path(title)) {
        Ok(file) => {
            file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(Failed::File)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && !asked.sort.is_manifest() => {
            let storage = &asked.library.storage;
            let read = storage.read(&title.kept.name, &asked.file, MOST_BYTES);
            bytes = read.map_err(|_| Failed::File(error))?;
        }
        Err(error) => return Err(Failed::File(error)),
    }
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Failed::Broken);
    }
    uncovered(asked.sort, bytes, &protection, protects)
}

fn uncovered(
    sort: Sort,
    mut bytes: Vec<u8>,
    protection: &Protection,
    protects: Protects,
) -> Result<Vec<u8>, Failed> {
    let of_text = |bytes: Vec<u8>, change: fn(&str) -> String| {
        let text = String::from_utf8(bytes).map_err(|_| Failed::Broken)?;
        Ok(change(&text).into_bytes())
    };
    let is_secret = |kind| protects == Protects::All || kind == Kind::Video;
    match sort {
        Sort::Mpd => return of_text(bytes, mpd::without_protection),
        Sort::M3u8 => return of_text(bytes, m3u8::without_keys),
        Sort::Init(kind) if is_secret(kind) => {
            uncover_init(&mut bytes).map_err(|_| Failed::Broken)?;
        }
        Sort::Segment(kind) if is_secret(kind) => {
            let media = if kind == Kind::Video { Media::Pictures } else { Media::Sound };
            uncover(&mut bytes, protection, media).map_err(|_| Failed::Broken)?;
        }
        Sort::Init(_) | Sort::Segment(_) | Sort::Text => {}
    }
    Ok(bytes)
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotKept(_) => Self::Busy,
            _ => Self::NotAllowed,
        }
    }
}

impl From<crate::account::Refused> for Failed {
    fn from(_: crate::account::Refused) -> Self {
        Self::Busy
    }
}

/// A segment of a minute at 20 Mbit/s is larger; ours are of four seconds.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
