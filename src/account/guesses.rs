//! How fast passwords may be tried: for each name, for each address, and apart from both for a
//! browser that had signed in. Pure; time is handed in.
//!
//! Whoever guesses waits longer each time, at most a minute. Nobody waits for what others tried: each
//! address has its own turn at a name, which comes when it was told. A try counts as wrong from its
//! beginning until it is known to be right, so that many at once are no way around.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash as Hashable;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::base::subnet::Group;
use crate::store::session::Hash;

/// Where a password is tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    /// The client's address.
    pub(super) address: IpAddr,
    /// By which a browser is known that had signed in to this account.
    pub(super) known: Option<Hash>,
}

/// Too many were wrong; in this time one more may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowDown(pub Duration);

impl fmt::Display for SlowDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_millis().div_ceil(1000).max(1);
        write!(f, "Too many were wrong. Try again in {seconds} s.")
    }
}

/// What was wrong of late.
#[derive(Default)]
pub(super) struct Guesses {
    names: HashMap<u64, Failures>,
    groups: HashMap<Group, Failures>,
    browsers: HashMap<Hash, Failures>,
    /// When somebody told to wait has a turn at a name.
    turns: HashMap<(u64, Group), Instant>,
}

/// What one was wrong.
#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Guesses {
    /// Whether a password may be tried for a name, which counts as wrong until [`right`](Self::right)
    /// says otherwise.
    ///
    /// # Errors
    ///
    /// [`SlowDown`] if not yet.
    pub(super) fn ask(&mut self, name: u64, origin: Origin, now: Instant) -> Result<(), SlowDown> {
        if let Some(browser) = origin.known {
            until(self.browsers.get(&browser), FREE_OF_A_NAME, now)?;
            count(&mut self.browsers, browser, now);
            return Ok(());
        }
        let group = Group::of(origin.address);
        until(self.groups.get(&group), FREE_OF_A_GROUP, now)?;
        self.turn(name, group, now)?;
        count(&mut self.names, name, now);
        count(&mut self.groups, group, now);
        Ok(())
    }

    /// What was tried was right, or was not looked at.
    pub(super) fn right(&mut self, name: u64, origin: Origin) {
        if let Some(browser) = origin.known {
            self.browsers.remove(&browser);
            return;
        }
        forgive(&mut self.names, &name);
        forgive(&mut self.groups, &Group::of(origin.address));
    }

    /// Whether an address has its turn at a name of which much was wrong.
    fn turn(&mut self, name: u64, group: Group, now: Instant) -> Result<(), SlowDown> {
        let Some(wait) = wait_of(self.names.get(&name), FREE_OF_A_NAME, now) else { return Ok(()) };
        let is_old = |at: Instant| now.saturating_duration_since(at) > MEMORY;
        match self.turns.get(&(name, group)).copied().filter(|at| !is_old(*at)) {
            Some(at) if at <= now => {
                self.turns.remove(&(name, group));
                Ok(())
            }
            Some(at) => Err(SlowDown(at - now)),
            None => {
                if self.turns.len() >= MOST {
                    self.turns.retain(|_, at| !is_old(*at));
                }
                if self.turns.len() >= MOST {
                    self.crowd_out();
                }
                self.turns.insert((name, group), now + wait);
                Err(SlowDown(wait))
            }
        }
    }

    /// Takes the first half of its turns from the neighbourhood that has most: whoever has very many
    /// addresses keeps out its own neighbours at most.
    fn crowd_out(&mut self) {
        let mut counts: HashMap<Group, usize> = HashMap::new();
        for (_, group) in self.turns.keys() {
            *counts.entry(group.neighbourhood()).or_default() += 1;
        }
        let Some((greediest, _)) = counts.into_iter().max_by_key(|(_, count)| *count) else {
            return;
        };
        let of_it = |turn: &(u64, Group)| turn.1.neighbourhood() == greediest;
        let own = self.turns.iter().filter(|(turn, _)| of_it(turn));
        let mut times: Vec<Instant> = own.map(|(_, at)| *at).collect();
        let middle = times.len() / 2;
        let (_, middle, _) = times.select_nth_unstable(middle);
        let middle = *middle;
        self.turns.retain(|turn, at| !of_it(turn) || *at > middle);
    }
}

