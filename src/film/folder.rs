//! The folder of films: what it lists, and how what lies below it is opened.
//!
//! Nothing leads out of it: on Linux `openat2` sees to that (`RESOLVE_BENEATH`), whatever links there
//! are and whoever changes them meanwhile; elsewhere, and where a sandbox knows no `openat2`, no link
//! is followed. Opening never waits for the other end of a pipe, and gives regular files alone. Waits
//! for the disk.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

use super::files::is_listed;
use super::path::FilmPath;
use crate::base::natural::natural;

/// The folder.
pub struct MediaFolder {
    root: Root,
}

impl MediaFolder {
    /// The folder at a path.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self { root: Root::open(path)? })
    }

    /// Opens a file below it.
    ///
    /// # Errors
    ///
    /// The system's, as for a path that leads out of it, or [`ErrorKind::InvalidInput`] for what is
    /// no regular file.
    pub fn file(&self, path: &FilmPath) -> Result<File> {
        let file = self.root.file(path.as_str())?;
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(Error::new(ErrorKind::InvalidInput, "it is no regular file")),
        }
    }

    /// What a room may be given of it: films and folders, in the order of their names; the first
    /// [`MOST_CHOICES`] of them. Nothing if it cannot be read.
    pub fn choices(&self) -> Vec<FilmPath> {
        let all = FilmPath::default();
        let is_folder =
            |path: &FilmPath| self.root.names(path.as_str()).is_ok_and(|names| names.is_some());
        let found = self.files(&all).unwrap_or_default();
        let choices = found.into_iter().filter(|path| is_listed(path) || is_folder(path));
        choices.take(MOST_CHOICES).collect()
    }

    /// The files at a path: itself, or those in it if it is a folder, in the order of their names;
    /// the first [`MOST_FILES`] of them.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn files(&self, path: &FilmPath) -> Result<Vec<FilmPath>> {
        let Some(names) = self.root.names(path.as_str())? else {
            return self.file(path).map(|_| vec![path.clone()]);
        };
        let names = names.into_iter().filter_map(|name| path.below(name.to_str()?));
        let mut files: Vec<FilmPath> = names.take(MOST_FILES).collect();
        files.sort_by(|a, b| natural(a.as_str().as_bytes(), b.as_str().as_bytes()));
        Ok(files)
    }
}

#[cfg(unix)]
struct Root(std::os::fd::OwnedFd);

#[cfg(unix)]
impl Root {
    fn open(path: &Path) -> Result<Self> {
        use rustix::fs::{Mode, OFlags, open};
        Ok(Self(open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?))
    }

    fn file(&self, path: &str) -> Result<File> {
        use rustix::fs::OFlags;
        // A pipe without a writer is opened at once, and no terminal becomes ours.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(File::from(self.beneath(path, flags)?))
    }

    /// The names in a folder; `None` if it is none.
    fn names(&self, path: &str) -> Result<Option<Vec<OsString>>> {
        use std::os::unix::ffi::OsStringExt;

        use rustix::fs::{Dir, OFlags};
        use rustix::io::Errno;

        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = match self.beneath(if path.is_empty() { "." } else { path }, flags) {
            Ok(folder) => folder,
            Err(Errno::NOTDIR) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let entries = Dir::new(folder)?.take(MOST_ENTRIES);
        let name = |entry: rustix::io::Result<rustix::fs::DirEntry>| {
            entry.map(|entry| OsString::from_vec(entry.file_name().to_bytes().to_vec()))
        };
        Ok(Some(entries.map(name).collect::<rustix::io::Result<_>>()?))
    }

    #[cfg(target_os = "linux")]
    fn beneath(
        &self,
        path: &str,
        flags: rustix::fs::OFlags,
    ) -> rustix::io::Result<std::os::fd::OwnedFd> {
        use rustix::fs::{Mode, ResolveFlags, openat2};
        use rustix::io::Errno;

        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        for _ in 0..TRIES {
            match openat2(&self.0, path, flags, Mode::empty(), resolve) {
                // Something on the way was renamed meanwhile.
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(Errno::NOSYS | Errno::PERM) => break,
                opened => return opened,
            }
        }
        self.by_steps(path, flags)
    }

    #[cfg(not(target_os = "linux"))]
    fn beneath(
        &self,
        path: &str,
        flags: rustix::fs::OFlags,
    ) -> rustix::io::Result<std::os::fd::OwnedFd> {
        self.by_steps(path, flags)
    }

    /// Follows no link at all.
    fn by_steps(
        &self,
        path: &str,
        flags: rustix::fs::OFlags,
    ) -> rustix::io::Result<std::os::fd::OwnedFd> {
        use rustix::fs::{Mode, OFlags, openat};
        let step = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut at = openat(&self.0, ".", step, Mode::empty())?;
        for folder in folders.split('/').filter(|name| !name.is_empty()) {
            at = openat(&at, folder, step, Mode::empty())?;
        }
        openat(&at, name, flags | OFlags::NOFOLLOW, Mode::empty())
    }
}

#[cfg(not(unix))]
struct Root(std::path::PathBuf);

#[cfg(not(unix))]
impl Root {
    fn open(path: &Path) -> Result<Self> {
        path.read_dir()?;
        Ok(Self(path.canonicalize()?))
    }

