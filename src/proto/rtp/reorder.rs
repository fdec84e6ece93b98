//! Puts RTP packets in the order of their sequence numbers again.
//!
//! Owned by the thread that receives. Holds a bounded number of packets behind a
//! gap, and gives the gap up when they are too many or wait too long. Does not
//! count losses: [`Reception`](super::Reception) does.

use std::collections::VecDeque;
use std::time::Duration;

/// Packets behind a gap, in a window of [`Reorder::CAPACITY`] sequence numbers.
#[derive(Debug)]
pub struct Reorder<T> {
    /// The sequence number that comes next; `None` before the first packet.
    next: Option<u16>,
    /// By distance to `next`: the first is always missing, the last never.
    held: VecDeque<Option<Held<T>>>,
    patience: Duration,
    late: u64,
}

#[derive(Debug)]
struct Held<T> {
    packet: T,
    arrival: Duration,
}

impl<T> Reorder<T> {
    /// How far ahead of a missing packet others are kept.
    pub const CAPACITY: u16 = 64;

    /// A buffer that waits `patience` for a missing packet.
    pub fn new(patience: Duration) -> Self {
        Self { next: None, held: VecDeque::new(), patience, late: 0 }
    }

    /// Takes a packet that came at `now`, and appends to `out` what is in order with it.
    ///
    /// One that came before, or whose gap was given up, is dropped.
    pub fn insert(&mut self, sequence: u16, packet: T, now: Duration, out: &mut Vec<T>) {
        let mut ahead = sequence.wrapping_sub(self.next.unwrap_or(sequence));
        if ahead > u16::MAX - MAX_MISORDER {
            self.late += 1;
            return;
        }
        if ahead > MAX_DROPOUT {
            // The sender began anew.
            self.flush(out);
            ahead = 0;
        }
        if ahead >= Self::CAPACITY {
            let window_start = sequence.wrapping_sub(Self::CAPACITY - 1);
            self.skip_to(window_start, out);
            ahead = sequence.wrapping_sub(self.next.unwrap_or(sequence));
        }
        let place = usize::from(ahead);
        if self.held.len() <= place {
            self.held.resize_with(place + 1, || None);
        }
        match self.held.get_mut(place) {
            Some(slot @ None) => *slot = Some(Held { packet, arrival: now }),
            _ => self.late += 1,
        }
        self.next = Some(sequence.wrapping_sub(ahead));
        self.run(out);
    }

    /// Gives up gaps that something has waited behind for too long, and appends to `out`
    /// what was behind them.
    pub fn give_up(&mut self, now: Duration, out: &mut Vec<T>) {
        while self.deadline().is_some_and(|deadline| deadline <= now) {
            let gap = self.held.iter().take_while(|slot| slot.is_none()).count();
            self.pass(gap);
            self.run(out);
        }
    }

    /// When [`give_up`](Self::give_up) has something to do; `None` while nothing waits.
    pub fn deadline(&self) -> Option<Duration> {
        let oldest = self.held.iter().flatten().map(|held| held.arrival).min()?;
        Some(oldest + self.patience)
    }

    /// Gives up every gap, and starts anew with whatever packet comes next.
    pub fn flush(&mut self, out: &mut Vec<T>) {
        out.extend(self.held.drain(..).flatten().map(|held| held.packet));
        self.next = None;
    }

    /// Packets dropped because they came twice, or after their gap was given up.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Gives up what is missing before `sequence`.
    fn skip_to(&mut self, sequence: u16, out: &mut Vec<T>) {
        let distance = sequence.wrapping_sub(self.next.unwrap_or(sequence));
        let held = self.held.len().min(usize::from(distance));
        out.extend(self.held.drain(..held).flatten().map(|held| held.packet));
        self.next = Some(sequence);
        self.run(out);
    }

    /// Appends to `out` what stands at the front without a gap.
    fn run(&mut self, out: &mut Vec<T>) {
        let before = out.len();
        while let Some(Some(_)) = self.held.front() {
            out.extend(self.held.pop_front().flatten().map(|held| held.packet));
        }
        // At most `CAPACITY` are held.
        self.advance((out.len() - before) as u16);
    }

