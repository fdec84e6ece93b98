//! The library of a server: its folder, what is brought to it, what can be watched, and the work between.
//!
//! ```text
//! FOLDER/uploads/…       what people brought
//!        encoded/UPLOAD/ renditions, until all of them can be played
//!        videos/NAME/N/  segments and manifests: the N-th set of them, of which the last is played
//! ```

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use log::{info, warn};

use super::cage::{Cage, Strength};
use super::catalogue::{Catalogue, New, Protects, SecretWish};
use super::jobs::{Desk, Means, OwnQueue, Works};
use super::probe::{self, Source, Unusable};
use super::storage::Storage;
use super::uploads::{Limits, Receiver, Uploads};
use super::{Publication, Who};
use crate::base::clock::Clock;
use crate::base::shutdown::Shutdown;
use crate::proto::tus::Metadata;
use crate::store::job::{self, KeptJob, State};
use crate::store::title::{self, Details, KeptTitle};
use crate::store::upload::{self, KeptUpload};
use crate::store::{Store, Trouble, installation};

/// The library.
pub struct Library {
    /// What is brought.
    pub uploads: Arc<Uploads>,
    /// What can be watched.
    pub catalogue: Arc<Catalogue>,
    /// Where jobs are asked about.
    pub desk: Desk,
    /// Where segments lie.
    pub storage: Arc<dyn Storage>,
    store: Arc<Store>,
    clock: Clock,
    folder: PathBuf,
    /// Whether what people bring can be read safely here; not known in the first moment.
    cage: OnceLock<Result<Cage, String>>,
}

/// How the work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// How much of the cage has to hold.
    pub strength: Strength,
    /// How many jobs at once.
    pub most: usize,
    /// For how long originals are kept once all is made of them, and jobs that are over; `None` for
    /// ever.
    pub keeps: Option<Duration>,
}

/// Why a file is no video to be made anything of.
#[derive(Debug)]
pub enum NoVideo {
    /// What it is instead: for who brought it.
    Not(String),
    /// It cannot be found out now.
    Unknown(String),
}

/// What the uploads know of the library.
struct Door(Weak<Library>);

impl Library {
    /// That of a folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// A line that says what is wrong with it.
    pub fn open(
        store: Arc<Store>,
        clock: Clock,
        folder: PathBuf,
        limits: Limits,
        storage: Arc<dyn Storage>,
    ) -> Result<Arc<Self>, String> {
        let told = |error: io::Error| error.to_string();
        fs::create_dir_all(&folder).map_err(told)?;
        let folder = folder.canonicalize().map_err(told)?;
        own(&folder, &store)?;
        let uploads = Uploads::open(Arc::clone(&store), clock.clone(), folder.clone(), limits)
            .map_err(told)?;
        let catalogue = Catalogue::open(&store, &clock, folder.join(VIDEOS));
        let catalogue = catalogue.map_err(|refused| refused.to_string())?;
        let desk = Desk::new(&store, &clock, &catalogue);
        let cage = OnceLock::new();
        let library =
            Arc::new(Self { uploads, catalogue, desk, storage, store, clock, folder, cage });
        library.uploads.set_receiver(Arc::new(Door(Arc::downgrade(&library))));
        Ok(library)
    }

    /// Why nothing can be made of what people bring, if that is known to be so.
    pub fn why_not(&self) -> Option<&str> {
        self.cage.get()?.as_ref().err().map(String::as_str)
    }

    /// Finds out what an upload is, before anything is promised of it. Takes its time.
    ///
    /// # Errors
    ///
    /// [`NoVideo`].
    pub fn probe(&self, file: &Path) -> Result<Source, NoVideo> {
        let cage = match self.cage.get() {
            Some(Ok(cage)) => cage,
            Some(Err(why)) => return Err(NoVideo::Unknown(why.clone())),
            None => return Err(NoVideo::Unknown("the server has just begun".to_owned())),
        };
        probe::probe(cage, file, &|| false).map_err(|unusable| match unusable {
            Unusable::Not(words) => NoVideo::Not(words),
            Unusable::Failed(failure) => NoVideo::Unknown(failure.to_string()),
            Unusable::System(error) => NoVideo::Unknown(error.to_string()),
        })
    }

