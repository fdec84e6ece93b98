//! Where a client asks, and the request it sends: `http` URLs (RFC 9110 §4.2.1,
//! RFC 3986) and Basic credentials (RFC 7617).
//!
//! Does not resolve names nor connect. `https` is not spoken.

use std::fmt;
use std::net::Ipv6Addr;

use super::Invalid;
use crate::proto::http::form;

/// An `http://` URL as typed on a command line, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpUrl(Location);

impl HttpUrl {
    /// Parses `http://[user[:password]@]host[:port][/path][?query]`.
    ///
    /// A person may have typed it: spaces and letters beyond ASCII in the path
    /// are encoded, and a fragment is dropped.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if the scheme is another, the host or port malformed, or a
    /// control character stands anywhere.
    pub fn parse(url: &str) -> Result<Self, Invalid> {
        let location = Location::parse(url, "http", "scheme: not http")?;
        Ok(Self(location))
    }

    /// A name or an address, the latter without brackets.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// 80 if the URL names none.
    pub fn port(&self) -> u16 {
        self.0.port.unwrap_or(DEFAULT_PORT)
    }

    /// What stands in the request line; starts with `/`.
    pub fn path_and_query(&self) -> &str {
        &self.0.path_and_query
    }

    /// `user` or `user:password`, decoded.
    pub fn userinfo(&self) -> Option<&str> {
        self.0.userinfo.as_deref()
    }

    /// Host and port as in a `Host` field.
    fn authority(&self) -> String {
        authority(self.host(), self.port(), DEFAULT_PORT)
    }
}

/// Without the password, so that a URL can be logged.
impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority(), self.path_and_query())
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpUrl({self})")
    }
}

