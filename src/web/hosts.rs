//! By which names this server may be asked for, and which origins are on its network.
//!
//! Pure rules over what is known of the machine ([`Place`]). A page of the internet can make its
//! own name lead here (DNS rebinding), and would then count as this server's own: no name is
//! served that anybody can register.

use std::net::IpAddr;

use crate::base::place::Place;
use crate::proto::http::Host;

/// The names of this server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hosts {
    /// Given by `--host`, and the machine's own.
    names: Vec<String>,
    /// Domains of this network, each with a dot in front.
    domains: Vec<String>,
    place: Place,
}

impl Hosts {
    /// Those that were given, and those of the machine.
    pub(super) fn new(given: &[String], place: Place) -> Self {
        let names = given.iter().chain(&place.names).cloned().collect();
        let private = place.search.iter().filter(|domain| !is_public_suffix(domain));
        let domains = private.map(|domain| format!(".{domain}")).collect();
        Self { names, domains, place }
    }

    /// Whether a request for this host is for this server.
    pub(super) fn serve(&self, host: &Host) -> bool {
        match host {
            Host::Address(_) => true,
            Host::Name(name) => self.knows(name),
            Host::Other => false,
        }
    }

    /// Whether a page of this host comes from this network.
    pub(super) fn are_near(&self, host: &Host) -> bool {
        match host {
            Host::Address(address) => {
                is_local(*address) || self.place.subnets.iter().any(|net| net.contains(*address))
            }
            Host::Name(name) => self.knows(name),
            Host::Other => false,
        }
    }

    fn knows(&self, name: &str) -> bool {
        let below = |suffix: &str| name.ends_with(suffix);
        !name.contains('.')
            || NO_PUBLIC_ZONE.iter().any(|suffix| below(suffix))
            || self.names.iter().any(|own| own == name)
            || self.domains.iter().any(|domain| below(domain))
    }
}

/// Whether anybody may register names right below this domain.
fn is_public_suffix(domain: &str) -> bool {
    let suffix = psl::suffix(domain.as_bytes());
    // What is on no list, `home` or `fritz`, is a network's own invention.
    suffix.is_some_and(|suffix| suffix.is_known() && suffix.as_bytes() == domain.as_bytes())
}

/// Loopback, private, link-local, unique local: addresses that no page of the internet has.
fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_loopback() || address.is_private() || address.is_link_local()
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unicast_link_local() || address.is_unique_local()
        }
    }
}

/// Suffixes below which no public zone has names (RFC 6762, 6761, 8375; ICANN's `internal`).
const NO_PUBLIC_ZONE: [&str; 7] =
    [".local", ".lan", ".internal", ".home.arpa", ".localdomain", ".localhost", ".test"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::http::Authority;

    fn hosts() -> Hosts {
        let search = ["fritz.box", "corp.example.com", "home", "co.uk", "box", "duckdns.org"];
        let place = Place {
            names: vec!["cam.example.org".to_owned(), "cam".to_owned()],
            search: search.map(str::to_owned).to_vec(),
            subnets: vec!["203.0.113.0/24".parse().unwrap(), "2001:db8:1::/64".parse().unwrap()],
            addresses: Vec::new(),
        };
        Hosts::new(&["watch.example.net".to_owned()], place)
    }

    fn host(text: &str) -> Host {
        Authority::parse(text).unwrap().host
    }

    #[test]
    fn who_cannot_be_rebound_is_served() {
        for name in [
            // Addresses, whichever.
            "127.0.0.1",
            "192.168.1.5",
            "[::1]",
            "[fe80::1]",
            "8.8.8.8",
            "[2001:db8::1]",
            // One label.
            "localhost",
            "cam",
            "my_printer-2",
            "local",
            // Suffixes that no public zone has.
            "cam.local",
            "a.b.cam.local",
            "cam.lan",
            "cam.internal",
            "x.home.arpa",
            "cam.localdomain",
            "a.localhost",
            "a.test",
            "CAM.Local.",
            // The machine's own, and those given.
            "cam.example.org",
            "watch.example.net",
            "WATCH.example.NET",
            // Where the resolver looks.
            "pi.fritz.box",
            "a.b.fritz.box",
            "cam.corp.example.com",
            "cam.home",
        ] {
            assert!(hosts().serve(&host(name)), "{name}");
        }
    }

    #[test]
    fn names_that_anybody_can_register_are_not() {
        for name in [
            "evil.example",
            "cam.example.com",
            "example.org",
            "a.cam.example.org",
            "a.watch.example.net",
            "example.net",
            // The end of a label is no suffix.
            "evillocal.com",
            "cam.evil-local",
            "notlocal.elan",
            "cam.localx",
            "xhome.arpa",
            "arpa.home.example",
            "local.evil.com",
            // Public suffixes and their like, though the resolver looks there.
            "evil.co.uk",
            "evil.box",
            "evil.duckdns.org",
            "corp.example.com.evil.net",
            "evilfritz.box",
            "fritz.box.evil.net",
            // No names at all.
            "127.1",
            "0x7f.1",
            "1.2.3",
            "a,b",
            "a%2elocal",
            "[v1.x]",
        ] {
            assert!(!hosts().serve(&host(name)), "{name}");
        }
    }

    #[test]
    fn a_machine_that_nobody_knows_serves_what_no_zone_has() {
        let hosts = Hosts::new(&[], Place::default());
        assert!(hosts.serve(&host("cam.local")) && hosts.serve(&host("10.0.0.1")));
        assert!(!hosts.serve(&host("pi.fritz.box")) && !hosts.serve(&host("a.b")));
    }

    #[test]
    fn addresses_are_near_if_they_are_of_this_network() {
        for near in [
            "127.0.0.1",
            "127.9.9.9",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.1.1",
            "[::1]",
            "[fe80::1]",
            "[fd00::1]",
            "[fc00::1]",
            "[::ffff:10.0.0.1]",
            "203.0.113.77",
            "[2001:db8:1::9]",
            "cam.local",
            "mainsail",
            "pi.fritz.box",
            "watch.example.net",
        ] {
            assert!(hosts().are_near(&host(near)), "{near}");
        }
        for far in [
            "8.8.8.8",
            "172.15.0.1",
            "172.32.0.1",
            "192.169.0.1",
            "203.0.114.1",
            "0.0.0.0",
            "[2001:db8:2::9]",
            "[2606:4700::1]",
            "[::ffff:8.8.8.8]",
            "evil.example",
            "a,b",
        ] {
            assert!(!hosts().are_near(&host(far)), "{far}");
        }
    }
}