    /// Has the work done and the folder tidied, until the server ends. For a thread of its own.
    pub fn keep(&self, work: Work, shutdown: &Shutdown) {
        let cage = Cage::look(work.strength).map_err(|missing| missing.to_string());
        let works = match &cage {
            Ok(cage) => self.works(cage.clone(), work.most, shutdown),
            Err(why) => {
                warn!("{why}; nothing is brought to the library, and nothing made of it");
                None
            }
        };
        // It is looked at once.
        let _ = self.cage.set(cage);
        let mut since_tidied = Duration::ZERO;
        while !shutdown.wait(BETWEEN_LOOKS) {
            works.iter().for_each(Works::look);
            since_tidied += BETWEEN_LOOKS;
            if since_tidied >= BETWEEN_TIDYING {
                since_tidied = Duration::ZERO;
                self.uploads.tidy();
                self.tidy(work.keeps);
            }
        }
        works.iter().for_each(Works::join);
    }

    fn works(&self, cage: Cage, most: usize, shutdown: &Shutdown) -> Option<Works> {
        let worker = WORKER;
        let queue = OwnQueue::open(&self.store, &self.clock, &format!("{worker}/"));
        let queue = queue.inspect_err(|why| warn!("there are no jobs: {why}")).ok()?;
        let means = Means {
            queue: Arc::new(queue),
            store: Arc::clone(&self.store),
            cage,
            clock: self.clock.clone(),
            uploads: Arc::clone(&self.uploads),
            storage: Arc::clone(&self.storage),
            videos: self.folder.join(VIDEOS),
            encoded: self.folder.join(ENCODED),
            worker: worker.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
        };
        Some(Works::new(means, most, shutdown))
    }

    /// Deletes what belongs to nothing any more.
    fn tidy(&self, keeps: Option<Duration>) {
        // Files first: a row may come to one that is listed, and not the other way round.
        let (videos, encoded) = (self.folder.join(VIDEOS), self.folder.join(ENCODED));
        let (names, made) = (names(&videos), names(&encoded));
        let rows = self.store.read(|connection| {
            Ok((title::all(connection)?, job::all(connection)?, upload::all(connection)?))
        });
        let Ok((titles, jobs, uploads)) = rows else { return };
        for name in names {
            match titles.iter().find(|title| title.name == name) {
                None => self.forget_title(&videos.join(name)),
                Some(title) if is_worked_on(title, &jobs) => {}
                Some(title) => remove_old(&videos.join(name), title.shown.generation),
            }
        }
        let of_job = |job: &&KeptJob| !matches!(job.state, State::Done | State::Cancelled);
        let needed: HashSet<u64> = jobs.iter().filter(of_job).map(|job| job.title).collect();
        let needed: HashSet<u64> = titles
            .iter()
            .filter(|title| needed.contains(&title.id))
            .filter_map(|title| title.upload)
            .collect();
        for name in made {
            let upload = uploads.iter().find(|kept| kept.name == name);
            if upload.is_none_or(|kept| !needed.contains(&kept.id)) {
                remove(&encoded.join(name));
            }
        }
        if let Some(keeps) = keeps {
            self.forget(keeps, &titles, &uploads, &needed);
        }
    }

    /// Deletes the files of a title that is gone, wherever they lie.
    fn forget_title(&self, folder: &Path) {
        match self.storage.delete(folder) {
            Ok(()) => remove(folder),
            Err(why) => warn!("the files of a title that is gone stay: {why}"),
        }
    }

    /// Deletes originals of which all is made, and jobs, that are older than the host wants.
    fn forget(
        &self,
        keeps: Duration,
        titles: &[KeptTitle],
        uploads: &[KeptUpload],
        needed: &HashSet<u64>,
    ) {
        let Some(before) = self.clock.wall().checked_sub(keeps) else { return };
        let forget = move |connection: &rusqlite::Connection| job::forget(connection, before);
        if let Err(why) = self.store.change_now(crate::store::Durability::Program, forget) {
            warn!("jobs that are over are not deleted: {why}");
        }
        let host = Who { account: None, is_host: true };
        for kept in uploads.iter().filter(|kept| !needed.contains(&kept.id)) {
            let mut of_it = titles.iter().filter(|title| title.upload == Some(kept.id)).peekable();
            let is_used = of_it.peek().is_some();
            if is_used && of_it.all(|title| title.shown.whole && title.changed < before) {
                info!("the original of the upload {} is deleted: all is made of it", kept.id);
                if let Err(why) = self.uploads.delete(&kept.name, host) {
                    warn!("it is not: {why}");
                }
            }
        }
    }

