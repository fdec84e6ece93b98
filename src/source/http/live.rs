//! An open address: a stream, or single pictures that are asked for again and again.

use std::time::{Duration, Instant};

use super::super::lockout::Lockout;
use super::super::pace::Pace;
use super::super::rhythm::{Rhythm, Silence};
use super::super::stated::Stated;
use super::super::{Capture, Captured, Format, Trouble};
use super::Peer;
use super::fetch::{Answer, Asker, Came, Fault, Incoming, Unwanted};
use super::form::{Form, NoForm, Piece};
use crate::base::clock::Clock;
use crate::media::frame::{Picture, Size};
use crate::media::gate;

/// An open address.
pub(super) struct Live {
    asker: Asker,
    /// What comes in; none between two single pictures.
    body: Option<Body>,
    /// When the next single picture is to be asked for.
    pace: Pace,
    clock: Clock,
    stated: Stated,
    peer: Peer,
    lockout: Lockout,
    format: Format,
    rhythm: Rhythm,
    /// What is said while a picture is overdue, and the connection kept.
    overdue: Option<(Overdue, Trouble)>,
    /// Bytes that came since the last picture.
    bytes: u64,
    broken: u64,
    /// How many were broken when the last picture came.
    broken_then: u64,
    piece: Vec<u8>,
}

/// A body and what is made of it.
struct Body {
    incoming: Incoming,
    form: Form,
    /// As it is shown.
    kind: String,
    pieces: u64,
    ended: bool,
}

/// Why a picture is overdue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Overdue {
    /// Nothing comes.
    Silent,
    /// Bytes come, too few.
    Slow,
    /// Pictures come, and cannot be read.
    Broken,
}

impl Live {
    /// Goes on with what was asked for.
    pub(super) fn new(
        asker: Asker,
        answer: Answer,
        peer: Peer,
        lockout: Lockout,
        fps: f64,
        clock: &Clock,
    ) -> Self {
        let now = clock.now();
        let mut pace = Pace::new(fps.min(MAX_FPS), now);
        // This one is being fetched; the next is due a period later.
        pace.made(now);
        Self {
            asker,
            body: Some(Body::of(answer)),
            pace,
            clock: clock.clone(),
            stated: Stated::default(),
            rhythm: Rhythm::new(peer.bounds, now),
            peer,
            lockout,
            // Neither a reply nor a part says how many pictures come in a second.
            format: Format { size: Size { width: 1, height: 1 }, fps: 0.0, encoding: "MJPEG" },
            overdue: None,
            bytes: 0,
            broken: 0,
            broken_then: 0,
            piece: Vec::new(),
        }
    }

    fn read(&mut self, deadline: Instant) -> Result<Option<Captured>, Fault> {
        loop {
            while let Some(piece) = self.next_piece()? {
                if let Some(captured) = self.take(piece)? {
                    return Ok(Some(captured));
                }
            }
            if self.body.as_ref().is_some_and(|body| body.ended || body.form.is_finished()) {
                self.end()?;
            }
            self.watch()?;
            if !self.go_on(deadline)? {
                return Ok(None);
            }
        }
    }

    /// What may be the next picture.
    fn next_piece(&mut self) -> Result<Option<Piece>, Fault> {
        let Some(body) = &mut self.body else { return Ok(None) };
        match body.form.next(body.ended) {
            Ok(piece) => {
                body.pieces += u64::from(piece.is_some());
                Ok(piece)
            }
            Err(NoForm::Grammar(invalid)) => Err(Fault::Grammar(invalid)),
            Err(NoForm::Other) if body.ended && self.bytes == 0 => Err(Fault::Ended),
            Err(NoForm::Other) => Err(Fault::Answer(Unwanted::Content(body.kind.clone()))),
        }
    }

    /// Takes a picture, if it is one.
    fn take(&mut self, piece: Piece) -> Result<Option<Captured>, Fault> {
        let Ok(jpeg) = gate::take(&piece.bytes) else {
            let asks_again =
                self.body.as_ref().is_some_and(|body| body.form.is_snapshot(body.pieces));
            return self.count_broken(asks_again).map(|()| None);
        };
        let now = self.clock.now();
        self.rhythm.picture(now);
        (self.overdue, self.bytes, self.broken_then) = (None, 0, self.broken);
        self.format.size = jpeg.size;
        let at = self.stated.moment(piece.taken, now, &self.clock);
        Ok(Some(Captured { at, picture: Picture::Jpeg(jpeg) }))
    }

