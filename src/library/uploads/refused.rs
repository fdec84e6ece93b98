//! Why something is not done with an upload.

use std::fmt;
use std::io;

use super::size::shown;
use crate::store::{NotKept, Trouble};

/// Why something is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It is longer than is taken: so many bytes.
    TooLarge(u64),
    /// Its owner has so many bytes, and the rest is less than it needs.
    OverQuota(u64),
    /// With all that is promised there would be no room left on the disk.
    NoRoom,
    /// Its owner has too many already.
    TooMany,
    /// There is none of this name, or it is not for who asks.
    NoSuch,
    /// The piece belongs elsewhere: so much is there.
    Offset(u64),
    /// It was said to be of another length, or less than there is.
    Length,
    /// More came than it was said to be long.
    TooLong,
    /// The piece is not what its checksum says.
    Checksum,
    /// A video was to be made of it, and it is none: what it is instead, in words.
    NoVideo(String),
    /// All of it is there.
    Complete,
    /// Not all of it is there.
    Unfinished,
    /// Another piece of it came, and this one is ended.
    Superseded,
    /// The piece before is being written: ask again in a moment.
    Busy,
    /// The disk is full; what was written stays.
    DiskFull,
    /// The disk does not do what it should.
    Disk(String),
    /// The store does not take it.
    NotKept(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::TooLarge(most) => {
                write!(f, "this server takes files of at most {}", shown(*most))
            }
            Refused::OverQuota(quota) => write!(
                f,
                "you may have {} of uploads here, and this one would be more: delete some first",
                shown(*quota)
            ),
            Refused::NoRoom => f.write_str(
                "the server's disk has no room for this file and for what is made of it",
            ),
            Refused::TooMany => {
                f.write_str("you have too many uploads here: finish or delete some first")
            }
            Refused::NoSuch => f.write_str("there is no such upload"),
            Refused::Offset(ours) => {
                write!(f, "the piece belongs elsewhere: {ours} bytes are there")
            }
            Refused::Length => f.write_str("the upload was said to be of another length"),
            Refused::TooLong => f.write_str("more came than the upload was said to be long"),
            Refused::Checksum => {
                f.write_str("the piece is not what its checksum says: send it again")
            }
            Refused::NoVideo(words) => f.write_str(words),
            Refused::Complete => f.write_str("all of this upload is there already"),
            Refused::Unfinished => f.write_str("not all of this upload is there yet"),
            Refused::Superseded => f.write_str("another piece of this upload came meanwhile"),
            Refused::Busy => f.write_str("the upload is being written: try again in a moment"),
            Refused::DiskFull => {
                f.write_str("the server's disk is full; what came stays: go on once there is room")
            }
            Refused::Disk(why) => write!(f, "the server's disk: {why}"),
            Refused::NotKept(why) => write!(f, "it cannot be kept: {why}"),
        }
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Refused::DiskFull,
            io::ErrorKind::NotFound => Refused::NoSuch,
            _ => Refused::Disk(error.to_string()),
        }
    }
}

impl From<NotKept> for Refused {
    fn from(why: NotKept) -> Self {
        Refused::NotKept(why.to_string())
    }
}

impl From<Trouble> for Refused {
    fn from(why: Trouble) -> Self {
        Refused::NotKept(why.to_string())
    }
}
