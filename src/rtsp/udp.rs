//! The UDP sockets that all sessions share: RTP from an even port, RTCP at the next.
//!
//! Sessions are told apart by whom they send to, not by ports: a thousand sessions that
//! are set up cost no descriptor, and a firewall that lets these two ports out and in lets RTP
//! and RTCP through. The lab's large datagrams leave from a third, at which nothing comes in.
//! Nothing here waits: what the system does not take now is told. Batches go to it as one
//! buffer that it cuts into packets (UDP segmentation), where it can. What comes in is
//! [`super::reports`]' matter.

use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use log::debug;
use quinn_udp::{Transmit, UdpSocketState};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// The sockets.
pub(super) struct Ports {
    rtp: UdpSocket,
    state: UdpSocketState,
    rtcp: UdpSocket,
    /// For datagrams that are larger than a packet, as the lab's clients take them.
    large: UdpSocket,
    numbers: (u16, u16),
}

/// Where datagrams go, and which of this machine's addresses they come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) to: SocketAddr,
    pub(super) from: IpAddr,
}

impl Ports {
    /// Binds a pair of ports of one address, or of all.
    ///
    /// # Errors
    ///
    /// The system's error, if no pair is free.
    pub(super) fn bind(address: Option<IpAddr>) -> Result<Self> {
        let mut last = Error::from(ErrorKind::AddrInUse);
        for _ in 0..TRIES {
            match Self::pair(address) {
                Ok(ports) => return Ok(ports),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn pair(address: Option<IpAddr>) -> Result<Self> {
        let rtp = socket(address, 0)?;
        let port = rtp.local_addr()?.port();
        if port % 2 == 1 {
            return Err(ErrorKind::AddrInUse.into());
        }
        let rtcp = socket(address, port + 1)?;
        let large = socket(address, 0)?;
        for socket in [&rtp, &large] {
            if let Err(error) = SockRef::from(socket).set_send_buffer_size(SEND_BUFFER_BYTES) {
                debug!("SO_SNDBUF: {error}");
            }
        }
        let state = UdpSocketState::new((&rtp).into())?;
        Ok(Self { rtp, state, rtcp, large, numbers: (port, port + 1) })
    }

    /// The ports of RTP and RTCP.
    pub(super) fn numbers(&self) -> (u16, u16) {
        self.numbers
    }

    /// The socket of RTCP, to receive from it.
    ///
    /// # Errors
    ///
    /// The system's, if no descriptor is left.
    pub(super) fn rtcp(&self) -> Result<mio::net::UdpSocket> {
        self.rtcp.try_clone().map(mio::net::UdpSocket::from_std)
    }

    /// Sends packets of `packet_bytes` each, the last one perhaps shorter. Returns how many of
    /// them the system took.
    ///
    /// # Errors
    ///
    /// The system's, if it took none; with [`ErrorKind::WouldBlock`] it may take them later.
    pub(super) fn send_rtp(
        &self,
        path: Path,
        packets: &[u8],
        packet_bytes: usize,
    ) -> Result<usize> {
        let most = self.state.max_gso_segments().clamp(1, MAX_SEGMENTS);
        let mut taken = 0;
        for batch in packets.chunks(packet_bytes * most) {
            let transmit = Transmit {
                destination: self.address(path.to),
                ecn: None,
                contents: batch,
                segment_size: (batch.len() > packet_bytes).then_some(packet_bytes),
                src_ip: self.source(path),
            };
            match self.state.try_send((&self.rtp).into(), &transmit) {
                Ok(()) => taken += batch.len().div_ceil(packet_bytes),
                Err(_) if taken > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }

    /// Sends one RTCP compound.
    ///
    /// # Errors
    ///
    /// The system's; with [`ErrorKind::WouldBlock`] it is lost, as on a busy link.
    pub(super) fn send_rtcp(&self, to: SocketAddr, compound: &[u8]) -> Result<()> {
        self.rtcp.send_to(compound, self.address(to)).map(drop)
    }

    /// Sends one datagram of up to 65507 bytes, in fragments if it must be.
    ///
    /// # Errors
    ///
    /// As [`send_rtcp`](Self::send_rtcp).
    pub(super) fn send_large(&self, to: SocketAddr, datagram: &[u8]) -> Result<()> {
        self.large.send_to(datagram, self.address(to)).map(drop)
    }

    /// An IPv4 address as a socket of both families takes it.
    fn address(&self, to: SocketAddr) -> SocketAddr {
        match (to.ip(), self.is_ipv6()) {
            (IpAddr::V4(ip), true) => SocketAddr::new(ip.to_ipv6_mapped().into(), to.port()),
            _ => to,
        }
    }

    /// The address to send from, where the socket could take any.
    fn source(&self, path: Path) -> Option<IpAddr> {
        match (path.to.ip(), path.from) {
            (IpAddr::V4(_), IpAddr::V4(from)) => Some(from.into()),
            // The zone of a link-local address says more than its source could.
            (IpAddr::V6(to), IpAddr::V6(from)) if !to.is_unicast_link_local() => Some(from.into()),
            _ => None,
        }
    }

    fn is_ipv6(&self) -> bool {
        self.rtp.local_addr().is_ok_and(|address| address.is_ipv6())
    }
}

/// Without the form that IPv4 addresses have on a socket of both families.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::new(ip.into(), address.port()),
        // Its zone stays.
        IpAddr::V6(_) => address,
    }
}

fn socket(address: Option<IpAddr>, port: u16) -> Result<UdpSocket> {
    let bind = |address: SocketAddr, both_families: bool| -> Result<UdpSocket> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(!both_families)?;
        }
        socket.bind(&address.into())?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    };
    match address {
        Some(ip) => bind(SocketAddr::new(ip, port), ip.is_unspecified()),
        None => bind(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port), true)
            .or_else(|_| bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port), false)),
    }
}

/// Every second free port is even, and the one behind it is mostly free.
const TRIES: usize = 64;
const SEND_BUFFER_BYTES: usize = 1024 * 1024;
/// What Linux takes at once.
const MAX_SEGMENTS: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_socket_lets_anybody_wait() {
        let ports = Ports::bind(Some(Ipv4Addr::LOCALHOST.into())).unwrap();
        for socket in [&ports.rtp, &ports.rtcp, &ports.large] {
            let error = socket.recv_from(&mut [0; 9]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
        let (rtp, rtcp) = ports.numbers();
        assert_eq!((rtp % 2, rtcp), (0, rtp + 1));
    }
}
