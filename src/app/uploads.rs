//! What people bring to the library: opened at the start, and tidied now and then by a thread of its
//! own. A disk that stalls holds that thread alone, and does not keep the end.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use log::warn;

use crate::base::clock::Clock;
use crate::base::shutdown::Shutdown;
use crate::base::threads;
use crate::config::Config;
use crate::library::uploads::{Limits, Uploads};
use crate::store::MaybeStore;

/// Opens the library's folder, where something can be kept. Where there can be none that is told, and
/// the server goes on without.
pub(super) fn open(config: &Config, store: &MaybeStore, clock: &Clock) -> Option<Arc<Uploads>> {
    let store = Arc::clone(store.as_ref()?);
    let in_data = || config.data.as_ref().map(|data| data.join("library"));
    let folder = config.library.clone().or_else(in_data)?;
    let limits =
        Limits { most_bytes: config.max_upload.bytes(), quota: config.upload_quota.bytes() };
    match Uploads::open(store, clock.clone(), folder.clone(), limits) {
        Ok(uploads) => Some(uploads),
        Err(error) => {
            warn!("the library's folder {}: {error}; nothing is brought to it", folder.display());
            None
        }
    }
}

/// Starts the thread that deletes what nobody finishes.
pub(super) fn tidy(uploads: Option<&Arc<Uploads>>, shutdown: &Shutdown) -> Option<JoinHandle<()>> {
    let (uploads, shutdown) = (Arc::clone(uploads?), shutdown.clone());
    // Why there is no thread is in the log; the next start tidies.
    let run = move || {
        while !shutdown.wait(BETWEEN) {
            uploads.tidy();
        }
    };
    threads::start("uploads", run).ok()
}

const BETWEEN: Duration = Duration::from_secs(10);
