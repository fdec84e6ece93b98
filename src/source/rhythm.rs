//! How long another machine may be silent, by the rhythm of its own pictures.
//!
//! A pure rule; time comes in as an argument. Two things are told apart: a picture that is
//! overdue, which is said while the connection is kept, and a connection that has nothing to show
//! for itself, which is given up.

use std::time::{Duration, Instant};

/// What is known of a stream's pauses.
#[derive(Debug, Clone)]
pub(super) struct Rhythm {
    bounds: Bounds,
    started: Instant,
    picture_at: Option<Instant>,
    heard_at: Instant,
    /// Gaps between pictures that were seen, as far as it matters.
    gaps: u8,
    /// The longest gap of this window and of the one before it.
    longest: [Duration; 2],
    window_since: Instant,
}

/// How long silence may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Until three gaps are known, for the first picture too.
    pub(super) unknown: Duration,
    /// At the least, however fast pictures come.
    pub(super) least: Duration,
    /// At the most, however slow.
    pub(super) most: Duration,
}

/// What silence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// It may be.
    Bearable,
    /// A picture is overdue.
    Long,
    /// Not a byte came for so long that nothing more is to be hoped for.
    Dead,
}

impl Rhythm {
    pub(super) fn new(bounds: Bounds, now: Instant) -> Self {
        Self {
            bounds,
            started: now,
            picture_at: None,
            heard_at: now,
            gaps: 0,
            longest: [Duration::ZERO; 2],
            window_since: now,
        }
    }

    /// A picture came.
    pub(super) fn picture(&mut self, now: Instant) {
        self.heard(now);
        let windows = now.saturating_duration_since(self.window_since).as_secs() / WINDOW.as_secs();
        if windows > 0 {
            let before = if windows == 1 { self.longest[0] } else { Duration::ZERO };
            (self.longest, self.window_since) = ([Duration::ZERO, before], now);
        }
        if let Some(before) = self.picture_at.replace(now) {
            self.gaps = self.gaps.saturating_add(1);
            self.longest[0] = self.longest[0].max(now.saturating_duration_since(before));
        }
    }

    /// Something came.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard_at = self.heard_at.max(now);
    }

    /// How long no picture may come: four times the longest of the recent gaps, within bounds.
    pub(super) fn patience(&self) -> Duration {
        let Bounds { unknown, least, most } = self.bounds;
        let longest = self.longest[0].max(self.longest[1]);
        if self.gaps < ENOUGH_GAPS { unknown } else { (longest * FACTOR).clamp(least, most) }
    }

    /// Since when there is no picture.
    pub(super) fn since(&self) -> Instant {
        self.picture_at.unwrap_or(self.started)
    }

    /// Whether a picture ever came.
    pub(super) fn has_begun(&self) -> bool {
        self.picture_at.is_some()
    }

    /// When something was last heard.
    pub(super) fn heard_at(&self) -> Instant {
        self.heard_at
    }

    /// What the silence at `now` means.
    pub(super) fn silence(&self, now: Instant) -> Silence {
        if now >= self.heard_at + self.endurance() {
            Silence::Dead
        } else if now >= self.since() + self.patience() {
            Silence::Long
        } else {
            Silence::Bearable
        }
    }

    /// When the silence will mean more than at `now`, if nothing comes.
    pub(super) fn due(&self, now: Instant) -> Instant {
        match self.silence(now) {
            Silence::Bearable => self.since() + self.patience(),
            Silence::Long | Silence::Dead => self.heard_at + self.endurance(),
        }
    }

    /// How long a connection is kept on which not a byte comes, though its other end is up: a server
    /// that hangs looks like one that has nothing to show.
    fn endurance(&self) -> Duration {
        let Bounds { most, .. } = self.bounds;
        (self.patience() * ENDURANCE).clamp(most, most * MOST_ENDURANCE)
    }
}

impl Bounds {
    /// Of every stream.
    pub(super) const DEFAULT: Self = Self {
        unknown: Duration::from_secs(15),
        least: Duration::from_secs(5),
        most: Duration::from_secs(60),
    };
}

