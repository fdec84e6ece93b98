//! Opens the database, sets aside what cannot be read, and brings what is old up to date.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use log::{info, warn};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::folder::{create_private, make_private, open_private};
use super::trouble::Trouble;

/// What brings a database of version N, `PRAGMA user_version`, to version N + 1.
const MIGRATIONS: [&str; 8] = [
    include_str!("migrations/1.sql"),
    include_str!("migrations/2.sql"),
    include_str!("migrations/3.sql"),
    include_str!("migrations/4.sql"),
    include_str!("migrations/5.sql"),
    include_str!("migrations/6.sql"),
    include_str!("migrations/7.sql"),
    include_str!("migrations/8.sql"),
];

/// Makes the database, or brings it up to date. Returns where one that cannot be read was put.
///
/// Before it is changed a copy of it is made beside it, by its version.
///
/// # Errors
///
/// [`Trouble`] if there is none then: it is a newer program's, or the disk refuses.
pub(super) fn prepare(file: &Path) -> Result<Option<PathBuf>, Trouble> {
    match bring_up_to_date(file, &MIGRATIONS) {
        Ok(()) => Ok(None),
        Err(Trouble::Unreadable(_)) => {
            let aside = set_aside(file, "unreadable")?;
            bring_up_to_date(file, &MIGRATIONS)?;
            Ok(Some(aside))
        }
        Err(trouble) => Err(trouble),
    }
}

/// Brings a copy that is to become the database up to date, into one file.
///
/// # Errors
///
/// [`Trouble`] if it is no database, a newer program's, or empty.
pub(super) fn prepare_copy(file: &Path) -> Result<(), Trouble> {
    let connection = open(file, Synchronous::Full).map_err(|error| told(error, file))?;
    if version_of(&connection).map_err(|error| told(error, file))? == 0 {
        return Err(Trouble::Unreadable(file.to_owned()));
    }
    drop(connection);
    bring_up_to_date(file, &MIGRATIONS)
}

fn bring_up_to_date(file: &Path, migrations: &[&str]) -> Result<(), Trouble> {
    let failed = |error| Trouble::File { file: file.to_owned(), error };
    open_private(file).map_err(failed)?;
    if make_private(file).map_err(failed)? {
        warn!("others could read {}, which holds secrets; they no longer can", file.display());
    }
    let unreadable = |error| told(error, file);
    let mut connection = open(file, Synchronous::Full).map_err(unreadable)?;
    let version = version_of(&connection).map_err(unreadable)?;
    check(&connection, file)?;
    let known = migrations.len();
    let Some(due) = usize::try_from(version).ok().and_then(|version| migrations.get(version..))
    else {
        return Err(Trouble::Newer { file: file.to_owned(), version });
    };
    check_tables(&connection, file, &migrations[..known - due.len()])?;
    if due.is_empty() {
        return Ok(());
    }
    if version == 0 && has_tables(&connection).map_err(unreadable)? {
        return Err(Trouble::Unreadable(file.to_owned()));
    }
    if version > 0 {
        let copy = beside(file, &format!("version-{version}"))?;
        copy_into(&connection, &copy)?;
        info!("the database is brought to version {known}; as it was it is {}", copy.display());
    }
    let migrate = |connection: &mut Connection| {
        let transaction = connection.transaction()?;
        due.iter().try_for_each(|migration| transaction.execute_batch(migration))?;
        transaction.pragma_update(None, "user_version", known as i64)?;
        transaction.commit()
    };
    migrate(&mut connection).map_err(Trouble::Database)
}

fn has_tables(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) > 0 FROM sqlite_schema", (), |row| row.get(0))
}

/// Whether it has the tables that these made: another program's may say that it is of that version,
/// too.
fn check_tables(connection: &Connection, file: &Path, made_by: &[&str]) -> Result<(), Trouble> {
    let whole = || {
        let wanted = Connection::open_in_memory()?;
        made_by.iter().try_for_each(|migration| wanted.execute_batch(migration))?;
        let there = columns(connection)?;
        Ok(columns(&wanted)?.is_subset(&there))
    };
    match whole() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Trouble::Unreadable(file.to_owned())),
        Err(error) => Err(told(error, file)),
    }
}

