//! How a request is refused: in the form that its client reads.

use serde_json::json;

use super::answer::Answer;
use crate::proto::http::{Head, Status};

impl Answer {
    /// A refusal, in the form that the client reads: JSON, a page, or a line of text.
    pub(super) fn refusal(head: &Head, status: Status, why: &str, field: Option<&str>) -> Self {
        Self::refusal_as_read(head, status, why, field).varies_by("Accept")
    }

    fn refusal_as_read(head: &Head, status: Status, why: &str, field: Option<&str>) -> Self {
        if head.accepts_json() {
            let mut value = json!({ "error": why });
            if let Some(field) = field {
                value["field"] = json!(field);
            }
            return Self::json(status, &value);
        }
        if head.accepts_html() {
            return error(status, why);
        }
        Self::text(status, why)
    }
}

/// A refusal, for people.
fn error(status: Status, why: &str) -> Answer {
    let html = include_str!("../../www/error.html")
        .replace("{{status}}", &status.code().to_string())
        .replace("{{title}}", status.reason())
        .replace("{{detail}}", &escape(why));
    Answer::page(status, html)
}

/// A text as it stands on a page.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_wrote_cannot_become_markup() {
        assert_eq!(escape("<b>\"&'"), "&lt;b&gt;&quot;&amp;&#39;");
    }
}
