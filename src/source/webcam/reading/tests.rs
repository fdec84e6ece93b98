use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use self::Step::{Ago, Fail, Marked, NotReady, Nothing, Panic, Short, Shows};
use super::super::encoding::Encoding;
use super::super::pixels::{Colours, Layout, Matrix, Range};
use super::*;
use crate::base::clock::Fake;
use crate::media::frame::Size;

/// What the fake camera does next.
#[derive(Clone, Copy)]
enum Step {
    Shows(u8),
    /// Shows what it took so many milliseconds ago.
    Ago(u64),
    /// Shows what the driver says is broken.
    Marked(u8),
    Short,
    /// Was ready, and has nothing.
    Nothing,
    Fail(TroubleCode),
    Panic,
    NotReady,
}

/// A camera that does what it is told, then nothing any more.
struct Script {
    steps: VecDeque<Step>,
    time: Fake,
    bytes: [u8; 4],
}

impl Driver for Script {
    fn format(&self) -> Format {
        Format { size: Size::new(2, 2).unwrap(), fps: 30.0, encoding: "GREY" }
    }

    fn ready(&mut self, timeout: Duration) -> bool {
        let ready = !matches!(self.steps.front(), Some(NotReady) | None);
        if !ready {
            self.steps.pop_front();
            self.time.advance(timeout);
        }
        ready
    }

    fn frame(&mut self) -> Result<Option<Buffer<'_>>, Trouble> {
        self.time.advance(Duration::from_millis(33));
        let (level, length, broken, taken) = match self.steps.pop_front() {
            Some(Shows(level)) => (level, 4, false, None),
            Some(Ago(ms)) => (1, 4, false, Some(Taken::Ago(Duration::from_millis(ms)))),
            Some(Marked(level)) => (level, 4, true, None),
            Some(Short) => (0, 3, false, None),
            Some(Nothing) => return Ok(None),
            Some(Fail(code)) => {
                return Err(Trouble { code, title: String::new(), detail: String::new() });
            }
            Some(Panic) => panic!("as a library does"),
            Some(NotReady) | None => return Err(trouble::unplugged()),
        };
        self.bytes = [level; 4];
        let colours = Colours { matrix: Matrix::Bt601, range: Range::Full };
        let (encoding, size) = (Encoding::Grey, Size::new(2, 2).unwrap());
        let layout = Layout { encoding, size, stride: None, colours };
        Ok(Some(Buffer { bytes: &self.bytes[..length], broken, taken, layout }))
    }
}

struct Rig {
    capture: Box<dyn Capture>,
    clock: Clock,
    openings: Rc<Cell<usize>>,
}

/// Opens a camera that does these things, a list for each opening.
fn start(lists: &[&[Step]]) -> Result<Rig, Trouble> {
    let (clock, time) = Fake::clock();
    let openings = Rc::new(Cell::new(0));
    let counted = Rc::clone(&openings);
    let mut lists: VecDeque<Vec<Step>> = lists.iter().map(|steps| steps.to_vec()).collect();
    let open = move || {
        counted.set(counted.get() + 1);
        let steps = lists.pop_front().ok_or_else(trouble::unplugged)?.into();
        Ok(Script { steps, time: time.clone(), bytes: [0; 4] })
    };
    let capture = Box::new(Reading::start(open, &clock)?);
    Ok(Rig { capture, clock, openings })
}

impl Rig {
    /// What comes within a hundred seconds.
    fn next(&mut self) -> Result<Option<u8>, TroubleCode> {
        let deadline = self.clock.now() + Duration::from_secs(100);
        let next = self.capture.next(deadline).map_err(|trouble| trouble.code)?;
        Ok(next.map(|captured| match captured.picture {
            Picture::Planar(planar) => planar.samples[0],
            Picture::Jpeg(_) => panic!("the fake sends none"),
        }))
    }
}

