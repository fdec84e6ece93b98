//! Arguments as typed become settings as meant.
//!
//! Pure: whether what is named is there is found out by [`crate::app`].

use std::ffi::OsString;
use std::fmt::Display;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::styling::{AnsiColor, Styles};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, ValueEnum};

use crate::base::subnet::{NotASubnet, Subnet};
use crate::client::{Fingerprint, Trust};
use crate::live::bandwidth::Budget;
use crate::media::frame::Size;
use crate::net::Limits;
use crate::proto::http::{Authority, Host, HttpUrl, WebOrigin, without_secrets};
use crate::proto::rtsp::RtspUrl;
use crate::proto::text::clean_line;
use crate::room::{NotAName, RoomName};
use crate::source::Wish;
use crate::source::webcam::{ControlSetting, Mains, Selector, Settings};

/// Serves this machine's camera, live, to every browser on the network.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "livestream",
    version,
    styles = STYLES,
    max_term_width = 100,
    after_help = EXAMPLES,
    override_usage = "livestream [OPTIONS] [PORT]"
)]
pub struct Config {
    /// Port to listen on; 0 takes any free one
    #[arg(default_value_t = 8081, value_parser = parse_port)]
    pub port: u16,

    /// What to show: `webcam`, `webcam:N` or a device path; `pattern`; a clip's file; a folder of
    /// JPEGs; `http://…` of an MJPEG stream; `rtsp://…` of an IP camera that sends JPEG; `exec:COMMAND`
    /// that writes MJPEG; `-` for MJPEG on standard input; the two addresses by TLS as `https://…` and
    /// `rtsps://…` [default: the first webcam, or else `pattern`]
    #[arg(long, value_name = "SRC", value_parser = parse_source)]
    pub source: Option<SourceChoice>,

    /// Another room, at /r/NAME/: `NAME=SRC`, with `;title=TEXT` behind it if it is to be called
    /// otherwise; may be given several times, and rooms of one source share it
    #[arg(long = "room", value_name = "NAME=SRC", value_parser = parse_room)]
    pub rooms: Vec<RoomChoice>,

    /// What to call the room at / [default: the machine's name]
    #[arg(long, value_name = "TEXT", value_parser = parse_title)]
    pub title: Option<String>,

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

    /// Folder of clips that RTSP players may ask for by name
    #[arg(long, value_name = "DIR", conflicts_with = "no_rtsp", value_parser = parse_folder)]
    pub clips: Option<PathBuf>,

    /// Certificate for `https://` and `rtsps://` at the same ports, beside what is in clear: a PEM
    /// file, the server's own first; read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// Key of that certificate: a PEM file without password
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Page for real payments, which the donate button then leads to as well
    #[arg(long, value_name = "URL", value_parser = parse_donate_url)]
    pub donate_url: Option<String>,

    /// Folder for what is kept; another server must not have it
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// List the cameras with what they offer and what can be set on them, and exit
    #[arg(long)]
    pub list_cameras: bool,
}

/// What `--cors` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsChoice {
    /// Every origin on this network.
    Lan,
    /// No other origin.
    None,
    /// Every origin.
    All,
    /// This one.
    Origin(WebOrigin),
}

/// What `--proxy-header` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProxyHeaderChoice {
    /// X-Forwarded-For, -Proto, -Host and -Prefix
    XForwarded,
    /// Forwarded (RFC 7239)
    Forwarded,
}

impl FromStr for CorsChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "lan" => Self::Lan,
            "none" => Self::None,
            "*" => Self::All,
            origin => Self::Origin(WebOrigin::parse(origin).ok_or_else(|| {
                "takes lan, none, * or an origin as in https://panel.example".to_owned()
            })?),
        })
    }
}

/// What `--source` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceChoice {
    /// A camera of this machine.
    Webcam(Selector),
    /// The picture that is drawn here.
    Pattern,
    /// A file or folder.
    Path(PathBuf),
    /// Another server's stream.
    Http(HttpUrl),
    /// An IP camera's, or another RTSP server's.
    Rtsp(RtspUrl),
    /// What a command writes: its program and its arguments.
    Exec(Vec<String>),
    /// Standard input.
    Input,
}

/// What `--room` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomChoice {
    /// By which it is asked for.
    pub name: RoomName,
    /// What it shows.
    pub source: SourceChoice,
    /// What to call it, if not by its name.
    pub title: Option<String>,
}

