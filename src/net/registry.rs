//! Who is connected, how each stands, and who gives way when something runs out.
//!
//! Every connection has a [`Guest`] here for as long as it lives, and tells how it stands.
//! Addresses are counted in groups (an IPv6 network of /64 is one), so that who takes most
//! gives first: the idle before those who do not read, and never who watches. A page's socket beside
//! its stream is a part of watching, but one to a stream: of more in a group than it has streams, the
//! newest idle. A connection that has to go is told by its handle, and ends by itself.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::lane::Handle;
use super::limits::{Limits, UNREAD_BYTES_EACH, UNREAD_TIME};
use crate::base::subnet::Group;

/// The connections.
pub(crate) struct Registry {
    limits: Limits,
    started: Instant,
    cards: Mutex<HashMap<u64, Arc<Card>>>,
    next_number: AtomicU64,
    /// Those that were told to go and have not gone yet.
    leaving: AtomicUsize,
    /// How many do not take what they asked for.
    unread: AtomicUsize,
    given_way: AtomicU64,
    turned_away: AtomicU64,
}

/// How a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It asks for nothing: no whole request has come.
    Idle,
    /// It has asked, and gets its answer.
    Busy,
    /// It watches, and takes what it is sent.
    Watching,
    /// It tells a page the state, whose stream another connection is.
    Beside,
    /// It does not take the answer that it asked for.
    UnreadReply,
    /// It does not take the stream that it asked for.
    UnreadStream,
}

/// What has run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Connections, or what they stand for: descriptors.
    Connections,
    /// Seats of the audience.
    Seats,
    /// The system's memory for what is not read.
    Memory,
}

/// How many stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Census {
    pub(crate) idle: usize,
    pub(crate) busy: usize,
    pub(crate) watching: usize,
    pub(crate) beside: usize,
    pub(crate) unread: usize,
}

/// A connection's place; dropping it leaves.
pub(crate) struct Guest {
    registry: Arc<Registry>,
    number: u64,
    card: Arc<Card>,
}

struct Card {
    handle: Handle,
    group: Mutex<Group>,
    standing: AtomicU8,
    /// Milliseconds from the registry's start until it came to stand so.
    since_ms: AtomicU64,
    leaving: AtomicBool,
}

impl Card {
    fn seen(&self, number: u64) -> Seen {
        Seen {
            number,
            group: *self.group.lock(),
            standing: Standing::of(self.standing.load(Ordering::Relaxed)),
            since_ms: self.since_ms.load(Ordering::Relaxed),
        }
    }
}

/// A connection as the choice sees it.
#[derive(Debug, Clone, Copy)]
struct Seen {
    number: u64,
    group: Group,
    standing: Standing,
    since_ms: u64,
}

impl Standing {
    const ALL: [Standing; 6] = [
        Standing::Idle,
        Standing::Busy,
        Standing::Watching,
        Standing::Beside,
        Standing::UnreadReply,
        Standing::UnreadStream,
    ];

    fn of(index: u8) -> Self {
        Self::ALL.get(usize::from(index)).copied().unwrap_or(Standing::Busy)
    }

    fn is_unread(self) -> bool {
        matches!(self, Standing::UnreadReply | Standing::UnreadStream)
    }

    /// In which order it gives way; `None` if it never does.
    fn rank(self, need: Need, age: Duration) -> Option<u8> {
        let unread = match self {
            Standing::UnreadReply => true,
            // A tab may stall for a moment, and watch all the same.
            Standing::UnreadStream => age >= UNREAD_TIME,
            _ => false,
        };
        match (need, self) {
            (Need::Connections, Standing::Idle) => Some(0),
            (Need::Connections | Need::Memory, _) if unread => Some(1),
            (Need::Seats, Standing::UnreadStream) if unread => Some(1),
            _ => None,
        }
    }
}

impl Registry {
    /// Nobody is here yet.
    pub(crate) fn new(limits: Limits, now: Instant) -> Self {
        Self {
            limits,
            started: now,
            cards: Mutex::default(),
            next_number: AtomicU64::new(0),
            leaving: AtomicUsize::new(0),
            unread: AtomicUsize::new(0),
            given_way: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
        }
    }

