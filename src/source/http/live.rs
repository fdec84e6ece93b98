//! A stream of parts, each a picture.

use std::time::{Duration, Instant};

use super::super::stated::Stated;
use super::super::{Capture, Captured, Format, Trouble};
use super::Peer;
use super::fetch::{Came, Fault, Incoming};
use crate::base::clock::Clock;
use crate::jpeg;
use crate::media::frame::{Picture, Size};
use crate::proto::multipart::{Part, PartReader};

/// An open stream.
pub(super) struct Live {
    body: Incoming,
    parts: PartReader,
    clock: Clock,
    stated: Stated,
    peer: Peer,
    format: Format,
    /// The picture that was read to know the format.
    first: Option<Captured>,
    bytes_at: Instant,
    picture_at: Instant,
    broken: u64,
    /// How many were broken when the last picture came.
    broken_then: u64,
    piece: Vec<u8>,
}

impl Live {
    /// Reads up to the first picture.
    pub(super) fn open(
        body: Incoming,
        parts: PartReader,
        peer: Peer,
        deadline: Instant,
        clock: &Clock,
    ) -> Result<Self, Fault> {
        let now = clock.now();
        let size = Size { width: 1, height: 1 };
        let mut live = Self {
            body,
            parts,
            clock: clock.clone(),
            stated: Stated::default(),
            peer,
            // Neither a reply nor a part says how many pictures come in a second.
            format: Format { size, fps: 0.0, encoding: "MJPEG" },
            first: None,
            bytes_at: now,
            picture_at: now,
            broken: 0,
            broken_then: 0,
            piece: Vec::new(),
        };
        let Some(first) = live.read(deadline)? else {
            return Err(if live.broken > 0 { Fault::Pictures } else { Fault::Silent });
        };
        live.format.size = first.picture.size();
        live.first = Some(first);
        Ok(live)
    }

    fn read(&mut self, deadline: Instant) -> Result<Option<Captured>, Fault> {
        loop {
            while let Some(part) = self.parts.next_part().map_err(Fault::Grammar)? {
                match jpeg::complete(&part.body) {
                    Ok(jpeg) => {
                        let now = self.clock.now();
                        self.picture_at = now;
                        self.broken_then = self.broken;
                        let at = self.stated.moment(stated(&part), now, &self.clock);
                        return Ok(Some(Captured { at, picture: Picture::Jpeg(jpeg) }));
                    }
                    Err(_) => self.broken += 1,
                }
            }
            if self.parts.is_finished() {
                return Err(Fault::Ended);
            }
            let now = Instant::now();
            if now.duration_since(self.picture_at) >= PICTURE_PATIENCE * self.peer.patience {
                let unreadable = self.broken > self.broken_then;
                return Err(if unreadable { Fault::Pictures } else { Fault::Silent });
            }
            self.piece.clear();
            let until = deadline.min(self.bytes_at + self.peer.patience);
            match self.body.read(&mut self.piece, until)? {
                Came::Bytes => {
                    self.bytes_at = now;
                    self.parts.feed(&self.piece);
                }
                Came::Nothing if self.bytes_at.elapsed() >= self.peer.patience => {
                    return Err(Fault::Silent);
                }
                Came::Nothing => {}
                Came::End => return Err(Fault::Ended),
            }
            if now >= deadline {
                return Ok(None);
            }
        }
    }
}

impl Capture for Live {
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

/// When a part says that its picture was taken, since the Unix epoch.
fn stated(part: &Part) -> Option<Duration> {
    let seconds: f64 = part.headers.get("X-Timestamp")?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// For how many times a server's patience parts may come of which none is a picture.
const PICTURE_PATIENCE: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::http::Headers;

    #[test]
    fn a_parts_time_is_read_if_it_is_one() {
        let at = |stamp: &str| {
            let stream =
                format!("--b\r\nX-Timestamp: {stamp}\r\nContent-Length: 0\r\n\r\n\r\n--b\r\n");
            let mut parts = PartReader::new("multipart/x-mixed-replace;boundary=b", 99).unwrap();
            parts.feed(stream.as_bytes());
            stated(&parts.next_part().unwrap().unwrap())
        };
        assert_eq!(at("1700000000.250000"), Some(Duration::from_millis(1_700_000_000_250)));
        assert_eq!(at("12.5"), Some(Duration::from_millis(12_500)));
        for stamp in ["-1", "NaN", "1e300", "inf", "soon", ""] {
            assert_eq!(at(stamp), None, "{stamp}");
        }
        assert_eq!(stated(&Part { headers: Headers::default(), body: Vec::new() }), None);
    }
}
