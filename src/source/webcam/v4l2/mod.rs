//! Opens a camera by V4L2 and settles what it sends.
//!
//! On the device thread, which owns the camera. Whatever format a camera stands in, it is asked for
//! another; rates are the fractions that drivers have. Does not look into the pictures, and
//! does not know when to open again.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use self::calls::{Calls, Role, Taken};
use self::kernel::Kernel;
use super::about::{About, Offer, Unreadable};
use super::controls::Settings;
use super::driver::{self, Buffer, Driver};
use super::encoding::Encoding;
use super::identity::Node;
use super::modes::{Mode, choose};
use super::pixels::Layout;
use super::rates::{Rate, Rates, Sizes};
use super::trouble;
use crate::source::{Format, Trouble, Wish};

mod calls;
mod kernel;
mod menus;
mod words;

/// A camera that sends pictures.
#[derive(Debug)]
struct Camera<C> {
    calls: C,
    layout: Layout,
    rate: Option<Rate>,
    /// The buffer that was lent last.
    held: Option<usize>,
    node: Node,
}

/// Opens the camera at `node` in the mode nearest to `wish`.
pub(super) fn open(
    node: &Node,
    wish: Wish,
    settings: &Arc<Settings>,
) -> Result<impl Driver + use<>, Trouble> {
    Camera::start(contact(node)?, node, wish, settings)
}

/// What the camera at `node` tells of itself.
pub(super) fn look(node: &Node) -> Result<About, Trouble> {
    about(&contact(node)?, node)
}

fn contact(node: &Node) -> Result<Kernel, Trouble> {
    let path = node.path.as_deref().ok_or_else(|| trouble::no_camera(node))?;
    Kernel::open(path).map_err(|error| {
        // Not a V4L2 device at all, such as a file that somebody has put there.
        let is_none = matches!(error.raw_os_error(), Some(ENOTTY | EINVAL));
        if is_none { trouble::no_camera(node) } else { told(&error, node) }
    })
}

fn told(error: &io::Error, node: &Node) -> Trouble {
    trouble::of(error.raw_os_error(), &error.to_string(), node)
}

impl<C: Calls> Camera<C> {
    fn start(mut calls: C, node: &Node, wish: Wish, settings: &Settings) -> Result<Self, Trouble> {
        let about = about(&calls, node)?;
        if about.offers.is_empty() {
            let codes: Vec<String> = about.unreadable.into_iter().map(|other| other.code).collect();
            return Err(trouble::unreadable(node, &codes));
        }
        adjust(&calls, &about, node, settings);
        let (layout, rate) = settle(&mut calls, &about.offers, node, wish)?;
        calls.start().map_err(|error| told(&error, node))?;
        let mode = Mode { encoding: layout.encoding, size: layout.size, rate };
        log::info!("webcam {} ({}): {mode}", node.label(), node.place());
        log::debug!("webcam {}: {layout:?}", node.label());
        Ok(Self { calls, layout, rate, held: None, node: node.clone() })
    }

    fn give_back(&mut self) -> io::Result<()> {
        self.held.take().map_or(Ok(()), |index| self.calls.give_back(index))
    }

    fn next(&mut self) -> io::Result<Option<Buffer<'_>>> {
        self.give_back()?;
        let Some(full) = self.calls.take()? else { return Ok(None) };
        self.held = Some(full.index);
        let bytes = self.calls.bytes(full.index);
        // A stamp that is yet to come is none.
        let age = full.stamp.and_then(|stamp| self.calls.now().checked_sub(stamp));
        Ok(Some(Buffer {
            bytes: bytes.get(..full.used).unwrap_or(bytes),
            broken: full.broken,
            taken: age.map(driver::Taken::Ago),
            layout: self.layout,
        }))
    }
}

impl<C: Calls> Driver for Camera<C> {
    fn format(&self) -> Format {
        Format {
            size: self.layout.size,
            fps: self.rate.map_or(0.0, Rate::fps),
            encoding: self.layout.encoding.as_str(),
        }
    }

    fn ready(&mut self, timeout: Duration) -> bool {
        // What fails here fails again when a buffer is taken, and is told then.
        self.give_back().is_err() || self.calls.wait(timeout).unwrap_or(true)
    }

    fn frame(&mut self) -> Result<Option<Buffer<'_>>, Trouble> {
        let node = self.node.clone();
        self.next().map_err(|error| told(&error, &node))
    }
}

/// What a device tells of itself.
///
/// # Errors
///
/// [`Trouble`] if it sends no pictures at all.
fn about(calls: &impl Calls, node: &Node) -> Result<About, Trouble> {
    let role = calls.role().map_err(|error| told(&error, node))?;
    if role == Role::Other {
        return Err(trouble::no_camera(node));
    }
    let mut about = About { controls: calls.controls(), ..About::default() };
    for described in calls.formats() {
        let code = described.code;
        match Encoding::of_fourcc(code).filter(|_| role == Role::Camera) {
            Some(encoding) if about.offers.iter().any(|offer| offer.encoding == encoding) => {}
            Some(encoding) => about.offers.extend(offers(calls, encoding)),
            None => {
                let (code, name) = (printable(code), described.name);
                if about.unreadable.iter().all(|other| other.code != code) {
                    about.unreadable.push(Unreadable { code, name });
                }
            }
        }
    }
    if about.offers.is_empty() && about.unreadable.is_empty() {
        return Err(trouble::no_camera(node));
    }
    let area = |offer: &Offer| {
        offer.sizes.largest().map_or(0, |size| u64::from(size.width) * u64::from(size.height))
    };
    about.offers.sort_by_key(|offer| (offer.encoding, std::cmp::Reverse(area(offer))));
    Ok(about)
}

