//! Keeps changes in `livestream.toml`, for the next start to find.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::base::replace::replace;
use crate::config::{Edit, MAX_FILE_BYTES, NotEdited, edit, read_text};
use crate::web::{NoSource, NotChanged};

/// Where changes are kept.
pub(super) struct Kept {
    /// `None` if no place is known for it.
    file: Option<PathBuf>,
    /// The sources that it named when the server started.
    named: Vec<String>,
}

impl Kept {
    /// A file, be it there or not, and the sources that it named when the server started.
    pub(super) fn new(file: Option<&Path>, named: Vec<String>) -> Self {
        Self { file: file.map(Path::to_owned), named }
    }

    /// Changes the file as it is now: a person may have changed it meanwhile.
    ///
    /// # Errors
    ///
    /// Why it is as it was.
    pub(super) fn change(&self, edits: &[Edit<'_>]) -> Result<(), NotChanged> {
        if edits.is_empty() {
            return Ok(());
        }
        let nowhere = || "no data folder is known: name one with --data".to_owned();
        let file = self.file.as_deref().ok_or_else(nowhere).map_err(NotChanged::NotKept)?;
        let named: Vec<&str> = self.named.iter().map(String::as_str).collect();
        for _ in 0..TRIES {
            let text = read(file)?;
            let new = edit(&text, edits, &named).map_err(|why| refused(file, why))?;
            if new == text {
                return Ok(());
            }
            if new.len() as u64 > MAX_FILE_BYTES {
                return Err(NotChanged::NotKept(format!("{} would be too long", file.display())));
            }
            // Somebody may have saved it since.
            if read(file)? == text {
                let unwritten = |error| format!("{} cannot be written: {error}", file.display());
                return replace(file, new.as_bytes())
                    .map_err(|error| NotChanged::NotKept(unwritten(error)));
            }
        }
        Err(NotChanged::Busy)
    }
}

/// The text of the file; empty if there is none.
fn read(file: &Path) -> Result<String, NotChanged> {
    match read_text(file) {
        Ok(text) => Ok(text),
        Err(error)
            if error.kind() == ErrorKind::NotFound && std::fs::symlink_metadata(file).is_err() =>
        {
            Ok(String::new())
        }
        Err(error) => {
            let why = format!("{} cannot be read: {error}", file.display());
            Err(NotChanged::NotKept(why))
        }
    }
}

fn refused(file: &Path, why: NotEdited) -> NotChanged {
    match why {
        NotEdited::Broken { line, why } => {
            NotChanged::NotKept(format!("{}, line {line}: {why}", file.display()))
        }
        NotEdited::Taken => NotChanged::NameTaken,
        NotEdited::Source => NotChanged::Source(NoSource::NotNamed),
        NotEdited::Value(why) => NotChanged::NotKept(why),
    }
}

/// How often a file is read anew that somebody saves at the same time.
const TRIES: usize = 3;
