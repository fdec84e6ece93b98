//! Rates and sizes as cameras list them: fractions, and ranges that go in steps.
//!
//! Pure arithmetic. What is listed may be anything: zeros, ends the wrong way round, steps that
//! lead nowhere.

use std::fmt;

use crate::media::frame::Size;

/// Pictures a second as a fraction, as drivers have it; never zero or endless.
///
/// Two are equal if their fractions are: 30/1 and 7680/256 are not, as a driver may want its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    frames: u32,
    seconds: u32,
}

impl Rate {
    /// So many pictures in so many seconds; `None` if either is 0.
    pub fn new(frames: u32, seconds: u32) -> Option<Self> {
        (frames > 0 && seconds > 0).then_some(Self { frames, seconds })
    }

    /// The nearest to this many a second that a fraction of thousandths can say.
    pub(super) fn nearest_to(fps: f64) -> Self {
        let thousandths = (fps * 1000.0).round().clamp(1.0, f64::from(u32::MAX)) as u32;
        let by = gcd(u64::from(thousandths), 1000) as u32;
        Self { frames: thousandths / by, seconds: 1000 / by }
    }

    /// Pictures a second.
    pub fn fps(self) -> f64 {
        f64::from(self.frames) / f64::from(self.seconds)
    }

    /// Numerator and denominator of the time from picture to picture, as V4L2 has it.
    pub(super) fn interval(self) -> (u32, u32) {
        (self.seconds, self.frames)
    }
}

/// With as many decimals as it takes, two at the most: 30, 7.5, 29.97.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fps = self.fps();
        if fps < 0.005 {
            return write!(f, "{}/{}", self.frames, self.seconds);
        }
        write!(f, "{}", (fps * 100.0).round() / 100.0)
    }
}

/// Rates that a camera lists together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rates {
    /// One.
    One(Rate),
    /// All between two, or those that steps of time lead to from the fastest.
    Range {
        /// The lowest.
        slowest: Rate,
        /// The highest.
        fastest: Rate,
        /// Seconds of a step as a fraction; `None` if all between are meant.
        step: Option<(u32, u32)>,
    },
}

impl Rates {
    /// What lies between two rates, whichever is the faster.
    pub(super) fn between(one: Rate, other: Rate, step: Option<(u32, u32)>) -> Self {
        let (slowest, fastest) = if one.fps() <= other.fps() { (one, other) } else { (other, one) };
        let step = step.filter(|&(numerator, denominator)| numerator > 0 && denominator > 0);
        if slowest == fastest { Self::One(fastest) } else { Self::Range { slowest, fastest, step } }
    }

    /// The rate among them that is nearest to a wished one.
    pub(super) fn nearest(self, wished: f64) -> Rate {
        match self {
            Self::One(rate) => rate,
            Self::Range { slowest, .. } if wished <= slowest.fps() => slowest,
            Self::Range { fastest, .. } if wished >= fastest.fps() => fastest,
            Self::Range { step: None, .. } => Rate::nearest_to(wished),
            Self::Range { slowest, fastest, step: Some(step) } => stepped(fastest, step, wished)
                .filter(|rate| rate.fps() >= slowest.fps())
                .unwrap_or(fastest),
        }
    }

    /// The highest of them.
    pub(super) fn fastest(self) -> Rate {
        match self {
            Self::One(rate) => rate,
            Self::Range { fastest, .. } => fastest,
        }
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(rate) => rate.fmt(f),
            Self::Range { slowest, fastest, .. } => write!(f, "{slowest} to {fastest}"),
        }
    }
}

/// The rate whose interval is that of the fastest and whole steps of time more; `None` if no
/// fraction of 32 bits says it.
fn stepped(fastest: Rate, step: (u32, u32), wished: f64) -> Option<Rate> {
    let seconds =
        |(numerator, denominator): (u32, u32)| f64::from(numerator) / f64::from(denominator);
    let steps = ((1.0 / wished - seconds(fastest.interval())) / seconds(step)).round().max(0.0);
    let steps = (steps <= f64::from(u32::MAX)).then_some(steps as u128)?;
    let (least, wide) = (fastest.interval(), |(n, d): (u32, u32)| (u128::from(n), u128::from(d)));
    let ((least_n, least_d), (step_n, step_d)) = (wide(least), wide(step));
    let numerator = (least_n * step_d).checked_add(steps.checked_mul(step_n * least_d)?)?;
    let denominator = least_d * step_d;
    let by = wide_gcd(numerator, denominator);
    Rate::new(u32::try_from(denominator / by).ok()?, u32::try_from(numerator / by).ok()?)
}

/// Sizes that a camera lists together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sizes {
    /// One.
    One(Size),
    /// Those that steps lead to from the smallest.
    Range {
        /// The smallest.
        least: Size,
        /// The largest.
        most: Size,
        /// How far one is from the next, across and down; at least 1.
        step: (u32, u32),
    },
    /// It does not say.
    Any,
}

impl Sizes {
    /// What lies between two corners, whichever is which; steps of 0 are taken for 1.
    pub(super) fn between(one: (u32, u32), other: (u32, u32), step: (u32, u32)) -> Option<Self> {
        let size = |width: u32, height: u32| Size::new(width.min(LARGEST), height.min(LARGEST));
        let least = size(one.0.min(other.0).max(1), one.1.min(other.1).max(1))?;
        let most = size(one.0.max(other.0), one.1.max(other.1))?;
        let range = Self::Range { least, most, step: (step.0.max(1), step.1.max(1)) };
        Some(if least == most { Self::One(least) } else { range })
    }

