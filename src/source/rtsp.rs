//! An IP camera, or another RTSP server, that sends JPEG over RTP.
//!
//! On the device thread, which drives the session while it waits for a picture. Session and
//! transport are [`crate::client`]'s. Does not come back after a loss: that is for whoever opened
//! it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::stated::Stated;
use super::{Capture, Captured, Format, Kind, Source, Trouble, TroubleCode, Wish};
use crate::base::clock::Clock;
use crate::client::{Event, Fault, Notice, Options, Playback, Shot, Times, Transports, host};
use crate::jpeg;
use crate::media::frame::{Picture, Size};
use crate::proto::rtsp::RtspUrl;

/// A stream of an RTSP server as a source.
#[derive(Debug)]
pub struct Rtsp {
    url: RtspUrl,
    patience: Patience,
}

/// How long pictures are waited for.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// For the first, a silent UDP included that TCP takes the place of.
    first: Duration,
    /// For the next.
    next: Duration,
}

impl Rtsp {
    /// The stream at `url`. Whether anybody answers shows when it is opened.
    pub fn new(url: RtspUrl) -> Self {
        Self { url, patience: PATIENCE }
    }
}

impl Source for Rtsp {
    fn kind(&self) -> Kind {
        Kind::Rtsp
    }

    fn name(&self) -> String {
        self.url.to_string()
    }

    fn open(&mut self, _wish: Wish, clock: &Clock) -> Result<Box<dyn Capture>, Trouble> {
        Ok(Box::new(Playing::open(&self.url, self.patience, clock)?))
    }
}

/// An open stream. Dropping it tears the session down.
struct Playing {
    playback: Playback<Box<dyn Fn(Notice)>>,
    slot: Arc<Mutex<Newest>>,
    clock: Clock,
    stated: Stated,
    host: String,
    patience: Duration,
    format: Format,
    /// The picture that was read to know the format.
    first: Option<Captured>,
    picture_at: Instant,
    broken: u64,
    /// How many were broken when the last picture came.
    broken_then: u64,
}

/// What the player has told in a turn.
#[derive(Default)]
struct Newest {
    newest: Option<(Shot, Instant)>,
    fps: f64,
    end: Option<End>,
}

/// Why nothing more comes.
#[derive(Debug, Clone)]
enum End {
    Over,
    Fault(Fault),
}

impl Newest {
    fn note(&mut self, notice: Notice, now: Instant) {
        match notice {
            Notice::Picture(shot) => self.newest = Some((shot, now)),
            Notice::Trouble(fault) => self.end = Some(End::Fault(fault)),
            Notice::Said(Event::Ended) => self.end = Some(End::Over),
            Notice::Said(Event::Described(about)) => self.fps = about.frame_rate.unwrap_or(0.0),
            Notice::Said(_) => {}
        }
    }

    /// The newest picture; once there is none left, why no more comes.
    fn take(&mut self) -> Result<Option<(Shot, Instant)>, End> {
        match (self.newest.take(), &self.end) {
            (None, Some(end)) => Err(end.clone()),
            (newest, _) => Ok(newest),
        }
    }
}

impl Playing {
    /// Plays up to the first picture.
    fn open(url: &RtspUrl, patience: Patience, clock: &Clock) -> Result<Self, Trouble> {
        let now = clock.now();
        let host = host(url);
        let slot = Arc::<Mutex<Newest>>::default();
        let options =
            Options { transport: Transports::UdpThenTcp, rtp_port: None, user_agent: USER_AGENT };
        let (notes, of_notes) = (Arc::clone(&slot), clock.clone());
        let tell: Box<dyn Fn(Notice)> =
            Box::new(move |notice| notes.lock().note(notice, of_notes.now()));
        let playback = Playback::start(url.clone(), options, Times::DEFAULT, tell);
        let playback = playback.map_err(|error| Trouble {
            code: TroubleCode::Failed,
            title: format!("{host} is not asked"),
            detail: format!("The system gives nothing to wait for it with ({error})."),
        })?;
        let mut live = Self {
            playback,
            slot,
            clock: clock.clone(),
            stated: Stated::default(),
            host,
            patience: patience.first,
            format: Format { size: Size { width: 1, height: 1 }, fps: 0.0, encoding: "MJPEG" },
            first: None,
            picture_at: now,
            broken: 0,
            broken_then: 0,
        };
        // The patience of the stream ends a little later, with words of its own.
        let Some(first) = live.read(now + patience.first)? else { return Err(live.silent()) };
        live.patience = patience.next;
        live.format.size = first.picture.size();
        live.format.fps = live.slot.lock().fps;
        live.first = Some(first);
        Ok(live)
    }

