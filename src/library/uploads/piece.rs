//! One piece of an upload, as it is written behind what is there.

use std::fs::File;
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;
use sha2::Digest;

use super::{Held, Refused, Wanted, disk, room};
use crate::proto::tus::{Algorithm, Checksum};
use crate::store::Durability;
use crate::store::upload::{self, KeptUpload, State};

/// A piece that is coming. One at a time writes to an upload: whoever begins another ends it.
pub struct Piece {
    kept: KeptUpload,
    held: Held,
    turn: u64,
    file: File,
    from: u64,
    at: u64,
    /// Up to where there was room when it was looked at last, where nobody said how long it will be.
    looked_to: u64,
    check: Option<(Hashing, Vec<u8>)>,
    /// Bytes since the disk was waited for.
    unsynced: u64,
    /// Whether what there is of it stays.
    stays: bool,
}

/// What comes behind a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As many bytes as are missing of its length.
    Rest,
    /// Nothing: it was the last, and its end is the upload's.
    Last,
    /// It broke off.
    Cut,
}

/// An upload of which a piece is coming: how far it is, and whose turn it is to write.
pub(super) struct Live(Mutex<Now>);

struct Now {
    offset: u64,
    /// Who has another one writes nothing any more.
    turn: u64,
    /// Whether something is being written at this moment.
    writing: bool,
}

impl Live {
    /// So much is there, and nobody writes.
    pub(super) fn at(offset: u64) -> Self {
        Self(Mutex::new(Now { offset, turn: 0, writing: false }))
    }

    pub(super) fn offset(&self) -> u64 {
        self.0.lock().offset
    }

    /// Ends whoever writes.
    pub(super) fn end(&self) {
        self.0.lock().turn += 1;
    }

    /// Ends whoever writes, and takes its place, if so much is there.
    pub(super) fn take_turn(&self, offset: u64) -> Result<u64, Refused> {
        let mut now = self.0.lock();
        now.turn += 1;
        match now.writing {
            true => Err(Refused::Busy),
            false if now.offset != offset => Err(Refused::Offset(now.offset)),
            false => Ok(now.turn),
        }
    }

    fn begin_write(&self, turn: u64) -> Result<(), Refused> {
        let mut now = self.0.lock();
        if now.turn != turn {
            return Err(Refused::Superseded);
        }
        now.writing = true;
        Ok(())
    }

    fn end_write(&self, offset: u64) {
        let mut now = self.0.lock();
        (now.writing, now.offset) = (false, offset);
    }
}

impl Piece {
    /// Opens the file of an upload whose turn was taken.
    pub(super) fn open(
        kept: KeptUpload,
        held: Held,
        turn: u64,
        wanted: Wanted,
    ) -> Result<Self, Refused> {
        let from = wanted.offset;
        let check =
            wanted.checksum.map(|Checksum { algorithm, digest }| (Hashing::new(algorithm), digest));
        let Held { uploads, live, .. } = &held;
        live.begin_write(turn)?;
        let opened = || -> Result<File, Refused> {
            let file = uploads.folder.open_to_write(&kept.name)?;
            // What lies behind was not checked, or was never said to be there.
            file.set_len(from)?;
            uploads.note(&kept.name, from, check.is_some())?;
            Ok(file)
        };
        let file = opened();
        live.end_write(from);
        let file = file?;
        let stays = wanted.goes_on;
        Ok(Self {
            kept,
            held,
            turn,
            file,
            from,
            at: from,
            looked_to: from,
            check,
            unsynced: 0,
            stays,
        })
    }

    /// The upload, with as much as there is of it.
    pub fn upload(&self) -> KeptUpload {
        KeptUpload { offset: self.held.live.offset(), ..self.kept.clone() }
    }

