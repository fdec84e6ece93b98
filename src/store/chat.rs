//! What was said in rooms, and their rules.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::account::AccountId;
use super::time::{of_unix_millis, unix_millis};

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMessage {
    /// Rises in its room.
    pub seq: u64,
    /// The number of its last change in the room.
    pub n: u64,
    /// When it was said.
    pub at: SystemTime,
    /// Who said it; empty if nobody in the room did.
    pub who: String,
    /// That one's name then.
    pub name: String,
    /// That one's role then.
    pub role: String,
    /// As others see it.
    pub text: String,
    /// What it answers.
    pub reply: Option<u64>,
    /// What it is.
    pub kind: Kind,
    /// Whether its text was another.
    pub edited: bool,
    /// JSON: emoji, and who put them there.
    pub reactions: String,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody said it.
    Said,
    /// Somebody gave.
    Gift,
    /// It was deleted; that it was there is kept, for who comes back.
    Gone,
}

/// A room's rules as they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRules {
    /// Seconds between two messages of one.
    pub slow_s: u32,
    /// Whether members alone may talk.
    pub members_only: bool,
    /// Whether members alone may send links.
    pub links_of_members: bool,
    /// What nobody may say, a word in each line.
    pub words: String,
}

/// Stores a message, or what it is now. Of too many in a room the oldest are forgotten.
///
/// # Errors
///
/// The database's.
pub fn put(connection: &Connection, room: &str, message: &KeptMessage) -> rusqlite::Result<()> {
    let KeptMessage { seq, n, at, who, name, role, text, reply, kind, edited, reactions } = message;
    let values = named_params! {
        ":room": room, ":seq": to_sql(*seq), ":n": to_sql(*n), ":at": unix_millis(*at), ":who": who,
        ":name": name, ":role": role, ":text": text, ":reply": reply.map(to_sql),
        ":kind": kind.as_str(), ":edited": edited, ":reactions": reactions,
    };
    connection.prepare(PUT)?.execute(values)?;
    connection.prepare(FORGET)?.execute((room, to_sql(*seq) - MOST_KEPT)).map(drop)
}

/// The newest of a room, so many of them, the oldest first.
///
/// # Errors
///
/// The database's.
pub fn newest(
    connection: &Connection,
    room: &str,
    most: u32,
) -> rusqlite::Result<Vec<KeptMessage>> {
    let select = "SELECT * FROM message WHERE room = ?1 ORDER BY seq DESC LIMIT ?2";
    let mut found = connection.prepare(select)?;
    let mut all: Vec<_> = found.query_map((room, most), read)?.collect::<Result<_, _>>()?;
    all.reverse();
    Ok(all)
}

/// Those before one that are not gone, so many of them, the oldest first.
///
/// # Errors
///
/// The database's.
pub fn before(
    connection: &Connection,
    room: &str,
    seq: u64,
    most: u32,
) -> rusqlite::Result<Vec<KeptMessage>> {
    let select = "SELECT * FROM message WHERE room = ?1 AND seq < ?2 AND kind != 'gone' \
                  ORDER BY seq DESC LIMIT ?3";
    let mut found = connection.prepare(select)?;
    let found = found.query_map((room, to_sql(seq), most), read)?;
    let mut all: Vec<_> = found.collect::<Result<_, _>>()?;
    all.reverse();
    Ok(all)
}

/// All that an account said, the newest first, so many of them: the room, when, and the text.
///
/// # Errors
///
/// The database's.
pub fn of_account(
    connection: &Connection,
    account: AccountId,
    most: u32,
) -> rusqlite::Result<Vec<(String, SystemTime, String)>> {
    let select = "SELECT room, at, text FROM message WHERE who = ?1 AND kind = 'said' \
                  ORDER BY at DESC LIMIT ?2";
    let read = |row: &Row<'_>| Ok((row.get(0)?, of_unix_millis(row.get(1)?), row.get(2)?));
    connection.prepare(select)?.query_map((format!("a{}", account.0), most), read)?.collect()
}