    /// Makes a title of an upload that is to be published as soon as it has come.
    fn publish(&self, kept: &KeptUpload, Publication { watch, scheme }: Publication) {
        let named = [&kept.title, &kept.file_name].into_iter().find(|name| !name.is_empty());
        let title = named.map_or("Untitled", |name| without_ending(name)).to_owned();
        let secret =
            scheme.map(|scheme| SecretWish { scheme, protects: Protects::All, keys: None });
        let new = New {
            details: Details { title, ..Details::default() },
            watch,
            upload: Some(kept.name.clone()),
            secret,
            ..New::default()
        };
        let who = Who { account: kept.owner, is_host: false };
        match self.catalogue.create(new, who) {
            Ok(title) => info!("the upload {} becomes the title {}", kept.id, title.id),
            Err(why) => warn!("no title is made of the upload {}: {why}", kept.id),
        }
    }
}

impl Receiver for Door {
    fn look(&self, kept: &KeptUpload, file: &Path) -> Result<(), String> {
        let Some(library) = self.0.upgrade().filter(|_| publication(kept).is_some()) else {
            return Ok(());
        };
        match library.probe(file) {
            Err(NoVideo::Not(words)) => Err(words),
            // The job finds it out.
            Err(NoVideo::Unknown(_)) | Ok(_) => Ok(()),
        }
    }

    fn received(&self, kept: &KeptUpload) {
        if let (Some(library), Some(publication)) = (self.0.upgrade(), publication(kept)) {
            library.publish(kept, publication);
        }
    }
}

/// What who brought it wants: as its metadata has it.
fn publication(kept: &KeptUpload) -> Option<Publication> {
    let metadata = Metadata::parse(&kept.metadata)?;
    Publication::of(|name| metadata.text(name)).ok()?
}

/// Notes whose the folder is. One of another database is not tidied by this one: nothing is opened.
fn own(folder: &Path, store: &Store) -> Result<(), String> {
    let told = |trouble: Trouble| trouble.to_string();
    let name = store.read(installation::read).map_err(told)?.map(|kept| kept.name);
    let Some(name) = name else { return Err("this server has no name yet".to_owned()) };
    let mark = folder.join(MARK);
    match fs::read_to_string(&mark) {
        Ok(found) if found.trim() == name => Ok(()),
        Ok(_) => Err(format!(
            "it belongs to another database; delete {} if this one is to have it, which then deletes \
             what it does not know",
            mark.display()
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::write(&mark, name).map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    }
}

fn is_worked_on(title: &KeptTitle, jobs: &[KeptJob]) -> bool {
    jobs.iter().any(|job| job.title == title.id && job.state == State::Running)
}

/// Deletes sets of segments but the one that is played.
fn remove_old(folder: &Path, generation: u32) {
    for name in names(folder) {
        let number = name.strip_suffix(".tmp").unwrap_or(&name).parse::<u32>();
        let is_played = name == generation.to_string();
        if number.is_ok() && !is_played {
            remove(&folder.join(name));
        }
    }
}

/// The names in a folder; one that is not there has none.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn remove(path: &Path) {
    let gone = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    if let Err(error) = gone {
        warn!("{} belongs to nothing, and stays: {error}", path.display());
    }
}

/// A file's name without what stands behind its last dot.
fn without_ending(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, ending))
            if !stem.is_empty()
                && (2..=5).contains(&ending.len())
                && ending.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            stem
        }
        _ => name,
    }
}

