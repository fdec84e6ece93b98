//! Why the program cannot run, each as one line that says which thing and what to do.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::net::NoCertificate;
use crate::source::clip::NotAClip;
use crate::source::folder::NoPictures;
use crate::source::pipe::{IsTerminal, NoCommand};

/// What keeps the program from running.
#[derive(Debug)]
pub enum Error {
    /// The port cannot be listened on.
    Bind {
        /// `--bind`, if it was given.
        address: Option<IpAddr>,
        /// The port.
        port: u16,
        /// The system's error.
        error: std::io::Error,
    },
    /// The file is no clip, or cannot be read.
    Clip(NotAClip),
    /// The folder has no pictures, or cannot be read.
    Folder(NoPictures),
    /// The command of the source cannot be run.
    Command(NoCommand),
    /// The films of a room, or the folder of all, cannot be read.
    Film {
        /// Which.
        path: String,
        /// The system's error.
        error: std::io::Error,
    },
    /// Standard input is no source.
    Input(IsTerminal),
    /// The certificate for TLS or its key is of no use.
    Certificate(NoCertificate),
    /// Nothing but TLS was asked for, and there can be none.
    NoTls(String),
    /// Nobody but members was to be let in, and there can be none.
    NoMembers,
    /// By whom people may sign in is not said as it has to be.
    SignIn(String),
    /// The file that has the word for guests is of no use.
    NoWord {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The system refused a thread, a poll or a signal handler.
    System {
        /// What was to be made.
        what: &'static str,
        /// The system's error.
        error: std::io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use std::io::ErrorKind;
        match self {
            Error::Bind { port, error, .. } if error.kind() == ErrorKind::AddrInUse => {
                write!(
                    f,
                    "port {port} is taken by another program: stop that one, or choose another \
                     port, as in `livestream {}`",
                    port.checked_add(1).unwrap_or(8081)
                )
            }
            Error::Bind { port, error, .. } if error.kind() == ErrorKind::PermissionDenied => {
                write!(
                    f,
                    "port {port} needs more rights than this user has: choose one from 1024 up, \
                     as in `livestream 8081`"
                )
            }
            Error::Bind { address: Some(address), error, .. }
                if error.kind() == ErrorKind::AddrNotAvailable =>
            {
                write!(
                    f,
                    "{address} is not an address of this machine: leave --bind out, or name one that is"
                )
            }
            Error::Bind { port, error, .. } => write!(f, "cannot listen on port {port}: {error}"),
            Error::Clip(error) => error.fmt(f),
            Error::Folder(error) => error.fmt(f),
            Error::Command(error) => error.fmt(f),
            Error::Film { path, error } => write!(f, "cannot read {path}: {error}"),
            Error::Input(error) => error.fmt(f),
            Error::Certificate(error) => error.fmt(f),
            Error::NoTls(why) => write!(f, "no TLS, and --tls-only serves nothing else: {why}"),
            Error::NoMembers => f.write_str(
                "nobody could watch: --access members needs a data folder that can be written \
                 (--data)",
            ),
            Error::SignIn(why) => f.write_str(why),
            Error::NoWord { file, why } => {
                write!(f, "--watch-password-file: {}: {why}", file.display())
            }
            Error::System { what, error } => write!(f, "the system gives no {what}: {error}"),
        }
    }
}

impl std::error::Error for Error {}
