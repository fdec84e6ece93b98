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

/// Adds one. Of too many the oldest are forgotten, and of one who is no host before of others.
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
    connection.prepare(FORGET_OF)?.execute((account.map(|id| id.0), MOST_OF_A_MEMBER))?;
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

/// Takes out of what one account did its name, where it was done from, and the names that it gave to
/// things.
///
/// # Errors
///
/// The database's.
pub fn forget_who(
    connection: &Connection,
    account: AccountId,
    called: &str,
) -> rusqlite::Result<()> {
    let nameless = "UPDATE journal SET who = ?2, address = '' WHERE account = ?1";
    connection.execute(nameless, (account.0, called))?;
    let shorter = "UPDATE journal SET what = rtrim(substr(what, 1, instr(what, ?2) - 1)) \
                   WHERE account = ?1 AND instr(what, ?2) > 0";
    connection.execute(shorter, (account.0, "\u{201c}")).map(drop)
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
const FORGET_OF: &str = "DELETE FROM journal WHERE account = ?1 \
    AND EXISTS (SELECT 1 FROM account WHERE account.id = ?1 AND role = 'member') \
    AND id <= (SELECT id FROM journal WHERE account = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
const MOST_KEPT: u32 = 10_000;
/// Nobody may wash away what others did.
const MOST_OF_A_MEMBER: u32 = 200;
