//! `POST /viewer`: a viewer changes its own settings.

use super::answer::Answer;
use super::fields;
use super::form::Form;
use super::request::{Reply, Request};
use crate::live::settings::{Change, Locked};
use crate::proto::http::Status;

/// Changes what the form names. Nothing is changed, and no viewer made, by a form that is refused.
pub(super) fn change(request: &Request) -> Reply {
    match obey(request) {
        Ok(answer) | Err(answer) => answer.into(),
    }
}

fn obey(request: &Request) -> Result<Answer, Answer> {
    let form = Form::of(request)?;
    let change = fields::change(&form.fields).map_err(|bad| request.bad(&bad))?;
    if change == Change::default() {
        return Err(request.refuse(Status::BadRequest, "send `quality`, `mode` or `paused`"));
    }
    let audience = &request.context.audience;
    form.carry_out(request, "/", None, |viewer| {
        audience.change(viewer, change, request.at).map_err(|Locked| locked(request))
    })
}

fn locked(request: &Request) -> Answer {
    let why = "Motion sets the quality in gaming mode. Choose home mode first.";
    Answer::refusal(&request.head, Status::Conflict, why, Some("quality"))
}
