//! The folder of clips that may be asked for by name.
//!
//! A name is one that the folder lists, and nothing is ever joined to its path: so no
//! name leads out of it. Looking there and [reading a clip through](survey) are
//! workers' work, and what was found out is kept until the file changes. Who asks has a
//! [`Lookup`]; all who ask for one clip wait for the same survey, and different clips are
//! surveyed beside each other.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::live::viewer::FeedCosts;
use crate::net::lane::Handle;
use crate::net::workers::{Busy, Failed, Slice, Ticket, Workers};
use crate::source::clip::index::Indexes;
use crate::source::clip::reader::Reader;
use crate::source::clip::survey::Survey;
use crate::source::clip::{Edition, is_clip};
use crate::source::{Trouble, TroubleCode};
use survey::Job;

mod survey;

/// The clips of a folder.
pub(super) struct Clips {
    folder: PathBuf,
    /// Pictures a second of clips that have no rate.
    pub(super) fps: f64,
    workers: Arc<Workers>,
    pub(super) indexes: Arc<Indexes>,
    known: Mutex<HashMap<PathBuf, Known>>,
    /// The names, and when the folder was read.
    listed: Mutex<Option<(Instant, Vec<String>)>>,
}

/// A clip that can be played.
pub(super) struct Clip {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) survey: Survey,
    pub(super) costs: FeedCosts,
}

/// What is known of a file, and of which state of it.
struct Known {
    edition: Edition,
    what: What,
}

enum What {
    /// It can be played, or never will.
    Surveyed(Outcome),
    /// It is being read through.
    Underway {
        waiting: Arc<Waiting>,
        /// The work goes on while this is kept.
        work: Option<Ticket<()>>,
    },
}

type Outcome = Result<Arc<Clip>, Missing>;

/// Those who wait for one survey.
#[derive(Default)]
pub(super) struct Waiting {
    outcome: Mutex<Option<Outcome>>,
    asking: Mutex<Vec<Handle>>,
}

/// Why there is no clip.
#[derive(Debug, Clone)]
pub(super) enum Missing {
    /// No file has this name.
    Unknown,
    /// It is there and cannot be played.
    Unplayable(Trouble),
    /// Too much is asked for at once.
    Busy,
}

/// A clip that was asked for.
pub(super) enum Lookup {
    /// In the folder.
    InFolder(Ticket<Found>),
    /// It is being read through.
    Surveyed(Arc<Waiting>),
}

/// What a look into the folder came to.
pub(super) enum Found {
    Already(Outcome),
    Later(Arc<Waiting>),
}

impl Clips {
    /// The clips of `folder`, those without a rate at `fps`.
    pub(super) fn new(folder: PathBuf, fps: f64, workers: Arc<Workers>) -> Self {
        let indexes = Arc::new(Indexes::new(INDEX_BYTES));
        let (known, listed) = (Mutex::default(), Mutex::default());
        Self { folder, fps, workers, indexes, known, listed }
    }

    /// The names that can be asked for, in order, as they are or were a moment ago: whoever asks
    /// again and again keeps no worker from others.
    pub(super) fn names(&self, now: Instant) -> Vec<String> {
        let fresh = |at: Instant| now.saturating_duration_since(at) < LISTED_TIME;
        if let Some((_, names)) = self.listed.lock().as_ref().filter(|(at, _)| fresh(*at)) {
            return names.clone();
        }
        let names = self.list();
        *self.listed.lock() = Some((now, names.clone()));
        names
    }

