//! What there is to know of a clip before it is played, found by reading it to its end.
//!
//! A piece at a time, so that who reads can do something else between, or stop. Run on
//! workers; which clips are asked for, and by whom, is not known here.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::index::{Index, Indexes, Mark};
use super::{Edition, FileReel, NotAClip};
use crate::media::frame::{Jpeg, Size};
use crate::source::Trouble;
use crate::source::reel::{self, Reel, Step};

/// A clip that has been read through.
#[derive(Clone)]
pub struct Survey {
    /// How many pictures it has.
    pub pictures: u64,
    /// Pictures a second.
    pub fps: f64,
    /// Size of the first one.
    pub size: Size,
    /// What a picture weighs, the mean in bytes.
    pub mean_bytes: usize,
    /// Which state of the file this is about.
    pub edition: Edition,
    /// Where the pictures lie.
    pub(super) index: Arc<Index>,
}

impl Survey {
    /// How long it plays.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.pictures as f64 / self.fps)
    }
}

/// A clip that is being read through.
pub struct Surveyor {
    reel: FileReel,
    fps: f64,
    indexes: Arc<Indexes>,
    index: Arc<Index>,
    pictures: u64,
    bytes: u64,
    first: Option<Jpeg>,
    /// Where the last JPEG lies, and what it weighs.
    last: Option<(u64, usize)>,
}

impl Surveyor {
    /// Begins with the clip at `path`, which plays at its own rate or else at `fps`.
    ///
    /// # Errors
    ///
    /// [`NotAClip`] as [`super::Clip::new`] has it, save that no picture is read yet.
    pub fn open(path: &Path, fps: f64, indexes: &Arc<Indexes>) -> Result<Self, NotAClip> {
        let reel = FileReel::open(path)?;
        let index = indexes.add();
        let indexes = Arc::clone(indexes);
        Ok(Self { reel, fps, indexes, index, pictures: 0, bytes: 0, first: None, last: None })
    }

    /// Reads on for some milliseconds. `None` if there is more; at the end also the first picture.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if it has no picture, or cannot be read.
    pub fn go_on(&mut self) -> Result<Option<(Survey, Jpeg)>, Trouble> {
        let until = self.reel.window.position().saturating_add(PIECE_BYTES);
        for _ in 0..PIECE_STEPS {
            if self.reel.window.position() >= until {
                break;
            }
            let place = self.reel.place();
            match self.reel.step()? {
                Step::Picture(jpeg) => {
                    self.last = Some((place, jpeg.bytes.len()));
                    self.first.get_or_insert(jpeg);
                    self.note(place);
                }
                Step::Repeat => self.note(place),
                Step::Broken | Step::Searching => {}
                Step::End => return self.end().map(Some),
            }
        }
        Ok(None)
    }

    /// Counts a picture that is found at `position`, a place of the reel's.
    fn note(&mut self, position: u64) {
        let Some((shown, bytes)) = self.last else { return };
        self.indexes.note(&self.index, self.pictures, Mark { position, shown });
        self.pictures += 1;
        self.bytes += bytes as u64;
    }

    fn end(&mut self) -> Result<(Survey, Jpeg), Trouble> {
        let first = self.first.take();
        let first = first.ok_or_else(|| reel::no_picture(&super::file_name(&self.reel.path)))?;
        self.index.finish();
        let survey = Survey {
            pictures: self.pictures,
            fps: self.reel.form.fps().unwrap_or(self.fps),
            size: first.size,
            mean_bytes: (self.bytes / self.pictures.max(1)) as usize,
            edition: self.reel.edition,
            index: Arc::clone(&self.index),
        };
        Ok((survey, first))
    }
}

/// What is read at a time, about: a small part of a second, from a slow disk as well.
pub(super) const PIECE_BYTES: u64 = 8 << 20;
pub(super) const PIECE_STEPS: usize = 1000;
