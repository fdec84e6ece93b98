//! Writes the segments of one track.
//!
//! Pictures get decoding times that are the times at which pictures are shown, in order: a segment then
//! begins to be decoded just when it begins to be shown, and its samples last as long as it does
//! (CMAF's `cmf2`, ISO 23000-19 §7.5.16). Which picture is shown when stays as it was.

use std::sync::atomic::AtomicBool;

use super::file::{Input, Samples};
use super::folder::Inner;
use super::plan::{Plan, Stream};
use super::{Failed, Secret, ask};
use crate::proto::cenc::Guarded;
use crate::proto::fmp4::entry::Codec;
use crate::proto::fmp4::entry::Kind;
use crate::proto::fmp4::init::Header;
use crate::proto::fmp4::segment::{self, Written};
use crate::proto::fmp4::{Invalid, Sample};
use crate::proto::nal::Slices;
use crate::proto::presentation::{Rendition, Segment};

/// What writes a track.
pub(super) struct Rendering<'a> {
    pub(super) plan: &'a Plan,
    pub(super) stream: &'a Stream,
    pub(super) input: &'a mut Input,
    pub(super) folder: Inner,
    /// How it is encrypted, and where its IVs begin behind the first.
    pub(super) secret: Option<(&'a Secret, u64)>,
    pub(super) stop: &'a AtomicBool,
    /// Hears of bytes that are written.
    pub(super) told: &'a mut dyn FnMut(u64),
}

/// Samples of one segment, with their times in the film.
#[derive(Default)]
struct Group {
    samples: Vec<Sample>,
    shown: Vec<i64>,
}

/// What goes on from segment to segment.
struct Run {
    slices: Option<Slices>,
    /// Samples that were written.
    count: u64,
    /// How long all but the last sample last, if all last the same.
    each: Each,
    buffer: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Each {
    Unknown,
    Same(u32),
    Various,
}

impl Rendering<'_> {
    pub(super) fn write(&mut self, name: String) -> Result<Rendition, Failed> {
        let stream = self.stream;
        let language = self.input.track(stream.track).language.clone();
        let header = Header {
            kind: stream.kind,
            timescale: stream.timescale,
            language: &language,
            entry: &stream.entry,
            priming: stream.priming,
            protection: self.secret.map(|(secret, _)| &secret.protection),
        };
        self.folder.put("init.mp4", &header.write())?;
        let units = stream.units().filter(|_| self.secret.is_some());
        let slices = units.map(|(standard, bytes, sets)| Slices::new(standard, bytes, sets));
        let mut run = Run { slices, count: 0, each: Each::Unknown, buffer: Vec::new() };
        let (mut segments, mut start) = (Vec::new(), None);
        let mut samples = self.input.samples(stream.track);
        let mut next = samples.next(self.input)?;
        let mut cut = 0;
        while let Some(first) = next.take() {
            ask(self.stop)?;
            let group;
            (group, next) = self.gather(&mut samples, first, &mut cut)?;
            let begin = self.begin(&group)?;
            let written = self.times(&group, next.as_ref())?;
            start.get_or_insert(begin);
            let lasts = written.iter().map(|sample| u64::from(sample.lasts)).sum();
            run.note(&written, next.is_none());
            let bytes = self.segment(segments.len() + 1, begin, &group, written, &mut run)?;
            segments.push(Segment { lasts, bytes });
            (self.told)(group.samples.iter().map(|sample| u64::from(sample.bytes)).sum());
        }
        Ok(Rendition {
            folder: name,
            timescale: stream.timescale,
            codecs: stream.entry.codecs.clone(),
            looks: stream.entry.looks,
            language,
            is_default: true,
            start: start.unwrap_or(0),
            priming: stream.priming,
            segments,
            samples: run.count,
            each_lasts: match run.each {
                Each::Same(lasts) => Some(lasts),
                Each::Unknown | Each::Various => None,
            },
            is_secret: self.secret.is_some(),
        })
    }

