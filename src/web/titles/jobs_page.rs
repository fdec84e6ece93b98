//! `/jobs`: the work on titles, what is left of it, and why some of it failed.

use std::sync::Arc;

use super::super::address::root_of;
use super::super::answer::Answer;
use super::super::built;
use super::super::document::{Slot, Slots};
use super::super::pages::framed;
use super::super::people::by_worker;
use super::super::request::{Reply, Request};
use super::super::uploads::who_of;
use super::super::words;
use super::house::{Failed, library_of};
use super::job_row::{Looks, row};
use crate::account::Capability;
use crate::library::jobs::Job;
use crate::proto::http::Status;

/// The page. Who may `work` sees all, others what is done for their own titles.
pub(in crate::web) fn jobs(request: &Request) -> Reply {
    let who = who_of(request);
    let works = request.caller.may(Capability::Work, "");
    let may = works || request.caller.may(Capability::Upload, "");
    let library = match library_of(request) {
        Some(library) if may => library,
        library => {
            let slots = vec![
                ("may-not", Slot::Shown(library.is_some())),
                ("no-place", Slot::Shown(library.is_none())),
            ];
            return drawn(request, Status::Forbidden, slots).into();
        }
    };
    let of_worker = Arc::clone(&library);
    by_worker(
        request,
        move || Ok(of_worker.desk.list(who, works)?),
        move |request, outcome: Result<Vec<Job>, Failed>| match outcome {
            Ok(jobs) => drawn(request, Status::Ok, slots(request, &jobs, library.why_not())),
            Err(failed) => failed.answer(request),
        },
    )
}

fn slots(request: &Request, jobs: &[Job], why_not: Option<&str>) -> Slots {
    let (now, root) = (request.context.clock.wall(), root_of(&request.head.target.path));
    let looks = Looks { now, root: &root, names: true, why_not };
    let rows = |is_over: bool| -> String {
        let those = jobs.iter().filter(|job| job.kept.state.is_over() == is_over);
        those.map(|job| row(job, &looks)).collect()
    };
    let (queue, over) = (rows(false), rows(true));
    vec![
        ("may", Slot::Shown(true)),
        ("why-not", Slot::Shown(why_not.is_some())),
        ("why", Slot::Text(why_not.unwrap_or_default().to_owned())),
        ("none", Slot::Shown(jobs.is_empty())),
        ("is-busy", Slot::Shown(!queue.is_empty())),
        ("has-over", Slot::Shown(!over.is_empty())),
        ("queue", Slot::Markup(queue)),
        ("over", Slot::Markup(over)),
    ]
}

fn drawn(request: &Request, status: Status, slots: Slots) -> Answer {
    let html = framed(request, built::JOBS, words::JOBS_TITLE, slots);
    Answer::page(&request.head, status, html).varies_by("Cookie")
}