fn offers(calls: &impl Calls, encoding: Encoding) -> Vec<Offer> {
    let code = encoding.fourcc();
    let mut listed = calls.sizes(code);
    if listed.is_empty() {
        listed.push(Sizes::Any);
    }
    let offer = |sizes: Sizes| {
        let mut rates = sizes.largest().map(|size| calls.rates(code, size)).unwrap_or_default();
        rates.sort_by(|a, b| b.fastest().fps().total_cmp(&a.fastest().fps()));
        rates.dedup();
        Offer { encoding, sizes, rates }
    };
    listed.into_iter().map(offer).collect()
}

/// A format's code as text: some end in blanks, and some in what is no letter.
fn printable(code: [u8; 4]) -> String {
    let text: String = code.map(|byte| byte.escape_ascii().to_string()).concat();
    text.trim_end().to_owned()
}

/// What can be asked for that is nearest to `wish`, for each offer.
fn modes(calls: &impl Calls, offers: &[Offer], wish: Wish) -> Vec<Mode> {
    let mut modes = Vec::new();
    for offer in offers {
        let (encoding, size) = (offer.encoding, offer.sizes.nearest(wish.size));
        let rates: Vec<Rates> = match offer.sizes {
            Sizes::One(_) => offer.rates.clone(),
            // Of a range the rates are those of the size.
            _ => calls.rates(encoding.fourcc(), size),
        };
        let mode = |rate| Mode { encoding, size, rate };
        modes.extend(rates.iter().map(|rates| mode(Some(rates.nearest(wish.fps)))));
        modes.extend(rates.is_empty().then(|| mode(None)));
    }
    modes
}

/// Puts the camera into the mode nearest to `wish` that it really takes.
fn settle(
    calls: &mut impl Calls,
    offers: &[Offer],
    node: &Node,
    wish: Wish,
) -> Result<(Layout, Option<Rate>), Trouble> {
    let mut modes = modes(calls, offers, wish);
    let mut refused = None;
    for _ in 0..ATTEMPTS {
        let Some(mode) = choose(&modes, wish) else { break };
        match calls.set_format(mode.encoding.fourcc(), mode.size) {
            Ok(taken) if taken.code == mode.encoding.fourcc() => {
                let layout = Layout {
                    encoding: mode.encoding,
                    size: taken.size,
                    stride: stride(&taken, mode.encoding),
                    colours: words::colours(&taken, mode.encoding),
                };
                return Ok((layout, settle_rate(calls, mode, &modes, node, wish)));
            }
            Ok(taken) => {
                log::debug!("webcam {}: gives {} for {mode}", node.label(), printable(taken.code));
            }
            Err(error) if error.raw_os_error() == Some(EINVAL) => {
                log::debug!("webcam {}: does not take {mode}: {error}", node.label());
                refused = Some(error);
            }
            Err(error) => return Err(told(&error, node)),
        }
        modes.retain(|other| (other.encoding, other.size) != (mode.encoding, mode.size));
    }
    Err(match refused {
        Some(error) => told(&error, node),
        None => trouble::failed("It takes none of the formats that it lists. Trying again."),
    })
}

/// The stride that a driver tells, if it can be meant: some tell one for which their buffers have no
/// room.
fn stride(taken: &Taken, encoding: Encoding) -> Option<usize> {
    let (stride, height) = (u64::from(taken.stride), u64::from(taken.size.height));
    let rows = if encoding.is_420() { height + height.div_ceil(2) } else { height };
    // The last row may end with the buffer.
    let fits = taken.bytes == 0 || stride * (rows - 1) < u64::from(taken.bytes);
    (stride > 0 && fits).then_some(taken.stride as usize)
}

/// Asks for the rate of a mode. Returns what it is, as far as that is told.
fn settle_rate(
    calls: &mut impl Calls,
    mode: Mode,
    modes: &[Mode],
    node: &Node,
    wish: Wish,
) -> Option<Rate> {
    let asked = mode.rate.unwrap_or_else(|| Rate::nearest_to(wish.fps));
    match calls.set_rate(asked) {
        Ok(Some(rate)) => Some(rate),
        // It has no other, or does as it was told and says nothing.
        Ok(None) => mode.rate,
        Err(error) => {
            log::debug!("webcam {}: its rate can't be set: {error}", node.label());
            let alike = |other: &&Mode| (other.encoding, other.size) == (mode.encoding, mode.size);
            mode.rate.filter(|_| modes.iter().filter(alike).count() == 1)
        }
    }
}

/// Sets what was asked for. What can't be set is told, and the picture goes on.
fn adjust(calls: &impl Calls, about: &About, node: &Node, settings: &Settings) {
    let (values, faults) = settings.resolved(&about.controls);
    for fault in faults {
        log::warn!("webcam {}: {fault}", node.label());
    }
    for (control, value) in values {
        match calls.set_control(control.id, value) {
            Ok(()) => log::debug!("webcam {}: {} is {value}", node.label(), control.name),
            Err(error) => {
                let (label, name) = (node.label(), &control.name);
                log::warn!("webcam {label}: {name} can't be set to {value}: {error}");
            }
        }
    }
}

const ATTEMPTS: usize = 8;
const EINVAL: i32 = 22;
const ENOTTY: i32 = 25;

#[cfg(test)]
mod tests;
