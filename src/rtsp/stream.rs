//! What leaves for a session, and when: pictures as packets, spread over their time, and reports.
//!
//! A [`Stream`] sends what is due and waits for nothing; the lane of its session calls it.
//! Which picture is due says its [`Feed`].

use std::io::Result;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use log::debug;

use super::clip_feed::Tools;
use super::destination::{Carriers, Destination};
use super::due::{Due, Image, Picture};
use super::feed::Feed;
use super::packing::{Asked, Format, Packed};
use crate::base::clock::{Clock, since_unix};
use crate::base::warn_rate::WarnRate;
use crate::proto::rtp::jpeg::Packets;
use crate::proto::rtp::{Header, JPEG_PAYLOAD_TYPE, Sender, rtcp};

/// All that a session needs to play.
pub(super) struct Stream {
    pub(super) feed: Feed,
    packetizer: Packetizer,
    clock: Clock,
    /// A picture that is due and not packed yet.
    due: Option<Picture>,
    frame: Option<Frame>,
    /// Whether the client was busy with the frame before when the next one was looked for.
    held: bool,
    buffer: Vec<u8>,
}

/// How pictures travel.
pub(super) enum Packetizer {
    /// As RFC 2435 has it, with reports.
    Rtp {
        /// To whom.
        destination: Destination,
        /// The numbers.
        sender: Sender,
        /// When it reported last.
        reported_at: Option<Instant>,
    },
    /// As the networking lab has it: a whole JPEG in each datagram.
    Lab {
        /// To whom.
        to: SocketAddr,
        /// The number of the last picture.
        number: u16,
        /// Who sends.
        ssrc: u32,
    },
}

/// A frame of which packets are still to leave.
struct Frame {
    packets: Arc<Packets>,
    header: Header,
    /// The first packet that has not left, when it is to, and the time to the batch after it.
    next: usize,
    due: Instant,
    gap: Duration,
    /// When it was taken, if it was not sent before.
    fresh: Option<Instant>,
}

/// What a stream came to.
pub(super) enum Progress {
    /// It goes on then, if nothing happens before.
    At(Instant),
    /// It goes on when its host is notified.
    WhenNotified,
    /// Nothing more comes.
    Over,
}

impl Packetizer {
    /// How it wants pictures packed.
    pub(super) fn format(&self) -> Format {
        match self {
            Packetizer::Rtp { .. } => Format::Rtp,
            Packetizer::Lab { .. } => Format::Lab,
        }
    }
}

impl Stream {
    pub(super) fn new(feed: Feed, packetizer: Packetizer, clock: Clock) -> Self {
        let (due, frame, held, buffer) = (None, None, false, Vec::new());
        Self { feed, packetizer, clock, due, frame, held, buffer }
    }

    /// The header of the first packet of a picture that is taken or shown at `start`.
    pub(super) fn first_header(&self, start: Instant) -> Option<Header> {
        match &self.packetizer {
            Packetizer::Rtp { sender, .. } => Some(sender.header(self.clock.since_start(start))),
            Packetizer::Lab { .. } => None,
        }
    }

