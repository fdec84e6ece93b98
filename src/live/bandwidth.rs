//! Splits the budget among viewers.
//!
//! Pure arithmetic, called by the governor once a second and when somebody comes,
//! goes or changes a setting. Does not choose levels: [`super::level::pick`] turns
//! a share into one.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::str::FromStr;

/// What all viewers may use together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// So many bits per second, at least 1.
    BitsPerSec(u64),
    /// As much as there is.
    Unlimited,
}

impl Budget {
    /// Bits per second, or `None` if unlimited.
    pub fn bits_per_sec(self) -> Option<u64> {
        match self {
            Budget::BitsPerSec(bits) => Some(bits),
            Budget::Unlimited => None,
        }
    }
}

/// The text is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotARate;

impl fmt::Display for NotARate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("takes bits per second such as 100M, 800k or 2.5G, or `unlimited`")
    }
}

impl std::error::Error for NotARate {}

impl FromStr for Budget {
    type Err = NotARate;

    /// Reads `100M`, `800k`, `1.5G`, `64000` (decimal prefixes, as links are sold) or `unlimited`.
    fn from_str(text: &str) -> Result<Self, NotARate> {
        if text.eq_ignore_ascii_case("unlimited") {
            return Ok(Budget::Unlimited);
        }
        let (number, factor) = match text.as_bytes().last() {
            Some(b'k' | b'K') => (&text[..text.len() - 1], 1e3),
            Some(b'M' | b'm') => (&text[..text.len() - 1], 1e6),
            Some(b'G' | b'g') => (&text[..text.len() - 1], 1e9),
            _ => (text, 1.0),
        };
        if !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(NotARate);
        }
        let bits = number.parse::<f64>().map_err(|_| NotARate)? * factor;
        if !(1.0..=1e15).contains(&bits) {
            return Err(NotARate);
        }
        Ok(Budget::BitsPerSec(bits as u64))
    }
}

/// One viewer's claim on the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Bits per second that it could use: the cost of the best level that it may have;
    /// 0 if it is paused.
    pub need: u64,
    /// How much it counts: 1, or 2 for a minute after a donation.
    pub weight: u32,
}

/// Max-min fair shares of `budget`, bits per second, one for each claim.
///
/// Water is poured evenly, by weight: who needs less than an equal part keeps
/// what it needs and leaves the rest to the others (Bertsekas and Gallager, *Data
/// Networks*, §6.5.2). What nobody needs is then divided among all who watch, so
/// that the shares of those add up to the budget to the bit, and N equal viewers
/// have a N-th each, whatever they use of it.
pub fn shares(budget: u64, claims: &[Claim]) -> Vec<u64> {
    let mut shares = vec![0; claims.len()];
    let mut left = budget;
    let mut thirsty: Vec<usize> = (0..claims.len()).filter(|&i| claims[i].need > 0).collect();
    let watching = thirsty.clone();
    while !thirsty.is_empty() {
        let weights = total_weight(claims, &thirsty);
        let part = |i: usize| (u128::from(left) * u128::from(claims[i].weight)) / weights;
        let (sated, rest): (Vec<usize>, Vec<usize>) =
            thirsty.iter().partition(|&&i| u128::from(claims[i].need) <= part(i));
        if sated.is_empty() {
            break;
        }
        for i in sated {
            shares[i] = claims[i].need;
            left -= claims[i].need;
        }
        thirsty = rest;
    }
    let heirs = if thirsty.is_empty() { watching } else { thirsty };
    divide(left, claims, &heirs, &mut shares);
    shares
}

/// [`shares`] among people, some of whom watch in several places: one claim for each place, and
/// whose it is. A person counts once, with the highest of its weights; its part is then divided
/// among its places.
pub fn shares_of_people<P: Hash + Eq>(budget: u64, claims: &[(P, Claim)]) -> Vec<u64> {
    let mut people: Vec<Vec<usize>> = Vec::new();
    let mut known: HashMap<&P, usize> = HashMap::with_capacity(claims.len());
    for (place, (person, _)) in claims.iter().enumerate() {
        let of_person = *known.entry(person).or_insert(people.len());
        match people.get_mut(of_person) {
            Some(places) => places.push(place),
            None => people.push(vec![place]),
        }
    }
    let of_place = |&place: &usize| claims[place].1;
    let together: Vec<Claim> = people
        .iter()
        .map(|places| Claim {
            need: places.iter().map(of_place).fold(0, |sum, claim| sum.saturating_add(claim.need)),
            weight: places.iter().map(|place| of_place(place).weight).max().unwrap_or(1),
        })
        .collect();
    let mut of_all = vec![0; claims.len()];
    for (places, share) in people.iter().zip(shares(budget, &together)) {
        let each: Vec<Claim> =
            places.iter().map(|place| Claim { weight: 1, ..of_place(place) }).collect();
        for (place, share) in places.iter().zip(shares(share, &each)) {
            of_all[*place] = share;
        }
    }
    of_all
}

/// Adds `amount` to the shares of `heirs` by weight, and the bits that do not divide one by one.
fn divide(amount: u64, claims: &[Claim], heirs: &[usize], shares: &mut [u64]) {
    let weights = total_weight(claims, heirs);
    let mut given = 0;
    for &i in heirs {
        let part = (u128::from(amount) * u128::from(claims[i].weight) / weights) as u64;
        shares[i] += part;
        given += part;
    }
    for &i in heirs.iter().cycle().take((amount - given).min(heirs.len() as u64) as usize) {
        shares[i] += 1;
    }
}

