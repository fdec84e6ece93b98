//! A sender, a link, and a client with a system that does with its room what systems do: it never
//! takes back room that it told of, tells of it in steps and only when it acknowledges, and
//! acknowledges at once what is read at once, and else a little later.

use std::collections::VecDeque;

use super::*;

/// How the client reads.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reader {
    AtOnce,
    /// All there is, so often.
    Each(u64),
    Slow {
        bytes_per_sec: f64,
        each_ms: u64,
    },
    SlowFrom {
        ms: u64,
        bytes_per_sec: f64,
        each_ms: u64,
    },
    /// At once, but for one while.
    StandsStill {
        from_ms: u64,
        until_ms: u64,
    },
}

/// What room the client's system has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    from: u32,
    to: u32,
    how: How,
    /// It is told in multiples of so many bytes.
    step: u32,
}

#[derive(Debug, Clone, Copy)]
enum How {
    Steady,
    /// From then on, in milliseconds.
    ShrinksAt(u64),
    /// So often, in milliseconds, once it has flowed for some seconds.
    Wavers(u64),
    /// With what is read.
    Grows,
}

impl Room {
    pub(super) fn steady(bytes: u32) -> Self {
        Self { from: bytes, to: bytes, how: How::Steady, step: 1 }
    }

    pub(super) fn shrinking(from: u32, to: u32, at_ms: u64) -> Self {
        Self { from, to, how: How::ShrinksAt(at_ms), step: 1 }
    }

    pub(super) fn wavering(from: u32, to: u32, each_ms: u64) -> Self {
        Self { from, to, how: How::Wavers(each_ms), step: 1 }
    }

    pub(super) fn growing(from: u32, to: u32) -> Self {
        Self { from, to, how: How::Grows, step: 1 }
    }

    pub(super) fn in_steps(self, step: u32) -> Self {
        Self { step, ..self }
    }

    fn bytes(self, ms: u64, read: u64) -> u64 {
        let to = match self.how {
            How::Steady => false,
            How::ShrinksAt(at) => ms >= at,
            How::Wavers(each) => ms > 3000 && (ms / each) % 2 == 1,
            How::Grows => return (u64::from(self.from) + read / 2).min(u64::from(self.to)),
        };
        u64::from(if to { self.to } else { self.from })
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) bytes_per_sec: f64,
    pub(super) rtt_ms: u64,
}

impl Link {
    pub(super) const LOOPBACK: Self = Self { bytes_per_sec: 4e9, rtt_ms: 0 };
}

/// What the client saw.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) pictures: u32,
    pub(super) each_second: Vec<u32>,
    pub(super) looks: u32,
    /// The longest that a picture which was due was held back though all was read.
    pub(super) longest_hold_ms: u64,
    /// After when a slow reader reads next.
    read_at: u64,
    /// When each was read, how long that was after it was taken, and its bytes.
    read: Vec<(u64, u64, u64)>,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:?}, {} looks, longest hold {} ms, p99 {} ms behind",
            self.each_second,
            self.looks,
            self.longest_hold_ms,
            self.behind_ms(0.99)
        )
    }
}

impl Seen {
    pub(super) fn behind_ms(&self, part: f64) -> u64 {
        self.behind_ms_after(0, part)
    }

    pub(super) fn behind_ms_after(&self, from_ms: u64, part: f64) -> u64 {
        let later = self.read.iter().filter(|(at, ..)| *at >= from_ms);
        let mut behind: Vec<u64> = later.map(|(_, behind, _)| *behind).collect();
        behind.sort_unstable();
        let at = (behind.len() as f64 * part) as usize;
        behind.get(at.min(behind.len().saturating_sub(1))).copied().unwrap_or(0)
    }

    pub(super) fn bytes_after(&self, from_ms: u64) -> u64 {
        self.read.iter().filter(|(at, ..)| *at >= from_ms).map(|(.., bytes)| bytes).sum()
    }
}

/// Bytes of the stream, counted from its start.
#[derive(Default)]
struct Peer {
    received: u64,
    read: u64,
    acknowledged: u64,
    /// Up to where it told of room.
    edge: u64,
    acknowledge_at: Option<u64>,
}

