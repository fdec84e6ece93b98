//! The catalogue and its work, for programs; and the requests of a packaging platform.

use super::super::titles;
use super::rows::{BY_UPLOADERS, OF_UPLOADERS, WATCHED};
use super::{BodyUse, Path, Route, Verb, Way, Who};

/// What is changed by who may watch it, of what is its own.
const BY_OWNERS: Route = Route {
    verb: Verb::Post,
    who: Who::OwnOrigin,
    way: Way::Secure,
    body: BodyUse::Json,
    ..WATCHED
};

/// Their rows.
pub(super) static OF_CATALOGUE_API: [Route; 15] = [
    Route {
        paths: &[Path::At("/api/v1/titles")],
        who: Who::OtherOriginsToo,
        query: &["q", "tag", "order"],
        handler: titles::titles,
        about: "JSON: the titles that one may watch, by `q`, `tag`, `order` (`newest`, `title`, `year`, `longest`)",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/api/v1/titles")],
        body: BodyUse::Json,
        handler: titles::create,
        about: "JSON: `upload` or `url`, `title`, `description`, `director`, `year`, `tags`, `watch`, `encrypt`, `key`, `kid`, `protect`: makes a title",
        ..BY_UPLOADERS
    },
    Route {
        paths: &[Path::Each("/api/v1/titles/", "")],
        who: Who::OtherOriginsToo,
        handler: titles::title,
        about: "JSON: one title",
        ..WATCHED
    },
    Route {
        paths: &[Path::Each("/api/v1/titles/", "")],
        handler: titles::change,
        about: "JSON: what is said of a title of one's own, and who may `watch` it",
        ..BY_OWNERS
    },
    Route {
        verb: Verb::Delete,
        paths: &[Path::Each("/api/v1/titles/", "")],
        body: BodyUse::Dropped,
        handler: titles::delete,
        about: "deletes a title, its key and its jobs",
        ..BY_OWNERS
    },
    Route {
        paths: &[Path::Each("/api/v1/titles/", "/poster")],
        handler: titles::set_poster,
        about: "gives a title a picture of its own: `{\"jpeg\":\"…\"}`, in base64; an empty one takes it away",
        ..BY_OWNERS
    },
    Route {
        paths: &[Path::Each("/api/v1/titles/", "/decrypts")],
        handler: titles::set_decrypts,
        about: "whether the server decrypts a title for who may watch it: `{\"decrypts\":true}`",
        ..BY_OWNERS
    },
    Route {
        paths: &[Path::At("/api/v1/jobs")],
        way: Way::Secure,
        handler: titles::jobs,
        about: "JSON: the work on one's own titles; all of it for who may `work`",
        ..WATCHED
    },
    Route {
        paths: &[Path::Each("/api/v1/jobs/", "")],
        way: Way::Secure,
        handler: titles::job,
        about: "JSON: one job, with its steps",
        ..WATCHED
    },
    Route {
        verb: Verb::Delete,
        paths: &[Path::Each("/api/v1/jobs/", "")],
        body: BodyUse::Dropped,
        handler: titles::cancel,
        about: "cancels a job: what can be played stays",
        ..BY_OWNERS
    },
    Route {
        paths: &[Path::Each("/api/v1/jobs/", "/retry")],
        body: BodyUse::Dropped,
        handler: titles::retry,
        about: "tries a job again that failed or was cancelled",
        ..BY_OWNERS
    },
    Route {
        paths: &[Path::At("/library/api")],
        handler: titles::options,
        about: "JSON: what a packaging platform can be asked, and is asked here",
        ..OF_UPLOADERS
    },
    Route {
        paths: &[Path::At("/packaged_content")],
        body: BodyUse::Json,
        handler: titles::package,
        about: "JSON: `input_content_id`, `key`, `kid`: packages what was brought",
        ..BY_UPLOADERS
    },
    Route {
        paths: &[Path::Each("/packaged_content/", ""), Path::Each("/packaged_content_id/", "")],
        handler: titles::packaged,
        about: "JSON: how it stands with what is packaged, and the address of its manifest",
        ..OF_UPLOADERS
    },
    Route {
        paths: &[Path::At("/videos")],
        who: Who::OtherOriginsToo,
        handler: titles::videos,
        about: "JSON: the folders of titles that one may watch, each of six characters",
        ..WATCHED
    },
];
