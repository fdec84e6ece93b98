//! A connection's bytes, in and out.
//!
//! Belongs to the lane of its connection and never waits. Remembers what the socket is ready
//! for, so that a turn that finds nothing to read costs no call of the system.

use std::io::{ErrorKind, IoSlice, Read, Result, Write};
use std::net::{Shutdown, SocketAddr};

use log::debug;
use mio::event::Source;
use mio::net::TcpStream;

use super::kernel::Kernel;
use super::socket;
use crate::proto::sock_diag::TcpState;

/// A connection's bytes.
pub(crate) struct Wire {
    carrier: Carrier,
    ready: Ready,
    /// The server's address and the client's, as the socket has them.
    ends: Option<(SocketAddr, SocketAddr)>,
}

/// What carries them.
enum Carrier {
    /// As they are.
    Plain(TcpStream),
}

/// What a socket became ready for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ready {
    /// There is something to read, or an end of it.
    pub(crate) readable: bool,
    /// There is room to write.
    pub(crate) writable: bool,
}

impl Wire {
    /// The bytes of a connection that was accepted.
    pub(crate) fn plain(socket: TcpStream) -> Self {
        let ends = socket.local_addr().and_then(|local| Ok((local, socket.peer_addr()?))).ok();
        // Until the system said otherwise, it may be tried.
        let ready = Ready { readable: true, writable: true };
        Self { carrier: Carrier::Plain(socket), ready, ends }
    }

    /// What a lane waits at.
    pub(crate) fn source(&mut self) -> &mut dyn Source {
        match &mut self.carrier {
            Carrier::Plain(socket) => socket,
        }
    }

    /// Takes in what the system said that it is ready for.
    pub(crate) fn note(&mut self, ready: Ready) {
        self.ready.readable |= ready.readable;
        self.ready.writable |= ready.writable;
    }

    /// Whether there may be room to write.
    pub(crate) fn is_writable(&self) -> bool {
        self.ready.writable
    }

    /// The server's address and the client's.
    pub(crate) fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.ends
    }

    /// What the system knows of the connection, if anything.
    pub(crate) fn state(&self, kernel: &mut Kernel) -> Option<TcpState> {
        let (local, peer) = self.ends?;
        kernel.ask(local, peer)
    }

    /// Sets the socket to what a live stream needs.
    pub(crate) fn fit_for_streaming(&self) {
        match &self.carrier {
            Carrier::Plain(socket) => socket::fit_for_streaming(socket),
        }
    }

    /// Says that nothing more will be written.
    pub(crate) fn finish(&self) -> bool {
        let done = match &self.carrier {
            Carrier::Plain(socket) => socket.shutdown(Shutdown::Write),
        };
        if let Err(error) = &done {
            debug!("shutdown: {error}");
        }
        done.is_ok()
    }

    /// Does I/O, again if it was interrupted, and notes if it would have waited.
    fn attempt<T>(
        ready: &mut bool,
        carrier: &mut Carrier,
        mut io: impl FnMut(&mut Carrier) -> Result<T>,
    ) -> Result<T> {
        if !*ready {
            return Err(ErrorKind::WouldBlock.into());
        }
        for _ in 0..MAX_INTERRUPTIONS {
            match io(carrier) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    *ready = false;
                    return Err(error);
                }
                outcome => return outcome,
            }
        }
        Err(ErrorKind::Interrupted.into())
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        Self::attempt(&mut self.ready.readable, &mut self.carrier, |carrier| match carrier {
            Carrier::Plain(socket) => socket.read(buffer),
        })
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        Self::attempt(&mut self.ready.writable, &mut self.carrier, |carrier| match carrier {
            Carrier::Plain(socket) => socket.write_vectored(slices),
        })
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

const MAX_INTERRUPTIONS: usize = 16;
