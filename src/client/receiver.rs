//! RTP and RTCP of one session: datagrams in, pictures and reports out.
//!
//! On the client's thread, which says what time it is: since the UNIX epoch, never going back.
//! Does not know where datagrams come from nor where reports go.

use std::time::Duration;

use super::Statistics;
use super::meter::Meter;
use crate::proto::rtp::jpeg::{Depacketizer, Size};
use crate::proto::rtp::time::duration_of_90k;
use crate::proto::rtp::{Arrival, Header, Packet, Reception, Reorder, rtcp};

/// What a session has received.
pub(super) struct Receiver {
    payload_type: u8,
    announced: Option<Size>,
    patience: Duration,
    /// Who reports: us.
    ssrc: u32,
    cname: String,
    sender: Option<Sender>,
    reorder: Reorder<Vec<u8>>,
    depacketizer: Depacketizer,
    in_order: Vec<Vec<u8>>,
    place: Option<Place>,
    /// Packets before this one are of what played before; not believed after that time.
    first: Option<(u16, Duration)>,
    meter: Meter,
    /// Of all senders but the last.
    before: Statistics,
    packets: u64,
    frames: u64,
    broken: u64,
}

/// A whole picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shot {
    pub(crate) jpeg: Vec<u8>,
    /// In the clip.
    pub(crate) position: Option<Duration>,
    /// When it was taken, by the server's clock, since the UNIX epoch.
    pub(crate) captured: Option<Duration>,
}

/// Where in a clip a timestamp belongs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) npt: Duration,
    /// The first one that comes, if the server does not say which.
    pub(super) timestamp: Option<u32>,
}

struct Sender {
    reception: Reception,
    heard_at: Duration,
}

impl Receiver {
    pub(super) fn new(
        payload_type: u8,
        announced: Option<(u16, u16)>,
        patience: Duration,
        random: [u32; 4],
    ) -> Self {
        let [ssrc, a, b, c] = random;
        let announced = announced.map(|(width, height)| Size { width, height });
        Self {
            payload_type,
            announced,
            patience,
            ssrc,
            // RFC 7022 §4.2: 96 random bits.
            cname: format!("{a:08x}{b:08x}{c:08x}"),
            sender: None,
            reorder: Reorder::new(patience),
            depacketizer: Depacketizer::new(announced),
            in_order: Vec::new(),
            place: None,
            first: None,
            meter: Meter::default(),
            before: Statistics::default(),
            packets: 0,
            frames: 0,
            broken: 0,
        }
    }

    /// Forgets what played, as PLAY is asked for.
    pub(super) fn begin(&mut self) {
        self.leave_sender();
        self.place = None;
        self.first = None;
    }

    /// Keeps what the reply to PLAY says of the first packet.
    pub(super) fn starts_at(&mut self, place: Option<Place>, first: Option<u16>, now: Duration) {
        self.place = place;
        // Some cameras name any number.
        self.first = first.map(|first| (first, now + BELIEVED));
    }

    /// Takes a packet, and appends to `shots` the pictures that it completes.
    pub(super) fn rtp(&mut self, datagram: Vec<u8>, now: Duration, shots: &mut Vec<Shot>) {
        let Ok(Packet { header, .. }) = Packet::parse(&datagram) else {
            return;
        };
        if header.payload_type != self.payload_type || self.is_of_before(&header, now) {
            return;
        }
        if !self.follows(&header, now) {
            return;
        }
        self.packets += 1;
        self.meter.count(now, 8 * datagram.len() as u64, 0);
        self.reorder.insert(header.sequence, datagram, now, &mut self.in_order);
        self.assemble(now, shots);
    }

    /// Takes an RTCP datagram. True if the sender says goodbye.
    pub(super) fn rtcp(&mut self, datagram: &[u8], now: Duration) -> bool {
        let Ok(packets) = rtcp::parse(datagram) else {
            return false;
        };
        let ssrc = self.sender.as_ref().map(|sender| sender.reception.ssrc());
        let mut goodbye = false;
        for packet in packets {
            match packet {
                rtcp::Packet::SenderReport(report) => {
                    if let Some(sender) = self.sender.as_mut()
                        && sender.reception.ssrc() == report.ssrc
                    {
                        sender.reception.sender_report(&report, now);
                    }
                }
                rtcp::Packet::Goodbye { sources, .. } => {
                    goodbye |= ssrc.is_none_or(|ssrc| sources.contains(&ssrc));
                }
                _ => {}
            }
        }
        goodbye
    }

    /// Gives up what has been waited for long enough.
    pub(super) fn tick(&mut self, now: Duration, shots: &mut Vec<Shot>) {
        self.reorder.give_up(now, &mut self.in_order);
        self.assemble(now, shots);
    }

    /// Gives up all that is missing: nothing more comes.
    pub(super) fn finish(&mut self, now: Duration, shots: &mut Vec<Shot>) {
        self.reorder.flush(&mut self.in_order);
        self.assemble(now, shots);
        self.begin();
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.reorder.deadline()
    }

