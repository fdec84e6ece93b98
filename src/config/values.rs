//! Values of flags, and of the file's keys, from what is written to what is meant.

use std::fmt::Display;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

use crate::base::subnet::{NotASubnet, Subnet};
use crate::client::Redirects;
use crate::film::{FilmPath, NotAFilmPath};
use crate::media::filter::{Mask, NotAMask};
use crate::media::frame::Size;
use crate::proto::cenc::Key;
use crate::proto::http::{Authority, Host, HttpUrl, WebOrigin};
use crate::proto::rtsp::RtspUrl;
use crate::proto::text::clean_line;
use crate::room::{NotAName, RoomName};
use crate::source::webcam::Selector;

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

/// Who may watch without an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AccessChoice {
    /// Everybody.
    Open,
    /// Who has the link.
    Link,
    /// Nobody.
    Members,
}

/// How accounts come to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SignUpChoice {
    /// Not at all.
    Off,
    /// By a host's invitation.
    Invitation,
    /// By whoever wants one.
    Open,
}

/// By which scheme films are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemeChoice {
    /// AES-CBC, one block of ten of pictures: what Apple's players take too.
    Cbcs,
    /// AES-CTR.
    Cenc,
}

/// What of a film is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProtectChoice {
    /// Pictures and sound.
    All,
    /// Pictures: who has no key hears the sound.
    Video,
}

/// Whether tools may run that are not locked in whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CageChoice {
    /// The tools run where they can be locked in whole, and else not at all
    Whole,
    /// They run with as much of it as there is
    Weak,
}

/// Who may watch a title, of those who may watch at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WatchChoice {
    /// All of them
    All,
    /// Who has an account
    Members,
    /// Hosts
    Owner,
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

/// How much of a disk something may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volume {
    /// So many bytes.
    Bytes(u64),
    /// As much as there is.
    Unlimited,
}

impl Volume {
    /// The bytes, if that is a number.
    pub fn bytes(self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Unlimited => None,
        }
    }
}

impl FromStr for Volume {
    type Err = &'static str;

    /// Reads `20G`, `500M`, `64k`, `1T`, `1000` (decimal prefixes, as disks are sold) or `unlimited`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("unlimited") {
            return Ok(Self::Unlimited);
        }
        let units = [('k', 1000), ('M', 1_000_000), ('G', 1_000_000_000), ('T', 1_000_000_000_000)];
        let unit = units
            .iter()
            .find(|(letter, _)| text.to_ascii_lowercase().ends_with(letter.to_ascii_lowercase()));
        let (number, factor) =
            unit.map_or((text, 1), |(_, factor)| (&text[..text.len() - 1], *factor));
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
        bytes
            .filter(|_| digits)
            .map(Self::Bytes)
            .ok_or("takes a size as in `20G`, `500M` or `1000`, or `unlimited`")
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
    /// Films, below the folder of `--media`.
    Film(FilmPath),
    /// The title of the library of this number.
    Title(u64),
    /// Another server's stream.
    Http(HttpUrl),
    /// An IP camera's, or another RTSP server's.
    Rtsp(RtspUrl),
    /// What a command writes: its program and its arguments.
    Exec(Vec<String>),
    /// Standard input.
    Input,
    /// Whoever goes live from a browser in the room of this name; the default one has none.
    Browser(Option<RoomName>),
}

impl SourceChoice {
    /// What is meant if it is said of a room: who goes live does so in one.
    #[must_use]
    pub fn of_room(self, room: Option<&RoomName>) -> Self {
        match self {
            Self::Browser(_) => Self::Browser(room.cloned()),
            other => other,
        }
    }
}

/// What `--room` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomChoice {
    /// By which it is asked for.
    pub name: RoomName,
    /// What it shows.
    pub source: SourceChoice,
    /// Where that may send us, if it is an address.
    pub redirects: Redirects,
    /// What nobody may see of it.
    pub mask: Mask,
    /// What to call it, if not by its name.
    pub title: Option<String>,
}

/// What is typed of a room behind its name, part by part.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoomParts<'a> {
    pub(super) source: &'a str,
    pub(super) redirects: Option<&'a str>,
    pub(super) mask: Option<&'a str>,
    pub(super) title: Option<&'a str>,
}