#[test]
fn pictures_come_through_and_broken_ones_are_counted() {
    let mut rig = start(&[&[Shows(1), Short, NotReady, Shows(2)]]).unwrap();
    assert_eq!(rig.capture.format().encoding, "GREY");
    assert_eq!((rig.next(), rig.next(), rig.capture.broken()), (Ok(Some(1)), Ok(Some(2)), 1));
}

#[test]
fn an_unplugged_camera_is_told() {
    let mut rig = start(&[&[Shows(1), Fail(TroubleCode::Unplugged)]]).unwrap();
    assert_eq!((rig.next(), rig.next()), (Ok(Some(1)), Err(TroubleCode::Unplugged)));
    assert_eq!(rig.openings.get(), 1);
}

#[test]
fn a_failed_read_after_a_picture_opens_again_unseen() {
    let mut rig = start(&[&[Shows(1), Fail(TroubleCode::Failed)], &[Shows(2)]]).unwrap();
    assert_eq!((rig.next(), rig.next()), (Ok(Some(1)), Ok(Some(2))));
    assert_eq!(rig.openings.get(), 2);
}

#[test]
fn a_read_that_fails_at_once_is_told() {
    let failed = Fail(TroubleCode::Failed);
    let mut rig = start(&[&[Shows(1), failed], &[failed], &[Shows(3)]]).unwrap();
    assert_eq!((rig.next(), rig.next()), (Ok(Some(1)), Err(TroubleCode::Failed)));
    assert_eq!(rig.openings.get(), 2);
}

#[test]
fn a_panic_in_the_library_is_told() {
    let mut rig = start(&[&[Panic]]).unwrap();
    assert_eq!(rig.next(), Err(TroubleCode::Failed));
    let (clock, _) = Fake::clock();
    let opened =
        Reading::start(|| -> Result<Script, Trouble> { panic!("as a library does") }, &clock);
    assert_eq!(opened.err(), Some(trouble::crashed()));
}

#[test]
fn a_camera_that_does_not_open_is_told() {
    assert_eq!(start(&[]).err().map(|trouble| trouble.code), Some(TroubleCode::Unplugged));
}

#[test]
fn silence_and_garbage_are_told_and_a_deadline_ends_the_wait() {
    let mut rig = start(&[&[Shows(1)]]).unwrap();
    assert_eq!(rig.next(), Ok(Some(1)));
    let soon = rig.clock.now() + Duration::from_millis(150);
    assert!(rig.capture.next(soon).unwrap().is_none());
    assert_eq!(rig.clock.now(), soon);
    assert_eq!(rig.next(), Err(TroubleCode::Stalled));
    let mut rig = start(&[&[Short; 100]]).unwrap();
    assert_eq!(rig.next(), Err(TroubleCode::Garbage));
}

#[test]
fn what_the_driver_marks_is_broken_though_it_could_be_read() {
    let mut rig = start(&[&[Marked(1), Nothing, Shows(2)]]).unwrap();
    assert_eq!((rig.next(), rig.capture.broken()), (Ok(Some(2)), 1));
}

#[test]
fn capture_time_is_the_drivers_if_it_is_near() {
    let mut rig = start(&[&[Ago(250), Ago(2000), Ago(2001), Ago(u64::MAX)]]).unwrap();
    for late in [250, 2000, 0, 0] {
        let deadline = rig.clock.now() + Duration::from_secs(100);
        let captured = rig.capture.next(deadline).unwrap().unwrap();
        assert_eq!(rig.clock.now() - captured.at, Duration::from_millis(late));
    }
}

#[test]
fn capture_time_by_the_wall_is_taken_if_it_is_near() {
    let (clock, _) = Fake::clock();
    let now = clock.now();
    let at = |stamp: u64| capture_time(Some(Taken::Wall(Duration::from_secs(stamp))), now, &clock);
    assert_eq!(at(1_699_999_995), now - Duration::from_secs(5));
    for stamp in [1_699_999_994, 1_700_000_003, 1_700_000_006, 12, u64::MAX] {
        assert_eq!(at(stamp), now, "{stamp}");
    }
}
