//! The source thread: opens the source when somebody watches, closes it when nobody does.
//!
//! Owns the [`Source`], which a [`Device`] reads on a thread that may hang; this one waits for
//! nothing long. Every frame goes to the [`Hub`] at once.
//! What is lost is opened again, for ever, and a card stands in its place until a
//! frame comes. What is wrong with a device the source itself finds out.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use log::{info, warn};

use super::condition::{Condition, Status};
use super::device::{self, Came, Device};
use super::hub::Hub;
use super::veil::Veil;
use crate::base::shutdown::Shutdown;
use crate::base::threads;
use crate::media::card;
use crate::media::frame::{Frame, Origin, Picture, Size};
use crate::source::{Captured, Format, Hold, Source, Trouble, TroubleCode, Wish};

/// Starts the thread. `condition` is kept up to date.
///
/// # Errors
///
/// The system's error if a thread cannot be made.
pub fn start(
    source: Box<dyn Source>,
    wish: Wish,
    hub: Arc<Hub>,
    condition: Arc<Condition>,
    shutdown: Shutdown,
) -> std::io::Result<JoinHandle<()>> {
    let (source, device, sequence, size) = (Some(source), None, 0, wish.size);
    let veil = Veil::default();
    let supervisor =
        Supervisor { source, device, wish, hub, condition, shutdown, sequence, size, veil };
    threads::start("source", move || supervisor.run())
}

struct Supervisor {
    /// Away while a device has it.
    source: Option<Box<dyn Source>>,
    /// One that did not close when it was asked to.
    device: Option<Device>,
    wish: Wish,
    hub: Arc<Hub>,
    condition: Arc<Condition>,
    shutdown: Shutdown,
    sequence: u64,
    /// Of the last picture: cards have it too.
    size: Size,
    /// What covers what nobody may see.
    veil: Veil,
}

/// Why a device was left.
enum End {
    Shutdown,
    NobodyWatches,
    Trouble(Trouble),
    /// It had been asked to close.
    Closed,
}

impl Supervisor {
    fn run(mut self) {
        let mut trouble: Option<Lost> = None;
        while !self.shutdown.asked() {
            if !self.hub.demand() {
                trouble = None;
                self.rest();
                continue;
            }
            if let Some(hold) = self.hold() {
                self.wait_out(&hold, &mut trouble);
                continue;
            }
            if trouble.is_none() {
                self.condition.change(|report| report.status = Status::Opening);
            }
            let end = match self.device() {
                Ok(device) => self.watch(device, &mut trouble),
                Err(new) => End::Trouble(new),
            };
            match end {
                End::Shutdown => break,
                End::NobodyWatches => info!("nobody watches: the source is closed"),
                End::Trouble(new) => self.bear(new, &mut trouble),
                End::Closed => {}
            }
        }
        self.condition.change(|report| report.status = Status::Idle);
    }

    /// Waits, with the source closed, until somebody watches.
    fn rest(&mut self) {
        self.hub.clear();
        self.veil.forget();
        self.condition.change(|report| {
            report.status = Status::Idle;
            report.trouble = None;
        });
        while !self.hub.demand() && !self.shutdown.asked() {
            self.hub.wait_for_demand(self.now() + REST);
        }
    }

    /// The device that did not close in time, or a new one: as long as a thread hangs in the source
    /// a second one would hang too.
    fn device(&mut self) -> Result<Device, Trouble> {
        if let Some(device) = self.device.take() {
            device.resume();
            return Ok(device);
        }
        let source = self.source.take().ok_or_else(device::failed)?;
        Device::open(source, self.wish, self.hub.clock().clone()).map_err(|(source, error)| {
            self.source = Some(source);
            Trouble {
                code: TroubleCode::Failed,
                title: "The source cannot be opened now".into(),
                detail: format!("The system gives no thread for it ({error}). Trying again."),
            }
        })
    }

