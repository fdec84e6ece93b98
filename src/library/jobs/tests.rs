//! Who has which job.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use crate::base::scratch::Scratch;
use crate::store::job::{self, KeptJob, Outcome, State};
use crate::store::{Durability, Folder, Store};

struct House {
    store: Arc<Store>,
    _scratch: Scratch,
}

impl House {
    /// With titles 1 and 2 of one upload, and 3 of another.
    fn new() -> Self {
        let scratch = Scratch::folder();
        let folder = Folder::take(scratch.path(), "a test").unwrap();
        let store = Arc::new(Store::of_server(folder).unwrap());
        let house = Self { store, _scratch: scratch };
        house.change(|connection| {
            connection.execute_batch(
                "INSERT INTO upload VALUES \
                 (1, 'one', NULL, '', '', '', 5, 5, 0, 'received', 0, NULL), \
                 (2, 'two', NULL, '', '', '', 5, 5, 0, 'received', 0, NULL)",
            )?;
            for (id, upload) in [(1, 1), (2, 1), (3, 2)] {
                connection.execute(
                    "INSERT INTO title (id, name, upload, title, description, director, tags, watch, \
                     lines, generation, whole, made, changed) VALUES \
                     (?1, ?1, ?2, '', '', '', '', 'all', '', 0, 0, 0, 0)",
                    (id, upload),
                )?;
            }
            Ok(())
        });
        house
    }

    fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> T {
        self.store.change_now(Durability::Program, change).unwrap()
    }

    fn add(&self, title: u64, rank: u32, at: u64) -> u64 {
        self.change(move |connection| job::add(connection, title, ("publish", rank), time(at)))
    }

    fn claim(&self, worker: &'static str, at: u64) -> Option<KeptJob> {
        self.change(move |connection| job::claim(connection, worker, time(at), time(at + LEASE_S)))
    }

    fn finish(&self, job: &KeptJob, outcome: Outcome, at: u64) -> bool {
        let had = (job.id, job.token);
        self.change(move |connection| job::finish(connection, had, &outcome, time(at)))
    }

    fn find(&self, id: u64) -> KeptJob {
        self.store.read(|connection| job::find(connection, id)).unwrap().unwrap()
    }
}

