//! What the authority may sign: names and addresses that only a private network has.
//!
//! RFC 5280 §4.2.1.10. Both kinds are listed, as a kind that is not listed is free. One name
//! outside makes clients refuse the whole certificate.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::{CidrSubnet, GeneralSubtree, NameConstraints};

use crate::base::subnet::Subnet;

/// The private networks' names and addresses, and one machine's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    host: String,
}

impl Scope {
    /// With the name that the machine had when the authority was made; with none if that is no name,
    /// or one under which the internet has others: who has the key could be them.
    pub(super) fn of_host(host: &str) -> Self {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let own = is_dns_name(&host) && !has_public_names(&host);
        Self { host: if own { host } else { String::new() } }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Whether it may sign for a name, in lower case.
    pub(super) fn permits_name(&self, name: &str) -> bool {
        self.trees().any(|tree| {
            name.strip_suffix(tree).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }

    /// Whether it may sign for an address.
    pub(super) fn permits_address(&self, address: IpAddr) -> bool {
        SUBNETS
            .iter()
            .filter_map(|(address, bits)| Subnet::new(*address, *bits))
            .any(|subnet| subnet.contains(address))
    }

    /// The same, as the authority's certificate says it.
    pub(super) fn constraints(&self) -> NameConstraints {
        let names = self.trees().map(|tree| GeneralSubtree::DnsName(tree.to_owned()));
        let subnets = SUBNETS.iter().map(|(address, bits)| {
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(*address, *bits))
        });
        NameConstraints {
            permitted_subtrees: names.chain(subnets).collect(),
            excluded_subtrees: Vec::new(),
        }
    }

    fn trees(&self) -> impl Iterator<Item = &str> {
        TREES.into_iter().chain(Some(&*self.host).filter(|host| !host.is_empty()))
    }
}

/// Whether a certificate can carry it: labels of letters, digits and hyphens (RFC 1123 §2.1), and
/// the last one not of digits alone.
pub(super) fn is_dns_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(fits)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253
        && name.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether anybody may have a name below this one: it is a top-level domain, or another one under
/// which names are registered.
fn has_public_names(host: &str) -> bool {
    let suffix = psl::suffix(host.as_bytes());
    suffix.is_some_and(|suffix| suffix.is_known() && suffix.as_bytes() == host.as_bytes())
}

/// Each with all below it; a dot in front would exclude the name itself for some.
const TREES: [&str; 7] =
    ["local", "lan", "home.arpa", "internal", "localdomain", "localhost", "test"];

/// Private (RFC 1918), link-local, loopback, shared (RFC 6598); unique local, link-local, loopback.
const SUBNETS: [(IpAddr, u8); 9] = [
    (v4(10, 0), 8),
    (v4(172, 16), 12),
    (v4(192, 168), 16),
    (v4(169, 254), 16),
    (v4(127, 0), 8),
    (v4(100, 64), 10),
    (v6(0xfc00), 7),
    (v6(0xfe80), 10),
    (IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
];

const fn v4(a: u8, b: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, 0, 0))
}

const fn v6(first: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_names_and_the_machines_own_are_permitted() {
        let scope = Scope::of_host("Cam.example.com.");
        for name in ["pi.local", "local", "a.b.lan", "x.home.arpa", "localhost", "cam.example.com"]
        {
            assert!(scope.permits_name(name), "{name}");
        }
        for name in ["example.com", "evilcam.example.com", "local.com", "pi.fritz.box", "elan"] {
            assert!(!scope.permits_name(name), "{name}");
        }
        assert!(!Scope::of_host("").permits_name("cam"));
    }

    #[test]
    fn a_name_under_which_the_internet_has_others_is_nobodys_own() {
        for host in ["dev", "com", "cam", "box", "co.uk", "duckdns.org", "COM."] {
            assert_eq!(Scope::of_host(host), Scope::of_host(""), "{host}");
        }
        for host in ["k\u{fc}che", "(none)", "1.2.3.4", "-x", "a..b", "<b>", "my_pi", "a b"] {
            assert_eq!(Scope::of_host(host), Scope::of_host(""), "{host}");
        }
        for host in ["raspberrypi", "cam.example.com", "Workshop", "nas-2"] {
            assert!(Scope::of_host(host).permits_name(&host.to_ascii_lowercase()), "{host}");
        }
    }

    #[test]
    fn private_addresses_are_permitted() {
        let permits =
            |text: &str| Scope::of_host("").permits_address(text.parse().expect("an address"));
        for near in [
            "10.255.0.1",
            "172.31.0.1",
            "192.168.1.5",
            "169.254.0.1",
            "127.0.0.1",
            "100.127.0.1",
            "fd12::1",
            "fe80::1",
            "::1",
        ] {
            assert!(permits(near), "{near}");
        }
        for far in ["172.32.0.1", "100.128.0.1", "8.8.8.8", "2001:db8::1", "::2", "fec0::1"] {
            assert!(!permits(far), "{far}");
        }
    }
}
