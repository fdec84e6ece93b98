//! What forms have in common: read and found good before anything is changed.

use serde_json::json;

use super::answer::Answer;
use super::command::{Command, Refused};
use super::fields::{self, BadField, Fields};
use super::request::Request;
use super::state::state;
use crate::live::settings::ViewerId;
use crate::live::viewer::Viewer;
use crate::proto::http::{BodyLength, Status, form};

/// A form of good fields, and the page's tab that sent it.
pub(super) struct Form {
    pub(super) fields: Fields,
    tab: Option<String>,
}

/// Refuses, before its body was invited, a request whose body is no form.
pub(super) fn check_media_type(request: &Request) -> Result<(), Answer> {
    let media_type = request.head.header("Content-Type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let empty = matches!(request.head.body(), BodyLength::None | BodyLength::Known(0));
    if empty || media_type.eq_ignore_ascii_case(MEDIA_TYPE) {
        return Ok(());
    }
    let why = format!("send a form, as {MEDIA_TYPE}");
    Err(request.refuse(Status::UnsupportedMediaType, &why))
}

impl Form {
    /// Reads the form of a request.
    ///
    /// # Errors
    ///
    /// The refusal, if it is no form.
    pub(super) fn of(request: &Request) -> Result<Self, Answer> {
        let tab = fields::tab(&request.query).map_err(|bad: BadField| request.bad(&bad))?;
        let fields = form::parse(&request.body).map_err(|invalid| {
            request.refuse(invalid.status, &format!("the form cannot be read: {invalid}"))
        })?;
        Ok(Self { fields, tab })
    }

    /// Does what a form asks, in the name of who sent it; `location` is where a page goes on, from
    /// the form's own address.
    pub(super) fn carry_out(&self, request: &Request, command: Command, location: &str) -> Answer {
        let known = request.identity().id();
        let id = known.unwrap_or_else(ViewerId::random);
        let notice = command.notice();
        match command.carry_out(&request.asker(self.tab.clone()), id, known.is_some()) {
            Ok(viewer) => request.introduce(self.done(request, &viewer, location, notice), id),
            Err(refused) if refused.status == Status::Conflict => {
                request.introduce(refusal(request, &refused), id)
            }
            Err(refused) => refusal(request, &refused),
        }
    }

    fn done(
        &self,
        request: &Request,
        viewer: &Viewer,
        location: &str,
        notice: Option<&str>,
    ) -> Answer {
        if !request.head.accepts_json() {
            return Answer::empty(Status::SeeOther)
                .header("Location", location)
                .header("Cache-Control", "no-store");
        }
        let mut value = state(&request.context, &request.room, Some(viewer), self.tab.as_deref());
        if let Some(notice) = notice {
            value["notice"] = json!(notice);
        }
        Answer::json(Status::Ok, &value)
    }
}

/// A refusal, in the form that the client reads.
pub(super) fn refusal(request: &Request, refused: &Refused) -> Answer {
    let answer = Answer::refusal(&request.head, refused.status, &refused.why, refused.field);
    match refused.wait_s {
        Some(seconds) => answer.header("Retry-After", seconds),
        None => answer,
    }
}

const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";
