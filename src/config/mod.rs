//! What is said by flags and in a file becomes settings as meant.
//!
//! [`said`] has what was said and where, [`Config`] what is meant. Whether what is named is there
//! is found out by [`crate::app`].

mod command;
mod edit;
mod file;
mod folder;
mod nearest;
mod said;
mod sign_in;
mod values;

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser};

use crate::base::subnet::Subnet;
use crate::client::{Fingerprint, Redirects, Trust};
use crate::library::storage::Address as Bucket;
use crate::live::bandwidth::Budget;
use crate::media::filter::Mask;
use crate::media::frame::Size;
use crate::net::Limits;
use crate::proto::http::without_secrets;
use crate::source::Wish;
use crate::source::webcam::{ControlSetting, Mains, Settings};

pub use command::{Command, LibraryCommand, Packing};
pub use edit::{Edit, Key, New, NotEdited, RoomText, SourceText, edit, is_local};
pub use said::{MAX_FILE_BYTES, Origins, Refused, Where, read_text};
pub use sign_in::SignIn;
pub use values::{
    AccessChoice, CageChoice, CorsChoice, FILM, LIBRARY, ProtectChoice, ProxyHeaderChoice,
    RoomChoice, SchemeChoice, SignUpChoice, SourceChoice, Volume, WatchChoice, parse_source,
    parse_title,
};
use values::{
    parse_donate_url, parse_folder, parse_host, parse_port, parse_proxy, parse_public_url,
    parse_redirects, parse_room, parse_size,
};

/// Serves this machine's camera, live, to every browser on the network.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "livestream",
    version,
    styles = STYLES,
    max_term_width = 100,
    after_help = EXAMPLES,
    override_usage = "livestream [OPTIONS] [PORT]\n       livestream [OPTIONS] COMMAND",
    subcommand_value_name = "COMMAND",
    disable_help_subcommand = true
)]
pub struct Config {
    /// Port to listen on; 0 takes any free one
    #[arg(default_value_t = 8081, value_parser = parse_port)]
    pub port: u16,

    /// What to show: `webcam`, `webcam:N` or a device path; `pattern`; `browser`, for whoever goes live
    /// there on the page /broadcast; a clip's file; a folder of
    /// JPEGs; `http://…` of an MJPEG stream; `rtsp://…` of an IP camera that sends JPEG; `exec:COMMAND`
    /// that writes MJPEG; `-` for MJPEG on standard input; `film:PATH` for films that browsers play, below
    /// --media; `title:ID` for a title of the library; the two addresses by TLS as `https://…` and `rtsps://…` [default: the first webcam, or else `pattern`]
    #[arg(long, value_name = "SRC", value_parser = parse_source)]
    pub source: Option<SourceChoice>,

    /// Where the source's server may send us: `anywhere`, or to the `same-host` alone
    #[arg(long, value_name = "WHERE", default_value = "anywhere", value_parser = parse_redirects)]
    pub source_redirects: Redirects,

    /// Another room, at /r/NAME/: `NAME=SRC`, with `;title=TEXT` behind it if it is to be called
    /// otherwise, before that `;mask=PARTS` as --mask has them, and before that `;redirects=same-host`
    /// if its server may send us to no other host; may be given several times, and rooms of one source
    /// share it
    #[arg(long = "room", value_name = "NAME=SRC", value_parser = parse_room)]
    pub rooms: Vec<RoomChoice>,

    /// Folder of the films that rooms play to everybody together: mp4, webm, mp3, ogg, m4a; a room's
    /// source `film:PATH` is a file or a folder in it, `film:` all of it
    #[arg(long, value_name = "DIR", value_parser = parse_folder)]
    pub media: Option<PathBuf>,

    /// What to call the room at / [default: the machine's name]
    #[arg(long, value_name = "TEXT", value_parser = parse_title)]
    pub title: Option<String>,

    /// Parts of the picture that nobody may see, as LEFT,TOP,WIDTH,HEIGHT in percent of it, `+` between
    /// them: `0,0,25,40+60,50,10,20`. Rooms of one source share what covers it
    #[arg(long, value_name = "PARTS")]
    pub mask: Option<Mask>,

