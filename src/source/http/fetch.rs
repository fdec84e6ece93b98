//! Asks another server, follows where it sends us, and reads the body of its answer.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use crate::proto::http::{
    ChunkedDecoder, HttpUrl, Invalid, MAX_HEAD_BYTES, Reply, ReplyBody, parse_reply, write_get,
};

/// An answer with status 200 whose body is still to be read.
pub(super) struct Answer {
    /// Where it came from in the end.
    pub(super) url: HttpUrl,
    pub(super) reply: Reply,
    pub(super) body: Incoming,
    /// When its first picture must be there.
    pub(super) deadline: Instant,
}

impl Answer {
    /// `image/jpeg` and the like: lower case, without parameters.
    pub(super) fn content_type(&self) -> String {
        let value = self.reply.headers.get("Content-Type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// What can go wrong with another server.
#[derive(Debug)]
pub(super) enum Fault {
    /// Its name does not resolve.
    Name(io::Error),
    Connect(io::Error),
    Silent,
    Ended,
    Broken(io::Error),
    /// It does not speak as we do.
    Grammar(Invalid),
    /// No JPEG can be read.
    Pictures,
    Answer(Unwanted),
}

/// Answers that are no stream.
#[derive(Debug)]
pub(super) enum Unwanted {
    /// Too many redirects.
    Redirects,
    /// A redirect to what is no `http` URL.
    Elsewhere(String),
    Status(u16),
    /// Content of this type, lower case.
    Content(String),
}

/// Asks for `url` and follows redirects. All of it has one deadline, `patience` after the name was
/// looked up, in which the system cannot be hurried.
pub(super) fn fetch(url: &HttpUrl, patience: Duration) -> Result<Answer, Fault> {
    let (mut url, mut addresses) = (url.clone(), look_up(url)?);
    let deadline = Instant::now() + patience;
    for _ in 0..=MAX_REDIRECTS {
        let mut socket = connect(&addresses, deadline)?;
        socket.write_all(&write_get(&url)).map_err(Fault::Broken)?;
        let (reply, behind) = read_head(&mut socket, deadline)?;
        match reply.status {
            200 => {
                let body = Incoming::new(socket, &reply, behind);
                return Ok(Answer { url, reply, body, deadline });
            }
            301 | 302 | 303 | 307 | 308 => {
                let target = reply
                    .headers
                    .get("Location")
                    .ok_or(Fault::Answer(Unwanted::Status(reply.status)))?;
                url = follow(&url, target)?;
                addresses = look_up(&url)?;
            }
            status => return Err(Fault::Answer(Unwanted::Status(status))),
        }
    }
    Err(Fault::Answer(Unwanted::Redirects))
}

fn look_up(url: &HttpUrl) -> Result<Vec<SocketAddr>, Fault> {
    let addresses = (url.host(), url.port()).to_socket_addrs().map_err(Fault::Name)?;
    Ok(addresses.collect())
}

fn connect(addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, Fault> {
    let deadline = deadline.min(Instant::now() + CONNECT_TIMEOUT);
    let mut failed = Fault::Name(io::ErrorKind::NotFound.into());
    for (tried, address) in addresses.iter().enumerate() {
        // Each gets its part, so that one which swallows packets leaves time for the rest.
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Fault::Connect(io::ErrorKind::TimedOut.into()));
        }
        let part = left / u32::try_from(addresses.len() - tried).unwrap_or(1);
        match TcpStream::connect_timeout(address, part.max(TICK)) {
            Ok(socket) => {
                socket.set_write_timeout(Some(CONNECT_TIMEOUT)).map_err(Fault::Connect)?;
                return Ok(socket);
            }
            Err(error) => failed = Fault::Connect(error),
        }
    }
    Err(failed)
}

/// Reads the head of the answer, past interim ones; gives what came behind it too.
fn read_head(socket: &mut TcpStream, deadline: Instant) -> Result<(Reply, Vec<u8>), Fault> {
    let mut read = Vec::new();
    let mut piece = vec![0; MAX_HEAD_BYTES];
    loop {
        while let Some((reply, length)) = parse_reply(&read).map_err(Fault::Grammar)? {
            let behind = read.split_off(length);
            if !reply.is_interim() {
                return Ok((reply, behind));
            }
            read = behind;
        }
        match receive(socket, &mut piece, deadline).map_err(Fault::Broken)? {
            Some(0) => return Err(Fault::Ended),
            Some(count) => read.extend_from_slice(piece.get(..count).unwrap_or_default()),
            None => return Err(Fault::Silent),
        }
        if Instant::now() >= deadline {
            return Err(Fault::Silent);
        }
    }
}

/// Reads what there is; `None` if nothing comes until `deadline`.
fn receive(
    socket: &mut TcpStream,
    piece: &mut [u8],
    deadline: Instant,
) -> io::Result<Option<usize>> {
    let wait = deadline.saturating_duration_since(Instant::now());
    socket.set_read_timeout(Some(wait.max(TICK)))?;
    match socket.read(piece) {
        Ok(count) => Ok(Some(count)),
        Err(error) => match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => {
                Ok(None)
            }
            _ => Err(error),
        },
    }
}

/// Where a `Location` leads from `url` (RFC 3986 §5.2). Credentials stay with their server.
fn follow(url: &HttpUrl, location: &str) -> Result<HttpUrl, Fault> {
    let elsewhere =
        |_| Fault::Answer(Unwanted::Elsewhere(location.chars().take(MAX_SHOWN).collect()));
    let base = HttpUrl::parse(&format!("http://{}", authority(url))).map_err(Fault::Grammar)?;
    let is_absolute = location.split(['/', '?', '#']).next().is_some_and(|part| part.contains(':'));
    let target = if is_absolute {
        location.to_owned()
    } else if let Some(rest) = location.strip_prefix("//") {
        format!("http://{rest}")
    } else {
        let path = url.path_and_query().split('?').next().unwrap_or("/");
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        match location.chars().next() {
            Some('/') => format!("http://{}{location}", authority(url)),
            Some('?') => format!("http://{}{path}{location}", authority(url)),
            _ => format!("http://{}{folder}/{location}", authority(url)),
        }
    };
    let target = HttpUrl::parse(&target).map_err(elsewhere)?;
    let same_server = (target.host(), target.port()) == (base.host(), base.port());
    match url.userinfo() {
        Some(userinfo) if same_server && target.userinfo().is_none() => {
            let (userinfo, authority) = (encoded(userinfo), authority(&target));
            let address = format!("http://{userinfo}@{authority}{}", target.path_and_query());
            HttpUrl::parse(&address).map_err(elsewhere)
        }
        _ => Ok(target),
    }
}

fn authority(url: &HttpUrl) -> String {
    let (host, port) = (url.host(), url.port());
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Percent-encodes all but letters and digits, and the colon that ends the name.
fn encoded(userinfo: &str) -> String {
    let encode = |byte: u8| match byte {
        b':' => ":".to_owned(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    userinfo.bytes().map(encode).collect()
}

/// A body that comes in.
pub(super) struct Incoming {
    socket: TcpStream,
    framing: Framing,
    /// What came with the head.
    behind: Vec<u8>,
    piece: Vec<u8>,
}

enum Framing {
    /// Bytes still to come.
    Known(u64),
    Chunked(ChunkedDecoder),
    UntilClose,
}

/// What [`Incoming::read`] came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// Something, be it only framing.
    Bytes,
    /// Nothing until the deadline.
    Nothing,
    /// The body has ended.
    End,
}

impl Incoming {
    fn new(socket: TcpStream, reply: &Reply, behind: Vec<u8>) -> Self {
        let framing = match reply.body() {
            ReplyBody::None => Framing::Known(0),
            ReplyBody::Known(length) => Framing::Known(length),
            ReplyBody::Chunked => Framing::Chunked(ChunkedDecoder::default()),
            ReplyBody::UntilClose => Framing::UntilClose,
        };
        Self { socket, framing, behind, piece: vec![0; PIECE_BYTES] }
    }

    /// Appends to `out` what comes next.
    pub(super) fn read(&mut self, out: &mut Vec<u8>, deadline: Instant) -> Result<Came, Fault> {
        let ended = match &self.framing {
            Framing::Known(left) => *left == 0,
            Framing::Chunked(decoder) => decoder.is_done(),
            Framing::UntilClose => false,
        };
        if ended {
            return Ok(Came::End);
        }
        if !self.behind.is_empty() {
            let behind = std::mem::take(&mut self.behind);
            return self.framing.take(&behind, out);
        }
        let came = receive(&mut self.socket, &mut self.piece, deadline);
        match came.map_err(Fault::Broken)? {
            None => Ok(Came::Nothing),
            Some(0) => Ok(Came::End),
            Some(count) => self.framing.take(self.piece.get(..count).unwrap_or_default(), out),
        }
    }
}

impl Framing {
    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Came, Fault> {
        match self {
            Framing::Known(left) => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= count as u64;
                out.extend_from_slice(bytes.get(..count).unwrap_or_default());
            }
            Framing::Chunked(decoder) => {
                decoder.decode(bytes, out).map_err(Fault::Grammar)?;
            }
            Framing::UntilClose => out.extend_from_slice(bytes),
        }
        Ok(Came::Bytes)
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const MAX_REDIRECTS: usize = 5;
const PIECE_BYTES: usize = 64 << 10;
/// Letters of a foreign address that are shown.
const MAX_SHOWN: usize = 80;
/// The shortest wait: a time-out of zero would mean none.
const TICK: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_lead_where_a_browser_would_go() {
        let url = HttpUrl::parse("http://me:p%40ss@cam:8080/a/b?c=d").unwrap();
        for (location, target) in [
            ("http://other/x?y", "http://other/x?y"),
            ("HTTP://other:81", "http://other:81/"),
            ("//other/x", "http://other/x"),
            ("/x", "http://cam:8080/x"),
            ("x/y?z", "http://cam:8080/a/x/y?z"),
            ("?action=stream", "http://cam:8080/a/b?action=stream"),
        ] {
            assert_eq!(follow(&url, location).unwrap().to_string(), target, "{location}");
        }
        for location in ["https://cam/", "rtsp://cam/", "javascript:x", "http://", "//"] {
            assert!(
                matches!(follow(&url, location), Err(Fault::Answer(Unwanted::Elsewhere(_)))),
                "{location}"
            );
        }
    }

    #[test]
    fn credentials_stay_with_their_server() {
        let url = HttpUrl::parse("http://me:p%40s:s@cam:8080/a").unwrap();
        let userinfo = |location| follow(&url, location).unwrap().userinfo().map(str::to_owned);
        assert_eq!(userinfo("/b").as_deref(), Some("me:p@s:s"));
        assert_eq!(userinfo("http://cam:8080/b").as_deref(), Some("me:p@s:s"));
        assert_eq!(userinfo("http://cam:8081/b"), None);
        assert_eq!(userinfo("http://other:8080/b"), None);
        assert_eq!(userinfo("http://you@cam:8080/b").as_deref(), Some("you"));
    }
}
