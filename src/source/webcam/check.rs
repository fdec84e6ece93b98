//! Decides whether an MJPEG buffer holds a picture that can be shown.
//!
//! Runs on the device thread, once for each buffer. Some drivers tell neither how many bytes the
//! camera wrote nor which pictures are broken, and nokhwa hides both. Then bytes of an older picture
//! may stand behind a truncated one and bring an EOI of their own. The markers are read by
//! [`crate::jpeg`].

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use turbojpeg::{Decompressor, Image, PixelFormat, ScalingFactor};

use crate::jpeg;
use crate::media::frame::{Jpeg, Size};
use crate::media::gate;

/// The memory of one opened camera.
#[derive(Debug)]
pub(super) struct Check {
    shown: VecDeque<Arc<[u8]>>,
    distinct: usize,
    probe: Probe,
    trust: Trust,
    /// Whether the last buffer was refused as [`Fault::Stale`].
    stale: bool,
    /// Pictures left to decode, each of them.
    closely: u32,
    count: u32,
}

/// What a buffer holds.
#[derive(Debug)]
pub(super) enum Checked {
    /// A new picture.
    Fresh(Jpeg),
    /// The same bytes as the last one.
    Repeat(Jpeg),
}

/// Why a buffer is passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Its markers are broken, or there is no end.
    Markers(jpeg::Broken),
    /// The head of a new picture with the tail of an older one.
    Stale,
    /// An older picture whole: the camera wrote nothing.
    Old,
    /// The decoder's words on its entropy-coded data.
    Data(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Markers(broken) => broken.fmt(f),
            Self::Stale => f.write_str("truncated, with the end of an older picture behind it"),
            Self::Old => f.write_str("an older picture again; the camera wrote nothing"),
            Self::Data(words) => write!(f, "broken data: {words}"),
        }
    }
}

impl Check {
    /// Knows nothing yet.
    pub(super) fn new() -> Self {
        Self {
            shown: VecDeque::new(),
            distinct: 0,
            probe: Probe::default(),
            trust: Trust::default(),
            stale: false,
            closely: CLOSELY,
            count: 0,
        }
    }

    /// Cuts the picture out of a buffer.
    ///
    /// # Errors
    ///
    /// [`Fault`] if there is none that can be shown.
    pub(super) fn check(&mut self, buffer: &[u8]) -> Result<Checked, Fault> {
        self.closely = self.closely.saturating_sub(1);
        self.count = self.count.wrapping_add(1);
        self.look(buffer).inspect_err(|_| self.closely = CLOSELY)
    }

    fn look(&mut self, buffer: &[u8]) -> Result<Checked, Fault> {
        let jpeg = gate::take(buffer).map_err(Fault::Markers)?;
        if self.shown.back().is_some_and(|last| *last == jpeg.bytes) {
            return Ok(Checked::Repeat(jpeg));
        }
        let recent = self.shown.iter().rev().take(BUFFERS);
        if recent.into_iter().any(|old| *old == jpeg.bytes) {
            // A clip of a few pictures repeats itself from the start; a sensor never does.
            if self.distinct >= REMEMBERED {
                return Err(Fault::Old);
            }
            self.distinct = 0;
        } else {
            self.distinct += 1;
        }
        self.decode(&jpeg)?;
        self.remember(&jpeg);
        Ok(Checked::Fresh(jpeg))
    }

    fn decode(&mut self, jpeg: &Jpeg) -> Result<(), Fault> {
        let alike = self.shown.iter().any(|old| ends_alike(old, &jpeg.bytes));
        if !alike && self.closely == 0 && !self.count.is_multiple_of(SAMPLED) {
            self.stale = false;
            return Ok(());
        }
        let warning = self.probe.warning(&jpeg.bytes, jpeg.stored_size());
        self.trust.note(warning.is_some());
        // Now and then a seam fits so well that the decoder says nothing.
        self.stale = alike && (warning.is_some() || self.stale);
        match warning {
            _ if self.stale => Err(Fault::Stale),
            Some(words) if !self.trust.believed() => Err(Fault::Data(words)),
            _ => Ok(()),
        }
    }

    fn remember(&mut self, jpeg: &Jpeg) {
        if self.shown.len() == REMEMBERED {
            self.shown.pop_front();
        }
        self.shown.push_back(Arc::clone(&jpeg.bytes));
    }
}

/// Whether the last bytes of both are the same at the same place.
///
/// Alone it proves nothing: drawn pictures that differ in a clock or in a comment end
/// alike. With a decoder's warning it does: the seam shifts what follows it.
fn ends_alike(old: &[u8], new: &[u8]) -> bool {
    let tail = |bytes: &[u8]| bytes.len().checked_sub(TAIL_BYTES);
    old.len() == new.len() && tail(old).is_some_and(|at| old.get(at..) == new.get(at..))
}

/// Pictures kept to compare with: four for each buffer.
const REMEMBERED: usize = 4 * BUFFERS;
/// As many as drivers are asked for, here and by nokhwa.
const BUFFERS: usize = 4;
const TAIL_BYTES: usize = 64;
// To decode a 1280x720 picture of 78 KB for its warnings takes 1.2 ms, which is 4 % of a
// core at 30 a second and far more on a small board. So each is decoded at first, after a
// fault, and when it ends like an older one; one of four while all is well.
const CLOSELY: u32 = 30;
const SAMPLED: u32 = 4;

/// Decodes at an eighth of the size, for the decoder's warnings alone.
///
/// turbojpeg gives a warning as an error, and does not tell the two apart. Each picture has a decoder
/// of its own: one keeps tables from picture to picture, and would take one that lacks its own.
#[derive(Default)]
struct Probe {
    pixels: Vec<u8>,
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").finish_non_exhaustive()
    }
}

impl Probe {
    fn warning(&mut self, bytes: &[u8], size: Size) -> Option<String> {
        let fresh = Decompressor::new().and_then(|mut decoder| {
            decoder.set_scaling_factor(ScalingFactor::ONE_EIGHTH)?;
            Ok(decoder)
        });
        let mut decoder = match fresh {
            Ok(decoder) => decoder,
            // Without memory for one, it goes unchecked.
            Err(_) => return None,
        };
        let scale = |side: u32| ScalingFactor::ONE_EIGHTH.scale(side as usize);
        let (width, height) = (scale(size.width), scale(size.height));
        self.pixels.resize(width * height, 0);
        let image = Image {
            pixels: self.pixels.as_mut_slice(),
            width,
            pitch: width,
            height,
            format: PixelFormat::GRAY,
        };
        decoder.decompress(bytes, image).err().map(|error| error.to_string())
    }
}

/// Whether a camera's warnings mean anything.
///
/// Many cheap ones put bytes before each EOI that no decoder expects. One that warns in
/// most of its last 64 pictures, and has sent [`Trust::FIRST`] at least, is believed.
#[derive(Debug, Default)]
struct Trust {
    warned: u64,
    seen: u32,
}

impl Trust {
    const FIRST: u32 = 8;

    fn note(&mut self, warned: bool) {
        self.warned = self.warned << 1 | u64::from(warned);
        self.seen = (self.seen + 1).min(u64::BITS);
    }

    fn believed(&self) -> bool {
        self.seen >= Self::FIRST && self.warned.count_ones() * 2 > self.seen
    }
}

#[cfg(test)]
mod tests;
