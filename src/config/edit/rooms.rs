//! The rooms of a file, in the two ways in which they are written: as tables, and as a list of texts
//! or tables.

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TableLike, Value};

use super::super::values::{RoomParts, SAME_HOST};
use super::{New, NotEdited, RoomText};
use crate::client::Redirects;
use crate::room::RoomName;

/// The rooms of a file, in one of the two ways in which they are written.
pub(super) enum Rooms<'a> {
    Tables(&'a mut ArrayOfTables),
    List(&'a mut Array),
}

impl<'a> Rooms<'a> {
    /// Those of a file. What stands alone becomes a list of one.
    pub(super) fn of(document: &'a mut DocumentMut) -> Result<Self, NotEdited> {
        let item = document.entry("room").or_insert(Item::None);
        *item = match std::mem::take(item) {
            Item::None => Item::ArrayOfTables(ArrayOfTables::new()),
            Item::Table(mut table) => {
                table.set_dotted(false);
                table.set_implicit(false);
                Item::ArrayOfTables(std::iter::once(table).collect())
            }
            Item::Value(one) if !one.is_array() => {
                let mut list = Array::new();
                list.push_formatted(one.decorated("", ""));
                Item::Value(Value::Array(list))
            }
            list => list,
        };
        match item {
            Item::ArrayOfTables(tables) => Ok(Self::Tables(tables)),
            Item::Value(Value::Array(list)) => Ok(Self::List(list)),
            _ => Err(NotEdited::Value("`room` is no list of rooms".to_owned())),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Tables(tables) => tables.is_empty(),
            Self::List(list) => list.is_empty(),
        }
    }

    /// Where the room of this name stands.
    pub(super) fn place(&self, name: &RoomName) -> Option<usize> {
        let is_it = |other: Option<&str>| other == Some(name.as_str());
        match self {
            Self::Tables(tables) => tables.iter().position(|table| is_it(name_in(table))),
            Self::List(list) => list.iter().position(|room| match room {
                Value::InlineTable(table) => is_it(name_in(table)),
                other => is_it(other.as_str().and_then(|text| Some(text.split_once('=')?.0))),
            }),
        }
    }

    pub(super) fn push(&mut self, room: &RoomText<'_>) {
        match self {
            Self::Tables(tables) => {
                let mut table = Table::new();
                write(&mut table, room, New { source: true, mask: true, title: true, place: None });
                tables.push(table);
            }
            Self::List(list) => list.push(typed(room)),
        }
    }

    pub(super) fn change(&mut self, place: usize, room: &RoomText<'_>, new: New) {
        match self {
            Self::Tables(tables) => {
                tables.get_mut(place).into_iter().for_each(|table| write(table, room, new));
            }
            Self::List(list) => match list.get_mut(place) {
                Some(Value::InlineTable(table)) => write(table, room, new),
                Some(old) => {
                    let text = retyped(old.as_str().unwrap_or_default(), room, new);
                    replace(old, text.into());
                }
                None => {}
            },
        }
    }

    pub(super) fn remove(&mut self, place: usize) {
        match self {
            Self::Tables(tables) => drop(tables.remove(place)),
            Self::List(list) => drop(list.remove(place)),
        }
    }

    /// Puts the room at one place to another; beyond the last it is the last.
    pub(super) fn shift(&mut self, from: usize, to: usize) {
        match self {
            Self::Tables(tables) => {
                let to = to.min(tables.len() - 1);
                let positions = positions(tables);
                let table = tables.remove(from);
                tables.insert(to, table);
                for (table, position) in tables.iter_mut().zip(positions) {
                    table.set_position(Some(position));
                }
            }
            Self::List(list) => {
                let to = to.min(list.len() - 1);
                let room = list.remove(from);
                list.insert_formatted(to, room);
            }
        }
    }
}

/// Puts a value in the place of another one, with the blanks and comments around it.
pub(super) fn put(table: &mut dyn TableLike, key: &str, value: Value) {
    match table.get_mut(key) {
        // A list of one is as good as the one.
        Some(Item::Value(Value::Array(list))) if list.len() == 1 => {
            list.get_mut(0).into_iter().for_each(|old| replace(old, value.clone()));
        }
        Some(Item::Value(old)) => replace(old, value),
        _ => drop(table.insert(key, Item::Value(value))),
    }
}

fn replace(old: &mut Value, mut new: Value) {
    *new.decor_mut() = old.decor().clone();
    *old = new;
}

/// The places of tables in their file, in order. One that came in just now has none yet.
fn positions(tables: &ArrayOfTables) -> Vec<isize> {
    let known: Vec<isize> = tables.iter().filter_map(Table::position).collect();
    let beyond = known.iter().max().map_or(0, |last| last + 1);
    let mut all: Vec<isize> = known.into_iter().chain(beyond..).take(tables.len()).collect();
    all.sort_unstable();
    all
}

/// What is written of where a source may send us, if anything.
pub(super) fn bounded(redirects: Redirects) -> Option<&'static str> {
    (redirects == Redirects::SameHost).then_some(SAME_HOST)
}

fn name_in(table: &dyn TableLike) -> Option<&str> {
    table.get("name")?.as_str()
}

/// Writes what is new of a room into its table.
fn write(table: &mut dyn TableLike, room: &RoomText<'_>, new: New) {
    let mut set = |key: &str, value: Option<&str>| match value {
        Some(value) => put(table, key, value.into()),
        None => drop(table.remove(key)),
    };
    set("name", Some(room.name.as_str()));
    if new.source {
        set("source", Some(room.source.text));
        set("redirects", bounded(room.source.redirects));
    }
    if new.mask {
        set("mask", room.mask);
    }
    if new.title {
        set("title", room.title);
    }
}

/// A room as it would be typed.
fn typed(room: &RoomText<'_>) -> String {
    let RoomText { name, source, mask, title } = *room;
    let parts =
        RoomParts { source: source.text, redirects: bounded(source.redirects), mask, title };
    parts.typed(name.as_str())
}

/// A room that was typed, with what is new of it.
fn retyped(old: &str, room: &RoomText<'_>, new: New) -> String {
    let (name, rest) = old.split_once('=').unwrap_or((old, ""));
    let mut parts = RoomParts::of(rest);
    if new.source {
        parts.source = room.source.text;
        parts.redirects = bounded(room.source.redirects);
    }
    if new.mask {
        parts.mask = room.mask;
    }
    if new.title {
        parts.title = room.title;
    }
    parts.typed(name)
}
