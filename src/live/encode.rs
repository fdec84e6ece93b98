//! The encode threads: one decode and one encode for each level that is watched.
//!
//! [`Schedule`] decides what is next and is pure; [`Desk`] is the lock around it
//! that the threads wait at. Any thread takes any task, so that the levels of one
//! frame are encoded side by side. A frame that was begun is finished, at all its
//! levels, before the newest is taken: those between are passed over.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use log::{debug, error};
use parking_lot::{Condvar, Mutex};

use super::audience::Audience;
use super::hub::{Hub, passthrough};
use super::level::{LEVELS, Level, LevelSet};
use crate::media::codec::{Decoder, Encoder, Failed};
use crate::media::frame::{Frame, Origin, Picture, Planar};
use crate::media::motion::Thumbnail;

/// Where the encode threads wait for work.
#[derive(Default)]
pub(super) struct Desk {
    schedule: Mutex<Schedule>,
    changed: Condvar,
}

impl Desk {
    pub(super) fn offer(&self, frame: Arc<Frame>) {
        self.change(|schedule| schedule.newest = Some(frame));
    }

    pub(super) fn want(&self, wish: Wanted) {
        self.change(|schedule| schedule.want(wish));
    }

    /// Forgets the frame at hand: it is no longer live.
    pub(super) fn clear(&self) {
        self.change(|schedule| {
            (schedule.newest, schedule.job, schedule.thumbnail) = (None, None, None);
        });
    }

    pub(super) fn stop(&self) {
        self.change(|schedule| schedule.stopped = true);
    }

    fn change(&self, edit: impl FnOnce(&mut Schedule)) {
        edit(&mut self.schedule.lock());
        self.changed.notify_all();
    }

    /// Waits for a task; `None` once it was stopped.
    fn take(&self, hub: &Hub) -> Option<Task> {
        let mut schedule = self.schedule.lock();
        loop {
            if schedule.stopped {
                return None;
            }
            if let Some(task) = schedule.next(Instant::now(), || hub.unmeasured()) {
                return Some(task);
            }
            self.changed.wait(&mut schedule);
        }
    }
}

/// Starts the encode threads, one for each core up to four.
///
/// # Errors
///
/// The system's error if a thread cannot be made.
pub fn start(hub: &Arc<Hub>, audience: &Arc<Audience>) -> std::io::Result<Vec<JoinHandle<()>>> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    (0..cores.min(MAX_THREADS))
        .map(|number| {
            let (hub, audience) = (Arc::clone(hub), Arc::clone(audience));
            thread::Builder::new()
                .name(format!("encode-{number}"))
                .spawn(move || run(&hub, &audience))
        })
        .collect()
}

fn run(hub: &Hub, audience: &Audience) {
    let codecs = Encoder::new().and_then(|encoder| Ok((encoder, Decoder::new()?)));
    let (mut encoder, mut decoder) = match codecs {
        Ok(codecs) => codecs,
        Err(failed) => return error!("no encoder: {failed}"),
    };
    while let Some(task) = hub.desk().take(hub) {
        let (sequence, failed) = (task.frame().sequence, task.failed());
        let work = || perform(task, hub, audience, &mut encoder, &mut decoder);
        // A frame that trips the codec costs itself, not the level.
        let done = catch_unwind(AssertUnwindSafe(work)).unwrap_or(failed);
        hub.desk().change(|schedule| schedule.finished(sequence, done));
    }
}

fn perform(
    task: Task,
    hub: &Hub,
    audience: &Audience,
    encoder: &mut Encoder,
    decoder: &mut Decoder,
) -> Done {
    match task {
        Task::Motion { frame, last } => {
            let seen = thumbnail(decoder, &frame).ok();
            if let (Some(new), Some((old, at))) = (&seen, &last) {
                let elapsed = frame.captured.duration_since(*at).unwrap_or_default();
                audience.moved(new.difference(old), elapsed.min(LONGEST_STEP));
            }
            Done::Motion(seen.map(|new| (new, frame.captured)))
        }
        Task::Decode { frame } => {
            let planes = planes(decoder, &frame);
            if let Err(failed) = &planes {
                debug!("frame {} cannot be decoded: {failed}", frame.sequence);
            }
            Done::Decoded(planes.ok())
        }
        Task::Encode { frame, planes, level } => {
            match encoder.encode(&planes, level.quality()) {
                Ok(jpeg) => hub.encoded(level, &frame, jpeg),
                Err(failed) => debug!("frame {}: {failed}", frame.sequence),
            }
            Done::Encoded(level)
        }
    }
}

