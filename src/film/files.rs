//! A film that is a file: what it is, and its bytes.

use std::fs::{File, Metadata};
use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::not_played::NotPlayed;
use super::path::FilmPath;
use super::warm::Warm;
use crate::proto::container::{self, About, Bytes, Container};

/// A file of a room, as it was found.
pub struct FilmFile {
    pub(super) path: FilmPath,
    /// The state in which it was found.
    pub edition: Edition,
    /// What it is, or why nobody plays it.
    pub about: std::result::Result<About, NotPlayed>,
    pub(super) opened: Mutex<Option<(Instant, Opened)>>,
}

/// A state of a file: another one if a byte of it was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edition {
    /// How long it is.
    pub bytes: u64,
    modified_ns: u128,
    inode: u64,
}

/// A file that is open.
#[derive(Clone)]
pub struct Opened {
    /// Its bytes.
    pub file: Arc<File>,
    /// All of them, if they are few.
    pub small: Option<Arc<[u8]>>,
    /// Which of them are in the system's memory.
    pub warm: Arc<Warm>,
}

impl Edition {
    /// That of an open file.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn of(file: &File) -> Result<Self> {
        let about = file.metadata()?;
        let modified = about.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let (bytes, modified_ns, inode) = (about.len(), modified.as_nanos(), inode(&about));
        Ok(Self { bytes, modified_ns, inode })
    }

    /// The strong entity tag (RFC 9110 §8.8.3), in its quotes.
    pub fn tag(&self) -> String {
        let Self { bytes, modified_ns, inode } = self;
        format!("\"{inode:x}-{bytes:x}-{modified_ns:x}\"")
    }
}

impl FilmFile {
    /// Looks at a file that is open.
    pub(super) fn new(path: FilmPath, file: &Arc<File>, edition: Edition) -> Self {
        let about = about(&path, file, edition);
        Self { path, edition, about, opened: Mutex::default() }
    }

    /// The media type of its bytes, by their content.
    pub fn media_type(&self) -> &'static str {
        self.about.as_ref().map_or("application/octet-stream", About::media_type)
    }

    /// How long it plays.
    pub fn lasts(&self) -> Option<Duration> {
        self.about.as_ref().ok().and_then(|about| about.duration)
    }

    /// Bits that it has for each second.
    pub fn bits_per_sec(&self) -> u64 {
        let seconds = self.lasts().unwrap_or_default().as_secs_f64().max(1.0);
        (self.edition.bytes as f64 * 8.0 / seconds) as u64
    }

    /// The open file, if it was opened a moment ago: whoever asks again and again keeps no worker.
    pub fn ready(&self, now: Instant) -> Option<Opened> {
        let opened = self.opened.lock();
        let (at, opened) = opened.as_ref()?;
        (now.saturating_duration_since(*at) < READY).then(|| opened.clone())
    }

    /// Keeps it open for a moment.
    pub(super) fn keep(&self, opened: &Opened, now: Instant) {
        *self.opened.lock() = Some((now, opened.clone()));
    }

    /// Closes what was kept open and was not asked for of late.
    pub(super) fn let_go(&self, now: Instant) {
        let mut opened = self.opened.lock();
        if opened.as_ref().is_some_and(|(at, _)| now.saturating_duration_since(*at) >= READY) {
            *opened = None;
        }
    }
}

impl Opened {
    /// Takes a file whose state is known, and reads it if it is small.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn new(file: File, edition: Edition) -> Result<Self> {
        let mut small = None;
        if edition.bytes <= SMALL_BYTES {
            let mut bytes = vec![0; edition.bytes as usize];
            read_at(&file, 0, &mut bytes)?;
            small = Some(bytes.into());
        }
        Ok(Self { file: Arc::new(file), small, warm: Arc::new(Warm::new(edition.bytes)) })
    }
}

fn about(
    path: &FilmPath,
    file: &Arc<File>,
    edition: Edition,
) -> std::result::Result<About, NotPlayed> {
    if !is_film(path) {
        return Err(NotPlayed::Sort);
    }
    let mut tape = Tape { file, bytes: edition.bytes, window: Vec::new(), at: 0, failed: false };
    let about = container::about(&mut tape);
    match about {
        _ if tape.failed => Err(NotPlayed::Unreadable),
        None => Err(NotPlayed::Broken),
        Some(about) if about.container == Container::Matroska => Err(NotPlayed::Sort),
        Some(about) if about.duration.is_none() => Err(NotPlayed::Endless),
        Some(about) => Ok(about),
    }
}

/// Whether a file is one that rooms list: by its name.
pub(super) fn is_listed(path: &FilmPath) -> bool {
    is_film(path) || has_ending(path, &OTHERS)
}

fn is_film(path: &FilmPath) -> bool {
    has_ending(path, &FILMS)
}

fn has_ending(path: &FilmPath, endings: &[&str]) -> bool {
    let ending = path.as_str().rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| endings.contains(&ending.as_str()))
}