    /// Writes what comes next.
    ///
    /// # Errors
    ///
    /// [`Refused`]; what was written before stays, and as much of this as there was room for.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let end = self.at.saturating_add(bytes.len() as u64);
        match self.kept.length {
            Some(length) if end > length => return Err(Refused::TooLong),
            Some(_) => {}
            None => self.look_for_room(end)?,
        }
        self.held.live.begin_write(self.turn)?;
        let (count, written) = disk::write_at(&self.file, bytes, self.at);
        self.at += count;
        if let Some((hashing, _)) = &mut self.check {
            hashing.add(&bytes[..count as usize]);
        }
        // What is not checked yet is not said to be there.
        let sure = if self.check.is_some() { self.from } else { self.at };
        self.unsynced += count;
        // A little at a time: at the end nobody waits for gigabytes.
        let synced = match self.unsynced >= SYNC_EACH_BYTES {
            true => self.file.sync_data(),
            false => Ok(()),
        };
        self.unsynced %= SYNC_EACH_BYTES;
        self.held.live.end_write(sure);
        Ok(written.and(synced)?)
    }

    /// Whether there is room for one of which nobody said how long it will be.
    fn look_for_room(&mut self, end: u64) -> Result<(), Refused> {
        if let Some(most) = self.held.uploads.limits.most_bytes.filter(|most| end > *most) {
            return Err(Refused::TooLarge(most));
        }
        if end > self.looked_to {
            self.looked_to = end.saturating_add(LOOK_EACH_BYTES);
            let free = self.held.uploads.folder.free();
            if free.is_some_and(|free| room::needs(LOOK_EACH_BYTES) > free) {
                return Err(Refused::DiskFull);
            }
        }
        Ok(())
    }

    /// Ends it; all of an upload is on the disk before it is said to be received.
    ///
    /// # Errors
    ///
    /// [`Refused::Checksum`] if it is not what it should be; it is taken away then.
    pub fn finish(mut self, ending: Ending) -> Result<KeptUpload, Refused> {
        let checked = self.check.take();
        if let Some((hashing, digest)) = checked
            && (ending == Ending::Cut || hashing.finish() != digest)
        {
            self.take_away()?;
            return match ending {
                Ending::Cut => Ok(self.upload()),
                Ending::Rest | Ending::Last => Err(Refused::Checksum),
            };
        }
        self.held.live.begin_write(self.turn)?;
        self.held.live.end_write(self.at);
        let is_whole = ending == Ending::Last || self.kept.length == Some(self.at);
        if !is_whole {
            self.held.uploads.note(&self.kept.name, self.at, false)?;
            let expires = Some(self.held.uploads.expiry());
            return Ok(KeptUpload { offset: self.at, expires, ..self.kept.clone() });
        }
        self.file.sync_all()?;
        self.look()?;
        let (name, length) = (self.kept.name.clone(), self.at);
        let receive = move |connection: &Connection| upload::receive(connection, &name, length);
        if !self.held.uploads.store.change_now(Durability::Machine, receive)? {
            return Err(Refused::NoSuch);
        }
        self.stays = true;
        let (length, offset) = (Some(self.at), self.at);
        let (state, expires) = (State::Received, None);
        let kept = KeptUpload { length, offset, state, expires, ..self.kept.clone() };
        if let Some(receiver) = self.held.uploads.receiver.get() {
            receiver.received(&kept);
        }
        Ok(kept)
    }

    /// Deletes what is not to be received.
    fn look(&mut self) -> Result<(), Refused> {
        let uploads = Arc::clone(&self.held.uploads);
        let Some(receiver) = uploads.receiver.get() else { return Ok(()) };
        let file = uploads.folder.path_of(&self.kept.name);
        receiver.look(&self.kept, &file).or_else(|words| {
            self.stays = true;
            uploads.remove(&self.kept.name)?;
            Err(Refused::NoVideo(words))
        })
    }

    /// Takes away what was not as it should be.
    fn take_away(&mut self) -> Result<(), Refused> {
        self.held.live.begin_write(self.turn)?;
        let cut = self.file.set_len(self.from);
        self.held.live.end_write(self.from);
        cut?;
        self.held.uploads.note(&self.kept.name, self.from, false)
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if !self.stays {
            self.held.uploads.broken.lock().push(self.kept.name.clone());
        }
    }
}

/// Adds up a piece.
enum Hashing {
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Md5(md5::Md5),
}

impl Hashing {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha1 => Self::Sha1(sha1::Sha1::new()),
            Algorithm::Sha256 => Self::Sha256(sha2::Sha256::new()),
            Algorithm::Md5 => Self::Md5(md5::Md5::new()),
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hash) => hash.update(bytes),
            Self::Sha256(hash) => hash.update(bytes),
            Self::Md5(hash) => hash.update(bytes),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha1(hash) => hash.finalize().to_vec(),
            Self::Sha256(hash) => hash.finalize().to_vec(),
            Self::Md5(hash) => hash.finalize().to_vec(),
        }
    }
}

/// How often room is looked for.
const LOOK_EACH_BYTES: u64 = 64 * 1024 * 1024;
/// How often the disk is waited for.
const SYNC_EACH_BYTES: u64 = 64 * 1024 * 1024;