    fn read(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        loop {
            let took = self.slot.lock().take();
            if let Some((shot, arrived)) = took.map_err(|end| trouble(&self.host, &end))? {
                if let Ok(jpeg) = jpeg::complete(&shot.jpeg) {
                    self.picture_at = self.clock.now();
                    self.broken_then = self.broken;
                    let at = self.stated.moment(shot.captured, arrived, &self.clock);
                    return Ok(Some(Captured { at, picture: Picture::Jpeg(jpeg) }));
                }
                self.broken += 1;
            }
            let now = self.clock.now();
            if now >= self.picture_at + self.patience {
                return Err(self.silent());
            }
            if now >= deadline {
                return Ok(None);
            }
            let until = deadline.min(self.picture_at + self.patience);
            if let Err(fault) = self.playback.turn(until) {
                return Err(trouble(&self.host, &End::Fault(fault)));
            }
        }
    }

    /// No picture has come for as long as there is patience.
    fn silent(&self) -> Trouble {
        let host = &self.host;
        if self.broken > self.broken_then {
            return Trouble {
                code: TroubleCode::Garbage,
                title: format!("No picture from {host} can be read"),
                detail: "Its packets do not make JPEGs.".into(),
            };
        }
        Trouble {
            code: TroubleCode::Stalled,
            title: format!("{host} sends no pictures"),
            detail: format!("None came for {} s.", self.patience.as_secs()),
        }
    }
}

impl Capture for Playing {
    fn format(&self) -> Format {
        self.format.clone()
    }

    fn next(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => self.read(deadline),
        }
    }

    fn broken(&self) -> u64 {
        self.broken
    }
}

/// Puts an end into words for the person who watches.
fn trouble(host: &str, end: &End) -> Trouble {
    let fault = match end {
        End::Over => {
            return Trouble {
                code: TroubleCode::Unreachable,
                title: format!("{host} ended the stream"),
                detail: "It may be restarting.".into(),
            };
        }
        End::Fault(fault) => fault,
    };
    let code = match fault {
        Fault::Silent(_) | Fault::NoPackets => TroubleCode::Stalled,
        Fault::Denied(_) => TroubleCode::Denied,
        Fault::Ports(_) => TroubleCode::Failed,
        _ => TroubleCode::Unreachable,
    };
    let (title, detail) = fault.words(host);
    Trouble { code, title, detail }
}

const PATIENCE: Patience = Patience { first: Duration::from_secs(8), next: Duration::from_secs(5) };
const USER_AGENT: &str = concat!("livestream/", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slot_holds_the_newest_and_then_tells_the_end() {
        let mut slot = Newest::default();
        let shot = |byte| Shot { jpeg: vec![byte], position: None, captured: None };
        let now = Instant::now();
        assert!(slot.take().unwrap().is_none());
        slot.note(Notice::Picture(shot(1)), now);
        slot.note(Notice::Picture(shot(2)), now);
        slot.note(Notice::Trouble(Fault::Closed), now);
        assert_eq!(slot.take().unwrap().unwrap().0, shot(2));
        let end = slot.take().unwrap_err();
        assert_eq!(trouble("cam", &end).title, "cam closed the connection");
    }

    #[test]
    fn nobody_there_is_told_as_unreachable() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("rtsp://{}/live", listener.local_addr().unwrap());
        drop(listener);
        let mut source = Rtsp::new(RtspUrl::parse(&url).unwrap());
        let wish = Wish { size: Size { width: 9, height: 9 }, fps: 30.0 };
        let trouble = source.open(wish, &Clock::system()).err().unwrap();
        assert_eq!(trouble.code, TroubleCode::Unreachable);
        assert!(trouble.title.ends_with("cannot be reached"), "{trouble}");
    }
}
