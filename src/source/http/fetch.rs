//! Asks another server, follows where it sends us, and reads the body of its answer.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use crate::client::{Redirects, TlsFault, Trust, Wire, client_nonce, reach};
use crate::proto::auth::{Covered, Denial, Next, Visit};
use crate::proto::http::{
    ChunkedDecoder, HttpUrl, Invalid, MAX_HEAD_BYTES, Reply, ReplyBody, parse_reply, write_get,
};

/// Asks for one thing, once or again and again: it remembers where it was sent and what it was
/// let in with.
pub(super) struct Asker {
    /// Where it is, in the end.
    url: HttpUrl,
    visit: Visit,
    trust: Trust,
    redirects: Redirects,
    patience: Duration,
}

/// An answer with status 200 whose body is still to be read.
pub(super) struct Answer {
    pub(super) reply: Reply,
    pub(super) body: Incoming,
}

impl Answer {
    /// `image/jpeg` and the like, fit to be shown: lower case, without parameters; empty if it is
    /// no type, which may be anything.
    pub(super) fn content_type(&self) -> String {
        let value = self.reply.headers.get("Content-Type").unwrap_or_default();
        let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let of_name = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let is_name = |name: &str| name.len() <= MAX_SHOWN && name.chars().all(of_name);
        let is_type = kind.split_once('/').is_some_and(|(main, sub)| is_name(main) && is_name(sub));
        if is_type { kind } else { String::new() }
    }
}

/// What can go wrong with another server.
#[derive(Debug)]
pub(super) enum Fault {
    /// Its name does not resolve.
    Name(io::Error),
    Connect(io::Error),
    /// The connection is to be TLS, and is not.
    Tls(TlsFault),
    /// For so long.
    Silent(Duration),
    /// A picture, the first or another, is not complete after so long.
    Slow {
        bytes: u64,
        first: bool,
        time: Duration,
    },
    Ended,
    Broken(io::Error),
    /// It does not speak as we do.
    Grammar(Invalid),
    /// No JPEG can be read.
    Pictures,
    /// 401 or 403.
    Denied(Denial),
    Answer(Unwanted),
}

/// Answers that are no stream.
#[derive(Debug)]
pub(super) enum Unwanted {
    /// Too many redirects.
    Redirects,
    /// A redirect to another host, where none is followed.
    OtherHost,
    /// A redirect to what is no URL that can be asked: its scheme, if it has one.
    Elsewhere(String),
    Status(u16),
    /// Content of this type, lower case.
    Content(String),
}

impl Asker {
    pub(super) fn new(
        url: HttpUrl,
        trust: Trust,
        redirects: Redirects,
        patience: Duration,
    ) -> Self {
        Self { visit: Visit::of(url.who()), url, trust, redirects, patience }
    }

    /// Asks, says who we are, and follows redirects. All of it has one deadline, `patience` after
    /// the name was looked up, in which the system cannot be hurried.
    pub(super) fn ask(&mut self) -> Result<Answer, Fault> {
        let mut addresses = look_up(&self.url)?;
        let deadline = Instant::now() + self.patience;
        let mut redirects = 0;
        loop {
            let (wire, reply, behind) = self.question(&addresses, deadline)?;
            match reply.status {
                200 => {
                    self.visit.accepted(reply.headers.get("Authentication-Info"));
                    let body = Incoming::new(wire, &reply, behind);
                    return Ok(Answer { reply, body });
                }
                401 | 403 => {
                    let fields = reply.headers.all("WWW-Authenticate");
                    if let Next::Denied(why) = self.visit.refused(fields, &client_nonce()) {
                        return Err(Fault::Denied(why));
                    }
                }
                301 | 302 | 303 | 307 | 308 => {
                    redirects += 1;
                    if redirects > MAX_REDIRECTS {
                        return Err(Fault::Answer(Unwanted::Redirects));
                    }
                    self.go(&reply)?;
                    addresses = look_up(&self.url)?;
                }
                status => return Err(Fault::Answer(Unwanted::Status(status))),
            }
        }
    }

    /// One request on a connection of its own: the head of its answer, and what came behind it.
    fn question(
        &mut self,
        addresses: &[SocketAddr],
        deadline: Instant,
    ) -> Result<(Wire<TcpStream>, Reply, Vec<u8>), Fault> {
        let mut wire = self.connect(addresses, deadline)?;
        let uri = self.url.path_and_query();
        let authorization = self.visit.authorization(Covered { method: "GET", uri, body: b"" });
        let request = write_get(&self.url, authorization.as_deref());
        wire.send_all(&request).map_err(Fault::Broken)?;
        let (reply, behind) = read_head(&mut wire, deadline, self.patience)?;
        Ok((wire, reply, behind))
    }

