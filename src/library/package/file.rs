//! One input: its head in memory, and its samples from the file, one after another.
//!
//! Whoever calls waits for the disk. Of fragments no more than one is in memory.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::Failed;
use crate::proto::boxes::{Bytes, Walk};
use crate::proto::fmp4::movie::{Movie, Track};
use crate::proto::fmp4::table::Cursor;
use crate::proto::fmp4::{Invalid, Sample, fragment};

/// An input that is open.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) path: PathBuf,
    pub(super) tape: Tape,
    moov: Vec<u8>,
    pub(super) movie: Movie,
}

/// A file's bytes by their place.
#[derive(Debug)]
pub(super) struct Tape {
    file: File,
    length: u64,
    /// Where the file stands.
    at: u64,
}

/// Goes from sample to sample of one track.
#[derive(Debug)]
pub(super) struct Samples {
    track: usize,
    table: Cursor,
    walk: Walk,
    fragment: VecDeque<Sample>,
    /// When the sample behind those is decoded, if its fragment does not say.
    next: u64,
}

impl Input {
    /// Opens a file, and reads its head.
    ///
    /// # Errors
    ///
    /// [`Failed`], if it is no film that can be packaged.
    pub(super) fn open(path: &Path) -> Result<Self, Failed> {
        let read = |error| Failed::Read { path: path.to_owned(), error };
        let file = File::open(path).map_err(read)?;
        let length = file.metadata().map_err(read)?.len();
        let mut tape = Tape { file, length, at: u64::MAX };
        let invalid = |rule| Failed::Input { path: path.to_owned(), why: Invalid { rule } };
        let mut walk = Walk::new(0, length);
        while let Some(part) = walk.next(&mut tape) {
            if part.kind != *b"moov" {
                continue;
            }
            let size = usize::try_from(part.end - part.start).unwrap_or(usize::MAX);
            if size > MOST_HEAD_BYTES {
                return Err(invalid("moov is larger than 12 MiB"));
            }
            let mut moov = vec![0; size];
            if !tape.fill(part.start, &mut moov) {
                return Err(invalid("the file ends before its index"));
            }
            let movie = Movie::parse(&moov);
            let movie = movie.map_err(|why| Failed::Input { path: path.to_owned(), why })?;
            return Ok(Self { path: path.to_owned(), tape, moov, movie });
        }
        Err(invalid("there is no index (moov): it is no MP4, or was not copied whole"))
    }

    /// One of its tracks.
    pub(super) fn track(&self, track: usize) -> &Track {
        &self.movie.tracks[track]
    }

    /// Bytes that stay in memory.
    pub(super) fn held_bytes(&self) -> usize {
        self.moov.len()
    }

    /// Tracks that nothing here decodes.
    pub(super) fn left_out(&self) -> usize {
        self.movie.tracks.iter().filter(|track| track.entry.is_none()).count()
    }

    /// From the first sample of a track on.
    pub(super) fn samples(&self, track: usize) -> Samples {
        Samples {
            track,
            table: self.track(track).table.cursor(&self.moov),
            walk: Walk::new(0, self.tape.length),
            fragment: VecDeque::new(),
            next: 0,
        }
    }

    /// What is wrong with this file.
    pub(super) fn invalid(&self, why: Invalid) -> Failed {
        Failed::Input { path: self.path.clone(), why }
    }

    /// Reads bytes of it.
    ///
    /// # Errors
    ///
    /// [`Failed`], if they are not all there.
    pub(super) fn fill(&mut self, at: u64, into: &mut [u8]) -> Result<(), Failed> {
        match self.tape.fill(at, into) {
            true => Ok(()),
            false => Err(self.invalid(Invalid { rule: "the file ends before its samples" })),
        }
    }
}

impl Tape {
    /// Bytes of the file.
    pub(super) fn size(&self) -> u64 {
        self.length
    }
}

impl Samples {
    /// The next sample; `None` behind the last.
    ///
    /// # Errors
    ///
    /// [`Failed`], if what says so is broken.
    pub(super) fn next(&mut self, input: &mut Input) -> Result<Option<Sample>, Failed> {
        if let Some(sample) = self.table.next(&input.moov).map_err(|why| input.invalid(why))? {
            self.next = sample.decoded.saturating_add(sample.lasts.into());
            return checked(input, sample).map(Some);
        }
        while self.fragment.is_empty() {
            let Some(part) = self.walk.next(&mut input.tape) else { return Ok(None) };
            if part.kind != *b"moof" {
                continue;
            }
            let size = usize::try_from(part.end - part.start).unwrap_or(usize::MAX);
            if size > MOST_FRAGMENT_BYTES {
                return Err(input.invalid(Invalid { rule: "moof is larger than 4 MiB" }));
            }
            let mut moof = vec![0; size];
            input.fill(part.start, &mut moof)?;
            let mut samples = Vec::new();
            let track = &input.movie.tracks[self.track];
            let read = fragment::read(&moof, part.at, track, self.next, &mut samples);
            self.next = read.map_err(|why| input.invalid(why))?;
            self.fragment = samples.into();
        }
        self.fragment.pop_front().map(|sample| checked(input, sample)).transpose()
    }
}

fn checked(input: &Input, sample: Sample) -> Result<Sample, Failed> {
    let wrong = |rule| Err(input.invalid(Invalid { rule }));
    match sample.at.checked_add(sample.bytes.into()) {
        _ if sample.bytes > MOST_SAMPLE_BYTES => wrong("a sample is larger than 8 MiB"),
        _ if sample.decoded > MOST_UNITS => wrong("a sample's time is out of bounds"),
        Some(end) if end <= input.tape.length => Ok(sample),
        _ => wrong("the file ends before its samples"),
    }
}

impl Bytes for Tape {
    fn length(&self) -> u64 {
        self.length
    }

    fn fill(&mut self, at: u64, into: &mut [u8]) -> bool {
        if at.checked_add(into.len() as u64).is_none_or(|end| end > self.length) {
            return false;
        }
        if self.at != at && self.file.seek(SeekFrom::Start(at)).is_err() {
            return false;
        }
        let is_read = self.file.read_exact(into).is_ok();
        self.at = if is_read { at + into.len() as u64 } else { u64::MAX };
        is_read
    }
}

const MOST_HEAD_BYTES: usize = 12 * 1024 * 1024;
const MOST_FRAGMENT_BYTES: usize = 4 * 1024 * 1024;
const MOST_SAMPLE_BYTES: u32 = 8 * 1024 * 1024;
/// Of time: sums and differences of such stay what they are.
const MOST_UNITS: u64 = 1 << 50;
