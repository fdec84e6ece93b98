//! The folder with the files of uploads: each is called by our own name, and by nothing that anybody
//! sent. Waits for the disk.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Result};
use std::path::PathBuf;

use crate::proto::container::{self, About, Bytes};

/// The folder.
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The one at this path, which nobody but its owner looks into; it is made if it is not there.
    pub(super) fn make(path: PathBuf) -> Result<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self { path })
    }

    /// Opens a file to write to it, and makes it if it is not there.
    pub(super) fn open_to_write(&self, name: &str) -> Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(self.path.join(name))
    }

    /// Where a file lies.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens a file to read it.
    pub(super) fn open_to_read(&self, name: &str) -> Result<File> {
        File::open(self.path.join(name))
    }

    /// How long a file is; one that is not there has no bytes.
    pub(super) fn length(&self, name: &str) -> Result<u64> {
        match fs::metadata(self.path.join(name)) {
            Ok(about) => Ok(about.len()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Deletes a file, if it is there.
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The names of all files.
    pub(super) fn names(&self) -> Result<Vec<String>> {
        let name = |entry: Result<fs::DirEntry>| {
            entry.map(|entry| entry.file_name().into_string().ok()).transpose()
        };
        fs::read_dir(&self.path)?.filter_map(name).collect()
    }

    /// How many bytes its disk has left for us, where the system says so.
    #[cfg(unix)]
    pub(super) fn free(&self) -> Option<u64> {
        let disk = rustix::fs::statvfs(&self.path).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    #[cfg(not(unix))]
    pub(super) fn free(&self) -> Option<u64> {
        None
    }
}

/// Writes bytes at a place; returns how many, and why not all of them.
pub(super) fn write_at(file: &File, mut bytes: &[u8], mut at: u64) -> (u64, Result<()>) {
    let mut done = 0;
    while !bytes.is_empty() {
        match write_some(file, bytes, at) {
            Ok(0) => return (done, Err(ErrorKind::WriteZero.into())),
            Ok(count) => {
                bytes = &bytes[count..];
                (done, at) = (done + count as u64, at + count as u64);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return (done, Err(error)),
        }
    }
    (done, Ok(()))
}

#[cfg(unix)]
fn write_some(file: &File, bytes: &[u8], at: u64) -> Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, at)
}

#[cfg(windows)]
fn write_some(file: &File, bytes: &[u8], at: u64) -> Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, at)
}

/// The media type of a file, by its content alone: one of those of films, or bytes.
pub fn media_type(file: &File) -> &'static str {
    let length = file.metadata().map_or(0, |about| about.len());
    let about = container::about(&mut Place { file, length });
    about.as_ref().map_or("application/octet-stream", About::media_type)
}

/// A file's bytes, by their place.
struct Place<'a> {
    file: &'a File,
    length: u64,
}

impl Bytes for Place<'_> {
    fn length(&self) -> u64 {
        self.length
    }

    fn fill(&mut self, at: u64, into: &mut [u8]) -> bool {
        at.saturating_add(into.len() as u64) <= self.length && read_at(self.file, at, into).is_ok()
    }
}

#[cfg(unix)]
fn read_at(file: &File, at: u64, into: &mut [u8]) -> Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, at)
}

#[cfg(windows)]
fn read_at(file: &File, at: u64, into: &mut [u8]) -> Result<()> {
    let mut done = 0;
    while done < into.len() {
        match std::os::windows::fs::FileExt::seek_read(file, &mut into[done..], at + done as u64)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => done += count,
        }
    }
    Ok(())
}
