//! The way of a session's packets: UDP, or frames between the replies of its connection.

use std::io::{Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::Arc;

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
pub(super) struct Writer {
    socket: Arc<TcpStream>,
    // Held across a write on purpose: messages must not mix. A write has a time-out.
    turn: Mutex<()>,
}

impl Writer {
    pub(super) fn new(socket: Arc<TcpStream>) -> Self {
        Self { socket, turn: Mutex::new(()) }
    }

    /// Writes all of it before anybody else writes.
    ///
    /// # Errors
    ///
    /// The system's, also if the client took nothing for as long as a write may wait. The
    /// connection is of no more use then, and closed.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<()> {
        let _turn = self.turn.lock();
        let written = (&*self.socket).write_all(bytes);
        if written.is_err() {
            // Half a message may have gone out: nothing that follows could be understood.
            let _ = self.socket.shutdown(std::net::Shutdown::Both);
        }
        written
    }
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
                for index in run {
                    let start = buffer.len();
                    buffer.extend([0; HEADER_BYTES]);
                    packets.write(index, first, buffer);
                    let length = (buffer.len() - start - HEADER_BYTES) as u16;
                    buffer[start..start + HEADER_BYTES]
                        .copy_from_slice(&frame_header(*rtp, length));
                }
                writer.write(buffer)
            }
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
                writer.write(&bytes)
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
