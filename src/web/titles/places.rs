//! Where somebody is in a title.

use std::sync::Arc;

use serde_json::Value;

use super::super::answer::Answer;
use super::super::api::Problem;
use super::super::people::by_worker;
use super::super::request::{Reply, Request};
use super::super::uploads::who_of;
use super::super::words;
use super::house::{Failed, number};
use crate::proto::http::Status;

/// `POST /api/v1/titles/ID/place`: notes where who signed in is in a title.
pub(in crate::web) fn place(request: &Request) -> Reply {
    let problem = |status, why: &str| Problem::new(status, why).answer().into();
    let Some(at_ms) = at_ms(&request.body) else {
        return Problem::field("at_s", words::LIBRARY_BAD_PLACE).answer().into();
    };
    let (Some(library), Some(account)) = (&request.context.library, &request.caller.account) else {
        return problem(Status::NotFound, words::LIBRARY_NO_TITLE);
    };
    let Some(id) = number(&request.rest) else {
        return problem(Status::NotFound, words::LIBRARY_NO_TITLE);
    };
    let (catalogue, account, who) = (Arc::clone(&library.catalogue), account.id, who_of(request));
    by_worker(
        request,
        move || Ok(catalogue.note_place(id, account, who, at_ms)?),
        |_, outcome: Result<(), Failed>| match outcome {
            Ok(()) => Answer::empty(Status::NoContent),
            Err(Failed::NoSuch) => Problem::new(Status::NotFound, words::LIBRARY_NO_TITLE).answer(),
            Err(Failed::Later(why)) => Problem::new(Status::ServiceUnavailable, &why).answer(),
        },
    )
}

/// `at_s` of a body, in milliseconds.
fn at_ms(body: &[u8]) -> Option<u64> {
    let asked: Value = serde_json::from_slice(body).ok()?;
    let at_s = asked.get("at_s")?.as_f64().filter(|at_s| (0.0..=MOST_S).contains(at_s))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in bounds")]
    Some((at_s * 1000.0) as u64)
}

/// No film is longer than a year.
const MOST_S: f64 = 366.0 * 86_400.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_times_within_a_film() {
        assert_eq!(at_ms(br#"{"at_s":30.5}"#), Some(30_500));
        assert_eq!(at_ms(br#"{"at_s":0}"#), Some(0));
        for bad in
            [&b""[..], b"[]", b"{}", br#"{"at_s":-1}"#, br#"{"at_s":"3"}"#, br#"{"at_s":1e300}"#]
        {
            assert_eq!(at_ms(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }
}
