//! What a host may change while the server runs: the rooms, and some settings.
//!
//! [`crate::app`] does it; who may ask for it is decided before. All of it may take its time, and is
//! called by the [workers](crate::net::workers).

use std::fmt;

use crate::room::{NotAName, RoomName};

/// Who changes rooms and settings. What is changed is kept before it holds.
pub trait Studio: Send + Sync {
    /// What a room may be given beside an address. Looks for cameras, each of which is opened for
    /// a moment.
    fn offers(&self) -> Vec<Offer>;

    /// The rooms as they can be changed, the default one first.
    fn rooms(&self) -> Vec<RoomSettings>;

    /// Opens a room, behind the others.
    ///
    /// # Errors
    ///
    /// Why nothing has changed.
    fn open(&self, new: &NewRoom) -> Result<(), NotChanged>;

    /// Changes a room; the default one has no name.
    ///
    /// # Errors
    ///
    /// Why nothing has changed.
    fn change(&self, room: Option<&str>, change: &RoomChange) -> Result<(), NotChanged>;

    /// Closes a room; who is in it is sent away.
    ///
    /// # Errors
    ///
    /// Why nothing has changed.
    fn close(&self, room: &str) -> Result<(), NotChanged>;

    /// The settings, as a host may see them.
    fn settings(&self) -> Vec<Setting>;

    /// Changes a setting; without a value it is what it is by default. Says when that holds.
    ///
    /// # Errors
    ///
    /// Why nothing has changed.
    fn set(&self, key: &str, value: Option<&str>) -> Result<Effect, NotChanged>;
}

/// A source that is there to be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What [`NewRoom::source`] takes. The same for as long as the server runs.
    pub id: String,
    /// What to call it before a person: of an address its server, of a command its program.
    pub label: String,
}

/// A room as it can be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomSettings {
    /// `None` of the default one, which cannot be closed.
    pub name: Option<RoomName>,
    /// What it is called.
    pub title: String,
    /// What it shows, as [`Offer::label`] has it.
    pub source: String,
    /// Whether it shows whoever goes live there.
    pub is_stage: bool,
    /// What nobody may see of it, as `--mask` takes it; empty if there is nothing.
    pub mask: String,
    /// The flag that says that, which then cannot be changed.
    pub mask_fixed: Option<&'static str>,
    /// The flag that says what it is called, which then cannot be changed.
    pub title_fixed: Option<&'static str>,
    /// The flag that says what it shows, which then cannot be changed.
    pub source_fixed: Option<&'static str>,
}

/// A room that is to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewRoom {
    /// As it stands in addresses.
    pub name: String,
    /// What to call it; by its name if it is empty.
    pub title: String,
    /// The id of an [`Offer`], or an address that begins with `http://`, `https://`, `rtsp://` or
    /// `rtsps://`.
    pub source: String,
}

/// What is to be another of a room.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoomChange {
    /// What to call it; an empty one is what it is called if nothing is said.
    pub title: Option<String>,
    /// As [`NewRoom::source`].
    pub source: Option<String>,
    /// As [`RoomSettings::mask`].
    pub mask: Option<String>,
    /// Its place among the rooms that have names, the first is 0.
    pub place: Option<usize>,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// By which it is asked for: a flag's name without dashes.
    pub key: &'static str,
    /// What holds, if anything.
    pub value: Option<String>,
    /// Who said so.
    pub said: SaidBy,
    /// What holds after the next start, if it was changed since the last.
    pub next: Option<String>,
    /// When a change holds. What a flag says is fixed.
    pub effect: Effect,
}

/// Who said what holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaidBy {
    /// Who started the server: it cannot be changed while it runs.
    Flag,
    /// The file, when the server started.
    File,
    /// A host, since then.
    Page,
    /// Nobody.
    Default,
}

/// When a change holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// At once.
    AtOnce,
    /// After the next start.
    AfterRestart,
}

/// Why nothing has changed: a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotChanged {
    /// That is no room's name.
    Name,
    /// Another room has the name.
    NameTaken,
    /// The title is not taken, and what is.
    Title(String),
    /// What nobody may see is not taken, and what is.
    Mask(String),
    /// The source is not taken.
    Source(NoSource),
    /// There is no such room.
    NoSuchRoom,
    /// The default room is always there, and the first.
    DefaultStays,
    /// There are as many rooms as there may be.
    TooManyRooms,
    /// There is no such setting.
    NoSuchSetting,
    /// The value of a setting is not taken, and what is.
    Value {
        /// The setting's key.
        key: &'static str,
        /// What it takes.
        why: String,
    },
    /// This flag says it.
    Fixed(&'static str),
    /// It cannot be kept, and why.
    NotKept(String),
    /// Another change is under way.
    Busy,
}

