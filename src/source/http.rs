//! MJPEG over HTTP from another server: this program again, mjpg-streamer, ustreamer,
//! a phone.
//!
//! On the device thread; whatever is asked, redirects included, has one deadline. Grammar is [`crate::proto`]'s. Does not come back after a loss: that is for
//! whoever opened it.

use std::fmt;
use std::time::Duration;

use self::fetch::{Fault, Unwanted, fetch};
use self::live::Live;
use self::snapshot::Snapshot;
use super::reel::MAX_PICTURE_BYTES;
use super::{Capture, Kind, Source, Trouble, TroubleCode, Wish};
use crate::base::clock::Clock;
use crate::proto::http::{HttpUrl, Invalid};
use crate::proto::multipart::PartReader;

mod fetch;
mod live;
mod snapshot;

#[cfg(test)]
mod tests;

/// A stream of another server as a source.
#[derive(Debug)]
pub struct Http {
    url: HttpUrl,
    patience: Duration,
}

impl Http {
    /// The stream at `address`, an `http://` URL with a name and password in it if need be.
    ///
    /// # Errors
    ///
    /// [`BadAddress`] if that is no such URL. Whether anybody answers shows when it is opened.
    pub fn new(address: &str) -> Result<Self, BadAddress> {
        match HttpUrl::parse(address) {
            Ok(url) => Ok(Self { url, patience: PATIENCE }),
            Err(fault) => Err(BadAddress { address: without_password(address), fault }),
        }
    }
}

impl Source for Http {
    fn kind(&self) -> Kind {
        Kind::Http
    }

    fn name(&self) -> String {
        self.url.to_string()
    }

    fn open(&mut self, wish: Wish, clock: &Clock) -> Result<Box<dyn Capture>, Trouble> {
        let peer = Peer { host: host(&self.url), patience: self.patience };
        open(&self.url, &peer, wish.fps, clock).map_err(|fault| peer.trouble(fault))
    }
}

fn open(url: &HttpUrl, peer: &Peer, fps: f64, clock: &Clock) -> Result<Box<dyn Capture>, Fault> {
    let answer = fetch(url, peer.patience)?;
    let kind = answer.content_type();
    if kind.starts_with("multipart/") {
        let content_type = answer.reply.headers.get("Content-Type").unwrap_or_default();
        let parts = PartReader::new(content_type, MAX_PICTURE_BYTES).map_err(Fault::Grammar)?;
        Ok(Box::new(Live::open(answer.body, parts, peer.clone(), answer.deadline, clock)?))
    } else if kind.starts_with(SNAPSHOT) {
        Ok(Box::new(Snapshot::open(answer, peer.clone(), fps, clock)?))
    } else {
        Err(Fault::Answer(Unwanted::Content(kind)))
    }
}

/// The other server.
#[derive(Debug, Clone)]
struct Peer {
    /// As a person would name it.
    host: String,
    /// How long nothing may come, and how long an answer may take.
    patience: Duration,
}

/// Why an address can't be asked, in one line for whoever started the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadAddress {
    /// Without name and password.
    address: String,
    fault: Invalid,
}

impl fmt::Display for BadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, fault } = self;
        write!(f, "{address} cannot be asked ({fault}): it should be http://HOST[:PORT]/PATH")
    }
}

impl std::error::Error for BadAddress {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.fault)
    }
}

impl Peer {
    /// Puts a fault into words for the person who watches.
    fn trouble(&self, fault: Fault) -> Trouble {
        let code = match &fault {
            Fault::Silent => TroubleCode::Stalled,
            Fault::Answer(Unwanted::Status(401 | 403)) => TroubleCode::Denied,
            Fault::Pictures => TroubleCode::Garbage,
            _ => TroubleCode::Unreachable,
        };
        let host = &self.host;
        let (title, detail) = match fault {
            Fault::Name(error) => (
                format!("{host} is not known"),
                format!("No address belongs to this name ({error})."),
            ),
            Fault::Connect(error) => (format!("{host} cannot be reached"), why_not(&error)),
            Fault::Silent => (
                format!("{host} has stopped sending"),
                format!("Nothing came for {} s.", self.patience.as_secs()),
            ),
            Fault::Ended => {
                (format!("{host} ended the stream"), "It may be restarting.".to_owned())
            }
            Fault::Broken(error) => {
                (format!("The connection to {host} broke"), format!("{error}."))
            }
            Fault::Grammar(invalid) => (
                format!("{host} sends what is not a stream"),
                format!("Not understood: {invalid}."),
            ),
            Fault::Pictures => (
                format!("No picture from {host} can be read"),
                "It should send JPEGs, baseline or progressive, in colour or gray.".to_owned(),
            ),
            Fault::Answer(answer) => self.no_stream(answer),
        };
        Trouble { code, title, detail }
    }

    /// What to say of an answer that is understood, and not the one hoped for.
    fn no_stream(&self, answer: Unwanted) -> (String, String) {
        let host = &self.host;
        match answer {
            Unwanted::Redirects => (
                format!("{host} sends us from one address to another"),
                "Give the address that a browser shows in the end.".to_owned(),
            ),
            Unwanted::Elsewhere(target) => (
                format!("{host} sends us where we cannot go"),
                format!("Only http:// is spoken, not {target}."),
            ),
            Unwanted::Status(401 | 403) => (
                format!("{host} asks who we are"),
                "Put name and password into the address: http://NAME:PASSWORD@HOST/PATH."
                    .to_owned(),
            ),
            Unwanted::Status(status) => (
                format!("{host} has no stream there"),
                format!("It answers with status {status}; {ADDRESSES}."),
            ),
            Unwanted::Content(kind) if kind.is_empty() => (
                format!("{host} does not say what it sends"),
                "Its answer has no Content-Type.".to_owned(),
            ),
            Unwanted::Content(kind) => (
                format!("{host} has no stream there"),
                format!("It answers with {kind}; {ADDRESSES}."),
            ),
        }
    }
}

/// Why a connect failed.
fn why_not(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "Nothing listens there.".to_owned(),
        std::io::ErrorKind::TimedOut => "It may be off, or on another network.".to_owned(),
        _ => format!("{error}."),
    }
}

/// A server as a person would name it.
fn host(url: &HttpUrl) -> String {
    match (url.host(), url.port()) {
        (host, 80) => host.to_owned(),
        (host, port) if host.contains(':') => format!("[{host}]:{port}"),
        (host, port) => format!("{host}:{port}"),
    }
}

/// An address as typed, fit to be printed.
fn without_password(address: &str) -> String {
    match (address.split_once("://"), address.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
        (None, Some((_, rest))) => rest.to_owned(),
        (_, None) => address.to_owned(),
    }
}

const ADDRESSES: &str = "streams are often at /stream, /?action=stream or /video";

/// The start of the type of a single picture; some say `image/jpg`.
const SNAPSHOT: &str = "image/jp";

/// How long a server may be silent.
const PATIENCE: Duration = Duration::from_secs(5);
