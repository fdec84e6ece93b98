//! `POST /upload_input_content`: a form with a file in it, of any length, as browsers and `curl -F`
//! send one. It cannot be gone on with: what breaks off is deleted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::answer::Answer;
use super::super::api::Problem;
use super::super::entry::see_other;
use super::super::request::{End, Later, Look, Reply, Request, Sink};
use super::super::words;
use super::flow::{Finishing, Flow, Place};
use super::shown::{KEYS, no_publication, problem, uploads_of, who_of};
use crate::account::random_text;
use crate::library::uploads::{Ending, New, Refused, Uploads, Wanted};
use crate::library::{Publication, Who};
use crate::proto::base64::base64;
use crate::proto::http::{BodyLength, Status};
use crate::proto::multipart::{Event, FormReader};
use crate::store::upload::KeptUpload;

/// Takes a form with a file.
pub(in crate::web) fn form(request: &Request) -> Reply {
    match try_form(request) {
        Ok(sink) => Reply::Receive(Box::new(sink)),
        Err(problem) => problem.answer().into(),
    }
}

fn try_form(request: &Request) -> Result<FormSink, Problem> {
    let uploads = uploads_of(request)?;
    let media_type = request.head.header("Content-Type").unwrap_or_default();
    let reader = FormReader::new(media_type)
        .map_err(|_| Problem::new(Status::UnsupportedMediaType, words::UPLOAD_NO_FORM))?;
    let length = match request.head.body() {
        // What is around the file is counted too: it needs no more than this.
        BodyLength::Known(bytes) => Some(bytes),
        BodyLength::None => return Err(Problem::new(Status::BadRequest, words::UPLOAD_NO_FILE)),
        BodyLength::Chunked => None,
    };
    let new = New { name: random_text::<16>(), length, ..New::default() };
    let (who, place, title) = (who_of(request), Place::of(request), Vec::new());
    let (within, said) = (Within::Nothing, Vec::new());
    Ok(FormSink { reader, within, title, said, new, uploads, who, place, flow: None })
}

/// A form on its way.
struct FormSink {
    reader: FormReader,
    within: Within,
    title: Vec<u8>,
    /// What is to be made of the file, as tus would say it in its metadata: names and words.
    said: Vec<(&'static str, Vec<u8>)>,
    new: New,
    uploads: Arc<Uploads>,
    who: Who,
    place: Place,
    /// Where the file's bytes go, once it has begun.
    flow: Option<Flow>,
}

/// In which field it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    File,
    Title,
    /// What is to be made of the file.
    Said,
    /// One that is passed over.
    Other,
}

/// A form of which all came.
struct Whole {
    sink: Box<FormSink>,
    finishing: Option<Finishing>,
}

/// A form that broke off.
struct Broken;

impl FormSink {
    /// Goes on as far as there is room; when to look again if there is none.
    fn pump(&mut self, now: Instant) -> Result<Option<Instant>, Problem> {
        loop {
            if let Some(flow) = &mut self.flow
                && let Some(until) = flow.go_on(now).map_err(|refused| problem(&refused))?
            {
                return Ok(Some(until));
            }
            let event = self.reader.next_event();
            let event = event.map_err(|bad| Problem::new(bad.status, &bad.to_string()))?;
            match event {
                None => return Ok(None),
                Some(event) => self.hear(event, now)?,
            }
        }
    }

    fn hear(&mut self, event: Event, now: Instant) -> Result<(), Problem> {
        match event {
            Event::Field(field) => {
                self.within = match field.name.as_str() {
                    "file" if self.flow.is_some() => {
                        return Err(Problem::field("file", words::UPLOAD_ONE_FILE));
                    }
                    "file" => {
                        self.begin(field.file_name.unwrap_or_default(), now)?;
                        Within::File
                    }
                    "title" => Within::Title,
                    "publish" => self.say("publish")?,
                    "encrypt" => self.say("encrypt")?,
                    "key" => self.say("key")?,
                    "kid" => self.say("kid")?,
                    _ => Within::Other,
                }
            }
            Event::Content(bytes) => match (self.within, &mut self.flow) {
                (Within::File, Some(flow)) => flow.take(&bytes),
                (Within::Title, _) => {
                    let room = MOST_TITLE_BYTES.saturating_sub(self.title.len());
                    self.title.extend_from_slice(&bytes[..bytes.len().min(room)]);
                }
                (Within::Said, _) => {
                    if let Some((_, word)) = self.said.last_mut() {
                        let room = MOST_WORD_BYTES.saturating_sub(word.len());
                        word.extend_from_slice(&bytes[..bytes.len().min(room)]);
                    }
                }
                _ => {}
            },
            Event::End => self.within = Within::Nothing,
            Event::Done => {}
        }
        Ok(())
    }

