//! Boxes of ISO base media files (ISO 14496-12 §4.2): from one to the next, whatever they claim.
//!
//! Pure: bytes are asked for by their place ([`Bytes`]), so that a file of gigabytes is walked
//! through by its heads alone. Bounded in steps. What a box means its reader knows.

/// A file's bytes, by their place.
pub trait Bytes {
    /// How many there are.
    fn length(&self) -> u64;

    /// Fills `into` with those from `at` on; false if not all of them are there.
    fn fill(&mut self, at: u64, into: &mut [u8]) -> bool;
}

/// A box: what it is, and where its content lies.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Its four letters.
    pub kind: [u8; 4],
    /// Where it begins.
    pub at: u64,
    /// The first byte behind its head.
    pub start: u64,
    /// The first byte that is not its own.
    pub end: u64,
}

impl Bytes for &[u8] {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn fill(&mut self, at: u64, into: &mut [u8]) -> bool {
        let part = usize::try_from(at).ok().and_then(|at| self.get(at..)?.get(..into.len()));
        part.map(|part| into.copy_from_slice(part)).is_some()
    }
}

/// Goes from box to box.
#[derive(Debug)]
pub struct Walk {
    at: u64,
    end: u64,
    left: usize,
}

impl Walk {
    /// Between two places.
    pub fn new(at: u64, end: u64) -> Self {
        Self { at, end, left: MOST_BOXES }
    }

    /// Of the boxes in this one.
    pub fn within(part: Part) -> Self {
        Self::new(part.start, part.end)
    }

    /// The next box; one that claims more than there is ends where that does.
    pub fn next(&mut self, bytes: &mut dyn Bytes) -> Option<Part> {
        self.left = self.left.checked_sub(1)?;
        if self.end.saturating_sub(self.at) < 8 {
            return None;
        }
        let size = be32(bytes, self.at)?;
        let kind = take(bytes, self.at + 4)?;
        let (head, size) = match size {
            0 => (8, self.end - self.at),
            1 => (16, be64(bytes, self.at + 8)?),
            size => (8, size),
        };
        if size < head {
            return None;
        }
        let start = self.at + head;
        let end = self.at.saturating_add(size).min(self.end);
        if start > end {
            return None;
        }
        let at = std::mem::replace(&mut self.at, end);
        Some(Part { kind, at, start, end })
    }
}

/// The first box of a kind within another.
pub(crate) fn child(bytes: &mut dyn Bytes, parent: Part, kind: &[u8; 4]) -> Option<Part> {
    let mut walk = Walk::within(parent);
    while let Some(part) = walk.next(bytes) {
        if part.kind == *kind {
            return Some(part);
        }
    }
    None
}

/// Some bytes as an array.
pub(crate) fn take<const N: usize>(bytes: &mut dyn Bytes, at: u64) -> Option<[u8; N]> {
    let mut taken = [0; N];
    bytes.fill(at, &mut taken).then_some(taken)
}

pub(crate) fn be16(bytes: &mut dyn Bytes, at: u64) -> Option<u64> {
    take(bytes, at).map(|taken| u16::from_be_bytes(taken).into())
}

pub(crate) fn be32(bytes: &mut dyn Bytes, at: u64) -> Option<u64> {
    take(bytes, at).map(|taken| u32::from_be_bytes(taken).into())
}

pub(crate) fn be64(bytes: &mut dyn Bytes, at: u64) -> Option<u64> {
    take(bytes, at).map(u64::from_be_bytes)
}

/// Boxes beside each other: a fragment a second makes a day.
const MOST_BOXES: usize = 200_000;
