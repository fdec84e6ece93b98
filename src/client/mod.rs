//! Plays from an RTSP server: for the player's window, and for `--source rtsp://`. Its connections,
//! plain or by TLS, are those of `--source http://` as well.
//!
//! [`Client`] is the handle; one thread, `rtsp client`, owns the sockets and the session and
//! tells what happens as [`Event`]s. [`Playback`] is the same on a thread that there is already.
//! Grammar is [`crate::proto`]'s. Does not decode pictures, and does not come back after a loss:
//! that is for whoever opened it.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use log::debug;
use mio::Waker;
use parking_lot::Mutex;

pub(crate) use self::fault::{Fault, denied};
pub(crate) use self::receiver::Shot;
pub(crate) use self::tls::TlsFault;
pub use self::tls::{Fingerprint, Trust};
pub(crate) use self::wire::{Wire, reach};
use self::worker::{Then, Worker};
use crate::base::threads;
use crate::proto::rtsp::transport::Lower;
use crate::proto::rtsp::{RtspUrl, State};

mod ask;
mod clips;
mod connect;
mod connection;
mod fault;
mod meter;
mod ports;
mod receiver;
mod session;
mod tls;
mod wire;
mod worker;

#[cfg(test)]
mod tests;

/// One stream of another server. Dropping it tears the session down, within a second.
pub struct Client {
    shared: Arc<Shared>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
}

/// How to play.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to ask the server for.
    pub transport: Transports,
    /// The UDP port to take RTP at, RTCP being the next one; any even one if none is given.
    pub rtp_port: Option<u16>,
    /// What the server is told of us.
    pub user_agent: &'static str,
    /// Whom to believe that it is the server, over TLS.
    pub trust: Trust,
    /// Where it may send us.
    pub redirects: Redirects,
}

/// Where a server may send us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redirects {
    /// Anywhere.
    #[default]
    Anywhere,
    /// To itself, at whatever port: who named it may not know what else can be reached from here.
    SameHost,
}

impl Redirects {
    /// Whether a server at the one host may send us to the other.
    pub fn allow(self, from: &str, to: &str) -> bool {
        self == Self::Anywhere || from.eq_ignore_ascii_case(to)
    }
}

/// Which transports are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transports {
    /// UDP, and TCP where it is refused or nothing comes; with TLS, the connection alone.
    #[default]
    UdpThenTcp,
    /// UDP alone.
    Udp,
    /// The RTSP connection itself.
    Tcp,
}

/// What happens, told on the client's own thread.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// What the server says of the stream; it can be set up now.
    Described(About),
    /// What else the server has, if it tells: names, `live` not among them.
    Clips(Vec<String>),
    /// The session's state, after each change.
    State(State),
    /// How packets travel: after each set-up, also when UDP was given up for TCP.
    Transport(Lower),
    /// A whole picture.
    Picture {
        /// From SOI to EOI, not looked into.
        jpeg: Vec<u8>,
        /// Where in the clip it is, if the server says so.
        position: Option<Duration>,
    },
    /// The clip is over: PLAY begins it again.
    Ended,
    /// A sentence for a person: a request was refused, or the session is over. Which of them,
    /// [`Event::State`] before it tells.
    Trouble(String),
}

/// What a server says of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Its name.
    pub name: String,
    /// How long a clip is; `None` for what is live.
    pub duration: Option<Duration>,
    /// Pictures a second.
    pub frame_rate: Option<f64>,
    /// Width and height in pixels.
    pub size: Option<(u16, u16)>,
}

/// What has come, of the session that is set up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// RTP packets that came.
    pub packets: u64,
    /// Packets that did not; below zero if some came twice.
    pub lost: i64,
    /// Packets that came after a later one, or twice.
    pub out_of_order: u64,
    /// Interarrival jitter (RFC 3550 A.8).
    pub jitter: Duration,
    /// Of RTP packets, over the last second.
    pub bits_per_sec: f64,
    /// Whole pictures, over the last second.
    pub frames_per_sec: f64,
    /// Whole pictures.
    pub frames: u64,
    /// Pictures of which a part was missing or broken.
    pub dropped_frames: u64,
    /// How packets travel, once that is settled.
    pub transport: Option<Lower>,
}

/// What the thread tells to this crate: an [`Event`], or what is more than one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Notice {
    Said(Event),
    Picture(Shot),
    Trouble(Fault),
}

/// How long what may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// To connect, the name's look-up included.
    pub(crate) connect: Duration,
    /// For a reply.
    pub(crate) reply: Duration,
    /// For the reply to the last TEARDOWN.
    pub(crate) teardown: Duration,
    /// For the first packet over UDP.
    pub(crate) silence: Duration,
    /// For the first packet over TCP, where there is nothing else to try.
    pub(crate) first: Duration,
    /// Between receiver reports.
    pub(crate) report: Duration,
    /// For a packet that is missing.
    pub(crate) patience: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Setup,
    Play(Option<Duration>),
    Pause,
    Teardown,
}

