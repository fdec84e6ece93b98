//! The catalogue: what can be watched here, or will be, and what is said of it.
//!
//! ```text
//! create ──► title, its key, its first job: one transaction ──► the shelf, in memory
//! find, search ──► the shelf: no disk, for lanes            ──► who follows what changes
//! ```
//!
//! Who asks ([`Who`]) learns of a title only what that one may: what is not for it is not there. What
//! changes anything waits for the store, and is for workers; looking up waits for nothing.

mod key;
mod poster;
mod refused;
mod search;
mod searched;
mod shelf;
#[cfg(test)]
mod tests;
mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use log::warn;
use parking_lot::Mutex;
use rusqlite::Connection;

use super::Who;
use crate::base::clock::Clock;
use crate::proto::cenc::{Key, Protection};
use crate::store::account::AccountId;
use crate::store::place::{self, KeptPlace};
use crate::store::title::{self, Details, KeptTitle, Shown};
use crate::store::upload::{self, KeptUpload};
use crate::store::{Durability, Store, job};

pub(in crate::library) use key::protection;
pub use key::{Protects, SecretWish};
pub use refused::Refused;
pub use search::{Order, Wish};
pub use shelf::{Shelf, Title};
pub use words::{BadDetails, clean};

/// The titles of a server.
pub struct Catalogue {
    store: Arc<Store>,
    clock: Clock,
    folder: PathBuf,
    held: Arc<Held>,
}

/// The shelf, and who is told that it is another.
#[derive(Default)]
struct Held {
    /// Held only to be copied or replaced.
    shelf: Mutex<Arc<Shelf>>,
    bells: Mutex<Vec<Box<dyn Fn() + Send + Sync>>>,
}

/// A title that is to come.
#[derive(Debug, Clone, Default)]
pub struct New {
    /// What is said of it.
    pub details: Details,
    /// Who may watch it.
    pub watch: Watch,
    /// What it is made of, by the name of the upload.
    pub upload: Option<String>,
    /// A manifest elsewhere.
    pub url: Option<String>,
    /// How it is to be encrypted.
    pub secret: Option<SecretWish>,
    /// A JPEG that stands for it, as somebody sent it.
    pub poster: Option<Vec<u8>>,
}

/// Who may watch a title, of those who may watch at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Watch {
    /// All of them.
    #[default]
    All,
    /// Who has an account.
    Members,
    /// Whose it is, and hosts.
    Owner,
}

impl Watch {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::All, Self::Members, Self::Owner];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Members => "members",
            Self::Owner => "owner",
        }
    }

    /// The one that is written so.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|watch| watch.as_str() == word)
    }
}

impl Held {
    /// Reads all anew if another program changed any, and tells who follows.
    fn follow(&self, connection: &Connection) {
        let edition = self.shelf.lock().edition;
        if Shelf::edition(connection).is_ok_and(|now| now == edition) {
            return;
        }
        match Shelf::read(connection) {
            Ok(shelf) => {
                *self.shelf.lock() = Arc::new(shelf);
                self.bells.lock().iter().for_each(|bell| bell());
            }
            Err(error) => warn!("the catalogue cannot be read: {error}"),
        }
    }
}

impl Catalogue {
    /// The titles of a store, whose files lie in `folder`.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the store cannot be read.
    pub fn open(store: &Arc<Store>, clock: &Clock, folder: PathBuf) -> Result<Arc<Self>, Refused> {
        let held = Arc::<Held>::default();
        *held.shelf.lock() = Arc::new(store.read(Shelf::read)?);
        // The store has the listener, which must not keep the store in turn.
        let of_listener = Arc::clone(&held);
        store.on_change(move |connection| of_listener.follow(connection));
        let (store, clock) = (Arc::clone(store), clock.clone());
        Ok(Arc::new(Self { store, clock, folder, held }))
    }

    /// Where the files of all titles lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the files of one title lie.
    pub fn folder_of(&self, kept: &KeptTitle) -> PathBuf {
        self.folder.join(&kept.name)
    }

    /// All titles as they were stored last.
    pub fn shelf(&self) -> Arc<Shelf> {
        Arc::clone(&self.held.shelf.lock())
    }

    /// Has `bell` called whenever a title is another.
    pub fn on_change(&self, bell: impl Fn() + Send + Sync + 'static) {
        self.held.bells.lock().push(Box::new(bell));
    }

    /// The title of this number, if it is for who asks.
    pub fn find(&self, id: u64, who: Who) -> Option<Arc<Title>> {
        self.shelf().find(id).filter(|title| title.is_for(who)).cloned()
    }

    /// The title whose folder is called so, if it is for who asks.
    pub fn named(&self, name: &str, who: Who) -> Option<Arc<Title>> {
        self.shelf().named(name).filter(|title| title.is_for(who)).cloned()
    }

    /// The number of the newest title that was made of an upload, if it is for who asks.
    pub fn made_of(&self, upload: u64, who: Who) -> Option<u64> {
        let shelf = self.shelf();
        let mut newest_first = shelf.all().iter().rev().filter(|title| title.is_for(who));
        let found = newest_first.find(|title| title.kept.upload == Some(upload));
        found.map(|title| title.kept.id)
    }

