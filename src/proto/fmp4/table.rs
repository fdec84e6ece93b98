//! Samples as the tables of a head have them (ISO 14496-12 §8.6, §8.7): files without fragments.

use super::{Invalid, Sample, be32_at, be64_at, content, invalid};
use crate::proto::boxes::{Part, Walk};

/// Where a track's tables lie in its head.
#[derive(Debug, Clone, Default)]
pub struct Table {
    times: Option<Part>,
    offsets: Option<Part>,
    sizes: Option<Part>,
    runs: Option<Part>,
    places: Option<Part>,
    syncs: Option<Part>,
}

/// Goes from sample to sample.
#[derive(Debug, Clone)]
pub struct Cursor {
    table: Table,
    count: u32,
    /// The next sample, the first is 0.
    number: u32,
    decoded: u64,
    times: Run,
    offsets: Run,
    /// Chunks that are begun, the samples left in this one, and the place of the next.
    chunks: (u32, u32, u64),
    /// Which entry of `stsc` holds, and how many samples a chunk of it has.
    run: (usize, u32),
    sync: usize,
}

/// A run-length table: which entry is next, how many samples are left of this one, its value.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    next: usize,
    left: u32,
    value: u32,
}

impl Table {
    pub(super) fn find(moov: &[u8], stbl: Part) -> Self {
        let mut table = Self::default();
        let mut walk = Walk::within(stbl);
        while let Some(part) = walk.next(&mut { moov }) {
            match &part.kind {
                b"stts" => table.times = Some(part),
                b"ctts" => table.offsets = Some(part),
                b"stsz" => table.sizes = Some(part),
                b"stsc" => table.runs = Some(part),
                b"stco" | b"co64" => table.places = Some(part),
                b"stss" => table.syncs = Some(part),
                _ => {}
            }
        }
        table
    }

    /// From the first sample on.
    pub fn cursor(&self, moov: &[u8]) -> Cursor {
        let sizes = self.sizes.map(|part| content(moov, part));
        let count = sizes.and_then(|sizes| be32_at(sizes, 8)).unwrap_or(0);
        Cursor {
            table: self.clone(),
            count,
            number: 0,
            decoded: 0,
            times: Run::default(),
            offsets: Run::default(),
            chunks: (0, 0, 0),
            run: (0, 0),
            sync: 0,
        }
    }
}

impl Cursor {
    /// The next sample of the head that this was made of; `None` behind the last.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if a table ends before the samples do.
    pub fn next(&mut self, moov: &[u8]) -> Result<Option<Sample>, Invalid> {
        if self.number >= self.count {
            return Ok(None);
        }
        let table = |part: Option<Part>| part.map(|part| content(moov, part)).unwrap_or_default();
        let lasts = self.times.take(table(self.table.times)).ok_or(invalid("stts is too short"))?;
        let offset = match self.table.offsets {
            Some(part) => {
                self.offsets.take(content(moov, part)).ok_or(invalid("ctts is too short"))?
            }
            None => 0,
        };
        let sizes = table(self.table.sizes);
        let bytes = match be32_at(sizes, 4) {
            Some(0) => be32_at(sizes, 12 + 4 * self.number as usize),
            usual => usual,
        };
        let bytes = bytes.ok_or(invalid("stsz is too short"))?;
        while self.chunks.1 == 0 {
            self.begin_chunk(table(self.table.runs), moov)?;
        }
        let at = self.chunks.2;
        self.chunks.1 -= 1;
        self.chunks.2 = at.checked_add(bytes.into()).ok_or(invalid("stco is out of bounds"))?;
        let decoded = self.decoded;
        self.decoded = decoded.checked_add(lasts.into()).ok_or(invalid("stts is out of bounds"))?;
        let is_sync = match self.table.syncs {
            Some(part) => self.is_sync(content(moov, part)),
            None => true,
        };
        self.number += 1;
        Ok(Some(Sample { at, bytes, decoded, lasts, offset: offset as i32, is_sync }))
    }

    fn begin_chunk(&mut self, runs: &[u8], moov: &[u8]) -> Result<(), Invalid> {
        let (number, ..) = self.chunks;
        // Each entry: its first chunk, from 1, the samples in each, the description.
        let (next, _) = self.run;
        if be32_at(runs, 8 + 12 * next).is_some_and(|first| first == number.saturating_add(1))
            && (next as u64) < u64::from(be32_at(runs, 4).unwrap_or(0))
        {
            let each = be32_at(runs, 12 + 12 * next).ok_or(invalid("stsc is too short"))?;
            self.run = (next + 1, each);
        }
        let (_, each) = self.run;
        if each == 0 {
            return Err(invalid("stsc has a chunk without samples"));
        }
        let part = self.table.places.ok_or(invalid("stbl has no stco"))?;
        let (places, at) = (content(moov, part), number as usize);
        let place = match &part.kind {
            b"co64" => be64_at(places, 8 + 8 * at),
            _ => be32_at(places, 8 + 4 * at).map(u64::from),
        };
        self.chunks = (number + 1, each, place.ok_or(invalid("stco is too short"))?);
        Ok(())
    }

    fn is_sync(&mut self, syncs: &[u8]) -> bool {
        let is_sync = be32_at(syncs, 8 + 4 * self.sync) == Some(self.number + 1);
        self.sync += usize::from(is_sync);
        is_sync
    }
}

impl Run {
    /// The next sample's value.
    fn take(&mut self, table: &[u8]) -> Option<u32> {
        while self.left == 0 {
            let at = 8 + 8 * self.next;
            (self.left, self.value) = (be32_at(table, at)?, be32_at(table, at + 4)?);
            self.next += 1;
        }
        self.left -= 1;
        Some(self.value)
    }
}
