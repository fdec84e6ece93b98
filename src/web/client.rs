//! Who asks, and by which address it reached this server: as the connection has it, or as a
//! trusted proxy says.
//!
//! Pure. Whom to trust is [`super::access`]'s.

use std::net::IpAddr;

use super::access::Access;
use crate::proto::http::{Authority, Head, Prefix, Scheme, WebOrigin};

/// The client of a request.
pub(super) struct Client {
    /// Its own address, behind whatever proxies.
    pub(super) address: IpAddr,
    /// Whom the request names: what `Host` says, and what a proxy was asked for.
    asked: Vec<Authority>,
    scheme: Scheme,
    prefix: Option<Prefix>,
    by_proxy: bool,
}

impl Client {
    /// Whoever sent this head over a connection from `peer`.
    pub(super) fn of(access: &Access, head: &Head, peer: IpAddr) -> Self {
        let peer = peer.to_canonical();
        let forwarded = access.forwarded(head, peer);
        let by_proxy = forwarded.is_some();
        let forwarded = forwarded.unwrap_or_default();
        Self {
            address: forwarded.client.unwrap_or(peer),
            asked: forwarded.host.into_iter().chain(head.authority().cloned()).collect(),
            scheme: forwarded.scheme.unwrap_or(Scheme::Http),
            prefix: forwarded.prefix,
            by_proxy,
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
        self.asked.iter().any(is_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::http::parse_head;
    use crate::web::access::{Proxies, ProxyHeader, Readers};

    fn client(fields: &str, peer: &str) -> Client {
        let proxies =
            Proxies { at: vec!["127.0.0.0/8".parse().unwrap()], header: ProxyHeader::XForwarded };
        let access = Access::new(Vec::new(), Readers::default(), proxies);
        let head = format!("GET / HTTP/1.1\r\n{fields}\r\n");
        let head = parse_head(head.as_bytes()).unwrap().unwrap().0;
        Client::of(&access, &head, peer.parse().unwrap())
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
    fn a_port_that_a_proxy_leaves_out_may_be_any_and_a_browsers_may_not() {
        let proxied = client("Host: a\r\n", "127.0.0.1");
        assert!(is_own("http://a:8080", &proxied) && is_own("https://a", &proxied));
        let direct = client("Host: a\r\n", "192.0.2.1");
        assert!(!is_own("http://a:8080", &direct));
        assert!(is_own("http://a", &direct) && is_own("http://a:80", &direct));
    }
}
