//! A catalogue in a foreign database of SQLite: read only, with nothing of its schema run.

use std::fmt::Write;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use serde_json::Value;

use super::{Found, MOST_TITLES};

/// Reads the table `movies`, or else `films`.
pub(super) fn read(source: &Path) -> Result<Vec<Found>, String> {
    let connection = open(source).map_err(told)?;
    let table = TABLES.into_iter().find_map(|table| is_table(&connection, table).transpose());
    let table = table.transpose().map_err(told)?.ok_or("it has no table `movies` or `films`")?;
    let columns = columns(&connection, table).map_err(told)?;
    if columns.is_empty() {
        return Err(format!("its table `{table}` has no column `title`"));
    }
    let beside = source.parent().filter(|folder| !folder.as_os_str().is_empty());
    let beside = beside.unwrap_or(Path::new("."));
    // What is longer than anything that is taken is cut before it comes into memory.
    let cut = |column: &&str| format!("substr(\"{column}\", 1, {MOST_CHARS})");
    let cut: Vec<String> = columns.iter().map(cut).collect();
    let select =
        format!("SELECT {} FROM main.\"{table}\" LIMIT {}", cut.join(", "), MOST_TITLES + 1);
    let found = |row: &Row<'_>| {
        let values: Vec<Value> =
            (0..columns.len()).map(|at| row.get_ref(at).map(value)).collect::<Result<_, _>>()?;
        let field = |name: &str| {
            let at = columns.iter().position(|column| *column == name)?;
            values.get(at).cloned()
        };
        Ok(Found::of(field, beside))
    };
    let mut statement = connection.prepare(&select).map_err(told)?;
    let rows = statement.query_map((), found).map_err(told)?;
    let all: Vec<Found> = rows.collect::<rusqlite::Result<_>>().map_err(told)?;
    match all.len() > MOST_TITLES {
        true => Err(format!("it has more than {MOST_TITLES} titles")),
        false => Ok(all),
    }
}

/// Opens it as a file that nobody changes: neither is it written to, nor anything beside it.
fn open(source: &Path) -> rusqlite::Result<Connection> {
    let mut address = "file:".to_owned();
    for byte in source.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                address.push(char::from(*byte));
            }
            other => drop(write!(address, "%{other:02x}")),
        }
    }
    address.push_str("?mode=ro&immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(address, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Whether there is a table of this name: no view, and none that a module makes up.
fn is_table<'a>(connection: &Connection, table: &'a str) -> rusqlite::Result<Option<&'a str>> {
    let select = "SELECT count(*) > 0 FROM main.sqlite_schema \
                  WHERE type = 'table' AND rootpage > 0 AND name = ?1";
    let is_one: bool = connection.query_row(select, [table], |row| row.get(0))?;
    Ok(is_one.then_some(table))
}

/// The columns of ours that it has, none if there is no title. Those that are computed are not among
/// them.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<&'static str>> {
    let mut has = Vec::new();
    connection.pragma(Some("main"), "table_info", table, |row| {
        has.push(row.get::<_, String>("name")?.to_lowercase());
        Ok(())
    })?;
    let is_titled = has.iter().any(|name| TITLES.contains(&name.as_str()));
    let ours = COLUMNS.into_iter().filter(|column| has.iter().any(|name| name == column));
    Ok(if is_titled { ours.collect() } else { Vec::new() })
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(number) => Value::from(number),
        ValueRef::Real(number) => Value::from(number),
        ValueRef::Text(text) => Value::from(String::from_utf8_lossy(text)),
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
    }
}

fn told(error: rusqlite::Error) -> String {
    error.to_string()
}

const TABLES: [&str; 2] = ["movies", "films"];
const TITLES: [&str; 2] = ["title", "name"];
const COLUMNS: [&str; 8] =
    ["title", "name", "description", "plot", "director", "year", "poster", "url"];
/// A picture in an address is longer than a description.
const MOST_CHARS: usize = 8 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::scratch::Scratch;

    fn found(sql: &str) -> Result<Vec<Found>, String> {
        let scratch = Scratch::folder();
        let path = scratch.path().join("a ?#%.sqlite");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = std::fs::read(&path).unwrap();
        let found = read(&path);
        assert_eq!(std::fs::read(&path).unwrap(), before, "it stays as it is");
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 1, "nothing lies beside it");
        found
    }

    #[test]
    fn films_are_read_by_the_columns_that_are_there() {
        let all = found(
            "CREATE TABLE films (id INTEGER PRIMARY KEY, Title TEXT, year, url TEXT, more BLOB, \
             description TEXT AS (printf('%.*c', 1000000, 'x'))); \
             CREATE TRIGGER t AFTER INSERT ON films BEGIN DELETE FROM films; END; \
             DROP TRIGGER t; \
             INSERT INTO films (title, year, url) VALUES ('A', 1999, 'https://a.lan/a.mpd'), \
             (X'ff', '2001-02-03', NULL), ('C', 'long ago', '')",
        );
        let all = all.unwrap();
        let years: Vec<_> = all.iter().map(|found| found.details.year).collect();
        assert_eq!(years, [Some(1999), Some(2001), None]);
        assert_eq!((all[0].details.title.as_str(), all[0].details.description.as_str()), ("A", ""));
        assert_eq!(all[0].url.as_deref(), Some("https://a.lan/a.mpd"));
        assert_eq!(all[2].left_out, ["its year is none: long ago"]);
    }

    #[test]
    fn what_a_schema_would_run_is_not_run() {
        let view =
            "CREATE TABLE x (title); CREATE VIEW movies AS SELECT load_extension('x') AS title";
        assert_eq!(found(view).unwrap_err(), "it has no table `movies` or `films`");
        assert!(found("CREATE TABLE movies (name_of TEXT)").unwrap_err().contains("no column"));
        assert!(found("CREATE TABLE x (y)").is_err());
    }
}
