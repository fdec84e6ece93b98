//! Whom a request is for: `uri-host [ ":" port ]` (RFC 9110 §7.2, RFC 3986 §3.2), and the origin
//! of the page that sends it (RFC 6454 §7).
//!
//! Takes apart and compares; which of them are served is the server's to decide.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A host, and the port if one is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Who.
    pub host: Host,
    /// `host:` names none, like `host`.
    pub port: Option<u16>,
}

/// A host as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// An address literal.
    Address(IpAddr),
    /// Labels of letters, digits, `-` and `_`, in lower case and without a dot at the end.
    Name(String),
    /// A `reg-name` or `IPvFuture` that RFC 3986 allows and no resolver knows.
    Other,
}

/// The origin of a page over `http` or `https`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebOrigin {
    /// How it came.
    pub scheme: Scheme,
    /// From whom.
    pub host: Host,
    /// The scheme's own if none was written.
    pub port: u16,
}

/// How a page came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is the scheme's own")]
pub enum Scheme {
    Http,
    Https,
}

impl Authority {
    /// Parses a whole `host[:port]`; `None` if the grammar has no place for it.
    ///
    /// An empty host is none: no `http` URI has one (RFC 9110 §4.2.1).
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (literal, port) = rest.split_once(']')?;
                (bracketed(literal)?, port)
            }
            None => {
                let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
                (reg_name(name)?, port)
            }
        };
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => None,
            Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            _ => return None,
        };
        Some(Self { host, port })
    }
}

/// Written again, not as it was sent: it may stand in a page.
impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.host.fmt(f)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Address(IpAddr::V4(address)) => address.fmt(f),
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Host::Name(name) => f.write_str(name),
            Host::Other => f.write_str("?"),
        }
    }
}

impl WebOrigin {
    /// Parses one origin; `None` for `null`, for a list, for a host that no resolver knows, and for
    /// what is no page of the web.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let scheme = Scheme::parse(scheme)?;
        let Authority { host, port } = Authority::parse(authority)?;
        // Two of them would look the same.
        (host != Host::Other).then_some(())?;
        Some(Self { scheme, host, port: port.unwrap_or(scheme.default_port()) })
    }

    /// Whether a page from here was asked for by this authority: a port that is the scheme's own
    /// may be written or not.
    pub fn is_at(&self, authority: &Authority) -> bool {
        let port = authority.port.unwrap_or(self.scheme.default_port());
        self.host == authority.host && self.port == port
    }
}

impl Scheme {
    /// `http` or `https`, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let is = |name| text.eq_ignore_ascii_case(name);
        if is("http") { Some(Self::Http) } else { is("https").then_some(Self::Https) }
    }

    /// As it stands in an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Where addresses lead that name no port.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// What may stand in brackets (RFC 3986 §3.2.2).
fn bracketed(literal: &str) -> Option<Host> {
    if let Ok(address) = literal.parse::<Ipv6Addr>() {
        return Some(Host::Address(address.into()));
    }
    let (version, rest) = literal.strip_prefix(['v', 'V'])?.split_once('.')?;
    let hex = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    let known = |byte| is_unreserved(byte) || is_sub_delim(byte) || byte == b':';
    (hex && !rest.is_empty() && rest.bytes().all(known)).then_some(Host::Other)
}

fn reg_name(name: &str) -> Option<Host> {
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        return Some(Host::Address(address.into()));
    }
    let bytes = name.as_bytes();
    let valid = bytes.iter().enumerate().all(|(at, &byte)| match byte {
        b'%' => bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)),
        byte => is_unreserved(byte) || is_sub_delim(byte),
    });
    if name.is_empty() || !valid {
        return None;
    }
    let lower = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let label = |label: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        !label.is_empty() && label.bytes().all(known)
    };
    Some(if lower.split('.').all(label) { Host::Name(lower) } else { Host::Other })
}