    /// Samples up to the next cut, and the one behind them.
    fn gather(
        &mut self,
        samples: &mut Samples,
        first: Sample,
        cut: &mut usize,
    ) -> Result<(Group, Option<Sample>), Failed> {
        let mut group = Group::default();
        // Where a track begins late there may be no sample before some cuts.
        while self.is_behind(&first, *cut) {
            *cut += 1;
        }
        let mut sample = first;
        loop {
            group.shown.push(self.stream.shown(&sample));
            group.samples.push(sample);
            if group.samples.len() > MOST_SAMPLES {
                let why = Invalid { rule: "a segment has too many samples" };
                return Err(self.input.invalid(why));
            }
            match samples.next(self.input)? {
                Some(next) if self.is_behind(&next, *cut) => return Ok((group, Some(next))),
                Some(next) => sample = next,
                None => return Ok((group, None)),
            }
        }
    }

    /// Whether a sample is in a later segment than that which ends with a cut.
    fn is_behind(&self, sample: &Sample, cut: usize) -> bool {
        let Some(cut) = self.plan.cut(self.stream, cut) else { return false };
        let shown = self.stream.shown(sample);
        match self.stream.kind {
            Kind::Video => shown >= cut,
            // The packet that begins nearest to it begins the next.
            Kind::Audio => shown.saturating_add(i64::from(sample.lasts) / 2) >= cut,
        }
    }

    /// When a segment begins.
    fn begin(&self, group: &Group) -> Result<u64, Failed> {
        let first = group.shown.iter().copied().min().unwrap_or(0);
        // By less than a unit, where clocks round.
        u64::try_from(first.max(0)).map_err(|_| self.wrong())
    }

    fn wrong(&self) -> Failed {
        self.input.invalid(Invalid { rule: "a sample's time is out of bounds" })
    }

    /// Samples with times that follow one another without a gap.
    fn times(&self, group: &Group, next: Option<&Sample>) -> Result<Vec<Written>, Failed> {
        let mut order = group.shown.clone();
        order.sort_unstable();
        let last = group.shown.iter().zip(&group.samples).max_by_key(|(shown, _)| **shown);
        let end = match (next, last) {
            (Some(next), _) => self.stream.shown(next),
            (None, Some((shown, sample))) => shown.saturating_add(sample.lasts.into()),
            (None, None) => 0,
        };
        let ends = order.iter().skip(1).chain([&end]);
        let decoded = order.iter().zip(ends);
        let times = decoded.zip(group.samples.iter().zip(&group.shown));
        let written = times.map(|((decoded, end), (sample, shown))| {
            let lasts = end.checked_sub(*decoded).and_then(|lasts| u32::try_from(lasts).ok());
            let offset = shown.checked_sub(*decoded);
            let offset = offset.and_then(|offset| i32::try_from(offset).ok());
            let (lasts, offset) = lasts.zip(offset).ok_or_else(|| self.wrong())?;
            let Sample { bytes, is_sync, .. } = *sample;
            Ok(Written { bytes, lasts, offset, is_sync, guarded: None })
        });
        written.collect()
    }

