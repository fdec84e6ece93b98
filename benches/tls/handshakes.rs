//! What handshakes cost the server, and what others notice of them.

use std::fmt;
use std::io::{Read, Result, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::{ClientConfig, ClientConnection, HandshakeKind};

use crate::load::{self, Got, Plan};
use crate::rows::plan;
use crate::server::{Identity, Server};

/// How a client comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// For the first time.
    Full,
    /// With a ticket.
    Resumed,
}

/// What ten viewers had beside handshakes.
pub(crate) struct Beside {
    /// The pictures a second of the one that had the fewest.
    pub fps_min: f64,
    got: Got,
    handshakes: usize,
}

/// The processor time of one handshake, microseconds, from the connection to its end.
pub(crate) fn cost(server: &Server, identity: &Identity, kind: Kind) -> f64 {
    let mut config = ClientConfig::clone(&load::trusting(&identity.der));
    if kind == Kind::Full {
        config.resumption = Resumption::disabled();
    }
    let config = Arc::new(config);
    // The first of those that resume is a full one.
    shake(server, &config).expect("the server speaks TLS");
    let before = server.usage_in_front().cpu;
    for _ in 0..HANDSHAKES {
        let agreed = shake(server, &config).expect("the server speaks TLS");
        let resumed = agreed.0.handshake_kind() == Some(HandshakeKind::Resumed);
        assert_eq!(resumed, kind == Kind::Resumed, "{}", server.name);
    }
    let cpu = server.usage_in_front().cpu - before;
    cpu.as_secs_f64() * 1e6 / HANDSHAKES as f64
}

/// What each of so many connections keeps of the server's memory, once it has agreed and says
/// nothing more.
pub(crate) fn idle_kib(server: &Server, identity: &Identity, count: usize) -> f64 {
    let config = load::trusting(&identity.der);
    let agree = || shake(server, &config).expect("the server speaks TLS");
    let first = agree();
    let before = server.usage().rss_mib;
    let all: Vec<_> = (0..count).map(|_| agree()).collect();
    let after = server.usage().rss_mib;
    drop((first, all));
    (after - before) * 1024.0 / count as f64
}

/// Lets [`AT_ONCE`] connections shake hands at the same time, again and again, for so many seconds.
pub(crate) fn beside_viewers(server: &Server, identity: &Identity, seconds: u64) -> Beside {
    let (over, handshakes) = (AtomicBool::new(false), AtomicUsize::new(0));
    let viewers = Plan { tls: None, ..plan(server, 10, seconds) };
    let got = thread::scope(|scope| {
        scope.spawn(|| {
            let config = load::trusting(&identity.der);
            thread::sleep(viewers.settle);
            while !over.load(Ordering::Relaxed) {
                handshakes.fetch_add(burst(server, &config), Ordering::Relaxed);
            }
        });
        let got = load::watch(&viewers, || (), || ());
        over.store(true, Ordering::Relaxed);
        got
    });
    Beside { fps_min: got.fps_min, got, handshakes: handshakes.into_inner() }
}

/// All say hello before any goes on. Returns how many have agreed.
fn burst(server: &Server, config: &Arc<ClientConfig>) -> usize {
    let hello = || -> Result<(ClientConnection, TcpStream)> {
        let mut session = session(server, config)?;
        let mut socket = TcpStream::connect(server.address)?;
        session.write_tls(&mut socket)?;
        Ok((session, socket))
    };
    let all: Vec<_> = (0..AT_ONCE).filter_map(|_| hello().ok()).collect();
    all.into_iter().filter_map(|(session, socket)| agree(session, socket).ok()).count()
}

/// A connection whose sides have agreed, and the client has its ticket.
fn shake(server: &Server, config: &Arc<ClientConfig>) -> Result<(ClientConnection, TcpStream)> {
    agree(session(server, config)?, TcpStream::connect(server.address)?)
}

fn session(server: &Server, config: &Arc<ClientConfig>) -> Result<ClientConnection> {
    let name = server.address.ip().into();
    ClientConnection::new(Arc::clone(config), name).map_err(std::io::Error::other)
}

fn agree(
    mut session: ClientConnection,
    mut socket: TcpStream,
) -> Result<(ClientConnection, TcpStream)> {
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    while session.is_handshaking() || session.tls13_tickets_received() == 0 {
        while session.wants_write() {
            session.write_tls(&mut socket)?;
        }
        if session.read_tls(&mut socket as &mut dyn Read)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        session.process_new_packets().map_err(std::io::Error::other)?;
    }
    socket.flush()?;
    Ok((session, socket))
}

impl fmt::Display for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let late = self.got.latency_ms.unwrap_or_default();
        write!(
            f,
            "{} handshakes; the ten had {:.1} pictures a second at least, {:.1} ms late at the \
             median and {:.1} at the 99th percentile.",
            self.handshakes, self.fps_min, late.p50, late.p99
        )
    }
}

/// The system counts processor time in hundredths of a second.
const HANDSHAKES: usize = 3000;
const AT_ONCE: usize = 2000;
const PATIENCE: Duration = Duration::from_secs(30);
