//! What the last minute's packets were like: one sample a second, and words for the numbers.
//!
//! Pure; seconds come in as an argument. Does not count packets: the client does.

use std::collections::VecDeque;
use std::time::Duration;

use livestream::client::Statistics;

/// The last minute, a sample for each second in which one was taken.
#[derive(Debug, Default)]
pub struct Minute {
    samples: VecDeque<(u64, Sample)>,
    last: Option<(u64, Totals)>,
}

/// What is shown as a number with a plot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is the label's own")]
pub enum Quantity {
    FrameRate,
    BitRate,
    Jitter,
    Packets,
    Lost,
    OutOfOrder,
}

type Sample = [f64; Quantity::ALL.len()];

#[derive(Clone, Copy, Debug)]
struct Totals {
    packets: f64,
    lost: f64,
    out_of_order: f64,
}

impl Minute {
    /// Seconds that are kept.
    pub const SECONDS: u64 = 60;

    /// Takes a sample in `second`, counted from any instant; a second has one.
    pub fn note(&mut self, second: u64, now: &Statistics) {
        let totals = Totals {
            packets: now.packets as f64,
            lost: now.lost as f64,
            out_of_order: now.out_of_order as f64,
        };
        let Some((before, last)) = self.last.replace((second, totals)) else { return };
        // A session that is set up anew counts from 0.
        if second <= before || totals.packets < last.packets {
            return;
        }
        let elapsed = (second - before) as f64;
        let sample = Quantity::ALL.map(|quantity| match quantity {
            Quantity::FrameRate => now.frames_per_sec,
            Quantity::BitRate => now.bits_per_sec,
            Quantity::Jitter => now.jitter.as_secs_f64() * 1000.0,
            Quantity::Packets => (totals.packets - last.packets) / elapsed,
            // A late packet takes one back.
            Quantity::Lost => ((totals.lost - last.lost) / elapsed).max(0.0),
            Quantity::OutOfOrder => (totals.out_of_order - last.out_of_order) / elapsed,
        });
        self.samples.push_back((second, sample));
        while self.samples.front().is_some_and(|(first, _)| first + Self::SECONDS < second) {
            self.samples.pop_front();
        }
    }

    /// Forgets all: another session begins.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// A quantity's points as seconds before the newest sample and values, oldest first; where
    /// seconds are missing, another run begins.
    pub fn runs(&self, quantity: Quantity) -> Vec<Vec<(f32, f32)>> {
        let newest = self.samples.back().map_or(0, |(second, _)| *second);
        let mut runs: Vec<Vec<(f32, f32)>> = Vec::new();
        let mut expected = None;
        for (second, sample) in &self.samples {
            let point = ((newest - second) as f32, sample[quantity as usize] as f32);
            match runs.last_mut() {
                Some(run) if expected == Some(*second) => run.push(point),
                _ => runs.push(vec![point]),
            }
            expected = Some(second + 1);
        }
        runs
    }

    /// The top of a quantity's scale: what it reached, but no less than would show noise as hills.
    pub fn top(&self, quantity: Quantity) -> f32 {
        let reached = self.samples.iter().map(|(_, sample)| sample[quantity as usize] as f32);
        reached.fold(quantity.least_top(), f32::max)
    }
}

impl Quantity {
    /// In the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::FrameRate, Self::BitRate, Self::Jitter, Self::Packets, Self::Lost, Self::OutOfOrder];

    /// In front of the number.
    pub fn label(self) -> &'static str {
        match self {
            Self::FrameRate => "Frame rate",
            Self::BitRate => "Bit rate",
            Self::Jitter => "Jitter",
            Self::Packets => "Packets",
            Self::Lost => "Lost",
            Self::OutOfOrder => "Out of order",
        }
    }

    /// What it means, for who points at it.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::FrameRate => "Pictures that arrived whole, each second",
            Self::BitRate => "RTP that arrived, with its headers",
            Self::Jitter => "How unevenly packets arrive (RFC 3550 A.8)",
            Self::Packets => "RTP packets that arrived; the plot shows them each second",
            Self::Lost => "Packets that never arrived; the plot shows them each second",
            Self::OutOfOrder => "Packets overtaken by later ones; the plot shows them each second",
        }
    }

    /// The number with its unit; a dash until packets came.
    pub fn value(self, now: &Statistics) -> String {
        match self {
            _ if now.packets == 0 => "–".to_owned(),
            Self::FrameRate => format!("{:.1} fps", now.frames_per_sec),
            Self::BitRate => rate(now.bits_per_sec),
            Self::Jitter => milliseconds(now.jitter),
            Self::Packets => count(now.packets as i64),
            Self::Lost => count(now.lost),
            Self::OutOfOrder => count(now.out_of_order as i64),
        }
    }

    /// True if it is bad news above 0.
    pub fn is_trouble(self) -> bool {
        matches!(self, Self::Lost | Self::OutOfOrder)
    }

    fn least_top(self) -> f32 {
        match self {
            Self::FrameRate => 30.0,
            Self::BitRate => 100_000.0,
            Self::Jitter => 5.0,
            Self::Packets => 50.0,
            Self::Lost | Self::OutOfOrder => 5.0,
        }
    }
}

