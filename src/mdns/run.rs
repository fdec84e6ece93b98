//! The thread of multicast DNS: its sockets, one for each interface and family, and its clock.
//!
//! It sleeps until a packet comes in, something is due or [`BETWEEN_LOOKS`] have passed, after which
//! it looks whether the machine came into a network or left one.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use log::debug;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use parking_lot::Mutex;
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};

use super::links;
use super::responder::{Datagram, PORT, Responder};
use crate::base::warn_rate::WarnRate;

/// What the thread owns.
pub(super) struct Run {
    poll: Poll,
    responder: Responder,
    bind: Option<IpAddr>,
    host: Arc<Mutex<String>>,
    stop: Arc<AtomicBool>,
    sockets: Vec<Group>,
    /// What the next socket is known by.
    next_token: usize,
    has_warned: bool,
}

/// A socket in the group of multicast DNS, on one interface.
struct Group {
    token: Token,
    link: u32,
    /// This machine's address there, by which it was joined.
    local: IpAddr,
    socket: UdpSocket,
    /// There may be more to read.
    ready: bool,
}

impl Run {
    pub(super) fn new(
        poll: Poll,
        responder: Responder,
        bind: Option<IpAddr>,
        host: Arc<Mutex<String>>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        let (sockets, next_token) = (Vec::new(), WAKE.0 + 1);
        Self { poll, responder, bind, host, stop, sockets, next_token, has_warned: false }
    }

    /// Until it shall stop; then says so to the network.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(64);
        let mut look_at = Instant::now();
        while !self.stop.load(Ordering::Acquire) {
            let now = Instant::now();
            if now >= look_at {
                look_at = now + BETWEEN_LOOKS;
                self.look(now);
            }
            let due = self.responder.turn(now);
            self.send(&due);
            self.tell();
            let has_more = self.sockets.iter().any(|group| group.ready);
            let until = self.responder.next().map_or(look_at, |next| next.min(look_at));
            let wait = if has_more { Duration::ZERO } else { until.saturating_duration_since(now) };
            match self.poll.poll(&mut events, Some(wait)) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    FAILED.warn(now, format_args!("no more announced on the network: {error}"));
                    break;
                }
            }
            for event in &events {
                let of = |group: &&mut Group| group.token == event.token();
                self.sockets.iter_mut().filter(of).for_each(|group| group.ready = true);
            }
            self.read();
        }
        let farewell = self.responder.goodbye();
        self.send(&farewell);
    }

    /// Finds the interfaces that came, changed and went.
    fn look(&mut self, now: Instant) {
        let (places, own) = links::look(self.bind);
        let stands = |group: &Group| {
            places.get(&group.link).is_some_and(|place| place.addresses.contains(&group.local))
        };
        self.sockets.retain(stands);
        let (mut failed, mut open) = (None, places.clone());
        for (link, place) in &places {
            for v4 in [true, false] {
                let mut addresses = place.addresses.iter();
                let Some(&local) = addresses.find(|ip| ip.is_ipv4() == v4) else { continue };
                let has = |group: &Group| group.link == *link && group.local.is_ipv4() == v4;
                if !self.sockets.iter().any(has)
                    && let Err(error) = self.join(*link, local)
                {
                    debug!("no multicast DNS at {local}: {error}");
                    failed = Some((local, error));
                }
            }
            if !self.sockets.iter().any(|group| group.link == *link) {
                open.remove(link);
            }
        }
        if let Some((local, error)) = failed.filter(|_| open.is_empty() && !self.has_warned) {
            self.has_warned = true;
            let at = SocketAddr::new(local, PORT);
            FAILED.warn(
                now,
                format_args!("not announced on the network yet, by UDP at {at}: {error}"),
            );
        }
        self.responder.place(open, own, now);
    }

    fn join(&mut self, link: u32, local: IpAddr) -> std::io::Result<()> {
        let mut socket = UdpSocket::from_std(group_socket(link, local)?.into());
        let token = Token(self.next_token);
        self.poll.registry().register(&mut socket, token, Interest::READABLE)?;
        self.next_token += 1;
        self.sockets.push(Group { token, link, local, socket, ready: true });
        Ok(())
    }

    /// Reads what came in; of a flood so much at a time that the rest goes on beside it.
    fn read(&mut self) {
        let mut buffer = [0; MAX_PACKET_BYTES + 1];
        for at in 0..self.sockets.len() {
            for _ in 0..PACKETS_AT_ONCE {
                let group = &mut self.sockets[at];
                if !group.ready {
                    break;
                }
                let link = group.link;
                match group.socket.recv_from(&mut buffer) {
                    Ok((length, _)) if length > MAX_PACKET_BYTES => {}
                    Ok((length, from)) => {
                        let now = Instant::now();
                        let out = self.responder.take(link, from, &buffer[..length], now);
                        self.send(&out);
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    // An error of the network is read once, and with the next packet it is gone.
                    Err(_) => group.ready = false,
                }
            }
        }
    }

    fn send(&self, datagrams: &[Datagram]) {
        for datagram in datagrams {
            let of_link = self.sockets.iter().filter(|group| group.link == datagram.link);
            for group in of_link {
                let to = match datagram.to {
                    Some(to) if to.is_ipv4() != group.local.is_ipv4() => continue,
                    Some(to) => to,
                    None => group_address(group.link, group.local),
                };
                // What is lost here is asked for again, as what is lost on the way.
                if let Err(error) = group.socket.send_to(&datagram.bytes, to) {
                    debug!("not sent to {to}: {error}");
                }
            }
        }
    }

    fn tell(&self) {
        let (host, mut told) = (self.responder.host(), self.host.lock());
        if *told != host {
            *told = host;
        }
    }
}

