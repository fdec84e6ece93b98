use std::sync::mpsc::{Receiver, Sender, channel};

use nokhwa::Buffer;
use nokhwa::utils::{FrameFormat, Resolution};

use super::*;

/// What the fake camera does next.
enum Step {
    Picture(u8),
    Short,
    Fail(TroubleCode),
    Panic,
    NotReady,
}

struct Fake {
    steps: Arc<Mutex<Receiver<Step>>>,
    waiting: Sender<()>,
    next: Option<Step>,
}

impl Device for Fake {
    fn format(&self) -> Format {
        Format { size: Size::new(2, 2).unwrap(), fps: 30.0, encoding: "GRAY" }
    }

    fn ready(&mut self, _timeout: Duration) -> bool {
        let _ = self.waiting.send(());
        self.next = self.steps.lock().recv().ok();
        !matches!(self.next, Some(Step::NotReady))
    }

    fn frame(&mut self) -> Result<Buffer, Trouble> {
        let resolution = Resolution::new(2, 2);
        match self.next.take() {
            Some(Step::Picture(level)) => {
                Ok(Buffer::new(resolution, &[level; 4], FrameFormat::GRAY))
            }
            Some(Step::Short) => Ok(Buffer::new(resolution, &[0; 3], FrameFormat::GRAY)),
            Some(Step::Fail(code)) => {
                Err(Trouble { code, title: String::new(), detail: String::new() })
            }
            Some(Step::Panic) => panic!("as v4l does"),
            Some(Step::NotReady) | None => Err(trouble::unplugged()),
        }
    }
}

/// A worker on a fake camera.
struct Rig {
    worker: Worker,
    steps: Sender<Step>,
    /// A word for each opening.
    openings: Receiver<()>,
    /// A word each time that the camera waits for a step.
    waits: Receiver<()>,
}

fn start() -> Rig {
    let (steps, taken) = channel();
    let (opened, openings) = channel();
    let (waiting, waits) = channel();
    let taken = Arc::new(Mutex::new(taken));
    let worker = Worker::start(Clock::system(), move || {
        opened.send(()).unwrap();
        Ok(Fake { steps: Arc::clone(&taken), waiting: waiting.clone(), next: None })
    });
    Rig { worker: worker.unwrap(), steps, openings, waits }
}

fn long() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn level(captured: Captured) -> u8 {
    match captured.picture {
        Picture::Planar(planar) => planar.samples[0],
        Picture::Jpeg(_) => panic!("the fake sends none"),
    }
}

#[track_caller]
fn picture(worker: &Worker, expected: u8) {
    assert_eq!(worker.next(long()).unwrap().map(level), Some(expected));
}

#[track_caller]
fn end(worker: &Worker, expected: TroubleCode) {
    assert_eq!(worker.next(long()).unwrap_err().code, expected);
}

#[test]
fn pictures_come_through_and_broken_ones_are_counted() {
    let Rig { worker, steps, openings: _openings, .. } = start();
    let patience = Duration::from_secs(60);
    assert_eq!(worker.wait_open(patience).unwrap().unwrap().encoding, "GRAY");
    steps.send(Step::Picture(1)).unwrap();
    picture(&worker, 1);
    steps.send(Step::Short).unwrap();
    steps.send(Step::Picture(2)).unwrap();
    picture(&worker, 2);
    assert_eq!(worker.broken(), 1);
}

#[test]
fn the_newest_picture_wins() {
    let Rig { worker, steps, openings: _openings, .. } = start();
    for level in 1..=3 {
        steps.send(Step::Picture(level)).unwrap();
    }
    let newest = |state: &State| state.arrived == 3;
    drop(worker.shared.wait(long(), newest));
    picture(&worker, 3);
    assert!(worker.next(Instant::now()).unwrap().is_none());
}

