//! A file of pictures, played again and again.
//!
//! Read on the source thread, a piece at a time. The file is recognised by its
//! content: the networking lab's JPEGs each after its length, JPEGs one after another
//! or in the parts of a stream, or MJPEG in AVI, QuickTime, MP4 or Matroska; below, each
//! form has a file of its own. It is opened anew each
//! time round, so that a file that was replaced plays on as what it is now.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use self::window::Window;
use super::reel::{Player, Reel, Step};
use super::{Capture, Kind, Source, Trouble, TroubleCode, Wish};
use crate::base::clock::Clock;

mod avi;
mod concat;
mod fields;
pub mod index;
mod lab;
mod matroska;
pub mod reader;
pub mod survey;
mod table;
mod window;

#[cfg(test)]
mod tests;

/// A clip as a source.
#[derive(Debug)]
pub struct Clip {
    path: PathBuf,
}

impl Clip {
    /// The clip at `path`, read as far as its first picture to see that it is one.
    ///
    /// # Errors
    ///
    /// [`NotAClip`] if the file can't be read, has none of the forms, or not one
    /// picture.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, NotAClip> {
        let path = path.into();
        let mut reel = FileReel::open(&path)?;
        loop {
            match reel.form.step(&mut reel.window) {
                Ok(Step::Picture(_)) => return Ok(Self { path }),
                Ok(Step::End) => {
                    let fault = Fault::NoPicture(reel.form.encoding());
                    return Err(NotAClip { path, fault });
                }
                Ok(_) => {}
                Err(error) => {
                    return Err(NotAClip { path, fault: Fault::Unreadable(error) });
                }
            }
        }
    }
}

impl Source for Clip {
    fn kind(&self) -> Kind {
        Kind::Clip
    }

    fn name(&self) -> String {
        file_name(&self.path)
    }

    fn open(&mut self, wish: Wish, clock: &Clock) -> Result<Box<dyn Capture>, Trouble> {
        let reel = FileReel::open(&self.path)?;
        let fps = reel.form.fps().unwrap_or(wish.fps);
        let player = Player::open(reel, &self.name(), fps, clock)?;
        Ok(Box::new(player))
    }
}

/// Why a file can't be played, in one line for whoever started the program.
#[derive(Debug)]
pub struct NotAClip {
    path: PathBuf,
    fault: Fault,
}

#[derive(Debug)]
enum Fault {
    Unreadable(io::Error),
    /// A folder, a device, a pipe.
    NotAFile,
    Empty,
    /// None of the forms.
    Form,
    /// Not one JPEG; with the encoding that its container states.
    NoPicture(Option<String>),
}

impl fmt::Display for NotAClip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.fault {
            Fault::Unreadable(error) => write!(f, "cannot read {path}: {error}"),
            Fault::NotAFile => write!(f, "{path} is not a file that can be played"),
            Fault::Empty => write!(f, "{path} is empty"),
            Fault::Form => write!(
                f,
                "{path} is not a clip: it should be JPEGs one after another, JPEGs each after its \
                 length in five digits, or MJPEG in AVI, MOV, MP4 or MKV ({CONVERT})"
            ),
            Fault::NoPicture(Some(encoding)) => {
                write!(f, "{path} holds {encoding}, not MJPEG ({CONVERT})")
            }
            Fault::NoPicture(None) => write!(f, "{path} has no JPEG that can be read"),
        }
    }
}

impl std::error::Error for NotAClip {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.fault {
            Fault::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}

impl From<NotAClip> for Trouble {
    fn from(not: NotAClip) -> Self {
        let name = file_name(&not.path);
        let (code, title) = match &not.fault {
            Fault::Unreadable(error) => return lost(&not.path, error),
            Fault::NotAFile => (TroubleCode::Missing, format!("{name} is no longer a file")),
            Fault::Empty => (TroubleCode::Garbage, format!("{name} is empty")),
            Fault::Form => (TroubleCode::Garbage, format!("{name} is not a clip")),
            Fault::NoPicture(_) => {
                (TroubleCode::Garbage, format!("No picture in {name} can be read"))
            }
        };
        Trouble { code, title, detail: "It plays on when the file is a clip again.".to_owned() }
    }
}

/// Which state of a file: one that is written to is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edition {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Edition {
    /// That of a file of which the system says this.
    pub fn of(about: &Metadata) -> Self {
        Self { bytes: about.len(), modified: about.modified().ok() }
    }
}

