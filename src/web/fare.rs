//! By what right, and how fast, a film is sent: whoever loads one has a share of the budget like all
//! who watch, and gets no more than that.
//!
//! Belongs to the connection. The share is looked at a few times a second.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::context::Context;
use super::pages;
use super::pass::Pass;
use super::payload::{Fare, Room};
use super::request::Request;
use crate::live::audience::{Keep, Refused, Seat};
use crate::live::crowd::Crowd;
use crate::live::level::LEVELS;
use crate::live::meter::StreamMeter;
use crate::live::settings::{Settings, ViewerId};
use crate::live::viewer::FeedCosts;
use crate::proto::http::Status;

/// The right and the share of one who loads a film.
pub(super) struct Share {
    context: Arc<Context>,
    seat: Seat,
    pass: Pass,
    /// Bytes per second, as it was at the last look.
    rate: Option<u64>,
    looked_at: Option<Instant>,
    /// Bytes that may go, by then.
    saved: u64,
    counted_at: Instant,
}

impl Share {
    /// Of who has a seat and a right.
    pub(super) fn new(context: &Arc<Context>, seat: Seat, pass: Pass, now: Instant) -> Self {
        let context = Arc::clone(context);
        Self {
            context,
            seat,
            pass,
            rate: None,
            looked_at: None,
            saved: BURST_BYTES,
            counted_at: now,
        }
    }
}

impl Fare for Share {
    fn holds(&mut self) -> bool {
        self.pass.holds(&self.context)
    }

    fn room(&mut self, now: Instant) -> Room {
        if self.looked_at.is_none_or(|at| now.saturating_duration_since(at) >= LOOK_EACH) {
            self.looked_at = Some(now);
            let report = self.seat.report(now);
            let streams = report.streams.max(1) as u64;
            self.rate = report.share.map(|share| (share / 8 / streams).max(LEAST_RATE));
        }
        let Some(rate) = self.rate else { return Room::Any };
        let (saved, room) = save(self.saved, rate, now.saturating_duration_since(self.counted_at));
        (self.saved, self.counted_at) = (saved, now);
        match room {
            None => Room::Bytes(saved),
            Some(wait) => Room::At(now + wait),
        }
    }

    fn went(&mut self, bytes: u64) {
        self.saved = self.saved.saturating_sub(bytes);
        self.seat.meter.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// A seat among those who load films, by the cookie if there is one: with a share of the budget, who
/// needs so many bits a second.
///
/// # Errors
///
/// The answer, if there is no seat.
pub(super) fn share(
    request: &Request,
    crowd: &Arc<Crowd>,
    bits_per_sec: u64,
    now: Instant,
) -> Result<Share, Answer> {
    let audience = &request.context.audience;
    let known = request.identity().id();
    let keep = if known.is_some() { Keep::Remembered } else { Keep::WhileItLasts };
    let id = known.unwrap_or_else(ViewerId::random);
    let costs = FeedCosts { costs: [Some(bits_per_sec); LEVELS], fps: 1.0 };
    let viewer = audience.enter_clip(crowd, id, Settings::default(), costs);
    match audience.join(viewer, StreamMeter::new(None, None), keep, now) {
        Ok(seat) => Ok(Share::new(&request.context, seat, Pass::of(request), now)),
        Err(Refused::Full) => Err(pages::full(request)),
        Err(Refused::TooManyStreams) => {
            let why = "you load as many films at once as one may";
            Err(request.refuse(Status::TooManyRequests, why))
        }
        Err(Refused::Dismissed) => Err(request.refuse(Status::NotFound, "there is no such film")),
    }
}

/// What may go after so much time, and how long to wait if it is too little to be worth a turn.
fn save(saved: u64, rate: u64, passed: Duration) -> (u64, Option<Duration>) {
    let earned = (rate as f64 * passed.as_secs_f64()) as u64;
    let saved = saved.saturating_add(earned).min(BURST_BYTES);
    let least = LEAST_BYTES.min(rate / 4).max(1);
    let wait = Duration::from_secs_f64(least.saturating_sub(saved) as f64 / rate as f64);
    (saved, (saved < least).then(|| wait.max(SOONEST)))
}

/// What may go at once after a rest.
const BURST_BYTES: u64 = 256 * 1024;
/// Less is not sent by itself.
const LEAST_BYTES: u64 = 16 * 1024;
/// Bytes per second that go in any case, so that each gets on.
const LEAST_RATE: u64 = 1000;
const LOOK_EACH: Duration = Duration::from_millis(200);
const SOONEST: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that go in so many turns of a millisecond.
    fn went(rate: u64, millis: u64) -> u64 {
        let (mut saved, mut sum) = (0, 0);
        for _ in 0..millis {
            let (now, wait) = save(saved, rate, Duration::from_millis(1));
            match wait {
                None => (saved, sum) = (0, sum + now),
                Some(_) => saved = now,
            }
        }
        sum
    }

    #[test]
    fn what_goes_is_the_share() {
        for rate in [10_000, 125_000, 1_250_000, 12_500_000] {
            let bytes = went(rate, 10_000);
            let most = rate * 10;
            assert!(bytes <= most && bytes >= most * 9 / 10, "{bytes} of {most}");
        }
    }

    #[test]
    fn after_a_rest_no_more_goes_than_a_burst() {
        let (saved, wait) = save(0, 12_500_000, Duration::from_secs(3600));
        assert_eq!((saved, wait), (BURST_BYTES, None));
        let (_, wait) = save(0, 1000, Duration::ZERO);
        assert!(wait.is_some_and(|wait| wait <= Duration::from_secs(1)));
    }
}
