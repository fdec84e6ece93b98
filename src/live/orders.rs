//! How many filtered pictures are made of each frame, and for whom.
//!
//! Pure rules. Each look at each level is a picture that is made beside the plain ones, a pair.
//! There are [`MOST_PAIRS`] of them at most in all rooms together, and [`MOST_OF_ADDRESS`] that
//! one address ordered: who ordered first has his, and who finds no room gets the plain picture.
//! To watch a pair that is made already costs nothing.

use std::net::{IpAddr, Ipv6Addr};

use super::level::Level;
use super::look::Look;

/// Pairs beyond the plain ones.
pub const MOST_PAIRS: usize = 16;
/// Pairs that one address orders.
pub const MOST_OF_ADDRESS: usize = 4;

/// Why a viewer gets the plain picture and not the filtered one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfiltered {
    /// As many pairs are made as may be.
    Full,
    /// Its address has ordered as many as it may.
    Address,
}

impl Unfiltered {
    /// As `/state` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Unfiltered::Full => "full",
            Unfiltered::Address => "address",
        }
    }
}

/// The pairs that are made, each with who ordered it first.
#[derive(Debug, Default)]
pub(super) struct Orders {
    pairs: Vec<(Pair, Option<IpAddr>)>,
}

/// One picture of each frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// The number of the hub whose frames they are.
    pub(super) hub: u32,
    pub(super) look: Look,
    pub(super) level: Level,
}

impl Orders {
    /// Orders a pair. Those who ordered before come before.
    pub(super) fn take(&mut self, pair: &Pair, from: Option<IpAddr>) -> Result<(), Unfiltered> {
        let from = from.map(network);
        if self.has(pair) {
            return Ok(());
        }
        if self.pairs.iter().filter(|(_, other)| *other == from).count() >= MOST_OF_ADDRESS {
            return Err(Unfiltered::Address);
        }
        if self.pairs.len() >= MOST_PAIRS {
            return Err(Unfiltered::Full);
        }
        self.pairs.push((pair.clone(), from));
        Ok(())
    }

    /// Whether somebody ordered it.
    pub(super) fn has(&self, pair: &Pair) -> bool {
        self.pairs.iter().any(|(other, _)| other == pair)
    }
}

/// An address as far as it tells people apart: of IPv6 the first 64 bits, as one has all the rest.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::filter::Filter;

    fn pair(number: u16) -> Pair {
        let look = Look::new(Filter::from_bits(number + 1), &"room".into());
        Pair { hub: 0, look, level: Level::TOP }
    }

    fn from(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn an_address_orders_four_and_watches_any() {
        let mut orders = Orders::default();
        for number in 0..4 {
            assert_eq!(orders.take(&pair(number), from("192.0.2.1")), Ok(()));
        }
        assert_eq!(orders.take(&pair(4), from("192.0.2.1")), Err(Unfiltered::Address));
        assert_eq!(orders.take(&pair(4), from("::ffff:192.0.2.1")), Err(Unfiltered::Address));
        assert_eq!(orders.take(&pair(4), from("192.0.2.2")), Ok(()));
        assert_eq!(orders.take(&pair(4), from("192.0.2.1")), Ok(()), "it is made already");
        assert_eq!(orders.take(&pair(0), from("192.0.2.9")), Ok(()));
    }

    #[test]
    fn who_has_a_network_of_ipv6_is_one() {
        let mut orders = Orders::default();
        for number in 0..4 {
            let address = format!("2001:db8::{number}");
            assert_eq!(orders.take(&pair(number), from(&address)), Ok(()));
        }
        assert_eq!(orders.take(&pair(4), from("2001:db8::99")), Err(Unfiltered::Address));
        assert_eq!(orders.take(&pair(4), from("2001:db8:0:1::99")), Ok(()));
    }

    #[test]
    fn sixteen_are_made_and_no_more() {
        let mut orders = Orders::default();
        for number in 0..16 {
            let address = format!("192.0.2.{}", number / 4);
            assert_eq!(orders.take(&pair(number), from(&address)), Ok(()));
        }
        assert_eq!(orders.take(&pair(16), from("192.0.2.99")), Err(Unfiltered::Full));
        assert_eq!(orders.take(&pair(7), from("192.0.2.99")), Ok(()));
    }

    #[test]
    fn another_level_another_source_and_another_name_are_other_pairs() {
        let mut orders = Orders::default();
        let named: Filter = "name".parse().unwrap();
        let at = |hub, name: &str, level| Pair { hub, look: Look::new(named, &name.into()), level };
        let low = Level::LOWEST;
        for pair in [at(0, "a", low), at(1, "a", low), at(0, "b", low), at(0, "a", Level::TOP)] {
            assert_eq!(orders.take(&pair, from("192.0.2.1")), Ok(()));
        }
        assert_eq!(orders.pairs.len(), 4);
        let plain = |name: &str| Look::new("grey".parse().unwrap(), &name.into());
        assert_eq!(plain("a"), plain("b"), "what is not written does not tell looks apart");
    }
}
