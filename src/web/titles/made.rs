//! A title made of an upload, or of a manifest elsewhere: looked at before anything is promised. Waits
//! for the disk and for the tool that reads the file.

use std::sync::Arc;
use std::time::Duration;

use super::super::api::Problem;
use super::super::words;
use super::shown::{problem, sentence};
use crate::library::catalogue::{New, Refused, Title};
use crate::library::probe::Source;
use crate::library::{Library, NoVideo, Who};
use crate::proto::http::Status;
use crate::store::upload::{KeptUpload, State};

/// Makes it; an upload is looked at first.
///
/// # Errors
///
/// [`Problem`]; nothing is made then.
pub(super) fn make(library: &Library, who: Who, mut new: New) -> Result<Arc<Title>, Problem> {
    if let Some(name) = new.upload.take() {
        let kept = library.uploads.find(&name, who);
        let kept = kept.map_err(|_| problem(&Refused::NoUpload))?;
        let source = look(library, &kept)?;
        let codec = source.video.as_ref().map(|video| video.codec.as_str());
        if new.secret.is_some() && codec == Some("av1") {
            let status = Status::UnsupportedMediaType;
            return Err(Problem::new(status, words::JOBS_HELP_AV1));
        }
        new.upload = Some(name);
    }
    let kept = library.catalogue.create(new, who).map_err(|refused| problem(&refused))?;
    // A token that is nobody's made one that it may not see yet: it is told of it all the same.
    let made = library.catalogue.shelf().find(kept.id).cloned();
    made.ok_or_else(|| problem(&Refused::NoSuch))
}

/// Finds out what an upload is.
fn look(library: &Library, kept: &KeptUpload) -> Result<Source, Problem> {
    if kept.state == State::Coming {
        return Err(problem(&Refused::Unfinished));
    }
    let unknown = |why: &str| Problem::new(Status::ServiceUnavailable, &sentence(&why));
    if let Some(why) = library.why_not() {
        return Err(unknown(why));
    }
    library.probe(&library.uploads.path_of(kept)).map_err(|no| match no {
        NoVideo::Not(words) => Problem::new(Status::UnsupportedMediaType, &words),
        // Where the file lies is said to nobody.
        NoVideo::Unknown(why) => {
            unknown(&why.replace(&*library.uploads.path_of(kept).to_string_lossy(), "the file"))
        }
    })
}

/// What a title is called that was made of an upload of which nobody said that.
pub(super) fn title_of(kept: &KeptUpload) -> String {
    let named = [&kept.title, &kept.file_name].into_iter().find(|name| !name.is_empty());
    let named = named.map_or("Untitled", |name| name.as_str());
    match named.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.len() <= 5 => stem.to_owned(),
        _ => named.to_owned(),
    }
}

/// How long an upload may be looked at.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
