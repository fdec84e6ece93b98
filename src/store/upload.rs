//! Files that were brought to the library, and those that are on their way.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::account::AccountId;
use super::time::{of_unix_millis, unix_millis};

/// An upload as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptUpload {
    /// A number that people see; 0 until it is added.
    pub id: u64,
    /// In addresses and on the disk.
    pub name: String,
    /// Who brings it; `None` if that is a token that is nobody's.
    pub owner: Option<AccountId>,
    /// What that one calls the file; may be empty.
    pub file_name: String,
    /// What the video is to be called; may be empty.
    pub title: String,
    /// What else was said of it, as tus has it.
    pub metadata: String,
    /// How many bytes it has, if that was said.
    pub length: Option<u64>,
    /// How many were there at the last note of it.
    pub offset: u64,
    /// Whether what lies behind `offset` is not checked yet.
    pub checking: bool,
    /// How it stands.
    pub state: State,
    /// When it was begun.
    pub made: SystemTime,
    /// When it is deleted if nothing comes.
    pub expires: Option<SystemTime>,
}

/// How an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is on its way.
    Coming,
    /// All of it is there.
    Received,
}

impl State {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Coming => "coming",
            State::Received => "received",
        }
    }
}

/// All uploads, the oldest first.
///
/// # Errors
///
/// The database's.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<KeptUpload>> {
    let select = format!("{SELECT} ORDER BY id");
    connection.prepare(&select)?.query_map((), read)?.collect()
}

/// The one of this name.
///
/// # Errors
///
/// The database's.
pub fn find(connection: &Connection, name: &str) -> rusqlite::Result<Option<KeptUpload>> {
    connection.query_row(&format!("{SELECT} WHERE name = ?1"), [name], read).optional()
}

/// Adds one, and returns its number.
///
/// # Errors
///
/// The database's.
pub fn add(connection: &Connection, upload: &KeptUpload) -> rusqlite::Result<u64> {
    let values = named_params! {
        ":name": upload.name, ":owner": upload.owner.map(|id| id.0), ":file_name": upload.file_name,
        ":title": upload.title, ":metadata": upload.metadata, ":length": signed(upload.length),
        ":offset": signed(Some(upload.offset)), ":checking": upload.checking,
        ":state": upload.state.as_str(), ":made": unix_millis(upload.made),
        ":expires": upload.expires.map(unix_millis),
    };
    let insert = "INSERT INTO upload (name, owner, file_name, title, metadata, length, offset, \
                  checking, state, made, expires) VALUES (:name, :owner, :file_name, :title, \
                  :metadata, :length, :offset, :checking, :state, :made, :expires)";
    connection.execute(insert, values)?;
    Ok(u64::try_from(connection.last_insert_rowid()).unwrap_or_default())
}

/// Notes how far one has come; whether there is one of this name that is on its way.
///
/// # Errors
///
/// The database's.
pub fn note(
    connection: &Connection,
    name: &str,
    (offset, checking): (u64, bool),
    expires: SystemTime,
) -> rusqlite::Result<bool> {
    let values = named_params! {
        ":name": name, ":offset": signed(Some(offset)), ":checking": checking,
        ":expires": unix_millis(expires),
    };
    let update = "UPDATE upload SET offset = :offset, checking = :checking, expires = :expires \
                  WHERE name = :name AND state = 'coming'";
    Ok(connection.execute(update, values)? > 0)
}

/// Notes how long one is.
///
/// # Errors
///
/// The database's.
pub fn set_length(connection: &Connection, name: &str, length: u64) -> rusqlite::Result<()> {
    let values = named_params! { ":name": name, ":length": signed(Some(length)) };
    let update = "UPDATE upload SET length = :length WHERE name = :name AND state = 'coming'";
    connection.execute(update, values).map(drop)
}

/// Notes that all of one is there; whether there is one of this name that was on its way.
///
/// # Errors
///
/// The database's.
pub fn receive(connection: &Connection, name: &str, length: u64) -> rusqlite::Result<bool> {
    let values = named_params! { ":name": name, ":length": signed(Some(length)) };
    let update = "UPDATE upload SET length = :length, offset = :length, checking = 0, \
                  state = 'received', expires = NULL WHERE name = :name AND state = 'coming'";
    Ok(connection.execute(update, values)? > 0)
}

/// Deletes one; whether there was one.
///
/// # Errors
///
/// The database's.
pub fn delete(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    Ok(connection.execute("DELETE FROM upload WHERE name = ?1", [name])? > 0)
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptUpload> {
    let unsigned = |number: i64| u64::try_from(number).unwrap_or_default();
    let state: String = row.get("state")?;
    Ok(KeptUpload {
        id: unsigned(row.get("id")?),
        name: row.get("name")?,
        owner: row.get::<_, Option<i64>>("owner")?.map(AccountId),
        file_name: row.get("file_name")?,
        title: row.get("title")?,
        metadata: row.get("metadata")?,
        length: row.get::<_, Option<i64>>("length")?.map(unsigned),
        offset: unsigned(row.get("offset")?),
        checking: row.get("checking")?,
        state: if state == State::Coming.as_str() { State::Coming } else { State::Received },
        made: of_unix_millis(row.get("made")?),
        expires: row.get::<_, Option<i64>>("expires")?.map(of_unix_millis),
    })
}

/// A number of bytes as the database has it: no file is longer than that may be.
fn signed(bytes: Option<u64>) -> Option<i64> {
    bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX))
}

const SELECT: &str = "SELECT id, name, owner, file_name, title, metadata, length, offset, checking, \
                      state, made, expires FROM upload";