const ENOUGH_GAPS: u8 = 3;
const FACTOR: u32 = 4;
/// A gap is recent for one to two of these.
const WINDOW: Duration = Duration::from_secs(300);
/// A connection may be dumb for so many times as long as no picture may come.
const ENDURANCE: u32 = 12;
/// And at the most for so many times as long as that may ever be.
const MOST_ENDURANCE: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const S: Duration = Duration::from_secs(1);

    /// Random numbers, the same in each run.
    struct Random(u64);

    impl Random {
        /// From `least` to `most`.
        fn between(&mut self, least: u32, most: u32) -> u32 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            least + (self.0 >> 33) as u32 % (most - least + 1)
        }
    }

    fn rhythm() -> (Rhythm, Instant) {
        let now = Instant::now();
        (Rhythm::new(Bounds::DEFAULT, now), now)
    }

    /// Plays gaps, and gives what the silence came to mean within each.
    fn play(rhythm: &mut Rhythm, now: &mut Instant, gaps: &[Duration]) -> Vec<Silence> {
        rhythm.picture(*now);
        let mut worst = Vec::new();
        for gap in gaps {
            *now += *gap;
            worst.push(rhythm.silence(*now - MS));
            rhythm.picture(*now);
        }
        worst
    }

    #[test]
    fn silence_may_last_fifteen_seconds_until_three_gaps_are_known() {
        let (mut rhythm, now) = rhythm();
        assert_eq!(rhythm.silence(now + 15 * S - MS), Silence::Bearable);
        assert_eq!(rhythm.silence(now + 15 * S), Silence::Long);
        assert_eq!(rhythm.due(now), now + 15 * S);
        for picture in 0..3 {
            rhythm.picture(now + picture * S);
            assert_eq!(rhythm.patience(), 15 * S);
        }
        rhythm.picture(now + 3 * S);
        assert_eq!(rhythm.patience(), 5 * S);
    }

    #[test]
    fn a_steady_source_is_never_overdue() {
        for gap in [1, 20, 33, 100, 500, 1000, 1249, 1251, 2000, 8000, 14_999] {
            let (mut rhythm, mut now) = rhythm();
            let silences = play(&mut rhythm, &mut now, &[gap * MS; 500]);
            assert!(silences.iter().all(|&silence| silence == Silence::Bearable), "{gap} ms");
            let patience = rhythm.patience();
            assert_eq!(patience, (4 * gap * MS).clamp(5 * S, 60 * S), "{gap} ms");
            // And a stop is told by then.
            assert_eq!(rhythm.silence(now + patience), Silence::Long);
        }
    }

    #[test]
    fn an_unsteady_source_is_not_overdue_once_it_is_known() {
        let mut random = Random(7);
        for mean in [10, 100, 1000, 4000, 9000] {
            for _ in 0..20 {
                let (mut rhythm, mut now) = rhythm();
                let gaps: Vec<_> =
                    (0..300).map(|_| random.between(mean / 2, mean * 3 / 2) * MS).collect();
                let silences = play(&mut rhythm, &mut now, &gaps);
                let overdue = silences.iter().filter(|&&silence| silence != Silence::Bearable);
                assert_eq!(overdue.count(), 0, "{mean} ms");
            }
        }
    }

    #[test]
    fn bursts_with_pauses_are_a_rhythm_too() {
        // Ten pictures a second while something moves, then half a minute of nothing.
        let (mut rhythm, mut now) = rhythm();
        let mut gaps = vec![100 * MS; 50];
        gaps.push(30 * S);
        let first = play(&mut rhythm, &mut now, &gaps);
        assert_eq!(first.last(), Some(&Silence::Long));
        for _ in 0..20 {
            let again = play(&mut rhythm, &mut now, &gaps);
            assert!(again.iter().all(|&silence| silence == Silence::Bearable));
        }
        // After ten minutes without such a pause it is forgotten.
        play(&mut rhythm, &mut now, &[100 * MS; 6100]);
        assert_eq!(rhythm.patience(), 5 * S);
    }

    #[test]
    fn patience_keeps_its_bounds_whatever_comes() {
        let mut random = Random(11);
        for _ in 0..200 {
            let (mut rhythm, mut now) = rhythm();
            for _ in 0..50 {
                let most = [10, 1000, 100_000, 10_000_000][random.between(0, 3) as usize];
                now += random.between(0, most) * MS;
                match random.between(0, 2) {
                    0 => rhythm.heard(now),
                    _ => rhythm.picture(now),
                }
                let patience = rhythm.patience();
                assert!((5 * S..=60 * S).contains(&patience), "{patience:?}");
                let due = rhythm.due(now);
                assert!(due > now || rhythm.silence(now) != Silence::Bearable);
                assert_eq!(rhythm.silence(now + 601 * S), Silence::Dead);
            }
        }
    }

    #[test]
    fn what_is_heard_keeps_a_connection_and_brings_no_picture() {
        let (mut rhythm, now) = rhythm();
        for second in 1..10_000 {
            let at = now + second * S;
            rhythm.heard(at);
            let expected = if second < 15 { Silence::Bearable } else { Silence::Long };
            assert_eq!(rhythm.silence(at), expected, "after {second} s");
        }
    }

    #[test]
    fn a_dumb_connection_is_given_up_later_than_it_is_told() {
        for (gap, told, dead) in [(33, 5, 60), (1000, 5, 60), (2000, 8, 96), (20_000, 60, 600)] {
            let (mut rhythm, mut now) = rhythm();
            play(&mut rhythm, &mut now, &[gap * MS; 30]);
            assert_eq!(rhythm.silence(now + told * S - MS), Silence::Bearable, "{gap} ms");
            assert_eq!(rhythm.silence(now + told * S), Silence::Long, "{gap} ms");
            assert_eq!(rhythm.due(now + told * S), now + dead * S);
            assert_eq!(rhythm.silence(now + dead * S - MS), Silence::Long, "{gap} ms");
            assert_eq!(rhythm.silence(now + dead * S), Silence::Dead, "{gap} ms");
        }
    }
}
