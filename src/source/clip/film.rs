//! A clip that one viewer plays by itself: picture after picture, from anywhere.
//!
//! Read on the thread of the session that shows it. Keeps no rate: whoever shows it
//! does. Unlike a [`super::Clip`] it ends.

use std::path::Path;
use std::time::Duration;

use super::{FileReel, Form, NotAClip};
use crate::media::frame::{Jpeg, Size};
use crate::source::Trouble;
use crate::source::reel::{Reel, Step};

/// An open clip.
pub struct Film {
    reel: FileReel,
    fps: f64,
    /// The number of the picture that comes next, from 0.
    at: u64,
    last: Option<Jpeg>,
}

/// What there is to know of a clip before it is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Survey {
    /// How many pictures it has.
    pub pictures: u64,
    /// Pictures a second.
    pub fps: f64,
    /// Size of the first one.
    pub size: Size,
    /// What a picture weighs, the mean in bytes.
    pub mean_bytes: usize,
}

impl Survey {
    /// How long it plays.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.pictures as f64 / self.fps)
    }
}

impl Film {
    /// The clip at `path`, from its start, at its own rate or else at `fps`.
    ///
    /// # Errors
    ///
    /// [`NotAClip`] as [`super::Clip::new`] has it, save that no picture is read yet.
    pub fn open(path: &Path, fps: f64) -> Result<Self, NotAClip> {
        let mut reel = FileReel::open(path)?;
        let own = match &mut reel.form {
            Form::Avi(avi) => avi.fps(&mut reel.window).ok().flatten(),
            Form::Lab(_) | Form::Concat(_) => None,
        };
        let fps = own.filter(|fps| fps.is_finite() && *fps > 0.0).unwrap_or(fps);
        Ok(Self { reel, fps, at: 0, last: None })
    }

    /// Pictures a second.
    pub fn fps(&self) -> f64 {
        self.fps
    }

    /// The number of the picture that [`picture`](Self::picture) gives, from 0.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// The next picture; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if the file cannot be read any more.
    pub fn picture(&mut self) -> Result<Option<Jpeg>, Trouble> {
        loop {
            match self.reel.step()? {
                Step::Picture(jpeg) => self.last = Some(jpeg),
                Step::Repeat if self.last.is_some() => {}
                Step::Repeat | Step::Broken | Step::Searching => continue,
                Step::End => return Ok(None),
            }
            self.at += 1;
            return Ok(self.last.clone());
        }
    }

    /// Goes to a picture; beyond the end, to the end.
    ///
    /// Forms without an index are read up to there, from the start if it lies behind.
    ///
    /// # Errors
    ///
    /// As [`picture`](Self::picture).
    pub fn seek(&mut self, picture: u64) -> Result<(), Trouble> {
        if picture < self.at {
            self.reel.rewind()?;
            (self.at, self.last) = (0, None);
        }
        while self.at < picture && self.picture()?.is_some() {}
        Ok(())
    }

    /// Reads a clip to its end, to know what there is.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if it is no clip, has no picture, or cannot be read.
    pub fn survey(path: &Path, fps: f64) -> Result<Survey, Trouble> {
        let mut film = Self::open(path, fps)?;
        let (mut bytes, mut size) = (0, None);
        while let Some(jpeg) = film.picture()? {
            bytes += jpeg.bytes.len();
            size.get_or_insert(jpeg.size);
        }
        let pictures = film.at;
        let size = size.ok_or_else(|| super::super::reel::no_picture(&super::file_name(path)))?;
        let mean_bytes = bytes / usize::try_from(pictures).unwrap_or(usize::MAX).max(1);
        Ok(Survey { pictures, fps: film.fps, size, mean_bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::scratch::Scratch;

    const GRAY: &[u8] = include_bytes!("../../../tests/data/jpeg/gray.jpg");

    fn three() -> (Scratch, std::path::PathBuf) {
        let scratch = Scratch::folder();
        let path = scratch.write("three.mjpeg", &[GRAY, GRAY, GRAY].concat());
        (scratch, path)
    }

    #[test]
    fn a_film_ends_and_goes_back() {
        let (_scratch, path) = three();
        let mut film = Film::open(&path, 20.0).unwrap();
        for _ in 0..3 {
            assert!(film.picture().unwrap().is_some());
        }
        assert!(film.picture().unwrap().is_none());
        film.seek(1).unwrap();
        assert_eq!(film.at(), 1);
        assert!(film.picture().unwrap().is_some());
        film.seek(99).unwrap();
        assert!(film.picture().unwrap().is_none());
    }

    #[test]
    fn a_survey_tells_how_long_it_plays() {
        let (_scratch, path) = three();
        let survey = Film::survey(&path, 20.0).unwrap();
        assert_eq!((survey.pictures, survey.mean_bytes), (3, GRAY.len()));
        assert_eq!(survey.duration(), Duration::from_millis(150));
    }
}