    fn beneath(&self, path: &str) -> Result<std::path::PathBuf> {
        let full = self.0.join(path).canonicalize()?;
        match full.starts_with(&self.0) {
            true => Ok(full),
            false => Err(Error::new(ErrorKind::PermissionDenied, "it leads out of the folder")),
        }
    }

    fn file(&self, path: &str) -> Result<File> {
        File::open(self.beneath(path)?)
    }

    fn names(&self, path: &str) -> Result<Option<Vec<OsString>>> {
        let full = self.beneath(path)?;
        if !full.is_dir() {
            return Ok(None);
        }
        let entries = full.read_dir()?.take(MOST_ENTRIES);
        Ok(Some(entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_>>()?))
    }
}

/// Choices that are offered.
const MOST_CHOICES: usize = 200;
/// Files that a folder plays.
const MOST_FILES: usize = 1000;
/// Entries that are read of a folder.
const MOST_ENTRIES: usize = 20_000;
#[cfg(target_os = "linux")]
const TRIES: usize = 16;

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::base::scratch::Scratch;

    fn path(text: &str) -> FilmPath {
        text.parse().unwrap()
    }

    #[test]
    fn nothing_leads_out_and_links_within_are_followed() {
        let (outside, scratch) = (Scratch::folder(), Scratch::folder());
        let secret = outside.write("secret.mp4", b"secret");
        scratch.write("a.mp4", b"film");
        symlink(&secret, scratch.path().join("out.mp4")).unwrap();
        symlink(outside.path(), scratch.path().join("way")).unwrap();
        symlink("../", scratch.path().join("up")).unwrap();
        symlink("/proc/self/root/etc/passwd", scratch.path().join("magic.mp4")).unwrap();
        symlink("a.mp4", scratch.path().join("b.mp4")).unwrap();
        let folder = MediaFolder::open(scratch.path()).unwrap();
        for name in ["out.mp4", "way/secret.mp4", "up/x", "magic.mp4", "missing.mp4"] {
            assert!(folder.file(&path(name)).is_err(), "{name}");
        }
        assert!(folder.files(&path("way")).is_err());
        assert!(folder.file(&path("a.mp4")).is_ok());
        assert_eq!(folder.file(&path("b.mp4")).is_ok(), cfg!(target_os = "linux"));
    }

    #[test]
    fn where_no_links_can_be_watched_none_is_followed() {
        use rustix::fs::OFlags;
        let scratch = Scratch::folder();
        std::fs::create_dir(scratch.path().join("in")).unwrap();
        scratch.write("in/a.mp4", b"film");
        symlink("in", scratch.path().join("link")).unwrap();
        symlink("a.mp4", scratch.path().join("in/b.mp4")).unwrap();
        let root = Root::open(scratch.path()).unwrap();
        assert!(root.by_steps("in/a.mp4", OFlags::RDONLY).is_ok());
        for name in ["link/a.mp4", "in/b.mp4", "missing/a.mp4"] {
            assert!(root.by_steps(name, OFlags::RDONLY).is_err(), "{name}");
        }
    }

    #[test]
    fn only_regular_files_are_opened_and_nothing_is_waited_for() {
        let scratch = Scratch::folder();
        let at = scratch.path().join("pipe.mp4");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &at,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        std::fs::create_dir(scratch.path().join("folder.mp4")).unwrap();
        let folder = MediaFolder::open(scratch.path()).unwrap();
        for name in ["pipe.mp4", "folder.mp4"] {
            let error = folder.file(&path(name)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}");
        }
    }

    #[test]
    fn a_folder_lists_what_is_shown_in_the_order_of_names() {
        let scratch = Scratch::folder();
        for name in ["10.mp4", "9.mp4", ".hidden.mp4"] {
            scratch.write(name, b"film");
        }
        let folder = MediaFolder::open(scratch.path()).unwrap();
        assert_eq!(folder.files(&path("")).unwrap(), [path("9.mp4"), path("10.mp4")]);
        assert_eq!(folder.files(&path("9.mp4")).unwrap(), [path("9.mp4")]);
        assert!(folder.files(&path("none")).is_err());
        std::fs::create_dir(scratch.path().join("series")).unwrap();
        scratch.write("notes.txt", b"");
        assert_eq!(folder.choices(), [path("9.mp4"), path("10.mp4"), path("series")]);
    }
}