    /// What is allowed.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Takes in a connection, idle as yet. `None` if there are as many as may be, and none that
    /// gives way to it.
    pub(crate) fn enter(
        self: &Arc<Self>,
        address: IpAddr,
        handle: Handle,
        now: Instant,
    ) -> Option<Guest> {
        let here = self.cards.lock().len();
        let staying = here.saturating_sub(self.leaving.load(Ordering::Relaxed));
        if staying >= self.limits.connections && self.give_way(Need::Connections, now) == 0 {
            self.turned_away.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let card = Arc::new(Card {
            handle,
            group: Mutex::new(Group::of(address)),
            standing: AtomicU8::new(Standing::Idle as u8),
            since_ms: AtomicU64::new(self.millis(now)),
            leaving: AtomicBool::new(false),
        });
        self.cards.lock().insert(number, Arc::clone(&card));
        Some(Guest { registry: Arc::clone(self), number, card })
    }

    /// Asks some to go, as something has run out. Returns how many.
    pub(crate) fn give_way(&self, need: Need, now: Instant) -> usize {
        // Looked at without the lock, at which others wait who come and go.
        let mut cards: Vec<(u64, Arc<Card>)> = Vec::new();
        cards.extend(self.cards.lock().iter().map(|(number, card)| (*number, Arc::clone(card))));
        cards.retain(|(_, card)| !card.leaving.load(Ordering::Relaxed));
        let seen: Vec<Seen> = cards.iter().map(|(number, card)| card.seen(*number)).collect();
        let most = match need {
            // A look at all of them is not cheap: some at once.
            Need::Connections => (self.limits.connections / 64).max(1),
            Need::Seats | Need::Memory => 1,
        };
        let chosen = choose(&seen, need, most, self.millis(now));
        self.send_away(&chosen);
        self.given_way.fetch_add(chosen.len() as u64, Ordering::Relaxed);
        chosen.len()
    }

    fn send_away(&self, chosen: &[u64]) {
        let cards = self.cards.lock();
        // Who has gone by itself since is not waited for.
        for card in chosen.iter().filter_map(|number| cards.get(number)) {
            if !card.leaving.swap(true, Ordering::AcqRel) {
                self.leaving.fetch_add(1, Ordering::Relaxed);
                card.handle.notify();
            }
        }
    }

    /// How many stand how.
    pub(crate) fn census(&self) -> Census {
        let mut census = Census::default();
        for card in self.cards.lock().values() {
            match Standing::of(card.standing.load(Ordering::Relaxed)) {
                Standing::Idle => census.idle += 1,
                Standing::Busy => census.busy += 1,
                Standing::Watching => census.watching += 1,
                Standing::Beside => census.beside += 1,
                Standing::UnreadReply | Standing::UnreadStream => census.unread += 1,
            }
        }
        census
    }

    /// Connections that gave way, and that were turned away, since the start.
    pub(crate) fn totals(&self) -> (u64, u64) {
        (self.given_way.load(Ordering::Relaxed), self.turned_away.load(Ordering::Relaxed))
    }

    fn millis(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.started);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Guest {
    /// Tells how it stands, since when.
    ///
    /// If too many do not read, those who hold most of the system's memory give way.
    pub(crate) fn stands(&self, standing: Standing, since: Instant) {
        self.card.since_ms.store(self.registry.millis(since), Ordering::Relaxed);
        let before = Standing::of(self.card.standing.swap(standing as u8, Ordering::Relaxed));
        let unread = &self.registry.unread;
        match (before.is_unread(), standing.is_unread()) {
            (false, true) => {
                let held = (unread.fetch_add(1, Ordering::Relaxed) + 1) * UNREAD_BYTES_EACH;
                if held > self.registry.limits.unread_bytes {
                    self.registry.give_way(Need::Memory, since);
                }
            }
            (true, false) => drop(unread.fetch_sub(1, Ordering::Relaxed)),
            _ => {}
        }
    }

    /// As [`stands`](Self::stands), from now on; if it stood so before, since then.
    pub(crate) fn goes_on(&self, standing: Standing, now: Instant) {
        if Standing::of(self.card.standing.load(Ordering::Relaxed)) != standing {
            self.stands(standing, now);
        }
    }

    /// Whether it has to go.
    pub(crate) fn must_leave(&self) -> bool {
        self.card.leaving.load(Ordering::Acquire)
    }

    /// Tells whom it really is from, as a proxy that is trusted says.
    pub(crate) fn comes_from(&self, address: IpAddr) {
        *self.card.group.lock() = Group::of(address);
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.registry.cards.lock().remove(&self.number);
        if Standing::of(self.card.standing.load(Ordering::Relaxed)).is_unread() {
            self.registry.unread.fetch_sub(1, Ordering::Relaxed);
        }
        if self.card.leaving.load(Ordering::Relaxed) {
            self.registry.leaving.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Who gives way, at most `most`: always the one of the first rank, in the group that has most of
/// that rank, that has stood so for longest.
fn choose(seen: &[Seen], need: Need, most: usize, now_ms: u64) -> Vec<u64> {
    let mut groups: HashMap<(u8, Group), Vec<&Seen>> = HashMap::new();
    let seen = without_companions(seen);
    for one in &seen {
        let age = Duration::from_millis(now_ms.saturating_sub(one.since_ms));
        if let Some(rank) = one.standing.rank(need, age) {
            groups.entry((rank, one.group)).or_default().push(one);
        }
    }
    // The one that goes first stands last.
    groups.values_mut().for_each(|group| group.sort_by_key(|one| std::cmp::Reverse(one.since_ms)));
    let mut chosen = Vec::new();
    while chosen.len() < most {
        let greediest = groups.iter_mut().max_by_key(|((rank, _), group)| {
            let longest = group.last().map(|one| one.since_ms);
            (std::cmp::Reverse(*rank), group.len(), std::cmp::Reverse(longest))
        });
        let Some((&key, group)) = greediest else { break };
        chosen.extend(group.pop().map(|one| one.number));
        if group.is_empty() {
            groups.remove(&key);
        }
    }
    chosen
}

/// All but the sockets that belong to a stream of their group: so many of them, the oldest. The others
/// idle.
fn without_companions(seen: &[Seen]) -> Vec<Seen> {
    let mut streams: HashMap<Group, usize> = HashMap::new();
    let is_stream =
        |one: &&Seen| matches!(one.standing, Standing::Watching | Standing::UnreadStream);
    for one in seen.iter().filter(is_stream) {
        *streams.entry(one.group).or_default() += 1;
    }
    let is_beside = |one: &&Seen| one.standing == Standing::Beside;
    let mut beside: Vec<&Seen> = seen.iter().filter(is_beside).collect();
    beside.sort_by_key(|one| (one.since_ms, one.number));
    let mut left: Vec<Seen> = seen.iter().filter(|one| !is_beside(one)).copied().collect();
    for one in beside {
        match streams.get_mut(&one.group) {
            Some(free @ 1..) => *free -= 1,
            _ => left.push(Seen { standing: Standing::Idle, ..*one }),
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::super::lane::Lanes;
    use super::*;

    const NOW: u64 = 100_000;

    fn seen(number: u64, address: &str, standing: Standing, age_ms: u64) -> Seen {
        let group = Group::of(address.parse().unwrap());
        Seen { number, group, standing, since_ms: NOW - age_ms }
    }

    #[test]
    fn greediest_gives_first_and_of_its_own_the_one_that_idles_longest() {
        let seen = [
            seen(1, "192.0.2.1", Standing::Idle, 90_000),
            seen(2, "192.0.2.2", Standing::Idle, 10),
            seen(3, "192.0.2.2", Standing::Idle, 30),
            seen(4, "192.0.2.2", Standing::Idle, 20),
        ];
        assert_eq!(choose(&seen, Need::Connections, 1, NOW), [3]);
        assert_eq!(choose(&seen, Need::Connections, 3, NOW), [3, 4, 1]);
        assert_eq!(choose(&seen, Need::Connections, 9, NOW), [3, 4, 1, 2]);
    }

    #[test]
    fn who_watches_or_is_being_answered_never_gives_way() {
        let seen = [
            seen(1, "192.0.2.1", Standing::Watching, 90_000),
            seen(2, "192.0.2.1", Standing::Busy, 90_000),
        ];
        for need in [Need::Connections, Need::Seats, Need::Memory] {
            assert!(choose(&seen, need, 9, NOW).is_empty(), "{need:?}");
        }
    }

    #[test]
    fn idle_gives_way_before_the_unread_and_keeps_seats_that_it_does_not_have() {
        let seen = [
            seen(1, "192.0.2.1", Standing::UnreadStream, 5000),
            seen(2, "192.0.2.1", Standing::UnreadStream, 6000),
            seen(3, "192.0.2.2", Standing::Idle, 1),
        ];
        assert_eq!(choose(&seen, Need::Connections, 2, NOW), [3, 2]);
        assert_eq!(choose(&seen, Need::Seats, 1, NOW), [2]);
        assert_eq!(choose(&seen, Need::Memory, 1, NOW), [2]);
    }

    #[test]
    fn as_many_sockets_stay_as_their_group_has_streams_and_the_newest_idle() {
        let mut seen = vec![
            seen(1, "192.0.2.1", Standing::Watching, 90_000),
            seen(2, "192.0.2.1", Standing::UnreadStream, 100),
            seen(3, "192.0.2.1", Standing::Beside, 300),
            seen(4, "192.0.2.1", Standing::Beside, 100),
            seen(5, "192.0.2.1", Standing::Beside, 200),
            seen(6, "192.0.2.1", Standing::Beside, 50),
            seen(7, "192.0.2.2", Standing::Watching, 10),
            seen(8, "192.0.2.2", Standing::Beside, 90_000),
        ];
        assert_eq!(choose(&seen, Need::Connections, 9, NOW), [4, 6]);
        // Its stream is gone: it is worth what any other is.
        seen.retain(|one| one.number != 7);
        assert_eq!(choose(&seen, Need::Connections, 9, NOW), [4, 8, 6]);
        for need in [Need::Seats, Need::Memory] {
            assert!(choose(&seen, need, 9, NOW).is_empty(), "{need:?}");
        }
    }

    #[test]
    fn stall_of_a_moment_is_no_reason_and_an_unread_reply_is_one_at_once() {
        let seen = [
            seen(1, "192.0.2.1", Standing::UnreadStream, 1999),
            seen(2, "192.0.2.2", Standing::UnreadReply, 0),
        ];
        assert!(choose(&seen, Need::Seats, 1, NOW).is_empty());
        assert_eq!(choose(&seen, Need::Memory, 9, NOW), [2]);
    }

    #[test]
    fn networks_of_ipv6_are_one_and_addresses_of_ipv4_are_not() {
        let group = |address: &str| Group::of(address.parse().unwrap());
        assert_eq!(group("2001:db8::1"), group("2001:db8::ffff:1:2:3"));
        assert_ne!(group("2001:db8::1"), group("2001:db8:0:1::1"));
        assert_ne!(group("192.0.2.1"), group("192.0.2.2"));
        assert_eq!(group("::ffff:192.0.2.1"), group("192.0.2.1"));
        assert_ne!(group("::"), group("0.0.0.0"));
    }

    #[test]
    fn too_much_that_nobody_reads_costs_the_greediest() {
        let lanes = Lanes::start(1).unwrap();
        let now = Instant::now();
        let unread_bytes = 3 * UNREAD_BYTES_EACH;
        let limits = Limits { unread_bytes, ..Limits::of_descriptors(64) };
        let registry = Arc::new(Registry::new(limits, now));
        let enter = |last| registry.enter([192, 0, 2, last].into(), lanes.places().place(), now);
        let guests: Vec<Guest> = [1, 2, 2, 3].into_iter().filter_map(enter).collect();
        guests[..3].iter().for_each(|guest| guest.stands(Standing::UnreadReply, now));
        assert!(guests.iter().all(|guest| !guest.must_leave()));
        guests[0].stands(Standing::UnreadReply, now);
        assert!(guests.iter().all(|guest| !guest.must_leave()), "it is counted once");
        guests[3].stands(Standing::UnreadReply, now);
        let leave: Vec<bool> = guests.iter().map(Guest::must_leave).collect();
        assert_eq!(leave.iter().filter(|leaves| **leaves).count(), 1);
        assert!(leave[1] || leave[2]);
    }

    #[test]
    fn full_house_lets_newcomers_in_while_somebody_idles() {
        let lanes = Lanes::start(1).unwrap();
        let now = Instant::now();
        let limits = Limits { connections: 2, ..Limits::of_descriptors(64) };
        let registry = Arc::new(Registry::new(limits, now));
        let enter = || registry.enter([192, 0, 2, 1].into(), lanes.places().place(), now);
        let (first, second) = (enter().unwrap(), enter().unwrap());
        second.stands(Standing::Watching, now);
        let third = enter().unwrap();
        assert!(first.must_leave() && !second.must_leave() && !third.must_leave());
        third.stands(Standing::Watching, now);
        assert!(enter().is_none(), "who was told to go is not counted twice");
        drop(first);
        assert!(enter().is_none(), "two watch");
        drop(second);
        assert!(enter().is_some());
        assert_eq!(registry.totals(), (1, 2));
        assert_eq!(registry.census(), Census { watching: 1, ..Census::default() });
    }
}
