//! Opens a camera through nokhwa and settles what it sends.
//!
//! Runs on the device thread, which owns the camera. Does not look into the pictures,
//! and does not know when to open again.

use std::fmt;
use std::time::{Duration, Instant};

use nokhwa::utils::{
    CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType, Resolution,
};
use nokhwa::{Buffer, Camera, NokhwaError};

use super::identity::Node;
use super::modes::{Encoding, Mode, choose};
use super::system::Readiness;
use super::trouble;
use crate::media::frame::Size;
use crate::source::{Format, Trouble, Wish};

/// An open camera's driver, as far as it is used.
pub(super) trait Driver {
    /// What it sends.
    fn format(&self) -> Format;

    /// Waits until [`Driver::frame`] will not wait; false if `timeout` passed first.
    ///
    /// True as well where that can't be told.
    fn ready(&mut self, timeout: Duration) -> bool;

    /// Takes the next buffer; may wait for ever.
    ///
    /// # Errors
    ///
    /// [`Trouble`], after which the camera must be opened again.
    fn frame(&mut self) -> Result<Buffer, Trouble>;
}

/// A camera of nokhwa's.
pub(super) struct NokhwaCamera {
    // First, so that it goes first: the driver holds the camera open for it too.
    readiness: Option<Readiness>,
    camera: Camera,
    streaming: bool,
    mode: Mode,
    node: Node,
}

impl fmt::Debug for NokhwaCamera {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NokhwaCamera").field("mode", &self.mode).field("node", &self.node).finish()
    }
}

impl NokhwaCamera {
    /// Opens the camera at `node` in the mode nearest to `wish`.
    pub(super) fn open(node: &Node, wish: Wish) -> Result<Self, Trouble> {
        let (mut camera, modes) = contact(node, Some(wish))?;
        let mode = settle(&mut camera, modes, node, wish)?;
        camera.open_stream().map_err(|error| trouble::of(&error, node))?;
        let readiness = node.path.as_deref().and_then(Readiness::of);
        log::info!("webcam {} ({}): {mode}", node.label(), node.place());
        log::debug!("webcam {}: stall is seen by {readiness:?}", node.label());
        Ok(Self { readiness, camera, streaming: false, mode, node: node.clone() })
    }
}

impl Driver for NokhwaCamera {
    fn format(&self) -> Format {
        Format {
            size: self.mode.size,
            fps: f64::from(self.mode.fps),
            encoding: self.mode.encoding.as_str(),
        }
    }

    fn ready(&mut self, timeout: Duration) -> bool {
        // The first frame() itself starts the stream; before that nothing can be ready.
        match &self.readiness {
            Some(readiness) if self.streaming => readiness.wait(timeout),
            _ => true,
        }
    }

    fn frame(&mut self) -> Result<Buffer, Trouble> {
        let buffer = self.camera.frame().map_err(|error| trouble::of(&error, &self.node))?;
        self.streaming = true;
        Ok(buffer)
    }
}

/// What the camera at `node` offers.
pub(super) fn offers(node: &Node) -> Result<Vec<Mode>, Trouble> {
    contact(node, None).map(|(_, modes)| modes)
}

/// Opens a camera in any mode at all, and lists what it offers.
fn contact(node: &Node, wish: Option<Wish>) -> Result<(Camera, Vec<Mode>), Trouble> {
    let any = RequestedFormat::with_formats(RequestedFormatType::None, FORMATS);
    let mut camera = match Camera::new(CameraIndex::Index(node.index), any) {
        Ok(camera) => camera,
        Err(error) if lists_nothing(&error) => return Ok((guess(node, wish, &error)?, Vec::new())),
        Err(error) => return Err(trouble::of(&error, node)),
    };
    let listed = match camera.compatible_camera_formats() {
        Ok(listed) => listed,
        // One size without rates spoils nokhwa's whole list.
        Err(error) if refuses_mode(&error) => Vec::new(),
        Err(error) => return Err(trouble::of(&error, node)),
    };
    let mut modes: Vec<Mode> = listed.into_iter().filter_map(mode_of).collect();
    modes.sort_by_key(|mode| {
        let Size { width, height } = mode.size;
        (mode.encoding, std::cmp::Reverse((width, height, mode.fps)))
    });
    modes.dedup();
    Ok((camera, modes))
}

fn lists_nothing(error: &NokhwaError) -> bool {
    error.to_string().contains("Failed to Fufill")
}

/// Opens a camera that lists no mode which nokhwa understands, as loopback devices and
/// some built-in cameras do: it takes a mode that it is asked for exactly all the same.
fn guess(node: &Node, wish: Option<Wish>, why: &NokhwaError) -> Result<Camera, Trouble> {
    let until = Instant::now() + GUESSING;
    let wished = wish.map(|wish| (wish.size, whole_rate(wish)));
    let sizes = SIZES.iter().filter_map(|(width, height)| Size::new(*width, *height));
    for encoding in Encoding::ALL {
        for size in wished.map(|(size, _)| size).into_iter().chain(sizes.clone()) {
            for fps in wished.map(|(_, fps)| fps).into_iter().chain(RATES) {
                let mode = Mode { encoding, size, fps };
                if Instant::now() >= until {
                    return Err(trouble::of(why, node));
                }
                match Camera::new(CameraIndex::Index(node.index), exactly(mode)) {
                    Ok(camera) => return Ok(camera),
                    // Refused when it was to be set; one that can't even be read, such as a
                    // metadata node, refuses all modes alike.
                    Err(NokhwaError::SetPropertyError { .. }) => {}
                    Err(error) if refuses_mode(&error) && !stands_at_fraction(&error) => {
                        return Err(trouble::of(why, node));
                    }
                    Err(error) => return Err(trouble::of(&error, node)),
                }
            }
        }
    }
    Err(trouble::of(why, node))
}

