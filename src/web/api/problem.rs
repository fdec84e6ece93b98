//! Why something is not done, as RFC 9457 has it.

use super::super::answer::Answer;
use super::super::people::status_of;
use super::super::studio::NotChanged;
use crate::account::Refused;
use crate::proto::http::Status;

/// Why something is not done.
#[derive(Debug)]
pub(in crate::web) struct Problem {
    pub(in crate::web) status: Status,
    /// The field that is to blame.
    pub(in crate::web) field: Option<&'static str>,
    /// A sentence.
    pub(in crate::web) detail: String,
    /// When to try again, in seconds.
    wait_s: Option<u64>,
}

impl Problem {
    /// With a sentence, and about no field.
    pub(in crate::web) fn new(status: Status, detail: &str) -> Self {
        Self { status, field: None, detail: detail.to_owned(), wait_s: None }
    }

    /// A field that does not take what was sent.
    pub(in crate::web) fn field(field: &'static str, detail: &str) -> Self {
        Self { field: Some(field), ..Self::new(Status::BadRequest, detail) }
    }

    /// As a program reads it.
    pub(in crate::web) fn answer(&self) -> Answer {
        let answer = Answer::problem(self.status, &self.detail, self.field);
        match self.wait_s {
            Some(seconds) => answer.header("Retry-After", seconds),
            None => answer,
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let wait = refused.wait().map(|wait| wait.as_secs().max(1));
        Self { wait_s: wait, ..Self::new(status_of(&refused), &refused.to_string()) }
    }
}

impl From<NotChanged> for Problem {
    fn from(not: NotChanged) -> Self {
        let status = match &not {
            NotChanged::Name | NotChanged::Title(_) | NotChanged::Mask(_) => Status::BadRequest,
            NotChanged::Source(_) | NotChanged::Value { .. } => Status::BadRequest,
            NotChanged::NoSuchRoom | NotChanged::NoSuchSetting => Status::NotFound,
            NotChanged::NameTaken | NotChanged::DefaultStays => Status::Conflict,
            NotChanged::TooManyRooms | NotChanged::Fixed(_) => Status::Conflict,
            NotChanged::NotKept(_) | NotChanged::Busy => Status::ServiceUnavailable,
        };
        let mut detail = not.to_string();
        if let Some(first) = detail.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let wait_s = (not == NotChanged::Busy).then_some(1);
        Self { status, field: not.field(), detail: format!("{detail}."), wait_s }
    }
}
