//! Changes rooms and settings while the server runs: what [`Studio`] promises.
//!
//! On the workers' threads, one change at a time. What is changed is first made possible, then
//! [kept](mod@file), and then holds: of a change that cannot be kept nothing is left. Which sources may
//! be named says [`offers`].

mod file;
mod offers;
mod settings;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard, RwLock};

use super::cinema::Cinema;
use super::sources::Said;
use super::stage::Stage;
use crate::base::clock::Clock;
use crate::base::system;
use crate::config::{Config, Edit, Key, New, Origins, RoomText, SourceText, Where, parse_title};
use crate::error::Error;
use crate::live::audience::Audience;
use crate::live::channel::Channel;
use crate::media::filter::{Mask, NotAMask};
use crate::room::{Room, RoomName, Rooms};
use crate::web::{
    Effect, MAX_ROOMS, NewRoom, NoSource, NotChanged, Offer, RoomChange, RoomSettings, Setting,
    Studio,
};
use file::Kept;
pub(super) use offers::Camera;
use offers::{Chosen, Offers};
use settings::Settings;

/// What of the running server can be changed.
pub(super) struct Parts {
    pub(super) stage: Arc<Stage>,
    pub(super) cinema: Arc<Cinema>,
    pub(super) rooms: Arc<Rooms>,
    pub(super) audience: Arc<Audience>,
    pub(super) donate_url: Arc<RwLock<Option<String>>>,
    pub(super) clock: Clock,
}

/// Who changes it.
pub(super) struct Director {
    parts: Parts,
    kept: Kept,
    offers: Offers,
    /// How to find the cameras that there are.
    cameras: fn() -> Vec<Camera>,
    /// The flags among those that say something of rooms.
    fixed: Vec<&'static str>,
    settings: Mutex<Settings>,
    /// What was said of each room.
    book: Mutex<Book>,
    /// Held for a whole change, with all that it waits for. Nobody waits for it for long.
    changing: Mutex<()>,
}

/// What was said of the rooms, as the file has it.
struct Book {
    default: Option<Chosen>,
    /// What nobody may see of the default one.
    mask: Mask,
    rooms: Vec<Entry>,
}

/// What was said of a room that has a name.
#[derive(Clone)]
struct Entry {
    name: RoomName,
    source: Chosen,
    mask: Mask,
    title: Option<String>,
}

impl Director {
    /// Of a server that was started so.
    pub(super) fn new(
        config: &Config,
        origins: &Origins,
        parts: Parts,
        cameras: fn() -> Vec<Camera>,
    ) -> Self {
        let default = origins.source().zip(config.source.as_ref()).map(|(text, choice)| Chosen {
            text: text.to_owned(),
            said: Said { choice: choice.clone(), redirects: config.source_redirects },
        });
        let of_rooms = config.rooms.iter().zip(origins.room_sources());
        let rooms: Vec<Entry> = of_rooms
            .map(|(room, text)| Entry {
                name: room.name.clone(),
                source: Chosen {
                    text: text.clone(),
                    said: Said { choice: room.source.clone(), redirects: room.redirects },
                },
                mask: room.mask.clone(),
                title: room.title.clone(),
            })
            .collect();
        let by_file = |key| matches!(origins.place(key), Where::File { .. });
        let mut named = Vec::new();
        named.extend(default.clone().map(|source| (source, by_file("source"))));
        named.extend(rooms.iter().map(|room| (room.source.clone(), by_file("room"))));
        let offers = Offers::new(named);
        let flags = ["source", "source-redirects", "room", "title", "mask"].into_iter();
        let mask = config.mask.clone().unwrap_or_default();
        let director = Self {
            kept: Kept::new(origins.file(), offers.in_file()),
            offers,
            cameras,
            fixed: flags.filter(|key| origins.place(key) == Where::Flag).collect(),
            settings: Mutex::new(Settings::of(origins)),
            book: Mutex::new(Book { default, mask, rooms }),
            changing: Mutex::default(),
            parts,
        };
        director.cover(None);
        director
    }

