//! What a request is about (RFC 2326 §3.2, §6.1), as it stands in its first line.
//!
//! Does not know which streams there are. For URLs that a person types, see
//! [`super::RtspUrl`].

use std::fmt;

use super::{DEFAULT_PORT, Invalid};
use crate::proto::http::Target;
use crate::proto::http::url::split_authority;

/// A Request-URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri {
    /// As sent, without a user and password.
    text: String,
    /// A name or an address, the latter without brackets; none for `*` and for
    /// a path alone, which some clients send.
    pub host: Option<String>,
    /// If it names one.
    pub port: Option<u16>,
    /// Path and query; the path is `*` for the server as a whole.
    pub target: Target,
}

impl Uri {
    /// Parses `rtsp://host[:port][/path][?query]`, `/path[?query]` or `*`.
    ///
    /// Spaces and letters beyond ASCII are taken as they are: ffmpeg sends
    /// paths as they were typed.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for another scheme, a malformed host, port or escape.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = Invalid::new(0, "Request-URI");
        if text == "*" {
            let target = Target { path: "*".to_owned(), query: None };
            return Ok(Self { text: text.to_owned(), host: None, port: None, target });
        }
        if text.starts_with('/') {
            let target = Target::origin(text, 0)?;
            return Ok(Self { text: text.to_owned(), host: None, port: None, target });
        }
        let (scheme, rest) = text.split_once("://").ok_or(invalid)?;
        if !["rtsp", "rtspu", "rtsps"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Err(invalid);
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let authority = authority.rsplit_once('@').map_or(authority, |(_user, host)| host);
        let (host, port) = split_authority(authority).ok_or(invalid)?;
        let mut target = Target::origin(path, text.len() - path.len())?;
        if target.path.is_empty() {
            target.path.push('/');
        }
        let text = format!("{scheme}://{authority}{path}");
        Ok(Self { text, host: Some(host.to_owned()), port, target })
    }

    /// As sent, without a user and password.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The value of `Content-Base` for a description of this (RFC 2326 §12.11).
    ///
    /// Ends with a slash even behind a query: players append a track's name to
    /// it as plain text.
    pub fn content_base(&self) -> String {
        let slash = if self.text.ends_with('/') { "" } else { "/" };
        format!("{}{slash}", self.text)
    }

    /// The URL of the track `name`, with the query at its end.
    pub fn track(&self, name: &str) -> String {
        let (path, query) = match self.text.split_once('?') {
            Some((path, query)) => (path, format!("?{}", query.trim_end_matches('/'))),
            None => (self.text.as_str(), String::new()),
        };
        format!("{}/{name}{query}", path.trim_end_matches('/'))
    }

    /// What was described, if this is its track `name` or its Content-Base.
    ///
    /// Gives the target without the track and without the slash at its end, and
    /// whether the track was named. Players append to the query, if there is
    /// one: `/live?quality=50/track1` is track1 of `/live?quality=50`.
    pub fn without_track(&self, name: &str) -> (Target, bool) {
        let mut target = self.target.clone();
        let mut is_track = false;
        for text in [Some(&mut target.path), target.query.as_mut()].into_iter().flatten() {
            let base = text.trim_end_matches('/');
            let cut = base.strip_suffix(name).and_then(|rest| rest.strip_suffix('/'));
            is_track |= cut.is_some();
            *text = cut.unwrap_or(base).trim_end_matches('/').to_owned();
        }
        if target.path.is_empty() {
            target.path.push('/');
        }
        (target, is_track)
    }

    /// Whether `text`, which a login covers (RFC 7616 §3.4.6), names what this does.
    ///
    /// A stream, its Content-Base and its track `name` are one: for the track VLC logs in with the
    /// second, and some recorders with the first. Others leave out the scheme and the host. What
    /// has another host, path or query is something else.
    pub fn is_also(&self, text: &str, name: &str) -> bool {
        let Ok(other) = Self::parse(text) else { return false };
        let is_there = match (&self.host, &other.host) {
            (Some(host), Some(other_host)) => {
                let port = |uri: &Self| uri.port.unwrap_or(DEFAULT_PORT);
                host.eq_ignore_ascii_case(other_host) && port(self) == port(&other)
            }
            _ => true,
        };
        is_there && self.without_track(name).0 == other.without_track(name).0
    }
}

