//! Bytes as they arrive, taken apart by whoever knows what they mean.

use std::io::{Error, ErrorKind, Read, Result};

/// Something to read from, with what came already and was not taken yet.
pub(crate) struct Incoming<R> {
    pub(crate) source: R,
    bytes: Vec<u8>,
}

impl<R: Read> Incoming<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, bytes: Vec::new() }
    }

    /// Takes `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<Vec<u8>> {
        while self.bytes.len() < count {
            self.fill()?;
        }
        Ok(self.bytes.drain(..count).collect())
    }

    /// Takes all bytes up to the end of the first `mark`, at most `most` of them.
    pub(crate) fn take_through(&mut self, mark: &[u8], most: usize) -> Result<Vec<u8>> {
        let mut looked = 0;
        loop {
            let from = looked.min(self.bytes.len());
            if let Some(at) = memchr::memmem::find(&self.bytes[from..], mark) {
                return self.take(from + at + mark.len());
            }
            if self.bytes.len() > most {
                let seen = String::from_utf8_lossy(&self.bytes[..200]).into_owned();
                return Err(Error::other(format!("no {mark:?} in {most} bytes: {seen}…")));
            }
            looked = self.bytes.len().saturating_sub(mark.len() - 1);
            self.fill()?;
        }
    }

    /// What came and was not taken.
    pub(crate) fn left_over(&self) -> &[u8] {
        &self.bytes
    }

    /// Waits for more bytes.
    pub(crate) fn fill(&mut self) -> Result<()> {
        let mut chunk = [0; 64 * 1024];
        loop {
            match self.source.read(&mut chunk) {
                Ok(0) => {
                    let left = String::from_utf8_lossy(&self.bytes[..self.bytes.len().min(200)]);
                    let words = format!("the end, with {left:?} left over");
                    return Err(Error::new(ErrorKind::UnexpectedEof, words));
                }
                Ok(count) => {
                    self.bytes.extend_from_slice(&chunk[..count]);
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
