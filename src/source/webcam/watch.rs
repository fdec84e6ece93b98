//! Notices that a camera went silent or sends nothing that can be read.
//!
//! Pure: time comes in as an argument. Waits for nothing itself; [`super::reading`] asks it.

use std::time::{Duration, Instant};

/// What is known of when pictures came.
#[derive(Debug)]
pub(super) struct Watch {
    opened: Instant,
    arrived: Option<Instant>,
    broken_since: Option<Instant>,
    patience: Duration,
}

/// What arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// A picture not seen before.
    Fresh,
    /// A copy of the last one: a still source, or an old buffer sent again.
    Repeat,
    /// Nothing that can be shown.
    Broken,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// Nothing comes.
    Stalled,
    /// What comes can't be read.
    Garbage,
}

impl Watch {
    /// Starts at the time that the camera began to be opened.
    pub(super) fn new(now: Instant) -> Self {
        Self { opened: now, arrived: None, broken_since: None, patience: PATIENCE }
    }

    /// The camera was opened, perhaps again, for `fps` pictures a second.
    pub(super) fn open(&mut self, now: Instant, fps: f64) {
        self.opened = now;
        self.broken_since = None;
        // A camera at one picture in five seconds is slow, not stalled.
        let three = Duration::try_from_secs_f64(3.0 / fps).unwrap_or(PATIENCE);
        self.patience = three.clamp(PATIENCE, LONGEST_PATIENCE);
    }

    /// Something came.
    pub(super) fn arrive(&mut self, now: Instant, what: Arrival) {
        self.arrived = Some(now);
        match what {
            Arrival::Fresh => self.broken_since = None,
            Arrival::Repeat => {}
            Arrival::Broken => {
                self.broken_since.get_or_insert(now);
            }
        }
    }

    /// How long a driver may hold the thread that reads it.
    pub(super) fn patience(&self) -> Duration {
        self.patience.max(FIRST_PATIENCE)
    }

    /// Whether a camera that is silent may go on by itself: it has sent before, and not long ago.
    ///
    /// One that is fed by another program goes on when that is back. v4l2loopback 0.12, as Debian 12
    /// has it, is of no more use to that program once its last reader has closed it meanwhile.
    pub(super) fn is_hopeful(&self, now: Instant) -> bool {
        let sent = self.arrived.filter(|at| *at >= self.opened);
        sent.is_some_and(|at| now.saturating_duration_since(at) < self.patience + KEPT_OPEN)
    }

    /// What is wrong at `now`, if anything.
    pub(super) fn verdict(&self, now: Instant) -> Option<Silence> {
        let silent = |since: Instant, patience| now.saturating_duration_since(since) >= patience;
        let stalled = match self.arrived.filter(|at| *at >= self.opened) {
            Some(at) => silent(at, self.patience),
            None => silent(self.opened, self.patience.max(FIRST_PATIENCE)),
        };
        if stalled {
            return Some(Silence::Stalled);
        }
        self.broken_since
            .is_some_and(|since| silent(since, self.patience))
            .then_some(Silence::Garbage)
    }
}

const PATIENCE: Duration = Duration::from_secs(2);
/// How long a camera that has fallen silent is left open.
const KEPT_OPEN: Duration = Duration::from_secs(15);
const LONGEST_PATIENCE: Duration = Duration::from_secs(30);
/// A sensor takes its time to start.
const FIRST_PATIENCE: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn no_first_picture_is_a_stall_after_four_seconds() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        watch.open(start, 30.0);
        assert_eq!(watch.verdict(start + 3999 * MS), None);
        assert_eq!(watch.verdict(start + 4000 * MS), Some(Silence::Stalled));
    }

    #[test]
    fn silence_after_a_picture_is_a_stall_after_two_seconds() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        watch.open(start, 30.0);
        watch.arrive(start + 100 * MS, Arrival::Fresh);
        assert_eq!(watch.verdict(start + 2099 * MS), None);
        assert_eq!(watch.verdict(start + 2100 * MS), Some(Silence::Stalled));
        watch.arrive(start + 2200 * MS, Arrival::Fresh);
        assert_eq!(watch.verdict(start + 2200 * MS), None);
    }

    #[test]
    fn one_that_has_sent_is_left_open_for_a_while_and_one_that_never_did_is_not() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        watch.open(start, 30.0);
        assert!(!watch.is_hopeful(start + 4000 * MS));
        watch.arrive(start + 100 * MS, Arrival::Fresh);
        assert!(watch.is_hopeful(start + 17_099 * MS));
        assert!(!watch.is_hopeful(start + 17_100 * MS));
        watch.open(start + 17_100 * MS, 30.0);
        assert!(!watch.is_hopeful(start + 17_101 * MS), "what came before it was opened again");
    }

    #[test]
    fn a_slow_camera_is_given_three_intervals() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        watch.open(start, 0.5);
        watch.arrive(start, Arrival::Fresh);
        assert_eq!(watch.verdict(start + 5999 * MS), None);
        assert_eq!(watch.verdict(start + 6000 * MS), Some(Silence::Stalled));
    }

    #[test]
    fn opening_again_gives_the_first_picture_its_time() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        watch.open(start, 30.0);
        watch.arrive(start + 1000 * MS, Arrival::Fresh);
        watch.open(start + 2900 * MS, 30.0);
        assert_eq!(watch.verdict(start + 6899 * MS), None);
        assert_eq!(watch.verdict(start + 6900 * MS), Some(Silence::Stalled));
    }

    #[test]
    fn only_broken_pictures_for_two_seconds_are_garbage() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        watch.open(start, 30.0);
        for at in 0..60 {
            assert_eq!(watch.verdict(start + at * 33 * MS), None, "{at}");
            watch.arrive(start + at * 33 * MS, Arrival::Broken);
        }
        assert_eq!(watch.verdict(start + 2000 * MS), Some(Silence::Garbage));
    }

    #[test]
    fn a_fresh_picture_ends_garbage_and_a_copy_does_not() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        watch.open(start, 30.0);
        watch.arrive(start, Arrival::Broken);
        watch.arrive(start + 1900 * MS, Arrival::Repeat);
        assert_eq!(watch.verdict(start + 2000 * MS), Some(Silence::Garbage));
        watch.arrive(start + 1950 * MS, Arrival::Fresh);
        assert_eq!(watch.verdict(start + 2000 * MS), None);
    }

    #[test]
    fn a_still_source_is_well() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        watch.open(start, 30.0);
        watch.arrive(start, Arrival::Fresh);
        for at in 1..300 {
            watch.arrive(start + at * 33 * MS, Arrival::Repeat);
            assert_eq!(watch.verdict(start + at * 33 * MS), None);
        }
    }
}
