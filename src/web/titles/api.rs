//! `/api/v1/titles`: the catalogue for programs.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::api::Problem;
use super::super::fields::Fields;
use super::super::people::{by_worker, by_worker_within, text};
use super::super::request::{Reply, Request};
use super::super::uploads::who_of;
use super::super::words;
use super::made::{PATIENCE, make};
use super::said::Said;
use super::shown::{Told, library_of, problem};
use crate::library::catalogue::{New, Order, Protects, Refused, Title, Watch, Wish};
use crate::library::{Library, Who};
use crate::proto::cenc::Scheme;
use crate::proto::http::Status;
use crate::store::title::Details;

/// The titles that are for who asks, and fit what is looked for.
pub(in crate::web) fn titles(request: &Request) -> Reply {
    let wanted = library_of(request).and_then(|library| Ok((library, wish(&request.query)?)));
    let (library, wish) = match wanted {
        Ok(wanted) => wanted,
        Err(problem) => return problem.answer().into(),
    };
    let who = who_of(request);
    by_worker(
        request,
        move || Told::all(&library, who, library.catalogue.search(&wish, who)),
        |request, outcome: Result<Vec<Told>, Problem>| match outcome {
            Ok(told) => {
                let all: Vec<Value> = told.iter().map(|told| told.as_json(request)).collect();
                Answer::json(Status::Ok, &json!({ "titles": all }))
            }
            Err(problem) => problem.answer(),
        },
    )
}

/// One title.
pub(in crate::web) fn title(request: &Request) -> Reply {
    with_title(request, told, told_answer)
}

/// Makes a title of an upload, or of a manifest elsewhere.
pub(in crate::web) fn create(request: &Request) -> Reply {
    let wanted = library_of(request).and_then(|library| Ok((library, new(request)?)));
    let (library, new) = match wanted {
        Ok(wanted) => wanted,
        Err(problem) => return problem.answer().into(),
    };
    let who = who_of(request);
    by_worker_within(
        PATIENCE,
        request,
        move || told(&library, who, make(&library, who, new)?),
        |request, outcome: Result<Told, Problem>| match outcome {
            Ok(told) => Answer::json(Status::Created, &told.as_json(request))
                // From the address that was asked, whatever stands before that for the client.
                .header("Location", format!("titles/{}", told.title.kept.id)),
            Err(problem) => problem.answer(),
        },
    )
}

fn new(request: &Request) -> Result<New, Problem> {
    let said = Said::parse(&request.body)?;
    let (upload, url) = (said.text("upload")?, said.text("url")?);
    if upload.is_some() == url.is_some() {
        return Err(Problem::field("upload", words::TITLES_UPLOAD_OR_URL));
    }
    let secret = said.secret((Scheme::Cbcs, Protects::All))?;
    if url.is_some() && secret.is_some() {
        return Err(Problem::field("encrypt", words::TITLES_URL_IN_CLEAR));
    }
    Ok(New {
        details: said.details(Details::default())?,
        watch: said.watch()?.unwrap_or_default(),
        upload: upload.map(str::to_owned),
        url: url.map(str::to_owned),
        secret,
        poster: None,
    })
}

/// Changes what is said of a title, and who may watch it.
pub(in crate::web) fn change(request: &Request) -> Reply {
    let said = match Said::parse(&request.body) {
        Ok(said) => said,
        Err(problem) => return problem.answer().into(),
    };
    let change = move |library: &Library, who: Who, title: Arc<Title>| {
        let kept = &title.kept;
        let before = Watch::parse(&kept.watch).unwrap_or(Watch::Owner);
        let (details, watch) = (said.details(kept.details.clone())?, said.watch()?);
        let done = library.catalogue.describe(kept.id, who, &details, watch.unwrap_or(before));
        done.map_err(|refused| problem(&refused))?;
        again(library, who, kept.id)
    };
    with_title(request, change, told_answer)
}

