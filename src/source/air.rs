//! Where somebody is on the air: a browser that sends pictures, one at a time.
//!
//! Between the connection on which pictures come, which waits for nothing, and the [source that
//! shows them](super::browser), which waits for the next. What came last is kept and nothing before
//! it: a picture that nobody took in time is overwritten. What a browser sends is checked by who
//! shows it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// A place for one who publishes.
#[derive(Default)]
pub struct Air {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    on: Option<On>,
    /// What came last, and when.
    newest: Option<(Instant, Vec<u8>)>,
    /// How many were on.
    turns: u64,
    /// How many show it now.
    shown: usize,
    tally: Tally,
}

/// Who is on.
struct On {
    turn: u64,
    publisher: Publisher,
    /// Since when there is no connection.
    lost_at: Option<Instant>,
}

/// Who publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    /// By what it is known when it comes again: an account, a key.
    pub id: String,
    /// As others see it.
    pub name: String,
}

/// What became of pictures since somebody went on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many were shown.
    pub shown: u64,
    /// How many could not be read.
    pub broken: u64,
    /// How many of those came since the last that could.
    pub broken_in_a_row: u64,
}

/// Who is on, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnNow {
    /// As others see it.
    pub name: String,
    /// Whether its connection was lost, and it is waited for.
    pub is_lost: bool,
}

/// Somebody else is on: its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken(pub String);

/// What a wait for a picture came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// This, at that time.
    Picture(Instant, Vec<u8>),
    /// None so far.
    Nothing,
    /// Nobody is there to send one.
    Nobody(Option<OnNow>),
}

/// One turn on the air, which is lost when it is dropped.
pub struct Turn {
    air: Arc<Air>,
    number: u64,
}

/// For who shows it: as long as there is one, pictures are wanted.
pub(super) struct Showing(Arc<Air>);

impl Air {
    /// Puts somebody on: if nobody is, if that one itself was, or if `takes_over` says that it may
    /// push another off.
    ///
    /// # Errors
    ///
    /// [`Taken`] by somebody else.
    pub fn go_on(
        self: &Arc<Self>,
        publisher: Publisher,
        takes_over: bool,
        now: Instant,
    ) -> Result<Turn, Taken> {
        let mut state = self.state.lock();
        if let Some(on) = &state.on
            && on.publisher.id != publisher.id
            && !takes_over
            && on.lost_at.is_none_or(|at| now.saturating_duration_since(at) < WAITED_FOR)
        {
            return Err(Taken(on.publisher.name.clone()));
        }
        state.turns += 1;
        let number = state.turns;
        state.on = Some(On { turn: number, publisher, lost_at: None });
        (state.newest, state.tally) = (None, Tally::default());
        self.news.notify_all();
        Ok(Turn { air: Arc::clone(self), number })
    }

    /// Takes whoever is on off the air. Says who that was.
    pub fn clear(&self) -> Option<Publisher> {
        let mut state = self.state.lock();
        state.newest = None;
        let on = state.on.take();
        self.news.notify_all();
        on.map(|on| on.publisher)
    }

    /// Who is on at this time.
    pub fn on_now(&self, now: Instant) -> Option<OnNow> {
        self.state.lock().on_now(now)
    }

    /// From now on pictures are wanted.
    pub(super) fn show(self: &Arc<Self>) -> Showing {
        self.state.lock().shown += 1;
        Showing(Arc::clone(self))
    }

    /// Waits for the next picture, at most until `deadline`.
    pub(super) fn next(&self, now: impl Fn() -> Instant, deadline: Instant) -> Came {
        let mut state = self.state.lock();
        loop {
            if let Some((at, picture)) = state.newest.take() {
                return Came::Picture(at, picture);
            }
            let on = state.on_now(now());
            if on.as_ref().is_none_or(|on| on.is_lost) {
                return Came::Nobody(on);
            }
            if self.news.wait_until(&mut state, deadline).timed_out() {
                return Came::Nothing;
            }
        }
    }

    /// Counts a picture that was looked at.
    pub(super) fn count(&self, is_good: bool) {
        let Tally { shown, broken, broken_in_a_row } = &mut self.state.lock().tally;
        if is_good {
            (*shown, *broken_in_a_row) = (*shown + 1, 0);
        } else {
            *broken += 1;
            *broken_in_a_row += 1;
        }
    }
}

impl State {
    fn on_now(&self, now: Instant) -> Option<OnNow> {
        let On { publisher, lost_at, .. } = self.on.as_ref()?;
        let waited = lost_at.map(|at| now.saturating_duration_since(at));
        let is_there = waited.is_none_or(|waited| waited < WAITED_FOR);
        is_there.then(|| OnNow { name: publisher.name.clone(), is_lost: lost_at.is_some() })
    }

