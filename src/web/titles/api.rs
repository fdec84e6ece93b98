//! `/api/v1/titles`: the catalogue for programs.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::api::Problem;
use super::super::fields::Fields;
use super::super::people::{by_worker, text};
use super::super::request::{Reply, Request};
use super::super::uploads::who_of;
use super::super::words;
use super::shown::{Told, library_of, problem};
use crate::library::catalogue::{Order, Refused, Wish};
use crate::proto::http::Status;

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
    let library = match library_of(request) {
        Ok(library) => library,
        Err(problem) => return problem.answer().into(),
    };
    let who = who_of(request);
    let id = request.rest.parse().ok();
    let found = id.and_then(|id| library.catalogue.find(id, who));
    let Some(found) = found else { return problem(&Refused::NoSuch).answer().into() };
    by_worker(
        request,
        move || Told::all(&library, who, vec![Arc::clone(&found)]),
        |request, outcome: Result<Vec<Told>, Problem>| match outcome {
            Ok(told) => match told.first() {
                Some(told) => Answer::json(Status::Ok, &told.as_json(request)),
                None => problem(&Refused::NoSuch).answer(),
            },
            Err(problem) => problem.answer(),
        },
    )
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