    /// The titles that are for who asks and fit its wish, in the order that it wishes.
    pub fn search(&self, wish: &Wish, who: Who) -> Vec<Arc<Title>> {
        let shelf = self.shelf();
        let titles = shelf.all().iter().filter(|title| title.is_for(who)).cloned().collect();
        search::search(titles, wish)
    }

    /// The keys of these names, of titles that are for who asks: names and keys, in their order. Waits
    /// for the disk.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the store cannot be read.
    pub fn keys(&self, kids: &[Key], who: Who) -> Result<Vec<(Key, Key)>, Refused> {
        let shelf = self.shelf();
        let is_for = |id: u64| shelf.find(id).is_some_and(|title| title.is_for(who));
        let found = self.store.read(|connection| {
            let mut found = Vec::new();
            for kid in kids {
                let mut of_it = title::of_kid(connection, &kid.0)?.into_iter();
                found.extend(of_it.find(|(id, _)| is_for(*id)).map(|(_, key)| (*kid, Key(key))));
            }
            Ok(found)
        });
        Ok(found?)
    }

    /// By what a title is decrypted for who may watch it, and what of it, where that is allowed. Waits for the disk.
    ///
    /// # Errors
    ///
    /// [`Refused::NotEncrypted`] if there is nothing to decrypt, or that is not allowed.
    pub fn protection(&self, title: &Title) -> Result<(Protection, Protects), Refused> {
        let kept = &title.kept;
        let key = self.store.read(|connection| title::key(connection, kept.id))?;
        let key = key.filter(|_| kept.decrypts).ok_or(Refused::NotEncrypted)?;
        Ok((protection(&key), Protects::parse(&key.protects)))
    }

    /// Adds a title; what is made of an upload gets its first job.
    ///
    /// # Errors
    ///
    /// [`Refused`]; nothing of it is kept then.
    pub fn create(&self, new: New, who: Who) -> Result<KeptTitle, Refused> {
        let details = words::clean(&new.details)?;
        if new.url.as_deref().is_some_and(|url| !words::is_manifest(url)) {
            return Err(BadDetails::Url.into());
        }
        let poster = new.poster.as_deref().map(poster::cleaned).transpose()?;
        let key = new.secret.as_ref().map(SecretWish::to_key);
        let now = self.clock.wall();
        let kept = KeptTitle {
            id: 0,
            name: String::new(),
            owner: who.account,
            upload: None,
            details,
            watch: new.watch.as_str().to_owned(),
            has_poster: poster.is_some(),
            url: new.url,
            shown: Shown::default(),
            scheme: key.as_ref().map(|(key, _)| key.scheme.clone()),
            decrypts: false,
            made: now,
            changed: now,
        };
        let upload = new.upload;
        let add = move |connection: &Connection| {
            if title::all(connection)?.len() >= MOST_TITLES {
                return Ok(Err(Refused::TooMany(MOST_TITLES)));
            }
            let mut kept = kept;
            if let Some(name) = &upload {
                match of_upload(upload::find(connection, name)?, who) {
                    Ok(id) => kept.upload = Some(id),
                    Err(refused) => return Ok(Err(refused)),
                }
            }
            if let Some((key, _)) = &key
                && title::of_kid(connection, &key.kid)?.iter().any(|(_, other)| *other != key.key)
            {
                return Ok(Err(Refused::KeyId));
            }
            kept.name = free_name(connection)?;
            kept.id = title::add(connection, &kept, poster.as_deref())?;
            if let Some((key, hash)) = &key {
                title::add_key(connection, kept.id, key, hash)?;
            }
            if kept.upload.is_some() {
                job::add(connection, kept.id, PUBLISH, now)?;
            }
            Ok(Ok(kept))
        };
        self.change(add)?
    }

    /// Stores what is said of a title, and who may watch it.
    ///
    /// # Errors
    ///
    /// [`Refused`]; nothing is changed then.
    pub fn describe(
        &self,
        id: u64,
        who: Who,
        details: &Details,
        watch: Watch,
    ) -> Result<(), Refused> {
        let details = words::clean(details)?;
        self.own(id, who)?;
        let now = self.clock.wall();
        self.change(move |connection| {
            there(title::describe(connection, id, &details, watch.as_str(), now)?)
        })?
    }

    /// Stores a JPEG that stands for a title, made small and encoded anew; without one it is a picture
    /// out of it again.
    ///
    /// # Errors
    ///
    /// [`Refused`]; nothing is changed then.
    pub fn set_poster(&self, id: u64, who: Who, jpeg: Option<Vec<u8>>) -> Result<(), Refused> {
        self.own(id, who)?;
        let jpeg = jpeg.as_deref().map(poster::cleaned).transpose()?;
        let now = self.clock.wall();
        self.change(move |connection| {
            there(title::set_poster(connection, id, jpeg.as_deref(), now)?)
        })?
    }

