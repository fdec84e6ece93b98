//! Which picture is due to one who watches: the newest at its pace, each once, and a quiet
//! source's last one again.
//!
//! Pure state, one for each open stream of the live source, whatever protocol it is of. What
//! there is comes in as a [`View`]; whether the client can take it is for the caller to know, who
//! says so by [`Cursor::take`] or by [`Cursor::pass_over`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::audience::Seat;
use super::hub::{Hub, Still};
use super::meter::StreamMeter;
use super::viewer::Allowance;
use crate::media::filter::Filter;

/// Where one stream is among the source's pictures.
#[derive(Debug)]
pub struct Cursor {
    /// What the others here are of.
    of: Line,
    /// What was taken last; nothing if that is no longer live.
    last: Option<Arc<Still>>,
    /// Its sequence number; 0 if there is none.
    seen: u64,
    /// That of a picture that is due while the client cannot take it; 0 if there is none.
    waiting: u64,
    /// From when the time to the next picture counts, where not all are sent.
    paced_from: Option<Instant>,
    sent_at: Instant,
}

/// What tells pictures apart beside their numbers: what was taken of another line is not what is
/// watched now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Line {
    /// The number of the hub whose pictures they are.
    pub hub: u32,
    /// The change of its mask that they are under.
    pub masked: u64,
    /// What is done to them.
    pub filter: Filter,
}

/// What there is to be seen from one seat.
#[derive(Debug)]
pub struct View {
    /// What these are pictures of.
    pub of: Line,
    /// The newest picture of the seat's level.
    pub newest: Option<Arc<Still>>,
    /// The least time between two pictures.
    pub pace: Duration,
    /// What may be sent.
    pub allowance: Allowance,
}

/// What is due.
#[derive(Debug)]
pub enum Due {
    /// A picture, now.
    Picture(Cue),
    /// Nothing before this time, unless there is news.
    At(Instant),
}

/// A picture that is due.
#[derive(Debug)]
pub struct Cue {
    /// The picture.
    pub still: Arc<Still>,
    /// From when the time to the next one counts; nothing if it was sent before.
    paced_from: Option<Instant>,
}

impl View {
    /// What there is now of the seat's pictures, which `hub` has.
    pub fn of(seat: &Seat, hub: &Hub) -> Self {
        let allowance = seat.viewer.allowance();
        let pace = allowance.pace(hub.frames_per_sec(), seat.meter.fps());
        let Allowance { level, filter, .. } = allowance;
        let of = Line { hub: hub.number(), masked: hub.masked(), filter };
        let newest = hub.newest_of(&seat.viewer.crowd().look(filter), level);
        Self { of, newest, pace, allowance }
    }
}

impl Cue {
    /// Whether it was not sent before.
    pub fn is_fresh(&self) -> bool {
        self.paced_from.is_some()
    }
}

impl Cursor {
    /// Before the first picture.
    pub fn new(now: Instant) -> Self {
        Self {
            of: Line::default(),
            last: None,
            seen: 0,
            waiting: 0,
            paced_from: None,
            sent_at: now,
        }
    }

    /// Which picture is due. The same again until it is [taken](Self::take).
    pub fn due(&mut self, view: View, now: Instant) -> Due {
        self.turn_to(view.of);
        if view.allowance.paused {
            self.forget();
            return Due::At(now + REPEAT);
        }
        if let Some(still) = view.newest.filter(|still| still.sequence > self.seen) {
            let due = self.paced_from.map_or(now, |from| from + view.pace);
            if now < due {
                return Due::At(due);
            }
            // From when it was due, not from now, so that the rate is kept on average.
            let paced_from = Some(if now < due + view.pace { due } else { now });
            return Due::Picture(Cue { still, paced_from });
        }
        match &self.last {
            // So that browsers show the true last picture, and dead connections are found.
            Some(last) if now >= self.sent_at + REPEAT => {
                Due::Picture(Cue { still: Arc::clone(last), paced_from: None })
            }
            _ => Due::At((self.sent_at + REPEAT).max(now + MOMENT)),
        }
    }

    /// A picture that was due begins to go out.
    pub fn take(&mut self, cue: &Cue, meter: &StreamMeter) {
        if self.waiting > self.seen && cue.still.sequence > self.waiting {
            meter.skip();
        }
        (self.seen, self.waiting) = (cue.still.sequence, 0);
        self.last = Some(Arc::clone(&cue.still));
        self.paced_from = cue.paced_from.or(self.paced_from);
    }