impl Config {
    /// Reads arguments, the program's name first.
    ///
    /// # Errors
    ///
    /// clap's, whose exit code and words are right for each case; of an address that was typed they
    /// show no more than its scheme, since it may hold a password.
    pub fn read<T>(arguments: impl IntoIterator<Item = T>) -> Result<Self, clap::Error>
    where
        T: Into<OsString> + Clone,
    {
        let read = Self::try_parse_from(arguments).map_err(without_addresses)?;
        read.check_rooms()?;
        Ok(read)
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

    /// What to set on a webcam, in a place with this time zone.
    pub fn webcam_settings(&self, zone: Option<&str>) -> Settings {
        Settings { named: self.controls.clone(), mains: zone.and_then(Mains::of_zone) }
    }

    /// What to ask of the source.
    pub fn wish(&self) -> Wish {
        Wish { size: self.size, fps: f64::from(self.fps.unwrap_or(DEFAULT_FPS)) }
    }
}

/// Leaves of each address that an error shows its scheme.
fn without_addresses(mut error: clap::Error) -> clap::Error {
    let shown = |text: &String| match without_secrets(text) {
        scheme if scheme.len() < text.len() => format!("{scheme}\u{2026}"),
        _ => text.clone(),
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

fn parse_source(text: &str) -> Result<SourceChoice, String> {
    if text == "pattern" {
        return Ok(SourceChoice::Pattern);
    }
    if text == "-" {
        return Ok(SourceChoice::Input);
    }
    if let Some(command) = text.strip_prefix("exec:") {
        return parse_command(command).map(SourceChoice::Exec);
    }
    if let Some((scheme, _)) = text.split_once("://") {
        return match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => HttpUrl::parse(text).map(SourceChoice::Http).map_err(no_address),
            "rtsp" | "rtsps" => RtspUrl::parse(text).map(SourceChoice::Rtsp).map_err(no_address),
            _ => Err("takes http://, https://, rtsp:// and rtsps:// addresses".into()),
        };
    }
    if let Some(selector) = Selector::parse(text) {
        return Ok(SourceChoice::Webcam(selector));
    }
    if text == "webcam" || text.starts_with("webcam:") {
        return Err("takes `webcam` or `webcam:N`, with N from 0".into());
    }
    if text.is_empty() {
        return Err(
            "takes webcam, pattern, a file, a folder, an http:// or rtsp:// address, exec: or -"
                .into(),
        );
    }
    Ok(SourceChoice::Path(text.into()))
}

/// Reads `NAME=SRC`, and a title behind it.
fn parse_room(text: &str) -> Result<RoomChoice, String> {
    let (name, rest) = text.split_once('=').ok_or("takes NAME=SRC, as in `kitchen=webcam:1`")?;
    let name = name.parse().map_err(|error: NotAName| format!("as NAME it {error}"))?;
    let (source, title) = match rest.rsplit_once(TITLE) {
        Some((source, title)) => (source, Some(parse_title(title)?)),
        None => (rest, None),
    };
    let source = parse_source(source).map_err(|error| format!("as SRC it {error}"))?;
    Ok(RoomChoice { name, source, title })
}

fn parse_title(text: &str) -> Result<String, String> {
    match clean_line(text.trim(), MAX_TITLE_CHARS) {
        Ok(title) if !title.is_empty() => Ok(title),
        _ => Err(format!("takes one line of at most {MAX_TITLE_CHARS} characters")),
    }
}

/// Splits a command into words as a shell does; nothing else of a shell's is done.
fn parse_command(text: &str) -> Result<Vec<String>, String> {
    match shlex::split(text) {
        Some(words) if !words.is_empty() => Ok(words),
        Some(_) => Err("takes a command, as in `exec:rpicam-vid -t 0 --codec mjpeg -o -`".into()),
        None => Err("has a quote without its end".into()),
    }
}

fn no_address(invalid: impl Display) -> String {
    format!("is no address: {invalid}")
}

fn parse_size(text: &str) -> Result<Size, String> {
    let takes = || "takes width x height in pixels, as in 1280x720".to_owned();
    let (width, height) = text.split_once(['x', 'X']).ok_or_else(takes)?;
    let side = |text: &str| text.parse::<u32>().ok().filter(|side| (16..=8192).contains(side));
    let (width, height) =
        side(width).zip(side(height)).ok_or_else(|| format!("{}, 16 to 8192 each", takes()))?;
    Size::new(width, height).ok_or_else(takes)
}

fn parse_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "takes a port from 0 to 65535".into())
}

fn parse_folder(text: &str) -> Result<PathBuf, String> {
    match std::fs::read_dir(text) {
        Ok(_) => Ok(text.into()),
        Err(error) => Err(format!("takes a folder that can be read: {error}")),
    }
}