    /// The picture of its own that stands for a title. Waits for the disk.
    ///
    /// # Errors
    ///
    /// [`Refused`] if there is none.
    pub fn poster(&self, id: u64, who: Who) -> Result<Vec<u8>, Refused> {
        self.find(id, who).ok_or(Refused::NoSuch)?;
        self.store.read(|connection| title::poster(connection, id))?.ok_or(Refused::NoSuch)
    }

    /// Whether the server decrypts a title for who may watch it and has no way to.
    ///
    /// # Errors
    ///
    /// [`Refused`]; [`Refused::NotEncrypted`] if there is nothing to decrypt.
    pub fn set_decrypts(&self, id: u64, who: Who, decrypts: bool) -> Result<(), Refused> {
        self.own(id, who)?;
        let now = self.clock.wall();
        self.change(move |connection| {
            let has_key = title::set_decrypts(connection, id, decrypts, now)?;
            Ok(if has_key { Ok(()) } else { Err(Refused::NotEncrypted) })
        })?
    }

    /// Deletes a title, its key and its jobs; its files go with the next look at the folder.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub fn delete(&self, id: u64, who: Who) -> Result<(), Refused> {
        self.own(id, who)?;
        self.change(move |connection| there(title::delete(connection, id)?))?
    }

    /// Where somebody is in the titles that are for it, the last that was watched first. Waits for the
    /// disk.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the store cannot be read.
    pub fn places(&self, account: AccountId, who: Who) -> Result<Vec<KeptPlace>, Refused> {
        let mut places = self.store.read(|connection| place::of(connection, account))?;
        let shelf = self.shelf();
        places.retain(|place| shelf.find(place.title).is_some_and(|title| title.is_for(who)));
        Ok(places)
    }

    /// Notes where somebody is in a title; at its beginning or its end that is forgotten.
    ///
    /// # Errors
    ///
    /// [`Refused`] if there is no such title, or the store does not take it.
    pub fn note_place(
        &self,
        id: u64,
        account: AccountId,
        who: Who,
        at_ms: u64,
    ) -> Result<(), Refused> {
        let title = self.find(id, who).ok_or(Refused::NoSuch)?;
        let end = title.kept.shown.length_ms.unwrap_or(u64::MAX).saturating_sub(NEAR_MS);
        let is_within = at_ms >= NEAR_MS && at_ms < end;
        let now = self.clock.wall();
        // No title is another by that: nothing is read anew.
        let note = move |connection: &Connection| match is_within {
            true => place::put(connection, account, id, at_ms, now),
            false => place::forget(connection, account, id),
        };
        Ok(self.store.change_now(Durability::Program, note)?)
    }

    /// The title, if who asks may change it.
    fn own(&self, id: u64, who: Who) -> Result<Arc<Title>, Refused> {
        let title = self.find(id, who).ok_or(Refused::NoSuch)?;
        if title.is_changed_by(who) { Ok(title) } else { Err(Refused::NotYours) }
    }

    /// Changes something, and reads all anew in the same transaction: what is shown was stored.
    fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Refused> {
        let outcome = self.store.change_now(Durability::Program, move |connection| {
            Ok((change(connection)?, Shelf::read(connection)?))
        });
        let (outcome, shelf) = outcome?;
        *self.held.shelf.lock() = Arc::new(shelf);
        self.held.bells.lock().iter().for_each(|bell| bell());
        Ok(outcome)
    }
}

/// The number of an upload, if a title can be made of it.
fn of_upload(found: Option<KeptUpload>, who: Who) -> Result<u64, Refused> {
    let kept = found.filter(|kept| who.brought(kept.owner));
    let kept = kept.ok_or(Refused::NoUpload)?;
    match kept.state {
        upload::State::Received => Ok(kept.id),
        upload::State::Coming => Err(Refused::Unfinished),
    }
}

/// A name that no title has.
fn free_name(connection: &Connection) -> rusqlite::Result<String> {
    loop {
        let mut bytes = [0; 6];
        getrandom::fill(&mut bytes).expect("the system has random numbers");
        let name: String = bytes
            .iter()
            .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
            .collect();
        let taken = "SELECT count(*) > 0 FROM title WHERE name = ?1";
        if !connection.query_row(taken, [&name], |row| row.get::<_, bool>(0))? {
            return Ok(name);
        }
    }
}

fn there(is_there: bool) -> rusqlite::Result<Result<(), Refused>> {
    Ok(if is_there { Ok(()) } else { Err(Refused::NoSuch) })
}

/// What a title's first job is called, and its rank: somebody waits for it.
pub const PUBLISH: (&str, u32) = ("publish", 0);
/// What the job after it is called, which makes the other renditions.
pub const LADDER: (&str, u32) = ("ladder", 1);

/// Without those that are taken for others: 32 of them.
const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// They are held in memory, and read anew with each change.
const MOST_TITLES: usize = 20_000;
/// From the beginning and the end: who is there does not want to go on from there.
const NEAR_MS: u64 = 5000;
