//! Rooms and settings of a server that runs, without its ways in.

use std::fs;

use super::super::sources::Sources;
use super::*;
use crate::base::scratch::Scratch;
use crate::client::Redirects;
use crate::config::SourceChoice;
use crate::live::audience::{Keep, Seat};
use crate::live::channel::Channels;
use crate::live::level::Choice;
use crate::live::meter::StreamMeter;
use crate::live::settings::{Change, Settings as Wishes, ViewerId};
use crate::net::{Engine, Limits};
use crate::source::webcam::Settings as Controls;
use crate::web::SaidBy;

struct House {
    scratch: Scratch,
    director: Director,
    channels: Arc<Channels>,
}

impl House {
    /// A server that was started so.
    fn start(file: &str, arguments: &[&str]) -> Self {
        let scratch = Scratch::folder();
        scratch.write(NAME, file.as_bytes());
        let (config, origins) = read(&scratch, arguments);
        let clock = Clock::system();
        let engine = Arc::new(Engine::start(Limits::of_descriptors(1024), clock.now()).unwrap());
        let channels = Arc::new(Channels::new(clock.clone()));
        let (mut sources, shown, others) = Sources::of(&config, Controls::default(), None).unwrap();
        let pattern = Said::anywhere(SourceChoice::Pattern);
        let shown = shown.map_or_else(|| sources.add(&pattern), Ok).unwrap();
        let (made, maker) = sources.into_parts();
        let stage = Arc::new(Stage::new(maker, config.wish(), Arc::clone(&channels), engine));
        let running: Vec<_> = made
            .into_iter()
            .map(|(identity, source)| stage.run(identity, source).unwrap())
            .collect();
        let audience = Arc::new(Audience::new(clock.clone(), config.bandwidth, 10));
        let rooms = super::super::rooms(&config, shown, &others, &running, &audience);
        let cinema = Arc::new(Cinema::new(None, None, Arc::clone(&audience), clock.clone()));
        let (rooms, donate_url) = (Arc::new(rooms), Arc::default());
        let parts = Parts { stage, cinema, rooms, audience, donate_url, clock };
        let director = Director::new(&config, &origins, parts, cameras);
        Self { scratch, director, channels }
    }

    fn file(&self) -> String {
        fs::read_to_string(self.scratch.path().join(NAME)).unwrap()
    }

    fn room(&self, name: &str) -> Arc<Room> {
        self.director.parts.rooms.named(name).unwrap()
    }

    fn watch(&self, room: &Room, id: u128) -> Seat {
        let Parts { audience, clock, .. } = &self.director.parts;
        let viewer = audience.enter(&room.crowd, ViewerId::from_bits(id), Wishes::default());
        audience.join(viewer, StreamMeter::default(), Keep::Remembered, clock.now()).unwrap()
    }

    /// The rooms as a host sees them: path, title and source.
    fn seen(&self) -> Vec<[String; 3]> {
        let path = |name: Option<RoomName>| name.map_or("/".to_owned(), |name| name.to_string());
        let rooms = self.director.rooms().into_iter();
        rooms.map(|room| [path(room.name), room.title, room.source]).collect()
    }

    /// All that a change could change.
    fn all(&self) -> (String, Vec<[String; 3]>, usize, Vec<Setting>) {
        (self.file(), self.seen(), self.channels.all().len(), self.director.settings())
    }

    fn setting(&self, key: &str) -> Setting {
        self.director.settings().into_iter().find(|setting| setting.key == key).unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.director.parts.stage.stop();
        self.director.parts.stage.join();
    }
}

fn read(scratch: &Scratch, arguments: &[&str]) -> (Config, Origins) {
    let data = scratch.path().to_str().unwrap();
    let all = [&["livestream", "--data", data], arguments].concat();
    Config::read(all, |_| None).unwrap()
}

fn cameras() -> Vec<Camera> {
    vec![Camera { index: 3, name: "HD Pro".into() }]
}

fn new(name: &str, source: &str) -> NewRoom {
    NewRoom { name: name.into(), title: String::new(), source: source.into() }
}

fn titled(title: &str) -> RoomChange {
    RoomChange { title: Some(title.into()), ..RoomChange::default() }
}

fn showing(source: &str) -> RoomChange {
    RoomChange { source: Some(source.into()), ..RoomChange::default() }
}

const NAME: &str = "livestream.toml";

