//! What a certificate is for: names and addresses.

use std::fmt;
use std::net::IpAddr;

use super::scope::Scope;

/// Names and addresses, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    names: Vec<String>,
    addresses: Vec<IpAddr>,
}

impl Names {
    /// These, in lower case, each once, and of too many the first. What is no name as DNS has it
    /// is left out.
    pub fn new(
        names: impl IntoIterator<Item = String>,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Self {
        let mut own = Self::default();
        for name in names.into_iter().map(|name| name.trim_end_matches('.').to_ascii_lowercase()) {
            if is_dns_name(&name) && !own.names.contains(&name) && own.names.len() < MOST {
                own.names.push(name);
            }
        }
        for address in addresses.into_iter().map(|address| address.to_canonical()) {
            if !own.addresses.contains(&address) && own.addresses.len() < MOST {
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

    /// Those within a scope, and the others as text.
    pub(super) fn part(&self, scope: &Scope) -> (Self, Vec<String>) {
        let (names, foreign): (Vec<_>, Vec<_>) =
            self.names.iter().cloned().partition(|name| scope.permits_name(name));
        let (addresses, far): (Vec<_>, Vec<_>) =
            self.addresses.iter().partition(|address| scope.permits_address(**address));
        let far = far.iter().map(ToString::to_string);
        (Self { names, addresses }, foreign.into_iter().chain(far).collect())
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

/// Whether a certificate can carry it: labels of letters, digits and hyphens (RFC 1123 §2.1), and
/// the last one not of digits alone.
fn is_dns_name(name: &str) -> bool {
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
        assert_eq!(Names::parse(&own.to_string()), Some(own));
        assert_eq!(Names::parse("what is this"), None);
    }

    #[test]
    fn of_very_many_the_first_are_taken() {
        let own = Names::new((0..1000).map(|number| format!("a{number}")), []);
        assert_eq!(own.names().len(), MOST);
        assert!(Names::new(["a".repeat(64), "a.".repeat(130)], []).names().is_empty());
    }
}
