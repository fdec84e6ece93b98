//! Where in which film a room is. Pure: times are handed in.
//!
//! All times are those of the room's clock, which counts from the server's start. While nobody
//! pauses it, the show is a function of that clock alone: nothing has to happen for it to go on to
//! the next film, and whoever asks twice is told the same.

use std::time::Duration;

/// A film that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    /// By which it is known.
    pub(super) id: u32,
    /// More than nothing.
    pub(super) lasts: Duration,
}

/// The films in their order, and how far they are.
#[derive(Debug, Clone)]
pub struct Show {
    list: Vec<Item>,
    /// The place in the list that the anchor is about.
    at: usize,
    anchor: Anchor,
    repeats: bool,
}

/// Where it is in that film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    /// It plays; its first picture was, or would have been, at this time: microseconds.
    Began(i64),
    /// It stands still there.
    Stands(Duration),
}

/// What plays at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Playing {
    /// By which the film is known.
    pub id: u32,
    /// How far it is.
    pub position: Duration,
    /// When its first picture was, microseconds on the room's clock; none while it stands still.
    pub began_us: Option<i64>,
}

impl Show {
    /// Nothing to show yet; it plays from the start what comes.
    pub(super) fn new() -> Self {
        Self { list: Vec::new(), at: 0, anchor: Anchor::Began(0), repeats: true }
    }

    /// The films in their order.
    pub(super) fn list(&self) -> &[Item] {
        &self.list
    }

    /// Whether it begins again after the last.
    pub(super) fn repeats(&self) -> bool {
        self.repeats
    }

    /// What plays at this time; nothing if there are no films.
    pub fn at(&self, now: Duration) -> Option<Playing> {
        let mut settled = self.clone();
        settled.settle(now);
        let item = settled.list.get(settled.at)?;
        Some(match settled.anchor {
            Anchor::Stands(position) => Playing { id: item.id, position, began_us: None },
            Anchor::Began(began) => {
                let position = since(began, now);
                Playing { id: item.id, position, began_us: Some(began) }
            }
        })
    }

    /// Goes on from where it stands.
    pub(super) fn play(&mut self, now: Duration) {
        self.settle(now);
        if let Anchor::Stands(position) = self.anchor {
            let is_over = self.list.get(self.at).is_some_and(|item| position >= item.lasts);
            if is_over {
                // Whoever plays on after the last begins with the first.
                self.at = 0;
            }
            let from = if is_over { Duration::ZERO } else { position };
            self.anchor = Anchor::Began(micros(now) - micros(from));
        }
    }

    /// Stands still from now on.
    pub(super) fn pause(&mut self, now: Duration) {
        self.settle(now);
        if let Anchor::Began(began) = self.anchor {
            self.anchor = Anchor::Stands(since(began, now));
        }
    }

    /// Goes to another place in the film that plays, or to its end.
    pub(super) fn seek(&mut self, now: Duration, position: Duration) {
        self.settle(now);
        let Some(item) = self.list.get(self.at) else { return };
        let position = position.min(item.lasts);
        self.place(now, position);
    }

    /// Goes to the start of a film of the list; false if it has none such.
    pub(super) fn go_to(&mut self, now: Duration, id: u32) -> bool {
        let Some(place) = self.list.iter().position(|item| item.id == id) else { return false };
        self.at = place;
        self.place(now, Duration::ZERO);
        true
    }

    /// Goes so many films on, or back; around the ends, if it repeats.
    pub(super) fn skip(&mut self, now: Duration, by: isize) {
        self.settle(now);
        let Some(last) = self.list.len().checked_sub(1) else { return };
        let place = self.at as isize + by;
        self.at = match self.repeats {
            true => place.rem_euclid(self.list.len() as isize) as usize,
            false => place.clamp(0, last as isize) as usize,
        };
        self.place(now, Duration::ZERO);
    }

    /// Begins again after the last, or does not.
    pub(super) fn repeat(&mut self, now: Duration, repeats: bool) {
        self.settle(now);
        self.repeats = repeats;
    }

    /// Shows other films, or in another order. What plays goes on where it is, if it is among
    /// them; else what came to stand in its place begins.
    pub(super) fn change(&mut self, now: Duration, list: Vec<Item>) {
        self.settle(now);
        let before = self.list.get(self.at).map(|item| item.id);
        self.list = list;
        match self.list.iter().position(|item| Some(item.id) == before) {
            Some(place) => self.at = place,
            None => {
                self.at = if self.at < self.list.len() { self.at } else { 0 };
                self.place(now, Duration::ZERO);
            }
        }
    }

    /// A film is known otherwise from now on; where it plays, it goes on.
    pub(super) fn exchange(&mut self, old: u32, new: Item) {
        self.list.iter_mut().filter(|item| item.id == old).for_each(|item| *item = new);
    }

    /// As if so much time had not passed.
    pub(super) fn rest(&mut self, time: Duration) {
        if let Anchor::Began(began) = &mut self.anchor {
            *began = began.saturating_add(micros(time));
        }
    }

    fn place(&mut self, now: Duration, position: Duration) {
        self.anchor = match self.anchor {
            Anchor::Began(_) => Anchor::Began(micros(now) - micros(position)),
            Anchor::Stands(_) => Anchor::Stands(position),
        };
    }

