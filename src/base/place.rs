//! Where this machine stands in its network: by which names and subnets its neighbours know it.
//!
//! Read anew now and then, since a machine may start before its network does. What the files say
//! is read by pure functions; what cannot be read says nothing.

use std::net::IpAddr;
use std::path::Path;

use if_addrs::IfAddr;

use super::subnet::Subnet;

/// What the system knows of its network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The machine's own names, in lower case.
    pub names: Vec<String>,
    /// The domains in which its resolver looks names up, in lower case.
    pub search: Vec<String>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Their subnets.
    pub subnets: Vec<Subnet>,
}

impl Place {
    /// As it is now.
    pub fn look() -> Self {
        let own = super::system::node_name().to_ascii_lowercase();
        let mut names = own_names(&read("/etc/hosts"), &own);
        names.push(own);
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let subnet = |interface: &if_addrs::Interface| match &interface.addr {
            // Without a prefix, as tunnels have it, the whole internet would be near.
            IfAddr::V4(at) if at.prefixlen > 0 => Subnet::new(at.ip.into(), at.prefixlen),
            IfAddr::V6(at) if at.prefixlen > 0 => Subnet::new(at.ip.into(), at.prefixlen),
            _ => None,
        };
        Self {
            names,
            search: search_domains(&read("/etc/resolv.conf")),
            addresses: interfaces.iter().map(if_addrs::Interface::ip).collect(),
            subnets: interfaces.iter().filter_map(subnet).collect(),
        }
    }
}

/// The beginning of a file of the system; empty where there is none.
fn read(path: impl AsRef<Path>) -> String {
    use std::io::Read;
    let mut text = Vec::new();
    let file = std::fs::File::open(path);
    if let Ok(file) = file
        && file.take(MAX_FILE_BYTES).read_to_end(&mut text).is_err()
    {
        text.clear();
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The names that stand beside the machine's own in `hosts(5)`: `127.0.1.1 cam.example.com cam`.
///
/// No other line counts, whatever address it has: lists against advertisements lead the names of
/// half the internet to this machine.
fn own_names(hosts: &str, own: &str) -> Vec<String> {
    let short = own.split('.').next().unwrap_or_default();
    if short.is_empty() || short == "localhost" {
        return Vec::new();
    }
    let names = |line: &str| -> Vec<String> {
        let line = line.split('#').next().unwrap_or_default();
        line.split_ascii_whitespace().skip(1).map(str::to_ascii_lowercase).collect()
    };
    let is_own = |names: &Vec<String>| names.iter().any(|name| name == own || name == short);
    hosts.lines().map(names).filter(is_own).flatten().take(MAX_NAMES).collect()
}

/// The domains of `resolv.conf(5)`: of several lines the last counts.
fn search_domains(resolv: &str) -> Vec<String> {
    let mut domains = Vec::new();
    for line in resolv.lines() {
        let mut words = line.split_ascii_whitespace();
        if matches!(words.next(), Some("search" | "domain")) {
            domains = words.take(MAX_NAMES).map(domain).filter(|name| !name.is_empty()).collect();
        }
    }
    domains
}

fn domain(word: &str) -> String {
    word.trim_matches('.').to_ascii_lowercase()
}

/// Lists against advertisements are long, and a machine's own line stands at the top.
const MAX_FILE_BYTES: u64 = 64 * 1024;
const MAX_NAMES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beside_the_machines_own_are_its_own() {
        let hosts = "127.0.0.1 localhost\n127.0.1.1\tCam.example.com cam # mine\n\
                     0.0.0.0 ads.example.net\n127.0.0.1 tracker.example.org\n::1 localhost\n\
                     192.0.2.1 cam.example.org cam2\n";
        assert_eq!(own_names(hosts, "cam"), ["cam.example.com", "cam"]);
        assert_eq!(own_names(hosts, "cam.example.com"), ["cam.example.com", "cam"]);
        assert_eq!(own_names(hosts, "other"), [""; 0]);
        assert_eq!(own_names("127.0.0.1 ads.example.net localhost\n", "localhost"), [""; 0]);
        assert_eq!(own_names("127.0.0.1 # cam\n# 1.1.1.1 cam\n\ncam\n", "cam"), [""; 0]);
    }

    #[test]
    fn the_last_search_line_counts() {
        let resolv =
            "# dhcp\nnameserver 192.168.178.1\ndomain old.example\nsearch Fritz.BOX lan.\n";
        assert_eq!(search_domains(resolv), ["fritz.box", "lan"]);
        assert_eq!(search_domains("search .\noptions edns0\n"), [""; 0]);
        assert_eq!(search_domains("searching x\n;search y"), [""; 0]);
        assert_eq!(search_domains(&format!("search{}", " a".repeat(100))).len(), MAX_NAMES);
    }

    #[test]
    fn this_machine_is_in_its_own_subnets() {
        let place = Place::look();
        assert!(place.subnets.iter().any(|subnet| subnet.contains([127, 0, 0, 1].into())));
        assert!(place.addresses.contains(&[127, 0, 0, 1].into()));
        assert!(!place.names.is_empty());
    }
}
