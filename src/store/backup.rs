//! `livestream backup FILE` and `restore FILE`: the whole database in one file.

use std::fs;
use std::path::{Path, PathBuf};

use super::FILE;
use super::database::{self, Synchronous};
use super::folder::{Folder, create_private};
use super::trouble::Trouble;
use crate::base::regular;

/// Copies the database of a folder, as it is at this moment, to a new file that only its owner
/// can read: it holds keys. A server may go on meanwhile.
///
/// # Errors
///
/// [`Trouble`] if there is no database, or the file is there already or cannot be written.
pub fn backup(folder: &Path, copy: &Path) -> Result<(), Trouble> {
    let file = folder.join(FILE);
    if !file.exists() {
        return Err(Trouble::Missing(file));
    }
    let connection = database::open(&file, Synchronous::Normal).map_err(Trouble::Database)?;
    database::check(&connection, &file)?;
    database::copy_into(&connection, copy)
}

/// Puts a copy in the place of a folder's database, which is set aside; returns where. No server
/// has the folder meanwhile.
///
/// # Errors
///
/// [`Trouble`] if the copy is no good one, or a file refuses; the database is then as it was.
pub fn restore(folder: &Folder, copy: &Path) -> Result<Option<PathBuf>, Trouble> {
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |error| Trouble::File { file, error }
    };
    if !copy.exists() {
        return Err(Trouble::Missing(copy.to_owned()));
    }
    let file = folder.path().join(FILE);
    let arriving = database::with_ending(&file, ".arriving");
    // Of a restore that was killed; nobody else is at it, as the folder is ours.
    remove(&arriving);
    // Looked at where nothing is changed by it: to open a database may write beside it.
    let arrived = bring(copy, &arriving);
    if let Err(trouble) = arrived {
        remove(&arriving);
        return Err(trouble);
    }
    let aside = if file.exists() { Some(database::set_aside(&file, "replaced")?) } else { None };
    fs::rename(&arriving, &file).map_err(failed(&arriving))?;
    Ok(aside)
}

/// Copies a file to `arriving`, and checks that it is a database that this program knows.
fn bring(copy: &Path, arriving: &Path) -> Result<(), Trouble> {
    let failed = |error| Trouble::File { file: copy.to_owned(), error };
    for ending in ["", "-wal"] {
        // A database that was not closed has its last changes beside it.
        let (from, to) =
            (database::with_ending(copy, ending), database::with_ending(arriving, ending));
        if ending.is_empty() || from.exists() {
            copy_file(&from, &to).map_err(failed)?;
        }
    }
    match database::prepare_copy(arriving) {
        // It is the copy that is meant, not what was made of it.
        Err(Trouble::Unreadable(_)) => Err(Trouble::Unreadable(copy.to_owned())),
        Err(Trouble::Newer { version, .. }) => {
            Err(Trouble::Newer { file: copy.to_owned(), version })
        }
        outcome => outcome,
    }
}

fn copy_file(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut source = regular::open(from)?;
    let mut target = create_private(to)?;
    std::io::copy(&mut source, &mut target)?;
    target.sync_all()
}

fn remove(database: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(database::with_ending(database, ending));
    }
}

#[cfg(test)]
mod tests;
