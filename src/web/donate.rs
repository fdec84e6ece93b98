//! `POST /donate`: a viewer gives, and everybody sees the thanks.

use super::answer::Answer;
use super::form::Form;
use super::request::{Reply, Request};
use super::settings::{self, BadField};

/// Takes a donation.
pub(super) fn donate(request: &Request) -> Reply {
    match obey(request) {
        Ok(answer) | Err(answer) => answer.into(),
    }
}

fn obey(request: &Request) -> Result<Answer, Answer> {
    let form = Form::of(request)?;
    let bad = |bad: BadField| request.bad(&bad);
    let name = settings::line(&form.fields, "name", MAX_NAME_CHARS).map_err(bad)?;
    let message = settings::line(&form.fields, "message", MAX_MESSAGE_CHARS).map_err(bad)?;
    let audience = &request.context.audience;
    form.carry_out(request, "/#donated", Some("Donate Success!!"), |viewer| {
        audience.donate(viewer, name, message, request.at);
        Ok(())
    })
}

const MAX_NAME_CHARS: usize = 40;
const MAX_MESSAGE_CHARS: usize = 200;
