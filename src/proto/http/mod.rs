//! HTTP/1.1 messages (RFC 9110, RFC 9112) as values.
//!
//! A server reads strictly and a client leniently: what [`parse_head`] is in
//! doubt about it refuses, since a proxy in front may have understood it
//! otherwise (request smuggling); [`parse_reply`] takes what cameras and phones
//! really send.
//!
//! | file | what |
//! | --- | --- |
//! | [`head`] | a request's line and fields, framing and host checked |
//! | [`authority`] | `Host` and `Origin` |
//! | [`forwarded`] | what proxies say of the client |
//! | [`body`] | a request's body, collected up to a limit |
//! | [`chunked`] | the chunked coding, shared by requests and replies |
//! | [`form`] | `application/x-www-form-urlencoded`, percent-encoding |
//! | [`response`], [`status`], [`date`] | what the server writes |
//! | [`url`], [`reply`] | what a client asks, and the answer it gets |
//! | [`conditional`] | `If-Match`, `If-None-Match` |
//! | [`headers`] | the list of fields, strict and lenient |

use std::fmt;

pub mod authority;
pub mod body;
pub mod chunked;
pub mod conditional;
pub mod date;
pub mod form;
pub mod forwarded;
pub mod head;
pub mod headers;
pub mod range;
pub mod reply;
pub mod response;
pub mod status;
pub mod url;

pub use authority::{Authority, Host, Scheme, WebOrigin};
pub use body::Body;
pub use chunked::{ChunkedDecoder, Fed};
pub use conditional::{if_match, if_none_match};
pub use date::http_date;
pub use forwarded::{Forwarded, Prefix};
pub use head::{BodyLength, Head, Method, Target, Version, parse_head};
pub use headers::Headers;
pub use range::{Asked, parse_range};
pub use reply::{Reply, ReplyBody, parse_reply};
pub use response::ResponseHead;
pub use status::Status;
pub use url::{HttpUrl, without_secrets, write_get};

/// Bytes that break a grammar or pass a limit: where, which rule, what to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Bytes from the start of what the parser was given; for an incremental
    /// one, from the first byte it was ever fed.
    pub offset: u64,
    /// The production or field that failed, e.g. `"request-line"`.
    pub rule: &'static str,
    /// What a server answers; [`Status::BadGateway`] if a server sent the bytes.
    pub status: Status,
}

impl Invalid {
    /// A plain `400`, which most broken grammar is.
    pub(crate) fn bad_request(offset: usize, rule: &'static str) -> Self {
        Self::new(Status::BadRequest, offset, rule)
    }

    /// What another server sent is wrong.
    pub(crate) fn bad_gateway(offset: usize, rule: &'static str) -> Self {
        Self::new(Status::BadGateway, offset, rule)
    }

    pub(crate) fn new(status: Status, offset: usize, rule: &'static str) -> Self {
        Self { offset: offset as u64, rule, status }
    }

    /// The same fault, seen from `base` bytes further out.
    pub(crate) fn at(self, base: u64) -> Self {
        Self { offset: base.saturating_add(self.offset), ..self }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.rule, self.offset)
    }
}

impl std::error::Error for Invalid {}

/// Most bytes of a head, from its first byte through its empty line.
pub const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Most fields in a head.
pub const MAX_HEADERS: usize = 100;
