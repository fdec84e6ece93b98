//! What jobs are done with.

use std::path::PathBuf;
use std::sync::Arc;

use super::queue::Queue;
use crate::base::clock::Clock;
use crate::library::cage::Cage;
use crate::library::storage::Storage;
use crate::library::uploads::Uploads;
use crate::store::Store;

/// What jobs are done with.
pub struct Means {
    /// Gives them out.
    pub queue: Arc<dyn Queue>,
    /// Knows what they are about.
    pub store: Arc<Store>,
    /// Locks in whatever reads what people brought.
    pub cage: Cage,
    /// What time it is.
    pub clock: Clock,
    /// What titles are made of.
    pub uploads: Arc<Uploads>,
    /// Keeps segments.
    pub storage: Arc<dyn Storage>,
    /// Where what can be played lies.
    pub videos: PathBuf,
    /// Where what is encoded lies until all of it can be played.
    pub encoded: PathBuf,
    /// The name of this server among those who work.
    pub worker: String,
    /// How many pieces are made at once while somebody waits.
    pub cores: usize,
}

impl Means {
    /// Words without where this server's files lie, and what it calls them.
    pub(super) fn without_paths(&self, words: &str) -> String {
        let mut words = words.to_owned();
        for folder in [&self.videos, &self.encoded] {
            let parent = folder.parent().unwrap_or(folder).display().to_string();
            if parent.len() > 1 {
                words = without(&words, &format!("{parent}/"));
            }
        }
        words
    }
}

/// Words without `folder/SORT/NAME/` and, where that is all there is of a path, `folder/SORT/NAME: `.
fn without(words: &str, folder: &str) -> String {
    let mut pieces = words.split(folder);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find([' ', ':', '\'', '"', ',']).unwrap_or(piece.len());
        let (path, rest) = piece.split_at(end);
        match path.splitn(3, '/').nth(2) {
            Some(file) if !file.is_empty() => out.push_str(file),
            _ if out.is_empty() && rest.starts_with(": ") => {
                out.push_str(&rest[2..]);
                continue;
            }
            _ => out.push_str("the file"),
        }
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn nobody_learns_what_files_are_called_here() {
        for (words, told) in [
            ("/d/library/uploads/abc: This is text, not a video.", "This is text, not a video."),
            ("/d/library/encoded/abc/120p.mp4 has no picture", "120p.mp4 has no picture"),
            (
                "it cannot be read: '/d/library/uploads/abc': no",
                "it cannot be read: 'the file': no",
            ),
            ("ffmpeg failed", "ffmpeg failed"),
        ] {
            assert_eq!(without(words, "/d/library/"), told);
        }
    }
}
