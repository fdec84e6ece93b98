use super::*;
use crate::base::clock::Fake;
use crate::base::scratch::Scratch;
use crate::film::{NotPlayed, Standing, Titles};

/// Two seconds each.
const MP4: &[u8] = include_bytes!("../../../tests/data/film/whole.mp4");
const WEBM: &[u8] = include_bytes!("../../../tests/data/film/whole.webm");

struct Room {
    scratch: Scratch,
    theatre: Arc<Theatre>,
    fake: Fake,
}

impl Room {
    fn of(files: &[(&str, &[u8])]) -> Self {
        let scratch = Scratch::folder();
        files.iter().for_each(|(name, bytes)| drop(scratch.write(name, bytes)));
        let folder = Arc::new(MediaFolder::open(scratch.path()).unwrap());
        let (clock, fake) = Fake::clock();
        let theatre = Arc::new(Theatre::new(folder, "".parse().unwrap(), clock));
        theatre.look();
        Self { scratch, theatre, fake }
    }

    fn names(&self) -> Vec<String> {
        self.theatre.program().list.iter().map(|film| film.name.clone()).collect()
    }

    fn plays(&self) -> (String, u128) {
        let (film, playing) = self.theatre.program().playing.unwrap();
        (film.name.clone(), playing.position.as_millis())
    }

    fn pass(&self, millis: u64) {
        self.fake.advance(Duration::from_millis(millis));
    }

    fn obey(&self, order: Order) {
        self.theatre.obey(&order).unwrap();
    }
}

#[test]
fn the_show_begins_when_the_first_comes_and_waits_for_who_comes_back() {
    let room = Room::of(&[("a.mp4", MP4), ("b.webm", WEBM)]);
    room.pass(60_000);
    assert_eq!(room.plays(), ("a.mp4".into(), 0));
    let first = room.theatre.enter();
    room.pass(1500);
    let second = room.theatre.enter();
    assert_eq!((room.plays(), room.theatre.people()), (("a.mp4".into(), 1500), 2));
    drop((first, second));
    room.pass(100);
    assert_eq!(room.plays(), ("a.mp4".into(), 1600));
    room.obey(Order { paused: Some(true), ..Order::default() });
    room.obey(Order { paused: Some(false), ..Order::default() });
    // Ten seconds are played on; then it stands still, for however long.
    room.pass(10_000);
    let stood = room.plays();
    room.pass(3_600_000);
    assert_eq!(room.plays(), stood);
    let _third = room.theatre.enter();
    assert_eq!(room.plays(), stood);
    room.pass(100);
    assert_eq!(room.plays().1, stood.1 + 100);
}

#[test]
fn files_come_and_go_and_what_a_host_arranged_stays() {
    let room = Room::of(&[("a.mp4", MP4), ("c.webm", WEBM), ("x.avi", b"RIFF"), ("n.txt", b"")]);
    let _there = room.theatre.enter();
    assert_eq!(room.names(), ["a.mp4", "c.webm"]);
    let others = room.theatre.program().others;
    assert_eq!((others.len(), others[0].trouble()), (1, Some(NotPlayed::Sort)));
    room.scratch.write("b.mp4", MP4);
    room.theatre.look();
    assert_eq!(room.names(), ["a.mp4", "b.mp4", "c.webm"]);
    let id = |name: &str| {
        let program = room.theatre.program();
        program.list.iter().find(|film| film.name == name).unwrap().id
    };
    let list = Some(vec![id("c.webm"), id("a.mp4"), id("c.webm")]);
    room.obey(Order { list, ..Order::default() });
    assert_eq!(room.names(), ["c.webm", "a.mp4"]);
    room.pass(500);
    assert_eq!(room.plays(), ("a.mp4".into(), 500), "what plays goes on");
    room.scratch.write("d.mp4", MP4);
    room.scratch.remove("c.webm");
    room.theatre.look();
    assert_eq!(room.names(), ["a.mp4", "d.mp4"], "b was taken out, and stays out");
    assert_eq!(room.plays(), ("a.mp4".into(), 500));
    room.scratch.write("a.mp4", WEBM);
    room.theatre.look();
    assert_eq!(room.plays(), ("a.mp4".into(), 500), "a file that is changed has its place");
    room.obey(Order { paused: Some(true), ..Order::default() });
    for name in ["a.mp4", "b.mp4", "d.mp4"] {
        room.scratch.remove(name);
    }
    room.theatre.look();
    assert!(room.theatre.program().playing.is_none());
    for name in ["a.mp4", "b.mp4", "d.mp4"] {
        room.scratch.write(name, MP4);
    }
    room.theatre.look();
    assert_eq!(room.names(), ["a.mp4", "d.mp4"], "b is out still, and all have their order");
    let (_, playing) = room.theatre.program().playing.unwrap();
    assert_eq!(playing.began_us, None, "what a host paused stays so");
}