    /// Hears what is to be made of the file; said again, the first holds.
    fn say(&mut self, name: &'static str) -> Result<Within, Problem> {
        if self.flow.is_some() {
            return Err(Problem::field(name, words::UPLOAD_BEFORE_FILE));
        }
        if self.said.iter().any(|(known, _)| *known == name) {
            return Ok(Within::Other);
        }
        self.said.push((name, Vec::new()));
        Ok(Within::Said)
    }

    /// Begins the upload, for which all is said now.
    fn begin(&mut self, file_name: String, now: Instant) -> Result<(), Problem> {
        let said = |name: &str| {
            let word = self.said.iter().find(|(known, _)| *known == name);
            word.map(|(_, word)| std::str::from_utf8(word).unwrap_or("?"))
        };
        Publication::of(said).map_err(no_publication)?;
        let title = String::from_utf8_lossy(&self.title).into_owned();
        let new = New { file_name, title, metadata: metadata(&self.said), ..self.new.clone() };
        let (uploads, who) = (Arc::clone(&self.uploads), self.who);
        let open = move || {
            let kept = uploads.create(new.clone(), who)?;
            let wanted = Wanted { offset: 0, length: None, checksum: None, goes_on: false };
            uploads.begin(&kept.name, who, wanted)
        };
        self.flow = Some(Flow::new(self.place.clone(), now, open));
        Ok(())
    }
}

/// What was said of a file as tus has it.
fn metadata(said: &[(&'static str, Vec<u8>)]) -> String {
    let is_kept =
        |(name, word): &&(&'static str, Vec<u8>)| !word.is_empty() && !KEYS.contains(name);
    let said = said.iter().filter(is_kept);
    let pairs: Vec<String> = said.map(|(name, word)| format!("{name} {}", base64(word))).collect();
    pairs.join(",")
}

impl Sink for FormSink {
    fn look(&mut self, now: Instant) -> Look {
        match self.pump(now) {
            Ok(None) => Look::Room,
            Ok(Some(until)) => Look::Full(until),
            Err(problem) => Look::Refused(problem.answer()),
        }
    }

    fn take(&mut self, piece: Vec<u8>) {
        self.reader.feed(&piece);
    }

    fn end(self: Box<Self>, end: End) -> Box<dyn Later> {
        match end {
            End::Whole => Box::new(Whole { sink: self, finishing: None }),
            End::Cut => Box::new(Broken),
        }
    }
}

impl Whole {
    /// What came of it, once it is done.
    fn outcome(&mut self, now: Instant) -> Option<Result<KeptUpload, Problem>> {
        if self.finishing.is_none() {
            match self.sink.pump(now) {
                Ok(None) => {}
                Ok(Some(_)) => return None,
                Err(problem) => return Some(Err(problem)),
            }
            if !self.sink.reader.is_done() {
                let why = words::UPLOAD_FORM_ENDS;
                return Some(Err(Problem::new(Status::BadRequest, why)));
            }
            let Some(flow) = self.sink.flow.take() else {
                return Some(Err(Problem::field("file", words::UPLOAD_NO_FILE)));
            };
            self.finishing = Some(flow.end(Ending::Last));
        }
        let outcome: Result<KeptUpload, Refused> = self.finishing.as_mut()?.outcome(now)?;
        Some(outcome.map_err(|refused| problem(&refused)))
    }
}

impl Later for Whole {
    fn look(&mut self, request: &Request, now: Instant) -> Option<Answer> {
        Some(match self.outcome(now)? {
            Ok(_) if request.head.accepts_html() => see_other("library/upload"),
            Ok(kept) => Answer::json(Status::Ok, &json!({ "input_content_id": kept.id })),
            Err(problem) => problem.answer(),
        })
    }

    fn glance(&self, now: Instant) -> Option<Instant> {
        let finishing = self.finishing.as_ref().map(|finishing| finishing.glance(now));
        Some(finishing.unwrap_or(now + GLANCE))
    }

    fn lasts(&self) -> Duration {
        PATIENCE
    }
}

impl Later for Broken {
    fn look(&mut self, request: &Request, _: Instant) -> Option<Answer> {
        Some(request.refuse(Status::BadRequest, words::UPLOAD_FORM_ENDS))
    }
}

const MOST_TITLE_BYTES: usize = 4096;
/// No word is longer than `members`.
const MOST_WORD_BYTES: usize = 16;
/// How soon it is looked again whether a worker is free.
const GLANCE: Duration = Duration::from_millis(20);
/// How long a disk may take for the end.
const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_made_of_a_file_is_said_as_tus_says_it() {
        let said = |publish: &str, encrypt: &str| {
            metadata(&[("publish", publish.into()), ("encrypt", encrypt.into())])
        };
        assert_eq!(said("all", "cbcs"), "publish YWxs,encrypt Y2Jjcw==");
        assert_eq!(said("members", ""), "publish bWVtYmVycw==");
        assert_eq!(said("", ""), "");
        assert_eq!(metadata(&[("key", b"secret".into())]), "", "no key is kept");
    }
}
