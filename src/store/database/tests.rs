//! Databases of every version, of none, and what is no database.

use std::time::SystemTime;

use super::*;
use crate::base::scratch::Scratch;
use crate::store::{authority, donation};

/// What each table has, a line each: its rows, written out.
fn dump(file: &Path) -> Vec<String> {
    let connection = open_to_read(file).unwrap();
    let donations = donation::all(&connection).unwrap();
    let mut lines: Vec<_> = donations.iter().map(|donation| format!("{donation:?}")).collect();
    let authority = authority::read(&connection).unwrap();
    lines.extend(authority.map(
        |authority::KeptAuthority { name, host, certificate, key, until }| {
            let until = until.duration_since(SystemTime::UNIX_EPOCH).unwrap();
            format!("authority {name:?} {host:?} {certificate:?} {key:?} {until:?}")
        },
    ));
    let leaf = authority::leaf(&connection).unwrap();
    lines.extend(leaf.map(|authority::KeptLeaf { certificate, key, names, from }| {
        let from = from.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        format!("leaf {certificate:?} {key:?} {names:?} {from:?}")
    }));
    lines.extend(OTHERS.iter().flat_map(|table| rows(&connection, table)));
    lines
}

/// All rows of a table, a line each.
fn rows(connection: &Connection, table: &str) -> Vec<String> {
    let mut all = connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
    let columns = all.column_count();
    let rows = all.query_map((), |row| {
        let value = |at| row.get::<_, rusqlite::types::Value>(at);
        (0..columns).map(value).collect::<rusqlite::Result<Vec<_>>>()
    });
    rows.unwrap().map(|row| format!("{table} {:?}", row.unwrap())).collect()
}

/// The tables and indices as they were written, without comments and spaces.
fn shape(connection: &Connection) -> Vec<String> {
    let mut all = connection
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        .unwrap();
    let all = all.query_map((), |row| row.get::<_, String>(0)).unwrap();
    let bare = |sql: String| {
        let lines = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
        let words = lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
        // As a column is added later it is written.
        words.replace(" ,", ",").replace(" )", ")")
    };
    all.map(|sql| bare(sql.unwrap())).collect()
}

#[test]
fn schema_is_what_the_migrations_make() {
    let written = Connection::open_in_memory().unwrap();
    written.execute_batch(include_str!("../schema.sql")).unwrap();
    let scratch = Scratch::folder();
    let file = scratch.path().join("livestream.db");
    assert_eq!(prepare(&file).unwrap(), None);
    assert_eq!(shape(&open(&file, Synchronous::Full).unwrap()), shape(&written));
    check_version(&file).unwrap();
}

#[test]
fn a_comment_says_what_each_table_and_column_is() {
    let lines: Vec<&str> = include_str!("../schema.sql").lines().map(str::trim).collect();
    let says = |line: &str| {
        let column = line.split(' ').nth(1).is_some_and(|kind| TYPES.contains(&kind));
        column || line.starts_with("CREATE TABLE")
    };
    let silent: Vec<&str> = lines
        .windows(2)
        .filter(|pair| says(pair[1]) && !pair[0].starts_with("--"))
        .map(|pair| pair[1])
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn every_version_is_brought_up_to_date_with_all_its_rows() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/store");
    for version in 1..=MIGRATIONS.len() {
        let scratch = Scratch::folder();
        let file = scratch.path().join("livestream.db");
        fs::copy(kept.join(format!("{version}.db")), &file).unwrap();
        let copy = scratch.path().join(format!("livestream.db.version-{version}"));
        assert_eq!(prepare(&file).unwrap(), None);
        assert_eq!(copy.exists(), version < MIGRATIONS.len(), "version {version}");
        check_version(&file).unwrap();
        let wanted = fs::read_to_string(kept.join(format!("{version}.txt"))).unwrap();
        assert_eq!(dump(&file).join("\n"), wanted.trim_end(), "version {version}");
    }
}

#[test]
fn a_copy_is_made_before_anything_is_changed() {
    let scratch = Scratch::folder();
    let file = scratch.path().join("livestream.db");
    prepare(&file).unwrap();
    let add = |file: &Path, name| {
        let connection = open(file, Synchronous::Full).unwrap();
        donation::add(&connection, std::time::SystemTime::UNIX_EPOCH, None, name, "").unwrap();
    };
    add(&file, "before");
    let newer = [&MIGRATIONS[..], &["ALTER TABLE donation ADD COLUMN sum INTEGER;"]].concat();
    bring_up_to_date(&file, &newer).unwrap();
    add(&file, "after");
    let copy = with_ending(&file, &format!(".version-{}", MIGRATIONS.len()));
    assert_eq!((dump(&copy).len(), dump(&file).len()), (1, 2));
    check_version(&copy).unwrap();
    assert!(matches!(check_version(&file), Err(Trouble::Newer { version: NEWER, .. })));
    assert!(matches!(prepare(&file), Err(Trouble::Newer { version: NEWER, .. })));
    assert_eq!(dump(&file).len(), 2, "a newer program's is left as it is");
}

