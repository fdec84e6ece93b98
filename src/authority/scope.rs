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
    /// With the name that the machine had when the authority was made; it may be empty.
    pub(super) fn of_host(host: &str) -> Self {
        Self { host: host.trim_end_matches('.').to_ascii_lowercase() }
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