/// Whether the wait after the last failure is over.
fn until(failures: Option<&Failures>, free: u32, now: Instant) -> Result<(), SlowDown> {
    let Some(wait) = wait_of(failures, free, now) else { return Ok(()) };
    let since = failures.map_or(wait, |failures| now.saturating_duration_since(failures.last));
    match wait.checked_sub(since) {
        None | Some(Duration::ZERO) => Ok(()),
        Some(left) => Err(SlowDown(left)),
    }
}

/// How long to wait after so much was wrong; `None` if one need not.
fn wait_of(failures: Option<&Failures>, free: u32, now: Instant) -> Option<Duration> {
    let Failures { count, last } = failures?;
    if now.saturating_duration_since(*last) > MEMORY {
        return None;
    }
    let beyond = count.checked_sub(free)?;
    Some(Duration::from_secs(1 << beyond.min(6)).min(LONGEST))
}

fn count<K: Clone + Eq + Hashable>(all: &mut HashMap<K, Failures>, who: K, now: Instant) {
    let is_old = |failures: &Failures| now.saturating_duration_since(failures.last) > MEMORY;
    if all.len() >= MOST && !all.contains_key(&who) {
        all.retain(|_, failures| !is_old(failures));
    }
    // Who was wrong most is remembered longest.
    if all.len() >= MOST
        && !all.contains_key(&who)
        && let Some((least, _)) =
            all.iter().min_by_key(|(_, failures)| (failures.count, failures.last))
    {
        let least = least.clone();
        all.remove(&least);
    }
    let failures = all.entry(who).or_insert(Failures { count: 0, last: now });
    if is_old(failures) {
        failures.count = 0;
    }
    (failures.count, failures.last) = (failures.count.saturating_add(1), now);
}

fn forgive<K: Eq + Hashable>(all: &mut HashMap<K, Failures>, who: &K) {
    let Some(failures) = all.get_mut(who) else { return };
    failures.count = failures.count.saturating_sub(1);
    if failures.count == 0 {
        all.remove(who);
    }
}