#[test]
fn what_cannot_be_done_is_not_done_in_part() {
    let room = Room::of(&[("a.mp4", MP4), ("b.avi", b"RIFF")]);
    let _there = room.theatre.enter();
    let unplayed = room.theatre.program().others[0].id;
    for order in [
        Order { film: Some(99), ..Order::default() },
        Order { film: Some(unplayed), ..Order::default() },
        Order { list: Some(vec![unplayed]), ..Order::default() },
        Order { list: Some(Vec::new()), film: Some(1), ..Order::default() },
    ] {
        let order = Order { paused: Some(true), ..order };
        assert_eq!(room.theatre.obey(&order), Err(Refused::NoSuchFilm), "{order:?}");
    }
    room.pass(100);
    assert_eq!(room.plays(), ("a.mp4".into(), 100));
    let id = room.theatre.program().list[0].id;
    let position = Some(Duration::from_millis(1200));
    room.obey(Order { film: Some(id), position, ..Order::default() });
    assert_eq!(room.plays().1, 1200);
    room.obey(Order { film: Some(id), ..Order::default() });
    assert_eq!(room.plays().1, 0, "named alone it begins");
}

#[test]
fn a_file_that_was_changed_is_not_opened_as_what_it_was() {
    let room = Room::of(&[("a.mp4", MP4)]);
    let film = room.theatre.program().list[0].file().unwrap().clone();
    assert!(film.ready(room.fake_now()).is_none());
    let opened = room.theatre.open(&film).unwrap();
    assert_eq!(opened.small.as_deref(), Some(MP4));
    assert!(film.ready(room.fake_now()).is_some());
    room.pass(2000);
    assert!(film.ready(room.fake_now()).is_none(), "it is looked at again");
    room.scratch.write("a.mp4", WEBM);
    assert!(room.theatre.open(&film).is_err());
}

impl Room {
    fn fake_now(&self) -> Instant {
        self.theatre.clock.now()
    }
}

/// One title, as it stands.
struct Shelf(Mutex<Option<Standing>>);

impl Titles for Shelf {
    fn standing(&self, number: u64) -> Option<Standing> {
        self.0.lock().filter(|_| number == 7)
    }
}

#[test]
fn a_title_begins_when_it_is_made_goes_on_when_there_is_more_of_it_and_ends_with_it() {
    let shelf = Arc::new(Shelf(Mutex::new(None)));
    let (clock, fake) = Fake::clock();
    let titles = Arc::clone(&shelf) as Arc<dyn Titles>;
    let theatre = Arc::new(Theatre::of_title(titles, 7, clock));
    let _there = theatre.enter();
    let stands = |lasts, edition| {
        *shelf.0.lock() = Some(Standing { lasts, has_pictures: true, edition });
        theatre.look_if_due();
    };
    let pass = |seconds| fake.advance(Duration::from_secs(seconds));
    theatre.look();
    assert!(theatre.program().is_missing);
    stands(Err(NotPlayed::Unmade), 1);
    pass(60);
    let program = theatre.program();
    assert_eq!((program.is_missing, program.title, program.list.len()), (false, Some(7), 0));
    let film = &program.others[0];
    assert_eq!((film.trouble(), film.name.as_str()), (Some(NotPlayed::Unmade), ""));
    let id = film.id;
    stands(Ok(Duration::from_secs(20)), 2);
    pass(5);
    stands(Ok(Duration::from_secs(20)), 3);
    let (film, playing) = theatre.program().playing.unwrap();
    assert_eq!((film.id, playing.position.as_secs()), (id, 5), "the same one, where it was");
    let What::Title(number, standing) = &film.what else { panic!("it is a title") };
    assert_eq!((*number, standing.edition), (7, 3));
    assert!(theatre.find(id).is_none(), "it is no file");
    *shelf.0.lock() = None;
    theatre.look_if_due();
    let program = theatre.program();
    assert!(program.is_missing && program.playing.is_none() && program.list.is_empty());
}