    /// What was taken last has gone out.
    pub fn sent(&mut self, now: Instant) {
        self.sent_at = now;
    }

    /// The client cannot take a picture now. Counts one that was ready meanwhile and gave way to a
    /// newer one; what the pace leaves out is not counted.
    pub fn pass_over(&mut self, view: &View, meter: &StreamMeter, now: Instant) {
        self.turn_to(view.of);
        let newest = view.newest.as_ref().map_or(0, |still| still.sequence);
        let due = self.paced_from.is_none_or(|from| now >= from + view.pace);
        // Before the first picture the client is busy with something else.
        let occupied = self.seen > 0;
        if newest > self.waiting.max(self.seen) && due && occupied {
            if self.waiting > self.seen {
                meter.skip();
            }
            self.waiting = newest;
        }
    }

    /// Whether a picture that is due waits for the client.
    pub fn is_kept_waiting(&self) -> bool {
        self.waiting > self.seen
    }

    /// Its room may show another source than before, which counts its pictures anew; or the same
    /// pictures look otherwise.
    fn turn_to(&mut self, of: Line) {
        if std::mem::replace(&mut self.of, of) != of {
            self.forget();
        }
    }

    /// The stream pauses: what was shown before is no longer live when it goes on.
    pub fn forget(&mut self) {
        (self.last, self.seen, self.waiting) = (None, 0, 0);
    }
}

