//! The two UDP ports of a session: RTP at an even one, RTCP at the next (RFC 3550 §11).

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol, Socket, Type};

/// Two bound sockets.
pub(super) struct Ports {
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
    pub(super) numbers: (u16, u16),
}

impl Ports {
    /// Binds them beside `local`, at `fixed` and the one after it or wherever there are two.
    pub(super) fn bind(
        local: SocketAddr,
        fixed: Option<u16>,
        registry: &Registry,
        tokens: [Token; 2],
    ) -> io::Result<Self> {
        let (rtp, rtcp, numbers) = match fixed {
            Some(port) => {
                let numbers = (port, port.checked_add(1).ok_or(ErrorKind::InvalidInput)?);
                (bound(local, numbers.0)?, bound(local, numbers.1)?, numbers)
            }
            None => free_pair(local)?,
        };
        let [mut rtp, mut rtcp] = [rtp, rtcp].map(|socket| UdpSocket::from_std(socket.into()));
        registry.register(&mut rtp, tokens[0], Interest::READABLE)?;
        registry.register(&mut rtcp, tokens[1], Interest::READABLE)?;
        Ok(Self { rtp, rtcp, numbers })
    }
}

/// Reads one datagram of `from` into `buffer`; what others send is passed over.
pub(super) fn receive<'a>(
    socket: &UdpSocket,
    from: IpAddr,
    buffer: &'a mut [u8],
) -> Option<&'a [u8]> {
    for _ in 0..MAX_STRANGERS {
        match socket.recv_from(buffer) {
            Ok((count, sender)) if sender.ip().to_canonical() == from.to_canonical() => {
                return buffer.get(..count);
            }
            Ok(_) => {}
            // Errors are of datagrams that were sent; those that come are told by silence.
            Err(_) => return None,
        }
    }
    None
}

fn free_pair(local: SocketAddr) -> io::Result<(Socket, Socket, (u16, u16))> {
    let mut odd = Vec::new();
    for _ in 0..MAX_TRIES {
        let rtp = bound(local, 0)?;
        let port = rtp.local_addr()?.as_socket().map_or(0, |address| address.port());
        if port % 2 == 0
            && port > 0
            && let Ok(rtcp) = bound(local, port + 1)
        {
            return Ok((rtp, rtcp, (port, port + 1)));
        }
        // Kept, so that the system gives another one.
        odd.push(rtp);
    }
    Err(ErrorKind::AddrInUse.into())
}

fn bound(local: SocketAddr, port: u16) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM, Some(Protocol::UDP))?;
    // A picture comes as a burst. Where the system allows less, it takes less.
    if let Err(error) = socket.set_recv_buffer_size(BUFFER_BYTES) {
        log::debug!("the receive buffer stays: {error}");
    }
    socket.set_nonblocking(true)?;
    let mut address = local;
    address.set_port(port);
    socket.bind(&address.into())?;
    Ok(socket)
}

const MAX_TRIES: usize = 64;
const BUFFER_BYTES: usize = 4 << 20;
/// Datagrams of others that are read at once.
const MAX_STRANGERS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pair_is_even_and_odd_and_a_fixed_one_is_kept() {
        let poll = mio::Poll::new().unwrap();
        let bind = |fixed| {
            let local = SocketAddr::from(([127, 0, 0, 1], 9));
            Ports::bind(local, fixed, poll.registry(), [Token(0), Token(1)])
        };
        let pair = bind(None).unwrap();
        let (rtp, rtcp) = pair.numbers;
        assert_eq!((rtp % 2, rtcp), (0, rtp + 1));
        assert_eq!(bind(Some(rtp)).err().map(|e| e.kind()), Some(ErrorKind::AddrInUse));
        drop(pair);
        assert_eq!(bind(Some(rtp)).unwrap().numbers, (rtp, rtcp));
        assert!(bind(Some(u16::MAX)).is_err());
    }
}
