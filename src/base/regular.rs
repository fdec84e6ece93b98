//! Files that somebody named, read whole and bounded.

use std::fs::{self, File};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Opens a file, if it is one: a pipe would be waited for, and a device has no end.
///
/// # Errors
///
/// The system's, or [`ErrorKind::InvalidInput`] if it is none.
pub fn open(path: &Path) -> Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is no regular file"));
    }
    File::open(path)
}

/// Reads a file of at most `most` bytes.
///
/// # Errors
///
/// As [`open`], or [`ErrorKind::FileTooLarge`].
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(Error::new(ErrorKind::FileTooLarge, format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::scratch::Scratch;

    #[test]
    fn only_whole_regular_files_are_read() {
        let scratch = Scratch::folder();
        let file = scratch.write("file", b"1234");
        assert_eq!(read(&file, 4).unwrap(), b"1234");
        assert_eq!(read(&file, 3).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(read(scratch.path(), 4).unwrap_err().kind(), ErrorKind::InvalidInput);
        let missing = scratch.path().join("missing");
        assert_eq!(read(&missing, 4).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_no_file() {
        let zero = read(Path::new("/dev/zero"), 4).unwrap_err();
        assert_eq!(zero.kind(), ErrorKind::InvalidInput);
    }
}
