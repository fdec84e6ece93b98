//! Files on their way into the library: begun, brought piece by piece, taken up where they broke off,
//! and received.
//!
//! ```text
//! create ──► a row: its space is promised to it ──► pieces, each behind the last ──► received
//!                                                     └─ nothing for a day: deleted
//! ```
//!
//! How much of an upload there is its file says, not a note of it: after any end of this program no
//! more is said to be there than is on the disk. All of it waits for the disk and the store, and is
//! for workers. How bytes come in is [`crate::web`]'s; what becomes of a file that was received, the
//! work's.

mod brought;
mod disk;
mod name;
mod piece;
mod refused;
mod room;
mod size;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use log::{info, warn};
use parking_lot::Mutex;
use rusqlite::Connection;

use super::Who;
use crate::base::clock::Clock;
use crate::proto::tus::Checksum;
use crate::store::upload::{self, KeptUpload, State};
use crate::store::{Durability, Store};

use disk::Folder;
use piece::Live;

pub use disk::media_type;
pub use name::clean_file_name;
pub use piece::{Ending, Piece};
pub use refused::Refused;
pub use room::Limits;
pub use size::shown;

/// The uploads of a server.
pub struct Uploads {
    store: Arc<Store>,
    clock: Clock,
    folder: Folder,
    limits: Limits,
    /// Those of which a piece is coming. Held only to be looked up.
    open: Mutex<HashMap<String, Open>>,
    /// Those that broke off and that nobody can go on with.
    broken: Mutex<Vec<String>>,
    /// Who is told of what is received.
    receiver: OnceLock<Arc<dyn Receiver>>,
}

/// What becomes of an upload of which all has come. Called by who wrote the last of it, who may wait.
pub trait Receiver: Send + Sync {
    /// Looks at the file before it is said to be received.
    ///
    /// # Errors
    ///
    /// Why it is not, for who brought it; it is deleted then.
    fn look(&self, kept: &KeptUpload, file: &Path) -> Result<(), String>;

    /// Goes on with what was received.
    fn received(&self, kept: &KeptUpload);
}

/// An upload of which pieces come.
struct Open {
    live: Arc<Live>,
    /// How many, be they ended or not.
    pieces: usize,
}

/// A piece's hold on its upload.
struct Held {
    uploads: Arc<Uploads>,
    name: String,
    live: Arc<Live>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut all = self.uploads.open.lock();
        let Some(open) = all.get_mut(&self.name) else { return };
        // Another of this name may have come since it was deleted.
        if Arc::ptr_eq(&open.live, &self.live) {
            open.pieces -= 1;
            if open.pieces == 0 {
                all.remove(&self.name);
            }
        }
    }
}

/// What is begun.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct New {
    /// In its 26 letters and digits, which nobody can guess.
    pub name: String,
    /// What it is called where it comes from; cleaned here.
    pub file_name: String,
    /// What the video is to be called; cleaned here.
    pub title: String,
    /// As tus has it, without keys.
    pub metadata: String,
    /// How long it is to be, or at most; `None` if that is said later.
    pub length: Option<u64>,
}

/// A piece that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Behind how many bytes it belongs.
    pub offset: u64,
    /// How long the whole is, if that is said only now.
    pub length: Option<u64>,
    /// What it has to add up to.
    pub checksum: Option<Checksum>,
    /// Whether it can be gone on with if it breaks off; else it is deleted then.
    pub goes_on: bool,
}

impl Uploads {
    /// Those whose files are in a folder, which is made if it is not there; what broke off is
    /// tidied.
    ///
    /// # Errors
    ///
    /// The system's, of the folder.
    pub fn open(
        store: Arc<Store>,
        clock: Clock,
        folder: PathBuf,
        limits: Limits,
    ) -> io::Result<Arc<Self>> {
        let folder = Folder::make(folder.join("uploads"))?;
        let uploads = Arc::new(Self {
            store,
            clock,
            folder,
            limits,
            open: Mutex::default(),
            broken: Mutex::default(),
            receiver: OnceLock::new(),
        });
        uploads.tidy();
        Ok(uploads)
    }

    /// Has somebody told of all that is received from now on; once.
    pub fn set_receiver(&self, receiver: Arc<dyn Receiver>) {
        // A second one is told nothing.
        let _ = self.receiver.set(receiver);
    }