    /// Passes on what a source delivers, until it ends.
    fn watch(&mut self, device: Device, lost: &mut Option<Lost>) -> End {
        let before = self.condition.report().broken;
        let mut wanted_at = self.now();
        let mut is_told = false;
        loop {
            let now = self.now();
            if self.shutdown.asked() {
                self.close(device);
                return End::Shutdown;
            }
            wanted_at = self.hub.interested_at().map_or(wanted_at, |at| at.max(wanted_at));
            if self.hub.demand() {
                wanted_at = now;
            } else if now.duration_since(wanted_at) >= IDLE_AFTER {
                self.close(device);
                return End::NobodyWatches;
            }
            self.uncover();
            match device.next(self.hub.clock(), now + GLANCE) {
                Came::Opened { name } => self.condition.change(|report| {
                    report.opened += 1;
                    report.name = name;
                }),
                Came::Picture { captured, format, broken } => {
                    if !std::mem::replace(&mut is_told, true) {
                        self.tell(&format, captured.picture.size());
                    }
                    if lost.take().is_some() {
                        info!("{}: back", self.name());
                    }
                    self.publish(captured, format, before + broken);
                }
                Came::Nothing { broken } => {
                    self.condition.change(|report| report.broken = before + broken);
                    if let Some(lost) = lost {
                        self.show(lost);
                    }
                }
                Came::Late(new) => self.note(new, lost),
                Came::Ended => match device.join() {
                    Some((source, how)) => {
                        self.source = Some(source);
                        return how.err().map_or(End::Closed, End::Trouble);
                    }
                    None => return End::Trouble(device::failed()),
                },
            }
        }
    }

    /// Closes a device, and keeps it if it does not close in time.
    fn close(&mut self, device: Device) {
        device.stop();
        if device.has_ended(self.now() + CLOSING) {
            self.source = device.join().map(|(source, _)| source);
        } else {
            warn!("{}: it does not close; the next opening goes on from it", self.name());
            self.device = Some(device);
        }
    }

    /// Says in the log what comes: a source may know its size by its first picture only.
    fn tell(&self, format: &Format, size: Size) {
        let fps = (format.fps * 100.0).round() / 100.0;
        let rate = (fps > 0.0).then(|| format!(" at {fps} fps"));
        info!("{}: {} {size}{}", self.name(), format.encoding, rate.unwrap_or_default());
    }

    fn publish(&mut self, captured: Captured, format: Format, broken: u64) {
        self.sequence += 1;
        let size = captured.picture.size();
        if size != self.size {
            let pixels = |size: Size| f64::from(size.width) * f64::from(size.height);
            self.hub.scale_costs(pixels(size) / pixels(self.size));
        }
        self.size = size;
        self.condition.change(|report| {
            report.status = Status::Live;
            report.trouble = None;
            report.format = Some(Format { size, ..format });
            report.frames += 1;
            report.broken = broken;
        });
        self.show_covered(captured);
    }

    /// Shows the last picture again, if what is covered is not the same any more: the next one may
    /// be long in coming.
    fn uncover(&mut self) {
        if let Some(captured) = self.veil.outdated(self.hub.masked()) {
            self.sequence += 1;
            self.show_covered(captured);
        }
    }

    /// Shows a picture with what nobody may see covered, or a card if that cannot be done.
    fn show_covered(&mut self, captured: Captured) {
        let (mask, masked) = self.hub.mask();
        let at = captured.at;
        match self.veil.cover(captured, &mask, masked) {
            Ok(picture) => self.hub.publish(Frame {
                sequence: self.sequence,
                captured: at,
                picture,
                origin: Origin::Source,
                masked,
            }),
            Err(why) => {
                self.hub.unmade().note(&why);
                if self.veil.is_card_due(self.now()) {
                    let detail = format!("Nothing is shown instead: {why}.");
                    self.show_card("The picture cannot be masked", &detail);
                }
            }
        }
    }

