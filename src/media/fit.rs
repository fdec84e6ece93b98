//! Encodes pictures anew that a way of sending them cannot carry.
//!
//! Two ways: RTP, where [`rtp_parts`] says what fits, and a datagram of a fixed
//! number of bytes. Called by the threads that send, each with its own [`Fitter`].
//! Does not choose a viewer's quality: that comes in.

use std::borrow::Cow;
use std::sync::Arc;

use super::codec::{Decoder, Encoder, Failed};
use super::filter::{Filter, Marks, apply};
use super::frame::{Jpeg, Orientation, Picture, Planar, Quality};
use super::planes;
use super::raw::Raw;
use crate::jpeg;
use crate::jpeg::coefficients::Coefficients;
use crate::proto::rtp::jpeg::{Blocks, Parts, rtp_parts};

/// Decodes and encodes what does not fit, and passes through what does.
pub struct Fitter {
    decoder: Decoder,
    encoder: Encoder,
}

/// A JPEG that RTP carries.
#[derive(Debug, Clone)]
pub struct Carried {
    /// The file.
    pub bytes: Arc<[u8]>,
    /// Where in it is what travels.
    pub parts: Parts,
}

/// How the last picture was made to fit a number of bytes; the next one starts from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fit {
    /// What it was encoded with.
    quality: Quality,
    /// By what its sides were divided.
    reduction: u32,
}

impl Default for Fit {
    fn default() -> Self {
        Self { quality: START_QUALITY, reduction: 1 }
    }
}

impl Fitter {
    /// One of its own state.
    ///
    /// # Errors
    ///
    /// [`Failed`] if libjpeg-turbo has no memory for it.
    pub fn new() -> Result<Self, Failed> {
        Ok(Self { decoder: Decoder::new()?, encoder: Encoder::new()? })
    }

    /// A JPEG at another quality.
    ///
    /// # Errors
    ///
    /// [`Failed`] if it cannot be decoded.
    pub fn at_quality(&mut self, jpeg: &Jpeg, quality: Quality) -> Result<Jpeg, Failed> {
        let raw = Raw::of(&Picture::Jpeg(jpeg.clone()), &mut self.decoder)?;
        let bytes = raw.encode(quality, &mut self.encoder)?;
        Ok(Jpeg { bytes, quality: Some(quality), ..jpeg.clone() })
    }

