//! The ladder: the few qualities that are really encoded, and what viewers ask for.
//!
//! Pure values and one rule, [`pick`], that turns a share into a level. Shares
//! come from [`super::bandwidth`], limits of the link from [`super::link`].

use std::fmt;
use std::str::FromStr;

use crate::media::frame::{Frame, Picture, Quality};

/// A step of the ladder, 0 (smallest pictures) to [`Level::TOP`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

/// How many levels there are.
pub const LEVELS: usize = QUALITIES.len();

/// The quality of each level. The last stands for a camera's own JPEG where there is one: above
/// 95, JPEG grows without looking better.
const QUALITIES: [u8; 8] = [10, 20, 35, 50, 65, 80, 90, 95];

impl Level {
    /// The smallest.
    pub const LOWEST: Level = Level(0);
    /// Full quality: a camera's own JPEG, untouched.
    pub const TOP: Level = Level(LEVELS as u8 - 1);

    /// The level at a place of the ladder, or `None` above the top.
    pub fn at(index: usize) -> Option<Level> {
        (index < LEVELS).then_some(Level(index as u8))
    }

    /// The level whose quality is nearest; of two as near, the lower.
    pub fn nearest(quality: Quality) -> Level {
        let distance = |level: &Level| level.quality().percent().abs_diff(quality.percent());
        Level::all().min_by_key(distance).unwrap_or(Level::LOWEST)
    }

    /// The highest level whose quality is at most `percent`, or the lowest.
    pub fn at_most(percent: f64) -> Level {
        Level::all()
            .rev()
            .find(|level| f64::from(level.quality().percent()) <= percent)
            .unwrap_or(Level::LOWEST)
    }

    /// Its place on the ladder.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The JPEG quality that it is encoded with.
    pub fn quality(self) -> Quality {
        Quality::new(QUALITIES[self.index()]).expect("the ladder holds 1 to 100")
    }

    /// Whether a JPEG of this quality serves the level as it is: encoding anew would only make it
    /// larger and worse.
    pub fn is_served_by(self, own: Option<Quality>) -> bool {
        self == Level::TOP || own.is_some_and(|own| self.quality() >= own)
    }

    /// The next lower one; the lowest stays.
    pub fn down(self) -> Level {
        Level(self.0.saturating_sub(1))
    }

    /// The next higher one; the top stays.
    pub fn up(self) -> Level {
        Level((self.0 + 1).min(Level::TOP.0))
    }

    /// All of them, from the lowest.
    pub fn all() -> impl DoubleEndedIterator<Item = Level> {
        (0..LEVELS as u8).map(Level)
    }
}

/// A set of levels.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct LevelSet(u8);

impl LevelSet {
    /// No level.
    pub const EMPTY: LevelSet = LevelSet(0);
    /// Every level.
    pub const ALL: LevelSet = LevelSet(u8::MAX);

    /// The set whose bits [`LevelSet::bits`] gave.
    pub fn from_bits(bits: u8) -> LevelSet {
        LevelSet(bits)
    }

    /// One bit for each level, the lowest first.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// This level and all above it.
    pub fn from_up(level: Level) -> LevelSet {
        LevelSet(u8::MAX << level.0)
    }

    /// Puts a level in.
    pub fn insert(&mut self, level: Level) {
        self.0 |= 1 << level.0;
    }

    /// Takes a level out.
    pub fn remove(&mut self, level: Level) {
        self.0 &= !(1 << level.0);
    }

    /// Whether a level is in it.
    pub fn contains(self, level: Level) -> bool {
        self.0 & (1 << level.0) != 0
    }

    /// Whether it holds none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either.
    #[must_use]
    pub fn union(self, other: LevelSet) -> LevelSet {
        LevelSet(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(self, other: LevelSet) -> LevelSet {
        LevelSet(self.0 & other.0)
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub fn without(self, other: LevelSet) -> LevelSet {
        LevelSet(self.0 & !other.0)
    }

    /// Its levels, from the lowest.
    pub fn iter(self) -> impl Iterator<Item = Level> {
        Level::all().filter(move |level| self.contains(*level))
    }
}

impl fmt::Debug for LevelSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|level| level.quality().percent())).finish()
    }
}

