//! Listening sockets: bound to one address or to all, and where they are reached.
//!
//! Accepting is [`super::accept`]'s.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use rustls::ServerConfig;
use socket2::{Domain, Protocol, Socket, Type};

/// Listening sockets that do not accept yet.
pub struct Bound {
    listener: TcpListener,
    addresses: Vec<SocketAddr>,
    /// How TLS is spoken there, beside what is spoken in clear.
    tls: Option<Arc<ServerConfig>>,
}

impl Bound {
    /// Lets clients speak TLS as well.
    #[must_use]
    pub(crate) fn with_tls(self, tls: Option<Arc<ServerConfig>>) -> Self {
        Self { tls, ..self }
    }

    /// The addresses that it can be reached at, loopback first.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The listening socket, that does not wait, and how TLS is spoken there.
    pub(super) fn into_parts(self) -> (TcpListener, Option<Arc<ServerConfig>>) {
        (self.listener, self.tls)
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
    Ok(Bound { listener, addresses, tls: None })
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

const BACKLOG: i32 = 1024;

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
