//! The pictures of a title: the one that stands for it, and those that are shown while one seeks.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;

use super::super::answer::Answer;
use super::super::context::Context;
use super::super::file::{Found, Part};
use super::super::payload::Payload;
use super::super::people::by_worker;
use super::super::request::{Reply, Request};
use super::house::{Failed, nothing, title_of};
use crate::film::{Edition, Opened};
use crate::library::Library;
use crate::library::catalogue::Title;
use crate::proto::http::{Status, if_none_match};

/// The names under which the packager puts them beside the segments.
pub(super) const POSTER: &str = "poster.jpg";
pub(super) const STRIP_LIST: &str = "strip.vtt";
const STRIP: &str = "strip.jpg";

/// `GET /library/ID/poster`: its own, or that which was made of it.
pub(in crate::web) fn poster(request: &Request) -> Reply {
    let Some((library, title)) = title_of(request) else { return nothing(request).into() };
    if title.kept.has_poster {
        return own(request, library, title);
    }
    file(request, &library, &title, POSTER, "image/jpeg")
}

/// `GET /library/ID/strip.vtt`: which picture is shown when.
pub(in crate::web) fn strip_list(request: &Request) -> Reply {
    of_strip(request, STRIP_LIST, "text/vtt; charset=utf-8")
}

/// `GET /library/ID/strip.jpg`: the pictures.
pub(in crate::web) fn strip(request: &Request) -> Reply {
    of_strip(request, STRIP, "image/jpeg")
}

fn of_strip(request: &Request, name: &'static str, media_type: &'static str) -> Reply {
    match title_of(request) {
        Some((library, title)) => file(request, &library, &title, name, media_type),
        None => nothing(request).into(),
    }
}

/// Its own picture, out of the store. It changes with the title.
fn own(request: &Request, library: Arc<Library>, title: Arc<Title>) -> Reply {
    let changed = title.kept.changed.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let tag = format!("\"{}-{:x}\"", title.kept.id, changed.as_millis());
    let caching = caching(&request.context, &title);
    let asked = request.head.headers.joined("If-None-Match");
    if asked.is_some_and(|tags| if_none_match(&tags, &tag)) {
        let answer = Answer::empty(Status::NotModified).header("ETag", tag);
        return answer.header("Cache-Control", caching).into();
    }
    let who = super::super::uploads::who_of(request);
    by_worker(
        request,
        move || Ok(library.catalogue.poster(title.kept.id, who)?),
        move |request, outcome: Result<Vec<u8>, Failed>| match outcome {
            Ok(jpeg) => Answer::new(Status::Ok, "image/jpeg", Payload::Shared(jpeg.into()))
                .header("ETag", &tag)
                .header("Cache-Control", caching),
            Err(failed) => failed.answer(request),
        },
    )
}

/// A file beside the segments.
fn file(
    request: &Request,
    library: &Library,
    title: &Title,
    name: &'static str,
    media_type: &'static str,
) -> Reply {
    let path = path(library, title, name);
    let caching = caching(&request.context, title);
    by_worker(
        request,
        move || Ok(opened(&path)?),
        move |request, outcome: Result<(Opened, Edition), Failed>| match outcome {
            Ok((Opened { file, small, warm }, edition)) => {
                let found = Found { file, small, edition, warm, media_type, caching };
                match found.part(&request.head) {
                    Part::None(answer) => answer,
                    Part::Some(status, range) => found.answer(status, range, None),
                }
            }
            Err(failed) => failed.answer(request),
        },
    )
}

fn opened(path: &PathBuf) -> io::Result<(Opened, Edition)> {
    let file = File::open(path)?;
    let edition = Edition::of(&file)?;
    Ok((Opened::new(file, edition)?, edition))
}

/// Where a picture of a title lies.
fn path(library: &Library, title: &Title, name: &str) -> PathBuf {
    library.catalogue.folder_of(&title.kept).join(name)
}

/// Whether a title has a picture of this name. Waits for the disk.
pub(super) fn has(library: &Library, title: &Title, name: &str) -> bool {
    fs::metadata(path(library, title, name)).is_ok_and(|found| found.is_file())
}

/// Asked for each time: another one may stand for a title. Who may watch may keep it; a cache between
/// only what everybody may see.
fn caching(context: &Context, title: &Title) -> &'static str {
    match title.kept.watch.as_str() {
        "all" if context.gate.is_open() => "no-cache",
        _ => "no-cache, private",
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::NoSuch,
            _ => Self::Later("the picture cannot be read now".to_owned()),
        }
    }
}
