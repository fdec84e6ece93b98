//! `POST /donate`: a viewer gives, and everybody sees the thanks.
//!
//! How often one may is [`Givers`](super::givers::Givers)'.

use std::time::Duration;

use super::answer::Answer;
use super::fields::{self, BadField};
use super::form::Form;
use super::request::{Reply, Request};
use crate::base::rate::TooSoon;
use crate::proto::http::Status;

/// Takes a donation.
pub(super) fn donate(request: &Request) -> Reply {
    match obey(request) {
        Ok(answer) | Err(answer) => answer.into(),
    }
}

fn obey(request: &Request) -> Result<Answer, Answer> {
    let form = Form::of(request)?;
    let bad = |bad: BadField| request.bad(&bad);
    let name = fields::line(&form.fields, "name", MAX_NAME_CHARS).map_err(bad)?;
    let message = fields::line(&form.fields, "message", MAX_MESSAGE_CHARS).map_err(bad)?;
    let givers = &request.context.givers;
    let allowed = givers.count(request.identity().id(), request.client.address, request.at);
    allowed.map_err(|TooSoon(wait)| too_soon(request, wait))?;
    let audience = &request.context.audience;
    form.carry_out(request, "/#donated", Some("Donate Success!!"), |viewer| {
        audience.donate(viewer, name, message, request.at);
        Ok(())
    })
}

fn too_soon(request: &Request, wait: Duration) -> Answer {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let why = format!("thank you, that is enough for now: give again in {seconds} s");
    request.refuse(Status::TooManyRequests, &why).header("Retry-After", seconds)
}

const MAX_NAME_CHARS: usize = 40;
const MAX_MESSAGE_CHARS: usize = 200;
