//! Who asks, and by which address it reached this server: as the connection has it, or as a
//! trusted proxy says.
//!
//! Pure. Whom to trust is [`super::access`]'s.

use std::net::IpAddr;

use super::access::Access;
use crate::proto::http::{Authority, Head, Prefix, Scheme, WebOrigin};

/// What a connection says by itself of who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    /// Who holds the other end: a client or its proxy.
    pub(super) peer: IpAddr,
    /// Whether it is by TLS.
    pub(super) scheme: Scheme,
}

/// The client of a request.
pub(super) struct Client {
    /// Its own address, behind whatever proxies.
    pub(super) address: IpAddr,
    /// Whom the request names: what `Host` says, and what a proxy was asked for.
    asked: Vec<Authority>,
    scheme: Scheme,
    /// How the connection itself came, whatever a proxy says.
    line: Scheme,
    prefix: Option<Prefix>,
    by_proxy: bool,
    /// Whether its scheme is a proxy's word.
    scheme_was_told: bool,
}

impl Client {
    /// Whoever sent this head over a connection.
    pub(super) fn of(access: &Access, head: &Head, line: Line) -> Self {
        let peer = line.peer.to_canonical();
        let forwarded = access.forwarded(head, peer);
        let by_proxy = forwarded.is_some();
        let forwarded = forwarded.unwrap_or_default();
        Self {
            address: forwarded.client.unwrap_or(peer),
            asked: forwarded.host.into_iter().chain(head.authority().cloned()).collect(),
            scheme: forwarded.scheme.unwrap_or(line.scheme),
            line: line.scheme,
            prefix: forwarded.prefix,
            by_proxy,
            scheme_was_told: forwarded.scheme.is_some(),
        }
    }

    /// Every host that the request is for, the outer one first. None is replaced by another.
    pub(super) fn asked(&self) -> &[Authority] {
        &self.asked
    }

    /// What the address of each page begins with for the client: scheme, host and port; `None` if
    /// it did not say whom it asks.
    pub(super) fn outer_origin(&self) -> Option<String> {
        let authority = self.asked.first()?;
        Some(format!("{}://{authority}", self.scheme.as_str()))
    }

    /// The host that the client asked for.
    pub(super) fn outer_host(&self) -> Option<&Authority> {
        self.asked.first()
    }

    /// By what it reached the server, or its proxy.
    pub(super) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether the client's own TLS ends at this server.
    pub(super) fn is_by_own_tls(&self) -> bool {
        self.line == Scheme::Https
    }

    /// Whether nobody between can read or change what is said: by TLS, also up to a proxy that says
    /// so, or within this machine.
    pub(super) fn is_secure(&self) -> bool {
        self.scheme == Scheme::Https || self.address.is_loopback()
    }

