//! What was typed on the command line, as what to play and how.
//!
//! Pure. Two forms: a URL, and the four words of the networking lab's launcher.
//! Also makes the URL of another clip of the same server.

use std::fmt::Write;

use clap::{ArgGroup, CommandFactory, Parser, error::ErrorKind};

use livestream::client::{Fingerprint, Transports, Trust};
use livestream::proto::http::without_secrets;
use livestream::proto::rtsp::RtspUrl;

/// Plays RTSP with a window around it.
#[derive(Debug, Parser)]
#[command(
    name = "livestream-player",
    version,
    about = "Plays a live picture or a clip of an RTSP server (JPEG over RTP) in a window.",
    override_usage = "livestream-player [OPTIONS] rtsp://HOST[:PORT]/PATH\n       \
                      livestream-player [OPTIONS] HOST PORT RTP_PORT FILE",
    after_help = "Keys: Space plays and pauses, the arrows seek by 5 s, F is full screen, Ctrl+Q quits.",
    group = ArgGroup::new("transport").args(["tcp", "udp"])
)]
struct Typed {
    /// A URL; or a host, its port, the local port for RTP, and a file
    #[arg(required = true, num_args = 1..=4, value_name = "WHAT")]
    what: Vec<String>,
    /// Packets come over the RTSP connection
    #[arg(long)]
    tcp: bool,
    /// Packets come over UDP, also if none arrive; the default is UDP, and TCP after 3 s of none
    #[arg(long)]
    udp: bool,
    /// SHA-256 of the certificate that an rtsps:// server shows: that one is trusted, and no other
    #[arg(long, value_name = "SHA256", conflicts_with = "insecure")]
    fingerprint: Option<Fingerprint>,
    /// Trust whatever certificate an rtsps:// server shows
    #[arg(long)]
    insecure: bool,
}

/// What to play, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// As typed, with user and password if it has them.
    pub address: String,
    /// Taken apart.
    pub url: RtspUrl,
    /// How packets are to travel.
    pub transport: Transports,
    /// Where RTP is taken over UDP; any free port if it is none.
    pub rtp_port: Option<u16>,
    /// Whom to believe that it is the server, over TLS.
    pub trust: Trust,
}

impl Target {
    /// Reads the process's arguments. Ends it with 0 after `--help`, and with 2 and a sentence
    /// if they say nothing that can be played.
    pub fn of_process() -> Self {
        Self::parse(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    /// Reads arguments, the program's name first.
    ///
    /// # Errors
    ///
    /// clap's, whose exit code and words are right for each case.
    pub fn parse<T>(arguments: impl IntoIterator<Item = T>) -> Result<Self, clap::Error>
    where
        T: Into<std::ffi::OsString> + Clone,
    {
        let typed = Typed::try_parse_from(arguments)?;
        let refuse = |why: String| Typed::command().error(ErrorKind::ValueValidation, why);
        let (address, rtp_port) = match typed.what.as_slice() {
            [url] => (url.clone(), None),
            [host, port, rtp_port, file] => {
                let port = number(port, "PORT").map_err(refuse)?;
                let rtp_port = number(rtp_port, "RTP_PORT").map_err(refuse)?;
                (lab_address(host, port, file), Some(rtp_port))
            }
            what => {
                let count = what.len();
                return Err(refuse(format!(
                    "{count} words are neither a URL nor HOST PORT RTP_PORT FILE"
                )));
            }
        };
        let url = RtspUrl::parse(&address).map_err(|invalid| {
            // It may hold a password.
            let shown = without_secrets(&address);
            let more = if shown.len() < address.len() { "\u{2026}" } else { "" };
            refuse(format!(
                "'{shown}{more}' is no RTSP address ({invalid}): write it like \
                 rtsp://192.168.1.5:8554/live"
            ))
        })?;
        let transport = match (typed.tcp, typed.udp) {
            (true, _) => Transports::Tcp,
            (_, true) => Transports::Udp,
            _ => Transports::UdpThenTcp,
        };
        let trust = match typed.fingerprint {
            Some(fingerprint) => Trust::Pinned(fingerprint),
            None if typed.insecure => Trust::Anything,
            None => Trust::System,
        };
        Ok(Self { address, url, transport, rtp_port, trust })
    }

    /// The same server's clip of this name.
    pub fn clip(&self, name: &str) -> Self {
        let address = format!("{}/{}", server(&self.address), encoded(name));
        match RtspUrl::parse(&address) {
            Ok(url) => Self { address, url, ..self.clone() },
            // A name that no URL can carry: what is played stays what it was.
            Err(_) => self.clone(),
        }
    }

    /// The path, as the server's list names it.
    pub fn name(&self) -> String {
        let path = self.address.get(server(&self.address).len()..).unwrap_or_default();
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let decoded = decoded(path.trim_matches('/'));
        if decoded.is_empty() { "live".to_owned() } else { decoded }
    }
}

/// `rtsp://` and the authority of an address.
fn server(address: &str) -> &str {
    let authority = address.find("://").map_or(0, |at| at + 3);
    let length = address[authority..].find(['/', '?', '#']);
    &address[..length.map_or(address.len(), |length| authority + length)]
}

fn lab_address(host: &str, port: u16, file: &str) -> String {
    let file = encoded(file.trim_start_matches('/'));
    let bare_ipv6 = host.contains(':') && !host.starts_with('[');
    if bare_ipv6 {
        format!("rtsp://[{host}]:{port}/{file}")
    } else {
        format!("rtsp://{host}:{port}/{file}")
    }
}

fn number(text: &str, what: &str) -> Result<u16, String> {
    text.parse()
        .ok()
        .filter(|&port| port > 0)
        .ok_or_else(|| format!("{what} is '{text}': a port is a number from 1 to 65535"))
}

fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string never fails.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn decoded(path: &str) -> String {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| after.get(..2)).flatten();
        let escaped = escaped.and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) => {
                out.push(value);
                rest = &after[2..];
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &str) -> Result<Target, clap::Error> {
        Target::parse(["livestream-player"].into_iter().chain(words.split_whitespace()))
    }

