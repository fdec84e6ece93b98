//! A title and a job as programs read them, and why something is not done with one.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::super::api::Problem;
use super::super::request::Request;
use super::super::uploads::who_of;
use super::super::words;
use super::help::help;
use crate::base::clock::{since_unix, unix_seconds};
use crate::library::catalogue::{BadDetails, Refused, Title};
use crate::library::jobs::{self, Job};
use crate::library::{Library, Who};
use crate::proto::http::Status;
use crate::store::job::State;

/// A title, and what is known of it besides.
pub(super) struct Told {
    /// The title.
    pub(super) title: Arc<Title>,
    /// Where who asks is in it, in milliseconds.
    pub(super) place_ms: Option<u64>,
    /// The newest job on it, for who may change it.
    pub(super) job: Option<Job>,
}

/// The library of a request's server, which is not one room's.
pub(super) fn library_of(request: &Request) -> Result<Arc<Library>, Problem> {
    let library = request.context.library.clone().filter(|_| request.room.name.is_none());
    library.ok_or_else(|| Problem::new(Status::ServiceUnavailable, words::UPLOAD_NO_PLACE))
}

impl Told {
    /// All that `who` is told of these titles. Waits for the disk.
    ///
    /// # Errors
    ///
    /// [`Problem`] if the store cannot be read.
    pub(super) fn all(
        library: &Library,
        who: Who,
        titles: Vec<Arc<Title>>,
    ) -> Result<Vec<Self>, Problem> {
        let places = match who.account {
            Some(account) => library.catalogue.places(account, who).map_err(|r| problem(&r))?,
            None => Vec::new(),
        };
        let is_own = |title: &Arc<Title>| title.is_changed_by(who);
        let mut jobs = match titles.iter().any(is_own) {
            true => library.desk.list(who, false).map_err(|r| job_problem(&r))?,
            false => Vec::new(),
        };
        let told = titles.into_iter().map(|title| {
            let id = title.kept.id;
            let place = places.iter().find(|place| place.title == id);
            let newest = jobs.iter().position(|job| job.kept.title == id);
            let job = newest.map(|at| jobs.remove(at));
            Self { title, place_ms: place.map(|place| place.at_ms), job }
        });
        Ok(told.collect())
    }

    /// As JSON. Its addresses are from the server's root, whatever stands before that for the client.
    pub(super) fn as_json(&self, request: &Request) -> Value {
        let (kept, who) = (&self.title.kept, who_of(request));
        let (details, shown) = (&kept.details, &kept.shown);
        let is_made = shown.generation > 0;
        let has_pictures = is_made && !shown.lines.is_empty();
        let below = |file: &str| format!("videos/{}/{file}", kept.name);
        let here = |file: &str| is_made.then(|| below(file));
        let picture =
            format!("library/{}/poster?v={}", kept.id, since_unix(kept.changed).as_millis());
        json!({
            "id": kept.id,
            "name": kept.name,
            "title": details.title,
            "description": details.description,
            "director": details.director,
            "year": details.year,
            "tags": details.tags,
            "watch": kept.watch,
            "owner": owner(request, kept.owner),
            "own": self.title.is_changed_by(who),
            "playable": self.title.is_playable(),
            "whole": shown.whole,
            "length_s": shown.length_ms.map(seconds),
            "lines": shown.lines,
            "generation": shown.generation,
            "sound_only": is_made && shown.lines.is_empty(),
            "encrypted": kept.scheme,
            "decrypts": kept.decrypts,
            "dash": here("dash/stream.mpd"),
            "hls": here("dash/master.m3u8"),
            "clear": here("clear/stream.mpd").filter(|_| kept.decrypts),
            "url": kept.url,
            "poster": (kept.has_poster || has_pictures).then_some(picture),
            "strip": has_pictures.then(|| format!("library/{}/strip.vtt", kept.id)),
            "made": unix_seconds(kept.made),
            "changed": unix_seconds(kept.changed),
            "place_s": self.place_ms.map(seconds),
            "watching": request.context.onlookers.of(kept.id),
            "job": self.job.as_ref().map(|job| job_as_json(request, job)),
        })
    }
}

