//! RTSP/1.0 messages (RFC 2326) and session descriptions (RFC 8866) as values.
//!
//! Both sides: a server reads requests and writes replies, a player and an
//! `rtsp://` source write requests and read replies. Requests are read more
//! leniently than over HTTP: no proxy stands in between that could understand
//! one otherwise, and cameras and players end lines and write URLs as they like.
//!
//! | file | what |
//! | --- | --- |
//! | [`request`], [`method`], [`uri`] | what a client asks, parsed and written |
//! | [`response`], [`status`] | what the server answers |
//! | [`reply`] | the answer, as a client reads it |
//! | [`url`] | where a player or a source connects |
//! | [`interleaved`] | what comes next on the connection: message or `$` frame |
//! | [`transport`] | `Transport`: UDP ports or interleaved channels |
//! | [`session`], [`range`], [`scale`], [`rtp_info`] | one header each |
//! | [`sdp`] | session descriptions, written for one JPEG video and read |
//! | [`state`] | which method is allowed when |
//! | [`lab`] | the networking lab's dialect, on the same port |
//! | `message` | what requests and replies have in common |
//!
//! Does not carry RTP, nor decide which stream exists or who may see it.

use std::fmt;

use super::http;

pub mod interleaved;
pub mod lab;
mod message;
pub mod method;
pub mod range;
pub mod reply;
pub mod request;
pub mod response;
pub mod rtp_info;
pub mod scale;
pub mod sdp;
pub mod session;
pub mod state;
pub mod status;
pub mod transport;
pub mod uri;
pub mod url;

pub use interleaved::{Front, front};
pub use method::Method;
pub use range::{NptRange, NptStart, Range};
pub use reply::{Reply, parse_reply};
pub use request::{Request, parse_request};
pub use response::Response;
pub use rtp_info::RtpInfo;
pub use scale::parse_scale;
pub use sdp::{Description, JpegSession, Media, parse_sdp, resolve_control};
pub use session::Session;
pub use state::State;
pub use status::Status;
pub use transport::{Chosen, Transport};
pub use uri::Uri;
pub use url::RtspUrl;

/// Bytes that break a grammar: where, and which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Bytes from the start of what the parser was given.
    pub offset: u64,
    /// The production or field that failed, e.g. `"Request-Line"`.
    pub rule: &'static str,
}

impl Invalid {
    pub(crate) fn new(offset: usize, rule: &'static str) -> Self {
        Self { offset: offset as u64, rule }
    }

    /// The same fault, seen from `base` bytes further out.
    pub(crate) fn at(self, base: usize) -> Self {
        Self { offset: self.offset.saturating_add(base as u64), ..self }
    }
}

/// For the grammar that RTSP has in common with HTTP (RFC 2326 §15).
impl From<http::Invalid> for Invalid {
    fn from(invalid: http::Invalid) -> Self {
        Self { offset: invalid.offset, rule: invalid.rule }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.rule, self.offset)
    }
}

impl std::error::Error for Invalid {}

/// A request that can't be served as it stands: why, and what to answer.
///
/// Where the next one would start is not known: the connection is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong with it.
    pub invalid: Invalid,
    /// What a server answers.
    pub status: Status,
    /// The request's number, if that much of it could be read.
    pub cseq: Option<u32>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status, self.invalid)
    }
}

impl std::error::Error for Refused {}

/// Most bytes of a head, from its first byte through its empty line.
pub const MAX_HEAD_BYTES: usize = http::MAX_HEAD_BYTES;

/// Most fields in a head.
pub const MAX_HEADERS: usize = http::MAX_HEADERS;

/// Most bytes of a body: descriptions and parameters are small.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Where `rtsp` URLs lead that name no port (RFC 2326 §3.2).
pub const DEFAULT_PORT: u16 = 554;
