//! What forms have in common: read and found good before anything is changed.

use std::sync::Arc;
use std::time::Instant;

use serde_json::json;

use super::answer::Answer;
use super::command::{Command, Done, Refused, Stored};
use super::fields::{self, BadField, Fields};
use super::request::{Later, Reply, Request};
use super::state::state;
use crate::live::settings::ViewerId;
use crate::live::viewer::Viewer;
use crate::net::workers::Ticket;
use crate::proto::http::{BodyLength, Status, form};
use crate::store::NotKept;

/// A form of good fields, and the page's tab that sent it.
pub(super) struct Form {
    pub(super) fields: Fields,
    tab: Option<String>,
}

/// Refuses, before its body was invited, a request whose body is of another media type.
pub(super) fn check_media_type(request: &Request, wanted: &str) -> Result<(), Answer> {
    let media_type = request.head.header("Content-Type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let empty = matches!(request.head.body(), BodyLength::None | BodyLength::Known(0));
    if empty || media_type.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    let why = match wanted {
        form::MEDIA_TYPE => format!("send a form, as {wanted}"),
        wanted => format!("send {wanted}"),
    };
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
    pub(super) fn carry_out(
        self,
        request: &Request,
        command: Command,
        location: &'static str,
    ) -> Reply {
        let known = request.identity().id();
        let id = known.unwrap_or_else(ViewerId::random);
        let notice = command.notice();
        let after = |viewer| After { viewer, tab: self.tab.clone(), location, notice };
        match command.carry_out(&request.asker(self.tab.clone()), id, known.is_some()) {
            Ok(Done::Now(viewer)) => after(viewer).answer(request).into(),
            Ok(Done::Storing(viewer, ticket)) => {
                Reply::Storing(Box::new(Storing { ticket, after: after(viewer) }))
            }
            Err(refused) if refused.status == Status::Conflict => {
                request.introduce(refusal(request, &refused), id).into()
            }
            Err(refused) => refusal(request, &refused).into(),
        }
    }
}

/// What a form asked is being stored.
struct Storing {
    ticket: Ticket<Stored>,
    after: After,
}

impl Later for Storing {
    fn look(&mut self, request: &Request, _: Instant) -> Option<Answer> {
        let stored = self.ticket.take()?.unwrap_or(Err(NotKept::Ending));
        Some(match stored {
            Ok(()) => self.after.answer(request),
            Err(why) => refusal(request, &why.into()),
        })
    }
}

/// How a form is answered that was carried out.
struct After {
    viewer: Arc<Viewer>,
    tab: Option<String>,
    /// Where a page goes on.
    location: &'static str,
    /// What a script is told.
    notice: Option<&'static str>,
}

impl After {
    fn answer(&self, request: &Request) -> Answer {
        let answer = if request.head.accepts_json() {
            let (viewer, tab) = (Some(&*self.viewer), self.tab.as_deref());
            let mut value = state(&request.context, &request.room, viewer, tab);
            if let Some(notice) = self.notice {
                value["notice"] = json!(notice);
            }
            Answer::json(Status::Ok, &value)
        } else {
            Answer::empty(Status::SeeOther)
                .header("Location", self.location)
                .header("Cache-Control", "no-store")
        };
        request.introduce(answer, self.viewer.id())
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
