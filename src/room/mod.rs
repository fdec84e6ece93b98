//! Rooms: a name, a channel, and the people around it.
//!
//! Each stands under a path of its own; the default one has no name and stands at the root. Rooms
//! on the same source share its channel ([`crate::live::channel`]). What the people of a room get
//! is [`crate::live`]'s.

mod name;

use std::sync::Arc;

use parking_lot::RwLock;

use crate::film::Theatre;
use crate::live::condition::Condition;
use crate::live::crowd::Crowd;
use crate::live::hub::Hub;

pub use name::{NotAName, RoomName};

/// One room.
pub struct Room {
    /// `None` of the default one.
    pub name: Option<RoomName>,
    /// The people around its channel.
    pub crowd: Arc<Crowd>,
    showing: RwLock<Option<Arc<Showing>>>,
}

/// The films that a room plays.
pub struct Showing {
    /// Which there are, and how far they are.
    pub theatre: Arc<Theatre>,
    /// Who loads them: each with a share of the budget.
    pub crowd: Arc<Crowd>,
}

/// All rooms of this server.
pub struct Rooms {
    default: Arc<Room>,
    named: RwLock<Vec<Arc<Room>>>,
}

/// What a path leads to.
pub enum Place<'a> {
    /// Something in a room: the path from there, with a slash in front.
    In(Arc<Room>, &'a str),
    /// A room itself, without the slash behind it that its page's own addresses need.
    Door(&'a str),
    /// A room that there is not.
    Nowhere,
}

impl Room {
    /// A room: its name, what to call it before a person, and the people in it.
    pub fn new(name: Option<RoomName>, title: String, crowd: Arc<Crowd>) -> Self {
        crowd.retitle(title);
        Self { name, crowd, showing: RwLock::default() }
    }

    /// As rights and the store name it: an empty name is the default one.
    pub fn plain_name(&self) -> &str {
        self.name.as_ref().map_or("", RoomName::as_str)
    }

    /// What to call it before a person.
    pub fn title(&self) -> String {
        self.crowd.title().to_string()
    }

    /// Calls it otherwise from now on.
    pub fn retitle(&self, title: String) {
        self.crowd.retitle(title);
    }

    /// The films that it plays, if it plays some.
    pub fn showing(&self) -> Option<Arc<Showing>> {
        self.showing.read().clone()
    }

    /// Plays these films from now on, or none. Returns those of before.
    pub fn play(&self, showing: Option<Showing>) -> Option<Arc<Showing>> {
        std::mem::replace(&mut *self.showing.write(), showing.map(Arc::new))
    }

    /// Where it stands, from the server's root: with a slash in front and at the end.
    pub fn path(&self) -> String {
        self.name.as_ref().map_or_else(|| "/".to_owned(), |name| format!("{ROOMS}{name}/"))
    }

    /// The pictures that it shows.
    pub fn hub(&self) -> Arc<Hub> {
        self.crowd.hub()
    }

    /// How its source is.
    pub fn condition(&self) -> Arc<Condition> {
        Arc::clone(&self.crowd.channel().condition)
    }
}

impl Rooms {
    /// One room, the default.
    pub fn new(default: Room) -> Self {
        Self { default: Arc::new(default), named: RwLock::default() }
    }

    /// Adds one that has a name, which no other has.
    pub fn add(&self, room: Room) {
        self.named.write().push(Arc::new(room));
    }

    /// Takes the room of this name out. Who is in it is still to be sent away.
    pub fn remove(&self, name: &RoomName) -> Option<Arc<Room>> {
        let mut named = self.named.write();
        let at = named.iter().position(|room| room.name.as_ref() == Some(name))?;
        Some(named.remove(at))
    }

    /// Puts the room of this name at a place among those that have names, the first is 0; beyond
    /// the last it is the last.
    pub fn put(&self, name: &RoomName, place: usize) {
        let mut named = self.named.write();
        if let Some(at) = named.iter().position(|room| room.name.as_ref() == Some(name)) {
            let room = named.remove(at);
            let place = place.min(named.len());
            named.insert(place, room);
        }
    }

    /// The room that has no name.
    pub fn default(&self) -> Arc<Room> {
        Arc::clone(&self.default)
    }

    /// The room of this name.
    pub fn named(&self, name: &str) -> Option<Arc<Room>> {
        let is_it = |room: &&Arc<Room>| room.name.as_ref().is_some_and(|its| its.as_str() == name);
        self.named.read().iter().find(is_it).cloned()
    }

    /// All of them, the default one first.
    pub fn all(&self) -> Vec<Arc<Room>> {
        std::iter::once(self.default()).chain(self.named.read().iter().cloned()).collect()
    }

    /// What lies at a path: everything that there is at the root there is in each room too.
    pub fn place<'a>(&self, path: &'a str) -> Place<'a> {
        let Some(rest) = path.strip_prefix(ROOMS) else {
            // mjpg-streamer's clients ask under this path, which their own proxy takes off or not.
            let rest = path.strip_prefix(WEBCAM).filter(|rest| rest.starts_with('/'));
            return Place::In(self.default(), rest.unwrap_or(path));
        };
        let (name, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        match self.named(name) {
            Some(_) if rest.is_empty() => Place::Door(name),
            Some(room) => Place::In(room, rest),
            None => Place::Nowhere,
        }
    }
}

