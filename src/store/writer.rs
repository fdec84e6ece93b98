//! The thread that changes the database: all that wait in one transaction, each told once it is
//! stored.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use log::{error, warn};
use parking_lot::Mutex;
use rusqlite::{Connection, TransactionBehavior};

use super::Durability;
use super::database::{self, Synchronous};
use super::trouble::{NotKept, Trouble};

/// What is called when something was changed.
pub(super) type Listener = Box<dyn Fn(&Connection) + Send>;

/// The thread, and the queue to it.
pub(super) struct Writer {
    queue: Mutex<Option<Sender<Job>>>,
    listeners: Arc<Mutex<Vec<Listener>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Closed when the thread is at its end.
    ended: Receiver<()>,
}

/// A change that waits.
struct Job {
    durability: Durability,
    work: Box<dyn Work>,
}

/// What is to be changed, and who is told what came of it.
trait Work: Send {
    /// Changes; whether it could.
    fn change(&mut self, connection: &Connection) -> bool;
    /// Tells what came of it, or of all that was to be stored with it.
    fn tell(self: Box<Self>, stored: Result<(), NotKept>);
}

struct Order<T, C, D> {
    change: Option<C>,
    done: D,
    outcome: Option<rusqlite::Result<T>>,
}

impl<T, C, D> Work for Order<T, C, D>
where
    T: Send,
    C: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
    D: FnOnce(Result<T, NotKept>) + Send,
{
    fn change(&mut self, connection: &Connection) -> bool {
        self.outcome = self.change.take().map(|change| change(connection));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn tell(self: Box<Self>, stored: Result<(), NotKept>) {
        let outcome = match self.outcome {
            Some(outcome) => outcome.map_err(NotKept::from),
            None => Err(NotKept::Ending),
        };
        (self.done)(stored.and(outcome));
    }
}

/// What the thread has.
struct Desk {
    program: Connection,
    machine: Connection,
    /// Changes nothing, and so sees everybody's changes.
    watch: Connection,
    seen: i64,
    looked_at: Instant,
    file: PathBuf,
    identity: Option<Identity>,
    listeners: Arc<Mutex<Vec<Listener>>>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if the database cannot be opened, or there is no thread.
    pub(super) fn start(file: &Path) -> Result<Self, Trouble> {
        let open = |synchronous| database::open(file, synchronous).map_err(Trouble::Database);
        let watch = database::open_to_read(file).map_err(Trouble::Database)?;
        let seen = data_version(&watch).map_err(Trouble::Database)?;
        let listeners = Arc::<Mutex<Vec<Listener>>>::default();
        let mut desk = Desk {
            program: open(Synchronous::Normal)?,
            machine: open(Synchronous::Full)?,
            watch,
            seen,
            looked_at: Instant::now(),
            file: file.to_owned(),
            identity: identity(file),
            listeners: Arc::clone(&listeners),
        };
        let (sender, jobs) = bounded(MOST_WAITING);
        let (ends, ended) = bounded::<()>(0);
        let run = move || {
            let _ends = ends;
            desk.run(&jobs);
        };
        let thread = thread::Builder::new().name("store".into()).spawn(run);
        let thread = thread.map_err(|error| Trouble::File { file: file.to_owned(), error })?;
        let (queue, thread) = (Mutex::new(Some(sender)), Mutex::new(Some(thread)));
        Ok(Self { queue, listeners, thread, ended })
    }

    /// Adds a change.
    ///
    /// # Errors
    ///
    /// [`NotKept::Busy`] and [`NotKept::Ending`]; `done` is not called then.
    pub(super) fn add<T: Send + 'static>(
        &self,
        durability: Durability,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        done: impl FnOnce(Result<T, NotKept>) + Send + 'static,
    ) -> Result<(), NotKept> {
        let work = Box::new(Order { change: Some(change), done, outcome: None });
        let queue = self.queue.lock();
        let queue = queue.as_ref().ok_or(NotKept::Ending)?;
        queue.try_send(Job { durability, work }).map_err(|error| match error {
            TrySendError::Full(_) => NotKept::Busy,
            TrySendError::Disconnected(_) => NotKept::Ending,
        })
    }

    pub(super) fn on_change(&self, listener: Listener) {
        self.listeners.lock().push(listener);
    }

    /// Ends the thread, once what waits is stored. Returns how much that was. A disk that takes
    /// nothing is not waited for without end.
    pub(super) fn stop(&self) -> usize {
        let waiting = self.queue.lock().take().map_or(0, |queue| queue.len());
        let Some(thread) = self.thread.lock().take() else { return waiting };
        if self.ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            error!("the disk takes nothing: what was to be stored last is not");
            return waiting;
        }
        if thread.join().is_err() {
            error!("the store's thread failed");
        }
        waiting
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Desk {
    fn run(&mut self, jobs: &Receiver<Job>) {
        loop {
            match jobs.recv_timeout(BETWEEN_LOOKS) {
                Ok(first) => {
                    let waiting = jobs.try_iter().take(MOST_AT_ONCE - 1);
                    let batch: Vec<Job> = std::iter::once(first).chain(waiting).collect();
                    self.store(batch);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.looked_at.elapsed() >= BETWEEN_LOOKS {
                self.look();
            }
        }
    }

    /// Stores changes in their order, those that follow each other with one durability together.
    fn store(&mut self, mut batch: Vec<Job>) {
        // What is written to a file without a name is nowhere.
        if identity(&self.file) != self.identity {
            warn!("{} is gone, or another one: nothing is kept", self.file.display());
            batch.into_iter().for_each(|job| job.work.tell(Err(NotKept::Gone)));
            return;
        }
        while let Some(durability) = batch.first().map(|job| job.durability) {
            let end = batch.iter().position(|job| job.durability != durability);
            let rest = batch.split_off(end.unwrap_or(batch.len()));
            let connection = match durability {
                Durability::Program => &mut self.program,
                Durability::Machine => &mut self.machine,
            };
            store_together(connection, batch);
            batch = rest;
        }
    }

    /// Calls the listeners if anybody changed anything.
    fn look(&mut self) {
        self.looked_at = Instant::now();
        match data_version(&self.watch) {
            Ok(version) if version == self.seen => {}
            Ok(version) => {
                self.seen = version;
                self.listeners.lock().iter().for_each(|listener| listener(&self.watch));
            }
            Err(error) => warn!("the database cannot be looked at: {error}"),
        }
    }
}

/// Which file it is, by whatever name: its device and number.
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(file: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(file).ok().map(|data| (data.dev(), data.ino()))
}

/// Elsewhere a file that is open cannot be taken away.
#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}

/// Stores changes in one transaction, and tells; one that cannot be made undoes itself alone.
fn store_together(connection: &mut Connection, mut jobs: Vec<Job>) {
    let stored = make_changes(connection, &mut jobs).map_err(NotKept::from);
    if let Err(why) = &stored {
        warn!("what was to be stored was not: {why}");
    }
    jobs.into_iter().for_each(|job| job.work.tell(stored.clone()));
}

fn make_changes(connection: &mut Connection, jobs: &mut [Job]) -> rusqlite::Result<()> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in jobs {
        let mut savepoint = transaction.savepoint()?;
        if !job.work.change(&savepoint) {
            savepoint.rollback()?;
        }
        savepoint.commit()?;
    }
    transaction.commit()
}

/// Another number after another connection changed anything.
fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA data_version", (), |row| row.get(0))
}

const MOST_WAITING: usize = 1024;
const MOST_AT_ONCE: usize = 256;
/// How long the disk may take for what waits at the end.
const PATIENCE: Duration = Duration::from_secs(8);
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
/// How long it mostly takes until a running server has seen what another program changed.
pub const SEEN_WITHIN: Duration = Duration::from_millis(600);

#[cfg(test)]
mod tests;