fn parse_host(text: &str) -> Result<String, String> {
    match Authority::parse(text) {
        Some(Authority { host: Host::Name(name), port: None }) => Ok(name),
        _ => Err("takes a name without a port, as in cam.example.com".into()),
    }
}

fn parse_proxy(text: &str) -> Result<Subnet, String> {
    text.parse().map_err(|NotASubnet| "takes an address or a subnet, as in 10.0.0.0/8".into())
}

fn parse_donate_url(text: &str) -> Result<String, String> {
    let is_url = text.starts_with("https://") || text.starts_with("http://");
    if is_url && !text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Ok(text.to_owned())
    } else {
        Err("takes an address that begins with https:// or http://".into())
    }
}

/// Where RTSP is served if nothing else is said.
pub const DEFAULT_RTSP_PORT: u16 = 8554;
const DEFAULT_FPS: u16 = 30;
const TITLE: &str = ";title=";
const MAX_TITLE_CHARS: usize = 60;

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
  livestream --room door=webcam:1     a second camera at http://THIS-MACHINE:8081/r/door/
  livestream --bandwidth 20M          all viewers together use at most 20 Mbit/s
  livestream --list-cameras           what there is

Logs go to standard error; RUST_LOG=debug shows more.
Exit codes: 0 stopped as asked, 1 could not run, 2 bad usage.";

#[cfg(test)]
mod tests {
    use super::*;

    fn config(arguments: &[&str]) -> Result<Config, clap::Error> {
        Config::read([&["livestream"], arguments].concat())
    }

    #[test]
    fn without_arguments_it_is_the_contracts_defaults() {
        let config = config(&[]).unwrap();
        assert_eq!((config.port, config.max_viewers), (8081, 1000));
        assert_eq!(config.size, Size::new(1280, 720).unwrap());
        assert_eq!(config.bandwidth, Budget::BitsPerSec(100_000_000));
        assert_eq!(config.wish().fps, 30.0);
        assert_eq!(config.source, None);
    }

    #[test]
    fn limits_are_those_of_the_system_unless_less_is_asked_for() {
        let limits = config(&[]).unwrap().limits(1024);
        assert_eq!(limits, Limits::of_descriptors(1024));
        let asked = ["--max-connections", "10", "--max-rtsp-sessions", "5", "--max-unread", "1"];
        let limits = config(&asked).unwrap().limits(1024);
        assert_eq!((limits.connections, limits.rtsp_sessions), (10, 5));
        assert_eq!(limits.unread_bytes, 1024 * 1024);
        let too_many = config(&["--max-connections", "4000"]).unwrap().limits(1024);
        assert_eq!(too_many.connections, 896);
    }

