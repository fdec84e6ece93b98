//! A piece of a file that moves along, with as much in memory as is asked for.

use std::io::{self, Read, Seek, SeekFrom};

/// The bytes of a file from where the reading is.
pub(super) struct Window<F> {
    file: F,
    buffer: Vec<u8>,
    /// What of the buffer has been left behind.
    start: usize,
    /// Where in the file the reading is.
    position: u64,
}

impl<F: Read + Seek> Window<F> {
    pub(super) fn new(file: F) -> Self {
        Self { file, buffer: Vec::new(), start: 0, position: 0 }
    }

    /// What has been read and not left behind.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Where in the file these bytes lie.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Goes on at another place of the file.
    pub(super) fn go_to(&mut self, position: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(position))?;
        self.buffer.clear();
        (self.start, self.position) = (0, position);
        Ok(())
    }

    /// Reads on; `false` at the end of the file.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        if self.start >= self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
            // One large picture must not hold its memory for ever.
            self.buffer.shrink_to(4 * self.buffer.len().max(PIECE_BYTES));
        }
        let piece = PIECE_BYTES.max(self.bytes().len() / 2);
        let read = self.file.by_ref().take(piece as u64).read_to_end(&mut self.buffer)?;
        Ok(read > 0)
    }

    /// Reads until there are `count` bytes; `false` if the file ends before.
    pub(super) fn need(&mut self, count: usize) -> io::Result<bool> {
        while self.bytes().len() < count {
            if !self.more()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Leaves `count` bytes behind; what lies outside memory is not read.
    pub(super) fn skip(&mut self, count: u64) -> io::Result<()> {
        let held = self.bytes().len() as u64;
        self.start += count.min(held) as usize;
        self.position = self.position.saturating_add(count);
        if let Ok(beyond @ 1..) = i64::try_from(count.saturating_sub(held)) {
            self.file.seek(SeekFrom::Current(beyond))?;
        }
        Ok(())
    }

    /// Leaves all behind up to where `find` finds something, which may be `reach` bytes
    /// long, and says so; `false` if it is not in this piece.
    pub(super) fn seek_to(
        &mut self,
        reach: usize,
        find: impl Fn(&[u8]) -> Option<usize>,
    ) -> io::Result<Found> {
        let going_on = self.need(PIECE_BYTES)?;
        let held = self.bytes().len();
        let found = find(self.bytes());
        // What reaches over the end of the piece is found with the next one.
        let behind = found.unwrap_or(if going_on { held.saturating_sub(reach - 1) } else { held });
        self.start += behind;
        self.position += behind as u64;
        Ok(match (found, going_on) {
            (Some(_), _) => Found::Here,
            (None, true) => Found::NotYet,
            (None, false) => Found::Nowhere,
        })
    }
}

/// Whether a search found something.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Here,
    NotYet,
    Nowhere,
}

const PIECE_BYTES: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn memory_follows_what_is_asked_for() {
        let mut window = Window::new(Cursor::new(vec![7; 16 << 20]));
        assert!(window.need(8 << 20).unwrap());
        window.skip(8 << 20).unwrap();
        for _ in 0..100 {
            assert!(window.need(1000).unwrap());
            window.skip(70_000).unwrap();
        }
        assert!(window.buffer.capacity() < 1 << 20);
    }

    #[test]
    fn skipping_reaches_beyond_memory_and_beyond_the_end() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n / 1000) as u8).collect();
        let mut window = Window::new(Cursor::new(bytes));
        assert!(window.need(1).unwrap());
        window.skip(150_500).unwrap();
        assert!(window.need(1).unwrap());
        assert_eq!(window.bytes().first(), Some(&150));
        window.skip(u64::from(u32::MAX)).unwrap();
        assert!(!window.need(1).unwrap());
    }

    #[test]
    fn position_is_where_the_bytes_lie() {
        let bytes: Vec<u8> = (0..300_000_u32).map(|n| (n / 1000) as u8).collect();
        let mut window = Window::new(Cursor::new(bytes.clone()));
        let check = |window: &mut Window<Cursor<Vec<u8>>>| {
            assert!(window.need(1).unwrap());
            let at = window.position() as usize;
            assert_eq!(window.bytes().first(), bytes.get(at), "at {at}");
        };
        for skipped in [0, 1, 999, 70_000, 130_000] {
            window.skip(skipped).unwrap();
            check(&mut window);
        }
        let find = |bytes: &[u8]| bytes.iter().position(|byte| *byte == 250);
        while window.seek_to(1, find).unwrap() == Found::NotYet {}
        assert_eq!(window.position(), 250_000);
        check(&mut window);
        for position in [299_999, 7, 65_536] {
            window.go_to(position).unwrap();
            check(&mut window);
        }
    }

    #[test]
    fn search_finds_what_lies_across_pieces() {
        for at in PIECE_BYTES - 4..PIECE_BYTES + 2 {
            let mut bytes = vec![0; 3 * PIECE_BYTES];
            bytes[at..at + 3].copy_from_slice(b"abc");
            let mut window = Window::new(Cursor::new(bytes));
            let find = |bytes: &[u8]| memchr::memmem::find(bytes, b"abc");
            while window.seek_to(3, find).unwrap() == Found::NotYet {}
            assert!(window.bytes().starts_with(b"abc"), "at {at}");
            window.skip(3).unwrap();
            while window.seek_to(3, find).unwrap() == Found::NotYet {}
            assert!(window.bytes().is_empty());
        }
    }
}
