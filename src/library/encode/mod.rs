//! Makes renditions of a video: probe, ladder, pieces, one fragmented MP4 for each rendition.
//!
//! On the thread that asks, and on one more for each further core. Every tool runs in the cage.
//! What is done is done once: after a kill, what was not whole is made again, and nothing else.
//! The smallest rendition comes first, and can be played as soon as it is there.
//!
//! Does not cut segments: that is the packager's.

mod chunks;
mod crew;
mod failed;
mod limits;
mod pictures;
mod recipe;
mod report;
mod step;
mod words;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::cage::{Bounds, Cage, Seen, Task, Tool};
use super::ladder::Sound;
use super::probe;
use crate::base::replace::{replace, sweep};

use chunks::STEPS;
use crew::Stop;
pub use failed::Failed;
use failed::Why;
use limits::{SMALL_BYTES, bounds, bytes_of, milliseconds};
use recipe::{Chunk, Recipe, Rendition, Track};

/// What is to be made, and where.
pub struct Encoding<'a> {
    /// Locks in whatever reads the input.
    pub cage: &'a Cage,
    /// The video.
    pub input: PathBuf,
    /// The folder for all that is made: empty, or of an earlier run with the same input.
    pub out: PathBuf,
    /// How many pieces at once.
    pub hands: usize,
    /// Whether it is to end early.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Is told how far it is, by several threads.
    pub told: &'a (dyn Fn(&Progress<'_>) + Sync),
}

/// How far something is.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress<'a> {
    /// So much of a part is made: 0 to 1.
    Part {
        /// As in `720p`.
        name: &'a str,
        /// 0 to 1.
        done: f64,
    },
    /// There is this file, whole.
    Made(&'a Path),
}

/// The work on one video, a rendition at a time.
pub struct Making<'a> {
    asked: Encoding<'a>,
    recipe: Recipe,
    /// The number of the rendition that comes next, in the order in which they are made.
    next: usize,
    /// Of the rendition at hand.
    done_ms: AtomicU64,
}

/// All that is there by now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Made {
    /// The renditions, the smallest first: which of those that there will be each is, from 1.
    pub films: Vec<(usize, PathBuf)>,
    /// The lines of those.
    pub lines: Vec<u32>,
    /// The tracks of sound.
    pub sounds: Vec<PathBuf>,
    /// Subtitles.
    pub texts: Vec<PathBuf>,
    /// Pictures: one that stands for it, a strip of small ones, and a list of when they are shown.
    pub pictures: Vec<PathBuf>,
}

