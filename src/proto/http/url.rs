//! Where a client asks, and the request it sends: `http` and `https` URLs (RFC 9110 §4.2,
//! RFC 3986).
//!
//! Does not resolve names nor connect. Paths, queries and users may hold passwords: nothing of a
//! URL but scheme, host and port is ever printed.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::{Invalid, Scheme};
use crate::proto::auth::Who;
use crate::proto::http::form;

/// An `http://` or `https://` URL as typed on a command line, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpUrl {
    scheme: Scheme,
    location: Location,
}

impl HttpUrl {
    /// Parses `http://[user[:password]@]host[:port][/path][?query]`, and the same with `https`.
    ///
    /// A person may have typed it: spaces and letters beyond ASCII in the path
    /// are encoded, and a fragment is dropped.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if the scheme is another, the host or port malformed, a
    /// control character stands anywhere, or a name or password seems to hold
    /// what must be encoded there.
    pub fn parse(url: &str) -> Result<Self, Invalid> {
        let schemes = [("http", Scheme::Http), ("https", Scheme::Https)];
        let (scheme, location) = Location::parse(url, schemes, "scheme: not http or https")?;
        Ok(Self { scheme, location })
    }

    /// Where `reference`, of a page at this URL, leads (RFC 3986 §5.2); with no user but its own.
    ///
    /// # Errors
    ///
    /// As [`HttpUrl::parse`].
    pub fn join(&self, reference: &str) -> Result<Self, Invalid> {
        let before_path = reference.split(['/', '?', '#']).next().unwrap_or_default();
        if before_path.contains(':') {
            return Self::parse(reference);
        }
        let scheme = self.scheme();
        if reference.starts_with("//") {
            return Self::parse(&format!("{scheme}:{reference}"));
        }
        let path = self.path_and_query().split('?').next().unwrap_or("/");
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let origin = format!("{scheme}://{}", self.authority());
        Self::parse(&match reference.chars().next() {
            Some('/') => format!("{origin}{reference}"),
            Some('?') => format!("{origin}{path}{reference}"),
            None | Some('#') => format!("{origin}{}", self.path_and_query()),
            _ => format!("{origin}{folder}/{reference}"),
        })
    }

    /// Where a server sends us by `location`. A user stays with its server: it goes along to the
    /// same host and port, or from `http` there to `https`, where it is safer than it was.
    ///
    /// # Errors
    ///
    /// As [`HttpUrl::parse`].
    pub fn follow(&self, location: &str) -> Result<Self, Invalid> {
        let mut target = self.join(location)?;
        let place = |url: &Self| (url.is_secure(), url.port());
        target.location.take_user(&self.location, place(self), place(&target));
        Ok(target)
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        self.scheme.as_str()
    }

    /// Whether it is asked by TLS.
    pub fn is_secure(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// A name or an address, the latter without brackets.
    pub fn host(&self) -> &str {
        &self.location.host
    }

    /// 80, or 443 for `https`, if the URL names none.
    pub fn port(&self) -> u16 {
        self.location.port.unwrap_or(self.scheme.default_port())
    }

    /// What stands in the request line; starts with `/`.
    pub fn path_and_query(&self) -> &str {
        &self.location.path_and_query
    }

    /// Its user, if it names one.
    pub fn who(&self) -> Option<Who> {
        self.location.who()
    }

    /// Host and port as in a `Host` field.
    pub fn authority(&self) -> String {
        authority(self.host(), self.port(), self.scheme.default_port())
    }
}

/// Scheme, host and port: what may be shown.
impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.authority())
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpUrl({self})")
    }
}

/// A text of which no password can be read, if it is an address: its scheme alone. Else as it is.
pub fn without_secrets(text: &str) -> &str {
    text.find("://").map_or(text, |at| &text[..at + 3])
}

