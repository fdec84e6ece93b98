//! Secrets that are good once: to become a host, to make an account, to set a password.

use std::time::SystemTime;

use rusqlite::{Connection, Row, named_params};

use super::account::AccountId;
use super::session::Hash;
use super::time::{of_unix_millis, unix_millis};

/// What a pass is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassKind {
    /// To become a host.
    Host,
    /// To make an account.
    Invitation,
    /// To set the password of an account.
    Reset,
}

/// A pass as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPass {
    /// Of the secret.
    pub hash: Hash,
    /// What it is good for.
    pub kind: PassKind,
    /// Whose password it sets.
    pub account: Option<AccountId>,
    /// Who made it; `None` if it was made on this machine.
    pub by: Option<AccountId>,
    /// When it was made.
    pub made: SystemTime,
    /// When it ends.
    pub until: SystemTime,
}

/// All passes, the newest first.
///
/// # Errors
///
/// The database's.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<KeptPass>> {
    let select = "SELECT hash, kind, account, by, made, until FROM pass ORDER BY made DESC, hash";
    connection.prepare(select)?.query_map((), read)?.collect()
}

/// Adds one.
///
/// # Errors
///
/// The database's.
pub fn add(connection: &Connection, pass: &KeptPass) -> rusqlite::Result<()> {
    let KeptPass { hash, kind, account, by, made, until } = pass;
    let values = named_params! {
        ":hash": hash, ":kind": kind.as_str(), ":account": account.map(|id| id.0),
        ":by": by.map(|id| id.0), ":made": unix_millis(*made), ":until": unix_millis(*until),
    };
    let insert = "INSERT INTO pass (hash, kind, account, by, made, until) \
                  VALUES (:hash, :kind, :account, :by, :made, :until)";
    connection.execute(insert, values).map(drop)
}

/// Deletes one; whether there was one.
///
/// # Errors
///
/// The database's.
pub fn delete(connection: &Connection, hash: &Hash) -> rusqlite::Result<bool> {
    Ok(connection.execute("DELETE FROM pass WHERE hash = ?1", [hash])? > 0)
}

/// Deletes all that make a host, or all that set one account's password.
///
/// # Errors
///
/// The database's.
pub fn delete_like(
    connection: &Connection,
    kind: PassKind,
    account: Option<AccountId>,
) -> rusqlite::Result<()> {
    let delete = "DELETE FROM pass WHERE kind = ?1 AND account IS ?2";
    connection.execute(delete, (kind.as_str(), account.map(|id| id.0))).map(drop)
}

/// Deletes those that have ended.
///
/// # Errors
///
/// The database's.
pub fn forget(connection: &Connection, now: SystemTime) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM pass WHERE until <= ?1", [unix_millis(now)]).map(drop)
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptPass> {
    let kind = match row.get::<_, String>("kind")?.as_str() {
        "host" => PassKind::Host,
        "reset" => PassKind::Reset,
        _ => PassKind::Invitation,
    };
    Ok(KeptPass {
        hash: row.get("hash")?,
        kind,
        account: row.get::<_, Option<i64>>("account")?.map(AccountId),
        by: row.get::<_, Option<i64>>("by")?.map(AccountId),
        made: of_unix_millis(row.get("made")?),
        until: of_unix_millis(row.get("until")?),
    })
}

impl PassKind {
    fn as_str(self) -> &'static str {
        match self {
            PassKind::Host => "host",
            PassKind::Invitation => "invitation",
            PassKind::Reset => "reset",
        }
    }
}
