//! Why something is not done with accounts, as a person is told.

use std::fmt;
use std::time::Duration;

use super::guesses::SlowDown;
use super::name::BadName;
use super::password::WeakPassword;
use crate::store::NotKept;

/// Why something was not done.
#[derive(Debug)]
pub enum Refused {
    /// The name and the password are not those of an account that may sign in.
    Wrong,
    /// It is not the password of who is signed in.
    WrongPassword,
    /// Too many wrong ones.
    Slow(SlowDown),
    /// It was done too often of late: in this time it may be once more.
    Often(Duration),
    /// Too many passwords wait to be looked at.
    Busy,
    /// The text is no name.
    Name(BadName),
    /// There is one that looks the same.
    NameTaken,
    /// The password is too easy to guess.
    Weak(WeakPassword),
    /// The link or secret is not good, or no more.
    NoPass,
    /// Who makes accounts here are hosts.
    NoSignUp,
    /// The account may not sign in.
    Disabled,
    /// The account elsewhere leads to another one here.
    Linked,
    /// Nobody could sign in to the account any more.
    LastWayIn,
    /// There would be no host any more.
    LastHost,
    /// What it is about is not there.
    NoSuch,
    /// There are as many as one may have.
    TooMany,
    /// It could not be stored.
    NotKept(NotKept),
    /// The same, while it was being changed.
    Database(rusqlite::Error),
    /// What is stored cannot be read.
    Unreadable(String),
}

impl Refused {
    /// How long to wait before it is tried again, if that helps.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Refused::Slow(SlowDown(wait)) | Refused::Often(wait) => Some(*wait),
            Refused::Busy | Refused::NotKept(_) => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Refused::Database(error)
    }
}

impl From<BadName> for Refused {
    fn from(bad: BadName) -> Self {
        Refused::Name(bad)
    }
}

impl From<WeakPassword> for Refused {
    fn from(weak: WeakPassword) -> Self {
        Refused::Weak(weak)
    }
}

impl From<SlowDown> for Refused {
    fn from(slow: SlowDown) -> Self {
        Refused::Slow(slow)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Wrong => f.write_str("The name or the password is wrong."),
            Refused::WrongPassword => f.write_str("The password is wrong."),
            Refused::Slow(slow) => slow.fmt(f),
            Refused::Often(wait) => {
                write!(f, "That was often. Try again in {} s.", wait.as_millis().div_ceil(1000))
            }
            Refused::Busy => f.write_str("Many sign in at this moment. Try again in a second."),
            Refused::Name(bad) => bad.fmt(f),
            Refused::NameTaken => f.write_str("There is somebody whose name looks like this."),
            Refused::Weak(weak) => weak.fmt(f),
            Refused::NoPass => {
                f.write_str("This link is not good: it was used, it has ended, or it is not whole.")
            }
            Refused::NoSignUp => {
                f.write_str("Accounts are made by invitation here. Ask the host for one.")
            }
            Refused::Disabled => f.write_str("Your account is disabled. Ask the host."),
            Refused::Linked => {
                f.write_str("It belongs to another account here: sign in to that one with it.")
            }
            Refused::LastWayIn => {
                f.write_str("It is the only way in to this account. Set a password first.")
            }
            Refused::LastHost => f.write_str("There must be a host: make somebody else one first."),
            Refused::NoSuch => f.write_str("It is not there any more."),
            Refused::TooMany => f.write_str("There are as many as there may be. Remove one first."),
            Refused::NotKept(why) => write!(f, "It cannot be kept, and was not done: {why}."),
            Refused::Unreadable(why) => write!(f, "What is kept cannot be read: {why}."),
            Refused::Database(why) => write!(f, "It cannot be kept, and was not done: {why}."),
        }
    }
}
