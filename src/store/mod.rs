//! The database of the data folder: SQLite, one writer, many readers.
//!
//! ```text
//! change ──► queue ──► writer: one transaction for all that wait ──► done, once it is stored
//!                        └─ looks for what other programs wrote ──► listeners
//! read ────► a connection of its own, on a thread that may wait
//! ```
//!
//! What is said to be stored is stored: after a crash of this program always, and after one of the
//! machine too where the change is [`Durability::Machine`]. Subcommands open the same
//! database beside the running server, which learns of their changes within a second.

pub mod account;
pub mod authority;
pub mod backup;
pub mod ban;
pub mod chat;
mod database;
pub mod donation;
mod folder;
pub mod identity;
pub mod installation;
pub mod job;
pub mod journal;
pub mod pass;
pub mod place;
pub mod program;
pub mod room;
pub mod session;
mod time;
pub mod title;
mod trouble;
pub mod upload;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::bounded;
use log::warn;
use parking_lot::Mutex;
use rusqlite::Connection;

pub use folder::{Folder, write_private};
pub use trouble::{NotKept, Trouble};
pub use writer::SEEN_WITHIN;
use writer::Writer;

/// What is left of a change that was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It outlives this program; a machine that is cut off may lose its last second.
    Program,
    /// It outlives the machine's end too, and costs a wait for the disk.
    Machine,
}

/// The database of a data folder.
pub struct Store {
    file: PathBuf,
    readers: Mutex<Vec<Connection>>,
    writer: Writer,
    /// For as long as it is open no other server has the folder.
    _folder: Option<Folder>,
}

impl Store {
    /// Opens the database of a folder that this server has, and brings it up to date. What cannot
    /// be read is set aside, and told.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if there can be no database: a newer program's, or the disk refuses.
    pub fn of_server(folder: Folder) -> Result<Self, Trouble> {
        let file = folder.path().join(FILE);
        if let Some(aside) = database::prepare(&file)? {
            warn!(
                "{} cannot be read; it is {} now, and a new one was begun",
                file.display(),
                aside.display()
            );
        }
        Self::open(file, Some(folder))
    }

    /// Opens the database of a folder that a server may have at the same time.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if there is none, or it cannot be used as it is.
    pub fn beside_server(folder: &Path) -> Result<Self, Trouble> {
        let file = folder.join(FILE);
        if !file.exists() {
            return Err(Trouble::Missing(file));
        }
        database::check_version(&file)?;
        Self::open(file, None)
    }

    /// Reads of the database of a folder as it is, where this program can have no store: the folder
    /// is another server's, or cannot be written. `None` if nothing can be read.
    pub fn glance<T>(
        folder: &Path,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Option<T> {
        let connection = database::open_as_it_is(&folder.join(FILE)).ok()?;
        read(&connection).ok()
    }

    fn open(file: PathBuf, folder: Option<Folder>) -> Result<Self, Trouble> {
        let writer = Writer::start(&file)?;
        Ok(Self { file, readers: Mutex::default(), writer, _folder: folder })
    }

    /// Has something changed by the writer; `done` is told there what came of it, after it was
    /// stored. Waits for nothing.
    ///
    /// # Errors
    ///
    /// [`NotKept::Busy`] if too much waits already; `done` is not called then.
    pub fn change<T: Send + 'static>(
        &self,
        durability: Durability,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        done: impl FnOnce(Result<T, NotKept>) + Send + 'static,
    ) -> Result<(), NotKept> {
        self.writer.add(durability, change, done)
    }

    /// Has something changed, and waits until it is stored.
    ///
    /// # Errors
    ///
    /// [`NotKept`] if it is not.
    pub fn change_now<T: Send + 'static>(
        &self,
        durability: Durability,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, NotKept> {
        let (sender, told_of) = bounded(1);
        // Nobody waits any more if this program ends before.
        self.change(durability, change, move |outcome| drop(sender.send(outcome)))?;
        told_of.recv().unwrap_or(Err(NotKept::Ending))
    }

    /// Reads, on this thread, which may have to wait for the disk.
    ///
    /// # Errors
    ///
    /// [`Trouble`] of the database.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Trouble> {
        let free = self.readers.lock().pop();
        let connection = match free {
            Some(connection) => connection,
            None => database::open_to_read(&self.file).map_err(Trouble::Database)?,
        };
        let outcome = read(&connection).map_err(Trouble::Database);
        self.readers.lock().push(connection);
        outcome
    }

    /// Has `listener` called on the writer's thread, within a second after anything was changed,
    /// by this program or another.
    pub fn on_change(&self, listener: impl Fn(&Connection) + Send + 'static) {
        self.writer.on_change(Box::new(listener));
    }

    /// Stores what waits, and takes nothing more. Returns how many changes waited.
    pub fn close(&self) -> usize {
        let waiting = self.writer.stop();
        self.readers.lock().clear();
        waiting
    }
}

/// A store, where there is one.
pub type MaybeStore = Option<Arc<Store>>;

/// The database's name in its folder.
const FILE: &str = "livestream.db";
