//! When a film begins and where its segments do, over all of its tracks.
//!
//! Reads which samples there are, and of pictures that could begin a segment their first bytes.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::file::Input;
use super::{Failed, ask};
use crate::proto::fmp4::entry::Kind;
use crate::proto::fmp4::entry::{Codec, Entry, Looks};
use crate::proto::fmp4::{Invalid, Sample};
use crate::proto::nal::{self, Standard};

/// Where the segments of a film begin.
#[derive(Debug)]
pub(super) struct Plan {
    /// Pictures, the smallest first, then sound.
    pub(super) streams: Vec<Stream>,
    /// How long a segment is at least.
    segment: Duration,
    /// When each segment begins, by the first stream's clock.
    cuts: Vec<Moment>,
    /// When the first stream ends.
    end: Moment,
    /// When the film begins, before its time is counted from there.
    origin: Moment,
}

/// One track of one input.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) input: usize,
    pub(super) track: usize,
    pub(super) kind: Kind,
    pub(super) timescale: u32,
    pub(super) entry: Entry,
    /// Units that are decoded first and not heard.
    pub(super) priming: u64,
    /// How much its own time is moved to be the film's, with the priming in front.
    shift: i64,
    is_enabled: bool,
}

/// A time of some clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    units: i64,
    timescale: u32,
}

/// What is known of a track of pictures once its samples were gone through.
struct Seen {
    /// When pictures that can begin a segment are shown.
    keys: Vec<i64>,
    end: i64,
}

impl Moment {
    /// In another clock's units, to the nearest.
    fn within(self, timescale: u32) -> i64 {
        let (of, by) = (i128::from(timescale), i128::from(self.timescale));
        let units = (i128::from(self.units) * of + by / 2).div_euclid(by);
        i64::try_from(units).unwrap_or(i64::MAX)
    }

    fn is_before(self, other: Self) -> bool {
        let side = |of: Self, by: Self| i128::from(of.units) * i128::from(by.timescale);
        side(self, other) < side(other, self)
    }
}

impl Stream {
    /// When a sample is shown, in the film's time with this track's priming in front of it.
    pub(super) fn shown(&self, sample: &Sample) -> i64 {
        sample.shown().saturating_add(self.shift)
    }

    /// By which standard its units are to be read, how long their lengths are, and their sets.
    pub(super) fn units(&self) -> Option<(Standard, usize, &[Vec<u8>])> {
        match &self.entry.codec {
            Codec::Avc(units) => Some((Standard::Avc, units.length_bytes, &units.sets)),
            Codec::Hevc(units) => Some((Standard::Hevc, units.length_bytes, &units.sets)),
            Codec::Av1 | Codec::Aac | Codec::Sound => None,
        }
    }
}

impl Plan {
    pub(super) fn make(
        inputs: &mut [Input],
        segment: Duration,
        stop: &AtomicBool,
    ) -> Result<Self, Failed> {
        let (mut streams, begins) = streams(inputs)?;
        let origin = begins.into_iter().reduce(|a, b| if b.is_before(a) { b } else { a });
        let origin = origin.ok_or(Failed::Nothing)?;
        for stream in &mut streams {
            stream.shift = stream.shift.saturating_sub(origin.within(stream.timescale));
            stream.shift = stream.shift.saturating_add_unsigned(stream.priming);
        }
        let first = &streams[0];
        let timescale = first.timescale;
        let moment = |units| Moment { units, timescale };
        let mut plan =
            Self { segment, cuts: vec![moment(0)], end: moment(0), origin, streams: Vec::new() };
        if first.kind == Kind::Video {
            let keys = common_keys(inputs, &streams, stop)?;
            plan.end = moment(keys.end);
            plan.cuts = chosen(&keys.keys, segment, timescale).into_iter().map(moment).collect();
            plan.check(&inputs[first.input])?;
        }
        plan.streams = streams;
        Ok(plan)
    }

    /// When the segment behind number `number` begins, in a stream's units: for pictures as keys are,
    /// for sound also where there are no pictures any more.
    pub(super) fn cut(&self, stream: &Stream, number: usize) -> Option<i64> {
        let Moment { units, timescale } = match self.cuts.get(number + 1) {
            Some(cut) => *cut,
            None if stream.kind == Kind::Video => return None,
            None => self.later(number + 1 - self.cuts.len()),
        };
        let cut = Moment { units, timescale }.within(stream.timescale);
        Some(cut.saturating_add_unsigned(stream.priming))
    }

