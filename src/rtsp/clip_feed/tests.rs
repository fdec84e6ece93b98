//! Which pictures of a clip come when: real workers and files, and a time of the test's own.

use super::*;
use crate::base::clock::Clock;
use crate::base::scratch::Scratch;
use crate::live::audience::{Audience, Keep};
use crate::live::bandwidth::Budget;
use crate::live::channel::Channels;
use crate::live::crowd::Crowd;
use crate::live::meter::StreamMeter;
use crate::live::settings::ViewerId;
use crate::net::lane::Lanes;
use crate::rtsp::clips::{Clips, Lookup};
use crate::source::pattern::Pattern;

const GRAY: &[u8] = include_bytes!("../../../tests/data/jpeg/gray.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("../../../tests/data/jpeg/progressive.jpg");
const PICTURES: u64 = 100;
/// Of the clip, at 20 pictures a second.
const PERIOD: Duration = Duration::from_millis(50);

struct House {
    _scratch: Scratch,
    workers: Arc<Workers>,
    packing: Packing,
    lanes: Lanes,
    host: Handle,
    crowd: Arc<Crowd>,
    audience: Arc<Audience>,
    clip: Arc<Clip>,
    start: Instant,
}

/// A JPEG that says in a comment which one it is.
fn numbered(jpeg: &[u8], number: u64) -> Vec<u8> {
    let comment = [&[0xFF, 0xFE, 0, 10][..], format!("{number:08}").as_bytes()].concat();
    [&jpeg[..2], &comment, &jpeg[2..]].concat()
}

impl House {
    fn of(jpeg: &[u8]) -> Self {
        let scratch = Scratch::folder();
        let all: Vec<u8> = (0..PICTURES).flat_map(|number| numbered(jpeg, number)).collect();
        scratch.write("clip", &all);
        let lanes = Lanes::start(1).unwrap();
        let host = lanes.places().place();
        let workers = Arc::new(Workers::start(2, 64).unwrap());
        let clips = Arc::new(Clips::new(scratch.path().into(), 20.0, Arc::clone(&workers)));
        let mut lookup = clips.look_up("clip", &host).unwrap();
        let clip = soon(|| Lookup::outcome(&mut lookup)).unwrap();
        let channel = Channels::new(Clock::system()).open(&Pattern::new());
        let audience = Arc::new(Audience::new(Clock::system(), Budget::Unlimited, 10));
        Self {
            packing: Packing::new(Arc::clone(&workers), &channel.hub),
            crowd: audience.gather(channel),
            audience,
            _scratch: scratch,
            workers,
            lanes,
            host,
            clip,
            start: Instant::now(),
        }
    }

    fn at(&self, periods: f64) -> Tools<'_> {
        let now = self.start + PERIOD.mul_f64(periods);
        Tools { workers: &self.workers, packing: &self.packing, host: &self.host, now }
    }

    /// A feed that has started, at so many periods.
    fn started(&self, from: Option<u64>, end: Option<u64>, scale: f64, at: f64) -> ClipFeed {
        let preferences = Preferences::default();
        let clip = Arc::clone(&self.clip);
        let mut feed = ClipFeed::new(clip, preferences, None, Format::Lab, self.start);
        let (id, settings) = (ViewerId::random(), preferences.settings);
        let viewer = self.audience.enter_clip(&self.crowd, id, settings, self.clip.costs);
        let meter = StreamMeter::default();
        feed.sit(self.audience.join(viewer, meter, Keep::WhileItLasts, self.start).unwrap());
        self.start(&mut feed, from, end, scale, at);
        feed
    }

    fn start(&self, feed: &mut ClipFeed, from: Option<u64>, end: Option<u64>, scale: f64, at: f64) {
        let [from, end] = [from, end].map(|n| n.map(|n| PERIOD * n as u32));
        feed.seek(from, end, scale);
        let started = soon(|| feed.starts(Duration::ZERO, &self.at(at)).unwrap());
        assert_eq!(started, self.at(at).now);
    }

    /// What is due then, once workers have done what they can.
    fn due(&self, feed: &mut ClipFeed, at: f64, held: bool) -> Seen {
        let mut held = held;
        soon(|| match feed.next(std::mem::take(&mut held), &self.at(at)) {
            Due::WhenNotified => None,
            Due::At(moment) => {
                let waits = moment.saturating_duration_since(self.start).as_secs_f64();
                let periods = waits / PERIOD.as_secs_f64();
                // Until then workers may do something.
                (periods > at + 0.3).then_some(Seen::Later((periods * 10.0).round() as u64))
            }
            Due::Picture(picture) => {
                let Image::Packed(Packed::Lab(jpeg)) = picture.image else { panic!("a JPEG") };
                let number = std::str::from_utf8(&jpeg[6..14]).ok();
                Some(Seen::Picture(number.and_then(|number| number.parse().ok())))
            }
            Due::End => Some(Seen::End),
            Due::Lost(trouble) => panic!("{trouble}"),
        })
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.workers.stop();
        self.workers.join();
        self.lanes.stop();
    }
}

