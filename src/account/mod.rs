//! Who may: accounts, the browsers and programs that are signed in to them, and what each may do.
//!
//! ```text
//! request ──► who asks ([`Caller`]) ──► what it may ([`Capability`]) ──► the web's or RTSP's gate
//!                    └─ looked up in the [`Book`], which is what is stored, in memory
//! change ───► store ──► a new book ──► whoever holds something looks whether it still may
//! ```
//!
//! Rules, and no sockets. A change is in the book as soon as it is stored and not before; what
//! another program changed is in it within a second. No secret is kept as it is: of passwords there
//! is `argon2id` ([`password`]), of all others, which nobody can guess, SHA-256 ([`secret`]).

mod actor;
mod bans;
mod book;
mod caller;
mod capability;
mod changes;
mod export;
mod guesses;
mod hasher;
mod identity;
mod name;
mod password;
mod refused;
mod rooms;
mod secret;
mod sign_in;
mod staging;
mod vouched;
mod whence;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::bounded;
use log::{debug, warn};
use parking_lot::Mutex;
use rusqlite::Connection;

use crate::base::clock::Clock;
use crate::base::rate::{Rate, Rates};
use crate::store::account::AccountId;
use crate::store::{Durability, NotKept, Store, installation};
use guesses::Guesses;
use hasher::Hasher;

pub use actor::{Actor, Browser};
pub use bans::Whom;
pub use book::{Account, Book};
pub use caller::{Caller, Credential};
pub use capability::{Capabilities, Capability};
pub use changes::{Made, MadeDevice, Ruling};
pub use guesses::SlowDown;
pub use hasher::Asker;
pub use name::{BadName, Looks, Name};
pub use password::{Password, WeakPassword};
pub use refused::Refused;
pub use rooms::{Circle, RoomRules, Stage};
pub use secret::{hash_of, random_text};
pub use sign_in::{Attempt, SignedIn};
pub use vouched::Vouched;
pub use whence::Whence;

/// How accounts come to be that no host makes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SignUp {
    /// Not at all.
    Off,
    /// By a host's invitation.
    #[default]
    Invitation,
    /// Whoever wants one makes it.
    Open,
}

/// The accounts of this server.
pub struct Accounts {
    store: Arc<Store>,
    clock: Clock,
    /// How accounts come to be.
    pub sign_up: SignUp,
    shelf: Arc<Shelf>,
    hasher: Hasher,
    guesses: Mutex<Guesses>,
    /// How often somebody makes a device or a token of its own.
    own_changes: Mutex<Rates<AccountId>>,
}

/// Where the book lies.
struct Shelf {
    /// Held only to be copied or replaced.
    book: Mutex<Arc<Book>>,
    /// The book's, to be compared without the lock.
    revision: AtomicU64,
}

impl Accounts {
    /// Those of a store, which gets a name if it has none.
    ///
    /// # Errors
    ///
    /// A line that says what is wrong: with the database, or the system.
    pub fn open(store: &Arc<Store>, clock: &Clock, sign_up: SignUp) -> Result<Arc<Self>, String> {
        let (name, watch_key) = (random_text::<5>(), random_text::<16>());
        let named = move |connection: &_| {
            installation::name(connection, &name, &watch_key)?;
            Book::read(connection)
        };
        let book = store.change_now(Durability::Machine, named);
        let book = book.map_err(|error| error.to_string())?;
        let hasher = Hasher::new();
        let revision = AtomicU64::new(book.revision);
        let shelf = Arc::new(Shelf { revision, book: Mutex::new(Arc::new(book)) });
        // The store has the listener, which must not keep the store in turn.
        let of_listener = Arc::clone(&shelf);
        store.on_change(move |connection| of_listener.follow(connection));
        let (store, clock) = (Arc::clone(store), clock.clone());
        let guesses = Mutex::default();
        let own_changes = Mutex::new(Rates::new(OWN_CHANGES, MOST_CHANGING));
        Ok(Arc::new(Self { store, clock, sign_up, shelf, hasher, guesses, own_changes }))
    }

    /// All that is stored of who may what.
    pub fn book(&self) -> Arc<Book> {
        Arc::clone(&self.shelf.book.lock())
    }

    /// Another number after anything changed.
    pub fn revision(&self) -> u64 {
        self.shelf.revision.load(Ordering::Acquire)
    }

    /// Ends the thread that passwords are hashed on.
    pub fn stop(&self) {
        self.hasher.stop();
    }

    /// Changes what is stored, all or nothing, and waits until the book has it.
    ///
    /// # Errors
    ///
    /// What `change` says, or [`Refused::NotKept`].
    fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let (sender, told) = bounded(1);
        self.begin_change(change, move |outcome| drop(sender.send(outcome)))?;
        told.recv().unwrap_or(Err(Refused::NotKept(NotKept::Ending)))
    }

    /// Changes what is no matter if it is lost.
    fn change_later(
        &self,
        change: impl FnOnce(&Connection) -> Result<(), Refused> + Send + 'static,
    ) {
        let told = |outcome: Result<(), Refused>| {
            if let Err(why) = outcome {
                debug!("something is not noted: {why}");
            }
        };
        if let Err(why) = self.begin_change(change, told) {
            debug!("something is not noted: {why}");
        }
    }

    fn begin_change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, Refused> + Send + 'static,
        done: impl FnOnce(Result<T, Refused>) + Send + 'static,
    ) -> Result<(), Refused> {
        let refused = Arc::<Mutex<Option<Refused>>>::default();
        let why = Arc::clone(&refused);
        let change = move |connection: &Connection| match change(connection) {
            Ok(value) => {
                installation::revise(connection)?;
                Ok((value, Book::read(connection)?))
            }
            Err(Refused::Database(error)) => Err(error),
            Err(other) => {
                *why.lock() = Some(other);
                // Undoes what was done before.
                Err(rusqlite::Error::QueryReturnedNoRows)
            }
        };
        let shelf = Arc::clone(&self.shelf);
        let told = move |outcome: Result<(T, Book), NotKept>| match outcome {
            Ok((value, book)) => {
                shelf.put(book);
                done(Ok(value));
            }
            Err(error) => done(Err(refused.lock().take().unwrap_or(Refused::NotKept(error)))),
        };
        self.store.change(Durability::Machine, change, told).map_err(Refused::NotKept)
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Refused> {
        self.store.read(read).map_err(|trouble| Refused::Unreadable(trouble.to_string()))
    }
}

impl Shelf {
    /// Takes in what other programs change.
    fn follow(&self, connection: &Connection) {
        let changed = match installation::read(connection) {
            Ok(Some(kept)) => kept.revision != self.revision.load(Ordering::Acquire),
            Ok(None) => false,
            Err(error) => {
                warn!("the accounts cannot be read: {error}");
                false
            }
        };
        if changed {
            match Book::read(connection) {
                Ok(book) => self.put(book),
                Err(error) => warn!("the accounts cannot be read: {error}"),
            }
        }
    }

    /// What is stored now. Only the store's thread calls it, so that no old one replaces a new one.
    fn put(&self, book: Book) {
        let revision = book.revision;
        *self.book.lock() = Arc::new(book);
        self.revision.store(revision, Ordering::Release);
    }
}

/// What one makes of its own, and what is noted of it.
const OWN_CHANGES: Rate = Rate { burst: 60, each: Duration::from_secs(10) };
const MOST_CHANGING: usize = 4096;

#[cfg(test)]
mod tests;
