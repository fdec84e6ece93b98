//! Who may sign in, and who keeps order in which room.

use std::time::SystemTime;

use rusqlite::{Connection, Row, named_params};

use super::time::{of_unix_millis, unix_millis};

/// An account's number, which no other ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub i64);

/// An account as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptAccount {
    /// Its number.
    pub id: AccountId,
    /// As it is shown to all.
    pub name: String,
    /// What the name looks like.
    pub skeleton: String,
    /// A PHC string; `None` if it signs in otherwise.
    pub password: Option<String>,
    /// Whether it is a host's.
    pub is_host: bool,
    /// What it may do besides: words.
    pub grants: String,
    /// When it was made.
    pub made: SystemTime,
    /// Whether it may not sign in.
    pub disabled: bool,
}

/// All accounts, the oldest first.
///
/// # Errors
///
/// The database's.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<KeptAccount>> {
    let select = "SELECT id, name, skeleton, password, role, grants, made, disabled FROM account \
                  ORDER BY id";
    connection.prepare(select)?.query_map((), read)?.collect()
}

/// Adds an account, whose number is given here.
///
/// # Errors
///
/// The database's; if there is one that looks the same, too.
pub fn add(connection: &Connection, account: &KeptAccount) -> rusqlite::Result<AccountId> {
    let KeptAccount { name, skeleton, password, is_host, grants, made, disabled, .. } = account;
    let values = named_params! {
        ":name": name, ":skeleton": skeleton, ":password": password, ":role": role(*is_host),
        ":grants": grants, ":made": unix_millis(*made), ":disabled": disabled,
    };
    let insert = "INSERT INTO account (name, skeleton, password, role, grants, made, disabled) \
                  VALUES (:name, :skeleton, :password, :role, :grants, :made, :disabled)";
    connection.execute(insert, values)?;
    Ok(AccountId(connection.last_insert_rowid()))
}

/// Stores what an account is now, all but its number and when it was made.
///
/// # Errors
///
/// The database's.
pub fn put(connection: &Connection, account: &KeptAccount) -> rusqlite::Result<()> {
    let KeptAccount { id, name, skeleton, password, is_host, grants, disabled, .. } = account;
    let values = named_params! {
        ":id": id.0, ":name": name, ":skeleton": skeleton, ":password": password,
        ":role": role(*is_host), ":grants": grants, ":disabled": disabled,
    };
    let update = "UPDATE account SET name = :name, skeleton = :skeleton, password = :password, \
                  role = :role, grants = :grants, disabled = :disabled WHERE id = :id";
    connection.execute(update, values).map(drop)
}

/// Deletes an account and all that is its own.
///
/// # Errors
///
/// The database's.
pub fn delete(connection: &Connection, id: AccountId) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM account WHERE id = ?1", [id.0]).map(drop)
}

/// Who keeps order where; an empty name is the default room.
///
/// # Errors
///
/// The database's.
pub fn moderators(connection: &Connection) -> rusqlite::Result<Vec<(AccountId, String)>> {
    let mut found = connection.prepare("SELECT account, room FROM moderator ORDER BY 1, 2")?;
    found.query_map((), |row| Ok((AccountId(row.get(0)?), row.get(1)?)))?.collect()
}

/// Takes a room from all who keep order in it.
///
/// # Errors
///
/// The database's.
pub fn take_moderators(connection: &Connection, room: &str) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM moderator WHERE room = ?1", [room]).map(drop)
}

/// Stores in which rooms somebody keeps order.
///
/// # Errors
///
/// The database's.
pub fn put_moderator(
    connection: &Connection,
    id: AccountId,
    rooms: &[String],
) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM moderator WHERE account = ?1", [id.0])?;
    let mut insert = connection.prepare("INSERT OR IGNORE INTO moderator VALUES (?1, ?2)")?;
    rooms.iter().try_for_each(|room| insert.execute((id.0, room)).map(drop))
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptAccount> {
    Ok(KeptAccount {
        id: AccountId(row.get("id")?),
        name: row.get("name")?,
        skeleton: row.get("skeleton")?,
        password: row.get("password")?,
        is_host: row.get::<_, String>("role")? == HOST,
        grants: row.get("grants")?,
        made: of_unix_millis(row.get("made")?),
        disabled: row.get("disabled")?,
    })
}

fn role(is_host: bool) -> &'static str {
    if is_host { HOST } else { MEMBER }
}

const HOST: &str = "host";
const MEMBER: &str = "member";