    /// Covers each source as all the rooms say that show it, and as `coming` says that is to show
    /// one.
    fn cover(&self, coming: Option<(&Arc<Channel>, &Mask)>) {
        let rooms = self.parts.rooms.all();
        let mut masks: Vec<(Arc<Channel>, Mask)> = Vec::new();
        let mut add = |channel: Arc<Channel>, mask: &Mask| match masks
            .iter_mut()
            .find(|(other, _)| Arc::ptr_eq(other, &channel))
        {
            Some((_, there)) => *there = there.union(mask),
            None => masks.push((channel, mask.clone())),
        };
        {
            let book = self.book.lock();
            for room in &rooms {
                add(room.crowd.channel(), book.mask_of(room.name.as_ref()));
            }
        }
        coming.into_iter().for_each(|(channel, mask)| add(Arc::clone(channel), mask));
        masks.into_iter().for_each(|(channel, mask)| channel.hub.set_mask(mask));
    }

    /// Begins a change.
    fn begin(&self) -> Result<MutexGuard<'_, ()>, NotChanged> {
        self.changing.try_lock_for(MOMENT).ok_or(NotChanged::Busy)
    }

    fn is_free(&self, key: &'static str) -> Result<(), NotChanged> {
        match self.fixed.contains(&key) {
            true => Err(NotChanged::Fixed(key)),
            false => Ok(()),
        }
    }

    fn choose(&self, source: &str, room: Option<&RoomName>) -> Result<Chosen, NotChanged> {
        let Chosen { text, said } =
            self.offers.choose(source, self.cameras).map_err(NotChanged::Source)?;
        let said = Said { choice: said.choice.of_room(room), ..said };
        Ok(Chosen { text, said })
    }

    /// Keeps a change of what rooms show and puts it into effect, or closes again what was opened
    /// for it.
    fn keep(&self, edits: &[Edit<'_>]) -> Result<(), NotChanged> {
        let kept = self.kept.change(edits);
        if kept.is_err() {
            self.parts.stage.keep_shown(&self.parts.rooms);
        }
        kept
    }

    fn show(&self, chosen: &Chosen) -> Result<Arc<Channel>, NotChanged> {
        let fails = |why: Error| NoSource::Fails(why.to_string());
        let known = self.parts.cinema.check(&chosen.said);
        known.map_err(|why| NotChanged::Source(NoSource::Fails(why)))?;
        self.parts.stage.show(&chosen.said).map_err(|why| NotChanged::Source(fails(why)))
    }

    /// Shows a source in a room that was given another before.
    fn turn(&self, room: &Room, channel: Arc<Channel>, said: &Said) {
        let Parts { stage, cinema, rooms, audience, clock, .. } = &self.parts;
        let mask = self.book.lock().mask_of(room.name.as_ref()).clone();
        // Before anybody of the room sees it.
        self.cover(Some((&channel, &mask)));
        audience.show(&room.crowd, channel, clock.now());
        cinema.show(room, Some(said));
        self.cover(None);
        stage.keep_shown(rooms);
    }

    fn change_default(&self, change: &RoomChange) -> Result<(), NotChanged> {
        if change.place.is_some() {
            return Err(NotChanged::DefaultStays);
        }
        change.title.as_ref().map_or(Ok(()), |_| self.is_free("title"))?;
        if change.source.is_some() {
            self.is_free("source")?;
            // It would win over how far an address from afar is followed.
            self.is_free("source-redirects")?;
        }
        change.mask.as_ref().map_or(Ok(()), |_| self.is_free("mask"))?;
        let title = change.title.as_deref().map(title_of).transpose()?;
        let mask = change.mask.as_deref().map(mask_of).transpose()?;
        let written = mask.as_ref().and_then(written);
        let source =
            change.source.as_deref().map(|source| self.choose(source, None)).transpose()?;
        let channel = source.as_ref().map(|source| self.show(source)).transpose()?;
        let mut edits = Vec::new();
        edits.extend(title.as_ref().map(|title| Edit::Value(Key::Title, title.as_deref())));
        edits.extend(mask.as_ref().map(|_| Edit::Value(Key::Mask, written.as_deref())));
        edits.extend(source.as_ref().map(|source| Edit::Source(source.as_text())));
        self.keep(&edits)?;
        let room = self.parts.rooms.default();
        if let Some(mask) = mask {
            self.settings.lock().changed(Key::Mask, written);
            self.book.lock().mask = mask;
            self.cover(None);
        }
        if let Some(title) = title {
            self.settings.lock().changed(Key::Title, title.clone());
            room.retitle(title.unwrap_or_else(system::machine_name));
        }
        if let (Some(source), Some(channel)) = (source, channel) {
            self.turn(&room, channel, &source.said);
            self.book.lock().default = Some(source);
        }
        Ok(())
    }

    fn change_named(&self, name: &str, change: &RoomChange) -> Result<(), NotChanged> {
        let room = self.parts.rooms.named(name).ok_or(NotChanged::NoSuchRoom)?;
        self.is_free("room")?;
        let mut entry = self.entry(name)?;
        if let Some(title) = change.title.as_deref() {
            entry.title = title_of(title)?;
        }
        let source = change.source.as_deref();
        let source = source.map(|source| self.choose(source, Some(&entry.name))).transpose()?;
        let channel = source.as_ref().map(|source| self.show(source)).transpose()?;
        entry.source = source.unwrap_or(entry.source);
        if let Some(mask) = change.mask.as_deref() {
            entry.mask = mask_of(mask)?;
        }
        let new = New {
            source: change.source.is_some(),
            mask: change.mask.is_some(),
            title: change.title.is_some(),
            place: change.place,
        };
        let mask = written(&entry.mask);
        self.keep(&[Edit::Change(entry.as_text(mask.as_deref()), new)])?;
        room.retitle(entry.called());
        if let Some(place) = change.place {
            self.parts.rooms.put(&entry.name, place);
        }
        let said = entry.source.said.clone();
        self.book.lock().note(entry);
        self.cover(None);
        channel.into_iter().for_each(|channel| self.turn(&room, channel, &said));
        Ok(())
    }

    /// What to call what a room shows, if it was said.
    fn label(&self, name: Option<&RoomName>) -> Option<String> {
        let book = self.book.lock();
        let source = match name {
            Some(name) => book.rooms.iter().find(|entry| entry.name == *name).map(|e| &e.source),
            None => book.default.as_ref(),
        };
        source.map(offers::label)
    }

    fn entry(&self, name: &str) -> Result<Entry, NotChanged> {
        let book = self.book.lock();
        let entry = book.rooms.iter().find(|entry| entry.name.as_str() == name);
        entry.cloned().ok_or(NotChanged::NoSuchRoom)
    }
}

