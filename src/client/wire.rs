//! A connection to another server, plain or by TLS, for HTTP and RTSP alike.
//!
//! On the thread of who reads it. A socket that blocks is read with a deadline
//! ([`Wire::receive`]), one that does not step by step ([`Wire::step`]). Whom to trust is
//! [`super::tls`]'s.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustls::ClientConnection;
use socket2::{SockRef, TcpKeepalive};

/// A connected socket and what is spoken on it.
pub(crate) struct Wire<S> {
    socket: S,
    /// If it is TLS.
    session: Option<Box<ClientConnection>>,
    /// Bytes that came, those of TLS itself included.
    heard: u64,
}

/// What a look at a [`Wire`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// So many bytes were read.
    Bytes(usize),
    /// Something came that is TLS's own, or a part of a record: more may be there.
    Framing,
    /// The other side has closed.
    End,
}

impl<S: Read + Write> Wire<S> {
    pub(crate) fn plain(socket: S) -> Self {
        Self { socket, session: None, heard: 0 }
    }

    pub(super) fn secured(socket: S, session: ClientConnection) -> Self {
        Self { socket, session: Some(Box::new(session)), heard: 0 }
    }

    /// The same on what `change` makes of the socket.
    pub(super) fn on<T>(self, change: impl FnOnce(S) -> T) -> Wire<T> {
        Wire { socket: change(self.socket), session: self.session, heard: self.heard }
    }

    pub(super) fn socket(&mut self) -> &mut S {
        &mut self.socket
    }

    /// Bytes that came, those of TLS itself included: whether the other side is alive.
    pub(crate) fn heard(&self) -> u64 {
        self.heard
    }

    /// Reads once at most, with the socket's own errors.
    pub(crate) fn step(&mut self, piece: &mut [u8]) -> io::Result<Came> {
        let Some(session) = &mut self.session else {
            let count = self.socket.read(piece)?;
            self.heard += count as u64;
            return Ok(if count == 0 { Came::End } else { Came::Bytes(count) });
        };
        if let Some(came) = decrypted(session, piece)? {
            return Ok(came);
        }
        let count = session.read_tls(&mut self.socket)?;
        self.heard += count as u64;
        let outcome = session.process_new_packets();
        // An alert tells the other side why, and a key may be due.
        send(session, &mut self.socket)?;
        outcome.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        Ok(decrypted(session, piece)?.unwrap_or(Came::Framing))
    }

    /// Takes some of `bytes`, and sends what it can.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(session) = &mut self.session else {
            return self.socket.write(bytes);
        };
        let count = session.writer().write(bytes)?;
        send(session, &mut self.socket)?;
        // What it holds is bounded.
        if count == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    /// Sends what TLS still holds.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.session.as_mut().map_or(Ok(()), |session| send(session, &mut self.socket))
    }
}

impl Wire<TcpStream> {
    /// Sends all of `bytes`; the socket's time-out is for each piece.
    pub(crate) fn send_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(session) = &mut self.session else {
            return self.socket.write_all(bytes);
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = session.writer().write(rest)?;
            rest = rest.get(count..).unwrap_or_default();
            while session.wants_write() {
                session.write_tls(&mut self.socket)?;
            }
        }
        Ok(())
    }

    /// Reads what there is; `None` if nothing comes until `deadline`, 0 at the end.
    pub(crate) fn receive(
        &mut self,
        piece: &mut [u8],
        deadline: Instant,
    ) -> io::Result<Option<usize>> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            self.socket.set_read_timeout(Some(left.max(TICK)))?;
            match self.step(piece) {
                Ok(Came::Bytes(count)) => return Ok(Some(count)),
                Ok(Came::End) => return Ok(Some(0)),
                // A record may come byte by byte.
                Ok(Came::Framing) if left.is_zero() => return Ok(None),
                Ok(Came::Framing) => {}
                Err(error) if is_late(&error) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }
}

/// Connects to one of `addresses`, until `deadline`.
pub(crate) fn reach(addresses: &[SocketAddr], deadline: Instant) -> io::Result<TcpStream> {
    let mut failed: io::Error = ErrorKind::NotFound.into();
    for (tried, address) in addresses.iter().enumerate() {
        // Each gets its part, so that one which swallows packets leaves time for the rest.
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        let part = left / u32::try_from(addresses.len() - tried).unwrap_or(1);
        match TcpStream::connect_timeout(address, part.max(TICK)) {
            Ok(socket) => {
                keep_alive(&socket);
                return Ok(socket);
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Has the system find out when the other machine is gone, which may have nothing to say for long.
fn keep_alive(socket: &TcpStream) {
    let times = TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE / 2);
    if let Err(error) = SockRef::from(socket).set_tcp_keepalive(&times.with_retries(PROBES)) {
        log::debug!("a connection is not kept alive: {error}");
    }
}

/// What TLS has decrypted; `None` if nothing is there.
fn decrypted(session: &mut ClientConnection, piece: &mut [u8]) -> io::Result<Option<Came>> {
    match session.reader().read(piece) {
        Ok(0) => Ok(Some(Came::End)),
        Ok(count) => Ok(Some(Came::Bytes(count))),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        // Cameras just hang up. What is cut by that is no whole picture.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(Some(Came::End)),
        Err(error) => Err(error),
    }
}

/// Sends what TLS holds, as far as the socket takes it.
fn send(session: &mut ClientConnection, socket: &mut impl Write) -> io::Result<()> {
    while session.wants_write() {
        match session.write_tls(socket) {
            Ok(_) => {}
            Err(error) if is_late(&error) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// True if the socket is only not ready.
pub(super) fn is_late(error: &io::Error) -> bool {
    use ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}

/// The shortest wait: a time-out of zero would mean none.
const TICK: Duration = Duration::from_millis(1);
/// How long a connection may be silent before the other machine is asked whether it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Questions without an answer, each half as long after the last.
const PROBES: u32 = 4;
