//! The passwords of devices and the tokens of programs.

use std::time::SystemTime;

use rusqlite::{Connection, Row, named_params};

use super::account::AccountId;
use super::session::Hash;
use super::time::{of_unix_millis, unix_millis};

/// What a program signs in with, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptProgram {
    /// By which its owner names it.
    pub id: i64,
    /// Whose it is; `None` if it was made on this machine.
    pub account: Option<AccountId>,
    /// What its owner calls it.
    pub label: String,
    /// Of its password or token.
    pub hash: Hash,
    /// Of a device.
    pub device: Option<KeptDevice>,
    /// What it may do: words.
    pub scopes: String,
    /// When it was made.
    pub made: SystemTime,
    /// When it was seen last, to the hour.
    pub seen: Option<SystemTime>,
}

/// What only a device has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDevice {
    /// The name that it signs in by.
    pub user: String,
    /// HA1 (RFC 7616 §3.4.2) by MD5.
    pub ha1_md5: [u8; 16],
    /// HA1 by SHA-256.
    pub ha1_sha256: [u8; 32],
    /// The only room that it may watch, an empty name is the default one; `None` for all.
    pub room: Option<String>,
}

/// All of them, the oldest first.
///
/// # Errors
///
/// The database's.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<KeptProgram>> {
    let select = "SELECT id, account, kind, label, user, hash, ha1_md5, ha1_sha256, room, scopes, \
                  made, seen FROM program ORDER BY id";
    connection.prepare(select)?.query_map((), read)?.collect()
}

/// Adds one, and returns the number that it is given here.
///
/// # Errors
///
/// The database's.
pub fn add(connection: &Connection, program: &KeptProgram) -> rusqlite::Result<i64> {
    let KeptProgram { account, label, hash, device, scopes, made, .. } = program;
    let device = device.as_ref();
    let values = named_params! {
        ":account": account.map(|id| id.0),
        ":kind": if device.is_some() { DEVICE } else { TOKEN },
        ":label": label,
        ":user": device.map(|device| &device.user),
        ":hash": hash,
        ":ha1_md5": device.map(|device| device.ha1_md5),
        ":ha1_sha256": device.map(|device| device.ha1_sha256),
        ":room": device.and_then(|device| device.room.as_ref()),
        ":scopes": scopes,
        ":made": unix_millis(*made),
    };
    let insert = "INSERT INTO program (account, kind, label, user, hash, ha1_md5, ha1_sha256, \
                  room, scopes, made) VALUES (:account, :kind, :label, :user, :hash, :ha1_md5, \
                  :ha1_sha256, :room, :scopes, :made)";
    connection.execute(insert, values)?;
    Ok(connection.last_insert_rowid())
}

/// Notes that one was seen.
///
/// # Errors
///
/// The database's.
pub fn saw(connection: &Connection, id: i64, at: SystemTime) -> rusqlite::Result<()> {
    let update = "UPDATE program SET seen = ?2 WHERE id = ?1";
    connection.execute(update, (id, unix_millis(at))).map(drop)
}

/// Deletes those that are for one room alone.
///
/// # Errors
///
/// The database's.
pub fn delete_of_room(connection: &Connection, room: &str) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM program WHERE room = ?1", [room]).map(drop)
}

/// Deletes one.
///
/// # Errors
///
/// The database's.
pub fn delete(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM program WHERE id = ?1", [id]).map(drop)
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptProgram> {
    let device = match row.get::<_, String>("kind")?.as_str() {
        DEVICE => Some(KeptDevice {
            user: row.get("user")?,
            ha1_md5: row.get("ha1_md5")?,
            ha1_sha256: row.get("ha1_sha256")?,
            room: row.get("room")?,
        }),
        _ => None,
    };
    Ok(KeptProgram {
        id: row.get("id")?,
        account: row.get::<_, Option<i64>>("account")?.map(AccountId),
        label: row.get("label")?,
        hash: row.get("hash")?,
        device,
        scopes: row.get("scopes")?,
        made: of_unix_millis(row.get("made")?),
        seen: row.get::<_, Option<i64>>("seen")?.map(of_unix_millis),
    })
}

const DEVICE: &str = "device";
const TOKEN: &str = "token";