    /// A cut behind the last picture.
    fn later(&self, number: usize) -> Moment {
        let timescale = self.end.timescale;
        let step = units(self.segment, timescale);
        let last = self.cuts.last().map_or(0, |cut| cut.units);
        let first = last.saturating_add(step).max(self.end.units);
        let more = step.saturating_mul(i64::try_from(number).unwrap_or(i64::MAX));
        Moment { units: first.saturating_add(more), timescale }
    }

    /// Where pieces begin that go with no track, in microseconds of the film, up to its end.
    pub(super) fn cuts_us(&self, end_us: u64) -> Vec<u64> {
        let inner = self.cuts.iter().skip(1).copied();
        let later = (0..).map(|number| self.later(number));
        let us = |moment: Moment| u64::try_from(moment.within(1_000_000)).unwrap_or(0);
        let cuts = inner.chain(later).map(us).take_while(|cut| *cut < end_us);
        std::iter::once(0).chain(cuts).collect()
    }

    /// How much the film's time was moved to begin with it, in milliseconds.
    pub(super) fn moved_ms(&self) -> i64 {
        self.origin.within(1000).saturating_neg()
    }

    /// Whether a stream plays if nobody chooses: pictures, and one of those with sound.
    pub(super) fn is_default(&self, number: usize) -> bool {
        let is_sound = |stream: &&Stream| stream.kind == Kind::Audio;
        let Some(stream) = self.streams.get(number).filter(is_sound) else { return true };
        let mut sounds = self.streams.iter().filter(is_sound);
        let chosen = sounds.clone().find(|stream| stream.is_enabled).or(sounds.next());
        chosen.is_some_and(|chosen| std::ptr::eq(chosen, stream))
    }

    fn check(&self, input: &Input) -> Result<(), Failed> {
        let ends = self.cuts.iter().skip(1).chain([&self.end]);
        for (begin, end) in self.cuts.iter().zip(ends) {
            let seconds = (end.units - begin.units) / i64::from(begin.timescale);
            if seconds >= MOST_SEGMENT_SECONDS {
                let seconds = seconds.unsigned_abs();
                return Err(Failed::Keys { path: input.path.clone(), seconds });
            }
        }
        Ok(())
    }
}

/// The tracks that can be packaged, and when each begins to be shown.
fn streams(inputs: &mut [Input]) -> Result<(Vec<Stream>, Vec<Moment>), Failed> {
    let mut all = Vec::new();
    for (number, input) in inputs.iter_mut().enumerate() {
        for at in 0..input.movie.tracks.len() {
            let track = input.track(at).clone();
            let Some(entry) = track.entry else { continue };
            let Some(first) = input.samples(at).next(input)? else { continue };
            let out_of_bounds = || input.invalid(Invalid { rule: "a time is out of bounds" });
            let delay = i64::try_from(track.edit.delay).map_err(|_| out_of_bounds())?;
            let skip = i64::try_from(track.edit.skip).map_err(|_| out_of_bounds())?;
            let priming = match track.kind {
                Kind::Audio => u64::try_from(skip.saturating_sub(first.shown())).unwrap_or(0),
                Kind::Video => 0,
            };
            let shift = delay.saturating_sub(skip);
            let begin = first.shown().saturating_add(shift).saturating_add_unsigned(priming);
            let stream = Stream {
                input: number,
                track: at,
                kind: track.kind,
                timescale: track.timescale,
                entry,
                priming,
                shift,
                is_enabled: track.is_enabled,
            };
            all.push((stream, Moment { units: begin, timescale: track.timescale }));
        }
    }
    all.sort_by_key(|(stream, _)| match stream.entry.looks {
        Looks::Picture { width, height, .. } => (0, u32::from(width) * u32::from(height)),
        Looks::Sound { .. } => (1, 0),
    });
    Ok(all.into_iter().unzip())
}

