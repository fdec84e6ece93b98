//! Tests of how clips are found, with real workers and files.

use std::io::Write;

use super::*;
use crate::base::scratch::Scratch;
use crate::net::lane::Lanes;

const GRAY: &[u8] = include_bytes!("../../../tests/data/jpeg/gray.jpg");

struct House {
    scratch: Scratch,
    clips: Arc<Clips>,
    workers: Arc<Workers>,
    lanes: Lanes,
}

impl House {
    fn new() -> Self {
        let (scratch, lanes) = (Scratch::folder(), Lanes::start(1).unwrap());
        let workers = Arc::new(Workers::start(2, 64).unwrap());
        let clips = Clips::new(scratch.path().to_owned(), 20.0, Arc::clone(&workers));
        Self { scratch, clips: Arc::new(clips), workers, lanes }
    }

    /// A clip that takes longer to read than any test has time for: a picture, and holes.
    fn endless(&self, name: &str) {
        let mut file = std::fs::File::create(self.scratch.path().join(name)).unwrap();
        file.write_all(GRAY).unwrap();
        file.set_len(1 << 42).unwrap();
    }

    fn look_up(&self, name: &str) -> Lookup {
        self.clips.look_up(name, &self.lanes.places().place()).unwrap()
    }

    fn find(&self, name: &str) -> Outcome {
        outcome(&mut self.look_up(name))
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.workers.stop();
        self.workers.join();
    }
}

fn outcome(lookup: &mut Lookup) -> Outcome {
    let end = Instant::now() + Duration::from_secs(60);
    while Instant::now() < end {
        if let Some(outcome) = lookup.outcome() {
            return outcome;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    panic!("no outcome")
}

#[test]
fn clip_is_read_through_once_and_again_when_it_was_changed() {
    let house = House::new();
    house.scratch.write("clip", &[GRAY, GRAY].concat());
    let first = house.find("clip").unwrap();
    assert_eq!((first.survey.pictures, first.survey.fps), (2, 20.0));
    assert!(Arc::ptr_eq(&first, &house.find("clip").unwrap()));
    house.scratch.write("clip", &[GRAY, GRAY, GRAY].concat());
    assert_eq!(house.find("clip").unwrap().survey.pictures, 3);
}

#[test]
fn what_is_no_clip_is_told_apart_from_what_is_not_there() {
    let house = House::new();
    house.scratch.write("text", b"no clip at all");
    house.scratch.write(".hidden", GRAY);
    for name in ["gone", "../clip", "", ".hidden", "."] {
        assert!(matches!(house.find(name), Err(Missing::Unknown)), "{name}");
    }
    for _ in 0..2 {
        assert!(matches!(house.find("text"), Err(Missing::Unplayable(_))));
    }
    house.scratch.write("text", GRAY);
    assert_eq!(house.find("text").unwrap().survey.pictures, 1);
}

#[test]
fn long_survey_holds_up_no_other_and_is_shared() {
    let house = House::new();
    house.endless("long");
    house.endless("longer");
    house.scratch.write("short", GRAY);
    let mut waiting: Vec<_> = ["long", "longer", "long"].map(|name| house.look_up(name)).into();
    assert_eq!(house.find("short").unwrap().survey.pictures, 1);
    assert!(waiting.iter_mut().all(|lookup| lookup.outcome().is_none()));
    // Who asked is told though others gave up; and one file is read by one.
    assert!(house.workers.waiting() <= 2, "{} wait", house.workers.waiting());
    house.workers.stop();
    for mut lookup in waiting {
        assert!(matches!(outcome(&mut lookup), Err(Missing::Busy)), "the server ends");
    }
}

#[test]
fn too_many_surveys_at_once_are_refused_for_now() {
    let house = House::new();
    let names: Vec<_> = (0..=MAX_SURVEYS).map(|number| format!("clip {number}")).collect();
    names.iter().for_each(|name| house.endless(name));
    let mut lookups: Vec<_> = names.iter().map(|name| house.look_up(name)).collect();
    let refused = || lookups.iter_mut().filter_map(Lookup::outcome).count();
    let mut waits = 0..10_000;
    let mut refused = refused;
    let one = waits.any(|_| {
        std::thread::park_timeout(Duration::from_millis(1));
        refused() == 1
    });
    assert!(one, "one of them is told to come again");
}

#[test]
fn names_are_those_of_clips_in_order() {
    let house = House::new();
    house.scratch.write("b.mjpeg", GRAY);
    house.scratch.write("a.mjpeg", GRAY);
    house.scratch.write("text", b"no clip");
    house.scratch.write(".hidden", GRAY);
    assert_eq!(house.clips.names(Instant::now()), ["a.mjpeg", "b.mjpeg"]);
}
