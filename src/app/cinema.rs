//! The films of all rooms: each room that plays some gets a theatre, and one thread looks which files
//! there are.
//!
//! A disk that stalls holds that thread alone, and does not keep the end.

use std::path::Path;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;

use super::sources::Said;
use crate::base::clock::Clock;
use crate::base::shutdown::Shutdown;
use crate::base::threads;
use crate::config::{FILM, SourceChoice};
use crate::error::Error;
use crate::film::{FilmPath, MediaFolder, Theatre};
use crate::live::audience::Audience;
use crate::room::{Room, Showing};
use crate::web::Offer;

/// The theatres.
pub(super) struct Cinema {
    media: Option<Arc<MediaFolder>>,
    audience: Arc<Audience>,
    clock: Clock,
    theatres: Mutex<Vec<Weak<Theatre>>>,
}

/// The folder of films, if one is named.
///
/// # Errors
///
/// It cannot be opened.
pub(super) fn media(folder: Option<&Path>) -> Result<Option<Arc<MediaFolder>>, Error> {
    let Some(folder) = folder else { return Ok(None) };
    let media = MediaFolder::open(folder).map_err(|error| {
        let path = format!("the folder of films {}", folder.display());
        Error::Film { path, error }
    })?;
    Ok(Some(Arc::new(media)))
}

impl Cinema {
    /// No theatre yet.
    pub(super) fn new(
        media: Option<Arc<MediaFolder>>,
        audience: Arc<Audience>,
        clock: Clock,
    ) -> Self {
        Self { media, audience, clock, theatres: Mutex::default() }
    }

    /// Lets a room play what was said, if that is films; else none any more.
    pub(super) fn show(&self, room: &Room, said: Option<&Said>) {
        let showing = said.and_then(|said| self.showing(room, said));
        if let Some(before) = room.play(showing) {
            self.audience.dismiss(&before.crowd);
        }
    }

    fn showing(&self, room: &Room, said: &Said) -> Option<Showing> {
        let SourceChoice::Film(path) = &said.choice else { return None };
        let media = Arc::clone(self.media.as_ref()?);
        let theatre = Arc::new(Theatre::new(media, path.clone(), self.clock.clone()));
        self.theatres.lock().push(Arc::downgrade(&theatre));
        // Who loads films has a share of the budget like all others, and wants no pictures.
        Some(Showing { theatre, crowd: self.audience.gather(room.crowd.channel()) })
    }

    /// What a room may be given of the folder of films. Waits for the disk.
    pub(super) fn offers(&self) -> Vec<Offer> {
        let Some(media) = &self.media else { return Vec::new() };
        let all = Offer { id: FILM.to_owned(), label: format!("{FILM} (all films)") };
        let of = |path: FilmPath| {
            let id = format!("{FILM}{path}");
            Offer { label: id.clone(), id }
        };
        std::iter::once(all).chain(media.choices().into_iter().map(of)).collect()
    }

    /// Starts the thread that looks after the files.
    pub(super) fn start(self: &Arc<Self>, shutdown: &Shutdown) -> Option<JoinHandle<()>> {
        self.media.as_ref()?;
        let (cinema, shutdown) = (Arc::clone(self), shutdown.clone());
        // Why there is no thread is in the log; the rooms say that they look for their films.
        threads::start("films", move || cinema.run(&shutdown)).ok()
    }

    fn run(&self, shutdown: &Shutdown) {
        loop {
            let theatres: Vec<_> = {
                let mut all = self.theatres.lock();
                all.retain(|theatre| theatre.strong_count() > 0);
                all.iter().filter_map(Weak::upgrade).collect()
            };
            theatres.iter().for_each(|theatre| theatre.look_if_due());
            drop(theatres);
            if shutdown.wait(GLANCE) {
                return;
            }
        }
    }
}

/// How often it is looked whether it is time for a look.
const GLANCE: Duration = Duration::from_millis(250);
