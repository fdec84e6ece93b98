//! The browsers that signed in, also those that signed out again.

use std::time::SystemTime;

use rusqlite::{Connection, Row, named_params};

use super::account::AccountId;
use super::time::{of_unix_millis, unix_millis};

/// SHA-256 of a secret.
pub type Hash = [u8; 32];

/// A session as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSession {
    /// By which its owner names it.
    pub id: i64,
    /// Of its cookie's value.
    pub hash: Hash,
    /// Whose it is.
    pub account: AccountId,
    /// When it signed in.
    pub made: SystemTime,
    /// When it was seen last, to the hour.
    pub seen: SystemTime,
    /// When the password was given last.
    pub sure: SystemTime,
    /// Whether it signed out.
    pub over: bool,
    /// What it said that it is.
    pub device: String,
    /// Where it signed in from.
    pub address: String,
}

/// All sessions.
///
/// # Errors
///
/// The database's.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<KeptSession>> {
    let select = "SELECT id, hash, account, made, seen, sure, over, device, address FROM session";
    connection.prepare(select)?.query_map((), read)?.collect()
}

/// Adds one, whose number is given here. Of too many of an account those go that were seen longest
/// ago.
///
/// # Errors
///
/// The database's.
pub fn add(connection: &Connection, session: &KeptSession) -> rusqlite::Result<()> {
    let KeptSession { hash, account, made, seen, sure, over, device, address, .. } = session;
    let values = named_params! {
        ":hash": hash, ":account": account.0, ":made": unix_millis(*made),
        ":seen": unix_millis(*seen), ":sure": unix_millis(*sure), ":over": over,
        ":device": device, ":address": address,
    };
    let insert = "INSERT INTO session (hash, account, made, seen, sure, over, device, address) \
                  VALUES (:hash, :account, :made, :seen, :sure, :over, :device, :address)";
    connection.execute(insert, values)?;
    connection.prepare(FORGET)?.execute((account.0, MOST_OF_ACCOUNT)).map(drop)
}

/// Notes that one was seen.
///
/// # Errors
///
/// The database's.
pub fn saw(connection: &Connection, id: i64, at: SystemTime) -> rusqlite::Result<()> {
    let update = "UPDATE session SET seen = ?2 WHERE id = ?1";
    connection.execute(update, (id, unix_millis(at))).map(drop)
}

/// Deletes the one of this hash, if there is one.
///
/// # Errors
///
/// The database's.
pub fn delete_by_hash(connection: &Connection, hash: &Hash) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM session WHERE hash = ?1", [hash]).map(drop)
}

/// Ends one; it is remembered as a browser that had signed in.
///
/// # Errors
///
/// The database's.
pub fn end(connection: &Connection, hash: &Hash) -> rusqlite::Result<()> {
    connection.execute("UPDATE session SET over = 1 WHERE hash = ?1", [hash]).map(drop)
}

/// Ends all of an account; they are remembered as browsers that had signed in.
///
/// # Errors
///
/// The database's.
pub fn end_all(connection: &Connection, account: AccountId) -> rusqlite::Result<()> {
    connection.execute("UPDATE session SET over = 1 WHERE account = ?1", [account.0]).map(drop)
}

/// Deletes those that were not seen since a time.
///
/// # Errors
///
/// The database's.
pub fn forget(connection: &Connection, before: SystemTime) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM session WHERE seen < ?1", [unix_millis(before)]).map(drop)
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptSession> {
    Ok(KeptSession {
        id: row.get("id")?,
        hash: row.get("hash")?,
        account: AccountId(row.get("account")?),
        made: of_unix_millis(row.get("made")?),
        seen: of_unix_millis(row.get("seen")?),
        sure: of_unix_millis(row.get("sure")?),
        over: row.get("over")?,
        device: row.get("device")?,
        address: row.get("address")?,
    })
}

const FORGET: &str = "DELETE FROM session WHERE id IN \
    (SELECT id FROM session WHERE account = ?1 ORDER BY over, seen DESC, id DESC \
     LIMIT -1 OFFSET ?2)";
const MOST_OF_ACCOUNT: i64 = 40;