    fn connect(
        &self,
        addresses: &[SocketAddr],
        deadline: Instant,
    ) -> Result<Wire<TcpStream>, Fault> {
        let socket = reach(addresses, deadline.min(Instant::now() + CONNECT_TIMEOUT));
        let socket = socket.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Fault::Name(error),
            _ => Fault::Connect(error),
        })?;
        socket.set_write_timeout(Some(CONNECT_TIMEOUT)).map_err(Fault::Connect)?;
        match self.url.is_secure() {
            true => Wire::secure(socket, self.url.host(), self.trust, deadline).map_err(Fault::Tls),
            false => Ok(Wire::plain(socket)),
        }
    }

    /// Goes where a reply sends us.
    fn go(&mut self, reply: &Reply) -> Result<(), Fault> {
        let location = reply.headers.get("Location");
        let location = location.ok_or(Fault::Answer(Unwanted::Status(reply.status)))?;
        let elsewhere = |_| Fault::Answer(Unwanted::Elsewhere(scheme(location)));
        let target = self.url.follow(location).map_err(elsewhere)?;
        if !self.redirects.allow(self.url.host(), target.host()) {
            return Err(Fault::Answer(Unwanted::OtherHost));
        }
        if target.to_string() != self.url.to_string() || target.who() != self.url.who() {
            self.visit = Visit::of(target.who());
        }
        self.url = target;
        Ok(())
    }
}

fn look_up(url: &HttpUrl) -> Result<Vec<SocketAddr>, Fault> {
    let addresses = (url.host(), url.port()).to_socket_addrs().map_err(Fault::Name)?;
    Ok(addresses.collect())
}

/// Reads the head of the answer, past interim ones; gives what came behind it too.
fn read_head(
    wire: &mut Wire<TcpStream>,
    deadline: Instant,
    patience: Duration,
) -> Result<(Reply, Vec<u8>), Fault> {
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
        match wire.receive(&mut piece, deadline).map_err(Fault::Broken)? {
            Some(0) => return Err(Fault::Ended),
            Some(count) => read.extend_from_slice(piece.get(..count).unwrap_or_default()),
            None => return Err(Fault::Silent(patience)),
        }
        if Instant::now() >= deadline {
            return Err(Fault::Silent(patience));
        }
    }
}

/// The scheme of a foreign address, and no more of it: a path may hold a password.
fn scheme(location: &str) -> String {
    let scheme = location.split(':').next().unwrap_or_default();
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let known =
        location.contains(':') && scheme.len() <= MAX_SHOWN && scheme.chars().all(is_scheme);
    if known { scheme.to_owned() } else { String::new() }
}

/// A body that comes in.
pub(super) struct Incoming {
    wire: Wire<TcpStream>,
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
    fn new(wire: Wire<TcpStream>, reply: &Reply, behind: Vec<u8>) -> Self {
        let framing = match reply.body() {
            ReplyBody::None => Framing::Known(0),
            ReplyBody::Known(length) => Framing::Known(length),
            ReplyBody::Chunked => Framing::Chunked(ChunkedDecoder::default()),
            ReplyBody::UntilClose => Framing::UntilClose,
        };
        Self { wire, framing, behind, piece: vec![0; PIECE_BYTES] }
    }

    /// Whether it was stated where it ends.
    pub(super) fn has_length(&self) -> bool {
        matches!(self.framing, Framing::Known(_))
    }

    /// Bytes that came on the connection, whatever they are.
    pub(super) fn heard(&self) -> u64 {
        self.wire.heard()
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
        match self.wire.receive(&mut self.piece, deadline).map_err(Fault::Broken)? {
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
/// Letters of a foreign scheme or type that are shown.
const MAX_SHOWN: usize = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_address_is_named_by_its_scheme_alone() {
        for (location, named) in [
            ("rtsp://cam/secret", "rtsp"),
            ("javascript:secret", "javascript"),
            ("http://", "http"),
            ("//", ""),
            ("secret", ""),
            ("pass word:secret", ""),
            ("a-scheme-that-is-far-too-long-to-be-one:", ""),
        ] {
            assert_eq!(scheme(location), named, "{location}");
        }
    }
}
