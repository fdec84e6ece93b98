//! A file that is put in the place of another, whole or not at all.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{Error, Result, Write};
use std::path::{Path, PathBuf};

/// Writes a file anew. Whoever reads it meanwhile, or after the power went, has the old one or the
/// new one. Who may read and write it stays as it was; of one that was not there that is its owner
/// alone. A link stays, and what it leads to is written.
///
/// # Errors
///
/// The system's; nothing has changed then.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let (target, old) = match fs::symlink_metadata(path) {
        Ok(_) => (fs::canonicalize(path)?, Some(fs::metadata(path)?)),
        Err(_) => (path.to_owned(), None),
    };
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let (arriving, file) = create_beside(folder)?;
    let put = write(file, bytes, old.as_ref()).and_then(|()| fs::rename(&arriving, &target));
    if put.is_err() {
        // It is what failed that is told.
        let _ = fs::remove_file(&arriving);
        return put;
    }
    sync(folder);
    Ok(())
}

/// Removes what was being written in a folder by who was killed. Nobody else may write there meanwhile.
///
/// # Errors
///
/// The system's.
pub fn sweep(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_str().is_some_and(is_arriving);
        if is_ours && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Whether a file of this name is one that is not in its place yet.
fn is_arriving(name: &str) -> bool {
    let number = name.strip_prefix(ARRIVING);
    number.is_some_and(|number| number.len() == 16 && u64::from_str_radix(number, 16).is_ok())
}

/// A new file that nobody but its owner reads.
fn create_beside(folder: &Path) -> Result<(PathBuf, File)> {
    let mut number = [0; 8];
    getrandom::fill(&mut number).map_err(Error::other)?;
    let path = folder.join(format!("{ARRIVING}{:016x}", u64::from_ne_bytes(number)));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path)?;
    Ok((path, file))
}

fn write(mut file: File, bytes: &[u8], old: Option<&Metadata>) -> Result<()> {
    file.write_all(bytes)?;
    if let Some(old) = old {
        keep_rights(&file, old)?;
    }
    file.sync_all()
}

#[cfg(unix)]
fn keep_rights(file: &File, old: &Metadata) -> Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        fchown(file, Some(old.uid()), Some(old.gid()))?;
    }
    file.set_permissions(old.permissions())
}

#[cfg(not(unix))]
fn keep_rights(file: &File, old: &Metadata) -> Result<()> {
    file.set_permissions(old.permissions())
}

/// Has the new name outlive the power. Not every file system can.
fn sync(folder: &Path) {
    if cfg!(unix)
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
}

const ARRIVING: &str = ".livestream-";

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::base::scratch::Scratch;

    #[test]
    fn a_new_file_is_its_owners_and_an_old_one_keeps_its_rights() {
        let scratch = Scratch::folder();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let new = scratch.path().join("new");
        replace(&new, b"1").unwrap();
        assert_eq!((fs::read(&new).unwrap(), mode(&new)), (b"1".to_vec(), 0o600));
        let old = scratch.write("old", b"before");
        fs::set_permissions(&old, fs::Permissions::from_mode(0o644)).unwrap();
        replace(&old, b"after").unwrap();
        assert_eq!((fs::read(&old).unwrap(), mode(&old)), (b"after".to_vec(), 0o644));
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 2, "nothing else is left");
    }

    #[test]
    fn a_link_stays_and_what_it_leads_to_is_written() {
        let scratch = Scratch::folder();
        let (real, link) = (scratch.write("real", b"before"), scratch.path().join("link"));
        symlink(&real, &link).unwrap();
        replace(&link, b"after").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"after");
        scratch.remove("real");
        assert!(replace(&link, b"nowhere").is_err(), "it leads nowhere");
    }

    #[test]
    fn what_a_kill_left_is_swept_and_nothing_else() {
        let scratch = Scratch::folder();
        let (left, _) = create_beside(scratch.path()).unwrap();
        let others = [
            "kept",
            ".livestream-",
            ".livestream-0123456789abcdeg",
            "a.livestream-0123456789abcdef",
        ];
        for name in others {
            scratch.write(name, b"");
        }
        fs::create_dir(scratch.path().join(".livestream-0123456789abcdef")).unwrap();
        sweep(scratch.path()).unwrap();
        assert!(!left.exists());
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), others.len() + 1);
    }

    #[test]
    fn where_nothing_can_be_written_all_stays() {
        let scratch = Scratch::folder();
        assert!(replace(&scratch.path().join("no/folder"), b"").is_err());
        let folder = scratch.path().join("folder");
        fs::create_dir(&folder).unwrap();
        assert!(replace(&folder, b"").is_err(), "a folder is in its place");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1, "nothing else is left");
    }
}
