//! Accepts connections, each to a thread of its own.
//!
//! One thread waits at all listening sockets. It keeps the list of connections,
//! so that at the end it can close and join them.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use log::{debug, error, warn};
use mio::{Events, Interest, Poll, Token, Waker};
use socket2::{Domain, Protocol, Socket, Type};

use crate::base::shutdown::Shutdown as Stop;

/// Listening sockets that do not accept yet.
pub struct Bound {
    listener: TcpListener,
    addresses: Vec<SocketAddr>,
}

impl Bound {
    /// The addresses that it can be reached at, loopback first.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The listening socket, that does not wait.
    pub(super) fn into_listener(self) -> TcpListener {
        self.listener
    }
}

/// Binds a port of one address, or of all (of both families, where the system has both).
///
/// # Errors
///
/// The system's error: the port is taken, or not allowed, or the address is not this machine's.
pub fn bind(address: Option<IpAddr>, port: u16) -> std::io::Result<Bound> {
    let listener = match address {
        Some(address) => listen(SocketAddr::new(address, port), address.is_unspecified())?,
        None => match listen(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port), true) {
            Ok(listener) => listener,
            Err(error) if is_about_the_port(&error) => return Err(error),
            // A machine without IPv6.
            Err(_) => listen(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port), false)?,
        },
    };
    let bound = listener.local_addr()?;
    let addresses = reachable(bound);
    Ok(Bound { listener, addresses })
}

fn is_about_the_port(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied)
}

fn listen(address: SocketAddr, both_families: bool) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!both_families)?;
    }
    // On Windows this would let two servers have one port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// The addresses under which a bound socket is reached from here and from the network.
fn reachable(bound: SocketAddr) -> Vec<SocketAddr> {
    if !bound.ip().is_unspecified() {
        return vec![bound];
    }
    let useful = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => !ip.is_link_local(),
        // A link-local address needs a zone, which browsers do not take.
        IpAddr::V6(ip) => bound.is_ipv6() && !ip.is_unicast_link_local(),
    };
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut ips: Vec<IpAddr> =
        interfaces.iter().map(|interface| interface.ip()).filter(useful).collect();
    if ips.is_empty() {
        ips.push(Ipv4Addr::LOCALHOST.into());
    }
    ips.sort_by_key(|ip| (!ip.is_loopback(), ip.is_ipv6()));
    ips.dedup();
    ips.into_iter().map(|ip| SocketAddr::new(ip, bound.port())).collect()
}

/// The accepting thread.
pub struct Running {
    pub(crate) thread: JoinHandle<()>,
    pub(crate) waker: Waker,
}

impl Running {
    /// Waits for the accepting thread and all connections to end, after shutdown was asked.
    pub fn join(self) {
        if let Err(error) = self.waker.wake() {
            error!("cannot wake the accepting thread: {error}");
            return;
        }
        if self.thread.join().is_err() {
            error!("the accepting thread failed");
        }
    }
}

/// Starts the accepting thread.
///
/// `serve` talks with one client; each call has a thread of its own.
pub(crate) fn start(
    bound: Bound,
    name: &str,
    shutdown: Stop,
    serve: impl Fn(Arc<TcpStream>) + Send + Sync + 'static,
) -> std::io::Result<(JoinHandle<()>, Waker)> {
    let poll = Poll::new()?;
    let waker = Waker::new(poll.registry(), WAKE)?;
    let mut listener = mio::net::TcpListener::from_std(bound.listener);
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let serve = Arc::new(serve);
    let accepting = Accepting { poll, listener, shutdown, serve, connections: Vec::new() };
    let thread = thread::Builder::new().name(name.into()).spawn(move || accepting.run())?;
    Ok((thread, waker))
}

struct Accepting<S> {
    poll: Poll,
    listener: mio::net::TcpListener,
    shutdown: Stop,
    serve: Arc<S>,
    connections: Vec<Open>,
}

/// A connection's thread, and its socket as long as the thread has it.
struct Open {
    socket: Weak<TcpStream>,
    thread: JoinHandle<()>,
}

impl Open {
    /// Closes the socket; the thread ends of it.
    fn close(&self) {
        if let Some(socket) = self.socket.upgrade()
            && let Err(error) = socket.shutdown(Shutdown::Both)
        {
            debug!("close: {error}");
        }
    }
}

impl<S: Fn(Arc<TcpStream>) + Send + Sync + 'static> Accepting<S> {
    fn run(mut self) {
        let mut events = Events::with_capacity(16);
        while !self.shutdown.asked() {
            if let Err(error) = self.poll.poll(&mut events, None)
                && error.kind() != ErrorKind::Interrupted
            {
                error!("cannot wait for connections: {error}");
                break;
            }
            self.accept_all();
        }
        self.end();
    }

    fn accept_all(&mut self) {
        while !self.shutdown.asked() {
            match self.listener.accept() {
                Ok((socket, _)) => self.open(socket.into()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    // Out of descriptors, most likely: some connections may end meanwhile.
                    warn!("cannot accept a connection: {error}");
                    self.shutdown.wait(Duration::from_millis(100));
                }
            }
        }
    }

    fn open(&mut self, socket: TcpStream) {
        self.connections.retain(|open| !open.thread.is_finished());
        if self.connections.len() >= MAX_CONNECTIONS {
            warn!("{MAX_CONNECTIONS} connections are open: the oldest gives way");
            self.connections.remove(0).close();
        }
        if let Err(error) = socket.set_nonblocking(false) {
            return warn!("cannot serve a connection: {error}");
        }
        let socket = Arc::new(socket);
        let seen = Arc::downgrade(&socket);
        let serve = Arc::clone(&self.serve);
        let thread = thread::Builder::new()
            .name("connection".into())
            .stack_size(STACK_BYTES)
            .spawn(move || serve(socket));
        match thread {
            Ok(thread) => self.connections.push(Open { socket: seen, thread }),
            Err(error) => warn!("no thread for a connection: {error}"),
        }
    }

    /// Closes what is open, and waits for its threads.
    fn end(&mut self) {
        for open in &self.connections {
            open.close();
        }
        for open in self.connections.drain(..) {
            if open.thread.join().is_err() {
                error!("a connection failed");
            }
        }
    }
}

const LISTENER: Token = Token(0);
const WAKE: Token = Token(1);
const BACKLOG: i32 = 1024;
/// Threads of connections that are no streams.
const MAX_CONNECTIONS: usize = 4096;
const STACK_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_are_named_loopback_first() {
        let bound = bind(None, 0).unwrap();
        let addresses = bound.addresses();
        assert!(addresses[0].ip().is_loopback());
        assert!(addresses.iter().all(|address| address.port() == addresses[0].port()));
        assert_ne!(addresses[0].port(), 0);
    }

    #[test]
    fn one_address_is_named_as_it_was_bound() {
        let bound = bind(Some(Ipv4Addr::LOCALHOST.into()), 0).unwrap();
        assert_eq!(bound.addresses().len(), 1);
        assert_eq!(bound.addresses()[0].ip(), Ipv4Addr::LOCALHOST);
    }

    #[test]
    fn a_port_is_bound_once() {
        let first = bind(None, 0).unwrap();
        let port = first.addresses()[0].port();
        let error = bind(None, port).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    }
}