/// Keys that all streams of pictures have, in the first one's units.
fn common_keys(
    inputs: &mut [Input],
    streams: &[Stream],
    stop: &AtomicBool,
) -> Result<Seen, Failed> {
    let first = &streams[0];
    let mut common = look(&mut inputs[first.input], first, stop)?;
    for other in streams[1..].iter().filter(|stream| stream.kind == Kind::Video) {
        let seen = look(&mut inputs[other.input], other, stop)?;
        // Clocks may round: by less than one of their ticks.
        let near = |key: i64| {
            let meant = Moment { units: key, timescale: first.timescale }.within(other.timescale);
            let at = seen.keys.partition_point(|known| *known < meant.saturating_sub(1));
            seen.keys.get(at).is_some_and(|known| known.abs_diff(meant) <= 1)
        };
        if common.keys.first().is_some_and(|key| !near(*key)) {
            return Err(Failed::Apart { path: inputs[other.input].path.clone() });
        }
        common.keys.retain(|key| near(*key));
    }
    Ok(common)
}

/// Goes through a stream of pictures.
fn look(input: &mut Input, stream: &Stream, stop: &AtomicBool) -> Result<Seen, Failed> {
    let mut samples = input.samples(stream.track);
    let mut keys: Vec<i64> = Vec::new();
    let (mut latest, mut end) = (i64::MIN, 0);
    while let Some(sample) = samples.next(input)? {
        let shown = stream.shown(&sample);
        // What is decoded behind a key and shown before it needs what is before the key.
        while keys.last().is_some_and(|key| shown < *key) {
            keys.pop();
        }
        if sample.is_sync && shown > latest && is_beginning(input, stream, &sample) {
            ask(stop)?;
            keys.push(shown);
            if keys.len() > MOST_KEYS {
                return Err(input.invalid(Invalid { rule: "there are too many key frames" }));
            }
        } else if latest == i64::MIN {
            return Err(Failed::Beginning(input.path.clone()));
        }
        if shown > latest {
            (latest, end) = (shown, shown.saturating_add(sample.lasts.into()));
        }
    }
    match keys.is_empty() {
        true => Err(Failed::Beginning(input.path.clone())),
        false => Ok(Seen { keys, end }),
    }
}

fn is_beginning(input: &mut Input, stream: &Stream, sample: &Sample) -> bool {
    stream.units().is_none_or(|(standard, length_bytes, _)| {
        nal::is_idr(standard, length_bytes, &mut input.tape, sample.at, sample.bytes)
    })
}

/// Those keys with which segments begin.
fn chosen(keys: &[i64], segment: Duration, timescale: u32) -> Vec<i64> {
    // A clock of 1/90 000 s or of 1001/30 000 s does not meet whole seconds.
    let least = units(segment, timescale) - i64::from(timescale) / 100;
    let mut chosen: Vec<i64> = Vec::new();
    for key in keys {
        if chosen.last().is_none_or(|last| key - last >= least) {
            chosen.push(*key);
        }
    }
    chosen
}

/// At least one.
fn units(time: Duration, timescale: u32) -> i64 {
    let units = time.as_millis() * u128::from(timescale) / 1000;
    i64::try_from(units).unwrap_or(i64::MAX).max(1)
}

/// A segment of pictures is shorter.
const MOST_SEGMENT_SECONDS: i64 = 60;
/// Half an hour of pictures that are all keys is 100 000.
const MOST_KEYS: usize = 500_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_begin_with_the_first_key_that_is_late_enough() {
        let four = Duration::from_secs(4);
        assert_eq!(chosen(&[0, 50, 100, 150, 200], four, 25), [0, 100, 200]);
        assert_eq!(chosen(&[0, 60, 90, 130, 300], four, 25), [0, 130, 300]);
        // 120 frames of 1001/30 000 s are 4.004 s, and 2 s are 60 frames.
        assert_eq!(chosen(&[0, 60_060, 120_120], four, 30_000), [0, 120_120]);
        assert_eq!(chosen(&[0, 119_119], four, 30_000), [0], "3.97 s is too early");
    }

    #[test]
    fn moments_keep_their_place_in_another_clock() {
        let moment = |units, timescale| Moment { units, timescale };
        assert_eq!(moment(512, 12_800).within(48_000), 1920);
        assert_eq!(moment(-1, 3).within(1000), -333);
        assert_eq!(moment(1, 3).within(1), 0);
        assert!(moment(1, 3).is_before(moment(34, 100)));
        assert!(!moment(34, 100).is_before(moment(1, 3)));
    }
}
