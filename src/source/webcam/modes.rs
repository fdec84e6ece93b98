//! Chooses what to ask of a camera: encoding, size and rate.
//!
//! Pure arithmetic on what a camera lists. Does not talk to it.

use std::cmp::Ordering;
use std::fmt;

use super::encoding::Encoding;
use super::rates::Rate;
use crate::media::frame::Size;
use crate::source::Wish;

/// One combination that a camera offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mode {
    /// How a picture is laid out.
    pub(super) encoding: Encoding,
    /// Size of the pictures.
    pub(super) size: Size,
    /// Pictures a second, if that is told.
    pub(super) rate: Option<Rate>,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.encoding.as_str(), self.size)?;
        self.rate.map_or(Ok(()), |rate| write!(f, " at {rate} a second"))
    }
}

/// The mode nearest to `wish`, or `None` if there is none at all.
///
/// Each encoding puts forward its nearest size, and at that size its nearest rate.
/// The first encoding in the order of [`Encoding`] wins, unless what it puts forward
/// is worse than another's by more than [`TOLERANCE`], width, height and rate taken
/// together: a camera with MJPEG at 640x480 and YUYV at 1280x720, both at 30, is
/// asked for YUYV when 1280x720 is wished, and for MJPEG if its YUYV has only 10 a second.
pub(super) fn choose(modes: &[Mode], wish: Wish) -> Option<Mode> {
    let offers: Vec<Mode> =
        Encoding::ALL.into_iter().filter_map(|encoding| nearest(modes, encoding, wish)).collect();
    let best = offers.iter().map(|mode| distance(mode, wish)).min_by(f64::total_cmp)?;
    offers.into_iter().find(|mode| distance(mode, wish) <= best + TOLERANCE)
}

/// Twice, as a natural logarithm, rounded up: half and double are equally far, and
/// rounding decides nothing.
const TOLERANCE: f64 = 0.7;

fn nearest(modes: &[Mode], encoding: Encoding, wish: Wish) -> Option<Mode> {
    modes.iter().filter(|mode| mode.encoding == encoding).copied().min_by(|a, b| {
        size_distance(a.size, wish.size)
            .total_cmp(&size_distance(b.size, wish.size))
            .then_with(|| a.size.width.cmp(&b.size.width).reverse())
            .then_with(|| by_rate(a, b, wish.fps))
    })
}

/// Of two rates equally far from the wished one the higher goes first.
fn by_rate(a: &Mode, b: &Mode, wished: f64) -> Ordering {
    let fps = |mode: &Mode| mode.rate.map_or(wished, Rate::fps);
    let (a, b) = (fps(a), fps(b));
    ratio(a, wished).total_cmp(&ratio(b, wished)).then(b.total_cmp(&a))
}

fn distance(mode: &Mode, wish: Wish) -> f64 {
    let rate = mode.rate.map_or(0.0, |rate| ratio(rate.fps(), wish.fps));
    size_distance(mode.size, wish.size) + rate
}

fn size_distance(a: Size, b: Size) -> f64 {
    ratio(f64::from(a.width), f64::from(b.width)) + ratio(f64::from(a.height), f64::from(b.height))
}

fn ratio(a: f64, b: f64) -> f64 {
    (a.max(0.01) / b.max(0.01)).ln().abs()
}

#[cfg(test)]
mod tests {
    use super::Encoding::{Grey, Mjpeg, Nv12, Yuyv};
    use super::*;

    fn mode(encoding: Encoding, width: u32, height: u32, fps: u32) -> Mode {
        Mode { encoding, size: Size::new(width, height).unwrap(), rate: Rate::new(fps, 1) }
    }

    fn wish(width: u32, height: u32, fps: f64) -> Wish {
        Wish { size: Size::new(width, height).unwrap(), fps }
    }

    #[track_caller]
    fn chosen(modes: &[Mode], wish: Wish, expected: Mode) {
        assert_eq!(choose(modes, wish), Some(expected));
        let reversed: Vec<Mode> = modes.iter().rev().copied().collect();
        assert_eq!(choose(&reversed, wish), Some(expected), "order must not matter");
    }

    #[test]
    fn nothing_offered_is_nothing_chosen() {
        assert_eq!(choose(&[], wish(1280, 720, 30.0)), None);
    }

    #[test]
    fn mjpeg_goes_first_at_equal_size() {
        let modes =
            [mode(Yuyv, 1280, 720, 30), mode(Mjpeg, 1280, 720, 30), mode(Nv12, 1280, 720, 30)];
        chosen(&modes, wish(1280, 720, 30.0), mode(Mjpeg, 1280, 720, 30));
        chosen(&modes[..1], wish(1280, 720, 30.0), mode(Yuyv, 1280, 720, 30));
        chosen(
            &[mode(Nv12, 1280, 720, 30), mode(Grey, 1280, 720, 30)],
            wish(1280, 720, 30.0),
            mode(Nv12, 1280, 720, 30),
        );
    }