    /// The size among them that is nearest to a wished one.
    pub(super) fn nearest(self, wished: Size) -> Size {
        let Self::Range { least, most, step } = self else {
            return if let Self::One(size) = self { size } else { wished };
        };
        let side = |wished: u32, least: u32, most: u32, step: u32| {
            let above = wished.clamp(least, most) - least;
            let up = (most - least) / step;
            least + ((above + step / 2) / step).min(up) * step
        };
        let width = side(wished.width, least.width, most.width, step.0);
        let height = side(wished.height, least.height, most.height, step.1);
        Size::new(width, height).unwrap_or(least)
    }

    /// The largest of them, if any is told.
    pub(super) fn largest(self) -> Option<Size> {
        match self {
            Self::One(size) => Some(size),
            Self::Range { most, .. } => Some(most),
            Self::Any => None,
        }
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(size) => f.pad(&size.to_string()),
            Self::Range { least, most, .. } => f.pad(&format!("{least} to {most}")),
            Self::Any => f.pad("any size"),
        }
    }
}

/// Drivers for memory alone, such as scalers, list sizes that no camera has.
const LARGEST: u32 = 16384;

fn gcd(a: u64, b: u64) -> u64 {
    wide_gcd(a.into(), b.into()) as u64
}

/// At least 1.
fn wide_gcd(mut a: u128, mut b: u128) -> u128 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(frames: u32, seconds: u32) -> Rate {
        Rate::new(frames, seconds).unwrap()
    }

    fn size(width: u32, height: u32) -> Size {
        Size::new(width, height).unwrap()
    }

    #[test]
    fn rates_are_told_as_people_tell_them() {
        for (frames, seconds, told) in [
            (30, 1, "30"),
            (30_000, 1001, "29.97"),
            (15, 2, "7.5"),
            (7680, 256, "30"),
            (24_000, 1001, "23.98"),
            (25, 2, "12.5"),
            (1, 5, "0.2"),
            (1, 100_000, "1/100000"),
            (10_000_000, 333_333, "30"),
        ] {
            assert_eq!(rate(frames, seconds).to_string(), told);
        }
        assert_eq!((Rate::new(0, 1), Rate::new(1, 0)), (None, None));
    }

    #[test]
    fn a_range_gives_what_is_nearest_in_it() {
        let range = Rates::between(rate(60, 1), rate(1, 1), None);
        assert_eq!(range.to_string(), "1 to 60");
        for (wished, given) in [(30.0, 30.0), (29.97, 29.97), (100.0, 60.0), (0.1, 1.0)] {
            assert!((range.nearest(wished).fps() - given).abs() < 1e-9, "{wished}");
        }
        // From a sixtieth of a second in steps of a sixtieth: 60, 30, 20, 15, …
        let range = Rates::between(rate(60, 1), rate(1, 1), Some((1, 60)));
        for (wished, given) in [(60.0, 60.0), (35.0, 30.0), (29.0, 30.0), (16.0, 15.0)] {
            assert!((range.nearest(wished).fps() - given).abs() < 1e-9, "{wished}");
        }
    }

    /// Numbers that drivers and rounding stumble over, and some between.
    fn odd() -> impl Iterator<Item = u32> + Clone {
        [1, 2, 3, 7, 25, 30, 256, 1000, 1001, 7680, 30_000, 333_333, 10_000_000, u32::MAX]
            .into_iter()
    }

    #[test]
    fn whatever_is_listed_the_nearest_is_a_rate_within_it() {
        for (frames, seconds) in odd().flat_map(|a| odd().map(move |b| (a, b))) {
            for (other, step) in
                odd().map(|b| (b, Some((b, frames)))).chain([(1, None), (9, Some((0, 0)))])
            {
                let (one, two) = (rate(frames, seconds), rate(other, seconds));
                let range = Rates::between(one, two, step);
                for wished in [0.01, 1.0, 7.5, 29.97, 30.0, 240.0, 1e9] {
                    let fps = range.nearest(wished).fps();
                    let (low, high) = (one.fps().min(two.fps()), one.fps().max(two.fps()));
                    // Thousandths may round just over an end.
                    let slack = 0.001;
                    assert!(fps >= low - slack && fps <= high + slack, "{range:?} {wished} {fps}");
                }
            }
        }
    }

    #[test]
    fn sizes_in_steps_are_met_and_never_left() {
        let sizes = Sizes::between((32, 32), (1920, 1080), (16, 8)).unwrap();
        assert_eq!(sizes.to_string(), "32x32 to 1920x1080");
        assert_eq!(sizes.nearest(size(1280, 720)), size(1280, 720));
        assert_eq!(sizes.nearest(size(1290, 723)), size(1296, 720));
        assert_eq!(sizes.nearest(size(16, 8192)), size(32, 1080));
        let turned = Sizes::between((1920, 1080), (32, 32), (0, 0)).unwrap();
        assert_eq!(turned.nearest(size(641, 481)), size(641, 481));
        // 100 is not to be reached from 1 in steps of 30.
        let sizes = Sizes::between((1, 1), (100, 100), (30, 1000)).unwrap();
        assert_eq!(sizes.nearest(size(8192, 8192)), size(91, 1));
        for wished in [(1, 1), (77, 99), (u32::MAX, u32::MAX)] {
            for step in [(1, 1), (u32::MAX, 3), (2, 0)] {
                let sizes = Sizes::between((0, 0), (4096, 3), step).unwrap();
                let got = sizes.nearest(Size { width: wished.0, height: wished.1 });
                assert!(got.width <= 4096 && got.height <= 3, "{step:?} {got:?}");
            }
        }
    }
}
