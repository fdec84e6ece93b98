//! On which interfaces this machine is reached, and by which addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;

use if_addrs::{IfAddr, Interface};

use super::responder::Place;
use crate::base::subnet::Subnet;

/// What there is now: the interfaces that are announced on, by their numbers, and all addresses of
/// the machine.
pub(super) fn look(bind: Option<IpAddr>) -> (BTreeMap<u32, Place>, Vec<IpAddr>) {
    // What cannot be had now may be there at the next look.
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let own = interfaces.iter().map(Interface::ip).collect();
    let up = interfaces.iter().filter(|it| it.is_oper_up() && !it.is_p2p() && !it.is_loopback());
    let mut places: BTreeMap<u32, Place> = BTreeMap::new();
    for interface in up.filter(|interface| is_reached(bind, interface.ip())) {
        let Some(index) = interface.index else { continue };
        if places.len() == MAX_LINKS && !places.contains_key(&index) {
            continue;
        }
        let place = places.entry(index).or_default();
        if place.addresses.len() == MAX_ADDRESSES {
            continue;
        }
        place.addresses.push(interface.ip());
        place.subnets.extend(match &interface.addr {
            IfAddr::V4(at) => Subnet::new(at.ip.into(), at.prefixlen),
            IfAddr::V6(at) => Subnet::new(at.ip.into(), at.prefixlen),
        });
    }
    places.values_mut().for_each(|place| without_link_local(&mut place.addresses));
    (places, own)
}

/// Whether who asks for this address reaches what is bound.
fn is_reached(bind: Option<IpAddr>, ip: IpAddr) -> bool {
    match bind {
        Some(bound) if !bound.is_unspecified() => bound == ip,
        Some(IpAddr::V4(_)) => ip.is_ipv4(),
        // A socket of all IPv6 addresses takes IPv4 as well.
        Some(IpAddr::V6(_)) | None => true,
    }
}

/// Browsers cannot use a link-local address of IPv6, which needs a zone: only where there is nothing
/// else is it better than nothing.
fn without_link_local(addresses: &mut Vec<IpAddr>) {
    let is_routable = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => !ip.is_link_local(),
        IpAddr::V6(ip) => !ip.is_unicast_link_local(),
    };
    if addresses.iter().any(is_routable) {
        addresses.retain(is_routable);
    }
    addresses.sort_unstable();
}

/// More than any machine has that shows a camera; so many sockets there may be at most, twice.
const MAX_LINKS: usize = 32;
/// So that all of them fit into one packet.
const MAX_ADDRESSES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_what_is_bound_is_reached() {
        for (bind, address, reached) in [
            (None, "192.0.2.1", true),
            (None, "2001:db8::1", true),
            (Some("0.0.0.0"), "192.0.2.1", true),
            (Some("0.0.0.0"), "2001:db8::1", false),
            (Some("::"), "192.0.2.1", true),
            (Some("192.0.2.1"), "192.0.2.1", true),
            (Some("192.0.2.1"), "192.0.2.2", false),
            (Some("192.0.2.1"), "2001:db8::1", false),
        ] {
            assert_eq!(is_reached(bind.map(ip), ip(address)), reached, "{bind:?} {address}");
        }
    }

    #[test]
    fn link_local_addresses_are_announced_only_alone() {
        let mut addresses = vec![ip("fe80::1"), ip("192.0.2.1"), ip("169.254.0.1")];
        without_link_local(&mut addresses);
        assert_eq!(addresses, [ip("192.0.2.1")]);
        let mut alone = vec![ip("fe80::1"), ip("169.254.0.1")];
        without_link_local(&mut alone);
        assert_eq!(alone, [ip("169.254.0.1"), ip("fe80::1")]);
    }

    #[test]
    fn loopback_is_no_link() {
        let (places, own) = look(None);
        assert!(own.contains(&ip("127.0.0.1")), "{own:?}");
        assert!(places.values().all(|place| !place.addresses.contains(&ip("127.0.0.1"))));
    }
}
