//! An IP camera, or another RTSP server, that sends JPEG over RTP.
//!
//! On the device thread, which drives the session while it waits for a picture. Session and
//! transport are [`crate::client`]'s. Does not come back after a loss: that is for whoever opened
//! it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::lockout::Lockout;
use super::rhythm::{Bounds, Rhythm, Silence};
use super::stated::Stated;
use super::{
    Capture, Captured, FINGERPRINT_OPTION, Format, Hold, Kind, Source, Trouble, TroubleCode, Wish,
};
use crate::base::clock::Clock;
use crate::client::{
    Event, Fault, Notice, Options, Playback, Redirects, Shot, Times, Transports, Trust,
};
use crate::media::frame::{Picture, Size};
use crate::media::gate;
use crate::proto::auth::Denial;
use crate::proto::rtsp::RtspUrl;

/// A stream of an RTSP server as a source.
#[derive(Debug)]
pub struct Rtsp {
    url: RtspUrl,
    trust: Trust,
    redirects: Redirects,
    lockout: Lockout,
}

impl Rtsp {
    /// The stream at `url`. Whether anybody answers shows when it is opened.
    pub fn new(url: RtspUrl, trust: Trust, redirects: Redirects) -> Self {
        Self { url, trust, redirects, lockout: Lockout::default() }
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
        let options = Options {
            transport: Transports::UdpThenTcp,
            rtp_port: None,
            user_agent: USER_AGENT,
            trust: self.trust,
            redirects: self.redirects,
        };
        Ok(Box::new(Playing::open(&self.url, options, self.lockout.clone(), clock)?))
    }

    fn hold(&self) -> Option<Hold> {
        self.lockout.hold()
    }
}

/// An open stream. Dropping it tears the session down.
struct Playing {
    playback: Playback<Box<dyn Fn(Notice)>>,
    slot: Arc<Mutex<Newest>>,
    clock: Clock,
    stated: Stated,
    host: String,
    lockout: Lockout,
    format: Format,
    rhythm: Rhythm,
    /// What is said while a picture is overdue, and the session kept.
    overdue: Option<(Overdue, Trouble)>,
    /// What had come when the last picture was whole.
    then: Tally,
    /// Packets when something was last heard.
    packets: u64,
    broken: u64,
}

/// What has come so far.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    packets: u64,
    /// Pictures of which packets are missing.
    dropped: u64,
    /// Pictures that cannot be read.
    broken: u64,
}

