//! A file as an answer, whole or by range (RFC 9110 §14).

use std::fs::File;
use std::sync::Arc;

use super::answer::Answer;
use super::payload::Payload;
use crate::proto::http::{Asked, Head, Method, Status, parse_range};

/// A file that is open, as it was found.
pub(super) struct Found {
    pub(super) file: Arc<File>,
    /// Bytes.
    pub(super) length: u64,
    pub(super) media_type: &'static str,
    /// Strong: it changes with every byte.
    pub(super) etag: String,
}

impl Found {
    /// The answer to a request for it.
    #[cfg_attr(not(test), expect(dead_code, reason = "the library's files come with it"))]
    pub(super) fn answer(self, head: &Head) -> Answer {
        let (status, range) = match self.asked(head) {
            Asked::All => (Status::Ok, 0..self.length),
            Asked::Part(range) => (Status::PartialContent, range),
            Asked::Nothing => {
                let why = "the file has no such bytes";
                return Answer::refusal(head, Status::RangeNotSatisfiable, why, None)
                    .header("Content-Range", format!("bytes */{}", self.length));
            }
        };
        let place = format!("bytes {}-{}/{}", range.start, range.end.wrapping_sub(1), self.length);
        let body = Payload::File { file: self.file, range };
        let answer = Answer::new(status, self.media_type, body)
            .header("Accept-Ranges", "bytes")
            .header("ETag", self.etag);
        match status {
            Status::PartialContent => answer.header("Content-Range", place),
            _ => answer,
        }
    }

    /// Only `GET` asks for parts (§14.2), and with `If-Range` only of this version (§13.1.5).
    fn asked(&self, head: &Head) -> Asked {
        let same = head.header("If-Range").is_none_or(|version| version.trim() == self.etag);
        match head.header("Range") {
            Some(range) if same && head.method == Method::Get => parse_range(range, self.length),
            _ => Asked::All,
        }
    }
}
