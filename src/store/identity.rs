//! Accounts elsewhere by which somebody signs in to one here.

use std::time::SystemTime;

use rusqlite::{Connection, Row, named_params};

use super::account::AccountId;
use super::time::{of_unix_millis, unix_millis};

/// An identity as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptIdentity {
    /// By which its owner names it.
    pub id: i64,
    /// To whose account it leads.
    pub account: AccountId,
    /// Who vouches for it.
    pub issuer: String,
    /// Who that is there: never another.
    pub subject: String,
    /// As its owner knows it.
    pub label: String,
    /// When it was linked.
    pub made: SystemTime,
}

/// All identities, the oldest first.
///
/// # Errors
///
/// The database's.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<KeptIdentity>> {
    let select = "SELECT id, account, issuer, subject, label, made FROM identity ORDER BY id";
    connection.prepare(select)?.query_map((), read)?.collect()
}

/// Adds one, whose number is given here.
///
/// # Errors
///
/// The database's; if it leads to an account already, too.
pub fn add(connection: &Connection, identity: &KeptIdentity) -> rusqlite::Result<()> {
    let KeptIdentity { account, issuer, subject, label, made, .. } = identity;
    let values = named_params! {
        ":account": account.0, ":issuer": issuer, ":subject": subject, ":label": label,
        ":made": unix_millis(*made),
    };
    let insert = "INSERT INTO identity (account, issuer, subject, label, made) \
                  VALUES (:account, :issuer, :subject, :label, :made)";
    connection.execute(insert, values).map(drop)
}

/// Deletes one.
///
/// # Errors
///
/// The database's.
pub fn delete(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM identity WHERE id = ?1", [id]).map(drop)
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptIdentity> {
    Ok(KeptIdentity {
        id: row.get("id")?,
        account: AccountId(row.get("account")?),
        issuer: row.get("issuer")?,
        subject: row.get("subject")?,
        label: row.get("label")?,
        made: of_unix_millis(row.get("made")?),
    })
}
