//! What the encode threads have to do.
//!
//! [`Schedule`] decides what is next and is pure; [`Desk`] is the lock around it, one for each hub,
//! and the [`Bell`] what the threads of all hubs wait at ([`super::encode`]). A frame that was begun is finished, at all its levels, before the
//! newest is taken: those between are passed over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::level::{LEVELS, Level, LevelSet, passthrough};
use super::look::{Look, served_with};
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
#[derive(Debug, Clone, Default)]
pub(super) struct Demand {
    /// The levels that somebody watches as they are.
    pub(super) levels: LevelSet,
    /// The looks that somebody watches, each once, and at which levels.
    pub(super) looks: Vec<(Look, LevelSet)>,
    /// Whether somebody needs the motion score.
    pub(super) motion: bool,
    /// Whether somebody may be given another level than the one that he asks for, so that it must
    /// be known what each costs.
    pub(super) costs: bool,
}

impl Demand {
    /// What either wants.
    pub(super) fn union(mut self, other: &Self) -> Self {
        for (look, levels) in &other.looks {
            self.add(look, *levels);
        }
        Self {
            levels: self.levels.union(other.levels),
            looks: self.looks,
            motion: self.motion | other.motion,
            costs: self.costs | other.costs,
        }
    }

    /// Wants a look at these levels as well.
    pub(super) fn add(&mut self, look: &Look, levels: LevelSet) {
        match self.looks.iter_mut().find(|(other, _)| other == look) {
            Some((_, there)) => *there = there.union(levels),
            None => self.looks.push((look.clone(), levels)),
        }
    }

    /// Whether the frame's own JPEG is all that is wanted.
    fn is_served_by(&self, frame: &Frame) -> bool {
        let plain = self.levels.without(passthrough(frame)).is_empty();
        plain && !self.motion && !self.costs && self.looks.is_empty()
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
    looks: Vec<Filtering>,
}

/// The work on one look of it.
struct Filtering {
    look: Look,
    raw: Reading,
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
    Read {
        frame: Arc<Frame>,
    },
    Motion {
        frame: Arc<Frame>,
        raw: Raw,
        last: Option<(Thumbnail, Instant)>,
    },
    Encode {
        frame: Arc<Frame>,
        raw: Raw,
        level: Level,
    },
    Filter {
        frame: Arc<Frame>,
        raw: Raw,
        look: Look,
    },
    /// One encode for all these levels.
    EncodeLook {
        frame: Arc<Frame>,
        filtered: Raw,
        look: Look,
        level: Level,
        levels: LevelSet,
    },
}

impl Task {
    pub(super) fn frame(&self) -> &Frame {
        let (Task::Motion { frame, .. }
        | Task::Read { frame }
        | Task::Encode { frame, .. }
        | Task::Filter { frame, .. }
        | Task::EncodeLook { frame, .. }) = self;
        frame
    }

    /// What it comes to if it fails.
    pub(super) fn failed(&self) -> Done {
        match self {
            Task::Motion { .. } => Done::Motion(None),
            Task::Read { .. } => Done::Read(None),
            Task::Encode { level, .. } => Done::Encoded(*level),
            Task::Filter { look, .. } => Done::Filtered(look.clone(), None),
            Task::EncodeLook { look, levels, .. } => Done::EncodedLook(look.clone(), *levels),
        }
    }
}

/// What came of a task.
pub(super) enum Done {
    Read(Option<Raw>),
    Motion(Option<(Thumbnail, Instant)>),
    Encoded(Level),
    Filtered(Look, Option<Raw>),
    EncodedLook(Look, LevelSet),
}

impl Schedule {
    /// The next task, if there is any that no other thread has.
    fn next(&mut self, now: Instant, unmeasured: impl FnOnce() -> LevelSet) -> Option<Task> {
        let newest = self.newest.clone()?;
        let fresh = self.job.as_ref().is_none_or(|job| job.frame.sequence != newest.sequence);
        if fresh && self.job.as_ref().is_none_or(|job| job.idle(&self.wanted)) {
            let probes = self.probes(&newest, now, unmeasured);
            let motion = if self.wanted.motion { Step::Due } else { Step::Over };
            if !self.wanted.motion {
                self.thumbnail = None;
            }
            self.job = Some(Job::new(newest, motion, probes));
        }
        let job = self.job.as_mut()?;
        job.next(&self.wanted, &mut self.thumbnail)
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
            Done::Filtered(look, raw) => {
                job.filtering(&look).raw = raw.map_or(Reading::Failed, Reading::Ready);
            }
            Done::EncodedLook(look, levels) => {
                let filtering = job.filtering(&look);
                filtering.underway = filtering.underway.without(levels);
            }
        }
    }

