//! A camera at this machine: by V4L2 on Linux (`v4l2`), elsewhere through nokhwa (`portable`).
//!
//! [`Webcam`] is the source, and [`reading`] what it is while it is open. A driver may hold the
//! thread that it is called on for ever. What else is known of the system stands in `linux.rs`, and
//! in `other.rs` for the rest.
//!
//! ```text
//! v4l2, portable ─ buffer ─► check or pixels ─ picture ─► Capture::next
//!                                      arrival ─► watch ─► Trouble
//! ```

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use self::about::{Offer, Unreadable};
pub use self::controls::{Control, ControlSetting, Settings, Sort};
pub use self::encoding::Encoding;
use self::identity::{Identity, Node};
#[cfg(target_os = "linux")]
use self::linux as system;
pub use self::listing::CameraListing;
pub use self::mains::Mains;
#[cfg(not(target_os = "linux"))]
use self::other as system;
use self::pixels::{Colours, Layout, Matrix, Range};
#[cfg(not(target_os = "linux"))]
use self::portable as backend;
pub use self::rates::{Rate, Rates, Sizes};
use self::reading::Reading;
#[cfg(target_os = "linux")]
use self::v4l2 as backend;
use super::{Capture, Kind, Source, Trouble, TroubleCode, Wish};
use crate::base::clock::Clock;
use crate::media::frame::{Planar, Size};

mod about;
mod check;
mod controls;
mod driver;
mod encoding;
mod identity;
#[cfg(target_os = "linux")]
mod linux;
mod listing;
mod mains;
mod modes;
#[cfg(not(target_os = "linux"))]
mod other;
mod pixels;
#[cfg(not(target_os = "linux"))]
mod portable;
mod rates;
mod reading;
mod trouble;
#[cfg(target_os = "linux")]
mod v4l2;
mod watch;

/// Which camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// The first that gives pictures: `webcam`.
    First,
    /// By number: `webcam:2`, which is `/dev/video2` on Linux.
    Index(u32),
    /// By device file, or by a link to one.
    Path(PathBuf),
}

impl Selector {
    /// Reads `webcam`, `webcam:N` or a path under `/dev`; `None` if it is none of them.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("webcam") {
            Some("") => Some(Self::First),
            Some(rest) => rest.strip_prefix(':')?.parse().ok().map(Self::Index),
            None => Path::new(text).starts_with("/dev/").then(|| Self::Path(text.into())),
        }
    }

    fn places<'a>(&self, nodes: &'a [Node]) -> Vec<&'a Node> {
        let index = match self {
            Self::First => {
                let mut all: Vec<&Node> = nodes.iter().collect();
                // Metadata nodes last: to open one is of no use, and takes its time.
                all.sort_by_key(|node| (node.part, node.index));
                return all;
            }
            Self::Index(index) => Some(*index),
            Self::Path(path) => system::index_of(path),
        };
        nodes.iter().filter(|node| Some(node.index) == index).collect()
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("any camera"),
            Self::Index(index) => write!(f, "webcam:{index}"),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

/// A camera's uncompressed picture as planes, as the device thread makes them, by BT.601; `None` if
/// `bytes` are not as many as one has.
pub fn convert(encoding: Encoding, size: Size, is_limited: bool, bytes: &[u8]) -> Option<Planar> {
    let range = if is_limited { Range::Limited } else { Range::Full };
    let colours = Colours { matrix: Matrix::Bt601, range };
    pixels::planes(&Layout { encoding, size, stride: None, colours }, bytes)
}

/// A camera as a [`Source`]: once opened it is known again, under whatever number.
#[derive(Debug)]
pub struct Webcam {
    selector: Selector,
    /// Set anew whenever it is opened: a camera forgets.
    settings: Arc<Settings>,
    known: Option<Known>,
}

#[derive(Debug)]
struct Known {
    label: String,
    identity: Identity,
    /// The cameras that were there beside it: not it, plugged in anew.
    others: Vec<Identity>,
}

