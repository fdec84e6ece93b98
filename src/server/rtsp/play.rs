//! The thread of a session that plays: a picture when it is due, its packets spread over
//! a part of the time until the next, a report now and then.
//!
//! What it sends with is a [`Show`], which it gets at PLAY and gives back at PAUSE, so that
//! numbers and the place in a clip go on where they were.

use std::io::Result;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use log::{debug, warn};

use super::Studio;
use super::feed::{Feed, Next, Shot};
use super::outlet::Outlet;
use super::shelf::Packer;
use super::udp::Ports;
use crate::live::audience::Refused;
use crate::live::meter::StreamMeter;
use crate::proto::rtp::{Header, JPEG_PAYLOAD_TYPE, Sender, rtcp};

/// All that a session needs to play.
pub(super) struct Show {
    pub(super) feed: Feed,
    pub(super) way: Way,
    packer: Packer,
    buffer: Vec<u8>,
}

/// How pictures travel.
pub(super) enum Way {
    /// As RFC 2435 has it, with reports.
    Rtp {
        /// To whom.
        outlet: Outlet,
        /// The numbers.
        sender: Sender,
        /// When it reported last.
        reported_at: Option<Instant>,
    },
    /// As the networking lab has it: a whole JPEG in each datagram.
    Datagrams {
        /// What sends.
        ports: Arc<Ports>,
        /// To whom.
        to: SocketAddr,
        /// The number of the last picture.
        number: u16,
        /// Who sends.
        ssrc: u32,
    },
}

/// A show that is on.
pub(super) struct Playing {
    cue: Arc<Cue>,
    thread: JoinHandle<Box<Show>>,
    /// What is counted of it.
    pub(super) meter: Arc<StreamMeter>,
}

/// What a show's thread is told.
#[derive(Default)]
struct Cue {
    go: AtomicBool,
    stop: AtomicBool,
}

impl Show {
    pub(super) fn new(feed: Feed, way: Way) -> Box<Self> {
        Box::new(Self { feed, way, packer: Packer::default(), buffer: Vec::new() })
    }

    /// Says goodbye for good.
    pub(super) fn end(&mut self) {
        self.feed.leave();
        if let Way::Rtp { outlet, sender, reported_at } = &self.way
            && reported_at.is_some()
        {
            let goodbye = rtcp::Packet::Goodbye { sources: vec![sender.ssrc()], reason: None };
            let [report, names] = report(sender, SystemTime::now());
            if let Err(error) = outlet.report(&[report, names, goodbye]) {
                debug!("no goodbye: {error}");
            }
        }
    }

    /// Sends what is due until it is told to stop, the clip is over, or the client is gone.
    fn run(&mut self, studio: &Studio, cue: &Cue) {
        let over = || cue.stop.load(Ordering::Relaxed) || studio.context.shutdown.asked();
        while !cue.go.load(Ordering::Relaxed) && !over() {
            let seen = studio.news.count();
            studio.news.wait(seen, Instant::now() + MOMENT);
        }
        while !over() {
            let seen = studio.news.count();
            let sent = match self.feed.next(Instant::now()) {
                Next::WaitUntil(at) => {
                    studio.news.wait(seen, at);
                    Ok(())
                }
                Next::Picture(shot) => self.send(&shot, studio),
                Next::End => return self.end(),
                Next::Lost(trouble) => {
                    warn!("a clip is lost: {trouble}");
                    return self.end();
                }
            };
            if let Err(error) = sent {
                debug!("a session's client is gone: {error}");
                return;
            }
        }
    }