/// Deletes a title.
pub(in crate::web) fn delete(request: &Request) -> Reply {
    let delete = |library: &Library, who: Who, title: Arc<Title>| {
        let deleted = library.catalogue.delete(title.kept.id, who);
        deleted.map_err(|refused| problem(&refused))
    };
    with_title(request, delete, |_, outcome| match outcome {
        Ok(()) => Answer::empty(Status::NoContent),
        Err(problem) => problem.answer(),
    })
}

/// Gives a title a picture of its own, or takes it away.
pub(in crate::web) fn set_poster(request: &Request) -> Reply {
    let jpeg = match Said::parse(&request.body).and_then(|said| said.jpeg()) {
        Ok(jpeg) => jpeg,
        Err(problem) => return problem.answer().into(),
    };
    let set = move |library: &Library, who: Who, title: Arc<Title>| {
        let set = library.catalogue.set_poster(title.kept.id, who, jpeg);
        set.map_err(|refused| problem(&refused))?;
        again(library, who, title.kept.id)
    };
    with_title(request, set, told_answer)
}

/// Says whether the server decrypts a title for who may watch it.
pub(in crate::web) fn set_decrypts(request: &Request) -> Reply {
    let said = Said::parse(&request.body).and_then(|said| said.truth("decrypts"));
    let missing =
        || Problem::field("decrypts", &words::TITLES_TRUTH.replace("{field}", "decrypts"));
    let decrypts = match said.and_then(|decrypts| decrypts.ok_or_else(missing)) {
        Ok(decrypts) => decrypts,
        Err(problem) => return problem.answer().into(),
    };
    let set = move |library: &Library, who: Who, title: Arc<Title>| {
        let set = library.catalogue.set_decrypts(title.kept.id, who, decrypts);
        set.map_err(|refused| problem(&refused))?;
        again(library, who, title.kept.id)
    };
    with_title(request, set, told_answer)
}

/// Has a worker do something with the title that a path names, if it is for who asks.
fn with_title<T: Send + 'static>(
    request: &Request,
    job: impl FnOnce(&Library, Who, Arc<Title>) -> Result<T, Problem> + Send + 'static,
    answering: impl Fn(&Request, Result<T, Problem>) -> Answer + Send + 'static,
) -> Reply {
    let library = match library_of(request) {
        Ok(library) => library,
        Err(problem) => return problem.answer().into(),
    };
    let who = who_of(request);
    let id = request.rest.parse().ok();
    let Some(title) = id.and_then(|id| library.catalogue.find(id, who)) else {
        return problem(&Refused::NoSuch).answer().into();
    };
    by_worker(request, move || job(&library, who, title), answering)
}

/// All that `who` is told of a title.
fn told(library: &Library, who: Who, title: Arc<Title>) -> Result<Told, Problem> {
    let told = Told::all(library, who, vec![title])?;
    told.into_iter().next().ok_or_else(|| problem(&Refused::NoSuch))
}

/// The same of one as it is now.
fn again(library: &Library, who: Who, id: u64) -> Result<Told, Problem> {
    let title = library.catalogue.find(id, who);
    told(library, who, title.ok_or_else(|| problem(&Refused::NoSuch))?)
}

fn told_answer(request: &Request, outcome: Result<Told, Problem>) -> Answer {
    match outcome {
        Ok(told) => Answer::json(Status::Ok, &told.as_json(request)),
        Err(problem) => problem.answer(),
    }
}

/// What is looked for, by a query.
pub(super) fn wish(query: &Fields) -> Result<Wish, Problem> {
    let order = match text(query, "order") {
        "" => Order::default(),
        word => Order::parse(word).ok_or_else(|| Problem::field("order", words::TITLES_ORDER))?,
    };
    let tag = Some(text(query, "tag")).filter(|tag| !tag.is_empty());
    Ok(Wish { words: text(query, "q").to_owned(), tag: tag.map(str::to_owned), order })
}