/// This server's name among those who work for it.
const WORKER: &str = "here";
const VIDEOS: &str = "videos";
const ENCODED: &str = "encoded";
const MARK: &str = ".installation";
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
const BETWEEN_TIDYING: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use rusqlite::Connection;

    use super::super::storage::Disk;
    use super::*;
    use crate::base::scratch::Scratch;
    use crate::store::{Durability, Folder};

    fn store(scratch: &Scratch, name: &str) -> Arc<Store> {
        let folder = scratch.path().join(name);
        let folder = Folder::take(&folder, "a test").unwrap();
        let store = Arc::new(Store::of_server(folder).unwrap());
        let named = name.to_owned();
        let name = move |connection: &Connection| installation::name(connection, &named, "key");
        store.change_now(Durability::Program, name).unwrap();
        store
    }

    fn open(scratch: &Scratch, store: &Arc<Store>) -> Result<Arc<Library>, String> {
        let folder = scratch.path().join("library");
        let storage = Arc::new(Disk);
        Library::open(Arc::clone(store), Clock::system(), folder, Limits::default(), storage)
    }

    fn write(folder: &Path, file: &str) {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"x").unwrap();
    }

    #[test]
    fn a_folder_belongs_to_one_database() {
        let scratch = Scratch::folder();
        let (first, second) = (store(&scratch, "first"), store(&scratch, "second"));
        open(&scratch, &first).unwrap();
        open(&scratch, &first).unwrap();
        let why = open(&scratch, &second).err().unwrap();
        assert!(why.contains("belongs to another database"), "{why}");
    }

    #[test]
    fn what_belongs_to_nothing_is_deleted_and_nothing_else() {
        let scratch = Scratch::folder();
        let store = store(&scratch, "data");
        let library = open(&scratch, &store).unwrap();
        let at = SystemTime::UNIX_EPOCH;
        let fill = move |connection: &Connection| {
            connection.execute_batch(
                "INSERT INTO upload VALUES \
                 (1, 'one', NULL, '', '', '', 5, 5, 0, 'received', 0, NULL), \
                 (2, 'two', NULL, '', '', '', 5, 5, 0, 'received', 0, NULL)",
            )?;
            for (id, name, upload, generation) in [(1, "AAAAAA", 1, 2), (2, "BBBBBB", 2, 1)] {
                connection.execute(
                    "INSERT INTO title (id, name, upload, title, description, director, tags, \
                     watch, lines, generation, whole, made, changed) VALUES \
                     (?1, ?2, ?3, 'x', '', '', '', 'all', '', ?4, 1, 0, 0)",
                    (id, name, upload, generation),
                )?;
            }
            let done = job::add(connection, 1, ("publish", 0), at)?;
            job::add(connection, 2, ("ladder", 1), at)?;
            job::cancel(connection, done, at)?;
            job::claim(connection, "here/0", at, at + Duration::from_secs(30))
        };
        store.change_now(Durability::Program, fill).unwrap().unwrap();
        let folder = scratch.path().join("library");
        for file in [
            "videos/AAAAAA/1/stream.mpd",
            "videos/AAAAAA/2/stream.mpd",
            "videos/AAAAAA/3.tmp/x",
            "videos/AAAAAA/poster.jpg",
            "videos/BBBBBB/1/stream.mpd",
            "videos/BBBBBB/2.tmp/x",
            "videos/CCCCCC/1/stream.mpd",
            "encoded/one/360p.mp4",
            "encoded/two/360p.mp4",
            "encoded/three/360p.mp4",
        ] {
            write(&folder, file);
        }
        library.tidy(None);
        let left = |inner: &str| {
            let mut left = names(&folder.join(inner));
            left.sort_unstable();
            left
        };
        assert_eq!(left("videos"), ["AAAAAA", "BBBBBB"]);
        assert_eq!(left("videos/AAAAAA"), ["2", "poster.jpg"]);
        assert_eq!(left("videos/BBBBBB"), ["1", "2.tmp"], "somebody works on it");
        assert_eq!(left("encoded"), ["two"]);
        // Its original goes once all is made of it, if the host says so.
        write(&folder, "uploads/one");
        write(&folder, "uploads/two");
        library.tidy(Some(Duration::from_secs(60)));
        assert_eq!(left("uploads"), ["two"]);
    }

    #[test]
    fn a_title_is_called_as_its_file_without_the_ending() {
        for (name, title) in [
            ("Holiday.mp4", "Holiday"),
            (".mp4", ".mp4"),
            ("Vol. 2", "Vol. 2"),
            ("a.b.webm", "a.b"),
            ("version 2.remastered", "version 2.remastered"),
            ("film", "film"),
        ] {
            assert_eq!(without_ending(name), title, "{name}");
        }
    }
}