    fn send(&mut self, shot: &Shot, studio: &Studio) -> Result<()> {
        let bytes = match &mut self.way {
            Way::Rtp { outlet, sender, reported_at } => {
                let packets = match studio.shelf.packets(shot, &mut self.packer) {
                    Ok(packets) => packets,
                    Err(failed) => {
                        debug!("a picture cannot be sent: {failed}");
                        return Ok(());
                    }
                };
                let now = Instant::now();
                if reported_at.is_none_or(|at| now >= at + REPORT_PERIOD) {
                    *reported_at = Some(now);
                    outlet.report(&report(sender, SystemTime::now()))?;
                }
                let header = sender.header(since_epoch(shot.captured));
                let (count, batch) = (packets.count(), outlet.batch());
                let batches = count.div_ceil(batch).max(1);
                let gap = shot.interval.mul_f64(SPREAD).min(LONGEST_SPREAD) / batches as u32;
                for (number, start) in (0..count).step_by(batch).enumerate() {
                    if number > 0 {
                        thread::sleep(gap);
                    }
                    let run = start..count.min(start.saturating_add(batch));
                    outlet.send(&packets, run, &header, &mut self.buffer)?;
                }
                sender.sent(count, packets.payload_octets());
                packets.payload_octets() + count * Header::BYTES
            }
            Way::Datagrams { ports, to, number, ssrc } => {
                let jpeg = match studio.shelf.datagram(shot, LAB_JPEG_BYTES, &mut self.packer) {
                    Ok(jpeg) => jpeg,
                    Err(failed) => {
                        debug!("a picture cannot be sent: {failed}");
                        return Ok(());
                    }
                };
                *number = number.wrapping_add(1);
                let header = Header {
                    payload_type: JPEG_PAYLOAD_TYPE,
                    marker: false,
                    sequence: *number,
                    timestamp: since_epoch(shot.captured).as_millis() as u32,
                    ssrc: *ssrc,
                };
                self.buffer.clear();
                self.buffer.extend(header.to_bytes());
                self.buffer.extend_from_slice(&jpeg);
                if let Err(error) = ports.send_large(*to, &self.buffer) {
                    log::trace!("a datagram was lost at once: {error}");
                }
                self.buffer.len()
            }
        };
        if let Some(meter) = self.feed.meter() {
            meter.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
            if shot.fresh {
                meter.frame(SystemTime::now().duration_since(shot.captured).unwrap_or_default());
            }
        }
        Ok(())
    }
}

impl Playing {
    /// Starts a show, whose first picture waits for [`go`](Self::go).
    ///
    /// # Errors
    ///
    /// The show as it was, if the audience is full.
    pub(super) fn start(
        mut show: Box<Show>,
        studio: &Arc<Studio>,
    ) -> std::result::Result<Self, (Box<Show>, Refused)> {
        let meter = match show.feed.join(&studio.context.audience) {
            Ok(meter) => meter,
            Err(refused) => return Err((show, refused)),
        };
        let cue = Arc::new(Cue::default());
        let (studio, told) = (Arc::clone(studio), Arc::clone(&cue));
        let thread = thread::Builder::new().name("rtp".into()).spawn(move || {
            show.run(&studio, &told);
            show.feed.leave();
            show
        });
        // Without memory for a thread nothing goes on.
        let thread = thread.expect("the system gives a thread");
        Ok(Self { cue, thread, meter })
    }

    /// Lets the first picture out: the reply that announces it has been written.
    pub(super) fn go(&self, studio: &Studio) {
        self.cue.go.store(true, Ordering::Relaxed);
        studio.news.ring();
    }

    /// Ends it after the picture that is being sent. `None` if it failed.
    pub(super) fn stop(self, studio: &Studio) -> Option<Box<Show>> {
        self.cue.stop.store(true, Ordering::Relaxed);
        studio.news.ring();
        let show = self.thread.join().ok();
        if show.is_none() {
            log::error!("a session failed");
        }
        show
    }
}

/// A sender report of this moment, and who sends (RFC 3550 §6.1 asks for both).
fn report(sender: &Sender, now: SystemTime) -> [rtcp::Packet; 2] {
    let name = rtcp::Name { ssrc: sender.ssrc(), cname: Some(CNAME.into()) };
    [rtcp::Packet::SenderReport(sender.report(since_epoch(now))), rtcp::Packet::Names(vec![name])]
}

pub(super) fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The part of the time to the next picture over which packets are spread.
const SPREAD: f64 = 0.5;
const LONGEST_SPREAD: Duration = Duration::from_millis(15);
/// How soon a show notices that it may start, should the bell be missed.
const MOMENT: Duration = Duration::from_millis(20);
const REPORT_PERIOD: Duration = Duration::from_secs(5);
const CNAME: &str = "livestream";
/// The lab's clients read 20480 bytes, RTP header included.
const LAB_JPEG_BYTES: usize = 20480 - Header::BYTES;
