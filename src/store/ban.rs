//! Who may not come in.

use std::time::SystemTime;

use rusqlite::{Connection, Row, named_params};

use super::account::AccountId;
use super::session::Hash;
use super::time::{of_unix_millis, unix_millis};

/// A ban as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBan {
    /// By which it is lifted.
    pub id: i64,
    /// An account.
    pub account: Option<AccountId>,
    /// Or else an address or a network.
    pub address: Option<String>,
    /// In the words of who banned.
    pub why: String,
    /// When it was made.
    pub made: SystemTime,
    /// Its end, if it has one.
    pub until: Option<SystemTime>,
    /// The room that it is about, an empty name is the default one; `None` for all.
    pub room: Option<String>,
    /// By which a browser is known that is nobody's.
    pub browser: Option<Hash>,
    /// What somebody without an account called itself; may be empty.
    pub name: String,
}

/// All bans, the newest first.
///
/// # Errors
///
/// The database's.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<KeptBan>> {
    let select = "SELECT * FROM ban ORDER BY id DESC";
    connection.prepare(select)?.query_map((), read)?.collect()
}

/// Adds one, whose number is given here.
///
/// # Errors
///
/// The database's.
pub fn add(connection: &Connection, ban: &KeptBan) -> rusqlite::Result<i64> {
    let KeptBan { account, address, why, made, until, room, browser, name, .. } = ban;
    let values = named_params! {
        ":account": account.map(|id| id.0), ":address": address, ":why": why,
        ":made": unix_millis(*made), ":until": until.map(unix_millis),
        ":room": room, ":browser": browser, ":name": name,
    };
    let insert = "INSERT INTO ban (account, address, why, made, until, room, browser, name) \
                  VALUES (:account, :address, :why, :made, :until, :room, :browser, :name)";
    connection.execute(insert, values)?;
    Ok(connection.last_insert_rowid())
}

/// Deletes one.
///
/// # Errors
///
/// The database's.
pub fn delete(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM ban WHERE id = ?1", [id]).map(drop)
}

/// Deletes those of an account.
///
/// # Errors
///
/// The database's.
pub fn lift_of(connection: &Connection, account: AccountId) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM ban WHERE account = ?1", [account.0]).map(drop)
}

/// Deletes those that are about one room alone.
///
/// # Errors
///
/// The database's.
pub fn delete_of_room(connection: &Connection, room: &str) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM ban WHERE room = ?1", [room]).map(drop)
}

/// Deletes those that have ended.
///
/// # Errors
///
/// The database's.
pub fn forget(connection: &Connection, now: SystemTime) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM ban WHERE until <= ?1", [unix_millis(now)]).map(drop)
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptBan> {
    Ok(KeptBan {
        id: row.get("id")?,
        account: row.get::<_, Option<i64>>("account")?.map(AccountId),
        address: row.get("address")?,
        why: row.get("why")?,
        made: of_unix_millis(row.get("made")?),
        until: row.get::<_, Option<i64>>("until")?.map(of_unix_millis),
        room: row.get("room")?,
        browser: row.get("browser")?,
        name: row.get("name")?,
    })
}
