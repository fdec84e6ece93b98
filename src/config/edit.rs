//! Changes of `livestream.toml` that a host makes while the server runs: text in, text out. Pure.
//!
//! Comments, order and spelling of what a person wrote stay as they are; a comment whose room is
//! gone stands at the end. Whatever is asked, no source that runs a command or reads this machine's
//! files comes in that was not named before, and of other keys than those that are changed nothing
//! is: the new text is compared with the old one.

mod rooms;

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{DocumentMut, Value};
use toml_parser::Source;
use toml_parser::lexer::TokenKind;

use super::file::{self, Said, Setting};
use super::said::{check, default_of};
use super::values::{
    REDIRECTS, RoomParts, SourceChoice, TITLE, parse_room, parse_source, source_of,
};
use crate::client::Redirects;
use crate::room::RoomName;
use crate::source::webcam::Selector;
use rooms::{Rooms, bounded, put};

/// A change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit<'a> {
    /// The value of a key; without one the key is taken out.
    Value(Key, Option<&'a str>),
    /// What the default room shows.
    Source(SourceText<'a>),
    /// Another room, behind the others.
    Open(RoomText<'a>),
    /// A room as it is from now on, of which this is new. Where the file does not have it, it does
    /// then.
    Change(RoomText<'a>, New),
    /// A room is gone.
    Close(&'a RoomName),
}

/// The keys of which a host may change the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// What all viewers may use together.
    Bandwidth,
    /// How many may watch.
    MaxViewers,
    /// What the default room is called.
    Title,
    /// What nobody may see of the default room.
    Mask,
    /// The page for payments.
    DonateUrl,
    /// What size to ask of sources.
    Size,
    /// How many pictures a second to ask of sources.
    Fps,
    /// How many connections there may be.
    MaxConnections,
    /// How many RTSP sessions there may be.
    MaxRtspSessions,
    /// What the system may hold for clients that do not read.
    MaxUnread,
}

/// A source as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceText<'a> {
    /// As `--source` takes it.
    pub text: &'a str,
    /// Where its server may send us.
    pub redirects: Redirects,
}

/// A room as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomText<'a> {
    /// By which it is asked for.
    pub name: &'a RoomName,
    /// What it shows.
    pub source: SourceText<'a>,
    /// What nobody may see of it, if anything.
    pub mask: Option<&'a str>,
    /// What to call it, if not by its name.
    pub title: Option<&'a str>,
}

/// What is new of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct New {
    /// What it shows.
    pub source: bool,
    /// What nobody may see of it.
    pub mask: bool,
    /// What it is called.
    pub title: bool,
    /// At which place it stands, the first is 0.
    pub place: Option<usize>,
}

/// Why a file is not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotEdited {
    /// It is wrong as it is.
    Broken {
        /// The first is 1.
        line: usize,
        /// A sentence without any value.
        why: String,
    },
    /// It has a room of this name already.
    Taken,
    /// A source may not be written that the file did not name.
    Source,
    /// It would be wrong then.
    Value(String),
}

impl Key {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Title,
        Self::Mask,
        Self::Bandwidth,
        Self::MaxViewers,
        Self::DonateUrl,
        Self::Size,
        Self::Fps,
        Self::MaxConnections,
        Self::MaxRtspSessions,
        Self::MaxUnread,
    ];

    /// As the file and flags have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Key::Bandwidth => "bandwidth",
            Key::MaxViewers => "max-viewers",
            Key::Title => "title",
            Key::Mask => "mask",
            Key::DonateUrl => "donate-url",
            Key::Size => "size",
            Key::Fps => "fps",
            Key::MaxConnections => "max-connections",
            Key::MaxRtspSessions => "max-rtsp-sessions",
            Key::MaxUnread => "max-unread",
        }
    }

    /// Checks a value.
    ///
    /// # Errors
    ///
    /// What is taken.
    pub fn check(self, value: &str) -> Result<(), String> {
        let (key, said) = (self.as_str().to_owned(), Said::Values(vec![value.to_owned()]));
        let checked = check(&Setting { key, said, line: 1 });
        // Which flag takes which value is said where it is typed.
        checked.map_err(|why| why.split_once(">': ").map_or(why.clone(), |(_, why)| why.to_owned()))
    }

    /// What holds if nothing is said, if anything.
    pub fn default_value(self) -> Option<String> {
        default_of(self.as_str())
    }

    fn value(self, text: &str) -> Value {
        let number = match self {
            Key::Bandwidth | Key::Title | Key::Mask | Key::DonateUrl | Key::Size => None,
            Key::Fps
            | Key::MaxViewers
            | Key::MaxConnections
            | Key::MaxRtspSessions
            | Key::MaxUnread => text.parse::<u32>().ok(),
        };
        number.map_or_else(|| text.into(), |number| i64::from(number).into())
    }
}

