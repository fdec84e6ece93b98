//! What a source's pictures are made to look like: a filter, with the words that it writes.
//!
//! Two who have the same look get the same pictures. A look that writes a room's name is one with
//! that name, as rooms share a source.

use std::sync::Arc;

use super::level::{Level, LevelSet, passthrough};
use crate::base::clock::Clock;
use crate::media::card;
use crate::media::codec::{Decoder, Encoder, Failed};
use crate::media::filter::{Filter, Marks, apply};
use crate::media::frame::{Frame, Picture, Quality};
use crate::media::raw::Raw;

/// What is done to a picture, and what is written onto it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Look {
    filter: Filter,
    /// What is written, if the filter writes it.
    name: Option<Arc<str>>,
}

impl Look {
    /// The pictures as they are.
    pub const PLAIN: Self = Self { filter: Filter::NONE, name: None };

    /// That of a filter in a room of this name.
    pub fn new(filter: Filter, name: &Arc<str>) -> Self {
        Self { filter, name: filter.name.then(|| Arc::clone(name)) }
    }

    /// What is done.
    pub fn filter(&self) -> Filter {
        self.filter
    }

    /// Whether nothing is done.
    pub fn is_plain(&self) -> bool {
        self.filter.is_none()
    }

    /// A frame of which `raw` was got ready, made to look so.
    ///
    /// # Errors
    ///
    /// [`Failed`] if it has to be decoded for that and cannot be.
    pub fn apply(
        &self,
        frame: &Frame,
        raw: &Raw,
        clock: &Clock,
        decoder: &mut Decoder,
    ) -> Result<Raw, Failed> {
        let taken = self.filter.clock.then(|| card::clock(clock.wall_at(frame.captured)));
        let marks = Marks { name: self.name.as_deref(), clock: taken.as_deref() };
        apply(self.filter, &marks, &frame.picture, raw, decoder)
    }
}

/// Which levels one encode of a frame's filtered picture serves, of those that are wanted with
/// `level`: all that the frame's own JPEG would serve are served by one.
pub(super) fn served_with(level: Level, frame: &Frame, wanted: LevelSet) -> LevelSet {
    let own = passthrough(frame);
    let mut alone = LevelSet::EMPTY;
    alone.insert(level);
    if own.contains(level) { own.intersection(wanted).union(alone) } else { alone }
}

/// Encodes a frame's filtered picture for a level. Of a JPEG that serves the level itself, nothing
/// more is lost than the filter takes.
///
/// # Errors
///
/// [`Failed`] with libjpeg-turbo's words.
pub fn encode(
    filtered: &Raw,
    frame: &Frame,
    level: Level,
    encoder: &mut Encoder,
) -> Result<Arc<[u8]>, Failed> {
    let quality = match (&frame.picture, filtered) {
        (Picture::Jpeg(_), _) if !passthrough(frame).contains(level) => level.quality(),
        (Picture::Jpeg(_), Raw::Coefficients(_)) => Quality::BEST,
        (Picture::Jpeg(own), Raw::Planes(..)) => {
            own.quality.unwrap_or(level.quality()).min(Level::TOP.quality())
        }
        (Picture::Planar(_), _) => level.quality(),
    };
    filtered.encode(quality, encoder)
}