    /// Writes a segment; returns how many bytes it has.
    fn segment(
        &mut self,
        number: usize,
        begin: u64,
        group: &Group,
        mut written: Vec<Written>,
        run: &mut Run,
    ) -> Result<u64, Failed> {
        let name = format!("{number}.m4s");
        let data: u64 = group.samples.iter().map(|sample| u64::from(sample.bytes)).sum();
        let first = run.count;
        run.count += group.samples.len() as u64;
        let is_held = data <= MOST_HELD_BYTES;
        let mut buffer = std::mem::take(&mut run.buffer);
        if is_held {
            self.read(&group.samples, &mut buffer)?;
        }
        // What is too large to be held is read once to be looked at, and once to be written.
        let mut places = Vec::with_capacity(group.samples.len());
        let mut at = 0;
        for (sample, written) in group.samples.iter().zip(&mut written) {
            let end = at + sample.bytes as usize;
            if !is_held && run.slices.is_some() {
                self.read(std::slice::from_ref(sample), &mut buffer)?;
            }
            let bytes = if is_held { &buffer[at..end] } else { &buffer[..] };
            written.guarded = self.look(first + places.len() as u64, bytes, &mut run.slices)?;
            places.push(if is_held { at..end } else { 0..sample.bytes as usize });
            at = end;
        }
        let is_aac = self.stream.entry.codec == Codec::Aac;
        let number = u32::try_from(number).map_err(|_| self.wrong())?;
        let head = segment::head(number, begin, is_aac, &written);
        let head = head.map_err(|why| self.input.invalid(why))?;
        if is_held {
            for (at, (place, written)) in places.into_iter().zip(&written).enumerate() {
                self.hide(first + at as u64, &mut buffer[place], written);
            }
            self.folder.put_parts(&name, &[&head, &buffer])?;
        } else {
            let mut file = self.folder.create(&name)?;
            file.write(&head)?;
            for (at, (sample, written)) in group.samples.iter().zip(&written).enumerate() {
                self.read(std::slice::from_ref(sample), &mut buffer)?;
                self.hide(first + at as u64, &mut buffer, written);
                file.write(&buffer)?;
            }
        }
        run.buffer = buffer;
        Ok(head.len() as u64 + data)
    }

    /// Reads samples one behind the other, those together that lie together.
    fn read(&mut self, samples: &[Sample], buffer: &mut Vec<u8>) -> Result<(), Failed> {
        let size: usize = samples.iter().map(|sample| sample.bytes as usize).sum();
        if buffer.capacity() < size {
            // Not twice of what is needed.
            *buffer = Vec::new();
            buffer.reserve_exact(size);
        }
        buffer.resize(size, 0);
        let mut rest = &mut buffer[..];
        let follows = |a: &Sample, b: &Sample| a.at + u64::from(a.bytes) == b.at;
        for together in samples.chunk_by(follows) {
            let size = together.iter().map(|sample| sample.bytes as usize).sum();
            let (part, behind) = rest.split_at_mut(size);
            self.input.fill(together[0].at, part)?;
            rest = behind;
        }
        Ok(())
    }

    /// What is said of a sample that will be encrypted.
    fn look(
        &self,
        number: u64,
        bytes: &[u8],
        slices: &mut Option<Slices>,
    ) -> Result<Option<Guarded>, Failed> {
        let Some((secret, track)) = self.secret else { return Ok(None) };
        let iv = iv(secret, track, number);
        let guarded = match slices {
            Some(slices) => secret.protection.look(iv, slices, bytes),
            None => Ok(secret.protection.packet(iv)),
        };
        guarded.map(Some).map_err(|_| {
            self.input
                .invalid(Invalid { rule: "a picture's slices cannot be read to encrypt them" })
        })
    }

    /// Encrypts a sample, if its track is.
    fn hide(&self, number: u64, bytes: &mut [u8], written: &Written) {
        if let (Some((secret, track)), Some(guarded)) = (self.secret, &written.guarded) {
            let iv = iv(secret, track, number);
            match self.stream.kind {
                Kind::Video => secret.protection.picture(iv, bytes, guarded),
                Kind::Audio => secret.protection.sound(iv, bytes),
            }
        }
    }
}

/// No sample of a title has another's: tracks are 2^32 apart.
fn iv(secret: &Secret, track: u64, number: u64) -> u64 {
    secret.first_iv.wrapping_add(track).wrapping_add(number)
}

impl Run {
    fn note(&mut self, written: &[Written], is_end: bool) {
        let all = &written[..written.len() - usize::from(is_end)];
        for sample in all {
            self.each = match self.each {
                Each::Unknown => Each::Same(sample.lasts),
                Each::Same(lasts) if lasts == sample.lasts => Each::Same(lasts),
                Each::Same(_) | Each::Various => Each::Various,
            };
        }
    }
}

/// What is larger is not held in memory.
const MOST_HELD_BYTES: u64 = 8 * 1024 * 1024;
const MOST_SAMPLES: usize = 100_000;
