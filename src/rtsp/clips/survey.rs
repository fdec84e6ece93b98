//! The work of getting to know a clip: reading it through, and finding what its levels cost.
//!
//! Workers do it, a slice at a time; [`super`] begins it, and is told what it came to
//! in any case.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Clip, Clips, Missing};
use crate::live::level::{Costs, Level};
use crate::live::viewer::FeedCosts;
use crate::media::codec::{Decoder, Encoder};
use crate::media::frame::{Jpeg, Picture};
use crate::media::raw::Raw;
use crate::source::clip::Edition;
use crate::source::clip::survey::{Survey, Surveyor};

/// A survey underway.
pub(super) struct Job {
    clips: Arc<Clips>,
    name: String,
    path: PathBuf,
    edition: Edition,
    stage: Stage,
    told: bool,
}

enum Stage {
    Opens,
    Reads(Box<Surveyor>),
    Weighs(Box<Weighing>),
}

/// What each level costs: the mean of the clip at the top, and below it in the proportion that
/// the first picture shows.
struct Weighing {
    survey: Survey,
    /// What the first picture weighs.
    own_bytes: usize,
    /// The first picture, if it can be encoded.
    raw: Option<(Raw, Encoder)>,
    costs: Costs,
    /// The level that is looked at next.
    next: usize,
}

impl Job {
    pub(super) fn new(clips: Arc<Clips>, name: String, path: PathBuf, edition: Edition) -> Self {
        Self { clips, name, path, edition, stage: Stage::Opens, told: false }
    }

    /// Does a slice; whether there is more to do.
    pub(super) fn go_on(&mut self) -> bool {
        let outcome = match &mut self.stage {
            Stage::Opens => match Surveyor::open(&self.path, self.clips.fps, &self.clips.indexes) {
                Ok(surveyor) => {
                    self.stage = Stage::Reads(Box::new(surveyor));
                    return true;
                }
                Err(not) => Err(Missing::Unplayable(not.into())),
            },
            Stage::Reads(surveyor) => match surveyor.go_on() {
                Ok(None) => return true,
                Ok(Some((survey, first))) => {
                    self.stage = Stage::Weighs(Box::new(Weighing::new(survey, first)));
                    return true;
                }
                Err(trouble) => Err(Missing::Unplayable(trouble)),
            },
            Stage::Weighs(weighing) => {
                if weighing.go_on() {
                    return true;
                }
                let survey = weighing.survey.clone();
                let costs = FeedCosts { costs: weighing.costs, fps: survey.fps };
                let (name, path) = (self.name.clone(), self.path.clone());
                Ok(Arc::new(Clip { name, path, survey, costs }))
            }
        };
        self.tell(outcome);
        false
    }

    fn tell(&mut self, outcome: Result<Arc<Clip>, Missing>) {
        self.told = true;
        self.clips.surveyed(&self.path, self.edition, outcome);
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // It failed, or the server ends: who waits need not wait for ever.
        if !self.told {
            self.tell(Err(Missing::Busy));
        }
    }
}

impl Weighing {
    fn new(survey: Survey, first: Jpeg) -> Self {
        let own_bytes = first.bytes.len();
        let codecs = Encoder::new().and_then(|encoder| Ok((encoder, Decoder::new()?)));
        let first = Picture::Jpeg(first);
        let raw = codecs.and_then(|(encoder, mut decoder)| {
            Raw::of(&first, &mut decoder).map(|raw| (raw, encoder))
        });
        Self { survey, own_bytes, raw: raw.ok(), costs: Costs::default(), next: 0 }
    }

    /// Looks at a level; whether there is another.
    fn go_on(&mut self) -> bool {
        let Some(level) = Level::at(self.next) else { return false };
        self.next += 1;
        let own = self.own_bytes as f64;
        let encoded = match &mut self.raw {
            Some((raw, encoder)) if level != Level::TOP => {
                raw.encode(level.quality(), encoder).ok()
            }
            _ => None,
        };
        let part = encoded.map_or(1.0, |bytes| (bytes.len() as f64 / own).min(1.0));
        let bits = self.survey.mean_bytes as f64 * part * 8.0 * self.survey.fps;
        self.costs[level.index()] = Some(bits.ceil() as u64);
        true
    }
}
