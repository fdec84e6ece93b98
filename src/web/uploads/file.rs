//! `GET /api/v1/uploads/ID/file`: what was brought, given back as it came, and never as a page.

use std::fs::File;
use std::sync::Arc;

use super::super::answer::Answer;
use super::super::api::Problem;
use super::super::file::{ASKED_EACH_TIME, Found, Part};
use super::super::people::by_worker;
use super::super::request::{Reply, Request};
use super::shown::{problem, uploads_of, who_of};
use crate::film::{Edition, Warm};
use crate::library::Who;
use crate::library::uploads::{Refused, Uploads, media_type};
use crate::proto::http::form;

/// A file that is open.
struct Opened {
    file: File,
    edition: Edition,
    media_type: &'static str,
    file_name: String,
}

/// The file of an upload that is finished.
pub(in crate::web) fn file(request: &Request) -> Reply {
    let uploads = match uploads_of(request) {
        Ok(uploads) => uploads,
        Err(problem) => return problem.answer().into(),
    };
    let (who, name) = (who_of(request), request.rest.clone());
    by_worker(
        request,
        move || open(&uploads, &name, who).map_err(|refused| problem(&refused)),
        |request, outcome: Result<Opened, Problem>| match outcome {
            Ok(opened) => answer(request, opened),
            Err(problem) => problem.answer(),
        },
    )
}

fn open(uploads: &Uploads, name: &str, who: Who) -> Result<Opened, Refused> {
    let (file, kept) = uploads.file(name, who)?;
    let (edition, media_type) = (Edition::of(&file)?, media_type(&file));
    Ok(Opened { file, edition, media_type, file_name: kept.file_name })
}

fn answer(request: &Request, opened: Opened) -> Answer {
    let Opened { file, edition, media_type, file_name } = opened;
    let warm = Arc::new(Warm::new(edition.bytes));
    let found = Found {
        file: Arc::new(file),
        small: None,
        edition,
        warm,
        media_type,
        caching: ASKED_EACH_TIME,
    };
    let (status, range) = match found.part(&request.head) {
        Part::None(answer) => return answer,
        Part::Some(status, range) => (status, range),
    };
    let name = form::encode_component(&file_name);
    found
        .answer(status, range, None)
        .header("Content-Security-Policy", "sandbox")
        .header("Content-Disposition", format!("attachment; filename*=UTF-8''{name}"))
}