impl Studio for Director {
    fn offers(&self) -> Vec<Offer> {
        let mut offers = self.offers.list((self.cameras)());
        for film in self.parts.cinema.offers() {
            if offers.iter().all(|other| other.id != film.id) {
                offers.push(film);
            }
        }
        offers
    }

    fn rooms(&self) -> Vec<RoomSettings> {
        let fixed =
            |keys: &[&'static str]| keys.iter().copied().find(|key| self.is_free(key).is_err());
        let settings = |room: Arc<Room>| {
            let (of_title, of_source, of_mask): (_, &[_], _) = match &room.name {
                Some(_) => ("room", &["room"], "room"),
                None => ("title", &["source", "source-redirects"], "mask"),
            };
            RoomSettings {
                name: room.name.clone(),
                title: room.title(),
                // If nothing was said of it, it is called as it calls itself.
                source: self
                    .label(room.name.as_ref())
                    .unwrap_or_else(|| room.condition().report().name),
                is_stage: room.crowd.channel().air.is_some(),
                title_fixed: fixed(&[of_title]),
                source_fixed: fixed(of_source),
                mask: self.book.lock().mask_of(room.name.as_ref()).to_string(),
                mask_fixed: fixed(&[of_mask]),
            }
        };
        self.parts.rooms.all().into_iter().map(settings).collect()
    }

    fn open(&self, new: &NewRoom) -> Result<(), NotChanged> {
        let _changing = self.begin()?;
        self.is_free("room")?;
        let Parts { rooms, audience, .. } = &self.parts;
        let name: RoomName = new.name.trim().parse().map_err(|_| NotChanged::Name)?;
        if rooms.named(name.as_str()).is_some() {
            return Err(NotChanged::NameTaken);
        }
        if rooms.all().len() >= MAX_ROOMS {
            return Err(NotChanged::TooManyRooms);
        }
        let (title, source) = (title_of(&new.title)?, self.choose(&new.source, Some(&name))?);
        let channel = self.show(&source)?;
        let entry = Entry { name, source, mask: Mask::default(), title };
        self.keep(&[Edit::Open(entry.as_text(None))])?;
        let crowd = audience.gather(channel);
        let room = Room::new(Some(entry.name.clone()), entry.called(), crowd);
        self.parts.cinema.show(&room, Some(&entry.source.said));
        rooms.add(room);
        self.book.lock().note(entry);
        Ok(())
    }

    fn change(&self, room: Option<&str>, change: &RoomChange) -> Result<(), NotChanged> {
        let _changing = self.begin()?;
        match room {
            Some(name) => self.change_named(name, change),
            None => self.change_default(change),
        }
    }

    fn close(&self, room: &str) -> Result<(), NotChanged> {
        let _changing = self.begin()?;
        let Parts { stage, rooms, audience, .. } = &self.parts;
        let name = self.entry(room)?.name;
        self.is_free("room")?;
        self.keep(&[Edit::Close(&name)])?;
        self.book.lock().rooms.retain(|entry| entry.name != name);
        let room = rooms.remove(&name).ok_or(NotChanged::NoSuchRoom)?;
        audience.dismiss(&room.crowd);
        self.parts.cinema.show(&room, None);
        self.cover(None);
        stage.keep_shown(rooms);
        Ok(())
    }

    fn settings(&self) -> Vec<Setting> {
        self.settings.lock().list()
    }

    fn set(&self, key: &str, value: Option<&str>) -> Result<Effect, NotChanged> {
        let _changing = self.begin()?;
        let (key, checked) = self.settings.lock().check(key, value)?;
        if self.settings.lock().is(key, checked.as_deref()) {
            // The file is not made to say what holds without it.
            return Ok(settings::effect(key));
        }
        self.kept.change(&[Edit::Value(key, checked.as_deref())])?;
        let holds = {
            let mut settings = self.settings.lock();
            settings.changed(key, checked);
            settings.value(key)
        };
        if key == Key::Mask {
            let mask = mask_of(holds.as_deref().unwrap_or_default())?;
            self.book.lock().mask = mask;
            self.cover(None);
        }
        Ok(settings::take_effect(key, holds.as_deref(), &self.parts))
    }
}

impl Book {
    /// What nobody may see of a room; the default one has no name.
    fn mask_of(&self, name: Option<&RoomName>) -> &Mask {
        static NOTHING: LazyLock<Mask> = LazyLock::new(Mask::default);
        let Some(name) = name else { return &self.mask };
        let entry = self.rooms.iter().find(|entry| entry.name == *name);
        entry.map_or(&NOTHING, |entry| &entry.mask)
    }

