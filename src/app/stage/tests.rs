//! Channels that come and go.

use std::process::Command;
use std::sync::Weak;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};

use super::*;
use crate::base::clock::Clock;
use crate::client::Trust;
use crate::config::SourceChoice;
use crate::live::audience::{Audience, Keep};
use crate::live::bandwidth::Budget;
use crate::live::condition::Status;
use crate::live::crowd::Crowd;
use crate::live::encode::Encoders;
use crate::live::hub::Hub;
use crate::live::meter::StreamMeter;
use crate::live::settings::{Settings as Wishes, ViewerId};
use crate::media::frame::Size;
use crate::net::Limits;
use crate::proto::http::HttpUrl;
use crate::room::Room;
use crate::source::webcam::Settings;
use crate::source::{Capture, Kind, Trouble};

/// A server without its ways in.
struct House {
    stage: Stage,
    channels: Arc<Channels>,
    audience: Arc<Audience>,
    encoders: Encoders,
    rooms: Rooms,
}

impl House {
    fn new() -> Self {
        let clock = Clock::system();
        let engine = Engine::start(Limits::of_descriptors(1024), clock.now()).unwrap();
        let channels = Arc::new(Channels::new(clock.clone()));
        let maker = Maker::new(Settings::default(), Trust::default(), None);
        let wish = Wish { size: Size::new(64, 48).unwrap(), fps: 30.0 };
        let stage = Stage::new(maker, wish, Arc::clone(&channels), Arc::new(engine));
        let audience = Arc::new(Audience::new(clock, Budget::Unlimited, 10));
        let shown = stage.show(&Said::anywhere(SourceChoice::Pattern)).unwrap();
        let rooms = Rooms::new(Room::new(None, "house".into(), audience.gather(shown)));
        let encoders = Encoders::start(&channels, &audience);
        Self { stage, channels, audience, encoders, rooms }
    }

    /// Opens a room, has it watched until there is a picture, and closes it.
    fn come_and_go(&self, choice: &SourceChoice) -> (Weak<Hub>, Weak<Crowd>) {
        let channel = self.stage.show(&Said::anywhere(choice.clone())).unwrap();
        let crowd = self.audience.gather(channel);
        self.rooms.add(Room::new(Some("guest".parse().unwrap()), String::new(), crowd));
        let room = self.rooms.named("guest").unwrap();
        let viewer = self.audience.enter(&room.crowd, ViewerId::random(), Wishes::default());
        let meter = StreamMeter::default();
        let seat = self.audience.join(viewer, meter, Keep::Remembered, Instant::now()).unwrap();
        assert!(room.hub().wait_for_frame(Instant::now() + LONG).is_some());
        let kept = (Arc::downgrade(&room.hub()), Arc::downgrade(&room.crowd));
        self.rooms.remove(room.name.as_ref().unwrap()).unwrap();
        self.audience.dismiss(&room.crowd);
        self.stage.keep_shown(&self.rooms);
        drop((room, seat));
        kept
    }

    /// Until the threads of what was closed have ended.
    fn settles(&self) {
        let deadline = Instant::now() + LONG;
        while !self.stage.leaving.lock().is_empty() {
            assert!(Instant::now() < deadline, "a source does not end");
            self.stage.reap();
            std::thread::yield_now();
        }
    }

    fn end(self) {
        self.stage.stop();
        self.encoders.join();
        self.stage.join();
    }
}

fn http(url: &str) -> SourceChoice {
    SourceChoice::Http(HttpUrl::parse(url).unwrap())
}

/// How many threads and descriptors this process has.
#[cfg(target_os = "linux")]
fn possessions() -> [usize; 2] {
    ["/proc/self/task", "/proc/self/fd"].map(|list| std::fs::read_dir(list).unwrap().count())
}