/// Puts the camera into the mode nearest to `wish` that it really takes.
///
/// nokhwa's list is not to be relied on: it has 7.5 a second as 15 and 29.97 as 30000,
/// and of sizes that go in steps only the smallest and the largest. So a size that is
/// not listed is asked for all the same, once.
fn settle(
    camera: &mut Camera,
    mut modes: Vec<Mode>,
    node: &Node,
    wish: Wish,
) -> Result<Mode, Trouble> {
    let start = camera.camera_format();
    if modes.is_empty() {
        modes.extend(mode_of(start));
    }
    let absent = modes.iter().all(|mode| mode.size != wish.size);
    let unlisted = modes.first().filter(|_| absent).map(|best| Mode {
        encoding: best.encoding,
        size: wish.size,
        fps: whole_rate(wish),
    });
    modes.extend(unlisted);
    for _ in 0..ATTEMPTS {
        let Some(mode) = choose(&modes, wish) else {
            break;
        };
        match ask(camera, camera_format(mode)) {
            Ok(()) => return Ok(mode),
            Err(error) if refuses_mode(&error) => {
                log::debug!("webcam {}: does not take {mode}: {error}", node.label());
                let got = mode_of(camera.camera_format()).filter(|got| {
                    unlisted == Some(mode) && rejected(&error) && got.size == mode.size
                });
                if let Some(got) = got {
                    return Ok(got);
                }
                modes.retain(|other| *other != mode);
            }
            Err(error) => return Err(trouble::of(&error, node)),
        }
    }
    ask(camera, start).map_err(|error| trouble::of(&error, node))?;
    mode_of(start).ok_or_else(|| trouble::no_camera(node))
}

fn stands_at_fraction(error: &NokhwaError) -> bool {
    error.to_string().contains("Framerate not whole")
}

/// Whether the driver took another mode, which nokhwa has read back.
fn rejected(error: &NokhwaError) -> bool {
    error.to_string().ends_with("Rejected")
}

/// Whether a mode was refused, rather than the camera lost: the driver took another
/// one, or a rate that nokhwa can't express.
fn refuses_mode(error: &NokhwaError) -> bool {
    let words = error.to_string();
    ["Rejected", "Failed to Fufill", "Framerate not whole", "unsupported", "(os error 22)"]
        .iter()
        .any(|sign| words.contains(sign))
}

#[expect(deprecated, reason = "its successor lists all modes first, and fails where that fails")]
fn ask(camera: &mut Camera, format: CameraFormat) -> Result<(), NokhwaError> {
    camera.set_camera_format(format)
}

fn exactly(mode: Mode) -> RequestedFormat<'static> {
    let format = RequestedFormatType::Exact(camera_format(mode));
    RequestedFormat::with_formats(format, FORMATS)
}

fn camera_format(Mode { encoding, size, fps }: Mode) -> CameraFormat {
    CameraFormat::new(Resolution::new(size.width, size.height), frame_format(encoding), fps)
}

fn mode_of(format: CameraFormat) -> Option<Mode> {
    let size = Size::new(format.width(), format.height())?;
    let fps = format.frame_rate();
    let known = (1..=MAX_FPS).contains(&fps);
    known.then(|| Mode { encoding: encoding_of(format.format()), size, fps })
}

/// nokhwa's name of an encoding as ours.
pub(super) fn encoding_of(format: FrameFormat) -> Encoding {
    match format {
        FrameFormat::MJPEG => Encoding::Mjpeg,
        FrameFormat::YUYV => Encoding::Yuyv,
        FrameFormat::NV12 => Encoding::Nv12,
        FrameFormat::RAWRGB => Encoding::Rgb,
        FrameFormat::RAWBGR => Encoding::Bgr,
        FrameFormat::GRAY => Encoding::Gray,
    }
}

fn frame_format(encoding: Encoding) -> FrameFormat {
    match encoding {
        Encoding::Mjpeg => FrameFormat::MJPEG,
        Encoding::Yuyv => FrameFormat::YUYV,
        Encoding::Nv12 => FrameFormat::NV12,
        Encoding::Rgb => FrameFormat::RAWRGB,
        Encoding::Bgr => FrameFormat::RAWBGR,
        Encoding::Gray => FrameFormat::GRAY,
    }
}

fn whole_rate(wish: Wish) -> u32 {
    wish.fps.round().clamp(1.0, f64::from(MAX_FPS)) as u32
}

const FORMATS: &[FrameFormat] = &[
    FrameFormat::MJPEG,
    FrameFormat::YUYV,
    FrameFormat::NV12,
    FrameFormat::RAWRGB,
    FrameFormat::RAWBGR,
    FrameFormat::GRAY,
];
/// A rate above this is a fraction that nokhwa took apart.
const MAX_FPS: u32 = 240;
const ATTEMPTS: usize = 8;
const GUESSING: Duration = Duration::from_secs(2);
const SIZES: [(u32, u32); 5] = [(1280, 720), (640, 480), (1920, 1080), (800, 600), (320, 240)];
const RATES: [u32; 3] = [30, 25, 15];