#[derive(Debug, PartialEq)]
enum Seen {
    /// Its number, if it was not encoded anew.
    Picture(Option<u64>),
    /// In so many tenths of a period from the start.
    Later(u64),
    End,
}

fn picture(number: u64) -> Seen {
    Seen::Picture(Some(number))
}

/// What a look comes to within a minute.
fn soon<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    while Instant::now() < end {
        if let Some(seen) = look() {
            return seen;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    panic!("nothing in a minute")
}

#[test]
fn each_picture_comes_at_its_time() {
    let house = House::of(GRAY);
    let mut feed = house.started(None, None, 1.0, 0.0);
    for number in 0..PICTURES {
        let at = number as f64;
        assert_eq!(house.due(&mut feed, at, false), picture(number));
        assert_eq!(house.due(&mut feed, at + 0.1, false), Seen::Later(10 * (number + 1)));
    }
    assert_eq!(house.due(&mut feed, PICTURES as f64, false), Seen::End);
    assert_eq!(feed.position(), PERIOD * PICTURES as u32);
}

#[test]
fn few_are_read_before_their_time() {
    let house = House::of(GRAY);
    let mut feed = house.started(None, None, 1.0, 10.0);
    // Long before the first is due.
    let ahead = soon(|| {
        house.due(&mut feed, 9.0, false);
        (feed.ahead.len() == MAX_AHEAD).then_some(feed.ahead.len())
    });
    assert_eq!((ahead, feed.reads), (MAX_AHEAD, MAX_AHEAD as u64));
}

#[test]
fn at_high_speed_only_what_is_shown_is_read() {
    let house = House::of(GRAY);
    let mut feed = house.started(Some(3), None, 16.0, 0.0);
    for step in 0..6 {
        assert_eq!(house.due(&mut feed, step as f64, false), picture(3 + 16 * step));
    }
    // The seventh would be the 99th; then it is over.
    assert_eq!(house.due(&mut feed, 6.0, false), picture(99));
    assert_eq!(house.due(&mut feed, 6.1, false), Seen::End);
}

#[test]
fn range_ends_where_it_should_and_goes_on_from_there() {
    let house = House::of(GRAY);
    let mut feed = house.started(Some(50), Some(52), 1.0, 0.0);
    assert_eq!(house.due(&mut feed, 0.0, false), picture(50));
    assert_eq!(house.due(&mut feed, 1.0, false), picture(51));
    assert_eq!(house.due(&mut feed, 1.0, false), Seen::End);
    house.start(&mut feed, None, None, 1.0, 5.0);
    assert_eq!(house.due(&mut feed, 5.0, false), picture(52));
    // Who has seen the end begins anew.
    house.start(&mut feed, Some(200), None, 1.0, 10.0);
    assert_eq!(house.due(&mut feed, 10.0, false), Seen::End);
    house.start(&mut feed, None, None, 1.0, 20.0);
    assert_eq!(house.due(&mut feed, 20.0, false), picture(0));
}

#[test]
fn who_pauses_goes_on_with_the_next_and_holds_no_file_meanwhile() {
    let house = House::of(GRAY);
    let mut feed = house.started(None, None, 1.0, 0.0);
    for number in 0..3 {
        assert_eq!(house.due(&mut feed, number as f64, false), picture(number));
    }
    feed.leave();
    assert!(matches!(feed.disk, Disk::Closed) && feed.ahead.is_empty());
    assert_eq!(feed.position(), PERIOD * 3);
    assert_eq!(house.due(&mut feed, 9.0, false), Seen::End, "without a seat");
}

#[test]
fn client_that_was_busy_misses_what_was_due_meanwhile() {
    let house = House::of(GRAY);
    let mut feed = house.started(None, None, 1.0, 0.0);
    assert_eq!(house.due(&mut feed, 0.0, false), picture(0));
    // Busy for two seconds, and then at the newest at once.
    let Seen::Picture(Some(number)) = house.due(&mut feed, 40.0, true) else { panic!() };
    assert!((36..=40).contains(&number), "{number}");
    let skipped = feed.seat().unwrap().meter.skipped.load(Ordering::Relaxed);
    assert_eq!(skipped, number - 1);
}

#[test]
fn slow_disk_or_encoder_lets_the_newest_through() {
    for jpeg in [GRAY, PROGRESSIVE] {
        let house = House::of(jpeg);
        let mut feed = house.started(None, None, 1.0, 0.0);
        house.due(&mut feed, 0.0, false);
        let mut shown = 0;
        // Each look finds that two seconds have passed.
        for look in 1..3 {
            let seen = house.due(&mut feed, 40.0 * f64::from(look), false);
            shown += u32::from(matches!(seen, Seen::Picture(_)));
        }
        assert_eq!(shown, 2);
        assert_eq!(feed.seat().unwrap().meter.skipped.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn what_does_not_fit_is_encoded_and_comes_in_order() {
    let house = House::of(PROGRESSIVE);
    let mut feed = house.started(None, None, 1.0, 0.0);
    for at in 0..5 {
        // Encoded anew it is numbered no more.
        assert!(matches!(house.due(&mut feed, f64::from(at), false), Seen::Picture(_)));
        assert_eq!(feed.position(), PERIOD * (at + 1));
    }
}
