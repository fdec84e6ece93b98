//! RTCP that comes in over UDP: what clients say of the packets that they got.
//!
//! A lane waits at the socket. Whose report it is, [`super::sessions`] knows.

use std::io::ErrorKind;
use std::sync::Arc;

use log::debug;
use mio::event::Source;
use mio::net::UdpSocket;

use super::Server;
use super::udp::canonical;
use crate::net::lane::{Moment, Talk, Turn};
use crate::proto::rtp::rtcp;

/// The socket that RTCP comes to.
pub(super) struct Reports {
    socket: UdpSocket,
    server: Arc<Server>,
}

impl Reports {
    pub(super) fn new(socket: UdpSocket, server: Arc<Server>) -> Self {
        Self { socket, server }
    }
}

impl Talk for Reports {
    fn source(&mut self) -> Option<&mut dyn Source> {
        Some(&mut self.socket)
    }

    fn turn(&mut self, moment: &mut Moment<'_>) -> Turn {
        let mut buffer = [0; MAX_DATAGRAM_BYTES];
        for _ in 0..DATAGRAMS_A_TURN {
            match self.socket.recv_from(&mut buffer) {
                Ok((length, from)) => {
                    if let Ok(compound) = rtcp::parse(&buffer[..length]) {
                        self.server.sessions.rtcp(&compound, canonical(from), moment.now);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Turn::until(None),
                // A port that nobody listens at: the system says so at the next call.
                Err(error) => debug!("RTCP: {error}"),
            }
        }
        Turn::until(Some(moment.now))
    }
}

/// As long as a packet may be, and longer than a report is.
const MAX_DATAGRAM_BYTES: usize = 2048;
/// A flood of them leaves the lane to others after so many.
const DATAGRAMS_A_TURN: usize = 64;
