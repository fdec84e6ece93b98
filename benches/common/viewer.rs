//! One viewer of an MJPEG stream, whose socket is read as it has bytes.
//!
//! Belongs to whoever polls. The pictures themselves are thrown away inside the kernel
//! (`MSG_TRUNC`), so that a thousand viewers cost this side little. Stands alone: the
//! benches and the hostile tests read with it.

#![allow(dead_code, reason = "each of the programs that have it uses a part")]

use std::io::{ErrorKind, Read};
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rustls::ClientConnection;
use socket2::SockRef;

/// One viewer.
pub(crate) struct Viewer {
    pub(crate) socket: mio::net::TcpStream,
    way: Way,
    /// Bytes of heads that are not whole yet.
    head: Vec<u8>,
    /// Bytes of the picture that are still to come.
    picture_left: usize,
    stamp: Option<f64>,
    /// Whether the connection ended.
    pub(crate) over: bool,
    pub(crate) seen: Seen,
}

/// How its bytes come.
enum Way {
    Plain,
    /// By TLS: what came is decrypted, and thrown away here.
    Tls(Box<ClientConnection>),
    /// By TLS, and nobody looks what it is: the kernel throws it away.
    Unheard,
}

/// What a viewer got.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) pictures: u64,
    /// Bytes of pictures whose head came.
    pub(crate) bytes: u64,
    /// Bytes that came by TLS, as they were on the wire.
    pub(crate) wire_bytes: u64,
    last: Option<Instant>,
    /// Milliseconds between two pictures.
    pub(crate) gaps_ms: Vec<f32>,
    /// Milliseconds from the capture to the last byte, where parts carry the time.
    pub(crate) latencies_ms: Vec<f32>,
}

impl Viewer {
    /// A viewer on a connection on which the stream was asked for.
    pub(crate) fn over(stream: TcpStream) -> std::io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            socket: mio::net::TcpStream::from_std(stream),
            way: Way::Plain,
            head: Vec::new(),
            picture_left: 0,
            stamp: None,
            over: false,
            seen: Seen::default(),
        })
    }

    /// The same by TLS, once both sides have agreed.
    pub(crate) fn by_tls(stream: TcpStream, session: ClientConnection) -> std::io::Result<Self> {
        Ok(Self { way: Way::Tls(Box::new(session)), ..Self::over(stream)? })
    }

    /// The same for one that never decrypts what it gets, and so costs this side little: it knows how
    /// many bytes came, and of no picture.
    pub(crate) fn unheard(stream: TcpStream) -> std::io::Result<Self> {
        Ok(Self { way: Way::Unheard, ..Self::over(stream)? })
    }

    /// Reads what is there, at most `most` bytes. Returns how many came.
    pub(crate) fn read(&mut self, most: usize) -> usize {
        let mut total = 0;
        while !self.over && total < most {
            let outcome = match self.way {
                Way::Unheard => self.throw_away(most - total),
                _ if self.picture_left > 0 => self.skip_picture(most - total),
                _ => self.read_head(most - total),
            };
            match outcome {
                Ok(0) => self.over = true,
                Ok(bytes) => total += bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.over = true,
            }
        }
        total
    }

    /// Lets the kernel throw away what came of the picture.
    fn skip_picture(&mut self, most: usize) -> std::io::Result<usize> {
        let length = self.picture_left.min(most);
        let bytes = match &self.way {
            Way::Tls(_) => self.receive(&mut [0; 16 * 1024][..length.min(16 * 1024)])?,
            Way::Plain | Way::Unheard => discard(&self.socket, length)?,
        };
        self.picture_left -= bytes;
        if bytes > 0 && self.picture_left == 0 {
            self.picture_came();
        }
        Ok(bytes)
    }

    fn throw_away(&mut self, most: usize) -> std::io::Result<usize> {
        let bytes = discard(&self.socket, most)?;
        self.seen.wire_bytes += bytes as u64;
        Ok(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let Way::Tls(session) = &mut self.way else { return self.socket.read(buffer) };
        loop {
            match session.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                outcome => return outcome,
            }
            self.seen.wire_bytes += session.read_tls(&mut self.socket)? as u64;
            session.process_new_packets().map_err(std::io::Error::other)?;
        }
    }

    /// Reads a little, up to the end of the next part's head.
    fn read_head(&mut self, most: usize) -> std::io::Result<usize> {
        let mut some = [0; HEAD_READ_BYTES];
        let length = most.min(some.len());
        let bytes = self.receive(&mut some[..length])?;
        self.head.extend_from_slice(&some[..bytes]);
        while let Some((length, used)) = part_head(&self.head) {
            self.stamp = stamp(&self.head[..used]);
            self.head.drain(..used);
            let here = length.min(self.head.len());
            self.head.drain(..here);
            self.picture_left = length - here;
            self.seen.bytes += length as u64;
            if self.picture_left > 0 {
                break;
            }
            self.picture_came();
        }
        Ok(bytes)
    }

    fn picture_came(&mut self) {
        let now = Instant::now();
        self.seen.pictures += 1;
        if let Some(last) = self.seen.last.replace(now) {
            self.seen.gaps_ms.push((now - last).as_secs_f32() * 1e3);
        }
        if let Some(stamp) = self.stamp.take() {
            let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            self.seen.latencies_ms.push(((unix.as_secs_f64() - stamp) * 1e3) as f32);
        }
    }
}

/// Receives what nobody looks at, some 64 kB at most.
fn discard(socket: &mio::net::TcpStream, most: usize) -> std::io::Result<usize> {
    let mut nowhere = [MaybeUninit::uninit(); 64 * 1024];
    let length = most.min(nowhere.len());
    SockRef::from(socket).recv_with_flags(&mut nowhere[..length], MSG_TRUNC)
}

/// The length that a part's head states, and the bytes up to its end.
fn part_head(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    // The response's own head has no length of a part: it is passed over.
    while let Some(end) = find(&bytes[from..], b"\r\n\r\n") {
        let head = &bytes[from..from + end];
        if let Some(length) = field(head, "content-length:").and_then(|text| text.parse().ok()) {
            return Some((length, from + end + 4));
        }
        from += end + 4;
    }
    None
}

fn stamp(head: &[u8]) -> Option<f64> {
    field(head, "x-timestamp:")?.parse().ok()
}

fn field(head: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(head);
    let line = text.lines().find(|line| line.to_ascii_lowercase().starts_with(name))?;
    Some(line[name.len()..].trim().to_owned())
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

const HEAD_READ_BYTES: usize = 512;
/// `recv` discards what it receives (tcp(7)).
const MSG_TRUNC: i32 = 0x20;