#[test]
fn a_room_is_opened_kept_and_found_by_the_next_start() {
    let house = House::start("# Mine\nsource = \"pattern\"\n", &[]);
    let yard = NewRoom { title: " The yard ".into(), ..new("yard", "http://me:secret@cam.lan/x") };
    house.director.open(&yard).unwrap();
    house.director.open(&new("twin", "pattern")).unwrap();
    let file = "# Mine\nsource = \"pattern\"\n\n\
                [[room]]\nname = \"yard\"\nsource = \"http://me:secret@cam.lan/x\"\n\
                redirects = \"same-host\"\ntitle = \"The yard\"\n\n\
                [[room]]\nname = \"twin\"\nsource = \"pattern\"\n";
    assert_eq!(house.file(), file);
    let seen = house.seen();
    assert_eq!(seen[1], ["yard", "The yard", "http://cam.lan/\u{2026}"]);
    assert_eq!(seen[2], ["twin", "twin", "the test picture"]);
    assert_eq!(house.channels.all().len(), 2, "rooms on one source share it");
    let default = house.director.parts.rooms.default();
    assert!(Arc::ptr_eq(&house.room("twin").hub(), &default.hub()));

    let (config, _) = read(&house.scratch, &[]);
    let rooms: Vec<_> =
        config.rooms.iter().map(|room| (room.name.as_str(), room.redirects)).collect();
    assert_eq!(rooms, [("yard", Redirects::SameHost), ("twin", Redirects::Anywhere)]);
}

#[test]
fn a_room_shows_another_source_to_those_who_watch_it() {
    let house =
        House::start("source = 'pattern'\n[[room]]\nname = 'a'\nsource = 'http://a.lan/'\n", &[]);
    let room = house.room("a");
    let seat = house.watch(&room, 1);
    let low = Change { choice: Some(Choice::Low), ..Change::default() };
    let parts = &house.director.parts;
    parts.audience.change(&seat.viewer, low, parts.clock.now()).unwrap();
    let old = room.hub();
    house.director.change(Some("a"), &showing("rtsp://me:secret@b.lan/live")).unwrap();
    assert!(Arc::ptr_eq(&house.room("a"), &room), "it is the same room");
    assert!(old.is_stopped() && !seat.hub().is_stopped());
    assert!(!old.demand() && seat.hub().demand());
    assert_eq!(seat.viewer.report(None, parts.clock.now()).settings.choice, Choice::Low);
    assert_eq!(house.seen()[1], ["a", "a", "rtsp://b.lan/\u{2026}"]);
    assert_eq!(house.channels.all().len(), 2);
    assert!(house.file().contains("source = \"rtsp://me:secret@b.lan/live\"\n"));
    // To what another room shows, and nothing is left of its own.
    house.director.change(Some("a"), &showing("pattern")).unwrap();
    assert_eq!(house.channels.all().len(), 1);
    assert!(!house.file().contains("redirects"), "{}", house.file());
}

#[test]
fn the_default_room_changes_and_stays() {
    let house = House::start("", &[]);
    let machine = system::machine_name();
    assert_eq!(house.seen()[0][1], machine);
    let both = RoomChange { title: Some("Workshop".into()), ..showing("webcam:3") };
    house.director.change(None, &both).unwrap();
    assert_eq!(house.file(), "title = \"Workshop\"\nsource = \"webcam:3\"\n");
    assert_eq!(house.seen(), [["/", "Workshop", "webcam:3"]]);
    assert_eq!(house.setting("title").said, SaidBy::Page);
    house.director.change(None, &titled("")).unwrap();
    assert_eq!((house.file().as_str(), &house.seen()[0][1]), ("source = \"webcam:3\"\n", &machine));
    let moved = RoomChange { place: Some(0), ..RoomChange::default() };
    assert_eq!(house.director.change(None, &moved), Err(NotChanged::DefaultStays));
    assert_eq!(house.director.close(""), Err(NotChanged::NoSuchRoom));
}

#[test]
fn rooms_are_called_otherwise_and_put_in_another_order() {
    let house = House::start("room = ['a=pattern', 'b=pattern;title=B'] # two\n", &[]);
    let first = RoomChange { place: Some(0), ..titled("Bee") };
    house.director.change(Some("b"), &first).unwrap();
    let titles: Vec<_> = house.seen().into_iter().skip(1).map(|[_, title, _]| title).collect();
    assert_eq!(titles, ["Bee", "a"]);
    assert_eq!(house.file(), "room = [ \"b=pattern;title=Bee\",'a=pattern'] # two\n");
    let (config, _) = read(&house.scratch, &[]);
    assert_eq!(config.rooms[0].title.as_deref(), Some("Bee"));
}

