//! What the pages of the library have in common: whose library it is, and why something is not shown.

use std::sync::Arc;

use super::super::answer::Answer;
use super::super::request::Request;
use super::super::uploads::who_of;
use super::super::words;
use crate::account;
use crate::library::Library;
use crate::library::catalogue::{self, Title};
use crate::library::jobs;
use crate::proto::http::Status;

/// Why something is not shown or done.
pub(super) enum Failed {
    /// It is not there, or not for who asks.
    NoSuch,
    /// It may be later.
    Later(String),
}

impl Failed {
    /// As who asked is told.
    pub(super) fn answer(&self, request: &Request) -> Answer {
        match self {
            Self::NoSuch => nothing(request),
            Self::Later(why) => request.refuse(Status::ServiceUnavailable, why),
        }
    }
}

impl From<account::Refused> for Failed {
    fn from(_: account::Refused) -> Self {
        Self::Later(words::LIBRARY_BUSY.to_owned())
    }
}

impl From<catalogue::Refused> for Failed {
    fn from(refused: catalogue::Refused) -> Self {
        match refused {
            catalogue::Refused::NoSuch => Self::NoSuch,
            other => Self::Later(other.to_string()),
        }
    }
}

impl From<jobs::Refused> for Failed {
    fn from(refused: jobs::Refused) -> Self {
        match refused {
            jobs::Refused::NoSuch => Self::NoSuch,
            other => Self::Later(other.to_string()),
        }
    }
}

/// The library, of which rooms have none of their own.
pub(super) fn library_of(request: &Request) -> Option<Arc<Library>> {
    request.context.library.clone().filter(|_| request.room.name.is_none())
}

/// The title that an address names, if it is for who asks.
pub(super) fn title_of(request: &Request) -> Option<(Arc<Library>, Arc<Title>)> {
    let library = library_of(request)?;
    let title = library.catalogue.find(number(&request.rest)?, who_of(request))?;
    Some((library, title))
}

/// A number as addresses have it.
pub(super) fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

/// There is no such title, or it is not for who asks.
pub(super) fn nothing(request: &Request) -> Answer {
    request.refuse(Status::NotFound, "there is no such title")
}
