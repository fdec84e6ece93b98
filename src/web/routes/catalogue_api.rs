//! The catalogue and its work, for programs.

use super::super::titles;
use super::rows::WATCHED;
use super::{Path, Route, Who};

/// Their rows.
pub(super) static OF_CATALOGUE_API: [Route; 2] = [
    Route {
        paths: &[Path::At("/api/v1/titles")],
        who: Who::OtherOriginsToo,
        query: &["q", "tag", "order"],
        handler: titles::titles,
        about: "JSON: the titles that one may watch, by `q`, `tag`, `order` (`newest`, `title`, `year`, `longest`)",
        ..WATCHED
    },
    Route {
        paths: &[Path::Each("/api/v1/titles/", "")],
        who: Who::OtherOriginsToo,
        handler: titles::title,
        about: "JSON: one title",
        ..WATCHED
    },
];
