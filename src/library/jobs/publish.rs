//! The recipes: what is done for a job, step by step.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::hold::{Hold, Over};
use super::means::Means;
use crate::base::replace::replace;
use crate::library::catalogue::{LADDER, PUBLISH, Protects, protection};
use crate::library::encode::{self, Encoding, Made, Making, Progress};
use crate::library::package::{self, Durability, Order, Protected, Secret};
use crate::library::storage;
use crate::store::job::{KeptJob, Outcome};
use crate::store::title::{self, KeptTitle, KeptTitleKey, Shown};
use crate::store::upload;

/// What came of a try: the outcome, and what is ordered next.
pub(super) type Ended = (Outcome, Option<(&'static str, u32)>);

/// Why a try ended early.
enum Why {
    /// The job was lost, cancelled, gives way, or the server ends.
    Over,
    Encode(encode::Failed),
    Package(package::Failed),
    Storage(storage::Failed),
    File(PathBuf, io::Error),
    /// Another try would find the same.
    Final(&'static str),
    Store(String),
}

/// What a job is done with.
struct Bench<'a> {
    means: &'a Means,
    hold: &'a Hold<'a>,
    title: KeptTitle,
    key: Option<KeptTitleKey>,
    input: PathBuf,
    /// For what is encoded of its upload.
    encoded: PathBuf,
}

/// Does a job.
pub(super) fn work(means: &Means, hold: &Hold<'_>) -> Ended {
    let job = hold.job;
    let done = match (job.recipe.as_str(), Bench::of(means, hold)) {
        (name, Ok(mut bench)) if name == PUBLISH.0 => bench.publish(),
        (name, Ok(mut bench)) if name == LADDER.0 => bench.ladder(),
        (_, Ok(_)) => Err(Why::Final("this program does not know how that is done")),
        (_, Err(why)) => Err(why),
    };
    match done {
        Ok(next) => (Outcome::Done, next),
        Err(why) => (why.outcome(means, job), None),
    }
}

impl<'a> Bench<'a> {
    fn of(means: &'a Means, hold: &'a Hold<'a>) -> Result<Self, Why> {
        let id = hold.job.title;
        let found = means.store.read(|connection| {
            let Some(title) = title::find(connection, id)? else { return Ok(None) };
            let number = title.upload;
            let of = upload::all(connection)?.into_iter().find(|kept| Some(kept.id) == number);
            Ok(Some((title, title::key(connection, id)?, of)))
        });
        let found = found.map_err(|trouble| Why::Store(trouble.to_string()))?;
        let (title, key, brought) = found.ok_or(Why::Over)?;
        let brought = brought.ok_or(Why::Final("the file that it is made of was deleted"))?;
        let input = means.uploads.path_of(&brought);
        let encoded = means.encoded.join(&brought.name);
        Ok(Self { means, hold, title, key, input, encoded })
    }

    /// The first rendition, so that somebody can watch; then whatever else there will be is ordered.
    fn publish(&mut self) -> Result<Option<(&'static str, u32)>, Why> {
        self.hold.begin("probe")?;
        let (hold, means) = (self.hold, self.means);
        let stop = || hold.is_over();
        let told = told(hold);
        let mut making = self.begin(means.cores, &stop, &told)?;
        self.step(&mut making)?;
        let whole = making.comes().is_none();
        self.package(&making.made(), whole)?;
        Ok((!whole).then_some(LADDER))
    }

    /// All other renditions, each playable as soon as it is there.
    fn ladder(&mut self) -> Result<Option<(&'static str, u32)>, Why> {
        self.hold.begin("probe")?;
        let hold = self.hold;
        let stop = || hold.is_over();
        let told = told(hold);
        let mut making = self.begin(1, &stop, &told)?;
        while making.comes().is_some() {
            self.step(&mut making)?;
            let made = making.made();
            if made.lines.len() > self.title.shown.lines.len() {
                self.package(&made, making.comes().is_none())?;
            }
        }
        if !self.title.shown.whole {
            let shown = Shown { whole: true, ..self.title.shown.clone() };
            self.hold.publish(shown)?;
        }
        Ok(None)
    }

    fn begin<'b>(
        &self,
        hands: usize,
        stop: &'b (dyn Fn() -> bool + Sync),
        told: &'b (dyn Fn(&Progress<'_>) + Sync),
    ) -> Result<Making<'b>, Why>
    where
        'a: 'b,
    {
        let parent = self.encoded.parent().unwrap_or(&self.encoded);
        fs::create_dir_all(parent).map_err(Why::of(parent))?;
        let encoding = || Encoding {
            cage: &self.means.cage,
            input: self.input.clone(),
            out: self.encoded.clone(),
            hands,
            stop,
            told,
        };
        match encoding().begin() {
            // It broke off before it could say what is made there, or another ffmpeg made it.
            Err(failed) if failed.is_of_folder() => {
                fs::remove_dir_all(&self.encoded).map_err(Why::of(&self.encoded))?;
                Ok(encoding().begin()?)
            }
            begun => Ok(begun?),
        }
    }

    fn step(&self, making: &mut Making<'_>) -> Result<(), Why> {
        if let Some(name) = making.comes() {
            self.hold.begin(&format!("encode {name}"))?;
            making.step()?;
        }
        Ok(())
    }

    /// Makes segments and manifests of all that is there, beside those that are played, and then says
    /// that they are.
    fn package(&mut self, made: &Made, whole: bool) -> Result<(), Why> {
        self.hold.begin("package")?;
        let folder = self.means.videos.join(&self.title.name);
        fs::create_dir_all(&folder).map_err(Why::of(&folder))?;
        self.pictures(made, &folder)?;
        let generation = self.title.shown.generation + 1;
        let out = folder.join(generation.to_string());
        // Of a try that was killed before it could say so.
        match fs::remove_dir_all(&out) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Why::File(out, error));
            }
            _ => {}
        }
        let (ranks, films): (Vec<usize>, Vec<PathBuf>) = made.films.iter().cloned().unzip();
        let films = [films, made.sounds.clone()].concat();
        let order = Order {
            films: &films,
            ranks: &ranks,
            texts: &made.texts,
            secret: self.key.as_ref().map(secret),
            segment: SEGMENT,
            out: &out,
            durability: Durability::Synced,
        };
        let hold = self.hold;
        let packaged = package::package(&order, hold.over(), &mut |progress| {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
            hold.progress(progress.done as f64 / progress.of.max(1) as f64);
            hold.is_over();
        })?;
        self.means.storage.keep(&folder, &out, hold.over())?;
        let length_ms = packaged.film.lasts_us() / 1000;
        let shown =
            Shown { length_ms: Some(length_ms), lines: made.lines.clone(), generation, whole };
        hold.publish(shown.clone())?;
        self.title.shown = shown;
        Ok(())
    }

    /// Puts the pictures that stand for it beside the segments.
    fn pictures(&self, made: &Made, folder: &Path) -> Result<(), Why> {
        for picture in &made.pictures {
            let bytes = fs::read(picture).map_err(Why::of(picture))?;
            let file = folder.join(picture.file_name().unwrap_or_default());
            replace(&file, &bytes).map_err(Why::of(&file))?;
        }
        Ok(())
    }
}