    /// The body is over: a stream has ended, a single picture was there.
    fn end(&mut self) -> Result<(), Fault> {
        match self.body.take() {
            Some(body) if body.form.is_snapshot(body.pieces) => match body.pieces {
                0 => self.count_broken(true),
                _ => Ok(()),
            },
            _ => Err(Fault::Ended),
        }
    }

    /// Counts a picture that is none. An address of single pictures is given up after many in a row.
    fn count_broken(&mut self, asks_again: bool) -> Result<(), Fault> {
        self.broken += 1;
        let in_a_row = self.broken - self.broken_then;
        if asks_again && in_a_row >= MAX_BROKEN { Err(Fault::Pictures) } else { Ok(()) }
    }

    /// Reads on, or asks again once that is due. False at the deadline.
    fn go_on(&mut self, deadline: Instant) -> Result<bool, Fault> {
        let Some(body) = &mut self.body else {
            if !self.pace.wait(deadline) {
                return Ok(false);
            }
            self.pace.made(Instant::now());
            self.format.fps = self.pace.per_sec();
            let answer = self.asker.ask()?;
            self.lockout.accepted();
            self.rhythm.heard(self.clock.now());
            self.body = Some(Body::of(answer));
            return Ok(true);
        };
        let now = self.clock.now();
        let heard = body.incoming.heard();
        self.piece.clear();
        let until = deadline.min(self.rhythm.due(now));
        match body.incoming.read(&mut self.piece, until)? {
            Came::Bytes => {
                self.bytes += self.piece.len() as u64;
                body.form.feed(&self.piece);
            }
            Came::Nothing => {}
            Came::End => body.ended = true,
        }
        let now = self.clock.now();
        if body.incoming.heard() != heard {
            self.rhythm.heard(now);
        }
        Ok(now < deadline || body.ended)
    }

    /// Looks whether a picture is overdue, and why.
    fn watch(&mut self) -> Result<(), Fault> {
        let now = self.clock.now();
        match self.rhythm.silence(now) {
            Silence::Bearable => return Ok(()),
            Silence::Dead => return Err(Fault::Silent(now - self.rhythm.heard_at())),
            Silence::Long => {}
        }
        let comes = now.saturating_duration_since(self.rhythm.heard_at()) < self.rhythm.patience();
        let why = match () {
            () if self.broken > self.broken_then => Overdue::Broken,
            () if self.bytes > 0 && comes => Overdue::Slow,
            () => Overdue::Silent,
        };
        // Said once: with numbers that change it would be said again and again.
        if self.overdue.as_ref().is_none_or(|(known, _)| *known != why) {
            let time = now.saturating_duration_since(self.rhythm.since());
            let first = !self.rhythm.has_begun();
            let fault = match why {
                Overdue::Broken => Fault::Pictures,
                Overdue::Slow => Fault::Slow { bytes: self.bytes, first, time },
                Overdue::Silent => Fault::Silent(time),
            };
            self.overdue = Some((why, self.peer.trouble(fault)));
        }
        Ok(())
    }
}

impl Capture for Live {
    fn format(&self) -> Format {
        self.format.clone()
    }

    fn next(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        self.read(deadline).map_err(|fault| self.peer.refused(fault, &self.lockout, &self.clock))
    }

    fn overdue(&self) -> Option<Trouble> {
        self.overdue.as_ref().map(|(_, trouble)| trouble.clone())
    }

    fn patience(&self) -> Duration {
        // A single picture is asked for within.
        self.peer.bounds.unknown + READING
    }

    fn broken(&self) -> u64 {
        self.broken
    }
}

impl Body {
    fn of(answer: Answer) -> Self {
        let stated = answer.reply.headers.get("Content-Type").unwrap_or_default();
        let form = Form::new(stated, answer.body.has_length());
        let kind = answer.content_type();
        Self { incoming: answer.body, form, kind, pieces: 0, ended: false }
    }
}

/// Most questions a second, however many pictures are wished for.
const MAX_FPS: f64 = 5.0;

/// After how many broken pictures in a row it is given up.
const MAX_BROKEN: u64 = 10;

/// Beyond what an answer may take.
const READING: Duration = Duration::from_secs(6);
