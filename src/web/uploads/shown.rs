//! An upload as programs read it, who asks for one, and why something is not done.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::api::Problem;
use super::super::request::Request;
use super::super::words;
use crate::account::Capability;
use crate::base::clock::unix_seconds;
use crate::library::Who;
use crate::library::uploads::{Refused, Uploads};
use crate::proto::http::Status;
use crate::store::upload::KeptUpload;

/// The uploads of a request's server.
pub(super) fn uploads_of(request: &Request) -> Result<Arc<Uploads>, Problem> {
    let unavailable = |why: &str| Problem::new(Status::ServiceUnavailable, why);
    let library = request.context.library.as_ref();
    let library = library.ok_or_else(|| unavailable(words::UPLOAD_NO_PLACE))?;
    match library.why_not() {
        Some(why) => Err(unavailable(why)),
        None => Ok(Arc::clone(&library.uploads)),
    }
}

/// Who asks.
pub(in crate::web) fn who_of(request: &Request) -> Who {
    let caller = &request.caller;
    Who {
        account: caller.account.as_ref().map(|account| account.id),
        is_host: caller.may(Capability::Host, ""),
    }
}

/// As JSON; whose it is, is said by that one's name.
pub(super) fn as_json(request: &Request, kept: &KeptUpload) -> Value {
    let book = request.context.gate.accounts().map(|accounts| accounts.book());
    let owner = kept.owner.and_then(|id| Some(book?.account(id)?.name.clone()));
    // What was made of it, as far as who asks may know.
    let library = request.context.library.as_ref();
    let title_id = library.and_then(|library| library.catalogue.made_of(kept.id, who_of(request)));
    json!({
        "id": kept.name,
        "input_content_id": kept.id,
        "owner": owner,
        "own": kept.owner == who_of(request).account,
        "file_name": kept.file_name,
        "title": kept.title,
        "title_id": title_id,
        "state": kept.state.as_str(),
        "length": kept.length,
        "offset": kept.offset,
        "made": unix_seconds(kept.made),
        "metadata": kept.metadata,
        "expires": kept.expires.map(unix_seconds),
    })
}

/// Of what was said of a file, this means nothing here.
pub(super) fn no_publication(field: &'static str) -> Problem {
    let why = match field {
        "publish" => words::UPLOAD_PUBLISH,
        "encrypt" => words::TITLES_ENCRYPT,
        _ => words::UPLOAD_NO_KEY,
    };
    Problem::field(field, &why.replace("{field}", field))
}

/// What is said of a file once and never kept.
pub(super) const KEYS: [&str; 2] = ["key", "kid"];

/// Why something is not done, for who asked.
pub(super) fn problem(refused: &Refused) -> Problem {
    let status = match refused {
        Refused::TooLarge(_) | Refused::OverQuota(_) => Status::ContentTooLarge,
        Refused::NoRoom | Refused::TooLong => Status::ContentTooLarge,
        Refused::NoVideo(_) => Status::UnsupportedMediaType,
        Refused::TooMany => Status::TooManyRequests,
        Refused::NoSuch => Status::NotFound,
        Refused::Length => Status::BadRequest,
        Refused::Offset(_) | Refused::Complete => Status::Conflict,
        Refused::Unfinished | Refused::Superseded => Status::Conflict,
        Refused::Checksum => Status::ChecksumMismatch,
        Refused::DiskFull => Status::InsufficientStorage,
        Refused::Busy | Refused::Disk(_) | Refused::NotKept(_) => Status::ServiceUnavailable,
    };
    let mut detail = refused.to_string();
    if let Some(first) = detail.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !detail.ends_with('.') {
        detail.push('.');
    }
    Problem::new(status, &detail)
}