    /// SHA-256 of the certificate that an `https://` or `rtsps://` source shows: that one is trusted,
    /// and no other; 64 hexadecimal digits, colons between them or not
    #[arg(long, value_name = "SHA256", conflicts_with = "source_insecure")]
    pub source_fingerprint: Option<Fingerprint>,

    /// Trust whatever certificate the source shows: whoever sits between can see all, the password too
    #[arg(long)]
    pub source_insecure: bool,

    /// Size to ask of the source, as in 1280x720
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = parse_size)]
    pub size: Size,

    /// Frames per second to ask of the source, 1 to 240 [default: 30; a clip's own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=240))]
    pub fps: Option<u16>,

    /// A control of the webcam and its value, as in `brightness=128`; --list-cameras shows which
    /// there are; may be given several times
    #[arg(long = "control", value_name = "NAME=VALUE")]
    pub controls: Vec<ControlSetting>,

    /// Address to listen on [default: all]
    #[arg(long, value_name = "ADDR")]
    pub bind: Option<IpAddr>,

    /// A name that this server is asked by, beside addresses, names without a dot, `.local`,
    /// `.lan` and their like, and the machine's own; may be given several times
    #[arg(long = "host", value_name = "NAME", value_parser = parse_host)]
    pub hosts: Vec<String>,

    /// Pages of which other origins may read the stream, the snapshot and the state: `lan`, `none`,
    /// `*`, or an origin as in `https://panel.example`; may be given several times
    #[arg(long, value_name = "WHICH", default_value = "lan", value_delimiter = ',')]
    pub cors: Vec<CorsChoice>,

    /// A proxy in front, as an address or a subnet: what it says of its clients is believed; may be
    /// given several times [default: this machine]
    #[arg(long = "proxy", value_name = "ADDR", value_parser = parse_proxy)]
    pub proxies: Vec<Subnet>,

    /// Where the proxy says who its client is, and overwrites what the client says there
    #[arg(long, value_name = "HEADER", value_enum, default_value_t = ProxyHeaderChoice::XForwarded)]
    pub proxy_header: ProxyHeaderChoice,

    /// Bits per second that all viewers may use together: `100M`, `800k`, `unlimited`
    #[arg(long, value_name = "RATE", default_value = "100M")]
    pub bandwidth: Budget,

    /// How many may watch at once; more are told that it is full
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub max_viewers: u32,

    /// How many connections may be open at once, HTTP and RTSP together [default: what the limit
    /// of open files allows, less 128]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: Option<u32>,

    /// How many RTSP sessions there may be at once, playing or not
    #[arg(long, value_name = "N", default_value_t = 4096,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub max_rtsp_sessions: u32,

    /// MiB that the system may hold for clients that do not read
    #[arg(long, value_name = "MIB", default_value_t = 128,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub max_unread: u32,

    /// Port for RTSP players, 0 for any free one [default: 8554]
    #[arg(long, value_name = "N", conflicts_with = "no_rtsp", value_parser = parse_port)]
    pub rtsp_port: Option<u16>,

    /// Serve no RTSP
    #[arg(long)]
    pub no_rtsp: bool,

    /// How many days what is said in rooms is kept
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub keep_chat: u32,

    /// Folder for what people bring to the library [default: `library` in the data folder]
    #[arg(long, value_name = "DIR")]
    pub library: Option<PathBuf>,

    /// How long a file may be that somebody brings, as in `20G`, or `unlimited`: the disk's room says it
    /// in any case
    #[arg(long, value_name = "SIZE", default_value = "64G")]
    pub max_upload: Volume,

    /// How much those of one account may have together; hosts have what the disk has
    #[arg(long, value_name = "SIZE", default_value = "256G")]
    pub upload_quota: Volume,

    /// Bucket that speaks S3, in which the segments of the library lie in the place of this machine's
    /// disk, as in `https://s3.example.org/films?region=eu-west-1`; who may write to it is in the
    /// environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`)
    #[arg(long, value_name = "URL")]
    pub bucket: Option<Bucket>,

    /// How many titles of the library are worked on at once [default: one less than there are cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub jobs: Option<u8>,

    /// How much has to hold of the cage in which ffmpeg reads what people bring
    #[arg(long, value_name = "HOW", value_enum, default_value_t = CageChoice::Whole)]
    pub cage: CageChoice,

    /// Days for which originals are kept once all is made of them, and jobs that are over [default: for
    /// ever]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(0..=36_500))]
    pub keep_originals: Option<u32>,

    /// Folder of clips that RTSP players may ask for by name
    #[arg(long, value_name = "DIR", conflicts_with = "no_rtsp", value_parser = parse_folder)]
    pub clips: Option<PathBuf>,

    /// Do not announce the camera on the network (mDNS: `livestream-HOST.local`, and lists of
    /// cameras)
    #[arg(long)]
    pub no_mdns: bool,

    /// Certificate for `https://` and `rtsps://` at the same ports, beside what is in clear: a PEM
    /// file, the server's own first; read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// Key of that certificate: a PEM file without password
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Speak TLS at the same ports with a certificate by an authority of this machine's own, which
    /// devices trust once: /trust says how [default: where something can be kept]
    #[arg(long, conflicts_with = "tls_cert")]
    pub tls: bool,

    /// Speak no TLS: nobody can sign in but on this machine, or through a proxy that speaks it
    #[arg(long, conflicts_with_all = ["tls", "tls_cert", "tls_only", "hsts"])]
    pub no_tls: bool,

    /// Lead whoever comes in clear to `https://`, and play no RTSP in clear; a certificate of this
    /// machine's own is made if none is given
    #[arg(long)]
    pub tls_only: bool,

    /// Tell browsers that came by TLS to come by nothing else for a year, whichever port of this
    /// name they ask (Strict-Transport-Security)
    #[arg(long)]
    pub hsts: bool,

    /// Who may watch without an account: everybody (`open`), who has the link with its key (`link`), or
    /// nobody (`members`)
    #[arg(long, value_name = "WHO", value_enum, default_value_t = AccessChoice::Open)]
    pub access: AccessChoice,

    /// File with one word on its first line: guests have to say it once
    #[arg(long, value_name = "FILE")]
    pub watch_password_file: Option<PathBuf>,

    /// How accounts come to be: not at all (`off`), by a host's `invitation`, or by whoever wants one
    /// (`open`)
    #[arg(long, value_name = "HOW", value_enum, default_value_t = SignUpChoice::Invitation)]
    pub sign_up: SignUpChoice,

    /// How browsers reach this server, as in `https://cam.example`: by whom people sign in elsewhere
    /// (`[[sign-in]]` in the file) leads them back there
    #[arg(long, value_name = "URL", value_parser = parse_public_url)]
    pub public_url: Option<String>,

    /// By whom people may sign in, beside with a password; the file alone says it.
    #[arg(skip)]
    pub sign_ins: Vec<SignIn>,

    /// Page for real payments, which the donate button then leads to as well
    #[arg(long, value_name = "URL", value_parser = parse_donate_url)]
    pub donate_url: Option<String>,

    /// Folder for what is kept, and for `livestream.toml` [default: systemd's state directory, or
    /// the platform's folder for data]
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,

    /// File that says what flags say [default: `livestream.toml` in the data folder, if it is there]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// List the cameras with what they offer and what can be set on them, and exit
    #[arg(long)]
    pub list_cameras: bool,

    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Config {
    /// Reads arguments, the program's name first, and the file that they name or the data folder
    /// has. `variable` is the environment.
    ///
    /// # Errors
    ///
    /// [`Refused`]; of an address it shows no more than its scheme, since it may hold a password.
    pub fn read<T: Into<OsString>>(
        arguments: impl IntoIterator<Item = T>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<(Self, Origins), Refused> {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        said::read(&arguments, variable)
    }

    /// Each room has a name of its own.
    fn check_rooms(&self) -> Result<(), clap::Error> {
        for (at, room) in self.rooms.iter().enumerate() {
            if self.rooms[..at].iter().any(|other| other.name == room.name) {
                let why = format!("there are two rooms named '{}'", room.name);
                return Err(Self::command().error(ErrorKind::ValueValidation, why));
            }
        }
        Ok(())
    }

    /// Films come from a folder that is named.
    fn check_films(&self) -> Result<(), clap::Error> {
        let sources = self.source.iter().chain(self.rooms.iter().map(|room| &room.source));
        let mut films = sources.filter(|source| matches!(source, SourceChoice::Film(_)));
        match (films.next(), &self.media) {
            (Some(_), None) => {
                Err(Self::command().error(ErrorKind::MissingRequiredArgument, NO_MEDIA))
            }
            _ => Ok(()),
        }
    }

    /// What connections may have, of a process that may have so many files open.
    pub fn limits(&self, descriptors: usize) -> Limits {
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let possible = Limits::of_descriptors(descriptors);
        let connections = self.max_connections.map_or(possible.connections, count);
        Limits {
            connections: connections.min(possible.connections),
            rtsp_sessions: count(self.max_rtsp_sessions),
            unread_bytes: count(self.max_unread).saturating_mul(1024 * 1024),
            ..possible
        }
    }

    /// Whom to believe that it is the source's server.
    pub fn trust(&self) -> Trust {
        match self.source_fingerprint {
            Some(fingerprint) => Trust::Pinned(fingerprint),
            None if self.source_insecure => Trust::Anything,
            None => Trust::System,
        }
    }

    /// Whether a certificate by an authority of this machine's own is to be made.
    pub fn wants_own_certificate(&self) -> bool {
        self.tls_cert.is_none() && !self.no_tls
    }

    /// Whether somebody said so, and misses it if there is none.
    pub fn insists_on_own_certificate(&self) -> bool {
        self.tls || self.tls_only || self.hsts
    }

    /// What to set on a webcam, in a place with this time zone.
    pub fn webcam_settings(&self, zone: Option<&str>) -> Settings {
        Settings { named: self.controls.clone(), mains: zone.and_then(Mains::of_zone) }
    }

    /// What to ask of the source.
    pub fn wish(&self) -> Wish {
        Wish { size: self.size, fps: f64::from(self.fps.unwrap_or(DEFAULT_FPS)) }
    }
}

/// Leaves of each address and command that an error shows what it begins with.
fn without_addresses(mut error: clap::Error) -> clap::Error {
    let shown = |text: &String| {
        let of_command = text.find("exec:").map_or(text.len(), |at| at + "exec:".len());
        match without_secrets(text).len().min(of_command) {
            length if length < text.len() => format!("{}\u{2026}", &text[..length]),
            _ => text.clone(),
        }
    };
    let changed: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, ContextValue::String(shown(text)))),
            ContextValue::Strings(texts) => {
                Some((kind, ContextValue::Strings(texts.iter().map(shown).collect())))
            }
            _ => None,
        })
        .collect();
    for (kind, value) in changed {
        error.insert(kind, value);
    }
    error
}

