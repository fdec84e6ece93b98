//! Which tools there are, and where they and their libraries lie.

use std::fmt;
use std::path::{Path, PathBuf};

/// A program that others wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Makes one file of another.
    Ffmpeg,
    /// Says what is in a file.
    Ffprobe,
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Ffmpeg => "ffmpeg",
            Self::Ffprobe => "ffprobe",
        }
    }

    /// Where it lies, by the names of this user's `PATH`; `None` if it is not installed.
    pub fn find(self) -> Option<PathBuf> {
        let folders = std::env::var_os("PATH")?;
        let file = format!("{}{}", self.name(), std::env::consts::EXE_SUFFIX);
        let mut named = std::env::split_paths(&folders).filter(|folder| folder.is_absolute());
        named.find_map(|folder| {
            let found = folder.join(&file).canonicalize().ok()?;
            found.is_file().then_some(found)
        })
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The program by which the system starts another one whose libraries are files of their own
/// (`PT_INTERP` of an ELF file of 64 bits, low byte first); `None` if it needs none.
///
/// `head` is how the file begins.
pub(super) fn loader(head: &[u8]) -> Option<PathBuf> {
    let word = |at: usize| Some(u64::from_le_bytes(head.get(at..at + 8)?.try_into().ok()?));
    let half = |at: usize| Some(u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?));
    if head.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let (table, size, count) = (usize::try_from(word(32)?).ok()?, half(54)?, half(56)?);
    for entry in 0..usize::from(count) {
        let at = table.checked_add(entry * usize::from(size))?;
        let kind = head.get(at..at.checked_add(40)?)?.get(..4)?;
        if kind == PT_INTERP.to_le_bytes() {
            let from = usize::try_from(word(at + 8)?).ok()?;
            let length = usize::try_from(word(at + 32)?).ok()?;
            let path = head.get(from..from.checked_add(length)?)?;
            let path = std::str::from_utf8(path.strip_suffix(b"\0")?).ok()?;
            return Some(PathBuf::from(path));
        }
    }
    None
}

/// Where the libraries of programs lie that are installed as systems do it.
pub(super) fn library_folders(program: &Path) -> impl Iterator<Item = PathBuf> {
    let beside = program.parent().and_then(Path::parent).map(|prefix| prefix.join("lib"));
    LIBRARIES.iter().map(PathBuf::from).chain(beside)
}

const PT_INTERP: u32 = 3;
const LIBRARIES: [&str; 8] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/nix/store",
    "/gnu/store",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a program with one entry of this kind, which leads to `path`.
    fn program(kind: u32, path: &[u8]) -> Vec<u8> {
        let mut head = vec![0; 64 + 56];
        head[..6].copy_from_slice(b"\x7fELF\x02\x01");
        head[32] = 64;
        head[54] = 56;
        head[56] = 1;
        head[64..68].copy_from_slice(&kind.to_le_bytes());
        head[72] = 64 + 56;
        head[96..104].copy_from_slice(&(path.len() as u64).to_le_bytes());
        head.extend_from_slice(path);
        head
    }

    #[test]
    fn the_loader_is_what_the_program_names() {
        let head = program(PT_INTERP, b"/lib64/ld.so\0");
        assert_eq!(loader(&head), Some("/lib64/ld.so".into()));
        for cut in 0..head.len() {
            assert_eq!(loader(&head[..cut]), None, "cut at {cut}");
        }
        assert_eq!(loader(&program(1, b"/lib64/ld.so\0")), None);
        let mut far = head;
        far[32..40].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(loader(&far), None);
        assert_eq!(loader(b"#!/bin/sh"), None);
    }

    #[test]
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    fn a_tool_is_found_where_it_lies_with_its_loader() {
        let found = Tool::Ffmpeg.find().expect("scripts/setup installs it");
        let head = std::fs::read(found).expect("it is a file");
        assert!(loader(&head[..4096]).expect("Debian's has one").exists());
    }
}
