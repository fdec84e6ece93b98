//! A file that is made by a tool: there whole, or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::Failed;

/// Makes `file`, if it is not there: `work` is given a folder of its own, and puts into it a file
/// of the same name, which then takes its place on the disk for good.
///
/// # Errors
///
/// What `work` says, or the system's; there is no such file then.
pub(super) fn make(
    file: &Path,
    work: impl FnOnce(&Path) -> Result<(), Failed>,
) -> Result<(), Failed> {
    if file.exists() {
        return Ok(());
    }
    let folder = beside(file);
    // What a killed run left.
    remove(&folder).map_err(Failed::of(file))?;
    fs::create_dir(&folder).map_err(Failed::of(file))?;
    let made = work(&folder).and_then(|()| put(&folder, file).map_err(Failed::of(file)));
    // It is what failed that is told; what is left is removed by the next try.
    let _ = remove(&folder);
    made
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    file.with_file_name(name)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn put(folder: &Path, file: &Path) -> io::Result<()> {
    let made = folder.join(file.file_name().unwrap_or_default());
    File::open(&made)?.sync_all()?;
    fs::rename(&made, file)?;
    // The name is to outlive the power too; not every system can say so of a folder.
    if cfg!(unix)
        && let Some(parent) = file.parent()
    {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::scratch::Scratch;
    use crate::library::cage::Failure;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let scratch = Scratch::folder();
        let file = scratch.path().join("part.nut");
        let names = || fs::read_dir(scratch.path()).unwrap().count();
        let half = |folder: &Path| {
            fs::write(folder.join("part.nut"), b"half").unwrap();
            Err(Failed::new("part", Failure::Stopped))
        };
        assert!(make(&file, half).is_err());
        assert_eq!(names(), 0, "nothing is left of it");
        fs::create_dir(beside(&file)).unwrap();
        fs::write(beside(&file).join("part.nut"), b"of a killed run").unwrap();
        let whole = |folder: &Path| {
            assert_eq!(fs::read_dir(folder).unwrap().count(), 0, "it begins anew");
            fs::write(folder.join("part.nut"), b"whole").map_err(Failed::of(folder))
        };
        make(&file, whole).unwrap();
        assert_eq!((fs::read(&file).unwrap(), names()), (b"whole".to_vec(), 1));
        make(&file, |_| panic!("it is made once")).unwrap();
        let nothing = scratch.path().join("nothing");
        assert!(make(&nothing, |_| Ok(())).is_err(), "the tool made no file");
        assert_eq!(names(), 1);
    }
}
