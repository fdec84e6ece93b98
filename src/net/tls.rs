//! TLS on an accepted connection: records in and out of any socket, by `rustls`.
//!
//! Belongs to the lane of its connection and never waits. Of what is to be sent no more than
//! [`AHEAD_BYTES`] are encrypted before the socket has taken them, so that a slow client's
//! pictures are as new as over a plain connection. Whose certificate is shown is
//! [`super::certificate`]'s.

use std::io::{Error, ErrorKind, IoSlice, Read, Result, Write};
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};

/// One client's TLS.
pub(super) struct Session {
    connection: ServerConnection,
}

impl Session {
    /// Nothing was said yet.
    ///
    /// # Errors
    ///
    /// If `rustls` has no connection for this configuration.
    pub(super) fn new(config: Arc<ServerConfig>) -> Result<Self> {
        let mut connection = ServerConnection::new(config).map_err(Error::other)?;
        connection.set_buffer_limit(Some(AHEAD_BYTES));
        Ok(Self { connection })
    }

    /// Whether the two sides have not agreed yet: what comes next may take a while to compute.
    pub(super) fn is_agreeing(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Whether something is encrypted and not with the system yet.
    pub(super) fn owes(&self) -> bool {
        self.connection.wants_write()
    }

    /// Reads what the client says; 0 at the end of it. A connection that is cut is at its end.
    ///
    /// # Errors
    ///
    /// The socket's, [`ErrorKind::WouldBlock`] among them; [`ErrorKind::InvalidData`] if it is no
    /// TLS, or TLS that says nothing.
    pub(super) fn read(
        &mut self,
        socket: &mut (impl Read + Write),
        buffer: &mut [u8],
    ) -> Result<usize> {
        for _ in 0..READS {
            match self.connection.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                outcome => return outcome,
            }
            self.connection.read_tls(socket)?;
            if let Err(error) = self.connection.process_new_packets() {
                // It is told why, if there is room for that.
                let _ = self.push(socket);
                return Err(Error::new(ErrorKind::InvalidData, error));
            }
            match self.push(socket) {
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
        Err(Error::new(ErrorKind::InvalidData, "records without an end, and nothing in them"))
    }

    /// Encrypts as much as the socket has room for, and a little more. Returns how much that was;
    /// whether all of it is out tells [`push`](Self::push).
    ///
    /// The system is told of records that others follow: it then makes packets as large as of what
    /// is written at once, which takes the processor less.
    ///
    /// # Errors
    ///
    /// The socket's; [`ErrorKind::WouldBlock`] if it took nothing more.
    pub(super) fn write(
        &mut self,
        socket: &mut impl Channel,
        slices: &[IoSlice<'_>],
    ) -> Result<usize> {
        // What waited since the last time has nothing to do with what comes now.
        self.push(socket)?;
        let mut slices = slices.to_vec();
        let mut left = &mut slices[..];
        let mut taken = 0;
        loop {
            let count = self.connection.writer().write_vectored(left)?;
            taken += count;
            IoSlice::advance_slices(&mut left, count);
            let ends = left.iter().all(|slice| slice.is_empty());
            let pushed = match ends || count == 0 {
                true => self.push(socket),
                false => self.push(&mut Followed(socket)),
            };
            match pushed {
                Err(error) if error.kind() == ErrorKind::WouldBlock && taken > 0 => break,
                outcome => outcome?,
            }
            if ends || count == 0 {
                break;
            }
        }
        Ok(taken)
    }

    /// Hands what is encrypted to the system, two records at once.
    ///
    /// # Errors
    ///
    /// The socket's; [`ErrorKind::WouldBlock`] if it did not take all.
    pub(super) fn push(&mut self, socket: &mut impl Write) -> Result<()> {
        while self.connection.wants_write() {
            if self.connection.write_tls(socket)? == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    /// Says, behind what was written, that no more comes.
    pub(super) fn say_goodbye(&mut self) {
        self.connection.send_close_notify();
    }
}

/// Where records go out and come in.
pub(super) trait Channel: Read + Write {
    /// Writes what more follows at once: the system may wait for that.
    ///
    /// # Errors
    ///
    /// As [`Write::write_vectored`].
    fn write_followed(&mut self, slices: &[IoSlice<'_>]) -> Result<usize>;
}

/// A channel to which more is written at once.
struct Followed<'a, C>(&'a mut C);

impl<C: Channel> Write for Followed<'_, C> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.write_followed(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        self.0.write_followed(slices)
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

/// How much may be encrypted that the system has not taken: two whole records.
const AHEAD_BYTES: usize = 2 * 16 * 1024;
/// How often the socket is read, some kilobytes each time, for something that is said. A hello may
/// have 64 kB.
const READS: usize = 64;

#[cfg(test)]
mod tests;