    /// What the source waits for before it may be opened again.
    fn hold(&self) -> Option<Hold> {
        let hold = self.source.as_ref().and_then(|source| source.hold());
        hold.filter(|hold| hold.until > self.now())
    }

    /// Shows what is wrong and how long it is waited, and waits for a part of that.
    fn wait_out(&mut self, hold: &Hold, lost: &mut Option<Lost>) {
        let left = hold.until.saturating_duration_since(self.now());
        let detail = format!("{} Tried again in {}.", hold.trouble.detail, in_words(left));
        let told = Trouble { detail, ..hold.trouble.clone() };
        match lost {
            // Only the time is another.
            Some(lost) if lost.trouble.title == told.title => lost.trouble = told.clone(),
            _ => self.note(told.clone(), lost),
        }
        if let Some(lost) = lost {
            self.condition.change(|report| {
                report.status = Status::Lost;
                report.trouble = Some((told, lost.since));
            });
            self.show(lost);
        }
        self.shutdown.wait(GLANCE.min(left));
    }

    /// Shows what is wrong, and waits a little before the next try.
    fn bear(&mut self, new: Trouble, lost: &mut Option<Lost>) {
        self.note(new, lost);
        self.shutdown.wait(RETRY);
    }

    /// Shows what is wrong.
    fn note(&mut self, new: Trouble, lost: &mut Option<Lost>) {
        let now = self.now();
        let since = lost.as_ref().map_or(now, |lost| lost.since);
        if lost.as_ref().is_none_or(|lost| lost.trouble != new) {
            warn!("{}: {new}", self.name());
        }
        let card_due = match lost.as_ref() {
            Some(old) if old.trouble == new => old.card_due,
            _ => now,
        };
        let mut now_lost = Lost { trouble: new.clone(), since, card_due };
        self.condition.change(|report| {
            report.status = Status::Lost;
            report.trouble = Some((new, since));
        });
        self.show(&mut now_lost);
        *lost = Some(now_lost);
    }

    /// Sends the card, if it is a second since the last.
    fn show(&mut self, lost: &mut Lost) {
        let now = self.now();
        if now < lost.card_due {
            return;
        }
        lost.card_due = now + CARD_PERIOD;
        self.show_card(&lost.trouble.title, &lost.trouble.detail);
    }

    fn show_card(&mut self, title: &str, detail: &str) {
        self.sequence += 1;
        self.veil.forget();
        let clock = card::clock(self.hub.clock().wall());
        let planar = card::card(self.size, title, detail, &clock);
        self.hub.publish(Frame {
            sequence: self.sequence,
            captured: self.now(),
            picture: Picture::Planar(Arc::new(planar)),
            origin: Origin::Card,
            // It shows nothing of the source.
            masked: self.hub.masked(),
        });
    }

    fn now(&self) -> Instant {
        self.hub.clock().now()
    }

    fn name(&self) -> String {
        match &self.source {
            Some(source) => source.name(),
            None => self.condition.report().name,
        }
    }
}

/// A time as a person waits for it: `25 s`, `4 min 30 s`.
fn in_words(time: Duration) -> String {
    // What is left of a second is one more to wait.
    let seconds = time.as_millis().div_ceil(1000);
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// A trouble that lasts.
struct Lost {
    trouble: Trouble,
    since: Instant,
    card_due: Instant,
}

/// Nobody watching for so long closes the source.
const IDLE_AFTER: Duration = Duration::from_secs(10);
/// How long a source may take to close before it is left to itself.
const CLOSING: Duration = Duration::from_millis(500);
/// How long a device is waited for before the thread looks around.
const GLANCE: Duration = Duration::from_millis(100);
/// How long the resting thread sleeps at most.
const REST: Duration = Duration::from_secs(3600);
const RETRY: Duration = Duration::from_millis(500);
const CARD_PERIOD: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
