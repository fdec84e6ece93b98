//! A connection's bytes, in and out: as they are, or by TLS.
//!
//! Belongs to the lane of its connection and never waits. Remembers what the socket is ready
//! for, so that a turn that finds nothing to read costs no call of the system. What was written
//! may wait here, encrypted, until there is room: it is out once [`Wire::flush`] says so.

use std::fs::File;
use std::io::{ErrorKind, IoSlice, Read, Result, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;

use log::debug;
use mio::event::Source;
use mio::net::TcpStream;
use rustls::ServerConfig;
#[cfg(target_os = "linux")]
use socket2::SockRef;

use super::kernel::Kernel;
use super::socket;
use super::tls::{Channel, Session};
use crate::proto::sock_diag::TcpState;

/// A connection's bytes.
pub(crate) struct Wire {
    line: Line,
    carrier: Carrier,
    /// Whether nothing more will be written.
    finishing: bool,
    /// The server's address and the client's, as the socket has them.
    ends: Option<(SocketAddr, SocketAddr)>,
}

/// What carries them.
enum Carrier {
    /// As they are.
    Plain,
    /// The first byte tells: this is how TLS would be spoken.
    Undecided(Arc<ServerConfig>),
    /// In records.
    Tls(Box<Session>),
}

/// A socket, and what is known of it.
struct Line {
    socket: TcpStream,
    ready: Ready,
    /// Bytes that the system took.
    sent: u64,
}

/// Where bytes go out.
pub(crate) trait Outflow: Write {
    /// How many the system has taken so far, with all that is around them.
    fn sent(&self) -> u64;

    /// Whether it takes bytes from a file by itself.
    fn takes_files(&self) -> bool {
        false
    }

    /// Takes so many bytes of a file, which the system has in memory: it would wait for a disk.
    ///
    /// # Errors
    ///
    /// The system's; [`ErrorKind::Unsupported`] where it takes none.
    fn write_file(&mut self, _file: &File, _at: u64, _count: usize) -> Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }
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
    /// The bytes of a connection that was accepted; `tls` if its client may speak that.
    pub(crate) fn new(socket: TcpStream, tls: Option<Arc<ServerConfig>>) -> Self {
        let ends = socket.local_addr().and_then(|local| Ok((local, socket.peer_addr()?))).ok();
        // Until the system said otherwise, it may be tried.
        let ready = Ready { readable: true, writable: true };
        let carrier = tls.map_or(Carrier::Plain, Carrier::Undecided);
        Self { line: Line { socket, ready, sent: 0 }, carrier, finishing: false, ends }
    }

    /// What a lane waits at.
    pub(crate) fn source(&mut self) -> &mut dyn Source {
        &mut self.line.socket
    }

    /// Takes in what the system said that it is ready for, and hands it what waits for that.
    pub(crate) fn note(&mut self, ready: Ready) {
        self.line.ready.readable |= ready.readable;
        self.line.ready.writable |= ready.writable;
        // An error shows again when something is read or written.
        if self.owes() && self.flush().is_ok() && self.finishing {
            self.shut_down();
        }
    }

    /// Whether there may be room to write.
    pub(crate) fn is_writable(&self) -> bool {
        self.line.ready.writable
    }

    /// Whether something of what was written waits for room.
    pub(crate) fn owes(&self) -> bool {
        matches!(&self.carrier, Carrier::Tls(session) if session.owes())
    }

    /// Whether nobody between can read along.
    pub(crate) fn is_secure(&self) -> bool {
        matches!(self.carrier, Carrier::Tls(_))
    }

    /// Whether it is in a handshake, of which the next step may take a while to compute.
    pub(crate) fn is_agreeing(&self) -> bool {
        matches!(&self.carrier, Carrier::Tls(session) if session.is_agreeing())
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
        socket::fit_for_streaming(&self.line.socket);
    }

    /// Says that nothing more will be written, once all is out that was.
    pub(crate) fn finish(&mut self) -> bool {
        self.finishing = true;
        if let Carrier::Tls(session) = &mut self.carrier {
            session.say_goodbye();
        }
        match self.flush() {
            Ok(()) => self.shut_down(),
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }

    /// Sets the socket to what a part of a file needs. Of what is encrypted no more than else is held.
    pub(crate) fn fit_for_files(&self) {
        if self.takes_files() {
            socket::fit_for_files(&self.line.socket);
        }
    }

    fn shut_down(&self) -> bool {
        let done = self.line.socket.shutdown(Shutdown::Write);
        if let Err(error) = &done {
            debug!("shutdown: {error}");
        }
        done.is_ok()
    }

    /// Looks at the first byte, if that was not done: nothing in HTTP or RTSP begins as TLS does.
    ///
    /// A handshake is not begun at once: the lane says when there is time for it.
    fn decide(&mut self) -> Result<()> {
        let Carrier::Undecided(config) = &self.carrier else { return Ok(()) };
        let mut first = [0];
        let length = self.line.peek(&mut first)?;
        if length == 0 || first != [TLS_HANDSHAKE] {
            self.carrier = Carrier::Plain;
            return Ok(());
        }
        self.carrier = Carrier::Tls(Box::new(Session::new(Arc::clone(config))?));
        Err(ErrorKind::WouldBlock.into())
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.decide()?;
        match &mut self.carrier {
            Carrier::Tls(session) => session.read(&mut self.line, buffer),
            Carrier::Plain | Carrier::Undecided(_) => self.line.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        match &mut self.carrier {
            Carrier::Tls(session) => session.write(&mut self.line, slices),
            Carrier::Plain | Carrier::Undecided(_) => self.line.write_vectored(slices),
        }
    }

    /// Whether all that was written is out; [`ErrorKind::WouldBlock`] if there is no room for it.
    fn flush(&mut self) -> Result<()> {
        match &mut self.carrier {
            Carrier::Tls(session) => session.push(&mut self.line),
            Carrier::Plain | Carrier::Undecided(_) => Ok(()),
        }
    }
}

impl Outflow for Wire {
    fn sent(&self) -> u64 {
        self.line.sent
    }

    fn takes_files(&self) -> bool {
        cfg!(target_os = "linux") && matches!(self.carrier, Carrier::Plain)
    }

    #[cfg(target_os = "linux")]
    fn write_file(&mut self, file: &File, at: u64, count: usize) -> Result<usize> {
        if !self.takes_files() {
            return Err(ErrorKind::Unsupported.into());
        }
        let line = &mut self.line;
        let send = || {
            let mut at = at;
            match rustix::fs::sendfile(&line.socket, file, Some(&mut at), count)? {
                0 => Err(ErrorKind::UnexpectedEof.into()),
                count => Ok(count),
            }
        };
        let count = Line::attempt(&mut line.ready.writable, send)?;
        line.sent += count as u64;
        Ok(count)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // To a client of TLS an end without a goodbye is one that somebody else may have made. It
        // is said if it goes at once.
        if let Carrier::Tls(session) = &mut self.carrier
            && !session.is_agreeing()
            && !session.owes()
            && !self.finishing
        {
            session.say_goodbye();
            let _ = session.push(&mut self.line);
        }
    }
}

impl Line {
    /// The first bytes that came, which are read again.
    fn peek(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let socket = &mut self.socket;
        Self::attempt(&mut self.ready.readable, || socket.peek(buffer))
    }

    /// Does I/O, again if it was interrupted, and notes if it would have waited.
    fn attempt<T>(ready: &mut bool, mut io: impl FnMut() -> Result<T>) -> Result<T> {
        if !*ready {
            return Err(ErrorKind::WouldBlock.into());
        }
        for _ in 0..MAX_INTERRUPTIONS {
            match io() {
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

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let socket = &mut self.socket;
        Self::attempt(&mut self.ready.readable, || socket.read(buffer))
    }
}

impl Channel for Line {
    #[cfg(target_os = "linux")]
    fn write_followed(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        let socket = SockRef::from(&self.socket);
        let send = || socket.send_vectored_with_flags(slices, MSG_MORE);
        let count = Self::attempt(&mut self.ready.writable, send)?;
        self.sent += count as u64;
        Ok(count)
    }

    #[cfg(not(target_os = "linux"))]
    fn write_followed(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        self.write_vectored(slices)
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        let socket = &mut self.socket;
        let count = Self::attempt(&mut self.ready.writable, || socket.write_vectored(slices))?;
        self.sent += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What a record of a handshake begins with (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;
/// More follows at once (send(2)); what is held back for that goes with the next acknowledgement, or
/// after 0.2 s, should nothing follow.
#[cfg(target_os = "linux")]
const MSG_MORE: i32 = 0x8000;
const MAX_INTERRUPTIONS: usize = 16;

#[cfg(test)]
mod tests;
