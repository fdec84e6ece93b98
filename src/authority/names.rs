//! What a certificate is for: names and addresses.

use std::fmt;
use std::net::IpAddr;

use super::scope::{Scope, is_dns_name};

/// Names and addresses, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    names: Vec<String>,
    addresses: Vec<IpAddr>,
    /// What was named and can stand in no certificate.
    odd: Vec<String>,
}

impl Names {
    /// These, in lower case, each once. What is no name as DNS has it is told with what is left out.
    pub fn new(
        names: impl IntoIterator<Item = String>,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Self {
        let mut own = Self::default();
        for name in names.into_iter().map(|name| name.trim_end_matches('.').to_ascii_lowercase()) {
            let place = if is_dns_name(&name) { &mut own.names } else { &mut own.odd };
            if !name.is_empty() && !place.contains(&name) {
                place.push(name);
            }
        }
        for address in addresses.into_iter().map(|address| address.to_canonical()) {
            if !own.addresses.contains(&address) {
                own.addresses.push(address);
            }
        }
        own
    }

    /// The names, in lower case.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The addresses.
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// Whether all of those are among these.
    pub(super) fn hold(&self, others: &Self) -> bool {
        others.names.iter().all(|name| self.names.contains(name))
            && others.addresses.iter().all(|address| self.addresses.contains(address))
    }

    /// Those within a scope, of too many the first, and the others as text.
    pub(super) fn part(&self, scope: &Scope) -> (Self, Vec<String>) {
        let (mut names, mut out): (Vec<_>, Vec<_>) =
            self.names.iter().cloned().partition(|name| scope.permits_name(name));
        let (mut addresses, mut far): (Vec<_>, Vec<_>) =
            self.addresses.iter().partition(|address| scope.permits_address(**address));
        out.extend(self.odd.iter().cloned());
        out.extend(names.split_off(names.len().min(MOST)));
        far.extend(addresses.split_off(addresses.len().min(MOST)));
        out.extend(far.iter().map(ToString::to_string));
        (Self { names, addresses, odd: Vec::new() }, out)
    }

    /// Reads what [`Display`](fmt::Display) wrote; `None` if it is something else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut own = Self::default();
        for line in text.lines() {
            match line.parse() {
                Ok(address) => own.addresses.push(address),
                Err(_) if is_dns_name(line) => own.names.push(line.to_owned()),
                Err(_) => return None,
            }
        }
        Some(own)
    }
}

impl fmt::Display for Names {
    /// One in a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.names.iter().try_for_each(|name| writeln!(f, "{name}"))?;
        self.addresses.iter().try_for_each(|address| writeln!(f, "{address}"))
    }
}

/// A machine with containers may have dozens of addresses.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_stand_in_a_certificate_is_kept_once() {
        let names = ["Pi.Local.", "pi.local", "my_pi", "-x", "x-", "a..b", "", "1.2.3", "4u"];
        let addresses = ["10.0.0.1", "::ffff:10.0.0.1", "fe80::1"];
        let own = Names::new(
            names.map(str::to_owned),
            addresses.map(|text| text.parse().expect("an address")),
        );
        assert_eq!(own.names(), ["pi.local", "4u"]);
        assert_eq!(own.to_string(), "pi.local\n4u\n10.0.0.1\nfe80::1\n");
        let (taken, out) = own.part(&Scope::of_host("4u"));
        assert_eq!(out.len(), 5, "{out:?}");
        assert_eq!(Names::parse(&taken.to_string()), Some(taken));
        assert_eq!(Names::parse("what is this"), None);
    }

    #[test]
    fn of_very_many_that_may_be_signed_the_first_are_taken_and_all_others_told() {
        let names = (0..100).map(|number| format!("a{number}.lan"));
        let far = (0..100).map(|number| IpAddr::from([8, 8, 8, number]));
        let own = Names::new(names, far.chain([[10, 0, 0, 1].into()]));
        let (taken, out) = own.part(&Scope::of_host(""));
        assert_eq!((taken.names().len(), taken.addresses().len()), (MOST, 1));
        assert_eq!(out.len(), 100 - MOST + 100);
        let odd = Names::new(["a".repeat(64), "my_pi".to_owned()], []);
        assert_eq!(odd.part(&Scope::of_host("")).1.len(), 2);
    }
}
