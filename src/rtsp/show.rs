//! What a session plays: which packets leave when.
//!
//! A [`Show`] sends what is due and waits for nothing. It is played by [`super::stage`].

use std::io::Result;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use log::{debug, warn};

use super::feed::{Feed, Next, Shot};
use super::outlet::Outlet;
use super::shelf::Shelf;
use super::udp::Ports;
use crate::base::clock::{Clock, since_unix};
use crate::media::fit::{Fit, Fitter};
use crate::proto::rtp::jpeg::Packets;
use crate::proto::rtp::{Header, JPEG_PAYLOAD_TYPE, Sender, rtcp};

/// All that a session needs to play.
pub(super) struct Show {
    pub(super) feed: Feed,
    pub(super) way: Way,
    clock: Clock,
    outgoing: Option<Outgoing>,
    /// Whether the client was busy with the frame before when the next one was looked for.
    held: bool,
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
        /// How the last picture was made to fit.
        fit: Fit,
    },
}

/// A frame of which packets are still to leave.
struct Outgoing {
    packets: Arc<Packets>,
    header: Header,
    /// The first packet that has not left, when it is to, and the time to the batch after it.
    next: usize,
    due: Instant,
    gap: Duration,
    /// When it was taken, if it was not sent before.
    fresh: Option<Instant>,
}

/// What a look at a show came to.
pub(super) enum Look {
    /// Look again at this time, if nothing happens before.
    Again(Instant),
    /// Nothing more comes.
    Over,
}

impl Show {
    pub(super) fn new(feed: Feed, way: Way, clock: Clock) -> Box<Self> {
        let (outgoing, held, buffer) = (None, false, Vec::new());
        Box::new(Self { feed, way, clock, outgoing, held, buffer })
    }

    /// Says goodbye for good.
    pub(super) fn end(&mut self) {
        self.feed.leave();
        if let Way::Rtp { outlet, sender, reported_at } = &self.way
            && reported_at.is_some()
        {
            let goodbye = rtcp::Packet::Goodbye { sources: vec![sender.ssrc()], reason: None };
            let [report, names] = report(sender, &self.clock);
            if let Err(error) = outlet.report(&[report, names, goodbye]) {
                debug!("no goodbye: {error}");
            }
        }
    }

    /// Sends what is due and can be sent now.
    ///
    /// # Errors
    ///
    /// The system's, if the client is gone.
    pub(super) fn pump(
        &mut self,
        shelf: &Shelf,
        fitter: &mut Fitter,
        now: Instant,
    ) -> Result<Look> {
        loop {
            match &self.outgoing {
                Some(outgoing) if now < outgoing.due => return Ok(Look::Again(outgoing.due)),
                Some(_) => {
                    self.send_batch()?;
                    continue;
                }
                None => {}
            }
            if let Way::Rtp { outlet, .. } = &self.way
                && !outlet.is_free()?
            {
                self.held = true;
                return Ok(Look::Again(now + BUSY_WAIT));
            }
            match self.feed.next(now, std::mem::take(&mut self.held)) {
                Next::WaitUntil(at) => return Ok(Look::Again(at)),
                Next::Picture(shot) => self.load(&shot, shelf, fitter, now)?,
                Next::End => return Ok(Look::Over),
                Next::Lost(trouble) => {
                    warn!("a clip is lost: {trouble}");
                    return Ok(Look::Over);
                }
            }
        }
    }

    /// Packs a picture; a whole datagram leaves at once.
    fn load(
        &mut self,
        shot: &Shot,
        shelf: &Shelf,
        fitter: &mut Fitter,
        now: Instant,
    ) -> Result<()> {
        let fresh = shot.fresh.then_some(shot.captured);
        match &mut self.way {
            Way::Rtp { outlet, sender, reported_at } => {
                let packets = match shelf.packets(shot, fitter) {
                    Ok(packets) => packets,
                    Err(failed) => {
                        debug!("a picture cannot be sent: {failed}");
                        return Ok(());
                    }
                };
                if reported_at.is_none_or(|at| now >= at + REPORT_PERIOD) {
                    *reported_at = Some(now);
                    outlet.report(&report(sender, &self.clock))?;
                }
                let batches = packets.count().div_ceil(outlet.batch()).max(1);
                let gap = shot.interval.mul_f64(SPREAD).min(LONGEST_SPREAD) / batches as u32;
                let header = sender.header(self.clock.since_start(shot.captured));
                self.outgoing = Some(Outgoing { packets, header, next: 0, due: now, gap, fresh });
            }
            Way::Datagrams { ports, to, number, ssrc, fit } => {
                let jpeg = match shelf.datagram(shot, LAB_JPEG_BYTES, fitter, fit) {
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
                    timestamp: self.clock.since_start(shot.captured).as_millis() as u32,
                    ssrc: *ssrc,
                };
                self.buffer.clear();
                self.buffer.extend(header.to_bytes());
                self.buffer.extend_from_slice(&jpeg);
                if let Err(error) = ports.send_large(*to, &self.buffer) {
                    log::trace!("a datagram was lost at once: {error}");
                }
                count(&self.feed, self.buffer.len(), fresh, &self.clock);
            }
        }
        Ok(())
    }