/// A socket that hears the group on this interface alone, and speaks there.
fn group_socket(link: u32, local: IpAddr) -> std::io::Result<Socket> {
    let group = group_address(link, local);
    let socket = Socket::new(Domain::for_address(group), Type::DGRAM, Some(Protocol::UDP))?;
    // The system's own responder has the port as well.
    socket.set_reuse_address(true)?;
    #[cfg(all(unix, not(target_os = "linux")))]
    socket.set_reuse_port(true)?;
    // Bound to the group it never takes what is sent to another responder alone. Windows cannot.
    let any: IpAddr = match local {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let at = if cfg!(windows) { SocketAddr::new(any, PORT) } else { group };
    match local {
        IpAddr::V4(local) => {
            socket.bind(&at.into())?;
            #[cfg(target_os = "linux")]
            socket.set_multicast_all_v4(false)?;
            socket.join_multicast_v4_n(&GROUP_V4, &InterfaceIndexOrAddress::Index(link))?;
            socket.set_multicast_if_v4(&local)?;
            // RFC 6762 §11.
            socket.set_multicast_ttl_v4(255)?;
            socket.set_ttl_v4(255)?;
        }
        IpAddr::V6(_) => {
            socket.set_only_v6(true)?;
            socket.bind(&at.into())?;
            #[cfg(target_os = "linux")]
            socket.set_multicast_all_v6(false)?;
            socket.join_multicast_v6(&GROUP_V6, link)?;
            socket.set_multicast_if_v6(link)?;
            socket.set_multicast_hops_v6(255)?;
            socket.set_unicast_hops_v6(255)?;
        }
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn group_address(link: u32, local: IpAddr) -> SocketAddr {
    match local {
        IpAddr::V4(_) => SocketAddr::new(GROUP_V4.into(), PORT),
        IpAddr::V6(_) => SocketAddrV6::new(GROUP_V6, PORT, 0, link).into(),
    }
}

/// What wakes the thread to stop.
pub(super) const WAKE: Token = Token(0);
static FAILED: WarnRate = WarnRate::new(module_path!());
const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
/// What Ethernet carries. Longer ones are for a single large record (RFC 6762 §17), which is nothing
/// of this server's, and names in them can be made to cost milliseconds: each may lead back through
/// all bytes before it.
const MAX_PACKET_BYTES: usize = 1500;
const PACKETS_AT_ONCE: usize = 32;
/// A network that came is announced so soon; a look takes some tens of microseconds.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);
