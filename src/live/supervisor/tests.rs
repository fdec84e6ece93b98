use super::*;
use crate::live::channel::Channels;
use crate::live::condition::Report;
use crate::live::hub::Consumer;
use std::thread;

use crossbeam_channel::{Receiver, bounded};
use parking_lot::Mutex;

use crate::base::clock::{Clock, Fake};
use crate::live::desk::Demand;
use crate::live::level::LevelSet;
use crate::media::filter::Mask;
use crate::media::frame::{Chroma, Jpeg, Orientation, Planar};
use crate::source::{Capture, Kind};

/// What happens to a source.
enum Step {
    Picture,
    /// A JPEG that nobody can read.
    Garbled,
    Fail(TroubleCode),
    Panic,
    /// The system holds the thread until the gate is opened.
    Hang(Receiver<()>),
}

use Step::{Fail, Garbled, Hang, Panic, Picture as Shows};

/// Plays a list of steps, a list for each opening.
struct Script(Vec<Vec<Step>>);

fn trouble(code: TroubleCode) -> Trouble {
    Trouble { code, title: "Gone".into(), detail: "Trying again.".into() }
}

fn watched() -> Demand {
    Demand { levels: LevelSet::ALL, ..Demand::default() }
}

fn size() -> Size {
    Size::new(64, 48).unwrap()
}

impl Source for Script {
    fn kind(&self) -> Kind {
        Kind::Webcam
    }

    fn name(&self) -> String {
        "script".into()
    }

    fn open(&mut self, _: Wish, _: &Clock) -> Result<Box<dyn Capture>, Trouble> {
        if self.0.is_empty() {
            return Err(trouble(TroubleCode::Missing));
        }
        Ok(Box::new(Play(self.0.remove(0))))
    }
}

struct Play(Vec<Step>);

impl Capture for Play {
    fn format(&self) -> Format {
        Format { size: size(), fps: 30.0, encoding: "YUYV" }
    }

    fn next(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        if self.0.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            thread::park_timeout(left);
            return Ok(None);
        }
        match self.0.remove(0) {
            Shows => {}
            Garbled => {
                let (bytes, size) = (Arc::from(&b"\xff\xd8garbled"[..]), size());
                let (quality, orientation) = (None, Orientation::UPRIGHT);
                let picture = Picture::Jpeg(Jpeg { bytes, size, quality, orientation });
                return Ok(Some(Captured { at: Instant::now(), picture }));
            }
            Fail(code) => return Err(trouble(code)),
            Panic => panic!("as drivers do"),
            Hang(gate) => {
                let _ = gate.recv();
            }
        }
        let samples = vec![0; Chroma::Gray.bytes(size())];
        let planar = Planar { size: size(), chroma: Chroma::Gray, samples };
        let picture = Picture::Planar(Arc::new(planar));
        Ok(Some(Captured { at: Instant::now(), picture }))
    }

    fn patience(&self) -> Duration {
        match self.0.first() {
            Some(Hang(_)) => Duration::from_millis(300),
            _ => Duration::from_secs(60),
        }
    }
}

struct Running {
    hub: Arc<Hub>,
    consumer: Consumer,
    condition: Arc<Condition>,
    shutdown: Shutdown,
    thread: Option<JoinHandle<()>>,
}

/// A source that lets nobody in, and is to be asked again after a while.
struct Locked {
    asked: Arc<Mutex<Vec<Instant>>>,
    hold: Option<Hold>,
}

impl Source for Locked {
    fn kind(&self) -> Kind {
        Kind::Http
    }

    fn name(&self) -> String {
        "locked".into()
    }

    fn open(&mut self, _: Wish, clock: &Clock) -> Result<Box<dyn Capture>, Trouble> {
        let (now, trouble) = (clock.now(), trouble(TroubleCode::Denied));
        self.asked.lock().push(now);
        let until = now + Duration::from_secs(300);
        self.hold = Some(Hold { until, trouble: trouble.clone() });
        Err(trouble)
    }

    fn hold(&self) -> Option<Hold> {
        self.hold.clone()
    }
}

impl Running {
    fn start(script: Vec<Vec<Step>>) -> Self {
        Self::of(Box::new(Script(script)), Clock::system())
    }

    fn of(source: Box<dyn Source>, clock: Clock) -> Self {
        let shutdown = Shutdown::new();
        let channel = Channels::new(clock).open(source.as_ref());
        let (hub, condition) = (Arc::clone(&channel.hub), Arc::clone(&channel.condition));
        let wish = Wish { size: size(), fps: 30.0 };
        let (of_hub, of_condition) = (Arc::clone(&hub), Arc::clone(&condition));
        let thread = start(source, wish, of_hub, of_condition, shutdown.clone()).unwrap();
        let consumer = Hub::consumer(&hub);
        Self { hub, consumer, condition, shutdown, thread: Some(thread) }
    }

