//! A folder of JPEGs, played again and again in the order of their names.
//!
//! Read on the source thread, a file at a time. Names are ordered as people count:
//! `frame2.jpg` comes before `frame10.jpg`. The folder is looked through anew each
//! time round, so that files may come and go.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::clip::{file_name, lost};
use super::reel::{MAX_PICTURE_BYTES, Player, Reel, Step};
use super::{Capture, Kind, Source, Trouble, TroubleCode, Wish};
use crate::base::clock::Clock;
use crate::base::natural::natural;
use crate::media::frame::Jpeg;
use crate::media::gate;

/// A folder as a source.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder at `path`, looked through for a picture to see that there is one.
    ///
    /// # Errors
    ///
    /// [`NoPictures`] if it can't be read or has none.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, NoPictures> {
        let path = path.into();
        let names = match names(&path) {
            Ok(names) => names,
            Err(error) => {
                return Err(NoPictures { path, error: Some(error) });
            }
        };
        let found = names.iter().any(|name| read(&path.join(name)).is_some());
        if found { Ok(Self { path }) } else { Err(NoPictures { path, error: None }) }
    }
}

impl Source for Folder {
    fn kind(&self) -> Kind {
        Kind::Folder
    }

    fn name(&self) -> String {
        file_name(&self.path)
    }

    fn open(&mut self, wish: Wish, clock: &Clock) -> Result<Box<dyn Capture>, Trouble> {
        let mut reel = FolderReel { path: self.path.clone(), names: Vec::new().into_iter() };
        reel.rewind()?;
        Ok(Box::new(Player::open(reel, &self.name(), wish.fps, clock)?))
    }
}

/// Why a folder can't be played, in one line for whoever started the program.
#[derive(Debug)]
pub struct NoPictures {
    path: PathBuf,
    /// `None` if it can be read.
    error: Option<io::Error>,
}

impl fmt::Display for NoPictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.error {
            Some(error) => write!(f, "cannot read the folder {path}: {error}"),
            None => write!(f, "{path} has no JPEG that can be read: its pictures should be *.jpg"),
        }
    }
}

impl std::error::Error for NoPictures {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.as_ref().map(|error| error as _)
    }
}

struct FolderReel {
    path: PathBuf,
    /// Those still to come this time round.
    names: std::vec::IntoIter<OsString>,
}

impl Reel for FolderReel {
    fn step(&mut self) -> Result<Step, Trouble> {
        let Some(name) = self.names.next() else {
            return Ok(Step::End);
        };
        Ok(read(&self.path.join(name)).map_or(Step::Broken, Step::Picture))
    }

    fn rewind(&mut self) -> Result<(), Trouble> {
        let names = names(&self.path).map_err(|error| lost(&self.path, &error))?;
        if names.is_empty() {
            return Err(Trouble {
                code: TroubleCode::Missing,
                title: format!("{} has no pictures", file_name(&self.path)),
                detail: "It plays when there are files named *.jpg in it.".to_owned(),
            });
        }
        self.names = names.into_iter();
        Ok(())
    }
}

/// The names of the JPEGs in a folder, in order; the first [`MAX_NAMES`] that it gives.
fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let entries = folder.read_dir()?;
    let mut names: Vec<OsString> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .filter(|name| is_jpeg_name(name))
        .take(MAX_NAMES)
        .collect();
    names.sort_by(|a, b| natural(a.as_encoded_bytes(), b.as_encoded_bytes()));
    Ok(names)
}

/// Whether a name ends in `.jpg` or `.jpeg`; hidden files do not count.
fn is_jpeg_name(name: &OsStr) -> bool {
    let ending = Path::new(name).extension().map(OsStr::to_ascii_lowercase);
    ending.is_some_and(|ending| ending == "jpg" || ending == "jpeg")
        && !name.as_encoded_bytes().starts_with(b".")
}

/// The JPEG in a file, if it can be read.
fn read(path: &Path) -> Option<Jpeg> {
    // Before it is opened: opening a pipe waits for its other end.
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_PICTURE_BYTES as u64).read_to_end(&mut bytes).ok()?;
    gate::take(&bytes).ok()
}

/// Names that are held in memory; an hour at 30 a second.
const MAX_NAMES: usize = 108_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::scratch::Scratch;
    use crate::media::frame::Size;
    use std::time::Instant;

    const GRAY: &[u8] = include_bytes!("../../tests/data/jpeg/gray.jpg");
    const FFMPEG: &[u8] = include_bytes!("../../tests/data/jpeg/ffmpeg.jpg");
    const WISH: Wish = Wish { size: Size { width: 9, height: 9 }, fps: 1000.0 };

    #[test]
    fn only_jpeg_names_count() {
        let named = |name: &str| is_jpeg_name(OsStr::new(name));
        assert!(named("a.jpg") && named("B.JPEG") && named("a.b.Jpg"));
        assert!(!named("a.png") && !named("jpg") && !named(".jpg") && !named("._a.jpg"));
    }

    #[test]
    fn broken_and_foreign_files_are_passed_over() {
        let folder = Scratch::folder();
        folder.write("3.jpg", GRAY);
        folder.write("20.jpeg", FFMPEG);
        folder.write("1.jpg", b"nothing");
        folder.write("notes.txt", b"nothing");
        std::fs::create_dir(folder.path().join("2.jpg")).unwrap();
        let mut source = Folder::new(folder.path()).unwrap();
        let mut capture = source.open(WISH, &Clock::system()).unwrap();
        let mut widths = Vec::new();
        while widths.len() < 4 {
            let deadline = Instant::now() + std::time::Duration::from_secs(5);
            if let Some(captured) = capture.next(deadline).unwrap() {
                widths.push(captured.picture.size().width);
            }
        }
        assert_eq!(widths, [48, 64, 48, 64]);
        assert_eq!(capture.broken(), 4);
    }

    #[test]
    fn folder_without_pictures_says_so() {
        let folder = Scratch::folder();
        let said = Folder::new(folder.path()).unwrap_err().to_string();
        assert!(said.contains("no JPEG"), "{said}");
        let said = Folder::new(folder.path().join("gone")).unwrap_err().to_string();
        assert!(said.starts_with("cannot read the folder"), "{said}");
    }

    #[test]
    fn folder_that_goes_away_is_trouble() {
        let folder = Scratch::folder();
        folder.write("1.jpg", GRAY);
        let mut source = Folder::new(folder.path()).unwrap();
        let mut capture = source.open(WISH, &Clock::system()).unwrap();
        folder.remove("1.jpg");
        let trouble = loop {
            match capture.next(Instant::now() + std::time::Duration::from_secs(5)) {
                Ok(_) => {}
                Err(trouble) => break trouble,
            }
        };
        assert_eq!(trouble.code, TroubleCode::Missing);
        drop(folder);
        assert_eq!(
            source.open(WISH, &Clock::system()).err().map(|trouble| trouble.code),
            Some(TroubleCode::Missing)
        );
    }
}
