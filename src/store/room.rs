//! What is said of rooms and who may what there, and the keys by which somebody goes live in one.

use std::time::SystemTime;

use rusqlite::{Connection, Row, named_params};

use super::account::AccountId;
use super::session::Hash;
use super::time::{of_unix_millis, unix_millis};

/// What is said of a room, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRoom {
    /// An empty name is the default room.
    pub name: String,
    /// What it is about; may be empty.
    pub note: String,
    /// Who may come in: a word.
    pub enter: String,
    /// Who may say something: a word.
    pub talk: String,
    /// Who may go live: a word.
    pub publish: String,
    /// What stands for it in the list: a JPEG.
    pub picture: Option<Vec<u8>>,
}

/// A key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKey {
    /// Of the secret.
    pub hash: Hash,
    /// In which room it is good; an empty name is the default one.
    pub room: String,
    /// Whom it was given; may be empty.
    pub label: String,
    /// Who made it, if anybody who has an account.
    pub by: Option<AccountId>,
    /// When it was made.
    pub made: SystemTime,
    /// When it ends.
    pub until: SystemTime,
}

/// Of which rooms anything is said.
///
/// # Errors
///
/// The database's.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<KeptRoom>> {
    let select = "SELECT name, note, enter, talk, publish, picture FROM room ORDER BY name";
    connection.prepare(select)?.query_map((), read)?.collect()
}

/// Stores what is said of a room.
///
/// # Errors
///
/// The database's.
pub fn put(connection: &Connection, room: &KeptRoom) -> rusqlite::Result<()> {
    let KeptRoom { name, note, enter, talk, publish, picture } = room;
    let values = named_params! {
        ":name": name, ":note": note, ":enter": enter, ":talk": talk, ":publish": publish,
        ":picture": picture,
    };
    let put = "INSERT OR REPLACE INTO room (name, note, enter, talk, publish, picture) \
               VALUES (:name, :note, :enter, :talk, :publish, :picture)";
    connection.execute(put, values).map(drop)
}

/// Forgets what is said of a room, and all keys to it.
///
/// # Errors
///
/// The database's.
pub fn forget(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM room WHERE name = ?1", [name])?;
    connection.execute("DELETE FROM stage_key WHERE room = ?1", [name]).map(drop)
}

/// All keys, the newest first.
///
/// # Errors
///
/// The database's.
pub fn keys(connection: &Connection) -> rusqlite::Result<Vec<KeptKey>> {
    let select =
        "SELECT hash, room, label, by, made, until FROM stage_key ORDER BY made DESC, hash";
    connection.prepare(select)?.query_map((), read_key)?.collect()
}

/// Adds a key.
///
/// # Errors
///
/// The database's.
pub fn add_key(connection: &Connection, key: &KeptKey) -> rusqlite::Result<()> {
    let KeptKey { hash, room, label, by, made, until } = key;
    let values = named_params! {
        ":hash": hash, ":room": room, ":label": label, ":by": by.map(|id| id.0),
        ":made": unix_millis(*made), ":until": unix_millis(*until),
    };
    let insert = "INSERT INTO stage_key (hash, room, label, by, made, until) \
                  VALUES (:hash, :room, :label, :by, :made, :until)";
    connection.execute(insert, values).map(drop)
}

/// Deletes a key; whether there was one.
///
/// # Errors
///
/// The database's.
pub fn delete_key(connection: &Connection, hash: &Hash) -> rusqlite::Result<bool> {
    Ok(connection.execute("DELETE FROM stage_key WHERE hash = ?1", [hash])? > 0)
}

/// Deletes the keys that have ended.
///
/// # Errors
///
/// The database's.
pub fn forget_keys(connection: &Connection, now: SystemTime) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM stage_key WHERE until <= ?1", [unix_millis(now)]).map(drop)
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptRoom> {
    Ok(KeptRoom {
        name: row.get("name")?,
        note: row.get("note")?,
        enter: row.get("enter")?,
        talk: row.get("talk")?,
        publish: row.get("publish")?,
        picture: row.get("picture")?,
    })
}

fn read_key(row: &Row<'_>) -> rusqlite::Result<KeptKey> {
    Ok(KeptKey {
        hash: row.get("hash")?,
        room: row.get("room")?,
        label: row.get("label")?,
        by: row.get::<_, Option<i64>>("by")?.map(AccountId),
        made: of_unix_millis(row.get("made")?),
        until: of_unix_millis(row.get("until")?),
    })
}