impl<'a> Encoding<'a> {
    /// Finds out what is to be made of the input; what an earlier run made is gone on with.
    ///
    /// # Errors
    ///
    /// [`Failed`].
    pub fn begin(mut self) -> Result<Making<'a>, Failed> {
        self.input = self.input.canonicalize().map_err(Failed::of(&self.input))?;
        fs::create_dir_all(&self.out).map_err(Failed::of(&self.out))?;
        self.out = self.out.canonicalize().map_err(Failed::of(&self.out))?;
        let recipe = self.recipe()?;
        self.claim(&recipe)?;
        Ok(Making { asked: self, recipe, next: 0, done_ms: AtomicU64::new(0) })
    }

    /// What is to be made, by what the input is.
    fn recipe(&self) -> Result<Recipe, Failed> {
        let unusable =
            |why| Failed { part: self.input.display().to_string(), why: Why::Unusable(why) };
        let source = probe::probe(self.cage, &self.input, self.stop).map_err(unusable)?;
        let may_stay = source.video.as_ref().is_some_and(|video| video.codec == "h264");
        let keys = match may_stay {
            true => probe::key_times(self.cage, &self.input, &source, self.stop)
                .map_err(|why| Failed::new("the times of its pictures", why))?,
            false => Vec::new(),
        };
        let keys: Vec<f64> = keys.iter().map(Duration::as_secs_f64).collect();
        Ok(Recipe::of(source, &keys))
    }

    /// Notes in the folder what is made there, or finds that it is the same.
    fn claim(&self, recipe: &Recipe) -> Result<(), Failed> {
        let mark = self.out.join(MARK);
        let of_mark = Failed::of(&mark);
        let digest = self.digest(recipe)?;
        sweep(&self.out).map_err(Failed::of(&self.out))?;
        match fs::read_to_string(&mark) {
            Ok(found) if found == digest => Ok(()),
            Ok(_) => Err(self.taken("has what was made of another video")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut entries = fs::read_dir(&self.out).map_err(Failed::of(&self.out))?;
                match entries.next() {
                    Some(_) => Err(self.taken("is not empty")),
                    None => replace(&mark, digest.as_bytes()).map_err(of_mark),
                }
            }
            Err(error) => Err(of_mark(error)),
        }
    }

    fn taken(&self, why: &str) -> Failed {
        let part = format!("{} {why}", self.out.display());
        Failed { part, why: Why::Taken }
    }

    /// Of all that decides what is made: the input, the recipe, the tool.
    fn digest(&self, recipe: &Recipe) -> Result<String, Failed> {
        let data = fs::metadata(&self.input).map_err(Failed::of(&self.input))?;
        let changed = data.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let asked = Task {
            tool: Tool::Ffmpeg,
            arguments: vec![OsString::from("-version")],
            reads: Vec::new(),
            writes: None,
            bounds: bounds(0.0, 0),
        };
        let version = self.cage.ask(&asked, self.stop).map_err(|why| Failed::new("ffmpeg", why))?;
        let version = version.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let whole = format!("{} {changed:?} {recipe:?}", data.len());
        let digest = Sha256::new().chain_update(whole).chain_update(version).finalize();
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// A thing to do beside others.
enum Piece<'a> {
    Chunk(&'a Rendition, usize, Chunk),
    Whole(&'a Rendition),
    Sound(usize),
    Subtitles(usize),
    Poster,
}

impl Making<'_> {
    /// What is made next, as in `720p`; `None` once all is there.
    pub fn comes(&self) -> Option<String> {
        match self.order().get(self.next) {
            Some(rank) => Some(self.recipe.renditions[*rank].name()),
            // Of sound alone there is one rendition, which has no picture.
            None => (self.next == 0).then(|| SOUND.to_owned()),
        }
    }

    /// Makes the next rendition, and with the first all that goes with each. Whether there was one.
    ///
    /// # Errors
    ///
    /// [`Failed`]; what is whole stays, and the next run goes on from there.
    pub fn step(&mut self) -> Result<bool, Failed> {
        if self.comes().is_none() {
            return Ok(false);
        }
        let rank = self.order().get(self.next).copied();
        let rendition = rank.and_then(|rank| self.recipe.renditions.get(rank));
        match (self.next, rendition) {
            (0, first) => self.first(first)?,
            (_, Some(rendition)) => {
                self.make(&pieces_of(rendition))?;
                self.join(rendition)?;
            }
            (_, None) => {}
        }
        self.report()?;
        self.next += 1;
        if self.comes().is_none() {
            let steps = self.asked.out.join(STEPS);
            match fs::remove_dir_all(&steps) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Failed::of(&steps)(error));
                }
                _ => {}
            }
        }
        Ok(true)
    }

    /// All that is there by now.
    pub fn made(&self) -> Made {
        let there = |name: String| Some(self.asked.out.join(name)).filter(|file| file.exists());
        let mut made = Made::default();
        for (at, rendition) in self.recipe.renditions.iter().enumerate() {
            if let Some(file) = there(report::video_file(rendition)) {
                made.films.push((at + 1, file));
                made.lines.push(rendition.rung.lines);
            }
        }
        made.sounds =
            (0..self.recipe.sounds.len()).map(report::sound_file).filter_map(there).collect();
        let texts = self.recipe.subtitles.iter().enumerate();
        made.texts =
            texts.map(|(at, text)| report::subtitles_file(at, text)).filter_map(there).collect();
        let pictures = [report::POSTER, report::STRIP, report::STRIP_LIST];
        made.pictures = pictures.map(str::to_owned).into_iter().filter_map(there).collect();
        made
    }

    /// The ranks of the renditions, in the order in which they are made: the smallest, what only has to
    /// be copied, the others.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.recipe.renditions.len()).collect();
        let is_made = |rank: &usize| !self.recipe.renditions[*rank].chunks.is_empty();
        order.sort_by_key(|rank| *rank > 0 && is_made(rank));
        order.sort_by_key(|rank| *rank > 0);
        order
    }

    /// Makes the first rendition, and what goes with all.
    fn first(&self, first: Option<&Rendition>) -> Result<(), Failed> {
        let mut pieces: Vec<Piece<'_>> = (0..self.recipe.sounds.len()).map(Piece::Sound).collect();
        pieces.extend(first.into_iter().flat_map(pieces_of));
        self.make(&pieces)?;
        if let Some(first) = first {
            self.join(first)?;
        }
        let mut others: Vec<Piece<'_>> =
            (0..self.recipe.subtitles.len()).map(Piece::Subtitles).collect();
        others.push(Piece::Poster);
        self.make_what_can_be(&others)?;
        first.map_or(Ok(()), |first| self.without(self.strip(first)))
    }

    fn make(&self, pieces: &[Piece<'_>]) -> Result<(), Failed> {
        self.done_ms.store(0, Ordering::Relaxed);
        let asked = &self.asked;
        crew::each(pieces, asked.hands, asked.stop, &|piece, stop| self.piece(piece, stop))
    }

    /// Makes what a film is whole without.
    fn make_what_can_be(&self, pieces: &[Piece<'_>]) -> Result<(), Failed> {
        let asked = &self.asked;
        crew::each(pieces, asked.hands, asked.stop, &|piece, stop| {
            self.without(self.piece(piece, stop))
        })
    }

    /// Goes on without what could not be made.
    fn without(&self, made: Result<(), Failed>) -> Result<(), Failed> {
        match made {
            Err(why) if !why.is_stopped() && !(self.asked.stop)() => {
                log::warn!("left out: {why}");
                Ok(())
            }
            made => made,
        }
    }

    fn piece(&self, piece: &Piece<'_>, stop: Stop<'_>) -> Result<(), Failed> {
        let input = &self.asked.input;
        match piece {
            Piece::Chunk(rendition, number, chunk) => self.chunk(rendition, *number, *chunk, stop),
            Piece::Whole(rendition) => {
                let Some(video) = self.recipe.video() else { return Ok(()) };
                let size = fs::metadata(input).map_or(0, |data| data.len() + SMALL_BYTES);
                self.file(&report::video_file(rendition), size, stop, |out| {
                    words::copy(video, input, out)
                })
            }
            Piece::Sound(number) => {
                let Some(track) = self.recipe.sounds.get(*number) else { return Ok(()) };
                let bytes = bytes_of(MOST_SOUND_BITS_PER_SEC, self.length_s());
                let make = |track: &Track| {
                    let name = report::sound_file(*number);
                    self.file(&name, bytes, stop, |out| words::sound(track, input, out))
                };
                let made = match make(track) {
                    // It is not as it says it is.
                    Err(why) if why.is_of_tool() && track.sound == Sound::Copied => {
                        make(&Track { sound: Sound::Encoded, ..track.clone() })
                    }
                    made => made,
                };
                match made {
                    // Nobody knows its codec: pictures play without it, or with another track.
                    Err(why) if why.is_of_tool() && self.recipe.video().is_some() => {
                        self.without(Err(why))
                    }
                    made => made,
                }
            }
            Piece::Subtitles(number) => {
                let Some(track) = self.recipe.subtitles.get(*number) else { return Ok(()) };
                self.file(&report::subtitles_file(*number, track), SMALL_BYTES, stop, |out| {
                    words::subtitles(track.index, input, out)
                })
            }
            Piece::Poster => self.poster(stop),
        }
    }

    /// Makes a file in the folder by one run of ffmpeg over the input.
    fn file(
        &self,
        name: &str,
        most_bytes: u64,
        stop: Stop<'_>,
        words: impl FnOnce(&str) -> Vec<OsString>,
    ) -> Result<(), Failed> {
        let file = self.asked.out.join(name);
        let reads = vec![self.asked.input.clone()];
        step::make(&file, |folder| {
            let task = task(words(name), reads, folder, bounds(self.length_s(), most_bytes));
            self.ffmpeg(name, &task, stop, &mut |_| {})
        })?;
        (self.asked.told)(&Progress::Made(&file));
        Ok(())
    }

    /// Runs ffmpeg, and tells the seconds that it is at.
    fn ffmpeg(
        &self,
        part: &str,
        task: &Task,
        stop: &dyn Fn() -> bool,
        told: &mut dyn FnMut(f64),
    ) -> Result<(), Failed> {
        let mut take = |line: &str| {
            let at_us = line.strip_prefix("out_time_us=").and_then(|at| at.parse::<f64>().ok());
            at_us.into_iter().for_each(|at| told(at / 1e6));
            Seen::Taken
        };
        let run = self.asked.cage.run(task, &mut take, stop);
        run.map(drop).map_err(|why| Failed::new(part, why))
    }

    fn progress(&self, part: &str, more_ms: u64) {
        let done_ms = self.done_ms.fetch_add(more_ms, Ordering::Relaxed) + more_ms;
        let all_ms = milliseconds(self.length_s()).max(1);
        // Beyond what can be shown nothing is lost.
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52 milliseconds")]
        let done = (done_ms as f64 / all_ms as f64).min(1.0);
        (self.asked.told)(&Progress::Part { name: part, done });
    }

    fn report(&self) -> Result<(), Failed> {
        let file = self.asked.out.join(report::FILE);
        let text = report::report(&self.recipe, &self.asked.out);
        replace(&file, text.as_bytes()).map_err(Failed::of(&file))
    }

    fn length_s(&self) -> f64 {
        self.recipe.source.duration_s
    }
}

fn pieces_of(rendition: &Rendition) -> Vec<Piece<'_>> {
    let chunks = rendition.chunks.iter().enumerate();
    let mut pieces: Vec<_> =
        chunks.map(|(number, chunk)| Piece::Chunk(rendition, number, *chunk)).collect();
    if pieces.is_empty() {
        pieces.push(Piece::Whole(rendition));
    }
    pieces
}

fn task(arguments: Vec<OsString>, reads: Vec<PathBuf>, folder: &Path, bounds: Bounds) -> Task {
    Task { tool: Tool::Ffmpeg, arguments, reads, writes: Some(folder.to_owned()), bounds }
}

/// Says what is made in the folder, by a digest.
const MARK: &str = ".recipe";
/// What is made of a source without pictures.
const SOUND: &str = "sound";
const MOST_SOUND_BITS_PER_SEC: u64 = 320_000;