impl<'a> RoomParts<'a> {
    /// Takes it apart, from its end.
    pub(super) fn of(text: &'a str) -> Self {
        let split = |text: &'a str, before| {
            text.rsplit_once(before).map_or((text, None), |(rest, part)| (rest, Some(part)))
        };
        let (rest, title) = split(text, TITLE);
        let (rest, mask) = split(rest, MASK);
        let (source, redirects) = split(rest, REDIRECTS);
        Self { source, redirects, mask, title }
    }

    /// As it is typed, with the name.
    pub(super) fn typed(self, name: &str) -> String {
        let part = |before: &str, part: Option<&str>| {
            part.map(|part| format!("{before}{part}")).unwrap_or_default()
        };
        let Self { source, redirects, mask, title } = self;
        let parts = [part(REDIRECTS, redirects), part(MASK, mask), part(TITLE, title)].concat();
        format!("{name}={source}{parts}")
    }

    /// Whether a text would be taken for the beginning of one of them.
    pub(super) fn begin_in(text: &str) -> bool {
        [TITLE, MASK, REDIRECTS].iter().any(|before| text.contains(before))
    }
}

/// Reads what `--source` names.
///
/// # Errors
///
/// What it takes; nothing of the text is repeated.
pub fn parse_source(text: &str) -> Result<SourceChoice, String> {
    if text == "pattern" {
        return Ok(SourceChoice::Pattern);
    }
    if text == "-" {
        return Ok(SourceChoice::Input);
    }
    if text == BROWSER {
        return Ok(SourceChoice::Browser(None));
    }
    if let Some(command) = text.strip_prefix("exec:") {
        return parse_command(command).map(SourceChoice::Exec);
    }
    if let Some(path) = text.strip_prefix(FILM) {
        return path.parse().map(SourceChoice::Film).map_err(|why: NotAFilmPath| why.to_string());
    }
    if let Some(number) = text.strip_prefix(LIBRARY) {
        return parse_number(number).map(SourceChoice::Title);
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
            "takes webcam, pattern, browser, a file, a folder, an http:// or rtsp:// address, film:, title:, exec: or -"
                .into(),
        );
    }
    Ok(SourceChoice::Path(text.into()))
}

/// Reads `NAME=SRC`, and a title behind it.
pub(super) fn parse_room(text: &str) -> Result<RoomChoice, String> {
    let (name, rest) = text.split_once('=').ok_or("takes NAME=SRC, as in `kitchen=webcam:1`")?;
    let name: RoomName = name.parse().map_err(|error: NotAName| format!("as NAME it {error}"))?;
    let parts = RoomParts::of(rest);
    let title = parts.title.map(parse_title).transpose()?;
    let redirects = parts.redirects.map_or(Ok(Redirects::default()), parse_redirects)?;
    let mask = parts.mask.unwrap_or_default();
    let mask = mask.parse().map_err(|error: NotAMask| format!("as MASK it {error}"))?;
    let source = parse_source(parts.source).map_err(|error| format!("as SRC it {error}"))?;
    let source = source.of_room(Some(&name));
    Ok(RoomChoice { name, source, redirects, mask, title })
}

pub(super) fn parse_redirects(text: &str) -> Result<Redirects, String> {
    match text {
        ANYWHERE => Ok(Redirects::Anywhere),
        SAME_HOST => Ok(Redirects::SameHost),
        _ => Err(format!("takes `{ANYWHERE}` or `{SAME_HOST}`")),
    }
}

/// Reads what a room is called.
///
/// # Errors
///
/// What is taken.
pub fn parse_title(text: &str) -> Result<String, String> {
    match clean_line(text.trim(), MAX_TITLE_CHARS) {
        Ok(title) if !title.is_empty() => Ok(title),
        _ => Err(format!("takes one line of at most {MAX_TITLE_CHARS} characters")),
    }
}

/// Reads the number of a title, as it stands in the address of its page.
fn parse_number(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number: &u64| number.to_string() == text);
    number.ok_or_else(|| "takes the number of a title of the library, as in `title:7`".to_owned())
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

pub(super) fn parse_size(text: &str) -> Result<Size, String> {
    let takes = || "takes width x height in pixels, as in 1280x720".to_owned();
    let (width, height) = text.split_once(['x', 'X']).ok_or_else(takes)?;
    let side = |text: &str| text.parse::<u32>().ok().filter(|side| (16..=8192).contains(side));
    let (width, height) =
        side(width).zip(side(height)).ok_or_else(|| format!("{}, 16 to 8192 each", takes()))?;
    Size::new(width, height).ok_or_else(takes)
}