fn planes(decoder: &mut Decoder, frame: &Frame) -> Result<Arc<Planar>, Failed> {
    match &frame.picture {
        Picture::Planar(planar) => Ok(Arc::clone(planar)),
        Picture::Jpeg(jpeg) => decoder.decode(&jpeg.bytes).map(Arc::new),
    }
}

fn thumbnail(decoder: &mut Decoder, frame: &Frame) -> Result<Thumbnail, Failed> {
    match &frame.picture {
        Picture::Planar(planar) => Ok(Thumbnail::of(planar)),
        Picture::Jpeg(jpeg) => decoder.thumbnail(&jpeg.bytes),
    }
}

/// What is wanted of each frame.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted {
    /// The levels that somebody watches.
    pub(super) levels: LevelSet,
    /// Whether somebody needs the motion score.
    pub(super) motion: bool,
    /// Whether somebody may be given another level than the one that he asks for, so that it must
    /// be known what each costs.
    pub(super) costs: bool,
}

/// What is to be done with the newest frame, and what is being done.
#[derive(Default)]
struct Schedule {
    newest: Option<Arc<Frame>>,
    wanted: Wanted,
    job: Option<Job>,
    thumbnail: Option<(Thumbnail, SystemTime)>,
    probe_due: Option<Instant>,
    probe_next: usize,
    stopped: bool,
}

/// The work on one frame.
struct Job {
    frame: Arc<Frame>,
    planes: Planes,
    motion: Step,
    probes: LevelSet,
    begun: LevelSet,
    underway: LevelSet,
}

enum Planes {
    Missing,
    Underway,
    Ready(Arc<Planar>),
    Broken,
}

#[derive(PartialEq)]
enum Step {
    Due,
    Underway,
    Over,
}

enum Task {
    Motion { frame: Arc<Frame>, last: Option<(Thumbnail, SystemTime)> },
    Decode { frame: Arc<Frame> },
    Encode { frame: Arc<Frame>, planes: Arc<Planar>, level: Level },
}

impl Task {
    fn frame(&self) -> &Frame {
        let (Task::Motion { frame, .. } | Task::Decode { frame } | Task::Encode { frame, .. }) =
            self;
        frame
    }

    /// What it comes to if it fails.
    fn failed(&self) -> Done {
        match self {
            Task::Motion { .. } => Done::Motion(None),
            Task::Decode { .. } => Done::Decoded(None),
            Task::Encode { level, .. } => Done::Encoded(*level),
        }
    }
}

enum Done {
    Motion(Option<(Thumbnail, SystemTime)>),
    Decoded(Option<Arc<Planar>>),
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
        if job.motion == Step::Due {
            job.motion = Step::Underway;
            return Some(Task::Motion {
                frame: Arc::clone(&job.frame),
                last: self.thumbnail.take(),
            });
        }
        job.next(wanted)
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
            Done::Decoded(planes) => {
                job.planes = planes.map_or(Planes::Broken, Planes::Ready);
            }
            Done::Encoded(level) => job.underway.remove(level),
        }
    }

    fn want(&mut self, wish: Wanted) {
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
        let planes = match &frame.picture {
            Picture::Planar(planar) => Planes::Ready(Arc::clone(planar)),
            Picture::Jpeg(_) => Planes::Missing,
        };
        let (begun, underway) = (LevelSet::EMPTY, LevelSet::EMPTY);
        Self { frame, planes, motion, probes, begun, underway }
    }

    /// Levels that nobody has begun.
    fn missing(&self, wanted: LevelSet) -> LevelSet {
        wanted.union(self.probes).without(passthrough(&self.frame)).without(self.begun)
    }

    fn next(&mut self, wanted: LevelSet) -> Option<Task> {
        let missing = self.missing(wanted);
        // What is watched goes first.
        let mut order = missing.iter().filter(|level| wanted.contains(*level));
        let level = order.next().or_else(|| missing.iter().next())?;
        let planes = match &self.planes {
            Planes::Missing => {
                self.planes = Planes::Underway;
                return Some(Task::Decode { frame: Arc::clone(&self.frame) });
            }
            Planes::Underway | Planes::Broken => return None,
            Planes::Ready(planes) => Arc::clone(planes),
        };
        self.begun.insert(level);
        self.underway.insert(level);
        Some(Task::Encode { frame: Arc::clone(&self.frame), planes, level })
    }

    /// Whether nothing is left to do and nobody does anything.
    fn idle(&self, wanted: LevelSet) -> bool {
        let unencoded = match self.planes {
            Planes::Underway => true,
            Planes::Broken => false,
            Planes::Missing | Planes::Ready(_) => !self.missing(wanted).is_empty(),
        };
        self.motion == Step::Over && self.underway.is_empty() && !unencoded
    }
}