const NO_MEDIA: &str =
    "`film:PATH` is below a folder of films, and none is named: add `--media DIR`";

/// Where RTSP is served if nothing else is said.
pub const DEFAULT_RTSP_PORT: u16 = 8554;
const DEFAULT_FPS: u16 = 30;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Cyan.on_default().bold())
    .usage(AnsiColor::Cyan.on_default().bold())
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Yellow.on_default());

const EXAMPLES: &str = "\
Examples:
  livestream                          the first webcam at http://THIS-MACHINE:8081/
  livestream 9000 --source pattern    a moving test picture on port 9000
  livestream --source movie.Mjpeg     a clip, again and again
  livestream --room stage=browser     a room in which people go live from their browsers
  livestream --room door=webcam:1     a second camera at http://THIS-MACHINE:8081/r/door/
  livestream --media ~/Videos --source film:
                                      films, to everybody together
  livestream --bandwidth 20M          all viewers together use at most 20 Mbit/s
  livestream --list-cameras           what there is

Logs go to standard error; RUST_LOG=debug shows more.
Exit codes: 0 stopped as asked, 1 could not run, 2 bad usage.";

/// Reads a file's text, and returns how many keys it has, or the line that is wrong and why; for
/// `fuzz/`.
#[cfg(fuzzing)]
pub fn read_file(text: &str) -> Result<usize, (usize, String)> {
    let read = file::parse(text).map(|settings| settings.len());
    read.map_err(|file::Invalid { line, why }| (line, why))
}

#[cfg(test)]
mod tests;
