//! Who may see the work and steer it.

use std::fmt;
use std::sync::Arc;

use rusqlite::Connection;

use super::super::Who;
use super::super::catalogue::{Catalogue, Title};
use crate::base::clock::Clock;
use crate::store::job::{self, KeptJob, KeptStep};
use crate::store::{Durability, NotKept, Store, Trouble};

/// Where jobs are asked about. All of it waits for the store, and is for workers.
pub struct Desk {
    store: Arc<Store>,
    clock: Clock,
    catalogue: Arc<Catalogue>,
}

/// A job as it is shown.
pub struct Job {
    /// As it is stored.
    pub kept: KeptJob,
    /// What is made.
    pub title: Arc<Title>,
    /// What was done, the first first.
    pub steps: Vec<KeptStep>,
}

/// Why something is not done with a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There is no such job, or it is not for who asks.
    NoSuch,
    /// It is over.
    Over,
    /// It did not fail, and was not cancelled.
    NotOver,
    /// The store does not take it.
    NotKept(String),
}

impl Desk {
    /// For the jobs on the titles of a catalogue.
    pub fn new(store: &Arc<Store>, clock: &Clock, catalogue: &Arc<Catalogue>) -> Self {
        let (store, clock) = (Arc::clone(store), clock.clone());
        Self { store, clock, catalogue: Arc::clone(catalogue) }
    }

    /// The jobs that who asks may see, the newest first: of its own titles, or all if it may `work`.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the store cannot be read.
    pub fn list(&self, who: Who, works: bool) -> Result<Vec<Job>, Refused> {
        let shelf = self.catalogue.shelf();
        let mut jobs = Vec::new();
        self.store.read(|connection| {
            for kept in job::all(connection)? {
                let title = shelf.find(kept.title);
                if let Some(title) = title.filter(|title| works || title.is_changed_by(who)) {
                    let steps = job::steps(connection, kept.id)?;
                    jobs.push(Job { kept, title: Arc::clone(title), steps });
                }
                if jobs.len() >= MOST_SHOWN {
                    break;
                }
            }
            Ok(())
        })?;
        Ok(jobs)
    }

    /// The job of this number.
    ///
    /// # Errors
    ///
    /// [`Refused::NoSuch`] also for who may not see it.
    pub fn find(&self, id: u64, who: Who, works: bool) -> Result<Job, Refused> {
        let shelf = self.catalogue.shelf();
        let found = self.store.read(|connection| {
            Ok(job::find(connection, id)?.zip(Some(job::steps(connection, id)?)))
        })?;
        let (kept, steps) = found.ok_or(Refused::NoSuch)?;
        let title = shelf.find(kept.title).filter(|title| works || title.is_changed_by(who));
        let title = Arc::clone(title.ok_or(Refused::NoSuch)?);
        Ok(Job { kept, title, steps })
    }

    /// The newest job on a title, whoever asks: who may know of the title may know how it stands.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the store cannot be read.
    pub fn newest_of(&self, title: u64) -> Result<Option<KeptJob>, Refused> {
        let jobs = self.store.read(job::all)?;
        Ok(jobs.into_iter().find(|kept| kept.title == title))
    }

    /// Ends a job that waits or is done: what it published stays.
    ///
    /// # Errors
    ///
    /// [`Refused::Over`] if it ended already.
    pub fn cancel(&self, id: u64, who: Who, works: bool) -> Result<(), Refused> {
        let now = self.clock.wall();
        self.steer(id, who, works, Refused::Over, move |connection| {
            job::cancel(connection, id, now)
        })
    }

    /// Has a job tried again that failed or was cancelled.
    ///
    /// # Errors
    ///
    /// [`Refused::NotOver`] if it did not.
    pub fn retry(&self, id: u64, who: Who, works: bool) -> Result<(), Refused> {
        let now = self.clock.wall();
        self.steer(id, who, works, Refused::NotOver, move |connection| {
            job::retry(connection, id, now)
        })
    }

    fn steer(
        &self,
        id: u64,
        who: Who,
        works: bool,
        refused: Refused,
        change: impl FnOnce(&Connection) -> rusqlite::Result<bool> + Send + 'static,
    ) -> Result<(), Refused> {
        self.find(id, who, works)?;
        match self.store.change_now(Durability::Program, change)? {
            true => Ok(()),
            false => Err(refused),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuch => f.write_str("there is no such job"),
            Self::Over => f.write_str("the job is over"),
            Self::NotOver => f.write_str("only what failed or was cancelled is tried again"),
            Self::NotKept(why) => write!(f, "it cannot be kept: {why}"),
        }
    }
}

impl From<NotKept> for Refused {
    fn from(why: NotKept) -> Self {
        Self::NotKept(why.to_string())
    }
}

impl From<Trouble> for Refused {
    fn from(why: Trouble) -> Self {
        Self::NotKept(why.to_string())
    }
}

/// More do not help who looks.
const MOST_SHOWN: usize = 500;