/// Each table's columns.
fn columns(connection: &Connection) -> rusqlite::Result<BTreeSet<(String, String)>> {
    let select = "SELECT tables.name, columns.name FROM sqlite_schema AS tables \
                  JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'";
    let mut found = connection.prepare(select)?;
    found.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Checks that this program knows a database as it is.
///
/// # Errors
///
/// [`Trouble::Newer`], [`Trouble::Unreadable`] (of one that was not brought up to date, too), or
/// the database's own.
pub(super) fn check_version(file: &Path) -> Result<(), Trouble> {
    let connection = open_to_read(file).map_err(|error| told(error, file))?;
    let version = version_of(&connection).map_err(|error| told(error, file))?;
    match usize::try_from(version) {
        Ok(version) if version == MIGRATIONS.len() => check_tables(&connection, file, &MIGRATIONS),
        Ok(version) if version > MIGRATIONS.len() => {
            Err(Trouble::Newer { file: file.to_owned(), version: version as i64 })
        }
        _ => Err(Trouble::Unreadable(file.to_owned())),
    }
}

/// Whether each page of it is what it should be.
///
/// # Errors
///
/// [`Trouble::Unreadable`] if one is not.
pub(super) fn check(connection: &Connection, file: &Path) -> Result<(), Trouble> {
    let ask = || connection.query_row("PRAGMA quick_check(1)", (), |row| row.get::<_, String>(0));
    match ask() {
        Ok(verdict) if verdict == "ok" => Ok(()),
        Ok(_) => Err(Trouble::Unreadable(file.to_owned())),
        Err(error) => Err(told(error, file)),
    }
}

/// How long a change waits for the disk (SQLite's `PRAGMA synchronous`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Synchronous {
    Normal,
    Full,
}

/// Opens the database to change it.
pub(super) fn open(file: &Path, synchronous: Synchronous) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let synchronous = match synchronous {
        Synchronous::Normal => "NORMAL",
        Synchronous::Full => "FULL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    Ok(connection)
}

/// Opens the database to read it.
pub(super) fn open_to_read(file: &Path) -> rusqlite::Result<Connection> {
    let connection = open(file, Synchronous::Normal)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Opens the database to read it where nothing can be written beside it: on a disk that is full or
/// read only, or in another server's folder.
pub(super) fn open_as_it_is(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let looked = |connection: &Connection| version_of(connection).map(drop);
    let shared = Connection::open_with_flags(file, flags)?;
    if looked(&shared).is_ok() {
        return Ok(shared);
    }
    // Nobody changes it then: it is read without what others would be told by.
    let mut uri = String::from("file:");
    for byte in file.as_os_str().as_encoded_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
}

/// Copies a database as it is at this moment to a file that is not there yet, for its owner's
/// eyes only.
pub(super) fn copy_into(connection: &Connection, copy: &Path) -> Result<(), Trouble> {
    let failed = |error| Trouble::File { file: copy.to_owned(), error };
    let made = create_private(copy).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Trouble::Exists(copy.to_owned()),
        _ => failed(error),
    })?;
    // SQLite takes an empty file for one that is not there.
    let name = copy.to_str().ok_or_else(|| failed(std::io::ErrorKind::InvalidFilename.into()))?;
    let copied = connection.execute("VACUUM INTO ?1", [name]).map_err(Trouble::Database);
    let synced = copied.and_then(|_| made.sync_all().map_err(failed));
    if synced.is_err() {
        // Half a copy is none.
        let _ = fs::remove_file(copy);
    }
    synced
}

/// Renames the database, with what belongs to it, to a name that says why and when that was.
pub(super) fn set_aside(file: &Path, why: &str) -> Result<PathBuf, Trouble> {
    let at = Timestamp::now().strftime("%Y%m%d-%H%M%S");
    let aside = beside(file, &format!("{why}-{at}"))?;
    for ending in ["", "-wal", "-shm"] {
        let (from, to) = (with_ending(file, ending), with_ending(&aside, ending));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Trouble::File { file: from, error });
            }
            _ => {}
        }
    }
    Ok(aside)
}

/// A name that nothing has yet, `livestream.db.WHAT` or with a number behind it.
pub(super) fn beside(file: &Path, what: &str) -> Result<PathBuf, Trouble> {
    let first = with_ending(file, &format!(".{what}"));
    let numbered = (2..MAX_COPIES).map(|number| with_ending(file, &format!(".{what}-{number}")));
    std::iter::once(first.clone())
        .chain(numbered)
        .find(|path| !path.exists())
        .ok_or(Trouble::Exists(first))
}

/// `file` with `ending` behind its name.
pub(super) fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn version_of(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", (), |row| row.get(0))
}

fn told(error: rusqlite::Error, file: &Path) -> Trouble {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            Trouble::Unreadable(file.to_owned())
        }
        _ => Trouble::Database(error),
    }
}

/// How long a change waits for that of another program.
const PATIENCE: Duration = Duration::from_secs(5);
const MAX_COPIES: usize = 1000;

#[cfg(test)]
mod tests;