#[test]
fn a_room_is_closed_with_all_that_it_had() {
    let file = "source = 'pattern'\n";
    let house = House::start(file, &[]);
    for round in 0..20 {
        house.director.open(&new("guest", "http://guest.lan/")).unwrap();
        let room = house.room("guest");
        let seat = house.watch(&room, round);
        let hub = room.hub();
        house.director.close("guest").unwrap();
        assert!(hub.is_stopped() && room.crowd.is_dismissed());
        drop(seat);
        assert_eq!(Arc::strong_count(&room), 1, "nobody keeps it");
        assert!(house.director.parts.rooms.named("guest").is_none());
        assert_eq!((house.channels.all().len(), house.seen().len()), (1, 1));
        assert_eq!(house.file(), file);
    }
    assert_eq!(house.director.close("guest"), Err(NotChanged::NoSuchRoom));
}

#[test]
fn what_is_refused_says_why_and_changes_nothing() {
    let file = "source = 'exec:true --key secret'\n[[room]]\nname = 'a'\nsource = 'pattern'\n";
    let house = House::start(file, &[]);
    let before = house.all();
    let open = |name, source| house.director.open(&new(name, source)).unwrap_err();
    for (name, source, field, words) in [
        ("", "pattern", "name", "takes a name"),
        ("a/b", "pattern", "name", "takes a name"),
        ("a", "pattern", "name", "already"),
        ("b", "exec:id", "source", "on the server's machine alone"),
        ("b", "/etc/passwd", "source", "on the server's machine alone"),
        ("b", "webcam:1", "source", "one of those that are offered"),
        ("b", "http://me:secret@", "source", "is no address"),
        ("b", "http://cam/;title=secret", "", "cannot be kept"),
    ] {
        let refused = open(name, source);
        assert_eq!(refused.field().unwrap_or_default(), field, "{refused}");
        let told = refused.to_string();
        assert!(told.contains(words) && !told.contains("secret"), "{told}");
    }
    let long = NewRoom { title: "x".repeat(61), ..new("b", "pattern") };
    assert_eq!(house.director.open(&long).unwrap_err().field(), Some("title"));
    let none = house.director.change(Some("z"), &titled("Z"));
    assert_eq!(none, Err(NotChanged::NoSuchRoom));
    let lines = house.director.change(Some("a"), &titled("A\nsource = '-'"));
    assert_eq!(lines.unwrap_err().field(), Some("title"));
    let half = RoomChange { title: Some("x".repeat(61)), ..showing("http://b.lan/") };
    for room in [None, Some("a")] {
        assert_eq!(house.director.change(room, &half).unwrap_err().field(), Some("title"));
    }
    assert_eq!(house.all(), before);
    // What the file named may be shown in another room too.
    assert_eq!(house.director.offers()[1].label, "exec:true \u{2026}");
    house.director.open(&new("b", "named:1")).unwrap();
    assert!(house.file().ends_with("name = \"b\"\nsource = \"exec:true --key secret\"\n"));
}

#[test]
fn no_more_rooms_are_opened_than_there_may_be() {
    let house = House::start("", &[]);
    for number in 1..MAX_ROOMS {
        house.director.open(&new(&format!("r{number}"), "pattern")).unwrap();
    }
    let refused = house.director.open(&new("last", "pattern"));
    assert_eq!(refused, Err(NotChanged::TooManyRooms));
    house.director.close("r1").unwrap();
    assert_eq!(house.director.open(&new("last", "pattern")), Ok(()));
}

#[test]
fn what_a_flag_said_is_fixed() {
    let flags = ["--source", "pattern", "--title", "T", "--room", "a=pattern", "--bandwidth", "1M"];
    let house = House::start("", &flags);
    let before = house.all();
    let fixed = |key| Err::<(), _>(NotChanged::Fixed(key));
    assert_eq!(house.director.open(&new("b", "pattern")), fixed("room"));
    assert_eq!(house.director.close("a"), fixed("room"));
    assert_eq!(house.director.change(Some("a"), &titled("A")), fixed("room"));
    assert_eq!(house.director.change(None, &titled("A")), fixed("title"));
    assert_eq!(house.director.change(None, &showing("webcam:3")), fixed("source"));
    assert_eq!(house.director.set("bandwidth", Some("2M")), Err(NotChanged::Fixed("bandwidth")));
    assert!(NotChanged::Fixed("room").to_string().contains("--room"));
    assert_eq!(house.all(), before);
    let rooms = house.director.rooms();
    let flags: Vec<_> = rooms.iter().map(|room| (room.title_fixed, room.source_fixed)).collect();
    assert_eq!(flags, [(Some("title"), Some("source")), (Some("room"), Some("room"))]);
    assert_eq!(house.setting("bandwidth").said, SaidBy::Flag);
    let far = House::start("", &["--source-redirects", "anywhere"]);
    assert_eq!(far.director.change(None, &showing("pattern")), fixed("source-redirects"));
    assert_eq!(far.director.rooms()[0].source_fixed, Some("source-redirects"));
    let local = House::start("", &["--source", "exec:true --key secret"]);
    assert!(local.director.offers().iter().all(|offer| !offer.label.starts_with("exec")));
    let named = local.director.open(&new("b", "named:1"));
    assert_eq!(named, Err(NotChanged::Source(NoSource::NotNamed)));
}

