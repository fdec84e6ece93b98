//! What the encode threads have to do.
//!
//! [`Schedule`] decides what is next and is pure; [`Desk`] is the lock around it, one for each hub,
//! and the [`Bell`] what the threads of all hubs wait at ([`super::encode`]). A frame that was begun is finished, at all its levels, before the
//! newest is taken: those between are passed over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::level::{LEVELS, Level, LevelSet, passthrough};
use crate::media::frame::{Frame, Orientation, Origin, Picture};
use crate::media::motion::Thumbnail;
use crate::media::raw::Raw;

/// The work on one hub's frames.
pub(super) struct Desk {
    schedule: Mutex<Schedule>,
    bell: Arc<Bell>,
}

/// What the encode threads wait at, whichever hub has something for them.
#[derive(Default)]
pub(super) struct Bell {
    rung: Mutex<Rung>,
    changed: Condvar,
}

#[derive(Default)]
struct Rung {
    times: u64,
    stopped: bool,
}

impl Bell {
    /// How often it was rung, or `None` once it was stopped.
    pub(super) fn rung(&self) -> Option<u64> {
        let rung = self.rung.lock();
        (!rung.stopped).then_some(rung.times)
    }

    /// Waits until it was rung more often than so, or stopped.
    pub(super) fn wait_beyond(&self, times: u64) {
        let mut rung = self.rung.lock();
        while rung.times <= times && !rung.stopped {
            self.changed.wait(&mut rung);
        }
    }

    fn ring(&self) {
        self.rung.lock().times += 1;
        self.changed.notify_all();
    }

    /// Ends whoever waits.
    pub(super) fn stop(&self) {
        self.rung.lock().stopped = true;
        self.changed.notify_all();
    }
}

impl Desk {
    pub(super) fn new(bell: Arc<Bell>) -> Self {
        Self { schedule: Mutex::default(), bell }
    }

    pub(super) fn offer(&self, frame: Arc<Frame>) {
        let mut schedule = self.schedule.lock();
        let idle = schedule.wanted.is_served_by(&frame);
        schedule.newest = Some(frame);
        drop(schedule);
        if !idle {
            self.bell.ring();
        }
    }

    pub(super) fn want(&self, wish: Demand) {
        self.change(|schedule| schedule.want(wish));
    }

    /// Forgets the frame at hand: it is no longer live.
    pub(super) fn clear(&self) {
        self.change(|schedule| {
            (schedule.newest, schedule.job, schedule.thumbnail) = (None, None, None);
        });
    }

    /// Takes the outcome of a task on the frame of this sequence number.
    pub(super) fn finished(&self, sequence: u64, done: Done) {
        self.change(|schedule| schedule.finished(sequence, done));
    }

    fn change(&self, edit: impl FnOnce(&mut Schedule)) {
        edit(&mut self.schedule.lock());
        self.bell.ring();
    }

    /// The next task, if there is any. `unmeasured` are the levels whose cost was never measured.
    pub(super) fn take(&self, now: Instant, unmeasured: impl FnOnce() -> LevelSet) -> Option<Task> {
        self.schedule.lock().next(now, unmeasured)
    }
}

/// What is wanted of each frame.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Demand {
    /// The levels that somebody watches.
    pub(super) levels: LevelSet,
    /// Whether somebody needs the motion score.
    pub(super) motion: bool,
    /// Whether somebody may be given another level than the one that he asks for, so that it must
    /// be known what each costs.
    pub(super) costs: bool,
}

impl Demand {
    /// What either wants.
    pub(super) fn union(self, other: Self) -> Self {
        Self {
            levels: self.levels.union(other.levels),
            motion: self.motion | other.motion,
            costs: self.costs | other.costs,
        }
    }

    /// Whether the frame's own JPEG is all that is wanted.
    fn is_served_by(&self, frame: &Frame) -> bool {
        !self.motion && !self.costs && self.levels.without(passthrough(frame)).is_empty()
    }
}

/// What is to be done with the newest frame, and what is being done.
#[derive(Default)]
struct Schedule {
    newest: Option<Arc<Frame>>,
    wanted: Demand,
    job: Option<Job>,
    thumbnail: Option<(Thumbnail, Instant)>,
    probe_due: Option<Instant>,
    probe_next: usize,
}

/// The work on one frame.
struct Job {
    frame: Arc<Frame>,
    raw: Reading,
    motion: Step,
    probes: LevelSet,
    begun: LevelSet,
    underway: LevelSet,
}

/// Getting the frame ready to be encoded.
enum Reading {
    Due,
    Underway,
    Ready(Raw),
    Failed,
}

#[derive(PartialEq)]
enum Step {
    Due,
    Underway,
    Over,
}

/// What an encode thread does next.
pub(super) enum Task {
    Read { frame: Arc<Frame> },
    Motion { frame: Arc<Frame>, raw: Raw, last: Option<(Thumbnail, Instant)> },
    Encode { frame: Arc<Frame>, raw: Raw, level: Level },
}

impl Task {
    pub(super) fn frame(&self) -> &Frame {
        let (Task::Motion { frame, .. } | Task::Read { frame } | Task::Encode { frame, .. }) = self;
        frame
    }

