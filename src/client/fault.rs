//! What can go wrong with another server, and how to say it to a person.

use std::io;

use super::tls::TlsFault;
use crate::proto::auth::Denial;
use crate::proto::rtsp::{Invalid, Method, Reply};

/// Why a request was refused or a session is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The server's name does not resolve.
    Name(String),
    /// No connection comes about.
    Connect(io::ErrorKind, String),
    /// The connection is to be TLS, and is not.
    Tls(TlsFault),
    /// No reply came in time.
    Silent(Method),
    /// The server closed the connection.
    Closed,
    Broken(String),
    /// What came is no RTSP.
    Grammar(Invalid),
    /// 401 or 403.
    Denied(Denial),
    /// Another status than 200.
    Refused {
        method: Method,
        status: u16,
    },
    /// It sends us on, and on.
    Redirects,
    /// It sends us where no RTSP is.
    Elsewhere,
    /// It sends us to another host, and may not.
    OtherHost,
    /// The description has no JPEG, but these encodings.
    NoJpeg(Vec<String>),
    /// The reply to SETUP names no session, or a transport that was not asked for.
    Transport,
    /// No UDP ports are to be had.
    Ports(String),
    /// PLAY was granted, and nothing comes.
    NoPackets,
}

impl Fault {
    /// The refusal that `reply` is.
    pub(super) fn refused(method: Method, reply: &Reply) -> Self {
        Self::Refused { method, status: reply.status }
    }

    /// A sentence without its full stop, and one or two more with it, for who watches `host`;
    /// `option` takes a certificate's fingerprint.
    pub(crate) fn words(&self, host: &str, option: &str) -> (String, String) {
        match self {
            Self::Name(error) => (
                format!("{host} is not known"),
                format!("No address belongs to this name ({error})."),
            ),
            Self::Connect(kind, error) => {
                (format!("{host} cannot be reached"), why_not(*kind, error))
            }
            Self::Tls(fault) => fault.words(host, option),
            Self::Silent(method) => {
                (format!("{host} does not answer"), format!("No reply to {method} came in time."))
            }
            Self::Closed => {
                (format!("{host} closed the connection"), "It may be restarting.".into())
            }
            Self::Broken(error) => (format!("The connection to {host} broke"), format!("{error}.")),
            Self::Grammar(invalid) => {
                (format!("{host} does not speak RTSP"), format!("Not understood: {invalid}."))
            }
            Self::Denied(denial) => denied(denial, host, "rtsp"),
            Self::Refused { method: Method::Describe, status: status @ (404 | 410), .. } => (
                format!("{host} has no stream there"),
                format!("It answers with status {status}: look at the path of the address."),
            ),
            Self::Refused { method, status } => (
                format!("{host} refuses to {}", what_for(method)),
                // Its own words may repeat the address.
                format!("It answers {method} with status {status}."),
            ),
            Self::Redirects => (
                format!("{host} sends us from one address to another"),
                "Give the one where its stream is in the end.".into(),
            ),
            Self::Elsewhere => (
                format!("{host} sends us where we cannot go"),
                "Only rtsp:// and rtsps:// are spoken.".into(),
            ),
            Self::OtherHost => (
                format!("{host} sends us to another host"),
                "Give the address where its stream is in the end.".into(),
            ),
            Self::NoJpeg(encodings) if encodings.is_empty() => (
                format!("{host} sends no video"),
                "Its description names no stream of pictures.".into(),
            ),
            Self::NoJpeg(encodings) => (
                format!("{host} sends {}", encodings.join(", ")),
                "Only JPEG over RTP is taken: a camera often has it as MJPEG in its settings."
                    .into(),
            ),
            Self::Transport => (
                format!("{host} sends by a way that was not asked for"),
                "Neither its UDP nor its TCP can be used.".into(),
            ),
            Self::Ports(error) => ("No UDP ports are to be had".into(), format!("{error}.")),
            Self::NoPackets => (
                format!("Nothing arrives from {host}"),
                "It plays, but no packet comes: a firewall may hold them back.".into(),
            ),
        }
    }

    /// The same as one text.
    pub(super) fn sentence(&self, host: &str, option: &str) -> String {
        let (title, detail) = self.words(host, option);
        format!("{title}. {detail}")
    }
}

/// As [`Fault::words`], of a server that is asked by this scheme.
pub(crate) fn denied(denial: &Denial, host: &str, scheme: &str) -> (String, String) {
    match denial {
        Denial::Anonymous => (
            format!("{host} asks who we are"),
            format!("Put name and password into the address: {scheme}://NAME:PASSWORD@HOST/PATH."),
        ),
        Denial::Wrong => (
            format!("{host} does not let us in"),
            "It refuses the name and password of the address. Cameras lock out who tries often."
                .into(),
        ),
        Denial::Scheme(scheme) => (
            format!("{host} asks for a login that is not spoken"),
            match scheme.eq_ignore_ascii_case("Digest") {
                true => "It wants a Digest with a hash that is not known here.".into(),
                false => format!("It wants {scheme}, and only Digest and Basic are known here."),
            },
        ),
    }
}

/// Why a connect failed.
fn why_not(kind: io::ErrorKind, error: &str) -> String {
    match kind {
        io::ErrorKind::ConnectionRefused => "Nothing listens there.".into(),
        io::ErrorKind::TimedOut => "It may be off, or on another network.".into(),
        _ => format!("{error}."),
    }
}

fn what_for(method: &Method) -> &'static str {
    match method {
        Method::Describe => "say what it has",
        Method::Setup => "set up the stream",
        Method::Play => "play",
        Method::Pause => "pause",
        _ => "go on",
    }
}

/// Foreign words, fit for a line.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_SHOWN).collect()
}

const MAX_SHOWN: usize = 80;
