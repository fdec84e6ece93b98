//! The RTSP connection: bytes in, messages out, and back.
//!
//! On the client's thread, and never waits. What it holds is bounded by the grammar's limits.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use super::fault::Fault;
use super::wire::{Came, Wire};
use crate::proto::rtsp::interleaved::frame_header;
use crate::proto::rtsp::{Front, Reply, Request, front, parse_reply, parse_request};

/// A connection that is open.
pub(super) struct Connection {
    wire: Wire<TcpStream>,
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
    input: Vec<u8>,
    /// How much of `input` has been taken.
    taken: usize,
    output: Vec<u8>,
}

/// What came on it.
#[derive(Debug)]
pub(super) enum Message {
    Reply(Reply),
    /// Servers may ask as well.
    Request(Request),
    /// A `$` frame.
    Frame {
        channel: u8,
        payload: Vec<u8>,
    },
}

/// What [`Connection::fill`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    Bytes,
    Nothing,
    /// The server has closed.
    End,
}

impl Connection {
    pub(super) fn new(
        mut wire: Wire<std::net::TcpStream>,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let socket = wire.socket();
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        let (local, peer) = (socket.local_addr()?, socket.peer_addr()?);
        let mut wire = wire.on(TcpStream::from_std);
        registry.register(wire.socket(), token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self { wire, local, peer, input: Vec::new(), taken: 0, output: Vec::new() })
    }

    /// Reads what there is, once; to be called when [`next`](Self::next) has nothing more.
    pub(super) fn fill(&mut self) -> Result<Filled, Fault> {
        self.input.drain(..self.taken);
        self.taken = 0;
        let before = self.input.len();
        self.input.resize(before + PIECE_BYTES, 0);
        let came = self.wire.step(&mut self.input[before..]);
        let count = if let Ok(Came::Bytes(count)) = came { count } else { 0 };
        self.input.truncate(before + count);
        match came {
            Ok(Came::End) => Ok(Filled::End),
            Ok(Came::Bytes(_) | Came::Framing) => Ok(Filled::Bytes),
            Err(error) if is_nothing(&error) => Ok(Filled::Nothing),
            Err(error) if is_gone(&error) => Ok(Filled::End),
            Err(error) => Err(Fault::Broken(error.to_string())),
        }
    }

    /// The next whole message.
    pub(super) fn next(&mut self) -> Result<Option<Message>, Fault> {
        loop {
            let rest = self.input.get(self.taken..).unwrap_or_default();
            let (message, length) = match front(rest) {
                None => return Ok(None),
                Some(Front::Nothing { length }) => {
                    self.taken += length;
                    continue;
                }
                Some(Front::Frame { channel, payload, length }) => {
                    (Message::Frame { channel, payload: payload.to_vec() }, length)
                }
                Some(Front::Reply) => match parse_reply(rest).map_err(Fault::Grammar)? {
                    Some((reply, length)) => (Message::Reply(reply), length),
                    None => return Ok(None),
                },
                Some(Front::Request) => {
                    match parse_request(rest).map_err(|refused| Fault::Grammar(refused.invalid))? {
                        Some((request, length)) => (Message::Request(request), length),
                        None => return Ok(None),
                    }
                }
            };
            self.taken += length;
            return Ok(Some(message));
        }
    }

    /// Sends bytes of a message, now or when there is room.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.output.len() + bytes.len() > MAX_UNSENT_BYTES {
            return Err(Fault::Broken("it does not read what is sent".into()));
        }
        self.output.extend_from_slice(bytes);
        self.flush()
    }

    /// Sends bytes as a `$` frame.
    pub(super) fn send_frame(&mut self, channel: u8, payload: &[u8]) -> Result<(), Fault> {
        // Reports are short.
        let size = u16::try_from(payload.len()).unwrap_or_default();
        self.send(&[&frame_header(channel, size)[..], payload].concat())
    }

    /// Sends what is left.
    pub(super) fn flush(&mut self) -> Result<(), Fault> {
        if let Err(error) = self.wire.flush().or_else(or_gone) {
            return Err(Fault::Broken(error.to_string()));
        }
        while !self.output.is_empty() {
            match self.wire.write(&self.output) {
                Ok(count) => drop(self.output.drain(..count)),
                Err(error) if is_nothing(&error) => break,
                // What came before that, and the end, are still to be read.
                Err(error) if is_gone(&error) => self.output.clear(),
                Err(error) => return Err(Fault::Broken(error.to_string())),
            }
        }
        Ok(())
    }
}

/// True if the socket is only not ready.
pub(super) fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// What came before the end is still to be read.
fn or_gone(error: io::Error) -> io::Result<()> {
    if is_gone(&error) { Ok(()) } else { Err(error) }
}

/// True if the other side has closed.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

const PIECE_BYTES: usize = 64 << 10;

/// Requests and reports that a server may leave unread.
const MAX_UNSENT_BYTES: usize = 64 << 10;
