//! A part of the address space, as in `192.168.1.0/24`.

use std::net::IpAddr;
use std::str::FromStr;

/// Addresses that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subnet {
    address: IpAddr,
    bits: u8,
}

impl Subnet {
    /// Those whose first `bits` are the same as in `address`; `None` if it has not so many.
    pub fn new(address: IpAddr, bits: u8) -> Option<Self> {
        let address = address.to_canonical();
        (bits <= width(address)).then_some(Self { address, bits })
    }

    /// Whether an address is one of them; one of IPv4 is, however it is written.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if width(address) != width(self.address) {
            return false;
        }
        let differ = to_bits(address) ^ to_bits(self.address);
        differ.checked_shr(u32::from(width(address) - self.bits)).unwrap_or(0) == 0
    }
}

/// Addresses that count as one: somebody has an IPv4 address, or 2^64 IPv6 addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Group(u128);

impl Group {
    /// The group of an address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(ip) => Self(u128::from(ip.to_bits())),
            // No IPv4 address has these bits.
            IpAddr::V6(ip) => Self(ip.to_bits() >> 64 << 64 | 1 << 63),
        }
    }
}

impl Group {
    /// Groups that one provider or organisation may have all of: an IPv4 /16, an IPv6 /32.
    #[must_use]
    pub fn neighbourhood(self) -> Self {
        let is_v6 = self.0 >> 63 & 1 == 1;
        Self(if is_v6 { self.0 >> 96 << 96 | 1 << 63 } else { self.0 >> 16 << 16 })
    }
}

/// What is no address and no subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotASubnet;

impl FromStr for Subnet {
    type Err = NotASubnet;

    /// Reads `ADDRESS` or `ADDRESS/BITS`.
    fn from_str(text: &str) -> Result<Self, NotASubnet> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().map_err(|_| NotASubnet)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotASubnet)?;
        let bits = bits.unwrap_or(width(address.to_canonical()));
        Self::new(address, bits).ok_or(NotASubnet)
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn to_bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(subnet: &str, address: &str) -> bool {
        subnet.parse::<Subnet>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_subnet_ends_at_its_last_bit() {
        assert!(contains("192.168.1.77/24", "192.168.1.255"));
        assert!(!contains("192.168.1.77/24", "192.168.2.0"));
        assert!(contains("10.0.0.0/9", "10.127.255.255"));
        assert!(!contains("10.0.0.0/9", "10.128.0.0"));
        assert!(contains("2001:db8::/64", "2001:db8::ffff:0:0:1"));
        assert!(!contains("2001:db8::/64", "2001:db8:0:1::"));
        assert!(contains("10.0.0.5", "10.0.0.5") && !contains("10.0.0.5", "10.0.0.4"));
        assert!(contains("::/0", "2001:db8::1") && contains("0.0.0.0/0", "203.0.113.1"));
    }

    #[test]
    fn families_are_kept_apart_and_mapped_addresses_are_ipv4() {
        assert!(!contains("::/0", "192.0.2.1") && !contains("0.0.0.0/0", "::1"));
        assert!(contains("192.0.2.0/24", "::ffff:192.0.2.9"));
        assert!(contains("::ffff:192.0.2.1", "192.0.2.1"));
    }

    #[test]
    fn what_is_no_subnet_is_refused() {
        for text in
            ["", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0/8", "/8", "a/8", "10.0.0.0/-1"]
        {
            assert_eq!(text.parse::<Subnet>(), Err(NotASubnet), "{text}");
        }
    }
}
