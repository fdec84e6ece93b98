//! What is made of a source, and in which pieces. Pure.

use crate::library::ladder::{self, GROUP_S, Rung, Sound};
use crate::library::probe::{Audio, Source, Subtitle, Video};

/// All that is made of one source.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recipe {
    /// What it is made of.
    pub(super) source: Source,
    /// Where the pictures can be entered.
    pub(super) keys: Keys,
    /// The smallest first.
    pub(super) renditions: Vec<Rendition>,
    pub(super) sounds: Vec<Track>,
    pub(super) subtitles: Vec<Subtitle>,
}

/// Where the pictures of all renditions can be entered.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Keys {
    /// At the first picture of each [`GROUP_S`] seconds.
    Grid,
    /// Where the source's can, since it stays as it is: seconds from its beginning.
    At(Vec<f64>),
}

/// One size of the picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rendition {
    pub(super) rung: Rung,
    /// The pieces; none if the picture stays as it is.
    pub(super) chunks: Vec<Chunk>,
}

/// A piece of a rendition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Chunk {
    /// Seconds from the source's beginning: what is shown then or later belongs to it.
    pub(super) from_s: f64,
    /// What is shown then or later does not; `None` for the last.
    pub(super) to_s: Option<f64>,
}

/// One track of sound.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Track {
    pub(super) audio: Audio,
    pub(super) sound: Sound,
}

impl Recipe {
    /// What is made of a source whose picture can be entered at `keys`.
    pub(super) fn of(source: Source, keys: &[f64]) -> Self {
        let sounds = source.audio.iter().cloned();
        let sounds = sounds.map(|audio| Track { sound: ladder::sound(&audio), audio }).collect();
        let subtitles = source.subtitles.clone();
        let Some(video) = &source.video else {
            return Self { source, keys: Keys::Grid, renditions: Vec::new(), sounds, subtitles };
        };
        let stays = ladder::fits(video, keys, source.duration_s);
        let keys = if stays { Keys::At(ladder::boundaries(keys)) } else { Keys::Grid };
        let rungs = ladder::rungs(video);
        let last = rungs.len().saturating_sub(1);
        let rendition = |(at, rung): (usize, &Rung)| {
            let length_s = if at == 0 { FIRST_CHUNK_S } else { CHUNK_S };
            let chunks = match (stays && at == last, can_be_entered(&source)) {
                (true, _) => Vec::new(),
                (false, true) => keys.chunks(length_s, source.duration_s),
                (false, false) => vec![Chunk { from_s: 0.0, to_s: None }],
            };
            Rendition { rung: *rung, chunks }
        };
        let renditions = rungs.iter().enumerate().map(rendition).collect();
        Self { keys, renditions, sounds, subtitles, source }
    }

    /// The picture that it is made of.
    pub(super) fn video(&self) -> Option<&Video> {
        self.source.video.as_ref()
    }
}

impl Keys {
    /// Pieces of about `length_s` each that begin where the picture can be entered.
    ///
    /// A file may lie about its length: that costs no more than [`MOST_CHUNKS`].
    fn chunks(&self, length_s: f64, duration_s: f64) -> Vec<Chunk> {
        let evenly = (duration_s / MOST_CHUNKS / GROUP_S).ceil() * GROUP_S;
        let length_s = length_s.max(evenly);
        let mut starts = vec![0.0];
        let mut next = length_s;
        // What is left in the end is no piece of its own if it is short.
        while next < duration_s - GROUP_S {
            let start = match self {
                Self::Grid => Some(next),
                Self::At(times) => times.iter().copied().find(|time| *time >= next),
            };
            let Some(start) = start else { break };
            // A little before: what was rounded shall not miss its own time.
            starts.push(if *self == Self::Grid { start } else { start - BEFORE_S });
            next = start + length_s;
        }
        let ends = starts.iter().skip(1).map(|end| Some(*end)).chain([None]);
        starts.iter().zip(ends).map(|(from_s, to_s)| Chunk { from_s: *from_s, to_s }).collect()
    }
}

impl Rendition {
    /// As in `720p`.
    pub(super) fn name(&self) -> String {
        format!("{}p", self.rung.lines)
    }
}

/// Whether a source can be entered anywhere without reading all that is before.
fn can_be_entered(source: &Source) -> bool {
    let mut names = source.format.split(',');
    source.duration_s > 0.0 && names.any(|name| matches!(name, "mov" | "matroska"))
}

/// The first rung is there soon, on all cores.
const FIRST_CHUNK_S: f64 = 10.0;
/// What is lost when a machine stops.
const CHUNK_S: f64 = 60.0;
/// Of one rung.
const MOST_CHUNKS: f64 = 1000.0;
/// Less than between any two pictures.
pub(super) const BEFORE_S: f64 = 0.0005;

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces follow each other without a gap, and the last has no end.
    fn is_whole(chunks: &[Chunk]) -> bool {
        let joined = chunks.windows(2).all(|pair| pair[0].to_s == Some(pair[1].from_s));
        joined && chunks[0].from_s == 0.0 && chunks.last().is_some_and(|last| last.to_s.is_none())
    }

    #[test]
    fn pieces_follow_each_other_and_begin_where_groups_do() {
        let mut tenths = 0;
        while tenths < 4000 {
            let duration_s = f64::from(tenths) / 10.0;
            for length_s in [FIRST_CHUNK_S, CHUNK_S] {
                let chunks = Keys::Grid.chunks(length_s, duration_s);
                assert!(is_whole(&chunks), "{chunks:?}");
                assert!(chunks.iter().all(|chunk| chunk.from_s % GROUP_S == 0.0), "{chunks:?}");
                let last = chunks.last().expect("there is one").from_s;
                assert!(last == 0.0 || duration_s - last > GROUP_S, "{duration_s}: {chunks:?}");
            }
            tenths += 7;
        }
        assert_eq!(Keys::Grid.chunks(10.0, 60.0).len(), 6);
        assert_eq!(Keys::Grid.chunks(10.0, 60.5).len(), 6);
        let lie = Keys::Grid.chunks(10.0, 366.0 * 86_400.0);
        assert!(lie.len() <= 1000 && is_whole(&lie), "{}", lie.len());
    }

    #[test]
    fn pieces_begin_where_the_source_can_be_entered_if_that_stays() {
        let keys = Keys::At(vec![0.0, 4.1, 8.3, 12.7, 16.0, 21.0, 40.0]);
        let chunks = keys.chunks(10.0, 60.0);
        assert!(is_whole(&chunks));
        let starts: Vec<f64> = chunks.iter().map(|chunk| chunk.from_s).collect();
        assert_eq!(starts, [0.0, 12.7 - BEFORE_S, 40.0 - BEFORE_S]);
    }
}
