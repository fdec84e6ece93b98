//! Changes in their order, each told once it is stored, and listeners.

use crossbeam_channel::unbounded;

use super::*;
use crate::base::scratch::Scratch;
use crate::store::{Folder, Store};

fn store(scratch: &Scratch) -> Store {
    Store::of_server(Folder::take(scratch.path(), "a test").unwrap()).unwrap()
}

fn names(store: &Store) -> Vec<String> {
    let read = |connection: &Connection| {
        let mut found = connection.prepare("SELECT name FROM donation ORDER BY id")?;
        found.query_map((), |row| row.get(0))?.collect()
    };
    store.read(read).unwrap()
}

fn insert(name: String) -> impl FnOnce(&Connection) -> rusqlite::Result<()> + Send {
    move |connection| {
        let insert = "INSERT INTO donation (at, name, message) VALUES (1, ?1, '')";
        connection.execute(insert, [name]).map(drop)
    }
}

#[test]
fn changes_are_stored_in_their_order_and_told_after_that() {
    let scratch = Scratch::folder();
    let store = Arc::new(store(&scratch));
    let (sender, told) = unbounded();
    for number in 0..300 {
        let durability = if number % 3 == 0 { Durability::Machine } else { Durability::Program };
        let (sender, reader) = (sender.clone(), Arc::clone(&store));
        let done = move |outcome: Result<(), NotKept>| {
            let there = names(&reader).contains(&number.to_string());
            sender.send((number, outcome, there)).unwrap();
        };
        store.change(durability, insert(number.to_string()), done).unwrap();
    }
    for number in 0..300 {
        assert_eq!(told.recv().unwrap(), (number, Ok(()), true));
    }
    let expected: Vec<String> = (0..300).map(|number| number.to_string()).collect();
    assert_eq!(names(&store), expected);
}

#[test]
fn a_change_that_fails_undoes_itself_alone() {
    let scratch = Scratch::folder();
    let store = store(&scratch);
    let (sender, told) = unbounded();
    for (name, good) in [("one", true), ("two", false), ("three", true)] {
        let insert = insert(name.to_owned());
        let change = move |connection: &Connection| {
            insert(connection)?;
            let after = if good { "SELECT 1" } else { "SELECT nonsense" };
            connection.query_row(after, (), |row| row.get::<_, i64>(0))
        };
        let sender = sender.clone();
        let done = move |outcome: Result<i64, NotKept>| sender.send(outcome.is_ok()).unwrap();
        store.change(Durability::Program, change, done).unwrap();
    }
    let told: Vec<bool> = (0..3).map(|_| told.recv().unwrap()).collect();
    assert_eq!(told, [true, false, true]);
    assert_eq!(names(&store), ["one", "three"]);
}

#[test]
fn what_waits_at_the_end_is_stored_and_nothing_is_taken_after_it() {
    let scratch = Scratch::folder();
    let store = store(&scratch);
    let (sender, told) = unbounded();
    for number in 0..50 {
        let sender = sender.clone();
        let done = move |outcome: Result<(), NotKept>| sender.send(outcome).unwrap();
        store.change(Durability::Machine, insert(number.to_string()), done).unwrap();
    }
    store.close();
    assert_eq!(told.try_iter().collect::<Vec<_>>(), vec![Ok(()); 50]);
    let late = store.change(Durability::Program, insert("late".into()), |_| panic!("it is told"));
    assert_eq!(late, Err(NotKept::Ending));
}

#[cfg(unix)]
#[test]
fn nothing_is_said_to_be_stored_where_the_folder_is_gone() {
    let scratch = Scratch::folder();
    let store = store(&scratch);
    let (sender, told) = unbounded();
    let tell = |sender: &Sender<Result<(), NotKept>>| {
        let sender = sender.clone();
        move |outcome: Result<(), NotKept>| sender.send(outcome).unwrap()
    };
    store.change(Durability::Machine, insert("one".into()), tell(&sender)).unwrap();
    assert_eq!(told.recv().unwrap(), Ok(()));
    std::fs::remove_dir_all(scratch.path()).unwrap();
    store.change(Durability::Machine, insert("two".into()), tell(&sender)).unwrap();
    assert_eq!(told.recv().unwrap(), Err(NotKept::Gone));
}

#[test]
fn listeners_hear_of_changes_by_others_and_by_itself() {
    let scratch = Scratch::folder();
    let store = store(&scratch);
    let (sender, heard) = unbounded();
    store.on_change(move |connection| {
        let count = "SELECT count(*) FROM donation";
        sender.send(connection.query_row(count, (), |row| row.get::<_, i64>(0)).unwrap()).unwrap();
    });
    store.change(Durability::Program, insert("own".into()), |_| ()).unwrap();
    assert_eq!(heard.recv().unwrap(), 1);
    let beside = Store::beside_server(scratch.path()).unwrap();
    beside.change(Durability::Machine, insert("other's".into()), |_| ()).unwrap();
    assert_eq!(heard.recv().unwrap(), 2);
}