fn total_weight(claims: &[Claim], of: &[usize]) -> u128 {
    of.iter().map(|&i| u128::from(claims[i].weight)).sum::<u128>().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equal(needs: &[u64]) -> Vec<Claim> {
        needs.iter().map(|&need| Claim { need, weight: 1 }).collect()
    }

    #[test]
    fn equal_viewers_have_a_nth_each() {
        for (viewers, share) in [(1, 12_000_000), (2, 6_000_000), (3, 4_000_000), (1000, 12_000)] {
            let claims = equal(&vec![20_000_000; viewers]);
            assert_eq!(shares(12_000_000, &claims), vec![share; viewers]);
        }
    }

    #[test]
    fn they_have_it_also_if_they_use_less() {
        assert_eq!(shares(12_000_000, &equal(&[100, 100, 100])), vec![4_000_000; 3]);
    }

    #[test]
    fn who_needs_less_leaves_the_rest() {
        assert_eq!(shares(10, &equal(&[1, 20])), [1, 9]);
        assert_eq!(shares(10, &equal(&[2, 20, 20])), [2, 4, 4]);
        assert_eq!(shares(16, &equal(&[2, 4, 8, 10])), [2, 4, 5, 5]);
    }

    #[test]
    fn a_paused_viewer_has_none() {
        assert_eq!(shares(10, &equal(&[0, 20, 20])), [0, 5, 5]);
        assert_eq!(shares(10, &equal(&[0, 0])), [0, 0]);
        assert_eq!(shares(10, &[]), Vec::<u64>::new());
    }

    #[test]
    fn a_giver_counts_double() {
        let claims = [Claim { need: 99, weight: 2 }, Claim { need: 99, weight: 1 }];
        assert_eq!(shares(30, &claims), [20, 10]);
    }

    #[test]
    fn shares_add_up_to_the_budget_to_the_bit() {
        let mut seed = 7u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        for _ in 0..2000 {
            let budget = 1 + random(1_000_003);
            let claims: Vec<Claim> = (0..1 + random(40))
                .map(|_| Claim { need: random(90_000), weight: 1 + random(2) as u32 })
                .collect();
            let shares = shares(budget, &claims);
            let watched = claims.iter().any(|claim| claim.need > 0);
            assert_eq!(shares.iter().sum::<u64>(), if watched { budget } else { 0 });
            for (claim, share) in claims.iter().zip(&shares) {
                assert_eq!(claim.need == 0, *share == 0 && claim.need == 0);
            }
        }
    }

    #[test]
    fn who_watches_in_two_rooms_counts_once() {
        let claim = |need| Claim { need, weight: 1 };
        let of = |claims: &[(char, u64)], budget| {
            let claims: Vec<_> = claims.iter().map(|&(who, need)| (who, claim(need))).collect();
            shares_of_people(budget, &claims)
        };
        assert_eq!(of(&[('a', 99), ('b', 99), ('a', 99)], 40), [10, 20, 10]);
        assert_eq!(of(&[('a', 4), ('a', 99), ('b', 99)], 40), [4, 16, 20]);
        assert_eq!(of(&[('a', 0), ('a', 99), ('b', 99)], 40), [0, 20, 20], "one is paused");
        assert_eq!(of(&[('a', 2), ('a', 2), ('b', 99)], 40), [2, 2, 36]);
        assert_eq!(of(&[], 40), Vec::<u64>::new());
        let giver = [('a', Claim { need: 99, weight: 2 }), ('a', claim(99)), ('b', claim(99))];
        assert_eq!(shares_of_people(60, &giver), [20, 20, 20]);
    }

    #[test]
    fn shares_of_people_are_the_shares_of_claims_where_nobody_watches_twice() {
        let mut seed = 11u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        for _ in 0..2000 {
            let (budget, people) = (1 + random(1_000_003), 1 + random(30));
            let claims: Vec<(u64, Claim)> = (0..people)
                .map(|who| (who, Claim { need: random(90_000), weight: 1 + random(2) as u32 }))
                .collect();
            let alone: Vec<Claim> = claims.iter().map(|(_, claim)| *claim).collect();
            assert_eq!(shares_of_people(budget, &claims), shares(budget, &alone));
            let twice: Vec<_> =
                claims.iter().map(|(who, claim)| (who % (1 + people / 2), *claim)).collect();
            let watched = alone.iter().any(|claim| claim.need > 0);
            let sum: u64 = shares_of_people(budget, &twice).iter().sum();
            assert_eq!(sum, if watched { budget } else { 0 }, "to the bit");
        }
    }

    #[test]
    fn rates_are_read_with_decimal_prefixes() {
        let bits = |text: &str| text.parse::<Budget>().map(Budget::bits_per_sec);
        assert_eq!(bits("100M"), Ok(Some(100_000_000)));
        assert_eq!(bits("800k"), Ok(Some(800_000)));
        assert_eq!(bits("2.5G"), Ok(Some(2_500_000_000)));
        assert_eq!(bits("64000"), Ok(Some(64_000)));
        assert_eq!(bits("unlimited"), Ok(None));
        for text in ["", "M", "0", "-1M", "1e9", "10 M", "inf", "nan", "1.2.3", "99999999G"] {
            assert_eq!(bits(text), Err(NotARate), "{text:?}");
        }
    }
}
