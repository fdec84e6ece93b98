//! Files of this machine that are brought as they lie there, without a request.

use std::fs::File;
use std::io;
use std::path::Path;

use rusqlite::Connection;

use super::{New, Refused, Uploads, Who};
use crate::store::Durability;
use crate::store::upload::{self, KeptUpload, State};

impl Uploads {
    /// Brings a file: its copy, which shares its bytes with it where the disk can do that.
    ///
    /// # Errors
    ///
    /// [`Refused`]; nothing of it is left then.
    pub fn bring(&self, mut new: New, file: &Path, who: Who) -> Result<KeptUpload, Refused> {
        let mut file = File::open(file)?;
        new.length = Some(file.metadata()?.len());
        // Its row is there first: a file without one is deleted by who tidies.
        let kept = self.create(new, who)?;
        let brought = self.fill(&kept, &mut file);
        if brought.is_err() {
            // What stays has no more time than any that broke off.
            let _ = self.remove(&kept.name);
        }
        brought
    }

    fn fill(&self, kept: &KeptUpload, from: &mut File) -> Result<KeptUpload, Refused> {
        let mut to = self.folder.open_to_write(&kept.name)?;
        let length = io::copy(from, &mut to)?;
        to.sync_all()?;
        let name = kept.name.clone();
        let receive = move |connection: &Connection| upload::receive(connection, &name, length);
        match self.store.change_now(Durability::Program, receive)? {
            true => Ok(KeptUpload {
                length: Some(length),
                offset: length,
                state: State::Received,
                expires: None,
                ..kept.clone()
            }),
            false => Err(Refused::NoSuch),
        }
    }
}
