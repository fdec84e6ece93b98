//! The source thread: opens the source when somebody watches, closes it when nobody does.
//!
//! Owns the [`Source`] and its [`Capture`]; every frame goes to the [`Hub`] at once.
//! What is lost is opened again, for ever, and a card stands in its place until a
//! frame comes. What is wrong with a device the source itself finds out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, bounded};
use log::{error, info, warn};
use parking_lot::Mutex;

use super::hub::Hub;
use crate::base::clock::Clock;
use crate::base::shutdown::Shutdown;
use crate::media::card;
use crate::media::frame::{Frame, Origin, Picture, Size};
use crate::source::{Capture, Captured, Format, Source, Trouble, TroubleCode, Wish};

/// What the source does, for `/state` and the metrics.
pub struct Condition {
    /// What sort of source it is.
    pub kind: &'static str,
    inner: Mutex<Report>,
}

/// A copy of what a [`Condition`] holds.
#[derive(Debug, Clone)]
pub struct Report {
    /// What to call the source.
    pub name: String,
    /// What it does.
    pub status: Status,
    /// What it delivers, once it was open.
    pub format: Option<Format>,
    /// What is wrong, and since when.
    pub trouble: Option<(Trouble, Instant)>,
    /// Frames that came.
    pub frames: u64,
    /// Frames that were broken.
    pub broken: u64,
    /// How often it was opened.
    pub opened: u64,
}

/// What a source does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Closed, because nobody watches.
    Idle,
    /// Being opened; no frame yet.
    Opening,
    /// Frames come.
    Live,
    /// There is trouble; it is tried again.
    Lost,
}

impl Status {
    /// As `/state` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Idle => "idle",
            Status::Opening => "opening",
            Status::Live => "live",
            Status::Lost => "lost",
        }
    }
}

impl Condition {
    /// Of a source that was not opened yet.
    pub fn new(source: &dyn Source) -> Self {
        let report = Report {
            name: source.name(),
            status: Status::Idle,
            format: None,
            trouble: None,
            frames: 0,
            broken: 0,
            opened: 0,
        };
        Self { kind: source.kind().as_str(), inner: Mutex::new(report) }
    }

    /// How it is now.
    pub fn report(&self) -> Report {
        self.inner.lock().clone()
    }

    fn change(&self, edit: impl FnOnce(&mut Report)) {
        edit(&mut self.inner.lock());
    }
}

/// Starts the thread. `condition` is kept up to date.
///
/// # Errors
///
/// The system's error if a thread cannot be made.
pub fn start(
    source: Box<dyn Source>,
    wish: Wish,
    hub: Arc<Hub>,
    condition: Arc<Condition>,
    shutdown: Shutdown,
) -> std::io::Result<JoinHandle<()>> {
    let source = Some(source);
    let supervisor =
        Supervisor { source, wish, hub, condition, shutdown, sequence: 0, size: wish.size };
    thread::Builder::new().name("source".into()).spawn(move || supervisor.run())
}

struct Supervisor {
    /// Away while it is being opened.
    source: Option<Box<dyn Source>>,
    wish: Wish,
    hub: Arc<Hub>,
    condition: Arc<Condition>,
    shutdown: Shutdown,
    sequence: u64,
    /// Of the last picture: cards have it too.
    size: Size,
}

/// What came of opening the source.
enum Opened {
    Capture(Box<dyn Capture>),
    Trouble(Trouble),
    /// Shutdown came first.
    Never,
}

/// Why a capture was left.
enum End {
    Shutdown,
    NobodyWatches,
    Trouble(Trouble),
}

impl Supervisor {
    fn run(mut self) {
        let mut trouble: Option<Lost> = None;
        while !self.shutdown.asked() {
            if !self.hub.demand() {
                trouble = None;
                self.rest();
                continue;
            }
            if trouble.is_none() {
                self.condition.change(|report| report.status = Status::Opening);
            }
            let end = match self.open(trouble.as_mut()) {
                Opened::Capture(mut capture) => {
                    let watch = || self.watch(capture.as_mut(), &mut trouble);
                    let end = catch_unwind(AssertUnwindSafe(watch));
                    end.unwrap_or_else(|_| End::Trouble(failed()))
                }
                Opened::Trouble(new) => End::Trouble(new),
                Opened::Never => End::Shutdown,
            };
            match end {
                End::Shutdown => break,
                End::NobodyWatches => info!("nobody watches: the source is closed"),
                End::Trouble(new) => self.bear(new, &mut trouble),
            }
        }
        self.condition.change(|report| report.status = Status::Idle);
    }

