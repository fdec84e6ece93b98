//! Copies, and what comes back of them.

use std::time::SystemTime;

use super::*;
use crate::base::scratch::Scratch;
use crate::store::{Durability, NotKept, Store, donation};

fn give(store: &Store, name: &'static str) {
    let (sender, told) = crossbeam_channel::bounded(1);
    let change = move |connection: &rusqlite::Connection| {
        donation::add(connection, SystemTime::UNIX_EPOCH, None, name, "")
    };
    let done = move |outcome: Result<u64, NotKept>| sender.send(outcome).unwrap();
    store.change(Durability::Program, change, done).unwrap();
    told.recv().unwrap().unwrap();
}

fn names(store: &Store) -> Vec<String> {
    store.read(donation::all).unwrap().into_iter().map(|donation| donation.name).collect()
}

fn take(scratch: &Scratch) -> Folder {
    Folder::take(&scratch.path().join("data"), "a test").unwrap()
}

#[test]
fn a_backup_beside_a_server_comes_back() {
    let scratch = Scratch::folder();
    let (folder, copy) = (scratch.path().join("data"), scratch.path().join("copy"));
    let store = Store::of_server(take(&scratch)).unwrap();
    give(&store, "kept");
    backup(&folder, &copy).unwrap();
    assert!(matches!(backup(&folder, &copy), Err(Trouble::Exists(_))));
    give(&store, "later");
    store.close();
    drop(store);
    let taken = take(&scratch);
    let aside = restore(&taken, &copy).unwrap().unwrap();
    let store = Store::of_server(taken).unwrap();
    assert_eq!(names(&store), ["kept"]);
    assert!(aside.exists(), "what was there is not deleted");
}

#[test]
fn what_is_no_backup_changes_nothing() {
    let scratch = Scratch::folder();
    let store = Store::of_server(take(&scratch)).unwrap();
    give(&store, "kept");
    drop(store);
    let taken = take(&scratch);
    for bytes in [&b""[..], b"no database", &[7; 9000]] {
        let copy = scratch.write("bad", bytes);
        let trouble = restore(&taken, &copy).unwrap_err();
        assert!(matches!(&trouble, Trouble::Unreadable(file) if *file == copy), "{trouble}");
    }
    let missing = scratch.path().join("missing");
    assert!(matches!(restore(&taken, &missing), Err(Trouble::Missing(_))));
    let left: Vec<_> = fs::read_dir(taken.path()).unwrap().map(|entry| entry.unwrap()).collect();
    assert!(left.iter().all(|entry| !entry.path().to_string_lossy().contains("arriving")));
    assert_eq!(names(&Store::of_server(taken).unwrap()), ["kept"]);
}

#[test]
fn a_new_folder_takes_a_backup_too() {
    let scratch = Scratch::folder();
    let store = Store::of_server(take(&scratch)).unwrap();
    give(&store, "kept");
    let copy = scratch.path().join("copy");
    backup(&scratch.path().join("data"), &copy).unwrap();
    let taken = Folder::take(&scratch.path().join("other"), "a test").unwrap();
    assert_eq!(restore(&taken, &copy).unwrap(), None);
    assert_eq!(names(&Store::of_server(taken).unwrap()), ["kept"]);
}

#[test]
fn a_database_that_was_not_closed_comes_back_with_its_last_changes() {
    let scratch = Scratch::folder();
    let store = Store::of_server(take(&scratch)).unwrap();
    give(&store, "last");
    let data = scratch.path().join("data");
    let copy = scratch.path().join("killed.db");
    for ending in ["", "-wal"] {
        let from = database::with_ending(&data.join(FILE), ending);
        fs::copy(from, database::with_ending(&copy, ending)).unwrap();
    }
    let taken = Folder::take(&scratch.path().join("other"), "a test").unwrap();
    restore(&taken, &copy).unwrap();
    assert_eq!(names(&Store::of_server(taken).unwrap()), ["last"]);
}

#[test]
fn another_programs_database_is_none() {
    let scratch = Scratch::folder();
    let taken = take(&scratch);
    for version in [0, 1] {
        let copy = scratch.path().join(format!("other-{version}.db"));
        let other = rusqlite::Connection::open(&copy).unwrap();
        other.execute_batch("CREATE TABLE x (a)").unwrap();
        other.pragma_update(None, "user_version", version).unwrap();
        drop(other);
        assert!(matches!(restore(&taken, &copy), Err(Trouble::Unreadable(_))), "{version}");
        fs::copy(&copy, taken.path().join(FILE)).unwrap();
        assert!(database::prepare(&taken.path().join(FILE)).unwrap().is_some(), "{version}");
    }
}

#[test]
fn without_a_database_there_is_no_backup() {
    let scratch = Scratch::folder();
    let missing = backup(scratch.path(), &scratch.path().join("copy"));
    assert!(matches!(missing, Err(Trouble::Missing(_))));
}
