//! Opens a camera through nokhwa and settles what it sends, where there is no V4L2.
//!
//! Runs on the device thread, which owns the camera. Does not look into the pictures,
//! and does not know when to open again. nokhwa knows whole rates and a few formats, and tells
//! neither strides, nor colours, nor controls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use nokhwa::utils::{
    CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType, Resolution,
};
use nokhwa::{Camera, NokhwaError};

use super::about::{About, Offer};
use super::controls::Settings;
use super::driver::{Buffer, Driver, Taken};
use super::encoding::Encoding;
use super::identity::Node;
use super::modes::{Mode, choose};
use super::pixels::{Colours, Layout, Matrix, Range};
use super::rates::{Rate, Rates, Sizes};
use super::trouble;
use crate::media::frame::Size;
use crate::source::{Format, Trouble, Wish};

/// A camera of nokhwa's.
pub(super) struct PortableCamera {
    camera: Camera,
    mode: Mode,
    node: Node,
    /// The last one taken.
    buffer: Option<nokhwa::Buffer>,
}

impl fmt::Debug for PortableCamera {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortableCamera")
            .field("mode", &self.mode)
            .field("node", &self.node)
            .finish()
    }
}

/// Opens the camera at `node` in the mode nearest to `wish`.
pub(super) fn open(
    node: &Node,
    wish: Wish,
    settings: &Arc<Settings>,
) -> Result<PortableCamera, Trouble> {
    let (mut camera, modes) = contact(node)?;
    let mode = settle(&mut camera, modes, node, wish)?;
    camera.open_stream().map_err(|error| told(&error, node))?;
    log::info!("webcam {} ({}): {mode}", node.label(), node.place());
    if !settings.named.is_empty() {
        log::warn!("webcam {}: controls can be set on Linux only", node.label());
    }
    Ok(PortableCamera { camera, mode, node: node.clone(), buffer: None })
}

/// What the camera at `node` offers.
pub(super) fn look(node: &Node) -> Result<About, Trouble> {
    let (_, modes) = contact(node)?;
    let mut offers: Vec<Offer> = Vec::new();
    for Mode { encoding, size, rate } in modes {
        let (sizes, rate) = (Sizes::One(size), rate.map(Rates::One));
        match offers.last_mut() {
            Some(last) if (last.encoding, last.sizes) == (encoding, sizes) => {
                last.rates.extend(rate)
            }
            _ => offers.push(Offer { encoding, sizes, rates: rate.into_iter().collect() }),
        }
    }
    Ok(About { offers, ..About::default() })
}

impl Driver for PortableCamera {
    fn format(&self) -> Format {
        Format {
            size: self.mode.size,
            fps: self.mode.rate.map_or(0.0, Rate::fps),
            encoding: self.mode.encoding.as_str(),
        }
    }

    fn ready(&mut self, _timeout: Duration) -> bool {
        true
    }

    fn frame(&mut self) -> Result<Option<Buffer<'_>>, Trouble> {
        let buffer = self.camera.frame().map_err(|error| told(&error, &self.node))?;
        let buffer = self.buffer.insert(buffer);
        let resolution = buffer.resolution();
        let Some(size) = Size::new(resolution.width(), resolution.height()) else {
            return Ok(None);
        };
        let encoding = encoding_of(buffer.source_frame_format());
        let full = encoding.is_rgb() || encoding == Encoding::Grey;
        let colours = if full {
            Colours { matrix: Matrix::Bt601, range: Range::Full }
        } else {
            Colours::USUAL
        };
        Ok(Some(Buffer {
            bytes: buffer.buffer(),
            broken: false,
            taken: buffer.capture_timestamp().map(Taken::Wall),
            layout: Layout { encoding, size, stride: None, colours },
        }))
    }
}

