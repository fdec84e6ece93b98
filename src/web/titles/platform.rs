//! A packaging platform's own requests: a file is brought, packaged with a key, and asked for until it
//! is ready. Its numbers are ours: of uploads and of titles.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::address::of_page;
use super::super::answer::Answer;
use super::super::api::{Problem, list_page};
use super::super::people::{by_worker, by_worker_within};
use super::super::request::{Reply, Request};
use super::super::uploads::who_of;
use super::super::words;
use super::help::help;
use super::made::{PATIENCE, make, title_of};
use super::said::Said;
use super::shown::{job_problem, library_of, problem};
use crate::library::catalogue::{New, Protects, Refused, SecretWish, Title, Wish};
use crate::library::{Library, Who};
use crate::proto::cenc::Scheme;
use crate::proto::http::Status;
use crate::store::job::{KeptJob, State};
use crate::store::title::Details;

/// What it can be asked.
pub(in crate::web) fn options(request: &Request) -> Reply {
    let option = |request: &str, about: &str| json!({ "request": request, "about": about });
    if request.head.accepts_html() {
        let line = |request: &str, address: Option<&str>, about: &str| {
            (request.to_owned(), address.map(str::to_owned), about.to_owned())
        };
        let lines = [
            line("upload_input_content", Some("../upload_input_content"), words::PLATFORM_UPLOAD),
            line("POST packaged_content", None, words::PLATFORM_PACKAGE),
            line("GET packaged_content/ID", None, words::PLATFORM_STATUS),
            line("videos", Some("../videos"), words::PLATFORM_VIDEOS),
        ];
        let heading = (words::PLATFORM_TITLE, words::PLATFORM_ABOUT);
        return list_page(request, heading, &lines).into();
    }
    let options = [
        option("POST upload_input_content", words::PLATFORM_UPLOAD),
        option("POST packaged_content", words::PLATFORM_PACKAGE),
        option("GET packaged_content/ID", words::PLATFORM_STATUS),
        option("GET videos", words::PLATFORM_VIDEOS),
    ];
    Answer::json(Status::Ok, &json!({ "options": options })).into()
}

/// Packages what was brought.
pub(in crate::web) fn package(request: &Request) -> Reply {
    let wanted = library_of(request).and_then(|library| Ok((library, wanted(&request.body)?)));
    let (library, (number, secret)) = match wanted {
        Ok(wanted) => wanted,
        Err(problem) => return problem.answer().into(),
    };
    let who = who_of(request);
    by_worker_within(
        PATIENCE,
        request,
        move || of_upload(&library, who, number, secret),
        |_, outcome: Result<Arc<Title>, Problem>| match outcome {
            Ok(title) => Answer::json(Status::Ok, &json!({ "packaged_content_id": title.kept.id })),
            Err(problem) => problem.answer(),
        },
    )
}

/// Of which upload, and by which key. As it has it: who has no key hears the sound.
fn wanted(body: &[u8]) -> Result<(u64, Option<SecretWish>), Problem> {
    let said = Said::parse(body)?;
    let missing = || {
        let why = words::TITLES_NUMBER.replace("{field}", "input_content_id");
        Problem::field("input_content_id", &why)
    };
    let number = said.number("input_content_id")?.ok_or_else(missing)?;
    Ok((number, said.secret((Scheme::Cbcs, Protects::Video))?))
}

fn of_upload(
    library: &Library,
    who: Who,
    number: u64,
    secret: Option<SecretWish>,
) -> Result<Arc<Title>, Problem> {
    let unavailable =
        |why: &dyn ToString| Problem::new(Status::ServiceUnavailable, &why.to_string());
    let uploads = library.uploads.list(who).map_err(|why| unavailable(&why))?;
    let kept = uploads.into_iter().find(|kept| kept.id == number);
    let kept = kept.ok_or_else(|| problem(&Refused::NoUpload))?;
    let details = Details { title: title_of(&kept), ..Details::default() };
    let new = New { details, upload: Some(kept.name), secret, ..New::default() };
    make(library, who, new)
}

/// How it stands with what is packaged.
pub(in crate::web) fn packaged(request: &Request) -> Reply {
    let library = match library_of(request) {
        Ok(library) => library,
        Err(problem) => return problem.answer().into(),
    };
    let (who, id) = (who_of(request), request.rest.parse::<u64>().ok());
    let title = id.and_then(|id| found(&library, who, id));
    let Some(title) = title else { return problem(&Refused::NoSuch).answer().into() };
    let job = move || {
        let newest = library.desk.newest_of(title.kept.id);
        Ok((newest.map_err(|refused| job_problem(&refused))?, title))
    };
    by_worker(request, job, |request, outcome: Result<_, Problem>| match outcome {
        Ok((job, title)) => Answer::json(Status::Ok, &standing(request, &title, job.as_ref())),
        Err(problem) => problem.answer(),
    })
}

