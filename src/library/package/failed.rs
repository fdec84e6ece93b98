//! Why a film was not packaged, and what to do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::proto::fmp4::Invalid;

/// Why nothing was packaged.
#[derive(Debug)]
pub enum Failed {
    /// An input cannot be read.
    Read {
        /// Which.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// An input is broken, or has what is not understood.
    Input {
        /// Which.
        path: PathBuf,
        /// What it breaks.
        why: Invalid,
    },
    /// A file or folder cannot be written.
    Write {
        /// Which.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// What is to be written is there already.
    Exists(PathBuf),
    /// No input has pictures or sound that can be packaged.
    Nothing,
    /// The inputs' heads are too large together.
    Heads,
    /// There are more tracks than this.
    TooMany(usize),
    /// A film does not begin with a key frame.
    Beginning(PathBuf),
    /// Key frames at the same times are too far apart.
    Keys {
        /// Where.
        path: PathBuf,
        /// How long there is none, in seconds.
        seconds: u64,
    },
    /// The inputs do not begin together.
    Apart {
        /// Which differs from the first.
        path: PathBuf,
    },
    /// AV1 is not encrypted here.
    Av1(PathBuf),
    /// Pictures lie on their side, and the file says so.
    Turned(PathBuf),
    /// It was to stop.
    Stopped,
}

impl Failed {
    /// Whether the disk, and not what is on it, is the reason: another try may succeed.
    pub fn is_of_disk(&self) -> bool {
        matches!(self, Self::Read { .. } | Self::Write { .. })
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, error } => write!(f, "{} cannot be read: {error}", path.display()),
            Self::Input { path, why } => {
                write!(f, "{} cannot be packaged: {why}", path.display())
            }
            Self::Write { path, error } => {
                write!(f, "{} cannot be written: {error}", path.display())
            }
            Self::Exists(path) => {
                write!(f, "{} is there already: name a folder that is not", path.display())
            }
            Self::Nothing => f.write_str(
                "there are neither pictures (H.264, H.265, AV1) nor sound (AAC, MP3, Opus, FLAC, AC-3) \
                 in it",
            ),
            Self::TooMany(most) => write!(f, "there are {most} tracks of one kind, or more"),
            Self::Heads => f.write_str("the indexes (moov) are larger than 12 MiB together"),
            Self::Beginning(path) => write!(
                f,
                "{} does not begin with a key frame: encode it anew",
                path.display()
            ),
            Self::Keys { path, seconds } => write!(
                f,
                "{} has no key frame for {seconds} s that all renditions have too, with which a \
                 segment could begin: encode with closed groups of pictures",
                path.display()
            ),
            Self::Apart { path } => write!(
                f,
                "{} begins at another time than the other renditions",
                path.display()
            ),
            Self::Av1(path) => {
                write!(f, "{} is AV1, which is not encrypted here", path.display())
            }
            Self::Turned(path) => write!(
                f,
                "{} has pictures that are to be turned: encode it with the turn in it",
                path.display()
            ),
            Self::Stopped => f.write_str("it was stopped"),
        }
    }
}

impl std::error::Error for Failed {}