    /// Goes on to the film that plays by now.
    fn settle(&mut self, now: Duration) {
        let Anchor::Began(mut began) = self.anchor else { return };
        if self.list.is_empty() {
            return;
        }
        // However little a film lasts, the list has an end.
        let lasts = |item: &Item| micros(item.lasts).max(1);
        let round: i64 = self.list.iter().map(lasts).sum();
        let passed = micros(now) - began;
        if self.repeats && round > 0 && passed > round {
            began += passed / round * round;
        }
        while let Some(item) = self.list.get(self.at)
            && micros(now) - began >= lasts(item)
        {
            let is_last = self.at + 1 == self.list.len();
            if is_last && !self.repeats {
                self.anchor = Anchor::Stands(item.lasts);
                return;
            }
            began += lasts(item);
            self.at = if is_last { 0 } else { self.at + 1 };
        }
        self.anchor = Anchor::Began(began);
    }
}

fn since(began: i64, now: Duration) -> Duration {
    Duration::from_micros(u64::try_from(micros(now) - began).unwrap_or(0))
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Films of 10, 20 and 30 seconds, which begin at 100 s.
    fn show() -> Show {
        let mut show = Show::new();
        show.change(s(100), items(&[1, 2, 3]));
        show
    }

    fn items(ids: &[u32]) -> Vec<Item> {
        ids.iter().map(|&id| Item { id, lasts: s(10 * u64::from(id)) }).collect()
    }

    fn at(show: &Show, now: u64) -> (u32, u64) {
        let playing = show.at(s(now)).unwrap();
        (playing.id, playing.position.as_secs())
    }

    #[test]
    fn one_film_follows_the_other_and_the_first_the_last() {
        let show = show();
        for (now, playing) in [
            (100, (1, 0)),
            (109, (1, 9)),
            (110, (2, 0)),
            (159, (3, 29)),
            (160, (1, 0)),
            (100 + 60 * 1000 + 15, (2, 5)),
        ] {
            assert_eq!(at(&show, now), playing, "at {now}");
        }
        // Where it began is the same for all who ask during it.
        assert_eq!(show.at(s(111)).unwrap().began_us, show.at(s(129)).unwrap().began_us);
    }

    #[test]
    fn it_stands_where_it_was_paused_and_goes_on_from_there() {
        let mut show = show();
        show.pause(s(115));
        assert_eq!((at(&show, 200), show.at(s(200)).unwrap().began_us), ((2, 5), None));
        show.seek(s(200), s(12));
        assert_eq!(at(&show, 300), (2, 12));
        show.play(s(300));
        assert_eq!(at(&show, 301), (2, 13));
        show.seek(s(301), s(99));
        assert_eq!(at(&show, 302), (3, 1), "beyond its end is the next");
    }

    #[test]
    fn skipping_goes_around_and_stops_where_it_does_not_repeat() {
        let mut show = show();
        show.skip(s(105), -1);
        assert_eq!(at(&show, 105), (3, 0));
        show.skip(s(106), 1);
        assert_eq!(at(&show, 107), (1, 1));
        show.repeat(s(107), false);
        show.skip(s(107), -1);
        assert_eq!(at(&show, 107), (1, 0));
        assert_eq!(at(&show, 1000), (3, 30));
        assert_eq!(show.at(s(1000)).unwrap().began_us, None, "it has ended");
        show.play(s(1000));
        assert_eq!(at(&show, 1001), (1, 1), "from the start");
        assert!(show.go_to(s(1002), 3) && !show.go_to(s(1002), 9));
        assert_eq!(at(&show, 1002), (3, 0));
    }

    #[test]
    fn what_plays_goes_on_in_another_list() {
        let mut show = show();
        show.change(s(115), items(&[3, 2]));
        assert_eq!(at(&show, 116), (2, 6));
        show.change(s(117), items(&[3, 1]));
        assert_eq!(at(&show, 118), (1, 1), "what stands in its place");
        show.change(s(118), items(&[3]));
        assert_eq!(at(&show, 119), (3, 1));
        show.change(s(119), Vec::new());
        assert_eq!(show.at(s(120)), None);
        show.change(s(500), items(&[2]));
        assert_eq!(at(&show, 501), (2, 1));
    }

    #[test]
    fn films_that_last_nothing_hang_nothing() {
        let mut show = Show::new();
        show.change(s(1), vec![Item { id: 1, lasts: Duration::ZERO }; 3]);
        assert_eq!(show.at(s(1_000_000)).map(|playing| playing.id), Some(1));
        show.repeat(s(1_000_000), false);
        assert_eq!(show.at(s(2_000_000)).unwrap().began_us, None);
    }

    #[test]
    fn what_was_paused_stays_so_while_all_films_are_away() {
        let mut show = show();
        show.pause(s(115));
        show.change(s(116), Vec::new());
        show.change(s(117), items(&[1, 2]));
        assert_eq!(show.at(s(200)).unwrap().began_us, None);
    }

    #[test]
    fn time_in_which_nobody_watched_did_not_pass() {
        let mut show = show();
        show.rest(s(50));
        assert_eq!(at(&show, 155), (1, 5));
        show.pause(s(155));
        show.rest(s(50));
        assert_eq!(at(&show, 400), (1, 5));
    }

    /// Whatever was done before, one who asks at each moment and one who asks at the end are told
    /// the same.
    #[test]
    fn looking_changes_nothing() {
        let mut seed: u32 = 3;
        let mut dice = |sides: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % sides
        };
        let (mut looked_at, mut now) = (show(), 100);
        let mut left_alone = looked_at.clone();
        for _ in 0..5000 {
            now += u64::from(dice(40));
            looked_at.settle(s(now));
            assert_eq!(looked_at.at(s(now)), left_alone.at(s(now)));
            let act = dice(6);
            for show in [&mut looked_at, &mut left_alone] {
                match act {
                    0 => show.pause(s(now)),
                    1 => show.play(s(now)),
                    2 => show.skip(s(now), 1),
                    3 => show.seek(s(now), s(now % 30)),
                    _ => {}
                }
            }
        }
    }
}
