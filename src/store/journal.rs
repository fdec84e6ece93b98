//! What was done with rights, for the hosts.

use std::time::SystemTime;

use rusqlite::{Connection, Row, named_params};

use super::account::AccountId;
use super::time::{of_unix_millis, unix_millis};

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: SystemTime,
    /// Whose doing it was; `None` if nobody had signed in.
    pub account: Option<AccountId>,
    /// That one's name then, or a word.
    pub who: String,
    /// Where it was done from; may be empty.
    pub address: String,
    /// A sentence.
    pub what: String,
}

/// Adds one. Of too many the oldest are forgotten.
///
/// # Errors
///
/// The database's.
pub fn add(connection: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let Entry { at, account, who, address, what } = entry;
    let values = named_params! {
        ":at": unix_millis(*at), ":account": account.map(|id| id.0), ":who": who,
        ":address": address, ":what": what,
    };
    let insert = "INSERT INTO journal (at, account, who, address, what) \
                  VALUES (:at, :account, :who, :address, :what)";
    connection.execute(insert, values)?;
    connection.prepare(FORGET)?.execute([MOST_KEPT]).map(drop)
}

/// The newest, so many of them, the newest first.
///
/// # Errors
///
/// The database's.
pub fn newest(connection: &Connection, most: u32) -> rusqlite::Result<Vec<Entry>> {
    let select = "SELECT at, account, who, address, what FROM journal ORDER BY id DESC LIMIT ?1";
    connection.prepare(select)?.query_map([most], read)?.collect()
}

/// What one account did, the newest first.
///
/// # Errors
///
/// The database's.
pub fn of(connection: &Connection, account: AccountId) -> rusqlite::Result<Vec<Entry>> {
    let select = "SELECT at, account, who, address, what FROM journal WHERE account = ?1 \
                  ORDER BY id DESC";
    connection.prepare(select)?.query_map([account.0], read)?.collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        at: of_unix_millis(row.get("at")?),
        account: row.get::<_, Option<i64>>("account")?.map(AccountId),
        who: row.get("who")?,
        address: row.get("address")?,
        what: row.get("what")?,
    })
}

const FORGET: &str = "DELETE FROM journal WHERE id <= \
    (SELECT id FROM journal ORDER BY id DESC LIMIT 1 OFFSET ?1)";
const MOST_KEPT: u32 = 10_000;
