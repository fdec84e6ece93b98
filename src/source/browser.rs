//! The source `browser`: whoever goes live in a room, from a browser's camera or screen.
//!
//! Its capture runs on the device thread, where each picture is looked at as a camera's is. How
//! pictures get there is [`super::air`]'s.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::air::{Air, Came, OnNow, Showing};
use super::{Capture, Captured, Format, Kind, Source, Trouble, TroubleCode, Wish};
use crate::base::clock::Clock;
use crate::media::frame::{Picture, Size};
use crate::media::gate;

/// What somebody sends who is on the air.
#[derive(Default)]
pub struct Browser {
    air: Arc<Air>,
}

impl Browser {
    /// One that nobody is on yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Source for Browser {
    fn kind(&self) -> Kind {
        Kind::Browser
    }

    fn name(&self) -> String {
        "Live from a browser".to_owned()
    }

    fn air(&self) -> Option<Arc<Air>> {
        Some(Arc::clone(&self.air))
    }

    fn open(&mut self, _: Wish, clock: &Clock) -> Result<Box<dyn Capture>, Trouble> {
        let now = clock.now();
        let showing = self.air.show();
        match self.air.on_now(now) {
            Some(on) if !on.is_lost => {}
            nobody => {
                // What comes meanwhile is wanted: who is asked for by nobody sends less.
                return Err(away(nobody.as_ref()));
            }
        }
        Ok(Box::new(Open {
            air: Arc::clone(&self.air),
            _showing: showing,
            clock: clock.clone(),
            format: Format { size: Size { width: 1, height: 1 }, fps: 0.0, encoding: "MJPEG" },
            came_at: now,
            broken: 0,
        }))
    }
}

struct Open {
    air: Arc<Air>,
    _showing: Showing,
    clock: Clock,
    format: Format,
    /// When the last picture came that could be read.
    came_at: Instant,
    broken: u64,
}

impl Capture for Open {
    fn format(&self) -> Format {
        self.format.clone()
    }

    fn next(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        loop {
            match self.air.next(|| self.clock.now(), deadline) {
                Came::Picture(at, bytes) => {
                    let picture = gate::take_bounded(&bytes, LEAST_SIDE, MOST_PIXELS).ok();
                    self.air.count(picture.is_some());
                    if let Some(jpeg) = picture {
                        self.format.size = jpeg.size;
                        self.came_at = self.clock.now();
                        return Ok(Some(Captured { at, picture: Picture::Jpeg(jpeg) }));
                    }
                    self.broken += 1;
                    // Garbage without a pause is no reason not to look whether to stop.
                    if self.clock.now() >= deadline {
                        return Ok(None);
                    }
                }
                Came::Nothing => return Ok(None),
                Came::Nobody(on) => return Err(away(on.as_ref())),
            }
        }
    }

    fn overdue(&self) -> Option<Trouble> {
        let silent = self.clock.now().saturating_duration_since(self.came_at);
        (silent >= OVERDUE).then(|| Trouble {
            code: TroubleCode::Stalled,
            title: "No picture comes".into(),
            detail: "Who is live here sends nothing that can be shown just now.".into(),
        })
    }

    fn broken(&self) -> u64 {
        self.broken
    }
}

/// What is said while there is nobody.
fn away(on: Option<&OnNow>) -> Trouble {
    let (title, detail) = match on {
        Some(OnNow { name, .. }) => (
            format!("The connection of {name} was lost"),
            "It goes on by itself when that one is back.".to_owned(),
        ),
        None => (
            "Nobody is live here now".to_owned(),
            "Who may goes live on the page /broadcast of this room.".to_owned(),
        ),
    };
    Trouble { code: TroubleCode::Offline, title, detail }
}

/// A picture is overdue after so long: a browser in the background sends one a second.
const OVERDUE: Duration = Duration::from_secs(3);
/// Of a side: less is no picture of anything.
const LEAST_SIDE: u32 = 16;
/// 4K, and a little more: what a decoder is to make of a picture is bounded by that.
const MOST_PIXELS: u64 = 4096 * 2304;

#[cfg(test)]
mod tests {
    use super::super::air::Publisher;
    use super::*;

    const PICTURE: &[u8] = include_bytes!("../../tests/data/jpeg/420.jpg");

    fn open(browser: &mut Browser) -> Result<Box<dyn Capture>, Trouble> {
        let size = Size { width: 640, height: 480 };
        browser.open(Wish { size, fps: 30.0 }, &Clock::system())
    }

    /// A picture whose header states another size.
    fn of_size(width: u16, height: u16) -> Vec<u8> {
        let mut bytes = PICTURE.to_vec();
        let at = bytes.windows(2).position(|two| two == [0xFF, 0xC0]).unwrap();
        bytes[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
        bytes[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
        bytes
    }

    #[test]
    fn pictures_come_through_and_what_is_none_is_counted() {
        let mut browser = Browser::new();
        let Err(trouble) = open(&mut browser) else { panic!("it opened with nobody there") };
        assert_eq!(trouble.code, TroubleCode::Offline);
        let now = Instant::now();
        let publisher = Publisher { id: "a".into(), name: "Ada".into() };
        let turn = browser.air().unwrap().go_on(publisher, false, now).unwrap();
        let mut capture = open(&mut browser).unwrap();
        let broken = [
            of_size(65500, 65500),
            of_size(8, 8),
            PICTURE[..PICTURE.len() / 2].to_vec(),
            Vec::new(),
            b"GIF89a".to_vec(),
        ];
        for bytes in &broken {
            turn.put(bytes.clone(), now);
            assert!(capture.next(Instant::now()).unwrap().is_none());
        }
        assert_eq!(capture.broken(), broken.len() as u64);
        let tally = turn.report().unwrap().0;
        assert_eq!((tally.shown, tally.broken, tally.broken_in_a_row), (0, 5, 5));
        turn.put(PICTURE.to_vec(), now);
        let captured = capture.next(Instant::now()).unwrap().unwrap();
        assert_eq!(captured.picture.size(), capture.format().size);
        let tally = turn.report().unwrap().0;
        assert_eq!((tally.shown, tally.broken_in_a_row), (1, 0));
        turn.lose(Instant::now());
        let trouble = capture.next(Instant::now()).unwrap_err();
        assert_eq!(trouble.title, "The connection of Ada was lost");
    }
}
