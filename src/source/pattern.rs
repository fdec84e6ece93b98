//! The moving test picture that the server draws itself.
//!
//! Its capture runs on the source thread. It moves for seven seconds and rests for
//! five, all but its clock, so that gaming mode can be seen at work. What stands still
//! is drawn once, what moves for each frame.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::moving::Moving;
use super::pace::Pace;
use super::{Capture, Captured, Format, Kind, Source, Trouble, Wish};
use crate::base::clock::Clock;
use crate::media::canvas::Canvas;
use crate::media::frame::{Picture, Planar, Size};

mod moving;
mod still;

/// The source `pattern`.
#[derive(Debug, Default)]
pub struct Pattern {
    /// Frames made so far, over all times that it was opened.
    made: Arc<AtomicU64>,
}

impl Pattern {
    /// A pattern that starts at frame 1.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Source for Pattern {
    fn kind(&self) -> Kind {
        Kind::Pattern
    }

    fn name(&self) -> String {
        "Test pattern".to_owned()
    }

    fn open(&mut self, wish: Wish, clock: &Clock) -> Result<Box<dyn Capture>, Trouble> {
        Ok(Box::new(Open {
            made: Arc::clone(&self.made),
            drawing: Drawing::new(wish.size, wish.fps),
            fps: wish.fps,
            zone: TimeZone::system(),
            clock: clock.clone(),
            pace: Pace::new(wish.fps, clock.now()),
        }))
    }
}

struct Open {
    made: Arc<AtomicU64>,
    drawing: Drawing,
    fps: f64,
    zone: TimeZone,
    clock: Clock,
    pace: Pace,
}

impl Capture for Open {
    fn format(&self) -> Format {
        Format { size: self.drawing.size, fps: self.fps, encoding: "I420" }
    }

    fn next(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        if !self.pace.wait(deadline) {
            return Ok(None);
        }
        let at = self.clock.now();
        self.pace.made(at);
        let number = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        let wall = self.clock.wall_at(at);
        let planar = self.drawing.frame(number, &TimeOfDay::new(wall, &self.zone));
        Ok(Some(Captured { at, picture: Picture::Planar(Arc::new(planar)) }))
    }
}

/// The pattern at one size and rate; the same number and time make the same picture.
struct Drawing {
    size: Size,
    fps: f64,
    background: Canvas,
    moving: Moving,
}

impl Drawing {
    fn new(size: Size, fps: f64) -> Self {
        let layout = still::Layout::new(size);
        Self {
            size,
            fps: if fps.is_finite() && fps > 0.0 { fps } else { 30.0 },
            background: still::background(&layout, fps),
            moving: Moving::new(&layout),
        }
    }

    fn frame(&self, number: u64, time: &TimeOfDay) -> Planar {
        let seconds = number as f64 / self.fps;
        self.moving.frame(&self.background, moved_for(seconds), number, time)
    }
}

/// The time that a frame shows.
struct TimeOfDay {
    /// `12:34:56`.
    seconds: String,
    /// `789`.
    millis: String,
}

impl TimeOfDay {
    fn new(at: SystemTime, zone: &TimeZone) -> Self {
        let local = zone.to_datetime(Timestamp::try_from(at).unwrap_or_default());
        Self {
            seconds: format!("{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second()),
            millis: format!("{:03}", local.millisecond()),
        }
    }
}

/// Of the first `seconds`, those in which the picture moved.
fn moved_for(seconds: f64) -> f64 {
    let (cycles, rest) = ((seconds / CYCLE_SECS).floor(), seconds % CYCLE_SECS);
    cycles * MOTION_SECS + rest.min(MOTION_SECS)
}

const CYCLE_SECS: f64 = 12.0;
const MOTION_SECS: f64 = 7.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::frame::Chroma;
    use std::time::Duration;