/// Writes the request that fetches `url`, with its credentials if it has any.
///
/// The connection is asked to close, so that a body without length ends.
pub fn write_get(url: &HttpUrl) -> Vec<u8> {
    let mut request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {AGENT}\r\n\
         Accept: */*\r\nConnection: close\r\n",
        url.path_and_query(),
        url.authority(),
    );
    if let Some(userinfo) = url.userinfo() {
        request.push_str(&format!("Authorization: {}\r\n", basic_credentials(userinfo)));
    }
    request.push_str("\r\n");
    request.into_bytes()
}

/// What follows `scheme://` in a URL that a person typed, for any scheme.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::proto) struct Location {
    pub(in crate::proto) host: String,
    pub(in crate::proto) port: Option<u16>,
    pub(in crate::proto) path_and_query: String,
    pub(in crate::proto) userinfo: Option<String>,
}

impl Location {
    /// Takes `url` apart; `not_scheme` is the rule to name if its scheme is not `scheme`.
    pub(in crate::proto) fn parse(
        url: &str,
        scheme: &str,
        not_scheme: &'static str,
    ) -> Result<Self, Invalid> {
        if let Some(at) = url.find(|c: char| c.is_ascii_control()) {
            return Err(Invalid::bad_request(at, "control character"));
        }
        let invalid_scheme = Invalid::bad_request(0, not_scheme);
        let (found, rest) = url.split_once("://").ok_or(invalid_scheme)?;
        if !found.eq_ignore_ascii_case(scheme) {
            return Err(invalid_scheme);
        }
        let (rest, _fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let authority_at = scheme.len() + 3;
        // The last @, since people don't encode the one in their password.
        let (userinfo, host_port) = match authority.rsplit_once('@') {
            Some((userinfo, host_port)) => (Some(userinfo), host_port),
            None => (None, authority),
        };
        let host_at = authority_at + authority.len() - host_port.len();
        let (host, port) =
            split_authority(host_port).ok_or(Invalid::bad_request(host_at, "authority"))?;
        let decode = |text: &str| {
            form::percent_decode(text.as_bytes()).map_err(|e| e.at(authority_at as u64))
        };
        Ok(Self {
            host: host.to_owned(),
            port,
            path_and_query: origin_form(path),
            userinfo: userinfo.map(decode).transpose()?,
        })
    }
}

/// `host[:port]`, an IPv6 address in brackets and the default port left out.
pub(in crate::proto) fn authority(host: &str, port: u16, default: u16) -> String {
    let brackets = if host.contains(':') { ("[", "]") } else { ("", "") };
    let host = format!("{}{host}{}", brackets.0, brackets.1);
    if port == default { host } else { format!("{host}:{port}") }
}

/// The value of `Authorization` for `user` or `user:password` (RFC 7617).
pub(in crate::proto) fn basic_credentials(userinfo: &str) -> String {
    // RFC 7617 §2 wants the colon even if there is no password.
    let colon = if userinfo.contains(':') { "" } else { ":" };
    format!("Basic {}", base64(format!("{userinfo}{colon}").as_bytes()))
}

/// Splits `host[:port]`, the host without brackets.
///
/// Of the names that RFC 3986 allows only those that a resolver knows are taken,
/// so that one may stand in a page or a log as it is.
pub(in crate::proto) fn split_authority(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            address.parse::<Ipv6Addr>().ok()?;
            (address, port)
        }
        None => {
            let (name, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if name.is_empty() || !name.bytes().all(known) {
                return None;
            }
            (name, port)
        }
    };
    match port.strip_prefix(':') {
        // `host:` means the default port (RFC 3986 §3.2.3).
        Some("") => Some((host, None)),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some((host, Some(digits.parse().ok()?)))
        }
        None if port.is_empty() => Some((host, None)),
        _ => None,
    }
}

/// A path and query with what may not stand in a request line encoded.
fn origin_form(typed: &str) -> String {
    let mut path = if typed.starts_with('/') { String::new() } else { "/".to_owned() };
    for byte in typed.bytes() {
        match byte.is_ascii_graphic() {
            true => path.push(char::from(byte)),
            false => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

/// RFC 4648 §4, with padding.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0, |bits, &byte| bits << 8 | usize::from(byte));
        let bits = bits << (8 * (3 - group.len()));
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 0x3f;
            text.push(if digit <= group.len() { char::from(BASE64[value]) } else { '=' });
        }
    }
    text
}

const AGENT: &str = concat!("livestream/", env!("CARGO_PKG_VERSION"));

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const DEFAULT_PORT: u16 = 80;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::http::parse_head;

    fn refused(url: &str) -> (&'static str, u64) {
        let invalid = HttpUrl::parse(url).unwrap_err();
        (invalid.rule, invalid.offset)
    }

    #[test]
    fn urls_are_taken_apart() {
        let url = HttpUrl::parse("http://admin:p%40ss@cam.local:8080/?action=stream#x").unwrap();
        assert_eq!((url.host(), url.port()), ("cam.local", 8080));
        assert_eq!(url.path_and_query(), "/?action=stream");
        assert_eq!(url.userinfo(), Some("admin:p@ss"));

        let url = HttpUrl::parse("HTTP://[fe80::1]?x y=\u{e9}").unwrap();
        assert_eq!((url.host(), url.port()), ("fe80::1", 80));
        assert_eq!(url.path_and_query(), "/?x%20y=%C3%A9");
        assert_eq!(HttpUrl::parse("http://u:a@b@c").unwrap().userinfo(), Some("u:a@b"));
    }

    #[test]
    fn urls_that_lead_nowhere_are_refused() {
        assert_eq!(refused("rtsp://a/"), ("scheme: not http", 0));
        assert_eq!(refused("a.local/stream"), ("scheme: not http", 0));
        assert_eq!(refused("http://"), ("authority", 7));
        assert_eq!(refused("http://u@:80/"), ("authority", 9));
        assert_eq!(refused("http://a:65536/"), ("authority", 7));
        assert_eq!(refused("http://a:+1/"), ("authority", 7));
        assert_eq!(refused("http://[::1"), ("authority", 7));
        assert_eq!(refused("http://[::1]x"), ("authority", 7));
        assert_eq!(refused("http://a/\r\nX: y"), ("control character", 9));
    }

    #[test]
    fn a_password_is_never_printed() {
        let url = HttpUrl::parse("http://u:secret@[::1]:81/a").unwrap();
        assert_eq!(url.to_string(), "http://[::1]:81/a");
        assert_eq!(format!("{url:?}"), "HttpUrl(http://[::1]:81/a)");
    }

    #[test]
    fn a_url_that_is_cut_is_refused_until_it_has_a_host() {
        let whole = "http://cam";
        for cut in 0.."http://c".len() {
            assert!(HttpUrl::parse(&whole[..cut]).is_err(), "cut at {cut}");
        }
        assert_eq!(HttpUrl::parse(whole).unwrap().to_string(), "http://cam/");
    }

    #[test]
    fn the_request_is_one_that_a_strict_server_reads() {
        let request =
            write_get(&HttpUrl::parse("http://Aladdin:open sesame@[::1]:81/a b").unwrap());
        let (head, length) = parse_head(&request).unwrap().unwrap();
        assert_eq!(length, request.len());
        assert_eq!(head.target.path.as_str(), "/a b");
        assert_eq!(head.header("Host"), Some("[::1]:81"));
        let credentials = head.header("Authorization");
        assert_eq!(credentials, Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        let bare = write_get(&HttpUrl::parse("http://u@a").unwrap());
        assert_eq!(
            parse_head(&bare).unwrap().unwrap().0.header("Authorization"),
            Some("Basic dTo=")
        );
    }

    #[test]
    fn base64_is_as_in_its_rfc() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
