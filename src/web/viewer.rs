//! `POST /viewer` and `POST /donate`: what a viewer asks, as a form.

use super::command::{Command, Refused};
use super::fields::Fields;
use super::form::{Form, refusal};
use super::request::{Reply, Request};

/// Changes what the form names. Nothing is changed, and no viewer made, by a form that is refused.
pub(super) fn change(request: &Request) -> Reply {
    obey(request, "./", Command::change)
}

/// Takes a donation: everybody in the room sees the thanks.
pub(super) fn donate(request: &Request) -> Reply {
    obey(request, "./#donated", Command::donate)
}

/// Does what a form says; a page goes on at `location`, from the form's own address.
fn obey(
    request: &Request,
    location: &'static str,
    read: fn(&Fields) -> Result<Command, Refused>,
) -> Reply {
    let form = match Form::of(request) {
        Ok(form) => form,
        Err(answer) => return answer.into(),
    };
    match read(&form.fields) {
        Ok(command) => form.carry_out(request, command, location),
        Err(refused) => refusal(request, &refused).into(),
    }
}
