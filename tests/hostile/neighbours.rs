//! Clients that nobody wants: many connections, from many addresses of this machine.
//!
//! They ask and do not read, or say nothing; none of them waits for the server. Stands
//! alone: the hostile tests and the benches have the same neighbours.

#![allow(dead_code, reason = "each bench is a crate of its own and uses a part")]

use std::io::{ErrorKind, Result, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// Connections that are held open.
pub(crate) struct Neighbours {
    sockets: Vec<TcpStream>,
}

impl Neighbours {
    /// So many connections, from [`ADDRESSES`] addresses in turn.
    pub(crate) fn connect(server: SocketAddr, count: usize) -> Self {
        Self::open_all(server, (0..count).map(address))
    }

    /// So many connections, all from one address.
    pub(crate) fn connect_from(server: SocketAddr, from: Ipv4Addr, count: usize) -> Self {
        Self::open_all(server, std::iter::repeat_n(from, count))
    }

    /// Who is not let in is left out; where many in turn are not, no more are tried.
    fn open_all(server: SocketAddr, from: impl Iterator<Item = Ipv4Addr>) -> Self {
        let (mut sockets, mut failures) = (Vec::new(), 0);
        for from in from {
            let opened = connect_from(server, from).and_then(|socket| {
                socket.set_nonblocking(true)?;
                Ok(socket)
            });
            match opened {
                Ok(socket) => (failures, _) = (0, sockets.push(socket)),
                Err(_) if failures >= MAX_FAILURES => break,
                Err(_) => failures += 1,
            }
        }
        Self { sockets }
    }

    /// How many were let in.
    pub(crate) fn count(&self) -> usize {
        self.sockets.len()
    }

    /// Each sends this so often, or until its socket takes no more. Nothing is read.
    pub(crate) fn ask(&mut self, request: &[u8], times: usize) {
        for socket in &mut self.sockets {
            for _ in 0..times {
                match socket.write(request) {
                    Ok(bytes) if bytes == request.len() => {}
                    // Cut in its middle, or hung up on: nobody will say more here.
                    _ => break,
                }
            }
        }
    }

    /// How many have something to read.
    pub(crate) fn answered(&self) -> usize {
        self.sockets.iter().filter(|socket| matches!(socket.peek(&mut [0]), Ok(1..))).count()
    }

    /// How many the server has not closed, as far as that shows.
    pub(crate) fn still_open(&self) -> usize {
        let is_open = |socket: &&TcpStream| match socket.peek(&mut [0]) {
            Ok(bytes) => bytes > 0,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        };
        self.sockets.iter().filter(is_open).count()
    }
}

/// The address of a neighbour: one of [`ADDRESSES`], in turn.
pub(crate) fn address(number: usize) -> Ipv4Addr {
    let number = number % ADDRESSES;
    let (net, host) = (number / 250, number % 250);
    Ipv4Addr::new(127, 1, net as u8, host as u8 + 1)
}

/// A connection from an address of this machine.
pub(crate) fn connect_from(server: SocketAddr, from: Ipv4Addr) -> Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    socket.connect_timeout(&server.into(), CONNECT_TIME)?;
    Ok(socket.into())
}

/// So many addresses the neighbours have.
pub(crate) const ADDRESSES: usize = 500;

const CONNECT_TIME: Duration = Duration::from_secs(5);
const MAX_FAILURES: u32 = 3;
