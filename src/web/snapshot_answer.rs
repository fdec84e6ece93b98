//! `GET /snapshot` and `GET /preview`: what is asked, and the answer once there is a picture or none.
//!
//! Makes no picture: that is [`super::snapshot`]'s, on a thread that may wait.

use super::answer::Answer;
use super::fields;
use super::payload::Payload;
use super::request::{Reply, Request};
use super::snapshot::{NoSnapshot, Snapshot, What};
use crate::base::clock;
use crate::live::level::Level;
use crate::proto::http::Status;

/// Asks for a picture.
pub(super) fn snapshot(request: &Request) -> Reply {
    let quality = fields::quality(&request.query);
    match quality.and_then(|choice| Ok((choice, fields::filter(&request.query)?))) {
        Ok((choice, filter)) => {
            let level = choice.map_or(Level::TOP, |choice| choice.level());
            let look = request.room.crowd.look(filter.unwrap_or_default());
            Reply::Snapshot(What::AtLevel(level, look))
        }
        Err(bad) => request.bad(&bad).into(),
    }
}

/// Asks for a small picture, if the source is open.
pub(super) fn preview(_: &Request) -> Reply {
    Reply::Snapshot(What::Preview)
}

/// The answer with the picture that was asked for, or why there is none.
pub(super) fn answer(request: &Request, taken: Result<Snapshot, NoSnapshot>) -> Answer {
    match taken {
        Ok(snapshot) => {
            let micros = clock::unix_micros(request.context.clock.wall_at(snapshot.frame.captured));
            let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
            Answer::new(Status::Ok, "image/jpeg", Payload::Shared(snapshot.jpeg))
                .header("Cache-Control", "no-store")
                .header("X-Timestamp", format!("{seconds}.{rest:06}"))
        }
        Err(NoSnapshot::NoFrame) => {
            request.refuse(Status::ServiceUnavailable, "the source gives no picture")
        }
        Err(NoSnapshot::Busy) => request
            .refuse(Status::ServiceUnavailable, "there is too much to do: ask again")
            .header("Retry-After", 1),
        Err(NoSnapshot::Failed(failed)) => {
            let why = format!("the picture cannot be encoded: {failed}");
            request.refuse(Status::ServiceUnavailable, &why)
        }
    }
}