/// Why a picture is overdue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Overdue {
    /// Nothing comes.
    Silent,
    /// Packets come, too few.
    Slow,
    /// Packets are missing.
    Lossy,
    /// Pictures come, and cannot be read.
    Broken,
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
    /// Begins to play.
    fn open(
        url: &RtspUrl,
        options: Options,
        lockout: Lockout,
        clock: &Clock,
    ) -> Result<Self, Trouble> {
        let now = clock.now();
        let host = url.authority();
        let slot = Arc::<Mutex<Newest>>::default();
        let (notes, of_notes) = (Arc::clone(&slot), clock.clone());
        let tell: Box<dyn Fn(Notice)> =
            Box::new(move |notice| notes.lock().note(notice, of_notes.now()));
        let playback = Playback::start(url.clone(), options, TIMES, tell);
        let playback = playback.map_err(|error| Trouble {
            code: TroubleCode::Failed,
            title: format!("{host} is not asked"),
            detail: format!("The system gives nothing to wait for it with ({error})."),
        })?;
        Ok(Self {
            playback,
            slot,
            clock: clock.clone(),
            stated: Stated::default(),
            host,
            lockout,
            format: Format { size: Size { width: 1, height: 1 }, fps: 0.0, encoding: "MJPEG" },
            rhythm: Rhythm::new(Bounds::DEFAULT, now),
            overdue: None,
            then: Tally::default(),
            packets: 0,
            broken: 0,
        })
    }

    fn read(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        loop {
            let took = self.slot.lock().take();
            if let Some((shot, arrived)) = took.map_err(|end| self.over(&end))? {
                match gate::take(&shot.jpeg) {
                    Ok(jpeg) => {
                        self.has_shown(jpeg.size);
                        let at = self.stated.moment(shot.captured, arrived, &self.clock);
                        return Ok(Some(Captured { at, picture: Picture::Jpeg(jpeg) }));
                    }
                    Err(_) => self.broken += 1,
                }
            }
            let now = self.clock.now();
            self.watch(now)?;
            if now >= deadline {
                return Ok(None);
            }
            if let Err(fault) = self.playback.turn(deadline.min(self.rhythm.due(now))) {
                return Err(self.over(&End::Fault(fault)));
            }
        }
    }

    /// A picture came.
    fn has_shown(&mut self, size: Size) {
        let tally = self.tally();
        if !self.rhythm.has_begun() {
            self.lockout.accepted();
        }
        self.rhythm.picture(self.clock.now());
        (self.overdue, self.then, self.packets) = (None, tally, tally.packets);
        self.format.size = size;
        self.format.fps = self.slot.lock().fps;
    }

    fn tally(&self) -> Tally {
        let statistics = self.playback.statistics();
        Tally {
            packets: statistics.packets,
            dropped: statistics.dropped_frames,
            broken: self.broken,
        }
    }

    /// Looks whether a picture is overdue, and why.
    fn watch(&mut self, now: Instant) -> Result<(), Trouble> {
        let tally = self.tally();
        // Another session counts from 0.
        if tally.packets != self.packets {
            self.packets = tally.packets;
            self.rhythm.heard(now);
        }
        let time = now.saturating_duration_since(self.rhythm.since());
        match self.rhythm.silence(now) {
            Silence::Bearable => return Ok(()),
            Silence::Dead => return Err(self.late(Overdue::Silent, tally, time)),
            Silence::Long => {}
        }
        let comes = now.saturating_duration_since(self.rhythm.heard_at()) < self.rhythm.patience();
        let why = match () {
            () if tally.broken > self.then.broken => Overdue::Broken,
            () if tally.dropped > self.then.dropped && comes => Overdue::Lossy,
            () if tally.packets > self.then.packets && comes => Overdue::Slow,
            () => Overdue::Silent,
        };
        // Said once: with numbers that change it would be said again and again.
        if self.overdue.as_ref().is_none_or(|(known, _)| *known != why) {
            self.overdue = Some((why, self.late(why, tally, time)));
        }
        Ok(())
    }

    /// What to say of a picture that did not come for so long.
    fn late(&self, why: Overdue, tally: Tally, time: Duration) -> Trouble {
        let (host, seconds) = (&self.host, time.as_secs());
        let which = if self.rhythm.has_begun() { "next" } else { "first" };
        let (code, title, detail) = match why {
            Overdue::Silent => (
                TroubleCode::Stalled,
                format!("{host} sends no pictures"),
                format!("None came for {seconds} s."),
            ),
            Overdue::Slow => (
                TroubleCode::Stalled,
                format!("{host} sends too slowly"),
                format!(
                    "Its pictures are not complete in time: {} packets of the {which} in {seconds} s.",
                    tally.packets.saturating_sub(self.then.packets)
                ),
            ),
            Overdue::Lossy => (
                TroubleCode::Stalled,
                format!("No picture from {host} is whole"),
                "Packets are missing: the network may lose them.".into(),
            ),
            Overdue::Broken => (
                TroubleCode::Garbage,
                format!("No picture from {host} can be read"),
                "Its packets do not make JPEGs.".into(),
            ),
        };
        Trouble { code, title, detail }
    }

    /// What to say of the end, which is noted if it is a refused login.
    fn over(&self, end: &End) -> Trouble {
        let trouble = trouble(&self.host, end);
        if matches!(end, End::Fault(Fault::Denied(Denial::Wrong))) {
            self.lockout.refused(&trouble, self.clock.now());
        }
        trouble
    }
}

impl Capture for Playing {
    fn format(&self) -> Format {
        self.format.clone()
    }

    fn next(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        self.read(deadline)
    }

    fn overdue(&self) -> Option<Trouble> {
        self.overdue.as_ref().map(|(_, trouble)| trouble.clone())
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
    let (title, detail) = fault.words(host, FINGERPRINT_OPTION);
    Trouble { code, title, detail }
}

/// As for every client, but that no packet for long is no end: [`Rhythm`] sees to that.
const TIMES: Times = Times { first: Duration::from_secs(3600), ..Times::DEFAULT };
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
        let mut source =
            Rtsp::new(RtspUrl::parse(&url).unwrap(), Trust::System, Redirects::Anywhere);
        let wish = Wish { size: Size { width: 9, height: 9 }, fps: 30.0 };
        let mut capture = source.open(wish, &Clock::system()).unwrap();
        let trouble = loop {
            match capture.next(Instant::now() + Duration::from_secs(5)) {
                Ok(came) => assert!(came.is_none()),
                Err(trouble) => break trouble,
            }
        };
        assert_eq!(trouble.code, TroubleCode::Unreachable);
        assert!(trouble.title.ends_with("cannot be reached"), "{trouble}");
    }
}