#[test]
fn two_rooms_on_one_source_share_its_channel_until_the_last_is_closed() {
    let house = House::new();
    let show = |url: &str| house.stage.show(&Said::anywhere(http(url))).unwrap();
    let (one, same, other) =
        (show("http://Cam.lan/x"), show("HTTP://cam.lan:80/x"), show("http://cam.lan/y"));
    assert!(Arc::ptr_eq(&one, &same) && !Arc::ptr_eq(&one, &other));
    for (name, channel) in [("a", &one), ("b", &same)] {
        let crowd = house.audience.gather(Arc::clone(channel));
        house.rooms.add(Room::new(Some(name.parse().unwrap()), String::new(), crowd));
    }
    let open =
        |channel: &Arc<Channel>| house.channels.all().iter().any(|c| Arc::ptr_eq(c, channel));
    house.stage.keep_shown(&house.rooms);
    assert!(open(&one) && !open(&other), "no room shows the other");
    for (name, stays) in [("a", true), ("b", false)] {
        house.rooms.remove(&name.parse().unwrap()).unwrap();
        house.stage.keep_shown(&house.rooms);
        assert_eq!(open(&one), stays, "without {name}");
    }
    let again = show("http://cam.lan/x");
    assert!(again.hub.number() > other.hub.number(), "no number is given twice");
    house.end();
}

/// A source whose driver holds the thread until the gate is opened.
struct Hangs(Receiver<()>);

impl Source for Hangs {
    fn kind(&self) -> Kind {
        Kind::Webcam
    }

    fn name(&self) -> String {
        "hangs".into()
    }

    fn open(&mut self, _: Wish, _: &Clock) -> Result<Box<dyn Capture>, Trouble> {
        let _ = self.0.recv();
        Err(self.hung())
    }
}

#[test]
fn a_source_that_hangs_keeps_neither_who_closes_its_room_nor_the_end() {
    let (gate, hangs) = bounded(0);
    let house = House::new();
    let identity = Identity::Exec(vec!["hangs".into()]);
    let channel = house.stage.run(identity, Box::new(Hangs(hangs))).unwrap();
    let interest = Hub::interest(&channel.hub);
    while channel.condition.report().status != Status::Opening {
        std::thread::yield_now();
    }
    house.stage.keep_shown(&house.rooms);
    assert!(channel.hub.is_stopped());
    house.settles();
    house.end();
    drop((gate, interest));
}

/// The test's own process has the threads of other tests: it is another one that counts.
#[cfg(target_os = "linux")]
#[test]
fn what_came_and_went_a_hundred_times_leaves_nothing() {
    const ALONE: &str = "LIVESTREAM_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let name = "app::stage::tests::what_came_and_went_a_hundred_times_leaves_nothing";
        let program = std::env::current_exe().unwrap();
        let alone = Command::new(program).args(["--exact", name]).env(ALONE, "1").output().unwrap();
        let said = String::from_utf8_lossy(&alone.stdout);
        assert!(alone.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let scratch = crate::base::scratch::Scratch::folder();
    let jpeg = include_bytes!("../../../tests/data/jpeg/420.jpg");
    let clip = scratch.write("a.mjpeg", &[&jpeg[..], &jpeg[..]].concat());
    let house = House::new();
    house.come_and_go(&SourceChoice::Path(clip.clone()));
    house.settles();
    let before = possessions();
    for round in 0..100 {
        let (hub, crowd) = house.come_and_go(&SourceChoice::Path(clip.clone()));
        house.settles();
        assert!(crowd.upgrade().is_none(), "round {round}: the crowd is kept");
        // An encode thread may have it for as long as a frame takes.
        let deadline = Instant::now() + LONG;
        while hub.upgrade().is_some() {
            assert!(Instant::now() < deadline, "round {round}: the hub is kept");
            std::thread::yield_now();
        }
    }
    assert_eq!(possessions(), before, "threads and descriptors");
    assert_eq!((house.channels.all().len(), house.rooms.all().len()), (1, 1));
    house.end();
}

const LONG: Duration = Duration::from_secs(30);
