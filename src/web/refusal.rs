//! How a request is refused: in the form that its client reads.

use serde_json::json;

use super::address::root_of;
use super::answer::Answer;
use super::built;
use super::document::Slot;
use super::pages::{NAMELESS, frame};
use super::payload::Payload;
use crate::proto::http::{Head, Status};

impl Answer {
    /// A refusal, in the form that the client reads: JSON, a page, or a line of text.
    pub(super) fn refusal(head: &Head, status: Status, why: &str, field: Option<&str>) -> Self {
        Self::refusal_as_read(head, status, why, field).varies_by("Accept")
    }

    fn refusal_as_read(head: &Head, status: Status, why: &str, field: Option<&str>) -> Self {
        let path = &head.target.path;
        let is_platforms = PLATFORM.iter().any(|of| path.contains(of)) || path.ends_with(VIDEOS);
        // What a platform answers, people may look at too.
        if path.contains(API) || (is_platforms && !head.accepts_html()) {
            return Self::problem(status, why, field);
        }
        if head.accepts_json() {
            let mut value = json!({ "error": why });
            if let Some(field) = field {
                value["field"] = json!(field);
            }
            return Self::json(status, &value);
        }
        if head.accepts_html() {
            return error(head, status, why);
        }
        Self::text(status, why)
    }
}

impl Answer {
    /// A refusal as the API has it (RFC 9457).
    pub(super) fn problem(status: Status, why: &str, field: Option<&str>) -> Self {
        let mut value = json!({
            "type": "about:blank",
            "title": status.reason(),
            "status": status.code(),
            "detail": why,
        });
        if let Some(field) = field {
            value["field"] = json!(field);
        }
        let body = Payload::owned(value.to_string());
        Self::new(status, "application/problem+json", body).header("Cache-Control", "no-store")
    }
}

/// A refusal, for people.
fn error(head: &Head, status: Status, why: &str) -> Answer {
    let path = &head.target.path;
    let slots = vec![
        ("room", Slot::Text(root_of(path))),
        ("status", Slot::Text(status.code().to_string())),
        ("reason", Slot::Text(status.reason().to_owned())),
        ("detail", Slot::Text(why.to_owned())),
    ];
    let html = frame(NAMELESS, path, built::ERROR, status.reason(), slots);
    Answer::page(head, status, html)
}

/// What stands in the paths of the API.
const API: &str = "/api/";
/// And those of a packaging platform.
const PLATFORM: [&str; 2] = ["/packaged_content", "/library/api"];
const VIDEOS: &str = "/videos";