    fn want(&mut self, wish: Demand) {
        let before = std::mem::replace(&mut self.wanted, wish);
        if let Some(job) = &mut self.job {
            // What was made before somebody watched was not kept.
            let new = self.wanted.levels.without(before.levels);
            job.begun = job.begun.without(new.without(job.underway));
            for filtering in &mut job.looks {
                let new = levels_of(&self.wanted, &filtering.look);
                let new = new.without(levels_of(&before, &filtering.look));
                filtering.begun = filtering.begun.without(new.without(filtering.underway));
            }
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
        Self { frame, raw, motion, probes, begun, underway, looks: Vec::new() }
    }

    /// The work on a look, begun or not.
    fn filtering(&mut self, look: &Look) -> &mut Filtering {
        let known = self.looks.iter().position(|filtering| filtering.look == *look);
        let at = known.unwrap_or_else(|| {
            self.looks.push(Filtering::new(look.clone()));
            self.looks.len() - 1
        });
        &mut self.looks[at]
    }

    /// Levels that nobody has begun.
    fn missing(&self, wanted: LevelSet) -> LevelSet {
        wanted.union(self.probes).without(passthrough(&self.frame)).without(self.begun)
    }

    fn next(&mut self, wanted: &Demand, last: &mut Option<(Thumbnail, Instant)>) -> Option<Task> {
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
        let missing = self.missing(wanted.levels);
        // What is watched goes first.
        let watched = missing.iter().find(|level| wanted.levels.contains(*level));
        if watched.is_none()
            && let Some(task) = self.next_of_looks(wanted, &frame, &raw)
        {
            return Some(task);
        }
        let level = watched.or_else(|| missing.iter().next())?;
        self.begun.insert(level);
        self.underway.insert(level);
        Some(Task::Encode { frame, raw, level })
    }

    fn next_of_looks(&mut self, wanted: &Demand, frame: &Arc<Frame>, raw: &Raw) -> Option<Task> {
        wanted
            .looks
            .iter()
            .find_map(|(look, levels)| self.filtering(look).next(*levels, frame, raw))
    }

    /// Whether nothing is left to begin.
    fn is_done(&self, wanted: &Demand) -> bool {
        let plain = self.motion != Step::Due && self.missing(wanted.levels).is_empty();
        plain
            && wanted.looks.iter().all(|(look, levels)| {
                let known = self.looks.iter().find(|filtering| filtering.look == *look);
                known.is_some_and(|filtering| filtering.is_done(*levels))
            })
    }

    /// Whether nothing is left to do and nobody does anything.
    fn idle(&self, wanted: &Demand) -> bool {
        let quiet = self.motion != Step::Underway
            && self.underway.is_empty()
            && !self.looks.iter().any(Filtering::is_underway);
        match self.raw {
            Reading::Underway => false,
            Reading::Failed => true,
            Reading::Due | Reading::Ready(_) => quiet && self.is_done(wanted),
        }
    }
}

impl Filtering {
    fn new(look: Look) -> Self {
        let (begun, underway) = (LevelSet::EMPTY, LevelSet::EMPTY);
        Self { look, raw: Reading::Due, begun, underway }
    }

    fn next(&mut self, wanted: LevelSet, frame: &Arc<Frame>, raw: &Raw) -> Option<Task> {
        let (frame, look) = (Arc::clone(frame), self.look.clone());
        let filtered = match &self.raw {
            Reading::Due => {
                self.raw = Reading::Underway;
                return Some(Task::Filter { frame, raw: raw.clone(), look });
            }
            Reading::Underway | Reading::Failed => return None,
            Reading::Ready(filtered) => filtered.clone(),
        };
        let level = wanted.without(self.begun).iter().next()?;
        let levels = served_with(level, &frame, wanted.without(self.begun));
        self.begun = self.begun.union(levels);
        self.underway = self.underway.union(levels);
        Some(Task::EncodeLook { frame, filtered, look, level, levels })
    }

    fn is_done(&self, wanted: LevelSet) -> bool {
        match self.raw {
            Reading::Due => false,
            // What is begun when it is ready is found out then.
            Reading::Underway | Reading::Failed => true,
            Reading::Ready(_) => wanted.without(self.begun).is_empty(),
        }
    }

    fn is_underway(&self) -> bool {
        matches!(self.raw, Reading::Underway) || !self.underway.is_empty()
    }
}

/// The levels at which a look is wanted.
fn levels_of(wanted: &Demand, look: &Look) -> LevelSet {
    let its = wanted.looks.iter().find(|(other, _)| other == look);
    its.map_or(LevelSet::EMPTY, |(_, levels)| *levels)
}

const PROBE_PERIOD: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
