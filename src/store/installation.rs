//! What tells this installation from others, and how often it changed who may do what.

use rusqlite::{Connection, OptionalExtension, Row, named_params};

/// An installation as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptInstallation {
    /// Stands in the names of its cookies.
    pub name: String,
    /// Who has it may watch where a link is asked for.
    pub watch_key: String,
    /// How it was reached last; may be empty.
    pub address: String,
    /// Rises with each change of who may do what.
    pub revision: u64,
}

/// The installation, if it was named.
///
/// # Errors
///
/// The database's.
pub fn read(connection: &Connection) -> rusqlite::Result<Option<KeptInstallation>> {
    let of_row = |row: &Row<'_>| {
        Ok(KeptInstallation {
            name: row.get("name")?,
            watch_key: row.get("watch_key")?,
            address: row.get("address")?,
            revision: u64::try_from(row.get::<_, i64>("revision")?).unwrap_or_default(),
        })
    };
    let select = "SELECT name, watch_key, address, revision FROM installation";
    connection.query_row(select, (), of_row).optional()
}

/// Names an installation that has no name.
///
/// # Errors
///
/// The database's.
pub fn name(connection: &Connection, name: &str, watch_key: &str) -> rusqlite::Result<()> {
    let values = named_params! { ":name": name, ":watch_key": watch_key };
    let insert = "INSERT OR IGNORE INTO installation (id, name, watch_key, address, revision) \
                  VALUES (1, :name, :watch_key, '', 1)";
    connection.execute(insert, values).map(drop)
}

/// Notes how it is reached.
///
/// # Errors
///
/// The database's.
pub fn put_address(connection: &Connection, address: &str) -> rusqlite::Result<()> {
    connection.execute("UPDATE installation SET address = ?1", [address]).map(drop)
}

/// Replaces what the link has that lets watch.
///
/// # Errors
///
/// The database's.
pub fn put_watch_key(connection: &Connection, watch_key: &str) -> rusqlite::Result<()> {
    connection.execute("UPDATE installation SET watch_key = ?1", [watch_key]).map(drop)
}

/// Notes that who may do what is another.
///
/// # Errors
///
/// The database's.
pub fn revise(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("UPDATE installation SET revision = revision + 1", ()).map(drop)
}
