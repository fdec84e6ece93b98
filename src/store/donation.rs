//! What viewers gave.

use std::time::SystemTime;

use rusqlite::{Connection, Row, named_params};

use super::time::{of_unix_millis, unix_millis};

/// A donation as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Donation {
    /// Rises, and is no lower than the time in Unix milliseconds.
    pub id: u64,
    /// When.
    pub at: SystemTime,
    /// Where; `None` is the default room.
    pub room: Option<String>,
    /// As the giver wrote it; may be empty.
    pub name: String,
    /// As the giver wrote it; may be empty.
    pub message: String,
}

/// Adds one, whose id is given here, and returns the id. Of too many the oldest are forgotten.
///
/// # Errors
///
/// The database's.
pub fn add(
    connection: &Connection,
    at: SystemTime,
    room: Option<&str>,
    name: &str,
    message: &str,
) -> rusqlite::Result<u64> {
    let values = named_params! {
        ":at": unix_millis(at), ":room": room, ":name": name, ":message": message
    };
    let id = connection.prepare(ADD)?.query_row(values, |row| row.get::<_, i64>(0))?;
    connection.prepare(FORGET)?.execute([MOST_KEPT])?;
    Ok(u64::try_from(id).unwrap_or_default())
}

/// All that are kept, the oldest first.
///
/// # Errors
///
/// The database's.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<Donation>> {
    since(connection, SystemTime::UNIX_EPOCH)
}

/// Those from a time on, the oldest first.
///
/// # Errors
///
/// The database's.
pub fn since(connection: &Connection, at: SystemTime) -> rusqlite::Result<Vec<Donation>> {
    let mut found = connection.prepare(SINCE)?;
    found.query_map([unix_millis(at)], read)?.collect()
}

/// Whether there is one.
///
/// # Errors
///
/// The database's.
pub fn exists(connection: &Connection, id: u64) -> rusqlite::Result<bool> {
    let id = i64::try_from(id).unwrap_or(i64::MAX);
    connection.prepare("SELECT 1 FROM donation WHERE id = ?1")?.exists([id])
}

/// Deletes one. Whether there was one.
///
/// # Errors
///
/// The database's.
pub fn delete(connection: &Connection, id: u64) -> rusqlite::Result<bool> {
    let id = i64::try_from(id).unwrap_or(i64::MAX);
    Ok(connection.execute("DELETE FROM donation WHERE id = ?1", [id])? > 0)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Donation> {
    Ok(Donation {
        id: u64::try_from(row.get::<_, i64>("id")?).unwrap_or_default(),
        at: of_unix_millis(row.get("at")?),
        room: row.get("room")?,
        name: row.get("name")?,
        message: row.get("message")?,
    })
}

const ADD: &str = "INSERT INTO donation (id, at, room, name, message) VALUES \
    (max(:at, coalesce((SELECT max(id) FROM donation), 0) + 1), :at, :room, :name, :message) \
    RETURNING id";
const FORGET: &str = "DELETE FROM donation WHERE id <= \
    (SELECT id FROM donation ORDER BY id DESC LIMIT 1 OFFSET ?1)";
const SINCE: &str = "SELECT id, at, room, name, message FROM donation WHERE at >= ?1 ORDER BY id";
const MOST_KEPT: i64 = 10_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema.sql")).unwrap();
        connection
    }

    fn at(millis: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
    }

    #[test]
    fn ids_rise_whatever_the_clock_does() {
        let database = database();
        let ids = [5_000, 5_000, 1_000, 9_000]
            .map(|millis| add(&database, at(millis), Some("door"), "Ada", "Hi").unwrap());
        assert_eq!(ids, [5_000, 5_001, 5_002, 9_000]);
        let kept = since(&database, at(5_000)).unwrap();
        assert_eq!(kept.iter().map(|one| one.id).collect::<Vec<_>>(), [5_000, 5_001, 9_000]);
        let first = Donation {
            id: 5_000,
            at: at(5_000),
            room: Some("door".into()),
            name: "Ada".into(),
            message: "Hi".into(),
        };
        assert_eq!(kept[0], first);
    }

    #[test]
    fn one_is_deleted_once() {
        let database = database();
        let id = add(&database, at(1), None, "", "rude").unwrap();
        assert!(exists(&database, id).unwrap());
        assert_eq!([delete(&database, id).unwrap(), delete(&database, id).unwrap()], [true, false]);
        assert!(!exists(&database, id).unwrap());
        assert!(all(&database).unwrap().is_empty());
    }

    #[test]
    fn the_newest_ten_thousand_are_kept() {
        let database = database();
        database.execute_batch("BEGIN").unwrap();
        for number in 0..10_003 {
            add(&database, at(number), None, "", "").unwrap();
        }
        let kept = all(&database).unwrap();
        assert_eq!((kept.len(), kept[0].at), (10_000, at(3)));
    }
}
