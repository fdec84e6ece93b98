//! The catalogue: what can be watched, or will be, and the keys of what is encrypted.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::account::AccountId;
use super::session::Hash;
use super::time::{of_unix_millis, unix_millis};

/// A title as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptTitle {
    /// Its number; 0 until it is added.
    pub id: u64,
    /// Six capital letters and digits: what its folder is called.
    pub name: String,
    /// Whose it is, if anybody's who has an account.
    pub owner: Option<AccountId>,
    /// The number of the upload that it is made of, if that is there.
    pub upload: Option<u64>,
    /// What is said of it.
    pub details: Details,
    /// Who may watch it: a word.
    pub watch: String,
    /// Whether a picture of its own stands for it.
    pub has_poster: bool,
    /// A manifest elsewhere.
    pub url: Option<String>,
    /// What of it can be played.
    pub shown: Shown,
    /// How it is encrypted, if it is: a word.
    pub scheme: Option<String>,
    /// Whether the server decrypts it for who may watch.
    pub decrypts: bool,
    /// When it came.
    pub made: SystemTime,
    /// When anything of it changed.
    pub changed: SystemTime,
}

/// What is said of a title, in somebody's words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// What it is called, one line.
    pub title: String,
    /// What it is about, several lines.
    pub description: String,
    /// By whom.
    pub director: String,
    /// Of when.
    pub year: Option<u16>,
    /// Words that it is found by.
    pub tags: Vec<String>,
}

/// What of a title can be played.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// How long it is, in milliseconds.
    pub length_ms: Option<u64>,
    /// The lines of its renditions, the fewest first; none for sound alone.
    pub lines: Vec<u32>,
    /// The folder of segments, which rises with each rendition; 0 if there is none yet.
    pub generation: u32,
    /// Whether all is there.
    pub whole: bool,
}

/// The key of a title as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptTitleKey {
    /// How it is encrypted: a word.
    pub scheme: String,
    /// What of it: a word.
    pub protects: String,
    /// The key.
    pub key: [u8; 16],
    /// What it is called.
    pub kid: [u8; 16],
    /// What `cbcs` begins with.
    pub constant_iv: [u8; 16],
    /// Which 2^40 IVs `cenc` may use.
    pub iv_block: u32,
}

/// All titles, the oldest first.
///
/// # Errors
///
/// The database's.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<KeptTitle>> {
    let select = format!("{SELECT} ORDER BY title.id");
    connection.prepare(&select)?.query_map((), read)?.collect()
}

/// The title of this number.
///
/// # Errors
///
/// The database's.
pub fn find(connection: &Connection, id: u64) -> rusqlite::Result<Option<KeptTitle>> {
    let select = format!("{SELECT} WHERE title.id = ?1");
    connection.query_row(&select, [signed(id)], read).optional()
}

/// Adds one, with a picture that stands for it, and returns its number.
///
/// # Errors
///
/// The database's; if there is one of this name, too.
pub fn add(
    connection: &Connection,
    title: &KeptTitle,
    poster: Option<&[u8]>,
) -> rusqlite::Result<u64> {
    let KeptTitle { details, shown, .. } = title;
    let values = named_params! {
        ":name": title.name, ":owner": title.owner.map(|id| id.0),
        ":upload": title.upload.map(signed), ":title": details.title,
        ":description": details.description, ":director": details.director,
        ":year": details.year, ":tags": details.tags.join("\n"), ":watch": title.watch,
        ":poster": poster, ":url": title.url, ":length_ms": shown.length_ms.map(signed),
        ":lines": lines_as_text(&shown.lines), ":generation": shown.generation,
        ":whole": shown.whole, ":made": unix_millis(title.made),
        ":changed": unix_millis(title.changed),
    };
    let insert = "INSERT INTO title (name, owner, upload, title, description, director, year, \
                  tags, watch, poster, url, length_ms, lines, generation, whole, made, changed) \
                  VALUES (:name, :owner, :upload, :title, :description, :director, :year, :tags, \
                  :watch, :poster, :url, :length_ms, :lines, :generation, :whole, :made, :changed)";
    connection.execute(insert, values)?;
    Ok(u64::try_from(connection.last_insert_rowid()).unwrap_or_default())
}

