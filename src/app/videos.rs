//! The library: opened at the start, and worked on and tidied by a thread of its own. A disk that
//! stalls holds that thread alone, and does not keep the end.

use std::sync::Arc;
use std::thread::{JoinHandle, available_parallelism};
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use log::warn;

use crate::base::clock::Clock;
use crate::base::shutdown::Shutdown;
use crate::base::threads;
use crate::config::{CageChoice, Config};
use crate::library::cage::Strength;
use crate::library::storage::{Bucket, Disk, Storage};
use crate::library::uploads::Limits;
use crate::library::{Library, Work};
use crate::store::MaybeStore;

/// The thread that has the work done.
pub(super) struct Works {
    thread: JoinHandle<()>,
    /// Closed when it is at its end.
    ended: Receiver<()>,
}

/// Opens the library's folder, where something can be kept. Where there can be none that is told, and
/// the server goes on without.
pub(super) fn open(config: &Config, store: &MaybeStore, clock: &Clock) -> Option<Arc<Library>> {
    let store = Arc::clone(store.as_ref()?);
    let in_data = || config.data.as_ref().map(|data| data.join("library"));
    let folder = config.library.clone().or_else(in_data)?;
    let limits =
        Limits { most_bytes: config.max_upload.bytes(), quota: config.upload_quota.bytes() };
    let storage: Arc<dyn Storage> = match config.bucket.as_ref().map(Bucket::open) {
        None => Arc::new(Disk),
        Some(Ok(bucket)) => Arc::new(bucket),
        Some(Err(why)) => {
            warn!("{why}; there is no library");
            return None;
        }
    };
    match Library::open(store, clock.clone(), folder.clone(), limits, storage) {
        Ok(library) => Some(library),
        Err(why) => {
            warn!("the library's folder {}: {why}; nothing is brought to it", folder.display());
            None
        }
    }
}

impl Works {
    /// Starts it. Why there is no thread is in the log.
    pub(super) fn start(
        config: &Config,
        library: &Arc<Library>,
        shutdown: &Shutdown,
    ) -> Option<Self> {
        let (library, shutdown) = (Arc::clone(library), shutdown.clone());
        let cores = available_parallelism().map_or(1, usize::from);
        let work = Work {
            strength: match config.cage {
                CageChoice::Whole => Strength::Whole,
                CageChoice::Weak => Strength::Weak,
            },
            most: config.jobs.map_or(cores.saturating_sub(1).max(1), usize::from),
            keeps: config.keep_originals.map(|days| Duration::from_secs(u64::from(days) * A_DAY_S)),
        };
        let (ends, ended) = bounded::<()>(0);
        let run = move || {
            let _ends = ends;
            library.keep(work, &shutdown);
        };
        threads::start("library", run).ok().map(|thread| Self { thread, ended })
    }

    /// Waits a moment until what is worked on is put back.
    pub(super) fn stop(self) -> Option<JoinHandle<()>> {
        // It is only ever closed.
        let _ = self.ended.recv_timeout(PATIENCE);
        Some(self.thread)
    }
}

const A_DAY_S: u64 = 24 * 3600;
const PATIENCE: Duration = Duration::from_secs(3);
