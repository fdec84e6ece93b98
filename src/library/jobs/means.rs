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
    /// Words without where this server's files lie.
    pub(super) fn without_paths(&self, words: &str) -> String {
        let mut words = words.to_owned();
        for folder in [&self.videos, &self.encoded] {
            let parent = folder.parent().unwrap_or(folder).display().to_string();
            if parent.len() > 1 {
                words = words.replace(&format!("{parent}/"), "");
            }
        }
        words
    }
}