/// A file, of which a window is held.
struct Tape<'a> {
    file: &'a File,
    bytes: u64,
    window: Vec<u8>,
    at: u64,
    failed: bool,
}

impl Bytes for Tape<'_> {
    fn length(&self) -> u64 {
        self.bytes
    }

    fn fill(&mut self, at: u64, into: &mut [u8]) -> bool {
        let end = at.saturating_add(into.len() as u64);
        if end > self.bytes {
            return false;
        }
        let held = self.at..self.at + self.window.len() as u64;
        if !(held.contains(&at) && end <= held.end) {
            let length = (self.bytes - at).min(WINDOW_BYTES.max(into.len() as u64));
            self.window.resize(length as usize, 0);
            self.at = at;
            if read_at(self.file, at, &mut self.window).is_err() {
                self.window.clear();
                self.failed = true;
                return false;
            }
        }
        let from = (at - self.at) as usize;
        into.copy_from_slice(&self.window[from..from + into.len()]);
        true
    }
}

#[cfg(unix)]
fn read_at(file: &File, at: u64, into: &mut [u8]) -> Result<()> {
    use std::os::unix::fs::FileExt;
    file.read_exact_at(into, at)
}

#[cfg(not(unix))]
fn read_at(file: &File, at: u64, into: &mut [u8]) -> Result<()> {
    use std::os::windows::fs::FileExt;
    let mut done = 0;
    while done < into.len() {
        match file.seek_read(&mut into[done..], at + done as u64)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => done += count,
        }
    }
    Ok(())
}

#[cfg(unix)]
fn inode(about: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(about)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

/// What is said of a file that is another by now.
pub(super) fn changed() -> Error {
    Error::new(ErrorKind::NotFound, "it was changed")
}

/// A file of no more is read whole when it is opened.
pub const SMALL_BYTES: u64 = 64 * 1024;
/// How long a file that was opened is taken to be as it was.
const READY: Duration = Duration::from_secs(1);
const WINDOW_BYTES: u64 = 64 * 1024;
/// Endings of what is played.
const FILMS: [&str; 9] = ["mp4", "m4v", "webm", "mp3", "ogg", "oga", "ogv", "opus", "m4a"];
/// Endings of what a person may take for a film, and no browser does.
const OTHERS: [&str; 10] = ["avi", "mkv", "mov", "wmv", "flv", "mpg", "mpeg", "ts", "wma", "aiff"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::scratch::Scratch;

    fn film(name: &str, bytes: &[u8]) -> FilmFile {
        let scratch = Scratch::folder();
        let file = Arc::new(File::open(scratch.write(name, bytes)).unwrap());
        let edition = Edition::of(&file).unwrap();
        FilmFile::new(name.parse().unwrap(), &file, edition)
    }

    const MP4: &[u8] = include_bytes!("../../tests/data/film/whole.mp4");

    #[test]
    fn what_is_in_a_file_says_what_it_is() {
        let whole = film("a.mp4", MP4);
        assert_eq!(
            (whole.media_type(), whole.lasts()),
            ("video/mp4", Some(Duration::from_secs(2)))
        );
        assert_eq!(whole.bits_per_sec(), MP4.len() as u64 * 4);
        // Its content, and not its name, says what it is; its name, whether it is looked at.
        assert_eq!(film("a.mp3", MP4).media_type(), "video/mp4");
        for (name, bytes, why) in [
            ("a.avi", MP4, NotPlayed::Sort),
            ("a.mp4", b"\xff\xd8\xff\xe0nothing of a film", NotPlayed::Broken),
            ("a.webm", include_bytes!("../../tests/data/clip/h264.mkv"), NotPlayed::Sort),
            ("a.mp4", b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08moov", NotPlayed::Endless),
        ] {
            let film = film(name, bytes);
            assert_eq!(film.about.as_ref().err(), Some(&why), "{name}");
            assert_eq!(film.media_type(), "application/octet-stream");
        }
    }

    #[test]
    fn a_film_is_known_by_its_ending() {
        let listed = |name: &str| is_listed(&name.parse().unwrap());
        assert!(listed("a.MP4") && listed("b/a.b.opus") && listed("a.mkv"));
        assert!(!listed("a.srt") && !listed("mp4") && !listed("a.jpg"));
    }

    #[test]
    fn each_state_of_a_file_has_a_tag_of_its_own() {
        let scratch = Scratch::folder();
        let edition =
            |name: &str| Edition::of(&File::open(scratch.path().join(name)).unwrap()).unwrap();
        scratch.write("a", b"1234");
        scratch.write("b", b"1234");
        let (first, other) = (edition("a"), edition("b"));
        scratch.write("a", b"12345");
        let tags = [first.tag(), other.tag(), edition("a").tag()];
        assert!(tags[0] != tags[1] && tags[0] != tags[2] && tags[1] != tags[2], "{tags:?}");
        assert_eq!(edition("b").tag(), other.tag());
        assert!(tags[0].starts_with('"') && tags[0].ends_with('"'));
    }
}