    #[test]
    fn sources_are_told_apart() {
        let source = |text| config(&["--source", text]).unwrap().source.unwrap();
        assert_eq!(source("pattern"), SourceChoice::Pattern);
        assert!(matches!(source("webcam"), SourceChoice::Webcam(_)));
        assert!(matches!(source("webcam:2"), SourceChoice::Webcam(_)));
        assert!(matches!(source("/dev/video3"), SourceChoice::Webcam(_)));
        assert!(matches!(source("http://10.0.0.2:8080/?action=stream"), SourceChoice::Http(_)));
        assert!(matches!(source("HTTP://cam/video"), SourceChoice::Http(_)));
        let url = RtspUrl::parse("rtsp://me:secret@10.0.0.2/live").unwrap();
        assert_eq!(source("rtsp://me:secret@10.0.0.2/live"), SourceChoice::Rtsp(url));
        assert_eq!(source("movie.Mjpeg"), SourceChoice::Path("movie.Mjpeg".into()));
        assert_eq!(source("-"), SourceChoice::Input);
        let words = ["a b", "$HOME", "c'd", "x;y", ""].map(str::to_owned).to_vec();
        assert_eq!(source(r#"exec:"a b" $HOME c\'d 'x;y' """#), SourceChoice::Exec(words));
    }

    #[test]
    fn rooms_have_a_name_a_source_and_a_title() {
        let rooms = |typed: &[&str]| config(typed).map(|config| config.rooms);
        let one = |text| rooms(&["--room", text]).unwrap().remove(0);
        let door = one("door=webcam:1");
        assert_eq!((door.name.as_str(), door.title), ("door", None));
        assert!(matches!(door.source, SourceChoice::Webcam(_)));
        let hall = one("hall=http://a/?x=1;title=y;title=The hall");
        assert_eq!(hall.title.as_deref(), Some("The hall"));
        assert_eq!(
            hall.source,
            SourceChoice::Http(HttpUrl::parse("http://a/?x=1;title=y").unwrap())
        );
        assert_eq!(rooms(&["--room", "a=pattern", "--room", "b=pattern"]).unwrap().len(), 2);
        for bad in ["door", "=pattern", "a/b=pattern", "door=", "door=pattern;title="] {
            assert_eq!(rooms(&["--room", bad]).unwrap_err().exit_code(), 2, "{bad}");
        }
        let twice = rooms(&["--room", "a=pattern", "--room", "a=webcam"]).unwrap_err();
        assert!(twice.to_string().contains("two rooms named 'a'"), "{twice}");
        assert_eq!(twice.exit_code(), 2);
        let secret = rooms(&["--room", "a=ftp://me:secret@b/"]).unwrap_err().to_string();
        assert!(!secret.contains("secret"), "{secret}");
    }

    #[test]
    fn who_is_let_in_can_be_said_several_times() {
        let typed =
            ["--host", "Cam.Example.com.", "--host", "b", "--cors", "lan,https://a.example"];
        let config = config(&typed).unwrap();
        assert_eq!(config.hosts, ["cam.example.com", "b"]);
        let origin = WebOrigin::parse("https://a.example:443").unwrap();
        assert_eq!(config.cors, [CorsChoice::Lan, CorsChoice::Origin(origin)]);
    }

    #[test]
    fn a_wrong_value_names_the_flag_and_what_it_takes() {
        for (arguments, flag, takes) in [
            (["--size", "big"], "--size", "1280x720"),
            (["--size", "0x0"], "--size", "16 to 8192"),
            (["--bandwidth", "fast"], "--bandwidth", "100M"),
            (["--fps", "0"], "--fps", "1..=240"),
            (["--control", "brightness"], "--control", "brightness=128"),
            (["--source", "webcam:x"], "--source", "webcam:N"),
            (["--source", "http://"], "--source", "address"),
            (["--source", "rtsp://cam:x/"], "--source", "address"),
            (["--source", "exec:"], "--source", "a command"),
            (["--source", "exec:'a"], "--source", "a quote"),
            (["--source", "rtmp://cam/"], "--source", "rtsps://"),
            (["--source", "http://me:a#b@cam/"], "--source", "written `%23`"),
            (["--source", "rtsp://me:a/b@cam/"], "--source", "written `%2F`"),
            (["--source-fingerprint", "12:34"], "--source-fingerprint", "64 hexadecimal"),
            (["--max-viewers", "0"], "--max-viewers", "1.."),
            (["--donate-url", "javascript:x"], "--donate-url", "https://"),
            (["--rtsp-port", "x"], "--rtsp-port", "0 to 65535"),
            (["--clips", "/nowhere"], "--clips", "a folder"),
            (["--bind", "home"], "--bind", "IP address"),
            (["--host", "cam.example.com:80"], "--host", "without a port"),
            (["--host", "10.0.0.1"], "--host", "a name"),
            (["--host", "a b"], "--host", "a name"),
            (["--cors", "everybody"], "--cors", "lan, none"),
            (["--cors", "https://a.example/path"], "--cors", "an origin"),
            (["--proxy", "10.0.0.0/33"], "--proxy", "a subnet"),
            (["--proxy-header", "via"], "--proxy-header", "forwarded"),
        ] {
            let words = config(&arguments).unwrap_err().to_string();
            assert!(words.contains(flag) && words.contains(takes), "{words}");
        }
        assert!(config(&["99999"]).unwrap_err().to_string().contains("PORT"));
    }

    #[test]
    fn no_error_shows_more_of_an_address_than_its_scheme() {
        for address in [
            "http://me:secret#@cam/",
            "https://me:secret@cam:x/secret",
            "rtsp://me:secret/@cam/",
            "htp://me:secret@cam/?secret",
        ] {
            let arguments: [&[&str]; 6] = [
                &["--source", address],
                &["8081", address],
                &[address],
                &["--size", address],
                &["--host", address],
                &["--source", "pattern", address, "--nonsense"],
            ];
            for arguments in arguments {
                let error = config(arguments).unwrap_err();
                let words = format!("{error} {error:?}");
                assert!(!words.contains("secret"), "{arguments:?}: {words}");
                assert_eq!(error.exit_code(), 2);
            }
            let equals = format!("--source={address}");
            assert!(!config(&[&equals]).unwrap_err().to_string().contains("secret"));
            let unknown = format!("--sorce={address}");
            assert!(!config(&[&unknown]).unwrap_err().to_string().contains("secret"));
        }
    }

    #[test]
    fn the_definition_of_the_flags_is_sound() {
        use clap::CommandFactory;
        Config::command().debug_assert();
    }
}
