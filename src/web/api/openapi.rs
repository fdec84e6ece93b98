//! `GET /api/openapi.json`: the description of the API.

use super::super::answer::Answer;
use super::super::payload::Payload;
use super::super::request::{Reply, Request};
use crate::proto::http::Status;

/// The description.
pub(in crate::web) fn openapi(_: &Request) -> Reply {
    Answer::new(Status::Ok, "application/json", Payload::Bytes(OPENAPI.as_bytes().into()))
        .header("Cache-Control", "no-cache")
        .into()
}

/// As it is served.
pub(in crate::web) const OPENAPI: &str = include_str!("openapi.json");
