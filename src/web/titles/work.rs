//! `/api/v1/jobs`: the work on titles, for programs.

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::api::Problem;
use super::super::people::by_worker;
use super::super::request::{Reply, Request};
use super::super::uploads::who_of;
use super::shown::{job_as_json, job_problem, library_of};
use crate::account::Capability;
use crate::library::Who;
use crate::library::jobs::{Desk, Job, Refused};
use crate::proto::http::Status;

/// The jobs that who asks may see.
pub(in crate::web) fn jobs(request: &Request) -> Reply {
    at_desk(
        request,
        |desk, who, works| desk.list(who, works),
        |request, outcome| match outcome {
            Ok(jobs) => {
                let all: Vec<Value> = jobs.iter().map(|job| job_as_json(request, job)).collect();
                Answer::json(Status::Ok, &json!({ "jobs": all }))
            }
            Err(problem) => problem.answer(),
        },
    )
}

/// One job.
pub(in crate::web) fn job(request: &Request) -> Reply {
    let Some(id) = id(request) else { return job_problem(&Refused::NoSuch).answer().into() };
    at_desk(request, move |desk, who, works| desk.find(id, who, works), job_answer)
}

/// Cancels a job.
pub(in crate::web) fn cancel(request: &Request) -> Reply {
    let Some(id) = id(request) else { return job_problem(&Refused::NoSuch).answer().into() };
    let cancel = move |desk: &Desk, who: Who, works: bool| desk.cancel(id, who, works);
    at_desk(request, cancel, |_, outcome| match outcome {
        Ok(()) => Answer::empty(Status::NoContent),
        Err(problem) => problem.answer(),
    })
}

/// Has a job tried again.
pub(in crate::web) fn retry(request: &Request) -> Reply {
    let Some(id) = id(request) else { return job_problem(&Refused::NoSuch).answer().into() };
    let retry = move |desk: &Desk, who: Who, works: bool| {
        desk.retry(id, who, works)?;
        desk.find(id, who, works)
    };
    at_desk(request, retry, job_answer)
}

fn id(request: &Request) -> Option<u64> {
    request.rest.parse().ok()
}

fn job_answer(request: &Request, outcome: Result<Job, Problem>) -> Answer {
    match outcome {
        Ok(job) => Answer::json(Status::Ok, &job_as_json(request, &job)),
        Err(problem) => problem.answer(),
    }
}

/// Has a worker ask where jobs are known.
fn at_desk<T: Send + 'static>(
    request: &Request,
    ask: impl FnOnce(&Desk, Who, bool) -> Result<T, Refused> + Send + 'static,
    answering: impl Fn(&Request, Result<T, Problem>) -> Answer + Send + 'static,
) -> Reply {
    let library = match library_of(request) {
        Ok(library) => library,
        Err(problem) => return problem.answer().into(),
    };
    let (who, works) = (who_of(request), request.caller.may(Capability::Work, ""));
    let job = move || ask(&library.desk, who, works).map_err(|refused| job_problem(&refused));
    by_worker(request, job, answering)
}
