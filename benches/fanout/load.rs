//! Many viewers of one MJPEG stream, on one thread: what each gets, and when.
//!
//! How one of them reads is [`Viewer`]'s.

#![allow(dead_code, reason = "each bench is a crate of its own and uses a part")]

use std::collections::HashMap;
use std::io::{Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};
use rustls::pki_types::CertificateDer;
use rustls::{CipherSuite, ClientConfig, ClientConnection, NamedGroup, RootCertStore};
use socket2::{Domain, Socket, Type};

use crate::viewer::{Seen, Viewer};

/// What to do.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The server.
    pub address: SocketAddr,
    /// Whose certificate it shows, if clients are to speak TLS.
    pub tls: Option<CertificateDer<'static>>,
    /// What each client asks for, in turn; `None` where the server sends unasked.
    pub paths: Vec<Option<String>>,
    /// How many clients.
    pub clients: usize,
    /// How many more read only so many bytes per second.
    pub slow: Option<(usize, usize)>,
    /// How long to wait before measuring.
    pub settle: Duration,
    /// How long to measure.
    pub measure: Duration,
}

/// What the clients got while it was measured.
#[derive(Debug, Default, Clone)]
pub(crate) struct Got {
    /// Clients that got any picture.
    pub served: usize,
    /// Clients whose connection ended.
    pub ended: usize,
    /// Pictures a second: the least of any client, and the median.
    pub fps_min: f64,
    /// The median client's.
    pub fps_p50: f64,
    /// Pictures that all got together.
    pub pictures: u64,
    /// What one of them weighs: who cannot take it gets a lower level.
    pub picture_bytes: u64,
    /// Milliseconds between two pictures of a client, at the 99th percentile.
    pub gap_p99_ms: f64,
    /// Milliseconds from the capture to the last byte, where parts carry the time.
    pub latency_ms: Option<Spread>,
    /// The same of the slow clients.
    pub slow_latency_ms: Option<Spread>,
}

/// Where the values of a measurement lie.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Spread {
    /// The median.
    pub p50: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The largest.
    pub max: f64,
}

/// Watches as planned. `at_start` and `at_end` are called around what is measured.
pub(crate) fn watch(plan: &Plan, mut at_start: impl FnMut(), mut at_end: impl FnMut()) -> Got {
    let mut poll = Poll::new().expect("the system gives a poll");
    let mut clients = connect(plan, &poll);
    let mut events = Events::with_capacity(1024);
    let begin = Instant::now() + plan.settle;
    let end = begin + plan.measure;
    let mut measuring = false;
    loop {
        let now = Instant::now();
        if !measuring && now >= begin {
            measuring = true;
            clients.values_mut().for_each(|client| client.viewer.seen = Seen::default());
            at_start();
        }
        if now >= end {
            break;
        }
        poll.poll(&mut events, Some(TICK)).expect("the poll waits");
        for event in &events {
            if let Some(client) = clients.get_mut(&event.token())
                && client.allowance.is_none()
            {
                client.viewer.read(usize::MAX);
            }
        }
        clients.values_mut().for_each(Client::read_slowly);
    }
    at_end();
    sum_up(clients.into_values().collect(), plan.measure)
}

/// All come in before any asks: who has asked is not kept waiting for the others' handshakes.
fn connect(plan: &Plan, poll: &Poll) -> HashMap<Token, Client> {
    let slow = plan.slow.map_or(0, |(count, _)| count);
    let tls = plan.tls.as_ref().map(trusting);
    let newcomer = |number| {
        let rate = plan.slow.filter(|_| number >= plan.clients).map(|(_, rate)| rate);
        // Who is not let in is not served; a server with a short queue loses some.
        Some((number, Newcomer::connect(plan.address, rate, tls.as_ref()).ok()?))
    };
    let newcomers: Vec<_> = (0..plan.clients + slow).filter_map(newcomer).collect();
    newcomers
        .into_iter()
        .filter_map(|(number, newcomer)| {
            let path = plan.paths[number % plan.paths.len()].as_deref();
            let mut client = newcomer.ask(plan.address, path, number % HEARD == 0).ok()?;
            let token = Token(number);
            poll.registry()
                .register(&mut client.viewer.socket, token, Interest::READABLE)
                .expect("the poll takes a socket");
            Some((token, client))
        })
        .collect()
}

/// One who has come in, and has not asked for the stream.
struct Newcomer {
    stream: TcpStream,
    session: Option<ClientConnection>,
    rate: Option<usize>,
}