/// A quiet source's last picture goes out again after this time.
const REPEAT: Duration = Duration::from_secs(1);
const MOMENT: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::live::level::Level;

    const FRAME: Duration = Duration::from_millis(33);

    struct Watch {
        cursor: Cursor,
        meter: StreamMeter,
        start: Instant,
        pace: Duration,
        paused: bool,
        of: Line,
        newest: u64,
    }

    impl Watch {
        fn new(pace: Duration) -> Self {
            let start = Instant::now();
            let (cursor, meter) = (Cursor::new(start), StreamMeter::new(None, None));
            Self { cursor, meter, start, pace, paused: false, of: Line::default(), newest: 0 }
        }

        fn view(&self) -> View {
            let (sequence, captured) = (self.newest, self.start);
            let still = Still { sequence, captured, jpeg: Arc::from(&b"JPEG"[..]), masked: 0 };
            let newest = (self.newest > 0).then(|| Arc::new(still));
            let (level, paused) = (Level::TOP, self.paused);
            let filter = self.of.filter;
            let allowance = Allowance { level, filter, frames_permille: 1000, paused };
            View { of: self.of, newest, pace: self.pace, allowance }
        }

        /// The picture that goes out now, if one is due to a client who can take it.
        fn look(&mut self, now: Instant) -> Option<(u64, bool)> {
            match self.cursor.due(self.view(), now) {
                Due::Picture(cue) => {
                    self.cursor.take(&cue, &self.meter);
                    self.cursor.sent(now);
                    Some((cue.still.sequence, cue.is_fresh()))
                }
                Due::At(at) => {
                    assert!(at > now, "who waits for nothing turns in circles");
                    None
                }
            }
        }

        fn skipped(&self) -> u64 {
            self.meter.skipped.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn each_picture_goes_once() {
        let mut watch = Watch::new(Duration::ZERO);
        watch.newest = 1;
        let now = watch.start;
        assert_eq!(watch.look(now), Some((1, true)));
        assert_eq!(watch.look(now), None);
        watch.newest = 5;
        assert_eq!(watch.look(now + FRAME), Some((5, true)));
    }

    #[test]
    fn a_quiet_sources_last_picture_goes_again_each_second_from_when_it_was_out() {
        let mut watch = Watch::new(Duration::ZERO);
        watch.newest = 1;
        let start = watch.start;
        assert_eq!(watch.look(start), Some((1, true)));
        watch.cursor.sent(start + FRAME);
        assert_eq!(watch.look(start + REPEAT), None);
        assert_eq!(watch.look(start + REPEAT + FRAME), Some((1, false)));
        assert_eq!(watch.look(start + 2 * REPEAT), None);
    }

    #[test]
    fn a_pace_is_kept_on_average_whenever_it_is_looked() {
        let mut watch = Watch::new(Duration::from_millis(100));
        let sent: Vec<_> = (1..=90)
            .filter_map(|frame| {
                watch.newest = frame;
                watch.look(watch.start + FRAME * frame as u32)
            })
            .collect();
        assert!((29..=31).contains(&sent.len()), "{} in three seconds", sent.len());
    }

    #[test]
    fn paused_nothing_is_due_and_after_it_only_what_is_live() {
        let mut watch = Watch::new(Duration::ZERO);
        watch.newest = 1;
        let start = watch.start;
        watch.look(start);
        watch.paused = true;
        assert_eq!(watch.look(start + 5 * REPEAT), None);
        (watch.paused, watch.newest) = (false, 0);
        assert_eq!(watch.look(start + 9 * REPEAT), None, "the source was closed meanwhile");
        watch.newest = 1;
        assert_eq!(watch.look(start + 9 * REPEAT), Some((1, true)), "it is live again");
    }

    #[test]
    fn another_sources_pictures_are_due_whatever_their_numbers_and_none_of_the_old_one() {
        let mut watch = Watch::new(Duration::ZERO);
        watch.newest = 90;
        let start = watch.start;
        watch.look(start);
        (watch.of.hub, watch.newest) = (1, 0);
        assert_eq!(watch.look(start + 5 * REPEAT), None, "the old picture is another room's");
        watch.newest = 1;
        assert_eq!(watch.look(start + 5 * REPEAT), Some((1, true)));
        assert_eq!(watch.skipped(), 0);
    }

    #[test]
    fn the_same_picture_is_due_again_when_it_looks_otherwise_or_is_covered() {
        let mut watch = Watch::new(Duration::ZERO);
        watch.newest = 4;
        let start = watch.start;
        assert_eq!(watch.look(start), Some((4, true)));
        watch.of.filter = "mirror".parse().unwrap();
        assert_eq!(watch.look(start), Some((4, true)), "of a still source too");
        assert_eq!(watch.look(start), None);
        (watch.of.masked, watch.newest) = (1, 0);
        assert_eq!(watch.look(start + 5 * REPEAT), None, "what was seen before is not sent again");
        watch.newest = 5;
        assert_eq!(watch.look(start + 5 * REPEAT), Some((5, true)));
        assert_eq!(watch.skipped(), 0);
    }

    #[test]
    fn who_cannot_take_skips_to_the_newest_and_each_that_gave_way_is_counted() {
        let mut watch = Watch::new(Duration::ZERO);
        watch.newest = 1;
        watch.look(watch.start);
        for newest in 2..=5 {
            watch.newest = newest;
            let (view, now) = (watch.view(), watch.start + FRAME);
            watch.cursor.pass_over(&view, &watch.meter, now);
            watch.cursor.pass_over(&view, &watch.meter, now);
        }
        assert!(watch.cursor.is_kept_waiting());
        assert_eq!(watch.skipped(), 3, "2, 3 and 4");
        watch.newest = 6;
        assert_eq!(watch.look(watch.start + 5 * FRAME), Some((6, true)));
        assert_eq!(watch.skipped(), 4, "and 5");
        assert!(!watch.cursor.is_kept_waiting());
    }

    #[test]
    fn what_waited_and_goes_after_all_was_not_skipped() {
        let mut watch = Watch::new(Duration::ZERO);
        watch.newest = 1;
        watch.look(watch.start);
        watch.newest = 2;
        let view = watch.view();
        watch.cursor.pass_over(&view, &watch.meter, watch.start + FRAME);
        assert_eq!(watch.look(watch.start + FRAME), Some((2, true)));
        assert_eq!(watch.skipped(), 0);
    }

    #[test]
    fn what_the_pace_leaves_out_was_not_skipped() {
        let mut watch = Watch::new(REPEAT);
        watch.newest = 1;
        watch.look(watch.start);
        for newest in 2..=20 {
            watch.newest = newest;
            let view = watch.view();
            watch.cursor.pass_over(&view, &watch.meter, watch.start + FRAME * newest as u32);
        }
        assert_eq!(watch.skipped(), 0);
    }

    #[test]
    fn before_the_first_picture_nothing_is_skipped() {
        let mut watch = Watch::new(Duration::ZERO);
        for newest in 1..=5 {
            watch.newest = newest;
            let view = watch.view();
            watch.cursor.pass_over(&view, &watch.meter, watch.start);
        }
        assert_eq!(watch.skipped(), 0);
    }
}
