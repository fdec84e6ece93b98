//! A room's films: which there are, what plays, who is there.
//!
//! Shared by the lanes, which wait for nothing here, and by the thread that looks which films there
//! are. The lock is held for no I/O.

use std::collections::{HashMap, HashSet};
use std::io::Result;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::entry::{Film, Place, What};
use super::files::{self, Edition, FilmFile, Opened};
use super::folder::MediaFolder;
use super::path::FilmPath;
use super::show::{Item, Playing, Show};
use super::titles::{Standing, Titles};
use crate::base::clock::Clock;

/// A room's films, and how far they are.
pub struct Theatre {
    stock: Stock,
    clock: Clock,
    state: Mutex<State>,
}

/// Where its films come from.
enum Stock {
    /// A file, or those in a folder.
    Files(Arc<MediaFolder>, FilmPath),
    /// The title of this number.
    Title(Arc<dyn Titles>, u64),
}

struct State {
    /// All that was found, in the order of their names.
    films: Vec<Arc<Film>>,
    show: Show,
    /// The order that a host gave the list, if one did: by place, so that a film which is changed, or
    /// gone for a while, has its own again.
    arranged: Option<Vec<Place>>,
    /// All that was ever found: what is not among it is new.
    known: HashSet<Place>,
    next_id: u32,
    /// When it was looked at last.
    looked_at: Option<Duration>,
    /// Whether the files could not be looked at then, or there was no such title.
    is_missing: bool,
    /// Who is there.
    people: usize,
    /// When somebody was there last; `None` if nobody ever was.
    seen_at: Option<Duration>,
}

/// What a host asks for: any of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Order {
    /// Stand still, or go on.
    pub paused: Option<bool>,
    /// Go to this film.
    pub film: Option<u32>,
    /// Go so many films on.
    pub skip: Option<i8>,
    /// Go to this place in the film that plays.
    pub position: Option<Duration>,
    /// Show these films, in this order.
    pub list: Option<Vec<u32>>,
    /// Begin again after the last.
    pub repeats: Option<bool>,
}

/// Why it is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is no such film, or nobody can play it.
    NoSuchFilm,
}

/// What a room shows, as its people are told.
#[derive(Clone)]
pub struct Program {
    /// What plays now.
    pub playing: Option<(Arc<Film>, Playing)>,
    /// The films in their order.
    pub list: Vec<Arc<Film>>,
    /// What was found and is not in that list.
    pub others: Vec<Arc<Film>>,
    /// Whether the first comes again after the last.
    pub repeats: bool,
    /// Whether it was looked yet which there are.
    pub is_known: bool,
    /// Whether the files cannot be looked at, or there is no such title.
    pub is_missing: bool,
    /// The title that the room plays, if it plays no files.
    pub title: Option<u64>,
    /// The room's clock.
    pub now: Duration,
}

/// Somebody who is there, until it is dropped.
pub struct Presence(Arc<Theatre>);

impl Theatre {
    /// A theatre of a file, or of those in a folder. Nothing is known of them before the first
    /// [look](Self::look).
    pub fn new(folder: Arc<MediaFolder>, path: FilmPath, clock: Clock) -> Self {
        Self::of(Stock::Files(folder, path), clock)
    }

    /// A theatre of the title of this number; whether there is one the first look says.
    pub fn of_title(titles: Arc<dyn Titles>, number: u64, clock: Clock) -> Self {
        Self::of(Stock::Title(titles, number), clock)
    }

    fn of(stock: Stock, clock: Clock) -> Self {
        let state = State {
            films: Vec::new(),
            show: Show::new(),
            arranged: None,
            known: HashSet::new(),
            next_id: 1,
            looked_at: None,
            is_missing: false,
            people: 0,
            seen_at: None,
        };
        Self { stock, clock, state: Mutex::new(state) }
    }

    /// Looks which films there are, if it is time for it. Waits for the disk.
    pub fn look_if_due(&self) {
        let now = self.now();
        let is_due = {
            let state = self.state.lock();
            let each = match &self.stock {
                // It asks no disk.
                Stock::Title(..) => Duration::ZERO,
                Stock::Files(..) if state.people > 0 => LOOK_EACH,
                Stock::Files(..) => LOOK_EACH_ALONE,
            };
            state.looked_at.is_none_or(|at| now.saturating_sub(at) >= each)
        };
        if is_due {
            self.look();
        }
    }

    /// Looks which films there are. Waits for the disk.
    pub fn look(&self) {
        let known = self.state.lock().films.clone();
        let found = match &self.stock {
            Stock::Files(folder, path) => self.files(folder, path, &known).ok(),
            Stock::Title(titles, number) => {
                let standing = titles.standing(*number);
                standing.map(|standing| vec![self.title(*number, standing, &known)])
            }
        };
        let is_missing = found.is_none();
        let now = self.now();
        let mut state = self.state.lock();
        state.settle(found.unwrap_or_default(), now);
        (state.looked_at, state.is_missing) = (Some(now), is_missing);
    }

