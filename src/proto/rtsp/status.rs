//! The status codes of RFC 2326 §7.1.1 that this project sends.
//!
//! A reply from another server carries its code as a number instead, since it
//! may be any: see [`super::Reply`].

use std::fmt;

/// A status code with its reason phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each name is its reason phrase")]
#[repr(u16)]
pub enum Status {
    Ok = 200,
    MovedPermanently = 301,
    MovedTemporarily = 302,
    BadRequest = 400,
    Unauthorized = 401,
    Forbidden = 403,
    NotFound = 404,
    MethodNotAllowed = 405,
    NotAcceptable = 406,
    RequestTimeout = 408,
    RequestEntityTooLarge = 413,
    RequestUriTooLarge = 414,
    UnsupportedMediaType = 415,
    ParameterNotUnderstood = 451,
    NotEnoughBandwidth = 453,
    SessionNotFound = 454,
    MethodNotValidInThisState = 455,
    HeaderFieldNotValidForResource = 456,
    InvalidRange = 457,
    ParameterIsReadOnly = 458,
    AggregateOperationNotAllowed = 459,
    OnlyAggregateOperationAllowed = 460,
    UnsupportedTransport = 461,
    DestinationUnreachable = 462,
    InternalServerError = 500,
    NotImplemented = 501,
    ServiceUnavailable = 503,
    RtspVersionNotSupported = 505,
    OptionNotSupported = 551,
}

impl Status {
    /// The three digits.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The words that follow the digits in a status line.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::MovedPermanently => "Moved Permanently",
            Self::MovedTemporarily => "Moved Temporarily",
            Self::BadRequest => "Bad Request",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "Not Found",
            Self::MethodNotAllowed => "Method Not Allowed",
            Self::NotAcceptable => "Not Acceptable",
            Self::RequestTimeout => "Request Time-out",
            Self::RequestEntityTooLarge => "Request Entity Too Large",
            Self::RequestUriTooLarge => "Request-URI Too Large",
            Self::UnsupportedMediaType => "Unsupported Media Type",
            Self::ParameterNotUnderstood => "Parameter Not Understood",
            Self::NotEnoughBandwidth => "Not Enough Bandwidth",
            Self::SessionNotFound => "Session Not Found",
            Self::MethodNotValidInThisState => "Method Not Valid in This State",
            Self::HeaderFieldNotValidForResource => "Header Field Not Valid for Resource",
            Self::InvalidRange => "Invalid Range",
            Self::ParameterIsReadOnly => "Parameter Is Read-Only",
            Self::AggregateOperationNotAllowed => "Aggregate operation not allowed",
            Self::OnlyAggregateOperationAllowed => "Only aggregate operation allowed",
            Self::UnsupportedTransport => "Unsupported transport",
            Self::DestinationUnreachable => "Destination unreachable",
            Self::InternalServerError => "Internal Server Error",
            Self::NotImplemented => "Not Implemented",
            Self::ServiceUnavailable => "Service Unavailable",
            Self::RtspVersionNotSupported => "RTSP Version not supported",
            Self::OptionNotSupported => "Option not supported",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code(), self.reason())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_prints_as_in_a_status_line() {
        assert_eq!(Status::Ok.to_string(), "200 OK");
        assert_eq!(
            Status::MethodNotValidInThisState.to_string(),
            "455 Method Not Valid in This State"
        );
    }
}
