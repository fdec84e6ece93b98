//! Chooses what to ask of a camera: encoding, size and rate.
//!
//! Pure arithmetic on what a camera lists. Does not talk to it: [`super::camera`] does.

use std::cmp::Ordering;
use std::fmt;

use crate::media::frame::Size;
use crate::source::Wish;

/// One combination that a camera offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mode {
    /// How a picture is laid out.
    pub(super) encoding: Encoding,
    /// Size of the pictures.
    pub(super) size: Size,
    /// Pictures a second; nokhwa knows whole numbers only.
    pub(super) fps: u32,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} at {} a second", self.encoding.as_str(), self.size, self.fps)
    }
}

/// How a camera lays out a picture, best for streaming first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// JPEGs, which pass through untouched.
    Mjpeg,
    /// Packed 4:2:2.
    Yuyv,
    /// Luma, then interleaved chroma, 4:2:0.
    Nv12,
    /// Three bytes a pixel, red first.
    Rgb,
    /// Three bytes a pixel, blue first.
    Bgr,
    /// One byte a pixel.
    Gray,
}

impl Encoding {
    /// All of them, best first.
    pub(super) const ALL: [Self; 6] =
        [Self::Mjpeg, Self::Yuyv, Self::Nv12, Self::Rgb, Self::Bgr, Self::Gray];

    /// The field's name of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mjpeg => "MJPEG",
            Self::Yuyv => "YUYV",
            Self::Nv12 => "NV12",
            Self::Rgb => "RGB24",
            Self::Bgr => "BGR24",
            Self::Gray => "GRAY",
        }
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
            .then_with(|| by_rate(a.fps, b.fps, wish.fps))
    })
}

/// Of two rates equally far from the wished one the higher goes first.
fn by_rate(a: u32, b: u32, wished: f64) -> Ordering {
    ratio(f64::from(a), wished).total_cmp(&ratio(f64::from(b), wished)).then(b.cmp(&a))
}

fn distance(mode: &Mode, wish: Wish) -> f64 {
    size_distance(mode.size, wish.size) + ratio(f64::from(mode.fps), wish.fps)
}

fn size_distance(a: Size, b: Size) -> f64 {
    ratio(f64::from(a.width), f64::from(b.width)) + ratio(f64::from(a.height), f64::from(b.height))
}

fn ratio(a: f64, b: f64) -> f64 {
    (a.max(0.01) / b.max(0.01)).ln().abs()
}

#[cfg(test)]
mod tests {
    use super::Encoding::{Gray, Mjpeg, Nv12, Yuyv};
    use super::*;

    fn mode(encoding: Encoding, width: u32, height: u32, fps: u32) -> Mode {
        Mode { encoding, size: Size::new(width, height).unwrap(), fps }
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
            &[mode(Nv12, 1280, 720, 30), mode(Gray, 1280, 720, 30)],
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
}