    #[test]
    fn exact_size_and_rate_are_found_among_many() {
        let mut modes = Vec::new();
        for (width, height) in [(320, 240), (640, 480), (1280, 720), (1920, 1080)] {
            for fps in [5, 10, 15, 20, 24, 30] {
                modes.push(mode(Mjpeg, width, height, fps));
                modes.push(mode(Yuyv, width, height, fps));
            }
        }
        chosen(&modes, wish(1280, 720, 30.0), mode(Mjpeg, 1280, 720, 30));
        chosen(&modes, wish(640, 480, 15.0), mode(Mjpeg, 640, 480, 15));
        chosen(&modes, wish(1000, 700, 25.0), mode(Mjpeg, 1280, 720, 24));
    }

    #[test]
    fn size_goes_before_rate_within_an_encoding() {
        let modes = [mode(Yuyv, 1280, 720, 10), mode(Yuyv, 640, 480, 30)];
        chosen(&modes, wish(1280, 720, 30.0), mode(Yuyv, 1280, 720, 10));
    }

    #[test]
    fn uncompressed_wins_where_mjpeg_is_far_from_the_wish() {
        let modes = [mode(Mjpeg, 640, 480, 30), mode(Yuyv, 1280, 720, 30)];
        chosen(&modes, wish(1280, 720, 30.0), mode(Yuyv, 1280, 720, 30));
    }

    #[test]
    fn mjpeg_stays_where_uncompressed_is_bigger_but_slow() {
        let modes = [mode(Mjpeg, 640, 480, 30), mode(Yuyv, 1280, 720, 10)];
        chosen(&modes, wish(1280, 720, 30.0), mode(Mjpeg, 640, 480, 30));
    }

    #[test]
    fn mjpeg_stays_where_it_is_a_little_off() {
        let modes = [mode(Mjpeg, 800, 600, 30), mode(Yuyv, 1280, 720, 30)];
        chosen(&modes, wish(1280, 720, 30.0), mode(Mjpeg, 800, 600, 30));
        let modes = [mode(Mjpeg, 1280, 720, 15), mode(Yuyv, 1280, 720, 30)];
        chosen(&modes, wish(1280, 720, 30.0), mode(Mjpeg, 1280, 720, 15));
    }

    #[test]
    fn of_two_rates_equally_far_the_higher_is_taken() {
        let modes = [mode(Mjpeg, 640, 480, 15), mode(Mjpeg, 640, 480, 60)];
        chosen(&modes, wish(640, 480, 30.0), mode(Mjpeg, 640, 480, 60));
    }

    #[test]
    fn a_size_above_or_below_is_judged_by_its_ratio() {
        let modes = [mode(Mjpeg, 640, 480, 30), mode(Mjpeg, 1920, 1080, 30)];
        chosen(&modes, wish(1280, 720, 30.0), mode(Mjpeg, 1920, 1080, 30));
        chosen(&modes, wish(640, 360, 30.0), mode(Mjpeg, 640, 480, 30));
    }

    #[test]
    fn fractions_are_told_apart_and_what_is_not_told_is_as_good_as_wished() {
        let odd =
            |frames, seconds| Mode { rate: Rate::new(frames, seconds), ..mode(Mjpeg, 640, 480, 1) };
        let modes = [odd(30_000, 1001), odd(15, 2), odd(60_000, 1001), odd(7680, 256)];
        for (wished, expected) in
            [(30.0, 3), (29.97, 0), (10.0, 1), (59.0, 2), (240.0, 2), (1.0, 1)]
        {
            chosen(&modes, wish(640, 480, wished), modes[expected]);
        }
        let silent = Mode { rate: None, ..mode(Yuyv, 1280, 720, 1) };
        chosen(&[silent, mode(Yuyv, 640, 480, 30)], wish(1280, 720, 30.0), silent);
    }

    #[test]
    fn what_is_chosen_is_one_of_those_offered_and_no_rate_of_its_size_is_nearer() {
        let mut state = 7_u32;
        let mut random = move |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        for _ in 0..2000 {
            let count = 1 + random(12);
            let modes: Vec<Mode> = (0..count)
                .map(|_| Mode {
                    encoding: Encoding::ALL[random(Encoding::ALL.len() as u32) as usize],
                    size: Size::new(1 + random(4000), 1 + random(4000)).unwrap(),
                    rate: Rate::new(random(100_000), random(2002)),
                })
                .collect();
            let wish = wish(16 + random(4000), 16 + random(4000), f64::from(1 + random(240)));
            let got = choose(&modes, wish).expect("something is offered");
            let rivals =
                modes.iter().filter(|mode| (mode.encoding, mode.size) == (got.encoding, got.size));
            let far = |mode: &Mode| mode.rate.map_or(0.0, |rate| ratio(rate.fps(), wish.fps));
            assert!(modes.contains(&got));
            assert!(rivals.into_iter().all(|rival| far(rival) >= far(&got)), "{got} of {modes:?}");
        }
    }
}
