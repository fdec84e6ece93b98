//! The live stream, read to the letter of the contract.

use std::io::{ErrorKind, Read, Result};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::client::{Client, READ_TIME, is_http_date};
use super::incoming::Incoming;
use super::picture::look;

/// How the parts are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    Plain,
    AdvanceHeaders,
}

/// One picture.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) jpeg: Vec<u8>,
    /// Unix time of the capture; only in the plain layout.
    pub(crate) at_micros: Option<u64>,
}

impl std::fmt::Debug for Part {
    /// Without the picture's bytes, which nobody could read.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { jpeg, at_micros } = self;
        write!(f, "Part of {} bytes at {at_micros:?}: {:?}", jpeg.len(), look(jpeg))
    }
}

/// A stream from wherever its bytes come.
pub(crate) struct Parts<R> {
    incoming: Incoming<R>,
    layout: Layout,
    begun: bool,
}

/// A stream over a connection.
pub(crate) type Stream = Parts<TcpStream>;

impl Stream {
    /// Opens a stream. The layout is the one that `target` asks for.
    pub(crate) fn open(address: SocketAddr, target: &str, fields: &[(&str, &str)]) -> Self {
        Self::over(Client::connect(address), target, fields)
    }

    /// Opens a stream on a connection that exists.
    pub(crate) fn over(mut client: Client, target: &str, fields: &[(&str, &str)]) -> Self {
        let request = client.head("GET", target, fields, b"");
        client.send(request);
        let head = client.incoming.take_through(b"\r\n\r\n", 64 * 1024).expect("a whole head");
        let head = String::from_utf8(head).expect("a head is text");
        expect_stream_head(&head);
        let layout = match target.contains("advance_headers=1") {
            true => Layout::AdvanceHeaders,
            false => Layout::Plain,
        };
        Self { incoming: client.incoming, layout, begun: false }
    }

    /// Reads all that comes until nothing came for `silence`. Returns the bytes.
    pub(crate) fn read_until_quiet(&mut self, silence: Duration, limit: usize) -> Vec<u8> {
        let socket = self.incoming.source.try_clone().expect("a second handle");
        socket.set_read_timeout(Some(silence)).expect("a time-out");
        let outcome = loop {
            assert!(self.incoming.left_over().len() < limit, "it does not become quiet");
            if let Err(error) = self.incoming.fill() {
                break error;
            }
        };
        let quiet = [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&outcome.kind());
        assert!(quiet, "the stream ended: {outcome}");
        socket.set_read_timeout(Some(READ_TIME)).expect("a time-out");
        let count = self.incoming.left_over().len();
        self.incoming.take(count).expect("it is there")
    }

    /// Reads on a thread of its own until what is returned is dropped.
    pub(crate) fn in_background(mut self) -> Watching {
        let socket = self.incoming.source.try_clone().expect("a second handle");
        let seen = Arc::new(Seen::default());
        let shared = Arc::clone(&seen);
        let thread = thread::spawn(move || {
            while let Ok(part) = self.try_next() {
                *shared.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(part);
                shared.count.fetch_add(1, Ordering::Relaxed);
            }
        });
        Watching { socket, seen, thread: Some(thread) }
    }
}

impl<R: Read> Parts<R> {
    /// A stream whose head was read by another.
    pub(crate) fn new(source: R, layout: Layout) -> Self {
        Self { incoming: Incoming::new(source), layout, begun: false }
    }

    /// The next picture, with the boundary that follows it.
    #[track_caller]
    pub(crate) fn next(&mut self) -> Part {
        self.try_next().expect("another picture")
    }

    /// As [`Parts::next`]; the error is the connection's.
    pub(crate) fn try_next(&mut self) -> Result<Part> {
        let part = match self.layout {
            Layout::Plain => self.plain()?,
            Layout::AdvanceHeaders => self.advance()?,
        };
        assert!(part.jpeg.starts_with(&[0xFF, 0xD8]), "SOI comes first");
        assert!(part.jpeg.ends_with(&[0xFF, 0xD9]), "EOI comes last");
        Ok(part)
    }

