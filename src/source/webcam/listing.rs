//! Lists the cameras for `--list-cameras`.
//!
//! Opens each camera for a moment, on a thread of its own: one that hangs is told as such.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::bounded;

use super::camera;
use super::identity::Node;
use super::modes::{Encoding, Mode};
use super::{system, trouble};
use crate::base::threads;
use crate::media::frame::Size;
use crate::source::{Trouble, TroubleCode};

/// A camera, and what it offers. `Display` gives it as lines for a terminal.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraListing {
    /// N of `webcam:N`.
    pub index: u32,
    /// Its device file, where the system has one.
    pub path: Option<PathBuf>,
    /// Its own name.
    pub name: String,
    /// The name of its device file that stays the same wherever it is plugged in.
    pub by_id: Option<PathBuf>,
    /// What it offers, best first, or why that can't be told.
    pub offers: Result<Vec<Offer>, Trouble>,
}

/// An encoding and size with its rates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// How a picture is laid out.
    pub encoding: Encoding,
    /// Size of the pictures.
    pub size: Size,
    /// Pictures a second, highest first.
    pub rates: Vec<u32>,
}

impl fmt::Display for CameraListing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "webcam:{}  {}", self.index, self.name)?;
        for path in self.path.iter().chain(&self.by_id) {
            write!(f, "\n  {}", path.display())?;
        }
        match &self.offers {
            Err(trouble) => write!(f, "\n  {trouble}"),
            Ok(offers) => offers.iter().try_for_each(|offer| {
                let rates: Vec<String> = offer.rates.iter().map(u32::to_string).collect();
                let (encoding, size) = (offer.encoding.as_str(), offer.size.to_string());
                write!(f, "\n  {encoding:<6} {size:<10} {} a second", rates.join(", "))
            }),
        }
    }
}

/// All cameras there are. Metadata nodes and codecs, which give no pictures, are left out.
pub(super) fn list() -> Vec<CameraListing> {
    let listings = system::nodes().into_iter().map(|node| {
        let offers = probe(&node).map(|modes| group(&modes));
        let name = node.label();
        CameraListing { index: node.index, path: node.path, name, by_id: node.by_id, offers }
    });
    listings
        .filter(|camera| camera.offers.as_ref().err().is_none_or(|why| !gives_nothing(why)))
        .collect()
}

/// Whether a camera is there: one that can't be opened just now counts too.
pub(super) fn any_present() -> bool {
    system::nodes().iter().any(|node| match probe(node) {
        Ok(_) => true,
        Err(why) => !gives_nothing(&why) && why.code != TroubleCode::Unplugged,
    })
}

fn gives_nothing(why: &Trouble) -> bool {
    why.code == TroubleCode::Missing
}

fn probe(node: &Node) -> Result<Vec<Mode>, Trouble> {
    let (sender, receiver) = bounded(1);
    let theirs = node.clone();
    let thread = threads::start("webcam-list", move || {
        let offers = catch_unwind(AssertUnwindSafe(|| camera::offers(&theirs)));
        // Nobody listens any more if it took too long.
        let _ = sender.send(offers.unwrap_or_else(|_| Err(trouble::crashed())));
    });
    let thread = thread.map_err(|error| trouble::no_thread(&error))?;
    let offers = receiver.recv_timeout(PATIENCE).map_err(|_| trouble::stalled())?;
    // It has sent its last word; its panics were caught.
    let _ = thread.join();
    offers
}

fn group(modes: &[Mode]) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    for mode in modes {
        match offers.last_mut() {
            Some(last) if (last.encoding, last.size) == (mode.encoding, mode.size) => {
                last.rates.push(mode.fps);
            }
            _ => offers.push(Offer {
                encoding: mode.encoding,
                size: mode.size,
                rates: vec![mode.fps],
            }),
        }
    }
    offers
}

const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_is_listed_with_its_rates_in_a_row() {
        let size = Size::new(640, 480).unwrap();
        let mode = |encoding, fps| Mode { encoding, size, fps };
        let modes =
            [mode(Encoding::Mjpeg, 30), mode(Encoding::Mjpeg, 15), mode(Encoding::Yuyv, 30)];
        let camera = CameraListing {
            index: 2,
            path: Some("/dev/video2".into()),
            name: "HD Webcam".into(),
            by_id: Some("/dev/v4l/by-id/usb-HD".into()),
            offers: Ok(group(&modes)),
        };
        assert_eq!(
            camera.to_string(),
            "webcam:2  HD Webcam\n  /dev/video2\n  /dev/v4l/by-id/usb-HD\n  \
             MJPEG  640x480    30, 15 a second\n  YUYV   640x480    30 a second"
        );
        let camera = CameraListing { offers: Err(trouble::stalled()), ..camera };
        assert!(camera.to_string().contains("\n  The camera sends no pictures. It is"));
    }
}
