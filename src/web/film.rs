//! `GET /film/ID`: the files of the films that a room plays. What of them plays when is told by the
//! state ([`super::state`]).

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::command::Command;
use super::fare::share;
use super::file::{ASKED_EACH_TIME, Found, Part};
use super::form::{Form, refusal};
use super::request::{Later, Reply, Request};
use crate::film::{FilmFile, Opened, SMALL_BYTES};
use crate::net::workers::Ticket;
use crate::proto::http::{Method, Status};
use crate::room::Showing;

/// A film's file, whole or a part of it.
pub(super) fn file(request: &Request) -> Reply {
    let nothing = || request.refuse(Status::NotFound, "there is no such film").into();
    let Some(showing) = request.room.showing() else { return nothing() };
    let id = request.rest.parse().ok();
    let Some(film) = id.and_then(|id| showing.theatre.find(id)) else { return nothing() };
    showing.theatre.touch();
    if let Some(opened) = film.ready(request.at) {
        return answer(request, &showing, &film, opened, request.at).into();
    }
    let mut opening = Opening { showing, film, opening: None };
    opening.begin(request);
    Reply::Storing(Box::new(opening))
}

/// What a host wants of the films, as a form.
pub(super) fn command(request: &Request) -> Reply {
    let form = match Form::of(request) {
        Ok(form) => form,
        Err(answer) => return answer.into(),
    };
    match Command::film(&form.fields) {
        Ok(command) => form.carry_out(request, command, "./"),
        Err(refused) => refusal(request, &refused).into(),
    }
}

/// A film that is being opened.
struct Opening {
    showing: Arc<Showing>,
    film: Arc<FilmFile>,
    /// `None` while the workers have too much to do: a thousand may ask for one film at the same moment,
    /// and once it is open for one of them it is for all.
    opening: Option<Ticket<std::io::Result<Opened>>>,
}

impl Opening {
    fn begin(&mut self, request: &Request) {
        let (film, theatre) = (Arc::clone(&self.film), Arc::clone(&self.showing.theatre));
        let work = move || theatre.open(&film);
        self.opening = request.context.engine.workers.submit(&request.handle, work).ok();
    }
}

impl Later for Opening {
    fn look(&mut self, request: &Request, now: Instant) -> Option<Answer> {
        let Some(opening) = &self.opening else {
            if let Some(opened) = self.film.ready(now) {
                return Some(answer(request, &self.showing, &self.film, opened, now));
            }
            self.begin(request);
            return None;
        };
        Some(match opening.take()? {
            Ok(Ok(opened)) => answer(request, &self.showing, &self.film, opened, now),
            Ok(Err(_)) => request.refuse(Status::NotFound, "the film is another by now, or gone"),
            Err(_) => request.refuse(Status::ServiceUnavailable, "the film cannot be opened now"),
        })
    }

    fn glance(&self, now: Instant) -> Option<Instant> {
        self.opening.is_none().then_some(now + BUSY_WAIT)
    }

    fn too_late(&self, request: &Request) -> Answer {
        let why = match &self.opening {
            Some(_) => "the disk with the film does not answer",
            None => "the server has too much to do",
        };
        request.refuse(Status::ServiceUnavailable, why).header("Retry-After", 1)
    }
}

fn answer(
    request: &Request,
    showing: &Showing,
    film: &FilmFile,
    Opened { file, small, warm }: Opened,
    now: Instant,
) -> Answer {
    let (edition, media_type) = (film.edition, film.media_type());
    let found = Found { file, small, edition, warm, media_type, caching: ASKED_EACH_TIME };
    let (status, range) = match found.part(&request.head) {
        Part::None(answer) => return answer,
        Part::Some(status, range) => (status, range),
    };
    // A file that is no more than a picture needs no share; a head alone, nothing at all.
    if request.head.method != Method::Get || edition.bytes <= SMALL_BYTES {
        return found.answer(status, range, None);
    }
    // Who loads ahead needs more than what plays.
    let bits = film.bits_per_sec().saturating_mul(AHEAD);
    match share(request, &showing.crowd, bits, now) {
        Ok(fare) => found.answer(status, range, Some(Box::new(fare))),
        Err(refusal) => refusal,
    }
}

/// How many times as fast as it plays a film is loaded.
const AHEAD: u64 = 2;
/// Until workers that had too much to do are asked again.
const BUSY_WAIT: Duration = Duration::from_millis(20);