    fn files(
        &self,
        folder: &MediaFolder,
        path: &FilmPath,
        known: &[Arc<Film>],
    ) -> Result<Vec<Arc<Film>>> {
        let paths = folder.files(path)?.into_iter().filter(files::is_listed);
        let films: Vec<_> = paths.filter_map(|path| self.film(folder, path, known)).collect();
        let at = self.clock.now();
        films.iter().filter_map(|film| film.file()).for_each(|file| file.let_go(at));
        Ok(films)
    }

    /// The film at a path: the one that is known, if its file is as it was.
    fn film(&self, folder: &MediaFolder, path: FilmPath, known: &[Arc<Film>]) -> Option<Arc<Film>> {
        let file = Arc::new(folder.file(&path).ok()?);
        let edition = Edition::of(&file).ok()?;
        let same = |film: &&Arc<Film>| {
            film.file().is_some_and(|file| file.path == path && file.edition == edition)
        };
        if let Some(film) = known.iter().find(same) {
            return Some(Arc::clone(film));
        }
        let file = FilmFile::new(path, &file, edition);
        Some(Arc::new(Film::of_file(self.new_id(), file)))
    }

    /// The film that is a title: the same one however it stands, so that it goes on when more of it
    /// is made.
    fn title(&self, number: u64, standing: Standing, known: &[Arc<Film>]) -> Arc<Film> {
        match known.first() {
            Some(film) if matches!(film.what, What::Title(_, before) if before == standing) => {
                Arc::clone(film)
            }
            Some(film) => Arc::new(Film::of_title(film.id, number, standing)),
            None => Arc::new(Film::of_title(self.new_id(), number, standing)),
        }
    }

    fn new_id(&self) -> u32 {
        let mut state = self.state.lock();
        state.next_id += 1;
        state.next_id - 1
    }

    /// The file of the film of this number, if that is one.
    pub fn find(&self, id: u32) -> Option<Arc<FilmFile>> {
        let state = self.state.lock();
        state.films.iter().find(|film| film.id == id)?.file().cloned()
    }

    /// Opens a film's file. Waits for the disk.
    ///
    /// # Errors
    ///
    /// The system's, or that it is another by now.
    pub fn open(&self, film: &FilmFile) -> Result<Opened> {
        let Stock::Files(folder, _) = &self.stock else { return Err(files::changed()) };
        let file = folder.file(&film.path)?;
        if Edition::of(&file)? != film.edition {
            return Err(files::changed());
        }
        let opened = Opened::new(file, film.edition)?;
        film.keep(&opened, self.clock.now());
        Ok(opened)
    }

    /// Somebody comes. While nobody was there, the show stood still.
    pub fn enter(self: &Arc<Self>) -> Presence {
        let now = self.now();
        let mut state = self.state.lock();
        state.wake(now);
        state.people += 1;
        drop(state);
        Presence(Arc::clone(self))
    }

    /// Somebody is there who says so again and again.
    pub fn touch(&self) {
        let now = self.now();
        self.state.lock().wake(now);
    }

    /// Does what a host asks for; nothing of it if some cannot be done.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub fn obey(&self, order: &Order) -> std::result::Result<(), Refused> {
        let now = self.now();
        let mut state = self.state.lock();
        state.wake(now);
        let list = order.list.as_ref().map(|ids| state.items(ids)).transpose()?;
        let mut show = state.show.clone();
        let arranged = list.as_ref().map(|list| state.places(list));
        if let Some(list) = list {
            show.change(now, list);
        }
        if let Some(repeats) = order.repeats {
            show.repeat(now, repeats);
        }
        if let Some(by) = order.skip {
            show.skip(now, by.into());
        }
        if let Some(id) = order.film {
            let plays = show.at(now).is_some_and(|playing| playing.id == id);
            // Who names what plays means a place in it.
            let is_there = (plays && order.position.is_some()) || show.go_to(now, id);
            is_there.then_some(()).ok_or(Refused::NoSuchFilm)?;
        }
        if let Some(position) = order.position {
            show.seek(now, position);
        }
        match order.paused {
            Some(true) => show.pause(now),
            Some(false) => show.play(now),
            None => {}
        }
        state.show = show;
        state.arranged = arranged.or_else(|| state.arranged.take());
        Ok(())
    }

    /// What it shows now.
    pub fn program(&self) -> Program {
        let now = self.now();
        let state = self.state.lock();
        let film = |id| state.films.iter().find(|film| film.id == id).cloned();
        let time = state.time(now);
        // What stands still while nobody is there is told as if it began later.
        let rested = i64::try_from(now.saturating_sub(time).as_micros()).unwrap_or(0);
        let playing = state.show.at(time).map(|playing| Playing {
            began_us: playing.began_us.map(|began| began.saturating_add(rested)),
            ..playing
        });
        let list: Vec<_> = state.show.list().iter().filter_map(|item| film(item.id)).collect();
        let shown: HashSet<u32> = list.iter().map(|film| film.id).collect();
        let others = state.films.iter().filter(|film| !shown.contains(&film.id));
        Program {
            playing: playing.and_then(|playing| Some((film(playing.id)?, playing))),
            others: others.cloned().collect(),
            list,
            repeats: state.show.repeats(),
            is_known: state.looked_at.is_some(),
            is_missing: state.is_missing,
            title: match &self.stock {
                Stock::Files(..) => None,
                Stock::Title(_, number) => Some(*number),
            },
            now,
        }
    }

    /// How many are there.
    pub fn people(&self) -> usize {
        self.state.lock().people
    }

    /// The room's clock at a moment.
    pub fn time_at(&self, moment: Instant) -> Duration {
        self.clock.since_start(moment)
    }

    fn now(&self) -> Duration {
        self.time_at(self.clock.now())
    }
}