/// A job as JSON.
pub(super) fn job_as_json(request: &Request, job: &Job) -> Value {
    let Job { kept, title, steps } = job;
    let steps: Vec<Value> = steps
        .iter()
        .map(|step| {
            json!({
                "name": step.name,
                "attempt": step.attempt,
                "began": unix_seconds(step.began),
                "ended": step.ended.map(unix_seconds),
                "words": step.words,
            })
        })
        .collect();
    let why_not = request.context.library.as_ref().and_then(|library| library.why_not());
    let help = match kept.state {
        State::Failed | State::Waiting => help(&kept.words, why_not),
        _ => None,
    };
    json!({
        "id": kept.id,
        "title": { "id": title.kept.id, "title": title.kept.details.title },
        "recipe": kept.recipe,
        "state": kept.state.as_str(),
        "step": kept.step,
        "progress": f64::from(kept.progress) / 1000.0,
        "left_s": left_s(job, request.context.clock.wall()),
        "attempts": kept.attempts,
        "words": kept.words,
        "help": help.unwrap_or_default(),
        "made": unix_seconds(kept.made),
        "ended": kept.ended.map(unix_seconds),
        "steps": steps,
    })
}

/// How many seconds are left of the step that is done now, going by what it took so far.
pub(super) fn left_s(job: &Job, now: SystemTime) -> Option<u64> {
    let done = f64::from(job.kept.progress) / 1000.0;
    // What has just begun tells nothing yet.
    if job.kept.state != State::Running || done < 0.02 {
        return None;
    }
    let step = job.steps.last().filter(|step| step.ended.is_none())?;
    let took_s = now.duration_since(step.began).ok()?.as_secs_f64();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded")]
    let left_s = (took_s * (1.0 - done) / done).clamp(0.0, 1e9).ceil() as u64;
    Some(left_s)
}

/// Why something is not done with a title, for who asked.
pub(super) fn problem(refused: &Refused) -> Problem {
    let (status, field) = match refused {
        Refused::NoSuch | Refused::NoUpload => (Status::NotFound, None),
        Refused::Unfinished | Refused::NotEncrypted => (Status::Conflict, None),
        Refused::KeyId => (Status::Conflict, Some("kid")),
        Refused::NotYours => (Status::Forbidden, None),
        Refused::Details(bad) => (Status::BadRequest, Some(field(*bad))),
        Refused::Poster => (Status::UnsupportedMediaType, Some("jpeg")),
        Refused::TooMany(_) => (Status::InsufficientStorage, None),
        Refused::NotKept(_) => (Status::ServiceUnavailable, None),
    };
    let mut problem = Problem::new(status, &sentence(refused));
    problem.field = field;
    problem
}

/// Why something is not done with a job, for who asked.
pub(super) fn job_problem(refused: &jobs::Refused) -> Problem {
    let status = match refused {
        jobs::Refused::NoSuch => Status::NotFound,
        jobs::Refused::Over | jobs::Refused::NotOver => Status::Conflict,
        jobs::Refused::NotKept(_) => Status::ServiceUnavailable,
    };
    Problem::new(status, &sentence(refused))
}

fn field(bad: BadDetails) -> &'static str {
    match bad {
        BadDetails::NoTitle => "title",
        BadDetails::TooLong(field, _) => field,
        BadDetails::Year => "year",
        BadDetails::TooManyTags(_) => "tags",
        BadDetails::Url => "url",
    }
}

/// With a capital letter and a full stop.
pub(super) fn sentence(why: &impl ToString) -> String {
    let mut why = why.to_string();
    if let Some(first) = why.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("{why}.")
}

/// Whose something is, by that one's name.
fn owner(request: &Request, owner: Option<crate::store::account::AccountId>) -> Option<String> {
    let book = request.context.gate.accounts()?.book();
    Some(book.account(owner?)?.name.clone())
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52 milliseconds")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}
