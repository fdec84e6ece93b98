//! Where segments lie: on this machine's disk, or in a bucket that speaks S3.
//!
//! One small interface. Manifests stay on the disk in any case: they are few and small, and change.
//! All of it waits, for the disk or another server.

mod bucket;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

pub use bucket::{Address, Bucket};

/// Keeps segments.
pub trait Storage: Send + Sync {
    /// Keeps a set of segments, which lies in a folder, as that of a title; what was kept of an
    /// earlier set, as its bytes are the same, stays.
    ///
    /// # Errors
    ///
    /// [`Failed`]; the next try goes on.
    fn keep(&self, title: &Path, set: &Path, over: &AtomicBool) -> Result<(), Failed>;

    /// Where a player finds a segment of a title that is not in its folder: an address that is good for
    /// a few minutes.
    fn address(&self, name: &str, file: &str) -> Option<String>;

    /// The origin of these addresses, which a page has to allow; `None` if there are none.
    fn origin(&self) -> Option<String> {
        None
    }

    /// Reads a segment of a title that is not in its folder.
    ///
    /// # Errors
    ///
    /// [`Failed`], also if it is larger than `most` bytes.
    fn read(&self, name: &str, file: &str, most: u64) -> Result<Vec<u8>, Failed>;

    /// Deletes what is kept of a title, whose folder is about to go.
    ///
    /// # Errors
    ///
    /// [`Failed`]; the next try goes on.
    fn delete(&self, title: &Path) -> Result<(), Failed>;
}

/// Why something is not kept, read or deleted.
#[derive(Debug)]
pub enum Failed {
    /// The disk's error.
    File(PathBuf, io::Error),
    /// What the other server said, or why it said nothing.
    Server(String),
    /// It was to stop.
    Stopped,
}

/// This machine's disk: all lies in a title's folder already.
pub struct Disk;

impl Storage for Disk {
    fn keep(&self, _: &Path, _: &Path, _: &AtomicBool) -> Result<(), Failed> {
        Ok(())
    }

    fn address(&self, _: &str, _: &str) -> Option<String> {
        None
    }

    fn read(&self, _: &str, file: &str, _: u64) -> Result<Vec<u8>, Failed> {
        Err(Failed::File(file.into(), io::ErrorKind::NotFound.into()))
    }

    fn delete(&self, _: &Path) -> Result<(), Failed> {
        Ok(())
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Server(why) => write!(f, "the bucket: {why}"),
            Self::Stopped => f.write_str("it was stopped"),
        }
    }
}
