//! Plays pictures that lie somewhere one after another, at a steady rate and for ever.
//!
//! On the source thread. What lies where is a [`Reel`]'s matter: [`super::clip`] has
//! files, [`super::folder`] folders.

use std::time::Instant;

use super::pace::Pace;
use super::{Capture, Captured, Format, Trouble, TroubleCode};
use crate::base::clock::Clock;
use crate::media::frame::{Jpeg, Picture};

/// Pictures in a row.
pub(super) trait Reel {
    /// Looks on, for some milliseconds at the most.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if there is no going on.
    fn step(&mut self) -> Result<Step, Trouble>;

    /// Goes back to the first picture.
    ///
    /// # Errors
    ///
    /// As [`Reel::step`].
    fn rewind(&mut self) -> Result<(), Trouble>;
}

/// What a [`Reel`] came to.
#[derive(Debug)]
pub(super) enum Step {
    Picture(Jpeg),
    /// The last picture stays for another period.
    Repeat,
    /// A picture that can't be read was passed over.
    Broken,
    /// Nothing yet.
    Searching,
    End,
}

/// An open reel.
pub(super) struct Player<R> {
    reel: R,
    name: String,
    format: Format,
    clock: Clock,
    pace: Pace,
    /// What is shown when it is due.
    pending: Option<Jpeg>,
    last: Option<Jpeg>,
    /// Pictures since the reel's start.
    played: u64,
    broken: u64,
}

impl<R: Reel> Player<R> {
    /// Reads up to the first picture.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if there is none.
    pub(super) fn open(mut reel: R, name: &str, fps: f64, clock: &Clock) -> Result<Self, Trouble> {
        let mut broken = 0;
        let first = loop {
            match reel.step()? {
                Step::Picture(jpeg) => break jpeg,
                Step::Broken => broken += 1,
                Step::Repeat | Step::Searching => {}
                Step::End => return Err(no_picture(name)),
            }
        };
        Ok(Self {
            reel,
            name: name.to_owned(),
            format: Format { size: first.size, fps, encoding: "MJPEG" },
            clock: clock.clone(),
            pace: Pace::new(fps, clock.now()),
            pending: Some(first.clone()),
            last: Some(first),
            played: 1,
            broken,
        })
    }

    /// Goes on until a picture is pending; `false` if the deadline comes first.
    fn read(&mut self, deadline: Instant) -> Result<bool, Trouble> {
        while self.pending.is_none() {
            match self.reel.step()? {
                Step::Picture(jpeg) => {
                    self.last = Some(jpeg.clone());
                    self.pending = Some(jpeg);
                    self.played += 1;
                }
                Step::Repeat => self.pending.clone_from(&self.last),
                Step::Broken => self.broken += 1,
                Step::Searching => {}
                Step::End if self.played == 0 => return Err(no_picture(&self.name)),
                Step::End => {
                    self.played = 0;
                    self.reel.rewind()?;
                }
            }
            if self.pending.is_none() && Instant::now() >= deadline {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl<R: Reel> Capture for Player<R> {
    fn format(&self) -> Format {
        self.format.clone()
    }

    fn next(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        if !self.read(deadline)? || !self.pace.wait(deadline) {
            return Ok(None);
        }
        let at = self.clock.now();
        self.pace.made(at);
        let picture = self.pending.take().map(Picture::Jpeg);
        Ok(picture.map(|picture| Captured { at, picture }))
    }

    fn broken(&self) -> u64 {
        self.broken
    }
}

pub(super) fn no_picture(name: &str) -> Trouble {
    Trouble {
        code: TroubleCode::Garbage,
        title: format!("No picture in {name} can be read"),
        detail: "It should hold JPEGs that a decoder takes.".to_owned(),
    }
}

/// Most bytes that a picture may have.
pub(super) const MAX_PICTURE_BYTES: usize = 32 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jpeg;

    const SMALL: &[u8] = include_bytes!("../../tests/data/jpeg/gray.jpg");

    /// Gives the steps that its letters stand for: a Picture, a Repeat, Broken, Searching.
    struct Script {
        steps: Vec<u8>,
        at: usize,
        rewound: u32,
    }

    impl Reel for Script {
        fn step(&mut self) -> Result<Step, Trouble> {
            let step = match self.steps.get(self.at) {
                Some(b'p') => Step::Picture(jpeg::complete(SMALL).unwrap()),
                Some(b'r') => Step::Repeat,
                Some(b'b') => Step::Broken,
                Some(_) => Step::Searching,
                None => Step::End,
            };
            self.at += 1;
            Ok(step)
        }

        fn rewind(&mut self) -> Result<(), Trouble> {
            (self.at, self.rewound) = (0, self.rewound + 1);
            Ok(())
        }
    }

    fn player(steps: &[u8]) -> Result<Player<Script>, Trouble> {
        Player::open(
            Script { steps: steps.to_vec(), at: 0, rewound: 0 },
            "it",
            1000.0,
            &Clock::system(),
        )
    }

    /// The next picture, however long it takes.
    fn next(player: &mut Player<Script>) -> Captured {
        loop {
            let deadline = Instant::now() + std::time::Duration::from_secs(5);
            if let Some(captured) = player.next(deadline).unwrap() {
                return captured;
            }
        }
    }

    #[test]
    fn reel_starts_again_after_its_end() {
        let mut player = player(b"bprs").unwrap();
        for _ in 0..7 {
            next(&mut player);
        }
        // p r, p r, p r, p: the fourth time through.
        assert_eq!((player.reel.rewound, player.broken()), (3, 4));
    }

    #[test]
    fn reel_without_a_picture_is_trouble_and_no_endless_loop() {
        for steps in [&b""[..], b"bbb", b"sss", b"rrr"] {
            assert_eq!(player(steps).err().map(|trouble| trouble.code), Some(TroubleCode::Garbage));
        }
        let mut player = player(b"p").unwrap();
        next(&mut player);
        player.reel.steps = b"sb".to_vec();
        let mut outcome = Ok(None);
        // One call each step, as the deadline is over.
        for _ in 0..9 {
            outcome = player.next(Instant::now());
            if outcome.is_err() {
                break;
            }
        }
        assert_eq!(outcome.unwrap_err().code, TroubleCode::Garbage);
    }

    #[test]
    fn search_ends_at_the_deadline() {
        let mut player = player(&[b"p".as_slice(), &[b's'; 50]].concat()).unwrap();
        next(&mut player);
        assert!(player.next(Instant::now()).unwrap().is_none());
        assert_eq!(player.reel.at, 2);
    }
}
