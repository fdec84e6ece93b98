//! Who is let in, and by which name: the rules that the command line sets.
//!
//! Pure but for [`Access::new`]. Whether a request is answered at all, and whether a page
//! of another origin may read the answer, is decided by [`super::plan`] with what stands here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;

use super::hosts::Hosts;
use crate::base::place::Place;
use crate::base::subnet::Subnet;
use crate::proto::http::{Forwarded, Head, Host, WebOrigin};

/// What of TLS is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Secrecy {
    /// Nothing is answered in clear but how to come by TLS.
    pub only: bool,
    /// Browsers that came by TLS are told to come by nothing else.
    pub strict: bool,
}

/// The rules.
pub struct Access {
    /// Names that were given by hand.
    given: Vec<String>,
    /// Held only to be copied or replaced.
    hosts: Mutex<Arc<Hosts>>,
    readers: Readers,
    proxies: Proxies,
    /// What of TLS is asked for.
    pub(super) secrecy: Secrecy,
}

/// Pages of which other origins may read the stream, the snapshot and the state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readers {
    /// Those of every origin.
    pub all: bool,
    /// Those of this network.
    pub near: bool,
    /// Those of these.
    pub named: Vec<WebOrigin>,
}

/// Who is believed what it says of a client, and where it says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxies {
    /// Their addresses.
    pub at: Vec<Subnet>,
    /// What they write.
    pub header: ProxyHeader,
}

/// In which header a proxy says who the client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, `-Proto`, `-Host` and `-Prefix`.
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl Default for Proxies {
    /// Programs of this machine, which say `X-Forwarded-*`.
    fn default() -> Self {
        let (v4, v6) = (Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into());
        let at = [Subnet::new(v4, 8), Subnet::new(v6, 128)].into_iter().flatten().collect();
        Self { at, header: ProxyHeader::XForwarded }
    }
}

/// What an answer says about who may read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Grant {
    /// Nothing: it is for no page of another origin.
    None,
    /// Everybody may.
    All,
    /// It depends on who asks: this origin may, as it wrote itself, or this one may not.
    Origin(Option<String>),
}

impl Access {
    /// The rules, for a machine in its network.
    pub fn new(given: Vec<String>, readers: Readers, proxies: Proxies, secrecy: Secrecy) -> Self {
        let hosts = Hosts::new(&given, Place::look());
        Self { given, hosts: Mutex::new(Arc::new(hosts)), readers, proxies, secrecy }
    }

    /// Takes in how the network is now: a machine may start before it.
    pub fn look_again(&self, place: Place) {
        let hosts = Hosts::new(&self.given, place);
        *self.hosts.lock() = Arc::new(hosts);
    }

    /// Whether nothing is shown in clear, but to this machine itself.
    pub(crate) fn is_by_tls_only(&self) -> bool {
        self.secrecy.only
    }

    /// What browsers are told that came by TLS (RFC 6797 §7.1), if anything: a field and its value.
    pub(super) fn strict(&self) -> Option<(&'static str, &'static str)> {
        self.secrecy.strict.then_some(("Strict-Transport-Security", "max-age=31536000"))
    }

    /// Whether a request for this host is for this server.
    pub(super) fn serves(&self, host: &Host) -> bool {
        self.hosts().serve(host)
    }

    /// Whether pages of who sends a request may read an answer that some may.
    pub(super) fn grant(&self, head: &Head) -> Grant {
        let Readers { all, near, named } = &self.readers;
        if *all {
            return Grant::All;
        }
        if !near && named.is_empty() {
            return Grant::None;
        }
        let mut sent = head.headers.all("Origin");
        let (Some(text), None) = (sent.next(), sent.next()) else { return Grant::Origin(None) };
        let may = |origin: &WebOrigin| {
            named.contains(origin) || *near && self.hosts().are_near(&origin.host)
        };
        let granted = WebOrigin::parse(text).is_some_and(|origin| may(&origin));
        Grant::Origin(granted.then(|| text.to_owned()))
    }

    /// What a proxy says of the client, if the request comes from one.
    pub(super) fn forwarded(&self, head: &Head, peer: IpAddr) -> Option<Forwarded> {
        let is_proxy = |address| self.proxies.at.iter().any(|subnet| subnet.contains(address));
        is_proxy(peer).then(|| match self.proxies.header {
            ProxyHeader::XForwarded => Forwarded::of_x_headers(&head.headers, is_proxy),
            ProxyHeader::Forwarded => Forwarded::of_header(&head.headers, is_proxy),
        })
    }

    fn hosts(&self) -> Arc<Hosts> {
        Arc::clone(&self.hosts.lock())
    }
}