/// What a viewer asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// The best that the share and the link carry.
    #[default]
    Auto,
    /// Quality 20.
    Low,
    /// Quality 50.
    Medium,
    /// Quality 90.
    High,
    /// A quality of its own.
    Number(Quality),
}

impl Choice {
    /// The level that it asks for.
    pub fn level(self) -> Level {
        let percent = match self {
            Choice::Auto => return Level::TOP,
            Choice::Low => 20,
            Choice::Medium => 50,
            Choice::High => 90,
            Choice::Number(quality) => quality.percent(),
        };
        Quality::new(percent).map_or(Level::TOP, Level::nearest)
    }
}

/// The text is none of `auto`, `low`, `medium`, `high` and no number from 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAChoice;

impl FromStr for Choice {
    type Err = NotAChoice;

    fn from_str(text: &str) -> Result<Self, NotAChoice> {
        match text {
            "auto" => Ok(Choice::Auto),
            "low" => Ok(Choice::Low),
            "medium" => Ok(Choice::Medium),
            "high" => Ok(Choice::High),
            number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                let percent = number.parse().map_err(|_| NotAChoice)?;
                Quality::new(percent).map(Choice::Number).ok_or(NotAChoice)
            }
            _ => Err(NotAChoice),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Choice::Auto => f.write_str("auto"),
            Choice::Low => f.write_str("low"),
            Choice::Medium => f.write_str("medium"),
            Choice::High => f.write_str("high"),
            Choice::Number(quality) => write!(f, "{}", quality.percent()),
        }
    }
}

/// What each level costs, in bits per second; `None` where it is not measured yet.
pub type Costs = [Option<u64>; LEVELS];

/// What a viewer gets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grant {
    /// The level to send.
    pub level: Level,
    /// Part of the source's frames to send, above 0 to 1: below 1 only where even the lowest
    /// level passes the share.
    pub frames: f64,
}

/// The best level up to `ceiling` that a share carries.
///
/// `share` is in bits per second, `None` for no limit. A level that is not
/// measured yet counts as affordable: the next second corrects it. To rise above
/// `current` a level must leave [`HEADROOM`] of the share free, so that a cost that
/// wavers does not make the picture waver.
pub fn pick(ceiling: Level, share: Option<u64>, costs: &Costs, current: Level) -> Grant {
    let Some(share) = share else {
        return Grant { level: ceiling, frames: 1.0 };
    };
    let carries = |level: &Level| {
        let Some(cost) = costs[level.index()] else {
            return true;
        };
        let room = if *level > current { share - share / HEADROOM } else { share };
        cost <= room
    };
    if let Some(level) = Level::all().rev().filter(|level| *level <= ceiling).find(carries) {
        return Grant { level, frames: 1.0 };
    }
    let cost = costs[0].unwrap_or(0).max(1);
    Grant { level: Level::LOWEST, frames: (share as f64 / cost as f64).clamp(0.001, 1.0) }
}

/// The share that a viewer needs for a level of this cost, with the headroom to rise to it.
pub fn need(cost: u64) -> u64 {
    cost.saturating_mul(HEADROOM).div_ceil(HEADROOM - 1)
}

/// The levels that a frame's own JPEG serves, untouched: the top, and every level whose quality
/// is not below the JPEG's own, as encoding anew would only make it larger and worse.
pub fn passthrough(frame: &Frame) -> LevelSet {
    let Picture::Jpeg(jpeg) = &frame.picture else {
        return LevelSet::EMPTY;
    };
    let served = Level::all().find(|level| level.is_served_by(jpeg.quality));
    served.map_or(LevelSet::EMPTY, LevelSet::from_up)
}