/// So many may be wrong of a name, or in a browser, before anybody waits.
const FREE_OF_A_NAME: u32 = 5;
/// The same for an address, behind which many may be.
const FREE_OF_A_GROUP: u32 = 20;
const LONGEST: Duration = Duration::from_secs(60);
/// What is so old counts no more.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// How many of each are remembered.
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn from(address: &str) -> Origin {
        Origin { address: address.parse().unwrap(), known: None }
    }

    #[test]
    fn who_guesses_waits_longer_each_time_and_a_minute_at_most() {
        let (mut guesses, mut now) = (Guesses::default(), Instant::now());
        let attacker = from("192.0.2.1");
        for _ in 0..5 {
            guesses.ask(1, attacker, now).unwrap();
        }
        for wait in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            assert_eq!(guesses.ask(1, attacker, now), Err(SlowDown(wait * SECOND)));
            now += wait * SECOND - SECOND / 2;
            assert_eq!(guesses.ask(1, attacker, now), Err(SlowDown(SECOND / 2)));
            now += SECOND / 2;
            guesses.ask(1, attacker, now).unwrap();
        }
    }

    #[test]
    fn the_owner_has_a_turn_whatever_others_try() {
        let (mut guesses, mut now) = (Guesses::default(), Instant::now());
        let owner = from("198.51.100.7");
        // A thousand addresses that never stop.
        let others: Vec<_> =
            (0..1000u32).map(|n| from(&format!("10.0.{}.{}", n / 256, n % 256))).collect();
        let mut tried = 0;
        let mut told = None;
        for second in 0..300 {
            for other in &others {
                tried += u32::from(guesses.ask(1, *other, now).is_ok());
            }
            if second == 30 {
                let Err(SlowDown(wait)) = guesses.ask(1, owner, now) else { panic!("too soon") };
                assert!(wait <= LONGEST);
                told = Some(now + wait);
            }
            if told.is_some_and(|at| now >= at) {
                guesses.ask(1, owner, now).unwrap();
                assert!(tried < 8000, "{tried} tries in {second} s");
                return;
            }
            now += SECOND;
        }
        panic!("the owner never had a turn");
    }

    #[test]
    fn who_has_very_many_addresses_keeps_nobody_out() {
        let (mut guesses, now) = (Guesses::default(), Instant::now());
        for _ in 0..5 {
            guesses.ask(1, from("192.0.2.1"), now).unwrap();
        }
        let owner = from("198.51.100.7");
        let Err(SlowDown(wait)) = guesses.ask(1, owner, now) else { panic!("too soon") };
        // A whole /48, each /64 of which has a turn, before and after.
        for n in 0..6000u32 {
            let other = from(&format!("2001:db8:0:{n:x}::1"));
            assert!(guesses.ask(1, other, now).is_err());
        }
        assert!(guesses.turns.len() <= MOST);
        guesses.ask(1, owner, now + wait).unwrap();
        let late = from("203.0.113.9");
        let Err(SlowDown(wait)) = guesses.ask(1, late, now) else { panic!("too soon") };
        for n in 6000..12_000u32 {
            let other = from(&format!("2001:db8:0:{n:x}::1"));
            assert!(guesses.ask(1, other, now).is_err());
        }
        guesses.ask(1, late, now + wait).unwrap();
    }

    #[test]
    fn a_browser_that_had_signed_in_does_not_wait_for_others() {
        let (mut guesses, now) = (Guesses::default(), Instant::now());
        for _ in 0..5 {
            guesses.ask(1, from("192.0.2.1"), now).unwrap();
        }
        let known = Origin { known: Some([7; 32]), ..from("192.0.2.1") };
        for _ in 0..5 {
            guesses.ask(1, known, now).unwrap();
        }
        assert_eq!(guesses.ask(1, known, now), Err(SlowDown(SECOND)), "and is no way around");
        guesses.right(1, known);
        guesses.ask(1, known, now).unwrap();
    }

    #[test]
    fn an_address_waits_that_tries_many_names() {
        let (mut guesses, now) = (Guesses::default(), Instant::now());
        for name in 0..20 {
            guesses.ask(name, from("2001:db8::1"), now).unwrap();
        }
        assert!(guesses.ask(99, from("2001:db8::2"), now).is_err(), "one /64 is one");
        guesses.ask(99, from("2001:db8:0:1::2"), now).unwrap();
        guesses.ask(99, from("2001:db8::1"), now + MEMORY + SECOND).unwrap();
    }

    #[test]
    fn what_was_right_is_not_counted() {
        let (mut guesses, now) = (Guesses::default(), Instant::now());
        for _ in 0..1000 {
            guesses.ask(1, from("192.0.2.1"), now).unwrap();
            guesses.right(1, from("192.0.2.1"));
        }
        assert!(guesses.names.is_empty() && guesses.groups.is_empty());
    }

    #[test]
    fn memory_is_bounded_and_who_was_wrong_most_is_remembered() {
        let (mut guesses, now) = (Guesses::default(), Instant::now());
        for _ in 0..5 {
            guesses.ask(u64::MAX, from("192.0.2.1"), now).unwrap();
        }
        for n in 0..10_000u32 {
            let address = IpAddr::from((0x0a00_0000 + n).to_be_bytes());
            let _ = guesses.ask(u64::from(n), Origin { address, known: None }, now);
            let _ = guesses.ask(u64::MAX, Origin { address, known: None }, now);
        }
        assert!(guesses.names.len() <= MOST && guesses.groups.len() <= MOST);
        assert!(guesses.turns.len() <= MOST);
        assert!(guesses.ask(u64::MAX, from("192.0.2.2"), now).is_err());
    }
}