/// Writes the request that fetches `url`, with the value of `Authorization` if one is given.
///
/// The connection is asked to close, so that a body without length ends.
pub fn write_get(url: &HttpUrl, authorization: Option<&str>) -> Vec<u8> {
    let mut request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {AGENT}\r\n\
         Accept: */*\r\nConnection: close\r\n",
        url.path_and_query(),
        url.authority(),
    );
    if let Some(authorization) = authorization {
        request.push_str(&format!("Authorization: {authorization}\r\n"));
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
    userinfo: Option<String>,
}

impl Location {
    /// Takes `url` apart; `not_scheme` is the rule to name if its scheme is none of `schemes`.
    pub(in crate::proto) fn parse<S: Copy, const N: usize>(
        url: &str,
        schemes: [(&str, S); N],
        not_scheme: &'static str,
    ) -> Result<(S, Self), Invalid> {
        if let Some(at) = url.find(|c: char| c.is_ascii_control()) {
            return Err(Invalid::bad_request(at, CONTROL));
        }
        let invalid_scheme = Invalid::bad_request(0, not_scheme);
        let (found, rest) = url.split_once("://").ok_or(invalid_scheme)?;
        let known = |(name, _): &(&str, S)| found.eq_ignore_ascii_case(name);
        let (_, scheme) = schemes.into_iter().find(known).ok_or(invalid_scheme)?;
        let authority_at = found.len() + 3;
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // The last @, since people don't encode the one in their password.
        let (userinfo, host_port) = match authority.rsplit_once('@') {
            Some((userinfo, host_port)) => (Some(userinfo), host_port),
            None => (None, authority),
        };
        if let Some(rule) = misplaced(host_port, path) {
            return Err(Invalid::bad_request(authority_at + authority.len(), rule));
        }
        let host_at = authority_at + authority.len() - host_port.len();
        let (host, port) =
            split_authority(host_port).ok_or(Invalid::bad_request(host_at, "authority"))?;
        let location = Self {
            host: host.to_owned(),
            port,
            path_and_query: origin_form(path.split('#').next().unwrap_or_default()),
            userinfo: userinfo.map(|userinfo| user(userinfo, authority_at)).transpose()?,
        };
        Ok((scheme, location))
    }

    /// Takes the user of where we come `from`, if it may go along and there is no other. A place is
    /// whether it is secure, and the port.
    pub(in crate::proto) fn take_user(
        &mut self,
        from: &Self,
        (was_secure, from_port): (bool, u16),
        (is_secure, port): (bool, u16),
    ) {
        let same_host = self.host.eq_ignore_ascii_case(&from.host);
        let same_server = is_secure == was_secure && port == from_port;
        let safer = is_secure && !was_secure;
        if self.userinfo.is_none() && same_host && (same_server || safer) {
            self.userinfo.clone_from(&from.userinfo);
        }
    }

    pub(in crate::proto) fn who(&self) -> Option<Who> {
        self.userinfo.as_deref().map(Who::of_userinfo)
    }
}

/// Decodes a user and password that begin `at` bytes into their URL.
fn user(typed: &str, at: usize) -> Result<String, Invalid> {
    let percent = |invalid: Invalid| Invalid::bad_request(at + invalid.offset as usize, PERCENT);
    let decoded = form::percent_decode(typed.as_bytes()).map_err(percent)?;
    // It would end the field that it is sent in.
    if decoded.contains(|c: char| c.is_control()) {
        return Err(Invalid::bad_request(at, CONTROL));
    }
    Ok(decoded)
}

/// What to write, if a user or password seems to hold what ends an authority: there is an `@`
/// behind it, and `host_port` before it is no host, or one that only this network could know.
fn misplaced(host_port: &str, path: &str) -> Option<&'static str> {
    if !path.contains('@') {
        return None;
    }
    let is_plain_host = split_authority(host_port).is_some_and(|(host, _)| {
        host.contains('.') || host == "localhost" || host.parse::<IpAddr>().is_ok()
    });
    match path.chars().next()? {
        '#' => Some("a `#` in a name or password is written `%23`"),
        _ if is_plain_host => None,
        '/' => Some("a `/` in a name or password is written `%2F`, an `@` behind them `%40`"),
        _ => Some("a `?` in a name or password is written `%3F`, an `@` behind them `%40`"),
    }
}

const PERCENT: &str = "a `%` in a name or password is written `%25`";
const CONTROL: &str = "control character";

/// `host[:port]`, an IPv6 address in brackets and the default port left out.
pub(in crate::proto) fn authority(host: &str, port: u16, default: u16) -> String {
    let brackets = if host.contains(':') { ("[", "]") } else { ("", "") };
    let host = format!("{}{host}{}", brackets.0, brackets.1);
    if port == default { host } else { format!("{host}:{port}") }
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

const AGENT: &str = concat!("livestream/", env!("CARGO_PKG_VERSION"));

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
        assert_eq!((url.host(), url.port(), url.is_secure()), ("cam.local", 8080, false));
        assert_eq!(url.path_and_query(), "/?action=stream");
        assert_eq!(url.who(), Some(Who::of_userinfo("admin:p@ss")));

        let url = HttpUrl::parse("HTTP://[fe80::1]?x y=\u{e9}").unwrap();
        assert_eq!((url.host(), url.port()), ("fe80::1", 80));
        assert_eq!(url.path_and_query(), "/?x%20y=%C3%A9");
        let url = HttpUrl::parse("HTTPS://u:a@b@c").unwrap();
        assert_eq!(url.who(), Some(Who::of_userinfo("u:a@b")));
        assert_eq!((url.port(), url.is_secure(), url.authority().as_str()), (443, true, "c"));
        assert_eq!(HttpUrl::parse("https://c:80").unwrap().authority(), "c:80");
    }

    #[test]
    fn urls_that_lead_nowhere_are_refused() {
        assert_eq!(refused("rtsp://a/"), ("scheme: not http or https", 0));
        assert_eq!(refused("a.local/stream"), ("scheme: not http or https", 0));
        assert_eq!(refused("http://"), ("authority", 7));
        assert_eq!(refused("http://u@:80/"), ("authority", 9));
        assert_eq!(refused("http://a:65536/"), ("authority", 7));
        assert_eq!(refused("https://a:+1/"), ("authority", 8));
        assert_eq!(refused("http://[::1"), ("authority", 7));
        assert_eq!(refused("http://[::1]x"), ("authority", 7));
        assert_eq!(refused("http://a/\r\nX: y"), ("control character", 9));
        assert_eq!(refused("http://a%0d%0ab:c@cam/"), ("control character", 7));
    }

    #[test]
    fn what_must_be_encoded_in_a_password_is_told() {
        for (url, written, at) in [
            ("http://me:pa#ss@cam/", "%23", 12),
            ("http://me:12#34@cam.local/", "%23", 12),
            ("http://me:p@ss#w@cam/", "%23", 14),
            ("http://me:pa/ss@cam/", "%2F", 12),
            ("http://me:1234/5@192.168.1.5/stream", "%2F", 14),
            ("https://me/x:pw@cam/", "%2F", 10),
            ("http://me:pa?ss@cam/", "%3F", 12),
            ("http://me:pa?s/s@cam/", "%3F", 12),
            ("http://me:100%@cam/", "%25", 13),
            ("http://me:%zz@cam/", "%25", 10),
        ] {
            let (rule, offset) = refused(url);
            assert!(rule.contains(written), "{url}: {rule}");
            assert_eq!(offset, at, "{url}");
            assert!(rule.contains("name or password"), "{url}: {rule}");
        }
        for (url, userinfo) in [
            (
                "http://me:p@s:s w\u{f6}rd!$&'()*+,;=[]^`{|}~@cam/",
                "me:p@s:s w\u{f6}rd!$&'()*+,;=[]^`{|}~",
            ),
            ("http://me:%23%2F%3F%40%3A%25@cam/", "me:#/?@:%"),
        ] {
            assert_eq!(HttpUrl::parse(url).unwrap().who(), Some(Who::of_userinfo(userinfo)));
        }
        // Paths may hold one.
        for url in ["http://10.0.0.2/a@b", "http://cam.local/?user=me@home", "http://u:p@[::1]/@"] {
            assert!(HttpUrl::parse(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn nothing_but_scheme_host_and_port_is_printed() {
        let url = HttpUrl::parse("https://u:secret@[::1]:81/secret/a?pwd=secret#secret").unwrap();
        assert_eq!(url.to_string(), "https://[::1]:81");
        assert_eq!(format!("{url:?}"), "HttpUrl(https://[::1]:81)");
        assert_eq!(without_secrets("http://u:secret@cam"), "http://");
        assert_eq!(without_secrets("80x"), "80x");
    }

    #[test]
    fn a_url_that_is_cut_is_refused_until_it_has_a_host() {
        let whole = "http://cam";
        for cut in 0.."http://c".len() {
            assert!(HttpUrl::parse(&whole[..cut]).is_err(), "cut at {cut}");
        }
        assert_eq!(HttpUrl::parse(whole).unwrap().path_and_query(), "/");
    }

    #[test]
    fn references_lead_where_a_browser_would_go() {
        let url = HttpUrl::parse("https://me:secret@cam:8080/a/b?c=d").unwrap();
        for (reference, target, path) in [
            ("http://other/x?y", "http://other", "/x?y"),
            ("HTTP://other:81", "http://other:81", "/"),
            ("//other/x", "https://other", "/x"),
            ("/x", "https://cam:8080", "/x"),
            ("x/y?z", "https://cam:8080", "/a/x/y?z"),
            ("?action=stream", "https://cam:8080", "/a/b?action=stream"),
            ("", "https://cam:8080", "/a/b?c=d"),
            ("#x", "https://cam:8080", "/a/b?c=d"),
        ] {
            let found = url.join(reference).unwrap();
            assert_eq!((found.to_string().as_str(), found.path_and_query()), (target, path));
            assert_eq!(found.who(), None, "{reference}");
        }
        for reference in ["rtsp://cam/", "javascript:x", "http://", "//", "https:x"] {
            assert!(url.join(reference).is_err(), "{reference}");
        }
    }

    #[test]
    fn credentials_stay_with_their_server() {
        let url = HttpUrl::parse("http://me:p%40s:s@cam:8080/a").unwrap();
        let secure = HttpUrl::parse("https://me:p%40s:s@cam:8080/a").unwrap();
        let who = |url: &HttpUrl, location| url.follow(location).unwrap().who();
        let me = Some(Who::of_userinfo("me:p@s:s"));
        assert_eq!(who(&url, "/b"), me);
        assert_eq!(who(&url, "http://CAM:8080/b"), me);
        assert_eq!(who(&url, "https://cam/b"), me);
        assert_eq!(who(&secure, "https://cam:8080/b"), me);
        assert_eq!(who(&url, "http://cam:8081/b"), None);
        assert_eq!(who(&url, "http://other:8080/b"), None);
        assert_eq!(who(&url, "https://other/b"), None);
        assert_eq!(who(&secure, "http://cam:8080/b"), None);
        assert_eq!(who(&secure, "https://cam/b"), None);
        assert_eq!(who(&url, "http://you@cam:8080/b"), Some(Who::of_userinfo("you")));
    }

    #[test]
    fn the_request_is_one_that_a_strict_server_reads() {
        let url = HttpUrl::parse("http://Aladdin:open sesame@[::1]:81/a b").unwrap();
        let said = url.who().map(|who| who.basic());
        let request = write_get(&url, said.as_deref());
        let (head, length) = parse_head(&request).unwrap().unwrap();
        assert_eq!(length, request.len());
        assert_eq!(head.target.path.as_str(), "/a b");
        assert_eq!(head.header("Host"), Some("[::1]:81"));
        let credentials = head.header("Authorization");
        assert_eq!(credentials, Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        let bare = write_get(&HttpUrl::parse("http://u@a").unwrap(), None);
        assert_eq!(parse_head(&bare).unwrap().unwrap().0.header("Authorization"), None);
    }
}