    fn turn(&mut self, number: u64) -> Option<&mut On> {
        self.on.as_mut().filter(|on| on.turn == number)
    }
}

impl Turn {
    /// Gives the newest picture. Whether it is still this one's turn.
    pub fn put(&self, picture: Vec<u8>, now: Instant) -> bool {
        let mut state = self.air.state.lock();
        if state.turn(self.number).is_none() {
            return false;
        }
        state.newest = Some((now, picture));
        self.air.news.notify_all();
        true
    }

    /// What became of its pictures, and whether somebody watches; `None` if it is no longer its
    /// turn.
    pub fn report(&self) -> Option<(Tally, bool)> {
        let mut state = self.air.state.lock();
        state.turn(self.number)?;
        Some((state.tally, state.shown > 0))
    }

    /// Goes off the air, and is not waited for.
    pub fn go_off(self) {
        let mut state = self.air.state.lock();
        if state.turn(self.number).is_some() {
            (state.on, state.newest) = (None, None);
        }
        self.air.news.notify_all();
    }

    /// The connection is lost: who was on it may come again.
    pub fn lose(&self, now: Instant) {
        let mut state = self.air.state.lock();
        if let Some(on) = state.turn(self.number) {
            on.lost_at.get_or_insert(now);
            state.newest = None;
        }
        self.air.news.notify_all();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.lose(Instant::now());
    }
}

impl Drop for Showing {
    fn drop(&mut self) {
        let shown = &mut self.0.state.lock().shown;
        *shown = shown.saturating_sub(1);
    }
}

/// How long a publisher is waited for whose connection was lost: a phone that goes from one network
/// to another.
const WAITED_FOR: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    fn publisher(id: &str) -> Publisher {
        Publisher { id: id.to_owned(), name: id.to_uppercase() }
    }

    fn on(air: &Arc<Air>, id: &str, now: Instant) -> Turn {
        air.go_on(publisher(id), false, now).unwrap()
    }

    #[test]
    fn the_newest_picture_is_taken_once_and_what_came_before_is_gone() {
        let (air, now) = (Arc::new(Air::default()), Instant::now());
        let turn = on(&air, "ada", now);
        assert!(turn.put(vec![1], now) && turn.put(vec![2], now));
        assert_eq!(air.next(|| now, now), Came::Picture(now, vec![2]));
        assert_eq!(air.next(|| now, now), Came::Nothing);
    }

    #[test]
    fn one_is_on_at_a_time_unless_the_other_may_take_over_or_is_the_same() {
        let (air, now) = (Arc::new(Air::default()), Instant::now());
        let first = on(&air, "ada", now);
        let refused = air.go_on(publisher("bob"), false, now).err();
        assert_eq!(refused, Some(Taken("ADA".into())));
        let again = on(&air, "ada", now);
        assert!(!first.put(vec![1], now) && first.report().is_none());
        let host = air.go_on(publisher("bob"), true, now).unwrap();
        assert!(!again.put(vec![1], now) && host.put(vec![1], now));
        // Who is not on any more takes nobody off.
        drop(again);
        first.go_off();
        assert_eq!(air.on_now(now), Some(OnNow { name: "BOB".into(), is_lost: false }));
    }

    #[test]
    fn who_is_lost_is_waited_for_and_who_went_off_is_not() {
        let (air, now) = (Arc::new(Air::default()), Instant::now());
        let turn = on(&air, "ada", now);
        turn.put(vec![1], now);
        turn.lose(now);
        let almost = now + WAITED_FOR - Duration::from_millis(1);
        assert!(air.go_on(publisher("bob"), false, almost).is_err());
        let lost = Some(OnNow { name: "ADA".into(), is_lost: true });
        assert_eq!(air.next(|| almost, now), Came::Nobody(lost), "its last picture is gone, too");
        let over = now + WAITED_FOR;
        assert_eq!(air.on_now(over), None);
        on(&air, "bob", over).go_off();
        assert_eq!(air.next(|| over, over), Came::Nobody(None));
        on(&air, "ada", over);
    }

    #[test]
    fn pictures_are_wanted_as_long_as_somebody_shows_them() {
        let (air, now) = (Arc::new(Air::default()), Instant::now());
        let turn = on(&air, "ada", now);
        let wanted = || turn.report().unwrap().1;
        assert!(!wanted());
        let showing = air.show();
        assert!(wanted());
        drop(showing);
        assert!(!wanted());
        assert_eq!(air.clear(), Some(publisher("ada")));
        assert_eq!((turn.report(), air.clear()), (None, None));
    }
}