/// One part in this many of the share stays free when a viewer rises.
const HEADROOM: u64 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn level(percent: u8) -> Level {
        Level::nearest(Quality::new(percent).unwrap())
    }

    #[test]
    fn a_quality_goes_to_the_nearest_level() {
        assert_eq!(level(1), Level::LOWEST);
        assert_eq!(level(15), level(10), "of two as near, the lower");
        assert_eq!(level(16), level(20));
        assert_eq!(level(57), level(50));
        assert_eq!(level(58), level(65));
        assert_eq!(level(100), Level::TOP);
    }

    #[test]
    fn the_named_choices_are_levels_of_their_own() {
        for (choice, percent) in [(Choice::Low, 20), (Choice::Medium, 50), (Choice::High, 90)] {
            assert_eq!(choice.level().quality().percent(), percent);
        }
        assert_eq!(Choice::Auto.level(), Level::TOP);
    }

    #[test]
    fn choices_are_read_as_they_are_written() {
        for text in ["auto", "low", "medium", "high", "1", "73", "100"] {
            assert_eq!(text.parse::<Choice>().map(|choice| choice.to_string()), Ok(text.into()));
        }
        for text in ["", "0", "101", "256", "+5", "-1", "LOW", "5.0", " 5"] {
            assert_eq!(text.parse::<Choice>(), Err(NotAChoice), "{text:?}");
        }
    }

    fn costs() -> Costs {
        [100, 200, 300, 400, 500, 600, 700, 800].map(Some)
    }

    #[test]
    fn a_choice_is_honoured_up_to_the_share() {
        let grant = |ceiling, share| pick(ceiling, Some(share), &costs(), ceiling);
        assert_eq!(grant(level(50), 1000).level, level(50));
        assert_eq!(grant(level(50), 400).level, level(50), "exactly enough");
        assert_eq!(grant(level(50), 399).level, level(35));
        assert_eq!(pick(Level::TOP, None, &costs(), Level::LOWEST).level, Level::TOP);
    }

    #[test]
    fn to_rise_a_twentieth_of_the_share_stays_free() {
        let from_below = |share| pick(Level::TOP, Some(share), &costs(), level(35)).level;
        assert_eq!(from_below(400), level(35));
        assert_eq!(from_below(420), level(35));
        assert_eq!(from_below(421), level(50));
    }

    #[test]
    fn who_gets_what_it_needs_rises_to_it() {
        for cost in [1, 19, 20, 399, 400, 12_345_678] {
            let costs = [Some(cost); LEVELS];
            let granted = pick(Level::TOP, Some(need(cost)), &costs, Level::LOWEST);
            assert_eq!(granted.level, Level::TOP, "{cost}");
        }
    }

    #[test]
    fn below_the_lowest_level_frames_are_left_out() {
        assert_eq!(
            pick(Level::TOP, Some(25), &costs(), Level::TOP),
            Grant { level: Level::LOWEST, frames: 0.25 }
        );
        assert!(pick(Level::TOP, Some(0), &costs(), Level::TOP).frames > 0.0);
    }

    #[test]
    fn what_is_not_measured_counts_as_affordable() {
        let mut unknown = costs();
        unknown[7] = None;
        assert_eq!(pick(Level::TOP, Some(150), &unknown, Level::LOWEST).level, Level::TOP);
    }

    #[test]
    fn sets_hold_what_was_put_in() {
        let mut set = LevelSet::EMPTY;
        set.insert(level(20));
        set.insert(Level::TOP);
        assert_eq!(set.iter().collect::<Vec<_>>(), [level(20), Level::TOP]);
        assert_eq!(set.without(LevelSet::from_up(level(90))).iter().count(), 1);
        set.remove(level(20));
        assert!(!set.contains(level(20)));
        assert_eq!(LevelSet::from_up(Level::LOWEST), LevelSet::ALL);
    }
}