/// RFC 3986 §2.3.
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// RFC 3986 §2.2.
fn is_sub_delim(byte: u8) -> bool {
    b"!$&'()*+,;=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(text: &str) -> Authority {
        Authority::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    fn name(text: &str) -> Host {
        Host::Name(text.to_owned())
    }

    #[test]
    fn hosts_are_told_apart() {
        assert_eq!(authority("Printer.LOCAL:8081"), {
            Authority { host: name("printer.local"), port: Some(8081) }
        });
        assert_eq!(authority("printer.local."), authority("printer.local:"));
        assert_eq!(authority("10.0.0.1:80").host, Host::Address([10, 0, 0, 1].into()));
        assert_eq!(authority("[fe80::1]:80").host, Host::Address("fe80::1".parse().unwrap()));
        // No address, whatever some resolvers make of it.
        for text in ["127.1", "010.0.0.1", "2130706433", "my_cam-1"] {
            assert_eq!(authority(text).host, name(text));
        }
    }

    #[test]
    fn what_the_grammar_allows_and_no_resolver_knows_is_neither_refused_nor_a_name() {
        for text in ["a,b", "a%41", "a~b", "(a)", "a..b", ".", ".a", "[v1.x]", "[vA.a:b]:80", "!"] {
            assert_eq!(authority(text).host, Host::Other, "{text}");
        }
    }

    #[test]
    fn what_breaks_the_grammar_is_none() {
        for text in [
            "",
            ":80",
            "a b",
            "a/b",
            "a:b",
            "a:1:2",
            "a:99999",
            "a:+1",
            "u@a",
            "[::1",
            "[1]",
            "::1",
            "<b>",
            "a%4",
            "a%zz",
            "a\"",
            "[::1]x",
            "[v.a]",
            "[v1.]",
            "[fe80::1%25eth0]",
            "é",
            "a\\b",
            "a#",
            "a?",
        ] {
            assert_eq!(Authority::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        for text in ["a.b:1", "10.0.0.1", "[::1]:8081", "x"] {
            assert_eq!(authority(text).to_string(), text);
        }
        assert_eq!(authority("A.b.:").to_string(), "a.b");
    }

    #[test]
    fn an_authority_that_is_cut_is_read_or_refused() {
        let whole = "[2001:db8::1]:8081";
        for cut in 0..whole.len() {
            let read = Authority::parse(&whole[..cut]).is_some();
            assert_eq!(read, cut >= "[2001:db8::1]".len(), "cut at {cut}");
        }
    }

    #[test]
    fn origins_are_pages_of_the_web_and_one_at_a_time() {
        let origin = WebOrigin::parse("https://Cam.lan").unwrap();
        assert_eq!(
            (origin.scheme, origin.host, origin.port),
            (Scheme::Https, name("cam.lan"), 443)
        );
        for text in [
            "null",
            "",
            "cam.lan",
            "file://",
            "http://",
            "http://a/",
            "http://a http://b",
            "http://a, http://b",
            "chrome-extension://abc",
            "http:/a",
            "http://u@a",
            "http://a:x",
            "http://a,b",
            "http://a%41",
        ] {
            assert_eq!(WebOrigin::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_schemes_own_port_may_be_written_or_not() {
        let at =
            |origin: &str, host: &str| WebOrigin::parse(origin).unwrap().is_at(&authority(host));
        for (origin, host) in [
            ("http://a", "a"),
            ("http://a", "a:80"),
            ("http://a:80", "A"),
            ("https://a", "a"),
            ("https://a", "a:443"),
            ("http://a:8081", "a:8081"),
            ("http://[::1]:8081", "[0::1]:8081"),
        ] {
            assert!(at(origin, host), "{origin} {host}");
        }
        for (origin, host) in [
            ("http://a", "a:443"),
            ("https://a", "a:80"),
            ("http://a:8081", "a"),
            ("http://a", "a:8081"),
            ("http://a", "b"),
            ("http://a.b", "a"),
        ] {
            assert!(!at(origin, host), "{origin} {host}");
        }
    }
}
