//! One WebSocket after its handshake, without I/O: bytes in, messages out, and back.
//!
//! The frames themselves are `tungstenite`'s, which is driven over two buffers. How large they
//! grow is bounded: what came is taken up to one message, and who feeds it takes out what is to be
//! sent.

use std::io::{Error, ErrorKind, Read, Result, Write};

use tungstenite::Bytes;
use tungstenite::error::{CapacityError, Error as Failure};
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::protocol::{Message, Role, WebSocketConfig, WebSocketContext};

/// What a session takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a message.
    pub message: usize,
    /// Whether a message may be binary.
    pub binary: bool,
}

/// A session. Sends what [`Session::outgoing`] holds; is over when [`Session::is_over`] says so
/// and that is sent.
pub struct Session {
    context: WebSocketContext,
    pipe: Pipe,
    limits: Limits,
    over: bool,
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// A ping, which was answered, or a pong.
    Alive,
}

/// Why a session is closed (RFC 6455 §7.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The server ends (1001).
    GoingAway,
    /// The other side broke the protocol (1002).
    Protocol,
    /// It sent bytes where text is spoken (1003).
    Unsupported,
    /// It sent a text that is none (1007).
    NotText,
    /// It does too much (1008).
    Policy,
    /// It may no longer (1008).
    Forbidden,
    /// It sent too much at once (1009).
    TooLarge,
    /// Of who goes live: somebody else is (4000; RFC 6455 §7.4.2 leaves these to programs).
    Taken,
    /// Somebody took over (4001).
    TakenOver,
    /// It was taken off (4002).
    TakenOff,
    /// None of what it sent was a picture (4003).
    NoPicture,
}

impl Session {
    /// A session of which nothing was said.
    pub fn new(limits: Limits) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(if limits.binary { READ_BINARY_BYTES } else { READ_BYTES })
            .write_buffer_size(0)
            .max_message_size(Some(limits.message))
            .max_frame_size(Some(limits.message));
        let context = WebSocketContext::new(Role::Server, Some(config));
        Self { context, pipe: Pipe::default(), limits, over: false }
    }

    /// Takes in bytes that came. Call [`next`](Self::next) until it has no more, each time.
    pub fn feed(&mut self, bytes: &[u8]) {
        if !self.over {
            self.pipe.incoming.extend_from_slice(bytes);
        }
    }

    /// What came, if a whole of it did.
    ///
    /// What must not come closes the session; the reason is in [`outgoing`](Self::outgoing).
    #[expect(clippy::should_implement_trait, reason = "there may be more after there was none")]
    pub fn next(&mut self) -> Option<Event> {
        if self.over {
            return None;
        }
        match self.context.read(&mut self.pipe) {
            Ok(Message::Text(text)) => Some(Event::Text(text.as_str().to_owned())),
            Ok(Message::Binary(_)) if !self.limits.binary => {
                self.close(Code::Unsupported);
                None
            }
            Ok(Message::Binary(bytes)) => Some(Event::Binary(bytes.to_vec())),
            Ok(Message::Ping(_) | Message::Pong(_)) => {
                self.flush();
                Some(Event::Alive)
            }
            // The answer to it goes out; nothing comes after it.
            Ok(Message::Close(_) | Message::Frame(_)) => {
                self.flush();
                self.over = true;
                None
            }
            Err(Failure::Io(error)) if error.kind() == ErrorKind::WouldBlock => None,
            Err(Failure::Capacity(CapacityError::MessageTooLong { .. })) => {
                self.close(Code::TooLarge);
                None
            }
            Err(Failure::Utf8(_)) => {
                self.close(Code::NotText);
                None
            }
            Err(_) => {
                self.close(Code::Protocol);
                None
            }
        }
    }

    /// Says something.
    pub fn say(&mut self, text: String) {
        self.put(text.into_bytes(), Data::Text);
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: Vec<u8>) {
        self.put(bytes, Data::Binary);
    }

    /// Asks the other side whether it is there.
    pub fn ping(&mut self) {
        if !self.over && self.context.write(&mut self.pipe, Message::Ping(Bytes::new())).is_err() {
            self.over = true;
        }
    }

    /// Says goodbye, and that it is over.
    pub fn close(&mut self, code: Code) {
        if !self.over {
            let frame = CloseFrame { code: code.into(), reason: code.reason().into() };
            // Into memory; it fails only where the other side has said goodbye already.
            let _ = self.context.close(&mut self.pipe, Some(frame));
            self.flush();
            self.over = true;
            (self.pipe.incoming, self.pipe.read) = (Vec::new(), 0);
        }
    }

    /// What is to be sent. Take it out as it is.
    pub fn outgoing(&mut self) -> &mut Vec<u8> {
        &mut self.pipe.outgoing
    }

    /// Whether nothing more is said or heard.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Past the context's own buffer, which would stay as large as the largest message was.
    fn put(&mut self, payload: Vec<u8>, data: Data) {
        if !self.over {
            let frame = Frame::message(payload, OpCode::Data(data), true);
            self.over |= frame.format(&mut self.pipe.outgoing).is_err();
        }
    }

    fn flush(&mut self) {
        let _ = self.context.flush(&mut self.pipe);
    }
}

impl Code {
    fn reason(self) -> &'static str {
        match self {
            Code::GoingAway => "the server ends",
            Code::Protocol => "that is no WebSocket",
            Code::Unsupported => "send text",
            Code::NotText => "that is no UTF-8",
            Code::Policy => "too much at once",
            Code::Forbidden => "no longer allowed",
            Code::TooLarge => "that message is too large",
            Code::Taken => "somebody else is live",
            Code::TakenOver => "somebody took over",
            Code::TakenOff => "taken off the air",
            Code::NoPicture => "no picture can be read",
        }
    }
}

impl From<Code> for CloseCode {
    fn from(code: Code) -> Self {
        match code {
            Code::GoingAway => CloseCode::Away,
            Code::Protocol => CloseCode::Protocol,
            Code::Unsupported => CloseCode::Unsupported,
            Code::NotText => CloseCode::Invalid,
            Code::Policy | Code::Forbidden => CloseCode::Policy,
            Code::TooLarge => CloseCode::Size,
            Code::Taken => CloseCode::Library(4000),
            Code::TakenOver => CloseCode::Library(4001),
            Code::TakenOff => CloseCode::Library(4002),
            Code::NoPicture => CloseCode::Library(4003),
        }
    }
}

/// Two buffers that look like a connection which never waits.
#[derive(Default)]
struct Pipe {
    incoming: Vec<u8>,
    /// Of what came, how much was read.
    read: usize,
    outgoing: Vec<u8>,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let rest = &self.incoming[self.read..];
        let count = buffer.len().min(rest.len());
        if count == 0 {
            return Err(Error::from(ErrorKind::WouldBlock));
        }
        buffer[..count].copy_from_slice(&rest[..count]);
        self.read += count;
        if self.read == self.incoming.len() {
            (self.incoming, self.read) = (Vec::new(), 0);
        }
        Ok(count)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.outgoing.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What is held for each session that is silent.
const READ_BYTES: usize = 1024;
/// The same where large messages come.
const READ_BINARY_BYTES: usize = 32 * 1024;

#[cfg(test)]
mod tests;
