//! All titles as they were stored last, in memory: to be looked up and searched without a disk.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use super::searched::Searched;
use crate::library::Who;
use crate::store::title::{self, KeptTitle};

/// The titles.
#[derive(Default)]
pub struct Shelf {
    /// The oldest first.
    all: Vec<Arc<Title>>,
    by_name: HashMap<String, usize>,
    pub(super) edition: Edition,
}

/// How many titles there are, of how many owners and uploads, and the newest of them.
pub(super) type Edition = [i64; 5];

/// A title, as it is stored and as it is searched.
pub struct Title {
    /// As it is stored.
    pub kept: KeptTitle,
    pub(super) searched: Searched,
}

impl Shelf {
    /// Reads all of them.
    ///
    /// # Errors
    ///
    /// The database's.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let edition = Self::edition(connection)?;
        Ok(Self { edition, ..Self::of(title::all(connection)?) })
    }

    pub(super) fn of(all: Vec<KeptTitle>) -> Self {
        let by_name = all.iter().enumerate().map(|(at, kept)| (kept.name.clone(), at)).collect();
        let title = |kept: KeptTitle| {
            let searched = Searched::of(&kept.details);
            Arc::new(Title { kept, searched })
        };
        Self { all: all.into_iter().map(title).collect(), by_name, edition: Edition::default() }
    }

    /// What is another whenever a title is.
    ///
    /// # Errors
    ///
    /// The database's.
    pub(super) fn edition(connection: &Connection) -> rusqlite::Result<Edition> {
        let select = "SELECT count(*), count(owner), count(upload), coalesce(max(id), 0), \
                      coalesce(max(changed), 0) FROM title";
        connection.query_row(select, (), |row| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?])
        })
    }

    /// All, the oldest first.
    pub(super) fn all(&self) -> &[Arc<Title>] {
        &self.all
    }

    /// The one of this number.
    pub(crate) fn find(&self, id: u64) -> Option<&Arc<Title>> {
        let at = self.all.binary_search_by_key(&id, |title| title.kept.id).ok()?;
        self.all.get(at)
    }

    /// The one of this name.
    pub(super) fn named(&self, name: &str) -> Option<&Arc<Title>> {
        self.all.get(*self.by_name.get(name)?)
    }
}

impl Title {
    /// Whether it can be played, here or elsewhere.
    pub fn is_playable(&self) -> bool {
        self.kept.shown.generation > 0 || self.kept.url.is_some()
    }

    /// Whether somebody, who may watch at all, may watch this one or learn that it is there. Whose it
    /// is sees it being made.
    pub fn is_for(&self, who: Who) -> bool {
        let of_watch = match self.kept.watch.as_str() {
            "all" => true,
            "members" => who.account.is_some(),
            _ => false,
        };
        self.is_changed_by(who) || (of_watch && self.is_playable())
    }

    /// Whether somebody may change it.
    pub fn is_changed_by(&self, who: Who) -> bool {
        who.owns(self.kept.owner)
    }
}