#[test]
fn a_migration_that_fails_leaves_all_as_it_was() {
    let scratch = Scratch::folder();
    let file = scratch.path().join("livestream.db");
    prepare(&file).unwrap();
    let before = shape(&open(&file, Synchronous::Full).unwrap());
    let bad = [&MIGRATIONS[..], &["CREATE TABLE more (a INTEGER); SELECT nonsense;"]].concat();
    assert!(matches!(bring_up_to_date(&file, &bad), Err(Trouble::Database(_))));
    check_version(&file).unwrap();
    assert_eq!(shape(&open(&file, Synchronous::Full).unwrap()), before);
}

#[test]
fn what_is_no_database_is_set_aside_and_never_deleted() {
    let scratch = Scratch::folder();
    let file = scratch.path().join("livestream.db");
    let garbage = vec![0x5a; 70_000];
    fs::write(&file, &garbage).unwrap();
    let aside = prepare(&file).unwrap().unwrap();
    assert_eq!(fs::read(&aside).unwrap(), garbage);
    check_version(&file).unwrap();
    fs::write(&file, b"SQLite format 3\0 but nothing else of it").unwrap();
    let second = prepare(&file).unwrap().unwrap();
    assert_ne!(aside, second);
    assert!(aside.exists() && second.exists());
}

#[test]
fn a_database_with_damage_in_the_middle_is_set_aside() {
    let scratch = Scratch::folder();
    let file = scratch.path().join("livestream.db");
    prepare(&file).unwrap();
    let connection = open(&file, Synchronous::Normal).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    for number in 0..2000 {
        let at = std::time::SystemTime::UNIX_EPOCH;
        donation::add(&connection, at, None, &format!("{number}"), "a few words").unwrap();
    }
    connection.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(connection);
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0x33);
    fs::write(&file, &bytes).unwrap();
    let aside = prepare(&file).unwrap().unwrap();
    assert_eq!(fs::read(aside).unwrap(), bytes);
}

#[cfg(unix)]
#[test]
fn nobody_but_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::folder();
    let file = scratch.path().join("livestream.db");
    prepare(&file).unwrap();
    let connection = open(&file, Synchronous::Full).unwrap();
    donation::add(&connection, std::time::SystemTime::UNIX_EPOCH, None, "", "").unwrap();
    let copy = scratch.path().join("copy.db");
    copy_into(&connection, &copy).unwrap();
    for ending in [file.clone(), with_ending(&file, "-wal"), with_ending(&file, "-shm"), copy] {
        let mode = fs::metadata(&ending).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", ending.display());
    }
}

#[test]
#[ignore = "writes the file of this version, to be kept from then on"]
fn keep_this_version() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/store");
    let file = kept.join(format!("{}.db", MIGRATIONS.len()));
    prepare(&file).unwrap();
    let connection = open(&file, Synchronous::Full).unwrap();
    let at = std::time::SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_000_000_123);
    donation::add(&connection, at, None, "Ada", "Well done").unwrap();
    donation::add(&connection, at, Some("door"), "", "名前なし").unwrap();
    let kept = authority::KeptAuthority {
        name: "livestream on cam (0a1b)".into(),
        host: "cam".into(),
        certificate: vec![0x30, 1],
        key: vec![0x30, 2],
        until: at,
    };
    authority::put(&connection, &kept).unwrap();
    let names = "cam.local\n192.168.1.5\n".to_owned();
    let leaf = authority::KeptLeaf { certificate: vec![3], key: vec![4], names, from: at };
    authority::put_leaf(&connection, &leaf).unwrap();
    connection.execute_batch(include_str!("../../../tests/data/store/3.sql")).unwrap();
    connection.execute_batch(include_str!("../../../tests/data/store/4.sql")).unwrap();
    connection.execute_batch(include_str!("../../../tests/data/store/5.sql")).unwrap();
    connection.execute_batch(include_str!("../../../tests/data/store/6.sql")).unwrap();
    connection.execute_batch(include_str!("../../../tests/data/store/7.sql")).unwrap();
    connection.execute_batch(include_str!("../../../tests/data/store/8.sql")).unwrap();
    connection.execute_batch("PRAGMA journal_mode = DELETE").unwrap();
    fs::write(file.with_extension("txt"), dump(&file).join("\n") + "\n").unwrap();
    open(&file, Synchronous::Full).unwrap().execute_batch("PRAGMA journal_mode = DELETE").unwrap();
}

const NEWER: i64 = MIGRATIONS.len() as i64 + 1;
const OTHERS: [&str; 18] = [
    "installation",
    "account",
    "moderator",
    "session",
    "pass",
    "program",
    "ban",
    "journal",
    "identity",
    "message",
    "chat_rules",
    "upload",
    "title",
    "title_key",
    "key_use",
    "job",
    "step",
    "place",
];
const TYPES: [&str; 4] = ["INTEGER", "TEXT", "BLOB", "REAL"];