#[test]
fn an_unplugged_camera_is_told() {
    let Rig { worker, steps, openings, .. } = start();
    steps.send(Step::Picture(1)).unwrap();
    picture(&worker, 1);
    steps.send(Step::Fail(TroubleCode::Unplugged)).unwrap();
    end(&worker, TroubleCode::Unplugged);
    assert_eq!(openings.iter().count(), 1);
}

#[test]
fn a_failed_read_after_a_picture_opens_again_unseen() {
    let Rig { worker, steps, openings, .. } = start();
    steps.send(Step::Picture(1)).unwrap();
    picture(&worker, 1);
    steps.send(Step::Fail(TroubleCode::Failed)).unwrap();
    steps.send(Step::Picture(2)).unwrap();
    picture(&worker, 2);
    assert_eq!(openings.try_iter().count(), 2);
}

#[test]
fn a_read_that_fails_at_once_is_told() {
    let Rig { worker, steps, openings, .. } = start();
    steps.send(Step::Picture(1)).unwrap();
    picture(&worker, 1);
    steps.send(Step::Fail(TroubleCode::Failed)).unwrap();
    steps.send(Step::Fail(TroubleCode::Failed)).unwrap();
    end(&worker, TroubleCode::Failed);
    assert_eq!(openings.iter().count(), 2);
}

#[test]
fn a_panic_in_the_library_is_told() {
    let Rig { worker, steps, openings: _openings, .. } = start();
    steps.send(Step::Panic).unwrap();
    end(&worker, TroubleCode::Failed);
    assert!(worker.stop(Duration::from_secs(60)).is_none());
}

#[test]
fn a_camera_that_does_not_open_is_told() {
    let worker = Worker::start(Clock::system(), || Err::<Fake, _>(trouble::unplugged())).unwrap();
    let told = worker.wait_open(Duration::from_secs(60)).unwrap_err();
    assert_eq!(told.code, TroubleCode::Unplugged);
}

#[test]
fn a_thread_that_waits_for_readiness_stops() {
    let Rig { worker, steps, openings: _openings, waits } = start();
    waits.recv().unwrap();
    worker.shared.state.lock().stop = true;
    steps.send(Step::NotReady).unwrap();
    assert!(worker.stop(Duration::from_secs(60)).is_none());
}

#[test]
fn a_stuck_thread_is_kept_and_goes_on_when_a_picture_comes() {
    let Rig { worker, steps, openings, waits } = start();
    steps.send(Step::Picture(1)).unwrap();
    picture(&worker, 1);
    assert_eq!(waits.iter().take(2).count(), 2);
    let worker = worker.stop(Duration::ZERO).expect("it waits in the fake camera");
    let Resumed::Stuck(worker) = worker.resume(Duration::ZERO) else { panic!("nothing came") };

    let resumed = thread::spawn(move || worker.resume(Duration::from_secs(60)));
    steps.send(Step::Picture(2)).unwrap();
    match resumed.join().unwrap() {
        Resumed::Going(worker) => picture(&worker, 2),
        // The picture came before it was taken up again.
        Resumed::Ended => assert_eq!(openings.try_iter().count(), 1),
        Resumed::Stuck(_) => panic!("a picture came"),
    }
}

#[test]
fn a_stuck_thread_whose_camera_goes_ends() {
    let Rig { worker, steps, openings: _openings, waits } = start();
    waits.recv().unwrap();
    let worker = worker.stop(Duration::ZERO).expect("it waits in the fake camera");
    steps.send(Step::Fail(TroubleCode::Unplugged)).unwrap();
    assert!(matches!(worker.resume(Duration::from_secs(60)), Resumed::Ended));
}

#[test]
fn capture_time_is_the_drivers_if_it_is_near() {
    let (clock, _) = crate::base::clock::Fake::clock();
    let now = clock.now();
    let at = |stamp: Option<u64>| capture_time(stamp.map(Duration::from_secs), now, &clock);
    assert_eq!(at(Some(1_699_999_995)), now - Duration::from_secs(5));
    for stamp in [Some(1_699_999_994), Some(1_700_000_006), Some(12), None] {
        assert_eq!(at(stamp), now);
    }
}
