//! Files of the library that were asked for a moment ago, kept open, and in memory if they are small:
//! what a thousand viewers ask for at once is opened once, and a lane waits for no disk.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::film::{Edition, Opened};

/// The files. Shared by the lanes; the lock is held for no I/O.
#[derive(Default)]
pub(super) struct OpenedFiles {
    files: Mutex<HashMap<Key, Kept>>,
}

/// Which file: of a title of this number, the set of segments, the file in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) title: u64,
    pub(super) generation: u32,
    pub(super) file: String,
}

struct Kept {
    opened: Opened,
    edition: Edition,
    asked_at: Instant,
}

impl OpenedFiles {
    /// A file that is open.
    pub(super) fn get(&self, key: &Key, now: Instant) -> Option<(Opened, Edition)> {
        let mut files = self.files.lock();
        let kept = files.get_mut(key)?;
        kept.asked_at = now;
        Some((kept.opened.clone(), kept.edition))
    }

    /// Keeps a file that was opened, in the place of one that nobody asked for lately.
    pub(super) fn keep(&self, key: Key, opened: Opened, edition: Edition, now: Instant) {
        let mut files = self.files.lock();
        if files.len() >= MOST {
            files.retain(|_, kept| now.saturating_duration_since(kept.asked_at) < RECENT);
        }
        if files.len() < MOST {
            files.insert(key, Kept { opened, edition, asked_at: now });
        }
    }

    /// Closes what nobody asked for lately: a film that was deleted takes no room then.
    pub(super) fn let_go(&self, now: Instant) {
        let mut files = self.files.lock();
        files.retain(|_, kept| now.saturating_duration_since(kept.asked_at) < RECENT);
    }
}

/// A descriptor each, and what is small in memory: 16 MiB.
const MOST: usize = 256;
const RECENT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::base::scratch::Scratch;

    #[test]
    fn there_are_never_more_than_so_many() {
        let scratch = Scratch::folder();
        let path = scratch.path().join("file");
        std::fs::write(&path, b"bytes").unwrap();
        let (files, start) = (OpenedFiles::default(), Instant::now());
        let key = |at: usize| Key { title: 1, generation: 1, file: at.to_string() };
        for at in 0..2 * MOST {
            let file = File::open(&path).unwrap();
            let edition = Edition::of(&file).unwrap();
            files.keep(key(at), Opened::new(file, edition).unwrap(), edition, start);
        }
        assert_eq!(files.files.lock().len(), MOST);
        assert!(files.get(&key(0), start + RECENT / 2).is_some());
        files.let_go(start + RECENT);
        assert_eq!(files.files.lock().len(), 1, "what was asked for since stays");
    }
}
