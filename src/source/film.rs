//! What stands where a room plays films and somebody asks for pictures: a card that says so.
//!
//! The films themselves are [`crate::film`]'s, and go to browsers as they are.

use std::sync::Arc;
use std::time::Instant;

use super::pace::Pace;
use super::{Capture, Captured, Format, Kind, Source, Trouble, Wish};
use crate::base::clock::Clock;
use crate::media::card;
use crate::media::frame::{Picture, Size};

/// The source of a room that plays films.
#[derive(Debug)]
pub struct Film {
    name: String,
}

impl Film {
    /// That of a file or folder of this name.
    pub fn new(name: String) -> Self {
        Self { name }
    }
}

impl Source for Film {
    fn kind(&self) -> Kind {
        Kind::Film
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn open(&mut self, wish: Wish, clock: &Clock) -> Result<Box<dyn Capture>, Trouble> {
        let pace = Pace::new(1.0, clock.now());
        Ok(Box::new(Card { size: wish.size, clock: clock.clone(), pace }))
    }
}

struct Card {
    size: Size,
    clock: Clock,
    pace: Pace,
}

impl Capture for Card {
    fn format(&self) -> Format {
        Format { size: self.size, fps: 1.0, encoding: "I420" }
    }

    fn next(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        if !self.pace.wait(deadline) {
            return Ok(None);
        }
        let at = self.clock.now();
        self.pace.made(at);
        let time = card::clock(self.clock.wall_at(at));
        let planar = card::card(self.size, TITLE, DETAIL, &time);
        Ok(Some(Captured { at, picture: Picture::Planar(Arc::new(planar)) }))
    }
}

const TITLE: &str = "This room plays a film";
const DETAIL: &str = "It is to be seen on the room's page, in a browser.";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_card_says_where_the_film_is_to_be_seen() {
        let wish = Wish { size: Size { width: 320, height: 240 }, fps: 30.0 };
        let mut source = Film::new("a.mp4".to_owned());
        let mut capture = source.open(wish, &Clock::system()).unwrap();
        let captured = capture.next(Instant::now() + Duration::from_secs(5)).unwrap().unwrap();
        assert_eq!(captured.picture.size(), wish.size);
        assert_eq!((source.kind().as_str(), source.name().as_str()), ("film", "a.mp4"));
    }
}
