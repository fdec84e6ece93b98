//! The RTSP server (RFC 2326): the same pictures for players, and for the networking lab.
//!
//! ```text
//! accept ──► a connection thread: requests, replies ──PLAY──► an rtp thread: packets of many
//!            rtcp thread: receiver reports, sessions whose client went silent
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | [`connection`] | what comes over a connection, taken apart |
//! | [`requests`], [`lab`] | what a request does, in RFC 2326's way and in the lab's |
//! | [`session`] | what outlives a request |
//! | [`show`], [`stage`] | what a session plays, and the few threads that play all of them |
//! | [`feed`], [`clips`] | which picture is due: the source's newest, or a clip's next |
//! | [`shelf`] | pictures packed for sending, once for all sessions of a level |
//! | [`outlet`], [`udp`] | the way of packets |
//!
//! A session is a viewer like any other: it has a level, a share and a place in the
//! audience while it plays.

mod clips;
mod connection;
mod feed;
mod lab;
mod news;
mod outlet;
mod requests;
mod session;
mod shelf;
mod show;
mod stage;
mod udp;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use log::{error, warn};

use self::clips::{ClipEntry, Clips};
use self::session::Sessions;
use self::shelf::Shelf;
use self::show::Show;
use self::stage::{Playing, Stages};
use self::udp::Ports;
use crate::live::audience::Refused;
use crate::net::listener::Running;
use crate::net::listener::{self, Bound};
use crate::proto::form;
use crate::proto::rtp::rtcp;
use crate::source::Trouble;
use crate::web::context::Context;

/// What all sessions share.
struct Studio {
    context: Arc<Context>,
    clips: Option<Clips>,
    /// None where the system gives no UDP ports: clients then come over TCP.
    ports: Option<Arc<Ports>>,
    sessions: Sessions,
    stages: Stages,
    connections: AtomicU64,
}

/// What can be asked for.
enum Resource {
    Live,
    Clip(Arc<ClipEntry>),
}

/// How to serve.
pub struct Plan {
    /// The address that UDP leaves from; all of them if there is none.
    pub bind: Option<IpAddr>,
    /// A folder of clips to ask for by name.
    pub clips: Option<PathBuf>,
    /// Pictures a second of clips that have no rate.
    pub fps: f64,
}

/// The running RTSP server.
pub struct RtspRunning {
    accepting: Running,
    rtcp: JoinHandle<()>,
    studio: Arc<Studio>,
}

/// Starts accepting connections on what was bound.
///
/// # Errors
///
/// The system's error if a thread or its poll cannot be made.
pub fn start(bound: Bound, plan: Plan, context: Arc<Context>) -> std::io::Result<RtspRunning> {
    let ports = match Ports::bind(plan.bind) {
        Ok(ports) => Some(Arc::new(ports)),
        Err(error) => {
            warn!("no UDP ports for RTP: {error}; players can use TCP");
            None
        }
    };
    let shelf = Arc::new(Shelf::new());
    let stages = Stages::start(&context.hub, &shelf, &context.shutdown)?;
    let studio = Arc::new(Studio {
        clips: plan.clips.map(|folder| Clips::new(folder, plan.fps)),
        ports,
        sessions: Sessions::default(),
        stages,
        connections: AtomicU64::new(0),
        context,
    });
    let of_rtcp = Arc::clone(&studio);
    let rtcp = thread::Builder::new().name("rtcp".into()).spawn(move || of_rtcp.listen())?;
    let of_connections = Arc::clone(&studio);
    let serve = move |socket| connection::serve(socket, &of_connections);
    let shutdown = studio.context.shutdown.clone();
    let (thread, waker) = listener::start(bound, "accept-rtsp", shutdown, serve)?;
    Ok(RtspRunning { accepting: Running { thread, waker }, rtcp, studio })
}

impl RtspRunning {
    /// Ends all sessions and waits for all threads, after shutdown was asked.
    pub fn join(self) {
        self.studio.stages.join();
        let end_all = || self.studio.sessions.take_all().iter().for_each(|one| one.end());
        end_all();
        self.accepting.join();
        // What connections set up meanwhile.
        end_all();
        if self.rtcp.join().is_err() {
            error!("the RTCP thread failed");
        }
    }
}

impl Studio {
    fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    /// Lets a show begin.
    fn put_on(&self, show: Box<Show>) -> Result<Playing, (Box<Show>, Refused)> {
        self.stages.put_on(show, &self.context.audience)
    }

    /// What lies at a path.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if it is a clip that cannot be played.
    fn find(&self, path: &str) -> Result<Option<Resource>, Trouble> {
        let name = path.trim_start_matches('/');
        if matches!(name, "" | "live") {
            return Ok(Some(Resource::Live));
        }
        let Some(clips) = &self.clips else { return Ok(None) };
        Ok(clips.find(name)?.map(Resource::Clip))
    }

    /// The names of all clips, each percent-encoded, with commas between.
    fn clip_names(&self) -> String {
        let names = self.clips.iter().flat_map(Clips::names);
        names.map(|name| form::encode_component(&name)).collect::<Vec<_>>().join(", ")
    }

    /// Takes in RTCP, and ends sessions whose clients went silent.
    fn listen(&self) {
        let mut buffer = [0; 2048];
        let mut swept = Instant::now();
        while !self.context.shutdown.asked() {
            match &self.ports {
                Some(ports) => {
                    if let Some((length, from)) = ports.receive_rtcp(&mut buffer)
                        && let Ok(compound) = rtcp::parse(&buffer[..length])
                    {
                        self.sessions.rtcp(&compound, from, Instant::now());
                    }
                }
                None => drop(self.context.shutdown.wait(SWEEP_PERIOD)),
            }
            if swept.elapsed() >= SWEEP_PERIOD {
                swept = Instant::now();
                for session in self.sessions.take_stale(swept) {
                    session.end();
                }
            }
        }
    }
}

const SWEEP_PERIOD: Duration = Duration::from_secs(1);