fn told<'a>(hold: &'a Hold<'a>) -> impl Fn(&Progress<'_>) + Sync + 'a {
    move |progress| {
        if let Progress::Part { done, .. } = progress {
            hold.progress(*done);
        }
    }
}

/// How its packager is told to encrypt it.
fn secret(kept: &KeptTitleKey) -> Secret {
    Secret {
        protection: protection(kept),
        first_iv: u64::from(kept.iv_block) << 40,
        of: match Protects::parse(&kept.protects) {
            Protects::All => Protected::All,
            Protects::Video => Protected::Video,
        },
    }
}

impl Why {
    fn of(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |error| Self::File(path.clone(), error)
    }

    fn outcome(self, means: &Means, job: &KeptJob) -> Outcome {
        let (words, is_final) = match &self {
            Self::Over => return Outcome::PutBack,
            Self::Encode(failed) if failed.is_stopped() => return Outcome::PutBack,
            Self::Package(package::Failed::Stopped) => return Outcome::PutBack,
            Self::Storage(storage::Failed::Stopped) => return Outcome::PutBack,
            Self::Encode(failed) => (failed.to_string(), failed.is_of_input()),
            Self::Package(failed) => (failed.to_string(), !failed.is_of_disk()),
            Self::Storage(failed) => (failed.to_string(), false),
            Self::File(path, error) => (format!("{}: {error}", path.display()), false),
            Self::Final(words) => ((*words).to_owned(), true),
            Self::Store(words) => (words.clone(), false),
        };
        // Of where it lies on this machine, who brought it learns nothing.
        let words = means.without_paths(&words);
        match WAITS.get(usize::try_from(job.attempts.saturating_sub(1)).unwrap_or(usize::MAX)) {
            Some(wait) if !is_final => Outcome::Again(means.clock.wall() + *wait, words),
            _ => Outcome::Failed(words),
        }
    }
}

impl From<Over> for Why {
    fn from(_: Over) -> Self {
        Self::Over
    }
}

impl From<encode::Failed> for Why {
    fn from(failed: encode::Failed) -> Self {
        Self::Encode(failed)
    }
}

impl From<package::Failed> for Why {
    fn from(failed: package::Failed) -> Self {
        Self::Package(failed)
    }
}

impl From<storage::Failed> for Why {
    fn from(failed: storage::Failed) -> Self {
        Self::Storage(failed)
    }
}

impl fmt::Debug for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Why(…)")
    }
}

/// Of segments: two groups of pictures.
const SEGMENT: Duration = Duration::from_secs(4);
/// Before each further try.
const WAITS: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(60)];