/// Stores what is said of one, and who may watch it; whether there is one of this number.
///
/// # Errors
///
/// The database's.
pub fn describe(
    connection: &Connection,
    id: u64,
    details: &Details,
    watch: &str,
    now: SystemTime,
) -> rusqlite::Result<bool> {
    let values = named_params! {
        ":id": signed(id), ":title": details.title, ":description": details.description,
        ":director": details.director, ":year": details.year, ":tags": details.tags.join("\n"),
        ":watch": watch, ":changed": unix_millis(now),
    };
    let update = "UPDATE title SET title = :title, description = :description, \
                  director = :director, year = :year, tags = :tags, watch = :watch, \
                  changed = :changed WHERE id = :id";
    Ok(connection.execute(update, values)? > 0)
}

/// Stores what can be played of one; whether there is one of this number.
///
/// # Errors
///
/// The database's.
pub fn show(
    connection: &Connection,
    id: u64,
    shown: &Shown,
    now: SystemTime,
) -> rusqlite::Result<bool> {
    let values = named_params! {
        ":id": signed(id), ":length_ms": shown.length_ms.map(signed),
        ":lines": lines_as_text(&shown.lines), ":generation": shown.generation,
        ":whole": shown.whole, ":changed": unix_millis(now),
    };
    let update = "UPDATE title SET length_ms = :length_ms, lines = :lines, \
                  generation = :generation, whole = :whole, changed = :changed WHERE id = :id";
    Ok(connection.execute(update, values)? > 0)
}

/// The picture that stands for one.
///
/// # Errors
///
/// The database's.
pub fn poster(connection: &Connection, id: u64) -> rusqlite::Result<Option<Vec<u8>>> {
    let select = "SELECT poster FROM title WHERE id = ?1";
    Ok(connection.query_row(select, [signed(id)], |row| row.get(0)).optional()?.flatten())
}

/// Stores the picture that stands for one, or that there is none; whether there is one of this
/// number.
///
/// # Errors
///
/// The database's.
pub fn set_poster(
    connection: &Connection,
    id: u64,
    poster: Option<&[u8]>,
    now: SystemTime,
) -> rusqlite::Result<bool> {
    let values = named_params! {
        ":id": signed(id), ":poster": poster, ":changed": unix_millis(now),
    };
    let update = "UPDATE title SET poster = :poster, changed = :changed WHERE id = :id";
    Ok(connection.execute(update, values)? > 0)
}

/// Deletes one, with its key, its jobs, and how far it was watched; whether there was one.
///
/// # Errors
///
/// The database's.
pub fn delete(connection: &Connection, id: u64) -> rusqlite::Result<bool> {
    Ok(connection.execute("DELETE FROM title WHERE id = ?1", [signed(id)])? > 0)
}

/// The key of one, if it has any.
///
/// # Errors
///
/// The database's.
pub fn key(connection: &Connection, id: u64) -> rusqlite::Result<Option<KeptTitleKey>> {
    let select = "SELECT scheme, protects, key, kid, constant_iv, iv_block FROM title_key \
                  WHERE title = ?1";
    let read = |row: &Row<'_>| {
        Ok(KeptTitleKey {
            scheme: row.get("scheme")?,
            protects: row.get("protects")?,
            key: row.get("key")?,
            kid: row.get("kid")?,
            constant_iv: row.get("constant_iv")?,
            iv_block: row.get("iv_block")?,
        })
    };
    connection.query_row(select, [signed(id)], read).optional()
}

