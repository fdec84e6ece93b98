//! A file of a title, as it was asked for, once it is known to be for who asks.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::answer::Answer;
use super::super::context::Context;
use super::super::opened::Key;
use super::super::request::Request;
use super::address::{Kind, Sort};
use crate::film::{Edition, Opened};
use crate::library::Library;
use crate::library::catalogue::Title;
use crate::proto::http::Status;

/// The file.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) library: Arc<Library>,
    pub(super) title: Arc<Title>,
    pub(super) file: String,
    pub(super) sort: Sort,
}

/// Where a file is.
pub(super) enum Place {
    Here(Opened, Edition),
    /// At this address, for a few minutes.
    Elsewhere(String),
}

impl Asked {
    /// By what it is known among those that are open.
    pub(super) fn key(&self) -> Key {
        let kept = &self.title.kept;
        Key { title: kept.id, generation: kept.shown.generation, file: self.file.clone() }
    }

    /// Opens it. A later set may have taken the place of this one meanwhile.
    pub(super) fn open(&self) -> io::Result<Place> {
        let found = File::open(self.path(&self.title)).or_else(|error| {
            let shelf = self.library.catalogue.shelf();
            match shelf.find(self.title.kept.id) {
                Some(title) if error.kind() == io::ErrorKind::NotFound => {
                    File::open(self.path(title))
                }
                _ => Err(error),
            }
        });
        let elsewhere = || self.library.storage.address(&self.title.kept.name, &self.file);
        match found {
            Ok(file) => {
                let edition = Edition::of(&file)?;
                Ok(Place::Here(Opened::new(file, edition)?, edition))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.sort.is_manifest() => {
                elsewhere().map(Place::Elsewhere).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Where it lies.
    pub(super) fn path(&self, title: &Title) -> PathBuf {
        let folder = self.library.catalogue.folder_of(&title.kept);
        folder.join(title.kept.shown.generation.to_string()).join(&self.file)
    }

    /// What caches may do with it.
    pub(super) fn caching(&self, context: &Context) -> &'static str {
        let kept = &self.title.kept;
        let for_guests = kept.watch == "all" && context.gate.is_open();
        // Of some titles the pictures alone are encrypted.
        let is_secret = kept.scheme.is_some() && matches!(self.sort, Sort::Segment(Kind::Video));
        match self.sort.is_manifest() {
            true if for_guests => "no-cache",
            true => "no-cache, private",
            false if for_guests || is_secret => "public, max-age=31536000, immutable",
            false => "private, max-age=31536000, immutable",
        }
    }
}

/// Too much is being done.
pub(super) fn busy(request: &Request) -> Answer {
    let why = "the server has too much to do";
    request.refuse(Status::ServiceUnavailable, why).header("Retry-After", 1)
}
