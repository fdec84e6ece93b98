//! What a client sends, read into its connection.

use std::io::{ErrorKind, Read};

use log::debug;

use super::{CHUNK_BYTES, Connection};

impl Connection {
    /// Reads more of what the client sends, up to `most` bytes unused. Whether there was any.
    ///
    /// Fails if the connection is broken.
    pub(super) fn fill(&mut self, most: usize) -> Result<bool, ()> {
        self.fill_by::<CHUNK_BYTES>(most)
    }

    /// The same, with so many bytes at once at most.
    pub(super) fn fill_by<const CHUNK: usize>(&mut self, most: usize) -> Result<bool, ()> {
        if self.ended || self.input.len() >= most {
            return Ok(false);
        }
        let mut chunk = [0; CHUNK];
        let room = CHUNK.min(most - self.input.len());
        match self.wire.read(&mut chunk[..room]) {
            Ok(0) => {
                self.ended = true;
                Ok(false)
            }
            Ok(bytes) => {
                self.input.extend_from_slice(&chunk[..bytes]);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => {
                debug!("connection ended: {error}");
                Err(())
            }
        }
    }

    /// Reads what the client sends, and drops it. Returns how much that was.
    pub(super) fn pass_over(&mut self) -> Result<usize, ()> {
        let mut passed_over = 0;
        while passed_over < MAX_LINGER_BYTES && self.fill(CHUNK_BYTES)? {
            passed_over += self.input.len();
            self.input.clear();
        }
        Ok(passed_over)
    }
}

pub(super) const MAX_LINGER_BYTES: usize = 256 * 1024;