/// Why a source is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoSource {
    /// It is neither an address nor among the offers.
    NotOffered,
    /// The address is none, and why.
    Address(String),
    /// What it was on this machine the file does not name any more.
    NotNamed,
    /// It can never work, and why.
    Fails(String),
}

impl SaidBy {
    /// For programs.
    pub fn as_str(self) -> &'static str {
        match self {
            SaidBy::Flag => "flag",
            SaidBy::File => "file",
            SaidBy::Page => "page",
            SaidBy::Default => "default",
        }
    }
}

impl Effect {
    /// For programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Effect::AtOnce => "at-once",
            Effect::AfterRestart => "after-restart",
        }
    }
}

impl NotChanged {
    /// Which field of what was asked is wrong, if it is one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            NotChanged::Name | NotChanged::NameTaken => Some("name"),
            NotChanged::Title(_) => Some("title"),
            NotChanged::Mask(_) => Some("mask"),
            NotChanged::Source(_) => Some("source"),
            NotChanged::Value { key, .. } => Some(key),
            NotChanged::NoSuchRoom
            | NotChanged::DefaultStays
            | NotChanged::TooManyRooms
            | NotChanged::NoSuchSetting
            | NotChanged::Fixed(_)
            | NotChanged::NotKept(_)
            | NotChanged::Busy => None,
        }
    }
}

impl fmt::Display for NotChanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotChanged::Name => write!(f, "the name {NotAName}"),
            NotChanged::NameTaken => f.write_str("there is a room of this name already"),
            NotChanged::Title(why) => write!(f, "the title {why}"),
            NotChanged::Mask(why) => write!(f, "the mask {why}"),
            NotChanged::Source(why) => why.fmt(f),
            NotChanged::NoSuchRoom => f.write_str("there is no such room"),
            NotChanged::DefaultStays => {
                f.write_str("the room without a name is always there, and the first")
            }
            NotChanged::TooManyRooms => {
                write!(f, "there are {MAX_ROOMS} rooms, and no more can be: close one")
            }
            NotChanged::NoSuchSetting => {
                f.write_str("there is no such setting here: `GET /api/v1/settings` lists them")
            }
            NotChanged::Value { key, why } => write!(f, "`{key}`: {why}"),
            NotChanged::Fixed(flag) => write!(
                f,
                "this was said by `--{flag}` when the server was started: start it without, to \
                 change it here"
            ),
            NotChanged::NotKept(why) => write!(f, "this cannot be kept: {why}"),
            NotChanged::Busy => f.write_str("another change is under way: try again in a moment"),
        }
    }
}

impl std::error::Error for NotChanged {}

impl fmt::Display for NoSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoSource::NotOffered => f.write_str(
                "the source is one of those that are offered, or an address that begins with \
                 http://, https://, rtsp:// or rtsps://; a command or a file is named on the \
                 server's machine alone",
            ),
            NoSource::Address(why) => write!(f, "the source {why}"),
            NoSource::NotNamed => f.write_str(
                "this source is named by a person on the server's machine alone: it is to be \
                 written into livestream.toml there",
            ),
            NoSource::Fails(why) => write!(f, "the source cannot be shown: {why}"),
        }
    }
}

/// How many rooms there may be, the default one among them.
pub const MAX_ROOMS: usize = 64;

#[cfg(test)]
pub(crate) mod closed {
    //! For tests that change nothing.

    use super::*;

    /// Nothing can be changed.
    pub(crate) struct Closed;

    impl Studio for Closed {
        fn offers(&self) -> Vec<Offer> {
            Vec::new()
        }

        fn rooms(&self) -> Vec<RoomSettings> {
            Vec::new()
        }

        fn open(&self, _: &NewRoom) -> Result<(), NotChanged> {
            Err(NotChanged::Busy)
        }

        fn change(&self, _: Option<&str>, _: &RoomChange) -> Result<(), NotChanged> {
            Err(NotChanged::Busy)
        }

        fn close(&self, _: &str) -> Result<(), NotChanged> {
            Err(NotChanged::Busy)
        }

        fn settings(&self) -> Vec<Setting> {
            Vec::new()
        }

        fn set(&self, _: &str, _: Option<&str>) -> Result<Effect, NotChanged> {
            Err(NotChanged::Busy)
        }
    }
}
