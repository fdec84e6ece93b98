//! tus 1.0 (tus.io): what begins an upload, goes on with it, tells of it and ends it.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::json;

use super::super::answer::Answer;
use super::super::api::Problem;
use super::super::people::by_worker;
use super::super::request::{Reply, Request};
use super::super::words;
use super::flow::{Flow, PieceSink, Place};
use super::shown::{KEYS, as_json, no_publication, problem, uploads_of, who_of};
use crate::account::random_text;
use crate::base::clock::unix_seconds;
use crate::library::uploads::{Ending, New, Refused, Uploads, Wanted};
use crate::library::{Publication, Who};
use crate::proto::http::{BodyLength, Head, Method, Status, http_date};
use crate::proto::tus::{self, BadField, Length};
use crate::store::upload::{KeptUpload, State};

/// Takes the method that a client names which cannot send it itself.
pub(in crate::web) fn override_method(head: &mut Head) {
    if head.method != Method::Post || !head.target.path.contains(UPLOADS) {
        return;
    }
    match head.header("X-HTTP-Method-Override") {
        Some("PATCH") => head.method = Method::Patch,
        Some("DELETE") => head.method = Method::Delete,
        // Its answer may have a body, as that to a POST is expected to.
        Some("HEAD" | "GET") => head.method = Method::Get,
        _ => {}
    }
}

/// Adds what a client asks of the protocol first.
pub(in crate::web) fn options(request: &Request, answer: Answer) -> Answer {
    if !request.path.starts_with(UPLOADS) {
        return answer;
    }
    let answer = dressed(answer)
        .header("Tus-Version", tus::VERSION)
        .header("Tus-Extension", tus::EXTENSIONS)
        .header("Tus-Checksum-Algorithm", tus::ALGORITHMS);
    let library = request.context.library.as_ref();
    let most = library.and_then(|library| library.uploads.most_bytes());
    match most {
        Some(most) => answer.header("Tus-Max-Size", most),
        None => answer,
    }
}

/// The uploads that who asks may know of.
pub(in crate::web) fn list(request: &Request) -> Reply {
    let uploads = match uploads_of(request) {
        Ok(uploads) => uploads,
        Err(problem) => return problem.answer().into(),
    };
    let who = who_of(request);
    by_worker(
        request,
        move || uploads.list(who).map_err(|refused| problem(&refused)),
        |request, outcome: Result<Vec<KeptUpload>, Problem>| match outcome {
            Ok(all) => {
                let all: Vec<_> = all.iter().map(|kept| as_json(request, kept)).collect();
                Answer::json(Status::Ok, &json!({ "uploads": all }))
            }
            Err(problem) => problem.answer(),
        },
    )
}

/// How much of one is there.
pub(in crate::web) fn one(request: &Request) -> Reply {
    let uploads = match begin(request, Version::MayBeLeftOut) {
        Ok(uploads) => uploads,
        Err(problem) => return refused(&problem).into(),
    };
    let (who, name) = (who_of(request), request.rest.clone());
    by_worker(
        request,
        move || uploads.find(&name, who).map_err(|refused| problem(&refused)),
        |request, outcome: Result<KeptUpload, Problem>| match outcome {
            Ok(kept) => {
                let answer = Answer::json(Status::Ok, &as_json(request, &kept));
                let answer = match kept.length {
                    Some(length) => answer.header("Upload-Length", length),
                    None => answer.header("Upload-Defer-Length", 1),
                };
                let answer = match kept.metadata.is_empty() {
                    true => answer,
                    false => answer.header("Upload-Metadata", &kept.metadata),
                };
                told(answer, &kept)
            }
            Err(problem) => refused(&problem),
        },
    )
}

/// Begins one; what its request holds of it goes there at once.
pub(in crate::web) fn create(request: &Request) -> Reply {
    match try_create(request) {
        Ok(reply) => reply,
        Err(problem) => refused(&problem).into(),
    }
}

fn try_create(request: &Request) -> Result<Reply, Problem> {
    let uploads = begin(request, Version::MustBeSaid)?;
    let headers = &request.head.headers;
    if headers.get("Upload-Concat").is_some() {
        return Err(Problem::new(Status::BadRequest, words::UPLOAD_NO_CONCAT));
    }
    let metadata = tus::metadata(headers)?;
    let length = match tus::length(headers)? {
        Length::Known(bytes) => Some(bytes),
        Length::Deferred => None,
    };
    let text = |name: &str| metadata.text(name).unwrap_or_default().to_owned();
    let file_name = match text("filename") {
        name if name.is_empty() => text("name"),
        name => name,
    };
    Publication::of(|name| metadata.text(name)).map_err(no_publication)?;
    let new = New {
        name: random_text::<16>(),
        file_name,
        title: text("title"),
        metadata: metadata.written_without(&KEYS),
        length,
    };
    let who = who_of(request);
    if has_body(request) {
        is_piece(request)?;
        fits(request, 0, length)?;
        let checksum = tus::checksum(headers)?;
        let open = move || {
            let kept = uploads.create(new.clone(), who)?;
            let wanted =
                Wanted { offset: 0, length: None, checksum: checksum.clone(), goes_on: true };
            uploads.begin(&kept.name, who, wanted)
        };
        let answering = |outcome: Result<KeptUpload, Refused>| match outcome {
            Ok(kept) => created(&kept),
            Err(why) => refused(&problem(&why)),
        };
        let flow = Flow::new(Place::of(request), request.at, open);
        return Ok(Reply::Receive(Box::new(PieceSink { flow, answering: Box::new(answering) })));
    }
    Ok(by_worker(
        request,
        move || made(&uploads, new, who).map_err(|refused| problem(&refused)),
        |_, outcome: Result<KeptUpload, Problem>| match outcome {
            Ok(kept) => created(&kept),
            Err(problem) => refused(&problem),
        },
    ))
}