    #[test]
    fn a_url_is_played_over_udp_unless_told_otherwise() {
        let target = typed("rtsp://[::1]:8554/live?quality=50").unwrap();
        assert_eq!(target.url.request_uri(), "rtsp://[::1]:8554/live?quality=50");
        assert_eq!((target.transport, target.rtp_port), (Transports::UdpThenTcp, None));
        assert_eq!(typed("--tcp rtsp://a/").unwrap().transport, Transports::Tcp);
        assert_eq!(typed("rtsp://a/ --udp").unwrap().transport, Transports::Udp);
        assert_eq!(typed("rtsps://a/").unwrap().trust, Trust::System);
        assert_eq!(typed("rtsps://a/ --insecure").unwrap().trust, Trust::Anything);
        let pinned = format!("rtsps://a/ --fingerprint {}", "ab".repeat(32));
        assert!(matches!(typed(&pinned).unwrap().trust, Trust::Pinned(_)));
    }

    #[test]
    fn the_labs_four_words_are_a_url_and_a_port() {
        let target = typed("localhost 8554 25000 movie.Mjpeg").unwrap();
        assert_eq!(target.url.request_uri(), "rtsp://localhost:8554/movie.Mjpeg");
        assert_eq!(target.rtp_port, Some(25000));
        assert_eq!(typed("::1 8554 25000 a").unwrap().address, "rtsp://[::1]:8554/a");
    }

    #[test]
    fn what_cannot_be_played_is_refused_with_2_and_a_sentence() {
        for (words, said) in [
            ("", "required"),
            ("http://a/", "no RTSP address"),
            ("live", "no RTSP address"),
            ("rtsp://me:se#cret@cam/", "written `%23`"),
            ("a b", "neither a URL nor"),
            ("host 0 25000 file", "PORT is '0'"),
            ("host 8554 99999 file", "RTP_PORT is '99999'"),
            ("--tcp --udp rtsp://a/", "cannot be used with"),
            ("--fast rtsp://a/", "--fast"),
            ("--fingerprint 12 rtsps://a/", "64 hexadecimal"),
        ] {
            let error = typed(words).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{words}");
            assert!(error.to_string().contains(said), "{words}: {error}");
            assert!(!error.to_string().contains("cret@"), "{words}: {error}");
        }
        assert_eq!(typed("--help").unwrap_err().exit_code(), 0);
    }

    #[test]
    fn another_clip_is_on_the_same_server_with_the_same_user() {
        let target = typed("rtsp://me:secret@host:8554/live?quality=50").unwrap();
        assert_eq!(target.name(), "live");
        let other = target.clip("my 50% clip?.avi");
        assert_eq!(other.address, "rtsp://me:secret@host:8554/my%2050%25%20clip%3F.avi");
        assert_eq!(other.name(), "my 50% clip?.avi");
        assert_eq!(other.clip("live").address, "rtsp://me:secret@host:8554/live");
        assert_eq!(typed("rtsp://host").unwrap().name(), "live");
        assert_eq!(typed("rtsp://host/a%zz%").unwrap().name(), "a%zz%");
    }
}
