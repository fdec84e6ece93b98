//! Why something is not done in a chat, as a person is told.

use std::fmt;
use std::time::Duration;

use crate::account::BadName;
use crate::store::NotKept;

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It has not entered, or was sent out.
    NotHere,
    /// The text is no name.
    Name(BadName),
    /// Somebody has a name that looks the same, or it is that of an office.
    NameTaken,
    /// There are as many as there may be.
    Full,
    /// It was sent out: so long it may not enter.
    Kicked(Duration),
    /// It may say nothing for so long.
    Muted(Duration),
    /// Too much in too short a time: so long.
    TooSoon(Duration),
    /// The room is slow: so long.
    Slow(Duration),
    /// Nothing is said.
    Empty,
    /// It is no line, or a longer one than this.
    Long(usize),
    /// Members alone may talk.
    MembersOnly,
    /// Members alone may send links.
    NoLinks,
    /// A word that is not said here.
    Word,
    /// There is no such message, or nobody of this number.
    NoSuch,
    /// It is another's.
    NotYours,
    /// It is too old to be changed.
    TooOld,
    /// Nobody decides about that one.
    Untouchable,
    /// It is no emoji.
    NoEmoji,
    /// There are as many reactions as there may be.
    Reactions,
    /// The rules are none.
    Rules(&'static str),
    /// It could not be stored.
    NotKept(NotKept),
    /// It cannot be read.
    Unreadable(String),
}

impl Refused {
    /// How long to wait, if that helps.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Refused::Kicked(wait) | Refused::Muted(wait) => Some(*wait),
            Refused::TooSoon(wait) | Refused::Slow(wait) => Some(*wait),
            Refused::NotKept(_) => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}

impl From<NotKept> for Refused {
    fn from(why: NotKept) -> Self {
        Refused::NotKept(why)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_s = |wait: &Duration| wait.as_millis().div_ceil(1000).max(1);
        match self {
            Refused::NotHere => f.write_str("Enter the chat first."),
            Refused::Name(bad) => bad.fmt(f),
            Refused::NameTaken => {
                f.write_str("Somebody has this name, or one that looks like it. Take another.")
            }
            Refused::Full => f.write_str("There are as many here as there may be."),
            Refused::Kicked(wait) => {
                write!(f, "You were sent out. You may come again in {} s.", in_s(wait))
            }
            Refused::Muted(wait) => {
                write!(f, "You were muted. You may write again in {} s.", in_s(wait))
            }
            Refused::TooSoon(wait) => {
                write!(f, "That was fast. You may write again in {} s.", in_s(wait))
            }
            Refused::Slow(wait) => {
                write!(f, "It is slow here. You may write again in {} s.", in_s(wait))
            }
            Refused::Empty => f.write_str("Write something first."),
            Refused::Long(most) => write!(f, "A message is one line of at most {most} characters."),
            Refused::MembersOnly => f.write_str("Members alone may write here. Sign in first."),
            Refused::NoLinks => f.write_str("Members alone may send links here."),
            Refused::Word => f.write_str("A word in it is not said here."),
            Refused::NoSuch => f.write_str("It is not there any more."),
            Refused::NotYours => f.write_str("It is somebody else's."),
            Refused::TooOld => f.write_str("It is too old to be changed."),
            Refused::Untouchable => f.write_str("You may not decide about this person."),
            Refused::NoEmoji => f.write_str("A reaction is one emoji."),
            Refused::Reactions => f.write_str("There are as many reactions as there may be."),
            Refused::Rules(why) => f.write_str(why),
            Refused::NotKept(why) => write!(f, "It cannot be kept, and was not sent: {why}."),
            Refused::Unreadable(why) => write!(f, "What is kept cannot be read: {why}."),
        }
    }
}
