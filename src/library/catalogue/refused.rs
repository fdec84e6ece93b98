//! Why something is not done with a title.

use std::fmt;

use super::words::BadDetails;
use crate::store::{NotKept, Trouble};

/// Why something is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There is no such title, or it is not for who asks.
    NoSuch,
    /// There is no such upload, or it is not for who asks.
    NoUpload,
    /// The upload has not all come.
    Unfinished,
    /// Who asks may not change it.
    NotYours,
    /// What is said of it is not taken.
    Details(BadDetails),
    /// It has no key.
    NotEncrypted,
    /// Its key id names another key already.
    KeyId,
    /// It is not a JPEG that can stand for it.
    Poster,
    /// The catalogue is full: of so many titles.
    TooMany(usize),
    /// The store does not take it.
    NotKept(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuch => f.write_str("there is no such title"),
            Self::NoUpload => f.write_str("there is no such upload"),
            Self::Unfinished => f.write_str("not all of this upload is there yet"),
            Self::NotYours => f.write_str("only who brought it and hosts may change it"),
            Self::Details(BadDetails::NoTitle) => f.write_str("a title has to be called something"),
            Self::Details(BadDetails::TooLong(field, most)) => {
                write!(f, "`{field}` is too long: at most {most} characters")
            }
            Self::Details(BadDetails::Year) => f.write_str("`year` is no year of a film"),
            Self::Details(BadDetails::TooManyTags(most)) => {
                write!(f, "there are too many tags: at most {most}")
            }
            Self::Details(BadDetails::Url) => f.write_str(
                "`url` is the address of a manifest (.mpd or .m3u8) by http or https, without a password",
            ),
            Self::NotEncrypted => f.write_str("it is not encrypted"),
            Self::KeyId => f.write_str("this key id names another key already: choose another one"),
            Self::Poster => f.write_str("the picture is no JPEG of at most 8 megapixels"),
            Self::TooMany(most) => write!(f, "the catalogue has {most} titles, and takes no more"),
            Self::NotKept(why) => write!(f, "it cannot be kept: {why}"),
        }
    }
}

impl From<BadDetails> for Refused {
    fn from(why: BadDetails) -> Self {
        Self::Details(why)
    }
}

impl From<NotKept> for Refused {
    fn from(why: NotKept) -> Self {
        Self::NotKept(why.to_string())
    }
}

impl From<Trouble> for Refused {
    fn from(why: Trouble) -> Self {
        Self::NotKept(why.to_string())
    }
}