pub(super) fn parse_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| PORT_TAKES.to_owned())
}

pub(super) fn parse_folder(text: &str) -> Result<PathBuf, String> {
    match std::fs::read_dir(text) {
        Ok(_) => Ok(text.into()),
        Err(error) => Err(format!("takes a folder that can be read: {error}")),
    }
}

/// A key, or its name.
pub(super) fn parse_key(text: &str) -> Result<Key, String> {
    let takes = "takes 32 hexadecimal digits, or 22 or 24 characters of base64";
    Key::parse(text).ok_or_else(|| takes.to_owned())
}

pub(super) fn parse_host(text: &str) -> Result<String, String> {
    match Authority::parse(text) {
        Some(Authority { host: Host::Name(name), port: None }) => Ok(name),
        _ => Err("takes a name without a port, as in cam.example.com".into()),
    }
}

pub(super) fn parse_proxy(text: &str) -> Result<Subnet, String> {
    text.parse().map_err(|NotASubnet| "takes an address or a subnet, as in 10.0.0.0/8".into())
}

pub(super) fn parse_donate_url(text: &str) -> Result<String, String> {
    let is_url = text.starts_with("https://") || text.starts_with("http://");
    if is_url && !text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Ok(text.to_owned())
    } else {
        Err("takes an address that begins with https:// or http://".into())
    }
}

/// An address of this server, without a slash at its end.
pub(super) fn parse_public_url(text: &str) -> Result<String, String> {
    let wrong = "takes an address that begins with https://, or with http:// on this machine itself, \
                 without a query";
    let url = HttpUrl::parse(text).map_err(|_| wrong.to_owned())?;
    let host = url.host();
    let is_here = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    let is_bare = url.who().is_none() && !text.contains(['?', '#', '\\', ' ', '%']);
    match is_bare && (url.is_secure() || is_here) {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err(wrong.to_owned()),
    }
}

/// A value of a flag as anybody may see it: of an address its server, of a command its program.
pub(super) fn without_secrets_of(key: &str, value: &str) -> String {
    match key {
        "source" => public_source(value),
        "room" => match value.split_once('=') {
            Some((name, rest)) => {
                let parts = RoomParts::of(rest);
                let source = public_source(parts.source);
                RoomParts { source: &source, ..parts }.typed(name)
            }
            None => value.to_owned(),
        },
        _ => value.to_owned(),
    }
}

/// The source of a room that is typed, as it was typed.
pub(super) fn source_of(room: &str) -> String {
    RoomParts::of(room.split_once('=').map_or("", |(_, rest)| rest)).source.to_owned()
}

fn public_source(text: &str) -> String {
    match parse_source(text) {
        Ok(SourceChoice::Http(url)) => format!("{url}/\u{2026}"),
        Ok(SourceChoice::Rtsp(url)) => format!("{url}/\u{2026}"),
        // An address that was mistyped is taken for a file, and may have its password in it.
        Ok(SourceChoice::Path(_)) if text.contains('@') => {
            format!("\u{2026}{}", &text[text.rfind('@').unwrap_or_default()..])
        }
        Ok(SourceChoice::Exec(words)) if words.len() > 1 => format!("exec:{} \u{2026}", words[0]),
        _ => text.to_owned(),
    }
}

const PORT_TAKES: &str = "takes a port from 0 to 65535; the commands are config, backup, restore, host-link, token, \
     library and donations";
const BROWSER: &str = "browser";
/// What the name of films begins with.
pub const FILM: &str = "film:";
/// What the name of a title of the library begins with, as a source.
pub const LIBRARY: &str = "title:";
/// What stands before where a room's source may send us, in front of what nobody may see of it.
pub(super) const REDIRECTS: &str = ";redirects=";
/// What stands before what nobody may see of a room, in front of its title.
const MASK: &str = ";mask=";
/// What stands before a room's title, where it is typed.
pub(super) const TITLE: &str = ";title=";
const ANYWHERE: &str = "anywhere";
/// What bounds a source's redirects, as it is typed and written.
pub(super) const SAME_HOST: &str = "same-host";
const MAX_TITLE_CHARS: usize = 60;