/// One of the forms, with where the reading of it is.
#[derive(Clone)]
enum Form {
    Lab(lab::Lab),
    Concat(concat::Concat),
    Avi(avi::Avi),
    Matroska(matroska::Matroska),
    Table(table::Table),
}

impl Form {
    /// The form of a file that is at its start in `window`, by its first bytes. Reads the headers of
    /// those forms that have some.
    fn of<F: Read + Seek>(window: &mut Window<F>) -> io::Result<Option<Self>> {
        Ok(Some(match Sort::of(window.bytes()) {
            None => return Ok(None),
            Some(Sort::Lab) => Form::Lab(lab::Lab::default()),
            Some(Sort::Concat) => Form::Concat(concat::Concat),
            Some(Sort::Avi) => {
                let mut avi = avi::Avi::default();
                avi.read_headers(window)?;
                Form::Avi(avi)
            }
            Some(Sort::Matroska) => {
                let mut matroska = matroska::Matroska::default();
                matroska.read_headers(window)?;
                Form::Matroska(matroska)
            }
            Some(Sort::Table) => Form::Table(table::Table::read(window)?),
        }))
    }

    fn step<F: Read + Seek>(&mut self, window: &mut Window<F>) -> io::Result<Step> {
        match self {
            Form::Lab(lab) => lab.step(window),
            Form::Concat(concat) => concat.step(window),
            Form::Avi(avi) => avi.step(window),
            Form::Matroska(matroska) => matroska.step(window),
            Form::Table(table) => table.step(window),
        }
    }

    /// Pictures a second, if the file says so.
    fn fps(&self) -> Option<f64> {
        match self {
            Form::Avi(avi) => avi.fps(),
            Form::Matroska(matroska) => matroska.fps(),
            Form::Table(table) => table.fps(),
            Form::Lab(_) | Form::Concat(_) => None,
        }
    }

    /// What a container says that it holds, if not MJPEG.
    fn encoding(&self) -> Option<String> {
        match self {
            Form::Avi(avi) => avi.encoding(),
            Form::Matroska(matroska) => matroska.encoding(),
            Form::Table(table) => table.encoding(),
            Form::Lab(_) | Form::Concat(_) => None,
        }
    }
}

/// What a file's first bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Lab,
    Concat,
    Avi,
    Matroska,
    Table,
}

