//! The data folder, and the lock that says whose it is.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::trouble::Trouble;
use crate::base::replace::replace;

/// A data folder that this server has: no other has it for as long as this lives.
///
/// The system lets the lock go with the process, however it ends.
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is not there, for its owner's eyes only, and takes it. `holder` says
    /// to a second server who has it.
    ///
    /// # Errors
    ///
    /// [`Trouble::Unwritable`] or [`Trouble::Held`].
    pub fn take(path: &Path, holder: &str) -> Result<Self, Trouble> {
        let unwritable = |error| Trouble::Unwritable { folder: path.to_owned(), error };
        make(path).map_err(unwritable)?;
        let mut lock = open_private(&path.join(LOCK)).map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Trouble::Held { folder: path.to_owned(), by: holder_of(&mut lock) });
            }
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
        }
        lock.set_len(0).and_then(|()| writeln!(lock, "{holder}")).map_err(unwritable)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Who has the lock, as it wrote there; it may be about to.
fn holder_of(lock: &mut File) -> String {
    let mut text = String::new();
    let read = lock.take(MAX_HOLDER_BYTES).read_to_string(&mut text);
    let line = text.lines().next().unwrap_or_default();
    let readable = read.is_ok() && !line.is_empty() && !line.chars().any(char::is_control);
    if readable { line.to_owned() } else { "which does not say more".to_owned() }
}

/// Makes a folder with those above it.
fn make(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file that nobody but its owner reads, and makes it if it is not there.
pub(super) fn open_private(path: &Path) -> io::Result<File> {
    private().create(true).truncate(false).open(path)
}

/// Takes from others the right to read what is there already. Whether they had it.
#[cfg(unix)]
pub(super) fn make_private(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(false);
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700)).map(|()| true)
}

/// Elsewhere the folder's rights are its files'.
#[cfg(not(unix))]
pub(super) fn make_private(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Makes a file that nobody but its owner reads, if there is none of its name.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    private().create_new(true).open(path)
}

/// Writes a file that nobody but its owner reads, in the place of one that is there. Whoever reads it
/// finds all of it.
///
/// # Errors
///
/// The system's.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    replace(path, text.as_bytes())
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

const LOCK: &str = "lock";
const MAX_HOLDER_BYTES: u64 = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::scratch::Scratch;

    #[test]
    fn one_server_has_it_until_it_ends() {
        let scratch = Scratch::folder();
        let path = scratch.path().join("a/b");
        let first = Folder::take(&path, "process 7 on port 8081").unwrap();
        let Err(Trouble::Held { by, .. }) = Folder::take(&path, "process 8") else {
            panic!("two have it")
        };
        assert_eq!(by, "process 7 on port 8081");
        drop(first);
        Folder::take(&path, "process 8").unwrap();
        assert_eq!(fs::read_to_string(path.join(LOCK)).unwrap(), "process 8\n");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_look_in() {
        use std::os::unix::fs::PermissionsExt;
        let scratch = Scratch::folder();
        let path = scratch.path().join("data");
        let _folder = Folder::take(&path, "me").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join(LOCK))), (0o700, 0o600));
    }

    #[test]
    fn where_no_folder_can_be_that_is_said() {
        let scratch = Scratch::folder();
        fs::write(scratch.path().join("file"), "").unwrap();
        let path = scratch.path().join("file/data");
        let trouble = Folder::take(&path, "me").err().unwrap();
        assert!(trouble.to_string().contains("--data"), "{trouble}");
    }
}