    /// What it comes to if it fails.
    pub(super) fn failed(&self) -> Done {
        match self {
            Task::Motion { .. } => Done::Motion(None),
            Task::Read { .. } => Done::Read(None),
            Task::Encode { level, .. } => Done::Encoded(*level),
        }
    }
}

/// What came of a task.
pub(super) enum Done {
    Read(Option<Raw>),
    Motion(Option<(Thumbnail, Instant)>),
    Encoded(Level),
}

impl Schedule {
    /// The next task, if there is any that no other thread has.
    fn next(&mut self, now: Instant, unmeasured: impl FnOnce() -> LevelSet) -> Option<Task> {
        let newest = self.newest.clone()?;
        let fresh = self.job.as_ref().is_none_or(|job| job.frame.sequence != newest.sequence);
        if fresh && self.job.as_ref().is_none_or(|job| job.idle(self.wanted.levels)) {
            let probes = self.probes(&newest, now, unmeasured);
            let motion = if self.wanted.motion { Step::Due } else { Step::Over };
            if !self.wanted.motion {
                self.thumbnail = None;
            }
            self.job = Some(Job::new(newest, motion, probes));
        }
        let wanted = self.wanted.levels;
        let job = self.job.as_mut()?;
        job.next(wanted, &mut self.thumbnail)
    }

    /// Levels to encode only for their weight: all that were never measured, then one a second.
    fn probes(
        &mut self,
        frame: &Frame,
        now: Instant,
        unmeasured: impl FnOnce() -> LevelSet,
    ) -> LevelSet {
        let due = self.probe_due.is_none_or(|due| now >= due);
        if !due || !self.wanted.costs || frame.origin == Origin::Card {
            return LevelSet::EMPTY;
        }
        self.probe_due = Some(now + PROBE_PERIOD);
        let mut probes = unmeasured();
        Level::at(self.probe_next).into_iter().for_each(|level| probes.insert(level));
        self.probe_next = (self.probe_next + 1) % LEVELS;
        probes.without(passthrough(frame)).without(self.wanted.levels)
    }

    /// Takes the outcome of a task on the frame of this sequence number; of an older frame it is
    /// of no use any more.
    fn finished(&mut self, sequence: u64, done: Done) {
        let Some(job) = self.job.as_mut().filter(|job| job.frame.sequence == sequence) else {
            return;
        };
        match done {
            Done::Motion(thumbnail) => {
                job.motion = Step::Over;
                self.thumbnail = thumbnail;
            }
            Done::Read(raw) => job.raw = raw.map_or(Reading::Failed, Reading::Ready),
            Done::Encoded(level) => job.underway.remove(level),
        }
    }

    fn want(&mut self, wish: Demand) {
        let new = wish.levels.without(self.wanted.levels);
        self.wanted = wish;
        if let Some(job) = &mut self.job {
            // What was made before somebody watched was not kept.
            job.begun = job.begun.without(new.without(job.underway));
        }
    }
}

impl Job {
    fn new(frame: Arc<Frame>, motion: Step, probes: LevelSet) -> Self {
        let raw = match &frame.picture {
            Picture::Planar(planes) => {
                Reading::Ready(Raw::Planes(Arc::clone(planes), Orientation::UPRIGHT))
            }
            Picture::Jpeg(_) => Reading::Due,
        };
        let (begun, underway) = (LevelSet::EMPTY, LevelSet::EMPTY);
        Self { frame, raw, motion, probes, begun, underway }
    }

    /// Levels that nobody has begun.
    fn missing(&self, wanted: LevelSet) -> LevelSet {
        wanted.union(self.probes).without(passthrough(&self.frame)).without(self.begun)
    }

    fn next(&mut self, wanted: LevelSet, last: &mut Option<(Thumbnail, Instant)>) -> Option<Task> {
        if self.is_done(wanted) {
            return None;
        }
        let frame = Arc::clone(&self.frame);
        let raw = match &self.raw {
            Reading::Due => {
                self.raw = Reading::Underway;
                return Some(Task::Read { frame });
            }
            Reading::Underway | Reading::Failed => return None,
            Reading::Ready(raw) => raw.clone(),
        };
        if self.motion == Step::Due {
            self.motion = Step::Underway;
            return Some(Task::Motion { frame, raw, last: last.take() });
        }
        let missing = self.missing(wanted);
        // What is watched goes first.
        let mut order = missing.iter().filter(|level| wanted.contains(*level));
        let level = order.next().or_else(|| missing.iter().next())?;
        self.begun.insert(level);
        self.underway.insert(level);
        Some(Task::Encode { frame, raw, level })
    }

    /// Whether nothing is left to begin.
    fn is_done(&self, wanted: LevelSet) -> bool {
        self.motion != Step::Due && self.missing(wanted).is_empty()
    }

    /// Whether nothing is left to do and nobody does anything.
    fn idle(&self, wanted: LevelSet) -> bool {
        match self.raw {
            Reading::Underway => false,
            Reading::Failed => true,
            Reading::Due | Reading::Ready(_) => {
                let quiet = self.motion != Step::Underway && self.underway.is_empty();
                quiet && self.is_done(wanted)
            }
        }
    }
}

const PROBE_PERIOD: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
