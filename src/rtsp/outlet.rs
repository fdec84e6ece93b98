//! The way of a session's packets: UDP, or frames between the replies of its connection.

use std::io::{ErrorKind, IoSlice, Result, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::udp::{Path, Ports};
use crate::proto::rtp::jpeg::Packets;
use crate::proto::rtp::{Header, rtcp};
use crate::proto::rtsp::interleaved::{HEADER_BYTES, frame_header};

/// Where packets go.
pub(super) enum Outlet {
    /// To two ports of the client.
    Udp {
        /// What sends.
        ports: Arc<Ports>,
        /// To where RTP goes.
        rtp: Path,
        /// To where RTCP goes.
        rtcp: SocketAddr,
    },
    /// Between the replies of the connection (RFC 2326 §10.12).
    Interleaved {
        /// The connection.
        writer: Arc<Writer>,
        /// The channel of RTP.
        rtp: u8,
        /// The channel of RTCP.
        rtcp: u8,
    },
}

/// A connection that several threads write whole messages to.
///
/// Replies wait until they are written, up to the socket's time-out. Packets do not wait:
/// what the client does not take at once is kept, one frame at the most, and goes first.
pub(super) struct Writer {
    socket: Arc<TcpStream>,
    // Held across a reply's write on purpose: messages must not mix.
    pending: Mutex<Pending>,
}

/// What a client has not taken yet.
#[derive(Default)]
struct Pending {
    bytes: Vec<u8>,
    sent: usize,
    since: Option<Instant>,
}

impl Writer {
    pub(super) fn new(socket: Arc<TcpStream>) -> Self {
        Self { socket, pending: Mutex::default() }
    }

    /// Writes a whole message, behind what is still pending.
    ///
    /// # Errors
    ///
    /// The system's, also if the client took nothing for as long as a write may wait. The
    /// connection is of no more use then, and closed.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<()> {
        let mut pending = self.pending.lock();
        let rest = std::mem::take(&mut *pending);
        let rest = rest.bytes.get(rest.sent..).unwrap_or_default();
        let deadline = Instant::now() + PATIENCE;
        let written = write_until(&self.socket, rest, deadline)
            .and_then(|()| write_until(&self.socket, bytes, deadline));
        self.close_if_broken(written)
    }

    /// Sends what is pending, as far as the client takes it. Whether nothing is left.
    ///
    /// # Errors
    ///
    /// The system's; [`ErrorKind::TimedOut`] if the client has taken nothing for too long.
    pub(super) fn drain(&self) -> Result<bool> {
        match self.pending.try_lock() {
            Some(mut pending) => self.close_if_broken(pending.send(&self.socket)),
            // A reply is being written.
            None => Ok(false),
        }
    }

    /// Half a message may have gone out: nothing that follows could be understood.
    fn close_if_broken<T>(&self, outcome: Result<T>) -> Result<T> {
        if outcome.is_err()
            && let Err(error) = self.socket.shutdown(Shutdown::Both)
        {
            log::debug!("close: {error}");
        }
        outcome
    }

    /// Sends what the client takes of `pieces`, and keeps the rest. While a reply is being written
    /// they are left out: to the client a frame is lost.
    ///
    /// # Errors
    ///
    /// As [`drain`](Self::drain).
    fn offer(&self, pieces: &[IoSlice<'_>]) -> Result<()> {
        let Some(mut pending) = self.pending.try_lock() else { return Ok(()) };
        let mut sent = 0;
        if self.close_if_broken(pending.send(&self.socket))? {
            for some in pieces.chunks(MAX_PIECES) {
                let length: usize = some.iter().map(|piece| piece.len()).sum();
                let count = match send_now(&self.socket, some) {
                    Ok(count) => count,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                    Err(error) => return self.close_if_broken(Err(error)),
                };
                sent += count;
                if count < length {
                    break;
                }
            }
        }
        for piece in pieces {
            let left = piece.get(sent.min(piece.len())..).unwrap_or_default();
            sent = sent.saturating_sub(piece.len());
            pending.bytes.extend_from_slice(left);
        }
        Ok(())
    }
}

impl Pending {
    fn send(&mut self, socket: &TcpStream) -> Result<bool> {
        while let Some(rest) = self.bytes.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match send_now(socket, &[IoSlice::new(rest)]) {
                Ok(count) => {
                    self.sent += count;
                    self.since = None;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let since = *self.since.get_or_insert_with(Instant::now);
                    if since.elapsed() > PATIENCE {
                        return Err(ErrorKind::TimedOut.into());
                    }
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        self.bytes.clear();
        self.sent = 0;
        Ok(true)
    }
}

/// Writes all of it; a client that takes a little now and then does not draw it out for ever.
fn write_until(mut socket: &TcpStream, mut bytes: &[u8], deadline: Instant) -> Result<()> {
    while !bytes.is_empty() {
        if Instant::now() >= deadline {
            return Err(ErrorKind::TimedOut.into());
        }
        match socket.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Sends without waiting, on a socket on which others wait.
#[cfg(unix)]
fn send_now(socket: &TcpStream, pieces: &[IoSlice<'_>]) -> Result<usize> {
    use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    Ok(sendmsg(socket, pieces, &mut SendAncillaryBuffer::default(), flags)?)
}

/// Without a way to send that does not wait, a slow client holds up those next to it.
#[cfg(not(unix))]
fn send_now(mut socket: &TcpStream, pieces: &[IoSlice<'_>]) -> Result<usize> {
    socket.write_vectored(pieces)
}

impl Outlet {
    /// How many packets of a frame may leave at once: over UDP a switch on the way must hold them.
    pub(super) fn batch(&self) -> usize {
        match self {
            Outlet::Udp { .. } => UDP_BATCH,
            Outlet::Interleaved { .. } => usize::MAX,
        }
    }

    /// Sends a run of a frame's packets; `buffer` is for its own use.
    ///
    /// # Errors
    ///
    /// The system's, if the client cannot be reached any more.
    pub(super) fn send(
        &self,
        packets: &Packets,
        run: Range<usize>,
        first: &Header,
        buffer: &mut Vec<u8>,
    ) -> Result<()> {
        buffer.clear();
        match self {
            Outlet::Udp { ports, rtp, .. } => {
                packets.write_run(run, first, buffer);
                ports.send_rtp(*rtp, buffer, packets.packet_bytes()).or_else(if_unheard)
            }
            Outlet::Interleaved { writer, rtp, .. } => {
                let mut heads = Vec::with_capacity(run.len());
                for index in run.clone() {
                    let start = buffer.len();
                    buffer.extend([0; HEADER_BYTES]);
                    packets.write_head(index, first, buffer);
                    let length = buffer.len() - start - HEADER_BYTES + packets.scan(index).len();
                    buffer[start..start + HEADER_BYTES]
                        .copy_from_slice(&frame_header(*rtp, length as u16));
                    heads.push(start..buffer.len());
                }
                // The scan goes to the system from where it is.
                let pieces = heads.into_iter().zip(run);
                let pieces = pieces.flat_map(|(head, index)| [&buffer[head], packets.scan(index)]);
                writer.offer(&pieces.map(IoSlice::new).collect::<Vec<_>>())
            }
        }
    }

    /// Whether a frame can be sent now: nothing is left of the one before.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub(super) fn is_free(&self) -> Result<bool> {
        match self {
            Outlet::Udp { .. } => Ok(true),
            Outlet::Interleaved { writer, .. } => writer.drain(),
        }
    }

    /// Sends an RTCP compound.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub(super) fn report(&self, compound: &[rtcp::Packet]) -> Result<()> {
        let mut bytes = Vec::new();
        match self {
            Outlet::Udp { ports, rtcp: to, .. } => {
                rtcp::write(compound, &mut bytes);
                ports.send_rtcp(*to, &bytes).or_else(if_unheard)
            }
            Outlet::Interleaved { writer, rtcp: channel, .. } => {
                bytes.extend([0; HEADER_BYTES]);
                rtcp::write(compound, &mut bytes);
                let length = (bytes.len() - HEADER_BYTES) as u16;
                bytes[..HEADER_BYTES].copy_from_slice(&frame_header(*channel, length));
                writer.offer(&[IoSlice::new(&bytes)])
            }
        }
    }
}

/// UDP may lose what it sends, and tells late and not always that nobody listens: the session's
/// time-out ends what nobody hears.
fn if_unheard(error: std::io::Error) -> Result<()> {
    log::trace!("a packet was lost at once: {error}");
    Ok(())
}

/// 22 kB: what even small switches hold.
const UDP_BATCH: usize = 16;
/// What systems take at once.
const MAX_PIECES: usize = 1024;
/// A client that takes nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(10);
