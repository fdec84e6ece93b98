//! The RTSP server (RFC 2326): the same pictures for players, and for the networking lab.
//!
//! ```text
//! a connection: requests, replies ──PLAY──► a session in it (TCP, or the lab's)
//!        │                          └─────► a session with a talk of its own (UDP)
//!        └── what is read or encoded ──► workers
//! ```
//!
//! All of it lives on the [lanes](crate::net::lane): no connection and no session has a thread.
//!
//! | file | what |
//! | --- | --- |
//! | [`connection`], [`messages`] | what comes over a connection, taken apart, and what leaves |
//! | [`requests`], [`lab`], [`client`] | what a request does, in RFC 2326's way and in the lab's |
//! | [`login`] | who may watch, asked for each request and for each session |
//! | [`session`], [`udp_session`] | what outlives a request, and what drives it without a connection |
//! | [`sessions`], [`mail`], [`mailbox`] | who finds a session, what is asked of it, and how |
//! | [`reception`], [`reports`] | what its client says of packets |
//! | [`feed`], [`clip_feed`], [`due`] | which picture is due: the source's newest, or a clip's next |
//! | [`clips`] | the folder of clips, and what is found out about one |
//! | [`stream`], [`destination`], [`udp`] | packets: when they leave, and where to |
//! | [`packing`], [`encodes`] | pictures in the form that they are sent in |
//!
//! A session is a viewer like any other: it has a level, a share and a place in the
//! audience while it plays.

mod client;
mod clip_feed;
mod clips;
mod connection;
mod destination;
mod due;
mod encodes;
mod feed;
mod lab;
mod login;
mod mail;
mod mailbox;
mod messages;
mod packing;
mod reception;
mod reports;
mod requests;
mod session;
mod sessions;
mod stream;
mod udp;
mod udp_session;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use log::warn;
use mio::net::UdpSocket;

use self::clips::Clips;
use self::connection::Connection;
use self::login::Door;
use self::packing::Packing;
use self::reports::Reports;
use self::sessions::Sessions;
use self::udp::Ports;
use crate::net::Bound;
use crate::net::lane::Talk;
use crate::web::Context;

pub use self::login::{Device, Doorkeeper};

/// What all connections and sessions share.
struct Server {
    context: Arc<Context>,
    clips: Option<Arc<Clips>>,
    /// None where the system gives no UDP ports: clients then come over TCP.
    ports: Option<Arc<Ports>>,
    sessions: Sessions,
    door: Door,
    packing: Packing,
    connections: AtomicU64,
}

/// How to serve.
pub struct Plan {
    /// The address that UDP leaves from; all of them if there is none.
    pub bind: Option<IpAddr>,
    /// A folder of clips to ask for by name.
    pub clips: Option<PathBuf>,
    /// Pictures a second of clips that have no rate.
    pub fps: f64,
    /// Who knows who may watch; none lets everybody.
    pub keeper: Option<Arc<dyn Doorkeeper>>,
}

/// Accepts connections on what was bound, and speaks RTSP on them.
pub fn start(bound: Bound, plan: Plan, context: &Arc<Context>) {
    let (server, rtcp) = Server::new(plan, Arc::clone(context));
    let (server, engine) = (Arc::new(server), &context.engine);
    if let Some(rtcp) = rtcp {
        let reports = Reports::new(rtcp, Arc::clone(&server));
        engine.places().place().begin(Box::new(reports));
    }
    let welcome = move |newcomer| -> Box<dyn Talk> {
        let now = server.context.clock.now();
        Box::new(Connection::new(newcomer, Arc::clone(&server), now))
    };
    engine.accept(bound, Box::new(welcome));
}

impl Server {
    /// A server that nobody has come to, and the socket of RTCP.
    fn new(plan: Plan, context: Arc<Context>) -> (Self, Option<UdpSocket>) {
        let opened = Ports::bind(plan.bind).and_then(|ports| Ok((ports.rtcp()?, Arc::new(ports))));
        let (rtcp, ports) = match opened {
            Ok((rtcp, ports)) => (Some(rtcp), Some(ports)),
            Err(error) => {
                warn!("no UDP ports for RTP: {error}; players can use TCP");
                (None, None)
            }
        };
        let workers = Arc::clone(&context.engine.workers);
        let clips = plan.clips.map(|folder| Clips::new(folder, plan.fps, Arc::clone(&workers)));
        let server = Self {
            clips: clips.map(Arc::new),
            ports,
            door: Door::new(plan.keeper, context.clock.now()),
            sessions: Sessions::new(context.engine.registry.limits().rtsp_sessions),
            packing: Packing::new(workers, &context.rooms.default().hub()),
            connections: AtomicU64::new(0),
            context,
        };
        (server, rtcp)
    }

    fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    bytes
}

fn random_u32() -> u32 {
    u32::from_be_bytes(random())
}

/// The one picture of each stream.
const TRACK: &str = "track1";
