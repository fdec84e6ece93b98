//! Lists the cameras for `--list-cameras`.
//!
//! Opens each camera for a moment, on a thread of its own: one that hangs is told as such.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::bounded;

use super::about::{About, Offer, Unreadable};
use super::controls::Control;
use super::identity::Node;
use super::{backend, system, trouble};
use crate::base::threads;
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
    /// What else it sends, which can't be read here.
    pub unreadable: Vec<Unreadable>,
    /// What can be set.
    pub controls: Vec<Control>,
}

impl fmt::Display for CameraListing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "webcam:{}  {}", self.index, self.name)?;
        for path in self.path.iter().chain(&self.by_id) {
            write!(f, "\n  {}", path.display())?;
        }
        match &self.offers {
            Err(trouble) => write!(f, "\n  {trouble}")?,
            Ok(offers) => offers.iter().try_for_each(|offer| write_offer(f, offer))?,
        }
        for Unreadable { code, name } in &self.unreadable {
            write!(f, "\n  {code:<6} can't be read here")?;
            if !name.is_empty() && name != code {
                write!(f, " ({name})")?;
            }
        }
        self.controls.iter().try_for_each(|control| write!(f, "\n  {control}"))
    }
}

fn write_offer(f: &mut fmt::Formatter<'_>, offer: &Offer) -> fmt::Result {
    let encoding = offer.encoding.as_str();
    write!(f, "\n  {encoding:<6} {:<10}", offer.sizes)?;
    if offer.rates.is_empty() {
        return f.write_str(" at a rate that it does not tell");
    }
    let rates: Vec<String> = offer.rates.iter().map(ToString::to_string).collect();
    write!(f, " {} a second", rates.join(", "))
}

/// All cameras there are. Metadata nodes and codecs, which give no pictures, are left out.
pub(super) fn list() -> Vec<CameraListing> {
    let listings = system::nodes().into_iter().map(|node| {
        let about = probe(&node);
        let name = node.label();
        let (offers, About { unreadable, controls, .. }) = match about {
            Ok(mut about) => (Ok(std::mem::take(&mut about.offers)), about),
            Err(trouble) => (Err(trouble), About::default()),
        };
        let Node { index, path, by_id, .. } = node;
        CameraListing { index, path, name, by_id, offers, unreadable, controls }
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

/// What a camera tells of itself.
pub(super) fn probe(node: &Node) -> Result<About, Trouble> {
    let (sender, receiver) = bounded(1);
    let theirs = node.clone();
    let thread = threads::start("webcam-list", move || {
        let offers = catch_unwind(AssertUnwindSafe(|| backend::look(&theirs)));
        // Nobody listens any more if it took too long.
        let _ = sender.send(offers.unwrap_or_else(|_| Err(trouble::crashed())));
    });
    let thread = thread.map_err(|error| trouble::no_thread(&error))?;
    let offers = receiver.recv_timeout(PATIENCE).map_err(|_| trouble::stalled())?;
    // It has sent its last word; its panics were caught.
    let _ = thread.join();
    offers
}

const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::super::controls::Sort;
    use super::super::encoding::Encoding;
    use super::super::rates::{Rate, Rates, Sizes};
    use super::*;
    use crate::media::frame::Size;

    #[test]
    fn a_camera_is_listed_with_its_rates_in_a_row() {
        let sizes = Sizes::One(Size::new(640, 480).unwrap());
        let rates = [(30_000, 1001), (15, 2)].map(|(a, b)| Rates::One(Rate::new(a, b).unwrap()));
        let offer = |encoding, rates: &[Rates]| Offer { encoding, sizes, rates: rates.to_vec() };
        let range = Sizes::between((16, 16), (1920, 1080), (2, 2)).unwrap();
        let h264 = Unreadable { code: "H264".into(), name: "H.264".into() };
        let gain = Control {
            id: 1,
            name: "gain".into(),
            sort: Sort::Number,
            least: 0,
            most: 9,
            default: 3,
            value: Some(3),
            items: Vec::new(),
            read_only: false,
        };
        let camera = CameraListing {
            index: 2,
            path: Some("/dev/video2".into()),
            name: "HD Webcam".into(),
            by_id: Some("/dev/v4l/by-id/usb-HD".into()),
            offers: Ok(vec![
                offer(Encoding::Mjpeg, &rates),
                Offer { sizes: range, ..offer(Encoding::Yuyv, &rates[..1]) },
                offer(Encoding::Grey, &[]),
            ]),
            unreadable: vec![h264],
            controls: vec![gain],
        };
        let lines = camera.to_string();
        let expected = [
            "webcam:2  HD Webcam",
            "  /dev/video2",
            "  /dev/v4l/by-id/usb-HD",
            "  MJPEG  640x480    29.97, 7.5 a second",
            "  YUYV   16x16 to 1920x1080 29.97 a second",
            "  GREY   640x480    at a rate that it does not tell",
            "  H264   can't be read here (H.264)",
            "  gain                         0 to 9; now 3",
        ];
        assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
        let camera = CameraListing { offers: Err(trouble::stalled()), ..camera };
        assert!(camera.to_string().contains("\n  The camera sends no pictures. It is"));
    }
}
