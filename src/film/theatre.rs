//! A room's films: which there are, what plays, who is there.
//!
//! Shared by the lanes, which wait for nothing here, and by the thread that looks at the disk. The
//! lock is held for no I/O.

use std::collections::{HashMap, HashSet};
use std::io::Result;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::files::{self, Edition, Film, Opened};
use super::folder::MediaFolder;
use super::path::FilmPath;
use super::show::{Item, Playing, Show};
use crate::base::clock::Clock;

/// A room's films, and how far they are.
pub struct Theatre {
    folder: Arc<MediaFolder>,
    path: FilmPath,
    clock: Clock,
    state: Mutex<State>,
}

struct State {
    /// All that was found, in the order of their names.
    films: Vec<Arc<Film>>,
    show: Show,
    /// The order that a host gave the list, if one did: by path, so that a film which is changed, or
    /// gone for a while, has its place again.
    arranged: Option<Vec<FilmPath>>,
    /// All that was ever found: what is not among it is new.
    known: HashSet<FilmPath>,
    next_id: u32,
    /// When it was looked at last.
    looked_at: Option<Duration>,
    /// Whether the files could be looked at then.
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
    /// Whether the files were looked at yet.
    pub is_known: bool,
    /// Whether they could not be.
    pub is_missing: bool,
    /// The room's clock.
    pub now: Duration,
}

/// Somebody who is there, until it is dropped.
pub struct Presence(Arc<Theatre>);

impl Theatre {
    /// A theatre of a file, or of those in a folder. Nothing is known of them before the first
    /// [look](Self::look).
    pub fn new(folder: Arc<MediaFolder>, path: FilmPath, clock: Clock) -> Self {
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
        Self { folder, path, clock, state: Mutex::new(state) }
    }

    /// Looks which files there are, if it is time for it. Waits for the disk.
    pub fn look_if_due(&self) {
        let now = self.now();
        let is_due = {
            let state = self.state.lock();
            let each = if state.people > 0 { LOOK_EACH } else { LOOK_EACH_ALONE };
            state.looked_at.is_none_or(|at| now.saturating_sub(at) >= each)
        };
        if is_due {
            self.look();
        }
    }

    /// Looks which files there are. Waits for the disk.
    pub fn look(&self) {
        let found = self.folder.files(&self.path);
        let is_missing = found.is_err();
        let paths = found.unwrap_or_default().into_iter().filter(files::is_listed);
        let known = self.state.lock().films.clone();
        let films: Vec<Arc<Film>> = paths.filter_map(|path| self.film(path, &known)).collect();
        let at = self.clock.now();
        films.iter().for_each(|film| film.let_go(at));
        let now = self.now();
        let mut state = self.state.lock();
        state.settle(films, now);
        (state.looked_at, state.is_missing) = (Some(now), is_missing);
    }

    /// The film at a path: the one that is known, if its file is as it was.
    fn film(&self, path: FilmPath, known: &[Arc<Film>]) -> Option<Arc<Film>> {
        let file = Arc::new(self.folder.file(&path).ok()?);
        let edition = Edition::of(&file).ok()?;
        let same = |film: &&Arc<Film>| film.path == path && film.edition == edition;
        if let Some(film) = known.iter().find(same) {
            return Some(Arc::clone(film));
        }
        let id = {
            let mut state = self.state.lock();
            state.next_id += 1;
            state.next_id - 1
        };
        Some(Arc::new(Film::new(id, path, &file, edition)))
    }

    /// The film of this number.
    pub fn find(&self, id: u32) -> Option<Arc<Film>> {
        self.state.lock().films.iter().find(|film| film.id == id).cloned()
    }

    /// Opens a film. Waits for the disk.
    ///
    /// # Errors
    ///
    /// The system's, or that its file is another by now.
    pub fn open(&self, film: &Film) -> Result<Opened> {
        let file = self.folder.file(&film.path)?;
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
        let arranged = list.as_ref().map(|list| state.paths(list));
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
            let was = self.films.iter().find(|was| was.path == film.path && was.id != film.id);
            if let (Some(was), Some(item)) = (was, item(film)) {
                self.show.exchange(was.id, item);
            }
        }
        self.films = films;
        let fresh: Vec<FilmPath> = {
            let paths = self.films.iter().map(|film| &film.path);
            paths.filter(|path| !self.known.contains(*path)).cloned().collect()
        };
        if self.known.len() + fresh.len() > MOST_KNOWN {
            self.known = self.films.iter().map(|film| film.path.clone()).collect();
        }
        self.known.extend(fresh.iter().cloned());
        let playable = self.films.iter().filter_map(|film| Some((&film.path, item(film)?)));
        let new: Vec<Item> = match &mut self.arranged {
            None => playable.map(|(_, item)| item).collect(),
            Some(arranged) => {
                arranged.extend(fresh);
                let there: HashMap<&FilmPath, Item> = playable.collect();
                if arranged.len() > MOST_KNOWN {
                    arranged.retain(|path| there.contains_key(path));
                }
                arranged.iter().filter_map(|path| there.get(path).copied()).collect()
            }
        };
        if new != self.show.list() {
            let now = self.time(now);
            self.show.change(now, new);
        }
    }

    /// The films of a list by path, and behind them those that are away and had a place.
    fn paths(&self, list: &[Item]) -> Vec<FilmPath> {
        let film = |id| self.films.iter().find(|film| film.id == id);
        let there = list.iter().filter_map(|item| Some(film(item.id)?.path.clone()));
        let is_away = |path: &&FilmPath| !self.films.iter().any(|film| film.path == **path);
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
/// Paths that are remembered, of films that are there and that were.
const MOST_KNOWN: usize = 20_000;
const LOOK_EACH: Duration = Duration::from_secs(3);
const LOOK_EACH_ALONE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests;
