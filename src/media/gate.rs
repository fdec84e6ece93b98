//! The gate through which every JPEG of a source comes in: what is passed on from here, any
//! client can show, and every level can be made of.
//!
//! Called by the threads that read sources and clips; each has a decoder of its own, as the
//! outcome depends on the bytes alone. What decoders share is passed on byte for byte. What they
//! do not (arithmetic, lossless, 12 bits, four inks), or what they take only after it was
//! mended, is encoded anew.
//!
//! libjpeg refuses a JPEG for its headers alone: whatever is wrong with entropy-coded data, it
//! warns of and goes on. So a JPEG is decoded if its headers are new, if it has more of them
//! behind the first scan, and else one in [`SAMPLED`].

use std::cell::RefCell;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use super::codec::{Decoder, Encoder, Failed, Tried, try_out};
use super::frame::{Jpeg, Quality};
use crate::jpeg::coefficients::Coefficients;
use crate::jpeg::{self, Broken, Info, Mended, Process};

/// Takes the picture out of what a source sent.
///
/// # Errors
///
/// [`Broken`] if there is none that a decoder takes.
pub fn take(bytes: &[u8]) -> Result<Jpeg, Broken> {
    let mended = jpeg::mend(bytes)?;
    let (info, offset) = (&mended.info, mended.info.scan);
    let pixels = pixels(info);
    let rare = info.process == Process::Rare;
    // The shortest code of the emptiest block is a bit.
    if !rare && pixels / 64 > 8 * mended.jpeg.bytes.len() as u64 {
        return Err(Broken { offset, rule: "F.2.2: data for the size that is stated" });
    }
    // In several scans, a decoder holds all coefficients at once, and goes over them for each.
    if pixels > MAX_WHOLE_PIXELS && (!info.is_shared() || info.scans > 1) {
        return Err(Broken { offset, rule: "G.1.1: a size that can be held in memory" });
    }
    GATE.with_borrow_mut(|gate| {
        // Whatever stops a decoder from being made stops all that comes after, too.
        let gate = match gate {
            Some(gate) => gate,
            None => gate.insert(Gate::new().map_err(|_| Broken { offset: 0, rule: NO_DECODER })?),
        };
        gate.pass(mended)
    })
}

/// As [`take`], of one whose sender is believed nothing: first whether it states a size that is one.
///
/// # Errors
///
/// [`Broken`] if a side is shorter, it has more pixels, or no decoder takes it.
pub fn take_bounded(bytes: &[u8], least_side: u32, most_pixels: u64) -> Result<Jpeg, Broken> {
    let info = jpeg::info(bytes)?;
    if info.size.width.min(info.size.height) < least_side || pixels(&info) > most_pixels {
        return Err(Broken { offset: 0, rule: "B.2.2: a size that a camera has" });
    }
    take(bytes)
}

thread_local! {
    static GATE: RefCell<Option<Gate>> = const { RefCell::new(None) };
}

struct Gate {
    decoder: Decoder,
    encoder: Encoder,
    scratch: Vec<u8>,
    hasher: RandomState,
    /// Hashes of headers that a decoder has taken; the newest last.
    known: Vec<u64>,
}

impl Gate {
    fn new() -> Result<Self, Failed> {
        let (decoder, encoder) = (Decoder::new()?, Encoder::new()?);
        let (scratch, known, hasher) = (Vec::new(), Vec::new(), RandomState::new());
        Ok(Self { decoder, encoder, scratch, hasher, known })
    }

    fn pass(&mut self, mended: Mended) -> Result<Jpeg, Broken> {
        let info = mended.info;
        if !info.is_shared() || mended.doubled {
            let broken = Broken { offset: info.scan, rule: NO_DECODER };
            return self.anew(&mended).ok_or(broken);
        }
        let headers = self.headers(&mended.jpeg.bytes);
        let known = self.known.contains(&headers);
        let plain = info.scans == 1 && !info.stray_markers && !mended.ended_early;
        if known && plain && !is_sample(&mended.jpeg.bytes) {
            return Ok(mended.jpeg);
        }
        let small = known || pixels(&info) > MAX_WHOLE_PIXELS;
        match self.try_out(&mended.jpeg.bytes, small) {
            Err(_) => Err(Broken { offset: info.scan, rule: NO_DECODER }),
            // No more than the EOI may be missing.
            Ok(Tried::Warned) if mended.ended_early => {
                let offset = mended.jpeg.bytes.len() - 2;
                Err(Broken { offset, rule: "B.2.1: ends with EOI" })
            }
            Ok(_) => {
                self.remember(headers, known);
                Ok(mended.jpeg)
            }
        }
    }

    fn try_out(&mut self, jpeg: &[u8], small: bool) -> Result<Tried, Failed> {
        let tried = try_out(jpeg, small, &mut self.scratch);
        self.scratch.truncate(KEPT_BYTES);
        self.scratch.shrink_to(KEPT_BYTES);
        tried
    }

    /// A hash of all that a decoder reads of the headers: what an application put there, and
    /// comments, may differ from picture to picture.
    fn headers(&self, bytes: &[u8]) -> u64 {
        let mut hash = self.hasher.build_hasher();
        let read = jpeg::read(bytes, |segment| {
            if matches!(segment.marker, 0xC0..=0xDF | 0xE0 | 0xEE) {
                (segment.marker, segment.payload).hash(&mut hash);
            }
            Ok::<(), Broken>(())
        });
        read.is_ok().hash(&mut hash);
        hash.finish()
    }

    fn remember(&mut self, headers: u64, known: bool) {
        if known {
            return;
        }
        if self.known.len() >= MAX_KNOWN {
            self.known.remove(0);
        }
        self.known.push(headers);
    }

    /// The picture as a baseline JPEG, turned as it was.
    fn anew(&mut self, mended: &Mended) -> Option<Jpeg> {
        let clean = jpeg::clean(&mended.jpeg.bytes)?;
        let bytes = if mended.info.precision == 12 {
            Coefficients::read(&clean).ok()?.requantized(ANEW)
        } else {
            if mended.ended_early && self.try_out(&clean, false).ok()? == Tried::Warned {
                return None;
            }
            let planar = self.decoder.decode(&clean).ok()?;
            self.encoder.encode(&planar, ANEW).ok()?
        };
        let bytes = jpeg::with_orientation(&bytes, mended.info.orientation);
        jpeg::complete(&bytes).ok()
    }
}

fn pixels(info: &Info) -> u64 {
    u64::from(info.size.width) * u64::from(info.size.height)
}

/// Whether a picture is one of those that are decoded though nothing is new about them. The same
/// picture always is, or never, whoever reads it.
fn is_sample(bytes: &[u8]) -> bool {
    let last = bytes.iter().rev().skip(2).take(16);
    let sum = last.fold(bytes.len(), |sum, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()));
    (sum >> 4).is_multiple_of(SAMPLED)
}

/// One picture in so many. To decode one of 1280x720 at an eighth of its size takes about a
/// millisecond.
const SAMPLED: usize = 16;
/// Of one thread: a few cameras' and their restarts'.
const MAX_KNOWN: usize = 64;
/// Of the pixels that a picture was tried with.
const KEPT_BYTES: usize = 1 << 20;
/// Larger ones are tried at an eighth of their size, as each pixel takes three bytes; none of a
/// rare sort or of several scans may be larger.
const MAX_WHOLE_PIXELS: u64 = 1 << 25;
/// What is encoded anew here is the best that there is of it.
const ANEW: Quality = Quality::new(95).expect("95 is a quality");
const NO_DECODER: &str = "B.1.1.4: segments that a decoder takes";

#[cfg(test)]
mod tests;