    /// Takes what is said of a room from now on.
    fn note(&mut self, entry: Entry) {
        match self.rooms.iter_mut().find(|other| other.name == entry.name) {
            Some(other) => *other = entry,
            None => self.rooms.push(entry),
        }
    }
}

impl Entry {
    /// As the file has it; `mask` is what is written of what nobody may see.
    fn as_text<'a>(&'a self, mask: Option<&'a str>) -> RoomText<'a> {
        let (source, title) = (self.source.as_text(), self.title.as_deref());
        RoomText { name: &self.name, source, mask, title }
    }

    /// What the room is called.
    fn called(&self) -> String {
        self.title.clone().unwrap_or_else(|| self.name.to_string())
    }
}

impl Chosen {
    fn as_text(&self) -> SourceText<'_> {
        SourceText { text: &self.text, redirects: self.said.redirects }
    }
}

/// A title, or none if it is empty.
fn title_of(text: &str) -> Result<Option<String>, NotChanged> {
    match text.trim() {
        "" => Ok(None),
        text => parse_title(text).map(Some).map_err(NotChanged::Title),
    }
}

/// What nobody may see; nothing if it is empty.
fn mask_of(text: &str) -> Result<Mask, NotChanged> {
    text.parse().map_err(|why: NotAMask| NotChanged::Mask(why.to_string()))
}

/// What is written of it, if anything.
fn written(mask: &Mask) -> Option<String> {
    (!mask.is_empty()).then(|| mask.to_string())
}

/// Who changes something waits for so long for another who does. Each keeps a worker meanwhile.
const MOMENT: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests;