/// Opens a camera in any mode at all, and lists what it offers, best first.
fn contact(node: &Node) -> Result<(Camera, Vec<Mode>), Trouble> {
    let any = RequestedFormat::with_formats(RequestedFormatType::None, FORMATS);
    let mut camera = Camera::new(CameraIndex::Index(node.index), any).map_err(|error| {
        let lists_nothing = error.to_string().contains("Failed to Fufill");
        if lists_nothing { trouble::no_camera(node) } else { told(&error, node) }
    })?;
    let listed = match camera.compatible_camera_formats() {
        Ok(listed) => listed,
        // One size without rates spoils nokhwa's whole list.
        Err(error) if refuses_mode(&error) => Vec::new(),
        Err(error) => return Err(told(&error, node)),
    };
    let mut modes: Vec<Mode> = listed.into_iter().filter_map(mode_of).collect();
    modes.sort_by_key(|mode| {
        let Size { width, height } = mode.size;
        let fps = mode.rate.map_or(0, |rate| rate.fps() as u32);
        (mode.encoding, std::cmp::Reverse((width, height, fps)))
    });
    modes.dedup();
    Ok((camera, modes))
}

/// Puts the camera into the mode nearest to `wish` that it really takes.
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
    for _ in 0..ATTEMPTS {
        let Some(mode) = choose(&modes, wish) else {
            break;
        };
        match ask(camera, camera_format(mode)) {
            Ok(()) => return Ok(mode),
            Err(error) if refuses_mode(&error) => {
                log::debug!("webcam {}: does not take {mode}: {error}", node.label());
                modes.retain(|other| *other != mode);
            }
            Err(error) => return Err(told(&error, node)),
        }
    }
    ask(camera, start).map_err(|error| told(&error, node))?;
    mode_of(start).ok_or_else(|| trouble::no_camera(node))
}

/// What an error means. nokhwa gives sentences without a number.
fn told(error: &NokhwaError, node: &Node) -> Trouble {
    trouble::of(None, &error.to_string(), node)
}

/// Whether a mode was refused, rather than the camera lost.
fn refuses_mode(error: &NokhwaError) -> bool {
    let words = error.to_string();
    ["Rejected", "Failed to Fufill", "Framerate not whole", "unsupported"]
        .iter()
        .any(|sign| words.contains(sign))
}

#[expect(deprecated, reason = "its successor lists all modes first, and fails where that fails")]
fn ask(camera: &mut Camera, format: CameraFormat) -> Result<(), NokhwaError> {
    camera.set_camera_format(format)
}

fn camera_format(Mode { encoding, size, rate }: Mode) -> CameraFormat {
    let fps = rate.map_or(30.0, Rate::fps).round().max(1.0) as u32;
    CameraFormat::new(Resolution::new(size.width, size.height), frame_format(encoding), fps)
}

fn mode_of(format: CameraFormat) -> Option<Mode> {
    let size = Size::new(format.width(), format.height())?;
    let rate = Rate::new(format.frame_rate(), 1).filter(|rate| rate.fps() <= MAX_FPS)?;
    Some(Mode { encoding: encoding_of(format.format()), size, rate: Some(rate) })
}

/// nokhwa's name of an encoding as ours.
fn encoding_of(format: FrameFormat) -> Encoding {
    match format {
        FrameFormat::MJPEG => Encoding::Mjpeg,
        FrameFormat::YUYV => Encoding::Yuyv,
        FrameFormat::NV12 => Encoding::Nv12,
        FrameFormat::RAWRGB => Encoding::Rgb,
        FrameFormat::RAWBGR => Encoding::Bgr,
        FrameFormat::GRAY => Encoding::Grey,
    }
}

/// Ours as nokhwa's. Only what it lists is asked for.
fn frame_format(encoding: Encoding) -> FrameFormat {
    match encoding {
        Encoding::Yuyv => FrameFormat::YUYV,
        Encoding::Nv12 => FrameFormat::NV12,
        Encoding::Rgb => FrameFormat::RAWRGB,
        Encoding::Bgr => FrameFormat::RAWBGR,
        Encoding::Grey => FrameFormat::GRAY,
        _ => FrameFormat::MJPEG,
    }
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
const MAX_FPS: f64 = 240.0;
const ATTEMPTS: usize = 8;
