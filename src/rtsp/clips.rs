//! The folder of clips that may be asked for by name.
//!
//! A name is one that the folder lists, and nothing is ever joined to its path: so no
//! name leads out of it. What was found out about a clip is kept until the file changes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::Mutex;

use crate::live::level::{Costs, Level};
use crate::live::viewer::FeedCosts;
use crate::media::codec::{Decoder, Encoder};
use crate::media::frame::Picture;
use crate::media::raw::Raw;
use crate::source::Trouble;
use crate::source::clip::film::{Film, Survey};

/// The clips of a folder.
pub(super) struct Clips {
    folder: PathBuf,
    /// Pictures a second of clips that have no rate.
    fps: f64,
    surveys: Mutex<HashMap<PathBuf, Known>>,
    /// Held while a clip is read through, on purpose: one at a time, and none twice.
    surveying: Mutex<()>,
}

/// A clip that can be played.
#[derive(Debug, Clone)]
pub(super) struct ClipEntry {
    pub(super) name: String,
    path: PathBuf,
    fps: f64,
    pub(super) survey: Survey,
    pub(super) costs: FeedCosts,
}

/// What was found out about a file, and of which state of it.
#[derive(Clone)]
struct Known {
    changed: (u64, Option<SystemTime>),
    entry: Arc<ClipEntry>,
}

impl Clips {
    /// The clips of `folder`, those without a rate at `fps`.
    pub(super) fn new(folder: PathBuf, fps: f64) -> Self {
        Self { folder, fps, surveys: Mutex::default(), surveying: Mutex::default() }
    }

    /// The names that can be asked for, in order.
    pub(super) fn names(&self) -> Vec<String> {
        let files = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = files
            .filter(|file| file.file_type().is_ok_and(|kind| kind.is_file() || kind.is_symlink()))
            .filter_map(|file| file.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.') && name.len() <= MAX_NAME_BYTES)
            .filter(|name| Film::open(&self.folder.join(name), self.fps).is_ok())
            .take(MAX_NAMES)
            .collect();
        names.sort();
        names
    }

    /// The clip of a name, read through if that was not done before.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if it is there and cannot be played.
    pub(super) fn find(&self, name: &str) -> Result<Option<Arc<ClipEntry>>, Trouble> {
        let Some(path) = self.path_of(name) else { return Ok(None) };
        let Ok(about) = path.metadata() else { return Ok(None) };
        let changed = (about.len(), about.modified().ok());
        let _turn = self.surveying.lock();
        let known = self.surveys.lock().get(&path).cloned();
        if let Some(known) = known.filter(|known| known.changed == changed) {
            return Ok(Some(known.entry));
        }
        let survey = Film::survey(&path, self.fps)?;
        let costs = FeedCosts { costs: costs(&path, &survey)?, fps: survey.fps };
        let name = name.to_owned();
        let entry = Arc::new(ClipEntry { name, path: path.clone(), fps: self.fps, survey, costs });
        let mut surveys = self.surveys.lock();
        if surveys.len() >= MAX_NAMES {
            surveys.clear();
        }
        surveys.insert(path, Known { changed, entry: Arc::clone(&entry) });
        Ok(Some(entry))
    }

    /// The path of a file that the folder lists under exactly this name.
    fn path_of(&self, name: &str) -> Option<PathBuf> {
        let files = std::fs::read_dir(&self.folder).ok()?;
        let hidden = name.starts_with('.');
        let mut files = files.flatten().filter(|file| !hidden && file.file_name() == *name);
        files.next().map(|file| file.path()).filter(|path| path.is_file())
    }
}

impl ClipEntry {
    /// Opens it for one session.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if it is gone or no clip any more.
    pub(super) fn open(&self) -> Result<Film, Trouble> {
        Ok(Film::open(&self.path, self.fps)?)
    }
}

/// What each level costs: the mean of the clip at the top, and below it in the proportion that the
/// first picture shows.
fn costs(path: &Path, survey: &Survey) -> Result<Costs, Trouble> {
    let first = Film::open(path, survey.fps)?.picture()?;
    let bits = |bytes: f64| Some((bytes * 8.0 * survey.fps).ceil() as u64);
    let mut costs: Costs = Default::default();
    let Some(first) = first else { return Ok(costs) };
    let own = first.bytes.len() as f64;
    let codecs = Encoder::new().and_then(|encoder| Ok((encoder, Decoder::new()?)));
    let Ok((mut encoder, mut decoder)) = codecs else { return Ok(costs) };
    let raw = Raw::of(&Picture::Jpeg(first), &mut decoder);
    for level in Level::all() {
        let encoded = raw.as_ref().ok().filter(|_| level != Level::TOP);
        let bytes = encoded.and_then(|raw| raw.encode(level.quality(), &mut encoder).ok());
        let part = bytes.map_or(1.0, |bytes| (bytes.len() as f64 / own).min(1.0));
        costs[level.index()] = bits(survey.mean_bytes as f64 * part);
    }
    Ok(costs)
}

const MAX_NAMES: usize = 1000;
/// As file systems have it.
const MAX_NAME_BYTES: usize = 255;
