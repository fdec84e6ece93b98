//! A film as it stands in a room's list: a file, or a title of the library.

use std::sync::Arc;
use std::time::Duration;

use super::files::FilmFile;
use super::not_played::NotPlayed;
use super::path::FilmPath;
use super::titles::Standing;

/// What a room may play.
pub struct Film {
    /// By which pages know it: another file, or another state of it, has another.
    pub id: u32,
    /// What to call it. Empty for a title: what that is called is for who may watch it.
    pub name: String,
    pub(super) place: Place,
    /// What it is.
    pub what: What,
}

/// What a film is.
pub enum What {
    /// A file, which goes to browsers as it is.
    File(Arc<FilmFile>),
    /// The title of this number, and how it stands.
    Title(u64, Standing),
}

/// What makes two films the same one, in whatever state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Place {
    File(FilmPath),
    Title(u64),
}

impl Film {
    pub(super) fn of_file(id: u32, file: FilmFile) -> Self {
        let name = file.path.name().unwrap_or_default().to_owned();
        Self { id, name, place: Place::File(file.path.clone()), what: What::File(Arc::new(file)) }
    }

    pub(super) fn of_title(id: u32, number: u64, standing: Standing) -> Self {
        let what = What::Title(number, standing);
        Self { id, name: String::new(), place: Place::Title(number), what }
    }

    /// How long it plays.
    pub fn lasts(&self) -> Option<Duration> {
        match &self.what {
            What::File(file) => file.lasts(),
            What::Title(_, standing) => standing.lasts.ok(),
        }
    }

    /// Why nobody plays it, if nobody does.
    pub fn trouble(&self) -> Option<NotPlayed> {
        match &self.what {
            What::File(file) => file.about.as_ref().err().copied(),
            What::Title(_, standing) => standing.lasts.err(),
        }
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&Arc<FilmFile>> {
        match &self.what {
            What::File(file) => Some(file),
            What::Title(..) => None,
        }
    }

    /// The number of the title, if it is one.
    pub fn title(&self) -> Option<u64> {
        match &self.what {
            What::File(_) => None,
            What::Title(number, _) => Some(*number),
        }
    }
}
