//! Accepts connections and gives each a place on a lane.
//!
//! Runs on a lane itself, as the talk of a listening socket. When descriptors or connections
//! run out, the [registry](super::registry) finds who gives way, and newcomers wait in the
//! system's queue for the moment that it takes.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::debug;
use mio::event::Source;
use mio::net::{TcpListener, TcpStream};
use rustls::ServerConfig;
use socket2::SockRef;

use super::lane::{Handle, Moment, Places, Talk, Turn};
use super::limits::{RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES};
use super::listener::Bound;
use super::registry::{Guest, Need, Registry};
use super::wire::Wire;
use crate::base::warn_rate::WarnRate;

/// A connection that has just come.
pub(crate) struct Newcomer {
    /// Its bytes.
    pub(crate) wire: Wire,
    /// Its place in the registry.
    pub(crate) guest: Guest,
    /// The way to the talk that is made of it.
    pub(crate) handle: Handle,
    /// The client, without the form that IPv4 addresses have on a socket of both families.
    pub(crate) peer: SocketAddr,
}

/// Makes a talk of a newcomer.
pub(crate) type Welcome = Box<dyn FnMut(Newcomer) -> Box<dyn Talk> + Send>;

/// The talk of a listening socket.
pub(crate) struct Acceptor {
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    places: Places,
    registry: Arc<Registry>,
    welcome: Welcome,
}

impl Acceptor {
    /// Accepts on what was bound; `welcome` makes a talk of who comes.
    pub(crate) fn new(
        bound: Bound,
        places: Places,
        registry: Arc<Registry>,
        welcome: Welcome,
    ) -> Self {
        let (listener, tls) = bound.into_parts();
        bound_buffers(&listener);
        Self { listener: TcpListener::from_std(listener), tls, places, registry, welcome }
    }

    fn take_in(&mut self, socket: TcpStream, peer: SocketAddr, now: Instant) {
        let peer = canonical(peer);
        let handle = self.places.place();
        let Some(guest) = self.registry.enter(peer.ip(), handle.clone(), now) else {
            let ip = peer.ip();
            TURNED_AWAY
                .warn(now, format_args!("a connection from {ip} is turned away: all are in use"));
            return;
        };
        let wire = Wire::new(socket, self.tls.clone());
        let newcomer = Newcomer { wire, guest, handle: handle.clone(), peer };
        let talk = (self.welcome)(newcomer);
        handle.begin(talk);
    }
}

impl Talk for Acceptor {
    fn source(&mut self) -> Option<&mut dyn Source> {
        Some(&mut self.listener)
    }

    fn turn(&mut self, moment: &mut Moment<'_>) -> Turn {
        for _ in 0..MOST_AT_ONCE {
            match self.listener.accept() {
                Ok((socket, peer)) => self.take_in(socket, peer, moment.now),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Turn::until(None),
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::Interrupted | ErrorKind::ConnectionAborted
                    ) => {}
                Err(error) => {
                    // Out of descriptors, most likely.
                    let gone = self.registry.give_way(Need::Connections, moment.now);
                    let what = format_args!("cannot accept a connection: {error}");
                    OUT_OF_DESCRIPTORS.warn(moment.now, what);
                    debug!("{gone} connections give way");
                    return Turn::until(Some(moment.now + RETRY));
                }
            }
        }
        // Others come first, then those who still wait.
        Turn::until(Some(moment.now))
    }
}

/// Without the form that IPv4 addresses have on a socket of both families.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(of) if of.ip().to_ipv4_mapped().is_some() => {
            SocketAddr::new(address.ip().to_canonical(), address.port())
        }
        // Its zone stays.
        _ => address,
    }
}

/// Bounds what the system holds for a connection; what is accepted inherits it.
fn bound_buffers(listener: &std::net::TcpListener) {
    let socket = SockRef::from(listener);
    let set = [
        ("SO_SNDBUF", socket.set_send_buffer_size(SEND_BUFFER_BYTES)),
        ("SO_RCVBUF", socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)),
        ("TCP_NODELAY", socket.set_tcp_nodelay(true)),
    ];
    for (option, outcome) in set {
        if let Err(error) = outcome {
            debug!("{option}: {error}");
        }
    }
}

static TURNED_AWAY: WarnRate = WarnRate::new(module_path!());
static OUT_OF_DESCRIPTORS: WarnRate = WarnRate::new(module_path!());

/// Taking one in takes some ten microseconds, and more where room has to be made for it.
const MOST_AT_ONCE: usize = 8;
const RETRY: Duration = Duration::from_millis(10);
