//! An address that answers with one picture: it is asked again and again.

use std::time::{Duration, Instant};

use super::super::pace::Pace;
use super::super::reel::MAX_PICTURE_BYTES;
use super::super::{Capture, Captured, Format, Trouble};
use super::fetch::{Answer, Came, Fault, Incoming, Unwanted, fetch};
use super::{Peer, SNAPSHOT};
use crate::base::clock::Clock;
use crate::jpeg;
use crate::media::frame::{Jpeg, Picture, Size};
use crate::proto::http::HttpUrl;

/// A picture that is fetched anew at a steady rate.
pub(super) struct Snapshot {
    url: HttpUrl,
    peer: Peer,
    format: Format,
    clock: Clock,
    pace: Pace,
    fetching: Option<Fetching>,
    /// The picture that was read to know the format.
    first: Option<Captured>,
    broken: u64,
    /// How many were broken one after another.
    broken_in_a_row: u32,
}

/// An answer on its way.
struct Fetching {
    body: Incoming,
    read: Vec<u8>,
    /// When it must be there.
    by: Instant,
}

impl Snapshot {
    /// Reads the first picture from `answer`.
    pub(super) fn open(answer: Answer, peer: Peer, fps: f64, clock: &Clock) -> Result<Self, Fault> {
        let (fps, deadline) = (fps.min(MAX_FPS), answer.deadline);
        let size = Size { width: 1, height: 1 };
        let mut snapshot = Self {
            url: answer.url,
            peer,
            format: Format { size, fps, encoding: "MJPEG" },
            clock: clock.clone(),
            pace: Pace::new(fps, clock.now()),
            fetching: Some(Fetching { body: answer.body, read: Vec::new(), by: deadline }),
            first: None,
            broken: 0,
            broken_in_a_row: 0,
        };
        // This one is being fetched; the next is due a period later.
        snapshot.pace.made(Instant::now());
        let first = snapshot.read(deadline)?.ok_or(Fault::Silent)?;
        snapshot.format.size = first.picture.size();
        snapshot.first = Some(first);
        Ok(snapshot)
    }

    fn read(&mut self, deadline: Instant) -> Result<Option<Captured>, Fault> {
        loop {
            if self.fetching.is_none() {
                if !self.pace.wait(deadline) {
                    return Ok(None);
                }
                self.pace.made(Instant::now());
                self.fetching = Some(Fetching::of(&self.url, self.peer.patience)?);
            }
            let Some(fetching) = &mut self.fetching else {
                return Ok(None);
            };
            match fetching.read(deadline)? {
                None => return Ok(None),
                Some(Ok(jpeg)) => {
                    self.fetching = None;
                    self.broken_in_a_row = 0;
                    let picture = Picture::Jpeg(jpeg);
                    return Ok(Some(Captured { at: self.clock.now(), picture }));
                }
                Some(Err(_)) => {
                    self.fetching = None;
                    self.broken += 1;
                    self.broken_in_a_row += 1;
                    if self.broken_in_a_row >= MAX_BROKEN {
                        return Err(Fault::Pictures);
                    }
                }
            }
        }
    }
}

impl Capture for Snapshot {
    fn format(&self) -> Format {
        self.format.clone()
    }

    fn next(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        self.read(deadline).map_err(|fault| self.peer.trouble(fault))
    }

    fn broken(&self) -> u64 {
        self.broken
    }
}

impl Fetching {
    fn of(url: &HttpUrl, patience: Duration) -> Result<Self, Fault> {
        let answer = fetch(url, patience)?;
        let kind = answer.content_type();
        if !kind.starts_with(SNAPSHOT) {
            return Err(Fault::Answer(Unwanted::Content(kind)));
        }
        Ok(Self { body: answer.body, read: Vec::new(), by: answer.deadline })
    }

    /// Goes on until the picture is whole; `None` at the deadline.
    fn read(&mut self, deadline: Instant) -> Result<Option<Result<Jpeg, jpeg::Broken>>, Fault> {
        loop {
            let came = self.body.read(&mut self.read, deadline.min(self.by))?;
            if came == Came::End || self.read.len() > MAX_PICTURE_BYTES {
                return Ok(Some(jpeg::complete(&self.read)));
            }
            let now = Instant::now();
            if now >= self.by {
                return Err(Fault::Silent);
            }
            if now >= deadline {
                return Ok(None);
            }
        }
    }
}

/// Most questions a second, however many pictures are wished for.
const MAX_FPS: f64 = 5.0;

/// After how many broken pictures in a row it is given up.
const MAX_BROKEN: u32 = 10;