fn time(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

const LEASE_S: u64 = 30;

#[test]
fn what_somebody_waits_for_is_first_and_no_upload_is_worked_on_twice() {
    let house = House::new();
    let later = house.add(3, 1, 0);
    let first = house.add(1, 0, 1);
    let same = house.add(2, 0, 2);
    let had = house.claim("a/0", 3).unwrap();
    assert_eq!((had.id, had.attempts, had.state), (first, 1, State::Running));
    assert_eq!(house.claim("a/1", 3).map(|job| job.id), Some(later), "the same upload waits");
    assert_eq!(house.claim("a/2", 3), None);
    assert!(house.finish(&had, Outcome::Done, 4));
    assert_eq!(house.claim("a/2", 4).map(|job| job.id), Some(same));
    assert_eq!(house.find(first).ended, Some(time(4)));
}

#[test]
fn who_lost_a_job_changes_nothing_any_more() {
    let house = House::new();
    let id = house.add(1, 0, 0);
    let lost = house.claim("a/0", 0).unwrap();
    assert_eq!(house.claim("b/0", LEASE_S - 1), None);
    let had = house.claim("b/0", LEASE_S).unwrap();
    assert_eq!((had.id, had.attempts), (id, 2));
    assert!(had.token > lost.token);
    let by = |job: &KeptJob| {
        let had = (job.id, job.token);
        house.change(move |connection| {
            let extended = job::extend(connection, had, 500, time(LEASE_S * 3))?;
            Ok((extended, job::begin_step(connection, had, "probe", time(40))?))
        })
    };
    assert_eq!(by(&lost), (false, false));
    assert!(!house.finish(&lost, Outcome::Failed("no".to_owned()), 41));
    assert_eq!(by(&had), (true, true));
    assert_eq!(house.claim("c/0", LEASE_S * 2 + 5), None, "the lease was extended");
    assert!(house.finish(&had, Outcome::Done, 50));
    assert!(!house.finish(&had, Outcome::Done, 51), "it is over");
}

#[test]
fn a_try_that_fails_is_begun_again_later_and_the_end_is_told() {
    let house = House::new();
    let id = house.add(1, 0, 0);
    let had = house.claim("a/0", 0).unwrap();
    assert!(house.finish(&had, Outcome::Again(time(100), "no room".to_owned()), 1));
    assert_eq!(house.claim("a/0", 99), None);
    assert_eq!(house.find(id).words, "no room");
    let had = house.claim("a/0", 100).unwrap();
    assert!(house.finish(&had, Outcome::PutBack, 101));
    let had = house.claim("a/0", 101).unwrap();
    assert_eq!(had.attempts, 2, "what was put back was no try");
    assert!(house.finish(&had, Outcome::Failed("it is no film".to_owned()), 102));
    assert_eq!(house.claim("a/0", 10_000), None);
    let retry = move |connection: &Connection| job::retry(connection, id, time(200));
    assert!(house.change(retry));
    assert!(!house.change(retry), "it waits already");
    let had = house.claim("a/0", 200).unwrap();
    assert_eq!((had.attempts, had.words.as_str()), (1, ""));
}

#[test]
fn what_is_cancelled_is_taken_from_who_has_it() {
    let house = House::new();
    let id = house.add(1, 0, 0);
    let had = house.claim("a/0", 0).unwrap();
    let cancel = move |connection: &Connection| job::cancel(connection, id, time(1));
    assert!(house.change(cancel));
    assert!(!house.change(cancel));
    assert!(!house.finish(&had, Outcome::Done, 2));
    assert_eq!(house.find(id).state, State::Cancelled);
    assert_eq!(house.claim("a/0", 10_000), None);
}

#[test]
fn jobs_of_a_run_that_ended_are_anybodys() {
    let house = House::new();
    house.add(1, 0, 0);
    house.add(3, 0, 0);
    house.claim("cam/0", 0).unwrap();
    house.claim("camera/0", 0).unwrap();
    let release = |connection: &Connection| job::release(connection, "cam/", time(1));
    assert_eq!(house.change(release), 1);
    let had = house.claim("cam/0", 1).unwrap();
    assert_eq!((had.title, had.attempts), (1, 1), "that was no try");
}

#[test]
fn steps_are_a_history_with_an_end() {
    let house = House::new();
    let id = house.add(1, 0, 0);
    let had = house.claim("a/0", 0).unwrap();
    let token = had.token;
    house.change(move |connection| {
        for at in 0..300 {
            assert!(job::begin_step(connection, (id, token), &format!("step {at}"), time(at))?);
        }
        Ok(())
    });
    house.finish(&had, Outcome::Failed("no".to_owned()), 400);
    let steps = house.store.read(|connection| job::steps(connection, id)).unwrap();
    assert_eq!(steps.len(), 200);
    assert!(steps.windows(2).all(|pair| pair[0].ended == Some(pair[1].began)));
    let last = steps.last().unwrap();
    assert_eq!((last.name.as_str(), last.words.as_str()), ("step 299", "no"));
    assert_eq!(last.ended, Some(time(400)));
}

#[test]
fn claims_at_once_give_each_job_to_one() {
    let house = House::new();
    for at in 0..200 {
        house.change(move |connection| {
            connection.execute(
                "INSERT INTO title (id, name, title, description, director, tags, watch, lines, \
                 generation, whole, made, changed) VALUES (?1, ?1, '', '', '', '', 'all', '', 0, 0, 0, 0)",
                [100 + at],
            )?;
            job::add(connection, u64::try_from(100 + at).unwrap(), ("publish", 0), time(0))
        });
    }
    let claim = || {
        let mut had = Vec::new();
        while let Some(job) = house.claim("a", 0) {
            had.push(job.id);
        }
        had
    };
    let mut all: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(claim)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    all.sort_unstable();
    let count = all.len();
    all.dedup();
    assert_eq!((all.len(), count), (200, 200));
}
