//! `GET /videos/…`: segments and manifests, as they lie on the disk.
//!
//! A segment's bytes never change: later sets of a title have the same under the same address. So a
//! cache keeps them for good, for all if everybody may watch or they are encrypted. Manifests are asked
//! for each time.

use std::io;
use std::time::{Duration, Instant};

use super::super::answer::Answer;
use super::super::fare::share;
use super::super::file::{Found, Part};
use super::super::request::{Later, Reply, Request};
use super::super::uploads::who_of;
use super::address::{Address, Set};
use super::asked::{Asked, Place, busy};
use super::clear;
use crate::film::{Edition, Opened, SMALL_BYTES};
use crate::net::workers::Ticket;
use crate::proto::http::{Method, Status};

/// A file of a title.
pub(in crate::web) fn media(request: &Request) -> Reply {
    let nothing = || request.refuse(Status::NotFound, "there is nothing at this address").into();
    let Some(address) = Address::parse(&request.rest) else { return nothing() };
    let Some(library) = request.context.library.clone().filter(|_| request.room.name.is_none())
    else {
        return nothing();
    };
    let Some(title) = library.catalogue.named(address.name, who_of(request)) else {
        return nothing();
    };
    let (file, sort) = (address.file.to_owned(), address.sort);
    let asked = Asked { library, title, file, sort };
    if asked.title.kept.shown.generation == 0 {
        return nothing();
    }
    match address.set {
        Set::Clear => clear::answer(request, asked),
        Set::Dash => as_it_lies(request, asked),
    }
}

fn as_it_lies(request: &Request, asked: Asked) -> Reply {
    let key = asked.key();
    if let Some((opened, edition)) = request.context.opened.get(&key, request.at) {
        return answer(request, &asked, opened, edition, request.at).into();
    }
    let mut opening = Opening { asked, opening: None };
    opening.begin(request);
    Reply::Storing(Box::new(opening))
}

/// A file that is being opened.
struct Opening {
    asked: Asked,
    /// `None` while the workers have too much to do: once it is open for one who asks it is for all.
    opening: Option<Ticket<io::Result<Place>>>,
}

impl Opening {
    fn begin(&mut self, request: &Request) {
        let asked = self.asked.clone();
        let workers = &request.context.engine.workers;
        self.opening = workers.submit(&request.handle, move || asked.open()).ok();
    }
}

impl Later for Opening {
    fn look(&mut self, request: &Request, now: Instant) -> Option<Answer> {
        let files = &request.context.opened;
        let Some(opening) = &self.opening else {
            if let Some((opened, edition)) = files.get(&self.asked.key(), now) {
                return Some(answer(request, &self.asked, opened, edition, now));
            }
            self.begin(request);
            return None;
        };
        Some(match opening.take()? {
            // Who follows it has the right to it for as long as the address is good.
            Ok(Ok(Place::Elsewhere(address))) => Answer::empty(Status::TemporaryRedirect)
                .header("Location", address)
                .header("Cache-Control", "private, no-store"),
            Ok(Ok(Place::Here(opened, edition))) => {
                files.keep(self.asked.key(), opened.clone(), edition, now);
                answer(request, &self.asked, opened, edition, now)
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
                request.refuse(Status::NotFound, "there is no such segment")
            }
            Ok(Err(_)) | Err(_) => {
                request.refuse(Status::ServiceUnavailable, "the segment cannot be opened now")
            }
        })
    }

    fn glance(&self, now: Instant) -> Option<Instant> {
        self.opening.is_none().then_some(now + BUSY_WAIT)
    }

    fn too_late(&self, request: &Request) -> Answer {
        match &self.opening {
            Some(_) => {
                let why = "the disk with the film does not answer";
                request.refuse(Status::ServiceUnavailable, why)
            }
            None => busy(request),
        }
    }
}

fn answer(
    request: &Request,
    asked: &Asked,
    Opened { file, small, warm }: Opened,
    edition: Edition,
    now: Instant,
) -> Answer {
    let caching = asked.caching(&request.context);
    let found = Found { file, small, edition, warm, media_type: asked.sort.media_type(), caching };
    let (status, range) = match found.part(&request.head) {
        Part::None(answer) => return answer,
        Part::Some(status, range) => (status, range),
    };
    if request.head.method != Method::Get || edition.bytes <= SMALL_BYTES {
        return found.answer(status, range, None);
    }
    // What plays needs this many; who loads ahead, more.
    let bits = edition.bytes.saturating_mul(8) / SEGMENT_S * AHEAD;
    match share(request, &request.context.loaders, bits, now) {
        Ok(fare) => found.answer(status, range, Some(Box::new(fare))),
        Err(refusal) => refusal,
    }
}

/// Until workers that had too much to do are asked again.
const BUSY_WAIT: Duration = Duration::from_millis(20);
/// About how long a segment plays.
const SEGMENT_S: u64 = 4;
/// How many times as fast as it plays a film is loaded.
const AHEAD: u64 = 2;