    /// Whether it reached the server, or its proxy, by TLS.
    pub(super) fn is_by_tls(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// Whether a proxy brought it that does not say by which scheme.
    pub(super) fn is_by_silent_proxy(&self) -> bool {
        self.by_proxy && !self.scheme_was_told && !self.address.is_loopback()
    }

    /// Whether a page of this origin came by the scheme, host and port of this request.
    pub(super) fn is_exactly(&self, origin: &WebOrigin) -> bool {
        let portless = self.by_proxy && self.asked.first().is_some_and(|to| to.port.is_none());
        let is_at = |to: &Authority| origin.is_at(to) || portless && origin.host == to.host;
        origin.scheme == self.scheme && self.asked.first().is_some_and(is_at)
    }

    /// What stands before each path for the client: nothing, or a path without a slash at its end.
    pub(super) fn prefix(&self) -> &str {
        self.prefix.as_ref().map_or("", Prefix::as_str)
    }

    /// Whether a page of this origin is one of this server, as the client reached it.
    pub(super) fn is_own(&self, origin: &WebOrigin) -> bool {
        let is_at = |authority: &Authority| {
            // A proxy that is told to send `Host $host` leaves the port out.
            let portless = self.by_proxy && authority.port.is_none();
            origin.is_at(authority) || portless && origin.host == authority.host
        };
        // A page in clear is anybody's who sits between. In clear the scheme is not compared: TLS may
        // end before the server without a word of it.
        let is_in_clear = self.line == Scheme::Https && origin.scheme == Scheme::Http;
        if is_in_clear && !self.by_proxy {
            return false;
        }
        self.asked.iter().any(is_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::http::parse_head;
    use crate::web::access::{Proxies, ProxyHeader, Readers, Secrecy};

    fn client(fields: &str, peer: &str) -> Client {
        client_by(Scheme::Http, fields, peer)
    }

    fn client_by(scheme: Scheme, fields: &str, peer: &str) -> Client {
        let proxies =
            Proxies { at: vec!["127.0.0.0/8".parse().unwrap()], header: ProxyHeader::XForwarded };
        let access = Access::new(Vec::new(), Readers::default(), proxies, Secrecy::default());
        let head = format!("GET / HTTP/1.1\r\n{fields}\r\n");
        let head = parse_head(head.as_bytes()).unwrap().unwrap().0;
        Client::of(&access, &head, Line { peer: peer.parse().unwrap(), scheme })
    }

    fn is_own(origin: &str, client: &Client) -> bool {
        client.is_own(&WebOrigin::parse(origin).unwrap())
    }

    #[test]
    fn a_client_is_whom_its_proxy_names_and_nobody_else_may_name_it() {
        let fields = "Host: cam.lan:8081\r\nX-Forwarded-For: 192.0.2.7\r\n\
                      X-Forwarded-Proto: https\r\nX-Forwarded-Host: watch.lan\r\n\
                      X-Forwarded-Prefix: /cam/\r\n";
        let behind = client(fields, "::ffff:127.0.0.1");
        assert_eq!(behind.address.to_string(), "192.0.2.7");
        assert_eq!(behind.outer_origin().as_deref(), Some("https://watch.lan"));
        assert_eq!(behind.prefix(), "/cam");
        assert_eq!(behind.asked().len(), 2, "both are to be checked");
        let alone = client(fields, "::ffff:192.0.2.9");
        assert_eq!(alone.address.to_string(), "192.0.2.9");
        assert_eq!(alone.outer_origin().as_deref(), Some("http://cam.lan:8081"));
        assert_eq!(alone.prefix(), "");
        assert_eq!(alone.asked().len(), 1);
        assert_eq!(client("Host: a\r\n", "127.0.0.1").address.to_string(), "127.0.0.1");
    }

    #[test]
    fn a_page_is_this_servers_own_by_either_name() {
        let behind = client("Host: a:8081\r\nX-Forwarded-Host: b\r\n", "127.0.0.1");
        for own in ["http://a:8081", "http://b", "https://b", "https://b:8443"] {
            assert!(is_own(own, &behind), "{own}");
        }
        for foreign in ["http://a", "http://a:8082", "http://c", "http://b.a:8081"] {
            assert!(!is_own(foreign, &behind), "{foreign}");
        }
    }

    #[test]
    fn a_page_in_clear_is_not_the_servers_own_by_tls() {
        let secure = client_by(Scheme::Https, "Host: a:8081\r\n", "192.0.2.1");
        assert_eq!(secure.outer_origin().as_deref(), Some("https://a:8081"));
        assert!(is_own("https://a:8081", &secure) && !is_own("http://a:8081", &secure));
        assert!(!is_own("https://a", &secure), "that is another port");
        let fields = "Host: a:8081\r\nX-Forwarded-Proto: http\r\n";
        let behind = client_by(Scheme::Https, fields, "127.0.0.1");
        assert_eq!(behind.outer_origin().as_deref(), Some("http://a:8081"));
        assert!(is_own("http://a:8081", &behind), "the way to the proxy is another");
    }

    #[test]
    fn a_port_that_a_proxy_leaves_out_may_be_any_and_a_browsers_may_not() {
        let proxied = client("Host: a\r\n", "127.0.0.1");
        assert!(is_own("http://a:8080", &proxied) && is_own("https://a", &proxied));
        let direct = client("Host: a\r\n", "192.0.2.1");
        assert!(!is_own("http://a:8080", &direct));
        assert!(is_own("http://a", &direct) && is_own("http://a:80", &direct));
    }
}