    /// The longest file that is taken.
    pub fn most_bytes(&self) -> Option<u64> {
        self.limits.most_bytes
    }

    /// Begins one: its space is promised to it from now on.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is too large, or there is no room for it.
    pub fn create(&self, new: New, who: Who) -> Result<KeptUpload, Refused> {
        let (limits, free, offsets) = (self.limits, self.folder.free(), self.offsets());
        let made = self.clock.wall();
        let kept = KeptUpload {
            id: 0,
            file_name: clean_file_name(&new.file_name),
            title: name::clean(&new.title),
            name: new.name,
            owner: who.account,
            metadata: new.metadata,
            length: new.length,
            offset: 0,
            checking: false,
            state: State::Coming,
            made,
            expires: Some(made + LASTS),
        };
        // In the writer's turn: nobody is promised the same space in between.
        let add = move |connection: &Connection| {
            let rows = upload::all(connection)?;
            if let Err(refused) = room::admit(&limits, &rows, &offsets, who, kept.length, free) {
                return Ok(Err(refused));
            }
            let id = upload::add(connection, &kept)?;
            Ok(Ok(KeptUpload { id, ..kept }))
        };
        self.store.change_now(Durability::Program, add)?
    }

    /// The one of this name, with as much as there is of it.
    ///
    /// # Errors
    ///
    /// [`Refused::NoSuch`] also for who may not know of it.
    pub fn find(&self, name: &str, who: Who) -> Result<KeptUpload, Refused> {
        let found = self.store.read(|connection| upload::find(connection, name))?;
        let mut kept = found.filter(|kept| who.brought(kept.owner)).ok_or(Refused::NoSuch)?;
        kept.offset = self.offset_of(&kept);
        Ok(kept)
    }

    /// Those that somebody may know of, the newest first.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the database cannot be read.
    pub fn list(&self, who: Who) -> Result<Vec<KeptUpload>, Refused> {
        let mut all = self.store.read(upload::all)?;
        all.retain(|kept| who.brought(kept.owner));
        for kept in &mut all {
            kept.offset = self.offset_of(kept);
        }
        all.reverse();
        Ok(all)
    }

    /// Begins a piece. What else brings one of the same upload is ended by that.
    ///
    /// # Errors
    ///
    /// [`Refused`]; [`Refused::Busy`] if it is to be asked again in a moment.
    pub fn begin(self: &Arc<Self>, name: &str, who: Who, wanted: Wanted) -> Result<Piece, Refused> {
        let mut kept = self.find(name, who)?;
        if let Some(length) = wanted.length {
            self.set_length(&mut kept, who, length)?;
        }
        if kept.state == State::Received {
            return Err(Refused::Complete);
        }
        let held = self.hold(&kept);
        let turn = held.live.take_turn(wanted.offset)?;
        Piece::open(kept, held, turn, wanted)
    }

    /// Holds an upload open of which a piece comes.
    fn hold(self: &Arc<Self>, kept: &KeptUpload) -> Held {
        let mut all = self.open.lock();
        let new = || Open { live: Arc::new(Live::at(kept.offset)), pieces: 0 };
        let open = all.entry(kept.name.clone()).or_insert_with(new);
        open.pieces += 1;
        let (uploads, name) = (Arc::clone(self), kept.name.clone());
        Held { uploads, name, live: Arc::clone(&open.live) }
    }

    /// Says how long one is of which that was not known.
    fn set_length(&self, kept: &mut KeptUpload, who: Who, length: u64) -> Result<(), Refused> {
        match kept.length {
            Some(known) if known == length => return Ok(()),
            Some(_) => return Err(Refused::Length),
            None if length < kept.offset => return Err(Refused::Length),
            None => {}
        }
        let (limits, free, offsets) = (self.limits, self.folder.free(), self.offsets());
        let name = kept.name.clone();
        let set = move |connection: &Connection| {
            let mut rows = upload::all(connection)?;
            rows.retain(|row| row.name != name);
            if let Err(refused) = room::admit(&limits, &rows, &offsets, who, Some(length), free) {
                return Ok(Err(refused));
            }
            upload::set_length(connection, &name, length).map(Ok)
        };
        self.store.change_now(Durability::Program, set)??;
        kept.length = Some(length);
        Ok(())
    }