/// The numbers of titles whose key is called so, with the key.
///
/// # Errors
///
/// The database's.
pub fn of_kid(connection: &Connection, kid: &[u8; 16]) -> rusqlite::Result<Vec<(u64, [u8; 16])>> {
    let select = "SELECT title, key FROM title_key WHERE kid = ?1 ORDER BY title";
    let read = |row: &Row<'_>| {
        Ok((u64::try_from(row.get::<_, i64>("title")?).unwrap_or_default(), row.get("key")?))
    };
    connection.prepare(select)?.query_map([kid], read)?.collect()
}

/// Gives a title its key. The block of IVs is the next that no title ever had of this key, which
/// `hash` tells from others.
///
/// # Errors
///
/// The database's; if it has one already, too.
pub fn add_key(
    connection: &Connection,
    id: u64,
    key: &KeptTitleKey,
    hash: &Hash,
) -> rusqlite::Result<()> {
    let take = "INSERT INTO key_use (hash, next) VALUES (?1, 1) \
                ON CONFLICT DO UPDATE SET next = next + 1 RETURNING next - 1";
    let iv_block: u32 = connection.query_row(take, [hash], |row| row.get(0))?;
    let values = named_params! {
        ":title": signed(id), ":scheme": key.scheme, ":protects": key.protects, ":key": key.key,
        ":kid": key.kid, ":constant_iv": key.constant_iv, ":iv_block": iv_block,
    };
    let insert = "INSERT INTO title_key (title, scheme, protects, key, kid, constant_iv, iv_block, \
                  decrypts) VALUES (:title, :scheme, :protects, :key, :kid, :constant_iv, \
                  :iv_block, 0)";
    connection.execute(insert, values).map(drop)
}

/// Notes whether the server decrypts one for who may watch; whether it has a key.
///
/// # Errors
///
/// The database's.
pub fn set_decrypts(
    connection: &Connection,
    id: u64,
    decrypts: bool,
    now: SystemTime,
) -> rusqlite::Result<bool> {
    let changed = "UPDATE title SET changed = ?2 WHERE id = ?1";
    connection.execute(changed, (signed(id), unix_millis(now)))?;
    let update = "UPDATE title_key SET decrypts = ?2 WHERE title = ?1";
    Ok(connection.execute(update, (signed(id), decrypts))? > 0)
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptTitle> {
    let unsigned = |number: i64| u64::try_from(number).unwrap_or_default();
    let tags: String = row.get("tags")?;
    let lines: String = row.get("lines")?;
    let scheme: Option<String> = row.get("scheme")?;
    Ok(KeptTitle {
        id: unsigned(row.get("id")?),
        name: row.get("name")?,
        owner: row.get::<_, Option<i64>>("owner")?.map(AccountId),
        upload: row.get::<_, Option<i64>>("upload")?.map(unsigned),
        details: Details {
            title: row.get("title")?,
            description: row.get("description")?,
            director: row.get("director")?,
            year: row.get("year")?,
            tags: tags.lines().map(str::to_owned).collect(),
        },
        watch: row.get("watch")?,
        has_poster: row.get("has_poster")?,
        url: row.get("url")?,
        shown: Shown {
            length_ms: row.get::<_, Option<i64>>("length_ms")?.map(unsigned),
            lines: lines.split(' ').filter_map(|lines| lines.parse().ok()).collect(),
            generation: row.get("generation")?,
            whole: row.get("whole")?,
        },
        scheme,
        decrypts: row.get::<_, Option<bool>>("decrypts")?.unwrap_or_default(),
        made: of_unix_millis(row.get("made")?),
        changed: of_unix_millis(row.get("changed")?),
    })
}

fn lines_as_text(lines: &[u32]) -> String {
    lines.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")
}

/// A number as the database has it.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

const SELECT: &str = "SELECT title.id, name, owner, upload, title.title, description, director, year, \
                      tags, watch, poster IS NOT NULL AS has_poster, url, length_ms, lines, generation, \
                      whole, made, changed, scheme, decrypts \
                      FROM title LEFT JOIN title_key ON title_key.title = title.id";