    /// Waits, with the source closed, until somebody watches.
    fn rest(&self) {
        self.hub.clear();
        self.condition.change(|report| {
            report.status = Status::Idle;
            report.trouble = None;
        });
        while !self.hub.demand() && !self.shutdown.asked() {
            self.hub.wait_for_demand(self.now() + REST);
        }
    }

    /// Opens the source, which may take seconds: on a thread of its own, so that this one goes on
    /// to look at shutdown and to renew the card. At shutdown that thread is left to itself.
    fn open(&mut self, mut lost: Option<&mut Lost>) -> Opened {
        let (Some(mut source), wish, clock) = (self.source.take(), self.wish, self.clock()) else {
            return Opened::Trouble(failed());
        };
        let (done, outcome) = bounded(1);
        let opening = thread::Builder::new().name("opening".into()).spawn(move || {
            let opened = catch_unwind(AssertUnwindSafe(|| source.open(wish, &clock)));
            // After shutdown nobody waits for it any more.
            let _ = done.send((source, opened.unwrap_or_else(|_| Err(failed()))));
        });
        let thread = match opening {
            Ok(thread) => thread,
            Err(error) => {
                error!("no thread to open the source: {error}");
                return Opened::Never;
            }
        };
        while !self.shutdown.asked() {
            match outcome.recv_timeout(GLANCE) {
                Ok((source, opened)) => {
                    self.source = Some(source);
                    join(thread);
                    return opened.map_or_else(Opened::Trouble, Opened::Capture);
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(lost) = lost.as_deref_mut() {
                        self.show(lost);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Opened::Never
    }

    /// Passes on what an open source delivers, until it ends.
    fn watch(&mut self, capture: &mut dyn Capture, lost: &mut Option<Lost>) -> End {
        let format = capture.format();
        info!("{}: {} {} at {} fps", self.name(), format.encoding, format.size, format.fps);
        let (name, before) = (self.name(), self.condition.report().broken);
        self.condition.change(|report| {
            report.opened += 1;
            report.name = name;
        });
        let mut wanted_at = self.now();
        loop {
            let now = self.now();
            if self.shutdown.asked() {
                return End::Shutdown;
            }
            wanted_at = self.hub.interested_at().map_or(wanted_at, |at| at.max(wanted_at));
            if self.hub.demand() {
                wanted_at = now;
            } else if now.duration_since(wanted_at) >= IDLE_AFTER {
                return End::NobodyWatches;
            }
            let next = capture.next(now + GLANCE);
            let broken = before + capture.broken();
            match next {
                Ok(Some(captured)) => {
                    if lost.take().is_some() {
                        info!("{}: back", self.name());
                    }
                    self.publish(captured, capture.format(), broken);
                }
                Ok(None) => {
                    self.condition.change(|report| report.broken = broken);
                    if let Some(lost) = lost {
                        self.show(lost);
                    }
                }
                Err(trouble) => return End::Trouble(trouble),
            }
        }
    }

    fn publish(&mut self, captured: Captured, format: Format, broken: u64) {
        self.sequence += 1;
        let size = captured.picture.size();
        if size != self.size {
            let pixels = |size: Size| f64::from(size.width) * f64::from(size.height);
            self.hub.scale_costs(pixels(size) / pixels(self.size));
        }
        self.size = size;
        self.condition.change(|report| {
            report.status = Status::Live;
            report.trouble = None;
            report.format = Some(Format { size, ..format });
            report.frames += 1;
            report.broken = broken;
        });
        self.hub.publish(Frame {
            sequence: self.sequence,
            captured: captured.at,
            picture: captured.picture,
            origin: Origin::Source,
        });
    }

    /// Shows what is wrong, and waits a little before the next try.
    fn bear(&mut self, new: Trouble, lost: &mut Option<Lost>) {
        let now = self.now();
        let since = lost.as_ref().map_or(now, |lost| lost.since);
        if lost.as_ref().is_none_or(|lost| lost.trouble != new) {
            warn!("{}: {new}", self.name());
        }
        let card_due = match lost.as_ref() {
            Some(old) if old.trouble == new => old.card_due,
            _ => now,
        };
        let mut now_lost = Lost { trouble: new.clone(), since, card_due };
        self.condition.change(|report| {
            report.status = Status::Lost;
            report.trouble = Some((new, since));
        });
        self.show(&mut now_lost);
        *lost = Some(now_lost);
        self.shutdown.wait(RETRY);
    }

    /// Sends the card, if it is a second since the last.
    fn show(&mut self, lost: &mut Lost) {
        let now = self.now();
        if now < lost.card_due {
            return;
        }
        lost.card_due = now + CARD_PERIOD;
        self.sequence += 1;
        let clock = card::clock(self.hub.clock().wall());
        let planar = card::card(self.size, &lost.trouble.title, &lost.trouble.detail, &clock);
        self.hub.publish(Frame {
            sequence: self.sequence,
            captured: now,
            picture: Picture::Planar(Arc::new(planar)),
            origin: Origin::Card,
        });
    }

    fn clock(&self) -> Clock {
        self.hub.clock().clone()
    }

    fn now(&self) -> Instant {
        self.hub.clock().now()
    }

    fn name(&self) -> String {
        match &self.source {
            Some(source) => source.name(),
            None => self.condition.report().name,
        }
    }
}

fn failed() -> Trouble {
    Trouble {
        code: TroubleCode::Failed,
        title: "The source failed".into(),
        detail: "This is a fault of the program, and in its log. Trying again.".into(),
    }
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        error!("opening the source failed");
    }
}

/// A trouble that lasts.
struct Lost {
    trouble: Trouble,
    since: Instant,
    card_due: Instant,
}

/// Nobody watching for so long closes the source.
const IDLE_AFTER: Duration = Duration::from_secs(10);
/// How long a capture is waited for before the thread looks around.
const GLANCE: Duration = Duration::from_millis(100);
/// How long the resting thread sleeps at most.
const REST: Duration = Duration::from_secs(3600);
const RETRY: Duration = Duration::from_millis(500);
const CARD_PERIOD: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::encode::Wanted;
    use crate::live::level::LevelSet;
    use crate::media::frame::{Chroma, Planar};
    use crate::source::Kind;

    /// Plays a list of things that happen to a source, a list for each opening.
    struct Script(Vec<Vec<Result<(), TroubleCode>>>);

    fn trouble(code: TroubleCode) -> Trouble {
        Trouble { code, title: "Gone".into(), detail: "Trying again.".into() }
    }

    fn watched() -> Wanted {
        Wanted { levels: LevelSet::ALL, ..Wanted::default() }
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

    struct Play(Vec<Result<(), TroubleCode>>);

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
            self.0.remove(0).map_err(trouble)?;
            let samples = vec![0; Chroma::Gray.bytes(size())];
            let planar = Planar { size: size(), chroma: Chroma::Gray, samples };
            let picture = Picture::Planar(Arc::new(planar));
            Ok(Some(Captured { at: Instant::now(), picture }))
        }
    }

    struct Running {
        hub: Arc<Hub>,
        condition: Arc<Condition>,
        shutdown: Shutdown,
        thread: Option<JoinHandle<()>>,
    }

    impl Running {
        fn start(script: Vec<Vec<Result<(), TroubleCode>>>) -> Self {
            let (hub, shutdown) = (Arc::new(Hub::new(Clock::system())), Shutdown::new());
            let source = Box::new(Script(script));
            let condition = Arc::new(Condition::new(source.as_ref()));
            let wish = Wish { size: size(), fps: 30.0 };
            let (of_hub, of_condition) = (Arc::clone(&hub), Arc::clone(&condition));
            let thread = start(source, wish, of_hub, of_condition, shutdown.clone()).unwrap();
            Self { hub, condition, shutdown, thread: Some(thread) }
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
        let running = Running::start(vec![vec![Ok(())]]);
        assert_eq!(running.condition.report().opened, 0);
        running.hub.want(watched());
        let report = running.until("live", |report| report.status == Status::Live);
        assert_eq!((report.opened, report.frames), (1, 1));
    }

    #[test]
    fn a_lost_source_shows_a_card_and_comes_back() {
        let lost = vec![Ok(()), Err(TroubleCode::Unplugged)];
        let running = Running::start(vec![lost, vec![Ok(()), Ok(())]]);
        running.hub.want(watched());
        let report = running.until("lost", |report| report.status == Status::Lost);
        assert_eq!(report.trouble.unwrap().0.code, TroubleCode::Unplugged);
        running.until("back", |report| report.frames == 3 && report.trouble.is_none());
        assert_eq!(running.hub.frame().unwrap().origin, Origin::Source);
    }

    #[test]
    fn the_card_has_the_size_of_the_stream() {
        let running = Running::start(vec![]);
        running.hub.want(watched());
        running.until("lost", |report| report.status == Status::Lost);
        let card = running.hub.wait_for_frame(Instant::now() + Duration::from_secs(10)).unwrap();
        assert_eq!((card.origin, card.picture.size()), (Origin::Card, size()));
    }
}