pub(super) struct Run<'a> {
    sizes: &'a [u32],
    fps: u64,
    reader: Reader,
    room: Room,
    link: Link,
    peer: Peer,
    /// Bytes handed to the system, those that left it, and those that wait to be handed over.
    written: u64,
    left: f64,
    rest: u64,
    /// What is under way: when it arrives and up to which byte.
    there: VecDeque<(u64, u64)>,
    /// When it arrives, what is acknowledged, and up to where there is room.
    back: VecDeque<(u64, u64, u64)>,
    acknowledged: u64,
    edge: u64,
    /// Where pictures end, when they were taken, and their bytes.
    ends: VecDeque<(u64, u64, u64)>,
}

impl<'a> Run<'a> {
    pub(super) fn new(sizes: &'a [u32], fps: u64, reader: Reader, room: Room, link: Link) -> Self {
        let edge = room.bytes(0, 0);
        Self {
            sizes,
            fps,
            reader,
            room,
            link,
            peer: Peer { edge, ..Peer::default() },
            written: 0,
            left: 0.0,
            rest: 0,
            there: VecDeque::new(),
            back: VecDeque::new(),
            acknowledged: 0,
            edge,
            ends: VecDeque::new(),
        }
    }

    pub(super) fn watch(mut self, seconds: u64) -> Seen {
        let start = Instant::now();
        let mut backlog = Backlog::new(start);
        let mut seen = Seen { each_second: vec![0; seconds as usize], ..Seen::default() };
        let (mut taken, mut look_at, mut held_from) = (0, 0, None);
        for ms in 0..seconds * 1000 {
            let now = start + Duration::from_millis(ms);
            self.pass(ms, &mut seen);
            self.hand_over(&mut backlog, now);
            let newest = ms * self.fps / 1000 + 1;
            if newest <= taken || self.rest > 0 || ms < look_at {
                continue;
            }
            let state = self.state();
            let outlook = backlog.look(now, || {
                seen.looks += 1;
                Some(state)
            });
            match outlook {
                Outlook::Clear => {
                    let size = self.sizes[(newest as usize) % self.sizes.len()];
                    let captured = ((newest - 1) * 1000).div_ceil(self.fps);
                    self.rest = u64::from(size);
                    self.ends.push_back((self.written + self.rest, captured, self.rest));
                    self.hand_over(&mut backlog, now);
                    taken = newest;
                    held_from = None;
                }
                Outlook::Unread { look_at: at, ask } => {
                    look_at = (at - start).as_millis() as u64;
                    if ask {
                        self.written += 1;
                        backlog.asked(1, now);
                    }
                    let all_read = self.peer.read >= self.written - u64::from(ask);
                    let since: u64 = *held_from.get_or_insert(ms);
                    if all_read {
                        seen.longest_hold_ms = seen.longest_hold_ms.max(look_at - since);
                    } else {
                        held_from = None;
                    }
                }
            }
        }
        seen
    }

    fn state(&self) -> TcpState {
        TcpState {
            queued_bytes: (self.written - self.acknowledged) as u32,
            window_bytes: (self.edge - self.acknowledged) as u32,
            window_step: self.room.step,
            min_rtt_us: (self.link.rtt_ms * 1000) as u32,
            delivery_bytes_per_sec: self.link.bytes_per_sec as u64,
        }
    }

    /// The system takes what fits into its buffer.
    fn hand_over(&mut self, backlog: &mut Backlog, now: Instant) {
        let room = SEND_BUFFER.saturating_sub(self.written - self.acknowledged);
        let bytes = self.rest.min(room);
        if bytes > 0 {
            self.rest -= bytes;
            self.written += bytes;
            backlog.wrote(bytes as usize, now);
        }
    }

    /// A millisecond of the link, the client's system, and the client.
    fn pass(&mut self, ms: u64, seen: &mut Seen) {
        while self.back.front().is_some_and(|(at, ..)| *at <= ms) {
            let (_, acknowledged, edge) = self.back.pop_front().unwrap();
            self.acknowledged = self.acknowledged.max(acknowledged);
            self.edge = self.edge.max(edge);
        }
        // A fast link does many rounds in a millisecond.
        let rounds = if self.link.rtt_ms == 0 { 200 } else { 1 };
        for _ in 0..rounds {
            let part = self.link.bytes_per_sec / 1000.0 / f64::from(rounds);
            let goal = (self.written.min(self.edge)) as f64;
            let sends = (goal - self.left).min(part);
            if sends > 0.0 {
                self.left += sends;
                let left = if self.left >= goal { goal as u64 } else { self.left as u64 };
                self.there.push_back((ms + self.link.rtt_ms / 2, left));
            }
            self.arrive(ms);
            self.read(ms, seen);
            if self.link.rtt_ms == 0 {
                while let Some((_, acknowledged, edge)) = self.back.pop_front() {
                    (self.acknowledged, self.edge) = (acknowledged, self.edge.max(edge));
                }
                if sends <= 0.0 {
                    break;
                }
            }
        }
    }

