//! Cuts JPEGs that come one after another, whoever sends them.
//!
//! Pure. What comes out is as it came: whether it is a picture the gate finds out.

use super::reel::MAX_PICTURE_BYTES;
use crate::jpeg::Walker;

/// Cuts JPEGs that come one after another. One without EOI ends where the next begins.
pub(super) struct Jpegs {
    buffer: Vec<u8>,
    /// Where in `buffer` the picture begins that is looked at.
    start: usize,
    walker: Walker,
    /// How far behind `start` there is no next picture, in one that breaks the grammar.
    searched: Option<usize>,
    /// Bytes since the last picture that belong to none.
    skipped: usize,
}

impl Jpegs {
    /// With what has come already.
    pub(super) fn of(buffer: Vec<u8>) -> Self {
        Self { buffer, start: 0, walker: Walker::new(), searched: None, skipped: 0 }
    }

    /// Takes what has come.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next one, as it came, or `None` if more must come first; `ended` if nothing does.
    pub(super) fn next(&mut self, ended: bool) -> Option<Vec<u8>> {
        loop {
            if !self.has_started() {
                self.pass_foreign(ended);
                if !self.has_started() {
                    return None;
                }
            }
            match self.length(ended)? {
                0 => {}
                length => {
                    self.skipped = 0;
                    return Some(self.take(length));
                }
            }
        }
    }

    /// Bytes since the last picture that belong to none.
    pub(super) fn skipped(&self) -> usize {
        self.skipped
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn has_started(&self) -> bool {
        self.rest().starts_with(SOI)
    }

    /// Passes over what stands before the next SOI.
    fn pass_foreign(&mut self, ended: bool) {
        let rest = self.rest();
        let foreign = memchr::memmem::find(rest, SOI)
            // A part of it may be there.
            .unwrap_or(if ended { rest.len() } else { rest.len().saturating_sub(SOI.len() - 1) });
        self.start += foreign;
        self.skipped += foreign;
    }

    /// How long the picture is that begins here; `None` if more must come, 0 if it is none.
    fn length(&mut self, ended: bool) -> Option<usize> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let mut searched = self.searched;
        if searched.is_none() {
            match self.walker.advance(rest) {
                Ok(Some(length)) => return Some(length),
                Ok(None) => {}
                Err(broken) => searched = Some(broken.offset.max(SOI.len())),
            }
        }
        if let Some(from) = searched {
            let behind = rest.get(from..).unwrap_or_default();
            if let Some(at) = memchr::memmem::find(behind, SOI) {
                return Some(from + at);
            }
            self.searched = Some((rest.len() + 1).saturating_sub(SOI.len()).max(from));
        }
        if ended {
            return Some(rest.len());
        }
        if rest.len() > MAX_PICTURE_BYTES {
            self.take(SOI.len());
            return Some(0);
        }
        None
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let taken = self.rest().get(..length).unwrap_or_default().to_vec();
        self.start += taken.len();
        (self.walker, self.searched) = (Walker::new(), None);
        taken
    }
}

/// SOI and the start of whichever marker follows.
pub(super) const SOI: &[u8] = &[0xFF, 0xD8, 0xFF];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_without_end_takes_no_more_than_one_may() {
        let mut jpegs = Jpegs::of(SOI.to_vec());
        for _ in 0..40 {
            jpegs.feed(&vec![0x11; 1 << 20]);
            while jpegs.next(false).is_some() {}
        }
        let held = jpegs.buffer.len();
        assert!(held <= MAX_PICTURE_BYTES + (2 << 20), "{held}");
        assert!(jpegs.skipped() > 0);
    }
}
