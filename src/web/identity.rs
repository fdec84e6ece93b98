//! Whose request it is: the cookie `viewer`, read and given.

use std::time::Duration;

use super::answer::Answer;
use crate::live::settings::ViewerId;
use crate::proto::cookie;
use crate::proto::http::Head;

/// The viewer that a request names, if it names one.
pub(super) fn of(head: &Head) -> Option<ViewerId> {
    cookie::find(head.headers.all("Cookie"), NAME)?.parse().ok()
}

/// Gives a viewer its cookie.
pub(super) fn give(answer: Answer, id: ViewerId) -> Answer {
    answer.header("Set-Cookie", cookie::set_cookie(NAME, &id.to_string(), LASTS))
}

const NAME: &str = "viewer";
const LASTS: Duration = Duration::from_secs(365 * 24 * 3600);