    /// A JPEG filtered, and upright: at `quality`, or with no more lost than the filter takes where that
    /// is `None`.
    ///
    /// # Errors
    ///
    /// [`Failed`] if it cannot be decoded.
    pub fn filtered(
        &mut self,
        jpeg: &Jpeg,
        (filter, marks): (Filter, &Marks<'_>),
        quality: Option<Quality>,
    ) -> Result<Jpeg, Failed> {
        let picture = Picture::Jpeg(jpeg.clone());
        let raw = Raw::of(&picture, &mut self.decoder)?;
        let raw = apply(filter, marks, &picture, &raw, &mut self.decoder)?;
        let own = match &raw {
            Raw::Coefficients(_) => Quality::BEST,
            Raw::Planes(..) => jpeg.quality.unwrap_or(Quality::BEST),
        };
        let bytes = raw.encode(quality.unwrap_or(own), &mut self.encoder)?;
        let info = jpeg::info(&bytes).map_err(|broken| Failed(broken.to_string()))?;
        Ok(Jpeg::of(bytes, &info))
    }

    /// A picture as RTP can carry it: as it is, or else encoded anew at `quality` with 4:2:0
    /// or 4:2:2, sides of up to 2040 pixels, and its last row and column repeated up to
    /// multiples of 8. It is upright then, as RTP has no Exif.
    ///
    /// # Errors
    ///
    /// [`Failed`] if it is broken.
    pub fn fit_rtp(&mut self, picture: &Picture, quality: Quality) -> Result<Carried, Failed> {
        if let Picture::Jpeg(jpeg) = picture
            && jpeg.orientation == Orientation::UPRIGHT
            && let Ok(parts) = rtp_parts(&jpeg.bytes)
        {
            return Ok(Carried { bytes: Arc::clone(&jpeg.bytes), parts });
        }
        let planar = within(picture, Blocks::MAX_PIXELS, &mut self.decoder)?;
        let planar = planes::padded_to_blocks(planes::subsampled(planar));
        let bytes = self.encoder.encode(&planar, quality)?;
        let parts = rtp_parts(&bytes).map_err(|unfit| Failed(unfit.to_string()))?;
        Ok(Carried { bytes, parts })
    }

    /// A picture as upright baseline JPEG of at most `max_bytes`: as it is, or else encoded anew
    /// at up to `best` quality; made smaller where a low quality does not do.
    ///
    /// `last` is that of the frame before, of the same stream: most pictures are then encoded
    /// once.
    ///
    /// # Errors
    ///
    /// [`Failed`] as [`fit_rtp`](Self::fit_rtp), or if even a few pixels have more bytes.
    pub fn fit_bytes(
        &mut self,
        picture: &Picture,
        best: Quality,
        max_bytes: usize,
        last: &mut Fit,
    ) -> Result<Arc<[u8]>, Failed> {
        if let Picture::Jpeg(jpeg) = picture {
            let small = jpeg.bytes.len() <= max_bytes;
            if small && jpeg::info(&jpeg.bytes).is_ok_and(|info| info.is_plain()) {
                return Ok(Arc::clone(&jpeg.bytes));
            }
        }
        let longest = picture.size().width.max(picture.size().height);
        let mut start = *last;
        start.reduction = start.reduction.min(longest);
        loop {
            let raw = self.raw(picture, start.reduction)?;
            if let Some((jpeg, quality)) = self.search(&raw, start.quality, best, max_bytes)? {
                *last = Fit { quality, reduction: start.reduction };
                last.grow(best, jpeg.len(), max_bytes);
                return Ok(jpeg);
            }
            if start.reduction >= longest {
                return Err(Failed(format!("no picture of {max_bytes} bytes can be made of it")));
            }
            start = Fit { quality: START_QUALITY, reduction: start.reduction * 2 };
        }
    }

    /// What the picture is encoded from, its sides divided by `reduction`; whole JPEGs need not
    /// be decoded.
    fn raw(&mut self, picture: &Picture, reduction: u32) -> Result<Raw, Failed> {
        if reduction == 1
            && let Picture::Jpeg(jpeg) = picture
            && jpeg::info(&jpeg.bytes).is_ok_and(|info| info.is_plain())
            && let Ok(coefficients) = Coefficients::read(&jpeg.bytes)
        {
            return Ok(Raw::Coefficients(Arc::new(coefficients)));
        }
        let planar = planes::subsampled(self.reduced(picture, reduction)?);
        Ok(Raw::Planes(Arc::new(planar), Orientation::UPRIGHT))
    }

    /// The best of a few qualities, from `start` on, at which the picture has at most
    /// `max_bytes`; `None` if none does.
    fn search(
        &mut self,
        raw: &Raw,
        start: Quality,
        best: Quality,
        max_bytes: usize,
    ) -> Result<Found, Failed> {
        let (mut low, mut high) = (MIN_QUALITY.min(best).percent(), best.percent());
        let mut next = start.percent().clamp(low, high);
        let mut found = None;
        for tries in 1.. {
            let Some(quality) = Quality::new(next) else {
                break;
            };
            let jpeg = raw.encode(quality, &mut self.encoder)?;
            if jpeg.len() <= max_bytes {
                let full = jpeg.len() * 4 >= max_bytes * 3;
                found = Some((jpeg, quality));
                if full || next >= high || tries >= MAX_TRIES {
                    break;
                }
                low = next + 1;
            } else {
                if next <= low || (tries >= MAX_TRIES && found.is_some()) {
                    break;
                }
                high = next - 1;
            }
            // Rounded down, so that the lowest is tried before the picture is made smaller.
            next = low.midpoint(high);
        }
        Ok(found)
    }

    /// The picture with its sides divided by `factor`.
    fn reduced(&mut self, picture: &Picture, factor: u32) -> Result<Planar, Failed> {
        match picture {
            Picture::Planar(planar) => Ok(planes::reduced(Cow::Borrowed(&**planar), factor)),
            Picture::Jpeg(jpeg) => {
                let by_decoder = factor.min(8);
                let planar = self.decoder.decode_scaled(&jpeg.bytes, (8 / by_decoder) as u8)?;
                let planar = planes::turned(planar, jpeg.orientation);
                Ok(planes::reduced(Cow::Owned(planar), factor / by_decoder))
            }
        }
    }
}

/// A picture as an upright JPEG of 4:2:0 with both sides at most `max_side`.
///
/// # Errors
///
/// [`Failed`] if it is broken.
pub fn small(
    picture: &Picture,
    max_side: u32,
    quality: Quality,
    encoder: &mut Encoder,
    decoder: &mut Decoder,
) -> Result<Arc<[u8]>, Failed> {
    let planar = planes::subsampled(within(picture, max_side, decoder)?);
    encoder.encode(&planar, quality)
}

/// The picture with both sides at most `max_side`, by the least reduction that libjpeg-turbo or
/// whole factors give.
fn within(picture: &Picture, max_side: u32, decoder: &mut Decoder) -> Result<Planar, Failed> {
    let size = picture.size();
    let longest = size.width.max(size.height);
    let planar = match picture {
        Picture::Planar(planar) => Cow::Borrowed(&**planar),
        Picture::Jpeg(jpeg) => {
            let fits = |eighths: &u32| (longest * eighths).div_ceil(8) <= max_side;
            let eighths = (1..=8).rev().find(fits).unwrap_or(1);
            let planar = decoder.decode_scaled(&jpeg.bytes, eighths as u8)?;
            Cow::Owned(planes::turned(planar, jpeg.orientation))
        }
    };
    let left = planar.size.width.max(planar.size.height);
    Ok(planes::reduced(planar, left.div_ceil(max_side)))
}

/// A JPEG and the quality it was encoded with, if one was found.
type Found = Option<(Arc<[u8]>, Quality)>;

impl Fit {
    /// Lets the next picture be larger again if this one, made smaller, left much room.
    fn grow(&mut self, best: Quality, bytes: usize, max_bytes: usize) {
        let room = self.quality >= GROW_QUALITY || (self.quality >= best && bytes * 3 < max_bytes);
        if self.reduction > 1 && room {
            *self = Self { quality: MIN_QUALITY, reduction: self.reduction / 2 };
        }
    }
}

/// Below this a picture is better made smaller.
const MIN_QUALITY: Quality = Quality::new(10).expect("10 is a quality");
/// Where a search starts without a picture before.
const START_QUALITY: Quality = Quality::new(40).expect("40 is a quality");
/// A smaller picture of this quality has more bytes than one twice as large of the lowest.
const GROW_QUALITY: Quality = Quality::new(90).expect("90 is a quality");
/// Encodes of one picture at one size, once one of them has fit.
const MAX_TRIES: u32 = 4;

#[cfg(test)]
mod tests;