/// The title of this number, if it is for who asks, or such as it brought it.
fn found(library: &Library, who: Who, id: u64) -> Option<Arc<Title>> {
    let shelf = library.catalogue.shelf();
    let is_nobodys = |title: &Title| title.kept.owner.is_none() && who.account.is_none();
    shelf.find(id).filter(|title| title.is_for(who) || is_nobodys(title)).cloned()
}

fn standing(request: &Request, title: &Title, job: Option<&KeptJob>) -> Value {
    let id = title.kept.id;
    let (status, why) = status(title, job);
    let mut said = json!({ "packaged_content_id": id, "status": status });
    if let Some(why) = why {
        said["why"] = json!(why);
        let library = request.context.library.as_ref();
        let why_not = library.and_then(|library| library.why_not());
        said["help"] = json!(help(why, why_not).unwrap_or_default());
    }
    if title.is_playable() {
        said["url"] = json!(url(request, title));
    }
    said
}

/// A whole address, as who asks reaches this server.
fn url(request: &Request, title: &Title) -> String {
    match &title.kept.url {
        Some(elsewhere) => elsewhere.clone(),
        None => {
            let root = of_page(request).unwrap_or_else(|| "/".to_owned());
            format!("{root}videos/{}/dash/stream.mpd", title.kept.name)
        }
    }
}

/// In the platform's words, and why it failed. What can be played is ready, though more renditions may
/// come.
fn status<'a>(title: &Title, job: Option<&'a KeptJob>) -> (&'static str, Option<&'a str>) {
    if title.is_playable() {
        return ("Ready", None);
    }
    match job {
        Some(job) if job.state == State::Failed => ("Failed", Some(job.words.as_str())),
        Some(job) if job.state == State::Cancelled => ("Failed", Some(words::PLATFORM_CANCELLED)),
        Some(job) if job.step == "package" => ("Encrypted", None),
        Some(job) if job.step.starts_with("encode") => ("Fragmented", None),
        Some(_) => ("Ingested", None),
        None => ("Failed", Some(words::PLATFORM_NO_JOB)),
    }
}

/// The folders of titles that can be watched by who asks.
pub(in crate::web) fn videos(request: &Request) -> Reply {
    let library = match library_of(request) {
        Ok(library) => library,
        Err(problem) => return problem.answer().into(),
    };
    let titles = library.catalogue.search(&Wish::default(), who_of(request));
    let made = titles.iter().filter(|title| title.kept.shown.generation > 0);
    if request.head.accepts_html() {
        let line = |title: &Arc<Title>| {
            let name = title.kept.name.clone();
            // From the page's own address, whatever stands before that for the client.
            let address = format!("videos/{name}/dash/stream.mpd");
            (name, Some(address), title.kept.details.title.clone())
        };
        let lines: Vec<_> = made.map(line).collect();
        return list_page(request, (words::VIDEOS_TITLE, words::VIDEOS_ABOUT), &lines).into();
    }
    let folders = made.map(|title| {
        json!({
            "name": title.kept.name,
            "packaged_content_id": title.kept.id,
            "title": title.kept.details.title,
            "url": url(request, title),
        })
    });
    Answer::json(Status::Ok, &json!({ "videos": folders.collect::<Vec<_>>() })).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_packaged_is_read_as_the_platform_has_it() {
        let body = br#"{"input_content_id":1,"key":"hyN9IKGfWKdAwFaE5pm0qg","kid":"oW5AK5BW43HzbTSKpiu3SQ"}"#;
        let (number, secret) = wanted(body).unwrap();
        let secret = secret.unwrap();
        assert_eq!((number, secret.scheme, secret.protects), (1, Scheme::Cbcs, Protects::Video));
        let (number, secret) = wanted(br#"{"input_content_id":7}"#).unwrap();
        assert!((number, secret.is_none()) == (7, true));
        for body in [&b""[..], b"{}", br#"{"input_content_id":"1"}"#, br#"{"input_content_id":-1}"#]
        {
            assert_eq!(wanted(body).unwrap_err().status, Status::BadRequest);
        }
    }
}