    /// Reads the folder, and each file's first bytes.
    fn list(&self) -> Vec<String> {
        let files = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = files
            .filter(|file| file.file_type().is_ok_and(|kind| kind.is_file() || kind.is_symlink()))
            .filter_map(|file| file.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.') && name.len() <= MAX_NAME_BYTES)
            .filter(|name| is_clip(&self.folder.join(name)))
            .take(MAX_NAMES)
            .collect();
        names.sort();
        names
    }

    /// Asks for the clip of a name. `asker` is notified when there is an outcome.
    ///
    /// # Errors
    ///
    /// [`Busy`] if the workers have too much to do.
    pub(super) fn look_up(self: &Arc<Self>, name: &str, asker: &Handle) -> Result<Lookup, Busy> {
        let (clips, name, told) = (Arc::clone(self), name.to_owned(), asker.clone());
        let work = move || clips.find(&name, told);
        self.workers.submit(asker, work).map(Lookup::InFolder)
    }

    /// Looks for a clip, and begins to read it through if that was not done before.
    fn find(self: &Arc<Self>, name: &str, asker: Handle) -> Found {
        let about = self.path_of(name).and_then(|path| Some((path.metadata().ok()?, path)));
        let Some((about, path)) = about else { return Found::Already(Err(Missing::Unknown)) };
        let edition = Edition::of(&about);
        let mut known = self.known.lock();
        match known.get(&path).filter(|known| known.edition == edition).map(|known| &known.what) {
            Some(What::Surveyed(outcome)) => return Found::Already(outcome.clone()),
            Some(What::Underway { waiting, .. }) => return waiting.join(asker),
            None => {}
        }
        let is_underway = |known: &Known| matches!(known.what, What::Underway { .. });
        if known.values().filter(|known| is_underway(known)).count() >= MAX_SURVEYS {
            return Found::Already(Err(Missing::Busy));
        }
        if known.len() >= MAX_NAMES {
            known.retain(|_, known| is_underway(known));
        }
        let waiting = Arc::<Waiting>::default();
        let found = waiting.join(asker.clone());
        let what = What::Underway { waiting: Arc::clone(&waiting), work: None };
        known.insert(path.clone(), Known { edition, what });
        drop(known);
        let job = Job::new(Arc::clone(self), name.to_owned(), path.clone(), edition);
        // One that is refused says so when it is dropped.
        if let Ok(begun) = self.begin(job, &asker)
            && let Some(known) = self.known.lock().get_mut(&path)
            && let What::Underway { waiting: there, work } = &mut known.what
            && Arc::ptr_eq(there, &waiting)
        {
            *work = Some(begun);
        }
        found
    }

    fn begin(&self, mut job: Job, asker: &Handle) -> Result<Ticket<()>, Busy> {
        self.workers.submit_slices(asker, move || match job.go_on() {
            true => Slice::More,
            false => Slice::Done(()),
        })
    }

    /// Takes in what a survey of a file came to, and tells all who wait for it.
    pub(super) fn surveyed(&self, path: &Path, edition: Edition, outcome: Outcome) {
        let keeps = match &outcome {
            Ok(_) => true,
            // What is no clip becomes none until it is written to; what could not be read may be.
            Err(Missing::Unplayable(trouble)) => trouble.code == TroubleCode::Garbage,
            Err(Missing::Unknown | Missing::Busy) => false,
        };
        let mut known = self.known.lock();
        let same = known.get(path).is_some_and(|known| known.edition == edition);
        let before = match (same, keeps) {
            (false, _) => return,
            (true, false) => known.remove(path),
            (true, true) => {
                let what = What::Surveyed(outcome.clone());
                known.insert(path.to_owned(), Known { edition, what })
            }
        };
        drop(known);
        if let Some(What::Underway { waiting, .. }) = before.map(|known| known.what) {
            waiting.tell(outcome);
        }
    }

    /// The path of a file that the folder lists under exactly this name.
    fn path_of(&self, name: &str) -> Option<PathBuf> {
        let files = std::fs::read_dir(&self.folder).ok()?;
        let hidden = name.starts_with('.');
        let mut files = files.flatten().filter(|file| !hidden && file.file_name() == *name);
        files.next().map(|file| file.path()).filter(|path| path.is_file())
    }
}

impl Clip {
    /// Opens it for one session. Reads its first bytes.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if it is gone, or another by now.
    pub(super) fn open(&self) -> Result<Reader, Trouble> {
        Reader::open(&self.path, &self.survey)
    }
}

impl Lookup {
    /// What it came to, once that is known.
    pub(super) fn outcome(&mut self) -> Option<Outcome> {
        if let Lookup::InFolder(ticket) = self {
            match ticket.take()? {
                Ok(Found::Already(outcome)) => return Some(outcome),
                Ok(Found::Later(waiting)) => *self = Lookup::Surveyed(waiting),
                Err(Failed) => return Some(Err(Missing::Busy)),
            }
        }
        match self {
            Lookup::InFolder(_) => None,
            Lookup::Surveyed(waiting) => waiting.outcome.lock().clone(),
        }
    }
}

impl Waiting {
    fn join(self: &Arc<Self>, asker: Handle) -> Found {
        let mut asking = self.asking.lock();
        if asking.len() >= MAX_WAITING {
            return Found::Already(Err(Missing::Busy));
        }
        asking.push(asker);
        Found::Later(Arc::clone(self))
    }

    fn tell(&self, outcome: Outcome) {
        *self.outcome.lock() = Some(outcome);
        let asking = std::mem::take(&mut *self.asking.lock());
        asking.iter().for_each(Handle::notify);
    }
}

/// As many clips are known, and as many names told.
const MAX_NAMES: usize = 1000;
/// As file systems have it.
const MAX_NAME_BYTES: usize = 255;
/// Clips that are read through at a time: each takes its turn at the workers.
const MAX_SURVEYS: usize = 8;
/// Connections that may have come and gone while one clip was read through.
const MAX_WAITING: usize = 4096;
/// As long the names of a folder are not read again.
const LISTED_TIME: Duration = Duration::from_millis(200);
/// Of all indexes together.
const INDEX_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests;
