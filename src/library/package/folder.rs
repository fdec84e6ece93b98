//! A folder that is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Durability, Failed};

/// A folder that is being written, beside its place. Dropping it unfinished removes it.
#[derive(Debug)]
pub(super) struct Folder {
    arriving: PathBuf,
    target: PathBuf,
    is_finished: bool,
}

/// A folder within it.
#[derive(Debug)]
pub(super) struct Inner {
    path: PathBuf,
}

impl Folder {
    /// Begins a folder as `target` with `.tmp` behind its name. What lies there of an earlier run
    /// goes.
    ///
    /// # Errors
    ///
    /// [`Failed`], if the target is there already, or the system's.
    pub(super) fn create(target: &Path) -> Result<Self, Failed> {
        if fs::symlink_metadata(target).is_ok() {
            return Err(Failed::Exists(target.to_owned()));
        }
        let mut arriving = target.as_os_str().to_owned();
        arriving.push(".tmp");
        let arriving = PathBuf::from(arriving);
        let failed = |error| Failed::Write { path: arriving.clone(), error };
        match fs::remove_dir_all(&arriving) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        fs::create_dir(&arriving).map_err(failed)?;
        Ok(Self { arriving, target: target.to_owned(), is_finished: false })
    }

    /// Makes a folder in it.
    pub(super) fn inner(&self, name: &str) -> Result<Inner, Failed> {
        let path = self.arriving.join(name);
        match fs::create_dir(&path) {
            Ok(()) => Ok(Inner { path }),
            Err(error) => Err(Failed::Write { path, error }),
        }
    }

    /// Writes a file in it.
    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Failed> {
        put(&self.arriving.join(name), &[bytes])
    }

    /// Puts it in its place.
    pub(super) fn finish(mut self, durability: Durability) -> Result<(), Failed> {
        let failed = |error| Failed::Write { path: self.target.clone(), error };
        if durability == Durability::Synced {
            sync(&self.arriving).map_err(failed)?;
        }
        fs::rename(&self.arriving, &self.target).map_err(failed)?;
        if durability == Durability::Synced {
            let above = self.target.parent().filter(|above| !above.as_os_str().is_empty());
            sync_one(above.unwrap_or(Path::new("."))).map_err(failed)?;
        }
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_finished {
            // It is what failed that is told.
            let _ = fs::remove_dir_all(&self.arriving);
        }
    }
}

impl Inner {
    /// Writes a file of these parts.
    pub(super) fn put_parts(&self, name: &str, parts: &[&[u8]]) -> Result<(), Failed> {
        put(&self.path.join(name), parts)
    }

    /// Writes a file.
    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Failed> {
        self.put_parts(name, &[bytes])
    }

    /// Begins a file.
    pub(super) fn create(&self, name: &str) -> Result<Growing, Failed> {
        let path = self.path.join(name);
        match File::create_new(&path) {
            Ok(file) => Ok(Growing { path, file }),
            Err(error) => Err(Failed::Write { path, error }),
        }
    }
}

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Growing {
    path: PathBuf,
    file: File,
}

impl Growing {
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| Failed::Write { path: self.path.clone(), error })
    }
}

fn put(path: &Path, parts: &[&[u8]]) -> Result<(), Failed> {
    let write = || {
        let mut file = File::create_new(path)?;
        parts.iter().try_for_each(|part| file.write_all(part))
    };
    write().map_err(|error| Failed::Write { path: path.to_owned(), error })
}

/// Has all of a folder outlive the power.
fn sync(folder: &Path) -> io::Result<()> {
    // One wait for the whole file system, in place of one for each of a thousand files.
    #[cfg(target_os = "linux")]
    return Ok(rustix::fs::syncfs(File::open(folder)?)?);
    #[cfg(not(target_os = "linux"))]
    {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { sync(&path)? } else { File::open(&path)?.sync_all()? }
        }
        sync_one(folder)
    }
}

/// Has the names in a folder outlive the power. Not every system can.
fn sync_one(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
