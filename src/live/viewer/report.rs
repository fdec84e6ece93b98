//! What a viewer gets, as senders and `/state` are told it.

use std::time::Duration;

use crate::live::level::Level;
use crate::live::link::Second;
use crate::live::orders::Unfiltered;
use crate::live::settings::Settings;
use crate::media::filter::Filter;

/// What keeps a viewer from a better picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitedBy {
    /// Nothing: this is the best that the source gives.
    Source,
    /// Its own choice.
    Choice,
    /// Its share of the budget.
    Share,
    /// The screen that it is shown on: more could not be seen.
    Screen,
    /// Its connection.
    Link,
    /// The picture's stillness, in gaming mode.
    Motion,
}

impl LimitedBy {
    /// As `/state` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            LimitedBy::Source => "source",
            LimitedBy::Choice => "choice",
            LimitedBy::Share => "share",
            LimitedBy::Screen => "screen",
            LimitedBy::Link => "link",
            LimitedBy::Motion => "motion",
        }
    }
}

/// What a sender may send now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allowance {
    /// The level.
    pub level: Level,
    /// What is done to the picture.
    pub filter: Filter,
    /// Thousandths of the source's frames, 1 to 1000.
    pub frames_permille: u16,
    /// Whether to send nothing.
    pub paused: bool,
}

impl Allowance {
    /// The time between two pictures of a source of so many a second, of which a client wants
    /// `most` at most; nothing if all of them are to be sent.
    pub fn pace(&self, source_fps: f64, most: Option<f64>) -> Duration {
        let by_share = (self.frames_permille < 1000 && source_fps > 0.0)
            .then(|| source_fps * f64::from(self.frames_permille) / 1000.0);
        let slowest = [most, by_share].into_iter().flatten().reduce(f64::min);
        slowest.map_or(Duration::ZERO, |fps| Duration::from_secs_f64(1.0 / fps).min(LONGEST_PACE))
    }
}

/// A viewer as `/state` shows it.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its settings.
    pub settings: Settings,
    /// Open streams.
    pub streams: usize,
    /// Whether the stream of the tab that asks is open.
    pub tab_open: bool,
    /// What is sent.
    pub level: Level,
    /// What keeps it from more.
    pub limited_by: LimitedBy,
    /// Bits per second, `None` if unlimited.
    pub share: Option<u64>,
    /// What the last second brought.
    pub last: Second,
    /// Frames per second.
    pub fps: f64,
    /// From the capture to the last byte handed to the system.
    pub latency: Option<Duration>,
    /// Frames passed over by the streams that are open.
    pub skipped: u64,
    /// The quality that motion drives, in gaming mode.
    pub drive: Option<f64>,
    /// How long a donation still counts.
    pub donating: Option<Duration>,
    /// Why nothing is done to its pictures, if it asked for something.
    pub unfiltered: Option<Unfiltered>,
}

const LONGEST_PACE: Duration = Duration::from_secs(30);