    /// Looks again and again, for ten seconds at most.
    fn until(&self, what: &str, holds: impl Fn(&Report) -> bool) -> Report {
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            let report = self.condition.report();
            if holds(&report) {
                return report;
            }
            thread::yield_now();
        }
        panic!("never {what}: {:?}", self.condition.report());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shutdown.ask();
        self.hub.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

#[test]
fn nothing_is_opened_until_somebody_watches() {
    let running = Running::start(vec![vec![Shows]]);
    assert_eq!(running.condition.report().opened, 0);
    running.consumer.want(watched());
    let report = running.until("live", |report| report.status == Status::Live);
    assert_eq!((report.opened, report.frames), (1, 1));
}

#[test]
fn a_lost_source_shows_a_card_and_comes_back() {
    let lost = vec![Shows, Fail(TroubleCode::Unplugged)];
    let running = Running::start(vec![lost, vec![Shows]]);
    running.consumer.want(watched());
    let report = running.until("lost", |report| report.status == Status::Lost);
    assert_eq!(report.trouble.unwrap().0.code, TroubleCode::Unplugged);
    running.until("back", |report| report.frames == 2 && report.trouble.is_none());
    // It is reported before it is published.
    running.until("shown", |_| running.hub.frame().unwrap().origin == Origin::Source);
}

#[test]
fn a_source_that_panics_is_opened_again() {
    let running = Running::start(vec![vec![Shows, Panic], vec![Shows]]);
    running.consumer.want(watched());
    let report = running.until("lost", |report| report.status == Status::Lost);
    assert_eq!(report.trouble.unwrap().0.code, TroubleCode::Failed);
    running.until("back", |report| report.opened == 2 && report.status == Status::Live);
}

#[test]
fn a_source_that_hangs_is_told_and_goes_on_where_it_was() {
    let (open, gate) = bounded(1);
    let running = Running::start(vec![vec![Shows, Hang(gate)], vec![Shows]]);
    running.consumer.want(watched());
    let card = || running.hub.frame().is_some_and(|frame| frame.origin == Origin::Card);
    let report = running.until("lost", |report| report.status == Status::Lost && card());
    assert_eq!(report.trouble.unwrap().0.title, "script does not answer");
    open.send(()).unwrap();
    let report = running.until("back", |report| report.trouble.is_none());
    assert_eq!((report.opened, report.frames), (1, 2), "no second thread was started");
}

#[test]
fn a_source_that_hangs_keeps_nothing_from_ending() {
    let (open, gate) = bounded(1);
    let running = Running::start(vec![vec![Hang(gate)]]);
    running.consumer.want(watched());
    running.until("lost", |report| report.status == Status::Lost);
    let asked = Instant::now();
    drop(running);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    drop(open);
}

#[test]
fn the_card_has_the_size_of_the_stream() {
    let running = Running::start(vec![]);
    running.consumer.want(watched());
    running.until("lost", |report| report.status == Status::Lost);
    let card = running.hub.wait_for_frame(Instant::now() + Duration::from_secs(10)).unwrap();
    assert_eq!((card.origin, card.picture.size()), (Origin::Card, size()));
}

#[test]
fn a_source_that_is_to_be_left_alone_is_and_the_card_says_how_long() {
    let (clock, fake) = Fake::clock();
    let asked = Arc::<Mutex<Vec<Instant>>>::default();
    let source = Locked { asked: Arc::clone(&asked), hold: None };
    let running = Running::of(Box::new(source), clock.clone());
    running.consumer.want(watched());
    let told = |words: &'static str| {
        move |report: &Report| {
            let trouble = report.trouble.as_ref().map(|(trouble, _)| trouble.detail.clone());
            report.status == Status::Lost && trouble.is_some_and(|detail| detail.ends_with(words))
        }
    };
    running.until("told", told("Trying again. Tried again in 5 min."));
    fake.advance(Duration::from_secs(10));
    running.until("counted", told("in 4 min 50 s."));
    // Who goes and comes back changes nothing.
    running.consumer.want(Demand::default());
    running.until("idle", |report| report.status == Status::Idle);
    running.consumer.want(watched());
    fake.advance(Duration::from_secs(265));
    running.until("nearly over", told("in 25 s."));
    assert_eq!(asked.lock().len(), 1);
    fake.advance(Duration::from_secs(25));
    running.until("asked again", |_| asked.lock().len() == 2);
    let asked = asked.lock();
    assert_eq!(asked[1] - asked[0], Duration::from_secs(300));
}

#[test]
fn times_are_told_as_a_person_waits_for_them() {
    for (ms, words) in [
        (1, "1 s"),
        (30_000, "30 s"),
        (59_001, "1 min"),
        (60_000, "1 min"),
        (290_000, "4 min 50 s"),
    ] {
        assert_eq!(in_words(Duration::from_millis(ms)), words);
    }
}

fn everything() -> Mask {
    "0,0,100,100".parse().unwrap()
}

/// The luma of the newest frame, if it is the source's own.
fn shown(running: &Running) -> Option<Vec<u8>> {
    let frame = running.hub.frame().filter(|frame| frame.origin == Origin::Source)?;
    let Picture::Planar(planar) = &frame.picture else { return None };
    Some(planar.luma().to_vec())
}

#[test]
fn a_picture_that_is_shown_is_covered_before_the_next_one_comes() {
    let running = Running::start(vec![vec![Shows]]);
    running.consumer.want(watched());
    running.until("shown", |_| shown(&running).is_some_and(|luma| luma[0] == 0));
    running.hub.set_mask(everything());
    assert!(shown(&running).is_none_or(|luma| luma[0] == 16), "no longer as it was");
    running.until("covered", |_| shown(&running).is_some_and(|luma| luma == vec![16; luma.len()]));
    running.hub.set_mask(Mask::default());
    running.until("as it is", |_| shown(&running).is_some_and(|luma| luma[0] == 0));
    assert_eq!(running.condition.report().frames, 1);
}

#[test]
fn what_cannot_be_covered_is_not_shown_and_a_card_says_so() {
    let running = Running::start(vec![vec![Garbled, Garbled]]);
    running.hub.set_mask("0,0,1,1".parse().unwrap());
    running.consumer.want(watched());
    running.until("told", |_| running.hub.frame().is_some_and(|one| one.origin == Origin::Card));
    assert!(running.hub.unmade().count() > 0);
    assert!(shown(&running).is_none());
}