    fn arrive(&mut self, ms: u64) {
        while self.there.front().is_some_and(|(at, _)| *at <= ms) {
            let (_, up_to) = self.there.pop_front().unwrap();
            self.peer.received = self.peer.received.max(up_to);
        }
        let peer = &mut self.peer;
        if peer.received > peer.acknowledged && peer.acknowledge_at.is_none() {
            peer.acknowledge_at = Some(ms + DELAYED_MS);
        }
        let much = peer.received - peer.acknowledged >= SEGMENT;
        if much || peer.acknowledge_at.is_some_and(|at| at <= ms) {
            self.acknowledge(ms);
        }
    }

    fn read(&mut self, ms: u64, seen: &mut Seen) {
        let unread = self.peer.received - self.peer.read;
        let slow = |bytes_per_sec: f64, each_ms: u64| {
            let bytes = bytes_per_sec * each_ms as f64 / 1000.0;
            if ms.is_multiple_of(each_ms) { bytes as u64 } else { 0 }
        };
        let bytes = match self.reader {
            Reader::AtOnce => unread,
            Reader::Each(each) => {
                if ms.is_multiple_of(each) {
                    unread
                } else {
                    0
                }
            }
            Reader::Slow { bytes_per_sec, each_ms } => slow(bytes_per_sec, each_ms),
            Reader::SlowFrom { ms: from, .. } if ms < from => unread,
            Reader::SlowFrom { bytes_per_sec, each_ms, .. } => slow(bytes_per_sec, each_ms),
            Reader::StandsStill { from_ms, until_ms } if (from_ms..until_ms).contains(&ms) => 0,
            Reader::StandsStill { .. } => unread,
        };
        // A link without delay has several rounds, but a slow reader reads once.
        let once = matches!(self.reader, Reader::Slow { .. } | Reader::SlowFrom { .. });
        if once && std::mem::replace(&mut seen.read_at, ms + 1) == ms + 1 && bytes < unread {
            return;
        }
        let bytes = bytes.min(unread);
        if bytes == 0 {
            return;
        }
        self.peer.read += bytes;
        while self.ends.front().is_some_and(|(end, ..)| *end <= self.peer.read) {
            let (_, captured, bytes) = self.ends.pop_front().unwrap();
            seen.read.push((ms, ms.saturating_sub(captured), bytes));
            seen.pictures += 1;
            seen.each_second[(ms / 1000) as usize] += 1;
        }
        let told = self.peer.edge.saturating_sub(self.peer.received);
        let drained = self.peer.read == self.peer.received && self.peer.acknowledge_at.is_some();
        if drained || self.window(ms) >= 2 * told {
            self.acknowledge(ms);
        }
    }

    fn window(&self, ms: u64) -> u64 {
        let unread = self.peer.received - self.peer.read;
        self.room.bytes(ms, self.peer.read).saturating_sub(unread)
    }

    fn acknowledge(&mut self, ms: u64) {
        let step = u64::from(self.room.step);
        let free = self.window(ms) / step * step;
        let told = self.peer.edge.saturating_sub(self.peer.received).next_multiple_of(step);
        let peer = &mut self.peer;
        peer.edge = peer.received + free.max(told);
        (peer.acknowledged, peer.acknowledge_at) = (peer.received, None);
        self.back.push_back((ms + self.link.rtt_ms / 2, peer.acknowledged, peer.edge));
    }
}

/// So much is acknowledged at once.
const SEGMENT: u64 = 65_483;
pub(super) const SEND_BUFFER: u64 = 256 * 1024;
/// How long Linux waits before it acknowledges what is not read at once.
const DELAYED_MS: u64 = 40;
