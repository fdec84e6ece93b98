//! What a session's client says of the packets that it got.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::live::meter::StreamMeter;
use crate::proto::rtp::rtcp;

/// What is known of a client that is being sent packets.
pub(super) struct Reception {
    meter: Arc<StreamMeter>,
    /// The frames that had left at the last report, and when it came.
    frames: u64,
    at: Instant,
}

impl Reception {
    /// Of a session that begins to play.
    pub(super) fn new(meter: Arc<StreamMeter>, now: Instant) -> Self {
        Self { meter, frames: 0, at: now }
    }

    /// Takes in a report: the frames that are damaged by loss count as skipped, as those that a
    /// slow connection cannot take.
    pub(super) fn report(&mut self, block: &rtcp::ReportBlock, now: Instant) {
        let meter = &self.meter;
        let frames = meter.frames.load(Ordering::Relaxed);
        let bytes = meter.bytes.load(Ordering::Relaxed);
        let since = frames.saturating_sub(self.frames);
        let seconds = now.saturating_duration_since(self.at).as_secs_f64().max(1.0);
        let lost = f64::from(block.fraction_lost) / 256.0;
        let packets_each = bytes as f64 / frames.max(1) as f64 / PACKET_BYTES;
        let damaged = 1.0 - (1.0 - lost).powf(packets_each.max(1.0));
        // Of one second, since that is what a link is judged by.
        let in_a_second = since as f64 / seconds * damaged;
        meter.skipped.fetch_add(in_a_second.round() as u64, Ordering::Relaxed);
        (self.frames, self.at) = (frames, now);
    }
}

const PACKET_BYTES: f64 = 1400.0;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn damaged_frames_of_a_second_count_as_skipped() {
        let meter = Arc::new(StreamMeter::default());
        let start = Instant::now();
        let mut reception = Reception::new(Arc::clone(&meter), start);
        let mut report = |lost: u8, frames: u64, seconds: u64| {
            meter.frames.fetch_add(frames, Ordering::Relaxed);
            meter.bytes.fetch_add(frames * 1400, Ordering::Relaxed);
            let block = rtcp::ReportBlock {
                ssrc: 1,
                fraction_lost: lost,
                lost: 0,
                highest_sequence: 0,
                jitter: 0,
                last_sr: 0,
                delay_since_last_sr: 0,
            };
            reception.report(&block, start + Duration::from_secs(seconds));
            meter.skipped.swap(0, Ordering::Relaxed)
        };
        // One packet each: of 100 frames in five seconds a quarter is 5 a second.
        assert_eq!(report(64, 100, 5), 5);
        assert_eq!(report(0, 100, 10), 0);
        // What came before the last report is not counted again.
        assert_eq!(report(128, 30, 11), 15);
    }
}
