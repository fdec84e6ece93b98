//! Gaming mode: motion rules the quality.
//!
//! Pure arithmetic; a [`Drive`] belongs to one viewer and is stepped once for each
//! frame with the score that [`crate::media::motion`] measured for all.

use std::time::Duration;

use crate::media::frame::Quality;

/// A gaming viewer's quality, as a point that motion drives up and rest lets sink.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drive {
    quality: f64,
}

/// The mean absolute difference of luma, as a part of full scale, above which a picture moves.
pub const MOTION_THRESHOLD: f64 = 0.01;

const START: f64 = 50.0;
const FLOOR: f64 = 10.0;
const TICKS_PER_SEC: f64 = 30.0;
const LOSS_PER_TICK: f64 = 1.0;
const GAIN_PER_TICK: f64 = 2.9;

impl Default for Drive {
    fn default() -> Self {
        Self { quality: START }
    }
}

impl From<Quality> for Drive {
    /// Goes on from this quality.
    fn from(quality: Quality) -> Self {
        Self { quality: f64::from(quality.percent()).max(FLOOR) }
    }
}

impl Drive {
    /// The quality now, 10 to 100.
    pub fn quality(self) -> f64 {
        self.quality
    }

    /// Lets `elapsed` pass, in which the picture moved by `motion` (0 to 1).
    ///
    /// Each thirtieth of a second it loses a point, and gains 2.9 if the picture
    /// moves; it stays between 10 and `ceiling`.
    pub fn step(&mut self, motion: f64, elapsed: Duration, ceiling: f64) {
        let gain = if motion > MOTION_THRESHOLD { GAIN_PER_TICK } else { 0.0 };
        let ticks = elapsed.as_secs_f64() * TICKS_PER_SEC;
        self.quality += (gain - LOSS_PER_TICK) * ticks;
        self.quality = self.quality.min(ceiling).max(FLOOR);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_nanos(1_000_000_000 / 30);

    fn after(ticks: u32, motion: f64, ceiling: f64) -> f64 {
        let mut drive = Drive::default();
        (0..ticks).for_each(|_| drive.step(motion, TICK, ceiling));
        (drive.quality() * 1000.0).round() / 1000.0
    }

    #[test]
    fn it_starts_at_fifty() {
        assert_eq!(after(0, 1.0, 100.0), 50.0);
    }

    #[test]
    fn it_goes_on_from_the_quality_at_hand() {
        let from = |percent| Drive::from(Quality::new(percent).unwrap()).quality();
        assert_eq!((from(95), from(20), from(1)), (95.0, 20.0, 10.0));
    }

    #[test]
    fn rest_costs_a_point_a_tick_down_to_ten() {
        assert_eq!(after(1, 0.0, 100.0), 49.0);
        assert_eq!(after(30, 0.0, 100.0), 20.0);
        assert_eq!(after(40, 0.0, 100.0), 10.0);
        assert_eq!(after(400, 0.0, 100.0), 10.0);
    }

    #[test]
    fn motion_gains_what_it_does_not_lose_up_to_the_share() {
        assert_eq!(after(1, 0.011, 100.0), 51.9);
        assert_eq!(after(10, 0.5, 100.0), 69.0);
        assert_eq!(after(300, 0.5, 100.0), 100.0);
        assert_eq!(after(300, 0.5, 65.0), 65.0);
    }

    #[test]
    fn one_percent_exactly_is_rest() {
        assert_eq!(after(1, 0.01, 100.0), 49.0);
    }

    #[test]
    fn it_does_not_depend_on_the_frame_rate() {
        let mut slow = Drive::default();
        slow.step(1.0, TICK * 10, 100.0);
        assert!((slow.quality() - after(10, 1.0, 100.0)).abs() < 0.001);
    }

    #[test]
    fn a_ceiling_below_the_floor_gives_the_floor() {
        assert_eq!(after(5, 1.0, 3.0), 10.0);
    }
}