impl Webcam {
    /// The camera that `selector` means, which need not be there yet.
    pub fn new(selector: Selector, settings: Settings) -> Self {
        Self { selector, settings: Arc::new(settings), known: None }
    }

    /// What is wrong with the settings, by what the camera says that is there now; opens it for a
    /// moment. Nothing if there is none that can be opened: it is told later, in the log.
    pub fn faults(&self) -> Vec<String> {
        let nodes = system::nodes();
        if self.settings.named.is_empty() {
            return Vec::new();
        }
        let first = self.candidates(&nodes).into_iter().find_map(|node| {
            let about = listing::probe(node).ok().filter(|about| !about.offers.is_empty())?;
            Some((node.label(), about))
        });
        let Some((label, about)) = first else { return Vec::new() };
        let (_, faults) = self.settings.resolved(&about.controls);
        faults.into_iter().map(|fault| format!("{label}: {fault}")).collect()
    }

    /// The device file that `selector` means now, whatever links lead there; `None` where it means
    /// none.
    pub fn device(selector: &Selector) -> Option<PathBuf> {
        let nodes = system::nodes();
        let path = selector.places(&nodes).first()?.path.clone()?;
        Some(path.canonicalize().unwrap_or(path))
    }

    /// Whether there is a camera at all; opens each for a moment until one is found.
    pub fn any_present() -> bool {
        listing::any_present()
    }

    /// All cameras with what they offer; opens each for a moment.
    pub fn list() -> Vec<CameraListing> {
        listing::list()
    }

    /// Where the camera may be now, likeliest first.
    fn candidates<'a>(&self, nodes: &'a [Node]) -> Vec<&'a Node> {
        let places = self.selector.places(nodes);
        let Some(known) = &self.known else {
            return places;
        };
        if let Some(node) = known.identity.find(nodes) {
            return vec![node];
        }
        // Another camera, plugged in in its place. One that was there all along is not
        // taken: it may show a room that nobody meant to show.
        let is_new = |node: &&Node| {
            let alone = std::slice::from_ref(*node);
            known.others.iter().all(|other| other.find(alone).is_none())
        };
        places.into_iter().filter(is_new).collect()
    }

    fn remember(&mut self, node: &Node, nodes: &[Node]) {
        let beside = nodes.iter().filter(|other| other.index != node.index);
        self.known = Some(Known {
            label: node.label(),
            identity: Identity::of(node),
            others: beside.map(Identity::of).collect(),
        });
    }
}

impl Source for Webcam {
    fn kind(&self) -> Kind {
        Kind::Webcam
    }

    fn name(&self) -> String {
        match &self.known {
            Some(known) => known.label.clone(),
            None => self
                .selector
                .places(&system::nodes())
                .first()
                .map_or_else(|| self.selector.to_string(), |node| node.label()),
        }
    }

    fn open(&mut self, wish: Wish, clock: &Clock) -> Result<Box<dyn Capture>, Trouble> {
        let nodes = system::nodes();
        let mut reason = match &self.known {
            Some(_) => trouble::unplugged(),
            None => trouble::absent(&self.selector.to_string()),
        };
        for node in self.candidates(&nodes) {
            let (place, settings) = (node.clone(), Arc::clone(&self.settings));
            match Reading::start(move || backend::open(&place, wish, &settings), clock) {
                Ok(reading) => {
                    self.remember(node, &nodes);
                    return Ok(Box::new(reading));
                }
                Err(trouble) if trouble.code == TroubleCode::Missing => {
                    // A camera that can't be read, rather than its metadata beside it.
                    if !trouble::is_unreadable(&reason) {
                        reason = trouble;
                    }
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Err(reason)
    }

    fn patience(&self) -> Duration {
        OPENING
    }

    fn hung(&self) -> Trouble {
        trouble::stalled()
    }
}

/// A camera that is asleep takes a second or two.
const OPENING: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
