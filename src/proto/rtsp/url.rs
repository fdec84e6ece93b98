//! Where a player or an `rtsp://` source connects (RFC 2326 §3.2).
//!
//! Does not resolve names nor connect. `rtsps` and `rtspu` are not spoken.

use std::fmt;

use super::{DEFAULT_PORT, Invalid};
use crate::proto::http::url::{Location, authority, basic_credentials};

/// An `rtsp://` URL as typed on a command line, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct RtspUrl(Location);

impl RtspUrl {
    /// Parses `rtsp://[user[:password]@]host[:port][/path][?query]`, as
    /// [`crate::proto::http::HttpUrl::parse`] does.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if the scheme is another, the host or port malformed, or a
    /// control character stands anywhere.
    pub fn parse(url: &str) -> Result<Self, Invalid> {
        Ok(Self(Location::parse(url, "rtsp", "scheme: not rtsp")?))
    }

    /// A name or an address, the latter without brackets.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// 554 if the URL names none.
    pub fn port(&self) -> u16 {
        self.0.port.unwrap_or(DEFAULT_PORT)
    }

    /// The value of `Authorization`, if the URL has a user; to be sent only to
    /// a server that asks for `Basic`.
    pub fn basic_credentials(&self) -> Option<String> {
        self.0.userinfo.as_deref().map(basic_credentials)
    }
}

/// As it stands in a request: without user and password.
impl fmt::Display for RtspUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = authority(self.host(), self.port(), DEFAULT_PORT);
        write!(f, "rtsp://{authority}{}", self.0.path_and_query)
    }
}

impl fmt::Debug for RtspUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RtspUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_url_becomes_one_for_a_request() {
        let url = RtspUrl::parse("RTSP://Aladdin:open sesame@[::1]:8554/my clip?x#y").unwrap();
        assert_eq!(url.to_string(), "rtsp://[::1]:8554/my%20clip?x");
        assert_eq!((url.host(), url.port()), ("::1", 8554));
        let credentials = url.basic_credentials();
        assert_eq!(credentials.as_deref(), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        assert_eq!(format!("{:?}", RtspUrl::parse("rtsp://a").unwrap()), "RtspUrl(rtsp://a/)");
        assert_eq!(RtspUrl::parse("http://a").unwrap_err().rule, "scheme: not rtsp");
    }
}