const ROOMS: &str = "/r/";
const WEBCAM: &str = "/webcam";

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: Option<&str>) -> Room {
        let name = name.map(|name| name.parse().unwrap());
        Room::new(name, String::new(), Crowd::of_pattern())
    }

    /// The room's name and the path in it.
    fn found(rooms: &Rooms, path: &str) -> String {
        match rooms.place(path) {
            Place::In(room, rest) => format!("{} {rest}", room.path()),
            Place::Door(name) => format!("door {name}"),
            Place::Nowhere => "nowhere".into(),
        }
    }

    #[test]
    fn rooms_are_put_in_another_order_and_taken_out() {
        let rooms = Rooms::new(room(None));
        ["a", "b", "c"].iter().for_each(|name| rooms.add(room(Some(name))));
        let order = || rooms.all().iter().map(|room| room.path()).collect::<Vec<_>>().concat();
        let name = |text: &str| text.parse::<RoomName>().unwrap();
        rooms.put(&name("c"), 0);
        assert_eq!(order(), "//r/c//r/a//r/b/");
        rooms.put(&name("c"), 99);
        assert_eq!(order(), "//r/a//r/b//r/c/");
        rooms.put(&name("a"), 1);
        rooms.put(&name("x"), 0);
        assert_eq!(order(), "//r/b//r/a//r/c/");
        assert_eq!(rooms.remove(&name("a")).map(|room| room.path()), Some("/r/a/".into()));
        assert!(rooms.remove(&name("a")).is_none() && rooms.named("a").is_none());
        assert_eq!(order(), "//r/b//r/c/");
    }

    #[test]
    fn what_stands_at_the_root_stands_in_each_room_too() {
        let rooms = Rooms::new(room(None));
        rooms.add(room(Some("kitchen")));
        for (path, expected) in [
            ("/", "/ /"),
            ("/stream", "/ /stream"),
            ("*", "/ *"),
            ("/r/kitchen/", "/r/kitchen/ /"),
            ("/r/kitchen/assets/x", "/r/kitchen/ /assets/x"),
            ("/r/kitchen", "door kitchen"),
            ("/r/Kitchen/", "nowhere"),
            ("/r/cellar/stream", "nowhere"),
            ("/r//stream", "nowhere"),
            ("/r/", "nowhere"),
            ("/r", "/ /r"),
            ("/r/kitchen/r/kitchen/", "/r/kitchen/ /r/kitchen/"),
            ("/webcam/", "/ /"),
            ("/webcam/stream", "/ /stream"),
            ("/webcam", "/ /webcam"),
            ("/webcams/stream", "/ /webcams/stream"),
        ] {
            assert_eq!(found(&rooms, path), expected, "{path}");
        }
        assert_eq!(rooms.all().len(), 2);
        assert!(rooms.named("kitchen").is_some() && rooms.named("").is_none());
    }
}