/// Makes one; a file without bytes is there at once.
fn made(uploads: &Arc<Uploads>, new: New, who: Who) -> Result<KeptUpload, Refused> {
    let kept = uploads.create(new, who)?;
    if kept.length != Some(0) {
        return Ok(kept);
    }
    let wanted = Wanted { offset: 0, length: None, checksum: None, goes_on: true };
    uploads.begin(&kept.name, who, wanted)?.finish(Ending::Rest)
}

/// Goes on with one.
pub(in crate::web) fn go_on(request: &Request) -> Reply {
    match try_go_on(request) {
        Ok(reply) => reply,
        Err(problem) => refused(&problem).into(),
    }
}

fn try_go_on(request: &Request) -> Result<Reply, Problem> {
    let uploads = begin(request, Version::MustBeSaid)?;
    is_piece(request)?;
    let headers = &request.head.headers;
    let wanted = Wanted {
        offset: tus::offset(headers)?,
        length: tus::length_now(headers)?,
        checksum: tus::checksum(headers)?,
        goes_on: true,
    };
    let (who, name, offset) = (who_of(request), request.rest.clone(), wanted.offset);
    let is_empty = !has_body(request);
    let open = move || uploads.begin(&name, who, wanted.clone());
    let answering = move |outcome: Result<KeptUpload, Refused>| match outcome {
        Ok(kept) => told(Answer::empty(Status::NoContent), &kept),
        // Who was not told that it is done asks with nothing behind it.
        Err(Refused::Complete) if is_empty => {
            dressed(Answer::empty(Status::NoContent)).header("Upload-Offset", offset)
        }
        Err(why) => refused(&problem(&why)),
    };
    let flow = Flow::new(Place::of(request), request.at, open);
    Ok(Reply::Receive(Box::new(PieceSink { flow, answering: Box::new(answering) })))
}

/// Deletes one.
pub(in crate::web) fn delete(request: &Request) -> Reply {
    let uploads = match begin(request, Version::MayBeLeftOut) {
        Ok(uploads) => uploads,
        Err(problem) => return refused(&problem).into(),
    };
    let (who, name) = (who_of(request), request.rest.clone());
    by_worker(
        request,
        move || uploads.delete(&name, who).map_err(|refused| problem(&refused)),
        |_, outcome: Result<(), Problem>| match outcome {
            Ok(()) => dressed(Answer::empty(Status::NoContent)),
            Err(problem) => refused(&problem),
        },
    )
}

/// Whether a request has to say which version it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    MustBeSaid,
    /// Programs ask that know nothing of the protocol.
    MayBeLeftOut,
}

fn begin(request: &Request, version: Version) -> Result<Arc<Uploads>, Problem> {
    match tus::speaks_version(&request.head.headers) {
        Some(true) => {}
        None if version == Version::MayBeLeftOut => {}
        None => return Err(Problem::new(Status::BadRequest, words::UPLOAD_NO_VERSION)),
        Some(false) => {
            return Err(Problem::new(Status::PreconditionFailed, words::UPLOAD_NO_VERSION));
        }
    }
    uploads_of(request)
}

fn has_body(request: &Request) -> bool {
    !matches!(request.head.body(), BodyLength::None | BodyLength::Known(0))
}

fn is_piece(request: &Request) -> Result<(), Problem> {
    let media_type = request.head.header("Content-Type").unwrap_or_default();
    match media_type.trim().eq_ignore_ascii_case(tus::MEDIA_TYPE) {
        true => Ok(()),
        false => Err(Problem::new(Status::UnsupportedMediaType, words::UPLOAD_NO_PIECE)),
    }
}

/// Whether a piece is no longer than what is missing, as far as that is said.
fn fits(request: &Request, offset: u64, length: Option<u64>) -> Result<(), Problem> {
    match (request.head.body(), length) {
        (BodyLength::Known(bytes), Some(length)) if offset.saturating_add(bytes) > length => {
            Err(problem(&Refused::TooLong))
        }
        _ => Ok(()),
    }
}

fn created(kept: &KeptUpload) -> Answer {
    let answer = Answer::empty(Status::Created);
    // From the address that was asked, whatever stands before that for the client.
    let place = format!("uploads/{}", kept.name);
    told(answer.header("Location", place), kept)
}

/// What each answer says of an upload that is there.
fn told(answer: Answer, kept: &KeptUpload) -> Answer {
    let answer = dressed(answer).header("Upload-Offset", kept.offset);
    let expires = kept.expires.filter(|_| kept.state == State::Coming);
    match expires.map(|at: SystemTime| http_date(unix_seconds(at))) {
        Some(date) => answer.header("Upload-Expires", date),
        None => answer,
    }
}

fn refused(problem: &Problem) -> Answer {
    let answer = dressed(problem.answer());
    match problem.status {
        Status::PreconditionFailed => answer.header("Tus-Version", tus::VERSION),
        _ => answer,
    }
}

/// With what each answer of the protocol has.
fn dressed(answer: Answer) -> Answer {
    answer.header("Tus-Resumable", tus::VERSION)
}

impl From<BadField> for Problem {
    fn from(BadField(field): BadField) -> Self {
        Problem::field(field, &words::UPLOAD_BAD_FIELD.replace("{field}", field))
    }
}

/// Where the protocol is spoken.
const UPLOADS: &str = "/api/v1/uploads";
