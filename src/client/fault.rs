//! What can go wrong with another server, and how to say it to a person.

use std::io;

use crate::proto::rtsp::{Invalid, Method, Reply};

/// Why a request was refused or a session is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The server's name does not resolve.
    Name(String),
    /// No connection comes about.
    Connect(io::ErrorKind, String),
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
        reason: String,
    },
    /// The description has no JPEG, but these encodings.
    NoJpeg(Vec<String>),
    /// The reply to SETUP names no session, or a transport that was not asked for.
    Transport,
    /// No UDP ports are to be had.
    Ports(String),
    /// PLAY was granted, and nothing comes.
    NoPackets,
}

/// Why a server does not let us in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    /// The address has no name and password.
    Anonymous,
    /// It has, and they are wrong.
    Wrong,
    /// It wants to be told in another way than Basic.
    Scheme(String),
}

impl Fault {
    /// The refusal that `reply` is.
    pub(super) fn refused(method: Method, reply: &Reply) -> Self {
        Self::Refused { method, status: reply.status, reason: shown(&reply.reason) }
    }

    /// The refusal of a reply with 401 or 403.
    pub(super) fn denied(reply: &Reply, with_credentials: bool) -> Self {
        let mut schemes = reply.headers.all("WWW-Authenticate").filter_map(scheme).peekable();
        let first = schemes.peek().map(|scheme| shown(scheme));
        Self::Denied(match first {
            Some(first) if !schemes.any(|scheme| scheme.eq_ignore_ascii_case("Basic")) => {
                Denial::Scheme(first)
            }
            _ if with_credentials => Denial::Wrong,
            _ => Denial::Anonymous,
        })
    }

    /// A sentence without its full stop, and one or two more with it, for who watches `host`.
    pub(crate) fn words(&self, host: &str) -> (String, String) {
        match self {
            Self::Name(error) => (
                format!("{host} is not known"),
                format!("No address belongs to this name ({error})."),
            ),
            Self::Connect(kind, error) => {
                (format!("{host} cannot be reached"), why_not(*kind, error))
            }
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
            Self::Denied(denial) => denial.words(host),
            Self::Refused { method: Method::Describe, status: status @ (404 | 410), .. } => (
                format!("{host} has no stream there"),
                format!("It answers with status {status}: look at the path of the address."),
            ),
            Self::Refused { method, status, reason } => (
                format!("{host} refuses to {}", what_for(method)),
                format!("It answers {method} with {status} {reason}."),
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
    pub(super) fn sentence(&self, host: &str) -> String {
        let (title, detail) = self.words(host);
        format!("{title}. {detail}")
    }
}

impl Denial {
    fn words(&self, host: &str) -> (String, String) {
        match self {
            Self::Anonymous => (
                format!("{host} asks who we are"),
                "Put name and password into the address: rtsp://NAME:PASSWORD@HOST/PATH.".into(),
            ),
            Self::Wrong => (
                format!("{host} does not let us in"),
                "It refuses the name and password of the address.".into(),
            ),
            Self::Scheme(scheme) => (
                format!("{host} asks for a login that is not spoken"),
                format!("It wants {scheme}, and only Basic is known here."),
            ),
        }
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

/// `Basic` of `Basic realm="x"`.
fn scheme(value: &str) -> Option<&str> {
    value.split_ascii_whitespace().next()
}

/// Foreign words, fit for a line.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_SHOWN).collect()
}

const MAX_SHOWN: usize = 80;