/// What both sides see; each lock is held for a moment only.
#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    commands: Mutex<Commands>,
}

#[derive(Default)]
struct Seen {
    state: State,
    statistics: Statistics,
}

#[derive(Default)]
struct Commands {
    queue: VecDeque<Command>,
    quit: bool,
}

impl Times {
    pub(crate) const DEFAULT: Self = Self {
        connect: Duration::from_secs(5),
        reply: Duration::from_secs(5),
        teardown: Duration::from_secs(1),
        silence: Duration::from_secs(3),
        first: Duration::from_secs(10),
        report: Duration::from_secs(5),
        patience: Duration::from_millis(100),
    };
}

impl Client {
    /// Connects and asks what there is, on a thread of its own: returns at once, and tells by
    /// `events` what came of it.
    ///
    /// # Errors
    ///
    /// The system's error if a thread or what it waits on cannot be made.
    pub fn connect(
        url: RtspUrl,
        options: Options,
        events: impl Fn(Event) + Send + 'static,
    ) -> io::Result<Self> {
        let host = url.authority();
        Self::start(url, options, Times::DEFAULT, move |notice| {
            events(match notice {
                Notice::Said(event) => event,
                Notice::Picture(Shot { jpeg, position, .. }) => Event::Picture { jpeg, position },
                Notice::Trouble(fault) => Event::Trouble(fault.sentence(&host, "--fingerprint")),
            });
        })
    }

    /// As [`Client::connect`], and tells more.
    pub(crate) fn start(
        url: RtspUrl,
        options: Options,
        times: Times,
        notices: impl Fn(Notice) + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let worker = Worker::new(url, options, times, notices, Arc::clone(&shared))?;
        let waker = worker.waker();
        let thread = threads::start("rtsp client", move || worker.run())?;
        Ok(Self { shared, waker, thread: Some(thread) })
    }

    /// Asks for a session.
    pub fn setup(&self) {
        self.command(Command::Setup);
    }

    /// Asks for pictures: from there, or from where the stream stands.
    pub fn play(&self, from: Option<Duration>) {
        self.command(Command::Play(from));
    }

    /// Asks for no more pictures for now.
    pub fn pause(&self) {
        self.command(Command::Pause);
    }

    /// Ends the session. It may be set up again.
    pub fn teardown(&self) {
        self.command(Command::Teardown);
    }

    /// Where the session stands.
    pub fn state(&self) -> State {
        self.shared.seen.lock().state
    }

    /// What has come so far.
    pub fn statistics(&self) -> Statistics {
        self.shared.seen.lock().statistics.clone()
    }

    fn command(&self, command: Command) {
        {
            let queue = &mut self.shared.commands.lock().queue;
            let is_play = |command: &Command| matches!(command, Command::Play(_));
            // A bar that is dragged asks for every place on the way.
            if is_play(&command) && queue.back().is_some_and(is_play) {
                queue.pop_back();
            }
            if queue.len() < MAX_COMMANDS {
                queue.push_back(command);
            }
        }
        self.wake();
    }

    fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            debug!("the client's thread is not woken: {error}");
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.shared.commands.lock().quit = true;
        self.wake();
        // Dropped by what it tells, it ends by itself.
        if let Some(thread) =
            self.thread.take().filter(|thread| thread.thread().id() != thread::current().id())
            && thread.join().is_err()
        {
            log::error!("the client's thread failed");
        }
    }
}

/// One stream of another server, played on the caller's thread while it is asked for more.
/// Dropping it tears the session down, within a second.
pub(crate) struct Playback<F: Fn(Notice)>(Worker<F>);

impl<F: Fn(Notice)> Playback<F> {
    /// Starts to connect; pictures are asked for as soon as it is known what there is.
    ///
    /// # Errors
    ///
    /// The system's error if what it waits on cannot be made.
    pub(crate) fn start(
        url: RtspUrl,
        options: Options,
        times: Times,
        notices: F,
    ) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        shared.commands.lock().queue.extend([Command::Setup, Command::Play(None)]);
        let mut worker = Worker::new(url, options, times, notices, shared)?;
        worker.connect(Then::Describe);
        Ok(Self(worker))
    }

    /// Does what there is to do, tells of it, and waits for more, at most until `deadline`.
    ///
    /// # Errors
    ///
    /// [`Fault`] if nothing more can come.
    pub(crate) fn turn(&mut self, deadline: Instant) -> Result<(), Fault> {
        self.0.turn(Some(deadline))
    }

    /// What has come so far, of the session that is set up.
    pub(crate) fn statistics(&self) -> Statistics {
        self.0.shared.seen.lock().statistics.clone()
    }
}

impl<F: Fn(Notice)> Drop for Playback<F> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// A client's nonce for Digest.
pub(crate) fn client_nonce() -> String {
    // Without randomness they repeat, and so does what is sent; nothing worse.
    let half = || getrandom::u64().unwrap_or(0x6C69_7665);
    format!("{:016x}{:016x}", half(), half())
}

/// That wait for the server at most.
const MAX_COMMANDS: usize = 64;
