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
    /// # Errors
    ///
    /// The socket's; [`ErrorKind::WouldBlock`] if it took nothing more.
    pub(super) fn write(
        &mut self,
        socket: &mut impl Write,
        slices: &[IoSlice<'_>],
    ) -> Result<usize> {
        let mut slices = slices.to_vec();
        let mut left = &mut slices[..];
        let mut taken = 0;
        loop {
            match self.push(socket) {
                Err(error) if error.kind() == ErrorKind::WouldBlock && taken > 0 => break,
                outcome => outcome?,
            }
            let count = self.connection.writer().write_vectored(left)?;
            if count == 0 {
                break;
            }
            taken += count;
            IoSlice::advance_slices(&mut left, count);
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

/// How much may be encrypted that the system has not taken: two whole records.
const AHEAD_BYTES: usize = 2 * 16 * 1024;
/// How often the socket is read, some kilobytes each time, for something that is said. A hello may
/// have 64 kB.
const READS: usize = 64;

#[cfg(test)]
mod tests;