    fn pass(&mut self, gap: usize) {
        self.held.drain(..gap);
        self.advance(gap as u16);
    }

    fn advance(&mut self, count: u16) {
        self.next = self.next.map(|next| next.wrapping_add(count));
    }
}

/// A jump ahead by more is a sender that began anew (RFC 3550 A.1).
const MAX_DROPOUT: u16 = 3000;
/// A packet that is later by more is so as well (RFC 3550 A.1).
const MAX_MISORDER: u16 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(50);

    fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// What comes out for packets that come in this order, one each millisecond.
    fn ordered(sequences: &[u16]) -> (Vec<u16>, Reorder<u16>) {
        let mut reorder = Reorder::new(PATIENCE);
        let mut out = Vec::new();
        for (now, &sequence) in sequences.iter().enumerate() {
            reorder.insert(sequence, sequence, millis(now as u64), &mut out);
        }
        (out, reorder)
    }

    #[test]
    fn order_is_made_again_across_the_wrap() {
        let (out, reorder) = ordered(&[65533, 65535, 1, 65534, 0, 2]);
        assert_eq!(out, [65533, 65534, 65535, 0, 1, 2]);
        assert_eq!((reorder.late(), reorder.deadline()), (0, None));
    }

    #[test]
    fn packets_that_come_twice_or_late_are_dropped() {
        let (out, reorder) = ordered(&[5, 5, 7, 7, 6, 6, 4]);
        assert_eq!(out, [5, 6, 7]);
        assert_eq!(reorder.late(), 4);
    }

    #[test]
    fn gap_is_given_up_after_its_time() {
        let (mut out, mut reorder) = ordered(&[1, 3, 4, 6]);
        assert_eq!(out, [1]);
        assert_eq!(reorder.deadline(), Some(millis(51)));
        reorder.give_up(millis(50), &mut out);
        assert_eq!(out, [1]);
        reorder.give_up(millis(51), &mut out);
        assert_eq!(out, [1, 3, 4]);
        assert_eq!(reorder.deadline(), Some(millis(53)));
        reorder.give_up(millis(53), &mut out);
        assert_eq!(out, [1, 3, 4, 6]);
        reorder.insert(2, 2, millis(60), &mut out);
        reorder.insert(7, 7, millis(60), &mut out);
        assert_eq!(out, [1, 3, 4, 6, 7]);
    }

    #[test]
    fn window_is_bounded() {
        let mut sequences = vec![0];
        sequences.extend(2..=63);
        assert_eq!(ordered(&sequences).0, [0]);
        sequences.push(64);
        assert_eq!(ordered(&sequences).0, [0]);
        sequences.push(65);
        let mut all: Vec<u16> = (2..=65).collect();
        all.insert(0, 0);
        assert_eq!(ordered(&sequences).0, all);
        let (out, reorder) = ordered(&[0, 2, 1000]);
        assert_eq!(out, [0, 2]);
        assert_eq!(reorder.held.len(), 64);
    }

    #[test]
    fn sender_that_begins_anew_is_followed() {
        assert_eq!(ordered(&[10, 12, 40_000, 40_001]).0, [10, 12, 40_000, 40_001]);
        assert_eq!(ordered(&[40_000, 40_002, 39_000, 39_001]).0, [40_000, 40_002, 39_000, 39_001]);
    }

    #[test]
    fn no_order_of_arrival_holds_too_much_or_gives_any_twice() {
        let mut state = 7_u32;
        let mut reorder = Reorder::new(PATIENCE);
        let (mut out, mut inserted) = (Vec::new(), 0_u32);
        for step in 0..50_000_u32 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let sequence = (step as u16).wrapping_add((state >> 16) as u16 % 90);
            reorder.insert(sequence, inserted, millis(step.into()), &mut out);
            inserted += 1;
            reorder.give_up(millis(step.into()), &mut out);
            assert!(reorder.held.len() <= 64);
            assert!(reorder.held.front().is_none_or(Option::is_none));
        }
        reorder.flush(&mut out);
        assert_eq!(out.len() as u64 + reorder.late(), u64::from(inserted));
    }
}