    fn plain(&mut self) -> Result<Part> {
        if !self.begun {
            self.literally("--frame\r\n")?;
            self.begun = true;
        }
        let head = self.incoming.take_through(b"\r\n\r\n", 1024)?;
        let (length, at_micros) = part_head(&head)
            .unwrap_or_else(|| panic!("no part's head: {:?}", String::from_utf8_lossy(&head)));
        let jpeg = self.incoming.take(length)?;
        self.literally("\r\n--frame\r\n")?;
        Ok(Part { jpeg, at_micros: Some(at_micros) })
    }

    fn advance(&mut self) -> Result<Part> {
        if !self.begun {
            self.literally("--frame\r\nContent-Type: image/jpeg\r\n\r\n")?;
            self.begun = true;
        }
        let next = b"\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n";
        let mut jpeg = self.incoming.take_through(next, MAX_PICTURE)?;
        jpeg.truncate(jpeg.len() - next.len());
        Ok(Part { jpeg, at_micros: None })
    }

    fn literally(&mut self, expected: &str) -> Result<()> {
        let found = self.incoming.take(expected.len())?;
        assert_eq!(String::from_utf8_lossy(&found), expected);
        Ok(())
    }
}

/// A stream that is read in the background, so that its viewer is no slow one.
pub(crate) struct Watching {
    socket: TcpStream,
    seen: Arc<Seen>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Seen {
    newest: Mutex<Option<Part>>,
    count: AtomicU64,
}

impl Watching {
    /// How many pictures came.
    pub(crate) fn count(&self) -> u64 {
        self.seen.count.load(Ordering::Relaxed)
    }

    /// The picture that came last.
    pub(crate) fn newest(&self) -> Option<Part> {
        self.seen.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It may be closed from the other end already.
        let _ = self.socket.shutdown(Shutdown::Both);
        let outcome = self.thread.take().map(JoinHandle::join);
        if let (Some(Err(_)), false) = (outcome, thread::panicking()) {
            panic!("what was read in the background breaks the contract");
        }
    }
}

/// Reads the three fields of a part, in their order and to the byte.
fn part_head(head: &[u8]) -> Option<(usize, u64)> {
    let text = std::str::from_utf8(head).ok()?;
    let rest = text.strip_prefix("Content-Type: image/jpeg\r\nContent-Length: ")?;
    let (length, rest) = rest.split_once("\r\nX-Timestamp: ")?;
    let (seconds, micros) = rest.strip_suffix("\r\n\r\n")?.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(length) || !digits(seconds) || !digits(micros) || micros.len() != 6 {
        return None;
    }
    let at = seconds.parse::<u64>().ok()? * 1_000_000 + micros.parse::<u64>().ok()?;
    Some((length.parse().ok()?, at))
}

/// Checks what stands before the first boundary, to the byte but for the date and what is said of a
/// filter.
#[track_caller]
pub(crate) fn expect_stream_head(head: &str) {
    let lines = head.split_inclusive("\r\n").filter(|line| !line.starts_with("X-Filter"));
    let (dates, others): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with("Date: "));
    assert_eq!(others.concat(), STREAM_HEAD);
    let [date] = dates[..] else { panic!("not one date: {dates:?}") };
    assert!(is_http_date(date["Date: ".len()..].trim_end()), "{date:?}");
}

const STREAM_HEAD: &str = "HTTP/1.1 200 OK\r\n\
    Content-Type: multipart/x-mixed-replace;boundary=frame\r\n\
    X-Content-Type-Options: nosniff\r\n\
    Cache-Control: no-store, no-cache, must-revalidate, max-age=0\r\n\
    Pragma: no-cache\r\n\
    X-Accel-Buffering: no\r\n\
    Connection: close\r\n\
    Vary: Origin\r\n\r\n";

const MAX_PICTURE: usize = 16 << 20;
