//! Where frames come from.
//!
//! A [`Source`] is opened when somebody watches and dropped when nobody does;
//! what comes of it is a [`Capture`], read on the device thread alone. Neither
//! knows of viewers. [`crate::live::supervisor`] opens again what was lost
//! and draws the cards; it never waits for either.

pub mod air;
pub mod browser;
pub mod clip;
pub mod film;
pub mod folder;
pub mod http;
mod jpegs;
mod lockout;
mod pace;
pub mod pattern;
#[cfg(unix)]
pub mod pipe;
mod reel;
mod rhythm;
pub mod rtsp;
mod splitter;
mod stated;
pub mod webcam;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::clock::Clock;
use crate::media::frame::{Picture, Size};

/// Something that can be opened for pictures, again and again.
pub trait Source: Send {
    /// What sort of source it is.
    fn kind(&self) -> Kind;

    /// What to call it before a person: the camera's name, the file's name, the address.
    fn name(&self) -> String;

    /// Called once, before anybody watches: for what must go on from then on.
    fn start(&mut self, _clock: &Clock) {}

    /// Opens it for pictures as near to `wish` as it offers; `clock` says when they are taken.
    ///
    /// May be called again at once after it failed.
    ///
    /// # Errors
    ///
    /// [`Trouble`] in words for the person who watches.
    fn open(&mut self, wish: Wish, clock: &Clock) -> Result<Box<dyn Capture>, Trouble>;

    /// How long opening takes at the most, unless the system hangs in it.
    fn patience(&self) -> Duration {
        OPENING
    }

    /// What to wait for before it is opened again, if anything.
    fn hold(&self) -> Option<Hold> {
        None
    }

    /// Where somebody goes on the air whose pictures it shows, if it is such a source.
    fn air(&self) -> Option<Arc<air::Air>> {
        None
    }

    /// What to say if the system hangs in opening or reading it.
    fn hung(&self) -> Trouble {
        Trouble {
            code: TroubleCode::Stalled,
            title: format!("{} does not answer", self.name()),
            detail: "The system waits for it; it goes on by itself when it answers.".into(),
        }
    }
}

/// An open source. Dropping it closes the device.
pub trait Capture {
    /// What it delivers; settled when it was opened, save for what the pictures themselves say.
    fn format(&self) -> Format;

    /// Waits for the next picture, which comes at the source's own rate.
    ///
    /// Returns `None` at `deadline` if none has come: the caller then looks whether
    /// to stop. A broken picture is counted in [`Capture::broken`] and passed over.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if the source is lost; the capture is of no more use then.
    fn next(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble>;

    /// What to say while a picture is overdue and yet hoped for.
    fn overdue(&self) -> Option<Trouble> {
        None
    }

    /// How long [`Capture::next`] takes at the most beyond its deadline, unless the system hangs in
    /// it: to ask another machine takes its time.
    fn patience(&self) -> Duration {
        READING
    }

    /// Pictures passed over because they were broken, since it was opened.
    fn broken(&self) -> u64 {
        0
    }
}

/// What takes the fingerprint of a certificate that shall be trusted.
const FINGERPRINT_OPTION: &str = "--source-fingerprint";

/// More than every source's own patience, whose words are better.
const OPENING: Duration = Duration::from_secs(10);
const READING: Duration = Duration::from_secs(6);

/// What a source waits for before it is opened again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Until then.
    pub until: Instant,
    /// Why, without the time.
    pub trouble: Trouble,
}

/// A picture with the time it was taken.
#[derive(Debug)]
pub struct Captured {
    /// When it was taken.
    pub at: Instant,
    /// What it shows.
    pub picture: Picture,
}

/// What to ask of a source; it gives what is nearest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wish {
    /// `--size`.
    pub size: Size,
    /// Pictures a second: `--fps`, 1 to 240, or the default. A clip that has a rate plays at it.
    pub fps: f64,
}

/// What an open source delivers.
#[derive(Debug, Clone, PartialEq)]
pub struct Format {
    /// Size of the pictures.
    pub size: Size,
    /// Pictures a second, as the source states it; 0 if it does not.
    pub fps: f64,
    /// The field's name of the encoding: `MJPEG`, `YUYV`, `NV12`.
    pub encoding: &'static str,
}

/// The sorts of sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A camera at this machine.
    Webcam,
    /// The picture that the server draws itself.
    Pattern,
    /// A file of pictures.
    Clip,
    /// A folder of JPEGs.
    Folder,
    /// Films, which browsers play themselves.
    Film,
    /// An MJPEG stream of another server.
    Http,
    /// An IP camera, or another server, that sends JPEG over RTP.
    Rtsp,
    /// What a command writes, or whoever writes to standard input.
    Pipe,
    /// Whoever goes live from a browser.
    Browser,
}

impl Kind {
    /// As `/state` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Webcam => "webcam",
            Kind::Pattern => "pattern",
            Kind::Clip => "clip",
            Kind::Folder => "folder",
            Kind::Film => "film",
            Kind::Http => "http",
            Kind::Rtsp => "rtsp",
            Kind::Pipe => "pipe",
            Kind::Browser => "browser",
        }
    }
}

/// Why there is no picture, in words for the person who watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Which trouble, for programs.
    pub code: TroubleCode,
    /// One short sentence without a full stop: `The camera was unplugged`.
    pub title: String,
    /// What happens next or what to do, one sentence or two.
    pub detail: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.title, self.detail)
    }
}

impl std::error::Error for Trouble {}

/// The troubles that a program can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TroubleCode {
    /// The device went away while it was open, or is not there now.
    Unplugged,
    /// It is there, and no picture comes.
    Stalled,
    /// Another program has it.
    Busy,
    /// Permission denied.
    Denied,
    /// Pictures come, and none of them can be read.
    Garbage,
    /// No such file or folder.
    Missing,
    /// The other server does not answer, or not with a stream.
    Unreachable,
    /// A command or what it wrote came to its end.
    Ended,
    /// Nobody is there to send a picture.
    Offline,
    /// Anything else.
    Failed,
}

impl TroubleCode {
    /// As `/state` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            TroubleCode::Unplugged => "unplugged",
            TroubleCode::Stalled => "stalled",
            TroubleCode::Busy => "busy",
            TroubleCode::Denied => "denied",
            TroubleCode::Garbage => "garbage",
            TroubleCode::Missing => "missing",
            TroubleCode::Unreachable => "unreachable",
            TroubleCode::Ended => "ended",
            TroubleCode::Offline => "offline",
            TroubleCode::Failed => "failed",
        }
    }
}