impl Newcomer {
    fn connect(
        address: SocketAddr,
        rate: Option<usize>,
        tls: Option<&Arc<ClientConfig>>,
    ) -> Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        if rate.is_some() {
            // What a phone on a bad link would hold.
            socket.set_recv_buffer_size(SLOW_RECEIVE_BYTES)?;
        }
        socket.connect_timeout(&address.into(), CONNECT_TIME)?;
        let mut stream: TcpStream = socket.into();
        let session = tls.map(|config| {
            let session = ClientConnection::new(Arc::clone(config), address.ip().into());
            let mut session = session.map_err(std::io::Error::other)?;
            while session.is_handshaking() {
                session.complete_io(&mut stream)?;
            }
            Ok::<_, std::io::Error>(session)
        });
        Ok(Self { stream, session: session.transpose()?, rate })
    }

    /// Asks for the stream; by TLS it may be one that does not decrypt what it gets.
    fn ask(self, address: SocketAddr, path: Option<&str>, heard: bool) -> Result<Client> {
        let Self { mut stream, session, rate } = self;
        let request = path.map(|path| format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n"));
        let request = request.unwrap_or_default();
        let viewer = match session {
            Some(mut session) => {
                rustls::Stream::new(&mut session, &mut stream).write_all(request.as_bytes())?;
                if heard { Viewer::by_tls(stream, session)? } else { Viewer::unheard(stream)? }
            }
            None => {
                stream.write_all(request.as_bytes())?;
                Viewer::over(stream)?
            }
        };
        let allowance =
            rate.map(|rate| Allowance { bytes_per_sec: rate, since: Instant::now(), used: 0 });
        Ok(Client { viewer, allowance })
    }
}

/// A viewer, and how fast it may read.
struct Client {
    viewer: Viewer,
    allowance: Option<Allowance>,
}

/// What a slow reader may still read.
struct Allowance {
    bytes_per_sec: usize,
    since: Instant,
    used: usize,
}

impl Client {
    fn read_slowly(&mut self) {
        if let Some(allowance) = &mut self.allowance {
            let earned = allowance.since.elapsed().as_secs_f64() * allowance.bytes_per_sec as f64;
            let most = (earned as usize).saturating_sub(allowance.used);
            // What was not read in time cannot be made up for: a slow link has no memory.
            let burst = allowance.bytes_per_sec / 20;
            let (unused, most) = (most.saturating_sub(burst), most.min(burst));
            allowance.used += self.viewer.read(most) + unused;
        }
    }
}

/// How a client speaks that trusts nothing but a certificate: by what browsers name first, TLS 1.3
/// with AES-128-GCM and X25519.
pub(crate) fn trusting(certificate: &CertificateDer<'static>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a certificate");
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|one| one.suite() == CipherSuite::TLS13_AES_128_GCM_SHA256);
    provider.kx_groups.retain(|group| group.name() == NamedGroup::X25519);
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn sum_up(mut clients: Vec<Client>, measured: Duration) -> Got {
    guess_unheard(&mut clients);
    let (slow, fast): (Vec<Client>, Vec<Client>) =
        clients.into_iter().partition(|client| client.allowance.is_some());
    let mut fps: Vec<f64> = fast
        .iter()
        .map(|client| client.viewer.seen.pictures as f64 / measured.as_secs_f64())
        .collect();
    fps.sort_by(f64::total_cmp);
    let all = |pick: fn(&Client) -> &Vec<f32>, of: &[Client]| {
        spread(of.iter().flat_map(|client| pick(client).iter().copied()).collect())
    };
    let pictures = fast.iter().map(|client| client.viewer.seen.pictures).sum::<u64>();
    let bytes = fast.iter().map(|client| client.viewer.seen.bytes).sum::<u64>();
    Got {
        served: fast.iter().filter(|client| client.viewer.seen.pictures > 0).count(),
        ended: fast.iter().filter(|client| client.viewer.over).count(),
        fps_min: fps.first().copied().unwrap_or_default(),
        fps_p50: fps.get(fps.len() / 2).copied().unwrap_or_default(),
        pictures,
        picture_bytes: bytes / pictures.max(1),
        gap_p99_ms: all(|client| &client.viewer.seen.gaps_ms, &fast).map_or(0.0, |gaps| gaps.p99),
        latency_ms: all(|client| &client.viewer.seen.latencies_ms, &fast),
        slow_latency_ms: all(|client| &client.viewer.seen.latencies_ms, &slow),
    }
}

/// Whoever decrypts by TLS knows what a picture weighs on the wire, and so how many the others got.
fn guess_unheard(clients: &mut [Client]) {
    let heard = clients.iter().map(|client| &client.viewer.seen).filter(|seen| seen.pictures > 0);
    let sum = |all: [u64; 3], seen: &Seen| {
        [all[0] + seen.pictures, all[1] + seen.bytes, all[2] + seen.wire_bytes]
    };
    let [pictures, bytes, wire_bytes] = heard.fold([0; 3], sum);
    let unheard = clients.iter_mut().map(|client| &mut client.viewer.seen);
    for seen in unheard.filter(|seen| seen.pictures == 0 && wire_bytes > 0) {
        seen.pictures = seen.wire_bytes * pictures / wire_bytes;
        seen.bytes = seen.wire_bytes * bytes / wire_bytes;
    }
}

fn spread(mut values: Vec<f32>) -> Option<Spread> {
    values.sort_by(f32::total_cmp);
    let at = |part: f64| values.get(((values.len() - 1) as f64 * part) as usize).copied();
    (!values.is_empty()).then(|| Spread {
        p50: f64::from(at(0.5).unwrap_or_default()),
        p99: f64::from(at(0.99).unwrap_or_default()),
        max: f64::from(at(1.0).unwrap_or_default()),
    })
}

/// Of those by TLS one in so many decrypts: what the others would take of this machine's processors,
/// no server's real clients do.
const HEARD: usize = 10;
const CONNECT_TIME: Duration = Duration::from_secs(5);
const SLOW_RECEIVE_BYTES: usize = 64 * 1024;
const TICK: Duration = Duration::from_millis(5);