    /// Sends the next packets of a frame, as many as may leave at once.
    fn send_batch(&mut self) -> Result<()> {
        let (Some(outgoing), Way::Rtp { outlet, sender, .. }) = (&mut self.outgoing, &mut self.way)
        else {
            return Ok(());
        };
        let packets = &outgoing.packets;
        let end = packets.count().min(outgoing.next.saturating_add(outlet.batch()));
        outlet.send(packets, outgoing.next..end, &outgoing.header, &mut self.buffer)?;
        outgoing.next = end;
        outgoing.due += outgoing.gap;
        if end == packets.count() {
            sender.sent(end, packets.payload_octets());
            let bytes = packets.payload_octets() + end * Header::BYTES;
            count(&self.feed, bytes, outgoing.fresh, &self.clock);
            self.outgoing = None;
        }
        Ok(())
    }

    /// Sends at once what is left of a frame, so that nobody gets half of one.
    pub(super) fn finish_frame(&mut self) -> Result<()> {
        while self.outgoing.is_some() {
            self.send_batch()?;
        }
        Ok(())
    }
}

/// Counts a picture that has left.
fn count(feed: &Feed, bytes: usize, fresh: Option<Instant>, clock: &Clock) {
    if let Some(meter) = feed.meter() {
        meter.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if let Some(captured) = fresh {
            meter.frame(clock.now().saturating_duration_since(captured));
        }
    }
}

/// A sender report of this moment, and who sends (RFC 3550 §6.1 asks for both).
fn report(sender: &Sender, clock: &Clock) -> [rtcp::Packet; 2] {
    let now = clock.now();
    let (ours, unix) = (clock.since_start(now), since_unix(clock.wall_at(now)));
    let name = rtcp::Name { ssrc: sender.ssrc(), cname: Some(CNAME.into()) };
    [rtcp::Packet::SenderReport(sender.report(ours, unix)), rtcp::Packet::Names(vec![name])]
}

/// The part of the time to the next picture over which packets are spread.
const SPREAD: f64 = 0.5;
const LONGEST_SPREAD: Duration = Duration::from_millis(15);
/// Until a client that was busy is looked at again.
const BUSY_WAIT: Duration = Duration::from_millis(5);
const REPORT_PERIOD: Duration = Duration::from_secs(5);
const CNAME: &str = "livestream";
/// The lab's clients read 20480 bytes, RTP header included.
const LAB_JPEG_BYTES: usize = 20480 - Header::BYTES;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Fake;

    /// RTP timestamp and Unix seconds of a report made now.
    fn reported(sender: &Sender, clock: &Clock) -> (u32, u64) {
        match report(sender, clock) {
            [rtcp::Packet::SenderReport(report), _] => {
                (report.anchor.timestamp, report.anchor.ntp.to_unix().as_secs())
            }
            _ => panic!("a sender report comes first (RFC 3550 §6.1)"),
        }
    }

    #[test]
    fn a_step_of_the_wall_clock_moves_reports_ntp_time_and_no_rtp_time() {
        let (clock, fake) = Fake::clock();
        let sender = Sender::new(JPEG_PAYLOAD_TYPE, 1, 0, 500);
        assert_eq!(reported(&sender, &clock), (500, 1_700_000_000));
        for (step, unix) in [(-3600, 1_699_996_401), (7200, 1_700_003_602), (-3600, 1_700_000_003)]
        {
            let before = reported(&sender, &clock).0;
            fake.step_wall(step);
            assert_eq!(reported(&sender, &clock).0, before, "{step} s");
            fake.advance(Duration::from_secs(1));
            assert_eq!(reported(&sender, &clock), (before + 90_000, unix));
            let frame = sender.header(clock.since_start(clock.now()));
            assert_eq!(frame.timestamp, before + 90_000, "frames keep to the reports' clock");
        }
    }
}