    /// Deletes one, and ends what brings more of it.
    ///
    /// # Errors
    ///
    /// [`Refused`] if there is none, or the store does not take it.
    pub fn delete(&self, name: &str, who: Who) -> Result<(), Refused> {
        let kept = self.find(name, who)?;
        self.remove(&kept.name)
    }

    fn remove(&self, name: &str) -> Result<(), Refused> {
        let open = self.open.lock().remove(name);
        open.into_iter().for_each(|open| open.live.end());
        let of_change = name.to_owned();
        let delete = move |connection: &Connection| upload::delete(connection, &of_change);
        self.store.change_now(Durability::Program, delete)?;
        // One that stays is found by the next who tidies.
        if let Err(error) = self.folder.remove(name) {
            warn!("an upload that is deleted keeps its file: {error}");
        }
        Ok(())
    }

    /// The file of one that was received.
    ///
    /// # Errors
    ///
    /// [`Refused`] if there is none, or not all of it is there.
    pub fn file(&self, name: &str, who: Who) -> Result<(File, KeptUpload), Refused> {
        let kept = self.find(name, who)?;
        match kept.state {
            State::Coming => Err(Refused::Unfinished),
            State::Received => Ok((self.folder.open_to_read(&kept.name)?, kept)),
        }
    }

    /// Where the file of one lies.
    pub fn path_of(&self, kept: &KeptUpload) -> PathBuf {
        self.folder.path_of(&kept.name)
    }

    /// Deletes what nobody finished in time, files that belong to nothing, and rows without one.
    pub fn tidy(&self) {
        let broken = std::mem::take(&mut *self.broken.lock());
        broken.iter().for_each(|name| drop(self.remove(name)));
        let now = self.clock.wall();
        // Files first: a row may come to one that is listed, and not the other way round.
        let files = self.folder.names();
        let (Ok(files), Ok(rows)) = (files, self.store.read(upload::all)) else { return };
        let is_open = |name: &str| self.open.lock().contains_key(name);
        for kept in rows.iter().filter(|kept| kept.expires.is_some_and(|at| at <= now)) {
            if !is_open(&kept.name) && self.remove(&kept.name).is_ok() {
                info!("the upload {} was not finished in time, and is deleted", kept.id);
            }
        }
        for file in files.iter().filter(|file| rows.iter().all(|kept| kept.name != **file)) {
            if let Err(error) = self.folder.remove(file) {
                warn!("a file that belongs to no upload stays: {error}");
            }
        }
    }

    /// How far those have come of which a piece is coming.
    fn offsets(&self) -> HashMap<String, u64> {
        let lives: Vec<_> = {
            let all = self.open.lock();
            all.iter().map(|(name, open)| (name.clone(), Arc::clone(&open.live))).collect()
        };
        lives.into_iter().map(|(name, live)| (name, live.offset())).collect()
    }

    /// How much of one is there.
    fn offset_of(&self, kept: &KeptUpload) -> u64 {
        let live = self.open.lock().get(&kept.name).map(|open| Arc::clone(&open.live));
        match live {
            _ if kept.state == State::Received => kept.offset,
            Some(live) => live.offset(),
            // What was to be checked was not.
            None if kept.checking => kept.offset,
            None => {
                let there = self.folder.length(&kept.name).unwrap_or(0);
                kept.length.map_or(there, |length| there.min(length))
            }
        }
    }

    /// Notes how far one has come, with time for what is missing.
    fn note(&self, name: &str, offset: u64, checking: bool) -> Result<(), Refused> {
        let (of_change, expires) = (name.to_owned(), self.expiry());
        let note = move |connection: &Connection| {
            upload::note(connection, &of_change, (offset, checking), expires)
        };
        match self.store.change_now(Durability::Program, note)? {
            true => Ok(()),
            false => Err(Refused::NoSuch),
        }
    }

    /// When what is on its way is deleted if nothing more comes.
    fn expiry(&self) -> SystemTime {
        self.clock.wall() + LASTS
    }
}

/// How long something waits that nobody goes on with.
const LASTS: Duration = Duration::from_secs(24 * 3600);