#[test]
fn what_cannot_be_kept_does_not_hold() {
    let house = House::start("", &[]);
    let path = house.scratch.path().join(NAME);
    let is_refused = |why: &str| {
        let seen = (house.seen(), house.channels.all().len(), house.director.settings());
        for refused in [
            house.director.open(&new("b", "http://b.lan/")),
            house.director.change(None, &showing("http://b.lan/")),
            house.director.change(None, &titled("T")),
            house.director.set("max-viewers", Some("5")).map(drop),
        ] {
            let told = refused.unwrap_err().to_string();
            assert!(told.contains("cannot be kept") && told.contains(why), "{told}");
        }
        assert_eq!((house.seen(), house.channels.all().len(), house.director.settings()), seen);
    };
    fs::write(&path, "port = 1\nsource = http://me:secret@cam/").unwrap();
    is_refused("line 2");
    assert!(house.file().ends_with("secret@cam/"), "it is left alone");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    is_refused("cannot be read");
    fs::remove_dir(&path).unwrap();
    house.director.set("max-viewers", Some("5")).unwrap();
    assert_eq!(house.file(), "max-viewers = 5\n", "where none was, one is made");
}

#[test]
fn what_a_person_wrote_meanwhile_stays() {
    let house = House::start("[[room]]\nname = 'a'\nsource = 'pattern'\n", &[]);
    let path = house.scratch.path().join(NAME);
    fs::write(&path, "# by hand\nport = 9000\nroom = ['c=exec:true'] # new\n").unwrap();
    house.director.open(&new("b", "pattern")).unwrap();
    house.director.change(Some("a"), &titled("A")).unwrap();
    let file = "# by hand\nport = 9000\nroom = ['c=exec:true', \"b=pattern\", \"a=pattern;title=A\"] # new\n";
    assert_eq!(house.file(), file);
    let taken = house.director.open(&new("c", "pattern"));
    assert_eq!(taken, Err(NotChanged::NameTaken), "the next start opens it");
    fs::write(&path, "").unwrap();
    house.director.close("a").unwrap();
    assert_eq!(house.file(), "");
}