    /// Leaves the audience. What is left of a frame is sent at once, so that nobody gets half of
    /// one.
    pub(super) fn stop(&mut self, by: &mut Carriers<'_>) {
        while self.frame.is_some() {
            match self.send_batch(by) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    debug!("a session's client is gone: {error}");
                    break;
                }
            }
        }
        if let (Some(frame), Packetizer::Rtp { sender, .. }) =
            (self.frame.take(), &mut self.packetizer)
        {
            // The numbers of what has left are taken.
            sender.sent(frame.next, frame.next * frame.packets.packet_bytes());
        }
        self.due = None;
        self.feed.leave();
    }

    /// Says goodbye, for now or for good.
    pub(super) fn end(&mut self, by: &mut Carriers<'_>) {
        self.stop(by);
        if let Packetizer::Rtp { destination, sender, reported_at } = &self.packetizer
            && reported_at.is_some()
        {
            let goodbye = rtcp::Packet::Goodbye { sources: vec![sender.ssrc()], reason: None };
            let [report, names] = report(sender, &self.clock);
            if let Err(error) = destination.report(by, &[report, names, goodbye]) {
                debug!("no goodbye: {error}");
            }
        }
    }

    /// Sends what is due and can be sent now.
    ///
    /// # Errors
    ///
    /// The system's, if the client is gone.
    pub(super) fn pump(&mut self, tools: &Tools<'_>, by: &mut Carriers<'_>) -> Result<Progress> {
        let now = tools.now;
        for _ in 0..MAX_STEPS {
            if let Some(frame) = &self.frame {
                if now < frame.due {
                    return Ok(Progress::At(frame.due));
                }
                if !self.send_batch(by)? {
                    self.held = true;
                    self.feed.pass_over(now);
                    return Ok(Progress::At(now + BUSY_WAIT));
                }
                continue;
            }
            if let Some(due) = self.due.take() {
                if let Some(progress) = self.pack(due, tools, by)? {
                    return Ok(progress);
                }
                continue;
            }
            if let Packetizer::Rtp { destination, .. } = &self.packetizer
                && !destination.is_free(by)
            {
                self.held = true;
                self.feed.pass_over(now);
                // There is a turn when there is room.
                return Ok(Progress::WhenNotified);
            }
            let held = std::mem::take(&mut self.held);
            let next = match &mut self.feed {
                Feed::Live(live) => live.next(now),
                Feed::Clip(clip) => clip.next(held, tools),
            };
            match next {
                Due::Picture(picture) => self.due = Some(picture),
                Due::At(at) => return Ok(Progress::At(at)),
                Due::WhenNotified => return Ok(Progress::WhenNotified),
                Due::End => return Ok(Progress::Over),
                Due::Lost(trouble) => {
                    LOST.warn(now, format_args!("a clip is lost: {trouble}"));
                    return Ok(Progress::Over);
                }
            }
        }
        Ok(Progress::At(now))
    }

    /// Gets a picture ready to leave. What it waits for, if it has to.
    fn pack(
        &mut self,
        picture: Picture,
        tools: &Tools<'_>,
        by: &mut Carriers<'_>,
    ) -> Result<Option<Progress>> {
        let packed = match &picture.image {
            Image::Packed(packed) => packed.clone(),
            // It was taken before another part was to be covered.
            Image::OfLevel(hub, still, ..) if still.masked != hub.masked() => return Ok(None),
            Image::OfLevel(hub, still, level, look) => {
                let format = self.packetizer.format();
                let shown = (*level, look);
                match tools.packing.of_level(hub, still, shown, format, tools.host) {
                    Asked::Packed(packed) => packed,
                    Asked::Never => return Ok(None),
                    Asked::Later => {
                        self.due = Some(picture);
                        return Ok(Some(Progress::WhenNotified));
                    }
                    Asked::Busy => return Ok(Some(Progress::At(tools.now + BUSY_WAIT))),
                }
            }
        };
        match packed {
            Packed::Rtp(packets) => self.load(&picture, packets, by)?,
            Packed::Lab(jpeg) => self.send_whole(&picture, &jpeg, by),
        }
        Ok(None)
    }

    /// Begins to send a frame's packets.
    fn load(
        &mut self,
        picture: &Picture,
        packets: Arc<Packets>,
        by: &mut Carriers<'_>,
    ) -> Result<()> {
        let Packetizer::Rtp { destination, sender, reported_at } = &mut self.packetizer else {
            return Ok(());
        };
        let now = by.now;
        if reported_at.is_none_or(|at| now >= at + REPORT_PERIOD) {
            *reported_at = Some(now);
            destination.report(by, &report(sender, &self.clock))?;
        }
        let batches = packets.count().div_ceil(destination.batch()).max(1);
        let gap = picture.interval.mul_f64(SPREAD).min(LONGEST_SPREAD) / batches as u32;
        let header = sender.header(self.clock.since_start(picture.captured));
        let fresh = picture.fresh.then_some(picture.captured);
        self.frame = Some(Frame { packets, header, next: 0, due: now, gap, fresh });
        Ok(())
    }

    /// Sends a picture as one datagram.
    fn send_whole(&mut self, picture: &Picture, jpeg: &[u8], by: &mut Carriers<'_>) {
        let (Packetizer::Lab { to, number, ssrc }, Some(ports)) = (&mut self.packetizer, by.ports)
        else {
            return;
        };
        *number = number.wrapping_add(1);
        let header = Header {
            payload_type: JPEG_PAYLOAD_TYPE,
            // Each is a whole picture's last, and some clients show what that ends.
            marker: true,
            sequence: *number,
            timestamp: self.clock.since_start(picture.captured).as_millis() as u32,
            ssrc: *ssrc,
        };
        self.buffer.clear();
        self.buffer.extend(header.to_bytes());
        self.buffer.extend_from_slice(jpeg);
        if let Err(error) = ports.send_large(*to, &self.buffer) {
            log::trace!("a datagram was lost at once: {error}");
        }
        let fresh = picture.fresh.then_some(picture.captured);
        count(&self.feed, self.buffer.len(), fresh, &self.clock);
    }

    /// Sends the next packets of a frame, as many as may leave at once. Whether they could.
    fn send_batch(&mut self, by: &mut Carriers<'_>) -> Result<bool> {
        let (Some(frame), Packetizer::Rtp { destination, sender, .. }) =
            (&mut self.frame, &mut self.packetizer)
        else {
            return Ok(true);
        };
        let packets = &frame.packets;
        let end = packets.count().min(frame.next.saturating_add(destination.batch()));
        let run = frame.next..end;
        frame.next += destination.send(by, packets, run, &frame.header, &mut self.buffer)?;
        if frame.next < end {
            return Ok(false);
        }
        frame.due += frame.gap;
        if end == packets.count() {
            sender.sent(end, packets.payload_octets());
            let bytes = packets.payload_octets() + end * Header::BYTES;
            count(&self.feed, bytes, frame.fresh, &self.clock);
            self.frame = None;
        }
        Ok(true)
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

/// Clips that cannot be read any more.
static LOST: WarnRate = WarnRate::new(module_path!());

/// The part of the time to the next picture over which packets are spread.
const SPREAD: f64 = 0.5;
const LONGEST_SPREAD: Duration = Duration::from_millis(15);
/// Until what was busy is asked again.
const BUSY_WAIT: Duration = Duration::from_millis(5);
const REPORT_PERIOD: Duration = Duration::from_secs(5);
const CNAME: &str = "livestream";
/// Of one turn: a frame that is sent late leaves the lane to others between its batches.
const MAX_STEPS: usize = 32;

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