/// As it stands in a request.
impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        Uri::parse(text).unwrap()
    }

    #[test]
    fn uris_are_taken_apart() {
        let whole = uri("rtsp://u:p@cam.local:8554/my%20clip?quality=50");
        assert_eq!((whole.host.as_deref(), whole.port), (Some("cam.local"), Some(8554)));
        assert_eq!(whole.target.path, "/my clip");
        assert_eq!(whole.target.query.as_deref(), Some("quality=50"));
        assert_eq!(whole.as_str(), "rtsp://cam.local:8554/my%20clip?quality=50");

        assert_eq!(uri("RTSP://[fe80::1]").host.as_deref(), Some("fe80::1"));
        assert_eq!(uri("rtsp://a").target.path, "/");
        assert_eq!(uri("rtsp://a/my clip.avi").target.path, "/my clip.avi");
        assert_eq!(uri("/live?x").target.query.as_deref(), Some("x"));
        assert_eq!((uri("*").target.path.as_str(), uri("*").host), ("*", None));
    }

    #[test]
    fn uris_that_lead_nowhere_are_refused() {
        for text in ["", "live", "http://a/", "rtsp://", "rtsp://:1/", "rtsp://a:99999/", "**"] {
            assert_eq!(Uri::parse(text).unwrap_err().rule, "Request-URI", "{text}");
        }
        assert_eq!(Uri::parse("rtsp://a/%zz").unwrap_err(), Invalid::new(9, "percent-encoding"));
    }

    #[test]
    fn tracks_are_found_behind_path_and_query() {
        let parts = |text: &str| {
            let (target, is_track) = uri(text).without_track("track1");
            (target.path, target.query, is_track)
        };
        let live = || "/live".to_owned();
        let query = || Some("quality=50".to_owned());
        assert_eq!(parts("rtsp://a/live/"), (live(), None, false));
        assert_eq!(parts("rtsp://a/live/track1"), (live(), None, true));
        assert_eq!(parts("rtsp://a/live?quality=50/track1"), (live(), query(), true));
        assert_eq!(parts("rtsp://a/live?quality=50/"), (live(), query(), false));
        assert_eq!(parts("rtsp://a/live/track1?quality=50"), (live(), query(), true));
        assert_eq!(parts("rtsp://a/track1"), ("/".to_owned(), None, true));
        assert!(!parts("rtsp://a/mytrack1").2);
        assert_eq!(parts("*").0, "*");
    }

    #[test]
    fn a_login_may_name_the_stream_or_its_track_and_nothing_else() {
        let track = uri("rtsp://cam:8554/live/track1");
        for same in [
            "rtsp://cam:8554/live/track1",
            // VLC; some recorders; Bosch's; one that leaves the user in.
            "rtsp://cam:8554/live/",
            "rtsp://cam:8554/live",
            "/live",
            "rtsp://u:p@CAM:8554/live",
        ] {
            assert!(track.is_also(same, "track1"), "{same}");
        }
        for other in [
            "rtsp://cam:8554/live2",
            "rtsp://cam:8554/live/track2",
            "rtsp://cam:8554/live?quality=50",
            "rtsp://cam:8554/",
            "rtsp://cam/live",
            "rtsp://dam:8554/live",
            "/",
            "*",
            "",
            "live",
        ] {
            assert!(!track.is_also(other, "track1"), "{other}");
        }
        assert!(uri("/live").is_also("rtsp://cam:8554/live/", "track1"));
        assert!(uri("rtsp://a/l?q=5/track1").is_also("rtsp://a:554/l?q=5", "track1"));
    }

    #[test]
    fn what_a_description_says_leads_back() {
        for text in ["rtsp://a/live", "rtsp://a/live?quality=50", "rtsp://a/", "rtsp://a"] {
            let described = uri(text);
            let expected = described.without_track("track1").0;
            for again in [
                described.track("track1"),
                format!("{}track1", described.content_base()),
                described.content_base(),
            ] {
                assert_eq!(uri(&again).without_track("track1").0, expected, "{again}");
            }
        }
    }
}