const MAX_THREADS: usize = 4;
const PROBE_PERIOD: Duration = Duration::from_secs(1);
/// A pause of the source counts as no more than this for gaming mode.
const LONGEST_STEP: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::frame::{Chroma, Jpeg, Quality, Size};

    fn size() -> Size {
        Size::new(16, 16).unwrap()
    }

    fn planar() -> Arc<Planar> {
        let samples = vec![128; Chroma::Yuv420.bytes(size())];
        Arc::new(Planar { size: size(), chroma: Chroma::Yuv420, samples })
    }

    fn frame(sequence: u64, picture: Picture) -> Arc<Frame> {
        let captured = SystemTime::UNIX_EPOCH + Duration::from_millis(33 * sequence);
        Arc::new(Frame { sequence, captured, picture, origin: Origin::Source })
    }

    fn jpeg(sequence: u64, quality: u8) -> Arc<Frame> {
        let bytes = Arc::from([0u8].as_slice());
        let quality = Quality::new(quality);
        frame(sequence, Picture::Jpeg(Jpeg { bytes, size: size(), quality }))
    }

    fn levels(indices: &[usize]) -> LevelSet {
        let mut set = LevelSet::EMPTY;
        indices.iter().for_each(|&index| set.insert(Level::at(index).unwrap()));
        set
    }

    fn wish(indices: &[usize]) -> Wanted {
        Wanted { levels: levels(indices), motion: false, costs: true }
    }

    fn schedule(wanted: &[usize]) -> Schedule {
        let probe_due = Some(Instant::now() + Duration::from_secs(3600));
        Schedule { wanted: wish(wanted), probe_due, ..Schedule::default() }
    }

    fn next(schedule: &mut Schedule) -> Option<Task> {
        schedule.next(Instant::now(), || LevelSet::EMPTY)
    }

    fn encode_level(task: Option<Task>) -> usize {
        match task {
            Some(Task::Encode { level, .. }) => level.index(),
            _ => panic!("an encode was due"),
        }
    }

    #[test]
    fn full_quality_of_a_jpeg_is_no_work() {
        let mut schedule = schedule(&[7]);
        schedule.newest = Some(jpeg(1, 85));
        assert!(next(&mut schedule).is_none());
    }

    #[test]
    fn levels_above_the_jpegs_own_quality_are_no_work() {
        let mut schedule = schedule(&[5, 6, 7]);
        schedule.newest = Some(jpeg(1, 80));
        assert!(next(&mut schedule).is_none());
    }

    #[test]
    fn a_jpeg_is_decoded_once_and_encoded_once_a_level() {
        let mut schedule = schedule(&[1, 3]);
        schedule.newest = Some(jpeg(1, 85));
        assert!(matches!(next(&mut schedule), Some(Task::Decode { .. })));
        assert!(next(&mut schedule).is_none(), "the others wait for the planes");
        schedule.finished(1, Done::Decoded(Some(planar())));
        assert_eq!(encode_level(next(&mut schedule)), 1);
        assert_eq!(encode_level(next(&mut schedule)), 3);
        assert!(next(&mut schedule).is_none());
    }

    #[test]
    fn a_frame_is_finished_before_the_newest_is_taken() {
        let mut schedule = schedule(&[1]);
        schedule.newest = Some(frame(1, Picture::Planar(planar())));
        let level = encode_level(next(&mut schedule));
        schedule.newest = Some(frame(5, Picture::Planar(planar())));
        assert!(next(&mut schedule).is_none());
        schedule.finished(1, Done::Encoded(Level::at(level).unwrap()));
        let Some(Task::Encode { frame, .. }) = next(&mut schedule) else { panic!() };
        assert_eq!(frame.sequence, 5);
    }

    #[test]
    fn a_level_that_becomes_wanted_is_made_from_the_frame_at_hand() {
        let mut schedule = schedule(&[1]);
        schedule.newest = Some(frame(1, Picture::Planar(planar())));
        next(&mut schedule);
        schedule.finished(1, Done::Encoded(Level::at(1).unwrap()));
        assert!(next(&mut schedule).is_none());
        schedule.want(wish(&[1, 4]));
        assert_eq!(encode_level(next(&mut schedule)), 4);
    }

    #[test]
    fn a_level_that_is_left_and_wanted_again_is_made_again() {
        let mut schedule = schedule(&[1]);
        schedule.newest = Some(frame(1, Picture::Planar(planar())));
        next(&mut schedule);
        schedule.finished(1, Done::Encoded(Level::at(1).unwrap()));
        schedule.want(wish(&[]));
        schedule.want(wish(&[1]));
        assert_eq!(encode_level(next(&mut schedule)), 1);
    }

    #[test]
    fn the_outcome_for_another_frame_is_passed_over() {
        let mut schedule = schedule(&[1]);
        schedule.newest = Some(jpeg(5, 85));
        next(&mut schedule);
        schedule.finished(4, Done::Decoded(Some(planar())));
        assert!(next(&mut schedule).is_none(), "the planes of 5 are still to come");
    }

    #[test]
    fn a_frame_that_cannot_be_decoded_is_passed_over() {
        let mut schedule = schedule(&[1]);
        schedule.newest = Some(jpeg(1, 85));
        next(&mut schedule);
        schedule.finished(1, Done::Decoded(None));
        assert!(next(&mut schedule).is_none());
        schedule.newest = Some(jpeg(2, 85));
        assert!(matches!(next(&mut schedule), Some(Task::Decode { .. })));
    }

    #[test]
    fn motion_is_measured_once_a_frame_and_only_if_wanted() {
        let mut schedule = schedule(&[7]);
        schedule.wanted.motion = true;
        schedule.newest = Some(jpeg(1, 85));
        assert!(matches!(next(&mut schedule), Some(Task::Motion { last: None, .. })));
        assert!(next(&mut schedule).is_none());
        schedule.finished(1, Done::Motion(None));
        assert!(next(&mut schedule).is_none());
    }

    #[test]
    fn levels_nobody_watches_are_measured_one_a_second() {
        let mut schedule = schedule(&[7]);
        let start = Instant::now();
        schedule.probe_due = Some(start);
        schedule.newest = Some(frame(1, Picture::Planar(planar())));
        let mut probed = Vec::new();
        for _ in 0..9 {
            match schedule.next(start, || levels(&[0, 1, 2])) {
                Some(Task::Encode { level, .. }) if level != Level::TOP => {
                    probed.push(level.index());
                    schedule.finished(1, Done::Encoded(level));
                }
                Some(Task::Encode { level, .. }) => schedule.finished(1, Done::Encoded(level)),
                _ => break,
            }
        }
        assert_eq!(probed, [0, 1, 2]);
        schedule.newest = Some(frame(2, Picture::Planar(planar())));
        let later = start + PROBE_PERIOD;
        let watched = schedule.next(later, || LevelSet::EMPTY);
        assert_eq!(encode_level(watched), 7);
        let probe = schedule.next(later, || LevelSet::EMPTY);
        assert_eq!(encode_level(probe), 1);
    }
}