impl Sort {
    fn of(head: &[u8]) -> Option<Self> {
        match head {
            [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => Some(Sort::Avi),
            [0x1A, 0x45, 0xDF, 0xA3, ..] => Some(Sort::Matroska),
            // The first box of a file; QuickTime's may begin with any of the others.
            [_, _, _, _, a, b, c, d, ..] if FIRST_BOXES.contains(&&[*a, *b, *c, *d]) => {
                Some(Sort::Table)
            }
            [0xFF, 0xD8, 0xFF, ..] => Some(Sort::Concat),
            _ if is_multipart(head) => Some(Sort::Concat),
            _ if lab::starts(head) => Some(Sort::Lab),
            _ => None,
        }
    }
}

/// Whether a stream of parts was written to a file: pictures, with their heads between them.
fn is_multipart(head: &[u8]) -> bool {
    let head = head.trim_ascii_start().to_ascii_lowercase();
    head.starts_with(b"--") && memchr::memmem::find(&head, b"\ncontent-").is_some()
}

/// Whether a FourCC is one of MJPEG's.
fn is_mjpeg(name: [u8; 4]) -> bool {
    let names: [&[u8; 4]; 8] =
        [b"mjpg", b"jpeg", b"mjpa", b"avdj", b"dmb1", b"ijpg", b"jpgl", b"avrn"];
    names.contains(&&name.to_ascii_lowercase().first_chunk().copied().unwrap_or(name))
}

/// An open file and its form.
struct FileReel {
    path: PathBuf,
    window: Window<File>,
    form: Form,
    edition: Edition,
    /// As it was before the first picture.
    opened: Form,
}

impl FileReel {
    fn open(path: &Path) -> Result<Self, NotAClip> {
        let fail = |fault| NotAClip { path: path.to_owned(), fault };
        let unreadable = |error| fail(Fault::Unreadable(error));
        // Before it is opened: opening a pipe waits for its other end.
        if !path.metadata().map_err(unreadable)?.is_file() {
            return Err(fail(Fault::NotAFile));
        }
        let file = File::open(path).map_err(unreadable)?;
        let edition = Edition::of(&file.metadata().map_err(unreadable)?);
        let mut window = Window::new(file);
        window.need(HEAD_BYTES).map_err(unreadable)?;
        if window.bytes().is_empty() {
            return Err(fail(Fault::Empty));
        }
        let form = Form::of(&mut window).map_err(unreadable)?.ok_or_else(|| fail(Fault::Form))?;
        let opened = form.clone();
        Ok(Self { path: path.to_owned(), window, form, edition, opened })
    }

    /// The place where reading goes on: of the file, or of the table of its pictures.
    fn place(&self) -> u64 {
        match &self.form {
            Form::Table(table) => table.place(),
            _ => self.window.position(),
        }
    }

    /// Goes on at a place where a picture is known to lie.
    fn go_to(&mut self, place: u64) -> Result<(), Trouble> {
        self.form = self.opened.clone();
        if let Form::Table(table) = &mut self.form {
            table.go_to(place);
            return Ok(());
        }
        self.window.go_to(place).map_err(|error| lost(&self.path, &error))
    }
}

impl Reel for FileReel {
    fn step(&mut self) -> Result<Step, Trouble> {
        self.form.step(&mut self.window).map_err(|error| lost(&self.path, &error))
    }

    fn rewind(&mut self) -> Result<(), Trouble> {
        *self = Self::open(&self.path)?;
        Ok(())
    }
}

/// The trouble that an error of the file system means.
pub(super) fn lost(path: &Path, error: &io::Error) -> Trouble {
    let name = file_name(path);
    let (code, title, detail) = match error.kind() {
        io::ErrorKind::NotFound => {
            (TroubleCode::Missing, format!("{name} is gone"), "It plays on when it is back.".into())
        }
        io::ErrorKind::PermissionDenied => (
            TroubleCode::Denied,
            format!("{name} may not be read"),
            "Give the server's user the right to read it.".into(),
        ),
        _ => (TroubleCode::Failed, format!("{name} cannot be read"), format!("{error}.")),
    };
    Trouble { code, title, detail }
}

/// The last part of a path, to be shown.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

const CONVERT: &str = "to make one: ffmpeg -i FILE -an -c:v mjpeg -q:v 3 clip.avi";

/// Whether the file at `path` begins as one of the forms does. Reads no more of it.
pub fn is_clip(path: &Path) -> bool {
    // Before it is opened: opening a pipe waits for its other end.
    let is_file = path.metadata().is_ok_and(|about| about.is_file());
    let head = is_file.then(|| File::open(path)).and_then(Result::ok).and_then(|file| {
        let mut head = Vec::with_capacity(HEAD_BYTES);
        file.take(HEAD_BYTES as u64).read_to_end(&mut head).ok().map(|_| head)
    });
    head.is_some_and(|head| Sort::of(&head).is_some())
}

/// What tells the forms apart.
const HEAD_BYTES: usize = 256;

/// Of QuickTime and MP4 files.
const FIRST_BOXES: [&[u8; 4]; 7] = [b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"];

/// What of a rate in a header is believed.
const SANE_FPS: std::ops::RangeInclusive<f64> = 0.01..=240.0;