    /// Mean absolute difference of luma at an eighth of the size, as a part of full scale.
    fn difference(a: &Planar, b: &Planar) -> f64 {
        let blocks = |planar: &Planar| -> Vec<i32> {
            let (width, height) = (planar.size.width as usize, planar.size.height as usize);
            let block = |x: usize, y: usize| {
                let rows = (y * 8..y * 8 + 8).map(|row| &planar.luma()[row * width + x * 8..][..8]);
                rows.flatten().map(|sample| i32::from(*sample)).sum::<i32>() / 64
            };
            (0..height / 8).flat_map(|y| (0..width / 8).map(move |x| block(x, y))).collect()
        };
        let (a, b) = (blocks(a), blocks(b));
        let sum: i32 = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).sum();
        f64::from(sum) / (255.0 * a.len() as f64)
    }

    fn at_frame(number: u64, fps: f64) -> TimeOfDay {
        let since = Duration::from_secs_f64(number as f64 / fps);
        TimeOfDay::new(SystemTime::UNIX_EPOCH + since, &TimeZone::UTC)
    }

    /// The smallest and the largest difference between frames of a range and those before.
    fn range(width: u32, height: u32, numbers: std::ops::Range<u64>) -> (f64, f64) {
        let drawing = Drawing::new(Size::new(width, height).unwrap(), 30.0);
        let frame = |number| drawing.frame(number, &at_frame(number, 30.0));
        let mut last = frame(numbers.start - 1);
        let (mut least, mut most) = (1.0_f64, 0.0_f64);
        for number in numbers {
            let next = frame(number);
            let off = difference(&last, &next);
            (least, most, last) = (least.min(off), most.max(off), next);
        }
        (least, most)
    }

    #[test]
    fn motion_passes_one_percent_by_far() {
        for (width, height) in [(1280, 720), (640, 360)] {
            // Every second of a cycle's motion, and its first and last frame.
            for start in [361, 391, 421, 451, 481, 511, 541, 566] {
                let (least, _) = range(width, height, start..start + 2);
                assert!(least > 0.015, "{width}x{height} at {start}: {least}");
            }
        }
    }

    #[test]
    fn rest_stays_far_below_one_percent() {
        for (width, height) in [(1280, 720), (640, 360)] {
            for start in [571, 598, 628, 658, 688, 716] {
                let (_, most) = range(width, height, start..start + 2);
                assert!(most < 0.003, "{width}x{height} at {start}: {most}");
            }
        }
    }

    #[test]
    fn rest_still_shows_that_frames_come() {
        let (least, _) = range(640, 360, 600..606);
        assert!(least > 0.0);
    }

    #[test]
    fn every_size_can_be_drawn() {
        let corner_cases = [(1, 1), (2, 900), (900, 2), (17, 13), (641, 359), (360, 640)];
        for (width, height) in corner_cases {
            let size = Size::new(width, height).unwrap();
            let drawing = Drawing::new(size, f64::NAN);
            for number in [0, 1, 200, u64::MAX] {
                let planar = drawing.frame(number, &at_frame(1, 30.0));
                assert_eq!((planar.size, planar.chroma), (size, Chroma::Yuv420));
                assert_eq!(planar.samples.len(), Chroma::Yuv420.bytes(size));
            }
        }
    }

    #[test]
    fn five_seconds_of_twelve_are_at_rest() {
        let moves = |seconds: f64| moved_for(seconds + 0.01) > moved_for(seconds);
        assert!(moves(0.0) && moves(6.9) && !moves(7.1) && !moves(11.9) && moves(12.1));
        assert_eq!(moved_for(24.0), 14.0);
    }

    #[test]
    fn captures_go_on_counting_and_end_at_the_deadline() {
        let wish = Wish { size: Size::new(64, 48).unwrap(), fps: 0.01 };
        let mut pattern = Pattern::new();
        for opened in 1..=2 {
            let mut capture = pattern.open(wish, &Clock::system()).unwrap();
            let first = capture.next(Instant::now()).unwrap().unwrap();
            assert_eq!(first.picture.size(), wish.size);
            assert_eq!(pattern.made.load(Ordering::Relaxed), opened);
            assert!(capture.next(Instant::now()).unwrap().is_none());
        }
    }
}
