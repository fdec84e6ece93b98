//! Where a player or an `rtsp://` source connects (RFC 2326 §3.2; `rtsps` as RFC 7826 §4.2 has it).
//!
//! Does not resolve names nor connect. `rtspu` is not spoken. As of an
//! [`HttpUrl`](crate::proto::http::HttpUrl), nothing but scheme, host and port is ever printed.

use std::fmt;

use super::{DEFAULT_PORT, Invalid};
use crate::proto::auth::Who;
use crate::proto::http::url::{Location, authority};

/// An `rtsp://` or `rtsps://` URL as typed on a command line, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct RtspUrl {
    secure: bool,
    location: Location,
}

impl RtspUrl {
    /// Parses `rtsp://[user[:password]@]host[:port][/path][?query]`, as
    /// [`crate::proto::http::HttpUrl::parse`] does.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for what that refuses.
    pub fn parse(url: &str) -> Result<Self, Invalid> {
        let schemes = [("rtsp", false), ("rtsps", true)];
        let (secure, location) = Location::parse(url, schemes, "scheme: not rtsp or rtsps")?;
        Ok(Self { secure, location })
    }

    /// Where a server sends us by `location`: an absolute URL, or a path of its own. A user stays with
    /// its server, as [`crate::proto::http::HttpUrl::follow`] has it.
    ///
    /// # Errors
    ///
    /// As [`RtspUrl::parse`].
    pub fn follow(&self, location: &str) -> Result<Self, Invalid> {
        let mut target = match location.starts_with('/') && !location.starts_with("//") {
            true => Self::parse(&format!("{self}{location}"))?,
            false => Self::parse(location)?,
        };
        let place = |url: &Self| (url.secure, url.port());
        target.location.take_user(&self.location, place(self), place(&target));
        Ok(target)
    }

    /// Whether it is asked by TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// A name or an address, the latter without brackets.
    pub fn host(&self) -> &str {
        &self.location.host
    }

    /// 554, or 322 for `rtsps`, if the URL names none.
    pub fn port(&self) -> u16 {
        self.location.port.unwrap_or(self.default_port())
    }

    /// Its user, if it names one.
    pub fn who(&self) -> Option<Who> {
        self.location.who()
    }

    /// Host and port, the latter if it is not the scheme's own.
    pub fn authority(&self) -> String {
        authority(self.host(), self.port(), self.default_port())
    }

    /// What stands behind host and port; starts with `/`.
    pub fn path_and_query(&self) -> &str {
        &self.location.path_and_query
    }

    /// As it stands in a request: without a user.
    pub fn request_uri(&self) -> String {
        format!("{self}{}", self.location.path_and_query)
    }

    fn default_port(&self) -> u16 {
        if self.secure { DEFAULT_SECURE_PORT } else { DEFAULT_PORT }
    }
}

/// Scheme, host and port: what may be shown.
impl fmt::Display for RtspUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "rtsps" } else { "rtsp" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl fmt::Debug for RtspUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RtspUrl({self})")
    }
}

/// Where `rtsps` URLs lead that name no port (RFC 7826 §4.2).
const DEFAULT_SECURE_PORT: u16 = 322;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_url_becomes_one_for_a_request() {
        let url = RtspUrl::parse("RTSP://Aladdin:open sesame@[::1]:8554/my clip?x#y").unwrap();
        assert_eq!(url.request_uri(), "rtsp://[::1]:8554/my%20clip?x");
        assert_eq!((url.host(), url.port(), url.is_secure()), ("::1", 8554, false));
        assert_eq!(url.who(), Some(Who::of_userinfo("Aladdin:open sesame")));
        assert_eq!(RtspUrl::parse("rtsp://a").unwrap().request_uri(), "rtsp://a/");
        let secure = RtspUrl::parse("rtsps://a/b").unwrap();
        assert_eq!((secure.port(), secure.is_secure()), (322, true));
        assert_eq!(secure.request_uri(), "rtsps://a/b");
        assert_eq!(RtspUrl::parse("http://a").unwrap_err().rule, "scheme: not rtsp or rtsps");
        let told = RtspUrl::parse("rtsp://me:a#b@cam/").unwrap_err().rule;
        assert!(told.contains("%23"), "{told}");
    }

    #[test]
    fn a_redirect_takes_the_user_along_to_the_same_server_alone() {
        let url = RtspUrl::parse("rtsp://me:secret@cam/a").unwrap();
        for (location, uri, keeps) in [
            ("rtsp://cam/b", "rtsp://cam/b", true),
            ("/b?c", "rtsp://cam/b?c", true),
            ("rtsps://cam/b", "rtsps://cam/b", true),
            ("rtsp://cam:8554/b", "rtsp://cam:8554/b", false),
            ("rtsp://other/b", "rtsp://other/b", false),
        ] {
            let target = url.follow(location).unwrap();
            assert_eq!((target.request_uri().as_str(), target.who().is_some()), (uri, keeps));
        }
        for location in ["", "b", "//cam/b", "http://cam/", "rtsp://"] {
            assert!(url.follow(location).is_err(), "{location}");
        }
    }

    #[test]
    fn nothing_but_scheme_host_and_port_is_printed() {
        let url = RtspUrl::parse("rtsp://u:secret@cam:8554/user=a_password=secret?secret").unwrap();
        assert_eq!(format!("{url} {url:?}"), "rtsp://cam:8554 RtspUrl(rtsp://cam:8554)");
    }
}
