//! How far people watched titles.

use std::time::SystemTime;

use rusqlite::{Connection, Row, named_params};

use super::account::AccountId;
use super::time::{of_unix_millis, unix_millis};

/// How far somebody watched a title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptPlace {
    /// Which title, by its number.
    pub title: u64,
    /// From its beginning, in milliseconds.
    pub at_ms: u64,
    /// When that was.
    pub changed: SystemTime,
}

/// Where somebody is in all titles, the last that was watched first.
///
/// # Errors
///
/// The database's.
pub fn of(connection: &Connection, account: AccountId) -> rusqlite::Result<Vec<KeptPlace>> {
    let select = "SELECT title, at_ms, changed FROM place WHERE account = ?1 ORDER BY changed DESC";
    let read = |row: &Row<'_>| {
        let unsigned = |number: i64| u64::try_from(number).unwrap_or_default();
        Ok(KeptPlace {
            title: unsigned(row.get("title")?),
            at_ms: unsigned(row.get("at_ms")?),
            changed: of_unix_millis(row.get("changed")?),
        })
    };
    connection.prepare(select)?.query_map([account.0], read)?.collect()
}

/// Notes where somebody is; nothing if there is no such title or account any more.
///
/// # Errors
///
/// The database's.
pub fn put(
    connection: &Connection,
    account: AccountId,
    title: u64,
    at_ms: u64,
    now: SystemTime,
) -> rusqlite::Result<()> {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let values = named_params! {
        ":account": account.0, ":title": signed(title), ":at_ms": signed(at_ms),
        ":changed": unix_millis(now),
    };
    let put = "INSERT OR REPLACE INTO place (account, title, at_ms, changed) \
               SELECT account.id, title.id, :at_ms, :changed FROM account, title \
               WHERE account.id = :account AND title.id = :title";
    connection.execute(put, values).map(drop)
}

/// Forgets where somebody is in a title.
///
/// # Errors
///
/// The database's.
pub fn forget(connection: &Connection, account: AccountId, title: u64) -> rusqlite::Result<()> {
    let title = i64::try_from(title).unwrap_or(i64::MAX);
    let delete = "DELETE FROM place WHERE account = ?1 AND title = ?2";
    connection.execute(delete, (account.0, title)).map(drop)
}
