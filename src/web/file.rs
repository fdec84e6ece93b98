//! A file as an answer, whole or by range (RFC 9110 §13, §14).

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use super::answer::Answer;
use super::payload::{Fare, FilePart, Payload};
use crate::film::{Edition, Warm};
use crate::proto::http::{Asked, Head, Method, Status, if_match, if_none_match, parse_range};

/// A file that is open, as it was found.
pub(super) struct Found {
    pub(super) file: Arc<File>,
    /// All of it, if that is little.
    pub(super) small: Option<Arc<[u8]>>,
    pub(super) edition: Edition,
    /// Which of its bytes are in the system's memory.
    pub(super) warm: Arc<Warm>,
    pub(super) media_type: &'static str,
    /// What caches may do with it.
    pub(super) caching: &'static str,
}

/// A browser may keep what it has, and asks each time whether that is still it.
pub(super) const ASKED_EACH_TIME: &str = "no-cache, private";

/// What of a file is answered.
pub(super) enum Part {
    /// This is the answer, without any of it.
    None(Answer),
    /// These bytes.
    Some(Status, Range<u64>),
}

impl Found {
    /// What a request for it comes to.
    pub(super) fn part(&self, head: &Head) -> Part {
        let tag = self.edition.tag();
        if head.headers.joined("If-Match").is_some_and(|tags| !if_match(&tags, Some(&tag))) {
            let why = "it is no longer the one that `If-Match` names";
            return Part::None(Answer::refusal(head, Status::PreconditionFailed, why, None));
        }
        if head.headers.joined("If-None-Match").is_some_and(|tags| if_none_match(&tags, &tag)) {
            return Part::None(self.dressed(Answer::empty(Status::NotModified)));
        }
        let length = self.edition.bytes;
        match self.asked(head, &tag) {
            Asked::All => Part::Some(Status::Ok, 0..length),
            // A browser that asks for the rest reads it when it comes to it: until then it would hold
            // one of the six connections that it has to us.
            Asked::Part { range, open: true } => {
                let end = range.end.min(range.start.saturating_add(OPEN_BYTES));
                Part::Some(Status::PartialContent, range.start..end)
            }
            Asked::Part { range, open: false } => Part::Some(Status::PartialContent, range),
            Asked::Nothing => {
                let why = "the file has no such bytes";
                let answer = Answer::refusal(head, Status::RangeNotSatisfiable, why, None);
                Part::None(answer.header("Content-Range", format!("bytes */{length}")))
            }
        }
    }

    /// The answer with these bytes of it; who has a `fare` gets them as that allows.
    pub(super) fn answer(
        self,
        status: Status,
        range: Range<u64>,
        fare: Option<Box<dyn Fare>>,
    ) -> Answer {
        let place =
            format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), self.edition.bytes);
        let body = match &self.small {
            Some(all) if range == (0..all.len() as u64) => Payload::Shared(Arc::clone(all)),
            _ => {
                let (file, edition) = (Arc::clone(&self.file), self.edition);
                let warm = Arc::clone(&self.warm);
                Payload::File(Box::new(FilePart { file, range, edition, warm, fare }))
            }
        };
        let answer = self.dressed(Answer::new(status, self.media_type, body));
        match status {
            Status::PartialContent => answer.header("Content-Range", place),
            _ => answer,
        }
    }

    fn dressed(&self, answer: Answer) -> Answer {
        answer
            .header("Accept-Ranges", "bytes")
            .header("ETag", self.edition.tag())
            .header("Cache-Control", self.caching)
    }

    /// Only `GET` asks for parts (§14.2), and with `If-Range` only of this version (§13.1.5): by a
    /// strong tag, as there are no dates here.
    fn asked(&self, head: &Head, tag: &str) -> Asked {
        let same = head.header("If-Range").is_none_or(|version| version.trim() == tag);
        match head.header("Range") {
            Some(range) if same && head.method == Method::Get => {
                parse_range(range, self.edition.bytes)
            }
            _ => Asked::All,
        }
    }
}

/// Most that is sent to who leaves it to us where the range ends (§15.3.7).
const OPEN_BYTES: u64 = 4 * 1024 * 1024;