    /// The compound packet to send now (RFC 3550 §6.4.2).
    pub(super) fn report(&mut self, now: Duration) -> Vec<u8> {
        let blocks = self.sender.as_mut().filter(|sender| sender.reception.expected() > 0);
        let blocks = blocks.map(|sender| sender.reception.report(now)).into_iter().collect();
        let name = rtcp::Name { ssrc: self.ssrc, cname: Some(self.cname.clone()) };
        let mut out = Vec::new();
        let report = rtcp::Packet::ReceiverReport { ssrc: self.ssrc, blocks };
        rtcp::write(&[report, rtcp::Packet::Names(vec![name])], &mut out);
        out
    }

    /// A packet without content, which opens a firewall for those that come back.
    pub(super) fn greeting(&self) -> [u8; Header::BYTES] {
        let payload_type = self.payload_type;
        Header { payload_type, marker: false, sequence: 0, timestamp: 0, ssrc: self.ssrc }
            .to_bytes()
    }

    /// All counts, without the transport.
    pub(super) fn statistics(&mut self, now: Duration) -> Statistics {
        let (bits_per_sec, frames_per_sec) = self.meter.rates(now);
        let reception = self.sender.as_ref().map(|sender| &sender.reception);
        let dropped = self.depacketizer.dropped();
        Statistics {
            packets: self.packets,
            lost: self.before.lost + reception.map_or(0, Reception::lost),
            out_of_order: self.before.out_of_order + reception.map_or(0, Reception::out_of_order),
            jitter: reception.map_or(self.before.jitter, Reception::jitter),
            bits_per_sec,
            frames_per_sec,
            frames: self.frames,
            dropped_frames: self.before.dropped_frames + dropped,
            transport: None,
        }
    }

    /// True if a packet was sent before the first one that PLAY promised.
    fn is_of_before(&self, header: &Header, now: Duration) -> bool {
        self.first.is_some_and(|(first, until)| {
            now < until && (1..=MAX_BEFORE).contains(&first.wrapping_sub(header.sequence))
        })
    }

    /// Counts a packet of the sender that is listened to; false for one of another.
    fn follows(&mut self, header: &Header, now: Duration) -> bool {
        if let Some(sender) = &self.sender
            && sender.reception.ssrc() != header.ssrc
        {
            if now.saturating_sub(sender.heard_at) < CHANGE_AFTER {
                return false;
            }
            self.leave_sender();
        }
        let sender = self
            .sender
            .get_or_insert_with(|| Sender { reception: Reception::new(header), heard_at: now });
        sender.heard_at = now;
        if sender.reception.count(header, now) == Arrival::Ahead {
            // Once the stream has passed there, an old packet can't be told from a new one.
            self.first = None;
        }
        true
    }

    /// Counts for good what the sender had.
    fn leave_sender(&mut self) {
        if let Some(sender) = self.sender.take() {
            self.before.lost += sender.reception.lost();
            self.before.out_of_order += sender.reception.out_of_order();
            self.before.jitter = sender.reception.jitter();
        }
        self.before.dropped_frames += self.depacketizer.dropped();
        self.depacketizer = Depacketizer::new(self.announced);
        self.reorder = Reorder::new(self.patience);
    }

    /// Puts together what is in order.
    fn assemble(&mut self, now: Duration, shots: &mut Vec<Shot>) {
        for datagram in std::mem::take(&mut self.in_order) {
            let Ok(Packet { header, payload }) = Packet::parse(&datagram) else {
                continue;
            };
            match self.depacketizer.push(&header, payload) {
                Ok(Some(frame)) => {
                    self.frames += 1;
                    self.meter.count(now, 0, 1);
                    let anchor = self.sender.as_ref().and_then(|sender| sender.reception.anchor());
                    shots.push(Shot {
                        jpeg: frame.jpeg,
                        position: self.position(frame.timestamp),
                        captured: anchor.map(|anchor| anchor.instant(frame.timestamp)),
                    });
                }
                Ok(None) => {}
                Err(invalid) => {
                    if self.broken == 0 {
                        log::debug!("a packet is passed over: {invalid}");
                    }
                    self.broken += 1;
                }
            }
        }
    }

    /// Where in the clip a picture belongs.
    fn position(&mut self, timestamp: u32) -> Option<Duration> {
        let place = self.place.as_mut()?;
        let start = place.timestamp.unwrap_or(timestamp);
        let ticks = timestamp.wrapping_sub(start).cast_signed();
        let npt = match duration_of_90k(ticks.unsigned_abs()) {
            // The server named a timestamp that is not this stream's, or set its clock.
            apart if apart > MAX_STEP => place.npt,
            apart if ticks < 0 => place.npt.saturating_sub(apart),
            apart => place.npt.saturating_add(apart),
        };
        // From picture to picture, so that the wrap of timestamps is never far.
        *place = Place { npt, timestamp: Some(timestamp) };
        Some(npt)
    }
}

/// After which silence another sender is believed.
const CHANGE_AFTER: Duration = Duration::from_secs(1);

/// How long the number of the first packet counts.
const BELIEVED: Duration = Duration::from_millis(500);

/// Between two pictures.
const MAX_STEP: Duration = Duration::from_secs(10);

/// How far behind the first packet one may be to be of what played before.
const MAX_BEFORE: u16 = 3000;

#[cfg(test)]
mod tests;
