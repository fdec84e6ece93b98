//! What goes wrong with a data folder and its database, each as one line that says what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why there is no data folder, or no database in it.
#[derive(Debug)]
pub enum Trouble {
    /// The folder cannot be made, or nothing can be written in it.
    Unwritable {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// Another server has it.
    Held {
        /// The folder.
        folder: PathBuf,
        /// Which one, as it says itself.
        by: String,
    },
    /// There is no such file.
    Missing(PathBuf),
    /// There is such a file already.
    Exists(PathBuf),
    /// It is of a newer program.
    Newer {
        /// The database.
        file: PathBuf,
        /// Its version.
        version: i64,
    },
    /// It is no database of this program, or it is damaged.
    Unreadable(PathBuf),
    /// A file cannot be read, written or renamed.
    File {
        /// Which.
        file: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// What SQLite says.
    Database(rusqlite::Error),
}

/// Why a change was not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotKept {
    /// Too much waits already.
    Busy,
    /// The disk is full.
    Full,
    /// The database refuses, for this reason.
    Refused(String),
    /// The database's file is not in its folder any more.
    Gone,
    /// The server ends.
    Ending,
}

impl From<rusqlite::Error> for NotKept {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => NotKept::Full,
            _ => NotKept::Refused(error.to_string()),
        }
    }
}

impl fmt::Display for NotKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotKept::Busy => f.write_str("too much is to be stored at once"),
            NotKept::Full => f.write_str("the server's disk is full"),
            NotKept::Refused(why) => write!(f, "the server's database refuses: {why}"),
            NotKept::Gone => f.write_str("the server's data folder is gone"),
            NotKept::Ending => f.write_str("the server ends"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Unwritable { folder, error } => write!(
                f,
                "the data folder {} cannot be written ({error}): name another with --data",
                folder.display()
            ),
            Trouble::Held { folder, by } => write!(
                f,
                "the data folder {} is had by another server, {by}: stop that one, or name another \
                 folder with --data",
                folder.display()
            ),
            Trouble::Missing(file) => {
                write!(f, "there is no {}: the server makes it when it starts", file.display())
            }
            Trouble::Exists(file) => {
                write!(f, "{} is there already: name another file", file.display())
            }
            Trouble::Newer { file, version } => write!(
                f,
                "{} is of a newer livestream (version {version} of the database): use that one, or \
                 name another folder with --data",
                file.display()
            ),
            Trouble::Unreadable(file) => {
                write!(f, "{} is no database of livestream, or is damaged", file.display())
            }
            Trouble::File { file, error } => write!(f, "{}: {error}", file.display()),
            Trouble::Database(error) => write!(f, "the database refuses: {error}"),
        }
    }
}

impl std::error::Error for Trouble {}
