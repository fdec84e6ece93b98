//! Where a session's packets go: two ports over UDP, or channels of its connection.

use std::io::{ErrorKind, IoSlice, Result};
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Instant;

use super::messages::Messages;
use super::udp::{Path, Ports};
use crate::proto::rtp::jpeg::Packets;
use crate::proto::rtp::{Header, rtcp};
use crate::proto::rtsp::interleaved::{HEADER_BYTES, frame_header};

/// Where packets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// To two ports of the client.
    Udp {
        /// To where RTP goes.
        rtp: Path,
        /// To where RTCP goes.
        rtcp: SocketAddr,
    },
    /// Between the replies of the connection (RFC 2326 §10.12).
    Interleaved {
        /// The channel of RTP.
        rtp: u8,
        /// The channel of RTCP.
        rtcp: u8,
    },
}

/// What packets are sent by.
pub(super) struct Carriers<'a> {
    /// None where the system gives no UDP ports.
    pub(super) ports: Option<&'a Ports>,
    /// The connection that the session lives in, if it does.
    pub(super) messages: Option<&'a mut Messages>,
    pub(super) now: Instant,
}

impl Destination {
    /// How many packets of a frame may leave at once: over UDP a switch on the way must hold them.
    pub(super) fn batch(self) -> usize {
        match self {
            Destination::Udp { .. } => UDP_BATCH,
            Destination::Interleaved { .. } => usize::MAX,
        }
    }

    /// Sends a run of a frame's packets; `buffer` is for its own use. Returns how many of them
    /// have left, or need no more care.
    ///
    /// # Errors
    ///
    /// The system's, if the client cannot be reached any more.
    pub(super) fn send(
        self,
        by: &mut Carriers<'_>,
        packets: &Packets,
        run: Range<usize>,
        first: &Header,
        buffer: &mut Vec<u8>,
    ) -> Result<usize> {
        buffer.clear();
        let count = run.len();
        match (self, &mut by.messages, by.ports) {
            (Destination::Udp { rtp, .. }, _, Some(ports)) => {
                packets.write_run(run, first, buffer);
                match ports.send_rtp(rtp, buffer, packets.packet_bytes()) {
                    Ok(taken) => Ok(taken),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
                    Err(error) => unheard(&error).map(|()| count),
                }
            }
            (Destination::Interleaved { rtp, .. }, Some(messages), _) => {
                let mut heads = Vec::with_capacity(count);
                for index in run.clone() {
                    let start = buffer.len();
                    buffer.extend([0; HEADER_BYTES]);
                    packets.write_head(index, first, buffer);
                    let length = buffer.len() - start - HEADER_BYTES + packets.scan(index).len();
                    buffer[start..start + HEADER_BYTES]
                        .copy_from_slice(&frame_header(rtp, length as u16));
                    heads.push(start..buffer.len());
                }
                // The scan goes to the system from where it is.
                let pieces = heads.into_iter().zip(run);
                let pieces = pieces.flat_map(|(head, index)| [&buffer[head], packets.scan(index)]);
                let pieces: Vec<_> = pieces.map(IoSlice::new).collect();
                messages.offer(&pieces, by.now).map(|()| count)
            }
            _ => Err(ErrorKind::NotConnected.into()),
        }
    }

    /// Whether a frame can be sent now: nothing is left of the one before.
    pub(super) fn is_free(self, by: &Carriers<'_>) -> bool {
        match self {
            Destination::Udp { .. } => true,
            Destination::Interleaved { .. } => {
                by.messages.as_ref().is_some_and(|messages| messages.is_free())
            }
        }
    }

    /// Sends an RTCP compound.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub(super) fn report(self, by: &mut Carriers<'_>, compound: &[rtcp::Packet]) -> Result<()> {
        let mut bytes = Vec::new();
        match (self, &mut by.messages, by.ports) {
            (Destination::Udp { rtcp: to, .. }, _, Some(ports)) => {
                rtcp::write(compound, &mut bytes);
                ports.send_rtcp(to, &bytes).or_else(|error| unheard(&error))
            }
            (Destination::Interleaved { rtcp: channel, .. }, Some(messages), _) => {
                bytes.extend([0; HEADER_BYTES]);
                rtcp::write(compound, &mut bytes);
                let length = (bytes.len() - HEADER_BYTES) as u16;
                bytes[..HEADER_BYTES].copy_from_slice(&frame_header(channel, length));
                messages.offer(&[IoSlice::new(&bytes)], by.now)
            }
            _ => Err(ErrorKind::NotConnected.into()),
        }
    }
}

/// UDP may lose what it sends, and tells late and not always that nobody listens: the session's
/// time-out ends what nobody hears.
fn unheard(error: &std::io::Error) -> Result<()> {
    log::trace!("a packet was lost at once: {error}");
    Ok(())
}

/// 22 kB: what even small switches hold.
const UDP_BATCH: usize = 16;