/// The number before the first change in a room that is stored, and of the last; `None` if there is none.
///
/// # Errors
///
/// The database's.
pub fn changes(connection: &Connection, room: &str) -> rusqlite::Result<Option<(u64, u64)>> {
    let select = "SELECT min(n), max(n) FROM message WHERE room = ?1";
    let read = |row: &Row<'_>| {
        let (first, last): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
        Ok(first.zip(last).map(|(first, last)| (of_sql(first - 1), of_sql(last))))
    };
    connection.query_row(select, [room], read)
}

/// Deletes all that somebody said in a room, by the change of this number.
///
/// # Errors
///
/// The database's.
pub fn clear(connection: &Connection, room: &str, who: &str, n: u64) -> rusqlite::Result<()> {
    let update = "UPDATE message SET kind = 'gone', name = '', text = '', reply = NULL, \
                  reactions = '{}', n = ?3 WHERE room = ?1 AND who = ?2 AND kind = 'said'";
    connection.execute(update, (room, who, to_sql(n))).map(drop)
}

/// Deletes all that an account said, everywhere, and its name at what is left of it.
///
/// # Errors
///
/// The database's.
pub fn forget_account(connection: &Connection, account: AccountId) -> rusqlite::Result<()> {
    let update = "UPDATE message SET kind = 'gone', who = '', name = '', text = '', reply = NULL, \
                  reactions = '{}' WHERE who = ?1";
    connection.execute(update, [format!("a{}", account.0)]).map(drop)
}

/// Deletes what was said before a time.
///
/// # Errors
///
/// The database's.
pub fn forget_before(connection: &Connection, at: SystemTime) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM message WHERE at < ?1", [unix_millis(at)]).map(drop)
}

/// Deletes all of a room that was closed.
///
/// # Errors
///
/// The database's.
pub fn forget_room(connection: &Connection, room: &str) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM message WHERE room = ?1", [room])?;
    connection.execute("DELETE FROM chat_rules WHERE room = ?1", [room]).map(drop)
}

/// A room's rules, if it has any.
///
/// # Errors
///
/// The database's.
pub fn rules(connection: &Connection, room: &str) -> rusqlite::Result<Option<KeptRules>> {
    let select =
        "SELECT slow_s, members_only, links_of_members, words FROM chat_rules WHERE room = ?1";
    let read = |row: &Row<'_>| {
        Ok(KeptRules {
            slow_s: row.get(0)?,
            members_only: row.get(1)?,
            links_of_members: row.get(2)?,
            words: row.get(3)?,
        })
    };
    connection.query_row(select, [room], read).optional()
}

/// Stores a room's rules.
///
/// # Errors
///
/// The database's.
pub fn put_rules(connection: &Connection, room: &str, rules: &KeptRules) -> rusqlite::Result<()> {
    let KeptRules { slow_s, members_only, links_of_members, words } = rules;
    let put = "INSERT OR REPLACE INTO chat_rules (room, slow_s, members_only, links_of_members, words) \
               VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.execute(put, (room, slow_s, members_only, links_of_members, words)).map(drop)
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Said => "said",
            Kind::Gift => "gift",
            Kind::Gone => "gone",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "said" => Kind::Said,
            "gift" => Kind::Gift,
            _ => Kind::Gone,
        }
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptMessage> {
    Ok(KeptMessage {
        seq: of_sql(row.get("seq")?),
        n: of_sql(row.get("n")?),
        at: of_unix_millis(row.get("at")?),
        who: row.get("who")?,
        name: row.get("name")?,
        role: row.get("role")?,
        text: row.get("text")?,
        reply: row.get::<_, Option<i64>>("reply")?.map(of_sql),
        kind: Kind::parse(&row.get::<_, String>("kind")?),
        edited: row.get("edited")?,
        reactions: row.get("reactions")?,
    })
}

fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn of_sql(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

const PUT: &str = "INSERT INTO message \
    (room, seq, n, at, who, name, role, text, reply, kind, edited, reactions) \
    VALUES (:room, :seq, :n, :at, :who, :name, :role, :text, :reply, :kind, :edited, :reactions) \
    ON CONFLICT DO UPDATE SET n = :n, name = :name, text = :text, reply = :reply, kind = :kind, \
    edited = :edited, reactions = :reactions WHERE kind != 'gone'";
const FORGET: &str = "DELETE FROM message WHERE room = ?1 AND seq <= ?2";
/// In a room.
const MOST_KEPT: i64 = 100_000;