#[test]
fn settings_hold_at_once_or_after_the_next_start() {
    let house = House::start("bandwidth = '20M' # the line\nfps = 5\n", &[]);
    let director = &house.director;
    let said = |key| {
        let Setting { value, said, next, effect, .. } = house.setting(key);
        (value, said, next, effect)
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(said("bandwidth"), (text("20M"), SaidBy::File, None, Effect::AtOnce));
    assert_eq!(said("donate-url"), (None, SaidBy::Default, None, Effect::AtOnce));
    assert_eq!(said("fps"), (text("5"), SaidBy::File, None, Effect::AfterRestart));
    assert_eq!(said("size"), (text("1280x720"), SaidBy::Default, None, Effect::AfterRestart));

    let Parts { audience, donate_url, .. } = &director.parts;
    assert_eq!(director.set("bandwidth", Some(" 5M ")), Ok(Effect::AtOnce));
    assert_eq!(audience.budget().bits_per_sec(), Some(5_000_000));
    assert_eq!(said("bandwidth"), (text("5M"), SaidBy::Page, None, Effect::AtOnce));
    assert_eq!(director.set("bandwidth", None), Ok(Effect::AtOnce));
    assert_eq!(audience.budget().bits_per_sec(), Some(100_000_000));
    assert_eq!(said("bandwidth"), (text("100M"), SaidBy::Default, None, Effect::AtOnce));
    director.set("max-viewers", Some("7")).unwrap();
    assert_eq!(audience.max_viewers(), 7);
    director.set("donate-url", Some("https://give.example/")).unwrap();
    assert_eq!(*donate_url.read(), text("https://give.example/"));
    director.set("donate-url", None).unwrap();
    assert_eq!(*donate_url.read(), None);
    director.set("title", Some("Shed")).unwrap();
    assert_eq!(house.seen()[0][1], "Shed");
    assert_eq!(director.set("fps", Some("10")), Ok(Effect::AfterRestart));
    assert_eq!(said("fps"), (text("5"), SaidBy::File, text("10"), Effect::AfterRestart));
    let file = "fps = 10\nmax-viewers = 7\ntitle = \"Shed\"\n# the line\n";
    assert_eq!(house.file(), file);
    assert_eq!(read(&house.scratch, &[]).0.fps, Some(10));
    // What is said again is nothing new, and what holds without being said is not written.
    director.set("fps", Some("5")).unwrap();
    assert_eq!(said("fps"), (text("5"), SaidBy::File, None, Effect::AfterRestart));
    director.set("fps", None).unwrap();
    assert_eq!(said("fps").2, text(""), "what it is where nobody says it");
    let file = house.file();
    for (key, same) in [("size", Some("1280x720")), ("max-unread", None), ("fps", None)] {
        assert_eq!(director.set(key, same), Ok(Effect::AfterRestart), "{key}");
        assert_eq!(house.file(), file, "{key}");
    }
    assert_eq!(said("size").2, None);

    let before = house.all();
    for key in ["data", "clips", "tls-cert", "tls-key", "host", "proxy", "cors", "config", "source"]
    {
        assert_eq!(director.set(key, Some("x")), Err(NotChanged::NoSuchSetting), "{key}");
    }
    for (key, bad) in [("bandwidth", "much"), ("max-viewers", "0"), ("donate-url", "javascript:x")]
    {
        let refused = director.set(key, Some(bad)).unwrap_err();
        assert_eq!(refused.field(), Some(key), "{refused}");
        assert!(refused.to_string().starts_with(&format!("`{key}`: ")), "{refused}");
        assert!(!refused.to_string().contains("--"), "{refused}");
    }
    assert_eq!(house.all(), before);
}

#[test]
fn one_change_is_made_at_a_time() {
    let house = House::start("", &[]);
    let _changing = house.director.begin().unwrap();
    assert_eq!(house.director.open(&new("b", "pattern")), Err(NotChanged::Busy));
    assert_eq!(house.seen().len(), 1, "who looks does not wait");
}

#[test]
fn what_covers_a_source_is_what_all_its_rooms_say_and_is_kept() {
    let file = "source = \"pattern\"\nmask = \"0,0,10,10\"\n\n[[room]]\nname = \"a\"\n\
                source = \"pattern\"\nmask = \"50,50,10,10\"\n";
    let house = House::start(file, &[]);
    let covered = |room: &Room| room.hub().mask().0.to_string();
    let default = house.director.parts.rooms.default();
    assert_eq!(covered(&default), "0,0,10,10+50,50,10,10");
    assert_eq!(covered(&house.room("a")), covered(&default), "they show the same");
    let masked = |mask: &str| RoomChange { mask: Some(mask.into()), ..RoomChange::default() };
    house.director.change(Some("a"), &masked("20,20,5,5")).unwrap();
    assert_eq!(covered(&default), "0,0,10,10+20,20,5,5");
    house.director.change(None, &masked("")).unwrap();
    assert_eq!(covered(&default), "20,20,5,5");
    assert!(house.file().contains("mask = \"20,20,5,5\""), "{}", house.file());
    assert!(!house.file().contains("mask = \"0"), "{}", house.file());
    assert_eq!(house.director.rooms()[1].mask, "20,20,5,5");
    let refused = house.director.change(None, &masked("1,2,3")).unwrap_err();
    assert_eq!(refused.field(), Some("mask"));
    // Another source is covered before the room shows it, and the one before is free.
    let free = RoomChange { source: Some("webcam:3".into()), ..RoomChange::default() };
    house.director.change(Some("a"), &free).unwrap();
    assert_eq!((&*covered(&house.room("a")), &*covered(&default)), ("20,20,5,5", ""));
    house.director.set("mask", Some("1,1,2,2")).unwrap();
    assert_eq!(covered(&default), "1,1,2,2");
    house.director.close("a").unwrap();
    assert!(!house.file().contains("20,20"), "{}", house.file());
}

#[test]
fn a_mask_that_a_flag_said_is_fixed() {
    let house = House::start("", &["--mask", "0,0,10,10"]);
    let change = RoomChange { mask: Some(String::new()), ..RoomChange::default() };
    assert_eq!(house.director.change(None, &change), Err(NotChanged::Fixed("mask")));
    assert_eq!(house.director.rooms()[0].mask_fixed, Some("mask"));
    assert_eq!(house.director.parts.rooms.default().hub().mask().0.to_string(), "0,0,10,10");
}