/// Changes a file, of which `named` are the sources that it named when the server started.
///
/// # Errors
///
/// [`NotEdited`]; nothing of it repeats a value.
pub fn edit(text: &str, edits: &[Edit<'_>], named: &[&str]) -> Result<String, NotEdited> {
    let before = read(text).map_err(|(line, why)| NotEdited::Broken { line, why })?;
    let broken = |_| NotEdited::Broken { line: 1, why: "this is no TOML".to_owned() };
    let mut document: DocumentMut = text.parse().map_err(broken)?;
    // Where there is nothing else, the comments at the end are those at the beginning.
    let mut head = String::new();
    if document.is_empty() {
        head = document.trailing().as_str().unwrap_or_default().to_owned();
        document.set_trailing("");
    }
    if !head.is_empty() && !head.ends_with('\n') {
        head.push('\n');
    }
    edits.iter().try_for_each(|edit| apply(&mut document, edit))?;
    let mut new = head + &document.to_string();
    let lost = lost_comments(text, &new);
    if !lost.is_empty() && !new.ends_with('\n') {
        new.push('\n');
    }
    lost.into_iter().for_each(|comment| new += &format!("{comment}\n"));
    let after = read(&new).map_err(|(_, why)| NotEdited::Value(why))?;
    guard(&before, &after, edits, named)?;
    Ok(new)
}

fn apply(document: &mut DocumentMut, edit: &Edit<'_>) -> Result<(), NotEdited> {
    match *edit {
        Edit::Value(key, value) => set(document, key.as_str(), value.map(|text| key.value(text))),
        Edit::Source(SourceText { text, redirects }) => {
            set(document, "source", Some(text.into()));
            set(document, "source-redirects", bounded(redirects).map(Value::from));
        }
        Edit::Open(room) => {
            check_parts(&room)?;
            let mut rooms = Rooms::of(document)?;
            if rooms.place(room.name).is_some() {
                return Err(NotEdited::Taken);
            }
            rooms.push(&room);
        }
        Edit::Change(room, new) => {
            check_parts(&room)?;
            let mut rooms = Rooms::of(document)?;
            match rooms.place(room.name) {
                Some(place) => rooms.change(place, &room, new),
                None => rooms.push(&room),
            }
            if let (Some(from), Some(to)) = (rooms.place(room.name), new.place) {
                rooms.shift(from, to);
            }
        }
        Edit::Close(name) => {
            let mut rooms = Rooms::of(document)?;
            if let Some(place) = rooms.place(name) {
                rooms.remove(place);
            }
            if rooms.is_empty() {
                document.remove("room");
            }
        }
    }
    Ok(())
}

/// A room's parts are written one behind the other where a person wrote texts.
fn check_parts(room: &RoomText<'_>) -> Result<(), NotEdited> {
    let parts = [Some(room.source.text), room.title];
    match parts.iter().flatten().any(|part| RoomParts::begin_in(part)) {
        true => Err(NotEdited::Value(format!("a room has no `{TITLE}` or `{REDIRECTS}` in it"))),
        false => Ok(()),
    }
}

/// Sets a key of the whole file, or takes it out.
fn set(document: &mut DocumentMut, key: &str, value: Option<Value>) {
    match value {
        Some(value) => put(document.as_table_mut(), key, value),
        None => drop(document.remove(key)),
    }
}

/// Reads a file as the next start does. The line that is wrong, and why, if one is.
fn read(text: &str) -> Result<Vec<Setting>, (usize, String)> {
    let settings = file::parse(text).map_err(|file::Invalid { line, why }| (line, why))?;
    for setting in &settings {
        check(setting).map_err(|why| (setting.line, why))?;
        let mut names = BTreeSet::new();
        let rooms = values(setting).iter().filter(|_| setting.key == "room");
        for room in rooms.filter_map(|room| parse_room(room).ok()) {
            let name = room.name.to_string();
            if !names.insert(name.clone()) {
                return Err((setting.line, format!("there are two rooms named '{name}'")));
            }
        }
    }
    Ok(settings)
}

fn values(setting: &Setting) -> &[String] {
    match &setting.said {
        Said::Values(values) => values,
        Said::Switch(_) | Said::SignIns(_) => &[],
    }
}

/// Holds what came of a change to what it may be.
fn guard(
    before: &[Setting],
    after: &[Setting],
    edits: &[Edit<'_>],
    named: &[&str],
) -> Result<(), NotEdited> {
    let of_edit = |edit: &Edit<'_>| match edit {
        Edit::Value(key, _) => vec![key.as_str()],
        Edit::Source(_) => vec!["source", "source-redirects"],
        Edit::Open(_) | Edit::Change(..) | Edit::Close(_) => vec!["room"],
    };
    let changed: Vec<&str> = edits.iter().flat_map(of_edit).collect();
    let others = |settings: &[Setting]| -> BTreeMap<String, Said> {
        let others = settings.iter().filter(|setting| !changed.contains(&&*setting.key));
        others.map(|setting| (setting.key.clone(), setting.said.clone())).collect()
    };
    if others(before) != others(after) {
        return Err(NotEdited::Value("another setting would change with it".to_owned()));
    }
    let known = sources(before);
    let is_known = |text: &str| known.iter().any(|other| other == text) || named.contains(&text);
    match sources(after).iter().any(|text| is_local(text) && !is_known(text)) {
        true => Err(NotEdited::Source),
        false => Ok(()),
    }
}

/// The sources that a file names, as they are written.
fn sources(settings: &[Setting]) -> Vec<String> {
    let of = |setting: &Setting| match setting.key.as_str() {
        "source" => values(setting).to_vec(),
        "room" => values(setting).iter().map(|room| source_of(room)).collect(),
        _ => Vec::new(),
    };
    settings.iter().flat_map(of).collect()
}

/// Whether a source runs a command, or reads what a person on this machine alone may name.
pub fn is_local(text: &str) -> bool {
    match parse_source(text) {
        Ok(
            SourceChoice::Pattern
            | SourceChoice::Browser(_)
            // The folder of films was named here, and nothing leads out of it.
            | SourceChoice::Film(_)
            | SourceChoice::Title(_)
            | SourceChoice::Http(_)
            | SourceChoice::Rtsp(_),
        ) => false,
        Ok(SourceChoice::Webcam(Selector::First | Selector::Index(_))) => false,
        Ok(SourceChoice::Webcam(Selector::Path(_)) | SourceChoice::Path(_)) => true,
        Ok(SourceChoice::Exec(_) | SourceChoice::Input) | Err(_) => true,
    }
}

/// The comments of one text that the other does not have as often.
fn lost_comments<'a>(before: &'a str, after: &str) -> Vec<&'a str> {
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    comments(after).for_each(|comment| *left.entry(comment.to_owned()).or_default() += 1);
    let is_lost = |comment: &&str| match left.get_mut(*comment) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    comments(before).filter(is_lost).collect()
}

fn comments(text: &str) -> impl Iterator<Item = &str> {
    let tokens = Source::new(text).lex();
    let comments = tokens.filter(|token| token.kind() == TokenKind::Comment);
    comments.filter_map(|token| text.get(token.span().start()..token.span().end()))
}

#[cfg(test)]
mod tests;
