//! A stream of parts, each a picture.

use std::time::{Duration, Instant, SystemTime};

use super::super::{Capture, Captured, Format, Trouble};
use super::Peer;
use super::fetch::{Came, Fault, Incoming};
use crate::jpeg;
use crate::media::frame::{Picture, Size};
use crate::proto::multipart::{Part, PartReader};

/// An open stream.
pub(super) struct Live {
    body: Incoming,
    parts: PartReader,
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
    ) -> Result<Self, Fault> {
        let now = Instant::now();
        let size = Size { width: 1, height: 1 };
        let mut live = Self {
            body,
            parts,
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
                        self.picture_at = Instant::now();
                        self.broken_then = self.broken;
                        let at = captured_at(&part, SystemTime::now());
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

/// When a part's picture was taken: as it says, if that may be true, or `now`.
fn captured_at(part: &Part, now: SystemTime) -> SystemTime {
    let stated = part.headers.get("X-Timestamp").and_then(|value| value.trim().parse().ok());
    let stated = stated.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
    let stated = stated.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
    // The other server's clock may be wrong, or count from when it was started.
    let is_sane = |at: &SystemTime| {
        let off = now.duration_since(*at).unwrap_or_else(|later| later.duration());
        off <= MAX_CLOCK_OFF
    };
    stated.filter(is_sane).unwrap_or(now)
}

/// For how many times a server's patience parts may come of which none is a picture.
const PICTURE_PATIENCE: u32 = 3;
const MAX_CLOCK_OFF: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::http::Headers;

    fn at(stamp: &str, now: f64) -> f64 {
        let stream = format!("--b\r\nX-Timestamp: {stamp}\r\nContent-Length: 0\r\n\r\n\r\n--b\r\n");
        let mut parts = PartReader::new("multipart/x-mixed-replace;boundary=b", 99).unwrap();
        parts.feed(stream.as_bytes());
        let part = parts.next_part().unwrap().unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(now);
        let at = captured_at(&part, now).duration_since(SystemTime::UNIX_EPOCH);
        (at.unwrap().as_secs_f64() * 1e3).round() / 1e3
    }

    #[test]
    fn stated_time_counts_if_it_is_near() {
        assert_eq!(at("1700000000.250000", 1_700_000_000.5), 1_700_000_000.25);
        assert_eq!(at("1700000009.9", 1_700_000_000.0), 1_700_000_009.9);
        for stamp in ["1699999980.0", "1700000011", "12.5", "-1", "NaN", "1e300", "inf", "soon", ""]
        {
            assert_eq!(at(stamp, 1_700_000_000.5), 1_700_000_000.5, "{stamp}");
        }
        let bare = Part { headers: Headers::default(), body: Vec::new() };
        assert_eq!(captured_at(&bare, SystemTime::UNIX_EPOCH), SystemTime::UNIX_EPOCH);
    }
}