/// All numbers in one line, where there is no room for plots.
pub fn line(now: &Statistics) -> String {
    if now.packets == 0 {
        return "No packets yet".to_owned();
    }
    format!(
        "{:.1} fps · {} · {} lost · {} out of order · {}",
        now.frames_per_sec,
        rate(now.bits_per_sec),
        count(now.lost),
        count(now.out_of_order as i64),
        Quantity::Jitter.value(now),
    )
}

/// Bits a second in the unit that leaves one to three digits before the point.
pub fn rate(bits_per_sec: f64) -> String {
    if bits_per_sec < 999_500.0 {
        format!("{:.0} kbit/s", bits_per_sec / 1e3)
    } else if bits_per_sec < 99_950_000.0 {
        format!("{:.1} Mbit/s", bits_per_sec / 1e6)
    } else {
        format!("{:.0} Mbit/s", bits_per_sec / 1e6)
    }
}

/// Milliseconds with what matters of their fraction.
pub fn milliseconds(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    if ms < 1.0 { format!("{ms:.2} ms") } else { format!("{ms:.1} ms") }
}

/// A whole number, in groups of three digits.
pub fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = if number < 0 { "\u{2212}".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            // A space of the width that is not broken.
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics(packets: u64) -> Statistics {
        Statistics {
            packets,
            lost: packets as i64 / 10,
            frames_per_sec: 25.0,
            bits_per_sec: 3_200_000.0,
            jitter: Duration::from_micros(1250),
            ..Statistics::default()
        }
    }

    #[test]
    fn totals_become_rates_and_the_first_sample_is_only_a_start() {
        let mut minute = Minute::default();
        minute.note(5, &statistics(1000));
        assert!(minute.runs(Quantity::Packets).is_empty());
        minute.note(6, &statistics(1200));
        minute.note(6, &statistics(1210));
        assert_eq!(minute.runs(Quantity::Packets), [vec![(0.0, 200.0)]]);
        assert_eq!(minute.runs(Quantity::Lost), [vec![(0.0, 20.0)]]);
        assert_eq!(minute.runs(Quantity::Jitter), [vec![(0.0, 1.25)]]);
    }

    #[test]
    fn a_minute_is_kept_and_gaps_are_not_drawn_over() {
        let mut minute = Minute::default();
        for second in (0..100).filter(|second| !(80..85).contains(second)) {
            minute.note(second, &statistics(second * 100));
        }
        let runs = minute.runs(Quantity::Packets);
        let ends: Vec<_> =
            runs.iter().map(|run| (run[0].0, run[run.len() - 1].0, run.len())).collect();
        assert_eq!(ends, [(60.0, 20.0, 41), (14.0, 0.0, 15)]);
        assert!(runs.iter().flatten().all(|point| point.1 == 100.0), "also after the gap");
        minute.clear();
        assert!(minute.runs(Quantity::Packets).is_empty());
    }

    #[test]
    fn packets_that_come_late_are_no_negative_loss() {
        let mut minute = Minute::default();
        minute.note(1, &Statistics { lost: 5, ..statistics(1000) });
        minute.note(2, &Statistics { lost: 3, ..statistics(1000) });
        assert_eq!(minute.runs(Quantity::Lost), [vec![(0.0, 0.0)]]);
    }

    #[test]
    fn another_session_is_no_negative_rate() {
        let mut minute = Minute::default();
        minute.note(1, &statistics(1000));
        minute.note(2, &statistics(10));
        minute.note(3, &statistics(30));
        assert_eq!(minute.runs(Quantity::Packets), [vec![(0.0, 20.0)]]);
    }

    #[test]
    fn scales_begin_where_noise_stays_flat() {
        let mut minute = Minute::default();
        assert_eq!(minute.top(Quantity::Lost), 5.0);
        minute.note(1, &statistics(0));
        minute.note(2, &statistics(1000));
        assert_eq!(minute.top(Quantity::Lost), 100.0);
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(Quantity::Lost.value(&Statistics::default()), "–");
        assert_eq!(Quantity::Lost.value(&statistics(100)), "10");
        let rates = [0.0, 812_300.0, 999_600.0, 3_240_000.0, 99_960_000.0].map(rate);
        assert_eq!(rates, ["0 kbit/s", "812 kbit/s", "1.0 Mbit/s", "3.2 Mbit/s", "100 Mbit/s"]);
        let jitters = [0, 34, 1250].map(|us| milliseconds(Duration::from_micros(us)));
        assert_eq!(jitters, ["0.00 ms", "0.03 ms", "1.2 ms"]);
        let counts = [0, 999, 1000, 1_234_567, -12].map(count);
        assert_eq!(counts, ["0", "999", "1\u{a0}000", "1\u{a0}234\u{a0}567", "\u{2212}12"]);
        assert_eq!(
            line(&statistics(100)),
            "25.0 fps · 3.2 Mbit/s · 10 lost · 0 out of order · 1.2 ms"
        );
    }
}