impl State {
    /// Takes what was found. What a host put in order stays so, and what is new comes behind it.
    fn settle(&mut self, films: Vec<Arc<Film>>, now: Duration) {
        for film in &films {
            let was = self.films.iter().find(|was| was.place == film.place && was.id != film.id);
            if let (Some(was), Some(item)) = (was, item(film)) {
                self.show.exchange(was.id, item);
            }
        }
        self.films = films;
        let fresh: Vec<Place> = {
            let places = self.films.iter().map(|film| &film.place);
            places.filter(|place| !self.known.contains(*place)).cloned().collect()
        };
        if self.known.len() + fresh.len() > MOST_KNOWN {
            self.known = self.films.iter().map(|film| film.place.clone()).collect();
        }
        self.known.extend(fresh.iter().cloned());
        let playable = self.films.iter().filter_map(|film| Some((&film.place, item(film)?)));
        let new: Vec<Item> = match &mut self.arranged {
            None => playable.map(|(_, item)| item).collect(),
            Some(arranged) => {
                arranged.extend(fresh);
                let there: HashMap<&Place, Item> = playable.collect();
                if arranged.len() > MOST_KNOWN {
                    arranged.retain(|place| there.contains_key(place));
                }
                arranged.iter().filter_map(|place| there.get(place).copied()).collect()
            }
        };
        if new != self.show.list() {
            let now = self.time(now);
            self.show.change(now, new);
        }
    }

    /// The places of a list's films, and behind them those of such as are away.
    fn places(&self, list: &[Item]) -> Vec<Place> {
        let film = |id| self.films.iter().find(|film| film.id == id);
        let there = list.iter().filter_map(|item| Some(film(item.id)?.place.clone()));
        let is_away = |place: &&Place| !self.films.iter().any(|film| film.place == **place);
        let away = self.arranged.iter().flatten().filter(is_away).cloned();
        there.chain(away).take(MOST_KNOWN).collect()
    }

    /// Films by their numbers, in that order; each once.
    fn items(&self, ids: &[u32]) -> std::result::Result<Vec<Item>, Refused> {
        let mut items: Vec<Item> = Vec::new();
        for &id in ids {
            let found = self.films.iter().find(|film| film.id == id);
            let item = found.and_then(|film| item(film)).ok_or(Refused::NoSuchFilm)?;
            if !items.contains(&item) {
                items.push(item);
            }
        }
        Ok(items)
    }

    /// Until when the show went on: it stands still once nobody is there for a while.
    fn time(&self, now: Duration) -> Duration {
        match self.seen_at {
            _ if self.people > 0 => now,
            Some(seen) => now.min(seen + REST_AFTER),
            // It begins when the first comes.
            None => Duration::ZERO,
        }
    }

    fn wake(&mut self, now: Duration) {
        let until = self.time(now);
        self.show.rest(now.saturating_sub(until));
        self.seen_at = Some(now);
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let now = self.0.now();
        let mut state = self.0.state.lock();
        state.wake(now);
        state.people -= 1;
    }
}

fn item(film: &Film) -> Option<Item> {
    let lasts = film.lasts()?;
    Some(Item { id: film.id, lasts })
}

/// Nobody there for so long stops the show, as it closes a camera.
const REST_AFTER: Duration = Duration::from_secs(10);
/// Places that are remembered, of films that are there and that were.
const MOST_KNOWN: usize = 20_000;
const LOOK_EACH: Duration = Duration::from_secs(3);
const LOOK_EACH_ALONE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests;
