//! The films of all rooms: each room that plays some gets a theatre, and one thread looks which there
//! are.
//!
//! A disk that stalls holds that thread alone, and does not keep the end.

use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use log::warn;
use parking_lot::Mutex;

use super::sources::Said;
use crate::base::clock::{Clock, since_unix};
use crate::base::shutdown::Shutdown;
use crate::base::threads;
use crate::config::{FILM, LIBRARY, SourceChoice};
use crate::error::Error;
use crate::film::{FilmPath, MediaFolder, NotPlayed, Standing, Theatre, Titles};
use crate::library::catalogue::{Catalogue, Title, Wish};
use crate::library::{Library, Who};
use crate::live::audience::Audience;
use crate::room::{Room, Showing};
use crate::web::Offer;

/// The theatres.
pub(super) struct Cinema {
    media: Option<Arc<MediaFolder>>,
    titles: OfLibrary,
    looks: Mutex<Looks>,
    audience: Arc<Audience>,
    clock: Clock,
    theatres: Mutex<Vec<Weak<Theatre>>>,
}

/// Whether a thread looks after the films.
#[derive(Default)]
enum Looks {
    /// The server does not run yet.
    #[default]
    No,
    /// There is no film.
    NotYet(Shutdown),
    Begun,
}

/// The titles of this server, if it has a library.
#[derive(Clone)]
struct OfLibrary(Option<Arc<Catalogue>>);

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
        library: Option<&Arc<Library>>,
        audience: Arc<Audience>,
        clock: Clock,
    ) -> Self {
        let titles = OfLibrary(library.map(|library| Arc::clone(&library.catalogue)));
        let (theatres, looks) = (Mutex::default(), Mutex::default());
        Self { media, titles, audience, clock, theatres, looks }
    }

    /// Whether a room can be given what was said, as far as that is a title: one that was deleted since
    /// a room was given it leaves the room as it is.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    pub(super) fn check(&self, said: &Said) -> Result<(), String> {
        let SourceChoice::Title(number) = said.choice else { return Ok(()) };
        match self.titles.standing(number) {
            None => Err(format!("there is no title {number} in the library")),
            Some(Standing { lasts: Err(NotPlayed::Elsewhere), .. }) => {
                Err("the title is on another server, and it is not known here how long it is"
                    .to_owned())
            }
            Some(_) => Ok(()),
        }
    }

    /// Lets a room play what was said, if that is films; else none any more.
    pub(super) fn show(self: &Arc<Self>, room: &Room, said: Option<&Said>) {
        let showing = said.and_then(|said| self.showing(room, said));
        if let Some(before) = room.play(showing) {
            self.audience.dismiss(&before.crowd);
        }
    }

    fn showing(self: &Arc<Self>, room: &Room, said: &Said) -> Option<Showing> {
        let clock = self.clock.clone();
        let theatre = match &said.choice {
            SourceChoice::Film(path) => {
                Theatre::new(Arc::clone(self.media.as_ref()?), path.clone(), clock)
            }
            SourceChoice::Title(number) => {
                if let Err(why) = self.check(said) {
                    warn!("{}: {why}", room.title());
                }
                let theatre = Theatre::of_title(Arc::new(self.titles.clone()), *number, clock);
                // It asks no disk.
                theatre.look();
                theatre
            }
            _ => return None,
        };
        let theatre = Arc::new(theatre);
        self.theatres.lock().push(Arc::downgrade(&theatre));
        self.begin();
        // Who loads films has a share of the budget like all others, and wants no pictures.
        Some(Showing { theatre, crowd: self.audience.gather(room.crowd.channel()) })
    }

    /// What a room may be given of the folder of films, and of the library. Waits for the disk.
    pub(super) fn offers(&self) -> Vec<Offer> {
        self.films().into_iter().chain(self.titles.offers()).collect()
    }

    fn films(&self) -> Vec<Offer> {
        let Some(media) = &self.media else { return Vec::new() };
        let all = Offer { id: FILM.to_owned(), label: format!("{FILM} (all films)") };
        let of = |path: FilmPath| {
            let id = format!("{FILM}{path}");
            Offer { label: id.clone(), id }
        };
        std::iter::once(all).chain(media.choices().into_iter().map(of)).collect()
    }

    /// Has a thread look after the films from now on, or from when there is the first.
    pub(super) fn start(self: &Arc<Self>, shutdown: &Shutdown) {
        *self.looks.lock() = Looks::NotYet(shutdown.clone());
        if !self.theatres.lock().is_empty() {
            self.begin();
        }
    }

    fn begin(self: &Arc<Self>) {
        let mut looks = self.looks.lock();
        if let Looks::NotYet(shutdown) = &*looks {
            let (cinema, shutdown) = (Arc::clone(self), shutdown.clone());
            // Why there is no thread is in the log; the rooms say that they look for their films.
            drop(threads::start("films", move || cinema.run(&shutdown)));
            *looks = Looks::Begun;
        }
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

impl OfLibrary {
    /// What a room may be given of it: what came last first.
    fn offers(&self) -> Vec<Offer> {
        let host = Who { account: None, is_host: true };
        let titles = self.0.iter().flat_map(|titles| titles.search(&Wish::default(), host));
        let here = titles.filter(|title| title.kept.url.is_none()).take(MOST_TITLES);
        let of = |title: Arc<Title>| {
            let id = format!("{LIBRARY}{}", title.kept.id);
            Offer { label: format!("{} ({id})", title.kept.details.title), id }
        };
        here.map(of).collect()
    }
}

impl Titles for OfLibrary {
    fn standing(&self, number: u64) -> Option<Standing> {
        let shelf = self.0.as_ref()?.shelf();
        let kept = &shelf.find(number)?.kept;
        let shown = &kept.shown;
        let lasts = match shown.length_ms {
            _ if kept.url.is_some() => Err(NotPlayed::Elsewhere),
            _ if shown.generation == 0 => Err(NotPlayed::Unmade),
            None => Err(NotPlayed::Endless),
            Some(length_ms) => Ok(Duration::from_millis(length_ms)),
        };
        let has_pictures = !shown.lines.is_empty();
        let changed = since_unix(kept.changed).as_millis();
        let edition = u64::try_from(changed).unwrap_or_default();
        Some(Standing { lasts, has_pictures, edition })
    }
}

/// Titles that are offered.
const MOST_TITLES: usize = 200;
/// How often it is looked whether it is time for a look.
const GLANCE: Duration = Duration::from_millis(250);
