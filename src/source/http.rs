//! MJPEG over HTTP from another server: this program again, mjpg-streamer, ustreamer,
//! a phone.
//!
//! On the device thread; whatever is asked, redirects and logins included, has one deadline.
//! Grammar is [`crate::proto`]'s. Does not come back after a loss: that is for whoever opened it.

use std::time::Duration;

use self::fetch::{Asker, Fault, Unwanted};
use self::live::Live;
use super::lockout::Lockout;
use super::rhythm::Bounds;
use super::{Capture, FINGERPRINT_OPTION, Hold, Kind, Source, Trouble, TroubleCode, Wish};
use crate::base::clock::Clock;
use crate::client::{Redirects, Trust, denied};
use crate::proto::auth::Denial;
use crate::proto::http::HttpUrl;

mod fetch;
mod form;
mod live;

#[cfg(test)]
mod tests;

/// A stream of another server as a source.
#[derive(Debug)]
pub struct Http {
    url: HttpUrl,
    trust: Trust,
    redirects: Redirects,
    bounds: Bounds,
    lockout: Lockout,
}

impl Http {
    /// The stream at `url`. Whether anybody answers shows when it is opened.
    pub fn new(url: HttpUrl, trust: Trust, redirects: Redirects) -> Self {
        Self { url, trust, redirects, bounds: Bounds::DEFAULT, lockout: Lockout::default() }
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
        let peer = Peer { host: self.url.authority(), bounds: self.bounds };
        let mut asker =
            Asker::new(self.url.clone(), self.trust, self.redirects, self.bounds.unknown);
        let answer = asker.ask().map_err(|fault| peer.refused(fault, &self.lockout, clock))?;
        self.lockout.accepted();
        Ok(Box::new(Live::new(asker, answer, peer, self.lockout.clone(), wish.fps, clock)))
    }

    fn hold(&self) -> Option<Hold> {
        self.lockout.hold()
    }

    fn patience(&self) -> Duration {
        self.bounds.unknown + OPENING
    }
}

/// The other server.
#[derive(Debug, Clone)]
struct Peer {
    /// As a person would name it.
    host: String,
    /// How long it may be silent; an answer may take as long as the first picture.
    bounds: Bounds,
}

impl Peer {
    /// As [`Peer::trouble`], and notes if a login was refused.
    fn refused(&self, fault: Fault, lockout: &Lockout, clock: &Clock) -> Trouble {
        let login = matches!(fault, Fault::Denied(Denial::Wrong));
        let trouble = self.trouble(fault);
        if login {
            lockout.refused(&trouble, clock.now());
        }
        trouble
    }

    /// Puts a fault into words for the person who watches.
    fn trouble(&self, fault: Fault) -> Trouble {
        let code = match &fault {
            Fault::Silent(_) | Fault::Slow { .. } => TroubleCode::Stalled,
            Fault::Denied(_) => TroubleCode::Denied,
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
            Fault::Tls(fault) => fault.words(host, FINGERPRINT_OPTION),
            Fault::Silent(time) => (
                format!("{host} has stopped sending"),
                format!("Nothing came for {} s.", time.as_secs()),
            ),
            Fault::Slow { bytes, first, time } => (
                format!("{host} sends too slowly"),
                format!(
                    "Its pictures are not complete in time: {bytes} bytes of the {} in {} s.",
                    if first { "first" } else { "next" },
                    time.as_secs()
                ),
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
            Fault::Denied(denial) => denied(&denial, host, "http"),
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
            Unwanted::OtherHost => (
                format!("{host} sends us to another host"),
                "Give the address that a browser shows in the end.".to_owned(),
            ),
            Unwanted::Elsewhere(target) => (
                format!("{host} sends us where we cannot go"),
                match target.as_str() {
                    "" => "Its address cannot be read.".to_owned(),
                    scheme => format!("Only http:// is spoken, not {scheme}:."),
                },
            ),
            Unwanted::Status(status) => (
                format!("{host} has no stream there"),
                format!("It answers with status {status}; {ADDRESSES}."),
            ),
            Unwanted::Content(kind) => (
                format!("{host} has no stream there"),
                match kind.as_str() {
                    "" => format!("It answers with no JPEG; {ADDRESSES}."),
                    kind => format!("It answers with {kind}; {ADDRESSES}."),
                },
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

const ADDRESSES: &str = "streams are often at /stream, /?action=stream or /video";

/// To look up the name and to connect, beyond what an answer may take.
const OPENING: Duration = Duration::from_secs(5);
